//! What has happened to a subscription, an entry for each line that changed it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::LineId;
use crate::order::Order;
use crate::order::change::RequestedChange;
use crate::order::line::{Line, LineState};

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who asked for it; `None` for the end of a term.
    pub by: Option<Actor>,
    /// The order that made it, by its number.
    pub order: Option<u64>,
    /// Its line; of the purchase for the end of a term.
    pub line: LineId,
    /// What, in the words of *Requested changes*.
    pub text: String,
    /// Nothing that customer roles may learn of (R18).
    pub is_hidden: bool,
}

impl Entry {
    /// The entry of a finished line; none for any other, and none for an add-on that came with its license.
    pub fn of(order: &Order, line: &Line) -> Option<Entry> {
        let LineState::Finished { at, .. } = line.state else {
            return None;
        };
        let is_with_license =
            line.parent.is_some() && matches!(line.change, RequestedChange::AddonAdd { .. });
        (!is_with_license).then(|| Entry {
            at,
            by: Some(order.created_by.clone()),
            order: Some(order.number),
            line: line.id,
            text: line.change.text(),
            is_hidden: line.change.is_markup(),
        })
    }
}
