//! Categories, by API: a partner's own products, and what they are sorted under.

use app::catalog::{Product, TypedSorting};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalog::{CatalogQuery, linked};
use super::read;
use super::view::{CreatorView, ProblemView};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A product of one's own catalog.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductView {
    /// The vendor's id.
    vendor: String,
    vendor_name: String,
    /// The vendor's own id of the product.
    product: String,
    name: String,
    /// What it is sorted under; in catalogs it stands under the first, or `Other`.
    categories: Vec<String>,
    /// Who sorted it so last; nobody where it stands as it came.
    sorted_by: Option<CreatorView>,
    /// When.
    sorted_at: Option<String>,
    /// The names of its offers on this page.
    offers: Vec<String>,
}

impl ProductView {
    fn new(found: &Product) -> ProductView {
        let sorted = found.sorted.as_ref();
        ProductView {
            vendor: found.vendor.to_string(),
            vendor_name: found.vendor_name.clone(),
            product: found.product.clone(),
            name: found.name.clone(),
            categories: found.categories.clone(),
            sorted_by: sorted.map(|edit| CreatorView::new(&edit.by)),
            sorted_at: sorted.map(|edit| edit.at.to_string()),
            offers: found.offers.clone(),
        }
    }
}

/// What a distributor or seller keeps in its own catalog, in the sequence of the catalog. `limit` counts
/// offers, so that a product may go on in the next page, to which `Link` leads.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/categories",
    params(("partner" = String, Path), CatalogQuery),
    responses((status = 200, body = [ProductView], headers(
            ("Link" = String, description = "`next`, relative to this address"))),
        (status = 403, body = ProblemView), (status = 404, body = ProblemView),
        (status = 422, body = ProblemView)))]
pub(super) async fn products(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<CatalogQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let found = web.app.products(&access, &query.asked()?).await?;
    let views: Vec<ProductView> = found.products.iter().map(ProductView::new).collect();
    Ok(linked(&query, found.next, Json(views)))
}

/// Sorts products into categories, with all their offers and those to come. What they were sorted under
/// before is replaced.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/categories",
    params(("partner" = String, Path)), request_body = TypedSorting,
    responses((status = 204), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
pub(super) async fn sort(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let typed = read::<TypedSorting>(&body)?;
    web.app.sort_products(&access, typed).await?;
    Ok(StatusCode::NO_CONTENT)
}
