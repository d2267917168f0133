//! Many orders at once: for each table the rows of all of them in the sequence of its key, so that an
//! index of millions is written page by page and not all over.

use std::collections::{BTreeMap, BTreeSet};

use domain::order::Order;
use domain::order::listing::terms::Entry;
use jiff::Timestamp;

use super::entries::{STRIPES, add_creator, entry, rows, shelf};
use super::{INSERT, UNLESS_TAKEN, number, row};
use crate::tx::insert;
use crate::{StoreError, Tx, desk, failures, rests, slots};

/// Adds orders that come from elsewhere, without a log. Fails as taken when a number is.
pub async fn insert_all(
    tx: &mut Tx,
    orders: &mut [Order],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut found = Vec::with_capacity(orders.len());
    for order in &mut *orders {
        (order.version, order.public_version) = (1, 1);
        found.push(row(order, now)?);
    }
    if insert(tx, INSERT, found, UNLESS_TAKEN).await? < orders.len() as u64 {
        return Err(StoreError::Taken);
    }
    for order in &*orders {
        rests::replace(tx, order, None, rests::rest(order)).await?;
        slots::replace(tx, order, &BTreeSet::new(), &order.slots()).await?;
    }
    add_beside(tx, orders).await
}

/// Adds what is kept beside orders to be found without them, when there is nothing of them yet.
pub(super) async fn add_beside(tx: &mut Tx, orders: &[Order]) -> Result<(), StoreError> {
    let mut creators = BTreeSet::new();
    let mut entries = Vec::with_capacity(orders.len());
    for order in orders {
        let who = &order.created_by;
        if creators.insert((order.organization, who.user, &who.person, &who.email)) {
            add_creator(tx, order.organization, who).await?;
        }
        failures::replace(tx, order, &BTreeSet::new(), &failures::causes(order)).await?;
        desk::replace(tx, order, None, (None, desk::place(order))).await?;
        entries.extend(entry(order)?.map(|entry| (order, entry)));
    }
    add_terms(tx, &entries).await?;
    add_counts(tx, &entries).await
}

async fn add_terms(tx: &mut Tx, entries: &[(&Order, Entry)]) -> Result<(), StoreError> {
    let mut terms = Vec::new();
    for (order, entry) in entries {
        let place = (entry.position.listed_at, entry.position.number);
        let found = rows(Some(entry)).into_iter();
        terms.extend(found.map(|(shelf, term)| (order.organization, shelf, term, place)));
    }
    terms.sort_unstable();
    let mut found = Vec::with_capacity(terms.len());
    for (organization, shelf, term, (listed_at, order)) in terms {
        found.push(vec![
            organization.0.into(),
            shelf.into(),
            term.into(),
            listed_at.into(),
            number(order)?,
        ]);
    }
    let text = "INSERT INTO order_terms (organization_id, shelf, term, listed_at, number) VALUES ";
    insert(tx, text, found, " ON CONFLICT DO NOTHING")
        .await
        .map(drop)
}

async fn add_counts(tx: &mut Tx, entries: &[(&Order, Entry)]) -> Result<(), StoreError> {
    let mut counts: BTreeMap<_, i64> = BTreeMap::new();
    for (order, entry) in entries {
        let (shelf, phase) = (shelf(entry.view, entry.level), entry.phase.name());
        let stripe = order.number % STRIPES;
        *counts
            .entry((order.organization, shelf, phase, stripe))
            .or_default() += 1;
    }
    let mut found = Vec::with_capacity(counts.len());
    for ((organization, shelf, phase, stripe), count) in counts {
        found.push(vec![
            organization.0.into(),
            shelf.into(),
            phase.into(),
            number(stripe)?,
            count.into(),
        ]);
    }
    let text = "INSERT INTO order_counts (organization_id, shelf, phase, stripe, count) VALUES ";
    let more = " ON CONFLICT (organization_id, shelf, phase, stripe) \
                DO UPDATE SET count = order_counts.count + excluded.count";
    insert(tx, text, found, more).await.map(drop)
}
