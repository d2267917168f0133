//! Why orders fail: kept beside each order, so that the others of the same cause are counted at once.

use std::collections::BTreeSet;

use domain::id::OrganizationId;
use domain::order::Order;
use domain::order::desk::DeskReason;
use domain::order::line::Line;
use domain::order::phase::View;
use domain::order::retry::Cause;

use crate::orders::number;
use crate::sql::{Query, Row};
use crate::{StoreError, Tx};

/// The causes that an order fails for now. What is filed is a record and fails no more.
pub(crate) fn causes(order: &Order) -> BTreeSet<Cause> {
    let is_recent = order.shown().is_some_and(|(view, _)| view == View::Recent);
    let lines = order.lines.iter().filter(|_| is_recent);
    lines.filter_map(Line::cause).collect()
}

/// Writes the difference between the causes before and after a change.
pub(crate) async fn replace(
    tx: &mut Tx,
    order: &Order,
    before: &BTreeSet<Cause>,
    after: &BTreeSet<Cause>,
) -> Result<(), StoreError> {
    for Cause { vendor, cause } in before.difference(after) {
        let query = Query::new("DELETE FROM order_failures")
            .and(" WHERE organization_id = ?", order.organization.0)
            .and(" AND vendor_id = ?", vendor.0)
            .and(" AND cause = ?", cause.as_str())
            .and(" AND number = ?", number(order.number)?);
        tx.later(query).await?;
    }
    for Cause { vendor, cause } in after.difference(before) {
        let query = Query::new(
            "INSERT INTO order_failures (organization_id, vendor_id, cause, number) VALUES ",
        )
        .list([
            order.organization.0.into(),
            vendor.0.into(),
            cause.as_str().into(),
            number(order.number)?,
        ])
        .then(" ON CONFLICT (organization_id, vendor_id, cause, number) DO NOTHING");
        tx.later(query).await?;
    }
    Ok(())
}

/// How many other orders of an organization fail for a cause; no more than `most` are looked at.
pub async fn count_others(
    tx: &mut Tx,
    organization: OrganizationId,
    cause: &Cause,
    order: u64,
    most: u32,
) -> Result<u32, StoreError> {
    let query = Query::new("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM order_failures")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND vendor_id = ?", cause.vendor.0)
        .and(" AND cause = ?", cause.cause.clone())
        .and(" AND number <> ?", number(order)?)
        .and(" LIMIT ?) AS found", i64::from(most));
    let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
    Ok(u32::try_from(row.get::<i64>("n")?).unwrap_or(most))
}

/// The orders of an organization that fail for a cause, by number; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    cause: &Cause,
    limit: u32,
) -> Result<Vec<u64>, StoreError> {
    let query = Query::new("SELECT number FROM order_failures")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND vendor_id = ?", cause.vendor.0)
        .and(" AND cause = ?", cause.cause.as_str())
        .and(" ORDER BY number LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read_number).collect()
}

/// Orders at a desk that have failed, and for a cause: their customers and numbers, those of each customer
/// together; at most `limit`.
pub async fn list_at_desk(
    tx: &mut Tx,
    desk: OrganizationId,
    cause: &Cause,
    limit: u32,
) -> Result<Vec<(OrganizationId, u64)>, StoreError> {
    let query = Query::new(
        "SELECT entries.customer_id, orders.number FROM desk_entries AS entries \
         JOIN orders ON orders.organization_id = entries.customer_id \
         AND orders.id = entries.order_id \
         JOIN order_failures AS failures ON failures.organization_id = entries.customer_id \
         AND failures.number = orders.number",
    )
    .and(" WHERE entries.organization_id = ?", desk.0)
    .and(" AND entries.reason = ?", DeskReason::Failed.name())
    .and(" AND failures.vendor_id = ?", cause.vendor.0)
    .and(" AND failures.cause = ?", cause.cause.as_str())
    .then(" ORDER BY entries.customer_id, orders.number")
    .and(" LIMIT ?", i64::from(limit));
    let read = |row: &Row| Ok((OrganizationId(row.get("customer_id")?), read_number(row)?));
    tx.rows(query).await?.iter().map(read).collect()
}

fn read_number(row: &Row) -> Result<u64, StoreError> {
    u64::try_from(row.get::<i64>("number")?)
        .map_err(|error| StoreError::Corrupt(format!("order number: {error}")))
}
