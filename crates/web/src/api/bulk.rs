//! One action on many orders, by API.

use app::Error;
use app::access::Access;
use app::orders::{Bulk, BulkAction, BulkResult};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use domain::order::note;
use domain::text::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DryRunQuery, once, read, view};
use crate::Web;
use crate::error::{Problem, classify, words};
use crate::visitor::Program;

/// What to do to which orders.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkBody {
    /// The orders' numbers, at most 500.
    pub(crate) numbers: Vec<u64>,
    /// `add_note`, `archive`, `retry` or `give_up`.
    pub(crate) action: String,
    /// The note (`add_note`).
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// For staff only (`add_note`).
    #[serde(default)]
    pub(crate) internal: bool,
}

impl BulkBody {
    /// What is asked; the words name what is wrong with it.
    pub(crate) fn bulk(self) -> Result<Bulk, Error> {
        let action = match self.action.as_str() {
            "add_note" => BulkAction::AddNote {
                text: note::parse(&self.text.unwrap_or_default()).map_err(|reason| {
                    Error::Invalid {
                        field: "/text",
                        reason,
                    }
                })?,
                is_internal: self.internal,
            },
            "archive" => BulkAction::Archive,
            "retry" => BulkAction::Retry,
            "give_up" => BulkAction::GiveUp,
            _ => {
                return Err(Error::Invalid {
                    field: "/action",
                    reason: Invalid("must be add_note, archive, retry or give_up".into()),
                });
            }
        };
        Ok(Bulk {
            numbers: self.numbers,
            action,
        })
    }
}

/// What became of one order of several.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkItemView {
    number: u64,
    is_done: bool,
    /// Where it was done: the order's status now.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// Where it was not: the same stable code that one order's action answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// What became of each, in the order asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkView {
    done: usize,
    not_done: usize,
    results: Vec<BulkItemView>,
}

impl BulkView {
    fn new(results: &[BulkResult]) -> BulkView {
        let results: Vec<BulkItemView> = results.iter().map(item).collect();
        let done = results.iter().filter(|result| result.is_done).count();
        BulkView {
            done,
            not_done: results.len() - done,
            results,
        }
    }
}

pub(super) fn item(result: &BulkResult) -> BulkItemView {
    let number = result.number;
    match &result.outcome {
        Ok(order) => BulkItemView {
            number,
            is_done: true,
            status: Some(order.status.name()),
            code: None,
            detail: None,
        },
        Err(error) => BulkItemView {
            number,
            is_done: false,
            status: None,
            code: Some(classify(error).1),
            detail: Some(words(error)),
        },
    }
}

/// Does the same to many orders and answers for each; safe to repeat with the same `Idempotency-Key`:
/// what was done is not done again, what was refused is tried again.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/orders/bulk",
    params(("organization" = String, Path), DryRunQuery,
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = BulkBody,
    responses((status = 200, body = BulkView), (status = 404, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn bulk(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<BulkView>, Problem> {
    let access: Access = web.app.access(&caller, &organization).await?;
    let once = once(&headers, "bulk", &body)?;
    let bulk = read::<BulkBody>(&body)?.bulk()?;
    let results = web.app.bulk(&access, bulk, once, query.mode()).await?;
    Ok(Json(BulkView::new(&results)))
}
