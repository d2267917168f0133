//! The API: everything that a person can do, with a bearer token. The document is made from the
//! handlers' own types.

pub(crate) mod action;
mod approval_rules;
pub(crate) mod bulk;
mod cart;
pub(crate) mod catalog;
mod categories;
mod choices;
mod comparisons;
pub(crate) mod cursor;
mod desk;
pub(crate) mod differences;
pub(crate) mod jobs;
mod lists;
mod order;
mod organization;
pub(crate) mod price_rules;
mod price_sheets;
pub(crate) mod quotes;
mod reference;
mod same_cause;
mod story;
pub(crate) mod subscriptions;
mod suspension;
pub(crate) mod terms;
pub(crate) mod view;
pub(crate) mod views;

use app::access::Access;
use app::requests::Once;
use app::{Error, Mode};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::order::seen::SeenOrder;
use domain::text::Invalid;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::OrderView;
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Seatwright",
        description = "The self-hosted order desk for cloud subscriptions"
    ),
    components(schemas(view::ProblemView)),
    modifiers(&Secured),
    security(("token" = []), ("session" = []))
)]
struct Document;

/// How a caller shows who they are.
struct Secured;

impl Modify for Secured {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.description = Some("`seatwright token create --email …` makes one".to_owned());
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let words = "A signed-in browser's own session; changes only from our own pages";
        let session = ApiKeyValue::with_description("__Host-s", words);
        let session = SecurityScheme::ApiKey(ApiKey::Cookie(session));
        components.add_security_scheme("session", session);
    }
}

fn documented() -> OpenApiRouter<Web> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(order::live))
        .routes(routes!(lists::orders))
        .routes(routes!(lists::counts))
        .routes(routes!(crate::export::export))
        .routes(routes!(order::order))
        .routes(routes!(story::story))
        .routes(routes!(same_cause::retry_same_cause))
        .routes(routes!(order::act))
        .routes(routes!(bulk::bulk))
        .routes(routes!(views::views, views::save_view))
        .routes(routes!(views::delete_view))
        .routes(routes!(views::desk_views, views::save_desk_view))
        .routes(routes!(views::delete_desk_view))
        .routes(routes!(desk::orders))
        .routes(routes!(desk::run_again))
        .routes(routes!(cart::cart))
        .routes(routes!(cart::add_to_cart))
        .routes(routes!(cart::change_item, cart::remove_item))
        .routes(routes!(cart::add_addon))
        .routes(routes!(cart::place_cart))
        .routes(routes!(catalog::catalog))
        .routes(routes!(catalog::offer))
        .routes(routes!(categories::products, categories::sort))
        .routes(routes!(subscriptions::subscriptions))
        .routes(routes!(subscriptions::subscription))
        .routes(routes!(subscriptions::change))
        .routes(routes!(choices::choices))
        .routes(routes!(jobs::list, jobs::begin))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::rows))
        .routes(routes!(jobs::tell))
        .routes(routes!(quotes::quotes, quotes::make_quote))
        .routes(routes!(quotes::quote, quotes::edit_quote))
        .routes(routes!(quotes::act_on_quote))
        .routes(routes!(approval_rules::rules, approval_rules::add_rule))
        .routes(routes!(
            approval_rules::change_rule,
            approval_rules::delete_rule
        ))
        .routes(routes!(price_rules::rules, price_rules::add_rule))
        .routes(routes!(terms::terms))
        .routes(routes!(terms::partner_terms, terms::publish_terms))
        .routes(routes!(price_rules::end_rule, price_rules::remove_rule))
        .routes(routes!(price_sheets::sheets, price_sheets::import_sheet))
        .routes(routes!(price_sheets::sheet))
        .routes(routes!(comparisons::comparisons, comparisons::compare))
        .routes(routes!(differences::differences))
        .routes(routes!(differences::difference))
        .routes(routes!(differences::resolve))
        .routes(routes!(
            organization::organization,
            organization::change_organization
        ))
        .routes(routes!(organization::ordering, organization::ask_of_orders))
        .routes(routes!(
            suspension::suspension,
            suspension::suspend,
            suspension::reactivate
        ))
        .routes(routes!(
            suspension::partner_suspension,
            suspension::suspend_partner,
            suspension::reactivate_partner
        ))
}

pub(crate) fn router(is_demo: bool) -> Router<Web> {
    let (router, _) = documented().split_for_parts();
    let router = match is_demo {
        true => router
            .route("/api/v1/demo/manifest", get(manifest))
            .route("/api/v1/demo/clock", post(move_clock)),
        false => router,
    };
    router
        .route("/api/docs", get(reference::show))
        .route("/api/openapi.json", get(async || Json(openapi())))
}

async fn manifest(State(web): State<Web>) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(web.app.demo_manifest().await?))
}

/// How far the demo's clock is to be moved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forward {
    hours: u32,
}

async fn move_clock(
    State(web): State<Web>,
    Program(_): Program,
    body: Bytes,
) -> Result<Json<serde_json::Value>, Problem> {
    let Forward { hours } = read(&body)?;
    let now = web
        .app
        .move_clock(SignedDuration::from_hours(hours.into()))?;
    Ok(Json(serde_json::json!({ "now": now.to_string() })))
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

/// An order as its reader sees it now.
fn answer(status: StatusCode, web: &Web, access: &Access, order: &SeenOrder) -> Response {
    let view = OrderView::new(order, access, web.app.now());
    tagged(status, view.version, view)
}

/// A thing with its version, as `If-Match` names it.
fn tagged(status: StatusCode, version: i64, view: impl Serialize) -> Response {
    let tag = [(header::ETAG, format!("\"{version}\""))];
    (status, tag, Json(view)).into_response()
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRunQuery {
    /// The same code without the commit.
    #[serde(default)]
    dry_run: bool,
}

impl DryRunQuery {
    fn mode(&self) -> Mode {
        match self.dry_run {
            true => Mode::DryRun,
            false => Mode::Commit,
        }
    }
}

/// The request's key, bound to what is asked.
fn once(headers: &HeaderMap, what: &str, body: &[u8]) -> Result<Option<Once>, Error> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let content = [what.as_bytes(), b"\0", body].concat();
    Once::new(&String::from_utf8_lossy(key.as_bytes()), &content).map(Some)
}

/// The version that the client has seen, from `If-Match`.
fn expected(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(tag) = headers.get(header::IF_MATCH).map(|tag| tag.as_bytes()) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(tag);
    match text.trim() {
        "*" => Ok(None),
        tag => tag
            .trim_matches('"')
            .parse()
            .map(Some)
            .map_err(|_| Error::Changed),
    }
}

/// Reads a command; the words name what is wrong with it.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Invalid {
        field: "",
        reason: Invalid(format!("Body: {error}")),
    })
}

/// Reads a command where one is sent; no body asks for nothing in particular.
fn read_if_any<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Error> {
    match body.is_empty() {
        true => Ok(T::default()),
        false => read(body),
    }
}
