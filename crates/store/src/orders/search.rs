//! Looking orders up by their terms. Every statement reads short runs of one index and nothing else, so
//! that neither database has a choice to get wrong and a page costs the same in any number of orders.

use std::collections::BTreeSet;

use domain::access::Visibility;
use domain::id::{OrganizationId, UserId};
use domain::order::Order;
use domain::order::filter::Person;
use domain::order::listing::search::{ALTERNATIVES_MAX, Reading, Search, is_meant};
use domain::order::listing::terms::{self, Level};
use domain::order::listing::{Edge, Position, words};

use super::entries::shelf;
use super::runs::{Run, Runs};
use crate::sql::{Query, Row};
use crate::{StoreError, Tx};

/// Different words that one beginning stands for at the most.
const WORDS_MAX: usize = 32;
/// Rows of the rarest condition that are compared with the others in one reading, at the most.
const WALK_MAX: usize = 2_000;
const WALK_MIN: usize = 250;
/// So many of them for each row of the page come first: where conditions often meet, they are enough.
const FIRST_STEP: usize = 4;
/// Looks into the index in one reading, about.
const LOOKS_MAX: usize = 20_000;
/// How far back this many rows reach tells how rare a condition is.
const SAMPLE: i64 = 128;
/// Orders are counted that far.
pub const COUNT_MAX: u64 = 2_000;

/// What a reading found.
#[derive(Debug, Default)]
pub struct Found {
    /// In the direction of reading, one more than asked where there are more.
    pub orders: Vec<Order>,
    /// The reading ended here, before the end of the list: it can be continued.
    pub ended_at: Option<Position>,
    /// Beginnings of words that stand for more words than are looked for.
    pub too_common: Vec<String>,
}

/// Conditions as runs of the index: an order is found when it has one run of each.
struct Plan {
    conditions: Vec<Vec<Run>>,
    too_common: Vec<String>,
}

/// Reads orders of a list.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    search: &Search,
    reading: Reading,
    seen: Visibility,
) -> Result<Found, StoreError> {
    let plan = plan(tx, organization, search, seen).await?;
    let runs = Runs {
        organization,
        span: search.span,
        reading,
    };
    let (conditions, too_common) = (plan.conditions, plan.too_common);
    if conditions.iter().any(Vec::is_empty) {
        return Ok(Found {
            too_common,
            ..Found::default()
        });
    }
    let mut found = match &conditions[..] {
        [only] => read(tx, runs.page(only)?).await?,
        several => walk(tx, runs, several).await?,
    };
    found.too_common = too_common;
    if found.orders.len() > reading.limit as usize {
        found.ended_at = None;
    }
    Ok(found)
}

/// Walks the rarest condition and looks the others up, a short way first: what a page takes depends on
/// how often the conditions meet, and not on how many orders have one of them.
async fn walk(tx: &mut Tx, mut runs: Runs, conditions: &[Vec<Run>]) -> Result<Found, StoreError> {
    let rarest = rarest(tx, &runs, conditions).await?;
    let wanted = runs.rows();
    let mut left = walk_max(conditions, rarest);
    let mut step = (wanted * FIRST_STEP).clamp(WALK_MIN, left);
    let mut found = Found::default();
    loop {
        let query = runs.walk(conditions, rarest, step, wanted - found.orders.len())?;
        let next = read(tx, query).await?;
        found.orders.extend(next.orders);
        found.ended_at = next.ended_at;
        left -= step;
        let Some(at) = found.ended_at else { break };
        if found.orders.len() == wanted || left == 0 {
            break;
        }
        runs.reading.from = Some(match runs.reading.is_descending {
            true => Edge::OlderThan(at),
            false => Edge::NewerThan(at),
        });
        step = left;
    }
    Ok(found)
}

async fn read(tx: &mut Tx, query: Query) -> Result<Found, StoreError> {
    let mut found = Found::default();
    for row in tx.rows(query).await? {
        match row.get::<i64>("is_order")? {
            0 => found.ended_at = Some(position(&row)?),
            _ => found.orders.push(row.json("body")?),
        }
    }
    Ok(found)
}

/// Rows of a condition that one reading walks, at the most: fewer where the others are many to look up.
fn walk_max(conditions: &[Vec<Run>], driver: usize) -> usize {
    let others = conditions.iter().enumerate();
    let others = others.filter(|(at, _)| *at != driver);
    let looks: usize = others.map(|(_, runs)| runs.len()).sum();
    (LOOKS_MAX / looks.max(1)).clamp(WALK_MIN, WALK_MAX)
}

/// How many orders a list has: the number, and whether there are no more.
pub async fn count(
    tx: &mut Tx,
    organization: OrganizationId,
    search: &Search,
    seen: Visibility,
) -> Result<(u64, bool), StoreError> {
    let plan = plan(tx, organization, search, seen).await?;
    let runs = Runs {
        organization,
        span: search.span,
        reading: Reading {
            is_descending: true,
            from: None,
            limit: u32::try_from(COUNT_MAX).unwrap_or(u32::MAX),
        },
    };
    let conditions = plan.conditions;
    if conditions.iter().any(Vec::is_empty) {
        return Ok((0, true));
    }
    let (query, walk) = match &conditions[..] {
        [only] => (runs.count(only)?, COUNT_MAX + 1),
        several => {
            let rarest = rarest(tx, &runs, several).await?;
            let walk = walk_max(several, rarest);
            (runs.count_walk(several, rarest, walk)?, walk as u64)
        }
    };
    let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
    let (found, walked): (i64, i64) = (row.get("found")?, row.get("walked")?);
    let is_exact = walked.unsigned_abs() < walk;
    Ok((found.unsigned_abs().min(COUNT_MAX), is_exact))
}

/// The people that are meant by what was typed after `by:`.
pub async fn find_creators(
    tx: &mut Tx,
    organization: OrganizationId,
    people: &[&Person],
    me: UserId,
) -> Result<Vec<UserId>, StoreError> {
    let mut query = Query::new("SELECT user_id, name, email FROM order_creators")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND (1 = 0");
    let mut users = BTreeSet::new();
    let mut is_asked = false;
    for person in people {
        let beginnings = match person {
            Person::Me => {
                users.insert(me);
                continue;
            }
            Person::Email(email) => vec![email.clone()],
            Person::Name(name) => words::chunks(&words::fold(name)),
        };
        for word in beginnings {
            is_asked = true;
            let end = end(&word);
            query = query.and(" OR (word >= ?", word).and(" AND word < ?)", end);
        }
    }
    if is_asked {
        let query = query.then(") ORDER BY word, user_id LIMIT 1000");
        for row in tx.rows(query).await? {
            let (user, name, email) = (row.get("user_id")?, row.get("name")?, row.get("email")?);
            let (user, name, email): (_, String, String) = (UserId(user), name, email);
            if people
                .iter()
                .any(|person| is_meant(person, me, user, &name, &email))
            {
                users.insert(user);
            }
        }
    }
    Ok(users.into_iter().take(ALTERNATIVES_MAX).collect())
}

/// The first text after all that begin with this one, in the order of bytes.
fn end(beginning: &str) -> String {
    format!("{beginning}{}", char::MAX)
}

async fn plan(
    tx: &mut Tx,
    organization: OrganizationId,
    search: &Search,
    seen: Visibility,
) -> Result<Plan, StoreError> {
    let levels = Level::of(seen);
    let shelves: Vec<&'static str> = levels
        .iter()
        .map(|level| shelf(search.view, *level))
        .collect();
    let on_each = |term: &String| -> Vec<Run> {
        shelves.iter().map(|shelf| (*shelf, term.clone())).collect()
    };
    let mut plan = Plan {
        conditions: Vec::new(),
        too_common: Vec::new(),
    };
    for set in search.conditions() {
        plan.conditions.push(set.iter().flat_map(on_each).collect());
    }
    if search.words.is_empty() || plan.conditions.iter().any(Vec::is_empty) {
        return Ok(plan);
    }
    let mut found: Vec<Vec<Run>> = vec![Vec::new(); search.words.len()];
    for row in tx
        .rows(expand(organization, &search.words, &shelves))
        .await?
    {
        let (word, on): (i64, i64) = (row.get("word")?, row.get("shelf_at")?);
        let at = |number: i64| usize::try_from(number).unwrap_or_default();
        found[at(word)].push((shelves[at(on)], row.get("term")?));
    }
    for (word, mut runs) in search.words.iter().zip(found) {
        let mut names: Vec<String> = runs.iter().map(|(_, term)| term.clone()).collect();
        names.sort();
        names.dedup();
        if let Some(first_left_out) = names.get(WORDS_MAX) {
            runs.retain(|(_, term)| term < first_left_out);
            plan.too_common.push(word.clone());
        }
        plan.conditions.push(runs);
    }
    Ok(plan)
}

/// The words that begin with each of these, jumping through the index from one to the next.
fn expand(organization: OrganizationId, words: &[String], shelves: &[&'static str]) -> Query {
    let mut query =
        Query::new("WITH RECURSIVE found (word, shelf_at, shelf, stop, depth, term) AS (");
    let mut is_first = true;
    for (at, word) in words.iter().enumerate() {
        let word = terms::word(word);
        for (shelf_at, shelf) in shelves.iter().enumerate() {
            query = match is_first {
                true => query.then("SELECT "),
                false => query.then(" UNION ALL SELECT "),
            };
            is_first = false;
            query = query
                .and("CAST(? AS BIGINT), ", at as i64)
                .and("CAST(? AS BIGINT), ", shelf_at as i64)
                .and("CAST(? AS TEXT), ", *shelf)
                .and("CAST(? AS TEXT), CAST(1 AS BIGINT), ", end(&word))
                .and(
                    "(SELECT t.term FROM order_terms AS t WHERE t.organization_id = ?",
                    organization.0,
                )
                .and(" AND t.shelf = ?", *shelf)
                .and(" AND t.term >= ?", word.as_str())
                .and(" AND t.term < ? ORDER BY t.term LIMIT 1)", end(&word));
        }
    }
    query
        .and(
            " UNION ALL SELECT f.word, f.shelf_at, f.shelf, f.stop, f.depth + 1, \
             (SELECT t.term FROM order_terms AS t WHERE t.organization_id = ?",
            organization.0,
        )
        .then(
            " AND t.shelf = f.shelf AND t.term > f.term AND t.term < f.stop \
             ORDER BY t.term LIMIT 1) FROM found AS f WHERE f.term IS NOT NULL AND f.depth <= ",
        )
        .number(WORDS_MAX)
        .then(") SELECT word, shelf_at, term FROM found WHERE term IS NOT NULL")
}

/// The condition whose rows reach farthest back: it is walked, the others are looked up.
async fn rarest(tx: &mut Tx, runs: &Runs, conditions: &[Vec<Run>]) -> Result<usize, StoreError> {
    let mut query = Query::new("SELECT ");
    for (at, condition) in conditions.iter().enumerate() {
        query = if at == 0 {
            query
        } else {
            query.then(" UNION ALL SELECT ")
        };
        query = query.and(
            "CAST(? AS BIGINT) AS condition, (SELECT listed_at FROM (",
            at as i64,
        );
        query = runs.union(query, condition, SAMPLE as usize, " UNION ALL ")?;
        query = runs
            .ordered(query.then(") AS sample "))
            .then(" LIMIT 1 OFFSET ");
        query = query.number(SAMPLE as usize - 1).then(") AS reach");
    }
    let mut rarest = (0, i64::MIN);
    for row in tx.rows(query).await? {
        let reach: Option<i64> = row.get("reach")?;
        let distance = match (reach, runs.reading.is_descending) {
            (None, _) => i64::MAX,
            (Some(at), true) => -at,
            (Some(at), false) => at,
        };
        if distance > rarest.1 {
            let at: i64 = row.get("condition")?;
            rarest = (usize::try_from(at).unwrap_or_default(), distance);
        }
    }
    Ok(rarest.0)
}

fn position(row: &Row) -> Result<Position, StoreError> {
    let number: i64 = row.get("number")?;
    Ok(Position {
        listed_at: row.get("listed_at")?,
        number: number.unsigned_abs(),
    })
}
