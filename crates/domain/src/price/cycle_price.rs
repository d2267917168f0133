//! A price per billing cycle that stays exact until it is shown.

use std::num::NonZeroU32;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::percent::Percent;
use crate::money::{Currency, Money, MoneyError};
use crate::text::Invalid;

/// A term's price in major units and the cycles it is spread over. It is divided only when a figure
/// is made of it: divided first, 100 / 12 with a markup of 152.54 % would be 21.04, not 21.05.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CyclePrice {
    term: Decimal,
    cycles: NonZeroU32,
}

impl CyclePrice {
    /// A price per term and its billing cycles; no cycles count as one.
    pub fn new(term: Decimal, cycles: u32) -> CyclePrice {
        CyclePrice {
            term,
            cycles: NonZeroU32::new(cycles).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// Marked up or discounted. What no longer fits stays at the end of the scale, and
    /// [`round`](Self::round) refuses it.
    pub fn with(self, percent: Percent) -> CyclePrice {
        CyclePrice {
            term: self.term.saturating_mul(percent.factor()),
            ..self
        }
    }

    /// Major units per cycle, to 28 digits; for figures use [`round`](Self::round).
    pub fn to_decimal(self) -> Decimal {
        self.term / Decimal::from(self.cycles.get())
    }

    /// The figure that people see, rounded once to the minor unit.
    pub fn round(self, currency: Currency) -> Result<Money, MoneyError> {
        Money::from_decimal(self.to_decimal(), currency)
    }

    /// The percentage on this price that gives the target to the minor unit; on the price after the
    /// catalog it is the subscription's markup. A target is rounded before, by being [`Money`]. Refuses one that is out of [`Percent`]'s bounds.
    pub fn percent_to(self, target: Money) -> Result<Percent, Invalid> {
        let percent = self
            .ratio_to(target)
            .ok_or_else(|| Invalid("can't be reached from this price".into()))?;
        let percent = Percent::new(percent)?;
        match self.with(percent).round(target.currency) {
            Ok(reached) if reached == target => Ok(percent),
            Ok(_) | Err(_) => Err(Invalid("can't be expressed as a percentage".into())),
        }
    }

    /// `None` from a price of zero, or where the numbers don't fit.
    fn ratio_to(self, target: Money) -> Option<Decimal> {
        let cycles = Decimal::from(self.cycles.get());
        let difference = target
            .to_decimal()
            .checked_mul(cycles)?
            .checked_sub(self.term)?;
        difference
            .checked_mul(Decimal::ONE_HUNDRED)?
            .checked_div(self.term)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    #[test]
    fn the_division_comes_last() {
        let price = CyclePrice::new(Decimal::from(100), 12);
        let marked_up = price.with(Percent::parse("152.54").unwrap());
        assert_eq!(marked_up.round(eur()).unwrap().minor, 2105);
        assert_eq!(price.round(eur()).unwrap().minor, 833);
        assert_eq!(CyclePrice::new(Decimal::ONE, 0).to_decimal(), Decimal::ONE);
    }

    #[test]
    fn a_price_out_of_scale_is_refused_not_a_panic() {
        let most = CyclePrice::new(Decimal::MAX, 1).with(Percent::parse("10000").unwrap());
        assert_eq!(most.round(eur()), Err(MoneyError::TooLarge));
        assert!(most.percent_to(Money::new(i64::MAX, eur())).is_err());
    }

    #[test]
    fn a_target_out_of_reach_is_refused() {
        let price = |text: &str| CyclePrice::new(text.parse().unwrap(), 1);
        let target = |minor| Money::new(minor, eur());
        assert_eq!(price("10").percent_to(target(1500)), Percent::parse("50"));
        assert!(price("0").percent_to(target(1500)).is_err());
        assert!(price("10").percent_to(target(0)).is_err());
        assert!(price("0.01").percent_to(target(1500)).is_err());
    }

    proptest! {
        #[test]
        fn a_target_price_is_met_to_the_minor_unit(
            term in 1i64..100_000_000_000,
            cycles in 1u32..=84,
            target in 1i64..10_000_000,
        ) {
            let price = CyclePrice::new(Decimal::new(term, 6), cycles);
            let target = Money::new(target, eur());
            // In integers: at most 101 times the price, in units of 1e-6 / cycles.
            let is_in_bounds = i128::from(target.minor) * 10_000 * i128::from(cycles)
                <= 101 * i128::from(term);
            let percent = price.percent_to(target);
            prop_assert_eq!(percent.is_ok(), is_in_bounds);
            if let Ok(percent) = percent {
                let stored = serde_json::to_string(&percent).unwrap();
                let percent: Percent = serde_json::from_str(&stored).unwrap();
                prop_assert_eq!(price.with(percent).round(eur()), Ok(target));
            }
        }

        #[test]
        fn a_figure_is_the_exact_fraction_rounded_once(
            term in 0i64..100_000_000_000,
            cycles in 1u32..=84,
            a in -9_999i64..=1_000_000,
            b in -9_999i64..=1_000_000,
        ) {
            let percent = |hundredths| Percent::new(Decimal::new(hundredths, 2)).unwrap();
            let price = CyclePrice::new(Decimal::new(term, 6), cycles);
            let shown = price.with(percent(a)).with(percent(b)).round(eur()).unwrap();
            // In integers: hundredths are term(1e-6) × (1 + a/1e4) × (1 + b/1e4) × 100 / cycles.
            let top = i128::from(term) * i128::from(10_000 + a) * i128::from(10_000 + b);
            let bottom = i128::from(cycles) * 1_000_000_000_000;
            prop_assert_eq!(i128::from(shown.minor), (2 * top + bottom) / (2 * bottom));
        }
    }
}
