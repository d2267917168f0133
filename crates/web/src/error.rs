//! From an error to an answer: the one mapping to status, code and words, for pages and for programs.

use app::Error;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use serde_json::json;

use crate::trace;
use crate::ui::filters;

/// Status and stable code.
pub(crate) fn classify(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::SignedOut => (StatusCode::UNAUTHORIZED, "signed_out"),
        Error::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
        Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        Error::Refused(_) => (StatusCode::CONFLICT, "refused"),
        Error::Withdrawn { .. } => (StatusCode::CONFLICT, "offer_withdrawn"),
        Error::Changed => (StatusCode::PRECONDITION_FAILED, "changed"),
        Error::Repriced => (StatusCode::CONFLICT, "repriced"),
        Error::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"),
        Error::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
        Error::TooManyStreams => (StatusCode::TOO_MANY_REQUESTS, "too_many_streams"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

/// What may be told: an internal error's text is for the log alone.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::Internal(cause) => {
            tracing::error!(cause, "a request failed");
            "Something went wrong on our side. Nothing you typed is lost; try again".to_owned()
        }
        Error::Invalid { field, reason } => {
            let name = field.trim_start_matches('/').replace('_', " ");
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            format!("{}{} {reason}", first.unwrap_or_default(), letters.as_str())
        }
        Error::NotFound => "There is nothing here, or nothing that you may see".to_owned(),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
    }
}

/// An error for a program: RFC 9457.
pub(crate) struct Problem(pub(crate) Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code) = classify(&self.0);
        let pointer = match &self.0 {
            Error::Invalid { field, .. } => Some(*field),
            _ => None,
        };
        let body = json!({
            "type": format!("urn:seatwright:problem:{code}"), "title": status.canonical_reason(),
            "status": status.as_u16(), "code": code, "detail": words(&self.0), "pointer": pointer,
            "trace_id": trace::id(),
        });
        (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            Json(body),
        )
            .into_response()
    }
}

/// Marks an answer that asks to sign in, for [`crate::ui`] to keep what was sent.
#[derive(Clone, Copy)]
pub(crate) struct SignedOut;

/// An error for a person; whoever is signed out is asked to sign in.
pub(crate) struct Page(pub(crate) Error);

impl From<Error> for Page {
    fn from(error: Error) -> Page {
        Page(error)
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    words: String,
    trace: String,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        if matches!(self.0, Error::SignedOut) {
            return (Extension(SignedOut), Redirect::to("/sign-in")).into_response();
        }
        let (status, _) = classify(&self.0);
        let title = status.canonical_reason().unwrap_or("Error");
        (
            status,
            render(&ErrorPage {
                title,
                words: words(&self.0),
                trace: trace::id(),
            }),
        )
            .into_response()
    }
}

/// Renders a page; a template that fails is our fault.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
