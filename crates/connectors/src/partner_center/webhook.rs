//! What Microsoft tells by itself. An event is only a hint to ask sooner: it may come two days late, and whoever
//! sends it says where the certificate lies that its signature is checked with. So the place is one that the
//! settings name, which TLS proves, the certificate must be in force, and an event that was heard before is not
//! heard again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;
use webpki::{EndEntityCert, KeyUsage};

use super::account::{Account, WHOSE};
use super::resource::Resource;
use super::stage::Stage;
use crate::http::{self, guarded};

const ALGORITHM: &str = "rsa-sha256";
const DEADLINE: Duration = Duration::from_secs(5);
/// For how long a certificate is known, and for how long one that could not be had is not asked for again.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);
const MISSING_FOR: SignedDuration = SignedDuration::from_mins(1);
/// Whoever calls can name many places: so many are asked at the most in that time.
const PLACES_MAX: usize = 8;
const CERTIFICATE_MAX: usize = 16 * 1024;
/// Events that are known again.
const HEARD_MAX: usize = 1_024;

/// How an event says that it is Microsoft's.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'h> {
    /// `X-MS-Certificate-Url`.
    pub certificate_url: &'h str,
    /// `X-MS-Signature-Algorithm`.
    pub algorithm: &'h str,
    /// `Authorization` or `X-MS-Signature`.
    pub signature: &'h str,
}

/// Why an event is not believed, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unproven(&'static str);

/// What is told of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    customer: String,
    subscription: Option<String>,
}

impl Event {
    /// `None` for what is about no customer, also where its kind is not known.
    fn read(body: &[u8]) -> Option<Event> {
        let told = Resource::read(body)?;
        let url = Url::parse(&told.text("ResourceUri")?).ok()?;
        let parts: Vec<&str> = url.path_segments()?.collect();
        let after = |name: &str| {
            let at = parts
                .iter()
                .position(|part| part.eq_ignore_ascii_case(name))?;
            Some(parts.get(at + 1)?.to_lowercase()).filter(|id| !id.is_empty())
        };
        Some(Event {
            customer: after("customers")?,
            subscription: after("subscriptions"),
        })
    }

    /// Whether an accepted operation, or a change of a subscription by its reference, waits for what is told.
    pub fn is_about(&self, operation: Option<&str>, reference: Option<&str>) -> bool {
        let is_told = |reference: &str| {
            self.subscription.as_deref() == Some(reference.to_lowercase().as_str())
        };
        let is_customers = Stage::read(operation).is_some_and(|stage| {
            stage
                .customer()
                .is_some_and(|id| id.eq_ignore_ascii_case(&self.customer))
        });
        reference.is_some_and(is_told) || is_customers
    }
}

/// A certificate's bytes, as far as they could be had, and when that is asked anew.
type Kept = (Timestamp, Option<Vec<u8>>);

/// What was heard, and whose certificates are known.
#[derive(Default)]
pub struct Webhooks {
    certificates: tokio::sync::Mutex<BTreeMap<String, Kept>>,
    heard: Mutex<VecDeque<[u8; 32]>>,
}

impl Webhooks {
    /// Believes an event whose signature fits, or says why not. `None`: it says nothing new, or nothing that
    /// could be asked about.
    pub async fn hear(
        &self,
        account: &Account,
        signed: Signed<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Event>, Unproven> {
        if !signed.algorithm.trim().eq_ignore_ascii_case(ALGORITHM) {
            return Err(Unproven("the algorithm is not rsa-sha256"));
        }
        let signature = signed.signature.trim();
        let signature = signature.strip_prefix("Signature ").unwrap_or(signature);
        let signature = STANDARD.decode(signature.trim());
        let signature = signature.map_err(|_| Unproven("the signature can't be read"))?;
        let place = place(account, signed.certificate_url)?;
        let certificate = CertificateDer::from(self.certificate(place, now).await?);
        let known = EndEntityCert::try_from(&certificate)
            .map_err(|_| Unproven("the certificate can't be read"))?;
        if !is_in_force(&known, now) {
            return Err(Unproven("the certificate has ended or has not begun"));
        }
        known
            .verify_signature(RSA_PKCS1_2048_8192_SHA256, body, &signature)
            .map_err(|_| Unproven("the signature does not fit"))?;
        Ok(Event::read(body).filter(|_| self.is_news(body)))
    }

    fn is_news(&self, body: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(body).into();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.contains(&hash) {
            return false;
        }
        heard.truncate(HEARD_MAX - 1);
        heard.push_front(hash);
        true
    }

    /// One is fetched at a time.
    async fn certificate(&self, place: Url, now: Timestamp) -> Result<Vec<u8>, Unproven> {
        let mut known = self.certificates.lock().await;
        known.retain(|_, (until, _)| *until > now);
        let missing = Unproven("the certificate can't be had");
        if let Some((_, kept)) = known.get(place.as_str()) {
            return kept.clone().ok_or(missing);
        }
        if known.len() >= PLACES_MAX {
            return Err(Unproven("too many certificates are named"));
        }
        let name = place.to_string();
        let found = fetch(place).await;
        let kept_for = if found.is_some() {
            KNOWN_FOR
        } else {
            MISSING_FOR
        };
        let until = now.checked_add(kept_for).unwrap_or(now);
        known.insert(name, (until, found.clone()));
        found.ok_or(missing)
    }
}

/// Whether now lies between a certificate's two dates. They are looked at before a chain is built; none can be built
/// here, for Microsoft shows a certificate without those of its issuers, so its place stands for them.
fn is_in_force(certificate: &EndEntityCert<'_>, now: Timestamp) -> bool {
    use webpki::Error;
    let Ok(now) = u64::try_from(now.as_second()) else {
        return false;
    };
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let usage = KeyUsage::client_auth();
    let built = certificate.verify_for_usage(&[], &[], &[], now, usage, None, None);
    !matches!(
        built,
        Err(Error::CertExpired { .. }
            | Error::CertNotValidYet { .. }
            | Error::InvalidCertValidity
            | Error::BadDer
            | Error::BadDerTime)
    )
}

/// Where a certificate lies: below what the settings say, and nowhere else.
fn place(account: &Account, url: &str) -> Result<Url, Unproven> {
    let foreign = Unproven("the certificate lies where none of Microsoft's does");
    let (Ok(url), Ok(ours)) = (
        guarded(url.trim(), WHOSE),
        guarded(&account.certificates_url, WHOSE),
    ) else {
        return Err(foreign);
    };
    let folder = format!("{}/", ours.path().trim_end_matches('/'));
    let name = url.path().strip_prefix(&folder);
    let is_file = name.is_some_and(|name| !name.is_empty() && !name.contains('/'));
    match url.origin() == ours.origin() && is_file {
        true => Ok(url),
        false => Err(foreign),
    }
}

async fn fetch(place: Url) -> Option<Vec<u8>> {
    let call = http::client().ok()?.get(place).timeout(DEADLINE);
    let mut response = call.send().await.ok()?;
    let body = http::body(&mut response).await.ok()?;
    (response.status() == 200 && body.len() <= CERTIFICATE_MAX).then(|| unwrapped(body))
}

/// A certificate's bytes, where they are written as text too.
fn unwrapped(body: Vec<u8>) -> Vec<u8> {
    let text = str::from_utf8(&body)
        .ok()
        .filter(|text| text.starts_with("-----BEGIN"));
    let lines = text.map(|text| {
        text.lines()
            .take_while(|line| !line.starts_with("-----END"))
            .skip(1)
    });
    let coded = lines.map(|lines| lines.map(str::trim).collect::<String>());
    coded
        .and_then(|coded| STANDARD.decode(coded).ok())
        .unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::super::account::tests::account;
    use super::*;

    #[test]
    fn a_certificate_lies_at_microsofts_place_or_is_not_fetched() {
        const FINE: &str = "https://3psostorageacct.blob.core.windows.net/cert/pcnotifications-dispatch.microsoft.com.cer";
        for (url, is_taken) in [
            (FINE, true),
            (
                "http://3psostorageacct.blob.core.windows.net/cert/a.cer",
                false,
            ),
            ("https://other.blob.core.windows.net/cert/a.cer", false),
            (
                "https://3psostorageacct.blob.core.windows.net.example/cert/a.cer",
                false,
            ),
            (
                "https://3psostorageacct.blob.core.windows.net:8443/cert/a.cer",
                false,
            ),
            (
                "https://3psostorageacct.blob.core.windows.net@evil.example/cert/a.cer",
                false,
            ),
            (
                "https://3psostorageacct.blob.core.windows.net/cert/../other/a.cer",
                false,
            ),
            (
                "https://3psostorageacct.blob.core.windows.net/cert/deeper/a.cer",
                false,
            ),
            (
                "https://3psostorageacct.blob.core.windows.net/cert/a.cer?sig=x",
                false,
            ),
            ("https://3psostorageacct.blob.core.windows.net/cert/", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(place(&account(), url).is_ok(), is_taken, "{url}");
        }
    }

    #[test]
    fn an_event_names_its_customer_wherever_its_address_begins() {
        let read = |uri: &str| Event::read(format!(r#"{{"ResourceUri": "{uri}"}}"#).as_bytes());
        let event = Event {
            customer: "c1".into(),
            subscription: Some("s1".into()),
        };
        let found = read(
            "http://api.partnercenter.microsoft.com/webhooks/v1/customers/C1/subscriptions/S1",
        );
        assert_eq!(found, Some(event.clone()));
        for uri in [
            "https://pc.example/v1/invoices/1",
            "https://pc.example/v1/customers/",
            "odd",
            "",
        ] {
            assert_eq!(read(uri), None, "{uri}");
        }
        assert_eq!(Event::read(b"[]"), None);
        let stage = Stage::Order {
            customer: "C1".into(),
            order: "o".into(),
        };
        assert!(event.is_about(Some(&stage.write()), None));
        assert!(event.is_about(None, Some("S1")));
        assert!(!event.is_about(Some("by hand"), Some("s2")));
    }
}
