//! Comparisons with vendors, by API; for those who set up connections.

use app::Error;
use app::reconciliation::Compared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::reconciliation::{Reach, Run, RunState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read;
use super::view::{CreatorView, ProblemView};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A comparison with a vendor.
#[derive(Serialize, ToSchema)]
pub(crate) struct ComparisonView {
    id: String,
    /// `running`, `done`, `stopped` or `failed`.
    state: &'static str,
    /// Why it failed.
    reason: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    /// Who asked for it; nobody for the daily one.
    by: Option<CreatorView>,
    /// How many of the vendor's ids were compared.
    compared: usize,
    /// How many differences there are.
    found: usize,
    /// How many of them were not known before.
    new: usize,
    /// What was not compared, by reason.
    #[schema(value_type = Object)]
    skipped: serde_json::Value,
}

impl ComparisonView {
    fn new(run: &Run) -> ComparisonView {
        let (state, reason) = match &run.state {
            RunState::Running => ("running", None),
            RunState::Done => ("done", None),
            RunState::Stopped => ("stopped", None),
            RunState::Failed { reason } => ("failed", Some(reason.clone())),
        };
        ComparisonView {
            id: run.id.to_string(),
            state,
            reason,
            started_at: run.started_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            by: run.by.as_ref().map(CreatorView::new),
            compared: run.compared,
            found: run.found,
            new: run.new,
            skipped: serde_json::json!(run.skipped),
        }
    }
}

/// A connection, how far its vendor tells what customers have, and its last comparisons.
#[derive(Serialize, ToSchema)]
pub(crate) struct ComparedView {
    /// The vendor's name in addresses.
    vendor: String,
    name: String,
    /// `nothing`; `known`: subscriptions whose id is known; `customers`: all of a known customer's.
    reach: &'static str,
    comparisons: Vec<ComparisonView>,
}

impl ComparedView {
    fn new(compared: &Compared) -> ComparedView {
        ComparedView {
            vendor: compared.slug.clone(),
            name: compared.name.clone(),
            reach: match compared.reach {
                Reach::Nothing => "nothing",
                Reach::Known => "known",
                Reach::Customers => "customers",
            },
            comparisons: compared.runs.iter().map(ComparisonView::new).collect(),
        }
    }
}

/// The connections of a partner with their last comparisons.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/comparisons",
    params(("partner" = String, Path)),
    responses((status = 200, body = [ComparedView]), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView)))]
pub(crate) async fn comparisons(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
) -> Result<Json<Vec<ComparedView>>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let found = web.app.compared(&access).await?;
    Ok(Json(found.iter().map(ComparedView::new).collect()))
}

/// Which vendor is to be compared with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareBody {
    /// Its name in addresses.
    vendor: String,
    /// The comparison that stopped because too much was otherwise, to let it go on: not by whoever began
    /// it.
    #[serde(default)]
    continues: Option<String>,
}

/// Begins a comparison with a vendor, which reads and changes nothing there.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/comparisons",
    params(("partner" = String, Path)), request_body = CompareBody,
    responses((status = 202, body = ComparisonView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 422, body = ProblemView)))]
pub(crate) async fn compare(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let asked = read::<CompareBody>(&body)?;
    let run = match &asked.continues {
        None => web.app.compare_now(&access, &asked.vendor).await?,
        Some(run) => {
            let run = run.parse().map_err(|_| Error::NotFound)?;
            web.app.continue_run(&access, &asked.vendor, run).await?
        }
    };
    Ok((StatusCode::ACCEPTED, Json(ComparisonView::new(&run))).into_response())
}
