//! One call to Partner Center: its token, its ids, and what is proven when it goes wrong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::provisioning::{Fault, Request};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Url};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::account::Account;
use super::answer::{Answer, Stop};
use super::resource::Resource;
use super::tokens::Tokens;
use crate::SecretKeeper;
pub(super) use crate::http::path;
use crate::http::{self, Secrets, query};

/// From the first byte out to the last byte in.
const DEADLINE: Duration = Duration::from_secs(20);
/// A list that has more pages than this is not read to its end.
const PAGES_MAX: usize = 100;
const TRACE: [&str; 2] = ["ms-correlationid", "ms-cv"];
/// What has its version behind its name.
const WEBHOOKS: &str = "/webhooks/";
const CONTINUATION: &str = "MS-ContinuationToken";

/// A client for one account.
pub(super) struct Http {
    client: Client,
    api: Url,
    secrets: Secrets,
    tokens: Tokens,
}

/// What a call changes at the vendor, which says what a lost answer means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: whatever goes wrong, nothing was booked.
    Read,
    /// Something, perhaps.
    Write,
}

/// The key of one step of one attempt: the same after a crash, another for each retry.
pub(super) struct StepKey(Uuid);

impl StepKey {
    pub(super) fn of(request: &Request, step: &str) -> StepKey {
        StepKey(derive(&format!("{}:{step}", request.key)))
    }

    /// For what no engine asks for.
    pub(super) fn new(key: Uuid) -> StepKey {
        StepKey(key)
    }
}

fn derive(text: &str) -> Uuid {
    let digest = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// An id for each call, by which Microsoft's support finds it; nothing is decided by it.
fn correlation() -> Uuid {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    derive(&format!("call {} {call}", std::process::id()))
}

impl Http {
    pub(super) fn new(
        account: &Account,
        keeper: Option<std::sync::Arc<dyn SecretKeeper>>,
    ) -> Result<Http, Fault> {
        let addresses = account.addresses()?;
        Ok(Http {
            client: http::client()?,
            secrets: Secrets::new(account.secrets()),
            tokens: Tokens::new(account, &addresses, keeper),
            api: addresses.api,
        })
    }

    /// Reads; no failure of it leaves a doubt.
    pub(super) async fn read(&self, path: &str, pairs: &[(&str, String)]) -> Result<Answer, Fault> {
        let url = self.url(path, (!pairs.is_empty()).then(|| query(pairs)));
        let call = self.client.request(Method::GET, url);
        self.send(Kind::Read, call).await
    }

    /// Asks whether something is there, by the status alone.
    pub(super) async fn head(&self, path: &str) -> Result<Answer, Fault> {
        let call = self.client.request(Method::HEAD, self.url(path, None));
        self.send(Kind::Read, call).await
    }

    /// Asks what Microsoft thinks of something that is sent for it to look at.
    pub(super) async fn look(&self, path: &str, body: &Value) -> Result<Answer, Fault> {
        let call = self.client.request(Method::POST, self.url(path, None));
        self.send(Kind::Read, call.json(body)).await
    }

    /// Writes, under the key of its step.
    pub(super) async fn write(
        &self,
        (method, path): (Method, &str),
        body: Option<&Value>,
        key: &StepKey,
        etag: Option<&str>,
    ) -> Result<Answer, Fault> {
        let mut call = self.client.request(method, self.url(path, None));
        call = call.header("MS-RequestId", key.0.to_string());
        if let Some(etag) = etag {
            call = call.header("If-Match", format!("\"{}\"", etag.trim_matches('"')));
        }
        call = match body {
            Some(body) => call.json(body),
            // An empty body has a length too.
            None => call.header("Content-Length", "0"),
        };
        self.send(Kind::Write, call).await
    }

    /// All pages of a list, by its own links. Part of a list is none: nothing is decided by it.
    pub(super) async fn list(
        &self,
        path: &str,
        pairs: &[(&str, String)],
    ) -> Result<Vec<Resource>, Stop> {
        Ok(self.list_counted(path, pairs).await?.0)
    }

    /// The same with what the vendor says that the list has.
    pub(super) async fn list_counted(
        &self,
        path: &str,
        pairs: &[(&str, String)],
    ) -> Result<(Vec<Resource>, u64), Stop> {
        let mut answer = self.read(path, pairs).await?;
        let (mut found, mut total) = (Vec::new(), 0);
        for _ in 0..PAGES_MAX {
            let page = answer.resource().filter(|_| answer.status == 200);
            let Some(page) = page.filter(|page| page.get("items").is_some()) else {
                return Err(answer.unread());
            };
            found.extend(page.parts("items"));
            total = page.number("totalCount").unwrap_or(0).max(total);
            let next = page.part("links").and_then(|links| links.part("next"));
            let Some((link, uri)) = next.and_then(|next| Some((next.clone(), next.text("uri")?)))
            else {
                return Ok((found, total));
            };
            answer = self.follow(&uri, &link).await?;
        }
        Err(Stop::Fault(Fault::NotSent {
            reason: "a list of the vendor's has no end".into(),
            retry_after: None,
        }))
    }

    /// A link as given, but never to another host.
    async fn follow(&self, uri: &str, link: &Resource) -> Result<Answer, Fault> {
        let (path, pairs) = match Url::parse(uri) {
            Ok(url) => (url.path().to_owned(), url.query().map(str::to_owned)),
            Err(_) => match uri.split_once('?') {
                Some((path, pairs)) => (path.to_owned(), Some(pairs.to_owned())),
                None => (uri.to_owned(), None),
            },
        };
        let path = path.strip_prefix("/v1").unwrap_or(&path);
        let mut call = self.client.request(Method::GET, self.url(path, pairs));
        for header in link.parts("headers") {
            if header.is("key", CONTINUATION)
                && let Some(token) = header.text("value")
            {
                call = call.header(CONTINUATION, token);
            }
        }
        self.send(Kind::Read, call).await
    }

    fn url(&self, path: &str, pairs: Option<String>) -> Url {
        let mut url = self.api.clone();
        let root = self.api.path().trim_end_matches('/');
        let version = if path.starts_with(WEBHOOKS) {
            ""
        } else {
            "/v1"
        };
        url.set_path(&format!("{root}{version}{path}"));
        url.set_query(pairs.as_deref());
        url
    }

    /// Sends with a token; once more with a new one where the first is refused, which proves that the
    /// call was not read.
    async fn send(&self, kind: Kind, call: reqwest::RequestBuilder) -> Result<Answer, Fault> {
        let call = call
            .timeout(DEADLINE)
            .header("Accept", "application/json")
            .header("MS-Contract-Version", "v1")
            .header("X-Locale", "en-US");
        let again = call.try_clone();
        let token = self.tokens.access(&self.client).await?;
        let first = self.once(kind, call, &token).await?;
        let (401, Some(again)) = (first.status, again) else {
            return Ok(first);
        };
        self.tokens.forget(&token).await;
        let token = self.tokens.access(&self.client).await?;
        self.once(kind, again, &token).await
    }

    async fn once(
        &self,
        kind: Kind,
        call: reqwest::RequestBuilder,
        token: &str,
    ) -> Result<Answer, Fault> {
        let call = call
            .bearer_auth(token)
            .header("MS-CorrelationId", correlation().to_string());
        let sent = match call.send().await {
            Ok(response) => self.answer(response, token).await,
            Err(error) => Err(http::failed(&error)),
        };
        match (sent, kind) {
            (
                Err(Fault::AnswerLost {
                    evidence,
                    retry_after,
                }),
                Kind::Read,
            ) => Err(Fault::NotSent {
                reason: evidence,
                retry_after,
            }),
            (sent, _) => sent,
        }
    }

    async fn answer(&self, mut response: reqwest::Response, token: &str) -> Result<Answer, Fault> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = http::body(&mut response).await?;
        Ok(Answer {
            status,
            retry_after: http::retry_after::retry_after(&headers),
            trace: trace(&headers),
            body,
            secrets: self.secrets.and(token),
        })
    }
}

/// The ids by which Microsoft's support finds the call.
fn trace(headers: &HeaderMap) -> String {
    let one = |name| headers.get(name)?.to_str().ok();
    let all: Vec<&str> = TRACE.into_iter().filter_map(one).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_calls_have_one_correlation_id() {
        assert_ne!(correlation(), correlation());
    }
}
