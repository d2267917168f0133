//! What an answer of Google means: a decision, or none. Only what its own error format says with a reason
//! that is known is a refusal.

use std::time::Duration;

use domain::provisioning::{Failure, Fault};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::errors::{self, Class, Row};
use crate::http::{Secrets, clean};

/// What Google gets where it asks for patience without saying how much.
const PATIENCE: Duration = Duration::from_secs(60);

/// A whole answer, whatever it says.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Secrets,
}

/// Why a request does not go on.
pub(super) enum Stop {
    /// Something that was read stands in the way; it says nothing of what was sent before.
    Unread(Failure),
    /// What was asked for is refused, and proven not to be there.
    Refused(Failure),
    /// No decision.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

#[derive(Deserialize)]
struct Envelope {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

/// Google's error: the row of its reason, where that is known, and its words.
pub(super) struct VendorError {
    pub(super) row: Option<&'static Row>,
    reason: String,
    message: String,
}

impl Answer {
    /// The body of a success.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        let body = || serde_json::from_slice(&self.body).ok();
        (self.status == 200).then(body).flatten()
    }

    pub(super) fn error(&self) -> Option<VendorError> {
        let told = serde_json::from_slice::<Envelope>(&self.body).ok()?.error;
        let reason = told.errors.first()?.reason.clone();
        (told.code == self.status).then(|| VendorError {
            row: errors::row_of(self.status, &reason),
            reason,
            message: told.message,
        })
    }

    fn class(&self) -> Option<Class> {
        match (self.status, self.error()) {
            (401, _) => Some(Class::Connection),
            (429, _) => Some(Class::RetryLater),
            (_, error) => error?.row.map(|row| row.class),
        }
    }

    /// Whether Google says that there is no such thing.
    pub(super) fn is_absent(&self) -> bool {
        self.class() == Some(Class::Absent)
    }

    /// Whether Google says that the customer has such a thing.
    pub(super) fn is_duplicate(&self) -> bool {
        self.class() == Some(Class::Duplicate)
    }

    /// The vendor's no, in its words.
    pub(super) fn failure(&self, error: &VendorError) -> Failure {
        let words = clean(&self.secrets.scrub(&error.message));
        let code = error.row.map_or("GoogleRefused", |row| row.code);
        Failure {
            code: code.into(),
            message: match words.trim().is_empty() {
                true => format!("Google's reason: {}", clean(&error.reason)),
                false => words,
            },
            field: error.row.and_then(|row| row.field).map(str::to_owned),
        }
    }

    /// Why reading stops here. Nothing was booked, whatever was answered.
    pub(super) fn unread(&self) -> Stop {
        match (self.class(), self.error()) {
            (Some(Class::Connection), error) => Stop::Fault(self.misconfigured(error)),
            (Some(Class::Refused | Class::Absent | Class::Duplicate), Some(error)) => {
                Stop::Unread(self.failure(&error))
            }
            _ => self.later(),
        }
    }

    /// Why writing stops here.
    pub(super) fn stop(&self) -> Stop {
        match (self.class(), self.error()) {
            (Some(Class::Connection), error) => Stop::Fault(self.misconfigured(error)),
            (Some(Class::RetryLater), _) => self.later(),
            (Some(Class::Refused | Class::Absent | Class::Duplicate), Some(error)) => {
                Stop::Refused(self.failure(&error))
            }
            _ => Stop::Fault(self.lost("an answer that decides nothing")),
        }
    }

    fn said(&self, error: Option<VendorError>) -> String {
        let said = match error {
            Some(error) => format!("{} {}", error.reason, error.message),
            None => format!("status {}", self.status),
        };
        clean(&self.secrets.scrub(&said))
    }

    fn later(&self) -> Stop {
        Stop::Fault(Fault::NotSent {
            reason: format!("Google asks us to wait: {}", self.said(self.error())),
            retry_after: Some(self.retry_after.unwrap_or(PATIENCE)),
        })
    }

    fn misconfigured(&self, error: Option<VendorError>) -> Fault {
        Fault::Misconfigured {
            reason: format!("Google refuses our sign-in: {}", self.said(error)),
        }
    }

    /// A doubt with what was seen as evidence.
    pub(super) fn lost(&self, what: &str) -> Fault {
        let start = self.secrets.start_of(&self.body);
        Fault::AnswerLost {
            evidence: clean(&format!("{}: {what}: {start}", self.status)),
            retry_after: self.retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    #[test]
    fn an_answer_is_a_refusal_only_in_googles_own_words_with_a_known_reason() {
        let error = |code: u16, reason: &str| {
            json!({"error": {"code": code, "message": "no", "errors": [{"reason": reason}]}})
                .to_string()
        };
        for (status, body, write, read) in [
            (400, error(400, "invalid"), "refused", "unread"),
            (409, error(409, "duplicate"), "refused", "unread"),
            (412, error(412, "conditionNotMet"), "refused", "unread"),
            (403, error(403, "forbidden"), "refused", "unread"),
            // Another status than the one that the error speaks of.
            (400, error(409, "duplicate"), "doubt", "not sent"),
            (400, error(400, "newerThanUs"), "doubt", "not sent"),
            (404, "<html>".into(), "doubt", "not sent"),
            (403, String::new(), "doubt", "not sent"),
            (403, error(403, "rateLimitExceeded"), "not sent", "not sent"),
            (
                403,
                error(403, "userRateLimitExceeded"),
                "not sent",
                "not sent",
            ),
            (429, String::new(), "not sent", "not sent"),
            (401, String::new(), "misconfigured", "misconfigured"),
            (
                403,
                error(403, "insufficientPermissions"),
                "misconfigured",
                "misconfigured",
            ),
            (500, error(500, "invalid"), "doubt", "not sent"),
            (503, error(503, "backendError"), "doubt", "not sent"),
            (200, "{".into(), "doubt", "not sent"),
        ] {
            let answer = Answer {
                status,
                retry_after: None,
                body: body.clone().into_bytes(),
                secrets: Secrets::new([]),
            };
            let found = (word(answer.stop()), word(answer.unread()));
            assert_eq!(found, (write, read), "{status} {body}");
        }
    }
}
