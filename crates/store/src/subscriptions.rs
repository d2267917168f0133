//! Subscriptions in storage: the whole as one document, beside it what lists and workers find it by.

use std::collections::BTreeSet;

use domain::access::Visibility;
use domain::id::{OfferId, OrganizationId, SubscriptionId, VendorId};
use domain::reconciliation::Reference;
use domain::subscription::history::Entry;
use domain::subscription::{Subscription, SubscriptionState};
use jiff::Timestamp;
use uuid::Uuid;

use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// Entries of a history that are read at the most.
const HISTORY_MAX: i64 = 500;

/// Which of an organization's subscriptions are asked for; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this state, by its name.
    pub status: Option<&'static str>,
    /// Of this vendor.
    pub vendor: Option<VendorId>,
    /// With all of these in name, license, vendor or tenant; small letters.
    pub words: Vec<String>,
    /// Whose term ends before this instant.
    pub ends_before: Option<Timestamp>,
    /// That renew, or that don't.
    pub auto_renews: Option<bool>,
    /// Older than this one.
    pub after: Option<(Timestamp, SubscriptionId)>,
}

/// Adds a subscription, or replaces what is known of it; doing so twice changes nothing.
pub async fn save(tx: &mut Tx, subscription: &Subscription) -> Result<(), StoreError> {
    let words = [
        Some(subscription.name.as_str()),
        Some(subscription.item.name.as_str()),
        Some(subscription.item.vendor_name.as_str()),
        subscription.tenant.as_deref(),
    ];
    let words: Vec<String> = words
        .iter()
        .flatten()
        .map(|word| word.to_lowercase())
        .collect();
    let due_at = match subscription.state.has_ended() {
        true => None,
        false => subscription.term_ends_at,
    };
    let query = Query::new(
        "INSERT INTO subscriptions (organization_id, id, started_at, status, vendor_id, auto_renews, \
         due_at, words, offer_id, reference, body) VALUES ",
    )
    .list([
        subscription.organization.0.into(),
        subscription.id.0.into(),
        subscription.started_at.as_microsecond().into(),
        subscription.state.name().into(),
        subscription.item.vendor.0.into(),
        subscription.auto_renews.into(),
        due_at.map_or(i64::MAX, Timestamp::as_microsecond).into(),
        words.join("\n").into(),
        subscription.item.offer.0.into(),
        subscription.vendor_reference.as_str().into(),
        json(subscription)?.into(),
    ])
    .then(
        " ON CONFLICT (organization_id, id) DO UPDATE SET status = excluded.status, \
         vendor_id = excluded.vendor_id, auto_renews = excluded.auto_renews, \
         due_at = excluded.due_at, words = excluded.words, \
         offer_id = excluded.offer_id, reference = excluded.reference, body = excluded.body",
    );
    tx.execute(query).await.map(drop)
}

/// Loads a subscription to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    let query = one(organization, id);
    let query = match tx.is_sqlite() {
        true => query,
        false => query.then(" FOR UPDATE"),
    };
    tx.body(query).await
}

/// Finds one.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    tx.body(one(organization, id)).await
}

/// Those of an organization's subscriptions that are asked for and there.
pub async fn find_all(
    tx: &mut Tx,
    organization: OrganizationId,
    asked: &BTreeSet<SubscriptionId>,
) -> Result<Vec<Subscription>, StoreError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND id IN ")
        .list(asked.iter().map(|id| id.0.into()))
        .then(" ORDER BY started_at DESC, id DESC");
    tx.bodies(query).await
}

fn one(organization: OrganizationId, id: SubscriptionId) -> Query {
    Query::new("SELECT body FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND id = ?", id.0)
}

/// An organization's subscriptions, newest first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Subscription>, StoreError> {
    let query = Query::new("SELECT body FROM subscriptions");
    let mut query = filtered(query, organization, filter);
    if let Some((started_at, id)) = filter.after {
        query = query
            .then(" AND (started_at, id) < ")
            .list([started_at.as_microsecond().into(), id.0.into()]);
    }
    let query = query.and(
        " ORDER BY started_at DESC, id DESC LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}

/// An organization's active subscriptions of some offers, newest first; at most `limit`.
pub async fn list_of_offers(
    tx: &mut Tx,
    organization: OrganizationId,
    offers: &BTreeSet<OfferId>,
    limit: u32,
) -> Result<Vec<Subscription>, StoreError> {
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND offer_id IN ")
        .list(offers.iter().map(|offer| offer.0.into()))
        .and(" AND status = ?", "active")
        .and(
            " ORDER BY started_at DESC, id DESC LIMIT ?",
            i64::from(limit),
        );
    tx.bodies(query).await
}

/// Writes beside the next subscriptions of an earlier release what they are found by now; where the batch
/// ended, unless it was the last.
pub(crate) async fn rebuild(
    tx: &mut Tx,
    after: Option<(Uuid, Uuid)>,
    batch: usize,
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let mut query = Query::new("SELECT body FROM subscriptions");
    if let Some((organization, id)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.into(), id.into()]);
    }
    let query = query
        .then(" ORDER BY organization_id, id LIMIT ")
        .number(batch);
    let rows = tx.rows(query).await?;
    let mut last = None;
    for row in &rows {
        let found: Subscription = row.json("body")?;
        save(tx, &found).await?;
        last = Some((found.organization.0, found.id.0));
    }
    Ok(last.filter(|_| rows.len() == batch))
}

/// How many of an organization's subscriptions are in each state.
pub async fn count_by_status(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<(String, u64)>, StoreError> {
    let query = Query::new("SELECT status, COUNT(*) AS count FROM subscriptions")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" GROUP BY status");
    let count = |row: &Row| Ok((row.get("status")?, row.get::<i64>("count")?.unsigned_abs()));
    tx.rows(query).await?.iter().map(count).collect()
}

fn filtered(query: Query, organization: OrganizationId, filter: &Filter) -> Query {
    let mut query = query.and(" WHERE organization_id = ?", organization.0);
    if let Some(status) = filter.status {
        query = query.and(" AND status = ?", status);
    }
    if let Some(vendor) = filter.vendor {
        query = query.and(" AND vendor_id = ?", vendor.0);
    }
    if let Some(auto_renews) = filter.auto_renews {
        query = query.and(" AND auto_renews = ?", auto_renews);
    }
    if let Some(before) = filter.ends_before {
        query = query.and(" AND due_at < ?", before.as_microsecond());
    }
    for word in &filter.words {
        let escaped = word
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        query = query.and(" AND words LIKE ? ESCAPE '\\'", format!("%{escaped}%"));
    }
    query
}

/// Subscriptions whose term has ended, whoever's they are, the longest ago first.
pub async fn list_due(
    tx: &mut Tx,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(OrganizationId, SubscriptionId)>, StoreError> {
    let query = Query::new("SELECT organization_id, id FROM subscriptions")
        .and(" WHERE due_at <= ?", now.as_microsecond())
        .and(" ORDER BY due_at LIMIT ?", i64::from(limit));
    let ids = |row: &Row| {
        let organization: Uuid = row.get("organization_id")?;
        Ok((OrganizationId(organization), SubscriptionId(row.get("id")?)))
    };
    tx.rows(query).await?.iter().map(ids).collect()
}

/// The next subscriptions of a vendor, whoever's they are, in the sequence of the vendor's ids.
pub async fn list_of_vendor(
    tx: &mut Tx,
    vendor: VendorId,
    after: Option<&Subscription>,
    limit: u32,
) -> Result<Vec<Subscription>, StoreError> {
    let mut query =
        Query::new("SELECT body FROM subscriptions").and(" WHERE vendor_id = ?", vendor.0);
    if let Some(after) = after {
        query = query
            .then(" AND (reference, organization_id, id) > ")
            .list([
                after.vendor_reference.as_str().into(),
                after.organization.0.into(),
                after.id.0.into(),
            ]);
    }
    let query = query.and(
        " ORDER BY reference, organization_id, id LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}

/// Which of a vendor's ids are known, whoever's they are.
pub async fn list_references(
    tx: &mut Tx,
    vendor: VendorId,
    asked: &BTreeSet<&Reference>,
) -> Result<BTreeSet<Reference>, StoreError> {
    if asked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let query = Query::new("SELECT DISTINCT reference FROM subscriptions")
        .and(" WHERE vendor_id = ?", vendor.0)
        .then(" AND reference IN ")
        .list(asked.iter().map(|one| one.0.as_str().into()));
    let read = |row: &Row| Ok(Reference(row.get("reference")?));
    tx.rows(query).await?.iter().map(read).collect()
}

/// Adds to a subscription's history; an entry that is there already stays.
pub async fn append(
    tx: &mut Tx,
    organization: OrganizationId,
    subscription: SubscriptionId,
    entry: &Entry,
) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO subscription_changes (organization_id, subscription_id, at, line_id, is_hidden, \
         body) VALUES ",
    )
    .list([
        organization.0.into(),
        subscription.0.into(),
        entry.at.as_microsecond().into(),
        entry.line.0.into(),
        entry.is_hidden.into(),
        json(entry)?.into(),
    ])
    .then(" ON CONFLICT (organization_id, subscription_id, at, line_id) DO NOTHING");
    tx.execute(query).await.map(drop)
}

/// A subscription's history as a reader may know it, latest first.
pub async fn history(
    tx: &mut Tx,
    organization: OrganizationId,
    subscription: SubscriptionId,
    seen: Visibility,
) -> Result<Vec<Entry>, StoreError> {
    let query = Query::new("SELECT body FROM subscription_changes")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND subscription_id = ?", subscription.0);
    let query = match seen.markup {
        true => query,
        false => query.then(" AND is_hidden = 0"),
    };
    let query = query.and(" ORDER BY at DESC, line_id LIMIT ?", HISTORY_MAX);
    tx.bodies(query).await
}

/// Whether a state can be filtered by: its name as the program knows it.
pub fn status(name: &str) -> Option<&'static str> {
    let at = Timestamp::UNIX_EPOCH;
    [
        SubscriptionState::Active,
        SubscriptionState::Suspended { since: at },
        SubscriptionState::Canceled { at },
        SubscriptionState::Expired { at },
    ]
    .map(SubscriptionState::name)
    .into_iter()
    .find(|known| *known == name)
}
