//! Requested changes: what a line asks for, from → to with the signed difference, frozen at placement.

mod kind;

pub use self::kind::ChangeKind;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::provisioning::Verb;

/// What a line asks for. Both values are stored when the order is placed and never computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is a word of the specification")]
pub enum RequestedChange {
    Purchase {
        quantity: u32,
    },
    Quantity {
        from: u32,
        to: u32,
    },
    Suspend,
    Reactivate,
    Cancel,
    Upgrade {
        from: String,
        to: String,
    },
    Downgrade {
        from: String,
        to: String,
    },
    TermDuration {
        from: String,
        to: String,
    },
    BillingCycle {
        from: String,
        to: String,
    },
    AutoRenewal {
        from: bool,
        to: bool,
    },
    Rename {
        from: String,
        to: String,
    },
    AddonAdd {
        addon: String,
        quantity: u32,
    },
    AddonQuantity {
        addon: String,
        from: u32,
        to: u32,
    },
    AddonRemove {
        addon: String,
        quantity: u32,
    },
    Configuration {
        field: String,
        from: String,
        to: String,
    },
    Markup {
        from: Decimal,
        to: Decimal,
    },
    MarkupDistributor {
        from: Decimal,
        to: Decimal,
    },
    TargetPrice {
        from: Money,
        to: Money,
    },
}

impl RequestedChange {
    /// The markup class: invisible to customer roles (R18).
    pub fn is_markup(&self) -> bool {
        use RequestedChange as C;
        match self {
            C::Markup { .. } | C::MarkupDistributor { .. } | C::TargetPrice { .. } => true,
            C::Purchase { .. }
            | C::Quantity { .. }
            | C::Suspend
            | C::Reactivate
            | C::Cancel
            | C::Upgrade { .. }
            | C::Downgrade { .. }
            | C::TermDuration { .. }
            | C::BillingCycle { .. }
            | C::AutoRenewal { .. }
            | C::Rename { .. }
            | C::AddonAdd { .. }
            | C::AddonQuantity { .. }
            | C::AddonRemove { .. }
            | C::Configuration { .. } => false,
        }
    }

    /// The line under *Requested changes*.
    pub fn text(&self) -> String {
        use RequestedChange as C;
        match self {
            C::Purchase { quantity } => format!("New subscription · {quantity}"),
            C::Quantity { from, to } => format!("Quantity {from} → {to} ({})", signed(*from, *to)),
            C::Suspend => "Suspend".into(),
            C::Reactivate => "Reactivate".into(),
            C::Cancel => "Cancel".into(),
            C::Upgrade { from, to } => format!("Upgrade {from} → {to}"),
            C::Downgrade { from, to } => format!("Downgrade {from} → {to}"),
            C::TermDuration { from, to } => format!("Term {from} → {to}"),
            C::BillingCycle { from, to } => format!("Billing cycle {from} → {to}"),
            C::AutoRenewal { from, to } => format!("Auto-renewal {} → {}", on(*from), on(*to)),
            C::Rename { from, to } => format!("Name {from} → {to}"),
            C::AddonAdd { addon, quantity } => format!("Add-on {addon} 0 → {quantity}"),
            C::AddonQuantity { addon, from, to } => {
                format!("Add-on {addon} {from} → {to} ({})", signed(*from, *to))
            }
            C::AddonRemove { addon, quantity } => format!("Add-on {addon} {quantity} → 0"),
            C::Configuration { field, from, to } => format!("{field} {from} → {to}"),
            C::Markup { from, to } => {
                format!("Markup {} % → {} %", from.normalize(), to.normalize())
            }
            C::MarkupDistributor { from, to } => {
                format!(
                    "Distributor markup {} % → {} %",
                    from.normalize(),
                    to.normalize()
                )
            }
            C::TargetPrice { from, to } => format!("Target price {from} → {to}"),
        }
    }

    /// What the vendor is asked; `None` for a change that no vendor hears of, or that no connector
    /// speaks yet.
    pub fn verb(&self) -> Option<Verb> {
        use RequestedChange as C;
        match self {
            C::Purchase { quantity } => Some(Verb::Purchase {
                quantity: *quantity,
            }),
            C::Quantity { from, to } => Some(Verb::Quantity {
                from: *from,
                to: *to,
            }),
            C::Suspend => Some(Verb::Suspend),
            C::Reactivate => Some(Verb::Reactivate),
            C::Cancel => Some(Verb::Cancel),
            C::Upgrade { .. }
            | C::Downgrade { .. }
            | C::TermDuration { .. }
            | C::BillingCycle { .. }
            | C::AutoRenewal { .. }
            | C::Rename { .. }
            | C::AddonAdd { .. }
            | C::AddonQuantity { .. }
            | C::AddonRemove { .. }
            | C::Configuration { .. }
            | C::Markup { .. }
            | C::MarkupDistributor { .. }
            | C::TargetPrice { .. } => None,
        }
    }
}

fn signed(from: u32, to: u32) -> String {
    match i64::from(to) - i64::from(from) {
        less if less < 0 => format!("−{}", less.unsigned_abs()),
        more => format!("+{more}"),
    }
}

fn on(flag: bool) -> &'static str {
    if flag { "on" } else { "off" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_specification() {
        use RequestedChange as C;
        let percent = |n: i64| Decimal::new(n, 0);
        for (change, words) in [
            (C::Purchase { quantity: 25 }, "New subscription · 25"),
            (C::Quantity { from: 10, to: 15 }, "Quantity 10 → 15 (+5)"),
            (C::Quantity { from: 15, to: 10 }, "Quantity 15 → 10 (−5)"),
            (
                C::AutoRenewal {
                    from: true,
                    to: false,
                },
                "Auto-renewal on → off",
            ),
            (
                C::AddonAdd {
                    addon: "Defender".into(),
                    quantity: 5,
                },
                "Add-on Defender 0 → 5",
            ),
            (
                C::Markup {
                    from: percent(5),
                    to: percent(7),
                },
                "Markup 5 % → 7 %",
            ),
        ] {
            assert_eq!(change.text(), words);
            assert_eq!(change.is_markup(), words.starts_with("Markup"));
        }
    }
}
