//! Access tokens of a service account that acts for an administrator: a signed statement is exchanged for
//! a token, which is kept for the process until shortly before it ends.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::provisioning::Fault;
use jiff::Timestamp;
use reqwest::{Client, Url};
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::Signer;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::account::Account;
use crate::http::retry_after::retry_after;
use crate::http::{self, Secrets, clean, misconfigured};

/// What the token is for: ordering, and nothing else of the administrator's.
const SCOPE: &str = "https://www.googleapis.com/auth/apps.order";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Google takes no statement that is good for longer.
const STATEMENT_LIFE: i64 = 3_600;
const DEADLINE: Duration = Duration::from_secs(10);
/// A token is not used in the last minutes of its life, or of half of it where it is short.
const MARGIN: Duration = Duration::from_secs(300);
/// Where the answer says nothing about it.
const LIFE: u64 = 600;

/// The token of one account; a second caller waits for the first one's sign-in.
type Slot = Arc<tokio::sync::Mutex<Option<Access>>>;

/// Connectors are made for each call, and a token lives for an hour.
static SLOTS: LazyLock<Mutex<HashMap<[String; 4], Slot>>> = LazyLock::new(Mutex::default);

struct Access {
    token: String,
    until: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Signs in for one account.
pub(super) struct Tokens {
    slot: Slot,
    account: Account,
    endpoint: Url,
    signer: Box<dyn Signer>,
}

impl Tokens {
    /// Fails when the key can't be read.
    pub(super) fn new(account: &Account, endpoint: Url) -> Result<Tokens, Fault> {
        let key = [
            endpoint.to_string(),
            account.client_email.clone(),
            account.administrator.clone(),
            account.private_key.clone(),
        ];
        let mut slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Tokens {
            slot: slots.entry(key).or_default().clone(),
            account: account.clone(),
            endpoint,
            signer: signer(&account.private_key)?,
        })
    }

    /// A token that is good for a call. A failure here proves that nothing was asked of Google's API.
    pub(super) async fn access(&self, client: &Client) -> Result<String, Fault> {
        let mut held = self.slot.lock().await;
        if let Some(access) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(access.token.clone());
        }
        let granted = self.sign_in(client).await?;
        let life = Duration::from_secs(granted.expires_in.unwrap_or(LIFE));
        *held = Some(Access {
            token: granted.access_token.clone(),
            until: Instant::now() + (life - MARGIN.min(life / 2)),
        });
        Ok(granted.access_token)
    }

    /// Forgets a token that Google does not take; another call's newer one stays.
    pub(super) async fn forget(&self, token: &str) {
        let mut held = self.slot.lock().await;
        if held.as_ref().is_some_and(|access| access.token == token) {
            *held = None;
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the statement is about now, and Google compares it with its own clock; nothing of ours is decided by it"
    )]
    fn statement(&self) -> Result<String, Fault> {
        statement(
            &self.account,
            &self.endpoint,
            Timestamp::now(),
            &*self.signer,
        )
    }

    async fn sign_in(&self, client: &Client) -> Result<Granted, Fault> {
        let statement = self.statement()?;
        let form = [("grant_type", GRANT), ("assertion", statement.as_str())];
        let call = client.post(self.endpoint.clone());
        let call = call.timeout(DEADLINE).form(&form);
        let not_signed_in = |reason: String, retry_after| Fault::NotSent {
            reason: format!("no sign-in at Google: {reason}"),
            retry_after,
        };
        let mut response = match call.send().await {
            Ok(response) => response,
            Err(error) => return Err(not_signed_in(http::failed(&error).to_string(), None)),
        };
        let status = response.status().as_u16();
        let wish = retry_after(response.headers());
        let body = http::body(&mut response)
            .await
            .map_err(|fault| not_signed_in(fault.to_string(), wish))?;
        match (status, serde_json::from_slice::<Granted>(&body)) {
            (200, Ok(granted)) if !granted.access_token.is_empty() => Ok(granted),
            (400 | 401 | 403, _) => Err(denied(status, &body, &statement)),
            _ => Err(not_signed_in(format!("status {status}"), wish)),
        }
    }
}

fn denied(status: u16, body: &[u8], statement: &str) -> Fault {
    let Ok(denied) = serde_json::from_slice::<Denied>(body) else {
        return misconfigured(&format!("Google refused the sign-in with {status}"));
    };
    let words = format!("{}: {}", denied.error, denied.error_description);
    let words = clean(&Secrets::new([statement.to_owned()]).scrub(&words));
    misconfigured(&format!("Google refused the sign-in: {words}"))
}

/// The signing half of an RSA key, by the library that also speaks TLS.
fn signer(pem: &str) -> Result<Box<dyn Signer>, Fault> {
    let unreadable = || misconfigured("private_key must be an RSA key in PEM");
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable())?;
    let key = rustls::crypto::ring::sign::any_supported_type(&der).map_err(|_| unreadable())?;
    key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .ok_or_else(unreadable)
}

/// A JSON Web Token of RFC 7523, signed as RS256.
fn statement(
    account: &Account,
    endpoint: &Url,
    now: Timestamp,
    signer: &dyn Signer,
) -> Result<String, Fault> {
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &account.private_key_id {
        header["kid"] = json!(id);
    }
    let claims = json!({
        "iss": account.client_email, "sub": account.administrator, "scope": SCOPE,
        "aud": endpoint.as_str(), "iat": now.as_second(), "exp": now.as_second() + STATEMENT_LIFE,
    });
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let said = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = signer
        .sign(said.as_bytes())
        .map_err(|_| misconfigured("private_key can't sign"))?;
    Ok(format!("{said}.{}", encode(&signature)))
}

#[cfg(test)]
mod tests {
    use super::super::account::tests::account;
    use super::*;

    #[test]
    fn a_statement_is_signed_as_openssl_signs_it() {
        let account = account();
        let endpoint = account.addresses().unwrap().token;
        let signer = signer(&account.private_key).unwrap();
        let made = statement(&account, &endpoint, Timestamp::UNIX_EPOCH, &*signer).unwrap();
        // `tests/google/SOURCES.md` says how it was made.
        let expected = include_str!("../../tests/google/statement.jwt");
        assert_eq!(made, expected.trim());
    }

    #[test]
    fn a_key_that_can_not_be_read_is_told_without_it() {
        for wrong in [
            "",
            "secret",
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
        ] {
            let Err(Fault::Misconfigured { reason }) = signer(wrong) else {
                panic!("taken: {wrong}");
            };
            assert!(!reason.contains("secret"), "{reason}");
        }
    }
}
