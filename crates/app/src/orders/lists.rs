//! Lists of orders: a page, the counts beside it, and how many a filter finds.

use domain::access::{Permission, Visibility};
use domain::order::Order;
use domain::order::filter::FilterProblem;
use domain::order::listing::{Edge, Listing, Position, Sort};
use domain::order::phase::{Phase, Status, Tab, View, shown};
use domain::order::seen::SeenOrder;
use jiff::Timestamp;
use store::orders;

use crate::access::Access;
use crate::{App, Error};

/// A part of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// In the order asked for.
    pub orders: Vec<SeenOrder>,
    /// There are newer ones than this; a page of them ends beyond it.
    pub newer: Option<Position>,
    /// There are older ones than this, or may be: see `searched_to`.
    pub older: Option<Position>,
    /// A rare combination was looked for no farther than this date; the page beyond goes on.
    pub searched_to: Option<Timestamp>,
    /// What the filter names and the organization does not have.
    pub problems: Vec<FilterProblem>,
}

impl Page {
    /// Where the page that is read after this one begins.
    pub fn next(&self, sort: Sort) -> Option<Edge> {
        match sort {
            Sort::NewestFirst => self.older.map(Edge::OlderThan),
            Sort::OldestFirst => self.newer.map(Edge::NewerThan),
        }
    }

    /// Where the page that is read before this one ends.
    pub fn previous(&self, sort: Sort) -> Option<Edge> {
        match sort {
            Sort::NewestFirst => self.newer.map(Edge::NewerThan),
            Sort::OldestFirst => self.older.map(Edge::OlderThan),
        }
    }
}

/// How many orders there are for a reader, exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Vec<(View, Phase, u64)>);

impl Counts {
    /// On a tab.
    pub fn of(&self, view: View, tab: Tab) -> u64 {
        let is_there = |(at, phase): (View, Phase)| at == view && tab.has(phase);
        let there = self
            .0
            .iter()
            .filter(|(at, phase, _)| is_there((*at, *phase)));
        there.map(|(.., count)| count).sum()
    }

    /// With a status; each belongs to one view.
    pub fn with(&self, status: Status) -> u64 {
        let has = |view: &View, phase: &Phase| {
            shown(*phase, *view == View::Historical).is_some_and(|(_, word)| word == status)
        };
        let there = self.0.iter().filter(|(view, phase, _)| has(view, phase));
        there.map(|(.., count)| count).sum()
    }
}

/// How many orders a filter finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many at least.
    pub found: u64,
    /// And no more.
    pub is_exact: bool,
}

impl App {
    /// A page of orders.
    pub async fn orders(&self, access: &Access, listing: &Listing) -> Result<Page, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let found = orders::list(&mut tx, tenant, listing, self.now(), seen).await?;
        page(found, listing, seen)
    }

    /// Exact counts of every tab and status.
    pub async fn order_counts(&self, access: &Access) -> Result<Counts, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let counts = orders::count_by_phase(&mut tx, access.tenant(), seen).await?;
        Ok(Counts(counts))
    }

    /// How many orders a list has on all its pages.
    pub async fn count_orders(&self, access: &Access, listing: &Listing) -> Result<Count, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let found = orders::count(&mut tx, tenant, listing, self.now(), seen).await?;
        Ok(Count {
            found,
            is_exact: true,
        })
    }
}

/// The store gives one row more than asked where there are more; rows are in the order asked for.
fn page(mut found: Vec<Order>, listing: &Listing, seen: Visibility) -> Result<Page, Error> {
    let is_back = matches!(
        (listing.sort, listing.from),
        (Sort::NewestFirst, Some(Edge::NewerThan(_)))
            | (Sort::OldestFirst, Some(Edge::OlderThan(_)))
    );
    let has_more = found.len() > listing.limit as usize;
    if has_more {
        let surplus = if is_back { 0 } else { found.len() - 1 };
        found.remove(surplus);
    }
    let (has_previous, has_next) = match is_back {
        true => (has_more, true),
        false => (listing.from.is_some(), has_more),
    };
    let first = found.first().filter(|_| has_previous).map(Order::position);
    let last = found.last().filter(|_| has_next).map(Order::position);
    let (newer, older) = match listing.sort {
        Sort::NewestFirst => (first, last),
        Sort::OldestFirst => (last, first),
    };
    Ok(Page {
        orders: super::all_seen(found, seen)?,
        newer,
        older,
        ..Page::default()
    })
}
