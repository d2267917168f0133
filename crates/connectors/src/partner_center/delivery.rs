//! The test of a registration: Microsoft sends an event of its own there and tells how it was answered. It
//! changes nothing, so a lost answer is no harm.

use reqwest::Method;
use uuid::Uuid;

use super::PartnerCenter;
use super::http::StepKey;
use super::registration::{PLACE, Registration, Unregistered, plain, refused, unreadable};
use super::resource::Resource;
use crate::http::{Secrets, clean};

/// Tries that are told of one event; Microsoft makes ten.
const TRIES_MAX: usize = 20;
/// What Microsoft calls our door's answer to what is proven to be Microsoft's.
const TAKEN: [&str; 2] = ["OK", "200"];

/// What became of a test event so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Microsoft does not try any more.
    pub is_decided: bool,
    /// How it was answered: by a try that succeeded, else by the last one.
    pub reply: Option<Reply>,
}

/// Our answer, as Microsoft tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status, as a word or a number: `OK`, `Unauthorized`, `404`.
    pub status: String,
    /// What Microsoft says of it; often nothing.
    pub message: String,
    /// Microsoft could not send it, by its own fault.
    pub is_microsofts_fault: bool,
}

impl Reply {
    fn read(told: &Resource, secrets: &Secrets) -> Option<Reply> {
        let text = |name| told.text(name).map(|text| clean(&secrets.scrub(&text)));
        Some(Reply {
            status: text("responseCode")?.trim().to_owned(),
            message: text("responseMessage")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            is_microsofts_fault: told.flag("systemError").unwrap_or(false),
        })
    }

    fn is_taken(&self) -> bool {
        !self.is_microsofts_fault
            && TAKEN
                .iter()
                .any(|taken| self.status.eq_ignore_ascii_case(taken))
    }
}

impl Delivery {
    /// Whether it arrived and was believed.
    pub fn has_arrived(&self) -> bool {
        self.reply.as_ref().is_some_and(Reply::is_taken)
    }

    fn read(told: &Resource, secrets: &Secrets) -> Delivery {
        let tries = told.parts("results").into_iter().take(TRIES_MAX);
        let mut replies: Vec<Reply> = tries.filter_map(|one| Reply::read(&one, secrets)).collect();
        let best = replies.iter().position(Reply::is_taken);
        let best = best.or_else(|| replies.len().checked_sub(1));
        Delivery {
            is_decided: told.is("status", "completed") || told.is("status", "failed"),
            reply: best.map(|at| replies.swap_remove(at)),
        }
    }
}

impl PartnerCenter {
    /// Lets Microsoft send a test event to what is registered, under a key of its own; the id to look for it by.
    /// Microsoft takes two of them in a minute.
    pub async fn send_test(&self, key: Uuid) -> Result<Uuid, Unregistered> {
        let tests = format!("{PLACE}/validationEvents");
        let key = StepKey::new(key);
        let sent = self.http.write((Method::POST, &tests), None, &key, None);
        let answer = sent.await?;
        if !matches!(answer.status, 200..=202) {
            return Err(refused(&answer).into());
        }
        // An object by the samples, a text by the reference.
        let named = answer
            .resource()
            .and_then(|said| said.text("correlationId"));
        let named = named.or_else(|| serde_json::from_slice(&answer.body).ok());
        named
            .and_then(|id| Uuid::try_parse(id.trim()).ok())
            .ok_or_else(|| Unregistered::Fault(answer.lost("a test event without an id")))
    }

    /// What became of a test event that was sent to a registration.
    pub async fn look_at_test(
        &self,
        id: Uuid,
        registered: &Registration,
    ) -> Result<Delivery, Unregistered> {
        let place = format!("{PLACE}/validationEvents/{id}");
        let answer = self.http.read(&place, &[]).await?;
        let told = match (answer.status, answer.resource()) {
            // It may not be known everywhere yet.
            (404, _) => return Ok(Delivery::default()),
            (200, Some(told)) if answer.error().is_none() => told,
            (200, None) => return Err(unreadable("no test event")),
            _ => return Err(answer.unread().into()),
        };
        let told_id = told.text("correlationId");
        if told_id.and_then(|told| Uuid::try_parse(told.trim()).ok()) != Some(id) {
            return Err(unreadable("another test event"));
        }
        let sent_to = told.text("callbackUrl").map(|url| plain(&url));
        if sent_to.is_some_and(|url| !registered.is_at(&url)) {
            return Err(unreadable("a test event that was sent to another address"));
        }
        Ok(Delivery::read(&told, &answer.secrets))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_test_has_arrived_when_our_own_answer_is_told_and_only_then() {
        let reply = |code: Value, fault: bool| json!({"responseCode": code, "systemError": fault});
        let unauthorized = || reply(json!("Unauthorized"), false);
        let many = vec![unauthorized(); 10_000];
        for (status, results, decided, arrived, told) in [
            (
                "completed",
                json!([reply(json!("OK"), false)]),
                true,
                true,
                "OK",
            ),
            (
                "Completed ",
                json!([reply(json!(200), false)]),
                true,
                true,
                "200",
            ),
            (
                "started",
                json!([unauthorized(), reply(json!("ok"), false), unauthorized()]),
                false,
                true,
                "ok",
            ),
            (
                "completed",
                json!([reply(json!("OK"), true)]),
                true,
                false,
                "OK",
            ),
            (
                "failed",
                json!([unauthorized()]),
                true,
                false,
                "Unauthorized",
            ),
            (
                "completed",
                json!([unauthorized(), reply(json!("NotFound"), false)]),
                true,
                false,
                "NotFound",
            ),
            ("completed", json!(many), true, false, "Unauthorized"),
            ("completed", json!([]), true, false, "nothing"),
            (
                "completed",
                json!([7, {"responseCode": {}}]),
                true,
                false,
                "nothing",
            ),
            ("completed", json!("OK"), true, false, "nothing"),
            ("odd", json!(null), false, false, "nothing"),
        ] {
            let body = json!({"status": status, "results": results}).to_string();
            let told_by = Resource::read(body.as_bytes()).unwrap();
            let read = Delivery::read(&told_by, &Secrets::new([]));
            let shown = read.reply.as_ref().map_or("nothing", |reply| &reply.status);
            let found = (read.is_decided, read.has_arrived(), shown);
            assert_eq!(found, (decided, arrived, told), "{status}");
        }
    }

    #[test]
    fn what_is_told_of_our_answer_is_short_and_holds_neither_secrets_nor_commands() {
        let words = format!("you sent open sesame\u{1b}[2J{}", "a".repeat(5_000));
        let told = json!({"results": [{"responseCode": "Bad\nRequest", "responseMessage": words}]});
        let told = Resource::read(told.to_string().as_bytes()).unwrap();
        let read = Delivery::read(&told, &Secrets::new(["open sesame".to_owned()]));
        let reply = read.reply.unwrap();
        assert_eq!(reply.status, "Bad Request");
        assert!(
            reply.message.starts_with("you sent [redacted] [2J"),
            "{}",
            reply.message
        );
        assert!(reply.message.chars().count() <= 500);
    }
}
