//! Recent and Historical orders, with the side panel over them.

mod page;

use app::Error;
use app::access::Access;
use app::orders::{Edge, Listing, Page as Found, Sort};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::order::filter::{Filter, Term};
use domain::order::phase::{Tab, View};
use domain::order::seen::SeenOrder;
use serde::Deserialize;

use self::page::{OrdersPage, Panel, Row, Trouble};
use super::address::Address;
use super::bulk::Bar;
use super::column::Column;
use super::forms::{Forms, next_step};
use super::frame::{Frame, Section};
use super::suggestions::Suggestions;
use super::views::Shelf;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// A list's address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    panel: String,
    tab: String,
    q: String,
    sort: String,
    /// Names of columns, with commas between them; the visitor's own choice when empty.
    columns: String,
    /// Where the page begins, as the page beside it said.
    from: String,
    /// Counts the orders on all pages when it is `true`.
    total: String,
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
fn read(question: &Question, (view, tab): (View, Tab)) -> (Listing, Trouble) {
    let (filter, unread) = Filter::parse(&question.q);
    let mut trouble = Trouble {
        problems: unread.iter().map(ToString::to_string).collect(),
        has_unread: !unread.is_empty(),
        is_elsewhere: false,
    };
    let mut listing = Listing {
        tab,
        filter,
        sort: Sort::parse(&question.sort).unwrap_or_default(),
        ..Listing::of(view)
    };
    if !question.from.is_empty() {
        match listing.read_cursor(&question.from) {
            Ok(edge) => listing.from = Some(edge),
            Err(wrong) => trouble.problems.push(format!("The page {wrong}")),
        }
    }
    (listing, trouble)
}

fn address(slug: &str, listing: &Listing, question: &Question) -> Address {
    let path = format!("/o/{slug}/orders");
    let (path, tab) = match listing.view {
        View::Recent => (path, ""),
        View::Historical => (format!("{path}/historical"), listing.tab.name()),
    };
    let sort = match listing.sort {
        Sort::NewestFirst => "",
        other => other.name(),
    };
    let words = [
        ("tab", tab),
        ("q", question.q.trim()),
        ("sort", sort),
        ("columns", &question.columns),
    ];
    Address::new(path, &words)
}

async fn list(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    question: Question,
    asked: (View, Tab),
) -> Result<Response, Page> {
    let (listing, mut trouble) = read(&question, asked);
    let found = web.app.orders(access, &listing).await?;
    let words = found.problems.iter().map(ToString::to_string);
    trouble.problems.extend(words);
    trouble.is_elsewhere = !listing.filter.is_empty() && !found.problems.is_empty();
    let (mut status, mut panel) = (StatusCode::OK, None);
    if let Ok(number) = question.panel.parse::<u64>() {
        match open(web, access, number).await {
            Ok(found) => panel = Some(found),
            // The list stands, and says so.
            Err(Error::NotFound) => {
                status = StatusCode::NOT_FOUND;
                let words =
                    "The order that was to be opened is not here, or nothing that you may see";
                trouble.problems.push(words.to_owned());
            }
            Err(error) => return Err(Page(error)),
        }
    }
    let page = build(web, visitor, access, (question, listing), found).await?;
    let page = OrdersPage {
        trouble,
        panel,
        ..page
    };
    Ok((status, render(&page)).into_response())
}

/// The list with its tools, without what is told beside it.
async fn build(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    (question, listing): (Question, Listing),
    found: Found,
) -> Result<OrdersPage, Page> {
    let address = address(access.organization().slug.as_str(), &listing, &question);
    let beyond = |edge: Option<Edge>| {
        edge.map(|edge| address.with("from", &listing.cursor(edge)).to_string())
    };
    let chip = |term: &Term| {
        let rest = listing.filter.without(term).to_string();
        (term.label(), address.with("q", &rest).to_string())
    };
    let now = web.app.now();
    let row = |order: SeenOrder| Row {
        forms: Forms::new(&order, access, now),
        order,
    };
    let counts = web.app.order_counts(access).await?;
    let count = match question.total == "true" {
        true => Some(web.app.count_orders(access, &listing).await?),
        false => None,
    };
    let vendors = web.app.vendor_names(access).await?;
    let is_recent = listing.view == View::Recent;
    let is_detailed = !is_recent && listing.tab == Tab::All;
    let columns = Column::chosen(is_detailed, &question.columns);
    let kept = kept(&listing, &question.q, Column::kept(is_detailed, &columns));
    Ok(OrdersPage {
        frame: Frame::new(web, visitor, access, Section::Orders).await?,
        view: listing.view,
        tab: if is_recent { "" } else { listing.tab.name() },
        is_oldest_first: listing.sort == Sort::OldestFirst,
        chips: listing.filter.terms().iter().map(chip).collect(),
        suggestions: Suggestions::new(&listing, access, &counts, vendors, &address),
        views: Shelf::of_orders(web, visitor, access, &address.to_string(), kept).await?,
        newer: beyond(found.newer.map(Edge::NewerThan)),
        older: beyond(found.older.map(Edge::OlderThan)),
        searched_to: found.searched_to,
        rows: found.orders.into_iter().map(row).collect(),
        columns,
        named_columns: question.columns,
        page: address.with("from", &question.from),
        q: question.q,
        readable: address.with("q", &listing.filter.to_string()).to_string(),
        trouble: Trouble::default(),
        panel: None,
        bulk: Bar::new(web, access),
        count,
        counts,
        address,
    })
}

/// What a saved view of the list on the screen is made of.
fn kept(listing: &Listing, typed: &str, columns: &[Column]) -> Vec<(&'static str, String)> {
    let mut kept = vec![
        ("view", listing.view.name().to_owned()),
        ("q", typed.to_owned()),
        ("sort", listing.sort.name().to_owned()),
    ];
    if listing.view == View::Historical {
        kept.push(("tab", listing.tab.name().to_owned()));
    }
    let columns = columns.iter();
    kept.extend(columns.map(|column| ("column", column.name().to_owned())));
    kept
}

async fn open(web: &Web, access: &Access, number: u64) -> Result<Panel, Error> {
    let (order, events) = web.app.order(access, number).await?;
    let now = web.app.now();
    Ok(Panel {
        forms: Forms::new(&order, access, now),
        next: next_step(&order, access, now),
        order,
        events,
    })
}
