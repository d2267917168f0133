//! How what was asked may be asked again: what a vendor promises for a verb, and what that leaves to do
//! about a lost answer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Verb;
use super::pace::{HOLD, later};

/// How a connector may repeat an operation whose answer was lost; declared per operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatClass {
    /// K: the vendor recognizes the same key and bytes, and answers as it did the first time.
    Keyed,
    /// T: two steps, of which the second is idempotent by the first one's id. The first step's id comes
    /// back as an accepted operation, so that it is stored before the second.
    TwoStep,
    /// R: our reference can be looked up before each repeat.
    Referenced,
    /// S: an absolute state, sent with a precondition.
    Absolute,
    /// D: a difference; the base count is recorded first and read again before a repeat.
    Delta,
    /// X: nothing helps; sent once, and any doubt goes to a person.
    Once,
}

/// A class with the times that the vendor states for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatRule {
    /// The class.
    pub class: RepeatClass,
    /// For how long the vendor recognizes a key or keeps a first step; `None` for ever.
    pub window: Option<SignedDuration>,
    /// For how long its reads may miss what it has booked, or is still to book.
    pub lag: SignedDuration,
}

/// What may be done about a lost answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Let the connector find out.
    Ask,
    /// Not before this instant: the vendor's reads prove nothing yet.
    Wait(Timestamp),
    /// Nothing: a person looks and decides. Why, for staff.
    Person(&'static str),
}

impl From<RepeatClass> for RepeatRule {
    fn from(class: RepeatClass) -> RepeatRule {
        RepeatRule {
            class,
            window: None,
            lag: SignedDuration::ZERO,
        }
    }
}

impl RepeatRule {
    /// What may be done about a doubt that began at `since`, where the vendor was last asked at `asked`.
    pub fn remedy(
        &self,
        verb: &Verb,
        since: Timestamp,
        asked: Timestamp,
        now: Timestamp,
    ) -> Remedy {
        match self.class {
            RepeatClass::Once => {
                Remedy::Person("this vendor has no way to find out, and is not asked again")
            }
            RepeatClass::Delta if verb.base().is_none() => {
                Remedy::Person("this vendor takes differences only, and there is no count to read")
            }
            RepeatClass::Keyed | RepeatClass::TwoStep if self.is_forgotten(since, now) => {
                Remedy::Person("the vendor may not recognize a repeat any more")
            }
            RepeatClass::Referenced | RepeatClass::Delta => match self.blind_until(asked) {
                until if until > now => Remedy::Wait(until),
                _ => Remedy::Ask,
            },
            RepeatClass::Keyed | RepeatClass::TwoStep | RepeatClass::Absolute => Remedy::Ask,
        }
    }

    /// Whether a repeat is written down before it is made: what it may book is looked for only when the
    /// vendor's reads would show it.
    pub fn records_repeats(&self) -> bool {
        matches!(self.class, RepeatClass::Referenced | RepeatClass::Delta)
    }

    /// From when on the vendor's reads show what was booked by a call that was written down at `asked`: it
    /// ended inside the hold.
    fn blind_until(&self, asked: Timestamp) -> Timestamp {
        later(asked, HOLD.saturating_add(self.lag))
    }

    /// A fifth of the window is left alone: clocks differ, and a repeat takes a while.
    fn is_forgotten(&self, since: Timestamp, now: Timestamp) -> bool {
        self.window
            .is_some_and(|window| now.duration_since(since) >= window / 5 * 4)
    }
}

impl Verb {
    /// The count that a change starts from, recorded with the order; a class D connector compares it with
    /// the vendor's before it sends and before it repeats.
    pub fn base(&self) -> Option<u32> {
        match self {
            Verb::Quantity { from, .. } | Verb::Addon { from, .. } => Some(*from),
            Verb::MovePart { of, .. } => Some(*of),
            Verb::Purchase { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Cancel
            | Verb::Plan { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    #[test]
    fn each_class_says_what_may_be_done_about_a_lost_answer() {
        let (bought, more) = (
            Verb::Purchase { quantity: 5 },
            Verb::Quantity { from: 5, to: 7 },
        );
        let person = |remedy| matches!(remedy, Remedy::Person(_));
        let rule = |class| RepeatRule {
            class,
            window: Some(SignedDuration::from_secs(1_000)),
            lag: SignedDuration::from_secs(60),
        };
        for class in [RepeatClass::Keyed, RepeatClass::TwoStep] {
            let remedy = |now| rule(class).remedy(&bought, at(0), at(0), at(now));
            assert_eq!((remedy(0), remedy(799)), (Remedy::Ask, Remedy::Ask));
            assert!(person(remedy(800)), "a fifth of the window is left alone");
        }
        for class in [RepeatClass::Referenced, RepeatClass::Delta] {
            let remedy = |asked, now| rule(class).remedy(&more, at(0), at(asked), at(now));
            assert_eq!(remedy(0, 0), Remedy::Wait(at(120)));
            assert_eq!(remedy(0, 120), Remedy::Ask);
            assert_eq!(remedy(120, 121), Remedy::Wait(at(240)), "after each repeat");
        }
        let late = rule(RepeatClass::Absolute).remedy(&more, at(0), at(0), at(1_000_000));
        assert_eq!(late, Remedy::Ask);
        assert!(person(rule(RepeatClass::Delta).remedy(
            &bought,
            at(0),
            at(0),
            at(90)
        )));
        for now in [0, 1, 1_000_000] {
            assert!(person(rule(RepeatClass::Once).remedy(
                &more,
                at(0),
                at(0),
                at(now)
            )));
        }
    }
}
