//! Edits of facts that no order makes: who made one, and when. They are added, and never changed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::{ApprovalRuleId, VendorId};

/// What is edited, of an organization or of what it sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The customer's ERP number; no value where it has none.
    ErpNumber,
    /// Whether the partner takes no orders without one; `yes` where it does not.
    NeedsErpNumber,
    /// What a product of the partner's is sorted under.
    Product {
        /// Whose product.
        vendor: VendorId,
        /// The vendor's own id of it.
        product: String,
    },
    /// An approval rule of the partner's; no value before it was added.
    ApprovalRule {
        /// Which.
        rule: ApprovalRuleId,
    },
    /// An approval rule that the partner has no more; no value since.
    RemovedApprovalRule,
    /// Why the organization is suspended; no value while it is not.
    Suspension,
}

impl Subject {
    /// What tells it from the others of its organization.
    pub fn key(&self) -> String {
        match self {
            Subject::ErpNumber => "erp_number".into(),
            Subject::NeedsErpNumber => "needs_erp_number".into(),
            Subject::Product { vendor, product } => format!("product {vendor} {product}"),
            Subject::ApprovalRule { rule } => format!("approval_rule {rule}"),
            Subject::RemovedApprovalRule => "removed_approval_rule".into(),
            Subject::Suspension => "suspension".into(),
        }
    }
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Of what.
    pub subject: Subject,
    /// What was there before.
    pub from: Vec<String>,
    /// What is there since.
    pub to: Vec<String>,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Edit {
    /// Nothing where all stays as it is.
    pub fn of(
        subject: Subject,
        (from, to): (Vec<String>, Vec<String>),
        by: &Actor,
        at: Timestamp,
    ) -> Option<Edit> {
        (from != to).then(|| Edit {
            subject,
            from,
            to,
            by: by.clone(),
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::order::sample;

    #[test]
    fn what_stays_as_it_is_is_no_edit() {
        let edit = |from: &[&str], to: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
            let change = (words(from), words(to));
            Edit::of(Subject::ErpNumber, change, &sample::actor(), sample::now())
        };
        assert_eq!(edit(&["C-1"], &["C-1"]), None);
        assert_eq!(edit(&[], &[]), None);
        let made = edit(&[], &["C-1"]).expect("an edit");
        assert_eq!((made.by, made.at), (sample::actor(), sample::now()));
    }

    #[test]
    fn each_subject_has_a_key_of_its_own() {
        let product = |vendor, product: &str| Subject::Product {
            vendor: VendorId(Uuid::from_u128(vendor)),
            product: product.into(),
        };
        let rule = |rule| Subject::ApprovalRule {
            rule: ApprovalRuleId(Uuid::from_u128(rule)),
        };
        let all = [
            Subject::ErpNumber,
            Subject::NeedsErpNumber,
            product(1, "a"),
            product(1, "b"),
            product(2, "a"),
            rule(1),
            rule(2),
            Subject::RemovedApprovalRule,
            Subject::Suspension,
        ];
        let keys: std::collections::BTreeSet<String> = all.iter().map(Subject::key).collect();
        assert_eq!(keys.len(), all.len());
    }
}
