//! Orders as they lie, to be compared with what stands beside them.

use std::collections::HashMap;

use domain::id::{LineId, OrderId, OrganizationId};
use domain::order::Order;
use domain::task::TaskKind;
use uuid::Uuid;

use crate::sql::{Query, Value};
use crate::{StoreError, Tx};

/// An order with what is stored beside it.
#[derive(Debug)]
pub struct Stored {
    /// Where the next page begins.
    pub at: (OrganizationId, OrderId),
    /// The number that lists find it by.
    pub number: u64,
    /// The phase that lists find it by.
    pub phase: String,
    /// The document, or why it can't be read.
    pub order: Result<Box<Order>, String>,
    /// How many events tell of it.
    pub events: u64,
    /// What is left to be done for it.
    pub tasks: Vec<(LineId, TaskKind)>,
}

/// The next orders of all organizations; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    after: Option<(OrganizationId, OrderId)>,
    limit: u32,
) -> Result<Vec<Stored>, StoreError> {
    let mut query = Query::new(
        "SELECT organization_id, id, number, phase, body, (SELECT COUNT(*) FROM order_events e \
         WHERE e.organization_id = o.organization_id AND e.order_id = o.id) AS events FROM orders o",
    );
    if let Some((organization, order)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.0.into(), order.0.into()]);
    }
    let query = query.and(" ORDER BY organization_id, id LIMIT ?", i64::from(limit));
    let mut found = Vec::new();
    for row in tx.rows(query).await? {
        found.push(Stored {
            at: (
                OrganizationId(row.get("organization_id")?),
                OrderId(row.get("id")?),
            ),
            number: row.get::<i64>("number")?.unsigned_abs(),
            phase: row.get("phase")?,
            order: row.json("body").map_err(|error| error.to_string()),
            events: row.get::<i64>("events")?.unsigned_abs(),
            tasks: Vec::new(),
        });
    }
    let mut tasks = list_tasks(tx, &found).await?;
    for stored in &mut found {
        stored.tasks = tasks.remove(&stored.at.1.0).unwrap_or_default();
    }
    Ok(found)
}

async fn list_tasks(
    tx: &mut Tx,
    orders: &[Stored],
) -> Result<HashMap<Uuid, Vec<(LineId, TaskKind)>>, StoreError> {
    let mut found: HashMap<Uuid, Vec<(LineId, TaskKind)>> = HashMap::new();
    if orders.is_empty() {
        return Ok(found);
    }
    let ids = orders.iter().map(|stored| Value::from(stored.at.1.0));
    let query =
        Query::new("SELECT order_id, line_id, kind FROM tasks WHERE order_id IN ").list(ids);
    for row in tx.rows(query).await? {
        let task = (LineId(row.get("line_id")?), row.word("kind")?);
        found.entry(row.get("order_id")?).or_default().push(task);
    }
    Ok(found)
}
