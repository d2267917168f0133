//! Fills the lists with the orders of a database that an earlier release wrote.

use domain::order::Order;
use uuid::Uuid;

use super::many;
use crate::sql::{Query, Value};
use crate::{StoreError, Tx};

const NAME: &str = "order_lists";
/// Orders of one transaction.
const BATCH: usize = 1_000;

/// Whether orders are still missing from the lists.
pub(crate) async fn is_due(tx: &mut Tx) -> Result<bool, StoreError> {
    let query = Query::new("SELECT name FROM rebuilds WHERE name = $1").bind(NAME);
    Ok(tx.row(query).await?.is_some())
}

/// Adds the next orders; whether there are more.
pub(crate) async fn rebuild(tx: &mut Tx) -> Result<bool, StoreError> {
    let query = Query::new("SELECT organization_id, order_id FROM rebuilds WHERE name = $1");
    let Some(row) = tx.row(query.bind(NAME)).await? else {
        return Ok(false);
    };
    let (organization, order): (Option<Uuid>, Option<Uuid>) =
        (row.get("organization_id")?, row.get("order_id")?);
    let mut query = Query::new("SELECT body FROM orders");
    if let (Some(organization), Some(order)) = (organization, order) {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.into(), order.into()]);
    }
    let query = query
        .then(" ORDER BY organization_id, id LIMIT ")
        .number(BATCH);
    let rows = tx.rows(query).await?;
    let orders: Result<Vec<Order>, _> = rows.iter().map(|row| row.json("body")).collect();
    let orders = orders?;
    many::add_beside(tx, &orders).await?;
    let query = match orders.last().filter(|_| rows.len() == BATCH) {
        None => Query::new("DELETE FROM rebuilds").and(" WHERE name = ?", NAME),
        Some(order) => Query::new("UPDATE rebuilds")
            .and(" SET organization_id = ?", order.organization.0)
            .and(", order_id = ?", order.id.0)
            .and(" WHERE name = ?", Value::from(NAME)),
    };
    tx.execute(query).await?;
    Ok(rows.len() == BATCH)
}
