//! Vendors' price sheets that a partner imports, by API.

use std::io::BufReader;

use app::Error;
use app::imports::AskedImport;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::price::import::{Import, ImportState, Move};
use domain::price::sheet::SheetProblem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::view;
use crate::Web;
use crate::error::Problem;
use crate::spool::spool;
use crate::visitor::Program;

/// What is wrong with a row.
#[derive(Serialize, ToSchema)]
struct SheetProblemView {
    /// In the file; the first is 1.
    line: u64,
    /// Empty where it is the row as a whole.
    column: String,
    reason: String,
}

impl SheetProblemView {
    fn new(problem: &SheetProblem) -> SheetProblemView {
        SheetProblemView {
            line: problem.line,
            column: problem.column.clone(),
            reason: problem.reason.clone(),
        }
    }
}

/// A price that an import makes, changes or ends: the vendor's, for a term.
#[derive(Serialize, ToSchema)]
struct PriceMoveView {
    offer: String,
    plan: String,
    /// Absent where it was not sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Absent where it is not sold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    currency: &'static str,
    since: String,
}

impl PriceMoveView {
    fn new(moved: &Move) -> PriceMoveView {
        let text = |amount: domain::money::UnitAmount| amount.to_decimal().to_string();
        PriceMoveView {
            offer: moved.offer.clone(),
            plan: moved.plan.clone(),
            from: moved.from.map(text),
            to: moved.to.map(text),
            currency: moved.currency.code(),
            since: moved.since.to_string(),
        }
    }
}

/// An import of a price sheet.
#[derive(Serialize, ToSchema)]
pub(crate) struct PriceSheetView {
    id: String,
    vendor: String,
    file: String,
    by: String,
    /// `running`, `cut_off`, `finished`, `finished_with_problems` or `refused`. One that was cut off is
    /// imported again; nothing is there twice.
    state: &'static str,
    dry_run: bool,
    partial: bool,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Rows that were read so far.
    rows: u64,
    /// Rows of the file, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    new: u64,
    changed: u64,
    unchanged: u64,
    ended: u64,
    problems: u64,
    /// The first problems; in one import alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first_problems: Vec<SheetProblemView>,
    /// The first prices that move; in one import alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first_moves: Vec<PriceMoveView>,
}

impl PriceSheetView {
    fn brief(import: &Import, state: ImportState) -> PriceSheetView {
        let counts = import.counts;
        PriceSheetView {
            id: import.id.to_string(),
            vendor: import.vendor_name.clone(),
            file: import.file.clone(),
            by: import.by.clone(),
            state: state.name(),
            dry_run: import.is_dry_run,
            partial: import.is_partial,
            started_at: import.started_at.to_string(),
            finished_at: import.finished_at.map(|at| at.to_string()),
            rows: counts.rows,
            total: import.total,
            new: counts.new,
            changed: counts.changed,
            unchanged: counts.unchanged,
            ended: counts.ended,
            problems: counts.problems,
            first_problems: Vec::new(),
            first_moves: Vec::new(),
        }
    }

    fn whole(import: &Import, state: ImportState) -> PriceSheetView {
        PriceSheetView {
            first_problems: import.problems.iter().map(SheetProblemView::new).collect(),
            first_moves: import.moves.iter().map(PriceMoveView::new).collect(),
            ..PriceSheetView::brief(import, state)
        }
    }
}

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SheetsQuery {
    /// Where the page before ended, from its `Link` header.
    #[serde(default)]
    cursor: Option<String>,
}

/// The price sheets that a distributor or seller imported, or looked at, the latest first. `Link` leads to
/// the next page.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/price-sheets",
    params(("partner" = String, Path), SheetsQuery),
    responses((status = 200, body = [PriceSheetView]), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn sheets(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<SheetsQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let after = read_cursor(query.cursor.as_deref().unwrap_or_default())?;
    let found = web.app.price_imports(&access, after).await?;
    let views = found.imports.iter();
    let views = views.map(|import| PriceSheetView::brief(import, import.state(found.now)));
    let body = Json(views.collect::<Vec<_>>());
    let next = next_page(&[], found.next.map(cursor));
    Ok((next, body).into_response())
}

/// How a sheet is to be taken.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The vendor's name in commands, such as `microsoft`.
    vendor: String,
    /// Nothing is taken over: the record shows what would come of the sheet.
    #[serde(default)]
    dry_run: bool,
    /// The sheet is a part of the vendor's: what it does not list goes on.
    #[serde(default)]
    partial: bool,
    /// The file's name, for the history.
    #[serde(default)]
    file: Option<String>,
}

/// Imports a vendor's price sheet: the file as it came, with its header line. It is taken over in the
/// background; `Location` says how far it is. A sheet that was cut off is sent again: prices are known by
/// the vendor's own keys, so nothing is there twice.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/price-sheets",
    params(("partner" = String, Path), ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 202, body = PriceSheetView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView), (status = 409, body = view::ProblemView),
        (status = 413, body = view::ProblemView), (status = 422, body = view::ProblemView)))]
pub(super) async fn import_sheet(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<ImportQuery>,
    Program(caller): Program,
    body: Body,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    web.app.may_import(&access, &query.vendor).await?;
    let Some(spooled) = spool(body.into_data_stream()).await? else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let asked = AskedImport {
        vendor: query.vendor,
        file: query.file.unwrap_or_else(|| "price-sheet.csv".to_owned()),
        is_dry_run: query.dry_run,
        is_partial: query.partial,
        total: spooled.lines.saturating_sub(1),
    };
    let begun = web.app.begin_import(&access, asked).await?;
    let import = web.app.start_import(begun, BufReader::new(spooled.file));
    let place = format!("/api/v1/partners/{partner}/price-sheets/{}", import.id);
    let view = PriceSheetView::brief(&import, ImportState::Running);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, place)],
        Json(view),
    )
        .into_response())
}

/// One import: how far it is, what it changes and what is wrong with its rows.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/price-sheets/{id}",
    params(("partner" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = PriceSheetView), (status = 403, body = view::ProblemView),
        (status = 404, body = view::ProblemView)))]
pub(super) async fn sheet(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Json<PriceSheetView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let (import, state) = web.app.price_import(&access, id).await?;
    Ok(Json(PriceSheetView::whole(&import, state)))
}
