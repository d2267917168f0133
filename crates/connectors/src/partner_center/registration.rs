//! Where Microsoft sends a partner's events: one registration for the whole account. It is looked at before it is
//! made or changed, and is as wished however often that is asked for (`RepeatClass::Absolute`); what became of a
//! lost answer is found out by looking again.

use std::collections::BTreeSet;
use std::fmt;

use domain::provisioning::Fault;
use domain::text::Invalid;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use uuid::Uuid;

use super::PartnerCenter;
use super::answer::{Answer, Stop};
use super::http::StepKey;
use super::resource::Resource;

pub(super) const PLACE: &str = "/webhooks/v1/registration";
/// What [`Webhooks::hear`](super::Webhooks::hear) can use, and what Microsoft sends as a test.
const EVENTS: [&str; 2] = ["subscription-updated", "test-created"];
/// Says where the signature of an event stands; we find it in both places.
const OWN_HEADER: &str = "SignatureTokenToMsSignatureHeader";
/// What is longer or more is no registration.
const URL_MAX: usize = 2_048;
const EVENTS_MAX: usize = 100;
const NAME_MAX: usize = 100;

/// Where events go, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    url: String,
    /// Their names in small letters.
    events: BTreeSet<String>,
    own_header: Option<bool>,
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unregistered {
    /// Microsoft said no, in its own words.
    #[error("Microsoft refuses: {message} ({code})")]
    Refused {
        /// Its number.
        code: String,
        /// Its words, without our secrets.
        message: String,
    },
    /// No decision. All of it can be asked for again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Stop> for Unregistered {
    fn from(stop: Stop) -> Unregistered {
        match stop {
            Stop::Fault(fault) => Unregistered::Fault(fault),
            Stop::Unread(failure) | Stop::Refused(failure) => Unregistered::Refused {
                code: failure.code,
                message: failure.message,
            },
        }
    }
}

impl Registration {
    /// What is to be registered: the door, a path, below the address at which the world reaches this installation.
    pub fn wished(public_url: &str, door: &str) -> Result<Registration, Invalid> {
        let is_plain = |url: &Url| {
            let has_credentials = !url.username().is_empty() || url.password().is_some();
            url.scheme() == "https"
                && url.host_str().is_some_and(|host| !host.is_empty())
                && !(has_credentials || url.query().is_some() || url.fragment().is_some())
        };
        let url = Url::parse(public_url.trim()).ok().filter(is_plain);
        let url = url.ok_or_else(|| {
            Invalid(
                "must be the address at which Microsoft reaches this installation, and begin with https://, \
                 such as https://desk.example"
                    .into(),
            )
        })?;
        Ok(Registration {
            url: format!("{}{door}", url.as_str().trim_end_matches('/')),
            events: EVENTS.map(str::to_owned).into(),
            own_header: None,
        })
    }

    /// `None` for what is none.
    fn read(said: &Resource) -> Option<Registration> {
        let url = said.text("WebhookUrl").filter(|url| url.len() <= URL_MAX)?;
        let listed = match said.get("WebhookEvents") {
            Some(listed) => listed.as_array()?.as_slice(),
            None => &[],
        };
        if listed.len() > EVENTS_MAX {
            return None;
        }
        Some(Registration {
            url: plain(&url),
            events: listed.iter().map(name).collect::<Option<_>>()?,
            own_header: said.flag(OWN_HEADER),
        })
    }

    /// Whether nothing has to be changed for this to be so.
    pub fn is_as(&self, wished: &Registration) -> bool {
        (&self.url, &self.events) == (&wished.url, &wished.events)
    }

    /// Whether this is its address, in the one spelling.
    pub(super) fn is_at(&self, url: &str) -> bool {
        self.url == url
    }

    /// Whether its events go to another host or port, which is somebody else's.
    pub fn is_elsewhere(&self, wished: &Registration) -> bool {
        let place = |one: &Registration| {
            let url = Url::parse(&one.url).ok()?;
            Some((url.host_str()?.to_owned(), url.port()))
        };
        place(self).is_none_or(|ours| Some(ours) != place(wished))
    }

    /// The address for people: without what may be a secret in it.
    pub fn address(&self) -> String {
        let Ok(mut url) = Url::parse(&self.url) else {
            return self.url.clone();
        };
        let tail = if url.query().is_some() { "?…" } else { "" };
        url.set_query(None);
        url.set_fragment(None);
        // They can't be set where there can be none.
        url.set_username("").ok();
        url.set_password(None).ok();
        format!("{url}{tail}")
    }

    fn body(&self, known: Option<&Registration>) -> Value {
        let mut body = json!({"WebhookUrl": self.url, "WebhookEvents": self.events});
        if let Some(own_header) = known.and_then(|known| known.own_header) {
            body[OWN_HEADER] = json!(own_header);
        }
        body
    }
}

impl fmt::Display for Registration {
    /// `https://desk.example/… for subscription-updated, test-created`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events: Vec<&str> = self.events.iter().map(String::as_str).collect();
        match events.is_empty() {
            true => write!(f, "{} for no events", self.address()),
            false => write!(f, "{} for {}", self.address(), events.join(", ")),
        }
    }
}

/// An address in one spelling; what is none is only shown, so it holds nothing that a terminal obeys.
pub(super) fn plain(url: &str) -> String {
    let shown = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    Url::parse(url.trim()).map_or_else(|_| url.trim().chars().map(shown).collect(), String::from)
}

/// The name of an event, `resource-action`.
fn name(value: &Value) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let text = value.as_str()?;
    let is_name = (1..=NAME_MAX).contains(&text.len()) && text.chars().all(is_part);
    is_name.then(|| text.to_ascii_lowercase())
}

impl PartnerCenter {
    /// What is registered at the moment; `None` where nothing is.
    pub async fn registration(&self) -> Result<Option<Registration>, Unregistered> {
        let answer = self.http.read(PLACE, &[]).await?;
        let is_mute = matches!(answer.body.trim_ascii(), b"" | b"null");
        let said = answer.resource();
        match (answer.status, &said) {
            // Undocumented, so a word of Microsoft's that there is none is as good as no word.
            (200 | 204 | 404, _) if is_mute => Ok(None),
            (404, Some(_)) => Ok(None),
            (200, Some(said)) if said.is_null("WebhookUrl") => Ok(None),
            (200, Some(said)) if said.get("WebhookUrl").is_some() => {
                let read = Registration::read(said).map(Some);
                read.ok_or_else(|| unreadable("a registration that can't be read"))
            }
            (200, _) if answer.error().is_none() => Err(unreadable("no registration")),
            _ => Err(answer.unread().into()),
        }
    }

    /// Registers what is wished, or changes to it what is known to be registered. `key` is one of its own for
    /// each try: the same state may be wished for again after somebody has changed it.
    pub async fn register(
        &self,
        wished: &Registration,
        known: Option<&Registration>,
        key: Uuid,
    ) -> Result<(), Unregistered> {
        let method = match known {
            Some(_) => Method::PUT,
            None => Method::POST,
        };
        let (body, key) = (wished.body(known), StepKey::new(key));
        let sent = self.http.write((method, PLACE), Some(&body), &key, None);
        let stop = match sent.await {
            Ok(answer) if matches!(answer.status, 200 | 201) => {
                let echo = answer.resource().and_then(|said| Registration::read(&said));
                if echo.is_some_and(|echo| echo.is_as(wished)) {
                    return Ok(());
                }
                Stop::Fault(answer.lost("it is not what was asked for"))
            }
            Ok(answer) => refused(&answer),
            Err(fault) => fault.into(),
        };
        if let Stop::Fault(Fault::AnswerLost { .. }) = &stop
            && let Ok(Some(found)) = self.registration().await
            && found.is_as(wished)
        {
            return Ok(());
        }
        Err(stop.into())
    }
}

/// Microsoft's no, with a number that may be unknown: nothing is booked that could be in doubt.
pub(super) fn refused(answer: &Answer) -> Stop {
    match (answer.stop(), answer.error()) {
        (Stop::Fault(Fault::AnswerLost { .. }), Some(error))
            if (400..500).contains(&answer.status) =>
        {
            Stop::Refused(answer.failure(&error))
        }
        (stop, _) => stop,
    }
}

pub(super) fn unreadable(what: &str) -> Unregistered {
    Unregistered::Fault(Fault::NotSent {
        reason: format!("Microsoft answered with {what}"),
        retry_after: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: &str = "/webhooks/partner-center/nordic/microsoft";

    fn at(url: &str) -> Registration {
        let said = json!({"webhookUrl": url, "webhookEvents": EVENTS}).to_string();
        Registration::read(&Resource::read(said.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn only_an_address_that_microsoft_may_send_events_to_is_registered() {
        for (public_url, is_taken) in [
            ("https://desk.example", true),
            ("https://desk.example/", true),
            (" https://desk.example:8443/below ", true),
            ("http://desk.example", false),
            ("https://user:secret@desk.example", false),
            ("https://desk.example/?a=secret", false),
            ("https://desk.example/#secret", false),
            ("desk.example", false),
            ("", false),
        ] {
            let wished = Registration::wished(public_url, DOOR);
            assert_eq!(wished.is_ok(), is_taken, "{public_url}");
            assert!(!format!("{wished:?}").contains("secret"), "{wished:?}");
        }
        let wished = Registration::wished("https://Desk.example/", DOOR).unwrap();
        let shown = "https://desk.example/webhooks/partner-center/nordic/microsoft for subscription-updated, \
                     test-created";
        assert_eq!(wished.to_string(), shown);
    }

    #[test]
    fn another_host_or_port_is_somebody_elses() {
        let wished = Registration::wished("https://desk.example", DOOR).unwrap();
        for (url, is_elsewhere, is_same) in [
            (&*format!("https://desk.example{DOOR}"), false, true),
            (&*format!("https://DESK.example:443{DOOR}"), false, true),
            ("https://desk.example/other", false, false),
            (&*format!("http://desk.example{DOOR}"), false, false),
            (&*format!("https://desk.example:8443{DOOR}"), true, false),
            (
                &*format!("https://desk.example.evil.example{DOOR}"),
                true,
                false,
            ),
            (
                &*format!("https://desk.example@evil.example{DOOR}"),
                true,
                false,
            ),
            ("mailto:desk.example", true, false),
            ("desk.example", true, false),
        ] {
            let found = at(url);
            let judged = (found.is_elsewhere(&wished), found.is_as(&wished));
            assert_eq!(judged, (is_elsewhere, is_same), "{url}");
        }
    }

    #[test]
    fn a_foreign_address_is_shown_without_its_secrets_and_obeyed_by_no_terminal() {
        for (url, shown) in [
            (
                "https://flow.example/invoke?sig=secret",
                "https://flow.example/invoke?…",
            ),
            (
                "https://user:secret@flow.example/#secret",
                "https://flow.example/",
            ),
            ("not\u{1b}[2Jan\u{202e} address", "not?[2Jan?address"),
        ] {
            let address = at(url).address();
            assert_eq!(address.replace("??", "?"), shown);
        }
    }

    #[test]
    fn what_is_no_registration_is_not_read() {
        let many = vec!["subscription-updated"; EVENTS_MAX + 1];
        let long = format!("https://desk.example/{}", "a".repeat(URL_MAX));
        for odd in [
            json!({"WebhookUrl": 5.5e300, "WebhookEvents": {}}),
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": [7]}),
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": [""]}),
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": ["a\u{1b}[2J"]}),
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": ["a".repeat(NAME_MAX + 1)]}),
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": many}),
            json!({"WebhookUrl": long, "WebhookEvents": []}),
            json!({"WebhookUrl": ["https://desk.example"], "WebhookEvents": []}),
        ] {
            let said = Resource::read(odd.to_string().as_bytes()).unwrap();
            assert_eq!(Registration::read(&said), None, "{odd}");
        }
    }
}
