//! What an answer means, by the description; whatever it does not speak of leaves a doubt.

use std::time::Duration;

use domain::provisioning::{Failure, Fault};
use serde_json::Value;

use super::description::{Call, Means, Reading};
use super::template::Templates;
use crate::http::{Secrets, clean, misconfigured};

/// An answer as it came.
pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Raw {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What it means.
#[derive(Debug)]
pub(super) enum Heard {
    Done {
        reference: Option<String>,
    },
    Accepted {
        operation: Option<String>,
        retry_after: Option<Duration>,
    },
    Refused(Failure),
    Absent,
}

pub(super) fn decide(
    call: &Call,
    raw: Raw,
    facts: &Value,
    templates: &Templates,
    secrets: &Secrets,
) -> Result<Heard, Fault> {
    let body = raw.json().unwrap_or_default();
    let is_so = |wanted: &std::collections::BTreeMap<String, Value>| {
        wanted.iter().all(|(pointer, described)| {
            let expected = templates.value(described, facts);
            body.pointer(pointer)
                .is_some_and(|found| expected.is_ok_and(|expected| *found == expected))
        })
    };
    let lost = |why: &str| Fault::AnswerLost {
        evidence: format!("{}: {why} {}", raw.status, secrets.start_of(&raw.body)),
        retry_after: raw.retry_after,
    };
    let fits = |reading: &&Reading| reading.status.contains(&raw.status) && is_so(&reading.with);
    let Some(reading) = call.answers.iter().find(fits) else {
        return Err(match raw.status {
            // It turned us away unread.
            429 => Fault::NotSent {
                reason: "the vendor asks for fewer requests".into(),
                retry_after: raw.retry_after,
            },
            401 => misconfigured("the vendor refuses our headers"),
            _ => lost("an answer that is not described:"),
        });
    };
    let text = |pointer: &Option<String>| {
        let found = body.pointer(pointer.as_deref()?)?;
        let text = match found {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(secrets.scrub(&clean(&text)))
    };
    match reading.means {
        Means::Done if !is_so(&reading.echoes) => Err(lost("an answer about something else:")),
        Means::Done => match (&reading.reference, text(&reading.reference)) {
            (Some(_), None) => Err(lost("no id of the subscription in")),
            (_, reference) => Ok(Heard::Done { reference }),
        },
        Means::Accepted => Ok(Heard::Accepted {
            operation: text(&reading.operation),
            retry_after: raw.retry_after,
        }),
        Means::Refused => Ok(Heard::Refused(Failure {
            code: text(&reading.code).unwrap_or_else(|| format!("HTTP {}", raw.status)),
            message: text(&reading.message).unwrap_or_else(|| secrets.start_of(&raw.body)),
            field: None,
        })),
        Means::Absent => Ok(Heard::Absent),
        Means::Later => Err(Fault::NotSent {
            reason: format!("the vendor did not take it: {}", raw.status),
            retry_after: raw.retry_after,
        }),
    }
}
