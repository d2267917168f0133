//! Exports of a list: exactly what is filtered, for exactly what its reader may see, in flat memory.

mod csv;
mod row;
mod xlsx;

use app::Error;
use app::orders::{Edge, Listing};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::access::{Permission, Visibility};
use domain::order::seen::SeenOrder;
use domain::text::Invalid;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Web;
use crate::error::{Page, Problem};
use crate::list::Words;
use crate::visitor::Lasting;

pub(crate) use self::csv::{defused, sheet};

/// Orders that are read at once.
const BATCH: u32 = 500;

/// The list that an export is of.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `csv` (default) or `xlsx`.
    format: Option<String>,
    /// `recent` (default) or `historical`.
    view: Option<String>,
    /// Of historical orders: `active`, `draft` or `all` (default).
    tab: Option<String>,
    /// The filter, as in the list.
    q: Option<String>,
    /// `newest` first (default) or `oldest` first.
    sort: Option<String>,
}

impl ExportQuery {
    fn words(&self) -> Words<'_> {
        Words {
            view: self.view.as_deref(),
            tab: self.tab.as_deref(),
            q: self.q.as_deref(),
            sort: self.sort.as_deref(),
            cursor: None,
        }
    }
}

/// Which orders an export is of.
enum What {
    Listing(Listing),
    /// What was selected, by number; what is not there any more is left out.
    Selected(Vec<u64>),
}

/// Orders as they are read, a batch at a time. Rights are asked again with each: one that was taken
/// away ends the export (F60).
pub(crate) struct Batches {
    web: Web,
    holder: Lasting,
    organization: String,
    what: What,
    seen: Visibility,
    is_done: bool,
}

impl Batches {
    async fn start(
        web: Web,
        holder: Lasting,
        organization: String,
        what: What,
    ) -> Result<Batches, Error> {
        let access = web.app.access(&holder.caller, &organization).await?;
        if !access.standing().may(Permission::SeeOrders) {
            return Err(Error::Forbidden);
        }
        Ok(Batches {
            seen: access.visibility(),
            what,
            web,
            holder,
            organization,
            is_done: false,
        })
    }

    /// The next orders; `None` after the last ones.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<SeenOrder>>, Error> {
        if self.is_done {
            return Ok(None);
        }
        let caller = self.holder.still(&self.web).await?;
        let access = self.web.app.access(&caller, &self.organization).await?;
        // Half of the rows must not tell more than the other half.
        if access.visibility() != self.seen {
            return Err(Error::Forbidden);
        }
        match &mut self.what {
            What::Listing(listing) => {
                let page = self.web.app.orders(&access, listing).await?;
                let next: Option<Edge> = page.next(listing.sort);
                self.is_done = next.is_none();
                listing.from = next;
                Ok(Some(page.orders))
            }
            What::Selected(numbers) => {
                self.is_done = true;
                let orders = self.web.app.selected(&access, numbers).await?;
                Ok(Some(orders))
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.web.app.now()
    }

    /// `amber-recent-orders.csv`
    fn file(&self, kind: &str) -> String {
        let which = match &self.what {
            What::Listing(listing) => listing.view.name(),
            What::Selected(_) => "selected",
        };
        format!(
            "attachment; filename=\"{}-{which}-orders.{kind}\"",
            self.organization
        )
    }
}

fn whole(listing: Listing) -> What {
    What::Listing(Listing {
        limit: BATCH,
        ..listing
    })
}

/// The selected orders of a list as a file, `xlsx` or else CSV.
pub(crate) async fn selected(
    web: Web,
    organization: String,
    holder: Lasting,
    numbers: Vec<u64>,
    kind: &str,
) -> Result<Response, Error> {
    let what = What::Selected(numbers);
    let batches = Batches::start(web, holder, organization, what).await?;
    match kind {
        "xlsx" => as_xlsx(batches).await,
        _ => Ok(as_csv(batches, csv::Reader::Spreadsheet)),
    }
}

/// The page's download as CSV.
pub(crate) async fn page_csv(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<ExportQuery>,
    holder: Lasting,
) -> Result<Response, Page> {
    let (listing, _) = query.words().listing()?;
    let batches = Batches::start(web, holder, organization, whole(listing)).await?;
    Ok(as_csv(batches, csv::Reader::Spreadsheet))
}

/// The page's download as a workbook.
pub(crate) async fn page_xlsx(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<ExportQuery>,
    holder: Lasting,
) -> Result<Response, Page> {
    let (listing, _) = query.words().listing()?;
    let batches = Batches::start(web, holder, organization, whole(listing)).await?;
    Ok(as_xlsx(batches).await?)
}

/// All orders of a list as a file: a row for each, as they are read.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders/export",
    params(("organization" = String, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 404, body = crate::api::view::ProblemView),
        (status = 422, body = crate::api::view::ProblemView)))]
pub(crate) async fn export(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<ExportQuery>,
    holder: Lasting,
) -> Result<Response, Problem> {
    let (listing, problems) = query.words().listing()?;
    if let Some(problem) = problems.first() {
        return Err(Problem(Error::Invalid {
            field: "/q",
            reason: Invalid(problem.to_string()),
        }));
    }
    let batches = Batches::start(web, holder, organization, whole(listing)).await?;
    match query.format.as_deref() {
        None | Some("csv") => Ok(as_csv(batches, csv::Reader::Program)),
        Some("xlsx") => Ok(as_xlsx(batches).await?),
        Some(_) => Err(Problem(Error::Invalid {
            field: "/format",
            reason: Invalid("must be csv or xlsx".into()),
        })),
    }
}

fn as_csv(batches: Batches, reader: csv::Reader) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, batches.file("csv")),
    ];
    (headers, Body::from_stream(csv::stream(batches, reader))).into_response()
}

async fn as_xlsx(batches: Batches) -> Result<Response, Error> {
    let headers = [
        (header::CONTENT_TYPE, xlsx::TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, batches.file("xlsx")),
    ];
    let file = xlsx::write(batches).await?;
    Ok((headers, Body::from_stream(xlsx::stream(file))).into_response())
}
