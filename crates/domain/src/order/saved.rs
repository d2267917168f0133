//! A list of orders that somebody saved under a name, for themselves or for their team.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// Recent or Historical.
    pub view: View,
    /// A part of Historical.
    pub tab: Tab,
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

impl SavedView {
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
    pub fn open(&self) -> (Listing, Vec<FilterProblem>) {
        let (filter, problems) = Filter::parse(&self.filter);
        let listing = Listing {
            tab: self.tab,
            filter,
            sort: self.sort,
            ..Listing::of(self.view)
        };
        (listing, problems)
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
