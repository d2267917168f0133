//! A session that ended while somebody was typing: what they typed waits behind the sign-in, and is
//! sent again when they say so.

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::entrance::SignInPage;
use super::filters;
use crate::BODY_MAX;
use crate::error::{SignedOut, render};
use crate::mishap::is_streamed;

/// Longest address that is returned to; longer ones lead to the start.
const ADDRESS_MAX: usize = 1_000;

/// Where to go on after signing in: a path of ours, never another site.
pub(crate) fn safe_address(text: &str) -> Option<&str> {
    let is_ours = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(['\\', '\r', '\n'])
        && text.len() <= ADDRESS_MAX;
    is_ours.then_some(text)
}

/// Asks whoever is signed out to sign in, and keeps where they were going and what they sent.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map(ToString::to_string);
    let address = address.unwrap_or_default();
    let (parts, body) = request.into_parts();
    // A file is chosen again.
    let is_form = parts.method == Method::POST && !is_streamed(parts.uri.path());
    let (sent, body) = match is_form {
        false => (None, body),
        true => match to_bytes(body, BODY_MAX).await {
            Ok(bytes) => (Some(bytes.clone()), Body::from(bytes)),
            // It was read once before, as a whole.
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        },
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.extensions().get::<SignedOut>().is_none() {
        return response;
    }
    let Some(sent) = sent else {
        let query = serde_urlencoded::to_string([("next", address.as_str())]);
        return Redirect::to(&format!("/sign-in?{}", query.unwrap_or_default())).into_response();
    };
    let page = SignInPage {
        email: String::new(),
        problem: Some("Your session has ended. Sign in again: what you typed is kept".into()),
        next: address,
        kept: String::from_utf8_lossy(&sent).into_owned(),
    };
    (StatusCode::UNAUTHORIZED, render(&page)).into_response()
}

/// Offers to send what was typed before the session ended.
#[derive(Template)]
#[template(path = "kept.html")]
pub(crate) struct KeptPage {
    address: String,
    fields: Vec<(String, String)>,
}

impl KeptPage {
    /// The form as it was sent, under the token of the new session.
    pub(crate) fn new(address: &str, kept: &str, token: String) -> KeptPage {
        let sent: Vec<(String, String)> = serde_urlencoded::from_str(kept).unwrap_or_default();
        let typed = sent.into_iter().filter(|(name, _)| name != "token");
        KeptPage {
            address: address.to_owned(),
            fields: typed.chain([("token".to_owned(), token)]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_returned_to() {
        assert_eq!(safe_address("/o/amber/cart?a=b"), Some("/o/amber/cart?a=b"));
        for evil in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(safe_address(evil), None, "{evil}");
        }
    }
}
