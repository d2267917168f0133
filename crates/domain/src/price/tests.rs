//! The price fixtures of the reference, and the chain's rules by property.

use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use super::rule::{RuleLevel, RuleScope};
use super::*;
use crate::id::PriceRuleId;
use crate::offer::Cadence;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn on(source: PriceSource, text: &str) -> PriceRule {
    ruled(source, percent(text))
}

fn ruled(source: PriceSource, percent: Percent) -> PriceRule {
    PriceRule {
        id: PriceRuleId(Uuid::nil()),
        level: RuleLevel::Everyone,
        scope: RuleScope::All,
        adjustment: Adjustment { source, percent },
        from: date(2026, 1, 1),
        till: None,
    }
}

fn inputs(cost: &str, catalog: &str, subscription: &str) -> PriceInputs {
    let price = per_cycle(decimal(cost), 1);
    PriceInputs {
        catalog: Some(on(PriceSource::Cost, catalog)),
        subscription_markup: percent(subscription),
        ..PriceInputs::of_vendor(price, price)
    }
}

fn customer_price(inputs: &PriceInputs, code: &str) -> String {
    let unit = waterfall(inputs).round(currency(code)).unwrap();
    unit.customer.to_string()
}

/// The price fixtures of the reference, section 11, and the currencies without cents.
#[test]
fn the_fixtures_hold() {
    for (cost, catalog, subscription, code, expected) in [
        ("10.00", "20", "10", "EUR", "13.20 EUR"),
        ("54.80", "-10", "0", "EUR", "49.32 EUR"),
        ("54.80", "0", "0", "EUR", "54.80 EUR"),
        ("1234.5", "10", "0", "JPY", "1,358 JPY"),
        ("100", "0.5", "0", "JPY", "101 JPY"),
        ("1.2345", "10", "0", "KWD", "1.358 KWD"),
        ("0.0005", "0", "0", "KWD", "0.001 KWD"),
    ] {
        let shown = customer_price(&inputs(cost, catalog, subscription), code);
        assert_eq!(shown, expected, "{cost} {catalog} {subscription}");
    }
}

#[test]
fn a_years_retail_price_is_paid_by_the_month_less_ten_percent() {
    let cycles = Cadence::parse("P1Y", "monthly").unwrap().cycles();
    let retail = per_cycle(decimal("657.60"), cycles);
    assert_eq!(retail.to_decimal(), decimal("54.80"));
    let by_seller = PriceInputs {
        cost: per_cycle(decimal("526.08"), cycles),
        retail,
        catalog: Some(on(PriceSource::Retail, "-10")),
        ..inputs("0", "0", "0")
    };
    let unit = waterfall(&by_seller).round(currency("EUR")).unwrap();
    let shown = [unit.cost, unit.retail, unit.partner, unit.customer].map(|money| money.minor);
    assert_eq!(shown, [4384, 5480, 4384, 4932]);
    assert_eq!(unit.margin().unwrap().minor, 548);
    let by_distributor = PriceInputs {
        tier: Some(on(PriceSource::Retail, "-10")),
        catalog: None,
        ..by_seller
    };
    assert_eq!(customer_price(&by_distributor, "EUR"), "49.32 EUR");
    assert_eq!(waterfall(&by_distributor).margin(), Decimal::ZERO);
}

#[test]
fn a_target_of_fifteen_on_ten_is_fifty_percent() {
    let base = per_cycle(decimal("10"), 1);
    let target = Money::from_decimal(decimal("14.9951"), currency("EUR")).unwrap();
    assert_eq!(base.percent_to(target), Ok(percent("50")));
}

#[test]
fn a_distributors_markup_on_the_subscription_replaces_the_tier_and_is_on_cost() {
    let mut chain = inputs("10", "0", "0");
    chain.retail = per_cycle(decimal("20"), 1);
    chain.tier = Some(on(PriceSource::Cost, "15"));
    assert_eq!(customer_price(&chain, "EUR"), "11.50 EUR");
    chain.tier = Some(on(PriceSource::Retail, "-10"));
    assert_eq!(customer_price(&chain, "EUR"), "18.00 EUR");
    chain.distributor_markup = Some(percent("30"));
    assert_eq!(customer_price(&chain, "EUR"), "13.00 EUR");
}

/// Millionths, cycles and three percentages in hundredths.
type Chain = (i64, u32, i64, i64, i64);

fn chain() -> impl Strategy<Value = Chain> {
    let hundredths = || -9_999i64..=100_000;
    (
        0i64..10_000_000_000,
        1u32..=84,
        hundredths(),
        hundredths(),
        hundredths(),
    )
}

fn customer_minor((cost, cycles, tier, catalog, subscription): Chain, code: &str) -> i64 {
    let hundredths = |value| Percent::new(Decimal::new(value, 2)).unwrap();
    let cost = per_cycle(Decimal::new(cost, 6), cycles);
    let chain = waterfall(&PriceInputs {
        cost,
        retail: cost,
        tier: Some(ruled(PriceSource::Cost, hundredths(tier))),
        catalog: Some(ruled(PriceSource::Cost, hundredths(catalog))),
        subscription_markup: hundredths(subscription),
        ..PriceInputs::of_vendor(cost, cost)
    });
    chain.round(currency(code)).unwrap().customer.minor
}

proptest! {
    #[test]
    fn the_customer_price_is_not_rounded_on_the_way(chain in chain()) {
        let (cost, cycles, tier, catalog, subscription) = chain;
        for (code, minor_units) in [("JPY", 1), ("EUR", 100), ("KWD", 1000)] {
            // In integers: cost(1e-6) × (1 + tier/1e4) × (1 + catalog/1e4) × (1 + subscription/1e4)
            // is a fraction of the scale 1e-18; half of the denominator rounds it.
            let top = minor_units
                * [tier, catalog, subscription]
                    .iter()
                    .fold(i128::from(cost), |top, p| top * i128::from(10_000 + p));
            let bottom = i128::from(cycles) * 10i128.pow(18);
            let expected = (2 * top + bottom) / (2 * bottom);
            prop_assert_eq!(i128::from(customer_minor(chain, code)), expected);
        }
    }

    #[test]
    fn a_higher_cost_or_markup_never_lowers_the_price(chain in chain(), more in 0i64..1_000_000) {
        let (cost, cycles, tier, catalog, subscription) = chain;
        let price = customer_minor(chain, "EUR");
        for dearer in [
            (cost + more, cycles, tier, catalog, subscription),
            (cost, cycles, tier + more.min(1_000), catalog, subscription),
            (cost, cycles, tier, catalog + more.min(1_000), subscription),
            (cost, cycles, tier, catalog, subscription + more.min(1_000)),
        ] {
            prop_assert!(customer_minor(dearer, "EUR") >= price);
        }
    }

    #[test]
    fn a_total_is_the_unit_price_times_the_quantity(chain in chain(), quantity in 0u32..100_000) {
        let money = |minor| Money::new(minor, currency("EUR"));
        let customer = customer_minor(chain, "EUR");
        let unit = UnitPrices {
            cost: money(700),
            retail: money(1000),
            partner: money(800),
            customer: money(customer),
        };
        let line = LinePrice {
            unit,
            quantity,
            basis: None,
        };
        let quantity = i64::from(quantity);
        prop_assert_eq!(line.customer_total().unwrap().minor, customer * quantity);
        prop_assert_eq!(unit.margin().unwrap().minor * quantity, line.margin().unwrap().minor);
    }
}
