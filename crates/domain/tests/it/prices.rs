//! Random carts under random rules: each figure is the oracle's. `PRICES` says how many carts, and
//! `cargo xtask prices` runs a million; a cart that differs is run again alone by `PRICES_FROM`.

use domain::id::{OfferId, OrganizationId, PlanId, PriceRuleId, VendorId};
use domain::money::{Currency, Money, UnitAmount};
use domain::offer::{Cadence, Offer, Plan, VendorPrice};
use domain::order::line::LinePrice;
use domain::price::rule::{RuleLevel, RuleScope};
use domain::price::{Adjustment, Percent, PriceInputs, PriceRule, PriceSource, RuleBook};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::oracle::{Line, On, Parties, Rule, unit};

/// SplitMix64: the same carts for the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (drawn ^ (drawn >> 31)) % bound
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from + 1).unwrap())).unwrap()
    }

    fn small(&mut self, bound: u64) -> u8 {
        u8::try_from(self.below(bound)).unwrap()
    }

    /// Mostly what people set, sometimes what only the bounds allow.
    fn percent(&mut self) -> i64 {
        match self.below(4) {
            0 => self.between(-9_999, 1_000_000),
            1 => 0,
            _ => self.between(-3_000, 10_000),
        }
    }

    fn rule(&mut self, today: i64) -> Rule {
        let from = today + self.between(-6, 2);
        Rule {
            buyer: (self.below(2) == 0).then(|| self.small(3)),
            on: match self.below(3) {
                0 => On::All,
                1 => On::Vendor(self.small(2)),
                _ => On::Offer(self.small(4)),
            },
            percent: self.percent(),
            is_on_retail: self.below(3) == 0,
            from,
            till: (self.below(2) == 0).then(|| from + self.between(0, 6)),
        }
    }

    fn rules(&mut self, today: i64) -> Vec<Rule> {
        (0..self.below(13)).map(|_| self.rule(today)).collect()
    }

    fn line(&mut self) -> Line {
        let cost = match self.below(3) {
            0 => self.between(0, 9_999_999_999),
            _ => self.between(0, 99_999) * 10_000,
        };
        Line {
            vendor: self.small(2),
            offer: self.small(4),
            cost,
            retail: self.between(0, 2 * cost + 1_000_000),
            cycles: [1, 12, 36, 7, 84][usize::from(self.small(5))],
            quantity: 1 + u32::from(self.small(200)),
            markup: if self.below(2) == 0 {
                0
            } else {
                self.percent()
            },
            distributor: (self.below(4) == 0).then(|| self.percent()),
        }
    }
}

fn organization(number: u8) -> OrganizationId {
    OrganizationId(Uuid::from_u128(100 + u128::from(number)))
}

fn vendor(number: u8) -> VendorId {
    VendorId(Uuid::from_u128(200 + u128::from(number)))
}

fn offer(number: u8) -> OfferId {
    OfferId(Uuid::from_u128(300 + u128::from(number)))
}

fn percent(hundredths: i64) -> Percent {
    Percent::new(Decimal::new(hundredths, 2)).unwrap()
}

fn day(number: i64) -> Date {
    date(2026, 3, 1).checked_add(number.days()).unwrap()
}

fn ours(rules: &[Rule]) -> Vec<PriceRule> {
    let rule = |(at, rule): (u128, &Rule)| PriceRule {
        id: PriceRuleId(Uuid::from_u128(at)),
        level: match rule.buyer {
            None => RuleLevel::Everyone,
            Some(number) => RuleLevel::One(organization(number)),
        },
        scope: match rule.on {
            On::All => RuleScope::All,
            On::Vendor(number) => RuleScope::Vendor(vendor(number)),
            On::Offer(number) => RuleScope::Offer(offer(number)),
        },
        adjustment: Adjustment {
            source: match rule.is_on_retail {
                true => PriceSource::Retail,
                false => PriceSource::Cost,
            },
            percent: percent(rule.percent),
        },
        from: day(rule.from),
        till: rule.till.map(day),
    };
    (0..).zip(rules).map(rule).collect()
}

/// The line's price as the product makes it.
fn price(book: &RuleBook, line: &Line, currency: Currency) -> LinePrice {
    let sold = Offer::new(offer(line.offer), organization(99), vendor(line.vendor));
    let plan = Plan {
        id: PlanId(Uuid::nil()),
        cadence: Cadence {
            term_months: line.cycles,
            cycle_months: 1,
        },
        currency,
        market: None,
        segment: None,
        price: Some(VendorPrice {
            cost: UnitAmount::from_millionths(line.cost),
            retail: UnitAmount::from_millionths(line.retail),
            from: Timestamp::UNIX_EPOCH,
            till: None,
        }),
    };
    let inputs = PriceInputs {
        distributor_markup: line.distributor.map(percent),
        subscription_markup: percent(line.markup),
        ..book.inputs(&sold, &plan).unwrap()
    };
    // As an order keeps it: through text and back.
    let kept = serde_json::to_string(&inputs).unwrap();
    let inputs: PriceInputs = serde_json::from_str(&kept).unwrap();
    inputs.price(currency, line.quantity).unwrap()
}

/// A cart of the seed's choice: what differs, if anything does.
fn compare(seed: u64) -> Result<(), String> {
    let mut chance = Chance(seed);
    let today = chance.between(0, 700);
    let (tiers, catalog) = (chance.rules(today), chance.rules(today));
    let who = Parties {
        seller: chance.small(3),
        customer: chance.small(3),
    };
    let (code, minor) = [("JPY", 1), ("EUR", 100), ("BHD", 1_000)][usize::from(chance.small(3))];
    let currency = Currency::parse(code).unwrap();
    let book = RuleBook {
        customer: organization(who.customer),
        seller: organization(who.seller),
        today: day(today),
        tiers: ours(&tiers),
        catalog: ours(&catalog),
    };
    let (mut total, mut expected) = (Money::zero(currency), 0);
    for at in 0..1 + chance.below(5) {
        let line = chance.line();
        let theirs = unit(&line, &tiers, &catalog, who, today, minor);
        let price = price(&book, &line, currency);
        let figures = price.unit;
        let figures = [
            figures.cost,
            figures.retail,
            figures.partner,
            figures.customer,
        ];
        let figures = figures.map(|money| i128::from(money.minor));
        if figures != theirs {
            return Err(format!(
                "seed {seed}, line {at}: {figures:?} and not {theirs:?} {code} for {line:?}"
            ));
        }
        let line_total = price.customer_total().map_err(|error| error.to_string())?;
        total = total.plus(line_total).map_err(|error| error.to_string())?;
        expected += theirs[3] * i128::from(line.quantity);
    }
    match i128::from(total.minor) == expected {
        true => Ok(()),
        false => Err(format!(
            "seed {seed}: the cart is {total} and not {expected}"
        )),
    }
}

#[test]
fn every_figure_of_random_carts_is_the_oracles() {
    #[expect(clippy::disallowed_methods, reason = "how many carts to compare")]
    let asked = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let (count, from): (u64, u64) = (
        asked("PRICES").unwrap_or(20_000),
        asked("PRICES_FROM").unwrap_or(0),
    );
    let wrong: Vec<String> = (from..from + count)
        .filter_map(|seed| compare(seed).err())
        .collect();
    println!("{count} carts compared, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(5)]);
}
