//! What people type above a list of orders: `status:failed vendor:microsoft older:2d "free words"`.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::change::ChangeKind;
use super::desk::DeskFilter;
use super::phase::Status;

/// Characters of a filter at the most.
pub const LENGTH_MAX: usize = 1_000;
/// Terms of a filter at the most.
pub const TERMS_MAX: usize = 24;

/// A list of terms. Those of one kind are alternatives where an order has one of them (statuses,
/// vendors, changes, people); words, durations and days all have to hold, and so do kinds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One condition; each is a chip above the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Term {
    /// `status:failed`
    Status(Status),
    /// `vendor:microsoft`: the beginning of its name, or its short name.
    Vendor(String),
    /// `change:quantity`
    Change(ChangeKind),
    /// `by:me`
    By(Person),
    /// `older:2d`: from before that long ago.
    Older(Age),
    /// `newer:12h`: from since that long ago.
    Newer(Age),
    /// `from:2026-11-01`, that day included.
    From(Date),
    /// `to:2026-11-30`, that day included.
    To(Date),
    /// A word of the order begins with it.
    Word(String),
    /// `"these words"`: they stand in the order in this sequence.
    Phrase(String),
}

/// Who created an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Person {
    /// Whoever asks.
    Me,
    /// By the e-mail address.
    Email(String),
    /// By the beginning of the name or of one of its parts.
    Name(String),
}

/// A length of time back from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age {
    /// In hours.
    pub hours: u32,
}

/// A part of what was typed that could not be used; the rest applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterProblem {
    /// What was typed.
    pub word: String,
    /// What is wrong with it.
    pub why: String,
    /// What would be taken instead; empty where there is nothing to suggest.
    pub instead: String,
}

/// Instants from `since` (included) until `until` (not included), in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub since: Option<i64>,
    /// The end.
    pub until: Option<i64>,
}

impl Filter {
    /// Reads what was typed. Whatever can be read applies; the rest is told.
    pub fn parse(text: &str) -> (Filter, Vec<FilterProblem>) {
        parse::parse(text)
    }

    /// Reads what was typed on the order desk, which has words of its own too.
    pub(super) fn parse_on_desk(text: &str) -> (DeskFilter, Vec<FilterProblem>) {
        parse::parse_on_desk(text)
    }

    /// Its terms as typed, without repetitions.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Asks for nothing: the whole list.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The filter without one of its terms: what a chip's cross leads to.
    #[must_use]
    pub fn without(&self, term: &Term) -> Filter {
        let others = self.terms.iter().filter(|one| *one != term);
        Filter {
            terms: others.cloned().collect(),
        }
    }

    /// The filter with one more term; unchanged where there is no room for it.
    #[must_use]
    pub fn with(&self, term: Term) -> Filter {
        let mut filter = self.clone();
        // The words of a problem are for those who type; a link is made of what fits.
        filter.add(term).ok();
        filter
    }

    fn add(&mut self, term: Term) -> Result<(), FilterProblem> {
        if self.terms.contains(&term) {
            return Ok(());
        }
        let problem = |why: String| {
            Err(FilterProblem {
                word: term.to_string(),
                why,
                instead: String::new(),
            })
        };
        if self.terms.len() >= TERMS_MAX {
            return problem(format!("a filter has at most {TERMS_MAX} terms"));
        }
        let length = self.to_string().chars().count() + 1 + term.to_string().chars().count();
        if length > LENGTH_MAX {
            return problem(format!("a filter has at most {LENGTH_MAX} characters"));
        }
        self.terms.push(term);
        Ok(())
    }

    /// The statuses of which an order has one; any when empty.
    pub fn statuses(&self) -> Vec<Status> {
        self.pick(|term| match term {
            Term::Status(status) => Some(*status),
            _ => None,
        })
    }

    /// The kinds of changes of which an order has one; any when empty.
    pub fn changes(&self) -> Vec<ChangeKind> {
        self.pick(|term| match term {
            Term::Change(kind) => Some(*kind),
            _ => None,
        })
    }

    /// The vendors, as typed, of which an order has one; any when empty.
    pub fn vendors(&self) -> Vec<&str> {
        self.pick(|term| match term {
            Term::Vendor(vendor) => Some(vendor.as_str()),
            _ => None,
        })
    }

    /// The people of whom one created the order; anybody when empty.
    pub fn people(&self) -> Vec<&Person> {
        self.pick(|term| match term {
            Term::By(person) => Some(person),
            _ => None,
        })
    }

    /// The text that an order must contain, all of it.
    pub fn texts(&self) -> Vec<&Term> {
        self.pick(|term| matches!(term, Term::Word(_) | Term::Phrase(_)).then_some(term))
    }

    /// When the order must have been placed (or created, while it is not).
    pub fn span(&self, now: Timestamp, zone: &TimeZone) -> Span {
        let mut span = Span {
            since: None,
            until: None,
        };
        let ago = |age: &Age| now.saturating_sub(SignedDuration::from_hours(age.hours.into()));
        let start = |day: Date| day.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
        for term in &self.terms {
            let (since, until) = match term {
                Term::Newer(age) => (ago(age).ok(), None),
                Term::Older(age) => (None, ago(age).ok()),
                Term::From(day) => (start(*day).ok(), None),
                Term::To(day) => (None, day.tomorrow().and_then(start).ok()),
                _ => (None, None),
            };
            if let Some(since) = since.map(Timestamp::as_microsecond) {
                span.since = Some(span.since.map_or(since, |known| known.max(since)));
            }
            if let Some(until) = until.map(Timestamp::as_microsecond) {
                span.until = Some(span.until.map_or(until, |known| known.min(until)));
            }
        }
        span
    }

    fn pick<'f, T>(&'f self, pick: impl Fn(&'f Term) -> Option<T>) -> Vec<T> {
        self.terms.iter().filter_map(pick).collect()
    }
}

impl Term {
    /// The chip's words.
    pub fn label(&self) -> String {
        match self {
            Term::Status(status) => format!("Status: {}", status.label()),
            Term::Vendor(vendor) => format!("Vendor: {vendor}"),
            Term::Change(kind) => format!("Change: {}", kind.label()),
            Term::By(Person::Me) => "Created by me".into(),
            Term::By(Person::Email(who) | Person::Name(who)) => format!("Created by: {who}"),
            Term::Older(age) => format!("Older than {}", age.label()),
            Term::Newer(age) => format!("Newer than {}", age.label()),
            Term::From(day) => format!("From {day}"),
            Term::To(day) => format!("To {day}"),
            Term::Word(word) => word.clone(),
            Term::Phrase(words) => format!("“{words}”"),
        }
    }
}

impl Age {
    /// `2 days`
    pub fn label(self) -> String {
        let (count, unit, _) = self.parts();
        match count {
            1 => format!("1 {unit}"),
            _ => format!("{count} {unit}s"),
        }
    }

    fn parts(self) -> (u32, &'static str, char) {
        match self.hours {
            hours if hours > 0 && hours.is_multiple_of(7 * 24) => (hours / (7 * 24), "week", 'w'),
            hours if hours > 0 && hours.is_multiple_of(24) => (hours / 24, "day", 'd'),
            hours => (hours, "hour", 'h'),
        }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, _, unit) = self.parts();
        write!(f, "{count}{unit}")
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Status(status) => write!(f, "status:{}", status.name()),
            Term::Vendor(vendor) => write!(f, "vendor:{}", Quoted(vendor)),
            Term::Change(kind) => write!(f, "change:{}", kind.name()),
            Term::By(Person::Me) => f.write_str("by:me"),
            Term::By(Person::Email(who) | Person::Name(who)) => write!(f, "by:{}", Quoted(who)),
            Term::Older(age) => write!(f, "older:{age}"),
            Term::Newer(age) => write!(f, "newer:{age}"),
            Term::From(day) => write!(f, "from:{day}"),
            Term::To(day) => write!(f, "to:{day}"),
            Term::Word(word) => f.write_str(word),
            Term::Phrase(words) => write!(f, "\"{words}\""),
        }
    }
}

/// A value, in quotes where it would not be read back as one without. It holds none itself.
pub(super) struct Quoted<'t>(pub(super) &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = !self.0.contains(|c: char| c.is_whitespace() || c == ',');
        match is_plain {
            true => f.write_str(self.0),
            false => write!(f, "\"{}\"", self.0),
        }
    }
}

impl fmt::Display for FilterProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}”: {}", self.word, self.why)?;
        match self.instead.as_str() {
            "" => Ok(()),
            instead => write!(f, "; {instead}"),
        }
    }
}
