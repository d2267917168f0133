//! Durable work in storage: saved with the events that cause it, claimed by compare-and-set.

use domain::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};
use domain::task::Task;
use jiff::{SignedDuration, Timestamp};

use crate::credentials::instant;
use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx};

/// Leaves work to be done.
pub async fn enqueue(tx: &mut Tx, tasks: &[Task]) -> Result<(), StoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let mut query = Query::new(
        "INSERT INTO tasks (organization_id, id, order_id, line_id, vendor_id, kind, due_at, fence, \
         tries) VALUES ",
    );
    for (at, task) in tasks.iter().enumerate() {
        query = if at == 0 { query } else { query.then(", ") }.list([
            task.organization.0.into(),
            task.id.0.into(),
            task.order.0.into(),
            task.line.0.into(),
            task.vendor.0.into(),
            word(&task.kind)?.into(),
            task.due_at.as_microsecond().into(),
            task.fence.into(),
            i64::from(task.tries).into(),
        ]);
    }
    tx.later(query).await
}

/// What is due, oldest first, whoever's it is; only a claim makes it one's own. Nothing while the
/// database is paused ([`crate::installation`]).
pub async fn list_due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
    let query = Query::new(
        "SELECT organization_id, id, order_id, line_id, vendor_id, kind, due_at, fence, tries \
         FROM tasks",
    )
    .and(" WHERE due_at <= ?", now.as_microsecond())
    .then(" AND NOT EXISTS (SELECT 1 FROM installation WHERE paused IS NOT NULL)")
    .and(" ORDER BY due_at LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read).collect()
}

/// Holds a task for a while: due again when the hold runs out, so a worker that dies lets go by
/// itself. `None` when another worker was faster.
pub async fn claim(
    tx: &mut Tx,
    task: &Task,
    hold: SignedDuration,
    now: Timestamp,
) -> Result<Option<Task>, StoreError> {
    let due_at = now + hold;
    let query = Query::new("UPDATE tasks SET fence = fence + 1, due_at = $1")
        .bind(due_at.as_microsecond())
        .and(" WHERE organization_id = ?", task.organization.0)
        .and(" AND id = ?", task.id.0)
        .and(" AND fence = ?", task.fence);
    let won = tx.execute(query).await? == 1;
    Ok(won.then(|| Task {
        fence: task.fence + 1,
        due_at,
        ..task.clone()
    }))
}

/// Lets go of all holds: right only when no other process can be working, as on SQLite.
pub async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let query = Query::new("UPDATE tasks SET due_at = $1")
        .bind(now.as_microsecond())
        .and(" WHERE due_at > ?", now.as_microsecond());
    tx.execute(query).await.map(drop)
}

/// Puts a held task off. Fails with a conflict when the hold was lost meanwhile.
pub async fn postpone(
    tx: &mut Tx,
    task: &Task,
    due_at: Timestamp,
    tries: u32,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE tasks SET due_at = $1, tries = $2")
        .bind(due_at.as_microsecond())
        .bind(i64::from(tries));
    held(tx, query, task).await
}

/// Removes a held task that is done. Fails with a conflict when the hold was lost meanwhile.
pub async fn finish(tx: &mut Tx, task: &Task) -> Result<(), StoreError> {
    held(tx, Query::new("DELETE FROM tasks"), task).await
}

async fn held(tx: &mut Tx, query: Query, task: &Task) -> Result<(), StoreError> {
    let query = query
        .and(" WHERE organization_id = ?", task.organization.0)
        .and(" AND id = ?", task.id.0)
        .and(" AND fence = ?", task.fence);
    match tx.execute(query).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

fn read(row: &Row) -> Result<Task, StoreError> {
    Ok(Task {
        id: TaskId(row.get("id")?),
        organization: OrganizationId(row.get("organization_id")?),
        order: OrderId(row.get("order_id")?),
        line: LineId(row.get("line_id")?),
        vendor: VendorId(row.get("vendor_id")?),
        kind: row.word("kind")?,
        due_at: instant(row, "due_at")?,
        fence: row.get("fence")?,
        tries: u32::try_from(row.get::<i64>("tries")?).unwrap_or(u32::MAX),
    })
}
