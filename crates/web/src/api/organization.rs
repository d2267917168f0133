//! What is known of a customer, and whether its orders need an ERP number, by API.

use app::organizations::Profile;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{read, view};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A customer.
#[derive(Serialize, ToSchema)]
pub(super) struct OrganizationView {
    /// Its name in addresses.
    organization: String,
    name: String,
    /// `New`, `Active` or `Suspended`.
    status: &'static str,
    country: String,
    /// `commercial`, `education`, `government` or `nonprofit`.
    segment: &'static str,
    currency: &'static str,
    time_zone: String,
    /// Its key in the books of whoever sells to it.
    erp_number: Option<String>,
    /// Who entered or removed it last.
    erp_number_by: Option<view::CreatorView>,
    /// When.
    erp_number_at: Option<String>,
    /// Orders are refused while it has no ERP number.
    erp_number_is_needed: bool,
}

impl From<Profile> for OrganizationView {
    fn from(found: Profile) -> OrganizationView {
        let (of, edit) = (found.organization, found.numbered.as_ref());
        OrganizationView {
            organization: of.slug.to_string(),
            name: of.name,
            status: of.status.label(),
            country: of.country.to_string(),
            segment: of.segment.name(),
            currency: of.currency.code(),
            time_zone: of.zone.iana_name().unwrap_or("UTC").to_owned(),
            erp_number: of.erp_number.map(String::from),
            erp_number_by: edit.map(|edit| view::CreatorView::new(&edit.by)),
            erp_number_at: edit.map(|edit| edit.at.to_string()),
            erp_number_is_needed: !found.asking.is_empty(),
        }
    }
}

/// What is to be known of a customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationBody {
    /// At most 64 characters; an empty one takes it away.
    erp_number: String,
}

/// What is known of the customer; for staff, and for its own admins.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}",
    params(("organization" = String, Path)),
    responses((status = 200, body = OrganizationView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn organization(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Json<OrganizationView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    Ok(Json(web.app.profile(&access).await?.into()))
}

/// Enters the customer's ERP number, by staff.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}",
    params(("organization" = String, Path)), request_body = OrganizationBody,
    responses((status = 200, body = OrganizationView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn change_organization(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<OrganizationView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let typed = read::<OrganizationBody>(&body)?;
    let found = web.app.set_erp_number(&access, &typed.erp_number).await?;
    Ok(Json(found.into()))
}

/// What a distributor or seller asks of orders before they are placed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderingBody {
    /// Orders of customers without an ERP number are refused.
    needs_erp_number: bool,
}

/// What a distributor or seller asks of orders before they are placed.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/ordering",
    params(("partner" = String, Path)),
    responses((status = 200, body = OrderingBody), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn ordering(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
) -> Result<Json<OrderingBody>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let needs_erp_number = web.app.needs_erp_number(&access)?;
    Ok(Json(OrderingBody { needs_erp_number }))
}

/// Says what is asked of orders from now on; what is placed already goes on.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/ordering",
    params(("partner" = String, Path)), request_body = OrderingBody,
    responses((status = 200, body = OrderingBody), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn ask_of_orders(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<OrderingBody>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    web.app.needs_erp_number(&access)?;
    let asked = read::<OrderingBody>(&body)?;
    web.app
        .set_needs_erp_number(&access, asked.needs_erp_number)
        .await?;
    Ok(Json(asked))
}
