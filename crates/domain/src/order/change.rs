//! Requested changes: what a line asks for, from → to with the signed difference, frozen at placement.

mod kind;

pub use self::kind::ChangeKind;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::money::Money;
use crate::offer::{Cadence, form};
use crate::price::rounded;

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
        /// Only some of the seats move; all of them when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
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
        /// What the offer's form calls it; orders of earlier releases have its name alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Empty where nothing was answered.
        from: String,
        to: String,
        /// The answer itself; orders of earlier releases have its words alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Value>,
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
    /// What the vendor asks of us for a license and billing cycle; what anybody else pays stays.
    Cost {
        from: Money,
        to: Money,
    },
}

/// The seats of a partial upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Seats that move.
    pub seats: u32,
    /// Seats of the subscription before.
    pub of: u32,
}

impl RequestedChange {
    /// Another billing cycle, in the words of the price list: `monthly → annual`.
    pub fn billing_cycle(from: Cadence, to: Cadence) -> RequestedChange {
        let (from, to) = (from.cycle_name(), to.cycle_name());
        RequestedChange::BillingCycle { from, to }
    }

    /// Another term, in the words of the price list: `1 month → 1 year`; with its billing cycle where
    /// that is another, too.
    pub fn term(from: Cadence, to: Cadence) -> RequestedChange {
        let words = |cadence: Cadence| match from.cycle_months == to.cycle_months {
            true => cadence.term_label(),
            false => format!("{}, billed {}", cadence.term_label(), cadence.cycle_label()),
        };
        RequestedChange::TermDuration {
            from: words(from),
            to: words(to),
        }
    }

    /// The markup class: invisible to customer roles (R18).
    pub fn is_markup(&self) -> bool {
        use RequestedChange as C;
        match self {
            C::Markup { .. }
            | C::MarkupDistributor { .. }
            | C::TargetPrice { .. }
            | C::Cost { .. } => true,
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

    /// About an add-on, not the license itself.
    pub fn is_addon(&self) -> bool {
        use RequestedChange as C;
        matches!(
            self,
            C::AddonAdd { .. } | C::AddonQuantity { .. } | C::AddonRemove { .. }
        )
    }

    /// The seats of a partial upgrade.
    pub fn part(&self) -> Option<Part> {
        match self {
            RequestedChange::Upgrade { part, .. } => *part,
            _ => None,
        }
    }

    /// No vendor hears of it: it is made as soon as it is asked for.
    pub fn is_made_at_once(&self) -> bool {
        self.is_markup() || matches!(self, RequestedChange::Rename { .. })
    }

    /// Whether it makes another number of licenses.
    pub fn counts_licenses(&self) -> bool {
        use RequestedChange as C;
        match self {
            C::Purchase { .. }
            | C::Quantity { .. }
            | C::Cancel
            | C::AddonAdd { .. }
            | C::AddonQuantity { .. }
            | C::AddonRemove { .. } => true,
            C::Upgrade { part, .. } => part.is_some(),
            C::Suspend
            | C::Reactivate
            | C::Downgrade { .. }
            | C::TermDuration { .. }
            | C::BillingCycle { .. }
            | C::AutoRenewal { .. }
            | C::Rename { .. }
            | C::Configuration { .. }
            | C::Markup { .. }
            | C::MarkupDistributor { .. }
            | C::TargetPrice { .. }
            | C::Cost { .. } => false,
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
            C::Upgrade { from, to, part } => {
                let part = part.map(|part| format!(" ({} of {})", part.seats, part.of));
                format!("Upgrade {from} → {to}{}", part.unwrap_or_default())
            }
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
            C::Configuration {
                field,
                title,
                from,
                to,
                ..
            } => {
                let name = title.clone().unwrap_or_else(|| form::readable(field));
                let from = if from.is_empty() { "not set" } else { from };
                format!("{name} {from} → {to}")
            }
            C::Markup { from, to } => format!("Markup {} % → {} %", rounded(*from), rounded(*to)),
            C::MarkupDistributor { from, to } => {
                let (from, to) = (rounded(*from), rounded(*to));
                format!("Distributor markup {from} % → {to} %")
            }
            C::TargetPrice { from, to } => format!("Target price {from} → {to}"),
            C::Cost { from, to } => format!("Cost {from} → {to}"),
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
    use crate::order::sample;

    #[test]
    fn the_words_of_each_change_are_those_of_the_specification() {
        let words: Vec<String> = sample::changes()
            .iter()
            .map(|change| change.text())
            .collect();
        assert_eq!(
            words,
            [
                "New subscription · 25",
                "Quantity 10 → 15 (+5)",
                "Quantity 15 → 10 (−5)",
                "Suspend",
                "Reactivate",
                "Cancel",
                "Upgrade Office 365 E1 → Microsoft 365 E3",
                "Upgrade Office 365 E1 → Microsoft 365 E3 (4 of 10)",
                "Downgrade Microsoft 365 E3 → Office 365 E1",
                "Term 1 month → 1 year",
                "Billing cycle monthly → annual",
                "Auto-renewal on → off",
                "Name Sales → Sales and support",
                "Add-on Defender 0 → 5",
                "Add-on Defender 5 → 8 (+3)",
                "Add-on Defender 8 → 0",
                "Region west → north",
                "Markup 5 % → 7.5 %",
                "Distributor markup -1 % → 0 %",
                "Target price 12.00 EUR → 13.50 EUR",
                "Cost 8.00 EUR → 8.40 EUR",
            ]
        );
    }

    #[test]
    fn the_last_four_are_the_markup_class_and_the_rest_is_not() {
        let changes = sample::changes();
        let (others, markups) = changes.split_at(changes.len() - 4);
        assert!(markups.iter().all(RequestedChange::is_markup));
        assert!(!others.iter().any(RequestedChange::is_markup));
    }

    #[test]
    fn terms_and_cycles_are_written_in_the_words_of_the_price_list() {
        let cadence = |term_months, cycle_months| Cadence {
            term_months,
            cycle_months,
        };
        let (monthly, annual, once) = (cadence(1, 1), cadence(36, 12), cadence(0, 0));
        let cycle = RequestedChange::billing_cycle;
        assert_eq!(
            cycle(monthly, annual).text(),
            "Billing cycle monthly → annual"
        );
        assert_eq!(
            cycle(cadence(12, 3), once).text(),
            "Billing cycle every 3 months → once"
        );
        let term = RequestedChange::term;
        assert_eq!(
            term(monthly, cadence(36, 1)).text(),
            "Term 1 month → 3 years"
        );
        assert_eq!(
            term(monthly, annual).text(),
            "Term 1 month, billed monthly → 3 years, billed annually"
        );
    }

    #[test]
    fn an_answer_is_told_in_the_words_of_its_question_and_none_as_none() {
        let words = |title: Option<&str>, from: &str| {
            let change = RequestedChange::Configuration {
                field: "data_region".into(),
                title: title.map(str::to_owned),
                from: from.into(),
                to: "north".into(),
                answer: None,
            };
            change.text()
        };
        assert_eq!(
            words(Some("Where it is kept"), "west"),
            "Where it is kept west → north"
        );
        assert_eq!(words(None, ""), "Data region not set → north");
    }

    /// What was frozen is read back as it was, also from before upgrades could be partial.
    #[test]
    fn a_change_is_stored_and_read_back() {
        for change in sample::changes() {
            let text = serde_json::to_string(&change).expect("JSON");
            assert_eq!(
                serde_json::from_str::<RequestedChange>(&text).expect("a change"),
                change
            );
        }
        let old = r#"{"kind": "upgrade", "from": "A", "to": "B"}"#;
        let old: RequestedChange = serde_json::from_str(old).expect("a change");
        assert_eq!(old.text(), "Upgrade A → B");
    }
}
