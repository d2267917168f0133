//! Orders in storage: the whole order as one document, beside it the columns that lists ask for.

use domain::access::Visibility;
use domain::event::Event;
use domain::id::{OrderId, OrganizationId, UserId};
use domain::order::Order;
use domain::order::listing::Position;
use domain::order::phase::{Phase, View};
use jiff::Timestamp;

use crate::sql::{Query, Value, json, word};
use crate::{StoreError, Tx};

/// Room for the events of one version, so that a sequence number needs no look at the log.
const EVENTS_PER_VERSION: i64 = 1_000;

/// Adds a new order with its first events. Fails as taken when the organization has the number.
pub async fn insert(
    tx: &mut Tx,
    order: &mut Order,
    events: &[Event],
    now: Timestamp,
) -> Result<(), StoreError> {
    (order.version, order.public_version) = (1, 1);
    let query = Query::new(
        "INSERT INTO orders (phase, view, is_markup_only, listed_at, changed_at, version, body, \
         organization_id, id, number, created_by) VALUES ",
    )
    .list(columns(order, now)?.into_iter().chain([
        order.organization.0.into(),
        order.id.0.into(),
        number(order.number)?,
        order.created_by.user.0.into(),
    ]))
    .then(" ON CONFLICT (organization_id, number) DO NOTHING");
    if tx.execute(query).await? == 0 {
        return Err(StoreError::Taken);
    }
    append(tx, order, events).await
}

/// Saves a changed order with what happened. Fails with a conflict when it is not of the version
/// that was loaded.
pub async fn save(
    tx: &mut Tx,
    order: &mut Order,
    events: &[Event],
    now: Timestamp,
) -> Result<(), StoreError> {
    let loaded = order.version;
    order.version += 1;
    // A change of hidden facts alone leaves no trace in what customer roles are told.
    if events.is_empty() || events.iter().any(|event| !order.is_hidden(event)) {
        order.public_version += 1;
    }
    let mut query = Query::new(
        "UPDATE orders SET phase = $1, view = $2, is_markup_only = $3, listed_at = $4, \
         changed_at = $5, version = $6, body = $7",
    );
    for value in columns(order, now)? {
        query = query.bind(value);
    }
    let query = query
        .and(" WHERE organization_id = ?", order.organization.0)
        .and(" AND id = ?", order.id.0)
        .and(" AND version = ?", loaded);
    if tx.execute(query).await? == 0 {
        return Err(StoreError::Conflict);
    }
    append(tx, order, events).await
}

fn columns(order: &Order, now: Timestamp) -> Result<Vec<Value>, StoreError> {
    let view = match order.shown() {
        Some((view, _)) => word(&view)?,
        None => "none".to_owned(),
    };
    Ok(vec![
        order.phase().name().into(),
        view.into(),
        order.is_markup_only().into(),
        order.position().listed_at.into(),
        now.as_microsecond().into(),
        order.version.into(),
        json(order)?.into(),
    ])
}

fn number(number: u64) -> Result<Value, StoreError> {
    i64::try_from(number)
        .map(Value::Number)
        .map_err(|_| StoreError::Corrupt(format!("order number {number}")))
}

async fn append(tx: &mut Tx, order: &Order, events: &[Event]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let mut query =
        Query::new("INSERT INTO order_events (organization_id, order_id, sequence, body) VALUES ");
    for (sequence, event) in (order.version * EVENTS_PER_VERSION..).zip(events) {
        if sequence > order.version * EVENTS_PER_VERSION {
            query = query.then(", ");
        }
        query = query.list([
            order.organization.0.into(),
            order.id.0.into(),
            sequence.into(),
            json(event)?.into(),
        ]);
    }
    tx.execute(query).await.map(drop)
}

/// Loads an order to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(
    tx: &mut Tx,
    organization: OrganizationId,
    id: OrderId,
) -> Result<Order, StoreError> {
    let query = Query::new("SELECT body FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND id = ?", id.0);
    let query = if tx.is_sqlite() {
        query
    } else {
        query.then(" FOR UPDATE")
    };
    tx.row(query)
        .await?
        .ok_or(StoreError::NotFound)?
        .json("body")
}

/// Finds an order by its number, if it exists for the reader.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    order: u64,
    seen: Visibility,
) -> Result<Option<Order>, StoreError> {
    let query = Query::new("SELECT body FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND number = ?", number(order)?);
    tx.row(visible(query, seen))
        .await?
        .map(|row| row.json("body"))
        .transpose()
}

/// The markup rule in SQL (R19): part of every query that answers a person.
fn visible(query: Query, seen: Visibility) -> Query {
    if seen.markup_only_orders {
        query
    } else {
        query.then(" AND is_markup_only = 0")
    }
}

/// What a list asks for.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Recent or Historical.
    pub view: View,
    /// Only orders in these phases: a tab, or a filter; all when empty.
    pub phases: &'static [Phase],
    /// Continue after this row.
    pub after: Option<Position>,
    /// Rows at the most.
    pub limit: u32,
}

/// A page of orders, newest first.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    listing: Listing,
    seen: Visibility,
) -> Result<Vec<Order>, StoreError> {
    let mut query = Query::new("SELECT body FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND view = ?", word(&listing.view)?);
    if !listing.phases.is_empty() {
        let names = listing.phases.iter().map(|phase| phase.name().into());
        query = query.then(" AND phase IN ").list(names);
    }
    if let Some(after) = listing.after {
        query = query
            .and(" AND (listed_at, number) < (?", after.listed_at)
            .and(", ?)", number(after.number)?);
    }
    let query = visible(query, seen).and(
        " ORDER BY listed_at DESC, number DESC LIMIT ?",
        i64::from(listing.limit),
    );
    tx.rows(query)
        .await?
        .iter()
        .map(|row| row.json("body"))
        .collect()
}

/// A person's open cart in an organization: the newest, should there be several.
pub async fn find_cart(
    tx: &mut Tx,
    organization: OrganizationId,
    owner: UserId,
) -> Result<Option<Order>, StoreError> {
    let query = Query::new("SELECT body FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND phase = ?", Phase::Cart.name())
        .and(" AND created_by = ?", owner.0)
        .and(" AND view = ?", word(&View::Recent)?)
        .then(" ORDER BY listed_at DESC, number DESC LIMIT 1");
    tx.row(query).await?.map(|row| row.json("body")).transpose()
}

/// Orders that changed after an instant, oldest change first; feeds live pages.
pub async fn list_changed(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Timestamp,
    limit: u32,
    seen: Visibility,
) -> Result<Vec<Order>, StoreError> {
    let query = Query::new("SELECT body FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND changed_at > ?", after.as_microsecond());
    let query = visible(query, seen).and(" ORDER BY changed_at LIMIT ?", i64::from(limit));
    tx.rows(query)
        .await?
        .iter()
        .map(|row| row.json("body"))
        .collect()
}

/// An order's log, oldest first.
pub async fn events(
    tx: &mut Tx,
    organization: OrganizationId,
    id: OrderId,
) -> Result<Vec<Event>, StoreError> {
    let query = Query::new("SELECT body FROM order_events")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND order_id = ?", id.0)
        .then(" ORDER BY sequence");
    tx.rows(query)
        .await?
        .iter()
        .map(|row| row.json("body"))
        .collect()
}
