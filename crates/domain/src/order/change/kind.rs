//! The kinds of requested changes, by which lists are filtered.

use serde::{Deserialize, Serialize};

use super::RequestedChange;

macro_rules! kinds {
    ($($kind:ident $name:literal $label:literal,)+) => {
        /// What kind of change a line asks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each is a word of the specification")]
        pub enum ChangeKind {
            $($kind,)+
        }

        impl ChangeKind {
            /// All kinds.
            pub const ALL: [ChangeKind; [$($name),+].len()] = [$(ChangeKind::$kind),+];

            /// The name in storage, in the API and in filters.
            pub fn name(self) -> &'static str {
                match self {
                    $(ChangeKind::$kind => $name,)+
                }
            }

            /// The word on the screen.
            pub fn label(self) -> &'static str {
                match self {
                    $(ChangeKind::$kind => $label,)+
                }
            }
        }

        impl RequestedChange {
            /// Its kind.
            pub fn kind(&self) -> ChangeKind {
                match self {
                    $(RequestedChange::$kind { .. } => ChangeKind::$kind,)+
                }
            }
        }
    };
}

kinds! {
    Purchase "purchase" "New subscription",
    Quantity "quantity" "Quantity",
    Suspend "suspend" "Suspend",
    Reactivate "reactivate" "Reactivate",
    Cancel "cancel" "Cancel",
    Upgrade "upgrade" "Upgrade",
    Downgrade "downgrade" "Downgrade",
    TermDuration "term_duration" "Term",
    BillingCycle "billing_cycle" "Billing cycle",
    AutoRenewal "auto_renewal" "Auto-renewal",
    Rename "rename" "Name",
    AddonAdd "addon_add" "Add-on added",
    AddonQuantity "addon_quantity" "Add-on quantity",
    AddonRemove "addon_remove" "Add-on removed",
    Configuration "configuration" "Configuration",
    Markup "markup" "Markup",
    MarkupDistributor "markup_distributor" "Distributor markup",
    TargetPrice "target_price" "Target price",
    Cost "cost" "Cost",
}

impl ChangeKind {
    /// The markup class: invisible to customer roles (R18).
    pub fn is_markup(self) -> bool {
        use ChangeKind as K;
        matches!(
            self,
            K::Markup | K::MarkupDistributor | K::TargetPrice | K::Cost
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_and_hidden_as_its_change_is() {
        let changes = [
            RequestedChange::Purchase { quantity: 1 },
            RequestedChange::Cancel,
            RequestedChange::Markup {
                from: 5.into(),
                to: 7.into(),
            },
            RequestedChange::AddonRemove {
                addon: "x".into(),
                quantity: 1,
            },
        ];
        for change in changes {
            let kind = change.kind();
            assert_eq!(serde_json::json!(change)["kind"], kind.name());
            assert_eq!(serde_json::json!(kind), kind.name());
            assert_eq!(change.is_markup(), kind.is_markup());
        }
    }
}
