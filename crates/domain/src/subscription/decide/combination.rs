//! What can't be wished for: of a subscription that has ended or rests, on a date, or together.

use super::Deciding;
use crate::subscription::SubscriptionState;
use crate::subscription::wish::{Switch, When};

impl Deciding<'_> {
    /// Wishes that the vendor hears of, and at which field.
    pub(super) fn vendor_wishes(&self) -> Vec<(&'static str, Kind)> {
        let (wish, before) = (self.wish, self.before);
        let mut found = Vec::new();
        match wish.quantity.map(|to| to.cmp(&before.quantity)) {
            Some(std::cmp::Ordering::Greater) => found.push(("/quantity", Kind::Increase)),
            Some(std::cmp::Ordering::Less) => found.push(("/quantity", Kind::Decrease)),
            Some(std::cmp::Ordering::Equal) | None => {}
        }
        if let Some(plan) = &wish.plan {
            let (from, to) = (before.item.cadence, plan.item.cadence);
            if from.term_months != to.term_months {
                found.push(("/plan", Kind::Term));
            } else if from != to {
                found.push(("/plan", Kind::Cycle));
            }
        }
        if wish.upgrade.is_some() {
            found.push(("/upgrade", Kind::Upgrade));
        }
        if !wish.addons.is_empty() {
            found.push(("/addons", Kind::Addons));
        }
        if !wish.configuration.is_empty() {
            found.push(("/configuration", Kind::Configuration));
        }
        if wish.auto_renews.is_some_and(|to| to != before.auto_renews) {
            found.push(("/auto_renewal", Kind::AutoRenewal));
        }
        if wish.switch.is_some() {
            found.push(("/status", Kind::Switch));
        }
        found
    }

    pub(super) fn check_state(&mut self) {
        if self.before.state.has_ended() {
            let words = format!(
                "this subscription is {}; buy a new one",
                self.before.state.label().to_lowercase()
            );
            self.problem("", words);
        }
        if let SubscriptionState::Suspended { .. } = self.before.state {
            for (field, kind) in self.vendor_wishes() {
                if kind != Kind::Switch {
                    let words =
                        "can't be changed while the subscription is suspended; reactivate it first";
                    self.problem(field, words.into());
                }
            }
        }
    }

    pub(super) fn check_when(&mut self) {
        let is_now = self.wish.when == When::Now;
        match self.wish.when {
            When::Now => {}
            When::On(at) if at <= self.now => {
                self.problem(
                    "/when",
                    "must be in the future; choose now to change it at once".into(),
                );
            }
            When::On(at) if self.before.term_ends_at.is_some_and(|ends| at >= ends) => {
                let words = "must be before the present term ends; choose on renewal instead";
                self.problem("/when", words.into());
            }
            When::On(_) => {}
            When::OnRenewal if self.before.term_ends_at.is_none() || !self.before.auto_renews => {
                let words = "this subscription does not renew; choose now or a date";
                self.problem("/when", words.into());
            }
            When::OnRenewal => {}
        }
        if is_now {
            return;
        }
        if !self.wish.pricing.is_empty() {
            let words = "a price changes at once; save it by itself, without a date";
            self.problem("/when", words.into());
        }
        if self.wish.name.is_some() {
            let words = "a name changes at once; save it by itself, without a date";
            self.problem("/when", words.into());
        }
        for (field, kind) in self.vendor_wishes() {
            let words = match kind {
                Kind::Switch if self.wish.switch == Some(Switch::Cancel) => {
                    "is done at once; to end with the term, turn auto-renewal off"
                }
                Kind::Switch => "is done at once, without a date",
                Kind::AutoRenewal => "is switched at once, without a date",
                Kind::Decrease
                    if self.limits.abilities.cancellation_window.is_some()
                        && matches!(self.wish.when, When::On(_)) =>
                {
                    "the vendor takes fewer seats only inside its window or on renewal"
                }
                _ => continue,
            };
            self.problem(field, words.into());
        }
    }

    /// What vendors don't take in one order. One after the other it can be done.
    pub(super) fn check_combination(&mut self) {
        let wishes = self.vendor_wishes();
        let others = wishes.iter().filter(|(_, kind)| *kind != Kind::Switch);
        if wishes.len() > others.count() && wishes.len() > 1 {
            let words = "can't go together with other changes; make them in an order of their own";
            self.problem("/status", words.into());
        }
        let has = |kind| wishes.iter().any(|(_, found)| *found == kind);
        let together: Vec<String> = INCOMPATIBLE
            .iter()
            .filter(|(one, other)| has(*one) && has(*other))
            .map(|(one, other)| format!("{} and {}", one.words(), other.words()))
            .collect();
        if !together.is_empty() && !self.wish.in_steps {
            let words = format!(
                "{} don't go together in one order; choose \"in steps\" to have them done one after the other",
                together.join(", ")
            );
            self.problem("/in_steps", words);
        }
    }
}

/// A wish that the vendor hears of, by the sort of call that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Increase,
    Decrease,
    Term,
    Cycle,
    Upgrade,
    Addons,
    Configuration,
    AutoRenewal,
    Switch,
}

/// Pairs that fail at vendors when they are in one order (`reference.md` 5.12).
const INCOMPATIBLE: [(Kind, Kind); 5] = [
    (Kind::Increase, Kind::AutoRenewal),
    (Kind::Decrease, Kind::Cycle),
    (Kind::Increase, Kind::Upgrade),
    (Kind::Decrease, Kind::Upgrade),
    (Kind::Term, Kind::Upgrade),
];

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Increase => "more licenses",
            Kind::Decrease => "fewer licenses",
            Kind::Term => "another term",
            Kind::Cycle => "another billing cycle",
            Kind::Upgrade => "an upgrade",
            Kind::Addons => "add-ons",
            Kind::Configuration => "another configuration",
            Kind::AutoRenewal => "auto-renewal",
            Kind::Switch => "suspending or canceling",
        }
    }
}
