//! A partner's approval rules, by API.

use app::Error;
use app::approvals::{Rules, TypedRule};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::order::approval::rule::ApprovalRule;
use serde::Serialize;
use utoipa::ToSchema;

use super::{read, view};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A rule, in the words in which it is typed; what is empty narrows nothing.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleView {
    id: String,
    name: String,
    enabled: bool,
    total_at_least: String,
    currency: String,
    margin_below: String,
    vendor: String,
    orderers: Vec<String>,
    customer: String,
    kinds: Vec<String>,
    /// Who added or changed it last; nobody where that was before it was kept.
    changed_by: Option<view::CreatorView>,
    /// When.
    changed_at: Option<String>,
}

impl RuleView {
    fn new(rule: &ApprovalRule, found: &Rules) -> RuleView {
        let typed = TypedRule::of(rule, &found.customers);
        let edit = found.edit(rule);
        RuleView {
            id: rule.id.to_string(),
            name: typed.name,
            enabled: typed.enabled,
            total_at_least: typed.total_at_least,
            currency: typed.currency,
            margin_below: typed.margin_below,
            vendor: typed.vendor,
            orderers: typed.orderers,
            customer: typed.customer,
            kinds: typed.kinds,
            changed_by: edit.map(|edit| view::CreatorView::new(&edit.by)),
            changed_at: edit.map(|edit| edit.at.to_string()),
        }
    }
}

/// The rules of a distributor or seller, by name: orders that fit one wait for its approval.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/approval-rules",
    params(("partner" = String, Path)),
    responses((status = 200, body = [RuleView]), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn rules(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
) -> Result<Json<Vec<RuleView>>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let found = web.app.approval_rules(&access).await?;
    let views = found.rules.iter().map(|rule| RuleView::new(rule, &found));
    Ok(Json(views.collect()))
}

/// Adds a rule.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/approval-rules",
    params(("partner" = String, Path)), request_body = TypedRule,
    responses((status = 201, body = RuleView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn add_rule(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<(StatusCode, Json<RuleView>), Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let typed = read::<TypedRule>(&body)?;
    let rule = web.app.save_approval_rule(&access, None, typed).await?;
    let found = web.app.approval_rules(&access).await?;
    Ok((StatusCode::CREATED, Json(RuleView::new(&rule, &found))))
}

/// Changes a rule as a whole.
#[utoipa::path(put, path = "/api/v1/partners/{partner}/approval-rules/{id}",
    params(("partner" = String, Path), ("id" = String, Path)), request_body = TypedRule,
    responses((status = 200, body = RuleView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn change_rule(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<RuleView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let typed = read::<TypedRule>(&body)?;
    let rule = web.app.save_approval_rule(&access, Some(id), typed).await?;
    let found = web.app.approval_rules(&access).await?;
    Ok(Json(RuleView::new(&rule, &found)))
}

/// Removes a rule. Orders that wait because of it go on waiting.
#[utoipa::path(delete, path = "/api/v1/partners/{partner}/approval-rules/{id}",
    params(("partner" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn delete_rule(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_approval_rule(&access, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
