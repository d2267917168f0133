//! What a vendor asks for one license, at its own pace, and what that is in a billing cycle of ours.

use std::fmt;
use std::num::NonZeroU32;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, UnitAmount};
use crate::offer::Cadence;
use crate::price::CyclePrice;
use crate::text::Invalid;

/// A vendor's price for one license, as it tells it; never negative, and exact to a millionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedPrice {
    amount: UnitAmount,
    currency: Currency,
    /// For so many months; for one billing cycle of the subscription when absent.
    months: Option<NonZeroU32>,
}

impl AskedPrice {
    /// Refuses what can be no price: less than nothing, a seventh decimal, a number without end.
    pub fn new(
        amount: Decimal,
        currency: Currency,
        months: Option<NonZeroU32>,
    ) -> Result<AskedPrice, Invalid> {
        let amount = UnitAmount::from_decimal(amount)?;
        match amount.millionths() < 0 {
            true => Err(Invalid("must not be less than nothing".into())),
            false => Ok(AskedPrice {
                amount,
                currency,
                months,
            }),
        }
    }

    /// In one billing cycle, rounded once. `None` where a price by months is told of what is bought once, or
    /// the sum is beyond all money.
    pub fn per_cycle(self, cadence: Cadence) -> Option<Money> {
        let amount = self.amount.to_decimal();
        let price = match self.months {
            None => CyclePrice::new(amount, 1),
            Some(_) if cadence.cycle_months == 0 => return None,
            Some(months) => {
                let all = amount.checked_mul(Decimal::from(cadence.cycle_months))?;
                CyclePrice::new(all, months.get())
            }
        };
        price.round(self.currency).ok()
    }
}

impl fmt::Display for AskedPrice {
    /// `13.1 EUR a license per month`, in the vendor's own digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (amount, code) = (self.amount.to_decimal(), self.currency.code());
        write!(f, "{amount} {code} a license ")?;
        match self.months.map(NonZeroU32::get) {
            None => f.write_str("in a billing cycle"),
            Some(months) => f.write_str(
                &Cadence {
                    term_months: months,
                    cycle_months: months,
                }
                .pace(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(amount: &str, months: Option<u32>) -> Result<AskedPrice, Invalid> {
        let currency = Currency::parse("EUR").expect("a currency");
        let months = months.and_then(NonZeroU32::new);
        AskedPrice::new(amount.parse().expect("a number"), currency, months)
    }

    #[test]
    fn a_price_of_any_pace_is_that_of_a_billing_cycle_rounded_once() {
        for (amount, months, cycle_months, expected) in [
            ("13.1", Some(1), 1, Some("13.10 EUR")),
            ("13.1", Some(1), 12, Some("157.20 EUR")),
            // A third of a cent a month is four cents a year: the division comes last.
            ("0.003333", Some(1), 12, Some("0.04 EUR")),
            ("100", Some(12), 1, Some("8.33 EUR")),
            ("100", Some(12), 3, Some("25.00 EUR")),
            ("13.1", None, 12, Some("13.10 EUR")),
            ("13.1", None, 0, Some("13.10 EUR")),
            ("0", Some(1), 1, Some("0.00 EUR")),
            // What is bought once has no months.
            ("13.1", Some(1), 0, None),
        ] {
            let cadence = Cadence {
                term_months: 36,
                cycle_months,
            };
            let found = asked(amount, months).expect("a price").per_cycle(cadence);
            let found = found.map(|money| money.to_string());
            assert_eq!(
                found.as_deref(),
                expected,
                "{amount} {months:?} {cycle_months}"
            );
        }
    }

    #[test]
    fn what_can_be_no_price_is_refused_and_the_largest_is_no_panic() {
        for amount in [
            "-0.01",
            "-99999999",
            "0.0000001",
            "79228162514264337593543950335",
        ] {
            assert!(asked(amount, None).is_err(), "{amount}");
        }
        let most = asked("9223372036854", Some(1)).expect("a price");
        let month = |cycle_months| Cadence {
            term_months: 84,
            cycle_months,
        };
        assert!(most.per_cycle(month(1)).is_some() && most.per_cycle(month(84)).is_some());
        assert_eq!(most.to_string(), "9223372036854 EUR a license per month");
    }
}
