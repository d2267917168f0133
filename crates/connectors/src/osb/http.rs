//! One call to a broker: its headers, its limits, and what can be proven when it goes wrong.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::provisioning::{Fault, Request};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

use super::answer::Answer;

/// From the first byte out to the last byte in; the engine holds a task for longer than that.
const DEADLINE: Duration = Duration::from_secs(20);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A vendor's answer is hostile input: more than this is not read.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// A vendor may not put us off for longer than this.
const RETRY_AFTER_MAX: u64 = 3_600;

/// A client for one broker.
pub(super) struct Http {
    client: Client,
    url: Url,
    username: String,
    password: String,
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
        let client = Client::builder()
            .timeout(DEADLINE)
            .connect_timeout(CONNECT_DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| wrong("the HTTP client can't be set up"))?;
        Ok(Http {
            client,
            url,
            username: username.into(),
            password: password.into(),
        })
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
        let mut call = self
            .client
            .request(method, url)
            .query(query)
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
            Ok(response) => read(response).await,
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

async fn read(mut response: Response) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok())
        .map(|seconds: u64| Duration::from_secs(seconds.min(RETRY_AFTER_MAX)));
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
