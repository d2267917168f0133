//! What open orders hold of subscriptions (R51, C16): the key lets one order have each.

use std::collections::BTreeSet;

use domain::id::{OrganizationId, SubscriptionId};
use domain::order::Order;
use domain::order::slot::Slot;

use crate::orders::number;
use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx};

/// Writes the difference between what an order held before and after a change. Fails as occupied, naming
/// the other order, when one has it already.
pub(crate) async fn replace(
    tx: &mut Tx,
    order: &Order,
    before: &BTreeSet<(SubscriptionId, Slot)>,
    after: &BTreeSet<(SubscriptionId, Slot)>,
) -> Result<(), StoreError> {
    for (subscription, slot) in before.difference(after) {
        let query = Query::new("DELETE FROM subscription_slots")
            .and(" WHERE organization_id = ?", order.organization.0)
            .and(" AND subscription_id = ?", subscription.0)
            .and(" AND slot = ?", word(slot)?)
            .and(" AND order_id = ?", order.id.0);
        tx.execute(query).await?;
    }
    for (subscription, slot) in after.difference(before) {
        let query = Query::new(
            "INSERT INTO subscription_slots (organization_id, subscription_id, slot, order_id, number) \
             VALUES ",
        )
        .list([
            order.organization.0.into(),
            subscription.0.into(),
            word(slot)?.into(),
            order.id.0.into(),
            number(order.number)?,
        ])
        .then(" ON CONFLICT (organization_id, subscription_id, slot) DO NOTHING");
        if tx.execute(query).await? == 0 {
            let holders = list(tx, order.organization, *subscription).await?;
            let holder = holders.into_iter().find(|(held, _)| held == slot);
            let order = holder.map_or(0, |(_, order)| order);
            return Err(StoreError::Occupied { order });
        }
    }
    Ok(())
}

/// The orders that hold something of a subscription, by their numbers.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    subscription: SubscriptionId,
) -> Result<Vec<(Slot, u64)>, StoreError> {
    let query = Query::new("SELECT slot, number FROM subscription_slots")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND subscription_id = ?", subscription.0)
        .then(" ORDER BY slot");
    let read = |row: &Row| {
        let order: i64 = row.get("number")?;
        Ok((row.word("slot")?, order.unsigned_abs()))
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// Which of an organization's subscriptions are being changed by an open order.
pub async fn list_changing(
    tx: &mut Tx,
    organization: OrganizationId,
    asked: &BTreeSet<SubscriptionId>,
) -> Result<BTreeSet<SubscriptionId>, StoreError> {
    if asked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let query = Query::new("SELECT subscription_id FROM subscription_slots")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND slot = ?", word(&Slot::Now)?)
        .then(" AND subscription_id IN ")
        .list(asked.iter().map(|id| id.0.into()));
    let read = |row: &Row| Ok(SubscriptionId(row.get("subscription_id")?));
    tx.rows(query).await?.iter().map(read).collect()
}

/// The planned changes of an organization, by order number; at most `limit`.
pub async fn list_planned(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<u64>, StoreError> {
    let query = Query::new("SELECT DISTINCT number FROM subscription_slots")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND slot <> ?", word(&Slot::Now)?)
        .and(" ORDER BY number LIMIT ?", i64::from(limit));
    let read = |row: &Row| Ok(row.get::<i64>("number")?.unsigned_abs());
    tx.rows(query).await?.iter().map(read).collect()
}
