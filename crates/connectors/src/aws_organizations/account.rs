//! Whose organization it is and how to sign in to it; stored as the vendor's settings.

use std::fmt;

use domain::provisioning::Fault;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::http::{guarded, misconfigured};

/// The management account of an organization, with an access key of one of its users.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret half.
    pub secret_access_key: String,
    /// Decides which of AWS's partitions is spoken to: the ordinary one has its one endpoint here.
    #[serde(default = "region")]
    pub region: String,
    /// Where new accounts are moved to; they stay at the organization's root when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizational_unit: Option<String>,
    /// Another address than the region's own, such as a proxy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

fn region() -> String {
    "us-east-1".into()
}

impl fmt::Debug for Account {
    /// Never prints the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsOrganizations")
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .field("organizational_unit", &self.organizational_unit)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Refuses settings that can't be right; the other address, read.
    pub(super) fn address(&self) -> Result<Option<Url>, Fault> {
        let is_plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain(&self.access_key_id) || !is_plain(&self.secret_access_key) {
            return Err(misconfigured(
                "access_key_id and secret_access_key must be those of one access key",
            ));
        }
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.region.is_empty() || !self.region.chars().all(is_word) {
            return Err(misconfigured(
                "region must be one of AWS's, such as us-east-1",
            ));
        }
        let unit = self.organizational_unit.as_deref();
        if unit.is_some_and(|unit| !unit.starts_with("ou-") || !unit.chars().all(is_word)) {
            return Err(misconfigured(
                "organizational_unit must be the id of one, such as ou-ab12-cdef3456",
            ));
        }
        let url = self.url.as_deref();
        url.map(|url| guarded(url, "AWS's address")).transpose()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn account(more: &[(&str, Value)]) -> Result<Account, serde_json::Error> {
        let mut settings = json!({
            "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "hush/hush+hush",
        });
        for (name, value) in more {
            settings[*name] = value.clone();
        }
        serde_json::from_value(settings)
    }

    #[test]
    fn aws_own_address_need_not_be_written() {
        let account = account(&[]).unwrap();
        assert_eq!(account.region, "us-east-1");
        assert_eq!(account.address(), Ok(None));
    }

    #[test]
    fn settings_that_can_not_be_right_are_refused_without_the_secret() {
        let printed = format!("{:?}", account(&[]).unwrap());
        assert!(!printed.contains("hush"), "{printed}");
        for (name, wrong) in [
            ("access_key_id", ""),
            ("access_key_id", "two words"),
            ("secret_access_key", ""),
            ("secret_access_key", "hush\nhush"),
            ("region", ""),
            ("region", "us-east-1.example/"),
            ("organizational_unit", "r-ab12"),
            ("organizational_unit", "ou-ab12/.."),
            ("url", "http://aws.example"),
            ("url", "ftp://127.0.0.1"),
        ] {
            let account = account(&[(name, json!(wrong))]).unwrap();
            let Err(Fault::Misconfigured { reason }) = account.address() else {
                panic!("taken: {name} {wrong}");
            };
            assert!(!reason.contains("hush"), "{reason}");
        }
        assert!(account(&[("profile", json!("default"))]).is_err());
    }
}
