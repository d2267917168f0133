//! The ways of vendor accounts to the database: what waits for one vendor, which after an outage is thousands,
//! stands in nobody's light.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::VendorId;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// Another vendor that had a turn within so long has customers who wait for their orders.
const LATELY: Duration = Duration::from_secs(1);
/// A turn that took longer waited for the database: resting after it would help nobody.
const REST_MAX: Duration = Duration::from_millis(100);

/// One lane for each vendor account. There are as many as vendors.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<BTreeMap<VendorId, Lane>>);

struct Lane {
    /// Until when it rests.
    door: Arc<tokio::sync::Mutex<Instant>>,
    asked_at: Instant,
}

/// A turn at the database: while it lasts, no other task for the vendor reads or writes. More at a time would
/// stand in line before people's orders and those for other vendors, and SQLite has one writer anyway.
pub(crate) struct Turn {
    rests_until: OwnedMutexGuard<Instant>,
    begun: Instant,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = Instant::now();
        *self.rests_until = now + now.duration_since(self.begun).min(REST_MAX);
    }
}

impl Lanes {
    /// A turn, in the sequence in which tasks ask for it. Who had to wait in line while another vendor works lets
    /// the lane rest for as long as the turn before took: a backlog has about half of the time.
    pub(super) async fn turn(&self, vendor: VendorId) -> Turn {
        let (door, is_shared) = self.enter(vendor);
        let rests_until = match door.clone().try_lock_owned() {
            Ok(free) => free,
            Err(_) => {
                let next = door.lock_owned().await;
                if is_shared {
                    tokio::time::sleep_until(*next).await;
                }
                next
            }
        };
        Turn {
            rests_until,
            begun: Instant::now(),
        }
    }

    /// The vendor's door, and whether another vendor has work as well.
    fn enter(&self, vendor: VendorId) -> (Arc<tokio::sync::Mutex<Instant>>, bool) {
        let now = Instant::now();
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_shared = lanes
            .iter()
            .any(|(other, lane)| *other != vendor && now.duration_since(lane.asked_at) < LATELY);
        let lane = lanes.entry(vendor).or_insert_with(|| Lane {
            door: Arc::new(tokio::sync::Mutex::new(now)),
            asked_at: now,
        });
        lane.asked_at = now;
        (lane.door.clone(), is_shared)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    const BACKLOG: VendorId = VendorId(Uuid::from_u128(1));
    const OTHER: VendorId = VendorId(Uuid::from_u128(2));

    /// Rests for a minute from now; whether who stands in line has a turn at once, and who comes then.
    async fn rest(lanes: &Lanes) -> (bool, bool) {
        let mut turn = lanes.enter(BACKLOG).0.lock_owned().await;
        let mut next = pin!(lanes.turn(BACKLOG));
        assert!(next.as_mut().now_or_never().is_none(), "one at a time");
        *turn = Instant::now() + Duration::from_secs(60);
        drop(turn);
        let waits = next.as_mut().now_or_never().is_none();
        (!waits, lanes.turn(BACKLOG).now_or_never().is_some())
    }

    #[tokio::test]
    async fn a_backlog_rests_while_another_vendor_works() {
        let lanes = Lanes::default();
        assert_eq!(rest(&lanes).await, (true, true), "nobody else is there");
        drop(lanes.turn(OTHER).await);
        // It has the lane while it rests.
        assert_eq!(rest(&lanes).await, (false, false));
    }

    #[tokio::test]
    async fn who_finds_the_lane_free_does_not_rest() {
        let lanes = Lanes::default();
        drop(lanes.turn(OTHER).await);
        let door = lanes.enter(BACKLOG).0;
        *door.lock_owned().await = Instant::now() + Duration::from_secs(60);
        assert!(lanes.turn(BACKLOG).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_turn_is_rested_from_as_long_as_it_took_and_not_for_ever() {
        let lanes = Lanes::default();
        let mut turn = lanes.turn(BACKLOG).await;
        let ends = Instant::now();
        turn.begun = ends - Duration::from_millis(50);
        drop(turn);
        let door = lanes.enter(BACKLOG).0;
        assert!(*door.lock().await >= ends + Duration::from_millis(50));

        let mut turn = lanes.turn(BACKLOG).await;
        turn.begun -= Duration::from_secs(60);
        drop(turn);
        assert!(*door.lock().await <= Instant::now() + REST_MAX);
    }
}
