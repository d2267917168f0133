//! Differences in storage: one that is seen again is the same one, by the key of what is open.

use std::collections::BTreeSet;

use domain::id::{DifferenceId, OrganizationId, RunId, VendorId};
use domain::reconciliation::{Difference, Reference};
use jiff::Timestamp;

use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// Which of an owner's differences are asked for; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Over this connection.
    pub vendor: Option<VendorId>,
    /// Of this kind, by its name.
    pub kind: Option<&'static str>,
    /// Where they stand, by its name.
    pub status: &'static str,
    /// Older than this one.
    pub after: Option<(Timestamp, DifferenceId)>,
}

/// Adds one. Fails as a conflict where the same is open already.
pub async fn insert(tx: &mut Tx, difference: &Difference) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO differences (organization_id, id, vendor_id, reference, kind, status, is_open, \
         first_seen, run_id, body) VALUES ",
    )
    .list([
        difference.owner.0.into(),
        difference.id.0.into(),
        difference.vendor.0.into(),
        difference.reference.0.as_str().into(),
        difference.drift.name().into(),
        difference.outcome.name().into(),
        difference.is_open().into(),
        difference.first_seen.as_microsecond().into(),
        difference.run.0.into(),
        json(difference)?.into(),
    ])
    .then(" ON CONFLICT DO NOTHING");
    match tx.execute(query).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

/// Saves where one stands.
pub async fn save(tx: &mut Tx, difference: &Difference) -> Result<(), StoreError> {
    let query =
        Query::new("UPDATE differences SET status = $1, is_open = $2, run_id = $3, body = $4")
            .bind(difference.outcome.name())
            .bind(difference.is_open())
            .bind(difference.run.0)
            .bind(json(difference)?)
            .and(" WHERE organization_id = ?", difference.owner.0)
            .and(" AND id = ?", difference.id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

fn one(owner: OrganizationId, id: DifferenceId) -> Query {
    Query::new("SELECT body FROM differences")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND id = ?", id.0)
}

/// Finds one.
pub async fn find(
    tx: &mut Tx,
    owner: OrganizationId,
    id: DifferenceId,
) -> Result<Option<Difference>, StoreError> {
    tx.body(one(owner, id)).await
}

/// Loads one to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(
    tx: &mut Tx,
    owner: OrganizationId,
    id: DifferenceId,
) -> Result<Option<Difference>, StoreError> {
    let query = match tx.is_sqlite() {
        true => one(owner, id),
        false => one(owner, id).then(" FOR UPDATE"),
    };
    tx.body(query).await
}

/// Loads what is open about some of a vendor's ids, to change it.
pub async fn load_open(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    references: &BTreeSet<&Reference>,
) -> Result<Vec<Difference>, StoreError> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    let query = open(owner, vendor, "SELECT body FROM differences")
        .then(" AND reference IN ")
        .list(references.iter().map(|one| one.0.as_str().into()));
    let query = match tx.is_sqlite() {
        true => query,
        false => query.then(" FOR UPDATE"),
    };
    tx.bodies(query).await
}

fn open(owner: OrganizationId, vendor: VendorId, text: &'static str) -> Query {
    Query::new(text)
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .then(" AND is_open = 1")
}

/// What is open over a connection: the vendor's id, the kind, and the run that saw it last; by id and kind
/// from the given ones on.
pub async fn list_open(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    after: Option<&(Reference, String)>,
    limit: u32,
) -> Result<Vec<(Reference, String, RunId)>, StoreError> {
    let text = "SELECT reference, kind, run_id FROM differences";
    let mut query = open(owner, vendor, text);
    if let Some((reference, kind)) = after {
        query = query
            .then(" AND (reference, kind) > ")
            .list([reference.0.as_str().into(), kind.as_str().into()]);
    }
    let query = query.and(" ORDER BY reference, kind LIMIT ?", i64::from(limit));
    let read = |row: &Row| {
        let run = RunId(row.get("run_id")?);
        Ok((Reference(row.get("reference")?), row.get("kind")?, run))
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// An owner's differences, the newest first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    owner: OrganizationId,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Difference>, StoreError> {
    let mut query = Query::new("SELECT body FROM differences")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND status = ?", filter.status);
    if let Some(vendor) = filter.vendor {
        query = query.and(" AND vendor_id = ?", vendor.0);
    }
    if let Some(kind) = filter.kind {
        query = query.and(" AND kind = ?", kind);
    }
    if let Some((first_seen, id)) = filter.after {
        query = query
            .then(" AND (first_seen, id) < ")
            .list([first_seen.as_microsecond().into(), id.0.into()]);
    }
    let query = query.and(
        " ORDER BY first_seen DESC, id DESC LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}
