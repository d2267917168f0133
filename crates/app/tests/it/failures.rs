//! Failed items: corrected alone and sent again with the attempts kept, and counted by their cause.

use app::retries::{SameCause, SameCauseRetry};
use domain::event::EventKind;
use domain::id::LineId;
use domain::order::attempt::{Answer, Attempt, attempts};
use domain::order::command::Command;
use domain::order::retry::Corrected;
use domain::text::Email;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

fn retry(line: Option<LineId>, email: Option<&str>) -> Command {
    let email = email.map(|email| Email::parse(email).unwrap());
    let correction = Box::new(Corrected {
        email,
        ..Corrected::default()
    });
    Command::Retry { line, correction }
}

impl World {
    /// Buys for a contact; an address at `invalid.example` is refused by the vendor.
    async fn buy_for(&self, access: &Access, offer: &str, email: &str) -> SeenOrder {
        let offers = self.offers(access).await;
        let offer = offers.into_iter().find(|found| found.offer.name == offer);
        let offer = offer.unwrap();
        let item = AddItem {
            offer: offer.offer.id,
            plan: offer.plans[0].id,
            quantity: 1,
            contact_email: email.into(),
            contact_name: "Ieva".into(),
            contact_surname: "Berg".into(),
            tenant: None,
            parameters: Map::new(),
            addons: Vec::new(),
        };
        let cart = self.app.add_to_cart(access, item, None).await.unwrap();
        let placed = self.place(access, &cart).await.unwrap();
        self.settle().await;
        self.order(access, placed.number).await
    }

    async fn attempts(&self, access: &Access, number: u64) -> Vec<Attempt> {
        let (order, events) = self.app.order(access, number).await.unwrap();
        attempts(&order.lines[0], &events)
    }

    /// For each failed line how many others fail as it does.
    async fn others(&self, access: &Access, number: u64) -> Vec<u32> {
        let found = self.alike(SELLER, access, number).await;
        found.into_iter().map(|cause| cause.others).collect()
    }

    async fn alike(&self, email: &str, access: &Access, number: u64) -> Vec<SameCause> {
        let (order, events) = self.app.order(access, number).await.unwrap();
        let caller = self.caller(email).await;
        let found = self.app.same_cause(&caller, access, &order, &events).await;
        let found = found.unwrap();
        assert!(found.iter().all(|cause| !cause.is_more));
        found
    }

    /// Sends again what fails as an order's first line does or did; the numbers of what was done.
    async fn retry_alike(
        &self,
        (email, order): (&str, &SeenOrder),
        all_customers: bool,
        once: Option<Once>,
        mode: Mode,
    ) -> Result<Vec<u64>, Error> {
        let asked = SameCauseRetry {
            number: order.number,
            line: order.lines[0].id,
            all_customers,
        };
        let (caller, access) = (self.caller(email).await, self.access(email, "amber").await);
        let app = &self.app;
        let retried = app
            .retry_same_cause(&caller, &access, asked, once, mode)
            .await?;
        assert!(!retried.is_more);
        let done = retried.orders.into_iter().map(|order| order.result);
        let done = done.filter(|result| result.outcome.is_ok());
        let mut numbers: Vec<u64> = done.map(|result| result.number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn sorted<const N: usize>(orders: [&SeenOrder; N]) -> Vec<u64> {
    let mut numbers = orders.map(|order| order.number).to_vec();
    numbers.sort_unstable();
    numbers
}

#[test]
fn an_item_is_corrected_and_sent_again_and_its_attempts_are_told_to_the_customer() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let failed = world.buy_for(&seller, CIRRUS, "x@invalid.example").await;
        let line = failed.lines[0].id;
        let explained = failed.lines[0].explanation().unwrap();
        assert_eq!(explained.field.unwrap().pointer(), "/contact/email");
        let theirs = world
            .tell(&customer, failed.number, retry(Some(line), None))
            .await;
        assert!(matches!(theirs, Err(Error::Forbidden)));
        let command = retry(Some(line), Some("new@amber.example"));
        world.tell(&seller, failed.number, command).await.unwrap();
        world.settle().await;
        let found = world.attempts(&customer, failed.number).await;
        assert_eq!(found, world.attempts(&seller, failed.number).await);
        let [first, second] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert!(matches!(&first.answer, Answer::Failed(failure) if failure.code == "InvalidEmail"));
        assert_eq!((first.number, second.number), (1, 2));
        assert!(first.sent_at.is_some() && first.corrected.is_empty());
        let corrected = &second.corrected[0];
        assert_eq!(
            (corrected.from.as_str(), corrected.to.as_str()),
            ("x@invalid.example", "new@amber.example")
        );
        assert_eq!(second.answer, Answer::Finished);
        assert_eq!(second.by.as_ref().unwrap().email, SELLER);
        let (_, events) = world.app.order(&customer, failed.number).await.unwrap();
        let retried = events.iter().find(|event| event.kind == EventKind::Retried);
        assert_eq!(retried.unwrap().attempt.as_ref().unwrap().number, 2);
    });
}

#[test]
fn orders_of_the_same_cause_are_counted_while_they_fail_and_only_in_their_organization() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let elsewhere = world.access(SELLER, "birch").await;
        let bad = "x@invalid.example";
        let first = world.buy_for(&seller, CIRRUS, bad).await;
        assert_eq!(world.others(&seller, first.number).await, [0]);
        let second = world.buy_for(&seller, CIRRUS, bad).await;
        let third = world.buy_for(&seller, CIRRUS, bad).await;
        world.buy_for(&elsewhere, CIRRUS, bad).await;
        let refusal = json!([{"operation": "provision", "times": 1, "action": {"do": "answer",
            "status": 400, "body": "{\"error\": \"E\", \"description\": \"no\"}"}}]);
        world.faults(refusal).await;
        let other = world.buy_for(&seller, CIRRUS, "good@amber.example").await;
        assert_eq!(world.others(&seller, other.number).await, [0]);
        for access in [&seller, &customer] {
            assert_eq!(world.others(access, first.number).await, [2]);
        }
        world
            .tell(&seller, second.number, Command::GiveUp)
            .await
            .unwrap();
        assert_eq!(world.others(&seller, first.number).await, [1]);
        let command = retry(Some(third.lines[0].id), Some("good@amber.example"));
        world.tell(&seller, third.number, command).await.unwrap();
        assert_eq!(world.others(&customer, first.number).await, [0]);
        world.settle().await;
        assert_eq!(
            world.others(&customer, third.number).await,
            [0u32; 0],
            "it has not failed any more"
        );
        assert_eq!(
            world.others(&seller, third.number).await,
            [1],
            "what was put right for it may help the other"
        );
    });
}

/// The vendor refuses three orders of Amber and one of Birch for one cause, and one for another.
#[test]
fn whatever_fails_for_a_cause_is_sent_again_at_once_and_nothing_else() {
    on_each_database(async |world| {
        let amber = world.access(SELLER, "amber").await;
        let birch = world.access(SELLER, "birch").await;
        let elk = world.access("seller-admin@fjord.example", "elk").await;
        let refuse = async |code: &str, times: u32| {
            let body = format!("{{\"error\": \"{code}\", \"description\": \"no\"}}");
            let action = json!({"do": "answer", "status": 400, "body": body});
            let rule = json!([{"operation": "provision", "times": times, "action": action}]);
            world.faults(rule).await;
        };
        let good = "good@amber.example";
        refuse("NoCredit", 5).await;
        let first = world.buy_for(&amber, CIRRUS, good).await;
        let second = world.buy_for(&amber, CIRRUS, good).await;
        let third = world.buy_for(&amber, CIRRUS, good).await;
        let fourth = world.buy_for(&birch, CIRRUS, good).await;
        // Another seller's customer, with the same vendor.
        world.buy_for(&elk, CIRRUS, good).await;
        refuse("Closed", 1).await;
        let other = world.buy_for(&amber, CIRRUS, good).await;
        let counts = world.alike(SELLER, &amber, first.number).await[0];
        assert_eq!((counts.others, counts.elsewhere), (2, 1));
        let customer = world.access(CUSTOMER, "amber").await;
        let counts = world.alike(CUSTOMER, &customer, first.number).await[0];
        assert_eq!((counts.others, counts.elsewhere), (2, 0));
        let ask = (SELLER, &first);
        let refused = world.retry_alike((CUSTOMER, &first), true, None, Mode::Commit);
        assert!(matches!(refused.await, Err(Error::Forbidden)));
        let shown = world.retry_alike(ask, true, None, Mode::DryRun).await;
        assert_eq!(shown.unwrap(), sorted([&first, &second, &third, &fourth]));
        let still = world.order(&amber, second.number).await;
        assert_eq!(still.status, Status::ProvisioningFailed, "only shown");
        // One is tried first; as it works, all others of the customer follow.
        world
            .tell(&amber, first.number, retry(None, None))
            .await
            .unwrap();
        world.settle().await;
        let key = || Once::new("alike", b"a").ok();
        let done = world.retry_alike(ask, false, key(), Mode::Commit).await;
        assert_eq!(done.unwrap(), sorted([&second, &third]));
        world.settle().await;
        for order in [&second, &third] {
            let order = world.order(&amber, order.number).await;
            assert_eq!(order.status, Status::ProvisioningFinished);
        }
        for (access, order) in [(&birch, &fourth), (&amber, &other)] {
            let order = world.order(access, order.number).await;
            assert_eq!(order.status, Status::ProvisioningFailed);
        }
        let again = world.retry_alike(ask, false, key(), Mode::Commit).await;
        assert_eq!(again.unwrap(), [0u64; 0], "nothing fails for it any more");
        let everywhere = world.retry_alike(ask, true, None, Mode::Commit).await;
        assert_eq!(everywhere.unwrap(), sorted([&fourth]));
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 4, "not the other seller's");
    });
}

/// Asked twice with one key, an order that was sent again and failed again is left as it is.
#[test]
fn with_a_key_nothing_is_sent_again_twice() {
    on_each_database(async |world| {
        let amber = world.access(SELLER, "amber").await;
        let first = world.buy_for(&amber, CIRRUS, "x@invalid.example").await;
        let second = world.buy_for(&amber, CIRRUS, "y@invalid.example").await;
        let key = || Once::new("alike", b"a").ok();
        for _ in 0..2 {
            let done = world.retry_alike((SELLER, &first), false, key(), Mode::Commit);
            assert_eq!(done.await.unwrap(), sorted([&first, &second]));
            world.settle().await;
            assert_eq!(world.attempts(&amber, second.number).await.len(), 2);
        }
        let other = Once::new("alike", b"b").ok();
        let refused = world.retry_alike((SELLER, &first), false, other, Mode::Commit);
        assert!(matches!(refused.await, Err(Error::KeyReused)));
    });
}
