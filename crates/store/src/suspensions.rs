//! Suspended organizations in storage, and how far the work of stopping their orders has come.

use domain::id::{OrderId, OrganizationId};
use domain::organization::Suspension;

use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// An organization whose open orders, or those of its customers, are being stopped.
#[derive(Debug, Clone)]
pub struct Stopping {
    /// Whose.
    pub organization: OrganizationId,
    /// The customer whose orders are looked at; nothing before the first.
    pub customer: Option<OrganizationId>,
    /// The last order of it that was looked at.
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
        " ON CONFLICT (organization_id) DO UPDATE SET is_stopping = 1, customer_id = NULL, \
         after_id = NULL, body = excluded.body",
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

/// Whose suspension stands before the orders of a customer, and why: its own, else the nearest above. The
/// chain is the customer's, itself first.
pub async fn find_above(
    tx: &mut Tx,
    chain: &[OrganizationId],
) -> Result<Option<(String, Suspension)>, StoreError> {
    let query = Query::new(
        "SELECT o.name, s.body FROM suspensions s JOIN organizations o ON o.id = s.organization_id \
         WHERE s.organization_id IN ",
    )
    .list(chain.iter().map(|id| id.0.into()))
    .then(" ORDER BY LENGTH(o.path) DESC LIMIT 1");
    let row = tx.row(query).await?;
    row.map(|row| Ok((row.get("name")?, row.json("body")?)))
        .transpose()
}

/// Organizations whose open orders may not all be stopped, whoever's they are.
pub async fn list(tx: &mut Tx, limit: u32) -> Result<Vec<Stopping>, StoreError> {
    let query = Query::new("SELECT organization_id, customer_id, after_id, body FROM suspensions")
        .then(" WHERE is_stopping = 1")
        .and(" ORDER BY organization_id LIMIT ?", i64::from(limit));
    let read = |row: &Row| {
        let customer: Option<uuid::Uuid> = row.get("customer_id")?;
        let after: Option<uuid::Uuid> = row.get("after_id")?;
        Ok(Stopping {
            organization: OrganizationId(row.get("organization_id")?),
            customer: customer.map(OrganizationId),
            after: after.map(OrderId),
            suspension: row.json("body")?,
        })
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// Writes down how far the work has come: at which customer, and after which of its orders; `None` when
/// it is done.
pub async fn advance(
    tx: &mut Tx,
    organization: OrganizationId,
    to: Option<(OrganizationId, Option<OrderId>)>,
) -> Result<(), StoreError> {
    let query = match to {
        Some((customer, after)) => {
            Query::new("UPDATE suspensions SET customer_id = $1, after_id = $2")
                .bind(customer.0)
                .bind(after.map(|after| after.0))
        }
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
