//! What is kept beside an order: why it fails, and since when it rests.

use domain::id::{OrganizationId, VendorId};
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::LineState;
use domain::order::retry::Cause;
use domain::provisioning::Failure;
use jiff::{SignedDuration, Timestamp};
use store::failures;
use store::{Store, StoreError, orders, rests};
use uuid::Uuid;

use crate::world::{actor, amber, birch, cart, id, line, on_each_database, organizations, second};

/// A placed order whose line is in a state.
fn placed(number: u64, state: LineState) -> Order {
    let mut order = cart(amber(), number, second(0));
    let change = RequestedChange::Purchase { quantity: 5 };
    let line = line(u128::from(number), change);
    order.add(line, &actor(), second(0)).unwrap();
    order.place("t".into(), &actor(), second(0)).unwrap();
    order.lines[0].state = state;
    order
}

fn finished() -> LineState {
    LineState::Finished {
        vendor_reference: "v".into(),
        at: second(0),
    }
}

fn failed(code: &str) -> LineState {
    LineState::Failed {
        attempt: 1,
        failure: Failure {
            code: code.into(),
            message: "no".into(),
            field: None,
        },
        at: second(0),
    }
}

async fn insert(store: &Store, all: Vec<Order>) {
    let inserted = store.write(all, |all, tx| {
        Box::pin(async move {
            for order in all {
                orders::insert(tx, &mut order.clone(), &[], second(0)).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    inserted.await.unwrap();
}

/// A hundred orders that rest longer are still kept by their vendor: they don't stand in the way.
#[test]
fn an_order_that_is_due_is_found_behind_those_that_are_kept() {
    on_each_database(async |store| {
        organizations(&store).await;
        let kept = (1..=100).map(|number| {
            let mut order = placed(number, finished());
            order.lines[0].cancellable_until = Some(second(1_000));
            order
        });
        let mut due = placed(101, finished());
        due.phase_since = second(10);
        let carts = (201..=300).map(|number| cart(amber(), number, second(0)));
        insert(&store, kept.chain([due.clone()]).chain(carts).collect()).await;
        let mut tx = store.read().await.unwrap();
        let mut list = async |since: Timestamp, now: Timestamp, limit| {
            rests::list(&mut tx, since, now, limit).await.unwrap()
        };
        let found = list(second(10), second(999), 5).await;
        assert_eq!(found, [(amber(), due.id)]);
        assert_eq!(list(second(9), second(999), 5).await, []);
        let later = second(1_000) + SignedDuration::from_secs(1);
        assert_eq!(list(second(10), later, 200).await.len(), 101);
    });
}

#[test]
fn others_of_a_cause_are_counted_up_to_a_bound_and_never_across_organizations() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut all: Vec<Order> = (1..=9).map(|number| placed(number, failed("A"))).collect();
        all.push(placed(10, failed("B")));
        let mut foreign = placed(11, failed("A"));
        foreign.organization = birch();
        all.push(foreign);
        let mut filed = placed(12, failed("A"));
        filed.archived_at = Some(second(1));
        all.push(filed);
        insert(&store, all).await;
        let mut tx = store.read().await.unwrap();
        let mut count = async |code: &str, vendor, order, most| {
            let vendor = VendorId(Uuid::from_u128(vendor));
            let cause = code.to_owned();
            let cause = Cause { vendor, cause };
            let counted = failures::count_others(&mut tx, amber(), &cause, order, most);
            counted.await.unwrap()
        };
        let vendor = line(1, RequestedChange::Suspend).item.vendor.0.as_u128();
        assert_eq!(count("A", vendor, 1, 100).await, 8);
        assert_eq!(count("A", vendor, 12, 100).await, 9);
        assert_eq!(count("A", vendor, 1, 5).await, 5);
        assert_eq!(count("B", vendor, 10, 100).await, 0);
        assert_eq!(count("A", vendor + 1, 1, 100).await, 0);
        let cause = Cause {
            vendor: VendorId(Uuid::from_u128(vendor)),
            cause: "A".into(),
        };
        let listed = failures::list(&mut tx, amber(), &cause, 5).await.unwrap();
        assert_eq!(listed, [1, 2, 3, 4, 5]);
        let baltic = OrganizationId(id(2));
        let mut at_desk = async |desk, limit| {
            let found = failures::list_at_desk(&mut tx, desk, &cause, limit);
            found.await.unwrap()
        };
        let theirs = (1..=9).map(|number| (amber(), number));
        let all: Vec<_> = theirs.chain([(birch(), 11)]).collect();
        assert_eq!(at_desk(baltic, 100).await, all);
        assert_eq!(at_desk(baltic, 3).await, all[..3]);
        assert_eq!(at_desk(amber(), 100).await, [], "customers have no desk");
    });
}
