//! Price sheets that were taken over, under whoever owns the catalog.

use domain::id::OrganizationId;
use domain::price::import::Import;

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// Keeps what an import has come to.
pub async fn save(tx: &mut Tx, import: &Import) -> Result<(), StoreError> {
    let query =
        Query::new("INSERT INTO price_imports (organization_id, id, started_at, body) VALUES ")
            .list([
                import.owner.0.into(),
                import.id.0.into(),
                import.started_at.as_microsecond().into(),
                json(import)?.into(),
            ])
            .then(" ON CONFLICT (organization_id, id) DO UPDATE SET body = excluded.body");
    tx.execute(query).await.map(drop)
}

/// An owner's imports, the latest first.
pub async fn list(
    tx: &mut Tx,
    owner: OrganizationId,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let query = Query::new("SELECT body FROM price_imports")
        .and(" WHERE organization_id = ?", owner.0)
        .and(
            " ORDER BY started_at DESC, id DESC LIMIT ?",
            i64::from(limit),
        );
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| row.json("body")).collect()
}
