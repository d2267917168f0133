//! The question behind a list of orders, read from an address: the same words for pages, API and
//! exports.

use app::Error;
use app::orders::{Listing, Sort};
use domain::order::filter::{Filter, FilterProblem};
use domain::order::phase::{Tab, View};
use domain::order::saved::{SavedPart, SavedView};
use domain::text::Invalid;

use crate::desk;

/// The words of an address; what is missing has its default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Words<'w> {
    pub(crate) view: Option<&'w str>,
    pub(crate) tab: Option<&'w str>,
    pub(crate) q: Option<&'w str>,
    pub(crate) sort: Option<&'w str>,
    pub(crate) cursor: Option<&'w str>,
}

impl Words<'_> {
    /// The list that is asked for, and what of its filter can't be used.
    pub(crate) fn listing(self) -> Result<(Listing, Vec<FilterProblem>), Error> {
        let invalid = |field, words: &str| Error::Invalid {
            field,
            reason: Invalid(words.into()),
        };
        let view = match self.view.unwrap_or("recent") {
            "recent" => View::Recent,
            "historical" => View::Historical,
            _ => return Err(invalid("/view", "must be recent or historical")),
        };
        let tab = match self.tab.unwrap_or("all") {
            "all" => Tab::All,
            "active" if view == View::Historical => Tab::Active,
            "draft" if view == View::Historical => Tab::Draft,
            "active" | "draft" => {
                return Err(invalid("/tab", "exists in historical orders only"));
            }
            _ => return Err(invalid("/tab", "must be active, draft or all")),
        };
        let sort = Sort::parse(self.sort.unwrap_or("newest")).map_err(|reason| Error::Invalid {
            field: "/sort",
            reason,
        })?;
        let (filter, problems) = Filter::parse(self.q.unwrap_or_default());
        let mut listing = Listing {
            tab,
            filter,
            sort,
            ..Listing::of(view)
        };
        if let Some(cursor) = self.cursor {
            let edge = listing
                .read_cursor(cursor)
                .map_err(|reason| Error::Invalid {
                    field: "/cursor",
                    reason,
                })?;
            listing.from = Some(edge);
        }
        Ok((listing, problems))
    }
}

/// The address of a saved list's first page; of the Orders section, that of an organization.
pub(crate) fn address(organization: &str, saved: &SavedView) -> String {
    let (view, tab) = match saved.part {
        SavedPart::Orders { view, tab } => (view, tab),
        SavedPart::Desk { desk } => {
            let words = desk::address_of((desk, &saved.filter, saved.sort), None);
            return format!("/desk{words}");
        }
    };
    let path = match view {
        View::Recent => format!("/o/{organization}/orders"),
        View::Historical => format!("/o/{organization}/orders/historical"),
    };
    let mut words = Vec::new();
    if view == View::Historical {
        words.push(("tab", tab.name().to_owned()));
    }
    if !saved.filter.is_empty() {
        words.push(("q", saved.filter.clone()));
    }
    if saved.sort != Sort::default() {
        words.push(("sort", saved.sort.name().to_owned()));
    }
    if !saved.columns.is_empty() {
        words.push(("columns", saved.columns.join(",")));
    }
    // Pairs of plain text always have a form.
    match serde_urlencoded::to_string(&words) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path,
    }
}
