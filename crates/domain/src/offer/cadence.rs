//! Terms and billing cycles, as numbers of months and as vendors and people write them.

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// The longest term that can be agreed on: seven years.
const MONTHS_MAX: u32 = 84;

/// How long the customer is bound, and how often is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cadence {
    /// Months of the commitment, 1 to 84; 0 for something bought once.
    pub term_months: u32,
    /// Months of a billing cycle; divides the term.
    pub cycle_months: u32,
}

impl Cadence {
    /// Reads a term (`P1M`, `P3Y`, `one_time`) and how it is paid (`monthly`, `annual`, `one_time`,
    /// `P3M`), also in the words of price sheets. The cycles must fill the term exactly.
    pub fn parse(term: &str, cycle: &str) -> Result<Cadence, Invalid> {
        let wrong = |words: &str| Invalid(words.into());
        let term_months = match plain(term).as_str() {
            "" | "onetime" | "none" => 0,
            period => months_in(period)
                .ok_or_else(|| wrong("must be a term such as P1M, P1Y or one_time"))?,
        };
        let cycle_months = match plain(cycle).as_str() {
            "monthly" => 1,
            "annual" => 12,
            "triennial" => 36,
            "onetime" | "none" => 0,
            period => months_in(period)
                .ok_or_else(|| wrong("must be monthly, annual, one_time or a period"))?,
        };
        // Something bought once may have an end but no cycles; a month can't fill "no end".
        let fills = cycle_months == 0
            || (cycle_months <= term_months && term_months.is_multiple_of(cycle_months));
        match fills {
            true => Ok(Cadence {
                term_months,
                cycle_months,
            }),
            false => Err(wrong("must be a billing cycle that fills the term")),
        }
    }

    /// The term as [`parse`](Self::parse) reads it, years where they come out even.
    pub fn term_code(self) -> String {
        code(self.term_months)
    }

    /// The billing cycle as [`parse`](Self::parse) reads it.
    pub fn cycle_code(self) -> String {
        match self.cycle_months {
            1 => "monthly".into(),
            12 => "annual".into(),
            months => code(months),
        }
    }

    /// Cycles in a term; 1 for something bought once.
    pub fn cycles(self) -> u32 {
        self.term_months
            .checked_div(self.cycle_months)
            .unwrap_or(1)
            .max(1)
    }

    /// The term in words: `1 year`.
    pub fn term_label(self) -> String {
        months(self.term_months, "one time")
    }

    /// How often is billed: `monthly`, `annually`.
    pub fn cycle_label(self) -> String {
        match self.cycle_months {
            0 => "once".into(),
            1 => "monthly".into(),
            12 => "annually".into(),
            n => format!("every {}", months(n, "")),
        }
    }

    /// The billing cycle by its name: `monthly`, `annual`.
    pub fn cycle_name(self) -> String {
        match self.cycle_months {
            12 => "annual".into(),
            _ => self.cycle_label(),
        }
    }

    /// The billing cycle behind an amount: `per month`.
    pub fn pace(self) -> String {
        match self.cycle_months {
            0 => "once".into(),
            1 => "per month".into(),
            12 => "per year".into(),
            n => format!("every {}", months(n, "")),
        }
    }
}

fn months(n: u32, none: &str) -> String {
    match n {
        0 => none.into(),
        1 => "1 month".into(),
        12 => "1 year".into(),
        n if n.is_multiple_of(12) => format!("{} years", n / 12),
        n => format!("{n} months"),
    }
}

fn code(months: u32) -> String {
    match months {
        0 => "one_time".into(),
        months if months.is_multiple_of(12) => format!("P{}Y", months / 12),
        months => format!("P{months}M"),
    }
}

/// Small letters alone: `OneTime` and `one_time` are one word.
fn plain(text: &str) -> String {
    let kept = text.trim().chars().filter(|c| *c != '_' && *c != ' ');
    kept.collect::<String>().to_ascii_lowercase()
}

/// A period of ISO 8601 in whole months or years, 1 to 84 months.
fn months_in(period: &str) -> Option<u32> {
    let period = period.strip_prefix('p')?;
    let (digits, months_each) = match period.strip_suffix('y') {
        Some(years) => (years, 12),
        None => (period.strip_suffix('m')?, 1),
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    let count: u32 = digits.parse().ok().filter(|_| is_number)?;
    let months = count.checked_mul(months_each)?;
    (1..=MONTHS_MAX).contains(&months).then_some(months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_cycles_are_read_and_have_one_spelling() {
        for (term, cycle, kept, cycles) in [
            ("P1Y", "monthly", "P1Y monthly", 12),
            ("P12M", "Annual", "P1Y annual", 1),
            ("P3Y", "Triennial", "P3Y P3Y", 1),
            ("P3Y", "P1Y", "P3Y annual", 3),
            ("P1M", "P1M", "P1M monthly", 1),
            ("P1Y", "P3M", "P1Y P3M", 4),
            ("P1Y", "OneTime", "P1Y one_time", 1),
            ("", "None", "one_time one_time", 1),
            ("one_time", "one_time", "one_time one_time", 1),
            ("P84M", "monthly", "P7Y monthly", 84),
        ] {
            let read = Cadence::parse(term, cycle).unwrap();
            assert_eq!(format!("{} {}", read.term_code(), read.cycle_code()), kept);
            assert_eq!(read.cycles(), cycles, "{term} {cycle}");
            let again = Cadence::parse(&read.term_code(), &read.cycle_code());
            assert_eq!(again, Ok(read));
        }
    }

    #[test]
    fn what_is_no_period_or_does_not_fill_the_term_is_refused() {
        for term in [
            "P",
            "PM",
            "P0M",
            "P85M",
            "P8Y",
            "P+1M",
            "1Y",
            "P1D",
            "P999999999Y",
            "weekly",
        ] {
            assert!(Cadence::parse(term, "monthly").is_err(), "{term}");
            assert!(Cadence::parse("P7Y", term).is_err(), "{term}");
        }
        for (term, cycle) in [("P1M", "annual"), ("P1Y", "P5M"), ("one_time", "monthly")] {
            assert!(Cadence::parse(term, cycle).is_err(), "{term} {cycle}");
        }
    }
}
