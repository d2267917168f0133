//! Where an order stands in the lists: newest first, page after page.

use jiff::Timestamp;

use super::Order;
use super::seen::SeenOrder;

/// The place of an order in the lists; a page continues after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The date that people see, in microseconds.
    pub listed_at: i64,
    /// Tells orders of the same instant apart.
    pub number: u64,
}

fn position(listed_at: Timestamp, number: u64) -> Position {
    let listed_at = listed_at.as_microsecond();
    Position { listed_at, number }
}

impl Order {
    /// Its place in the lists.
    pub fn position(&self) -> Position {
        position(self.placed_at.unwrap_or(self.created_at), self.number)
    }
}

impl SeenOrder {
    /// Its place in the lists.
    pub fn position(&self) -> Position {
        position(self.listed_at(), self.number)
    }
}
