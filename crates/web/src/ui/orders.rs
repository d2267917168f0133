//! Recent and Historical orders, with the side panel over them.

use app::access::Access;
use app::orders::{Counts, Edge, Listing, Sort};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::event::Event;
use domain::order::filter::{Filter, Term};
use domain::order::next::NextStep;
use domain::order::phase::{Tab, View};
use domain::order::seen::SeenOrder;
use jiff::Timestamp;
use serde::Deserialize;

use super::address::Address;
use super::column::Column;
use super::filters;
use super::forms::{Forms, next_step};
use super::frame::{Frame, Section};
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// Entries of the log in the side panel; the rest is in the details.
const LATEST: usize = 4;

/// A list's address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    panel: String,
    tab: String,
    q: String,
    sort: String,
    /// Where the page begins, as the page beside it said.
    from: String,
}

struct Row {
    order: SeenOrder,
    forms: Forms,
}

struct Panel {
    order: SeenOrder,
    events: Vec<Event>,
    forms: Forms,
    next: NextStep,
}

impl Panel {
    fn latest(&self) -> &[Event] {
        &self.events[self.events.len().saturating_sub(LATEST)..]
    }
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    is_recent: bool,
    tab: &'static str,
    is_oldest_first: bool,
    address: Address,
    q: String,
    chips: Vec<(String, String)>,
    problems: Vec<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    /// A rare combination was looked for no farther than this.
    searched_to: Option<Timestamp>,
    panel: Option<Panel>,
    counts: Counts,
    /// Words and address of each kind of export.
    exports: Option<Vec<(&'static str, String)>>,
    /// Where the bulk bar sends its selection.
    bulk: Option<String>,
}

impl OrdersPage {
    fn title(&self) -> &'static str {
        match self.is_recent {
            true => "Recent orders",
            false => "Historical orders",
        }
    }

    /// *All* is the more detailed view (R33).
    fn is_detailed(&self) -> bool {
        self.tab == "all"
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
        self.address.to_string()
    }

    fn panel_of(&self, order: &SeenOrder) -> String {
        let number = order.number.to_string();
        self.address.with("panel", &number).to_string()
    }

    fn is_open(&self, order: &SeenOrder) -> bool {
        let open = self.panel.as_ref();
        open.is_some_and(|panel| panel.order.number == order.number)
    }

    fn unfiltered(&self) -> String {
        self.address.with("q", "").to_string()
    }

    /// The same filter over the other list.
    fn other_list(&self) -> String {
        let path = format!("/o/{}/orders", self.frame.slug);
        match self.is_recent {
            true => {
                let path = format!("{path}/historical");
                Address::new(path, &[("tab", "all"), ("q", &self.q)]).to_string()
            }
            false => Address::new(path, &[("q", &self.q)]).to_string(),
        }
    }

    fn nothing(&self) -> &'static str {
        match (self.is_recent, self.tab) {
            (true, _) => "No recent orders",
            (false, "active") => "Nothing historical is under way",
            (false, "draft") => "No drafts",
            (false, _) => "No historical orders",
        }
    }
}

pub(crate) async fn recent(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    list(&web, &visitor, &access, question, (View::Recent, Tab::All)).await
}

pub(crate) async fn historical(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let tab = match question.tab.as_str() {
        "draft" => Tab::Draft,
        "all" => Tab::All,
        _ => Tab::Active,
    };
    list(&web, &visitor, &access, question, (View::Historical, tab)).await
}

/// What is asked for, with the words for what of it can't be: the rest of the page stands.
fn read(question: &Question, (view, tab): (View, Tab)) -> (Listing, Vec<String>) {
    let (filter, unread) = Filter::parse(&question.q);
    let mut problems: Vec<String> = unread.iter().map(ToString::to_string).collect();
    let mut listing = Listing {
        tab,
        filter,
        sort: Sort::parse(&question.sort).unwrap_or_default(),
        ..Listing::of(view)
    };
    if !question.from.is_empty() {
        match listing.read_cursor(&question.from) {
            Ok(edge) => listing.from = Some(edge),
            Err(wrong) => problems.push(format!("The page {wrong}")),
        }
    }
    (listing, problems)
}

fn address(slug: &str, listing: &Listing, q: &str) -> Address {
    let path = format!("/o/{slug}/orders");
    let (path, tab) = match listing.view {
        View::Recent => (path, ""),
        View::Historical => (format!("{path}/historical"), listing.tab.name()),
    };
    let sort = match listing.sort {
        Sort::NewestFirst => "",
        other => other.name(),
    };
    Address::new(path, &[("tab", tab), ("q", q), ("sort", sort)])
}

async fn list(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    question: Question,
    asked: (View, Tab),
) -> Result<Response, Page> {
    let (listing, mut problems) = read(&question, asked);
    let found = web.app.orders(access, &listing).await?;
    problems.extend(found.problems.iter().map(ToString::to_string));
    let slug = access.organization().slug.as_str();
    let address = address(slug, &listing, question.q.trim());
    let beyond = |edge: Option<Edge>| {
        edge.map(|edge| address.with("from", &listing.cursor(edge)).to_string())
    };
    let chip = |term: &Term| {
        let rest = listing.filter.without(term).to_string();
        (term.label(), address.with("q", &rest).to_string())
    };
    let panel = match question.panel.parse() {
        Ok(number) => Some(open(web, access, number).await?),
        Err(_) => None,
    };
    let row = |order: SeenOrder| Row {
        forms: Forms::new(&order, access),
        order,
    };
    let counts = match listing.view {
        View::Recent => Counts::default(),
        View::Historical => web.app.order_counts(access).await?,
    };
    let is_detailed = listing.view == View::Historical && listing.tab == Tab::All;
    Ok(render(&OrdersPage {
        frame: Frame::new(web, visitor, access, Section::Orders).await?,
        is_recent: listing.view == View::Recent,
        tab: if listing.view == View::Recent {
            ""
        } else {
            listing.tab.name()
        },
        is_oldest_first: listing.sort == Sort::OldestFirst,
        chips: listing.filter.terms().iter().map(chip).collect(),
        newer: beyond(found.newer.map(Edge::NewerThan)),
        older: beyond(found.older.map(Edge::OlderThan)),
        searched_to: found.searched_to,
        rows: found.orders.into_iter().map(row).collect(),
        q: question.q,
        problems,
        columns: Column::chosen(is_detailed),
        panel,
        counts,
        exports: None,
        bulk: None,
        address,
    }))
}

async fn open(web: &Web, access: &Access, number: u64) -> Result<Panel, Page> {
    let (order, events) = web.app.order(access, number).await?;
    Ok(Panel {
        forms: Forms::new(&order, access),
        next: next_step(&order, access),
        order,
        events,
    })
}
