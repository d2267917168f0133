//! The end of a term: another one, or the end.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Batch, Subscription, SubscriptionState};
use crate::calendar::months_after;
use crate::price::refund::closes_at;

impl Subscription {
    /// Whether its term has ended.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.state.has_ended() && self.term_ends_at.is_some_and(|ends| ends <= now)
    }

    /// Begins the next term at the instant the last one ended, or ends the subscription there. `false`
    /// where its term still runs. Terms are counted from the first, one for each call.
    pub fn renew(&mut self, has_window: bool, now: Timestamp) -> bool {
        let Some(ends) = self.term_ends_at.filter(|_| self.is_due(now)) else {
            return false;
        };
        let months = self.item.cadence.term_months;
        if !self.auto_renews || months == 0 {
            self.state = SubscriptionState::Expired { at: ends };
        } else {
            (self.term_starts_at, self.term_ends_at) =
                (ends, Some(self.term_end_after(ends, months)));
            self.batches = vec![Batch {
                seats: self.quantity,
                since: ends,
                returnable_until: has_window.then(|| closes_at(ends)),
            }];
        }
        self.version += 1;
        self.public_version += 1;
        true
    }

    /// Counted from the first term where its months are a multiple, so that the 31st comes back.
    fn term_end_after(&self, ends: Timestamp, months: u32) -> Timestamp {
        let cycle = crate::calendar::cycle_at(self.started_at, months, ends, &TimeZone::UTC);
        match cycle {
            Some(cycle) if cycle.starts_at == ends => cycle.ends_at,
            _ => months_after(ends, months, &TimeZone::UTC),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offer::Cadence;
    use crate::subscription::effect::tests::subscription;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn monthly() -> Subscription {
        let mut found = subscription();
        found.item.cadence = Cadence {
            term_months: 1,
            cycle_months: 1,
        };
        found.started_at = at("2027-01-31T10:00:00Z");
        found.term_starts_at = found.started_at;
        found.term_ends_at = Some(at("2027-02-28T10:00:00Z"));
        found
    }

    #[test]
    fn a_term_follows_a_term_until_renewal_is_off() {
        let mut found = monthly();
        assert!(!found.renew(true, at("2027-02-28T09:59:59Z")));
        assert!(found.renew(true, at("2027-02-28T10:00:00Z")));
        assert_eq!(
            found.term_ends_at,
            Some(at("2027-03-31T10:00:00Z")),
            "the 31st comes back"
        );
        assert_eq!(found.batches.len(), 1);
        assert_eq!(found.batches[0].since, at("2027-02-28T10:00:00Z"));
        assert_eq!(found.returnable(at("2027-03-01T10:00:00Z")), found.quantity);
        found.auto_renews = false;
        assert!(found.renew(true, at("2027-05-01T00:00:00Z")));
        let ended = SubscriptionState::Expired {
            at: at("2027-03-31T10:00:00Z"),
        };
        assert_eq!(found.state, ended, "at its end, not when somebody looked");
        assert!(!found.renew(true, at("2028-01-01T00:00:00Z")));
    }

    #[test]
    fn what_was_bought_once_for_a_year_ends_on_the_day() {
        let mut found = subscription();
        found.item.cadence = Cadence {
            term_months: 12,
            cycle_months: 0,
        };
        found.auto_renews = false;
        found.term_ends_at = Some(at("2022-01-01T00:00:00Z"));
        assert!(found.renew(false, at("2022-01-01T00:00:00Z")));
        assert!(found.state.has_ended());
    }
}
