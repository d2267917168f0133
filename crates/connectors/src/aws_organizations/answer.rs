//! What the SDK makes of an answer, and what that proves. Only an error that AWS names, under a status
//! that blames the request, is a refusal.

use std::time::Duration;

use aws_sdk_organizations::config::http::HttpResponse;
use aws_sdk_organizations::error::{ProvideErrorMetadata, SdkError};
use domain::provisioning::{Failure, Fault, Outcome};
use serde::Deserialize;

use super::errors::{self, Class, Row};
use super::form;
use crate::http::{Secrets, clean, misconfigured};

/// What AWS gets where it asks for patience, which it does without saying how much.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a request does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something that was read, or typed, stands in the way; it says nothing of what was sent before.
    Unread(Failure),
    /// What was asked for is refused, and was not done.
    Refused(Failure),
    /// No decision.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// The vendor's own wish, as the transport read it from the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish(pub(super) Option<Duration>);

/// An answer that was none of what was asked for.
#[derive(Debug)]
pub(super) enum Told {
    /// AWS's own error.
    Error {
        status: u16,
        row: Option<&'static Row>,
        name: String,
        message: String,
        retry_after: Option<Duration>,
    },
    /// Nothing that can be read.
    Nothing(Fault),
}

/// The reason inside an error, which the SDK reads for some of them only.
#[derive(Deserialize)]
struct Inside {
    #[serde(rename = "Reason")]
    reason: Option<String>,
}

/// Reads an error of the SDK's.
pub(super) fn told<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    secrets: &Secrets,
) -> Told {
    let raw = match error {
        SdkError::DispatchFailure(failure) => {
            let source = failure
                .as_connector_error()
                .and_then(std::error::Error::source);
            let fault = source.and_then(|source| source.downcast_ref::<Fault>());
            // Nobody but our transport sends anything, and what it could not do it tells as a fault.
            return Told::Nothing(match fault {
                Some(fault) => fault.clone(),
                None => misconfigured("the request can't be signed or addressed"),
            });
        }
        SdkError::ResponseError(answer) => answer.raw(),
        SdkError::ServiceError(answer) => answer.raw(),
        SdkError::ConstructionFailure(_) => {
            return Told::Nothing(misconfigured("the request can't be made"));
        }
        // Time-outs are the transport's.
        _ => return Told::Nothing(lost("no answer")),
    };
    let (status, body) = (
        raw.status().as_u16(),
        raw.body().bytes().unwrap_or_default(),
    );
    let retry_after = raw.extension::<Wish>().and_then(|wish| wish.0);
    let Some(name) = error.code() else {
        let start = secrets.start_of(body);
        return Told::Nothing(Fault::AnswerLost {
            evidence: clean(&format!("{status}: an answer that can't be read: {start}")),
            retry_after,
        });
    };
    let inside = serde_json::from_slice::<Inside>(body).ok();
    let reason = inside.and_then(|inside| inside.reason);
    let words = error.message().unwrap_or_default();
    let message = match &reason {
        Some(reason) => format!("{words} ({reason})"),
        None => words.to_owned(),
    };
    Told::Error {
        status,
        row: errors::error(name, reason.as_deref()),
        name: clean(&secrets.scrub(name)),
        message: clean(&secrets.scrub(&message)),
        retry_after,
    }
}

/// A doubt with what was seen.
pub(super) fn lost(evidence: &str) -> Fault {
    Fault::AnswerLost {
        evidence: clean(evidence),
        retry_after: None,
    }
}

impl Told {
    /// What is proven; `None` where nothing is.
    pub(super) fn class(&self) -> Option<Class> {
        match self {
            Told::Error {
                status: 400..=499,
                row,
                ..
            } => row.map(|row| row.class),
            Told::Error { .. } | Told::Nothing(_) => None,
        }
    }

    /// Why reading stops here. Nothing was done by it, whatever was answered.
    pub(super) fn unread(self) -> Stop {
        match self.stop() {
            Stop::Refused(failure) => Stop::Unread(failure),
            Stop::Fault(Fault::AnswerLost {
                evidence,
                retry_after,
            }) => Stop::Fault(Fault::NotSent {
                reason: evidence,
                retry_after,
            }),
            other => other,
        }
    }

    /// Why writing stops here.
    pub(super) fn stop(self) -> Stop {
        let class = self.class();
        let (status, row, name, message, retry_after) = match self {
            Told::Nothing(fault) => return Stop::Fault(fault),
            Told::Error {
                status,
                row,
                name,
                message,
                retry_after,
            } => (status, row, name, message, retry_after),
        };
        let said = format!("{name}: {message}");
        Stop::Fault(match (class, row) {
            (Some(Class::Connection), _) => misconfigured(&format!("AWS says {said}")),
            (Some(Class::RetryLater), _) => Fault::NotSent {
                reason: format!("AWS asks us to wait: {said}"),
                retry_after: Some(retry_after.unwrap_or(PATIENCE)),
            },
            (Some(Class::Refused | Class::Absent), Some(row)) => {
                return Stop::Refused(failure(row, said));
            }
            _ => Fault::AnswerLost {
                evidence: clean(&format!("{status}: {said}")),
                retry_after,
            },
        })
    }
}

/// The vendor's no, in its words.
pub(super) fn failure(row: &Row, said: String) -> Failure {
    let field = match (row.field, row.code) {
        ("", "AwsInvalid") => form::blamed(&said),
        ("", _) => None,
        (field, _) => Some(field.to_owned()),
    };
    Failure {
        code: row.code.into(),
        message: said,
        field,
    }
}

/// A question that was asked before, or is about what was: a refusal while reading proves nothing of that.
pub(super) fn repeated(asked: Result<Outcome, Stop>) -> Result<Outcome, Fault> {
    match asked {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Unread(failure)) => Err(lost(&format!("{}: {}", failure.code, failure.message))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_organizations::config::http::HttpResponse;
    use aws_sdk_organizations::operation::create_account::CreateAccountError;

    use super::*;

    fn word(stop: Stop) -> &'static str {
        match stop {
            Stop::Unread(_) => "unread",
            Stop::Refused(_) => "refused",
            Stop::Fault(Fault::NotSent { .. }) => "not sent",
            Stop::Fault(Fault::AnswerLost { .. }) => "doubt",
            Stop::Fault(Fault::Misconfigured { .. }) => "misconfigured",
        }
    }

    fn error(status: u16, name: &str, body: &str) -> SdkError<CreateAccountError, HttpResponse> {
        let status = status.try_into().unwrap();
        let raw = HttpResponse::new(status, body.to_owned().into());
        let meta = aws_sdk_organizations::error::ErrorMetadata::builder()
            .code(name)
            .message("no, hush/hush")
            .build();
        SdkError::service_error(CreateAccountError::generic(meta), raw)
    }

    #[test]
    fn an_error_is_a_refusal_only_by_a_known_name_and_a_status_that_blames_the_request() {
        let reason = |reason: &str| format!("{{\"Reason\": \"{reason}\"}}");
        let secrets = Secrets::new(["hush/hush".to_owned()]);
        for (status, name, body, write, read) in [
            (
                400,
                "InvalidInputException",
                String::new(),
                "refused",
                "unread",
            ),
            (
                400,
                "AccountNotFoundException",
                String::new(),
                "refused",
                "unread",
            ),
            (
                400,
                "ConstraintViolationException",
                "<".into(),
                "refused",
                "unread",
            ),
            (
                400,
                "ConstraintViolationException",
                reason("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"),
                "not sent",
                "not sent",
            ),
            // The reason belongs to that error alone.
            (
                400,
                "InvalidInputException",
                reason("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"),
                "refused",
                "unread",
            ),
            (
                400,
                "TooManyRequestsException",
                String::new(),
                "not sent",
                "not sent",
            ),
            (
                429,
                "TooManyRequestsException",
                String::new(),
                "not sent",
                "not sent",
            ),
            (
                400,
                "ConcurrentModificationException",
                String::new(),
                "not sent",
                "not sent",
            ),
            (
                400,
                "AccessDeniedException",
                String::new(),
                "misconfigured",
                "misconfigured",
            ),
            (
                403,
                "InvalidSignatureException",
                String::new(),
                "misconfigured",
                "misconfigured",
            ),
            (
                400,
                "SomethingNewException",
                String::new(),
                "doubt",
                "not sent",
            ),
            (500, "ServiceException", String::new(), "doubt", "not sent"),
            // It may have been carried out before AWS broke.
            (
                500,
                "InvalidInputException",
                String::new(),
                "doubt",
                "not sent",
            ),
            (
                503,
                "TooManyRequestsException",
                String::new(),
                "doubt",
                "not sent",
            ),
            (
                200,
                "AccessDeniedException",
                String::new(),
                "doubt",
                "not sent",
            ),
        ] {
            let error = error(status, name, &body);
            let found = (
                word(told(&error, &secrets).stop()),
                word(told(&error, &secrets).unread()),
            );
            assert_eq!(found, (write, read), "{status} {name} {body}");
            let printed = format!("{:?}", told(&error, &secrets).stop());
            assert!(!printed.contains("hush/hush"), "{printed}");
        }
    }
}
