//! Looking offers up by their terms. Each statement reads short runs of one index, so that a page costs
//! the same in a catalog of ten offers and of ten thousand.

use std::collections::BTreeSet;

use domain::id::{OfferId, OrganizationId};
use domain::offer::Offer;
use domain::offer::category::OTHER;
use domain::offer::listing::{CATEGORY, Search, word};
use jiff::Timestamp;

use super::{ids, priced};
use crate::sql::{Query, Value};
use crate::{StoreError, Tx};

/// Different words that one beginning stands for at the most.
const WORDS_MAX: usize = 32;
/// Categories that a catalog is sorted into, as far as they are told.
const CATEGORIES_MAX: usize = 60;
/// Offers of the rarest condition that are compared with the others for one page: first, and in all.
const WALK_FIRST: usize = 250;
const WALK_MAX: usize = 2_000;
/// How far this many rows reach tells how rare a condition is.
const SAMPLE: usize = 64;

/// A part of a catalog.
#[derive(Debug, Default)]
pub struct Found {
    /// In the sequence of the catalog.
    pub offers: Vec<Offer>,
    /// Where the next part begins: beyond this place, where there may be more.
    pub next: Option<Place>,
    /// Beginnings of words that stand for more words than are looked for.
    pub too_common: Vec<String>,
}

/// An offer's place in the catalog.
pub type Place = (String, OfferId);

/// A list of one owner's offers: those with a term.
type Run = (OrganizationId, String);

/// The offers that an organization may be sold, of those that are looked for, with their prices at an
/// instant; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    chain: &[OrganizationId],
    search: &Search,
    after: Option<Place>,
    limit: usize,
    at: Timestamp,
) -> Result<Found, StoreError> {
    let (conditions, too_common) = conditions(tx, chain, search).await?;
    let mut found = match conditions.iter().any(Vec::is_empty) {
        true => Found::default(),
        false => walk(tx, &conditions, after, limit, chain, at).await?,
    };
    found.too_common = too_common;
    Ok(found)
}

/// What a catalog is sorted under, by name, and last whether it has others; nothing where all are.
pub async fn list_categories(
    tx: &mut Tx,
    chain: &[OrganizationId],
) -> Result<Vec<String>, StoreError> {
    let beginnings = [CATEGORY.to_owned()];
    let found = expand(tx, chain, &beginnings, CATEGORIES_MAX).await?;
    let names = found
        .iter()
        .filter_map(|(_, (_, term))| term.strip_prefix(CATEGORY));
    let mut names: BTreeSet<&str> = names.collect();
    let other = names.take(OTHER).filter(|_| !names.is_empty());
    Ok(names.into_iter().chain(other).map(str::to_owned).collect())
}

/// What is looked for as runs: an offer is found when it has one run of each set.
async fn conditions(
    tx: &mut Tx,
    chain: &[OrganizationId],
    search: &Search,
) -> Result<(Vec<Vec<Run>>, Vec<String>), StoreError> {
    let of_each =
        |term: &String| -> Vec<Run> { chain.iter().map(|owner| (*owner, term.clone())).collect() };
    let sets = search.conditions();
    let mut conditions: Vec<Vec<Run>> = sets
        .iter()
        .map(|set| set.iter().flat_map(of_each).collect())
        .collect();
    let mut too_common = Vec::new();
    if search.words.is_empty() {
        return Ok((conditions, too_common));
    }
    let beginnings: Vec<String> = search.words.iter().map(|typed| word(typed)).collect();
    let mut found: Vec<Vec<Run>> = vec![Vec::new(); beginnings.len()];
    for (at, run) in expand(tx, chain, &beginnings, WORDS_MAX).await? {
        found[at].push(run);
    }
    for (typed, mut runs) in search.words.iter().zip(found) {
        let names: BTreeSet<String> = runs.iter().map(|(_, term)| term.clone()).collect();
        if let Some(left_out) = names.into_iter().nth(WORDS_MAX) {
            runs.retain(|(_, term)| *term < left_out);
            too_common.push(typed.clone());
        }
        conditions.push(runs);
    }
    Ok((conditions, too_common))
}

/// The terms that begin with each of these, jumping through the index from one to the next; one more
/// than `most` of each where there are more.
async fn expand(
    tx: &mut Tx,
    chain: &[OrganizationId],
    beginnings: &[String],
    most: usize,
) -> Result<Vec<(usize, Run)>, StoreError> {
    let mut query = Query::new("WITH RECURSIVE found (owner, at, stop, depth, term) AS (");
    for (at, beginning) in beginnings.iter().enumerate() {
        let stop = format!("{beginning}{}", char::MAX);
        query = if at == 0 {
            query
        } else {
            query.then(" UNION ALL ")
        };
        query = query
            .and("SELECT o.id, CAST(? AS BIGINT), ", at as i64)
            .and("CAST(? AS TEXT), CAST(1 AS BIGINT), ", stop.as_str())
            .and(
                "(SELECT t.term FROM offer_terms AS t WHERE t.organization_id = o.id AND t.term >= ?",
                beginning.as_str(),
            )
            .and(" AND t.term < ? ORDER BY t.term LIMIT 1)", stop.as_str())
            .then(" FROM organizations AS o WHERE o.id IN ")
            .list(ids(chain));
    }
    let query = query
        .then(
            " UNION ALL SELECT f.owner, f.at, f.stop, f.depth + 1, \
             (SELECT t.term FROM offer_terms AS t WHERE t.organization_id = f.owner \
             AND t.term > f.term AND t.term < f.stop ORDER BY t.term LIMIT 1) \
             FROM found AS f WHERE f.term IS NOT NULL AND f.depth <= ",
        )
        .number(most)
        .then(") SELECT owner, at, term FROM found WHERE term IS NOT NULL");
    let mut found = Vec::new();
    for row in tx.rows(query).await? {
        let at: i64 = row.get("at")?;
        let run = (OrganizationId(row.get("owner")?), row.get("term")?);
        found.push((usize::try_from(at).unwrap_or_default(), run));
    }
    Ok(found)
}

/// Walks the rarest condition and looks the others up, a short way first; where the way ends before the
/// page is full, the next page goes on there.
async fn walk(
    tx: &mut Tx,
    conditions: &[Vec<Run>],
    mut after: Option<Place>,
    limit: usize,
    chain: &[OrganizationId],
    at: Timestamp,
) -> Result<Found, StoreError> {
    let wanted = limit + 1;
    let (driver, steps) = match conditions {
        [_] => (0, [wanted, 0]),
        several => {
            let rarest = rarest(tx, several, after.as_ref()).await?;
            (rarest, [WALK_FIRST, WALK_MAX - WALK_FIRST])
        }
    };
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    for step in steps.into_iter().filter(|step| *step > 0) {
        let missing = wanted - places.len();
        let query = page(conditions, driver, after.as_ref(), step, missing);
        after = None;
        for row in tx.rows(query).await? {
            let place = (row.get("place")?, OfferId(row.get("offer_id")?));
            match row.get::<i64>("is_found")? {
                0 => after = Some(place),
                _ => {
                    places.push(place);
                    rows.push(row);
                }
            }
        }
        if after.is_none() || places.len() == wanted {
            break;
        }
    }
    let next = match places.len() > limit {
        true => limit
            .checked_sub(1)
            .and_then(|last| places.get(last).cloned()),
        false => after.filter(|_| conditions.len() > 1),
    };
    rows.truncate(limit);
    Ok(Found {
        offers: priced(tx, chain, &rows, at).await?,
        next,
        too_common: Vec::new(),
    })
}

/// The offers with all conditions among the next `walk` of the driver; should those not be the last, a
/// last row says where they ended. The comparison with a count keeps planners from joining everything.
fn page(
    conditions: &[Vec<Run>],
    driver: usize,
    after: Option<&Place>,
    walk: usize,
    wanted: usize,
) -> Query {
    let query = Query::new("WITH candidates AS (SELECT organization_id, place, offer_id FROM (");
    let query = union(query, &conditions[driver], after, walk)
        .then(") AS runs ORDER BY place, offer_id LIMIT ")
        .number(walk);
    let mut query = query.then(
        "), found AS (SELECT c.organization_id, c.place, c.offer_id FROM candidates AS c WHERE 1 = 1",
    );
    let others = conditions.iter().enumerate();
    for (_, runs) in others.filter(|(at, _)| *at != driver) {
        let terms: BTreeSet<&str> = runs.iter().map(|(_, term)| term.as_str()).collect();
        query = query
            .then(
                " AND 0 < (SELECT COUNT(*) FROM offer_terms AS t \
                 WHERE t.organization_id = c.organization_id AND t.term IN ",
            )
            .list(terms.into_iter().map(Value::from))
            .then(" AND t.place = c.place AND t.offer_id = c.offer_id)");
    }
    query
        .then(" ORDER BY c.place, c.offer_id LIMIT ")
        .number(wanted)
        .then(
            ") SELECT page.place, page.offer_id, CAST(page.is_found AS BIGINT) AS is_found, \
             (SELECT o.body FROM offers AS o WHERE o.organization_id = page.organization_id \
             AND o.id = page.offer_id) AS body FROM (\
             SELECT organization_id, place, offer_id, 1 AS is_found FROM found UNION ALL \
             SELECT organization_id, place, offer_id, 0 AS is_found FROM (\
             SELECT organization_id, place, offer_id FROM candidates ORDER BY place, offer_id \
             LIMIT 1 OFFSET ",
        )
        .number(walk - 1)
        .then(") AS last) AS page ORDER BY place, offer_id, is_found DESC")
}

/// The first rows of each run, beyond a place.
fn union(mut query: Query, runs: &[Run], after: Option<&Place>, rows: usize) -> Query {
    for (at, (owner, term)) in runs.iter().enumerate() {
        query = if at == 0 {
            query
        } else {
            query.then(" UNION ")
        };
        query = query
            .and(
                "SELECT organization_id, place, offer_id FROM (\
                 SELECT organization_id, place, offer_id FROM offer_terms WHERE organization_id = ?",
                owner.0,
            )
            .and(" AND term = ?", term.as_str());
        if let Some((place, offer)) = after {
            query = query
                .then(" AND (place, offer_id) > ")
                .list([place.as_str().into(), offer.0.into()]);
        }
        query = query
            .then(" ORDER BY place, offer_id LIMIT ")
            .number(rows)
            .then(") AS run");
    }
    query
}

/// The condition whose rows reach farthest: it is walked, the others are looked up.
async fn rarest(
    tx: &mut Tx,
    conditions: &[Vec<Run>],
    after: Option<&Place>,
) -> Result<usize, StoreError> {
    let mut query = Query::new("SELECT ");
    for (at, runs) in conditions.iter().enumerate() {
        query = if at == 0 {
            query
        } else {
            query.then(" UNION ALL SELECT ")
        };
        query = query.and(
            "CAST(? AS BIGINT) AS condition_at, (SELECT place FROM (",
            at as i64,
        );
        query = union(query, runs, after, SAMPLE)
            .then(") AS sample ORDER BY place, offer_id LIMIT 1 OFFSET ")
            .number(SAMPLE - 1)
            .then(") AS reach");
    }
    let mut rarest = (0, Some(String::new()));
    for row in tx.rows(query).await? {
        let reach: Option<String> = row.get("reach")?;
        let is_rarer = match (&reach, &rarest.1) {
            (_, None) => false,
            (None, _) => true,
            (Some(reach), Some(before)) => reach > before,
        };
        if is_rarer {
            let at: i64 = row.get("condition_at")?;
            rarest = (usize::try_from(at).unwrap_or_default(), reach);
        }
    }
    Ok(rarest.0)
}
