//! Everything that fails for one cause, sent again by API.

use app::Error;
use app::retries::{Retried, SameCauseRetry};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bulk::{BulkItemView, item as result};
use super::{DryRunQuery, once, read_if_any, view};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// How far to look.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SameCauseBody {
    /// Also failed orders of other customers on the caller's order desk.
    all_customers: bool,
}

/// What became of one order.
#[derive(Serialize, ToSchema)]
struct RetriedOrderView {
    /// Its customer.
    organization: String,
    #[serde(flatten)]
    result: BulkItemView,
}

/// What became of each order that failed for the cause.
#[derive(Serialize, ToSchema)]
pub(super) struct RetriedView {
    done: usize,
    not_done: usize,
    /// There are more than one request sends again: ask once more.
    is_more: bool,
    results: Vec<RetriedOrderView>,
}

impl RetriedView {
    fn new(retried: &Retried) -> RetriedView {
        let orders = retried.orders.iter();
        let done = orders
            .clone()
            .filter(|one| one.result.outcome.is_ok())
            .count();
        let view = orders.map(|one| RetriedOrderView {
            organization: one.customer.slug.as_str().to_owned(),
            result: result(&one.result),
        });
        RetriedView {
            done,
            not_done: retried.orders.len() - done,
            is_more: retried.is_more,
            results: view.collect(),
        }
    }
}

/// Sends again the items of all orders that fail for the cause for which an item fails, or failed before it
/// was put right: 500 orders at a time, each by itself, and answers for each. What was sent again does not
/// fail for the cause any more, so a repetition goes on with the rest; with the same `Idempotency-Key` it
/// touches nothing twice.
#[utoipa::path(post,
    path = "/api/v1/organizations/{organization}/orders/{number}/items/{item}/same-cause",
    params(("organization" = String, Path), ("number" = u64, Path), ("item" = String, Path),
        DryRunQuery, ("Idempotency-Key" = Option<String>, Header)),
    request_body = SameCauseBody,
    responses((status = 200, body = RetriedView), (status = 404, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn retry_same_cause(
    State(web): State<Web>,
    Path((organization, number, item)): Path<(String, String, String)>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RetriedView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let once = once(&headers, &format!("same cause {number} {item}"), &body)?;
    let SameCauseBody { all_customers } = read_if_any(&body)?;
    let asked = SameCauseRetry {
        number: number.parse().map_err(|_| Error::NotFound)?,
        line: item.parse().map_err(|_| Error::NotFound)?,
        all_customers,
    };
    let app = &web.app;
    let retried = app.retry_same_cause(&caller, &access, asked, once, query.mode());
    Ok(Json(RetriedView::new(&retried.await?)))
}
