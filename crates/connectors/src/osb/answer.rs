//! What a broker's answer means: a decision, or a doubt. Only what the specification calls a refusal,
//! said in the broker's own error format, is one.

use std::time::Duration;

use domain::provisioning::{Failure, Fault, Outcome, Request, Verb};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::wire::{Accepted, BrokerError, Progress, State};
use crate::http::{self, Secrets};

/// Which of the three calls was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    Update,
    Delete,
}

impl Asked {
    pub(super) fn by(verb: &Verb) -> Asked {
        match verb {
            Verb::Purchase { .. } => Asked::Create,
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Plan { .. }
            | Verb::MovePart { .. }
            | Verb::Addon { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => Asked::Update,
            Verb::Cancel => Asked::Delete,
        }
    }
}

/// A whole answer, whatever it says.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Secrets,
}

impl Answer {
    /// The body as JSON of a kind; `None` for anything else.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as the broker's own error.
    pub(super) fn error(&self) -> Option<BrokerError> {
        self.read::<BrokerError>()
            .filter(|error| error.error.is_some() || error.description.is_some())
    }

    /// Whether the body is a JSON object, and not an error under a status of success.
    fn is_object(&self) -> bool {
        self.read::<Map<String, Value>>()
            .is_some_and(|object| self.status >= 300 || !object.contains_key("error"))
    }

    /// The vendor's no.
    pub(super) fn refusal(&self, error: &BrokerError) -> Failure {
        error.failure(self.status, &self.secrets)
    }

    /// A doubt with what was seen as evidence.
    pub(super) fn lost(&self, what: &str) -> Fault {
        let start = self.secrets.start_of(&self.body);
        let evidence = http::clean(&format!("{}: {what}: {start}", self.status));
        Fault::AnswerLost {
            evidence,
            retry_after: self.retry_after,
        }
    }
}

/// Turned away at the door: the credentials or the version are wrong, the request was not read.
pub(super) fn misconfigured(answer: &Answer) -> Result<(), Fault> {
    match answer.status {
        401 | 403 => Err(Fault::Misconfigured {
            reason: "the vendor refused our credentials".into(),
        }),
        412 => Err(Fault::Misconfigured {
            reason: "the vendor does not speak version 2.17".into(),
        }),
        _ => Ok(()),
    }
}

/// The meaning of an answer to `PUT`, `PATCH` or `DELETE`.
pub(super) fn decide(asked: Asked, answer: &Answer, request: &Request) -> Result<Outcome, Fault> {
    misconfigured(answer)?;
    let done = || Outcome::Done {
        vendor_reference: request.subscription_key.to_string(),
    };
    match (asked, answer.status) {
        (Asked::Create, 200 | 201) | (Asked::Update | Asked::Delete, 200) if answer.is_object() => {
            Ok(done())
        }
        (Asked::Delete, 410) => Ok(done()),
        (_, 202) => match answer.read::<Accepted>() {
            Some(Accepted { operation })
                if operation.as_ref().is_none_or(|o| o.len() <= 10_000) && answer.is_object() =>
            {
                Ok(Outcome::Accepted {
                    operation,
                    retry_after: answer.retry_after,
                })
            }
            _ => Err(answer.lost("an acceptance that can't be read")),
        },
        (_, 429) => Err(Fault::NotSent {
            reason: "the vendor asks us to slow down".into(),
            retry_after: answer.retry_after,
        }),
        (_, 400 | 409 | 422) => match answer.error() {
            Some(error) if error.error.as_deref() == Some("ConcurrencyError") => {
                Err(Fault::NotSent {
                    reason: "the vendor is busy with this subscription".into(),
                    retry_after: answer.retry_after,
                })
            }
            Some(error) => Ok(Outcome::Refused(answer.refusal(&error))),
            None if answer.status == 409 && asked == Asked::Create && answer.is_object() => {
                Ok(Outcome::Refused(Failure {
                    code: "Conflict".into(),
                    message: "The vendor has this subscription with other attributes".into(),
                    field: None,
                }))
            }
            None => Err(answer.lost("a refusal that is not the broker's")),
        },
        _ => Err(answer.lost("an answer that decides nothing")),
    }
}

/// The meaning of an answer to `last_operation`.
pub(super) fn progress(
    asked: Asked,
    answer: &Answer,
    request: &Request,
    operation: Option<&str>,
) -> Result<Outcome, Fault> {
    misconfigured(answer)?;
    let still = || Outcome::Accepted {
        operation: operation.map(str::to_owned),
        retry_after: answer.retry_after,
    };
    let done = || Outcome::Done {
        vendor_reference: request.subscription_key.to_string(),
    };
    match (answer.status, answer.read::<Progress>()) {
        // Gone is what a deletion wants; while creating or updating it is invalid: keep polling.
        (410, _) if asked == Asked::Delete => Ok(done()),
        (200, Some(progress)) => Ok(match progress.state {
            State::InProgress => still(),
            State::Succeeded => done(),
            State::Failed => Outcome::Refused(answer.refusal(&BrokerError {
                error: Some("OperationFailed".into()),
                description: progress.description,
            })),
        }),
        // Anything else says nothing about the operation, which goes on.
        _ => Ok(still()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        serde_json::from_value(serde_json::json!({
            "key": uuid::Uuid::from_u128(1), "subscription_key": uuid::Uuid::from_u128(1),
            "vendor_reference": null, "verb": {"verb": "purchase", "quantity": 25},
            "product": "p", "plan": "q", "cadence": {"term_months": 12, "cycle_months": 1}, "organization": "org_00000000000000000000000000000003",
            "organization_slug": "amber", "order": 7, "line": "lin_00000000000000000000000000000009",
            "actor": "usr_00000000000000000000000000000077", "actor_email": "a@b.example",
            "contact": null, "tenant": null, "parameters": {}
        }))
        .unwrap()
    }

    fn word(result: Result<Outcome, Fault>) -> &'static str {
        match result {
            Ok(Outcome::Done { .. }) => "done",
            Ok(Outcome::Accepted { .. }) => "accepted",
            Ok(Outcome::Refused(_)) => "refused",
            Err(Fault::NotSent { .. }) => "not sent",
            Err(Fault::AnswerLost { .. }) => "doubt",
            Err(Fault::Misconfigured { .. }) => "misconfigured",
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
            secrets: super::super::http::secrets("seatwright", "open sesame"),
        }
    }

    #[test]
    fn each_answer_is_a_decision_or_a_doubt() {
        use Asked::{Create, Delete, Update};
        let error = r#"{"error": "E", "description": "no"}"#;
        for (asked, status, body, expected) in [
            (Create, 201, "{}", "done"),
            (Create, 200, "{}", "done"),
            (Create, 202, r#"{"operation": "o"}"#, "accepted"),
            (Create, 202, "{}", "accepted"),
            (Create, 201, "<html>", "doubt"),
            (Create, 202, r#"{"operation": 5}"#, "doubt"),
            (Create, 200, "", "doubt"),
            (Create, 204, "{}", "doubt"),
            (Create, 200, error, "doubt"),
            (Create, 202, error, "doubt"),
            (Create, 200, r#"{"a": 1, "a": NaN}"#, "doubt"),
            (Create, 400, "{}", "doubt"),
            (Create, 400, r#"{"error": 5}"#, "doubt"),
            (Create, 425, "", "doubt"),
            (Create, 400, error, "refused"),
            (Create, 400, "<html>", "doubt"),
            (Create, 409, "{}", "refused"),
            (Create, 409, "<html>", "doubt"),
            (Create, 422, error, "refused"),
            (Create, 422, r#"{"error": "ConcurrencyError"}"#, "not sent"),
            (Create, 429, "", "not sent"),
            (Create, 401, "", "misconfigured"),
            (Create, 412, error, "misconfigured"),
            (Create, 404, error, "doubt"),
            (Create, 408, "", "doubt"),
            (Create, 410, "{}", "doubt"),
            (Create, 500, error, "doubt"),
            (Create, 503, "", "doubt"),
            (Update, 200, "{}", "done"),
            (Update, 201, "{}", "doubt"),
            (Update, 202, "{}", "accepted"),
            (Delete, 200, "{}", "done"),
            (Delete, 410, "{}", "done"),
            (Delete, 410, "", "done"),
            (Delete, 500, error, "doubt"),
        ] {
            let found = word(decide(asked, &answer(status, body), &request()));
            assert_eq!(found, expected, "{asked:?} {status} {body}");
        }
    }

    #[test]
    fn polling_goes_on_until_the_broker_decides() {
        use Asked::{Create, Delete, Update};
        for (asked, status, body, expected) in [
            (Create, 200, r#"{"state": "in progress"}"#, "accepted"),
            (Create, 200, r#"{"state": "succeeded"}"#, "done"),
            (
                Create,
                200,
                r#"{"state": "failed", "description": "no"}"#,
                "refused",
            ),
            (Create, 200, r#"{"state": "odd"}"#, "accepted"),
            (Create, 410, "{}", "accepted"),
            (Update, 410, "{}", "accepted"),
            (Delete, 410, "{}", "done"),
            (Create, 404, "{}", "accepted"),
            (Create, 500, "<html>", "accepted"),
            (Create, 401, "", "misconfigured"),
        ] {
            let found = word(progress(
                asked,
                &answer(status, body),
                &request(),
                Some("o"),
            ));
            assert_eq!(found, expected, "{asked:?} {status} {body}");
        }
    }

    #[test]
    fn a_vendor_that_echoes_our_credentials_does_not_get_them_into_our_records() {
        let echo = r#"{"error":"E","description":"you sent open sesame, Basic c2VhdHdyaWdodDpvcGVuIHNlc2FtZQ=="}"#;
        for status in [400, 500] {
            let said = format!(
                "{:?}",
                decide(Asked::Create, &answer(status, echo), &request())
            );
            assert!(
                !said.contains("sesame") && !said.contains("c2Vhd"),
                "{said}"
            );
            assert!(said.contains("[redacted]"), "{said}");
        }
    }

    #[test]
    fn evidence_is_bounded_and_printable() {
        let Fault::AnswerLost { evidence, .. } = answer(500, &"\u{1b}[31m\n".repeat(999)).lost("x")
        else {
            panic!("not a doubt");
        };
        assert!(evidence.len() < 200 && !evidence.chars().any(char::is_control));
    }
}
