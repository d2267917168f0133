//! A list of orders, of one customer or on the desk, that somebody saved under a name, for themselves or for their team.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::desk::{DeskFilter, DeskQuery, DeskTab};
use super::filter::{Filter, FilterProblem};
use super::listing::{Listing, Sort};
use super::phase::{Tab, View};
use crate::event::Actor;
use crate::id::SavedViewId;
use crate::text::{Invalid, line};

/// Saved views of one person at the most.
pub const SAVED_MAX: u32 = 100;
const NAME_MAX: usize = 60;
const COLUMNS_MAX: usize = 20;
const COLUMN_MAX: usize = 30;

/// A list under a name. It says how to look, never what was seen: it holds nothing of any order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its id.
    pub id: SavedViewId,
    /// Whose it is: the person, working for an organization.
    pub owner: Actor,
    /// Its name, one of its kind among the owner's.
    pub name: String,
    /// Which part of which list.
    #[serde(flatten)]
    pub part: SavedPart,
    /// The filter's text. Read again whenever it is opened: words may mean less by then.
    pub filter: String,
    /// In which order.
    pub sort: Sort,
    /// The columns to show, by name; what the list usually shows when empty.
    pub columns: Vec<String>,
    /// The owner's team sees it too.
    pub is_shared: bool,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

/// The part of a list that was saved. The words differ, so storage needs no other mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SavedPart {
    /// Of the Orders section, of whichever customer is on the screen.
    Orders {
        /// Recent or Historical.
        view: View,
        /// A part of Historical.
        tab: Tab,
    },
    /// Of the order desk.
    Desk {
        /// A part of it.
        desk: DeskTab,
    },
}

/// The lists that views are saved of, each with names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedList {
    /// The Orders section.
    Orders,
    /// The order desk.
    Desk,
}

/// A list that was or is to be saved; which page of it is open does not matter.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    /// Of the Orders section.
    Orders(Listing),
    /// Of the order desk.
    Desk(DeskQuery),
}

impl SavedList {
    /// The name in storage.
    pub fn name(self) -> &'static str {
        match self {
            SavedList::Orders => "orders",
            SavedList::Desk => "desk",
        }
    }
}

impl Opened {
    /// What a view keeps of it: the part, the filter's text, and in which order.
    pub fn kept(&self) -> (SavedPart, String, Sort) {
        match self {
            Opened::Orders(listing) => {
                let (view, tab) = (listing.view, listing.tab);
                let part = SavedPart::Orders { view, tab };
                (part, listing.filter.to_string(), listing.sort)
            }
            Opened::Desk(query) => {
                let part = SavedPart::Desk { desk: query.tab };
                (part, query.filter.to_string(), query.sort)
            }
        }
    }
}

impl SavedView {
    /// The list that it is of.
    pub fn list(&self) -> SavedList {
        match self.part {
            SavedPart::Orders { .. } => SavedList::Orders,
            SavedPart::Desk { .. } => SavedList::Desk,
        }
    }

    /// Takes a name as typed.
    pub fn parse_name(text: &str) -> Result<String, Invalid> {
        line(text, NAME_MAX)
    }

    /// Takes names of columns; one that a list does not have is passed over when it is opened.
    pub fn parse_columns(names: &[String]) -> Result<Vec<String>, Invalid> {
        let is_name = |name: &String| {
            (1..=COLUMN_MAX).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        if names.len() > COLUMNS_MAX {
            return Err(Invalid(format!("must be at most {COLUMNS_MAX} columns")));
        }
        if !names.iter().all(is_name) {
            return Err(Invalid(
                "must be names of columns, such as created_by".into(),
            ));
        }
        let mut known: Vec<String> = Vec::new();
        for name in names {
            if !known.contains(name) {
                known.push(name.clone());
            }
        }
        Ok(known)
    }

    /// The first page of the list, and what of its filter can't be used any more.
    pub fn open(&self) -> (Opened, Vec<FilterProblem>) {
        match self.part {
            SavedPart::Orders { view, tab } => {
                let (filter, problems) = Filter::parse(&self.filter);
                let listing = Listing {
                    tab,
                    filter,
                    sort: self.sort,
                    ..Listing::of(view)
                };
                (Opened::Orders(listing), problems)
            }
            SavedPart::Desk { desk } => {
                let (filter, problems) = DeskFilter::parse(&self.filter);
                let query = DeskQuery {
                    filter,
                    sort: self.sort,
                    ..DeskQuery::of(desk)
                };
                (Opened::Desk(query), problems)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_columns_are_bounded() {
        assert_eq!(
            SavedView::parse_name(" Late ones "),
            Ok("Late ones".to_owned())
        );
        assert!(SavedView::parse_name(&"x".repeat(61)).is_err());
        assert!(SavedView::parse_name("a\nb").is_err());
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            SavedView::parse_columns(&names)
        };
        assert_eq!(names(&["status", "date", "status"]).unwrap().len(), 2);
        assert!(names(&["status", "<script>"]).is_err());
        assert!(names(&[""]).is_err());
        assert!(names(&["date"; 21]).is_err());
    }
}
