//! When what could not be decided is asked again: holds, back-off and the vendor's own wishes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::id::TaskId;

/// A call that has not ended by then is given up, and its answer counts as lost. Connectors end theirs
/// earlier.
pub const CALL_MAX: SignedDuration = SignedDuration::from_secs(30);
/// For how long a worker holds a task. It outlives a whole call, so no second worker asks while one is
/// asking: a call that could not end inside it is not begun.
pub const HOLD: SignedDuration = SignedDuration::from_secs(60);
/// Claims one after another that ended in nothing (an error of ours, a crash) before the task is set aside.
/// A crash counts against all that was under way, so those that did nothing have to outlive some.
pub const STRIKES_MAX: u32 = 20;
/// For how long a task that was set aside rests between two tries, so that others go on.
pub const SET_ASIDE: SignedDuration = SignedDuration::from_hours(1);
/// Longest wait between two tries where the vendor has no wish of its own.
const BACK_OFF_MAX_SECONDS: i64 = 60;
/// A vendor may not put us off for longer than this.
const WISH_MAX: Duration = Duration::from_secs(24 * 3_600);
/// What is added to a vendor's wish at the most, so that not everything comes back at that instant.
const SPREAD_MAX_MILLISECONDS: i64 = 10_000;

/// For how long a task is held that has so many claims behind it that ended in nothing.
pub fn hold(strikes: u32) -> SignedDuration {
    match strikes >= STRIKES_MAX {
        true => SET_ASIDE,
        false => HOLD,
    }
}

/// Until when a call can begin that was prepared at an instant.
pub fn ask_before(claimed_at: Timestamp) -> Timestamp {
    later(claimed_at, HOLD - CALL_MAX)
}

/// How long to wait before the next try: never shorter than the vendor wishes; without a wish a growing
/// while, of which the last quarter is by chance. `jitter` is any number.
pub fn back_off(tries: u32, wish: Option<Duration>, jitter: u16) -> SignedDuration {
    let share = |whole: i64| whole * i64::from(jitter) / i64::from(u16::MAX);
    let milliseconds = match wish {
        Some(wish) => {
            let wish = i64::try_from(wish.min(WISH_MAX).as_millis()).unwrap_or(i64::MAX / 2);
            wish + share((wish / 8).min(SPREAD_MAX_MILLISECONDS))
        }
        None => {
            let whole = (1i64 << tries.min(6)).min(BACK_OFF_MAX_SECONDS) * 1_000;
            whole - share(whole / 4)
        }
    };
    SignedDuration::from_millis(milliseconds)
}

/// A number that is another for each claim of each task, and the same where the claim is looked at again.
pub fn jitter(task: TaskId, fence: i64) -> u16 {
    let id = task.0.as_u128();
    let mut mixed = (id as u64) ^ ((id >> 64) as u64) ^ (fence as u64).rotate_left(32);
    for _ in 0..2 {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (mixed >> 48) as u16
}

pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_never_shorter_than_the_vendors_wish() {
        let waits = |jitter| {
            (1..9)
                .map(|tries| back_off(tries, None, jitter).as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(0), [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(waits(u16::MAX), [1, 3, 6, 12, 24, 45, 45, 45]);
        let wish =
            |seconds, jitter| back_off(9, Some(Duration::from_secs(seconds)), jitter).as_secs();
        assert_eq!((wish(0, u16::MAX), wish(40, 0)), (0, 40));
        assert_eq!((wish(40, u16::MAX), wish(3_600, u16::MAX)), (45, 3_610));
        assert_eq!(wish(u64::MAX, 0), 24 * 3_600);
    }

    #[test]
    fn tasks_of_one_order_spread() {
        let base = 0x0123_4567_89AB_CDEF_u128;
        let drawn = |at: u128| jitter(TaskId(uuid::Uuid::from_u128(base ^ at)), 1);
        let quarters: std::collections::BTreeSet<u16> = (0..16).map(|at| drawn(at) >> 14).collect();
        assert_eq!(quarters.len(), 4);
        assert_eq!(drawn(3), drawn(3));
    }

    #[test]
    fn a_call_that_could_outlast_the_hold_is_not_begun() {
        let claimed = Timestamp::UNIX_EPOCH;
        assert_eq!(ask_before(claimed) + CALL_MAX, claimed + hold(0));
        assert_eq!(hold(STRIKES_MAX), SET_ASIDE);
    }
}
