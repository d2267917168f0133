//! Subscriptions in storage.

use domain::id::{OrganizationId, SubscriptionId};
use domain::subscription::Subscription;

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// Adds a subscription, or replaces what is known of it; doing so twice changes nothing.
pub async fn save(tx: &mut Tx, subscription: &Subscription) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO subscriptions (organization_id, id, started_at, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (organization_id, id) DO UPDATE SET body = excluded.body",
    )
    .bind(subscription.organization.0)
    .bind(subscription.id.0)
    .bind(subscription.started_at.as_microsecond())
    .bind(json(subscription)?);
    tx.execute(query).await.map(drop)
}

/// Finds one.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let query = Query::new("SELECT body FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND id = ?", id.0);
    tx.row(query).await?.map(|row| row.json("body")).transpose()
}

/// An organization's subscriptions, newest first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<Subscription>, StoreError> {
    let query = Query::new("SELECT body FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .and(
            " ORDER BY started_at DESC, id DESC LIMIT ?",
            i64::from(limit),
        );
    tx.rows(query)
        .await?
        .iter()
        .map(|row| row.json("body"))
        .collect()
}
