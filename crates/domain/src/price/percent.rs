//! Signed percentages within the bounds that a price can bear.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// A signed percentage, more than −100 and at most 10,000; −10 is a discount of ten percent. Text in
/// JSON (`"-10"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent(Decimal);

impl Percent {
    /// Refuses what would give a price away (−100 or less) and what can only be a slip (above 10,000).
    pub fn new(value: Decimal) -> Result<Percent, Invalid> {
        if value <= -Decimal::ONE_HUNDRED || value > Decimal::from(10_000) {
            return Err(Invalid("must be more than -100 and at most 10,000".into()));
        }
        Ok(Percent(value))
    }

    /// Takes what people type: `5`, `+7.5`, `-10`.
    pub fn parse(text: &str) -> Result<Percent, Invalid> {
        let text = text.trim();
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
        let value = Decimal::from_str_exact(text).ok().filter(|_| is_plain);
        Percent::new(value.ok_or_else(|| Invalid("must be a percentage such as -7.5".into()))?)
    }

    /// The percentage itself: −10 for a discount of ten percent.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// As people read it: one that a target price made can have more digits than anybody reads.
    pub fn words(self) -> String {
        rounded(self.0).to_string()
    }

    /// What an amount is multiplied by: 0.9 for −10. Always above zero.
    pub fn factor(self) -> Decimal {
        (Decimal::ONE + self.0 / Decimal::ONE_HUNDRED).normalize()
    }
}

/// A percentage as people read it.
pub(crate) fn rounded(percent: Decimal) -> Decimal {
    percent.round_dp(4).normalize()
}

impl TryFrom<String> for Percent {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Percent, Invalid> {
        Percent::parse(&text)
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> String {
        percent.0.normalize().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_taken_or_refused() {
        for (text, factor) in [
            ("5", "1.05"),
            (" +7.5 ", "1.075"),
            ("-10", "0.9"),
            ("-99.99", "0.0001"),
            ("10000", "101"),
        ] {
            let factor: Decimal = factor.parse().unwrap();
            assert_eq!(Percent::parse(text).unwrap().factor(), factor, "{text}");
        }
        for bad in ["", "-100", "-101", "10000.01", "1e3", "1_0", "5 %", "five"] {
            assert!(Percent::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stored_percentage_passes_the_same_check() {
        let percent: Percent = serde_json::from_str(r#""-7.50""#).unwrap();
        assert_eq!(serde_json::to_string(&percent).unwrap(), r#""-7.5""#);
        assert!(serde_json::from_str::<Percent>(r#""-100""#).is_err());
    }
}
