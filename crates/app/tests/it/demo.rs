//! The demo world holds what is promised of it, on both databases, and is the same at each seed.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use domain::order::attempt::{Answer, attempts};
use domain::subscription::SubscriptionState;

use super::*;

/// Everything that can be seen of Amber's orders by a seller.
async fn orders(world: &World, email: &str, organization: &str) -> Vec<SeenOrder> {
    let access = world.access(email, organization).await;
    let mut found = Vec::new();
    for view in [View::Recent, View::Historical] {
        let listing = Listing {
            limit: 200,
            ..Listing::of(view)
        };
        found.extend(world.app.orders(&access, &listing).await.unwrap().orders);
    }
    found
}

#[test]
fn amber_has_every_status_and_every_kind_of_order_that_is_promised() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let orders = orders(&world, SELLER, "amber").await;
        let labels: BTreeSet<&str> = orders.iter().map(|order| order.status.label()).collect();
        let statuses = Status::ALL.into_iter().map(Status::label);
        assert_eq!(labels, statuses.collect());
        let has = |what: &str, is: &dyn Fn(&SeenOrder) -> bool| {
            assert!(orders.iter().any(is), "{what}");
        };
        let hidden =
            |order: &SeenOrder| order.lines.iter().filter(|l| l.change.is_markup()).count();
        has("a markup alone", &|order| {
            hidden(order) == order.lines.len()
        });
        has("a mixed order", &|order| {
            hidden(order) == 1 && order.lines.len() == 2 && order.licenses().len() == 1
        });
        has("add-ons", &|order| {
            order
                .licenses()
                .iter()
                .any(|license| !license.addons.is_empty())
        });
        has("twelve items", &|order| order.lines.len() == 12);
        has("notes of two authors", &|order| {
            let authors = order.notes.iter().map(|note| note.author.user);
            authors.collect::<BTreeSet<_>>().len() > 1
        });
        has("a line in doubt", &|order| {
            let is_checking = |state: &LineState| matches!(state, LineState::Checking { .. });
            order.lines.iter().any(|line| is_checking(&line.state))
        });
        let completed = orders
            .iter()
            .filter(|order| order.status == Status::Completed);
        assert!(completed.count() >= 60);
        let changes = orders.iter().flat_map(|order| &order.lines);
        let kinds: BTreeSet<String> = changes
            .map(|line| serde_json::to_value(&line.change).unwrap()["kind"].to_string())
            .collect();
        assert!(kinds.len() >= 14, "{kinds:?}");
    });
}

#[test]
fn failures_have_causes_that_several_share_and_attempts_that_are_kept() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let access = world.access(SELLER, "amber").await;
        let caller = world.caller(SELLER).await;
        let (mut shared, mut attempted) = (0, BTreeSet::new());
        for order in orders(&world, SELLER, "amber").await {
            let (order, events) = world.app.order(&access, order.number).await.unwrap();
            let causes = world.app.same_cause(&caller, &access, &order, &events);
            shared = causes
                .await
                .unwrap()
                .iter()
                .map(|cause| cause.others)
                .chain([shared])
                .max()
                .unwrap();
            for line in &order.lines {
                let found = attempts(line, &events);
                if let [first, second] = found.as_slice() {
                    assert!(matches!(first.answer, Answer::Failed(_)));
                    attempted.insert((second.answer.label(), second.corrected.len()));
                }
            }
        }
        assert_eq!(
            shared, 3,
            "a filed order and three in Recent have one cause"
        );
        assert_eq!(attempted, BTreeSet::from([("Done", 1), ("Refused", 0)]));
    });
}

#[test]
fn nothing_of_a_fresh_demo_is_filed_and_a_week_later_recent_holds_what_waits_for_nobody() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        assert_eq!(world.app.file_due().await.unwrap(), 0);
        world.clock.advance(SignedDuration::from_hours(24 * 7));
        while world.app.file_due().await.unwrap() > 0 {}
        let access = world.access(SELLER, "amber").await;
        let recent = world
            .app
            .orders(&access, &Listing::of(View::Recent))
            .await
            .unwrap();
        assert!(
            recent
                .orders
                .iter()
                .all(|order| order.status == Status::Started)
        );
    });
}

#[test]
fn the_seed_is_the_same_each_time_and_the_manifest_tells_what_there_is() {
    static FIRST: OnceLock<Value> = OnceLock::new();
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let manifest = world.app.demo_manifest().await.unwrap();
        world.app.seed_demo_orders().await.unwrap();
        assert_eq!(
            world.app.demo_manifest().await.unwrap(),
            manifest,
            "seeded once"
        );
        assert_eq!(*FIRST.get_or_init(|| manifest.clone()), manifest);
        for (slug, email) in [
            ("amber", SELLER),
            ("birch", SELLER),
            ("dune", SELLER),
            ("elk", "seller-admin@fjord.example"),
            ("fern", "seller-admin@fjord.example"),
        ] {
            let told = manifest["orders"].as_array().unwrap().iter();
            let told: BTreeSet<u64> = told
                .filter(|order| order["organization"] == slug)
                .map(|order| order["number"].as_u64().unwrap())
                .collect();
            let orders = orders(&world, email, slug).await;
            let found: BTreeSet<u64> = orders.iter().map(|order| order.number).collect();
            assert_eq!(told, found, "{slug}");
            assert!(!found.is_empty(), "{slug}");
        }
    });
}

#[test]
fn subscriptions_are_where_their_orders_left_them() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let access = world.access(SELLER, "amber").await;
        let found = world.running(&access).await;
        let with =
            |is: &dyn Fn(&SubscriptionState) -> bool| found.iter().filter(|s| is(&s.state)).count();
        assert_eq!(
            with(&|s| matches!(s, SubscriptionState::Suspended { .. })),
            1
        );
        assert_eq!(
            with(&|s| matches!(s, SubscriptionState::Canceled { .. })),
            1
        );
        assert!(
            found
                .iter()
                .any(|s| s.name == "Head office" && s.quantity == 25)
        );
        assert!(
            found
                .iter()
                .any(|s| s.name == "Microsoft 365 Business Standard" && s.quantity == 20)
        );
        for (organization, email, currency) in [
            ("amber", SELLER, "EUR"),
            ("dune", SELLER, "JPY"),
            ("fern", "seller-admin@fjord.example", "NOK"),
        ] {
            let orders = orders(&world, email, organization).await;
            let total = orders.iter().find_map(|order| order.total).unwrap();
            assert_eq!(total.currency.code(), currency);
        }
    });
}

#[test]
fn a_quote_of_the_demo_is_accepted_once_and_its_order_runs() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let amber = world.access("admin@amber.example", "amber").await;
        let mut became = Vec::new();
        for _ in 0..2 {
            world.app.accept_demo_quote().await.unwrap();
            let found = world.app.quotes(&amber, false, None, 50).await.unwrap();
            let accepted = found.found.iter().filter(|quote| quote.order.is_some());
            let numbers: Vec<u64> = accepted.filter_map(|quote| quote.order).collect();
            assert_eq!(numbers.len(), 1);
            became.extend(numbers);
        }
        assert_eq!(became[0], became[1]);
        world.settle().await;
        let order = world.order(&amber, became[0]).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(order.created_by.email, "admin@amber.example");
        let quotes = world.app.quotes(&amber, false, None, 50).await.unwrap();
        let statuses: BTreeSet<&str> = quotes.found.iter().map(|one| one.status.label()).collect();
        // All but a draft, which exists for staff alone.
        assert_eq!(statuses.len(), 6, "{statuses:?}");
    });
}
