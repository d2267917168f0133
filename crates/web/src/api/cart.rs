//! The caller's cart, from its first license to the order that it becomes.

use app::Error;
use app::carts::{AddItem, ChangeItem, PlaceCart};
use app::subscriptions::TypedAddon;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::view::{self, OrderView};
use super::{DryRunQuery, answer, once, read};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// The caller's cart; `null` when it is empty.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/cart",
    params(("organization" = String, Path)),
    responses((status = 200, body = Option<OrderView>)))]
pub(super) async fn cart(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Json<Option<OrderView>>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let cart = web.app.cart(&access).await?;
    Ok(Json(cart.map(|order| {
        OrderView::new(&order, &access, web.app.now())
    })))
}

/// Puts a license into the caller's cart.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cart/items",
    params(("organization" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = view::AddItemView,
    responses((status = 201, body = OrderView), (status = 422, body = view::ProblemView)))]
pub(super) async fn add_to_cart(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let order = web
        .app
        .add_to_cart(
            &access,
            read::<AddItem>(&body)?,
            once(&headers, "add", &body)?,
        )
        .await?;
    Ok(answer(StatusCode::CREATED, &web, &access, &order))
}

/// Changes the quantity of a license in the caller's cart.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/cart/items/{item}",
    params(("organization" = String, Path), ("item" = String, Path)),
    request_body = view::ChangeItemView,
    responses((status = 200, body = OrderView), (status = 404, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn change_item(
    State(web): State<Web>,
    Path((organization, item)): Path<(String, String)>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let item = item.parse().map_err(|_| Error::NotFound)?;
    let change = read::<ChangeItem>(&body)?;
    let order = web.app.change_cart(&access, item, change).await?;
    Ok(answer(StatusCode::OK, &web, &access, &order))
}

/// Puts an add-on into the caller's cart, to a license that is there.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cart/items/{item}/addons",
    params(("organization" = String, Path), ("item" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = TypedAddon,
    responses((status = 201, body = OrderView), (status = 404, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn add_addon(
    State(web): State<Web>,
    Path((organization, item)): Path<(String, String)>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let license = item.parse().map_err(|_| Error::NotFound)?;
    let once = once(&headers, &format!("add-on to {item}"), &body)?;
    let addon = read::<TypedAddon>(&body)?;
    let added = web.app.add_addon_to_cart(&access, license, addon, once);
    let order = added.await?;
    Ok(answer(StatusCode::CREATED, &web, &access, &order))
}

/// Takes a license out of the caller's cart, and its add-ons with it; the last one deletes the order.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/cart/items/{item}",
    params(("organization" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = view::ProblemView)))]
pub(super) async fn remove_item(
    State(web): State<Web>,
    Path((organization, item)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let item = item.parse().map_err(|_| Error::NotFound)?;
    let order = web.app.remove_from_cart(&access, item).await?;
    Ok(answer(StatusCode::OK, &web, &access, &order))
}

/// Buys what is in the cart; safe to repeat with the same `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cart/placement",
    params(("organization" = String, Path), DryRunQuery,
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = view::PlaceCartView,
    responses((status = 200, body = OrderView), (status = 409, body = view::ProblemView),
        (status = 412, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn place_cart(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let once = once(&headers, "placement", &body)?;
    let mode = query.mode();
    let command = read::<PlaceCart>(&body)?;
    let order = web.app.place_cart(&access, command, once, mode).await?;
    Ok(answer(StatusCode::OK, &web, &access, &order))
}
