//! Lists against a naive reading of the same orders: every filter, reader, sort, page size and
//! direction; after random moves; and again after the lists are rebuilt.

use domain::access::Visibility;
use domain::event::Actor;
use domain::id::{NoteId, OrderId, UserId, VendorId};
use domain::order::change::RequestedChange;
use domain::order::command::Command;
use domain::order::filter::{Filter, Person, Term};
use domain::order::line::{LineEvent, LineState};
use domain::order::listing::search::{Named, Search};
use domain::order::listing::{Edge, Listing, Sort, words};
use domain::order::note::Note;
use domain::order::phase::{Phase, Tab, View};
use domain::order::seen::SeenOrder;
use domain::order::{Order, OrderKind, Stage};
use domain::provisioning::Failure;
use jiff::tz::TimeZone;
use store::{Store, StoreError, orders, schema};

use crate::world::{
    CUSTOMER, STAFF, actor, amber, birch, cart, id, line, on_each_address, on_each_database,
    organizations, second,
};

/// Staff who read internal notes and don't know of markups.
const AGENT: Visibility = Visibility {
    internal: true,
    ..CUSTOMER
};
const READERS: [(&str, Visibility); 3] =
    [("staff", STAFF), ("agent", AGENT), ("customer", CUSTOMER)];
const ORDERS: u64 = 90;
const VENDORS: [&str; 3] = ["Cirrus Backup", "Microsoft", "Šiaurė Cloud"];
const PEOPLE: [&str; 3] = ["A. Person", "Ieva Bērziņa", "Ieva Kalniņa"];

const FILTERS: &[&str] = &[
    "",
    "status:failed",
    "status:errors",
    "status:started,draft,finished",
    "vendor:microsoft",
    "vendor:siaure vendor:cirrus",
    "vendor:nobody",
    "change:quantity",
    "change:markup",
    "change:quantity,markup,purchase",
    "by:me",
    "by:ieva",
    "by:kalnina@amber.example",
    "by:nobody@amber.example",
    "older:30h",
    "newer:30h",
    "from:2027-01-14 to:2027-01-14",
    "status:failed vendor:microsoft",
    "status:failed change:quantity",
    "status:provisioning by:me",
    "vendor:microsoft change:markup",
    "vendor:cirrus by:ieva",
    "change:quantity by:me newer:2w",
    "status:failed,finished vendor:microsoft,cirrus change:quantity",
    "vendor:microsoft change:quantity by:ieva",
    "status:completed vendor:microsoft change:quantity,purchase by:me older:1d",
    "micro",
    "office bac",
    "secret",
    "urgent",
    "\"renew office\"",
    "\"office renew\"",
    "1000",
    "ieva@amber.example",
    "status:failed urgent",
    "backup vendor:microsoft by:me",
    "change:markup secret",
];

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn person(number: usize) -> Actor {
    let email = [
        "a@amber.example",
        "ieva@amber.example",
        "kalnina@amber.example",
    ][number];
    Actor {
        user: UserId(id(70 + number as u128)),
        person: PEOPLE[number].into(),
        email: email.into(),
        ..actor()
    }
}

fn note(dice: &mut Dice, number: u128) -> Note {
    let texts = [
        "urgent",
        "please renew office soon",
        "office: renew",
        "a secret",
        "ok",
    ];
    Note {
        id: NoteId(id(number)),
        author: actor(),
        at: second(0),
        text: texts[dice.roll(5)].into(),
        is_internal: dice.roll(2) == 0,
    }
}

fn change(dice: &mut Dice) -> RequestedChange {
    let (from, to) = (5.into(), 7.into());
    match dice.roll(6) {
        0 => RequestedChange::Purchase { quantity: 25 },
        1 | 2 => RequestedChange::Quantity { from: 10, to: 15 },
        3 => RequestedChange::Suspend,
        _ => RequestedChange::Markup { from, to },
    }
}

fn state(dice: &mut Dice) -> LineState {
    match dice.roll(4) {
        0 => LineState::Finished {
            vendor_reference: "x".into(),
            at: second(0),
        },
        1 => LineState::Failed {
            attempt: 1,
            failure: failure(),
            at: second(0),
        },
        2 => LineState::Queued { attempt: 1 },
        _ => LineState::Canceled,
    }
}

fn failure() -> Failure {
    Failure {
        code: "no".into(),
        message: "no".into(),
        field: None,
    }
}

fn order(dice: &mut Dice, number: u64) -> Order {
    let mut order = cart(
        amber(),
        10_000 + number * 7,
        second(number as i64 / 3 * 7_200),
    );
    order.kind = OrderKind::Update;
    order.created_by = person(dice.roll(3));
    for at in 0..1 + dice.roll(3) as u128 {
        let mut line = line(u128::from(number) * 10 + at, change(dice));
        let vendor = dice.roll(3);
        line.item.vendor = VendorId(id(500 + vendor as u128));
        line.item.vendor_name = VENDORS[vendor].into();
        line.item.name = ["Office 365", "Server Backup"][dice.roll(2)].into();
        order.lines.push(line);
    }
    for at in 0..dice.roll(3) as u128 {
        order.notes.push(note(dice, u128::from(number) * 10 + at));
    }
    match dice.roll(8) {
        0 => order.stage = Stage::Deleted,
        1 => order.stage = Stage::AwaitingApproval { planned: None },
        2 => {}
        _ => {
            order.stage = Stage::Released;
            order.placed_at = Some(second(number as i64 / 3 * 7_200 + 60));
            for line in &mut order.lines {
                line.state = state(dice);
            }
        }
    }
    if dice.roll(2) == 0 && order.stage != Stage::Deleted {
        order.archived_at = Some(second(0));
    }
    order
}

async fn fill(store: &Store) {
    organizations(store).await;
    let mut dice = Dice(7);
    let mut all: Vec<Order> = (0..ORDERS).map(|number| order(&mut dice, number)).collect();
    // Another organization's never show.
    all.push(Order {
        organization: birch(),
        id: OrderId(id(9)),
        ..all[1].clone()
    });
    store
        .write(all, |all, tx| {
            Box::pin(async move {
                let (one_by_one, at_once) = all.split_at(all.len() / 2);
                for order in one_by_one {
                    orders::insert(tx, &mut order.clone(), &[], second(0)).await?;
                }
                orders::insert_all(tx, &mut at_once.to_vec(), second(0)).await
            })
        })
        .await
        .unwrap();
}

fn now() -> jiff::Timestamp {
    second(ORDERS as i64 / 3 * 7_200)
}

async fn everything(store: &Store) -> Vec<Order> {
    let mut tx = store.read().await.unwrap();
    let mut all = Vec::new();
    for number in 0..ORDERS {
        let id = OrderId(id(1_000 + 10_000 + u128::from(number) * 7));
        all.push(
            orders::load(&mut tx, amber(), id)
                .await
                .unwrap()
                .into_order(),
        );
    }
    all
}

async fn search(store: &Store, listing: &Listing) -> Search {
    let mut tx = store.read().await.unwrap();
    let (people, me) = (listing.filter.people(), UserId(id(70)));
    let found = orders::find_creators(&mut tx, amber(), &people, me);
    let vendors = listing.filter.vendors();
    let is_meant = |at: &usize| vendors.iter().any(|typed| words::has(VENDORS[*at], typed));
    let named = Named {
        vendors: (0..3)
            .filter(is_meant)
            .map(|at| VendorId(id(500 + at as u128)))
            .collect(),
        creators: found.await.unwrap(),
    };
    listing.search(named, now(), &TimeZone::UTC)
}

/// What a filter says, read as plainly as can be.
fn is_meant(filter: &Filter, order: &SeenOrder) -> bool {
    let any = |terms: Vec<bool>| terms.is_empty() || terms.contains(&true);
    let at = order.listed_at();
    let line_is = |vendor: &Term, kind: Option<&Term>| {
        order.lines.iter().any(|line| {
            let Term::Vendor(typed) = vendor else {
                return false;
            };
            let kind_is =
                |kind: &Term| matches!(kind, Term::Change(kind) if *kind == line.change.kind());
            words::has(&line.item.vendor_name, typed) && kind.is_none_or(kind_is)
        })
    };
    let of = |pick: fn(&Term) -> bool| filter.terms().iter().filter(move |term| pick(term));
    let vendors = || of(|term| matches!(term, Term::Vendor(_)));
    let kinds = || of(|term| matches!(term, Term::Change(_)));
    let lines = match (vendors().count(), kinds().count()) {
        (0, 0) => true,
        (0, _) => kinds().any(|kind| {
            order
                .lines
                .iter()
                .any(|line| *kind == Term::Change(line.change.kind()))
        }),
        (_, 0) => vendors().any(|vendor| line_is(vendor, None)),
        _ => vendors().any(|vendor| kinds().any(|kind| line_is(vendor, Some(kind)))),
    };
    let people = filter.people().into_iter().map(|person| match person {
        Person::Me => order.created_by.user == UserId(id(70)),
        Person::Email(email) => order.created_by.email == *email,
        Person::Name(name) => words::has(&order.created_by.person, name),
    });
    let texts = order.texts();
    lines
        && any(filter
            .statuses()
            .iter()
            .map(|status| *status == order.status)
            .collect())
        && any(people.collect())
        && filter.terms().iter().all(|term| match term {
            Term::Word(text) | Term::Phrase(text) => texts.iter().any(|t| words::has(t, text)),
            Term::Older(age) => at < now() - jiff::SignedDuration::from_hours(age.hours.into()),
            Term::Newer(age) => at >= now() - jiff::SignedDuration::from_hours(age.hours.into()),
            Term::From(day) => at.to_zoned(TimeZone::UTC).date() >= *day,
            Term::To(day) => at.to_zoned(TimeZone::UTC).date() <= *day,
            _ => true,
        })
}

fn naive(all: &[Order], listing: &Listing, seen: Visibility) -> Vec<SeenOrder> {
    let mut found: Vec<SeenOrder> = all
        .iter()
        .filter_map(|order| order.seen_by(seen).unwrap())
        .filter(|order| order.view == Some(listing.view) && listing.tab.has(order.phase))
        .filter(|order| is_meant(&listing.filter, order))
        .collect();
    found.sort_by_key(SeenOrder::position);
    if listing.sort == Sort::NewestFirst {
        found.reverse();
    }
    found
}

/// All pages, from one end to the other; each with its words compared again, as `app` does.
async fn pages(store: &Store, listing: &Listing, seen: Visibility, is_back: bool) -> Vec<u64> {
    let search = search(store, listing).await;
    let mut tx = store.read().await.unwrap();
    let mut listing = listing.clone();
    if is_back {
        let beyond = domain::order::listing::Position {
            listed_at: if listing.sort == Sort::NewestFirst {
                0
            } else {
                i64::MAX
            },
            number: 0,
        };
        listing.from = Some(match listing.sort {
            Sort::NewestFirst => Edge::NewerThan(beyond),
            Sort::OldestFirst => Edge::OlderThan(beyond),
        });
    }
    let mut numbers = Vec::new();
    loop {
        let reading = listing.reading();
        let found = orders::list(&mut tx, amber(), &search, reading, seen)
            .await
            .unwrap();
        let (limit, mut page) = (listing.limit as usize, found.orders);
        assert!(page.len() <= limit + 1 && found.too_common.is_empty());
        let has_more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().map(Order::position).filter(|_| has_more);
        for order in page {
            let order = order
                .seen_by(seen)
                .unwrap()
                .expect("of these the reader knows");
            if search.has_texts(&order) {
                assert!(search.wants(&order));
                numbers.push(order.number);
            } else {
                assert!(
                    !search.phrases.is_empty(),
                    "only phrases are left to compare"
                );
            }
        }
        let Some(beyond) = last.or(found.ended_at) else {
            break;
        };
        listing.from = Some(match reading.is_descending {
            true => Edge::OlderThan(beyond),
            false => Edge::NewerThan(beyond),
        });
    }
    if is_back {
        numbers.reverse();
    }
    numbers
}

async fn compare(store: &Store, filters: &[&str], sizes: &[u32]) -> usize {
    let all = everything(store).await;
    let (mut compared, mut rows) = (0, 0);
    for text in filters {
        let (filter, problems) = Filter::parse(text);
        assert_eq!(problems, []);
        for (view, tab) in [
            (View::Recent, Tab::All),
            (View::Historical, Tab::All),
            (View::Historical, Tab::Active),
            (View::Historical, Tab::Draft),
        ] {
            for (name, seen) in READERS {
                let sort = [Sort::NewestFirst, Sort::OldestFirst][compared % 2];
                let mut listing = Listing {
                    tab,
                    sort,
                    filter: filter.clone(),
                    ..Listing::of(view)
                };
                let expected: Vec<u64> = naive(&all, &listing, seen)
                    .iter()
                    .map(|order| order.number)
                    .collect();
                rows += expected.len();
                for (at, size) in sizes.iter().enumerate() {
                    listing.limit = *size;
                    let is_back = (compared + at) % 4 >= 2;
                    let found = pages(store, &listing, seen, is_back).await;
                    assert_eq!(
                        found, expected,
                        "{text} {view:?} {tab:?} {name} {size} {is_back}"
                    );
                }
                let search = search(store, &listing).await;
                if search.phrases.is_empty() {
                    let mut tx = store.read().await.unwrap();
                    let counted = orders::count(&mut tx, amber(), &search, seen)
                        .await
                        .unwrap();
                    assert_eq!(counted, (expected.len() as u64, true), "{text} {name}");
                }
                compared += 1;
            }
        }
    }
    rows
}

async fn compare_counts(store: &Store) {
    let all = everything(store).await;
    for (name, seen) in READERS {
        let mut tx = store.read().await.unwrap();
        let mut counted = orders::count_by_phase(&mut tx, amber(), seen)
            .await
            .unwrap();
        counted.retain(|(.., count)| *count > 0);
        let mut expected: Vec<(View, Phase, u64)> = Vec::new();
        for order in all.iter().filter_map(|order| order.seen_by(seen).unwrap()) {
            let Some(view) = order.view else { continue };
            match expected
                .iter_mut()
                .find(|(at, phase, _)| (*at, *phase) == (view, order.phase))
            {
                Some((.., count)) => *count += 1,
                None => expected.push((view, order.phase, 1)),
            }
        }
        let mut sums: Vec<(View, Phase, u64)> = Vec::new();
        for (view, phase, count) in counted {
            match sums
                .iter_mut()
                .find(|(at, of, _)| (*at, *of) == (view, phase))
            {
                Some((.., sum)) => *sum += count,
                None => sums.push((view, phase, count)),
            }
        }
        let key = |(view, phase, _): &(View, Phase, u64)| (view.name(), phase.name());
        sums.sort_by_key(key);
        expected.sort_by_key(key);
        assert_eq!(sums, expected, "{name}");
    }
}

#[test]
fn each_filter_finds_for_each_reader_what_a_naive_reading_finds() {
    on_each_database(async |store| {
        fill(&store).await;
        let rows = compare(&store, FILTERS, &[4]).await;
        assert!(rows > 800, "the filters find something: {rows}");
        let few = [
            "",
            "vendor:siaure vendor:cirrus",
            "office bac",
            "status:failed change:quantity",
        ];
        compare(&store, &few, &[1, 2, 7, 90, 91]).await;
        compare_counts(&store).await;
    });
}

/// Something that could happen to an order, whether it may or not.
async fn move_one(store: &Store, dice: &mut Dice, number: u64) -> bool {
    let (what, line, at) = (
        dice.roll(9),
        dice.roll(3),
        100_000 + i64::from(dice.roll(99) as u32),
    );
    let words = note(dice, u128::from(number) * 1_000 + at as u128);
    let order = OrderId(id(11_000 + u128::from(number) * 7));
    let state = (what, line, second(at), (words, state(dice)), order);
    let moved = store.write(state, |(what, line, now, (words, vendor), id), tx| {
        Box::pin(async move {
            let mut order = orders::load(tx, amber(), *id).await?;
            let line = order.lines[line % order.lines.len()].id;
            let events = match what {
                0 => order.place("2026-11".into(), &actor(), *now),
                1 => order.obey(Command::SaveAsDraft, &actor(), *now),
                2 => order.obey(Command::Archive, &actor(), *now),
                3 => {
                    order.lines[0].state = vendor.clone();
                    Ok(Vec::new())
                }
                4 => {
                    let is_archived = order.archived_at.is_some();
                    order.archived_at = (!is_archived).then_some(*now);
                    Ok(Vec::new())
                }
                5 => order.advance(line, &LineEvent::Sending, None, *now),
                6 => order.advance(line, &LineEvent::Failed(failure()), None, *now),
                7 => {
                    let vendor_reference = "x".into();
                    order.advance(line, &LineEvent::Finished { vendor_reference }, None, *now)
                }
                _ => {
                    order.notes.push(words.clone());
                    Ok(Vec::new())
                }
            };
            let Ok(events) = events else { return Ok(false) };
            orders::save(tx, &mut order, &events, *now).await?;
            Ok::<_, StoreError>(true)
        })
    });
    moved.await.unwrap()
}

#[test]
fn lists_and_counts_follow_every_move() {
    on_each_database(async |store| {
        fill(&store).await;
        let mut dice = Dice(11);
        let mut moved = 0;
        for _ in 0..300 {
            let number = dice.roll(ORDERS as usize) as u64;
            moved += usize::from(move_one(&store, &mut dice, number).await);
        }
        assert!(moved > 100, "{moved}");
        compare_counts(&store).await;
        let some: Vec<&str> = FILTERS.iter().step_by(3).copied().collect();
        compare(&store, &some, &[50]).await;
    });
}

#[test]
fn lists_of_an_older_release_are_built_by_the_migration_and_not_before() {
    on_each_address(async |store, address| {
        fill(&store).await;
        let mut raw = crate::world::Raw::connect(&address).await;
        for text in [
            "DELETE FROM order_terms",
            "DELETE FROM order_counts",
            "DELETE FROM order_creators",
            "INSERT INTO rebuilds (name) VALUES ('order_lists')",
        ] {
            raw.execute(text).await;
        }
        assert_eq!(
            schema::check(&store).await.unwrap(),
            schema::SchemaState::Older
        );
        assert_eq!(schema::migrate(&store).await.unwrap(), 0);
        assert_eq!(
            schema::check(&store).await.unwrap(),
            schema::SchemaState::Current
        );
        compare_counts(&store).await;
        compare(
            &store,
            &["", "by:ieva", "micro", "vendor:microsoft change:markup"],
            &[50],
        )
        .await;
    });
}

/// Two conditions that many orders meet and hardly one meets both: the search ends after a bounded
/// number of rows, says where, and goes on from there.
#[test]
fn a_rare_combination_is_searched_a_bounded_way_and_goes_on() {
    on_each_database(async |store| {
        organizations(&store).await;
        let numbers: Vec<u64> = (0..860).collect();
        for some in numbers.chunks(100) {
            let filled = store.write(some.to_vec(), |some, tx| {
                Box::pin(async move {
                    for number in some {
                        // The newest have one of 32 words with an x, the others are dense; the oldest is both.
                        let text = match number {
                            0 => "dense x00".to_owned(),
                            1..700 => "dense".to_owned(),
                            _ => format!("x{:02}", number % 32),
                        };
                        let mut order = cart(amber(), *number, second(*number as i64));
                        let mut words = note(&mut Dice(1), u128::from(*number));
                        (words.text, words.is_internal) = (text, false);
                        order.notes.push(words);
                        orders::insert(tx, &mut order, &[], second(0)).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            });
            filled.await.unwrap();
        }
        let mut listing = Listing {
            filter: Filter::parse("dense x").0,
            ..Listing::of(View::Recent)
        };
        let search = listing.search(Named::default(), now(), &TimeZone::UTC);
        let mut tx = store.read().await.unwrap();
        let first = orders::list(&mut tx, amber(), &search, listing.reading(), CUSTOMER);
        let first = first.await.unwrap();
        let ended_at = first.ended_at.expect("the search is bounded");
        assert!(
            first.orders.is_empty() && ended_at.number > 0,
            "{ended_at:?}"
        );
        let (found, is_exact) = orders::count(&mut tx, amber(), &search, CUSTOMER)
            .await
            .unwrap();
        assert_eq!((found, is_exact), (0, false));
        listing.from = Some(Edge::OlderThan(ended_at));
        let second = orders::list(&mut tx, amber(), &search, listing.reading(), CUSTOMER);
        let second = second.await.unwrap();
        assert_eq!(second.orders[0].number, 0);
        assert_eq!(second.ended_at, None);
    });
}
