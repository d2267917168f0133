//! Orders whose date has come begin (T11), at that instant, by a task that waited for it.

use domain::task::Task;
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, Tx, orders, slots, tasks};

use domain::order::slot::Slot;

use crate::clock::TaskIds;
use crate::{Error, carts, subscriptions};

/// How long a planned order waits for the one that is in flight about the same subscription.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Begins the order of a claimed task. One whose subscription is being changed by another order waits for
/// that; one that is not planned any more has nothing to begin.
pub(crate) async fn begin(
    tx: &mut Tx,
    task: &Task,
    ids: TaskIds,
    now: Timestamp,
) -> Result<(), Error> {
    let mut order = orders::load(tx, task.organization, task.order).await?;
    for line in order.lines.clone() {
        let held = slots::list(tx, task.organization, line.subscription).await?;
        if held
            .iter()
            .any(|(slot, holder)| *slot == Slot::Now && *holder != order.number)
        {
            return postpone(tx, task, now).await;
        }
    }
    let events = order.begin_scheduled(now)?;
    if !events.is_empty() {
        orders::save(tx, &mut order, &events, now).await?;
        carts::enqueue(tx, &order, &events, ids, now).await?;
        subscriptions::keep_all(tx, &order, events.iter().filter_map(|event| event.line)).await?;
    }
    match tasks::finish(tx, task).await {
        Err(StoreError::Conflict) => Err(Error::Changed),
        done => Ok(done?),
    }
}

async fn postpone(tx: &mut Tx, task: &Task, now: Timestamp) -> Result<(), Error> {
    Ok(tasks::postpone(tx, task, now + PATIENCE, task.tries).await?)
}
