//! The order desk: one worklist across the customers of a seller or distributor.

use app::desk::{DeskCounts, DeskRow};
use app::{Error, Pause};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::order::desk::{DeskFilter, DeskQuery, DeskReason, DeskTab};
use domain::order::filter::FilterProblem;
use domain::order::line::LineState;
use domain::order::listing::Sort;
use domain::order::seen::SeenLine;
use jiff::Timestamp;

use super::filters;
use super::frame::{Section, SellerFrame};
use super::suggestions::{Suggestions, WAITS_FOR_ME};
use super::views::{BackForm, Shelf, desk_address};
use crate::Web;
use crate::desk::{Words, address};
use crate::error::{Page, classify, render, words};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage {
    frame: SellerFrame,
    query: DeskQuery,
    /// As typed, also what of it can't be read.
    typed: String,
    problems: Vec<FilterProblem>,
    /// What stands in the filter, each with the address without it.
    chips: Vec<(String, String)>,
    suggestions: Suggestions,
    views: Shelf,
    /// What is wrong with the address as a whole.
    problem: Option<String>,
    /// Why what was pressed here is not done.
    refusal: Option<String>,
    /// This page of it.
    here: String,
    counts: DeskCounts,
    pause: Option<Pause>,
    rows: Vec<DeskRow>,
    next: Option<String>,
    searched_to: Option<Timestamp>,
    now: Timestamp,
}

impl DeskPage {
    /// A part, with the filter that is set.
    fn tab(&self, tab: &DeskTab) -> String {
        let query = DeskQuery {
            tab: *tab,
            ..self.query.clone()
        };
        address(&query, None)
    }

    /// The same part the other way around.
    fn turned(&self) -> String {
        let sort = match self.query.sort {
            Sort::OldestFirst => Sort::NewestFirst,
            Sort::NewestFirst => Sort::OldestFirst,
        };
        let query = DeskQuery {
            sort,
            ..self.query.clone()
        };
        address(&query, None)
    }

    /// The order's page, in Customer View.
    fn details(&self, row: &DeskRow) -> String {
        format!("/o/{}/orders/{}", row.customer.slug, row.order.number)
    }

    /// The orders of the customer, in Customer View.
    fn orders_of(&self, row: &DeskRow) -> String {
        format!("/o/{}/orders", row.customer.slug)
    }

    /// The same by what of the filter can be read.
    fn readable(&self) -> String {
        address(&self.query, None)
    }

    /// The same part, without any filter.
    fn unfiltered(&self) -> String {
        let query = DeskQuery {
            filter: DeskFilter::default(),
            ..self.query.clone()
        };
        address(&query, None)
    }

    /// What is bought or changed, each once.
    fn names<'r>(&self, row: &'r DeskRow) -> Vec<&'r str> {
        let mut names: Vec<&str> = row.order.lines.iter().map(SeenLine::name).collect();
        names.dedup();
        names
    }

    /// This page of the list.
    fn here(&self) -> &str {
        &self.here
    }

    fn is_oldest_first(&self) -> bool {
        self.query.sort == Sort::OldestFirst
    }

    /// `for 3 h`: roughly, with the instant in the title.
    fn waited(&self, row: &DeskRow) -> String {
        let minutes = self.now.duration_since(row.entry.since).as_mins().max(0);
        match minutes {
            0..60 => format!("{minutes} min"),
            60..2_880 => format!("{} h", minutes / 60),
            _ => format!("{} days", minutes / 1_440),
        }
    }

    /// What vendors said, where they refused.
    fn refusals<'r>(&self, row: &'r DeskRow) -> Vec<&'r str> {
        let lines = row.order.lines.iter();
        let said = lines.filter_map(|line| match &line.state {
            LineState::Failed { failure, .. } => Some(failure.message.as_str()),
            _ => None,
        });
        said.collect()
    }

    /// Tone and icon of the reason.
    fn look(&self, row: &DeskRow) -> (&'static str, &'static str) {
        match row.entry.reason {
            DeskReason::Failed => ("bad", "failed"),
            DeskReason::SetAside => ("bad", "alert"),
            DeskReason::AwaitingApproval => ("wait", "waiting"),
            DeskReason::Checking => ("bad", "alert"),
            DeskReason::ByHand => ("wait", "waiting"),
            DeskReason::InFlight if row.entry.is_stuck(self.now) => ("bad", "alert"),
            DeskReason::InFlight => ("busy", "progress"),
        }
    }
}

fn chips(query: &DeskQuery) -> Vec<(String, String)> {
    let filter = &query.filter;
    let without = |filter: DeskFilter| {
        let query = DeskQuery {
            filter,
            ..query.clone()
        };
        address(&query, None)
    };
    let customers = filter.customers.iter().map(|customer| {
        let mut others = filter.clone();
        others.customers.retain(|other| other != customer);
        (format!("Customer: {customer}"), without(others))
    });
    let terms = filter.order.terms().iter().map(|term| {
        let order = filter.order.without(term);
        let others = filter.clone();
        (term.label(), without(DeskFilter { order, ..others }))
    });
    let waits = filter.waits_for_me.then(|| {
        let mut others = filter.clone();
        others.waits_for_me = false;
        (WAITS_FOR_ME.to_owned(), without(others))
    });
    customers.chain(waits).chain(terms).collect()
}

/// Shows a part of the desk. Words that can't be used are told, and the rest applies.
pub(crate) async fn show(
    State(web): State<Web>,
    Query(asked): Query<Words>,
    visitor: Visitor,
) -> Result<Response, Page> {
    page(&web, &visitor, asked, None).await
}

/// A part of the desk, with why what was pressed there is not done.
async fn page(
    web: &Web,
    visitor: &Visitor,
    asked: Words,
    refused: Option<&Error>,
) -> Result<Response, Page> {
    let counts = web.app.desk_counts(&visitor.caller).await?;
    let typed = asked.q.clone().unwrap_or_default();
    let (query, problems, unreadable) = match asked.query() {
        Ok((query, problems)) => (query, problems, None),
        Err(error @ Error::Invalid { .. }) => {
            (DeskQuery::of(DeskTab::All), Vec::new(), Some(error))
        }
        Err(error) => return Err(Page(error)),
    };
    let kept = match unreadable {
        None => typed.as_str(),
        Some(_) => "",
    };
    let mut page = DeskPage {
        frame: SellerFrame::new(visitor, Section::Desk),
        chips: chips(&query),
        suggestions: Suggestions::on_desk(&query, &[]),
        views: Shelf::of_desk(web, visitor, &query, kept).await?,
        problem: unreadable.as_ref().map(words),
        refusal: refused.map(words),
        here: "/desk".into(),
        counts,
        pause: web.app.pause().await?,
        rows: Vec::new(),
        next: None,
        searched_to: None,
        now: web.app.now(),
        query,
        typed,
        problems,
    };
    if let Some(error) = unreadable {
        return Ok((classify(&error).0, render(&page)).into_response());
    }
    page.here = format!("/desk{}", address(&page.query, asked.cursor.as_deref()));
    let found = web.app.desk(&visitor.caller, &page.query).await?;
    page.next = found
        .next
        .map(|place| address(&page.query, Some(&page.query.cursor(place))));
    page.suggestions = Suggestions::on_desk(&page.query, &found.rows);
    (page.rows, page.searched_to) = (found.rows, found.searched_to);
    let status = refused.map_or(StatusCode::OK, |error| classify(error).0);
    Ok((status, render(&page)).into_response())
}

/// Lets what of an order was set aside run again, and goes back to the desk; a refusal stands there.
pub(crate) async fn run_again(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, u64)>,
    visitor: Visitor,
    Form(form): Form<BackForm>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, "")?;
    let back = desk_address(&form.next);
    let run = web.app.run_again(&visitor.caller, &organization, number);
    match run.await {
        Ok(()) => Ok(Redirect::to(&back).into_response()),
        Err(error @ Error::Refused(_)) => {
            let asked = back.split_once('?').map_or("", |(_, asked)| asked);
            let asked = serde_urlencoded::from_str(asked).unwrap_or_default();
            page(&web, &visitor, asked, Some(&error)).await
        }
        Err(error) => Err(Page(error)),
    }
}
