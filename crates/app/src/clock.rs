//! The two things that rules may not reach for themselves: the time and randomness.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::id::{NoteId, OrderId, TaskId};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::App;

/// Tells the time; read once per operation.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// For how long the process has gone, by a clock that nobody sets; `None` for one that is moved on purpose,
    /// whose jumps mean nothing.
    fn steady(&self) -> Option<Duration> {
        None
    }

    /// Moves it forward, where it is one that can be moved; whether it was.
    fn advance(&self, _by: SignedDuration) -> bool {
        false
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the time comes from"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> Option<Duration> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where time is measured that nobody sets"
        )]
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        Some(BEGIN.elapsed())
    }
}

/// The machine's clock and so much more: the demo's, which is moved to see what comes. What it was moved by
/// is kept in a file, so that time does not go back with the next start.
pub struct MovedClock {
    ahead: Mutex<SignedDuration>,
    kept: PathBuf,
}

impl MovedClock {
    /// As far ahead as the file says; where there is none, not at all.
    pub fn open(kept: PathBuf) -> MovedClock {
        let read = std::fs::read_to_string(&kept).ok();
        let seconds = read.and_then(|text| text.trim().parse().ok());
        MovedClock {
            ahead: Mutex::new(SignedDuration::from_secs(seconds.unwrap_or(0))),
            kept,
        }
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemClock.now();
        now.saturating_add(ahead).unwrap_or(now)
    }

    fn advance(&self, by: SignedDuration) -> bool {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = ahead.saturating_add(by.max(SignedDuration::ZERO));
        if std::fs::write(&self.kept, moved.as_secs().to_string()).is_err() {
            return false;
        }
        *ahead = moved;
        true
    }
}

/// A clock that stands still until it is moved by hand, for tests.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Stands still at an instant.
    pub fn at(now: Timestamp) -> ManualClock {
        ManualClock(Mutex::new(now))
    }

    /// Moves it.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *now += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Gives random bytes: ids, order numbers and secrets are drawn from it, all of them.
pub trait Dice: Send + Sync {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's.
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// Dice that fall the same way after the same [`LoadedDice::load`]: two worlds that are loaded before
/// each step draw the same in it, whatever either did before. For tests; nothing else may use it.
pub struct LoadedDice(Mutex<([u8; 32], u64)>);

impl LoadedDice {
    /// Loads them for the first time.
    pub fn new(step: &str) -> LoadedDice {
        LoadedDice(Mutex::new((Sha256::digest(step).into(), 0)))
    }

    /// What follows depends on `step` alone.
    pub fn load(&self, step: &str) {
        *self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = (Sha256::digest(step).into(), 0);
    }
}

impl Dice for LoadedDice {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        for chunk in bytes.chunks_mut(32) {
            let drawn = Sha256::new()
                .chain_update(state.0)
                .chain_update(state.1.to_le_bytes())
                .finalize();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
            state.1 += 1;
        }
    }
}

/// Ids for the work that one write can cause: drawn once, however much that is. Nobody but workers sees
/// them, so that they may tell which belong together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskIds(Uuid);

impl TaskIds {
    /// Those from another one's place on.
    pub(crate) fn from_base(base: TaskId) -> TaskIds {
        TaskIds(base.0)
    }

    pub(crate) fn nth(self, at: usize) -> TaskId {
        TaskId(Uuid::from_u128(self.0.as_u128() ^ at as u128))
    }
}

/// What is drawn before a write: a write may run again, and must then find the same.
impl App {
    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.dice.fill(&mut bytes);
        bytes
    }

    /// A random id. Not sortable by time on purpose: ids that people see tell nothing about other
    /// orders.
    pub(crate) fn id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random()).into_uuid()
    }

    /// A fresh id for a request that brings none.
    pub fn trace_id(&self) -> String {
        self.id().simple().to_string()
    }

    /// A fresh id for a note.
    pub fn note_id(&self) -> NoteId {
        NoteId(self.id())
    }

    /// A fresh key for a form, so that one that is sent twice is done once.
    pub fn form_key(&self) -> String {
        self.id().to_string()
    }

    /// Fresh ids for the work that one write can cause.
    pub(crate) fn task_ids(&self) -> TaskIds {
        TaskIds(self.id())
    }

    /// A new order's id and number. Eight random digits leave no gap to read anything from; the rare
    /// number that is taken is drawn again.
    pub(crate) fn order_identity(&self) -> (OrderId, u64) {
        (
            OrderId(self.id()),
            10_000_000 + u64::from_le_bytes(self.random()) % 90_000_000,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaded_dice_fall_by_the_step_alone() {
        let draw = |dice: &LoadedDice| {
            let mut bytes = [0; 40];
            dice.fill(&mut bytes);
            bytes
        };
        let (one, other) = (LoadedDice::new("a"), LoadedDice::new("b"));
        assert_ne!(draw(&one), draw(&other));
        draw(&other);
        one.load("c");
        other.load("c");
        let drawn = draw(&one);
        assert_eq!(drawn, draw(&other));
        assert_ne!(drawn, draw(&one), "and not the same again within a step");
    }
}
