//! Suspending a customer, or a seller with all of its customers, by API.

use app::Error;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::organization::Suspension;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::CreatorView;
use super::{read, view};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// Why an organization is to be suspended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuspensionBody {
    /// For everybody who reads of it; its canceled orders tell it.
    reason: String,
}

/// Why an organization does no business.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuspensionView {
    reason: String,
    by: CreatorView,
    at: String,
}

impl From<Suspension> for SuspensionView {
    fn from(suspension: Suspension) -> SuspensionView {
        SuspensionView {
            by: CreatorView::new(&suspension.by),
            at: suspension.at.to_string(),
            reason: suspension.reason,
        }
    }
}

/// Why the organization is suspended; not found while it is active.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/suspension",
    params(("organization" = String, Path)),
    responses((status = 200, body = SuspensionView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn suspension(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Json<SuspensionView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let found = web.app.suspension(&access).await?;
    Ok(Json(found.ok_or(Error::NotFound)?.into()))
}

/// Suspends the organization: its people are kept out, nothing is ordered or sent any more, open orders
/// are canceled, and what a vendor has already is settled. Subscriptions go on.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/suspension",
    params(("organization" = String, Path)), request_body = SuspensionBody,
    responses((status = 200, body = SuspensionView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn suspend(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<SuspensionView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let asked = read::<SuspensionBody>(&body)?;
    let suspension = web.app.suspend(&access, &asked.reason).await?;
    Ok(Json(suspension.into()))
}

/// Lets the organization do business again; what was canceled stays canceled.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/suspension",
    params(("organization" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn reactivate(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    web.app.reactivate(&access).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a distributor or seller is suspended; not found while it is active.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/suspension",
    params(("partner" = String, Path)),
    responses((status = 200, body = SuspensionView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn partner_suspension(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
) -> Result<Json<SuspensionView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let found = web.app.suspension(&access).await?;
    Ok(Json(found.ok_or(Error::NotFound)?.into()))
}

/// Suspends a distributor or seller, by a role above it: nothing is ordered or sent for any of its customers
/// any more, their open orders and quotes are canceled, and what a vendor has already is settled.
/// Subscriptions go on, and everybody can still read.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/suspension",
    params(("partner" = String, Path)), request_body = SuspensionBody,
    responses((status = 200, body = SuspensionView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn suspend_partner(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<SuspensionView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let asked = read::<SuspensionBody>(&body)?;
    let suspension = web.app.suspend(&access, &asked.reason).await?;
    Ok(Json(suspension.into()))
}

/// Lets a distributor or seller and its customers do business again; what was canceled stays canceled.
#[utoipa::path(delete, path = "/api/v1/partners/{partner}/suspension",
    params(("partner" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn reactivate_partner(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    web.app.reactivate(&access).await?;
    Ok(StatusCode::NO_CONTENT)
}
