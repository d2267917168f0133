//! Saved views. A person's views belong to the organization they work for: staff find theirs in every
//! Customer View and on their desk, a customer's people in their own organization, and neither learns of
//! the other's.

use domain::access::{Permission, Visibility};
use domain::event::Actor;
use domain::id::SavedViewId;
use domain::order::Refusal;
use domain::order::desk::DeskQuery;
use domain::order::listing::Listing;
use domain::order::saved::{Opened, SavedList, SavedView};
use store::{StoreError, views};

use crate::access::{Access, Caller};
use crate::{App, Error};

/// A list to save under a name: of the Orders section, or a [`DeskQuery`].
#[derive(Debug, Clone)]
pub struct SaveView<List = Listing> {
    /// The name, as typed.
    pub name: String,
    /// The list; which page of it was open does not matter.
    pub listing: List,
    /// The columns to show, by name.
    pub columns: Vec<String>,
    /// For the whole team.
    pub is_shared: bool,
}

/// Where somebody keeps views: as whom, and what they may learn there.
pub(crate) struct Shelf {
    pub(crate) owner: Actor,
    pub(crate) seen: Visibility,
}

impl Shelf {
    fn of(access: &Access) -> Result<Shelf, Error> {
        access.require(Permission::SeeOrders)?;
        Ok(Shelf {
            owner: access.actor().clone(),
            seen: access.visibility(),
        })
    }
}

impl App {
    /// The caller's saved views of the Orders section and those of their team.
    pub async fn views(&self, access: &Access) -> Result<Vec<SavedView>, Error> {
        self.shelved(&[Shelf::of(access)?], SavedList::Orders).await
    }

    /// Saves a list under a name, in place of the caller's own one of that name.
    pub async fn save_view(&self, access: &Access, view: SaveView) -> Result<SavedView, Error> {
        let opened = Opened::Orders(view.listing.clone());
        self.shelve(Shelf::of(access)?, view, &opened).await
    }

    /// Forgets a view of the Orders section. A colleague's is theirs to delete.
    pub async fn delete_view(&self, access: &Access, id: SavedViewId) -> Result<(), Error> {
        let shelves = [Shelf::of(access)?];
        self.unshelve(&shelves, SavedList::Orders, id).await
    }

    /// The caller's saved views of the order desk and those of the teams that they work in.
    pub async fn desk_views(&self, caller: &Caller) -> Result<Vec<SavedView>, Error> {
        let shelves = self.desk_shelves(caller).await?;
        self.shelved(&shelves, SavedList::Desk).await
    }

    /// Saves a part of the desk under a name, in place of the caller's own one of that name. Whoever
    /// works at several desks has their views at the first, and sees what is shared at each.
    pub async fn save_desk_view(
        &self,
        caller: &Caller,
        view: SaveView<DeskQuery>,
    ) -> Result<SavedView, Error> {
        let shelves = self.desk_shelves(caller).await?;
        let first = shelves.into_iter().next().ok_or(Error::NotFound)?;
        let opened = Opened::Desk(view.listing.clone());
        self.shelve(first, view, &opened).await
    }

    /// Forgets a view of the desk.
    pub async fn delete_desk_view(&self, caller: &Caller, id: SavedViewId) -> Result<(), Error> {
        let shelves = self.desk_shelves(caller).await?;
        self.unshelve(&shelves, SavedList::Desk, id).await
    }

    async fn shelved(&self, shelves: &[Shelf], list: SavedList) -> Result<Vec<SavedView>, Error> {
        let mut tx = self.store.read().await?;
        let mut found = Vec::new();
        for Shelf { owner, seen } in shelves {
            found.extend(views::list(&mut tx, owner.organization, owner.user, list, *seen).await?);
        }
        Ok(found)
    }

    async fn shelve<List>(
        &self,
        shelf: Shelf,
        view: SaveView<List>,
        opened: &Opened,
    ) -> Result<SavedView, Error> {
        let invalid = |field| move |reason| Error::Invalid { field, reason };
        let (part, filter, sort) = opened.kept();
        let saved = SavedView {
            id: SavedViewId(self.id()),
            owner: shelf.owner,
            name: SavedView::parse_name(&view.name).map_err(invalid("/name"))?,
            part,
            filter,
            sort,
            columns: SavedView::parse_columns(&view.columns).map_err(invalid("/columns"))?,
            is_shared: view.is_shared,
            saved_at: self.clock.now(),
        };
        let state = (saved.clone(), shelf.seen);
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

    async fn unshelve(
        &self,
        shelves: &[Shelf],
        list: SavedList,
        id: SavedViewId,
    ) -> Result<(), Error> {
        let mut tx = self.store.read().await?;
        let mut found = None;
        for Shelf { owner, seen } in shelves {
            let (organization, user) = (owner.organization, owner.user);
            let there = views::find(&mut tx, organization, user, id, *seen).await?;
            if let Some(saved) = there.filter(|saved| saved.list() == list) {
                found = Some((saved, organization, user));
                break;
            }
        }
        drop(tx);
        let (saved, organization, user) = found.ok_or(Error::NotFound)?;
        if saved.owner.user != user {
            return Err(Error::Forbidden);
        }
        let state = (organization, user, id);
        let delete = self.store.write(state, |(organization, user, id), tx| {
            Box::pin(views::delete(tx, *organization, *user, *id))
        });
        delete.await.map_err(|error: StoreError| error.into())
    }
}
