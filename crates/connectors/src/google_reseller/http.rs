//! One call to Google: its token, and what is proven when it goes wrong.

use std::time::Duration;

use domain::provisioning::Fault;
use reqwest::{Client, Method, Url};
use serde_json::Value;

use super::account::Account;
use super::answer::Answer;
use super::tokens::Tokens;
use crate::http::{self, Secrets, query};

/// From the first byte out to the last byte in.
const DEADLINE: Duration = Duration::from_secs(20);

/// A client for one account.
pub(super) struct Http {
    client: Client,
    api: Url,
    secrets: Secrets,
    tokens: Tokens,
}

/// A call that has not been sent.
pub(super) struct Call<'c> {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) pairs: &'c [(&'c str, String)],
    pub(super) body: Option<Value>,
}

impl Http {
    pub(super) fn new(account: &Account) -> Result<Http, Fault> {
        let addresses = account.addresses()?;
        Ok(Http {
            client: http::client()?,
            secrets: Secrets::new([account.private_key.clone()]),
            tokens: Tokens::new(account, addresses.token)?,
            api: addresses.api,
        })
    }

    /// Reads; no failure of it leaves a doubt.
    pub(super) async fn read(
        &self,
        path: String,
        pairs: &[(&str, String)],
    ) -> Result<Answer, Fault> {
        let call = Call {
            method: Method::GET,
            path,
            pairs,
            body: None,
        };
        self.send(&call).await.map_err(http::nothing_sent)
    }

    /// Sends with a token; once more with a new one where the first is refused, which proves that the
    /// call was not read.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let token = self.tokens.access(&self.client).await?;
        let first = self.once(call, &token).await?;
        if first.status != 401 {
            return Ok(first);
        }
        self.tokens.forget(&token).await;
        let token = self.tokens.access(&self.client).await?;
        self.once(call, &token).await
    }

    async fn once(&self, call: &Call<'_>, token: &str) -> Result<Answer, Fault> {
        let mut url = self.api.clone();
        let root = self.api.path().trim_end_matches('/');
        url.set_path(&format!("{root}/apps/reseller/v1{}", call.path));
        if !call.pairs.is_empty() {
            url.set_query(Some(&query(call.pairs)));
        }
        let sent = self.client.request(call.method.clone(), url);
        let sent = sent.timeout(DEADLINE).bearer_auth(token);
        let sent = match (&call.body, &call.method) {
            (Some(body), _) => sent.json(body),
            // An empty body has a length too.
            (None, &Method::POST) => sent.header("Content-Length", "0"),
            (None, _) => sent,
        };
        let mut response = sent.send().await.map_err(|error| http::failed(&error))?;
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: http::retry_after::retry_after(response.headers()),
            body: http::body(&mut response).await?,
            secrets: self.secrets.and(token),
        })
    }
}
