//! Saved views in storage, under the organization that their owner works for.

use domain::access::Visibility;
use domain::id::{OrganizationId, SavedViewId, UserId};
use domain::order::saved::{SAVED_MAX, SavedList, SavedView};

use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// Shared views of a team that are listed at the most.
const SHARED_MAX: i64 = 500;

/// Saves a view, in place of the owner's one of the same name; the id it has then. Fails as taken when
/// there is no room for another.
pub async fn save(
    tx: &mut Tx,
    saved: &SavedView,
    seen: Visibility,
) -> Result<SavedViewId, StoreError> {
    let (organization, user) = (saved.owner.organization, saved.owner.user);
    let query = Query::new("SELECT id FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND user_id = ?", user.0)
        .and(" AND list = ?", saved.list().name())
        .and(" AND name = ?", saved.name.as_str());
    let known = tx.row(query).await?;
    let id = known.map(|row| row.get("id")).transpose()?;
    if id.is_none() && count(tx, organization, user).await? >= i64::from(SAVED_MAX) {
        return Err(StoreError::Taken);
    }
    let id = id.map_or(saved.id, SavedViewId);
    let query = Query::new(
        "INSERT INTO saved_views \
         (organization_id, id, user_id, list, name, is_shared, knows_markup, body) VALUES ",
    )
    .list([
        organization.0.into(),
        id.0.into(),
        user.0.into(),
        saved.list().name().into(),
        saved.name.as_str().into(),
        saved.is_shared.into(),
        seen.markup.into(),
        json(saved)?.into(),
    ])
    .then(
        " ON CONFLICT (organization_id, user_id, list, name) DO UPDATE SET \
         is_shared = excluded.is_shared, knows_markup = excluded.knows_markup, \
         body = excluded.body",
    );
    tx.execute(query).await?;
    Ok(id)
}

async fn count(tx: &mut Tx, organization: OrganizationId, user: UserId) -> Result<i64, StoreError> {
    let query = Query::new("SELECT COUNT(*) AS count FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND user_id = ?", user.0);
    tx.row(query).await?.map_or(Ok(0), |row| row.get("count"))
}

/// A person's own views of a list, then those that their team shares; each by name.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    list: SavedList,
    seen: Visibility,
) -> Result<Vec<SavedView>, StoreError> {
    let own = Query::new("SELECT id, body FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND user_id = ?", user.0)
        .and(" AND list = ?", list.name())
        .then(" ORDER BY name");
    let mut rows = tx.rows(own).await?;
    let shared = Query::new("SELECT id, body FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND list = ?", list.name())
        .then(" AND is_shared = 1")
        .and(" AND user_id <> ?", user.0);
    let shared = visible(shared, seen).and(" ORDER BY name, id LIMIT ?", SHARED_MAX);
    rows.extend(tx.rows(shared).await?);
    rows.iter().map(read).collect()
}

/// Finds a view that a person owns or shares in.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    id: SavedViewId,
    seen: Visibility,
) -> Result<Option<SavedView>, StoreError> {
    let query = Query::new("SELECT id, body FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND id = ?", id.0)
        .and(" AND (user_id = ?", user.0)
        .then(" OR (is_shared = 1");
    let query = visible(query, seen).then("))");
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// Forgets a view of a person's own.
pub async fn delete(
    tx: &mut Tx,
    organization: OrganizationId,
    user: UserId,
    id: SavedViewId,
) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM saved_views")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND user_id = ?", user.0)
        .and(" AND id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Of other people's views: those that can't speak of what the reader may not know.
fn visible(query: Query, seen: Visibility) -> Query {
    if seen.markup {
        query
    } else {
        query.then(" AND knows_markup = 0")
    }
}

fn read(row: &Row) -> Result<SavedView, StoreError> {
    let saved: SavedView = row.json("body")?;
    // One that was saved again keeps the id of the first time.
    let id = SavedViewId(row.get("id")?);
    Ok(SavedView { id, ..saved })
}
