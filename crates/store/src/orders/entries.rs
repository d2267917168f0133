//! An order's rows in the lists: terms, counts and its creator, kept in the order's own transaction.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::Actor;
use domain::id::OrganizationId;
use domain::order::listing::terms::{Entry, Level};
use domain::order::listing::words;
use domain::order::phase::{Phase, View};
use domain::order::{Order, listing::Position};

use super::number;
use crate::sql::{Query, Value};
use crate::{StoreError, Tx};

/// Rows that a count is the sum of.
pub(super) const STRIPES: u64 = 16;
/// Rows of one statement at the most.
const ROWS_MAX: usize = 1_000;

/// The rows of a view that are for readers of a level.
pub(super) fn shelf(view: View, level: Level) -> &'static str {
    match (view, level) {
        (View::Recent, Level::Everyone) => "r0",
        (View::Recent, Level::Internal) => "r1",
        (View::Recent, Level::Markup) => "r2",
        (View::Historical, Level::Everyone) => "h0",
        (View::Historical, Level::Internal) => "h1",
        (View::Historical, Level::Markup) => "h2",
    }
}

/// What stands in the lists for an order.
pub(super) fn entry(order: &Order) -> Result<Option<Entry>, StoreError> {
    order
        .entry()
        .map_err(|refusal| StoreError::Corrupt(format!("order {}: {refusal}", order.number)))
}

/// Writes the difference between what stood in the lists and what is to stand there.
pub(super) async fn replace(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Option<&Entry>,
    after: Option<&Entry>,
) -> Result<(), StoreError> {
    let is_moved = before.map(|entry| entry.position) != after.map(|entry| entry.position);
    let (old, new) = (rows(before), rows(after));
    for (is_wanted, entry, mine, theirs) in [(false, before, &old, &new), (true, after, &new, &old)]
    {
        let Some(entry) = entry else { continue };
        let differ = mine.iter().filter(|row| is_moved || !theirs.contains(*row));
        let differ: Vec<_> = differ.copied().collect();
        for part in differ.chunks(ROWS_MAX) {
            match is_wanted {
                true => add(tx, organization, entry.position, part).await?,
                false => remove(tx, organization, entry.position, part).await?,
            }
        }
    }
    count(tx, organization, before, after).await
}

pub(super) fn rows(entry: Option<&Entry>) -> BTreeSet<(&'static str, &str)> {
    let Some(entry) = entry else {
        return BTreeSet::new();
    };
    let row = |level: &Level| shelf(entry.view, *level);
    let terms = entry.terms.iter();
    terms
        .map(|(term, level)| (row(level), term.as_str()))
        .collect()
}

/// The rows again until there are as many as a power of two, or of full eights: statements of a few
/// lengths only, which the connection keeps prepared. A row that is there twice is written once.
fn padded<T: Copy>(rows: &[T]) -> Vec<T> {
    let wanted = match rows.len() {
        few @ 0..=8 => few.next_power_of_two(),
        some @ 9..=64 => some.next_multiple_of(8),
        many => many.next_power_of_two().min(ROWS_MAX.max(many)),
    };
    let again = rows.last().into_iter().cycle().take(wanted - rows.len());
    rows.iter().chain(again).copied().collect()
}

async fn add(
    tx: &mut Tx,
    organization: OrganizationId,
    position: Position,
    rows: &[(&str, &str)],
) -> Result<(), StoreError> {
    let mut query = Query::new(
        "INSERT INTO order_terms (organization_id, listed_at, number, shelf, term) VALUES ",
    );
    for (at, (shelf, term)) in padded(rows).into_iter().enumerate() {
        query = match at {
            0 => query.list([
                organization.0.into(),
                position.listed_at.into(),
                number(position.number)?,
                shelf.into(),
                term.into(),
            ]),
            _ => query
                .then(", ($1, $2, $3, ")
                .and("?, ", shelf)
                .and("?)", term),
        };
    }
    let query = query.then(" ON CONFLICT DO NOTHING");
    tx.later(query).await
}

/// A statement for each shelf; nearly all orders have one.
async fn remove(
    tx: &mut Tx,
    organization: OrganizationId,
    position: Position,
    rows: &[(&str, &str)],
) -> Result<(), StoreError> {
    let mut shelves: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (shelf, term) in rows {
        shelves.entry(shelf).or_default().push(term);
    }
    for (shelf, terms) in shelves {
        let query = Query::new("DELETE FROM order_terms")
            .and(" WHERE organization_id = ?", organization.0)
            .and(" AND shelf = ?", shelf)
            .then(" AND term IN ")
            .list(padded(&terms).into_iter().map(Value::from))
            .and(" AND listed_at = ?", position.listed_at)
            .and(" AND number = ?", number(position.number)?);
        tx.later(query).await?;
    }
    Ok(())
}

async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    before: Option<&Entry>,
    after: Option<&Entry>,
) -> Result<(), StoreError> {
    let place = |entry: &Entry| (shelf(entry.view, entry.level), entry.phase);
    let (old, new) = (before.map(place), after.map(place));
    if old == new {
        return Ok(());
    }
    let mut changes = Vec::from_iter(old.map(|place| (place, -1)));
    changes.extend(new.map(|place| (place, 1)));
    // Always in the same sequence, so that two writers can't wait for each other.
    changes.sort_by_key(|((shelf, phase), _)| (*shelf, phase.name()));
    // Only the sum of the stripes is a number of orders. Each connection has one nearly for itself, so
    // that writers at the same time don't wait for one another's commits.
    let stripe = match tx.is_sqlite() {
        true => "(0, ",
        false => "(MOD(pg_backend_pid(), 16), ",
    };
    let mut query = Query::new(
        "INSERT INTO order_counts (stripe, organization_id, shelf, phase, count) VALUES ",
    );
    for (at, ((shelf, phase), change)) in changes.into_iter().enumerate() {
        let phase: Phase = phase;
        query = if at == 0 { query } else { query.then(", ") }
            .then(stripe)
            .and("?, ", organization.0)
            .and("?, ", shelf)
            .and("?, ", phase.name())
            .and("?)", i64::from(change));
    }
    let query = query.then(
        " ON CONFLICT (organization_id, shelf, phase, stripe) \
         DO UPDATE SET count = order_counts.count + excluded.count",
    );
    tx.later(query).await
}

/// Remembers who creates orders, by each word of the name and by the address.
pub(super) async fn add_creator(
    tx: &mut Tx,
    organization: OrganizationId,
    creator: &Actor,
) -> Result<(), StoreError> {
    let mut found = BTreeSet::from([creator.email.to_lowercase()]);
    found.extend(words::words(&creator.person));
    let mut query = Query::new(
        "INSERT INTO order_creators (organization_id, user_id, name, email, word) VALUES ",
    );
    for (at, word) in found.into_iter().enumerate() {
        query = match at {
            0 => query.list([
                organization.0.into(),
                creator.user.0.into(),
                creator.person.as_str().into(),
                creator.email.as_str().into(),
                word.into(),
            ]),
            _ => query.and(", ($1, $2, $3, $4, ?)", word),
        };
    }
    let query = query.then(" ON CONFLICT (organization_id, word, user_id) DO NOTHING");
    tx.later(query).await
}
