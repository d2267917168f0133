//! Orphan mitigation under way: a deletion that the broker accepted, written as an operation that the
//! engine can carry and `poll` can tell from the broker's own.

use domain::provisioning::Failure;
use serde::{Deserialize, Serialize};

const MARK: &str = "clearing:";

/// What is polled, and what the line is told once nothing is left.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clearing {
    /// The broker's string for the deletion.
    pub(super) operation: Option<String>,
    /// Why the purchase is taken back.
    pub(super) said: Failure,
}

impl Clearing {
    pub(super) fn read(operation: &str) -> Option<Clearing> {
        serde_json::from_str(operation.strip_prefix(MARK)?).ok()
    }

    pub(super) fn write(&self) -> String {
        format!("{MARK}{}", serde_json::json!(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clearing_reads_back_and_a_brokers_operation_is_none() {
        let clearing = Clearing {
            operation: Some("delete \"7\"".into()),
            said: Failure {
                code: "Broken".into(),
                message: "Out of order".into(),
                field: None,
            },
        };
        assert_eq!(Clearing::read(&clearing.write()), Some(clearing));
        assert_eq!(Clearing::read("delete-7"), None);
        assert_eq!(Clearing::read("clearing:delete-7"), None);
    }
}
