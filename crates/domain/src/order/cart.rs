//! What a cart holds, while it is one.

use jiff::Timestamp;

use super::change::RequestedChange;
use super::line::{Line, LinePrice};
use super::log::event;
use super::{LINES_MAX, Order, Refusal};
use crate::event::{Actor, Event, EventKind};
use crate::id::LineId;

impl Order {
    /// Puts a license into the cart.
    pub fn add(
        &mut self,
        line: Line,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_in_cart()?;
        if self.lines.len() >= LINES_MAX {
            return Err(Refusal::TooManyLines);
        }
        if let Some(parent) = line.parent {
            let is_license = |found: &Line| found.id == parent && found.parent.is_none();
            if !self.lines.iter().any(is_license) {
                return Err(Refusal::NoParent);
            }
        }
        let detail = format!("{} · {}", line.item.name, line.change.text());
        let event = Event {
            detail: Some(detail),
            ..event(EventKind::LineAdded, Some(actor), Some(line.id), now)
        };
        self.lines.push(line);
        Ok(vec![event])
    }

    /// Changes a license's quantity, and with it its price, while in the cart.
    pub fn change_quantity(
        &mut self,
        id: LineId,
        price: LinePrice,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_in_cart()?;
        let line = self
            .lines
            .iter_mut()
            .find(|line| line.id == id)
            .ok_or(Refusal::NoSuchLine)?;
        let detail = format!(
            "{} · {} → {}",
            line.item.name, line.price.quantity, price.quantity
        );
        let quantity = price.quantity;
        line.change = match &line.change {
            RequestedChange::AddonAdd { addon, .. } => RequestedChange::AddonAdd {
                addon: addon.clone(),
                quantity,
            },
            _ => RequestedChange::Purchase { quantity },
        };
        line.price = price;
        let event = event(EventKind::LineChanged, Some(actor), Some(id), now);
        Ok(vec![Event {
            detail: Some(detail),
            ..event
        }])
    }

    /// Takes a license out of the cart, and its add-ons with it; the last one deletes the order (T3).
    pub fn remove(
        &mut self,
        id: LineId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_in_cart()?;
        let goes = |line: &Line| line.id == id || line.parent == Some(id);
        if self.lines.iter().all(|line| line.id != id) {
            return Err(Refusal::NoSuchLine);
        }
        if self.lines.iter().all(goes) {
            return self.delete(actor, now);
        }
        let removed = |line: &Line| Event {
            detail: Some(line.name().to_owned()),
            ..event(EventKind::LineRemoved, Some(actor), Some(line.id), now)
        };
        let events = self.lines.iter().filter(|line| goes(line)).map(removed);
        let events = events.collect();
        let hidden = self.lines.iter().filter(|line| line.change.is_markup());
        let hidden = hidden.filter(|line| goes(line)).map(|line| line.id);
        self.hidden.extend(hidden);
        self.lines.retain(|line| !goes(line));
        Ok(events)
    }
}
