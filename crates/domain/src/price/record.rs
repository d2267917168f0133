//! A price rule with its history: whose it is, who made it, and what may still be done about it.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::explain::signed;
use super::rule::{PriceRule, RuleLevel};
use crate::event::Actor;
use crate::id::OrganizationId;
use crate::text::Invalid;

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRecord {
    /// The seller or distributor whose rule it is.
    pub owner: OrganizationId,
    /// The rule.
    pub rule: PriceRule,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Who set its last day, where that was done later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Actor>,
}

/// Where a rule stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleState {
    /// Its first day is to come: it can be removed.
    Coming,
    /// It makes prices: it can be ended, not rewritten.
    Open,
    /// Its last day has passed.
    Ended,
}

impl RuleState {
    /// The word on the screen and in the API.
    pub fn label(self) -> &'static str {
        match self {
            RuleState::Coming => "Coming",
            RuleState::Open => "In force",
            RuleState::Ended => "Ended",
        }
    }
}

impl RuleRecord {
    /// Where it stands on a day of its owner's.
    pub fn state(&self, today: Date) -> RuleState {
        if self.rule.till.is_some_and(|till| till < today) {
            RuleState::Ended
        } else if self.rule.from > today {
            RuleState::Coming
        } else {
            RuleState::Open
        }
    }

    /// Sets its last day. What was in force yesterday stays so: the day is today or later, and no rule
    /// that has ended is opened again.
    pub fn end(&mut self, last: Option<Date>, by: &Actor, today: Date) -> Result<(), Invalid> {
        if self.state(today) == RuleState::Ended {
            let words = "has ended; make a new rule instead";
            return Err(Invalid(words.into()));
        }
        if let Some(last) = last {
            let earliest = self.rule.from.max(today);
            if last < earliest {
                return Err(Invalid(format!(
                    "must be {earliest} or later: what was in force before stays as it was"
                )));
            }
        }
        self.rule.till = last;
        self.ended_by = Some(by.clone());
        Ok(())
    }
}

/// The first day that a new rule may have: today for a seller's, tomorrow for a distributor's, whose
/// sellers have seen today's prices already.
pub fn earliest_day(is_distributors: bool, today: Date) -> Date {
    match is_distributors {
        true => today.saturating_add(1.day()),
        false => today,
    }
}

/// Reads a day as people and programs write it; nothing and `9999-12-31` stand for no end.
pub fn parse_day(text: &str) -> Result<Option<Date>, Invalid> {
    match text.trim() {
        "" | "9999-12-31" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Invalid("must be a day such as 2026-11-23".into())),
    }
}

/// Why a new rule can't stand beside others of its place, by the field that can be changed.
pub fn clash(rule: &PriceRule, beside: &[RuleRecord]) -> Option<Invalid> {
    let twin = beside.iter().find(|other| {
        let is_same_buyer = match (rule.level, other.rule.level) {
            (RuleLevel::Everyone, RuleLevel::Everyone) => true,
            (RuleLevel::One(one), RuleLevel::One(other)) => one == other,
            (RuleLevel::Everyone, RuleLevel::One(_)) | (RuleLevel::One(_), RuleLevel::Everyone) => {
                false
            }
        };
        is_same_buyer && other.rule.scope == rule.scope && other.rule.from == rule.from
    })?;
    Some(Invalid(format!(
        "is the first day of another rule for the same ({}); choose another day, or end or remove that one",
        signed(twin.rule.adjustment.percent)
    )))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::id::{PriceRuleId, UserId};
    use crate::price::Percent;
    use crate::price::rule::RuleScope;
    use crate::price::{Adjustment, PriceSource};

    fn actor() -> Actor {
        Actor {
            user: UserId(Uuid::nil()),
            person: "Saulė".into(),
            email: "s@baltic.example".into(),
            organization: OrganizationId(Uuid::nil()),
            organization_name: "Baltic Cloud".into(),
        }
    }

    fn record() -> RuleRecord {
        RuleRecord {
            owner: OrganizationId(Uuid::nil()),
            rule: PriceRule {
                id: PriceRuleId(Uuid::nil()),
                level: RuleLevel::Everyone,
                scope: RuleScope::All,
                adjustment: Adjustment {
                    source: PriceSource::Cost,
                    percent: Percent::parse("10").unwrap(),
                },
                from: date(2026, 6, 10),
                till: Some(date(2026, 6, 20)),
            },
            created_by: actor(),
            created_at: Timestamp::UNIX_EPOCH,
            ended_by: None,
        }
    }

    #[test]
    fn a_rule_is_coming_then_in_force_then_over() {
        for (day, state) in [
            (date(2026, 6, 9), RuleState::Coming),
            (date(2026, 6, 10), RuleState::Open),
            (date(2026, 6, 20), RuleState::Open),
            (date(2026, 6, 21), RuleState::Ended),
        ] {
            assert_eq!(record().state(day), state, "{day}");
        }
    }

    #[test]
    fn what_was_in_force_is_not_rewritten() {
        let today = date(2026, 6, 15);
        for (last, is_taken) in [
            (Some(date(2026, 6, 14)), false),
            (Some(today), true),
            (None, true),
        ] {
            let ended = record().end(last, &actor(), today);
            assert_eq!(ended.is_ok(), is_taken, "{last:?}");
        }
        assert!(record().end(None, &actor(), date(2026, 6, 21)).is_err());
        // One that is to come ends no earlier than it begins.
        let early = record().end(Some(date(2026, 6, 2)), &actor(), date(2026, 6, 1));
        assert!(early.is_err());
    }

    #[test]
    fn two_rules_of_one_place_need_different_first_days() {
        let known = [record()];
        assert!(clash(&record().rule, &known).is_some());
        let other = PriceRule {
            from: date(2026, 6, 11),
            ..record().rule
        };
        assert!(clash(&other, &known).is_none());
        let other = PriceRule {
            level: RuleLevel::One(OrganizationId(Uuid::nil())),
            ..record().rule
        };
        assert!(clash(&other, &known).is_none());
    }

    #[test]
    fn days_are_read_and_the_end_of_time_is_no_day() {
        assert_eq!(parse_day(" 2026-06-10 "), Ok(Some(date(2026, 6, 10))));
        assert_eq!(
            (parse_day(""), parse_day("9999-12-31")),
            (Ok(None), Ok(None))
        );
        for bad in ["10.06.2026", "2026-02-30", "soon"] {
            assert!(parse_day(bad).is_err(), "{bad}");
        }
        assert_eq!(earliest_day(true, date(2026, 6, 30)), date(2026, 7, 1));
        assert_eq!(earliest_day(false, date(2026, 6, 30)), date(2026, 6, 30));
    }
}
