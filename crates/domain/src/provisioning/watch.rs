//! Whether the machine's clock can be believed. A hold ends at an instant, and then another process may ask
//! in its place: a clock that was set forward, or goes ahead of the others', would bring that instant early.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::pace::HOLD;

/// No clock drifts so far between two looks, nor from another one that is looked after.
const DRIFT_MAX: SignedDuration = SignedDuration::from_secs(60);
/// When this program was not there yet: 2026-01-01. A clock that stands before it was never set.
const NOT_YET: i64 = 1_767_225_600;

/// Compares a clock that people and machines set with one that nobody sets.
#[derive(Debug, Default)]
pub struct Watch {
    /// What both said at the last look.
    last: Option<(Timestamp, Duration)>,
    calm_at: Duration,
}

/// Why nothing is taken up that would ask a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It was set by so much, and all that was held before has not ended yet.
    WasSet(SignedDuration),
    /// It goes by so much ahead of the database's, or behind it.
    IsApart(SignedDuration),
    /// It stands at a time when this program did not exist.
    WasNeverSet,
}

impl Watch {
    /// Compares; `steady` is how long a clock has gone that nobody sets, `database` what the database's clock
    /// says, if it has one of its own. A clock that was set is doubted for as long as a hold lasts: what was
    /// asked before has ended by then.
    pub fn look(
        &mut self,
        now: Timestamp,
        steady: Duration,
        database: Option<Timestamp>,
    ) -> Option<Doubt> {
        let set_by = self.last.map_or(SignedDuration::ZERO, |(was, at)| {
            let gone = SignedDuration::try_from(steady.saturating_sub(at));
            now.duration_since(was)
                .saturating_sub(gone.unwrap_or(SignedDuration::MAX))
        });
        self.last = Some((now, steady));
        if set_by.abs() > DRIFT_MAX {
            self.calm_at = steady.saturating_add(HOLD.unsigned_abs());
            return Some(Doubt::WasSet(set_by));
        }
        let apart = database.map_or(SignedDuration::ZERO, |other| now.duration_since(other));
        match () {
            () if now.as_second() < NOT_YET => Some(Doubt::WasNeverSet),
            () if apart.abs() > DRIFT_MAX => Some(Doubt::IsApart(apart)),
            () if steady < self.calm_at => Some(Doubt::WasSet(SignedDuration::ZERO)),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(START + seconds).unwrap()
    }

    #[test]
    fn a_clock_that_was_set_is_doubted_for_as_long_as_a_hold_lasts() {
        for jump in [-864_000, -3_600, -61, 61, 3_600, 864_000] {
            let mut watch = Watch::default();
            let mut look =
                |steady: u64, wall: i64| watch.look(at(wall), Duration::from_secs(steady), None);
            assert_eq!(
                look(5, 0),
                None,
                "the first look has nothing to compare with"
            );
            assert_eq!(look(15, 10), None);
            let by = SignedDuration::from_secs(jump);
            assert_eq!(look(20, 15 + jump), Some(Doubt::WasSet(by)));
            let still = Some(Doubt::WasSet(SignedDuration::ZERO));
            assert_eq!(look(79, 74 + jump), still);
            assert_eq!(look(80, 75 + jump), None, "what was held has ended");
        }
    }

    #[test]
    fn a_clock_that_drifts_is_believed() {
        let mut watch = Watch::default();
        for (steady, wall) in [(0, 0), (10, 70), (20, 20), (4_000, 3_941)] {
            assert_eq!(
                watch.look(at(wall), Duration::from_secs(steady), None),
                None
            );
        }
    }

    #[test]
    fn a_clock_apart_from_the_databases_is_doubted_until_it_is_right() {
        for (apart, expected) in [
            (60, false),
            (-60, false),
            (61, true),
            (-61, true),
            (7_200, true),
        ] {
            let mut watch = Watch::default();
            let doubt = watch.look(at(apart), Duration::ZERO, Some(at(0)));
            let by = SignedDuration::from_secs(apart);
            assert_eq!(doubt, expected.then_some(Doubt::IsApart(by)));
        }
    }

    #[test]
    fn a_clock_that_was_never_set_is_doubted() {
        let look = |second: i64| {
            let now = Timestamp::from_second(second).unwrap();
            Watch::default().look(now, Duration::ZERO, None)
        };
        assert_eq!(look(0), Some(Doubt::WasNeverSet));
        assert_eq!(look(NOT_YET - 1), Some(Doubt::WasNeverSet));
        assert_eq!(look(NOT_YET), None);
    }
}
