//! Access tokens of both flows: kept for the process until shortly before they end, and with them the
//! refresh token that Microsoft handed out last.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use domain::provisioning::Fault;
use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::account::{Account, Addresses};
use crate::http::{self, Secrets, clean, misconfigured};
use crate::{SecretKeeper, http::retry_after::retry_after};

const DEADLINE: Duration = Duration::from_secs(10);
/// A token is not used in the last minutes of its life, or of half of it where it is short.
const MARGIN: Duration = Duration::from_secs(300);
/// More tokens than can be handed out while one task is under way.
const LINEAGE_MAX: usize = 8;
/// Where the answer says nothing readable about it.
const LIFE: Duration = Duration::from_secs(600);

/// The tokens of one account; a second caller waits for the first one's sign-in.
type Slot = Arc<tokio::sync::Mutex<Held>>;

/// Connectors are made for each call, and a token lives for an hour.
static SLOTS: LazyLock<Mutex<HashMap<Key, Slot>>> = LazyLock::new(Mutex::default);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    login: String,
    tenant: String,
    client_id: String,
    client_secret: String,
    /// As the settings have it; another consent is another account here.
    acts_for_a_person: bool,
}

#[derive(Default)]
struct Held {
    access: Option<Access>,
    /// The refresh token that the settings had, and what Microsoft handed out for it since; the last is
    /// the one to use. Tasks under way may have read the settings when an earlier one stood there.
    lineage: Vec<String>,
    /// Which of them the settings have, as far as we know.
    stored: Option<String>,
}

impl Held {
    /// Begins anew when a person has consented anew, or another process has kept a newer token.
    fn fit(&mut self, settings: Option<&String>) {
        let Some(token) = settings.filter(|token| !self.lineage.contains(token)) else {
            return;
        };
        *self = Held {
            access: None,
            lineage: vec![token.clone()],
            stored: Some(token.clone()),
        };
    }

    fn renew(&mut self, token: String) {
        if self.lineage.last() != Some(&token) {
            self.lineage.push(token);
        }
        if self.lineage.len() > LINEAGE_MAX {
            self.lineage.remove(0);
        }
    }
}

struct Access {
    token: String,
    until: Instant,
}

/// The token endpoint's answer. Its numbers come as text or as numbers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    refresh_token: Option<String>,
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
    endpoint: reqwest::Url,
    resource: String,
    secrets: Secrets,
    keeper: Option<Arc<dyn SecretKeeper>>,
}

impl Tokens {
    pub(super) fn new(
        account: &Account,
        addresses: &Addresses,
        keeper: Option<Arc<dyn SecretKeeper>>,
    ) -> Tokens {
        let mut endpoint = addresses.login.clone();
        let root = endpoint.path().trim_end_matches('/').to_owned();
        endpoint.set_path(&format!("{root}/{}/oauth2/token", account.tenant));
        let key = Key {
            login: endpoint.to_string(),
            tenant: account.tenant.clone(),
            client_id: account.client_id.clone(),
            client_secret: account.client_secret.clone(),
            acts_for_a_person: account.acts_for_a_person(),
        };
        let mut slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
        Tokens {
            slot: slots.entry(key).or_default().clone(),
            account: account.clone(),
            endpoint,
            resource: addresses.api.as_str().trim_end_matches('/').to_owned(),
            secrets: Secrets::new(account.secrets()),
            keeper,
        }
    }

    /// A token that is good for a call. A failure here proves that nothing was asked of Partner Center.
    pub(super) async fn access(&self, client: &Client) -> Result<String, Fault> {
        let mut held = self.slot.lock().await;
        held.fit(self.account.refresh_token.as_ref());
        if let Some(access) = held
            .access
            .as_ref()
            .filter(|access| access.until > Instant::now())
        {
            return Ok(access.token.clone());
        }
        let granted = self
            .sign_in(client, held.lineage.last().map(String::as_str))
            .await?;
        let life = life(&granted.expires_in);
        let margin = MARGIN.min(life / 2);
        held.access = Some(Access {
            token: granted.access_token.clone(),
            until: Instant::now() + (life - margin),
        });
        let renewed = granted.refresh_token;
        if let Some(renewed) = renewed.filter(|_| self.account.acts_for_a_person()) {
            held.renew(renewed);
        }
        self.keep(&mut held).await;
        Ok(granted.access_token)
    }

    /// Forgets a token that Partner Center does not take; another call's newer one stays.
    pub(super) async fn forget(&self, token: &str) {
        let mut held = self.slot.lock().await;
        if held
            .access
            .as_ref()
            .is_some_and(|access| access.token == token)
        {
            held.access = None;
        }
    }

    /// Hands a refresh token to where the settings are. It is handed over again at the next sign-in
    /// when that fails: the former one still works for weeks.
    async fn keep(&self, held: &mut Held) {
        let (Some(keeper), Some(newest), Some(stored)) =
            (&self.keeper, held.lineage.last(), &held.stored)
        else {
            return;
        };
        if newest == stored {
            return;
        }
        match keeper.keep_refresh_token(stored, newest).await {
            Ok(()) => held.stored = Some(newest.clone()),
            Err(reason) => {
                tracing::error!(
                    reason,
                    "a renewed refresh token is not stored; tried again later"
                );
            }
        }
    }

    async fn sign_in(&self, client: &Client, refresh: Option<&str>) -> Result<Granted, Fault> {
        let account = &self.account;
        let mut form = vec![
            ("client_id", account.client_id.as_str()),
            ("client_secret", account.client_secret.as_str()),
            ("resource", self.resource.as_str()),
        ];
        match refresh {
            Some(refresh) => {
                form.extend([("grant_type", "refresh_token"), ("refresh_token", refresh)])
            }
            None => form.push(("grant_type", "client_credentials")),
        }
        let call = client
            .post(self.endpoint.clone())
            .timeout(DEADLINE)
            .form(&form);
        let not_signed_in = |reason: String, retry_after| Fault::NotSent {
            reason: format!("no sign-in at Microsoft: {reason}"),
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
            (400 | 401 | 403, _) => Err(self.denied(status, &body)),
            _ => Err(not_signed_in(format!("status {status}"), wish)),
        }
    }

    fn denied(&self, status: u16, body: &[u8]) -> Fault {
        let Ok(denied) = serde_json::from_slice::<Denied>(body) else {
            return misconfigured(&format!("Microsoft refused the sign-in with {status}"));
        };
        let words = format!("{}: {}", denied.error, denied.error_description);
        let words = clean(&self.secrets.scrub(&words));
        misconfigured(&format!("Microsoft refused the sign-in: {words}"))
    }
}

/// How long a token lives, from seconds as text or as a number.
fn life(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    seconds.map_or(LIFE, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn seconds_come_as_text_and_as_a_number() {
        for (expires_in, seconds) in [
            (json!("3600"), 3600),
            (json!(3599), 3599),
            (json!(null), 600),
            (json!("soon"), 600),
            (json!(-5), 600),
        ] {
            assert_eq!(life(&expires_in).as_secs(), seconds, "{expires_in}");
        }
    }
}
