//! Failed items: corrected alone and sent again with the attempts kept, and counted by their cause.

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
        let order = self.order(access, number).await;
        let found = self.app.same_cause(access, &order).await.unwrap();
        assert!(found.iter().all(|cause| !cause.is_more));
        found.into_iter().map(|cause| cause.others).collect()
    }
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
        assert_eq!(world.others(&seller, third.number).await, [0u32; 0]);
    });
}
