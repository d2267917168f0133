//! Comparisons with vendors and what they find: one comparison at a time, one difference of a kind for each
//! id, and both by the page.

use std::num::NonZeroU32;

use domain::id::{DifferenceId, RunId, SubscriptionId, VendorId};
use domain::money::{Currency, Money};
use domain::offer::Cadence;
use domain::order::change::RequestedChange;
use domain::order::line::LineState;
use domain::reconciliation::{
    AskedPrice, Difference, Drift, Holding, Outcome, Reference, Run, RunState,
};
use domain::subscription::Subscription;
use store::catalog::{self, Vendor};
use store::differences::{self, Filter};
use store::{Store, StoreError, orders, reconciliations, subscriptions};

use crate::world::{amber, birch, cart, id, line, on_each_database, organizations, second};

const VENDOR: VendorId = VendorId(id_of(1));

const fn id_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

fn owner() -> domain::id::OrganizationId {
    domain::id::OrganizationId(id(1))
}

async fn with_vendor(store: &Store) {
    organizations(store).await;
    let vendor = Vendor {
        owner: owner(),
        id: VENDOR,
        slug: "cirrus".into(),
        name: "Cirrus".into(),
        settings: "{}".into(),
    };
    let saved = store.write(vendor, |vendor, tx| {
        Box::pin(catalog::save_vendor(tx, vendor))
    });
    saved
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

fn run(number: u128, state: RunState) -> Run {
    Run {
        id: RunId(id(number)),
        owner: owner(),
        vendor: VENDOR,
        started_at: second(i64::try_from(number).unwrap()),
        ended_at: None,
        by: None,
        is_beyond_ceiling: false,
        state,
        compared: 0,
        found: 0,
        new: 0,
        kinds: Default::default(),
        skipped: Default::default(),
    }
}

fn difference(number: u128, reference: &str) -> Difference {
    Difference {
        id: DifferenceId(id(number)),
        owner: owner(),
        vendor: VENDOR,
        vendor_name: "Cirrus".into(),
        reference: Reference(reference.into()),
        subject: None,
        candidates: Vec::new(),
        drift: Drift::Unknown,
        holding: None,
        first_seen: second(i64::try_from(number).unwrap()),
        last_seen: second(0),
        run: RunId(id(1)),
        times: 1,
        outcome: Outcome::Open,
    }
}

async fn begin(store: &Store, run: Run) -> bool {
    let begun = store.write(run, |run, tx| Box::pin(reconciliations::insert(tx, run)));
    begun
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"))
}

async fn add(store: &Store, difference: Difference) -> Result<(), StoreError> {
    store
        .write(difference, |difference, tx| {
            Box::pin(differences::insert(tx, difference))
        })
        .await
}

#[test]
fn one_comparison_of_a_connection_runs_at_a_time() {
    on_each_database(async |store| {
        with_vendor(&store).await;
        assert!(begin(&store, run(1, RunState::Running)).await);
        assert!(!begin(&store, run(2, RunState::Running)).await);
        let done = run(1, RunState::Done);
        let saved = store.write(done, |run, tx| Box::pin(reconciliations::save(tx, run)));
        saved
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert!(begin(&store, run(2, RunState::Running)).await);
        let mut tx = store.read().await.unwrap();
        let listed = reconciliations::list(&mut tx, owner(), VENDOR, 9).await;
        let states: Vec<_> = listed.unwrap().into_iter().map(|run| run.state).collect();
        assert_eq!(states, [RunState::Running, RunState::Done]);
        let found = reconciliations::find(&mut tx, owner(), VENDOR, RunId(id(1))).await;
        assert_eq!(found.unwrap().unwrap().state, RunState::Done);
        let foreign = reconciliations::find(&mut tx, amber(), VENDOR, RunId(id(1))).await;
        assert_eq!(foreign.unwrap(), None);
    });
}

#[test]
fn a_difference_that_is_open_is_the_same_one_until_it_ends() {
    on_each_database(async |store| {
        with_vendor(&store).await;
        add(&store, difference(1, "v-1")).await.unwrap();
        let again = add(&store, difference(2, "v-1")).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
        // Ids are bytes.
        add(&store, difference(3, "V-1")).await.unwrap();
        let mut ended = difference(1, "v-1");
        ended.vanish(second(9));
        let saved = store.write(ended.clone(), |ended, tx| {
            Box::pin(differences::save(tx, ended))
        });
        saved
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        add(&store, difference(2, "v-1")).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let found = differences::find(&mut tx, owner(), DifferenceId(id(1))).await;
        assert_eq!(found.unwrap(), Some(ended));
        let foreign = differences::find(&mut tx, amber(), DifferenceId(id(1))).await;
        assert_eq!(foreign.unwrap(), None);
        let v1 = Reference("v-1".into());
        let open = differences::load_open(&mut tx, owner(), VENDOR, &[&v1].into()).await;
        assert_eq!(open.unwrap(), [difference(2, "v-1")]);
    });
}

/// Money and a cadence come back as they were.
#[test]
fn a_price_that_is_otherwise_is_kept_and_found_by_its_kind() {
    on_each_database(async |store| {
        with_vendor(&store).await;
        let euro = Currency::parse("EUR").unwrap();
        let cadence = Cadence {
            term_months: 12,
            cycle_months: 1,
        };
        let price = AskedPrice::new("13.1".parse().unwrap(), euro, NonZeroU32::new(1));
        let found = Difference {
            drift: Drift::Price {
                ours: Money::new(1_240, euro),
                theirs: Money::new(1_310, euro),
                cadence,
            },
            holding: Some(Holding {
                price: Some(price.unwrap()),
                ..Holding::new("v-1")
            }),
            ..difference(1, "v-1")
        };
        add(&store, found.clone()).await.unwrap();
        add(&store, difference(2, "v-1")).await.unwrap();
        let again = add(
            &store,
            Difference {
                id: DifferenceId(id(3)),
                ..found.clone()
            },
        )
        .await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
        let mut tx = store.read().await.unwrap();
        let filter = Filter {
            kind: Some("price"),
            status: "open",
            ..Filter::default()
        };
        let listed = differences::list(&mut tx, owner(), &filter, 9).await;
        assert_eq!(listed.unwrap(), [found]);
    });
}

#[test]
fn differences_are_read_by_the_page() {
    on_each_database(async |store| {
        with_vendor(&store).await;
        for number in 1..=7 {
            add(&store, difference(number, &format!("v-{number}")))
                .await
                .unwrap();
        }
        let mut tx = store.read().await.unwrap();
        let (mut filter, mut seen) = (
            Filter {
                vendor: Some(VENDOR),
                kind: Some("unknown"),
                status: "open",
                after: None,
            },
            Vec::new(),
        );
        loop {
            let page = differences::list(&mut tx, owner(), &filter, 3)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some((last.first_seen, last.id));
            seen.extend(page.iter().map(|one| one.id.0.as_u128()));
        }
        assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
        for other in [
            Filter {
                kind: Some("missing"),
                ..filter.clone()
            },
            Filter {
                status: "asked",
                ..filter.clone()
            },
            Filter {
                vendor: Some(VendorId(id(2))),
                ..filter.clone()
            },
        ] {
            let other = Filter {
                after: None,
                ..other
            };
            let found = differences::list(&mut tx, owner(), &other, 9)
                .await
                .unwrap();
            assert_eq!(found, [], "{other:?}");
        }
        let (mut after, mut open) = (None, 0);
        loop {
            let page = differences::list_open(&mut tx, owner(), VENDOR, after.as_ref(), 3).await;
            let page = page.unwrap();
            open += page.len();
            let Some((reference, kind, _)) = page.into_iter().last() else {
                break;
            };
            after = Some((reference, kind));
        }
        assert_eq!(open, 7);
    });
}

#[test]
fn the_subscriptions_of_a_vendor_are_read_by_its_ids_whoevers_they_are() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut numbers = Vec::new();
        for (number, organization) in [(1, amber()), (2, birch()), (3, amber()), (4, birch())] {
            let mut order = cart(organization, number, second(0));
            let mut bought = line(
                u128::from(number),
                RequestedChange::Purchase { quantity: 5 },
            );
            bought.state = LineState::Finished {
                // Two of them have the same id, which no vendor gives out.
                vendor_reference: format!("v-{}", number.min(3)),
                at: second(0),
            };
            order.lines.push(bought);
            let mut begun = Subscription::begun_by(&order, &order.lines[0]).unwrap();
            begun.id = SubscriptionId(id(u128::from(number)));
            numbers.push(begun.id);
            let saved = store.write(begun, |begun, tx| Box::pin(subscriptions::save(tx, begun)));
            saved
                .await
                .unwrap_or_else(|error: StoreError| panic!("{error}"));
        }
        let mut tx = store.read().await.unwrap();
        let (mut after, mut seen): (Option<Subscription>, Vec<_>) = (None, Vec::new());
        loop {
            let page = subscriptions::list_of_vendor(&mut tx, VENDOR, after.as_ref(), 1).await;
            let Some(next) = page.unwrap().pop() else {
                break;
            };
            seen.push(next.id);
            after = Some(next);
        }
        assert_eq!(seen, numbers);
        let (known, unknown) = (Reference("v-1".into()), Reference("V-1".into()));
        let found =
            subscriptions::list_references(&mut tx, VENDOR, &[&known, &unknown].into()).await;
        assert_eq!(found.unwrap(), [known].into());
        assert!(
            !orders::is_provisioning(&mut tx, amber(), VENDOR)
                .await
                .unwrap()
        );
    });
}
