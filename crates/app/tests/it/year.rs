//! A year under a clock that is moved by hand: planned changes, windows, renewals and expiries, each not a
//! second early and not a second late, for people in three time zones.

use app::orders::Conditions;
use app::subscriptions::{Change, TypedWish};
use domain::id::SubscriptionId;
use domain::subscription::SubscriptionState;
use jiff::tz::TimeZone;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

/// A local time and the instant that it is: two of them in the nights that the clocks are changed, in the
/// hour that does not exist and in the one that is twice.
const PLANNED: [(&str, &str, &str); 6] = [
    ("Asia/Tokyo", "2027-02-01T09:00", "2027-02-01T00:00:00Z"),
    (
        "America/New_York",
        "2027-03-14T02:30",
        "2027-03-14T07:30:00Z",
    ),
    ("Europe/Riga", "2027-03-28T03:30", "2027-03-28T01:30:00Z"),
    ("Asia/Tokyo", "2027-07-01T00:00", "2027-06-30T15:00:00Z"),
    ("Europe/Riga", "2027-10-31T03:30", "2027-10-31T00:30:00Z"),
    (
        "America/New_York",
        "2027-11-07T01:30",
        "2027-11-07T05:30:00Z",
    ),
];

impl World {
    async fn order_change(
        &self,
        access: &Access,
        id: SubscriptionId,
        wish: TypedWish,
        zone: &str,
    ) -> u64 {
        let change = Change {
            wish,
            accept_terms: true,
            terms_version: None,
            zone: Some(TimeZone::get(zone).unwrap()),
        };
        let conditions = Conditions::default();
        let changed = self
            .app
            .change_subscription(access, id, change, conditions, Mode::Commit)
            .await;
        changed.unwrap().order.number
    }

    async fn move_to(&self, at: Timestamp) {
        self.clock.advance(at.duration_since(self.app.now()));
        // Twice: what one round begins, the next one carries on.
        for _ in 0..2 {
            self.app.renew_due().await.unwrap();
            self.app.run_due().await.unwrap();
        }
    }
}

#[test]
fn a_year_goes_by_and_everything_happens_at_its_instant() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let mut planned = Vec::new();
        for (zone, local, instant) in PLANNED {
            let one = world.bought(&access, CIRRUS, 10).await;
            let wish = TypedWish {
                quantity: Some(11),
                when: Some(local.into()),
                ..TypedWish::default()
            };
            let number = world.order_change(&access, one.id, wish, zone).await;
            let order = world.order(&access, number).await;
            let instant: Timestamp = instant.parse().unwrap();
            assert_eq!(order.scheduled_on, Some(instant), "{zone} {local}");
            planned.push((instant, one.id));
        }
        let kept = world.bought(&access, CIRRUS, 5).await;
        let ended = world.bought(&access, CIRRUS, 5).await;
        let fewer = world.bought(&access, MICROSOFT, 5).await;
        let off = TypedWish {
            auto_renewal: Some(false),
            ..TypedWish::default()
        };
        world.order_change(&access, ended.id, off, "UTC").await;
        world.app.run_due().await.unwrap();
        let second = SignedDuration::from_secs(1);

        // The vendor's window closes five minutes early, to the second.
        let closes = fewer.batches[0].returnable_until.unwrap();
        let asked = async |at: Timestamp| {
            world.move_to(at).await;
            world
                .app
                .subscription(&access, fewer.id)
                .await
                .unwrap()
                .returnable
                .0
        };
        assert_eq!(asked(closes - second).await, 5);
        assert_eq!(asked(closes).await, 0);

        for (instant, id) in planned {
            world.move_to(instant - second).await;
            assert_eq!(
                world.one(&access, id).await.quantity,
                10,
                "a second before {instant}"
            );
            world.move_to(instant).await;
            assert_eq!(world.one(&access, id).await.quantity, 11, "at {instant}");
        }

        for one in [&kept, &ended] {
            let ends = one.term_ends_at.unwrap();
            world.move_to(ends - second).await;
            assert_eq!(world.one(&access, one.id).await.term_ends_at, Some(ends));
            world.move_to(ends).await;
        }
        let ends = kept.term_ends_at.unwrap();
        let kept = world.one(&access, kept.id).await;
        assert_eq!(
            (kept.term_starts_at, kept.state),
            (ends, SubscriptionState::Active)
        );
        assert_eq!(kept.term_ends_at.unwrap().to_string()[..10], *"2029-01-15");
        let at = ended.term_ends_at.unwrap();
        let state = world.one(&access, ended.id).await.state;
        assert_eq!(state, SubscriptionState::Expired { at });
        // A renewal opens the window anew.
        world.move_to(fewer.term_ends_at.unwrap()).await;
        let again = world.app.subscription(&access, fewer.id).await.unwrap();
        assert_eq!(again.returnable.0, 5);
    });
}
