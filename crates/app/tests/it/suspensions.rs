//! Suspending an organization: what is open is stopped, what a vendor has is settled, what runs goes on,
//! on both databases.

use app::orders::Conditions;
use domain::id::OrganizationId;
use domain::order::command::Command;
use domain::organization::{OrganizationStatus, Suspension};
use domain::subscription::SubscriptionState;
use store::{StoreError, organizations, suspensions};
use uuid::Uuid;

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

const SUPPLIER: &str = "distributor-admin@nordic.example";
const TOLD: &str = "Baltic Cloud was suspended: no contract";

impl World {
    /// Suspends a seller or distributor, or ends that, behind its people: nobody stands above a distributor.
    async fn set_behind(&self, partner: u128, reason: Option<&str>) {
        let suspension = match reason {
            Some(reason) => Some(Suspension {
                reason: reason.into(),
                by: self.access(SELLER, "amber").await.actor().clone(),
                at: self.app.now(),
            }),
            None => None,
        };
        let state = (OrganizationId(Uuid::from_u128(partner)), suspension);
        let set = self.store.write(state, |(id, suspension), tx| {
            Box::pin(async move {
                let status = match suspension {
                    Some(_) => OrganizationStatus::Suspended,
                    None => OrganizationStatus::Active,
                };
                organizations::set_status(tx, *id, status).await?;
                match suspension {
                    Some(suspension) => suspensions::save(tx, *id, suspension).await,
                    None => suspensions::delete(tx, *id).await,
                }
            })
        });
        set.await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
    }
}

fn words<T: std::fmt::Debug>(refused: Result<T, Error>) -> String {
    match refused {
        Err(error @ Error::Refused(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// R56 a level higher: its customers are stopped as if each of them were suspended, and nobody else.
#[test]
fn a_suspended_seller_stops_the_orders_of_all_its_customers() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let on = world.app.now() + SignedDuration::from_hours(48);
        let planned = at(more(12), &on.to_string());
        let planned = world.changed(&seller, bought.id, planned).await.order;
        let queued = world.placed(&seller, 5).await;
        let birch = world.access(SELLER, "birch").await;
        let second = world.placed(&birch, 2).await;
        let elsewhere = world.access("seller-admin@fjord.example", "elk").await;
        let other = world.placed(&elsewhere, 3).await;

        let baltic = world.partner(SUPPLIER, "baltic").await;
        world.app.suspend(&baltic, "no contract").await.unwrap();
        world.stop_all().await;
        for (access, number) in [
            (&seller, planned.number),
            (&seller, queued.number),
            (&birch, second.number),
        ] {
            let order = world.order(access, number).await;
            assert_eq!(order.status, Status::Canceled);
            assert_eq!(order.stopped.as_deref(), Some(TOLD));
        }
        world.settle().await;
        let other = world.order(&elsewhere, other.number).await;
        assert_eq!(other.status, Status::ProvisioningFinished);
        let found = world.one(&seller, bought.id).await;
        assert_eq!(found.state, SubscriptionState::Active);
        assert_eq!(world.bookings().await.len(), 2, "before, and elsewhere");
    });
}

/// Nothing new is ordered or changed, by staff or by the customer, and the reason is named; afterwards
/// business goes on with the cart that was there.
#[test]
fn nothing_is_ordered_of_a_suspended_seller_until_it_is_active_again() {
    on_each_database(async |world| {
        let customer = world.access(CUSTOMER, "amber").await;
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let cart = world.fill(&customer, CIRRUS, 3).await.unwrap();
        let baltic = world.partner(SUPPLIER, "baltic").await;
        world.app.suspend(&baltic, "no contract").await.unwrap();
        world.stop_all().await;

        // Its people read on, the customer's too.
        let customer = world.access(CUSTOMER, "amber").await;
        assert_eq!(world.one(&customer, bought.id).await.quantity, 10);
        for told in [
            words(world.place(&customer, &cart).await),
            words(
                world
                    .wish(&customer, bought.id, more(11), Mode::Commit)
                    .await,
            ),
            words(world.wish(&seller, bought.id, more(11), Mode::DryRun).await),
        ] {
            assert!(told.starts_with(TOLD), "{told}");
        }
        assert_eq!(
            world
                .app
                .cart(&customer)
                .await
                .unwrap()
                .map(|kept| kept.number),
            Some(cart.number),
            "the cart is kept"
        );
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1);

        world.app.reactivate(&baltic).await.unwrap();
        world.place(&customer, &cart).await.unwrap();
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 2);
    });
}

/// The worker comes before the work of stopping does: what was not sent is not sent, what a vendor may
/// have is settled.
#[test]
fn nothing_is_sent_for_a_suspended_seller_or_distributor_and_doubts_are_settled() {
    on_each_database(async |world| {
        for (partner, reason) in [(2, "no contract"), (1, "sanctions")] {
            let seller = world.access(SELLER, "amber").await;
            let before = world.bookings().await.len();
            world
                .faults(
                    json!([{"operation": "provision", "times": 1, "action": {"do": "drop_after"}}]),
                )
                .await;
            let doubtful = world.placed(&seller, 5).await;
            world.app.run_due().await.unwrap();
            let queued = world.placed(&seller, 7).await;
            world.set_behind(partner, Some(reason)).await;
            world.settle().await;
            let order = world.order(&seller, doubtful.number).await;
            assert_eq!(order.status, Status::ProvisioningFinished);
            let order = world.order(&seller, queued.number).await;
            assert_eq!(order.status, Status::Canceled);
            let told = order.stopped.unwrap_or_default();
            assert!(
                told.ends_with(&format!("was suspended: {reason}")),
                "{told}"
            );
            assert_eq!(world.bookings().await.len(), before + 1);
            world.set_behind(partner, None).await;
        }
    });
}

/// Its date comes before the work of stopping does.
#[test]
fn a_planned_order_of_a_suspended_seller_is_not_sent_on_its_date() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let on = world.app.now() + SignedDuration::from_hours(48);
        let wish = at(more(12), &on.to_string());
        let planned = world.changed(&seller, bought.id, wish).await.order;
        world.set_behind(2, Some("no contract")).await;
        world.clock.advance(SignedDuration::from_hours(49));
        world.settle().await;
        let order = world.order(&seller, planned.number).await;
        assert_eq!(order.status, Status::Canceled);
        assert_eq!(order.stopped.as_deref(), Some(TOLD));
        assert_eq!(world.one(&seller, bought.id).await.quantity, 10);
    });
}

/// A page that was opened before: what counts is how things stand when the order is placed.
#[test]
fn a_cart_is_not_bought_for_a_customer_who_was_suspended_since_it_was_shown() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let cart = world.fill(&customer, CIRRUS, 3).await.unwrap();
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        let told = words(world.place(&customer, &cart).await);
        assert!(told.starts_with(WHY), "{told}");
        let told = words(
            world
                .wish(&customer, bought.id, more(11), Mode::Commit)
                .await,
        );
        assert!(told.starts_with(WHY), "{told}");
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1);
        world.app.reactivate(&seller).await.unwrap();
        let kept = world.app.cart(&customer).await.unwrap().unwrap();
        assert_eq!(kept.number, cart.number);
        world.place(&customer, &kept).await.unwrap();
    });
}

#[test]
fn a_seller_is_suspended_from_above_alone() {
    on_each_database(async |world| {
        for email in [SELLER, "read-only@nordic.example"] {
            let access = world.partner(email, "baltic").await;
            let refused = world.app.suspend(&access, "no").await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
            let refused = world.app.reactivate(&access).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
        let own = world.partner(SUPPLIER, "nordic").await;
        let refused = world.app.suspend(&own, "no").await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        let baltic = world.partner(SUPPLIER, "baltic").await;
        world.app.suspend(&baltic, "no contract").await.unwrap();
        let seller = world.partner(SELLER, "baltic").await;
        let read = world.app.suspension(&seller).await.unwrap();
        assert_eq!(
            read.map(|found| found.reason).as_deref(),
            Some("no contract")
        );
        let supplier = world.caller(SUPPLIER).await;
        let found = world.app.suspendable_partners(&supplier).await.unwrap();
        assert!(found.iter().any(|one| one.slug.as_str() == "baltic"));
        let seller = world.caller(SELLER).await;
        assert!(
            world
                .app
                .suspendable_partners(&seller)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn who_suspended_and_who_reactivated_is_kept() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let ended = async || world.app.reactivated(&seller).await.unwrap();
        world.app.reactivate(&seller).await.unwrap();
        assert_eq!(ended().await, None, "it was active");
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        assert_eq!(ended().await, None);
        world.clock.advance(SignedDuration::from_hours(1));
        let above = world
            .access("distributor-admin@nordic.example", "amber")
            .await;
        world.app.reactivate(&above).await.unwrap();
        let edit = ended().await.unwrap();
        assert_eq!((&edit.by, edit.at), (above.actor(), world.app.now()));
        assert_eq!(edit.from, ["unpaid invoices"]);
        world.app.suspend(&seller, "again").await.unwrap();
        assert_eq!(ended().await, None, "it is suspended");
        world.app.reactivate(&seller).await.unwrap();
        assert_eq!(ended().await.unwrap().by, *seller.actor());
        let manager = world.access("account-manager@baltic.example", "amber");
        let refused = world.app.reactivated(&manager.await).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        let customer = world.access(CUSTOMER, "amber").await;
        let refused = world.app.reactivated(&customer).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    });
}
