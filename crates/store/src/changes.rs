//! Which orders changed, for those who follow them: an order of changes for each audience, so that a
//! hidden change has no place in the one that customer roles are told of.

use domain::access::Visibility;
use domain::id::OrganizationId;
use domain::order::phase::{Status, View, shown};

use crate::orders::{number, visible};
use crate::sql::Query;
use crate::{StoreError, Tx};

/// That an order changed, and when, as its reader may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The order's number.
    pub number: u64,
    /// The version that it has now.
    pub version: i64,
    /// Where it stands now.
    pub status: Status,
    /// When it came to be, in microseconds.
    pub at: i64,
}

/// A place in the order of changes: the instant in microseconds and the order's number.
pub type Place = (i64, u64);

/// Orders whose latest change comes after a place, the earliest first.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    (at, after): Place,
    limit: u32,
    seen: Visibility,
) -> Result<Vec<Change>, StoreError> {
    let query = if seen.internal {
        Query::new("SELECT number, phase, view, version, changed_at AS at FROM orders")
            .and(" WHERE organization_id = ?", organization.0)
            .and(" AND (changed_at, number) > (?", at)
            .and(", ?)", number(after)?)
    } else {
        Query::new(
            "SELECT number, phase, view, public_version AS version, public_changed_at AS at \
             FROM orders",
        )
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND (public_changed_at, number) > (?", at)
        .and(", ?)", number(after)?)
    };
    let query = visible(query, seen).and(" ORDER BY at, number LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    rows.iter()
        .map(|row| {
            let number: i64 = row.get("number")?;
            let is_archived = row.get::<String>("view")? == View::Historical.name();
            let shown = shown(row.word("phase")?, is_archived);
            Ok(Change {
                number: number.unsigned_abs(),
                version: row.get("version")?,
                status: shown.map_or(Status::Deleted, |(_, status)| status),
                at: row.get("at")?,
            })
        })
        .collect()
}
