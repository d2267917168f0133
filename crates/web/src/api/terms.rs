//! Terms and conditions in the API: what a buyer accepts, and what a partner publishes.

use app::terms::TypedTerms;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::terms::{Applied, TermsVersion};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::read;
use super::view::ProblemView;
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A version of terms and conditions.
#[derive(Serialize, ToSchema)]
pub(crate) struct TermsView {
    id: String,
    /// What it is called beside others: `2026-11`, `Microsoft 2026-10`.
    name: String,
    label: String,
    /// The vendor's id, where it is about one vendor's licenses alone.
    vendor: Option<String>,
    from: String,
    text: String,
}

impl TermsView {
    fn new(version: &TermsVersion) -> TermsView {
        TermsView {
            id: version.id.to_string(),
            name: version.name(),
            label: version.label.clone(),
            vendor: version.vendor.as_ref().map(|vendor| vendor.id.to_string()),
            from: version.from.to_string(),
            text: version.text.clone(),
        }
    }
}

/// What applies to an order now, and the versions of before and to come.
#[derive(Serialize, ToSchema)]
pub(crate) struct BuyerTermsView {
    /// What applies to the caller's cart as it is: `terms_version` of its placement.
    version: String,
    in_force: Vec<TermsView>,
    others: Vec<TermsView>,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TermsQuery {
    /// Where the page before ended, from its `Link` header.
    cursor: String,
}

/// The terms on which an organization buys; `Link` leads to earlier versions.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/terms",
    params(("organization" = String, Path), TermsQuery),
    responses((status = 200, body = BuyerTermsView), (status = 404, body = ProblemView)))]
pub(crate) async fn terms(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<TermsQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let found = web.app.terms(&access, None, read_cursor(&query.cursor)?);
    let found = found.await?;
    let cart = match access
        .standing()
        .may(domain::access::Permission::PlaceOrders)
    {
        true => web.app.cart(&access).await?,
        false => None,
    };
    let lines = cart.iter().flat_map(|cart| &cart.lines);
    let vendors = lines.map(|line| line.item.vendor);
    let applied: Applied = web.app.terms_for(&access, vendors).await?;
    let views = |versions: &[TermsVersion]| versions.iter().map(TermsView::new).collect();
    let body = BuyerTermsView {
        version: applied.label(),
        in_force: views(found.in_force.versions()),
        others: views(&found.others),
    };
    let next = next_page(&[], found.next.map(cursor));
    Ok((next, Json(body)).into_response())
}

/// A partner's own versions, the last to come into force first. `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/terms",
    params(("partner" = String, Path), TermsQuery),
    responses((status = 200, body = [TermsView]), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView)))]
pub(crate) async fn partner_terms(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<TermsQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let found = web.app.partner_terms(&access, read_cursor(&query.cursor)?);
    let found = found.await?;
    let views: Vec<TermsView> = found.versions.iter().map(TermsView::new).collect();
    let next = next_page(&[], found.next.map(cursor));
    Ok((next, Json(views)).into_response())
}

/// Publishes a version. It is never changed; the next one takes its place.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/terms",
    params(("partner" = String, Path)), request_body = TypedTerms,
    responses((status = 201, body = TermsView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn publish_terms(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let version = web
        .app
        .publish_terms(&access, read::<TypedTerms>(&body)?)
        .await?;
    Ok((StatusCode::CREATED, Json(TermsView::new(&version))).into_response())
}
