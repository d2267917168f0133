//! The history of one organization, as long as one likes: nearly all of it completed long ago, the newest
//! fiftieth still in Recent, and every kind of order of the demo world in between.

use std::sync::Arc;

use anyhow::Result;
use app::App;
use app::clock::{Clock, SystemClock};
use domain::event::Actor;
use domain::id::{LineId, NoteId, OrderId, OrganizationId, SubscriptionId, UserId};
use domain::order::Order;
use domain::order::note::Note;
use domain::order::phase::{Phase, Status, View};
use domain::text::{Contact, Email};
use jiff::{SignedDuration, Timestamp};
use store::{Store, StoreError, orders, schema};
use uuid::Uuid;

use super::bare::execute;

/// Orders of a day.
pub const PER_DAY: u32 = 1_000;
/// Orders with [`RARE`] in a note, in a history of any length.
const RARE_ONES: u32 = 60;
pub const RARE: &str = "zeppelin";
/// In the notes of every third order.
pub const FREQUENT: &str = "deliver";
/// People who created orders, beside those of the demo world.
const PEOPLE: u64 = 40;
const BATCH: u32 = 2_000;
const AMBER: OrganizationId = OrganizationId(Uuid::from_u128(4));

const FIRST: [&str; 20] = [
    "Agnese", "Bruno", "Clara", "Didzis", "Elza", "Filips", "Greta", "Harijs", "Inga", "Juris",
    "Katrina", "Linards", "Maija", "Nauris", "Olga", "Peteris", "Rasa", "Sandis", "Tereza",
    "Uldis",
];
const LAST: [&str; 2] = ["Balode", "Celms"];

/// Orders to make others like.
pub struct History {
    recent: Vec<Order>,
    completed: Vec<Order>,
    filed: Vec<Order>,
    count: u32,
    now: Timestamp,
}

/// Opens a database with a history of so many orders; it is made where there is none.
pub async fn open(database: &str, count: u32) -> Result<(App, Arc<History>)> {
    let store = Store::open(database).await?;
    schema::migrate(&store).await?;
    let app = App::new(store.clone(), Arc::new(SystemClock));
    app.seed_demo("http://127.0.0.1:1").await?;
    app.seed_demo_orders().await?;
    let history = Arc::new(History::new(&store, count).await?);
    let is_filled = {
        let mut tx = store.read().await?;
        let last = orders::load(&mut tx, AMBER, id(0)).await;
        !matches!(last, Err(StoreError::NotFound))
    };
    if !is_filled {
        for to in (0..=count).rev().step_by(usize::try_from(BATCH)?) {
            let state = (history.clone(), to.saturating_sub(BATCH)..to);
            let filled = store.write(state, |(history, ages), tx| {
                Box::pin(async move {
                    let mut orders: Vec<Order> =
                        ages.clone().rev().map(|at| history.order(at)).collect();
                    orders::insert_all(tx, &mut orders, history.now).await
                })
            });
            filled.await?;
        }
        // PostgreSQL does this by itself, some minutes after rows have come in; SQLite never.
        if database.starts_with("postgres") {
            execute(database, "VACUUM ANALYZE").await?;
            execute(database, "CHECKPOINT").await?;
        }
    }
    Ok((app, history))
}

fn id(at: u32) -> OrderId {
    OrderId(Uuid::from_u128(1 << 64 | u128::from(at)))
}

/// A number that looks drawn.
fn mix(at: u32, salt: u64) -> u64 {
    let mut mixed = (u64::from(at) << 8 | salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

fn one_of<T>(many: &[T], drawn: u64) -> &T {
    &many[usize::try_from(drawn).unwrap_or_default() % many.len()]
}

fn name(drawn: u64) -> (&'static str, &'static str) {
    let (first, last): (&[&str], &[&str]) = (&FIRST, &LAST);
    (*one_of(first, drawn), *one_of(last, drawn / 20))
}

impl History {
    async fn new(store: &Store, count: u32) -> Result<History> {
        let (mut recent, mut completed, mut filed) = (Vec::new(), Vec::new(), Vec::new());
        let mut tx = store.read().await?;
        for at in 1..=200 {
            let found = orders::load(&mut tx, AMBER, OrderId(Uuid::from_u128(at))).await;
            let Ok(order) = found.map(orders::Loaded::into_order) else {
                continue;
            };
            match order.shown() {
                // A person has one cart.
                Some(_) if order.phase() == Phase::Cart && order.archived_at.is_none() => {}
                Some((View::Recent, _)) => recent.push(order),
                Some((View::Historical, Status::Completed)) => completed.push(order),
                Some((View::Historical, _)) => filed.push(order),
                None => {}
            }
        }
        Ok(History {
            recent,
            completed,
            filed,
            count,
            now: SystemClock.now(),
        })
    }

    /// The number of the order that is so many orders old.
    pub fn number(&self, at: u32) -> u64 {
        100_000_000 + u64::from(at) * 48_271_397 % 900_000_000
    }

    /// When it was begun.
    pub fn begun_at(&self, at: u32) -> Timestamp {
        let seconds = i64::from(at) * 86_400 / i64::from(PER_DAY);
        self.now - SignedDuration::from_secs(seconds + 3_600)
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many of the newest are in Recent; all older ones are in Historical.
    pub fn recent_count(&self) -> u32 {
        self.count / 50
    }

    /// The order that is so many orders old.
    fn order(&self, at: u32) -> Order {
        let model = match at {
            at if at < self.recent_count() => one_of(&self.recent, mix(at, 1)),
            _ if mix(at, 2).is_multiple_of(16) => one_of(&self.filed, mix(at, 3)),
            _ => one_of(&self.completed, mix(at, 4)),
        };
        let mut order = model.clone();
        let later = self.begun_at(at).duration_since(model.created_at);
        order.id = id(at);
        order.number = self.number(at);
        order.created_at += later;
        order.phase_since += later;
        order.placed_at = order.placed_at.map(|placed| placed + later);
        order.archived_at = order.archived_at.map(|filed| filed + later);
        if mix(at, 5).is_multiple_of(2) {
            order.created_by = person(mix(at, 6), &order.created_by);
        }
        for (place, line) in (0u128..).zip(&mut order.lines) {
            line.id = LineId(Uuid::from_u128(1 << 96 | u128::from(at) << 32 | place));
            line.contact = contact(mix(at, 7), &line.contact);
        }
        // A subscription has one order in flight.
        if !order.slots().is_empty() {
            for (place, line) in (0u128..).zip(&mut order.lines) {
                let own = |side: u128| {
                    SubscriptionId(Uuid::from_u128(side << 96 | u128::from(at) << 32 | place))
                };
                line.subscription = own(2);
                line.destination = line.destination.map(|_| own(3));
            }
        }
        let every = (self.count / RARE_ONES).max(1);
        order.notes = [
            (
                mix(at, 8).is_multiple_of(3),
                "Please deliver before the new office opens.",
            ),
            (at % every == every / 2, "Ask for the zeppelin at the gate."),
        ]
        .into_iter()
        .zip(0u128..)
        .filter(|((is_there, _), _)| *is_there)
        .map(|((_, text), place)| Note {
            id: NoteId(Uuid::from_u128(1 << 100 | u128::from(at) << 32 | place)),
            author: order.created_by.clone(),
            at: order.created_at,
            text: text.to_owned(),
            is_internal: false,
        })
        .collect();
        order
    }
}

fn person(drawn: u64, like: &Actor) -> Actor {
    let (first, last) = name(drawn % PEOPLE);
    Actor {
        user: UserId(Uuid::from_u128(1 << 80 | u128::from(drawn % PEOPLE))),
        person: format!("{first} {last}"),
        email: format!("{first}.{last}@amber.example").to_lowercase(),
        ..like.clone()
    }
}

fn contact(drawn: u64, like: &Contact) -> Contact {
    let (first, last) = name(drawn % PEOPLE);
    let email = format!("{first}.{last}@amber.example").to_lowercase();
    Contact {
        email: Email::parse(&email).unwrap_or_else(|_| like.email.clone()),
        name: first.to_owned(),
        surname: last.to_owned(),
    }
}
