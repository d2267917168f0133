//! The price waterfall: vendor cost → distributor → seller catalog → subscription → customer, exact
//! throughout and rounded once per figure.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};

/// A signed percentage; −10 is a discount of ten percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Percent(pub Decimal);

impl Percent {
    fn factor(self) -> Decimal {
        Decimal::ONE + self.0 / Decimal::ONE_HUNDRED
    }
}

/// What a distributor's tier is a percentage of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The vendor's price to its partner.
    Cost,
    /// The vendor's suggested retail price.
    Retail,
}

/// Which of a seller's rules this is; the more specific one overrides, and a rule for one customer
/// overrides every portal-wide one (1.A < 1.B < 1.C < 2.A < 2.B < 2.C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleLevel {
    /// 2.x: the rule is for one customer.
    pub for_customer: bool,
    /// A, B or C: what it covers.
    pub scope: RuleScope,
}

/// What a rule covers, from the widest to the most specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleScope {
    /// A: everything.
    AllOffers,
    /// B: one vendor's offers.
    Vendor,
    /// C: one offer.
    Offer,
}

/// The percentage of the most specific rule; 0 where the seller set none.
pub fn catalog_markup(rules: &[(RuleLevel, Percent)]) -> Percent {
    rules
        .iter()
        .max_by_key(|(level, _)| *level)
        .map(|(_, percent)| *percent)
        .unwrap_or_default()
}

/// Everything a unit's price depends on. Amounts are in major units for one billing cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInputs {
    /// What the vendor takes from its partner.
    pub cost: Decimal,
    /// The vendor's suggested retail price.
    pub retail: Decimal,
    /// The distributor's tier for the seller.
    pub tier: Option<(PriceSource, Percent)>,
    /// The distributor's markup on one subscription; replaces the tier and is always on cost.
    pub distributor_markup: Option<Percent>,
    /// The seller's winning catalog rule.
    pub catalog_markup: Percent,
    /// The seller's markup on one subscription; multiplies.
    pub subscription_markup: Percent,
}

/// The unrounded prices of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waterfall {
    /// Vendor to partner.
    pub cost: Decimal,
    /// Suggested by the vendor.
    pub retail: Decimal,
    /// Distributor to seller.
    pub partner: Decimal,
    /// Seller to customer.
    pub customer: Decimal,
}

/// The whole chain. The customer price comes from the unrounded partner price.
pub fn waterfall(inputs: &PriceInputs) -> Waterfall {
    let PriceInputs { cost, retail, .. } = *inputs;
    let partner = match (inputs.distributor_markup, inputs.tier) {
        (Some(markup), _) => cost * markup.factor(),
        (None, Some((PriceSource::Cost, tier))) => cost * tier.factor(),
        (None, Some((PriceSource::Retail, tier))) => retail * tier.factor(),
        (None, None) => cost,
    };
    let customer = partner * inputs.catalog_markup.factor() * inputs.subscription_markup.factor();
    Waterfall {
        cost,
        retail,
        partner,
        customer,
    }
}

/// A term's price spread over its billing cycles, exactly. Costs and retail prices are per term.
pub fn per_cycle(term_price: Decimal, cycles: u32) -> Decimal {
    term_price / Decimal::from(cycles.max(1))
}

/// The percentage on `base` that gives `target`, which is rounded to the minor unit first.
pub fn target_percent(base: Decimal, target: Money) -> Option<Percent> {
    let ratio = target.to_decimal().checked_div(base)?;
    Some(Percent((ratio - Decimal::ONE) * Decimal::ONE_HUNDRED))
}

/// One unit's prices as people see them, each rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPrices {
    /// Vendor to partner; staff only.
    pub cost: Money,
    /// Suggested by the vendor; staff only.
    pub retail: Money,
    /// Distributor to seller; staff only.
    pub partner: Money,
    /// Seller to customer; the only one a customer sees.
    pub customer: Money,
}

impl Waterfall {
    /// Rounds each figure once to the currency's minor unit.
    pub fn round(&self, currency: Currency) -> Result<UnitPrices, MoneyError> {
        Ok(UnitPrices {
            cost: Money::round(self.cost, currency)?,
            retail: Money::round(self.retail, currency)?,
            partner: Money::round(self.partner, currency)?,
            customer: Money::round(self.customer, currency)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn percent(text: &str) -> Percent {
        Percent(decimal(text))
    }

    fn inputs(cost: &str, catalog: &str, subscription: &str) -> PriceInputs {
        PriceInputs {
            cost: decimal(cost),
            retail: decimal(cost),
            tier: None,
            distributor_markup: None,
            catalog_markup: percent(catalog),
            subscription_markup: percent(subscription),
        }
    }

    fn customer_price(inputs: &PriceInputs) -> String {
        let currency = Currency::parse("EUR").unwrap();
        waterfall(inputs)
            .round(currency)
            .unwrap()
            .customer
            .to_string()
    }

    /// The price fixtures of the reference, section 11.
    #[test]
    fn the_fixtures_hold() {
        assert_eq!(customer_price(&inputs("10.00", "20", "10")), "13.20 EUR");
        assert_eq!(customer_price(&inputs("54.80", "-10", "0")), "49.32 EUR");
        let monthly = per_cycle(decimal("657.60"), 12);
        assert_eq!(monthly, decimal("54.80"));
        let retail = PriceInputs {
            retail: monthly,
            tier: Some((PriceSource::Retail, percent("-10"))),
            ..inputs("1", "0", "0")
        };
        assert_eq!(customer_price(&retail), "49.32 EUR");
        let target = Money::round(decimal("15"), Currency::parse("EUR").unwrap()).unwrap();
        assert_eq!(target_percent(decimal("10"), target), Some(percent("50")));
    }

    #[test]
    fn the_more_specific_rule_wins_and_a_customers_rule_beats_every_portal_wide_one() {
        let level = |for_customer, scope| RuleLevel {
            for_customer,
            scope,
        };
        let rules = [
            (level(false, RuleScope::AllOffers), percent("10")),
            (level(false, RuleScope::Offer), percent("20")),
            (level(true, RuleScope::AllOffers), percent("5")),
        ];
        assert_eq!(catalog_markup(&rules), percent("5"));
        assert_eq!(catalog_markup(&rules[..2]), percent("20"));
        assert_eq!(catalog_markup(&[]), percent("0"));
    }

    #[test]
    fn a_distributors_markup_on_the_subscription_replaces_the_tier_and_is_on_cost() {
        let mut chain = inputs("10", "0", "0");
        chain.retail = decimal("20");
        chain.tier = Some((PriceSource::Retail, percent("-10")));
        assert_eq!(customer_price(&chain), "18.00 EUR");
        chain.distributor_markup = Some(percent("30"));
        assert_eq!(customer_price(&chain), "13.00 EUR");
    }

    proptest! {
        #[test]
        fn a_target_price_is_met_to_the_minor_unit(base in 1i64..100_000_000, target in 0i64..100_000_000) {
            let currency = Currency::parse("EUR").unwrap();
            let base = Decimal::new(base, 4);
            let target = Money { minor: target, currency };
            let markup = target_percent(base, target).unwrap();
            let reached = Money::round(base * markup.factor(), currency).unwrap();
            prop_assert_eq!(reached, target);
        }

        #[test]
        fn the_customer_price_is_not_rounded_on_the_way(cost in 1i64..10_000_000, a in -9_900i64..20_000, b in -9_900i64..20_000) {
            let chain = PriceInputs {
                cost: Decimal::new(cost, 6),
                retail: Decimal::ZERO,
                tier: Some((PriceSource::Cost, Percent(Decimal::new(a, 2)))),
                distributor_markup: None,
                catalog_markup: Percent(Decimal::new(b, 2)),
                subscription_markup: Percent::default(),
            };
            // In integers: cost(1e-6) × (1 + a/1e4) × (1 + b/1e4) has the scale 1e-14.
            let exact = i128::from(cost) * i128::from(10_000 + a) * i128::from(10_000 + b);
            prop_assert_eq!(waterfall(&chain).customer, Decimal::from_i128_with_scale(exact, 14));
        }
    }
}
