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
    /// An amount that is already counted in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// Rounds once, half away from zero, to the currency's minor unit.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
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

    /// The amount as [`Display`](fmt::Display) writes it: `1,234.50 EUR`.
    pub fn plain(&self) -> String {
        self.to_string()
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

    /// What is left when another amount of the same currency is taken away; may be negative.
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        let minor = other.minor.checked_neg().ok_or(MoneyError::TooLarge)?;
        self.plus(Money { minor, ..other })
    }

    /// `part` of `whole` equal parts of this amount, rounded once; nothing of no parts.
    pub fn share(self, part: u32, whole: u32) -> Result<Money, MoneyError> {
        let amount = self
            .to_decimal()
            .checked_mul(Decimal::from(part))
            .and_then(|amount| amount.checked_div(Decimal::from(whole)));
        amount.map_or(Ok(Money::zero(self.currency)), |amount| {
            Money::from_decimal(amount, self.currency)
        })
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

/// A catalog price for one unit, exact to a millionth of the major unit; vendors publish prices finer
/// than a cent. Text in JSON (`"54.8"`), as a number there would pass through a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct UnitAmount(i64);

impl UnitAmount {
    /// Digits after the decimal point.
    const SCALE: u32 = 6;

    /// Reads back what [`millionths`](Self::millionths) stored.
    pub const fn from_millionths(millionths: i64) -> UnitAmount {
        UnitAmount(millionths)
    }

    /// Takes an amount in major units. Nothing is rounded: a seventh decimal is refused.
    pub fn from_decimal(amount: Decimal) -> Result<UnitAmount, Invalid> {
        let mut scaled = amount.normalize();
        if scaled.scale() > Self::SCALE {
            return Err(Invalid("must have at most six decimals".into()));
        }
        scaled.rescale(Self::SCALE);
        // A number too long for the scale keeps a smaller one; its digits don't count millionths.
        i64::try_from(scaled.mantissa())
            .ok()
            .filter(|_| scaled.scale() == Self::SCALE)
            .map(UnitAmount)
            .ok_or_else(|| Invalid("is too large for a price".into()))
    }

    /// Millionths of the major unit.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// The amount in major units, exactly.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, Self::SCALE).normalize()
    }
}

impl TryFrom<Decimal> for UnitAmount {
    type Error = Invalid;

    fn try_from(amount: Decimal) -> Result<UnitAmount, Invalid> {
        UnitAmount::from_decimal(amount)
    }
}

impl From<UnitAmount> for Decimal {
    fn from(amount: UnitAmount) -> Decimal {
        amount.to_decimal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: &str, currency: &str) -> String {
        let currency = Currency::parse(currency).unwrap();
        Money::from_decimal(amount.parse().unwrap(), currency)
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

    #[test]
    fn money_reads_back_and_only_in_a_known_currency() {
        let money = Money::new(4932, Currency::parse("EUR").unwrap());
        let json = serde_json::to_value(money).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "minor": 4932, "currency": "EUR" })
        );
        assert_eq!(serde_json::from_value::<Money>(json).unwrap(), money);
        assert_eq!(money.plain(), "49.32 EUR");
        let unknown = serde_json::json!({ "minor": 1, "currency": "EUX" });
        assert!(serde_json::from_value::<Money>(unknown).is_err());
    }

    #[test]
    fn a_catalog_price_is_exact_to_the_millionth_or_refused() {
        let amount = |text: &str| UnitAmount::from_decimal(text.parse().unwrap());
        assert_eq!(amount("54.80").unwrap().millionths(), 54_800_000);
        assert_eq!(amount("0.0000010").unwrap().millionths(), 1);
        assert!(amount("0.0000001").is_err());
        assert!(amount("9223372036854.775807").is_ok());
        assert!(amount("9223372036854.775808").is_err());
        assert!(amount("79228162514264337593543950335").is_err());
        assert_eq!(
            serde_json::to_string(&amount("54.80").unwrap()).unwrap(),
            r#""54.8""#
        );
        assert!(serde_json::from_str::<UnitAmount>(r#""0.0000001""#).is_err());
    }
}
