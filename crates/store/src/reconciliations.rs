//! Comparisons with vendors in storage: one at a time for each connection.

use domain::id::{OrganizationId, RunId, VendorId};
use domain::reconciliation::{Run, RunState};

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// Begins a run; `false` while another one of the connection is under way.
pub async fn insert(tx: &mut Tx, run: &Run) -> Result<bool, StoreError> {
    let query = Query::new(
        "INSERT INTO reconciliation_runs (organization_id, vendor_id, id, started_at, is_running, body) \
         VALUES ",
    )
    .list([
        run.owner.0.into(),
        run.vendor.0.into(),
        run.id.0.into(),
        run.started_at.as_microsecond().into(),
        (run.state == RunState::Running).into(),
        json(run)?.into(),
    ])
    .then(" ON CONFLICT DO NOTHING");
    Ok(tx.execute(query).await? == 1)
}

/// Saves where a run stands.
pub async fn save(tx: &mut Tx, run: &Run) -> Result<(), StoreError> {
    let query = Query::new("UPDATE reconciliation_runs SET is_running = $1, body = $2")
        .bind(run.state == RunState::Running)
        .bind(json(run)?)
        .and(" WHERE organization_id = ?", run.owner.0)
        .and(" AND vendor_id = ?", run.vendor.0)
        .and(" AND id = ?", run.id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Finds a run.
pub async fn find(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    id: RunId,
) -> Result<Option<Run>, StoreError> {
    let query = Query::new("SELECT body FROM reconciliation_runs")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .and(" AND id = ?", id.0);
    tx.body(query).await
}

/// The runs of a connection, newest first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    limit: u32,
) -> Result<Vec<Run>, StoreError> {
    let query = Query::new("SELECT body FROM reconciliation_runs")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .and(
            " ORDER BY started_at DESC, id DESC LIMIT ?",
            i64::from(limit),
        );
    tx.bodies(query).await
}
