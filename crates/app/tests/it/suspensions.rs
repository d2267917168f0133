//! Suspending an organization: what is open is stopped, what a vendor has is settled, what runs goes on,
//! on both databases.

use app::orders::Conditions;
use domain::order::command::Command;
use domain::subscription::SubscriptionState;

use super::changes::{at, more};
use super::*;

const CUSTOMER: &str = "admin@amber.example";
const WHY: &str = "Amber Logistics was suspended: unpaid invoices";

impl World {
    async fn stop_all(&self) {
        while self.app.stop_due().await.unwrap() > 0 {}
    }

    async fn placed(&self, access: &Access, quantity: i64) -> SeenOrder {
        let cart = self.fill(access, CIRRUS, quantity).await.unwrap();
        self.place(access, &cart).await.unwrap()
    }
}

/// R56, the fixture of the reference.
#[test]
fn open_orders_are_canceled_with_the_reason_and_subscriptions_stay() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let on = world.app.now() + SignedDuration::from_hours(48);
        let planned = at(more(12), &on.to_string());
        let planned = world.changed(&seller, bought.id, planned).await.order;
        let queued = world.placed(&seller, 5).await;
        let cart = world.fill(&seller, CIRRUS, 3).await.unwrap();
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        world.stop_all().await;
        world.settle().await;
        let seller = world.access(SELLER, "amber").await;
        for number in [planned.number, queued.number] {
            let order = world.order(&seller, number).await;
            assert_eq!(order.status, Status::Canceled);
            assert_eq!(order.stopped.as_deref(), Some(WHY));
        }
        assert_eq!(world.bookings().await.len(), 1, "what was bought before");
        let found = world.one(&seller, bought.id).await;
        assert_eq!(found.state, SubscriptionState::Active);
        assert_eq!(found.quantity, 10);

        let refused = world.place(&seller, &cart).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        let refused = world.wish(&seller, bought.id, more(11), Mode::Commit).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        let customer = world.caller(CUSTOMER).await;
        let refused = world.app.access(&customer, "amber").await;
        assert!(matches!(refused, Err(Error::Suspended { .. })));
        assert!(world.app.access(&customer, "birch").await.is_err());

        world.app.reactivate(&seller).await.unwrap();
        let customer = world.access(CUSTOMER, "amber").await;
        let order = world.order(&customer, queued.number).await;
        assert_eq!(order.status, Status::Canceled, "stopped stays stopped");
        let seller = world.access(SELLER, "amber").await;
        world.place(&seller, &cart).await.unwrap();
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 2);
    });
}

/// F53: no new vendor calls, and doubts still get settled.
#[test]
fn what_a_vendor_may_have_is_settled_and_the_order_says_so() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        world
            .faults(json!([{"operation": "provision", "times": 1, "action": {"do": "drop_after"}}]))
            .await;
        let placed = world.placed(&seller, 5).await;
        world.app.run_due().await.unwrap();
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        world.stop_all().await;
        let order = world.order(&seller, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningStarted);
        let (_, events) = world.app.order(&seller, placed.number).await.unwrap();
        assert!(events.iter().any(|e| e.detail.as_deref() == Some(WHY)));
        let next = order.next_step(&jiff::tz::TimeZone::UTC, |_| false).text;
        assert!(next.contains(WHY), "{next}");
        world.settle().await;
        let order = world.order(&seller, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(world.running(&seller).await.len(), 1);
    });
}

#[test]
fn a_line_that_is_queued_while_orders_are_stopped_is_not_sent() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let placed = world.placed(&seller, 5).await;
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        // The worker comes before the work of stopping does.
        world.settle().await;
        let order = world.order(&seller, placed.number).await;
        assert_eq!(order.status, Status::Canceled);
        assert_eq!(order.stopped.as_deref(), Some(WHY));
        assert!(world.bookings().await.is_empty());
    });
}

#[test]
fn a_failed_order_is_not_sent_again_before_the_organization_is_active() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let body = "{\"error\":\"RegionUnavailable\",\"description\":\"Not sold here\"}";
        let action = json!({"do": "answer", "status": 422, "body": body});
        world
            .faults(json!([{"operation": "provision", "times": 1, "action": action}]))
            .await;
        let placed = world.placed(&seller, 5).await;
        world.settle().await;
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        world.stop_all().await;
        let retry = async |access: &Access| {
            let command = Command::Retry {
                line: None,
                correction: Box::default(),
            };
            let conditions = Conditions::default();
            world
                .app
                .command(access, placed.number, command, conditions, Mode::Commit)
                .await
        };
        let seller = world.access(SELLER, "amber").await;
        let refused = retry(&seller).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        world.app.reactivate(&seller).await.unwrap();
        retry(&world.access(SELLER, "amber").await).await.unwrap();
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1);
    });
}

#[test]
fn many_orders_are_stopped_in_batches_and_others_are_left_alone() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let birch = world.access(SELLER, "birch").await;
        let other = world.placed(&birch, 5).await;
        let mut numbers = Vec::new();
        for _ in 0..70 {
            numbers.push(world.placed(&seller, 1).await.number);
        }
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        assert_eq!(world.app.stop_due().await.unwrap(), 64);
        // Another process takes over where this one was ended.
        world.stop_all().await;
        for number in numbers {
            let order = world.order(&seller, number).await;
            assert_eq!(order.status, Status::Canceled);
        }
        let other = world.order(&birch, other.number).await;
        assert_eq!(other.status, Status::ProvisioningStarted);
    });
}

#[test]
fn only_admins_of_partners_suspend_and_the_first_reason_stands() {
    on_each_database(async |world| {
        for email in [
            CUSTOMER,
            "account-manager@baltic.example",
            "read-only@nordic.example",
        ] {
            let access = world.access(email, "amber").await;
            let refused = world.app.suspend(&access, "no").await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
            let refused = world.app.reactivate(&access).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
        let seller = world.access(SELLER, "amber").await;
        let refused = world.app.suspend(&seller, " ").await;
        assert!(matches!(
            refused,
            Err(Error::Invalid {
                field: "/reason",
                ..
            })
        ));
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        let again = world.app.suspend(&seller, "other").await.unwrap();
        assert_eq!(again.reason, "unpaid invoices");
    });
}
