//! Orders that rest in Recent: since when, so that those of long ago are found without looking at all.

use domain::id::{OrderId, OrganizationId};
use domain::order::Order;
use domain::order::phase::{Phase, View};
use jiff::Timestamp;

use crate::sql::Query;
use crate::{StoreError, Tx};

/// Since when an order rests, and until when something keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    phase_since: i64,
    kept_until: i64,
}

/// How an order rests in Recent; `None` where it will not leave by itself.
pub(crate) fn rest(order: &Order) -> Option<Rest> {
    let is_recent = order.shown().is_some_and(|(view, _)| view == View::Recent);
    (is_recent && order.phase() != Phase::Cart).then(|| Rest {
        phase_since: order.phase_since.as_microsecond(),
        kept_until: order.kept_until().map_or(0, Timestamp::as_microsecond),
    })
}

/// Writes the difference between how an order rested before and after a change.
pub(crate) async fn replace(
    tx: &mut Tx,
    order: &Order,
    before: Option<Rest>,
    after: Option<Rest>,
) -> Result<(), StoreError> {
    match after {
        after if after == before => Ok(()),
        None => forget(tx, order.organization, order.id).await,
        Some(rest) => keep(tx, order, rest).await,
    }
}

async fn keep(tx: &mut Tx, order: &Order, rest: Rest) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO order_rests (organization_id, order_id, phase_since, kept_until) VALUES ",
    )
    .list([
        order.organization.0.into(),
        order.id.0.into(),
        rest.phase_since.into(),
        rest.kept_until.into(),
    ])
    .then(
        " ON CONFLICT (organization_id, order_id) DO UPDATE \
         SET phase_since = excluded.phase_since, kept_until = excluded.kept_until",
    );
    tx.later(query).await
}

/// Looks at an order again that was found resting and is not due: its row tells the truth afterwards.
pub async fn correct(tx: &mut Tx, order: &Order) -> Result<(), StoreError> {
    match rest(order) {
        None => forget(tx, order.organization, order.id).await,
        Some(rest) => keep(tx, order, rest).await,
    }
}

async fn forget(
    tx: &mut Tx,
    organization: OrganizationId,
    order: OrderId,
) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM order_rests")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND order_id = ?", order.0);
    tx.later(query).await
}

/// Orders that rest since before `since` and that nothing keeps any more, longest first, whoever's
/// they are.
pub async fn list(
    tx: &mut Tx,
    since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(OrganizationId, OrderId)>, StoreError> {
    let query = Query::new("SELECT organization_id, order_id FROM order_rests")
        .and(" WHERE phase_since <= ?", since.as_microsecond())
        .and(" AND kept_until <= ?", now.as_microsecond())
        .and(" ORDER BY phase_since LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    rows.iter()
        .map(|row| {
            let organization = OrganizationId(row.get("organization_id")?);
            Ok((organization, OrderId(row.get("order_id")?)))
        })
        .collect()
}
