//! From an error to an answer: the one mapping to status, code and words, for pages and for programs.

use app::Error;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use domain::order::Refusal;
use serde_json::json;

use crate::trace;
use crate::ui::filters;

/// Status and stable code.
pub(crate) fn classify(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::SignedOut => (StatusCode::UNAUTHORIZED, "signed_out"),
        Error::Unproven => (StatusCode::UNAUTHORIZED, "unproven"),
        Error::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
        Error::Suspended { .. } | Error::Stopped { .. } => (StatusCode::FORBIDDEN, "suspended"),
        Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        Error::Problems(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        Error::Refused(Refusal::NoErpNumber { .. }) => (StatusCode::CONFLICT, "no_erp_number"),
        Error::Refused(_) => (StatusCode::CONFLICT, "refused"),
        Error::InFlight { .. } => (StatusCode::CONFLICT, "in_flight"),
        Error::Withdrawn { .. } => (StatusCode::CONFLICT, "offer_withdrawn"),
        Error::Changed => (StatusCode::PRECONDITION_FAILED, "changed"),
        Error::Repriced => (StatusCode::CONFLICT, "repriced"),
        Error::TermsChanged { .. } => (StatusCode::CONFLICT, "terms_changed"),
        Error::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"),
        Error::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
        Error::TooManyStreams => (StatusCode::TOO_MANY_REQUESTS, "too_many_streams"),
        Error::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
        Error::Unavailable | Error::NumberTaken => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Unknown => (StatusCode::SERVICE_UNAVAILABLE, "not_known"),
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
        // What is wrong with a filter names the word of it.
        Error::Invalid {
            field: "/q",
            reason,
        } => reason.to_string(),
        Error::Invalid { field, reason } => sentence(field, &reason.0),
        Error::NotFound => "There is nothing here, or nothing that you may see".to_owned(),
        other => capitalized(&other.to_string()),
    }
}

/// What is wrong with a field, by its pointer: `Contact email must be …`.
pub(crate) fn sentence(field: &str, reason: &str) -> String {
    let name = field.trim_start_matches('/').replace(['_', '/'], " ");
    format!("{} {reason}", capitalized(&name))
}

/// Words as they begin a sentence.
pub(crate) fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// What went wrong, for [`crate::mishap`] to tell once more with what stands around it.
#[derive(Clone)]
pub(crate) struct Mishap {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) words: String,
}

impl Mishap {
    fn new(error: &Error) -> Mishap {
        let (status, code) = classify(error);
        Mishap {
            code,
            title: title(status),
            words: words(error),
        }
    }

    /// What no handler had words for; of what can't be read, its reader says why.
    pub(crate) fn of(status: StatusCode, most: usize, said: &str) -> Mishap {
        let (code, words) = match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                return Mishap::new(&Error::NotFound);
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                let words = format!(
                    "What was sent is larger than {} KB, and nothing of it was done. Go back, shorten it \
                     and send it again",
                    most / 1024
                );
                ("too_large", words)
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let words = "What was sent is of another kind than what is taken here";
                ("unsupported", words.to_owned())
            }
            _ => {
                let words = "What was sent can't be read, and nothing of it was done";
                let words = match said {
                    "" => words.to_owned(),
                    said => format!("{words}. {said}"),
                };
                ("unreadable", words)
            }
        };
        Mishap {
            code,
            title: title(status),
            words,
        }
    }

    /// For a program: RFC 9457.
    pub(crate) fn problem(&self, status: StatusCode) -> Response {
        problem(status, self.code, &self.words, None, Vec::new())
    }

    /// For a person.
    pub(crate) fn page(&self, status: StatusCode) -> Response {
        let page = ErrorPage {
            title: self.title,
            words: self.words.clone(),
            trace: trace::id(),
        };
        (status, render(&page)).into_response()
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing is here",
        StatusCode::FORBIDDEN => "This is not for you to do",
        StatusCode::PAYLOAD_TOO_LARGE => "This is too much at once",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::INSUFFICIENT_STORAGE | StatusCode::SERVICE_UNAVAILABLE => {
            "This could not be saved now"
        }
        status if status.is_server_error() => "Something went wrong",
        _ => "This could not be done",
    }
}

fn problem(
    status: StatusCode,
    code: &str,
    words: &str,
    pointer: Option<&str>,
    errors: Vec<serde_json::Value>,
) -> Response {
    let mut body = json!({
        "type": format!("urn:seatwright:problem:{code}"), "title": status.canonical_reason(),
        "status": status.as_u16(), "code": code, "detail": words, "pointer": pointer,
        "trace_id": trace::id(),
    });
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        Json(body),
    )
        .into_response()
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
            Error::Problems(problems) => problems.first().map(|problem| &*problem.field),
            Error::Refused(Refusal::NoErpNumber { .. }) => Some("/erp_number"),
            _ => None,
        };
        let errors: Vec<_> = match &self.0 {
            Error::Problems(problems) => problems
                .iter()
                .map(|problem| json!({ "pointer": problem.field, "detail": problem.reason }))
                .collect(),
            _ => Vec::new(),
        };
        problem(status, code, &words(&self.0), pointer, errors)
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
        let mishap = Mishap::new(&self.0);
        let page = mishap.page(status);
        (Extension(mishap), page).into_response()
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
