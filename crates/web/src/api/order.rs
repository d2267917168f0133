//! One order: how it stands, what is done with it, and the news of all orders.

use app::Error;
use app::orders::Conditions;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::view::{self, OrderView};
use super::{DryRunQuery, action, answer, expected, once, read_if_any};
use crate::Web;
use crate::error::Problem;
use crate::live::{self, Follower, LastEvent};
use crate::visitor::Program;

/// One order.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders/{number}",
    params(("organization" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = OrderView), (status = 404, body = view::ProblemView)))]
pub(super) async fn order(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let (order, _) = web.app.order(&access, number).await?;
    Ok(answer(StatusCode::OK, &web, &access, &order))
}

/// The orders that change from now on, as server-sent events named `orders`: number, version and
/// status of each. A stream that broke goes on with the `Last-Event-ID` that it ended with; what changed in the
/// half minute before may be told once more.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders/live",
    params(("organization" = String, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 404, body = view::ProblemView), (status = 429, body = view::ProblemView)))]
pub(super) async fn live(
    State(web): State<Web>,
    Path(organization): Path<String>,
    last: LastEvent,
    follower: Follower,
) -> Result<Response, Problem> {
    Ok(live::follow(web, &organization, last, follower).await?)
}

/// Acts on an order; `allowed_actions` of the order names what is possible now, `fulfill` is the
/// manual vendor's answer. Safe to repeat with the same `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/orders/{number}/actions/{action}",
    params(("organization" = String, Path), ("number" = u64, Path), ("action" = String, Path),
        DryRunQuery, ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    request_body = action::ActionBody,
    responses((status = 200, body = OrderView), (status = 404, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 412, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn act(
    State(web): State<Web>,
    Path((organization, number, action)): Path<(String, String, String)>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let typed = read_if_any::<action::ActionBody>(&body)?;
    let command = typed.command(&action, web.app.note_id())?;
    let once = once(&headers, &format!("{number} {action}"), &body)?;
    let mode = query.mode();
    let expected = expected(&headers)?;
    let conditions = Conditions { expected, once };
    let order = web
        .app
        .command(&access, number, command, conditions, mode)
        .await?;
    Ok(answer(StatusCode::OK, &web, &access, &order))
}
