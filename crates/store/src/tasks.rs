//! Durable work in storage: saved with the events that cause it, claimed by compare-and-set.

use domain::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};
use domain::provisioning::pace::{HOLD, SET_ASIDE, STRIKES_MAX};
use domain::task::Task;
use jiff::{SignedDuration, Timestamp};

use crate::credentials::instant;
use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx, holder};

/// Vendors whose work is looked for in one statement; SQLite takes five hundred.
const VENDORS_AT_ONCE: usize = 100;

/// Leaves work to be done.
pub async fn enqueue(tx: &mut Tx, tasks: &[Task]) -> Result<(), StoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let mut query = Query::new(
        "INSERT INTO tasks (organization_id, id, order_id, line_id, vendor_id, kind, due_at, fence, \
         tries, strikes) VALUES ",
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
            i64::from(task.strikes).into(),
        ]);
    }
    tx.later(query).await
}

/// What is due, whoever's it is; only a claim makes it one's own. What is for a vendor account that is
/// paused is left out. Oldest first; where there is more than `limit`, organizations take turns, so that
/// one with thousands of tasks keeps nobody else from being served. Nothing while the database is paused
/// ([`crate::installation`]).
pub async fn list_due(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<Vec<Task>, StoreError> {
    list_due_beside(tx, now, limit, &[]).await
}

/// [`list_due`] without those for some vendors. What waits for them, or for an account that is paused, is not
/// looked at. A look takes a few steps for each other vendor, and costs as much as is due for them only where that
/// is more than `limit`.
pub async fn list_due_beside(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
    vendors: &[VendorId],
) -> Result<Vec<Task>, StoreError> {
    let now = now.as_microsecond();
    let vendors = list_waiting(tx, now, vendors).await?;
    let most = limit as usize;
    let mut found = list_oldest(tx, now, most + 1, &vendors).await?;
    if found.len() > most {
        return list_in_turn(tx, now, most, &vendors).await;
    }
    found.sort_by_key(|task| (task.due_at, task.id));
    Ok(found)
}

/// Vendors for which there is work, each by one step in the index, but for these and those that are paused.
async fn list_waiting(
    tx: &mut Tx,
    now: i64,
    beside: &[VendorId],
) -> Result<Vec<VendorId>, StoreError> {
    let mut query = Query::new(
        "WITH RECURSIVE busy (vendor_id) AS (\
         SELECT (SELECT vendor_id FROM tasks ORDER BY vendor_id LIMIT 1) \
         UNION ALL SELECT (SELECT tasks.vendor_id FROM tasks \
         WHERE tasks.vendor_id > busy.vendor_id ORDER BY tasks.vendor_id LIMIT 1) \
         FROM busy WHERE busy.vendor_id IS NOT NULL) \
         SELECT vendor_id FROM busy WHERE vendor_id IS NOT NULL \
         AND vendor_id NOT IN (SELECT vendor_id FROM vendor_pauses",
    )
    .and(" WHERE paused_until > ?)", now);
    if !beside.is_empty() {
        query = query
            .then(" AND vendor_id NOT IN ")
            .list(beside.iter().map(|vendor| vendor.0.into()));
    }
    let rows = tx.rows(query).await?;
    let ids = rows.iter().map(|row| row.get("vendor_id").map(VendorId));
    ids.collect()
}

/// Dates of orders, which ask no vendor, and what is due for these; so many of each at the most, by steps in the
/// index: PostgreSQL reads the whole table where no limit tells it that few are asked for.
async fn list_oldest(
    tx: &mut Tx,
    now: i64,
    most: usize,
    vendors: &[VendorId],
) -> Result<Vec<Task>, StoreError> {
    let some = |query: Query| {
        let query = query.and(" AND due_at <= ?", now).then(
            " AND NOT EXISTS (SELECT 1 FROM installation WHERE paused IS NOT NULL) \
             ORDER BY due_at LIMIT ",
        );
        query.number(most)
    };
    let dates = some(Query::new("SELECT * FROM tasks WHERE kind = 'start'"));
    let mut found = read_all(&tx.rows(dates).await?)?;
    for vendors in vendors.chunks(VENDORS_AT_ONCE) {
        let mut query = Query::new("");
        for (at, vendor) in vendors.iter().enumerate() {
            let before = if at == 0 { "" } else { " UNION ALL " };
            query = query
                .then(before)
                .then("SELECT * FROM (SELECT * FROM tasks WHERE kind <> 'start'")
                .and(" AND vendor_id = ?", vendor.0);
            query = some(query).then(") AS theirs");
        }
        found.extend(read_all(&tx.rows(query).await?)?);
    }
    Ok(found)
}

/// The same where there is more than is asked for: organizations take turns. It costs as much as is due.
async fn list_in_turn(
    tx: &mut Tx,
    now: i64,
    most: usize,
    vendors: &[VendorId],
) -> Result<Vec<Task>, StoreError> {
    let mut query = Query::new(
        "WITH due AS (SELECT organization_id, id, due_at FROM tasks WHERE kind = 'start'",
    )
    .and(" AND due_at <= ?", now);
    if !vendors.is_empty() {
        query = query
            .then(" UNION ALL SELECT organization_id, id, due_at FROM tasks WHERE kind <> 'start'")
            .and(" AND due_at <= ?", now)
            .then(" AND vendor_id IN ")
            .list(vendors.iter().map(|vendor| vendor.0.into()));
    }
    let query = query
        .then(
            "), waiting AS (SELECT organization_id, id, due_at, ROW_NUMBER() OVER \
             (PARTITION BY organization_id ORDER BY due_at, id) AS turn FROM due), \
             taken AS (SELECT organization_id, id, turn FROM waiting ORDER BY turn, due_at, id LIMIT ",
        )
        .number(most)
        .then(
            ") SELECT tasks.* FROM taken JOIN tasks \
             ON tasks.organization_id = taken.organization_id AND tasks.id = taken.id \
             ORDER BY taken.turn, tasks.due_at, tasks.id",
        );
    read_all(&tx.rows(query).await?)
}

/// Whether a worker may be asking about a line at this moment.
pub async fn is_held(
    tx: &mut Tx,
    organization: OrganizationId,
    line: LineId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let query = Query::new("SELECT id FROM tasks")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND line_id = ?", line.0)
        .and(
            " AND strikes > 0 AND due_at > ? LIMIT 1",
            now.as_microsecond(),
        );
    Ok(tx.row(query).await?.is_some())
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
    let claimed_by = holder::this().map(str::to_owned);
    let query = Query::new(
        "UPDATE tasks SET fence = fence + 1, strikes = strikes + 1, due_at = $1, claimed_by = $2",
    )
    .bind(due_at.as_microsecond())
    .bind(claimed_by)
    .and(" WHERE organization_id = ?", task.organization.0)
    .and(" AND id = ?", task.id.0)
    .and(" AND fence = ?", task.fence);
    let won = tx.execute(query).await? == 1;
    Ok(won.then(|| Task {
        fence: task.fence + 1,
        strikes: task.strikes.saturating_add(1),
        due_at,
        ..task.clone()
    }))
}

/// Lets go of all holds: right only when no other process can be working, as on SQLite. What was set aside
/// stays there, so that it does not take the process down again at once.
pub async fn release_all(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let query = Query::new("UPDATE tasks SET due_at = $1").bind(now.as_microsecond());
    tx.execute(of_holds(query, now)).await.map(drop)
}

/// Lets go of the holds of processes that are dead for certain, as far as this machine can tell
/// (`store::holder`): one that is only slow keeps its own. What was set aside stays there.
pub async fn release_dead(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    let query = Query::new("SELECT DISTINCT claimed_by FROM tasks");
    let query = of_holds(query, now).then(" AND claimed_by IS NOT NULL");
    let mut dead = Vec::new();
    for row in tx.rows(query).await? {
        let process: String = row.get("claimed_by")?;
        if holder::is_dead(&process) {
            dead.push(process.into());
        }
    }
    if dead.is_empty() {
        return Ok(0);
    }
    let query = Query::new("UPDATE tasks SET due_at = $1").bind(now.as_microsecond());
    let query = of_holds(query, now).then(" AND claimed_by IN ").list(dead);
    tx.execute(query).await
}

/// Tasks that are held, but for those that were set aside.
fn of_holds(query: Query, now: Timestamp) -> Query {
    query
        .and(" WHERE due_at > ?", now.as_microsecond())
        .and(" AND strikes > 0 AND strikes < ?", i64::from(STRIKES_MAX))
}

/// Lets what was set aside run at once, but for what a worker may hold at this moment. Whoever worked at
/// it before has lost it.
pub async fn run_again(
    tx: &mut Tx,
    organization: OrganizationId,
    tasks: &[TaskId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let tried_long_ago = now + SET_ASIDE - HOLD;
    let query = Query::new("UPDATE tasks SET fence = fence + 1, strikes = 0, due_at = $1")
        .bind(now.as_microsecond())
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND id IN ")
        .list(tasks.iter().map(|task| task.0.into()))
        .and(" AND strikes >= ?", i64::from(STRIKES_MAX))
        .and(" AND due_at <= ?", tried_long_ago.as_microsecond());
    tx.execute(query).await.map(drop)
}

/// Those of some tasks that are set aside still.
pub async fn list_set_aside(
    tx: &mut Tx,
    organization: OrganizationId,
    tasks: &[TaskId],
) -> Result<Vec<TaskId>, StoreError> {
    let query = Query::new("SELECT id FROM tasks")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND id IN ")
        .list(tasks.iter().map(|task| task.0.into()))
        .and(" AND strikes >= ?", i64::from(STRIKES_MAX));
    let rows = tx.rows(query).await?;
    let ids = rows.iter().map(|row| Ok(TaskId(row.get("id")?)));
    ids.collect()
}

/// Work for a vendor that rests until it is due: what is next comes first.
pub async fn list_resting(
    tx: &mut Tx,
    vendor: VendorId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let query = Query::new("SELECT * FROM tasks")
        .and(" WHERE vendor_id = ?", vendor.0)
        .and(" AND due_at > ?", now.as_microsecond())
        .then(" AND kind = 'provision' AND strikes = 0 ORDER BY due_at, id")
        .and(" LIMIT ?", i64::from(limit));
    read_all(&tx.rows(query).await?)
}

/// Lets work that rests be done at once; what a worker took meanwhile stays as it is.
pub async fn hasten(tx: &mut Tx, task: &Task, now: Timestamp) -> Result<(), StoreError> {
    let query = Query::new("UPDATE tasks SET due_at = $1")
        .bind(now.as_microsecond())
        .and(" WHERE organization_id = ?", task.organization.0)
        .and(" AND id = ?", task.id.0)
        .and(" AND fence = ?", task.fence)
        .then(" AND strikes = 0");
    tx.execute(query).await.map(drop)
}

/// Puts a held task off, which was worked at without an error of ours. Fails with a conflict when the hold was lost meanwhile.
pub async fn postpone(
    tx: &mut Tx,
    task: &Task,
    due_at: Timestamp,
    tries: u32,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE tasks SET strikes = 0, due_at = $1, tries = $2")
        .bind(due_at.as_microsecond())
        .bind(i64::from(tries));
    held(tx, query, task).await
}

/// Removes a held task that is done. Fails with a conflict when the hold was lost meanwhile.
pub async fn finish(tx: &mut Tx, task: &Task) -> Result<(), StoreError> {
    held(tx, Query::new("DELETE FROM tasks"), task).await
}

/// Changes a task as long as it is held by this claim: its fence tells it from others, its date from one that has
/// ended.
async fn held(tx: &mut Tx, query: Query, task: &Task) -> Result<(), StoreError> {
    let query = query
        .and(" WHERE organization_id = ?", task.organization.0)
        .and(" AND id = ?", task.id.0)
        .and(" AND fence = ?", task.fence)
        .and(" AND due_at = ?", task.due_at.as_microsecond());
    match tx.execute(query).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

fn read_all(rows: &[Row]) -> Result<Vec<Task>, StoreError> {
    rows.iter().map(read).collect()
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
        strikes: u32::try_from(row.get::<i64>("strikes")?).unwrap_or(u32::MAX),
    })
}
