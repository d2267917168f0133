//! The two things that rules may not reach for themselves: the time and randomness.

use std::sync::Mutex;

use domain::id::OrderId;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Tells the time; read once per operation.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
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
}

/// A clock that is moved by hand, for tests and the demo.
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

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random id. Not sortable by time on purpose: ids that people see tell nothing about other orders.
pub(crate) fn id() -> Uuid {
    uuid::Builder::from_random_bytes(random()).into_uuid()
}

/// A new order's id and number. Eight random digits leave no gap to read anything from; the rare
/// number that is taken is drawn again.
pub(crate) fn order_identity() -> (OrderId, u64) {
    (
        OrderId(id()),
        10_000_000 + u64::from_le_bytes(random()) % 90_000_000,
    )
}
