//! What a list can be narrowed by: a menu of links for those who point, words for those who type.

use std::collections::BTreeSet;

use app::access::Access;
use app::desk::DeskRow;
use app::orders::{Counts, Listing};
use domain::order::change::ChangeKind;
use domain::order::desk::{DeskFilter, DeskQuery};
use domain::order::filter::{Age, Person, Term};
use domain::order::phase::{Phase, Status, View, shown};

use super::address::Address;
use crate::desk;

/// Customers and vendors that the desk offers.
const NAMES_MAX: usize = 12;

/// The words of `waits:me`.
pub(crate) const WAITS_FOR_ME: &str = "Waits for my decision";

/// The groups of the menu.
pub(crate) struct Suggestions {
    pub(crate) groups: Vec<(&'static str, Vec<Suggestion>)>,
}

/// A term that the filter does not have yet.
pub(crate) struct Suggestion {
    /// As it is typed.
    pub(crate) word: String,
    pub(crate) label: String,
    /// The list, narrowed by it.
    pub(crate) address: String,
    /// How many orders have it, where that is known.
    pub(crate) count: Option<u64>,
}

impl Suggestions {
    pub(crate) fn new(
        listing: &Listing,
        access: &Access,
        counts: &Counts,
        vendors: Vec<String>,
        address: &Address,
    ) -> Suggestions {
        let suggestion = |term: Term, label: String, count| Suggestion {
            word: term.to_string(),
            label,
            address: address
                .with("q", &listing.filter.with(term).to_string())
                .to_string(),
            count,
        };
        let statuses = statuses(listing).into_iter().map(|status| {
            let count = Some(counts.with(status));
            suggestion(Term::Status(status), status.label().to_owned(), count)
        });
        let changes = kinds(access).map(|kind| {
            let label = kind.label().to_owned();
            suggestion(Term::Change(kind), label, None)
        });
        let vendors = vendors.into_iter().map(|name| {
            let term = Term::Vendor(name.clone());
            suggestion(term, name, None)
        });
        let others = [
            Term::By(Person::Me),
            Term::Newer(Age { hours: 7 * 24 }),
            Term::Older(Age { hours: 2 * 24 }),
        ];
        let others = others.into_iter().map(|term| {
            let label = term.label();
            suggestion(term, label, None)
        });
        Suggestions::of([
            ("Status", statuses.collect()),
            ("Requested change", changes.collect()),
            ("Vendor", vendors.collect()),
            ("Who and when", others.collect()),
        ])
    }

    /// For the order desk: the customers and vendors of the rows that are on the page, and what can be
    /// asked of any order.
    pub(crate) fn on_desk(query: &DeskQuery, rows: &[DeskRow]) -> Suggestions {
        let filter = &query.filter;
        let suggestion = |word: String, label: String, filter: DeskFilter| {
            let narrowed = DeskQuery {
                filter,
                from: None,
                ..query.clone()
            };
            Suggestion {
                word,
                label,
                address: desk::address(&narrowed, None),
                count: None,
            }
        };
        let of_order = |term: Term, label: String| {
            let word = term.to_string();
            let order = filter.order.with(term);
            suggestion(
                word,
                label,
                DeskFilter {
                    order,
                    ..filter.clone()
                },
            )
        };
        let customers: BTreeSet<(&str, &str)> = rows
            .iter()
            .map(|row| (row.customer.name.as_str(), row.customer.slug.as_str()))
            .filter(|(_, slug)| !filter.customers.iter().any(|typed| typed == slug))
            .collect();
        let customers = customers.into_iter().map(|(name, slug)| {
            let mut narrowed = filter.clone();
            narrowed.customers = vec![slug.to_owned()];
            suggestion(format!("customer:{slug}"), name.to_owned(), narrowed)
        });
        let lines = rows.iter().flat_map(|row| &row.order.lines);
        let vendors: BTreeSet<&str> = lines.map(|line| line.item.vendor_name.as_str()).collect();
        let vendors = vendors
            .into_iter()
            .map(|name| of_order(Term::Vendor(name.to_owned()), name.to_owned()));
        let kinds = ChangeKind::ALL.into_iter().filter(|kind| !kind.is_markup());
        let changes = kinds.map(|kind| of_order(Term::Change(kind), kind.label().to_owned()));
        let others = [
            Term::By(Person::Me),
            Term::Newer(Age { hours: 24 }),
            Term::Older(Age { hours: 2 * 24 }),
            Term::Older(Age { hours: 7 * 24 }),
        ];
        let others = others.into_iter().map(|term| {
            let label = term.label();
            of_order(term, label)
        });
        let waiting = DeskFilter {
            waits_for_me: true,
            ..filter.clone()
        };
        let waiting = suggestion("waits:me".into(), WAITS_FOR_ME.into(), waiting);
        let others = std::iter::once(waiting).chain(others);
        Suggestions::of([
            ("Customer", customers.take(NAMES_MAX).collect()),
            ("Requested change", changes.collect()),
            ("Vendor", vendors.take(NAMES_MAX).collect()),
            ("Who and when", others.collect()),
        ])
    }

    fn of(groups: [(&'static str, Vec<Suggestion>); 4]) -> Suggestions {
        let groups = groups.into_iter();
        Suggestions {
            groups: groups.filter(|(_, entries)| !entries.is_empty()).collect(),
        }
    }
}

/// The statuses that an order of this list can have.
fn statuses(listing: &Listing) -> Vec<Status> {
    let is_archived = listing.view == View::Historical;
    let mut found = Vec::new();
    for phase in Phase::ALL {
        let Some((view, status)) = shown(phase, is_archived) else {
            continue;
        };
        if view == listing.view && listing.tab.has(phase) && !found.contains(&status) {
            found.push(status);
        }
    }
    found
}

/// The kinds of changes that there are for this reader.
fn kinds(access: &Access) -> impl Iterator<Item = ChangeKind> {
    let sees_markup = access.visibility().markup;
    let kinds = ChangeKind::ALL.into_iter();
    kinds.filter(move |kind| !kind.is_markup() || sees_markup)
}
