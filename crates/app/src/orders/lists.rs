//! Lists of orders: a page, the counts beside it, and how many a filter finds.

use domain::access::Permission;
use domain::order::Order;
use domain::order::filter::FilterProblem;
use domain::order::listing::search::{Named, Search};
use domain::order::listing::{Edge, Listing, Position, Sort, words};
use domain::order::phase::{Phase, Status, Tab, View, shown};
use domain::order::seen::SeenOrder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::catalog::{self, Vendor};
use store::{Tx, orders};

use crate::access::Access;
use crate::{App, Error};

/// Orders that are compared with phrases at once, and how often.
const PHRASES_STEP: u32 = 200;
const PHRASES_STEPS: u32 = 10;
/// Orders with a phrase are counted that far.
const PHRASES_MAX: u32 = 2_000;
/// Vendors that a problem names.
const NAMES_MAX: usize = 12;

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
        let (search, problems) = self.search(&mut tx, access, listing).await?;
        let mut read = read(&mut tx, access, &search, listing).await?;
        let has_more = read.orders.len() > listing.limit as usize;
        read.orders.truncate(listing.limit as usize);
        let reading = listing.reading();
        let beyond = match has_more {
            true => read.orders.last().map(SeenOrder::position),
            false => read.ended_at,
        };
        let behind = read.orders.first().map(SeenOrder::position);
        let behind = listing
            .from
            .map(|edge| behind.or(beyond).unwrap_or(including(edge)));
        let (newer, older) = match reading.is_descending {
            true => (behind, beyond),
            false => (beyond, behind),
        };
        if reading.is_descending != (listing.sort == Sort::NewestFirst) {
            read.orders.reverse();
        }
        let searched_to = read.ended_at.filter(|_| !has_more);
        let searched_to = searched_to.map(|at| Timestamp::from_microsecond(at.listed_at));
        Ok(Page {
            orders: read.orders,
            newer,
            older,
            searched_to: searched_to.transpose().map_err(internal)?,
            problems: problems.into_iter().chain(read.too_common).collect(),
        })
    }

    /// Exact counts of every tab and status.
    pub async fn order_counts(&self, access: &Access) -> Result<Counts, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let counts = orders::count_by_phase(&mut tx, access.tenant(), seen).await?;
        Ok(Counts(counts))
    }

    /// How many orders a list has on all its pages: exact where that is cheap to know.
    pub async fn count_orders(&self, access: &Access, listing: &Listing) -> Result<Count, Error> {
        if listing.filter.is_empty() {
            let counts = self.order_counts(access).await?;
            let found = counts.of(listing.view, listing.tab);
            return Ok(Count {
                found,
                is_exact: true,
            });
        }
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let (search, _) = self.search(&mut tx, access, listing).await?;
        if search.phrases.is_empty() {
            let (tenant, seen) = (access.tenant(), access.visibility());
            let (found, is_exact) = orders::count(&mut tx, tenant, &search, seen).await?;
            return Ok(Count { found, is_exact });
        }
        // Phrases are compared with the orders themselves.
        let all = Listing {
            limit: PHRASES_MAX + 1,
            from: None,
            ..listing.clone()
        };
        let read = read(&mut tx, access, &search, &all).await?;
        Ok(Count {
            found: read.orders.len().min(PHRASES_MAX as usize) as u64,
            is_exact: read.ended_at.is_none() && read.orders.len() <= PHRASES_MAX as usize,
        })
    }

    /// The names of the vendors that an order of the organization can be from.
    pub async fn vendor_names(&self, access: &Access) -> Result<Vec<String>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let vendors = catalog::list_vendors(&mut tx, &access.organization().chain).await?;
        let mut names: Vec<String> = vendors.into_iter().map(|vendor| vendor.name).collect();
        names.dedup();
        Ok(names)
    }

    /// Finds what the filter names; what it names in vain is told.
    async fn search(
        &self,
        tx: &mut Tx,
        access: &Access,
        listing: &Listing,
    ) -> Result<(Search, Vec<FilterProblem>), Error> {
        let (mut named, mut problems) = (Named::default(), Vec::new());
        let typed = listing.filter.vendors();
        if !typed.is_empty() {
            let known = catalog::list_vendors(tx, &access.organization().chain).await?;
            for text in typed {
                let is_meant = |vendor: &&Vendor| {
                    words::has(&vendor.name, text) || vendor.slug == text.to_lowercase()
                };
                let before = named.vendors.len();
                named
                    .vendors
                    .extend(known.iter().filter(is_meant).map(|vendor| vendor.id));
                if named.vendors.len() == before {
                    problems.push(no_vendor(text, &known));
                }
            }
        }
        let people = listing.filter.people();
        if !people.is_empty() {
            let (tenant, me) = (access.tenant(), access.actor().user);
            named.creators = orders::find_creators(tx, tenant, &people, me).await?;
        }
        problems.extend(elsewhere(listing));
        Ok((listing.search(named, self.now(), &TimeZone::UTC), problems))
    }
}

/// What was read for a page, in the direction of reading.
#[derive(Default)]
struct Read {
    orders: Vec<SeenOrder>,
    ended_at: Option<Position>,
    too_common: Vec<FilterProblem>,
}

/// Reads one order more than a page has. Where the filter has phrases, what was found by its words is
/// compared with them, a bounded number of times.
async fn read(
    tx: &mut Tx,
    access: &Access,
    search: &Search,
    listing: &Listing,
) -> Result<Read, Error> {
    let (tenant, seen) = (access.tenant(), access.visibility());
    let (mut read, mut reading) = (Read::default(), listing.reading());
    let wanted = listing.limit as usize + 1;
    if !search.phrases.is_empty() {
        reading.limit = reading.limit.min(PHRASES_STEP);
    }
    for _ in 0..PHRASES_STEPS {
        let mut found = orders::list(tx, tenant, search, reading, seen).await?;
        let has_more = found.orders.len() > reading.limit as usize;
        read.too_common = found
            .too_common
            .iter()
            .map(|word| too_common(word))
            .collect();
        read.ended_at = found.ended_at;
        if search.phrases.is_empty() {
            read.orders = super::all_seen(found.orders, seen)?;
            return Ok(read);
        }
        if has_more {
            found.orders.truncate(reading.limit as usize);
            read.ended_at = found.orders.last().map(Order::position);
        }
        let found = super::all_seen(found.orders, seen)?;
        read.orders
            .extend(found.into_iter().filter(|order| search.has_phrases(order)));
        read.orders.truncate(wanted);
        if read.orders.len() == wanted || !has_more {
            return Ok(read);
        }
        reading.from = read.ended_at.map(|at| match reading.is_descending {
            true => Edge::OlderThan(at),
            false => Edge::NewerThan(at),
        });
        reading.limit = PHRASES_STEP;
    }
    Ok(read)
}

/// A position from which the way back leads over the edge's own row: behind an empty page.
fn including(edge: Edge) -> Position {
    let Position { listed_at, number } = edge.position();
    let number = match edge {
        Edge::OlderThan(_) => number.saturating_sub(1),
        Edge::NewerThan(_) => number.saturating_add(1),
    };
    Position { listed_at, number }
}

fn too_common(word: &str) -> FilterProblem {
    FilterProblem {
        word: word.to_owned(),
        why: "begins so many words that only the first of them were looked for".into(),
        instead: "type more of it".into(),
    }
}

fn no_vendor(text: &str, known: &[Vendor]) -> FilterProblem {
    let mut names: Vec<&str> = known.iter().map(|vendor| vendor.name.as_str()).collect();
    names.dedup();
    names.truncate(NAMES_MAX);
    FilterProblem {
        word: format!("vendor:{text}"),
        why: "no vendor has a name that begins so".into(),
        instead: match names.is_empty() {
            true => String::new(),
            false => format!("there are {}", names.join(", ")),
        },
    }
}

/// Statuses of the other view, which this list can't have.
fn elsewhere(listing: &Listing) -> Vec<FilterProblem> {
    let is_elsewhere = |status: &Status| {
        let is_archived = listing.view == View::Historical;
        let mut here = Phase::ALL
            .into_iter()
            .filter_map(|phase| shown(phase, is_archived));
        here.all(|(view, word)| view != listing.view || word != *status)
    };
    let statuses = listing.filter.statuses().into_iter().filter(is_elsewhere);
    let problem = |status: Status| FilterProblem {
        word: format!("status:{}", status.name()),
        why: format!("no order of this list is {}", status.label()),
        instead: match listing.view {
            View::Recent => "look in Historical orders".into(),
            View::Historical => "look in Recent orders".into(),
        },
    };
    statuses.map(problem).collect()
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
