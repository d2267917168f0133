//! A price explained: each step of the chain with the rule that made it, in words for staff.

use super::percent::Percent;
use super::rule::{PriceRule, RuleLevel, RuleScope};
use super::{PriceInputs, PriceSource};

impl PriceInputs {
    /// How the vendor's cost became the partner price.
    pub fn tier_words(&self) -> String {
        match (self.distributor_markup, self.tier) {
            (Some(percent), _) => format!(
                "{} on cost, set by the distributor for this subscription",
                signed(percent)
            ),
            (None, Some(rule)) => words(&rule, "Tier", "cost", ["all sellers", "this seller"]),
            (None, None) => "No tier: the partner pays the cost".to_owned(),
        }
    }

    /// How the partner price became the customer price.
    pub fn catalog_words(&self) -> String {
        let catalog = match &self.catalog {
            Some(rule) => words(
                rule,
                &format!("Rule {}", rule.code()),
                "partner price",
                ["all customers", "this customer"],
            ),
            None => "No catalog rule: the customer pays the partner price".to_owned(),
        };
        match self.subscription_markup == Percent::default() {
            true => catalog,
            false => format!(
                "{catalog}; then {} for this subscription",
                signed(self.subscription_markup)
            ),
        }
    }
}

fn words(rule: &PriceRule, name: &str, paid: &str, [all, one]: [&str; 2]) -> String {
    let buyer = match rule.level {
        RuleLevel::Everyone => all,
        RuleLevel::One(_) => one,
    };
    let subject = match rule.scope {
        RuleScope::All => "all offers",
        RuleScope::Vendor(_) => "this vendor",
        RuleScope::Offer(_) => "this offer",
    };
    let (effect, validity) = (rule.effect(paid), rule.validity());
    format!("{name}: {effect}; {buyer}, {subject}, {validity}")
}

/// `+5 %`, `-7.5 %`.
pub fn signed(percent: Percent) -> String {
    let value = percent.value().normalize();
    let sign = if value.is_sign_negative() { "" } else { "+" };
    format!("{sign}{value} %")
}

impl PriceSource {
    /// The word for it on the screen; what a partner pays is `paid` there.
    pub fn label(self, paid: &str) -> &str {
        match self {
            PriceSource::Cost => paid,
            PriceSource::Retail => "retail price",
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::id::{OrganizationId, PriceRuleId};
    use crate::price::{Adjustment, per_cycle};

    #[test]
    fn each_step_names_its_rule() {
        let price = per_cycle(10.into(), 1);
        let mut inputs = PriceInputs::of_vendor(price, price);
        assert_eq!(inputs.tier_words(), "No tier: the partner pays the cost");
        assert_eq!(
            inputs.catalog_words(),
            "No catalog rule: the customer pays the partner price"
        );
        let rule = PriceRule {
            id: PriceRuleId(Uuid::nil()),
            level: RuleLevel::One(OrganizationId(Uuid::nil())),
            scope: RuleScope::All,
            adjustment: Adjustment {
                source: PriceSource::Retail,
                percent: Percent::parse("-7.50").unwrap(),
            },
            from: date(2026, 1, 1),
            till: Some(date(2026, 3, 31)),
        };
        (inputs.tier, inputs.catalog) = (Some(rule), Some(rule));
        inputs.subscription_markup = Percent::parse("10").unwrap();
        let days = "2026-01-01 to 2026-03-31";
        assert_eq!(
            inputs.tier_words(),
            format!("Tier: -7.5 % on retail price; this seller, all offers, {days}")
        );
        assert_eq!(
            inputs.catalog_words(),
            format!(
                "Rule 2.A: -7.5 % on retail price; this customer, all offers, {days}; \
                 then +10 % for this subscription"
            )
        );
        inputs.distributor_markup = Some(Percent::parse("4").unwrap());
        assert_eq!(
            inputs.tier_words(),
            "+4 % on cost, set by the distributor for this subscription"
        );
    }
}
