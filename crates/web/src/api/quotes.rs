//! Quotes, by API.

use app::Error;
use app::access::Access;
use app::orders::Conditions;
use app::quotes::{Answered, QuoteCommand, TypedQuote, may};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::quote::seen::{SeenQuote, SeenQuoteLine};
use domain::quote::status::{QuoteAction, QuoteStatus};
use domain::quote::{QuoteEvent, QuoteEventKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::view::{self, CreatorView, MoneyView};
use super::{DryRunQuery, expected, read, read_if_any, tagged};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// Rows of a page where nobody says how many.
const PAGE: u32 = 100;

/// Which quotes are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuotesQuery {
    /// Only those that can still be accepted.
    #[serde(default)]
    hide_inactive: bool,
    /// Rows at the most, 1 to 200; 100 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    cursor: Option<String>,
}

/// An item of a quote.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteItemView {
    id: String,
    name: String,
    vendor: String,
    quantity: u32,
    unit_price: MoneyView,
    total: MoneyView,
    term_months: u32,
    billing_cycle_months: u32,
    contact_email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// What staff set for it; absent for customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    markup: Option<String>,
}

/// What a quote would cost at one billing cycle.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteTotalView {
    billing_cycle_months: u32,
    total: MoneyView,
}

/// What happened to a quote.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteEventView {
    at: String,
    kind: QuoteEventKind,
    text: &'static str,
    by: Option<CreatorView>,
    comment: Option<String>,
}

/// A quote: for customers as it was sent last.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteView {
    number: u64,
    name: String,
    status: QuoteStatus,
    status_label: &'static str,
    recipients: Vec<String>,
    valid_days: u32,
    comments: Option<String>,
    items: Vec<QuoteItemView>,
    totals: Vec<QuoteTotalView>,
    /// What staff see is not what was sent.
    is_edited: bool,
    created_by: CreatorView,
    created_at: String,
    sent_at: Option<String>,
    expires_at: Option<String>,
    /// The number of the order that it became.
    order: Option<u64>,
    history: Vec<QuoteEventView>,
    allowed_actions: Vec<QuoteAction>,
    version: i64,
}

impl QuoteView {
    fn new(quote: &SeenQuote, access: &Access) -> QuoteView {
        let event = |event: &QuoteEvent| QuoteEventView {
            at: event.at.to_string(),
            kind: event.kind,
            text: event.kind.text(),
            by: event.by.as_ref().map(CreatorView::new),
            comment: event.comment.clone(),
        };
        let total = |(cycle, total): &(u32, domain::money::Money)| QuoteTotalView {
            billing_cycle_months: *cycle,
            total: (*total).into(),
        };
        let allowed = quote.allowed.iter().copied();
        QuoteView {
            number: quote.number,
            name: quote.name.clone(),
            status: quote.status,
            status_label: quote.status.label(),
            recipients: quote.recipients.iter().map(|to| to.email.clone()).collect(),
            valid_days: quote.valid_days,
            comments: quote.comments.clone(),
            items: quote.lines.iter().map(item).collect(),
            totals: quote.totals.iter().map(total).collect(),
            is_edited: quote.is_edited,
            created_by: CreatorView::new(&quote.created_by),
            created_at: quote.created_at.to_string(),
            sent_at: quote.sent_at.map(|at| at.to_string()),
            expires_at: quote.expires_at.map(|at| at.to_string()),
            order: quote.order,
            history: quote.history.iter().map(event).collect(),
            allowed_actions: allowed
                .filter(|action| may(quote, access, *action))
                .collect(),
            version: quote.version,
        }
    }
}

fn item(line: &SeenQuoteLine) -> QuoteItemView {
    QuoteItemView {
        id: line.id.to_string(),
        name: line.item.name.clone(),
        vendor: line.item.vendor_name.clone(),
        quantity: line.price.quantity,
        unit_price: line.price.unit.into(),
        total: line.price.total.into(),
        term_months: line.item.cadence.term_months,
        billing_cycle_months: line.item.cadence.cycle_months,
        contact_email: line.contact.email.to_string(),
        tenant: line.tenant.clone(),
        markup: line.markup.map(String::from),
    }
}

/// A quote as its reader sees it.
fn answer(status: StatusCode, quote: &SeenQuote, access: &Access) -> Response {
    tagged(status, quote.version, QuoteView::new(quote, access))
}

/// The quotes of the organization, newest first; for customers those that were sent to them. `Link`
/// leads to the next page.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/quotes",
    params(("organization" = String, Path), QuotesQuery),
    responses((status = 200, body = [QuoteView]), (status = 404, body = view::ProblemView),
        (status = 422, body = view::ProblemView)))]
pub(super) async fn quotes(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<QuotesQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let after = read_cursor(query.cursor.as_deref().unwrap_or_default())?;
    let limit = query.limit.unwrap_or(PAGE);
    let page = web
        .app
        .quotes(&access, query.hide_inactive, after, limit)
        .await?;
    let views = page
        .found
        .iter()
        .map(|quote| QuoteView::new(quote, &access));
    let body = Json(views.collect::<Vec<_>>());
    let limit = limit.to_string();
    let words = [
        ("hide_inactive", query.hide_inactive.then_some("true")),
        ("limit", Some(limit.as_str())),
    ];
    let next = next_page(&words, page.after.map(cursor));
    Ok((next, body).into_response())
}

/// Makes a draft of what is in the caller's cart, which is empty afterwards.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/quotes",
    params(("organization" = String, Path)), request_body = TypedQuote,
    responses((status = 201, body = QuoteView), (status = 403, body = view::ProblemView),
        (status = 409, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn make_quote(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let typed = read::<TypedQuote>(&body)?;
    let quote = web.app.make_quote(&access, typed).await?;
    Ok(answer(StatusCode::CREATED, &quote, &access))
}

/// One quote; one that does not exist for the caller is not found.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/quotes/{number}",
    params(("organization" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = QuoteView), (status = 404, body = view::ProblemView)))]
pub(super) async fn quote(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let quote = web.app.quote(&access, number).await?;
    Ok(answer(StatusCode::OK, &quote, &access))
}

/// Edits a quote; customers see it once it is sent.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/quotes/{number}",
    params(("organization" = String, Path), ("number" = u64, Path),
        ("If-Match" = Option<String>, Header)),
    request_body = TypedQuote,
    responses((status = 200, body = QuoteView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 409, body = view::ProblemView),
        (status = 412, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn edit_quote(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let (typed, expected) = (read::<TypedQuote>(&body)?, expected(&headers)?);
    let quote = web.app.edit_quote(&access, number, typed, expected).await?;
    Ok(answer(StatusCode::OK, &quote, &access))
}

/// What an action may need.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct QuoteActionBody {
    /// Why (`cancel`, `reject`), or what is wanted instead (`request_change`).
    comment: String,
    /// The terms are accepted (`accept`).
    accept_terms: bool,
    /// The version that was shown (`accept`), refused with 409 when another is in force by now.
    terms_version: Option<String>,
}

/// Acts on a quote: `send`, `delete` and `cancel` for staff, `accept`, `reject` and `request_change` for
/// its recipients. One that is accepted twice is one order, whose number is in the answer.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/quotes/{number}/actions/{action}",
    params(("organization" = String, Path), ("number" = u64, Path), ("action" = String, Path),
        DryRunQuery, ("If-Match" = Option<String>, Header)),
    request_body = QuoteActionBody,
    responses((status = 200, body = QuoteView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 409, body = view::ProblemView),
        (status = 412, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn act_on_quote(
    State(web): State<Web>,
    Path((organization, number, action)): Path<(String, String, String)>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let typed = read_if_any::<QuoteActionBody>(&body)?;
    let (accepts, version) = (typed.accept_terms, typed.terms_version);
    let command = QuoteCommand::parse(&action, &typed.comment, accepts, version)?;
    let conditions = Conditions {
        expected: expected(&headers)?,
        once: None,
    };
    let mode = query.mode();
    let answered = web
        .app
        .answer_quote(&access, number, command, conditions, mode);
    let Answered { quote, .. } = answered.await?;
    Ok(answer(StatusCode::OK, &quote, &access))
}
