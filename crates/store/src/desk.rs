//! The order desk in storage: which orders need people, under the organizations above their customers.

use domain::access::Visibility;
use domain::id::{OrderId, OrganizationId};
use domain::order::Order;
use domain::order::desk::{DeskEntry, DeskPlace, DeskReason};
use jiff::Timestamp;

use crate::sql::{Query, Row, Value};
use crate::{StoreError, Tx, organizations};

/// Rows of a part of the desk that are counted one by one; beyond it there are "more than".
pub const COUNT_MAX: u32 = 999;

/// An order's entry, and whether it changes nothing but markups.
pub(crate) type Place = (DeskEntry, bool);

/// A part of one organization's desk.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// At whose desk.
    pub organization: OrganizationId,
    /// For one reason, or all.
    pub reason: Option<DeskReason>,
    /// There since before this instant.
    pub before: Option<Timestamp>,
    /// What the reader may learn.
    pub seen: Visibility,
}

/// A row of the desk.
#[derive(Debug, Clone)]
pub struct Lying {
    /// Why it lies there, and since when.
    pub entry: DeskEntry,
    /// The order.
    pub order: Order,
}

impl Lying {
    /// Its place among the others.
    pub fn place(&self) -> DeskPlace {
        DeskPlace {
            since: self.entry.since.as_microsecond(),
            order: self.order.id,
        }
    }
}

/// Where an order belongs on the desk.
pub(crate) fn place(order: &Order) -> Option<Place> {
    Some((order.desk_entry()?, order.is_markup_only()))
}

/// Writes the difference between where an order was on the desk and where it belongs, in the
/// transaction that saves it. Its customer's chain is looked up where it is not known.
pub(crate) async fn replace(
    tx: &mut Tx,
    order: &Order,
    chain: Option<&[OrganizationId]>,
    (before, after): (Option<Place>, Option<Place>),
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    let found;
    let chain = match chain {
        Some(known) => known,
        None => {
            let customer = organizations::find_by_id(tx, order.organization).await?;
            found = customer.ok_or(StoreError::NotFound)?.chain;
            &found
        }
    };
    let desks = chain.get(1..).unwrap_or_default();
    if desks.is_empty() {
        return Ok(());
    }
    match after {
        Some(place) => put(tx, order, desks, place).await,
        None => clear(tx, order, desks).await,
    }
}

async fn put(
    tx: &mut Tx,
    order: &Order,
    desks: &[OrganizationId],
    (entry, is_markup_only): Place,
) -> Result<(), StoreError> {
    let mut query = Query::new(
        "INSERT INTO desk_entries \
         (organization_id, customer_id, order_id, reason, since, is_markup_only) VALUES ",
    );
    for (at, desk) in desks.iter().enumerate() {
        if at > 0 {
            query = query.then(", ");
        }
        query = query.list([
            desk.0.into(),
            order.organization.0.into(),
            order.id.0.into(),
            entry.reason.name().into(),
            entry.since.as_microsecond().into(),
            is_markup_only.into(),
        ]);
    }
    let query = query.then(
        " ON CONFLICT (organization_id, customer_id, order_id) DO UPDATE SET \
         reason = excluded.reason, since = excluded.since, \
         is_markup_only = excluded.is_markup_only",
    );
    tx.later(query).await
}

async fn clear(tx: &mut Tx, order: &Order, desks: &[OrganizationId]) -> Result<(), StoreError> {
    let desks = desks.iter().map(|desk| Value::from(desk.0));
    let query = Query::new("DELETE FROM desk_entries WHERE organization_id IN ")
        .list(desks)
        .and(" AND customer_id = ?", order.organization.0)
        .and(" AND order_id = ?", order.id.0);
    tx.later(query).await
}

/// What lies on a part of the desk beyond a place, in one order or the other; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    part: Part,
    is_oldest_first: bool,
    from: Option<DeskPlace>,
    limit: u32,
) -> Result<Vec<Lying>, StoreError> {
    let query = Query::new(
        "SELECT entries.reason, entries.since, orders.body FROM desk_entries AS entries \
         JOIN orders ON orders.organization_id = entries.customer_id \
         AND orders.id = entries.order_id",
    );
    let mut query = narrowed(query, part);
    if let Some(DeskPlace { since, order }) = from {
        query = query
            .then(match is_oldest_first {
                true => " AND (entries.since, entries.order_id) > ",
                false => " AND (entries.since, entries.order_id) < ",
            })
            .list([since.into(), order.0.into()]);
    }
    let limit = i64::from(limit);
    let query = match is_oldest_first {
        true => query.and(" ORDER BY entries.since, entries.order_id LIMIT ?", limit),
        false => query.and(
            " ORDER BY entries.since DESC, entries.order_id DESC LIMIT ?",
            limit,
        ),
    };
    tx.rows(query).await?.iter().map(read).collect()
}

/// How many lie on a part of the desk; one more than [`COUNT_MAX`] stands for all that are more.
pub async fn count(tx: &mut Tx, part: Part) -> Result<u32, StoreError> {
    let query =
        Query::new("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM desk_entries AS entries");
    let query = narrowed(query, part).and(" LIMIT ?) AS found", i64::from(COUNT_MAX) + 1);
    let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
    Ok(u32::try_from(row.get::<i64>("n")?).unwrap_or(COUNT_MAX + 1))
}

/// Every entry as it stands, by customer's id and order's id: what a test compares with the orders.
pub async fn entries(
    tx: &mut Tx,
    organization: OrganizationId,
) -> Result<Vec<(OrganizationId, OrderId, DeskEntry)>, StoreError> {
    let query = Query::new("SELECT customer_id, order_id, reason, since FROM desk_entries")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" ORDER BY customer_id, order_id");
    let read = |row: &Row| {
        let customer = OrganizationId(row.get("customer_id")?);
        Ok((customer, OrderId(row.get("order_id")?), entry(row)?))
    };
    tx.rows(query).await?.iter().map(read).collect()
}

fn narrowed(query: Query, part: Part) -> Query {
    let mut query = query.and(" WHERE entries.organization_id = ?", part.organization.0);
    if let Some(reason) = part.reason {
        query = query.and(" AND entries.reason = ?", reason.name());
    }
    if let Some(before) = part.before {
        query = query.and(" AND entries.since < ?", before.as_microsecond());
    }
    // The markup rule (R19): part of every query that answers a person.
    match part.seen.markup_only_orders {
        true => query,
        false => query.then(" AND entries.is_markup_only = 0"),
    }
}

fn entry(row: &Row) -> Result<DeskEntry, StoreError> {
    let since = Timestamp::from_microsecond(row.get("since")?)
        .map_err(|error| StoreError::Corrupt(format!("desk entry: {error}")))?;
    let reason = row.word("reason")?;
    Ok(DeskEntry { reason, since })
}

fn read(row: &Row) -> Result<Lying, StoreError> {
    let (entry, order) = (entry(row)?, row.json("body")?);
    Ok(Lying { entry, order })
}
