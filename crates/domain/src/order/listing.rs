//! Lists of orders: what is asked for, in which order, and where a page begins.

pub mod search;
pub mod terms;
pub mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Order;
use super::filter::Filter;
use super::phase::{Tab, View};
use super::seen::SeenOrder;
use crate::text::Invalid;

/// Orders on a page unless asked otherwise.
pub const PAGE: u32 = 50;

/// The place of an order in the lists; a page continues beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The date that people see, in microseconds.
    pub listed_at: i64,
    /// Tells orders of the same instant apart.
    pub number: u64,
}

/// In which order rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Sort {
    /// As every list begins.
    #[default]
    #[serde(rename = "newest")]
    NewestFirst,
    /// What has waited longest comes first.
    #[serde(rename = "oldest")]
    OldestFirst,
}

/// Where a page begins or ends, the row itself left out. Says older or newer, never before or after,
/// so that it means the same in both sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The orders next to this one that are older.
    OlderThan(Position),
    /// The orders next to this one that are newer.
    NewerThan(Position),
}

/// What a list asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Recent or Historical.
    pub view: View,
    /// A part of Historical; Recent has *All* alone.
    pub tab: Tab,
    /// What was typed above the list.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Which page; the first when there is none.
    pub from: Option<Edge>,
    /// Rows at the most.
    pub limit: u32,
}

impl Sort {
    /// The name in the API and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Sort::NewestFirst => "newest",
            Sort::OldestFirst => "oldest",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Sort, Invalid> {
        match name {
            "newest" => Ok(Sort::NewestFirst),
            "oldest" => Ok(Sort::OldestFirst),
            _ => Err(Invalid("must be newest or oldest".into())),
        }
    }
}

impl Edge {
    /// The row that is left out.
    pub fn position(self) -> Position {
        match self {
            Edge::OlderThan(position) | Edge::NewerThan(position) => position,
        }
    }
}

impl Listing {
    /// The first page of a whole view, newest first.
    pub fn of(view: View) -> Listing {
        Listing {
            view,
            tab: Tab::All,
            filter: Filter::default(),
            sort: Sort::NewestFirst,
            from: None,
            limit: PAGE,
        }
    }

    /// An edge as an opaque word for addresses, of use in this list only.
    pub fn cursor(&self, edge: Edge) -> String {
        let direction = match edge {
            Edge::OlderThan(_) => 'o',
            Edge::NewerThan(_) => 'n',
        };
        let Position { listed_at, number } = edge.position();
        format!("{direction}{listed_at:x}-{number:x}-{:08x}", self.print())
    }

    /// The edge behind an opaque word. A word of another list is refused: its page would look right
    /// and be wrong.
    pub fn read_cursor(&self, word: &str) -> Result<Edge, Invalid> {
        let damaged = || Invalid("is not a place in this list; begin at its first page".into());
        let mut parts = word.get(1..).unwrap_or_default().split('-');
        let mut part = || parts.next().filter(|part| !part.starts_with('+'));
        let listed_at = part().and_then(|part| i64::from_str_radix(part, 16).ok());
        let number = part().and_then(|part| u64::from_str_radix(part, 16).ok());
        let print = part().and_then(|part| u32::from_str_radix(part, 16).ok());
        let (Some(listed_at), Some(number), Some(print)) = (listed_at, number, print) else {
            return Err(damaged());
        };
        if print != self.print() {
            return Err(Invalid(
                "belongs to a list with another filter, tab or sort; begin at its first page"
                    .into(),
            ));
        }
        let position = Position { listed_at, number };
        match word.as_bytes().first() {
            Some(b'o') => Ok(Edge::OlderThan(position)),
            Some(b'n') => Ok(Edge::NewerThan(position)),
            _ => Err(damaged()),
        }
    }

    fn print(&self) -> u32 {
        let (view, tab, sort) = (self.view.name(), self.tab.name(), self.sort.name());
        print(&format!("{view}\n{tab}\n{sort}\n{}", self.filter))
    }
}

/// Tells lists apart (32 bits of FNV-1a): guards against mistakes, not against anybody.
pub(super) fn print(list: &str) -> u32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    list.bytes().fold(0x811c_9dc5, mix)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_list_and_in_no_other() {
        let listing = Listing {
            filter: Filter::parse("status:draft office").0,
            ..Listing::of(View::Historical)
        };
        let position = Position {
            listed_at: 1_800_000_000_000_000,
            number: 12_345_678,
        };
        for edge in [Edge::OlderThan(position), Edge::NewerThan(position)] {
            let word = listing.cursor(edge);
            assert!(word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            assert_eq!(listing.read_cursor(&word), Ok(edge));
            for other in [
                Listing {
                    view: View::Recent,
                    ..listing.clone()
                },
                Listing {
                    tab: Tab::Draft,
                    ..listing.clone()
                },
                Listing {
                    sort: Sort::OldestFirst,
                    ..listing.clone()
                },
                Listing {
                    filter: Filter::default(),
                    ..listing.clone()
                },
            ] {
                let refused = other.read_cursor(&word).unwrap_err();
                assert!(refused.0.contains("another filter"), "{refused}");
            }
            let same = Listing {
                limit: 7,
                from: Some(edge),
                ..listing.clone()
            };
            assert_eq!(
                same.read_cursor(&word),
                Ok(edge),
                "a page may change its size"
            );
        }
        for damaged in [
            "",
            "o",
            "é",
            "x1-2-3",
            "o1-2",
            "o+1-2-3",
            "ozz-1-1",
            "o1-2-fffffffff",
        ] {
            assert!(listing.read_cursor(damaged).is_err(), "{damaged}");
        }
    }
}
