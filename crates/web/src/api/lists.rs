//! Lists of orders in the API: a page, its neighbors and how many there are.

use std::collections::BTreeMap;

use app::Error;
use app::orders::{Counts, Listing, Page};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::order::filter::FilterProblem;
use domain::order::listing::PAGE;
use domain::order::phase::{Status, Tab, View};
use domain::text::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::link;
use super::view::{OrderView, ProblemView};
use crate::Web;
use crate::error::Problem;
use crate::list::Words;
use crate::visitor::Program;

/// The exact number of orders on all pages.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// Instead of it, where counting would take long: there are so many, and perhaps more.
const TOTAL_AT_LEAST: HeaderName = HeaderName::from_static("x-total-count-at-least");
/// A rare combination was looked for back (or forth) to this instant; `next` goes on.
const SEARCHED_TO: HeaderName = HeaderName::from_static("x-searched-to");

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// `recent` (default) or `historical`.
    view: Option<String>,
    /// Of historical orders: `active`, `draft` or `all` (default).
    tab: Option<String>,
    /// A filter such as `status:failed vendor:microsoft by:me older:2d "free words"`.
    q: Option<String>,
    /// `newest` first (default) or `oldest` first.
    sort: Option<String>,
    /// Rows at the most, 1 to 200; 50 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    cursor: Option<String>,
    /// Adds `X-Total-Count`, or `X-Total-Count-At-Least` where counting would take long.
    #[serde(default)]
    total: bool,
}

impl ListQuery {
    fn words(&self) -> Words<'_> {
        Words {
            view: self.view.as_deref(),
            tab: self.tab.as_deref(),
            q: self.q.as_deref(),
            sort: self.sort.as_deref(),
            cursor: self.cursor.as_deref(),
        }
    }

    /// The same question at another place, relative to its own address.
    fn link(&self, rel: &str, cursor: &str) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let words = [
            ("view", self.view.as_deref()),
            ("tab", self.tab.as_deref()),
            ("q", self.q.as_deref()),
            ("sort", self.sort.as_deref()),
            ("limit", limit.as_deref()),
            ("total", self.total.then_some("true")),
        ];
        link(rel, &words, cursor)
    }
}

/// Orders of an organization; `Link` leads to the pages before and after this one.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders",
    params(("organization" = String, Path), ListQuery),
    responses((status = 200, body = [OrderView], headers(
            ("Link" = String, description = "`next` and `prev`, relative to this address"),
            ("X-Total-Count" = u64, description = "with `total=true`, where it is known exactly"),
            ("X-Total-Count-At-Least" = u64, description = "with `total=true`, otherwise"),
            ("X-Searched-To" = String, description = "a rare combination was looked for so far"))),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn orders(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<ListQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let (mut listing, problems) = query.words().listing()?;
    refuse(&problems)?;
    listing.limit = query.limit.unwrap_or(PAGE);
    if !(1..=200).contains(&listing.limit) {
        return Err(Problem(Error::Invalid {
            field: "/limit",
            reason: Invalid("must be between 1 and 200".into()),
        }));
    }
    let page = web.app.orders(&access, &listing).await?;
    refuse(&page.problems)?;
    let mut headers = HeaderMap::new();
    links(&query, &listing, &page, &mut headers);
    if query.total {
        let count = web.app.count_orders(&access, &listing).await?;
        let name = if count.is_exact {
            TOTAL
        } else {
            TOTAL_AT_LEAST
        };
        headers.insert(name, count.found.into());
    }
    let now = web.app.now();
    let views = page
        .orders
        .iter()
        .map(|order| OrderView::new(order, &access, now));
    Ok((headers, Json(views.collect::<Vec<_>>())).into_response())
}

fn links(query: &ListQuery, listing: &Listing, page: &Page, headers: &mut HeaderMap) {
    let edges = [
        ("next", page.next(listing.sort)),
        ("prev", page.previous(listing.sort)),
    ];
    let link = |(name, edge): (&str, Option<_>)| Some(query.link(name, &listing.cursor(edge?)));
    let links: Vec<String> = edges.into_iter().filter_map(link).collect();
    let link = (!links.is_empty()).then(|| links.join(", "));
    let searched_to = page.searched_to.map(|at| at.to_string());
    for (name, value) in [(header::LINK, link), (SEARCHED_TO, searched_to)] {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(name, value);
        }
    }
}

/// A program is not served half of what it asked for: the first word that can't be used is named.
fn refuse(problems: &[FilterProblem]) -> Result<(), Error> {
    match problems.first() {
        None => Ok(()),
        Some(problem) => Err(Error::Invalid {
            field: "/q",
            reason: Invalid(problem.to_string()),
        }),
    }
}

/// How many orders there are for the caller, exactly.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountsView {
    /// In Recent orders.
    recent: u64,
    /// In Historical orders, by tab: `active`, `draft`, `all`.
    historical: BTreeMap<&'static str, u64>,
    /// By status.
    statuses: BTreeMap<&'static str, u64>,
}

impl CountsView {
    fn new(counts: &Counts) -> CountsView {
        let on = |tab: Tab| (tab.name(), counts.of(View::Historical, tab));
        let with = |status: Status| (status.name(), counts.with(status));
        CountsView {
            recent: counts.of(View::Recent, Tab::All),
            historical: Tab::ALL.into_iter().map(on).collect(),
            statuses: Status::ALL.into_iter().map(with).collect(),
        }
    }
}

/// How many orders there are on each tab and with each status.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders/counts",
    params(("organization" = String, Path)),
    responses((status = 200, body = CountsView), (status = 404, body = ProblemView)))]
pub(crate) async fn counts(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Program(caller): Program,
) -> Result<Json<CountsView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    Ok(Json(CountsView::new(&web.app.order_counts(&access).await?)))
}
