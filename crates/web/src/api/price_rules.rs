//! A partner's price rules, by API.

use app::Error;
use app::prices::{AskedRules, Moved, Preview, TypedPriceRule};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::price::PriceRule;
use domain::price::record::RuleRecord;
use domain::price::rule::{RuleLevel, RuleScope};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::view::MoneyView;
use super::{DryRunQuery, read, view};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// A rule that makes prices.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceRuleView {
    id: String,
    /// `1.A` to `2.C`: all customers or one, and everything, a vendor or an offer.
    level: String,
    /// The one buyer's id; everybody when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<String>,
    /// The one vendor's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    /// The one offer's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<String>,
    percent: String,
    source: &'static str,
    /// First day, in the owner's time zone.
    from: String,
    /// Last day; no end when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    till: Option<String>,
    created_by: view::CreatorView,
    created_at: String,
}

impl PriceRuleView {
    fn new(record: &RuleRecord) -> PriceRuleView {
        let PriceRule {
            id,
            level,
            scope,
            adjustment,
            from,
            till,
        } = record.rule;
        let (mut vendor, mut offer) = (None, None);
        match scope {
            RuleScope::All => {}
            RuleScope::Vendor(id) => vendor = Some(id.to_string()),
            RuleScope::Offer(id) => offer = Some(id.to_string()),
        }
        PriceRuleView {
            id: id.to_string(),
            level: record.rule.code(),
            buyer: match level {
                RuleLevel::Everyone => None,
                RuleLevel::One(id) => Some(id.to_string()),
            },
            vendor,
            offer,
            percent: adjustment.percent.into(),
            source: match adjustment.source {
                domain::price::PriceSource::Cost => "cost",
                domain::price::PriceSource::Retail => "retail",
            },
            from: from.to_string(),
            till: till.map(|till| till.to_string()),
            created_by: view::CreatorView::new(&record.created_by),
            created_at: record.created_at.to_string(),
        }
    }
}

/// A price that a rule would move.
#[derive(Serialize, ToSchema)]
struct MovedPriceView {
    offer: String,
    plan: String,
    from: MoneyView,
    to: MoneyView,
    margin: MoneyView,
}

impl MovedPriceView {
    fn new(moved: &Moved) -> MovedPriceView {
        MovedPriceView {
            offer: moved.offer.clone(),
            plan: moved.plan.clone(),
            from: moved.from.into(),
            to: moved.to.into(),
            margin: moved.margin.into(),
        }
    }
}

/// What a rule would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceRulePreview {
    /// Some of the prices that move, by name.
    moved: Vec<MovedPriceView>,
    /// How many prices move.
    moves: usize,
    /// How many stay though they are covered.
    stays: usize,
    /// More offers are covered than were looked through.
    is_partial: bool,
}

impl PriceRulePreview {
    fn new(preview: &Preview) -> PriceRulePreview {
        PriceRulePreview {
            moved: preview.moved.iter().map(MovedPriceView::new).collect(),
            moves: preview.moves,
            stays: preview.stays,
            is_partial: preview.is_partial,
        }
    }
}

/// Which rules.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RulesQuery {
    /// Those that have ended, too.
    #[serde(default)]
    ended: bool,
    /// Where the page before ended, from its `Link` header.
    #[serde(default)]
    cursor: Option<String>,
}

/// The price rules of a distributor or seller, newest first. `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/price-rules",
    params(("partner" = String, Path), RulesQuery),
    responses((status = 200, body = [PriceRuleView]), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn rules(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<RulesQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let after = read_cursor(query.cursor.as_deref().unwrap_or_default())?;
    let asked = AskedRules {
        ended: query.ended,
        after,
    };
    let found = web.app.price_rules(&access, asked).await?;
    let records = found.rules.iter().map(|rule| &rule.record);
    let body = Json(records.map(PriceRuleView::new).collect::<Vec<_>>());
    let words = [("ended", query.ended.then_some("true"))];
    let next = next_page(&words, found.next.map(cursor));
    Ok((next, body).into_response())
}

/// Adds a rule; with `dry_run=true` the answer is what it would change.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/price-rules",
    params(("partner" = String, Path), DryRunQuery), request_body = TypedPriceRule,
    responses((status = 201, body = PriceRuleView), (status = 200, body = PriceRulePreview),
        (status = 403, body = view::ProblemView), (status = 404, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn add_rule(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let typed = read::<TypedPriceRule>(&body)?;
    if query.dry_run {
        let preview = web.app.preview_price_rule(&access, &typed).await?;
        return Ok(Json(PriceRulePreview::new(&preview)).into_response());
    }
    let record = web.app.add_price_rule(&access, typed).await?;
    Ok((StatusCode::CREATED, Json(PriceRuleView::new(&record))).into_response())
}

/// A rule's last day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRule {
    /// Such as `2026-11-23`; empty or `9999-12-31` for no end.
    till: String,
}

/// Sets a rule's last day. Nothing else of a rule can be changed: end it, and add another.
#[utoipa::path(patch, path = "/api/v1/partners/{partner}/price-rules/{id}",
    params(("partner" = String, Path), ("id" = String, Path)), request_body = EndRule,
    responses((status = 200, body = PriceRuleView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn end_rule(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Json<PriceRuleView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let end = read::<EndRule>(&body)?;
    let record = web.app.end_price_rule(&access, id, &end.till).await?;
    Ok(Json(PriceRuleView::new(&record)))
}

/// Removes a rule that has not begun.
#[utoipa::path(delete, path = "/api/v1/partners/{partner}/price-rules/{id}",
    params(("partner" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn remove_rule(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<StatusCode, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.remove_price_rule(&access, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
