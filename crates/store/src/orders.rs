//! Orders in storage: the whole order as one document, beside it the columns that lists ask for.

use domain::access::Visibility;
use domain::event::Event;
use domain::id::{OrderId, OrganizationId, UserId};
use domain::order::Order;
use domain::order::listing::{Edge, Listing, Sort};
use domain::order::phase::{Phase, View, shown};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::sql::{Query, Row, Value, json, word};
use crate::{StoreError, Tx, failures, rests};

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
         public_version, public_changed_at, organization_id, id, number, created_by) VALUES ",
    )
    .list(columns(order, now)?.into_iter().chain([
        now.as_microsecond().into(),
        order.organization.0.into(),
        order.id.0.into(),
        number(order.number)?,
        order.created_by.user.0.into(),
    ]))
    .then(" ON CONFLICT (organization_id, number) DO NOTHING");
    if tx.execute(query).await? == 0 {
        return Err(StoreError::Taken);
    }
    keep_beside(tx, order).await?;
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
    // A change of hidden facts alone, or of none, leaves no trace in what customer roles are told.
    let is_public = events.iter().any(|event| !order.is_hidden(event));
    order.public_version += i64::from(is_public);
    let mut query = Query::new(
        "UPDATE orders SET phase = $1, view = $2, is_markup_only = $3, listed_at = $4, \
         changed_at = $5, version = $6, body = $7, public_version = $8, public_changed_at = \
         CASE WHEN $9 = 1 THEN $5 ELSE public_changed_at END",
    );
    for value in columns(order, now)? {
        query = query.bind(value);
    }
    query = query.bind(is_public);
    let query = query
        .and(" WHERE organization_id = ?", order.organization.0)
        .and(" AND id = ?", order.id.0)
        .and(" AND version = ?", loaded);
    if tx.execute(query).await? == 0 {
        return Err(StoreError::Conflict);
    }
    keep_beside(tx, order).await?;
    append(tx, order, events).await
}

/// What is kept beside an order, in its transaction, to be found without it.
async fn keep_beside(tx: &mut Tx, order: &Order) -> Result<(), StoreError> {
    failures::keep(tx, order).await?;
    rests::keep(tx, order).await
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
        order.public_version.into(),
    ])
}

pub(crate) fn number(number: u64) -> Result<Value, StoreError> {
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
pub(crate) fn visible(query: Query, seen: Visibility) -> Query {
    if seen.markup_only_orders {
        query
    } else {
        query.then(" AND is_markup_only = 0")
    }
}

/// A page of orders in the order asked for, and one more on its far side where there are more.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    listing: &Listing,
    now: Timestamp,
    seen: Visibility,
) -> Result<Vec<Order>, StoreError> {
    let mut query = Query::new("SELECT body FROM orders WHERE ");
    query = visible(listed(query, organization, listing, now)?, seen);
    let is_descending = match listing.from {
        None => listing.sort == Sort::NewestFirst,
        Some(Edge::OlderThan(_)) => true,
        Some(Edge::NewerThan(_)) => false,
    };
    if let Some(edge) = listing.from {
        query = query
            .then(match is_descending {
                true => " AND (listed_at, number) < ",
                false => " AND (listed_at, number) > ",
            })
            .list([
                edge.position().listed_at.into(),
                number(edge.position().number)?,
            ]);
    }
    let limit = i64::from(listing.limit) + 1;
    let query = match is_descending {
        true => query.and(" ORDER BY listed_at DESC, number DESC LIMIT ?", limit),
        false => query.and(" ORDER BY listed_at, number LIMIT ?", limit),
    };
    let rows = tx.rows(query).await?;
    let orders: Result<Vec<Order>, _> = rows.iter().map(|row| row.json("body")).collect();
    let mut orders = orders?;
    if is_descending != (listing.sort == Sort::NewestFirst) {
        orders.reverse();
    }
    Ok(orders)
}

/// How many orders there are, by view and phase.
pub async fn count_by_phase(
    tx: &mut Tx,
    organization: OrganizationId,
    seen: Visibility,
) -> Result<Vec<(View, Phase, u64)>, StoreError> {
    let query = Query::new("SELECT view, phase, COUNT(*) AS count FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND view <> 'none'");
    let query = visible(query, seen).then(" GROUP BY view, phase");
    let read = |row: &Row| {
        let count: i64 = row.get("count")?;
        Ok((row.word("view")?, row.word("phase")?, count.unsigned_abs()))
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// How many orders a list has on all its pages.
pub async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    listing: &Listing,
    now: Timestamp,
    seen: Visibility,
) -> Result<u64, StoreError> {
    let query = Query::new("SELECT COUNT(*) AS count FROM orders WHERE ");
    let query = visible(listed(query, organization, listing, now)?, seen);
    let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
    row.get("count").map(i64::unsigned_abs)
}

fn listed(
    query: Query,
    organization: OrganizationId,
    listing: &Listing,
    now: Timestamp,
) -> Result<Query, StoreError> {
    let mut query = query
        .and("organization_id = ?", organization.0)
        .and(" AND view = ?", word(&listing.view)?);
    let statuses = listing.filter.statuses();
    let is_archived = listing.view == View::Historical;
    let is_asked_for = |phase: &Phase| {
        shown(*phase, is_archived).is_some_and(|(view, status)| {
            view == listing.view
                && listing.tab.has(*phase)
                && (statuses.is_empty() || statuses.contains(&status))
        })
    };
    let phases = Phase::ALL.into_iter().filter(is_asked_for);
    let names: Vec<Value> = phases.map(|phase| phase.name().into()).collect();
    query = match names.is_empty() {
        true => query.then(" AND 1 = 0"),
        false => query.then(" AND phase IN ").list(names),
    };
    let span = listing.filter.span(now, &TimeZone::UTC);
    if let Some(since) = span.since {
        query = query.and(" AND listed_at >= ?", since);
    }
    if let Some(until) = span.until {
        query = query.and(" AND listed_at < ?", until);
    }
    Ok(query)
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
