//! The order desk, by API.

use app::Error;
use app::desk::{DeskCounts, DeskRow};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::order::line::LineState;
use domain::text::Invalid;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::view;
use crate::Web;
use crate::desk::{Words, address};
use crate::error::Problem;
use crate::visitor::Program;

/// A customer, as its seller's staff know it.
#[derive(Serialize, ToSchema)]
struct CustomerView {
    organization: String,
    name: String,
}

/// An order that needs people.
#[derive(Serialize, ToSchema)]
struct DeskRowView {
    customer: CustomerView,
    number: u64,
    name: String,
    status: &'static str,
    status_label: &'static str,
    /// `failed`, `awaiting_approval`, `checking`, `by_hand`, `in_flight` or `set_aside`.
    reason: &'static str,
    reason_label: &'static str,
    is_stuck: bool,
    /// It waits for a decision that is the caller's.
    is_yours: bool,
    /// Set aside after errors of our own, and the caller may let it run again.
    may_run_again: bool,
    since: String,
    next_step: String,
    requested_changes: Vec<String>,
    vendors: Vec<String>,
    /// What the vendors said, where they refused.
    refusals: Vec<String>,
}

impl DeskRowView {
    fn new(row: &DeskRow, now: Timestamp) -> DeskRowView {
        let lines = &row.order.lines;
        let mut vendors: Vec<String> = lines.iter().map(|l| l.item.vendor_name.clone()).collect();
        vendors.sort_unstable();
        vendors.dedup();
        DeskRowView {
            customer: CustomerView {
                organization: row.customer.slug.as_str().to_owned(),
                name: row.customer.name.clone(),
            },
            number: row.order.number,
            name: row.order.name(&TimeZone::UTC),
            status: row.order.status.name(),
            status_label: row.order.status.label(),
            reason: row.entry.reason.name(),
            reason_label: row.entry.label(now),
            is_stuck: row.entry.is_stuck(now),
            is_yours: row.is_yours,
            may_run_again: row.may_run_again,
            since: row.entry.since.to_string(),
            next_step: row.next_step.clone(),
            requested_changes: lines.iter().map(|line| line.change.text()).collect(),
            vendors,
            refusals: lines
                .iter()
                .filter_map(|line| match &line.state {
                    LineState::Failed { failure, .. } => Some(failure.message.clone()),
                    _ => None,
                })
                .collect(),
        }
    }
}

/// How many orders lie on a part of the desk.
#[derive(Serialize, ToSchema)]
struct DeskCountView {
    kind: &'static str,
    count: u64,
    /// Otherwise there are more than that.
    is_exact: bool,
}

/// A page of the desk.
#[derive(Serialize, ToSchema)]
pub(super) struct DeskView {
    orders: Vec<DeskRowView>,
    counts: Vec<DeskCountView>,
    /// A rare filter was looked for no farther than this; the next page goes on.
    searched_to: Option<String>,
}

fn counts(counts: &DeskCounts) -> Vec<DeskCountView> {
    let views = counts.tabs().iter().map(|(tab, count)| DeskCountView {
        kind: tab.name(),
        count: count.found,
        is_exact: count.is_exact,
    });
    views.collect()
}

/// Orders of all customers that need people: failed, stuck, waiting for approval, in doubt, or for a
/// person to fulfill. For staff; for customers' roles it does not exist. `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/desk/orders", params(Words),
    responses((status = 200, body = DeskView), (status = 404, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn orders(
    State(web): State<Web>,
    Query(words): Query<Words>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    // Who has no desk is told nothing about its words.
    let counted = web.app.desk_counts(&caller).await?;
    let (query, problems) = words.query()?;
    if let Some(problem) = problems.first() {
        let reason = Invalid(problem.to_string());
        return Err(Error::Invalid {
            field: "/q",
            reason,
        }
        .into());
    }
    let page = web.app.desk(&caller, &query).await?;
    let now = web.app.now();
    let rows = page.rows.iter().map(|row| DeskRowView::new(row, now));
    let body = Json(DeskView {
        orders: rows.collect(),
        counts: counts(&counted),
        searched_to: page.searched_to.map(|at| at.to_string()),
    });
    let Some(next) = page.next else {
        return Ok(body.into_response());
    };
    let next = address(&query, Some(&query.cursor(next)));
    let link = format!("<{next}&limit={}>; rel=\"next\"", query.limit);
    Ok(([(header::LINK, link)], body).into_response())
}

/// Lets run again what of an order was set aside after errors of our own; until then it is tried once an
/// hour.
#[utoipa::path(post, path = "/api/v1/desk/orders/{organization}/{number}/run",
    params(("organization" = String, Path), ("number" = u64, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 409, body = view::ProblemView)))]
pub(super) async fn run_again(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, u64)>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    web.app.run_again(&caller, &organization, number).await?;
    Ok(StatusCode::NO_CONTENT)
}
