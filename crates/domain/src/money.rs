//! Exact money: minor units with their currency; no floats, no silent rounding, no mixed sums.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// An ISO 4217 currency that has minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Takes a three-letter code such as `EUR`, in capitals.
    pub fn parse(code: &str) -> Result<Currency, Invalid> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Currency)
            .ok_or_else(|| Invalid("must be a currency code such as EUR".into()))
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point: 0 for JPY, 2 for EUR, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Currency, Invalid> {
        Currency::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

/// An amount that could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two amounts of different currencies met.
    #[error("amounts in {0} and {1} can't be added")]
    Mixed(&'static str, &'static str),
    /// The result does not fit 64 bits of minor units.
    #[error("the amount is too large")]
    TooLarge,
}

/// An amount in minor units (cents, øre, yen).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for a refund.
    pub minor: i64,
    /// What the units are of.
    pub currency: Currency,
}

impl Money {
    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// Rounds once, half away from zero, to the currency's minor unit.
    pub fn round(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        let exponent = currency.exponent();
        let mut rounded =
            amount.round_dp_with_strategy(exponent, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(exponent);
        let minor = i64::try_from(rounded.mantissa()).map_err(|_| MoneyError::TooLarge)?;
        Ok(Money { minor, currency })
    }

    /// The same amount in major units, exactly.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(
                self.currency.code(),
                other.currency.code(),
            ));
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Money { minor, ..self })
    }

    /// This amount for each of `quantity` units.
    pub fn times(self, quantity: u32) -> Result<Money, MoneyError> {
        let minor = self
            .minor
            .checked_mul(i64::from(quantity))
            .ok_or(MoneyError::TooLarge)?;
        Ok(Money { minor, ..self })
    }
}

impl fmt::Display for Money {
    /// `1,234.50 EUR`; grouping by thousands, all minor digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.to_decimal().abs().to_string();
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        if self.minor < 0 {
            f.write_str("-")?;
        }
        for (at, digit) in whole.char_indices() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        write!(f, " {}", self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: &str, currency: &str) -> String {
        let currency = Currency::parse(currency).unwrap();
        Money::round(amount.parse().unwrap(), currency)
            .unwrap()
            .to_string()
    }

    #[test]
    fn amounts_round_half_away_from_zero_to_their_own_minor_unit() {
        for (amount, currency, shown) in [
            ("1234.505", "EUR", "1,234.51 EUR"),
            ("-1234.505", "EUR", "-1,234.51 EUR"),
            ("0.5", "JPY", "1 JPY"),
            ("999999.4", "JPY", "999,999 JPY"),
            ("1.2345", "KWD", "1.235 KWD"),
            ("7", "NOK", "7.00 NOK"),
        ] {
            assert_eq!(money(amount, currency), shown);
        }
    }

    #[test]
    fn two_currencies_never_add_and_nothing_overflows() {
        let [eur, nok] = ["EUR", "NOK"].map(|code| Currency::parse(code).unwrap());
        assert!(Money::zero(eur).plus(Money::zero(nok)).is_err());
        let most = Money {
            minor: i64::MAX,
            currency: eur,
        };
        assert_eq!(most.times(2), Err(MoneyError::TooLarge));
        assert_eq!(most.plus(most), Err(MoneyError::TooLarge));
        assert!(Currency::parse("eur").is_err());
        assert!(Currency::parse("XAU").is_err());
    }
}
