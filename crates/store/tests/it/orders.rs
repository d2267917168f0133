//! Orders: one winner per version, pages without gaps, nothing across organizations, the markup rule.

use std::collections::BTreeMap;

use domain::access::Visibility;
use domain::id::OrderId;
use domain::order::Order;
use domain::order::OrderKind;
use domain::order::change::RequestedChange;
use domain::order::line::{LineEvent, LineState};
use domain::order::listing::search::Named;
use domain::order::listing::{Edge, Listing};
use domain::order::phase::{Status, View};
use futures::future::join_all;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use store::changes;
use store::orders;
use store::{Store, StoreError, Tx};

use crate::world::{
    CUSTOMER, STAFF, actor, amber, birch, cart, id, line, on_each_database, organizations, second,
};

async fn insert(store: &Store, order: Order) -> Result<(), StoreError> {
    let (_, events) = Order::start(
        order.id,
        order.organization,
        order.number,
        actor(),
        order.created_at,
    );
    store
        .write((order, events), |(order, events), tx| {
            Box::pin(async move { orders::insert(tx, &mut order.clone(), events, second(0)).await })
        })
        .await
}

async fn list(tx: &mut Tx, listing: &Listing, seen: Visibility) -> Vec<Order> {
    let search = listing.search(Named::default(), second(0), &TimeZone::UTC);
    let found = orders::list(tx, amber(), &search, listing.reading(), seen);
    found.await.unwrap().orders
}

fn recent(limit: u32) -> Listing {
    Listing {
        limit,
        ..Listing::of(View::Recent)
    }
}

#[test]
fn of_many_writers_of_one_version_exactly_one_wins() {
    on_each_database(async |store| {
        organizations(&store).await;
        insert(&store, cart(amber(), 7, second(0))).await.unwrap();
        let mut stale = Vec::new();
        for number in 0..64 {
            let mut tx = store.read().await.unwrap();
            let mut order = orders::load(&mut tx, amber(), OrderId(id(1_007)))
                .await
                .unwrap();
            assert_eq!(order.version, 1);
            let license = line(number, RequestedChange::Purchase { quantity: 25 });
            let events = order.add(license, &actor(), second(1)).unwrap();
            stale.push((order, events));
        }
        let writes = stale.into_iter().map(|(order, events)| {
            store.write((order, events), |(order, events), tx| {
                Box::pin(
                    async move { orders::save(tx, &mut order.clone(), events, second(1)).await },
                )
            })
        });
        let results: Vec<Result<(), StoreError>> = join_all(writes).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        let lost = results
            .iter()
            .filter(|r| matches!(r, Err(StoreError::Conflict)))
            .count();
        assert_eq!((won, lost), (1, 63));
        let mut tx = store.read().await.unwrap();
        let order = orders::find(&mut tx, amber(), 7, STAFF)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((order.version, order.lines.len()), (2, 1));
        assert_eq!(
            orders::events(&mut tx, amber(), order.id)
                .await
                .unwrap()
                .len(),
            2
        );
    });
}

#[test]
fn pages_follow_one_another_without_gap_or_repeat_also_within_one_instant() {
    on_each_database(async |store| {
        organizations(&store).await;
        for number in 1..=23 {
            insert(&store, cart(amber(), number, second(number as i64 / 5)))
                .await
                .unwrap();
            insert(&store, cart(birch(), number, second(0)))
                .await
                .unwrap();
        }
        let mut tx = store.read().await.unwrap();
        let mut seen = Vec::new();
        let mut listing = recent(4);
        loop {
            let mut page = list(&mut tx, &listing, STAFF).await;
            page.truncate(4);
            let Some(last) = page.last() else { break };
            listing.from = Some(Edge::OlderThan(last.position()));
            assert!(page.iter().all(|order| order.organization == amber()));
            seen.extend(page.iter().map(|order| order.number));
        }
        assert_eq!(seen, (1..=23).rev().collect::<Vec<u64>>());
    });
}

#[test]
fn another_organizations_order_and_an_unknown_one_are_the_same_nothing() {
    on_each_database(async |store| {
        organizations(&store).await;
        let order = cart(amber(), 7, second(0));
        insert(&store, order.clone()).await.unwrap();
        assert!(matches!(
            insert(&store, order.clone()).await,
            Err(StoreError::Taken | StoreError::Database(_))
        ));
        let mut tx = store.read().await.unwrap();
        for number in [7, 8] {
            assert!(
                orders::find(&mut tx, birch(), number, STAFF)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
        let foreign = orders::load(&mut tx, birch(), order.id).await;
        assert!(matches!(foreign, Err(StoreError::NotFound)));
    });
}

#[test]
fn an_order_that_only_changes_a_markup_does_not_exist_for_customers() {
    on_each_database(async |store| {
        organizations(&store).await;
        let markup = RequestedChange::Markup {
            from: Decimal::new(5, 0),
            to: Decimal::new(7, 0),
        };
        let quantity = RequestedChange::Quantity { from: 10, to: 15 };
        for (number, changes) in [(1, vec![markup.clone()]), (2, vec![markup, quantity])] {
            let mut order = cart(amber(), number, second(0));
            order.kind = OrderKind::Update;
            for (at, change) in changes.into_iter().enumerate() {
                order
                    .add(line(at as u128, change), &actor(), second(0))
                    .unwrap();
            }
            insert(&store, order).await.unwrap();
        }
        let mut tx = store.read().await.unwrap();
        for (seen, expected) in [(STAFF, vec![2, 1]), (CUSTOMER, vec![2])] {
            let listed = list(&mut tx, &recent(9), seen).await;
            assert_eq!(
                listed.iter().map(|order| order.number).collect::<Vec<_>>(),
                expected
            );
            let linked = orders::find(&mut tx, amber(), 1, seen).await.unwrap();
            assert_eq!(linked.is_some(), expected.contains(&1));
            let changed = changes::list(&mut tx, amber(), (0, 0), 9, seen)
                .await
                .unwrap();
            assert_eq!(changed.len(), expected.len());
            let told = changed.iter().map(|change| (change.number, change.status));
            let shown = listed.iter().map(|order| (order.number, order.status()));
            let sorted = |pairs: Vec<(u64, Status)>| BTreeMap::from_iter(pairs);
            assert_eq!(sorted(told.collect()), sorted(shown.collect()));
        }
    });
}

#[test]
fn a_cart_is_its_owners_until_it_is_placed() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut order = cart(amber(), 7, second(0));
        let license = line(1, RequestedChange::Purchase { quantity: 25 });
        order.add(license, &actor(), second(0)).unwrap();
        insert(&store, order.clone()).await.unwrap();
        let owner = actor().user;
        {
            let mut tx = store.read().await.unwrap();
            assert!(
                orders::find_cart(&mut tx, amber(), owner)
                    .await
                    .unwrap()
                    .is_some()
            );
            assert!(
                orders::find_cart(&mut tx, birch(), owner)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
        store
            .write(order.id, |id, tx| {
                Box::pin(async move {
                    let mut order = orders::load(tx, amber(), *id).await?;
                    let events = order.place("2026-11".into(), &actor(), second(1)).unwrap();
                    orders::save(tx, &mut order, &events, second(1)).await
                })
            })
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        let mut tx = store.read().await.unwrap();
        assert!(
            orders::find_cart(&mut tx, amber(), owner)
                .await
                .unwrap()
                .is_none()
        );
    });
}

#[test]
fn a_hidden_change_has_no_place_in_the_order_of_changes_that_customers_follow() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut mixed = cart(amber(), 7, second(0));
        mixed.kind = OrderKind::Update;
        let (from, to) = (Decimal::new(5, 0), Decimal::new(7, 0));
        for (at, change) in [
            (1, RequestedChange::Quantity { from: 10, to: 15 }),
            (2, RequestedChange::Markup { from, to }),
        ] {
            mixed.add(line(at, change), &actor(), second(0)).unwrap();
        }
        mixed.place("t".into(), &actor(), second(0)).unwrap();
        // As it was with orders of before markups were made at once.
        mixed.lines[1].state = LineState::Queued { attempt: 1 };
        insert(&store, mixed.clone()).await.unwrap();
        insert(&store, cart(amber(), 8, second(0))).await.unwrap();
        let mut places = vec![];
        for (at, which) in [(1, 1), (2, 0), (3, 1)] {
            let id = mixed.id;
            let move_line = store.write((id, at, which), |(id, at, which), tx| {
                Box::pin(async move {
                    let mut order = orders::load(tx, amber(), *id).await?;
                    let line = order.lines[*which].id;
                    let happened = match order.lines[*which].state.name() {
                        "queued" => LineEvent::Sending,
                        _ => LineEvent::Accepted { operation: None },
                    };
                    let events = order.advance(line, &happened, None, second(*at));
                    let events = events.map_err(|error| StoreError::Corrupt(error.to_string()))?;
                    orders::save(tx, &mut order, &events, second(*at)).await
                })
            });
            move_line.await.unwrap();
            let mut tx = store.read().await.unwrap();
            let mut told = vec![];
            for seen in [STAFF, CUSTOMER] {
                let changes = changes::list(&mut tx, amber(), (0, 0), 9, seen)
                    .await
                    .unwrap();
                let of = changes.iter().find(|change| change.number == 7).unwrap();
                told.push((of.version, of.at - second(0).as_microsecond()));
            }
            places.push(told);
        }
        assert_eq!(
            places,
            [
                vec![(2, 1_000_000), (1, 0)],
                vec![(3, 2_000_000), (2, 2_000_000)],
                vec![(4, 3_000_000), (2, 2_000_000)],
            ]
        );
        let mut tx = store.read().await.unwrap();
        let first = changes::list(&mut tx, amber(), (0, 0), 1, CUSTOMER)
            .await
            .unwrap()[0];
        let place = (first.at, first.number);
        let rest = changes::list(&mut tx, amber(), place, 9, CUSTOMER)
            .await
            .unwrap();
        assert_eq!((first.number, rest.len(), rest[0].number), (8, 1, 7));
    });
}
