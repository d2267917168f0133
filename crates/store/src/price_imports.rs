//! Price sheets that were taken over, under whoever owns the catalog.

use domain::id::{ImportId, OrganizationId};
use domain::price::import::Import;
use jiff::Timestamp;

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

/// Where a page of imports begins: behind this one.
pub type Place = (Timestamp, ImportId);

/// An owner's imports, the latest first.
pub async fn list(
    tx: &mut Tx,
    owner: OrganizationId,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let mut query =
        Query::new("SELECT body FROM price_imports").and(" WHERE organization_id = ?", owner.0);
    if let Some((at, id)) = after {
        query = query
            .then(" AND (started_at, id) < ")
            .list([at.as_microsecond().into(), id.0.into()]);
    }
    let query = query.and(
        " ORDER BY started_at DESC, id DESC LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}

/// One of an owner's imports.
pub async fn find(
    tx: &mut Tx,
    owner: OrganizationId,
    id: ImportId,
) -> Result<Option<Import>, StoreError> {
    let query = Query::new("SELECT body FROM price_imports")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND id = ?", id.0);
    let rows = tx.rows(query).await?;
    rows.first().map(|row| row.json("body")).transpose()
}
