//! Signing in: passwords, browser sessions and API tokens. Secrets are stored as hashes only.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{TokenId, UserId};
use domain::text::Email;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use store::credentials::{self, Credential, CredentialKind};
use store::{StoreError, users};
use tokio::sync::Semaphore;

use crate::access::Caller;
use crate::{App, Error};

/// Argon2id: 64 MiB, two passes, one lane (reliability 5.2).
const MEMORY_KIB: u32 = 64 * 1024;
/// A password hash takes 64 MiB: more at once would be a memory bomb.
static HASHES_AT_ONCE: Semaphore = Semaphore::const_new(2);
const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(12);
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A browser that nobody touches is signed out (reliability 5.3): staff sooner than customers.
const IDLE_STAFF: SignedDuration = SignedDuration::from_mins(30);
const IDLE_CUSTOMER: SignedDuration = SignedDuration::from_hours(8);
/// Uses closer together than this are not written down one by one.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Wrong passwords for one address in [`FAILURES_IN`] before even the right one has to wait.
const FAILURES_MAX: i64 = 10;
const FAILURES_IN: SignedDuration = SignedDuration::from_hours(1);
/// What a token begins with, so that secret scanners find it.
pub const TOKEN_PREFIX: &str = "seatwright_";

/// Hashes a password for storage.
pub fn hash_password(password: &str) -> Result<String, Error> {
    let hash = argon2()?.hash_password(password.as_bytes());
    Ok(hash
        .map_err(|error| Error::Internal(error.to_string()))?
        .to_string())
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, 2, 1, None);
    let params = params.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Enough for a secret of 256 random bits.
fn fingerprint(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

impl App {
    /// Checks a password and opens a session; the cookie's value. A wrong password and an unknown
    /// address give the same answer in the same time.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        browser: &str,
    ) -> Result<String, Error> {
        let email = Email::parse(email).map_err(|_| Error::SignedOut)?;
        let since = self.clock.now() - FAILURES_IN;
        let user = {
            let mut tx = self.store.read().await?;
            if credentials::failures(&mut tx, &email, since).await? >= FAILURES_MAX {
                return Err(Error::TooMany);
            }
            users::find_by_email(&mut tx, &email).await?
        };
        let permit = HASHES_AT_ONCE.acquire().await.map_err(|_| Error::TooMany)?;
        let (found, typed) = (user.clone(), password.to_owned());
        let is_right = tokio::task::spawn_blocking(move || match found {
            Some(user) => Ok(is_password(&typed, &user.password_hash)),
            None => hash_password(&typed).map(|_| false),
        })
        .await
        .map_err(|error| Error::Internal(error.to_string()))??;
        drop(permit);
        match user {
            Some(user) if is_right => {
                self.open(user.id, CredentialKind::Session, browser, SESSION_LIFE, "")
                    .await
            }
            _ => {
                let failure = (TokenId(self.id()), self.clock.now());
                let state = (email, failure, since);
                let count = self.store.write(state, |(email, failure, since), tx| {
                    Box::pin(credentials::add_failure(tx, email, *failure, *since))
                });
                count
                    .await
                    .map_err(|error: StoreError| Error::from(error))?;
                Err(Error::SignedOut)
            }
        }
    }

    /// Makes an API token for a person; its secret is told once.
    pub async fn create_token(&self, email: &str, label: &str) -> Result<String, Error> {
        let email = Email::parse(email).map_err(|reason| Error::Invalid {
            field: "/email",
            reason,
        })?;
        let user = users::find_by_email(&mut self.store.read().await?, &email).await?;
        let user = user.ok_or(Error::NotFound)?.id;
        self.open(user, CredentialKind::Token, label, TOKEN_LIFE, TOKEN_PREFIX)
            .await
    }

    async fn open(
        &self,
        user: UserId,
        kind: CredentialKind,
        label: &str,
        life: SignedDuration,
        prefix: &str,
    ) -> Result<String, Error> {
        let (secret, now) = (
            format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.random::<32>())),
            self.clock.now(),
        );
        let credential = Credential {
            id: TokenId(self.id()),
            kind,
            user,
            label: label.chars().take(200).collect(),
            created_at: now,
            seen_at: now,
            expires_at: now + life,
        };
        let state = (fingerprint(&secret), credential);
        self.store
            .write(state, |(hash, credential), tx| {
                Box::pin(async move { Ok(credentials::save(tx, hash, credential).await?) })
            })
            .await
            .map(|()| secret)
    }

    /// Who a cookie or token stands for, with the rights of this moment; a use of it, that keeps a
    /// session from going idle.
    pub async fn find_caller(&self, secret: &str, kind: CredentialKind) -> Result<Caller, Error> {
        let (caller, credential) = self.check(secret, kind).await?;
        let now = self.clock.now();
        if now.duration_since(credential.seen_at) > TOUCH_EVERY {
            let touch = self.store.write((credential.id, now), |(id, now), tx| {
                Box::pin(credentials::touch(tx, *id, *now))
            });
            touch
                .await
                .map_err(|error: StoreError| Error::from(error))?;
        }
        Ok(caller)
    }

    /// [`App::find_caller`] for what goes on by itself, such as a page that follows its orders.
    pub async fn still_caller(&self, secret: &str, kind: CredentialKind) -> Result<Caller, Error> {
        Ok(self.check(secret, kind).await?.0)
    }

    async fn check(
        &self,
        secret: &str,
        kind: CredentialKind,
    ) -> Result<(Caller, Credential), Error> {
        let now = self.clock.now();
        let found = {
            let mut tx = self.store.read().await?;
            credentials::find_holder(&mut tx, &fingerprint(secret), now).await?
        };
        let (credential, holder) = found
            .filter(|(found, _)| found.kind == kind)
            .ok_or(Error::SignedOut)?;
        let caller = Caller {
            user: credential.user,
            name: holder.name,
            email: holder.email,
            memberships: holder.memberships,
            suspended: holder.suspended,
        };
        let most = match caller.memberships.iter().any(|held| held.role.is_staff()) {
            true => IDLE_STAFF,
            false => IDLE_CUSTOMER,
        };
        let is_idle = now.duration_since(credential.seen_at) > most;
        if kind == CredentialKind::Session && is_idle {
            return Err(Error::SignedOut);
        }
        Ok((caller, credential))
    }

    /// Ends a session. One that has ended already is no error.
    pub async fn sign_out(&self, secret: &str) -> Result<(), Error> {
        let found = {
            let mut tx = self.store.read().await?;
            credentials::find(&mut tx, &fingerprint(secret), self.clock.now()).await?
        };
        let Some(found) = found else { return Ok(()) };
        self.store
            .write(found, |found, tx| {
                Box::pin(async move { Ok(credentials::revoke(tx, found.user, found.id).await?) })
            })
            .await
    }
}
