//! Orders leave Recent by themselves, on both databases; the clock is moved by hand (R20, R27, R31).

use domain::event::EventKind;
use domain::order::command::Command;
use domain::order::filing::RecentWindow;
use domain::order::line::Period;

use super::*;

const PHONE: &str = "Desk Phone Line";

impl World {
    async fn buy(&self, access: &Access, offer: &str) -> u64 {
        let cart = self.fill(access, offer, 2).await.unwrap();
        self.place(access, &cart).await.unwrap();
        for _ in 0..3 {
            self.app.run_due().await.unwrap();
            self.clock.advance(SignedDuration::from_secs(61));
        }
        cart.number
    }

    async fn status(&self, access: &Access, number: u64) -> Status {
        self.order(access, number).await.status
    }

    fn pass_days(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days));
    }
}

#[test]
fn an_order_is_filed_when_the_window_has_passed_and_not_before() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let number = world.buy(&access, CIRRUS).await;
        world.pass_days(6);
        assert_eq!(world.app.file_due().await.unwrap(), 0);
        assert_eq!(
            world.status(&access, number).await,
            Status::ProvisioningFinished
        );
        world.pass_days(1);
        assert_eq!(world.app.file_due().await.unwrap(), 1);
        assert_eq!(world.app.file_due().await.unwrap(), 0, "once");
        assert_eq!(world.status(&access, number).await, Status::Completed);
        let (_, events) = world.app.order(&access, number).await.unwrap();
        let filed = events.last().unwrap();
        assert_eq!((filed.kind, &filed.actor), (EventKind::Archived, &None));
    });
}

#[test]
fn an_order_that_its_vendor_is_slow_with_is_in_progress_and_completed_where_it_was_filed() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let number = world.buy(&access, PHONE).await;
        world.pass_days(8);
        assert_eq!(world.app.file_due().await.unwrap(), 1);
        let filed = world.order(&access, number).await;
        assert_eq!(
            (filed.status, filed.view),
            (Status::InProgress, Some(View::Historical))
        );
        let line = filed.lines[0].id;
        let done = Command::Fulfill {
            line,
            vendor_reference: "PP-1".into(),
            period: Period::parse("2026-12-01", "2027-11-30").unwrap(),
        };
        world.tell(&access, number, done).await.unwrap();
        assert_eq!(world.status(&access, number).await, Status::Completed);
        world.pass_days(8);
        assert_eq!(world.app.file_due().await.unwrap(), 0);
    });
}

#[test]
fn a_purchase_that_the_vendor_would_take_back_is_not_filed_before_its_deadline() {
    on_each_database(async |world| {
        let window = RecentWindow::parse("1d").unwrap();
        let app = world.app.clone().with_recent_window(window);
        let access = world.access(SELLER, "amber").await;
        let microsoft = world.buy(&access, MICROSOFT).await;
        let cirrus = world.buy(&access, CIRRUS).await;
        world.pass_days(2);
        assert_eq!(app.file_due().await.unwrap(), 1);
        assert_eq!(world.status(&access, cirrus).await, Status::Completed);
        assert_eq!(
            world.status(&access, microsoft).await,
            Status::ProvisioningFinished
        );
        world.pass_days(5);
        assert_eq!(app.file_due().await.unwrap(), 1);
        assert_eq!(world.status(&access, microsoft).await, Status::Completed);
    });
}

#[test]
fn a_cart_waits_for_ever_and_a_deleted_one_leaves_the_lists_but_not_the_log() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access("admin@amber.example", "amber").await;
        let deleted = world.fill(&seller, CIRRUS, 2).await.unwrap().number;
        world.tell(&seller, deleted, Command::Delete).await.unwrap();
        let cart = world.fill(&customer, CIRRUS, 2).await.unwrap().number;
        world.pass_days(400);
        assert_eq!(world.app.file_due().await.unwrap(), 1);
        assert_eq!(world.status(&customer, cart).await, Status::Started);
        for view in [View::Recent, View::Historical] {
            let page = world.app.orders(&seller, &Listing::of(view)).await.unwrap();
            assert!(page.orders.iter().all(|order| order.number != deleted));
        }
        let (order, events) = world.app.order(&seller, deleted).await.unwrap();
        assert_eq!(order.view, None);
        assert!(events.iter().any(|event| event.kind == EventKind::Deleted));
        let back = world.tell(&seller, deleted, Command::Restore).await;
        assert!(matches!(back, Err(Error::Refused(_))));
    });
}

/// A hundred orders, three workers: each order is filed once, however the workers meet.
#[test]
fn several_workers_file_each_order_once() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let mut numbers = Vec::new();
        for _ in 0..100 {
            let cart = world.fill(&access, CIRRUS, 2).await.unwrap();
            world
                .tell(&access, cart.number, Command::Delete)
                .await
                .unwrap();
            numbers.push(cart.number);
        }
        world.pass_days(7);
        let app = &world.app;
        let mut filed = 0;
        loop {
            let sweeps = [app.file_due(), app.file_due(), app.file_due()];
            let round: usize = futures::future::join_all(sweeps)
                .await
                .into_iter()
                .map(Result::unwrap)
                .sum();
            if round == 0 {
                break;
            }
            filed += round;
        }
        assert_eq!(filed, numbers.len());
        for number in numbers {
            let (_, events) = app.order(&access, number).await.unwrap();
            let archived = events.iter().filter(|e| e.kind == EventKind::Archived);
            assert_eq!(archived.count(), 1);
        }
    });
}
