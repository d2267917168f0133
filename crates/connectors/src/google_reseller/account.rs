//! Whose reseller account it is and how to sign in to it; stored as the vendor's settings.

use std::fmt;

use domain::provisioning::Fault;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::http::{guarded, misconfigured};

const WHOSE: &str = "Google's addresses";

/// A reseller's account, with the service account that acts for one of its administrators.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The service account's address, as its key file has it.
    pub client_email: String,
    /// The service account's private key, as its key file has it: PEM, RSA.
    pub private_key: String,
    /// The key's id, as its key file has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_id: Option<String>,
    /// The administrator of the reseller's domain for whom the service account acts.
    pub administrator: String,
    /// The API's root, without `/apps/reseller/v1`.
    #[serde(default = "api")]
    pub url: String,
    /// Where tokens are handed out.
    #[serde(default = "token")]
    pub token_url: String,
}

fn api() -> String {
    "https://reseller.googleapis.com".into()
}

fn token() -> String {
    "https://oauth2.googleapis.com/token".into()
}

impl fmt::Debug for Account {
    /// Never prints a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleReseller")
            .field("url", &self.url)
            .field("client_email", &self.client_email)
            .field("administrator", &self.administrator)
            .finish_non_exhaustive()
    }
}

/// The two addresses, read.
pub(super) struct Addresses {
    pub(super) api: Url,
    pub(super) token: Url,
}

impl Account {
    pub(super) fn addresses(&self) -> Result<Addresses, Fault> {
        let are_there = [&self.client_email, &self.administrator]
            .iter()
            .all(|address| address.contains('@'));
        if !are_there {
            return Err(misconfigured(
                "client_email and administrator must be e-mail addresses",
            ));
        }
        Ok(Addresses {
            api: guarded(&self.url, WHOSE)?,
            token: guarded(&self.token_url, WHOSE)?,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn account() -> Account {
        let key = include_str!("../../tests/google/service-account.json");
        serde_json::from_str(key).unwrap()
    }

    #[test]
    fn googles_own_addresses_need_not_be_written() {
        let addresses = account().addresses().unwrap();
        assert_eq!(addresses.api.as_str(), "https://reseller.googleapis.com/");
        assert_eq!(
            addresses.token.as_str(),
            "https://oauth2.googleapis.com/token"
        );
    }

    #[test]
    fn the_key_is_neither_printed_nor_sent_in_the_clear() {
        let printed = format!("{:?}", account());
        assert!(!printed.contains("PRIVATE"), "{printed}");
        let in_the_clear = Account {
            token_url: "http://tokens.example".into(),
            ..account()
        };
        assert!(in_the_clear.addresses().is_err());
    }
}
