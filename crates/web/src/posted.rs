//! A form of one of our pages, with who sent it and what they may there.

use app::Error;
use app::access::Access;
use axum::extract::{FromRequest, FromRequestParts, RawForm, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use domain::text::Invalid;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Web;
use crate::error::Page;
use crate::visitor::Visitor;

/// A form that was sent to an address of an organization or of a partner. Whoever has one has checked
/// that it is ours, for this very organization, and that its sender has a place there.
pub(crate) struct Posted<T> {
    pub(crate) visitor: Visitor,
    pub(crate) access: Access,
    pub(crate) form: T,
}

/// A form with nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Empty {}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

impl<T: DeserializeOwned> FromRequest<Web> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Posted<T>, Response> {
        let (mut parts, body) = request.into_parts();
        let refused = |error: Error| Page(error).into_response();
        let visitor = Visitor::from_request_parts(&mut parts, web).await;
        let visitor = visitor.map_err(IntoResponse::into_response)?;
        let named = RawPathParams::from_request_parts(&mut parts, web).await;
        let named = named.map_err(IntoResponse::into_response)?;
        let place = named.iter().next().unwrap_or_default();
        let sent = RawForm::from_request(Request::from_parts(parts, body), web).await;
        let RawForm(sent) = sent.map_err(IntoResponse::into_response)?;
        let Token { token } = read(&sent).map_err(refused)?;
        visitor.check_form(&token, place.1).map_err(refused)?;
        let access = match place.0 {
            "organization" => web.app.access(&visitor.caller, place.1).await,
            "partner" => web.app.partner_access(&visitor.caller, place.1).await,
            _ => Err(Error::NotFound),
        };
        Ok(Posted {
            access: access.map_err(refused)?,
            form: read(&sent).map_err(refused)?,
            visitor,
        })
    }
}

fn read<T: DeserializeOwned>(sent: &[u8]) -> Result<T, Error> {
    serde_urlencoded::from_bytes(sent).map_err(|error| Error::Invalid {
        field: "",
        reason: Invalid(format!("Form: {error}")),
    })
}
