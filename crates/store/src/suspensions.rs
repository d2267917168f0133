//! Suspended organizations in storage, and how far the work of stopping their orders has come.

use domain::id::{OrderId, OrganizationId};
use domain::organization::Suspension;

use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// An organization whose open orders are being stopped.
#[derive(Debug, Clone)]
pub struct Stopping {
    /// Whose.
    pub organization: OrganizationId,
    /// The last order that was looked at.
    pub after: Option<OrderId>,
    /// Why, and by whom.
    pub suspension: Suspension,
}

/// Remembers a suspension, and that open orders are to be stopped.
pub async fn save(
    tx: &mut Tx,
    organization: OrganizationId,
    suspension: &Suspension,
) -> Result<(), StoreError> {
    let query = Query::new("INSERT INTO suspensions (organization_id, is_stopping, body) VALUES ")
        .list([organization.0.into(), true.into(), json(suspension)?.into()]);
    let query = query.then(
        " ON CONFLICT (organization_id) DO UPDATE SET is_stopping = 1, after_id = NULL, \
         body = excluded.body",
    );
    tx.execute(query).await.map(drop)
}

/// Why an organization is suspended, if it is.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Option<Suspension>, StoreError> {
    let query = Query::new("SELECT body FROM suspensions")
        .and(" WHERE organization_id = ?", organization.0);
    tx.body(query).await
}

/// Organizations whose open orders may not all be stopped, whoever's they are.
pub async fn list(tx: &mut Tx, limit: u32) -> Result<Vec<Stopping>, StoreError> {
    let query = Query::new("SELECT organization_id, after_id, body FROM suspensions")
        .then(" WHERE is_stopping = 1")
        .and(" ORDER BY organization_id LIMIT ?", i64::from(limit));
    let read = |row: &Row| {
        let after: Option<uuid::Uuid> = row.get("after_id")?;
        Ok(Stopping {
            organization: OrganizationId(row.get("organization_id")?),
            after: after.map(OrderId),
            suspension: row.json("body")?,
        })
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// Writes down how far the work has come; `None` when it is done.
pub async fn advance(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Option<OrderId>,
) -> Result<(), StoreError> {
    let query = match after {
        Some(after) => Query::new("UPDATE suspensions SET after_id = $1").bind(after.0),
        None => Query::new("UPDATE suspensions SET is_stopping = 0"),
    };
    let query = query.and(" WHERE organization_id = ?", organization.0);
    tx.execute(query).await.map(drop)
}

/// Forgets a suspension.
pub async fn delete(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
    let query =
        Query::new("DELETE FROM suspensions").and(" WHERE organization_id = ?", organization.0);
    tx.execute(query).await.map(drop)
}
