//! Whose Partner Center it is and how to sign in to it; stored as the vendor's settings.

use std::fmt;

use domain::provisioning::Fault;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::http::{guarded, misconfigured};

pub(super) const WHOSE: &str = "Partner Center's addresses";

/// A partner's account, with the application that speaks for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The partner's own tenant, as an id or as a domain.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// The consent of a person with multi-factor authentication: with it the application acts for that
    /// person (app+user), without it for itself (app only). Replaced whenever Microsoft hands out another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The market that is sold in, as two letters.
    pub market: String,
    /// Whom is sold to: commercial, education, government or nonprofit.
    #[serde(default = "commercial")]
    pub segment: String,
    /// Customers that Microsoft does not know yet may be created; offers ask for what they need.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_customers: bool,
    /// The API's root, without `/v1`; also what a token is asked for.
    #[serde(default = "api")]
    pub url: String,
    /// Where tokens are handed out.
    #[serde(default = "login")]
    pub login_url: String,
    /// The folder of the certificates that Microsoft signs events with.
    #[serde(default = "certificates")]
    pub certificates_url: String,
}

fn commercial() -> String {
    "commercial".into()
}

fn api() -> String {
    "https://api.partnercenter.microsoft.com".into()
}

fn certificates() -> String {
    "https://3psostorageacct.blob.core.windows.net/cert/".into()
}

fn login() -> String {
    "https://login.microsoftonline.com".into()
}

impl fmt::Debug for Account {
    /// Never prints a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerCenter")
            .field("url", &self.url)
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("market", &self.market)
            .finish_non_exhaustive()
    }
}

/// The two addresses, read.
pub(super) struct Addresses {
    pub(super) api: Url,
    pub(super) login: Url,
}

impl Account {
    /// Reads the addresses and looks at what a path is made of.
    pub(super) fn addresses(&self) -> Result<Addresses, Fault> {
        let is_market =
            self.market.len() == 2 && self.market.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_market {
            return Err(misconfigured(
                "market must be two capital letters, such as US",
            ));
        }
        let is_name = |text: &str| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            text.chars().any(|c| c.is_ascii_alphanumeric()) && text.chars().all(is_part)
        };
        if !is_name(&self.tenant) {
            return Err(misconfigured(
                "tenant must be the partner's tenant id or domain",
            ));
        }
        let are_there = !self.client_id.is_empty() && !self.client_secret.is_empty();
        if !are_there || self.refresh_token.as_ref().is_some_and(String::is_empty) {
            return Err(misconfigured(
                "client_id, client_secret and, where there is one, refresh_token must not be empty",
            ));
        }
        guarded(&self.certificates_url, WHOSE)?;
        Ok(Addresses {
            api: guarded(&self.url, WHOSE)?,
            login: guarded(&self.login_url, WHOSE)?,
        })
    }

    /// Whether the application acts for a person; some operations are for such alone.
    pub(super) fn acts_for_a_person(&self) -> bool {
        self.refresh_token.is_some()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        [Some(self.client_secret.clone()), self.refresh_token.clone()]
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn account() -> Account {
        serde_json::from_str(
            r#"{"tenant": "partner.example", "client_id": "app", "client_secret": "open sesame",
                "refresh_token": "renewed sesame", "market": "US"}"#,
        )
        .unwrap()
    }

    #[test]
    fn microsofts_own_addresses_need_not_be_written() {
        let addresses = account().addresses().unwrap();
        assert_eq!(
            addresses.api.as_str(),
            "https://api.partnercenter.microsoft.com/"
        );
        assert_eq!(
            addresses.login.as_str(),
            "https://login.microsoftonline.com/"
        );
    }

    #[test]
    fn secrets_are_neither_printed_nor_sent_in_the_clear() {
        let printed = format!("{:?}", account());
        assert!(!printed.contains("sesame"), "{printed}");
        for (url, is_fine) in [
            ("https://pc.example", true),
            ("http://127.0.0.1:80", true),
            ("http://localhost", true),
            ("http://pc.example", false),
            ("http://127.0.0.1.pc.example", false),
            ("https://user:secret@pc.example", false),
        ] {
            let account = Account {
                url: url.into(),
                ..account()
            };
            assert_eq!(account.addresses().is_ok(), is_fine, "{url}");
        }
    }

    #[test]
    fn what_a_path_is_made_of_is_looked_at() {
        for (tenant, market) in [
            ("a/../b", "US"),
            ("..", "US"),
            ("", "US"),
            ("a", "us"),
            ("a", "USA"),
        ] {
            let account = Account {
                tenant: tenant.into(),
                market: market.into(),
                ..account()
            };
            assert!(account.addresses().is_err(), "{tenant} {market}");
        }
    }
}
