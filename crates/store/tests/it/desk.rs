//! The order desk equals what a look at every order would say, whatever happened to them.

use std::collections::BTreeMap;

use domain::id::{LineId, OrganizationId, TaskId};
use domain::order::change::RequestedChange;
use domain::order::command::Command;
use domain::order::desk::{DeskEntry, DeskPlace, DeskReason};
use domain::order::line::LineEvent;
use domain::order::{Order, OrderKind, Stage};
use domain::provisioning::{BY_HAND, Failure};
use jiff::Timestamp;
use store::desk::{COUNT_MAX, Lying, Part};
use store::{Store, StoreError, desk, orders};

use crate::world::{
    CUSTOMER, STAFF, actor, amber, birch, cart, id, line, on_each_database, organizations, second,
};

const ORDERS: u64 = 40;
const STEPS: u32 = 1_000;

/// Numbers that look random and are the same each time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn nordic() -> OrganizationId {
    OrganizationId(id(1))
}

fn baltic() -> OrganizationId {
    OrganizationId(id(2))
}

fn markup() -> RequestedChange {
    let percent = |n| rust_decimal::Decimal::new(n, 0);
    RequestedChange::Markup {
        from: percent(5),
        to: percent(7),
    }
}

/// Orders of two customers with one to three lines; every fifth changes nothing but a markup.
fn new_order(number: u64, draws: &mut Draws) -> Order {
    let customer = if draws.below(2) == 0 {
        amber()
    } else {
        birch()
    };
    let mut order = cart(customer, number, second(number as i64));
    for at in 0..=draws.below(3) {
        let id = u128::from(number) * 10 + at as u128;
        let change = match number % 5 {
            0 => markup(),
            _ if at == 2 => markup(),
            _ => RequestedChange::Purchase { quantity: 25 },
        };
        order.lines.push(line(id, change));
    }
    if number.is_multiple_of(5) {
        order.kind = OrderKind::Update;
    }
    order
}

/// Something that may or may not be possible for the order as it stands.
fn step(order: &mut Order, draws: &mut Draws, now: Timestamp) -> bool {
    let person = actor();
    let line = order.lines[draws.below(order.lines.len())].id;
    let command = match draws.below(16) {
        0 => return order.place("1".into(), &person, now).is_ok(),
        1 if order.stage == Stage::Cart && order.archived_at.is_none() => {
            for line in &mut order.lines {
                line.state = line.state.after(&LineEvent::HeldForApproval, now).unwrap();
            }
            (order.stage, order.phase_since) = (Stage::AwaitingApproval { planned: None }, now);
            return true;
        }
        2 => Command::Approve {
            partners: Vec::new(),
            comment: None,
        },
        3 => Command::GiveUp,
        4 => Command::Archive,
        5 => Command::Retry {
            line: None,
            correction: Box::default(),
        },
        6 => Command::Reject {
            partners: Vec::new(),
            reason: "no".into(),
        },
        7 if draws.below(8) == 0 => Command::Withdraw,
        8 => {
            let task = TaskId(line.0);
            let is_back = order.came_through(task);
            return is_back || order.put_aside(task, line, "a panic", now).is_some();
        }
        _ => return advance(order, line, draws, now),
    };
    order.obey(command, &person, now).is_ok()
}

fn advance(order: &mut Order, line: LineId, draws: &mut Draws, now: Timestamp) -> bool {
    let happened = match draws.below(12) {
        0..=4 => LineEvent::Sending,
        5 | 6 => LineEvent::AnswerLost {
            evidence: "silence".into(),
        },
        7 | 8 => LineEvent::Accepted {
            operation: Some(if draws.below(2) == 0 { BY_HAND } else { "op" }.into()),
        },
        9 => LineEvent::Failed(Failure {
            code: "E".into(),
            message: "no".into(),
            field: None,
        }),
        10 => LineEvent::NotSent,
        _ => LineEvent::Finished {
            vendor_reference: "v".into(),
        },
    };
    order.advance(line, &happened, None, now).is_ok()
}

async fn write(store: &Store, order: Order, now: Timestamp) -> Order {
    let write = store.write((order, now), |(order, now), tx| {
        let mut order = order.clone();
        Box::pin(async move {
            match order.version {
                0 => orders::insert(tx, &mut order, &[], *now).await?,
                _ => {
                    let mut loaded = orders::load(tx, order.organization, order.id).await?;
                    *loaded = order;
                    orders::save(tx, &mut loaded, &[], *now).await?;
                    order = loaded.into_order();
                }
            }
            Ok::<Order, StoreError>(order)
        })
    });
    write.await.unwrap()
}

fn naive(orders: &BTreeMap<u64, Order>) -> Vec<(DeskPlace, DeskEntry, bool)> {
    let lying = orders.values().filter_map(|order| {
        let entry = order.desk_entry()?;
        let since = entry.since.as_microsecond();
        let place = DeskPlace {
            since,
            order: order.id,
        };
        Some((place, entry, order.is_markup_only()))
    });
    let mut lying: Vec<_> = lying.collect();
    lying.sort_by_key(|(place, ..)| *place);
    lying
}

/// All pages, a few rows each.
async fn pages(store: &Store, part: Part, is_oldest_first: bool) -> Vec<Lying> {
    let mut tx = store.read().await.unwrap();
    let (mut found, mut from): (Vec<Lying>, _) = (Vec::new(), None);
    loop {
        let page = desk::list(&mut tx, part, is_oldest_first, from, 3).await;
        let page = page.unwrap();
        found.extend(page.iter().cloned());
        match page.last() {
            Some(last) if page.len() == 3 => from = Some(last.place()),
            _ => return found,
        }
    }
}

async fn compare(store: &Store, orders: &BTreeMap<u64, Order>, now: Timestamp) {
    let expected = naive(orders);
    for organization in [nordic(), baltic()] {
        for seen in [STAFF, CUSTOMER] {
            let reasons = DeskReason::ALL.into_iter().map(Some).chain([None]);
            for (reason, before) in reasons.flat_map(|reason| [(reason, None), (reason, Some(now))])
            {
                let part = Part {
                    organization,
                    reason,
                    before,
                    seen,
                };
                let is_wanted = |(place, entry, is_hidden): &&(DeskPlace, DeskEntry, bool)| {
                    reason.is_none_or(|reason| entry.reason == reason)
                        && before.is_none_or(|before| place.since < before.as_microsecond())
                        && (seen.markup_only_orders || !is_hidden)
                };
                let wanted = expected.iter().filter(is_wanted);
                let mut wanted: Vec<_> = wanted.map(|(place, entry, _)| (*place, *entry)).collect();
                for is_oldest_first in [true, false] {
                    let found = pages(store, part, is_oldest_first).await;
                    let found: Vec<_> = found.iter().map(|l| (l.place(), l.entry)).collect();
                    assert_eq!(found, wanted, "{part:?} {is_oldest_first}");
                    wanted.reverse();
                }
                let mut tx = store.read().await.unwrap();
                let count = desk::count(&mut tx, part).await.unwrap();
                assert_eq!(count as usize, wanted.len(), "{part:?}");
            }
        }
    }
}

#[test]
fn the_desk_is_what_a_look_at_every_order_would_say_after_any_moves() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut draws = Draws(7);
        let mut known: BTreeMap<u64, Order> = BTreeMap::new();
        for number in 1..=ORDERS {
            let order = write(&store, new_order(number, &mut draws), second(number as i64)).await;
            known.insert(number, order);
        }
        let mut reasons = BTreeMap::new();
        for at in 0..STEPS {
            let now = second(100 + i64::from(at / 3));
            let number = 1 + draws.below(ORDERS as usize) as u64;
            let mut order = known[&number].clone();
            if !step(&mut order, &mut draws, now) {
                continue;
            }
            if let Some(entry) = order.desk_entry() {
                *reasons.entry(entry.reason.name()).or_insert(0) += 1;
            }
            known.insert(number, write(&store, order, now).await);
            if at % 100 == 99 {
                compare(&store, &known, second(150)).await;
            }
        }
        compare(&store, &known, second(200)).await;
        assert_eq!(
            reasons.len(),
            DeskReason::ALL.len(),
            "all were there: {reasons:?}"
        );
    });
}

#[test]
fn an_order_that_needs_nobody_any_more_leaves_the_desk_and_a_customer_has_none() {
    on_each_database(async |store| {
        organizations(&store).await;
        let mut order = cart(amber(), 7, second(0));
        order
            .lines
            .push(line(1, RequestedChange::Purchase { quantity: 25 }));
        let entries = async |organization| {
            let mut tx = store.read().await.unwrap();
            desk::entries(&mut tx, organization).await.unwrap()
        };
        let mut order = write(&store, order, second(0)).await;
        assert_eq!(entries(baltic()).await, []);
        order.place("1".into(), &actor(), second(1)).unwrap();
        let mut order = write(&store, order, second(1)).await;
        let entry = order.desk_entry().unwrap();
        assert_eq!(entry.reason, DeskReason::InFlight);
        for organization in [baltic(), nordic()] {
            assert_eq!(entries(organization).await, [(amber(), order.id, entry)]);
        }
        assert_eq!(entries(amber()).await, []);
        assert_eq!(entries(birch()).await, []);
        let failed = LineEvent::Failed(Failure {
            code: "E".into(),
            message: "no".into(),
            field: None,
        });
        for happened in [LineEvent::Sending, failed] {
            let line = order.lines[0].id;
            order.advance(line, &happened, None, second(2)).unwrap();
        }
        let mut order = write(&store, order, second(2)).await;
        assert_eq!(entries(baltic()).await[0].2.reason, DeskReason::Failed);
        order.obey(Command::GiveUp, &actor(), second(3)).unwrap();
        write(&store, order, second(3)).await;
        assert_eq!(entries(baltic()).await, []);
        assert_eq!(entries(nordic()).await, []);
    });
}

#[test]
fn counting_stops_where_nobody_reads_on() {
    on_each_database(async |store| {
        organizations(&store).await;
        let many: Vec<Order> = (1..=u64::from(COUNT_MAX) + 5)
            .map(|number| {
                let mut order = cart(amber(), number, second(0));
                let change = RequestedChange::Purchase { quantity: 25 };
                order.lines.push(line(u128::from(number), change));
                order.place("1".into(), &actor(), second(1)).unwrap();
                order
            })
            .collect();
        let write = store.write(many, |many, tx| {
            let many = many.clone();
            Box::pin(async move {
                for mut order in many {
                    orders::insert(tx, &mut order, &[], second(1)).await?;
                }
                Ok::<(), StoreError>(())
            })
        });
        write.await.unwrap();
        let part = Part {
            organization: nordic(),
            reason: None,
            before: None,
            seen: STAFF,
        };
        let mut tx = store.read().await.unwrap();
        assert_eq!(desk::count(&mut tx, part).await.unwrap(), COUNT_MAX + 1);
    });
}
