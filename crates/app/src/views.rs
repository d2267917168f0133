//! Saved views. A person's views belong to the organization they work for: staff find theirs in every
//! Customer View, a customer's people in their own organization, and neither learns of the other's.

use domain::access::Permission;
use domain::id::SavedViewId;
use domain::order::Refusal;
use domain::order::listing::Listing;
use domain::order::saved::SavedView;
use store::{StoreError, views};

use crate::access::Access;
use crate::{App, Error};

/// A list to save under a name.
#[derive(Debug, Clone)]
pub struct SaveView {
    /// The name, as typed.
    pub name: String,
    /// The list; which page of it was open does not matter.
    pub listing: Listing,
    /// The columns to show, by name.
    pub columns: Vec<String>,
    /// For the whole team.
    pub is_shared: bool,
}

impl App {
    /// The caller's saved views and those of their team.
    pub async fn views(&self, access: &Access) -> Result<Vec<SavedView>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let (actor, seen) = (access.actor(), access.visibility());
        Ok(views::list(&mut tx, actor.organization, actor.user, seen).await?)
    }

    /// Saves a list under a name, in place of the caller's own one of that name.
    pub async fn save_view(&self, access: &Access, view: SaveView) -> Result<SavedView, Error> {
        access.require(Permission::SeeOrders)?;
        let invalid = |field| move |reason| Error::Invalid { field, reason };
        let saved = SavedView {
            id: SavedViewId(self.id()),
            owner: access.actor().clone(),
            name: SavedView::parse_name(&view.name).map_err(invalid("/name"))?,
            view: view.listing.view,
            tab: view.listing.tab,
            filter: view.listing.filter.to_string(),
            sort: view.listing.sort,
            columns: SavedView::parse_columns(&view.columns).map_err(invalid("/columns"))?,
            is_shared: view.is_shared,
            saved_at: self.clock.now(),
        };
        let state = (saved.clone(), access.visibility());
        let save = self.store.write(state, |(saved, seen), tx| {
            Box::pin(views::save(tx, saved, *seen))
        });
        match save.await {
            Ok(id) => Ok(SavedView { id, ..saved }),
            Err(StoreError::Taken) => Err(Refusal::Guarded(
                "you have 100 saved views, which is the most; delete one that you don't need",
            )
            .into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets a view. A colleague's is theirs to delete.
    pub async fn delete_view(&self, access: &Access, id: SavedViewId) -> Result<(), Error> {
        access.require(Permission::SeeOrders)?;
        let (actor, seen) = (access.actor(), access.visibility());
        let mut tx = self.store.read().await?;
        let found = views::find(&mut tx, actor.organization, actor.user, id, seen).await?;
        drop(tx);
        if found.ok_or(Error::NotFound)?.owner.user != actor.user {
            return Err(Error::Forbidden);
        }
        let state = (actor.organization, actor.user, id);
        let delete = self.store.write(state, |(organization, user, id), tx| {
            Box::pin(views::delete(tx, *organization, *user, *id))
        });
        delete.await.map_err(|error: StoreError| error.into())
    }
}
