//! One call to a broker: its headers, its deadline, and who it is made for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::provisioning::{Fault, Request};
use reqwest::{Client, Method, Response, Url};
use serde_json::{Value, json};

use super::answer::Answer;
use crate::http::retry_after::retry_after;
use crate::http::{self, Secrets};

/// From the first byte out to the last byte in; the engine holds a task for longer than that.
const DEADLINE: Duration = Duration::from_secs(20);

/// A client for one broker.
pub(super) struct Http {
    client: Client,
    url: Url,
    username: String,
    password: String,
    secrets: Secrets,
    deadline: Duration,
}

/// The password, and the header that is made of it.
pub(super) fn secrets(username: &str, password: &str) -> Secrets {
    let token = STANDARD.encode(format!("{username}:{password}"));
    Secrets::new([token, password.to_owned()])
}

impl Http {
    pub(super) fn new(url: &str, username: &str, password: &str) -> Result<Http, Fault> {
        Ok(Http {
            client: http::client()?,
            url: http::address(url)?,
            username: username.into(),
            password: password.into(),
            secrets: secrets(username, password),
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
            url.set_query(Some(&http::query(query)));
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
            Err(error) => Err(http::failed(&error)),
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

async fn read(mut response: Response, secrets: Secrets) -> Result<Answer, Fault> {
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
        body: http::body(&mut response).await?,
        secrets,
    })
}
