//! What an answer of Partner Center means: a decision, or none. Only what its own error format says
//! with a code that is known is a refusal.

use std::time::Duration;

use domain::provisioning::{Failure, Fault};

use super::errors::{self, Class};
use super::resource::Resource;
use crate::http::{Secrets, clean};

/// What Microsoft gets where it asks for patience without saying how much.
const PATIENCE: Duration = Duration::from_secs(60);
/// No wish of a vendor's is longer.
const WISH_MAX: u64 = 3_600;

/// A whole answer, whatever it says.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) trace: String,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Secrets,
}

/// Why a request does not go on.
pub(super) enum Stop {
    /// Refused before anything was sent that books.
    Unread(Failure),
    /// What was sent is refused.
    Refused(Failure),
    /// No decision.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl From<Stop> for Fault {
    /// For where a refusal while reading proves nothing.
    fn from(stop: Stop) -> Fault {
        match stop {
            Stop::Fault(fault) => fault,
            Stop::Unread(failure) | Stop::Refused(failure) => Fault::AnswerLost {
                evidence: format!("{}: {}", failure.code, failure.message),
                retry_after: None,
            },
        }
    }
}

/// Partner Center's error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VendorError {
    pub(super) code: String,
    pub(super) description: String,
}

impl Answer {
    pub(super) fn resource(&self) -> Option<Resource> {
        Resource::read(&self.body)
    }

    /// The body as an error: never one of a resource that has an id.
    pub(super) fn error(&self) -> Option<VendorError> {
        let body = self.resource().filter(|body| body.get("id").is_none())?;
        Some(VendorError {
            code: body.text("code")?,
            description: body.text("description").unwrap_or_default(),
        })
    }

    pub(super) fn class(&self) -> Option<Class> {
        match (self.status, self.error()) {
            (412, _) => Some(Class::ReadAgain),
            (401, _) => Some(Class::Connection),
            (429, _) => Some(Class::RetryLater),
            (status, error) => errors::class(status, &error?.code),
        }
    }

    /// The vendor's no, in its words.
    pub(super) fn failure(&self, error: &VendorError) -> Failure {
        let words = clean(&self.secrets.scrub(&error.description));
        Failure {
            field: errors::field(&error.code).map(str::to_owned),
            code: clean(&self.secrets.scrub(&errors::shown(&error.code))),
            message: match words.trim().is_empty() {
                true => "Microsoft gave no reason".into(),
                false => words,
            },
        }
    }

    /// Why reading stops here. Nothing was booked, whatever was answered.
    pub(super) fn unread(&self) -> Stop {
        match (self.class(), self.error()) {
            (Some(Class::Connection), error) => Stop::Fault(self.misconfigured(error)),
            (Some(Class::RetryLater | Class::ReadAgain | Class::NotYet), _) => self.later(),
            (_, Some(error)) if (400..500).contains(&self.status) || self.status == 200 => {
                Stop::Unread(self.failure(&error))
            }
            _ => self.later(),
        }
    }

    /// Why writing stops here.
    pub(super) fn stop(&self) -> Stop {
        match (self.class(), self.error()) {
            (Some(Class::Connection), error) => Stop::Fault(self.misconfigured(error)),
            // An error of Microsoft's own proves nothing, whatever its code.
            _ if self.status >= 500 => Stop::Fault(self.lost("an error that decides nothing")),
            (Some(Class::RetryLater | Class::ReadAgain | Class::NotYet), _) => self.later(),
            (Some(Class::PersonMustAct | Class::Final), Some(error)) => {
                Stop::Refused(self.failure(&error))
            }
            _ => Stop::Fault(self.lost("an answer that decides nothing")),
        }
    }

    fn later(&self) -> Stop {
        let said = match self.error() {
            Some(error) => format!("{} {}", error.code, error.description),
            None => format!("status {}", self.status),
        };
        Stop::Fault(Fault::NotSent {
            reason: clean(
                &self
                    .secrets
                    .scrub(&format!("Microsoft asks us to wait: {said}")),
            ),
            retry_after: Some(self.patience()),
        })
    }

    /// How long Microsoft wants us to wait: by the header, else by its words when it throttles.
    pub(super) fn patience(&self) -> Duration {
        let in_words = || {
            let words = self.resource()?.text("message")?;
            let digits = |c: char| !c.is_ascii_digit();
            let seconds: u64 = words
                .split(digits)
                .find(|part| !part.is_empty())?
                .parse()
                .ok()?;
            Some(Duration::from_secs(seconds.min(WISH_MAX)))
        };
        self.retry_after.or_else(in_words).unwrap_or(PATIENCE)
    }

    fn misconfigured(&self, error: Option<VendorError>) -> Fault {
        let said = match error {
            Some(error) => format!("{} {}", error.code, error.description),
            None => format!("status {}", self.status),
        };
        let words = clean(&self.secrets.scrub(&said));
        Fault::Misconfigured {
            reason: format!("Partner Center refuses our sign-in: {words}"),
        }
    }

    /// A doubt with what was seen as evidence, and the ids that Microsoft's support asks for.
    pub(super) fn lost(&self, what: &str) -> Fault {
        let start = self.secrets.start_of(&self.body);
        let evidence = format!("{}: {what}: {start} [{}]", self.status, self.trace);
        Fault::AnswerLost {
            evidence: clean(&evidence),
            retry_after: self.retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            retry_after: None,
            trace: "correlation cv".into(),
            body: body.as_bytes().to_vec(),
            secrets: Secrets::new(["open sesame".to_owned()]),
        }
    }

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
    fn an_answer_is_a_refusal_only_in_microsofts_own_words_with_a_known_code() {
        let error =
            |code: &str| format!(r#"{{"code": "{code}", "description": "no", "source": "x"}}"#);
        for (status, body, write, read) in [
            (400, error("2002"), "refused", "unread"),
            (403, error("13605"), "refused", "unread"),
            (400, error("2055"), "not sent", "not sent"),
            (412, String::new(), "not sent", "not sent"),
            (404, error("20000"), "not sent", "not sent"),
            (400, error("999999"), "doubt", "unread"),
            (400, "<html>".into(), "doubt", "not sent"),
            (404, String::new(), "doubt", "not sent"),
            (401, error("400"), "misconfigured", "misconfigured"),
            (401, String::new(), "misconfigured", "misconfigured"),
            (403, error("900329"), "misconfigured", "misconfigured"),
            (403, String::new(), "doubt", "not sent"),
            (409, error("800060"), "not sent", "not sent"),
            (500, error("800003"), "doubt", "not sent"),
            (500, error("2002"), "doubt", "not sent"),
            (503, String::new(), "doubt", "not sent"),
            (
                429,
                r#"{"statusCode": 429, "message": "x"}"#.into(),
                "not sent",
                "not sent",
            ),
            (200, r#"{"a": 1, "a": "#.into(), "doubt", "not sent"),
        ] {
            let answer = answer(status, &body);
            let found = (word(answer.stop()), word(answer.unread()));
            assert_eq!(found, (write, read), "{status} {body}");
        }
    }

    #[test]
    fn a_throttled_call_says_in_words_how_long() {
        let words =
            r#"{"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}"#;
        let throttled = answer(429, words);
        assert_eq!(throttled.patience().as_secs(), 57);
        let by_header = Answer {
            retry_after: Some(Duration::from_secs(3)),
            ..throttled
        };
        assert_eq!(by_header.patience().as_secs(), 3);
        assert_eq!(answer(429, "").patience(), PATIENCE);
    }

    #[test]
    fn what_is_kept_of_an_answer_holds_no_secret() {
        let echo = r#"{"code": "2002", "description": "you sent open sesame"}"#;
        for status in [400, 401, 500] {
            for stop in [answer(status, echo).stop(), answer(status, echo).unread()] {
                let kept = match stop {
                    Stop::Unread(failure) | Stop::Refused(failure) => failure.message,
                    Stop::Fault(fault) => fault.to_string(),
                };
                assert!(
                    !kept.contains("sesame") && kept.contains("[redacted]")
                        || kept.contains("status"),
                    "{kept}"
                );
            }
        }
    }
}
