//! What every outbound call shares: which addresses are taken, how much of an answer is read, and what
//! is kept of it without our secrets.

pub(crate) mod retry_after;

use std::sync::Arc;
use std::time::Duration;

use domain::provisioning::Fault;
use domain::provisioning::pace::CALL_MAX;
use reqwest::{Client, Response, Url};

/// All calls of one question together: shorter than the engine waits, so that a connector says itself what
/// was lost.
pub(crate) const DEADLINE: Duration = CALL_MAX
    .unsigned_abs()
    .saturating_sub(Duration::from_secs(5));
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// A vendor's answer is hostile input: more than this is not read.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// A shorter password could stand in an answer by chance.
const SECRET_MIN: usize = 4;
/// Longest text of a vendor that is kept.
const TEXT_MAX: usize = 500;
/// So much of a body is searched for secrets before its start becomes evidence.
const SCRUBBED: usize = 8 * 1024;

/// What must not be found in anything that is kept of an answer: a vendor may echo our request.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Secrets {
        let is_telling = |secret: &String| secret.len() >= SECRET_MIN;
        Secrets(secrets.into_iter().filter(is_telling).collect())
    }

    /// The same and one more, which may be short-lived.
    pub(crate) fn and(&self, secret: &str) -> Secrets {
        let known = self.0.iter().cloned();
        Secrets::new(known.chain([secret.to_owned()]))
    }

    pub(crate) fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.as_str(), "[redacted]")
        })
    }

    /// The start of a body, printable and without secrets.
    pub(crate) fn start_of(&self, body: &[u8]) -> String {
        let start = String::from_utf8_lossy(&body[..body.len().min(SCRUBBED)]);
        self.scrub(&start).chars().take(120).collect()
    }
}

/// A vendor's text, bounded and without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_MAX)
        .collect()
}

pub(crate) fn misconfigured(reason: &str) -> Fault {
    Fault::Misconfigured {
        reason: reason.to_owned(),
    }
}

/// Reads a vendor's address.
pub(crate) fn address(url: &str) -> Result<Url, Fault> {
    let url = Url::parse(url).map_err(|_| misconfigured("the vendor's address is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(misconfigured(
            "the vendor's address must begin with http:// or https://",
        ));
    }
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    if has_credentials || url.query().is_some() || url.fragment().is_some() {
        return Err(misconfigured(
            "the vendor's address must hold no credentials, no ? and no #",
        ));
    }
    Ok(url)
}

/// Reads an address that secrets are sent to: they leave this machine encrypted or not at all.
pub(crate) fn guarded(url: &str, whose: &str) -> Result<Url, Fault> {
    let url = address(url)?;
    let is_here = match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    };
    match url.scheme() == "https" || is_here {
        true => Ok(url),
        false => Err(misconfigured(&format!("{whose} must begin with https://"))),
    }
}

/// A client that follows no redirect: our credentials go where the settings say and nowhere else.
pub(crate) fn client() -> Result<Client, Fault> {
    Client::builder()
        .connect_timeout(CONNECT_DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| misconfigured("the HTTP client can't be set up"))
}

/// Percent-encoding proper: a form's `+` for a space is not what vendors' specifications ask for.
pub(crate) fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A path of fixed parts and of ids that are percent-encoded.
pub(crate) fn path(parts: &[&str]) -> String {
    let part = |part: &&str| match part.chars().all(|c| c == '.') {
        true => "/_".into(),
        false => format!("/{}", percent(part)),
    };
    parts.iter().map(part).collect()
}

/// A query's pairs, encoded.
pub(crate) fn query(pairs: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={}", percent(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The whole body, up to the limit.
pub(crate) async fn body(response: &mut Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            let status = response.status().as_u16();
            return Err(Fault::AnswerLost {
                evidence: format!("{status}, and an answer of more than {BODY_MAX} bytes"),
                retry_after: retry_after::retry_after(response.headers()),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a failed call proves: only a connection that was never made says that nothing was sent.
pub(crate) fn failed(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        return Fault::NotSent {
            reason: "no connection to the vendor".into(),
            retry_after: None,
        };
    }
    lost(error)
}

/// A call that only reads leaves no doubt, however it fails.
pub(crate) fn nothing_sent(fault: Fault) -> Fault {
    match fault {
        Fault::AnswerLost {
            evidence,
            retry_after,
        } => Fault::NotSent {
            reason: evidence,
            retry_after,
        },
        other => other,
    }
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
            let Err(Fault::Misconfigured { reason }) = address(wrong) else {
                panic!("taken: {wrong}");
            };
            assert!(!reason.contains("hidden"), "{reason}");
        }
    }

    #[test]
    fn ids_in_a_path_can_not_leave_their_place() {
        assert_eq!(
            path(&["customers", "a/b?c", ".."]),
            "/customers/a%2Fb%3Fc/_"
        );
    }

    #[test]
    fn a_query_is_percent_encoded() {
        assert_eq!(percent("a b/ü&c=+~"), "a%20b%2F%C3%BC%26c%3D%2B~");
        assert_eq!(
            query(&[("a", "1&2".into()), ("b", "c".into())]),
            "a=1%262&b=c"
        );
    }
}
