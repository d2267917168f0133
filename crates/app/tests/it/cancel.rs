//! One line of an order is canceled (T17): at once where no vendor has it, by an order of its own where one
//! has, and refused with the date when the vendor's window has closed. On both databases.

use app::Error;
use app::orders::{Conditions, may};
use domain::event::EventKind;
use domain::order::action::Action;
use domain::order::command::Command;
use domain::order::seen::SeenOrder;
use domain::subscription::SubscriptionState;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

impl World {
    async fn cancel(
        &self,
        access: &Access,
        order: &SeenOrder,
        mode: Mode,
    ) -> Result<SeenOrder, Error> {
        let line = order.lines[0].id;
        let command = Command::CancelItem { line, by: 0 };
        let conditions = Conditions::default();
        self.app
            .command(access, order.number, command, conditions, mode)
            .await
    }

    async fn bought_by(&self, access: &Access) -> SeenOrder {
        let cart = self.fill(access, MICROSOFT, 10).await.unwrap();
        let placed = self.place(access, &cart).await.unwrap();
        self.work_off().await;
        self.app.order(access, placed.number).await.unwrap().0
    }

    /// The orders that were placed to take something of an order back.
    async fn updates(&self, access: &Access, order: &SeenOrder) -> Vec<SeenOrder> {
        let (_, events) = self.app.order(access, order.number).await.unwrap();
        let mut found = Vec::new();
        for event in events.iter().filter(|e| e.kind == EventKind::CancelOrdered) {
            let by = event.detail.as_deref().unwrap();
            let number = by.strip_prefix("By order ").unwrap().parse().unwrap();
            found.push(self.app.order(access, number).await.unwrap().0);
        }
        found
    }
}

#[test]
fn what_its_vendor_takes_back_is_ended_there_and_the_line_is_canceled_when_that_is_done() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought_by(&access).await;
        assert_eq!(bought.status, Status::ProvisioningFinished);
        assert!(may(&bought, &access, Action::CancelItem, world.app.now()));

        world.cancel(&access, &bought, Mode::DryRun).await.unwrap();
        assert!(
            world.updates(&access, &bought).await.is_empty(),
            "a dry run"
        );

        let asked = world.cancel(&access, &bought, Mode::Commit).await.unwrap();
        assert_eq!(asked.status, Status::ProvisioningFinished, "not done yet");
        let [update] = &world.updates(&access, &bought).await[..] else {
            panic!("one order asks the vendor");
        };
        assert_eq!(update.lines[0].change.text(), "Cancel");
        assert_eq!(update.terms, bought.terms, "those of the purchase");
        let again = world.cancel(&access, &bought, Mode::Commit).await;
        assert!(
            matches!(&again, Err(Error::InFlight { order }) if *order == update.number),
            "{again:?}"
        );

        world.work_off().await;
        let (after, events) = world.app.order(&access, bought.number).await.unwrap();
        assert_eq!(after.status, Status::Canceled);
        let why = format!("Order {} canceled it", update.number);
        assert_eq!(after.stopped, Some(why));
        for kind in [EventKind::CancelOrdered, EventKind::Canceled] {
            let told = events.iter().find(|event| event.kind == kind).unwrap();
            let by = format!("By order {}", update.number);
            assert_eq!(told.detail, Some(by), "{kind:?}");
        }
        let ended = world.one(&access, bought.lines[0].subscription).await;
        assert!(matches!(ended.state, SubscriptionState::Canceled { .. }));
        assert!(!may(&after, &access, Action::CancelItem, world.app.now()));
    });
}

#[test]
fn what_was_not_sent_is_canceled_without_a_call() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let cart = world.fill(&access, MICROSOFT, 10).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        let done = world.cancel(&access, &placed, Mode::Commit).await.unwrap();
        assert_eq!(done.status, Status::Canceled);
        world.work_off().await;
        assert!(world.updates(&access, &placed).await.is_empty());
        assert!(
            world.running(&access).await.is_empty(),
            "nothing was bought"
        );
    });
}

#[test]
fn after_the_window_it_is_refused_with_the_date_and_the_way_out() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought_by(&access).await;
        world.clock.advance(SignedDuration::from_hours(7 * 24));
        assert!(!may(&bought, &access, Action::CancelItem, world.app.now()));
        let refused = world.cancel(&access, &bought, Mode::Commit).await;
        let words = refused.expect_err("late").to_string();
        assert!(words.contains("could be canceled until "), "{words}");
        assert!(words.contains("auto-renewal"), "{words}");
        assert!(world.updates(&access, &bought).await.is_empty());

        let reader = world.access("billing@amber.example", "amber").await;
        let forbidden = world.cancel(&reader, &bought, Mode::Commit).await;
        assert!(matches!(forbidden, Err(Error::Forbidden)), "{forbidden:?}");
    });
}
