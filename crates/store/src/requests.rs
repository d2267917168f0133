//! Idempotency keys in storage, saved in the transaction of the effect they stand for.

use domain::id::{OrderId, OrganizationId, UserId};
use jiff::Timestamp;

use crate::sql::Query;
use crate::{StoreError, Tx};

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered {
    /// First seen now; go on.
    New,
    /// The same request was made before, and led to this order.
    Repeat(OrderId),
    /// The key belongs to a request with other content.
    Other,
}

/// A key in the key space of one person in one organization.
#[derive(Debug, Clone)]
pub struct RequestKey {
    /// Where.
    pub organization: OrganizationId,
    /// Whose.
    pub user: UserId,
    /// The client's key.
    pub key: String,
    /// A hash of what was asked.
    pub fingerprint: String,
}

/// Remembers that a request led to an order, or tells that it did before.
pub async fn remember(
    tx: &mut Tx,
    request: &RequestKey,
    order: OrderId,
    now: Timestamp,
) -> Result<Remembered, StoreError> {
    let insert = Query::new(
        "INSERT INTO requests (organization_id, user_id, key, fingerprint, order_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(request.organization.0)
    .bind(request.user.0)
    .bind(request.key.as_str())
    .bind(request.fingerprint.as_str())
    .bind(order.0)
    .bind(now.as_microsecond());
    if tx.execute(insert).await? == 1 {
        return Ok(Remembered::New);
    }
    let find = Query::new("SELECT fingerprint, order_id FROM requests")
        .and(" WHERE organization_id = ?", request.organization.0)
        .and(" AND user_id = ?", request.user.0)
        .and(" AND key = ?", request.key.as_str());
    let row = tx.row(find).await?.ok_or(StoreError::NotFound)?;
    if row.get::<String>("fingerprint")? == request.fingerprint {
        Ok(Remembered::Repeat(OrderId(row.get("order_id")?)))
    } else {
        Ok(Remembered::Other)
    }
}
