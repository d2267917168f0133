//! Who is at the door: a browser with a session cookie, or a program with a bearer token.

use app::Error;
use app::access::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::text::Invalid;
use sha2::{Digest, Sha256};

use crate::Web;
use crate::error::{Page, Problem};

/// A person in a browser.
pub(crate) struct Visitor {
    pub(crate) caller: Caller,
    secret: String,
}

impl Visitor {
    /// The token that each form of this session carries, bound to the organization it acts in, so
    /// that a form for one customer can't act in another.
    pub(crate) fn form_token(&self, organization: &str) -> String {
        form_token(&self.secret, organization)
    }

    /// Refuses a form that is not one of ours for this organization.
    pub(crate) fn check_form(&self, token: &str, organization: &str) -> Result<(), Error> {
        let is_ours = Sha256::digest(token) == Sha256::digest(self.form_token(organization));
        if is_ours {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// The session's secret, to end it by.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

/// The token of the forms of a session, by the session's secret.
pub(crate) fn form_token(secret: &str, organization: &str) -> String {
    let text = format!("form\0{secret}\0{organization}");
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = Page;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Visitor, Page> {
        if !parts.method.is_safe() {
            check_origin(&parts.headers, web)?;
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let cookie = jar.get(cookie_name(web)).ok_or(Error::SignedOut)?;
        let secret = cookie.value().to_owned();
        let caller = web.app.find_caller(&secret, app::SESSION).await?;
        Ok(Visitor { caller, secret })
    }
}

/// The token that a program sends.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    text.strip_prefix("Bearer ").map(str::trim)
}

/// Whoever calls the API: a program with a token, or a page of ours with its browser's session.
pub(crate) struct Program(pub(crate) Caller);

impl FromRequestParts<Web> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Program, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            only_json(parts)?;
            let visitor = Visitor::from_request_parts(parts, web).await;
            return Ok(Program(visitor.map_err(|Page(error)| error)?.caller));
        }
        let secret = bearer(&parts.headers).ok_or(Error::SignedOut)?;
        Ok(Program(web.app.find_caller(secret, app::TOKEN).await?))
    }
}

/// Whoever asks, by token or session, with rights that are asked again while an answer goes on.
pub(crate) struct Lasting {
    pub(crate) caller: Caller,
    secret: String,
    is_session: bool,
}

impl Lasting {
    /// Somebody whose form was read.
    pub(crate) fn visitor(visitor: Visitor) -> Lasting {
        Lasting {
            caller: visitor.caller,
            secret: visitor.secret,
            is_session: true,
        }
    }

    /// Their rights of this moment.
    pub(crate) async fn still(&self, web: &Web) -> Result<Caller, Error> {
        let kind = match self.is_session {
            true => app::SESSION,
            false => app::TOKEN,
        };
        web.app.still_caller(&self.secret, kind).await
    }
}

impl FromRequestParts<Web> for Lasting {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Lasting, Refused> {
        let Some(header) = parts.headers.get(header::AUTHORIZATION) else {
            let visitor = Visitor::from_request_parts(parts, web).await;
            let Visitor { caller, secret } =
                visitor.map_err(|Page(error)| match is_api(parts) {
                    true => Refused::Program(Problem(error)),
                    false => Refused::Person(Page(error)),
                })?;
            return Ok(Lasting {
                caller,
                secret,
                is_session: true,
            });
        };
        let refused = |error| Refused::Program(Problem(error));
        let text = header.to_str().unwrap_or_default();
        let secret = text
            .strip_prefix("Bearer ")
            .ok_or(refused(Error::SignedOut))?;
        let secret = secret.trim().to_owned();
        let caller = web
            .app
            .find_caller(&secret, app::TOKEN)
            .await
            .map_err(refused)?;
        Ok(Lasting {
            caller,
            secret,
            is_session: false,
        })
    }
}

fn is_api(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/api/")
}

/// A refusal in the words of the door that was knocked at.
pub(crate) enum Refused {
    Person(Page),
    Program(Problem),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::Person(page) => page.into_response(),
            Refused::Program(problem) => problem.into_response(),
        }
    }
}

/// With a session alone a body must be what no form of another site can send (reliability 5.4).
fn only_json(parts: &Parts) -> Result<(), Error> {
    let is = |name, wanted: &str| {
        let value = parts.headers.get(name).and_then(|v| v.to_str().ok());
        value.is_some_and(|value| value.starts_with(wanted))
    };
    let has_body = parts.headers.contains_key(header::CONTENT_TYPE);
    if parts.method.is_safe() || !has_body || is(header::CONTENT_TYPE, "application/json") {
        return Ok(());
    }
    Err(Error::Invalid {
        field: "Content-Type",
        reason: Invalid("must be application/json".into()),
    })
}

/// A change must come from our own pages: the browser says so, or its origin is ours.
pub(crate) fn check_origin(headers: &HeaderMap, web: &Web) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == web.public_url,
        (None, None) => false,
    };
    if is_ours {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// `__Host-` needs TLS, which a demo on localhost does not have.
fn cookie_name(web: &Web) -> &'static str {
    if web.public_url.starts_with("https://") {
        "__Host-s"
    } else {
        "s"
    }
}

/// The cookie of a new session; gone with the browser.
pub(crate) fn cookie(web: &Web, secret: String) -> Cookie<'static> {
    Cookie::build((cookie_name(web), secret))
        .path("/")
        .http_only(true)
        .secure(web.public_url.starts_with("https://"))
        .same_site(SameSite::Lax)
        .build()
}
