//! Conditions that seldom meet: a reading walks a bounded way, says how far it came, and can go on; where
//! they meet often, it is over after a short way.

use domain::id::NoteId;
use domain::order::Order;
use domain::order::filter::Filter;
use domain::order::listing::search::Named;
use domain::order::listing::{Edge, Listing, Sort};
use domain::order::note::Note;
use domain::order::phase::View;
use jiff::tz::TimeZone;
use store::orders::Found;
use store::{Store, orders};

use crate::world::{CUSTOMER, actor, amber, cart, id, on_each_database, organizations, second};

const ORDERS: u64 = 2_100;
/// Words that begin with `r`: that many looks for each order that is walked, so that the walk is short.
const WORDS: u64 = 32;
/// The two orders, by their age, with `left` and a word with `r`.
const MEET: [u64; 2] = [900, 2_040];

/// The order that is so many orders old: `left` has every third, `r…` the others.
fn order(age: u64) -> Order {
    let mut order = cart(amber(), age + 1, second(-60 * age as i64));
    let word = format!("r{:02}", age % WORDS);
    let text = match age % 3 {
        0 if MEET.contains(&age) => format!("left again {word}"),
        0 => "left again".to_owned(),
        _ => word,
    };
    order.notes.push(Note {
        id: NoteId(id(age.into())),
        author: actor(),
        at: second(0),
        text,
        is_internal: false,
    });
    order
}

async fn fill(store: &Store) {
    organizations(store).await;
    let all: Vec<Order> = (0..ORDERS).map(order).collect();
    let filled = store.write(all, |all, tx| {
        Box::pin(async move { orders::insert_all(tx, &mut all.clone(), second(0)).await })
    });
    filled.await.unwrap();
}

/// What one reading finds, and the statements that it takes.
async fn read(store: &Store, text: &str, sort: Sort, from: Option<Edge>) -> (Found, u64) {
    let (filter, _) = Filter::parse(text);
    let listing = Listing {
        filter,
        sort,
        from,
        limit: 10,
        ..Listing::of(View::Recent)
    };
    let search = listing.search(Named::default(), second(0), &TimeZone::UTC);
    let mut tx = store.read().await.unwrap();
    let before = store.statements();
    let found = orders::list(&mut tx, amber(), &search, listing.reading(), CUSTOMER);
    (found.await.unwrap(), store.statements() - before)
}

#[test]
fn a_reading_ends_where_conditions_do_not_meet_and_goes_on_from_there() {
    on_each_database(async |store| {
        fill(&store).await;
        for (sort, first, second) in [
            (Sort::NewestFirst, vec![MEET[0]], vec![MEET[1]]),
            (Sort::OldestFirst, vec![MEET[1], MEET[0]], vec![]),
        ] {
            let ages = |found: &Found| -> Vec<u64> {
                let orders = found.orders.iter();
                orders.map(|order| order.number - 1).collect()
            };
            let (found, _) = read(&store, "left r", sort, None).await;
            assert_eq!(ages(&found), first, "{sort:?}");
            let ended_at = found.ended_at.expect("it did not come to the end");
            let next = match sort {
                Sort::NewestFirst => Edge::OlderThan(ended_at),
                Sort::OldestFirst => Edge::NewerThan(ended_at),
            };
            let (found, _) = read(&store, "left r", sort, Some(next)).await;
            assert_eq!(ages(&found), second, "{sort:?}");
            assert_eq!(found.ended_at, None, "{sort:?}");
        }
    });
}

#[test]
fn a_reading_is_over_after_a_short_way_where_conditions_meet_often() {
    on_each_database(async |store| {
        fill(&store).await;
        let (often, few) = read(&store, "left again", Sort::NewestFirst, None).await;
        assert_eq!(often.orders.len(), 11);
        let (seldom, more) = read(&store, "left r", Sort::NewestFirst, None).await;
        assert_eq!(seldom.orders.len(), 1);
        assert_eq!(
            (few, more),
            (3, 4),
            "words, the rarest, and one or two walks"
        );
    });
}
