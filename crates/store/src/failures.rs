//! Why orders fail: kept beside each order, so that the others of the same cause are counted at once.

use std::collections::BTreeSet;

use domain::id::{OrganizationId, VendorId};
use domain::order::Order;
use domain::order::line::LineState;
use domain::order::phase::View;

use crate::orders::number;
use crate::sql::Query;
use crate::{StoreError, Tx};

/// What makes two failures the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Whose refusal it is.
    pub vendor: VendorId,
    /// What `Failure::cause` says.
    pub cause: String,
}

/// The causes that an order fails for now. What is filed is a record and fails no more.
pub(crate) fn causes(order: &Order) -> BTreeSet<Cause> {
    let is_recent = order.shown().is_some_and(|(view, _)| view == View::Recent);
    let lines = order
        .lines
        .iter()
        .filter(|line| is_recent && !line.change.is_markup());
    lines
        .filter_map(|line| match &line.state {
            LineState::Failed { failure, .. } => Some(Cause {
                vendor: line.item.vendor,
                cause: failure.cause(),
            }),
            _ => None,
        })
        .collect()
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
