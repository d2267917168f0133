//! What a database holds, beside what the simulated one held.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use domain::access::Visibility;
use domain::id::{LineId, SubscriptionId, VendorId};
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::LineState;
use domain::provisioning::account::Account;
use domain::task::Task;
use jiff::Timestamp;
use serde_json::Value;
use simulation::journal::{After, Recording};
use simulation::made::SELLER;
use store::subscriptions::Filter;
use store::{Store, Tx, accounts, orders, subscriptions, tasks};

use super::people::customers;

const STAFF: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};
/// More than there ever are.
const ALL: u32 = 100_000;

/// The first thing in which a database differs after a step.
pub async fn after(
    store: &Store,
    vendors: impl Iterator<Item = VendorId>,
    wanted: &After,
) -> Result<(), String> {
    let mut tx = store.read().await.unwrap();
    if let Some(order) = &wanted.order {
        same_order(&mut tx, order).await?;
    }
    // All of them are due at the end of time, and no account is paused any more.
    let mut found = tasks::list_due(&mut tx, Timestamp::MAX, ALL).await.unwrap();
    found.sort_by_key(|task| task.id);
    same_tasks(&wanted.tasks, &found)?;
    for vendor in vendors {
        let wanted = wanted.accounts.get(&vendor).cloned().unwrap_or_default();
        let found = accounts::find(&mut tx, SELLER, vendor).await.unwrap();
        let what = format!("the account at vendor {vendor}");
        same(&what, &stored_account(wanted), &found)?;
    }
    Ok(())
}

/// The first thing in which a database differs when all is over: orders, what lists count, subscriptions,
/// and what the vendors know.
pub async fn at_the_end(store: &Store, wanted: &Recording) -> Result<(), String> {
    let mut tx = store.read().await.unwrap();
    for order in &wanted.orders {
        same_order(&mut tx, order).await?;
    }
    let mut quantities: BTreeMap<SubscriptionId, u32> = BTreeMap::new();
    for customer in customers() {
        let mut counts = BTreeMap::new();
        let theirs = wanted.orders.iter();
        for order in theirs.filter(|order| order.organization == customer) {
            if let Some((view, _)) = order.shown() {
                *counts
                    .entry((format!("{view:?}"), order.phase().name()))
                    .or_default() += 1;
            }
        }
        let found = orders::count_by_phase(&mut tx, customer, STAFF).await;
        let found = found.unwrap().into_iter().filter(|(.., count)| *count > 0);
        let found = found.map(|(view, phase, count)| ((format!("{view:?}"), phase.name()), count));
        same("what lists count", &counts, &found.collect())?;
        let found = subscriptions::list(&mut tx, customer, &Filter::default(), ALL).await;
        quantities.extend(found.unwrap().into_iter().map(|one| (one.id, one.quantity)));
    }
    same("the subscriptions", &wanted.quantities, &quantities)?;
    let lines = wanted.orders.iter().flat_map(|order| &order.lines);
    let is_done = |line: &&domain::order::line::Line| {
        line.verb().is_some() && matches!(line.state, LineState::Finished { .. })
    };
    let done: BTreeSet<LineId> = lines.clone().filter(is_done).map(|line| line.id).collect();
    same("what the vendors booked", &wanted.bought, &done)?;
    let is_new = |line: &&domain::order::line::Line| {
        matches!(line.change, RequestedChange::Purchase { .. }) && wanted.bought.contains(&line.id)
    };
    let new: BTreeSet<SubscriptionId> =
        lines.filter(is_new).map(|line| line.subscription).collect();
    same("what was bought", &new, &quantities.into_keys().collect())
}

/// What is due, in its sequence.
pub fn same_tasks(wanted: &[Task], found: &[Task]) -> Result<(), String> {
    let wanted: Vec<Task> = wanted.iter().cloned().map(stored_task).collect();
    if wanted == found {
        return Ok(());
    }
    let beside = |these: &[Task], those: &[Task]| -> Vec<Task> {
        let others = these.iter().filter(|task| !those.contains(task));
        others.cloned().collect()
    };
    let (missing, more) = (beside(&wanted, found), beside(found, &wanted));
    Err(match missing.is_empty() && more.is_empty() {
        true => format!("tasks come in another sequence: {found:#?}, not {wanted:#?}"),
        false => format!("tasks are {more:#?}, not {missing:#?}"),
    })
}

async fn same_order(tx: &mut Tx, wanted: &Order) -> Result<(), String> {
    let found = orders::find(tx, wanted.organization, wanted.number, STAFF).await;
    let Some(found) = found.unwrap() else {
        return Err(format!("order {} is not here", wanted.number));
    };
    // Only real databases count versions.
    let found = Order {
        version: wanted.version,
        public_version: wanted.public_version,
        ..found
    };
    if *wanted == found {
        return Ok(());
    }
    let [wanted, found] = [wanted, &found].map(|order| serde_json::to_value(order).unwrap());
    for (field, wanted) in wanted.as_object().unwrap() {
        let found = found.get(field).unwrap_or(&Value::Null);
        same_part(&format!("its order's {field}"), wanted, found)?;
    }
    Err(format!("its order is {found:#}, not {wanted:#}"))
}

/// Goes down to the first that differs.
fn same_part(what: &str, wanted: &Value, found: &Value) -> Result<(), String> {
    match (wanted, found) {
        (Value::Array(these), Value::Array(those)) if these.len() == those.len() => {
            for (at, (wanted, found)) in these.iter().zip(those).enumerate() {
                same_part(&format!("{what}/{at}"), wanted, found)?;
            }
            Ok(())
        }
        (Value::Object(these), Value::Object(those)) if these.keys().eq(those.keys()) => {
            for (key, wanted) in these {
                same_part(&format!("{what}/{key}"), wanted, &those[key])?;
            }
            Ok(())
        }
        _ => same(what, wanted, found),
    }
}

fn same<T: PartialEq + Debug>(what: &str, wanted: &T, found: &T) -> Result<(), String> {
    match wanted == found {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, not {wanted:?}")),
    }
}

/// As databases keep it: in microseconds.
fn stored(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap()
}

fn stored_task(task: Task) -> Task {
    Task {
        due_at: stored(task.due_at),
        ..task
    }
}

fn stored_account(account: Account) -> Account {
    Account {
        paused_until: account.paused_until.map(stored),
        wished_until: account.wished_until.map(stored),
        ..account
    }
}
