//! The schema: forward-only migrations, one text for both databases.

use crate::orders::rebuild;
use crate::sql::Query;
use crate::tx::Tx;
use crate::{Store, StoreError};

/// Every migration, oldest first. A released one is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_foundation.sql"),
    include_str!("../migrations/0002_sign_in.sql"),
    include_str!("../migrations/0003_order_lists.sql"),
    include_str!("../migrations/0004_failures.sql"),
    include_str!("../migrations/0005_live.sql"),
    include_str!("../migrations/0006_views.sql"),
    include_str!("../migrations/0007_desk.sql"),
    include_str!("../migrations/0008_subscriptions.sql"),
    include_str!("../migrations/0009_jobs.sql"),
    include_str!("../migrations/0010_approvals.sql"),
    include_str!("../migrations/0011_quotes.sql"),
    include_str!("../migrations/0012_prices.sql"),
    include_str!("../migrations/0013_installation.sql"),
    include_str!("../migrations/0014_catalog.sql"),
    include_str!("../migrations/0015_terms.sql"),
    include_str!("../migrations/0016_addons.sql"),
    include_str!("../migrations/0017_engine.sql"),
    include_str!("../migrations/0018_price_sheets.sql"),
    include_str!("../migrations/0019_reconciliation.sql"),
    include_str!("../migrations/0020_desk_views.sql"),
    include_str!("../migrations/0021_partner_suspensions.sql"),
    include_str!("../migrations/0022_erp_numbers.sql"),
    include_str!("../migrations/0023_tasks_by_vendor.sql"),
    include_str!("../migrations/0024_categories.sql"),
    include_str!("../migrations/0025_claims.sql"),
    include_str!("../migrations/0026_edits.sql"),
];

/// How many migrations there are.
pub const COUNT: usize = MIGRATIONS.len();

const VERSIONS: &str = "\
CREATE TABLE IF NOT EXISTS schema_versions (
    version BIGINT NOT NULL PRIMARY KEY
);";

/// How a database stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// Ready.
    Current,
    /// Empty, or left by an older release: `seatwright migrate` brings it up to date.
    Older,
    /// Written by a newer release: only that one may use it.
    Newer,
}

/// Compares the database with what this program expects.
pub async fn check(store: &Store) -> Result<SchemaState, StoreError> {
    let mut tx = store.read().await?;
    let known = COUNT as i64;
    Ok(match version(&mut tx).await? {
        found if found == known && rebuild::is_due(&mut tx).await? => SchemaState::Older,
        found if found == known => SchemaState::Current,
        found if found < known => SchemaState::Older,
        _ => SchemaState::Newer,
    })
}

/// Brings the database up to date; how many migrations ran. Refuses a newer schema. What was cut off
/// goes on where it was.
pub async fn migrate(store: &Store) -> Result<usize, StoreError> {
    if check(store).await? == SchemaState::Newer {
        return Err(StoreError::Newer);
    }
    let count = migrate_to(store, COUNT).await?;
    // In batches, so that neither database has to hold a transaction over everything there is.
    while store
        .write((), |(), tx| Box::pin(rebuild::rebuild(tx)))
        .await?
    {}
    Ok(count)
}

/// Brings the tables no further than to a version, where an older release left off; how many migrations ran.
pub async fn migrate_to(store: &Store, version: usize) -> Result<usize, StoreError> {
    let mut count = 0;
    for (before, text) in MIGRATIONS.iter().enumerate().take(version) {
        let ran = store
            .write((before as i64, *text), |(before, text), tx| {
                Box::pin(async move { apply(tx, *before, text).await })
            })
            .await?;
        count += usize::from(ran);
    }
    Ok(count)
}

/// Runs one migration unless it ran before; the version is part of the same transaction.
async fn apply(tx: &mut Tx, before: i64, text: &str) -> Result<bool, StoreError> {
    tx.batch(dialect(tx, VERSIONS)).await?;
    if version(tx).await? != before {
        return Ok(false);
    }
    tx.batch(dialect(tx, text)).await?;
    let query = Query::new("INSERT INTO schema_versions (version) VALUES ($1)").bind(before + 1);
    tx.execute(query).await?;
    Ok(true)
}

pub(crate) async fn version(tx: &mut Tx) -> Result<i64, StoreError> {
    let exists = if tx.is_sqlite() {
        "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = 'schema_versions'"
    } else {
        "SELECT COUNT(*) AS n FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_name = 'schema_versions'"
    };
    let count = tx
        .row(Query::new(exists))
        .await?
        .map_or(Ok(0), |row| row.get::<i64>("n"))?;
    if count == 0 {
        return Ok(0);
    }
    let query = Query::new("SELECT COALESCE(MAX(version), 0) AS version FROM schema_versions");
    tx.row(query).await?.map_or(Ok(0), |row| row.get("version"))
}

/// The types' names in the database at hand. SQLite's tables are STRICT; PostgreSQL compares text by
/// its bytes, as SQLite does anyway.
fn dialect(tx: &Tx, text: &str) -> String {
    if tx.is_sqlite() {
        text.replace(" UUID", " BLOB")
            .replace(" BIGINT", " INTEGER")
            .replace("\n) /* clustered */;", "\n) STRICT, WITHOUT ROWID;")
            .replace("\n);", "\n) STRICT;")
    } else {
        text.replace(" TEXT", " TEXT COLLATE \"C\"")
    }
}
