//! Reading orders: every question carries what its asker may learn.

use domain::access::{Permission, Visibility};
use domain::event::Event;
use domain::order::Order;
use jiff::Timestamp;
use store::orders::{self, Listing};

use crate::access::Access;
use crate::{App, Error};

impl App {
    /// A page of orders, newest first.
    pub async fn orders(&self, access: &Access, listing: Listing) -> Result<Vec<Order>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let mut found = orders::list(&mut tx, access.tenant(), listing, seen).await?;
        found.iter_mut().for_each(|order| redact(order, seen));
        Ok(found)
    }

    /// One order with its log.
    pub async fn order(&self, access: &Access, number: u64) -> Result<(Order, Vec<Event>), Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let mut order = orders::find(&mut tx, access.tenant(), number, seen)
            .await?
            .ok_or(Error::NotFound)?;
        let mut events = orders::events(&mut tx, access.tenant(), order.id).await?;
        let hidden: Vec<_> = hidden_lines(&order, seen).collect();
        events.retain(|event| event.line.is_none_or(|line| !hidden.contains(&line)));
        if !seen.internal {
            events.iter_mut().for_each(|event| event.internal = None);
        }
        redact(&mut order, seen);
        Ok((order, events))
    }

    /// Orders that changed after an instant, for live pages.
    pub async fn changed_orders(
        &self,
        access: &Access,
        after: Timestamp,
    ) -> Result<Vec<Order>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let mut found = orders::list_changed(&mut tx, access.tenant(), after, 200, seen).await?;
        found.iter_mut().for_each(|order| redact(order, seen));
        Ok(found)
    }
}

/// Takes the markup lines out of a mixed order (R18): what is left shows no trace of them.
fn redact(order: &mut Order, seen: Visibility) {
    if !seen.markup {
        order.lines.retain(|line| !line.change.is_markup());
    }
}

fn hidden_lines(order: &Order, seen: Visibility) -> impl Iterator<Item = domain::id::LineId> {
    let is_hidden =
        move |line: &&domain::order::line::Line| !seen.markup && line.change.is_markup();
    order.lines.iter().filter(is_hidden).map(|line| line.id)
}
