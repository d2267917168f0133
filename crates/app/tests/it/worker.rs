//! The worker beside one order: a vendor's wish holds for all, and what fails by our own fault is set aside.

use app::Error;
use app::access::Access;
use app::clock::Clock;
use app::worker::{Prepared, Taken};
use domain::event::EventKind;
use domain::order::desk::{DeskQuery, DeskTab};
use domain::order::phase::Status;
use domain::order::seen::SeenOrder;
use domain::provisioning::account::Account;
use domain::provisioning::pace::STRIKES_MAX;
use jiff::SignedDuration;
use serde_json::json;
use store::{accounts, catalog, tasks};

use crate::{CIRRUS, MICROSOFT, SELLER, World, on_each_database};

async fn requests(world: &World) -> usize {
    world.bookings().await.len()
}

impl World {
    async fn save_vendor(&self, vendor: catalog::Vendor) {
        let saved = self.store.write(vendor, |vendor, tx| {
            Box::pin(async move { Ok::<_, Error>(catalog::save_vendor(tx, vendor).await?) })
        });
        saved.await.unwrap();
    }

    /// Makes the settings of an order's vendor such that nothing can be asked of it; the vendor as it was.
    async fn break_vendor(&self, access: &Access, order: &SeenOrder) -> catalog::Vendor {
        let chain = &access.organization().chain;
        let mut tx = self.store.read().await.unwrap();
        let vendor = catalog::find_vendor(&mut tx, chain, order.lines[0].item.vendor).await;
        drop(tx);
        let good = vendor.unwrap().unwrap();
        let settings = "not settings".into();
        self.save_vendor(catalog::Vendor {
            settings,
            ..good.clone()
        })
        .await;
        good
    }
}

#[test]
fn a_vendors_wish_to_be_left_alone_holds_for_all_its_orders_and_for_no_other_vendors() {
    on_each_database(async |world| {
        let wish = json!({"do": "answer", "status": 429, "retry_after": "300"});
        world
            .faults(json!([{"operation": "provision", "times": 1, "action": wish}]))
            .await;
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let first = world.place(&access, &cart).await.unwrap();
        assert_eq!(world.app.run_due().await.unwrap(), 1);
        let cart = world.fill(&access, CIRRUS, 6).await.unwrap();
        let second = world.place(&access, &cart).await.unwrap();
        let cart = world.fill(&access, MICROSOFT, 7).await.unwrap();
        let other = world.place(&access, &cart).await.unwrap();
        for _ in 0..4 {
            world.app.run_due().await.unwrap();
            world.clock.advance(SignedDuration::from_secs(60));
        }
        let status = async |number| world.order(&access, number).await.status;
        assert_eq!(status(first.number).await, Status::ProvisioningStarted);
        assert_eq!(status(second.number).await, Status::ProvisioningStarted);
        assert_eq!(status(other.number).await, Status::ProvisioningFinished);
        assert_eq!(
            requests(&world).await,
            1,
            "nobody asked before the wish ended"
        );
        world.settle().await;
        assert_eq!(status(first.number).await, Status::ProvisioningFinished);
        assert_eq!(status(second.number).await, Status::ProvisioningFinished);
    });
}

#[test]
fn what_fails_by_our_own_fault_is_set_aside_tells_and_goes_on_once_it_is_mended() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        let good = world.break_vendor(&access, &placed).await;
        for _ in 0..STRIKES_MAX + 2 {
            assert_eq!(world.app.run_due().await.unwrap(), 0);
            world.clock.advance(SignedDuration::from_secs(61));
        }
        let (_, events) = world.app.order(&access, placed.number).await.unwrap();
        let told = events
            .iter()
            .filter(|event| event.kind == EventKind::SetAside);
        assert_eq!(told.count(), 1);
        let (caller, number) = (world.caller(SELLER).await, placed.number);
        let on_desk = DeskQuery::of(DeskTab::SetAside);
        let page = world.app.desk(&caller, &on_desk).await.unwrap();
        assert!(page.rows[0].may_run_again);
        assert_eq!((page.rows.len(), page.rows[0].order.number), (1, number));
        let other = world.caller("billing@baltic.example").await;
        let page = world.app.desk(&other, &on_desk).await.unwrap();
        assert!(!page.rows[0].may_run_again, "who may not retry looks on");
        let refused = world.app.run_again(&other, "amber", number).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        let customer = world.caller("admin@amber.example").await;
        let refused = world.app.run_again(&customer, "amber", number).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        // Whoever tries it at this moment is not disturbed.
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.app.run_due().await.unwrap(), 0);
        let early = world.app.run_again(&caller, "amber", number).await;
        assert!(matches!(early, Err(Error::Refused(_))), "{early:?}");
        world.clock.advance(SignedDuration::from_secs(61));
        world.save_vendor(good).await;
        // Before its hour has come, and not twice.
        world.app.run_again(&caller, "amber", number).await.unwrap();
        let twice = world.app.run_again(&caller, "amber", number).await;
        assert!(matches!(twice, Err(Error::Refused(_))), "{twice:?}");
        world.settle().await;
        let order = world.order(&access, number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        let page = world.app.desk(&caller, &on_desk).await.unwrap();
        assert_eq!(page.rows.len(), 0);
    });
}

#[test]
fn what_was_set_aside_and_came_through_by_itself_leaves_the_desk() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let caller = world.caller(SELLER).await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        let good = world.break_vendor(&access, &placed).await;
        for _ in 0..STRIKES_MAX {
            assert_eq!(world.app.run_due().await.unwrap(), 0);
            world.clock.advance(SignedDuration::from_secs(61));
        }
        let count = async || {
            let query = DeskQuery::of(DeskTab::SetAside);
            world.app.desk(&caller, &query).await.unwrap().rows.len()
        };
        assert_eq!(count().await, 1);
        world.save_vendor(good).await;
        world.clock.advance(SignedDuration::from_hours(1));
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(count().await, 0);
    });
}

/// Nobody is left to count a death but the next one that claims.
#[test]
fn what_every_process_dies_of_is_set_aside_and_tells_as_errors_do() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        let die = async || {
            let mut tx = world.store.read().await.unwrap();
            let due = tasks::list_due(&mut tx, world.clock.now(), 9)
                .await
                .unwrap();
            drop(tx);
            assert_eq!(due.len(), 1);
            drop(world.app.take(&due[0]).await.unwrap());
            world.clock.advance(SignedDuration::from_secs(61));
        };
        let told = async || {
            let (_, events) = world.app.order(&access, placed.number).await.unwrap();
            let told = events
                .iter()
                .filter(|event| event.kind == EventKind::SetAside);
            told.count()
        };
        for _ in 0..STRIKES_MAX {
            die().await;
        }
        assert_eq!(told().await, 0, "others may have been at fault");
        die().await;
        assert_eq!(told().await, 1);
        let caller = world.caller(SELLER).await;
        let on_desk = DeskQuery::of(DeskTab::SetAside);
        let page = world.app.desk(&caller, &on_desk).await.unwrap();
        assert!(page.rows[0].may_run_again);
        assert_eq!(world.app.run_due().await.unwrap(), 0, "once an hour");
        let again = world.app.run_again(&caller, "amber", placed.number);
        again.await.unwrap();
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(requests(&world).await, 1, "bought once");
        let page = world.app.desk(&caller, &on_desk).await.unwrap();
        assert_eq!(page.rows.len(), 0);
    });
}

/// Two calls that are under way at the same time, and the account that both are about.
#[test]
fn an_answer_ends_what_a_later_call_has_counted_against_the_account() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        for quantity in [5, 6] {
            let cart = world.fill(&access, CIRRUS, quantity).await.unwrap();
            world.place(&access, &cart).await.unwrap();
        }
        let (mut prepared, now) = (Vec::<Prepared>::new(), world.app.now());
        let mut tx = world.store.read().await.unwrap();
        let due = tasks::list_due(&mut tx, now, 10).await.unwrap();
        for task in &due {
            match world.app.take(task).await.unwrap() {
                Taken::Asks(one) => prepared.push(*one),
                Taken::Done | Taken::Waits => panic!("no vendor is to be asked"),
            }
        }
        let chain = access.organization().chain.clone();
        let vendor = catalog::find_vendor(&mut tx, &chain, due[0].vendor).await;
        let vendor = vendor.unwrap().unwrap();
        let (first, second) = (prepared.remove(0), prepared.remove(0));
        let silence =
            json!([{"operation": "provision", "times": 1, "action": {"do": "drop_before"}}]);
        world.faults(silence).await;
        world.app.ask(second).await.unwrap();
        let account = accounts::find(&mut tx, vendor.owner, vendor.id).await;
        assert_eq!(account.unwrap().strikes, 1);
        world.app.ask(first).await.unwrap();
        let account = accounts::find(&mut tx, vendor.owner, vendor.id).await;
        assert_eq!(account.unwrap(), Account::default());
    });
}
