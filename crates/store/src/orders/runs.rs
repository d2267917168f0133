//! Statements over runs of the index of terms: the rows of one shelf and term, by date.

use std::collections::BTreeSet;

use domain::id::OrganizationId;
use domain::order::filter::Span;
use domain::order::listing::search::Reading;

use super::number;
use crate::StoreError;
use crate::sql::Query;

/// A shelf and a term on it.
pub(super) type Run = (&'static str, String);

/// Writes statements over runs of the index.
pub(super) struct Runs {
    pub(super) organization: OrganizationId,
    pub(super) span: Span,
    pub(super) reading: Reading,
}

impl Runs {
    /// One more than asked tells whether there are more.
    pub(super) fn rows(&self) -> usize {
        self.reading.limit as usize + 1
    }

    /// The page of a list with one condition.
    pub(super) fn page(&self, condition: &[Run]) -> Result<Query, StoreError> {
        let rows = self.rows();
        let query = Query::new(BODIES)
            .and("o.organization_id = ?", self.organization.0)
            .then(" AND o.number = page.number) AS body FROM (SELECT listed_at, number, 1 AS is_order FROM (");
        let query = self
            .union(query, condition, rows, " UNION ")?
            .then(") AS runs ");
        let query = self.ordered(query).then(" LIMIT ").number(rows);
        Ok(self.ordered(query.then(") AS page ")))
    }

    /// The orders with several conditions among the next `walk` of the driver; should they not be the
    /// last, a last row says where they ended.
    pub(super) fn walk(
        &self,
        conditions: &[Vec<Run>],
        driver: usize,
        walk: usize,
        rows: usize,
    ) -> Result<Query, StoreError> {
        let query = self.candidates(conditions, driver, walk)?;
        let query = self
            .ordered(query.then(" "))
            .then(" LIMIT ")
            .number(rows)
            .then(") ");
        let query = query
            .then(BODIES)
            .and("o.organization_id = ?", self.organization.0)
            .then(
                " AND o.number = page.number) AS body FROM (\
                 SELECT listed_at, number, 1 AS is_order FROM found UNION ALL \
                 SELECT listed_at, number, 0 AS is_order FROM (SELECT listed_at, number FROM candidates ",
            );
        let query = self
            .ordered(query)
            .then(" LIMIT 1 OFFSET ")
            .number(walk - 1);
        Ok(self.ordered(query.then(") AS last) AS page ")))
    }

    pub(super) fn count(&self, condition: &[Run]) -> Result<Query, StoreError> {
        let rows = self.rows();
        let query = Query::new("SELECT COUNT(*) AS found, COUNT(*) AS walked FROM (");
        let query = self.union(query, condition, rows, " UNION ")?;
        Ok(query.then(") AS runs"))
    }

    pub(super) fn count_walk(
        &self,
        conditions: &[Vec<Run>],
        driver: usize,
        walk: usize,
    ) -> Result<Query, StoreError> {
        Ok(self.candidates(conditions, driver, walk)?.then(
            ") SELECT (SELECT COUNT(*) FROM found) AS found, \
             (SELECT COUNT(*) FROM candidates) AS walked",
        ))
    }

    /// `candidates`: rows of the driver. `found`, left open: those that meet the other conditions. The
    /// comparison with a count keeps the planners from turning single looks into a join of everything.
    fn candidates(
        &self,
        conditions: &[Vec<Run>],
        driver: usize,
        walk: usize,
    ) -> Result<Query, StoreError> {
        let query = Query::new("WITH candidates AS (SELECT listed_at, number FROM (");
        let query = self.union(query, &conditions[driver], walk, " UNION ")?;
        let query = self
            .ordered(query.then(") AS runs "))
            .then(" LIMIT ")
            .number(walk);
        let mut query = query
            .then("), found AS (SELECT c.listed_at, c.number FROM candidates AS c WHERE 1 = 1");
        let others = conditions.iter().enumerate();
        for (_, runs) in others.filter(|(at, _)| *at != driver) {
            let shelves: BTreeSet<&'static str> = runs.iter().map(|(shelf, _)| *shelf).collect();
            let terms: BTreeSet<&str> = runs.iter().map(|(_, term)| term.as_str()).collect();
            query = query
                .and(
                    " AND 0 < (SELECT COUNT(*) FROM order_terms AS t WHERE t.organization_id = ?",
                    self.organization.0,
                )
                .then(" AND t.shelf IN ")
                .list(shelves.into_iter().map(Into::into))
                .then(" AND t.term IN ")
                .list(terms.into_iter().map(Into::into))
                .then(" AND t.listed_at = c.listed_at AND t.number = c.number)");
        }
        Ok(query)
    }

    /// Each run's first rows.
    pub(super) fn union(
        &self,
        mut query: Query,
        condition: &[Run],
        rows: usize,
        union: &'static str,
    ) -> Result<Query, StoreError> {
        for (at, (shelf, term)) in condition.iter().enumerate() {
            query = if at == 0 { query } else { query.then(union) };
            query = query
                .and(
                    "SELECT listed_at, number FROM (SELECT listed_at, number FROM order_terms \
                     WHERE organization_id = ?",
                    self.organization.0,
                )
                .and(" AND shelf = ?", *shelf)
                .and(" AND term = ?", term.as_str());
            if let Some(since) = self.span.since {
                query = query.and(" AND listed_at >= ?", since);
            }
            if let Some(until) = self.span.until {
                query = query.and(" AND listed_at < ?", until);
            }
            if let Some(edge) = self.reading.from {
                let beyond = edge.position();
                query = query
                    .then(match self.reading.is_descending {
                        true => " AND (listed_at, number) < ",
                        false => " AND (listed_at, number) > ",
                    })
                    .list([beyond.listed_at.into(), number(beyond.number)?]);
            }
            query = self
                .ordered(query.then(" "))
                .then(" LIMIT ")
                .number(rows)
                .then(") AS run");
        }
        Ok(query)
    }

    pub(super) fn ordered(&self, query: Query) -> Query {
        query.then(match self.reading.is_descending {
            true => "ORDER BY listed_at DESC, number DESC",
            false => "ORDER BY listed_at, number",
        })
    }
}

const BODIES: &str = "SELECT page.listed_at, page.number, CAST(page.is_order AS BIGINT) AS is_order, \
                      (SELECT o.body FROM orders AS o WHERE ";
