//! The page of a list of orders, as its template asks for it.

use app::orders::{Count, Counts, Sort};
use askama::Template;
use domain::event::Event;
use domain::order::next::NextStep;
use domain::order::phase::{Tab, View};
use domain::order::seen::SeenOrder;
use jiff::Timestamp;

use crate::ui::address::Address;
use crate::ui::bulk::Bar;
use crate::ui::column::Column;
use crate::ui::filters;
use crate::ui::forms::Forms;
use crate::ui::frame::Frame;
use crate::ui::suggestions::Suggestions;
use crate::ui::timeline::{Entry, timeline};
use crate::ui::views::Shelf;

/// Entries of the log in the side panel; the rest is in the details.
const LATEST: usize = 4;

pub(super) struct Row {
    pub(super) order: SeenOrder,
    pub(super) forms: Forms,
}

pub(super) struct Panel {
    pub(super) order: SeenOrder,
    pub(super) events: Vec<Event>,
    pub(super) forms: Forms,
    pub(super) next: NextStep,
}

impl Panel {
    /// How many entries there are before the latest, and those.
    fn latest(&self) -> (usize, Vec<Entry>) {
        let mut entries = timeline(&self.order.lines, &self.events);
        let earlier = entries.len().saturating_sub(LATEST);
        let latest = entries.split_off(earlier);
        (earlier, latest)
    }
}

/// What of the address can't be used; the rest applies.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) problems: Vec<String>,
    /// Some words of the filter can't be read at all.
    pub(super) has_unread: bool,
    /// The filter may find something in the other list.
    pub(super) is_elsewhere: bool,
}

/// A list of orders, with the side panel over it.
#[derive(Template)]
#[template(path = "orders.html")]
pub(super) struct OrdersPage {
    pub(super) frame: Frame,
    pub(super) view: View,
    pub(super) tab: &'static str,
    pub(super) is_oldest_first: bool,
    /// The list, from its first page.
    pub(super) address: Address,
    /// The page of it that is open.
    pub(super) page: Address,
    pub(super) q: String,
    pub(super) chips: Vec<(String, String)>,
    /// The list by what of the filter can be read.
    pub(super) readable: String,
    pub(super) trouble: Trouble,
    pub(super) suggestions: Suggestions,
    pub(super) views: Shelf,
    pub(super) columns: Vec<Column>,
    /// The columns that the address names.
    pub(super) named_columns: String,
    pub(super) rows: Vec<Row>,
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
    /// A rare combination was looked for no farther than this.
    pub(super) searched_to: Option<Timestamp>,
    /// On all pages, where somebody asked.
    pub(super) count: Option<Count>,
    pub(super) panel: Option<Panel>,
    pub(super) counts: Counts,
    pub(super) bulk: Bar,
}

impl OrdersPage {
    fn is_recent(&self) -> bool {
        self.view == View::Recent
    }

    fn title(&self) -> &'static str {
        match self.view {
            View::Recent => "Recent orders",
            View::Historical => "Historical orders",
        }
    }

    /// *All* is the more detailed view (R33).
    fn is_detailed(&self) -> bool {
        self.tab == "all"
    }

    /// The name stands under the number where it has no column of its own.
    fn has_names(&self) -> bool {
        self.columns.contains(&Column::Name)
    }

    fn tabs(&self) -> Vec<(&'static str, &'static str, u64)> {
        [
            (Tab::Active, "Active"),
            (Tab::Draft, "Draft"),
            (Tab::All, "All"),
        ]
        .map(|(tab, label)| (tab.name(), label, self.counts.of(View::Historical, tab)))
        .into()
    }

    /// The same list the other way around.
    fn turned(&self) -> String {
        let sort = if self.is_oldest_first {
            ""
        } else {
            Sort::OldestFirst.name()
        };
        self.address.with("sort", sort).to_string()
    }

    fn is_tab(&self, name: &str) -> bool {
        self.tab == name
    }

    fn offered(&self) -> &'static [Column] {
        &Column::offered(self.is_detailed())[1..]
    }

    fn here(&self) -> String {
        self.page.to_string()
    }

    fn panel_of(&self, order: &SeenOrder) -> String {
        let number = order.number.to_string();
        self.page.with("panel", &number).to_string()
    }

    fn is_open(&self, order: &SeenOrder) -> bool {
        let open = self.panel.as_ref();
        open.is_some_and(|panel| panel.order.number == order.number)
    }

    fn unfiltered(&self) -> String {
        self.address.with("q", "").to_string()
    }

    fn counted(&self) -> String {
        self.page.with("total", "true").to_string()
    }

    /// `312 orders`, where it is known: it was asked for, or this page is all there is.
    fn total(&self) -> Option<String> {
        let is_whole = self.newer.is_none() && self.older.is_none() && self.searched_to.is_none();
        let count = match self.count {
            Some(count) => count,
            None if is_whole => Count {
                found: self.rows.len() as u64,
                is_exact: true,
            },
            None => return None,
        };
        let more = if count.is_exact { "" } else { "At least " };
        Some(match count.found {
            1 if count.is_exact => "1 order".to_owned(),
            found => format!("{more}{} orders", grouped(found)),
        })
    }

    /// The words and the address of each kind of export: of all pages, in this order.
    fn exports(&self) -> [(&'static str, String); 2] {
        let address = |kind: &str| {
            let path = format!("/o/{}/orders/export.{kind}", self.frame.slug);
            let sort = if self.is_oldest_first { "oldest" } else { "" };
            let words = [
                ("view", self.view.name()),
                ("tab", self.tab),
                ("q", self.q.trim()),
                ("sort", sort),
            ];
            Address::new(path, &words).to_string()
        };
        [
            ("CSV file", address("csv")),
            ("Excel workbook", address("xlsx")),
        ]
    }

    /// The same filter over the other list.
    fn other_list(&self) -> String {
        let path = format!("/o/{}/orders", self.frame.slug);
        match self.view {
            View::Recent => {
                let path = format!("{path}/historical");
                Address::new(path, &[("tab", "all"), ("q", &self.q)]).to_string()
            }
            View::Historical => Address::new(path, &[("q", &self.q)]).to_string(),
        }
    }

    /// The words of an empty list, and what comes here.
    fn nothing(&self) -> (&'static str, &'static str) {
        match (self.view, self.tab) {
            (View::Recent, _) => (
                "No recent orders",
                "What is ordered stays here while it can still be changed.",
            ),
            (View::Historical, "active") => (
                "Nothing historical is under way",
                "An order comes here when its vendor takes longer than the recent window.",
            ),
            (View::Historical, "draft") => (
                "No drafts",
                "Save a cart as draft, and it waits here until its purchase is continued.",
            ),
            (View::Historical, _) => (
                "No historical orders",
                "Orders that are completed, or given up, are filed here.",
            ),
        }
    }
}

/// `12,345`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        for (number, words) in [
            (7, "7"),
            (312, "312"),
            (10_000, "10,000"),
            (1_000_001, "1,000,001"),
        ] {
            assert_eq!(grouped(number), words);
        }
    }
}
