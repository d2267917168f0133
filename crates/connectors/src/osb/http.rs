//! One call to a broker: its headers, its limits, and what can be proven when it goes wrong.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::provisioning::{Fault, Request};
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

use super::answer::Answer;
use super::retry_after::retry_after;

/// From the first byte out to the last byte in; the engine holds a task for longer than that.
const DEADLINE: Duration = Duration::from_secs(20);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A vendor's answer is hostile input: more than this is not read.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// A shorter password could stand in an answer by chance.
const SECRET_MIN: usize = 4;

/// A client for one broker.
pub(super) struct Http {
    client: Client,
    url: Url,
    username: String,
    password: String,
    secrets: Secrets,
    deadline: Duration,
}

/// What must not be found in anything that is kept of an answer: a vendor may echo our request.
#[derive(Clone)]
pub(super) struct Secrets(Arc<[String]>);

impl Secrets {
    pub(super) fn new(username: &str, password: &str) -> Secrets {
        let token = STANDARD.encode(format!("{username}:{password}"));
        let secrets = [token, password.to_owned()];
        Secrets(
            secrets
                .into_iter()
                .filter(|secret| secret.len() >= SECRET_MIN)
                .collect(),
        )
    }

    pub(super) fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "[redacted]")
        })
    }
}

impl Http {
    pub(super) fn new(url: &str, username: &str, password: &str) -> Result<Http, Fault> {
        let wrong = |reason: &str| Fault::Misconfigured {
            reason: reason.to_owned(),
        };
        let url = Url::parse(url).map_err(|_| wrong("the vendor's address is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong(
                "the vendor's address must begin with http:// or https://",
            ));
        }
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if has_credentials || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(
                "the vendor's address must hold no credentials, no ? and no #",
            ));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| wrong("the HTTP client can't be set up"))?;
        Ok(Http {
            client,
            url,
            username: username.into(),
            password: password.into(),
            secrets: Secrets::new(username, password),
            deadline: DEADLINE,
        })
    }

    pub(super) fn within(self, deadline: Duration) -> Http {
        Http { deadline, ..self }
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        request: Option<&Request>,
    ) -> Result<Answer, Fault> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        if !query.is_empty() {
            let pair = |(name, value): &(&str, String)| format!("{name}={}", percent(value));
            url.set_query(Some(&query.iter().map(pair).collect::<Vec<_>>().join("&")));
        }
        let mut call = self
            .client
            .request(method, url)
            .timeout(self.deadline)
            .basic_auth(&self.username, Some(&self.password))
            .header("X-Broker-API-Version", "2.17");
        if let Some(request) = request {
            call = call
                .header("X-Broker-API-Request-Identity", request.key.to_string())
                .header("X-Broker-API-Originating-Identity", identity(request));
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        match call.send().await {
            Ok(response) => read(response, self.secrets.clone()).await,
            // Only a connection that was never made proves that nothing was sent.
            Err(error) if error.is_connect() => Err(Fault::NotSent {
                reason: "no connection to the vendor".into(),
                retry_after: None,
            }),
            Err(error) => Err(lost(&error)),
        }
    }
}

/// The person who acts, as the platform that speaks for them knows them.
fn identity(request: &Request) -> String {
    let person = json!({
        "user_id": request.actor.to_string(),
        "email": request.actor_email,
        "organization": request.organization_slug,
    });
    format!("seatwright {}", STANDARD.encode(person.to_string()))
}

/// Percent-encoding proper: a form's `+` for a space is not what the specification asks for.
fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

async fn read(mut response: Response, secrets: Secrets) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            let evidence = format!("{status}, and an answer of more than {BODY_MAX} bytes");
            return Err(Fault::AnswerLost {
                evidence,
                retry_after,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body,
        secrets,
    })
}

/// The kind of failure in our own words: an error's text may hold the address with its secrets.
fn lost(error: &reqwest::Error) -> Fault {
    let evidence = if error.is_timeout() {
        "no answer in time"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the connection broke off"
    };
    Fault::AnswerLost {
        evidence: evidence.into(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_plain_http_url() {
        for wrong in [
            "",
            "vendor.example",
            "ftp://vendor.example",
            "file:///etc/passwd",
            "https://user:hidden@vendor.example",
            "https://vendor.example/?a=b",
            "https://vendor.example/#a",
        ] {
            let Err(Fault::Misconfigured { reason }) = Http::new(wrong, "u", "p") else {
                panic!("taken: {wrong}");
            };
            assert!(!reason.contains("hidden"), "{reason}");
        }
    }

    #[test]
    fn a_query_is_percent_encoded() {
        assert_eq!(percent("a b/ü&c=+~"), "a%20b%2F%C3%BC%26c%3D%2B~");
    }
}
