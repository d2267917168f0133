//! Terms and billing cycles as vendors and people write them, and the cadence that the two make.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::offer::Cadence;
use crate::text::Invalid;

/// A number of months that can be agreed on: 1 to 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Months(u8);

impl Months {
    /// One month.
    pub const ONE: Months = Months(1);
    /// One year.
    pub const YEAR: Months = Months(12);

    /// Refuses 0 and more than seven years.
    pub fn new(months: u32) -> Result<Months, Invalid> {
        u8::try_from(months)
            .ok()
            .filter(|months| (1..=84).contains(months))
            .map(Months)
            .ok_or_else(|| Invalid("must be 1 to 84 months".into()))
    }

    /// How many.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    /// Takes a period of ISO 8601 in whole months or years: `P1M`, `P3Y`.
    fn parse(text: &str) -> Option<Months> {
        let period = text.strip_prefix('P')?;
        let (digits, months_each) = match period.strip_suffix('Y') {
            Some(years) => (years, 12),
            None => (period.strip_suffix('M')?, 1),
        };
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        let count: u32 = digits.parse().ok().filter(|_| is_number)?;
        Months::new(count.checked_mul(months_each)?).ok()
    }
}

impl fmt::Display for Months {
    /// Years where they come out even: `P1Y` for twelve months.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_multiple_of(12) {
            true => write!(f, "P{}Y", self.0 / 12),
            false => write!(f, "P{}M", self.0),
        }
    }
}

/// How long the customer is bound. Text: `P1M`, `P1Y`, `P3Y`, `one_time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Term {
    /// For months.
    Months(Months),
    /// Bought once, without an end.
    OneTime,
}

/// How often is paid. Text: `monthly`, `annual`, `one_time`, otherwise the period, `P3M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BillingCycle {
    /// Every month.
    Monthly,
    /// Every year.
    Annual,
    /// Once, for as long as it lasts.
    OneTime,
    /// Every so many months; 1 and 12 have names of their own, which [`BillingCycle::every`] gives.
    Months(Months),
}

impl Term {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Term, Invalid> {
        match text {
            "one_time" => Ok(Term::OneTime),
            period => Months::parse(period)
                .map(Term::Months)
                .ok_or_else(|| Invalid("must be a term such as P1M, P1Y or one_time".into())),
        }
    }

    /// The term paid in these cycles, which must fill it exactly.
    pub fn cadence(self, cycle: BillingCycle) -> Result<Cadence, Invalid> {
        let term_months = match self {
            Term::Months(months) => months.get(),
            Term::OneTime => 0,
        };
        let cycle_months = cycle.months().map_or(0, Months::get);
        // Something bought once may have an end but no cycles; a month can't fill "no end".
        let fills = cycle_months == 0
            || (cycle_months <= term_months && term_months.is_multiple_of(cycle_months));
        if !fills {
            return Err(Invalid(
                "must be a billing cycle that fills the term".into(),
            ));
        }
        Ok(Cadence {
            term_months,
            cycle_months,
        })
    }

    /// How often is paid within a term; 1 for what is paid once.
    pub fn cycles_per_term(self, cycle: BillingCycle) -> Result<u32, Invalid> {
        self.cadence(cycle).map(Cadence::cycles)
    }
}

impl BillingCycle {
    /// The one name of a cycle of so many months.
    pub fn every(months: Months) -> BillingCycle {
        match months {
            Months::ONE => BillingCycle::Monthly,
            Months::YEAR => BillingCycle::Annual,
            other => BillingCycle::Months(other),
        }
    }

    /// Reads the text form, or a period such as `P1M`.
    pub fn parse(text: &str) -> Result<BillingCycle, Invalid> {
        match text {
            "monthly" => Ok(BillingCycle::Monthly),
            "annual" => Ok(BillingCycle::Annual),
            "one_time" => Ok(BillingCycle::OneTime),
            period => Months::parse(period)
                .map(BillingCycle::every)
                .ok_or_else(|| Invalid("must be monthly, annual, one_time or a period".into())),
        }
    }

    /// Its length; `None` for what is paid once.
    pub fn months(self) -> Option<Months> {
        match self {
            BillingCycle::Monthly => Some(Months::ONE),
            BillingCycle::Annual => Some(Months::YEAR),
            BillingCycle::Months(months) => Some(months),
            BillingCycle::OneTime => None,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Months(months) => months.fmt(f),
            Term::OneTime => f.write_str("one_time"),
        }
    }
}

impl fmt::Display for BillingCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BillingCycle::Monthly => f.write_str("monthly"),
            BillingCycle::Annual => f.write_str("annual"),
            BillingCycle::OneTime => f.write_str("one_time"),
            BillingCycle::Months(months) => months.fmt(f),
        }
    }
}

macro_rules! text_form {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<$name, Invalid> {
                $name::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

text_form!(Term BillingCycle);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_cycles_have_one_spelling() {
        for (typed, kept) in [
            ("P1M", "P1M"),
            ("P12M", "P1Y"),
            ("P3Y", "P3Y"),
            ("P84M", "P7Y"),
        ] {
            assert_eq!(Term::parse(typed).unwrap().to_string(), kept);
        }
        for (typed, kept) in [("P1M", "monthly"), ("P1Y", "annual"), ("P6M", "P6M")] {
            assert_eq!(BillingCycle::parse(typed).unwrap().to_string(), kept);
        }
        for bad in [
            "",
            "P",
            "PM",
            "P0M",
            "P85M",
            "P8Y",
            "P+1M",
            "1Y",
            "P1D",
            "P999999999Y",
        ] {
            assert!(Term::parse(bad).is_err(), "{bad}");
            assert!(BillingCycle::parse(bad).is_err(), "{bad}");
        }
        let once: Term = serde_json::from_str(r#""one_time""#).unwrap();
        assert_eq!(once, Term::OneTime);
        assert!(serde_json::from_str::<BillingCycle>(r#""weekly""#).is_err());
    }

    #[test]
    fn cycles_fill_the_term_or_are_refused() {
        for (term, cycle, cycles) in [
            ("P1Y", "monthly", Some(12)),
            ("P1Y", "annual", Some(1)),
            ("P3Y", "annual", Some(3)),
            ("P1M", "monthly", Some(1)),
            ("P1Y", "P3M", Some(4)),
            ("P1Y", "one_time", Some(1)),
            ("one_time", "one_time", Some(1)),
            ("P1M", "annual", None),
            ("P1Y", "P5M", None),
            ("one_time", "monthly", None),
        ] {
            let term = Term::parse(term).unwrap();
            let cycle = BillingCycle::parse(cycle).unwrap();
            assert_eq!(term.cycles_per_term(cycle).ok(), cycles, "{term} {cycle}");
        }
    }
}
