//! Many changes from one sheet in the API: verdicts, jobs and their rows.

use app::Error;
use app::jobs::{PAGE_MAX, read_sheet};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::id::JobId;
use domain::job::{Job, JobAction, JobState, Row, RowOutcome};
use domain::order::phase::Status;
use domain::order::seen::{SeenLine, SeenOrder};
use domain::text::Invalid;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::ProblemView;
use super::{DryRunQuery, read};
use crate::Web;
use crate::error::Problem;
use crate::ui::say::remark;
use crate::visitor::Program;

/// A sheet of changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SheetBody {
    /// Lines of text with a header: `subscription` and a column for each wish.
    sheet: String,
    /// Must be true for a job; verdicts need no consent.
    #[serde(default)]
    accept_terms: bool,
    /// The version that was shown of all terms in force, as `/terms` tells it; refused with 409 when
    /// another is in force by now.
    #[serde(default)]
    terms_version: Option<String>,
    /// Times without an offset are meant here; UTC when absent.
    #[serde(default)]
    time_zone: Option<String>,
}

impl SheetBody {
    fn zone(&self) -> Result<TimeZone, Error> {
        let Some(name) = &self.time_zone else {
            return Ok(TimeZone::UTC);
        };
        TimeZone::get(name).map_err(|_| Error::Invalid {
            field: "/time_zone",
            reason: Invalid("must be a time zone such as Europe/Riga".into()),
        })
    }
}

/// A row of a sheet and what became of it.
#[derive(Serialize, ToSchema)]
struct RowView {
    row: u32,
    subscription: String,
    /// `waiting`, `ordered`, `refused` or `unchanged`.
    outcome: &'static str,
    /// The order that does it; absent in a preview.
    order: Option<u64>,
    changes: Vec<String>,
    reasons: Vec<String>,
    /// Where the order stands now.
    order_status: Option<Status>,
    /// Where the row's own items of it stand, as lists show it.
    item_statuses: Vec<&'static str>,
    /// Why items failed, or since when the vendor is asked.
    vendor_said: Vec<String>,
}

/// How what a row asked for stands now: the states of its own lines, and what was said of them.
pub(crate) fn standing(row: &Row, order: &SeenOrder) -> (Vec<&'static str>, Vec<String>) {
    let (mut states, mut said) = (Vec::new(), Vec::new());
    let is_its = |line: &&SeenLine| line.subscription.to_string() == row.subscription;
    for line in order.lines.iter().filter(is_its) {
        let state = line.state.label();
        if !states.contains(&state) {
            states.push(state);
        }
        said.extend(remark(line).filter(|words| !said.contains(words)));
    }
    (states, said)
}

impl RowView {
    fn new(row: &Row, now: Option<&SeenOrder>) -> RowView {
        let (item_statuses, vendor_said) =
            now.map(|order| standing(row, order)).unwrap_or_default();
        let (changes, reasons) = match &row.outcome {
            RowOutcome::Ordered { changes, .. } => (changes.clone(), Vec::new()),
            RowOutcome::Refused { reasons } => (Vec::new(), reasons.clone()),
            RowOutcome::Waiting | RowOutcome::Unchanged => (Vec::new(), Vec::new()),
        };
        RowView {
            row: row.number,
            subscription: row.subscription.clone(),
            outcome: row.outcome.name(),
            order: row.order(),
            changes,
            reasons,
            order_status: now.map(|order| order.status),
            item_statuses,
            vendor_said,
        }
    }
}

/// A job.
#[derive(Serialize, ToSchema)]
struct JobView {
    id: String,
    /// `running`, `paused`, `canceled` or `finished`.
    state: &'static str,
    /// Why it was held up, where it was no person's doing.
    reason: Option<String>,
    created_at: String,
    created_by: String,
    total: u32,
    ordered: u32,
    refused: u32,
    unchanged: u32,
    waiting: u32,
}

impl JobView {
    fn new(job: &Job) -> JobView {
        JobView {
            id: job.id.to_string(),
            state: job.state.name(),
            reason: match &job.state {
                JobState::Paused { reason } => reason.clone(),
                _ => None,
            },
            created_at: job.created_at.to_string(),
            created_by: job.by.person.clone(),
            total: job.total,
            ordered: job.ordered,
            refused: job.refused,
            unchanged: job.unchanged,
            waiting: job.waiting(),
        }
    }
}

/// Changes many subscriptions from a sheet: a job that works it off row by row. With `dry_run=true`
/// nothing is begun, and the answer is a verdict for each row.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/jobs",
    params(("organization" = String, Path), DryRunQuery), request_body = SheetBody,
    responses((status = 200, description = "verdicts", body = [RowView]),
        (status = 201, body = JobView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
pub(crate) async fn begin(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let typed: SheetBody = read(&body)?;
    let zone = typed.zone()?;
    let rows = read_sheet(&typed.sheet)?;
    if query.dry_run {
        let preview = web.app.preview_sheet(&access, rows, &zone).await?;
        let rows = preview
            .verdicts
            .iter()
            .map(|verdict| RowView::new(&verdict.row, None));
        return Ok(Json(rows.collect::<Vec<_>>()).into_response());
    }
    let (accepts, version) = (typed.accept_terms, typed.terms_version.as_deref());
    let begun = web.app.begin_job(&access, rows, &zone, accepts, version);
    let job = begun.await?;
    Ok((StatusCode::CREATED, Json(JobView::new(&job))).into_response())
}

/// The jobs of the caller's own organization here, newest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/jobs",
    params(("organization" = String, Path)),
    responses((status = 200, body = [JobView]), (status = 404, body = ProblemView)))]
pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let jobs = web.app.jobs(&access).await?;
    Ok(Json(jobs.iter().map(JobView::new).collect::<Vec<_>>()).into_response())
}

fn id(text: &str) -> Result<JobId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// A job.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/jobs/{job}",
    params(("organization" = String, Path), ("job" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemView)))]
pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let job = web.app.job(&access, id(&job)?).await?;
    Ok(Json(JobView::new(&job)).into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowsQuery {
    /// `waiting`, `ordered`, `refused` or `unchanged`; all when absent.
    outcome: Option<String>,
    /// Rows after this one, a thousand at the most.
    #[serde(default)]
    after: u32,
}

/// The rows of a job, in the sequence of its sheet, a thousand at the most.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/jobs/{job}/rows",
    params(("organization" = String, Path), ("job" = String, Path), RowsQuery),
    responses((status = 200, body = [RowView]), (status = 404, body = ProblemView),
        (status = 422, body = ProblemView)))]
pub(crate) async fn rows(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    Query(query): Query<RowsQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let job = web.app.job(&access, id(&job)?).await?;
    let outcome = query.outcome.as_deref();
    let rows = web
        .app
        .job_rows(&access, &job, outcome, query.after, PAGE_MAX);
    let rows = rows.await?;
    let orders = web.app.orders_of_rows(&access, &rows).await?;
    let views = rows
        .iter()
        .map(|row| RowView::new(row, row.order().and_then(|number| orders.get(&number))));
    Ok(Json(views.collect::<Vec<_>>()).into_response())
}

/// Pauses a job, lets it go on, or cancels the rest of it.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/jobs/{job}/actions/{action}",
    params(("organization" = String, Path), ("job" = String, Path), ("action" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemView),
        (status = 409, body = ProblemView)))]
pub(crate) async fn tell(
    State(web): State<Web>,
    Path((organization, job, action)): Path<(String, String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let known = JobAction::ALL
        .into_iter()
        .find(|known| known.name() == action);
    let action = known.ok_or(Error::NotFound)?;
    let job = web.app.tell_job(&access, id(&job)?, action).await?;
    Ok(Json(JobView::new(&job)).into_response())
}
