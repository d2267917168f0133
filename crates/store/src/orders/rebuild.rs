//! Derives from the orders of a database that an earlier release wrote what is kept beside them now.

use domain::order::Order;
use domain::subscription::Subscription;
use domain::subscription::history::Entry;
use uuid::Uuid;

use super::many;
use crate::sql::Query;
use crate::{StoreError, Tx, catalog, plan_prices, subscriptions};

const LISTS: &str = "order_lists";
const SUBSCRIPTIONS: &str = "subscriptions";
const SUBSCRIPTION_OFFERS: &str = "subscription_offers";
const PLAN_PRICES: &str = "plan_prices";
const OFFER_TERMS: &str = "offer_terms";
/// Orders of one transaction.
const BATCH: usize = 1_000;

/// Whether something is still to be derived.
pub(crate) async fn is_due(tx: &mut Tx) -> Result<bool, StoreError> {
    let query = Query::new("SELECT name FROM rebuilds LIMIT 1");
    Ok(tx.row(query).await?.is_some())
}

/// Derives from the next orders what one of the names stands for; whether there is more to do.
pub(crate) async fn rebuild(tx: &mut Tx) -> Result<bool, StoreError> {
    let query =
        Query::new("SELECT name, organization_id, order_id FROM rebuilds ORDER BY name LIMIT 1");
    let Some(row) = tx.row(query).await? else {
        return Ok(false);
    };
    let name: String = row.get("name")?;
    let after: (Option<Uuid>, Option<Uuid>) = (row.get("organization_id")?, row.get("order_id")?);
    let after = after.0.zip(after.1);
    let last = match name.as_str() {
        PLAN_PRICES => plan_prices::rebuild(tx, after, BATCH).await?,
        OFFER_TERMS => catalog::rebuild(tx, after, BATCH).await?,
        SUBSCRIPTION_OFFERS => subscriptions::rebuild(tx, after, BATCH).await?,
        _ => derive_from_orders(tx, &name, after).await?,
    };
    let query = match last {
        None => Query::new("DELETE FROM rebuilds").and(" WHERE name = ?", name),
        Some((organization, id)) => Query::new("UPDATE rebuilds")
            .and(" SET organization_id = ?", organization)
            .and(", order_id = ?", id)
            .and(" WHERE name = ?", name),
    };
    tx.execute(query).await?;
    is_due(tx).await
}

/// Where the next batch begins; `None` after the last one.
async fn derive_from_orders(
    tx: &mut Tx,
    name: &str,
    after: Option<(Uuid, Uuid)>,
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let mut query = Query::new("SELECT body FROM orders");
    if let Some((organization, order)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.into(), order.into()]);
    }
    let query = query
        .then(" ORDER BY organization_id, id LIMIT ")
        .number(BATCH);
    let orders: Vec<Order> = tx.bodies(query).await?;
    match name {
        LISTS => many::add_beside(tx, &orders).await?,
        SUBSCRIPTIONS => begin_subscriptions(tx, &orders).await?,
        other => return Err(StoreError::Corrupt(format!("no rebuild is called {other}"))),
    }
    let last = orders.last().filter(|_| orders.len() == BATCH);
    Ok(last.map(|order| (order.organization.0, order.id.0)))
}

/// What the finished purchases of orders left behind.
async fn begin_subscriptions(tx: &mut Tx, orders: &[Order]) -> Result<(), StoreError> {
    for order in orders {
        for line in &order.lines {
            let Some(subscription) = Subscription::begun_by(order, line) else {
                continue;
            };
            subscriptions::save(tx, &subscription).await?;
            if let Some(entry) = Entry::of(order, line) {
                subscriptions::append(tx, order.organization, subscription.id, &entry).await?;
            }
        }
    }
    Ok(())
}
