//! Orders in storage: the whole order as one document, beside it what lists find it by.

mod entries;
mod many;
pub(crate) mod rebuild;
mod runs;
mod search;

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use domain::access::Visibility;
use domain::event::Event;
use domain::id::{OrderId, OrganizationId, SubscriptionId, UserId, VendorId};
use domain::order::Order;
use domain::order::listing::terms::{self, Entry, Level};
use domain::order::phase::{Phase, View};
use domain::order::retry::Cause;
use domain::order::slot::Slot;
use jiff::Timestamp;

use self::entries::shelf;
pub use self::many::insert_all;
pub use self::search::{COUNT_MAX, Found, count, find_creators, list};
use crate::desk;
use crate::failures;
use crate::rests::{self, Rest};
use crate::slots;
use crate::sql::{Query, Row, Value, json, word};
use crate::{StoreError, Tx, organizations};

/// Room for the events of one version, so that a sequence number needs no look at the log.
const EVENTS_PER_VERSION: i64 = 1_000;

/// An order to change, and what stands in the lists for it.
#[derive(Debug, Clone)]
pub struct Loaded {
    order: Order,
    beside: Beside,
    /// Its organization and those above.
    chain: Vec<OrganizationId>,
}

impl Loaded {
    fn read(row: &Row) -> Result<Loaded, StoreError> {
        let order = row.json("body")?;
        Ok(Loaded {
            beside: Beside::of(&order)?,
            chain: organizations::chain(row)?,
            order,
        })
    }

    /// The order, to be changed no more.
    pub fn into_order(self) -> Order {
        self.order
    }
}

impl Deref for Loaded {
    type Target = Order;

    fn deref(&self) -> &Order {
        &self.order
    }
}

impl DerefMut for Loaded {
    fn deref_mut(&mut self) -> &mut Order {
        &mut self.order
    }
}

const INSERT: &str = "INSERT INTO orders (phase, view, is_markup_only, listed_at, changed_at, version, \
     body, public_version, public_changed_at, organization_id, id, number, created_by) VALUES ";
const UNLESS_TAKEN: &str = " ON CONFLICT (organization_id, number) DO NOTHING";

/// Adds a new order with its first events. Fails as taken when the organization has the number.
pub async fn insert(
    tx: &mut Tx,
    order: &mut Order,
    events: &[Event],
    now: Timestamp,
) -> Result<(), StoreError> {
    (order.version, order.public_version) = (1, 1);
    let query = Query::new(INSERT).list(row(order, now)?).then(UNLESS_TAKEN);
    if tx.execute(query).await? == 0 {
        return Err(StoreError::Taken);
    }
    append(tx, order, events).await?;
    entries::add_creator(tx, order.organization, &order.created_by).await?;
    let after = Beside::of(order)?;
    Beside::default().replace(tx, order, None, &after).await
}

/// Saves a changed order with what happened. Fails with a conflict when it is not of the version
/// that was loaded.
pub async fn save(
    tx: &mut Tx,
    loaded: &mut Loaded,
    events: &[Event],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Loaded {
        order,
        beside: before,
        chain,
    } = loaded;
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
    append(tx, order, events).await?;
    let after = Beside::of(order)?;
    before.replace(tx, order, Some(chain), &after).await?;
    *before = after;
    Ok(())
}

/// What is kept beside an order, in its transaction, to be found without it: computed from the order
/// before and after a change, so that only differences are written.
#[derive(Debug, Clone, Default)]
struct Beside {
    entry: Option<Entry>,
    causes: BTreeSet<Cause>,
    rest: Option<Rest>,
    desk: Option<desk::Place>,
    slots: BTreeSet<(SubscriptionId, Slot)>,
}

impl Beside {
    fn of(order: &Order) -> Result<Beside, StoreError> {
        Ok(Beside {
            entry: entries::entry(order)?,
            causes: failures::causes(order),
            rest: rests::rest(order),
            desk: desk::place(order),
            slots: order.slots(),
        })
    }

    async fn replace(
        &self,
        tx: &mut Tx,
        order: &Order,
        chain: Option<&[OrganizationId]>,
        after: &Beside,
    ) -> Result<(), StoreError> {
        slots::replace(tx, order, &self.slots, &after.slots).await?;
        let (before, entry) = (self.entry.as_ref(), after.entry.as_ref());
        entries::replace(tx, order.organization, before, entry).await?;
        failures::replace(tx, order, &self.causes, &after.causes).await?;
        rests::replace(tx, order, self.rest, after.rest).await?;
        desk::replace(tx, order, chain, (self.desk, after.desk)).await
    }
}

/// The values of [`INSERT`].
fn row(order: &Order, now: Timestamp) -> Result<Vec<Value>, StoreError> {
    let mut row = columns(order, now)?;
    row.extend([
        now.as_microsecond().into(),
        order.organization.0.into(),
        order.id.0.into(),
        number(order.number)?,
        order.created_by.user.0.into(),
    ]);
    Ok(row)
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
    tx.later(query).await
}

/// An order with the path of its organization, which tells at whose desks it may lie.
const LOAD: &str = "SELECT orders.body, organizations.path FROM orders \
     JOIN organizations ON organizations.id = orders.organization_id";

/// Loads an order to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(
    tx: &mut Tx,
    organization: OrganizationId,
    id: OrderId,
) -> Result<Loaded, StoreError> {
    let query = Query::new(LOAD)
        .and(" WHERE orders.organization_id = ?", organization.0)
        .and(" AND orders.id = ?", id.0);
    load_one(tx, query).await
}

/// Loads an order to change it by its number; one that does not exist for the reader is not found.
pub async fn load_by_number(
    tx: &mut Tx,
    organization: OrganizationId,
    order: u64,
    seen: Visibility,
) -> Result<Loaded, StoreError> {
    let query = Query::new(LOAD)
        .and(" WHERE orders.organization_id = ?", organization.0)
        .and(" AND orders.number = ?", number(order)?);
    load_one(tx, visible(query, seen)).await
}

async fn load_one(tx: &mut Tx, query: Query) -> Result<Loaded, StoreError> {
    let query = match tx.is_sqlite() {
        true => query,
        false => query.then(" FOR UPDATE OF orders"),
    };
    let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
    Loaded::read(&row)
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
    tx.body(visible(query, seen)).await
}

/// The markup rule in SQL (R19): part of every query that answers a person.
pub(crate) fn visible(query: Query, seen: Visibility) -> Query {
    if seen.markup_only_orders {
        query
    } else {
        query.then(" AND is_markup_only = 0")
    }
}

/// How many orders there are, by view and phase.
pub async fn count_by_phase(
    tx: &mut Tx,
    organization: OrganizationId,
    seen: Visibility,
) -> Result<Vec<(View, Phase, u64)>, StoreError> {
    let mut counts = Vec::new();
    let query = Query::new("SELECT shelf, phase, CAST(SUM(count) AS BIGINT) AS count")
        .and(
            " FROM order_counts WHERE organization_id = ?",
            organization.0,
        )
        .then(" GROUP BY shelf, phase");
    for row in tx.rows(query).await? {
        let (on, count): (String, i64) = (row.get("shelf")?, row.get("count")?);
        for view in [View::Recent, View::Historical] {
            if Level::of(seen)
                .iter()
                .any(|level| on == shelf(view, *level))
            {
                counts.push((view, row.word("phase")?, count.unsigned_abs()));
            }
        }
    }
    Ok(counts)
}

/// A person's open cart in an organization: the newest, should there be several.
pub async fn find_cart(
    tx: &mut Tx,
    organization: OrganizationId,
    owner: UserId,
) -> Result<Option<Loaded>, StoreError> {
    let query = Query::new(LOAD)
        .and(" WHERE orders.organization_id = ?", organization.0)
        .and(" AND orders.phase = ?", Phase::Cart.name())
        .and(" AND orders.created_by = ?", owner.0)
        .and(" AND orders.view = ?", word(&View::Recent)?)
        .then(" ORDER BY orders.listed_at DESC, orders.number DESC LIMIT 1");
    let cart = tx.row(query).await?;
    cart.as_ref().map(Loaded::read).transpose()
}

/// Placed orders that are not decided, by id; at most `limit` after one of them.
pub async fn list_open(
    tx: &mut Tx,
    organization: OrganizationId,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let open = [
        Phase::AwaitingApproval,
        Phase::Scheduled,
        Phase::Provisioning,
    ];
    let mut query = Query::new("SELECT id FROM orders")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND phase IN ")
        .list(open.map(|phase| phase.name().into()));
    if let Some(after) = after {
        query = query.and(" AND id > ?", after.0);
    }
    let query = query.and(" ORDER BY id LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(OrderId(row.get("id")?))).collect()
}

/// Whether an order with a line of a vendor is on its way to it.
pub async fn is_provisioning(
    tx: &mut Tx,
    organization: OrganizationId,
    vendor: VendorId,
) -> Result<bool, StoreError> {
    let term = terms::pair(&terms::phase(Phase::Provisioning), &terms::vendor(vendor));
    let shelves = [View::Recent, View::Historical].map(|view| shelf(view, Level::Everyone));
    let query = Query::new("SELECT number FROM order_terms")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND shelf IN ")
        .list(shelves.map(Value::from))
        .and(" AND term = ? LIMIT 1", term);
    Ok(tx.row(query).await?.is_some())
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
    tx.bodies(query).await
}
