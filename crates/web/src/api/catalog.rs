//! The catalog in the API: a page of offers, as their reader may know them.

use app::Error;
use app::catalog::{AskedOffers, Configurable, SeenOffer, SeenPlan};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::id::OfferId;
use domain::offer::Form;
use domain::subscription::SeenSubscription;
use domain::text::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor;
use super::view::{MoneyView, ProblemView};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// Offers of a page unless asked otherwise.
const PAGE: u32 = 50;

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CatalogQuery {
    /// Beginnings of words of name, product, vendor or category.
    q: String,
    /// A vendor's id, or its short name such as `microsoft`.
    vendor: String,
    /// A category as it is written; `Other` for what is in none.
    category: String,
    /// Only what organizations of this country, kind and currency are sold.
    sold_here: bool,
    /// Rows at the most, 1 to 200; 50 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    cursor: String,
}

impl CatalogQuery {
    pub(super) fn asked(&self) -> Result<AskedOffers, Error> {
        Ok(AskedOffers {
            words: self.q.clone(),
            vendor: self.vendor.clone(),
            category: self.category.clone(),
            sold_here: self.sold_here,
            after: read_cursor(&self.cursor)?,
            limit: self.limit.unwrap_or(PAGE),
        })
    }

    fn next_page(&self, next: Option<OfferId>) -> HeaderMap {
        fn given(word: &str) -> Option<&str> {
            (!word.is_empty()).then_some(word)
        }
        let limit = self.limit.map(|limit| limit.to_string());
        let words = [
            ("q", given(&self.q)),
            ("vendor", given(&self.vendor)),
            ("category", given(&self.category)),
            ("sold_here", self.sold_here.then_some("true")),
            ("limit", limit.as_deref()),
        ];
        cursor::next_page(&words, next.map(|next| next.to_string()))
    }
}

/// The offer with which the page before ended; nothing for the first page.
pub(crate) fn read_cursor(text: &str) -> Result<Option<OfferId>, Error> {
    let wrong = || Error::Invalid {
        field: "/cursor",
        reason: Invalid("must be the one of a page before; begin at the first page".into()),
    };
    match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| wrong()),
    }
}

/// A plan with today's price.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanView {
    id: String,
    term_months: u32,
    billing_cycle_months: u32,
    unit_price: MoneyView,
}

/// An offer.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferView {
    id: String,
    name: String,
    /// The product that it is one of; empty where it is the only one.
    product: String,
    vendor: String,
    /// The heading that it stands under in the list: its first category, or `Other`.
    category: String,
    categories: Vec<String>,
    /// Offers that it is an add-on to; what has any can't be bought alone.
    addon_to: Vec<String>,
    /// What is asked of whoever buys it: a JSON Schema that `parameters` have to fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    form: Option<Form>,
    minimum: u32,
    maximum: u32,
    needs_tenant: bool,
    /// Why it can't be bought by this organization, where it can't.
    unavailable: Option<String>,
    plans: Vec<PlanView>,
}

impl OfferView {
    pub(crate) fn new(found: &SeenOffer) -> OfferView {
        let offer = &found.offer;
        let plan = |plan: &SeenPlan| PlanView {
            id: plan.id.to_string(),
            term_months: plan.cadence.term_months,
            billing_cycle_months: plan.cadence.cycle_months,
            unit_price: plan.unit.unit.into(),
        };
        OfferView {
            id: offer.id.to_string(),
            name: offer.name.clone(),
            product: offer.product_name.clone(),
            vendor: offer.vendor_name.clone(),
            category: offer.category().to_owned(),
            categories: offer.categories.clone(),
            addon_to: offer.parents.iter().map(ToString::to_string).collect(),
            form: offer.form.clone(),
            minimum: offer.minimum,
            maximum: offer.maximum,
            needs_tenant: offer.has_tenant,
            unavailable: found.unavailable.as_ref().map(|why| why.reason()),
            plans: found.plans.iter().map(plan).collect(),
        }
    }
}

/// What the organization is offered, by category and product; `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/catalog",
    params(("organization" = String, Path), CatalogQuery),
    responses((status = 200, body = [OfferView], headers(
            ("Link" = String, description = "`next`, relative to this address"))),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn catalog(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<CatalogQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let page = web.app.catalog(&access, &query.asked()?).await?;
    let views: Vec<OfferView> = page.offers.iter().map(OfferView::new).collect();
    Ok(linked(&query, page.next, Json(views)))
}

/// A page with the way to the next one.
pub(super) fn linked(
    query: &CatalogQuery,
    next: Option<OfferId>,
    body: impl IntoResponse,
) -> Response {
    (query.next_page(next), body).into_response()
}

/// One offer, with its add-ons and what runs of it already.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/catalog/{offer}",
    params(("organization" = String, Path), ("offer" = String, Path)),
    responses((status = 200, body = ConfigurableView), (status = 404, body = ProblemView)))]
pub(super) async fn offer(
    State(web): State<Web>,
    Path((organization, offer)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Json<ConfigurableView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let id = offer.parse().map_err(|_| Error::NotFound)?;
    let found = web.app.configurable(&access, id).await?;
    Ok(Json(ConfigurableView::new(&found)))
}

/// An offer with what stands around it when somebody wants to buy it.
#[derive(Serialize, ToSchema)]
pub(super) struct ConfigurableView {
    offer: OfferView,
    /// What can be bought with it.
    addons: Vec<OfferView>,
    /// Active subscriptions of it, the newest: what may be increased instead. Of an add-on those that it
    /// can be added to.
    running: Vec<RunningView>,
}

/// A subscription that runs.
#[derive(Serialize, ToSchema)]
struct RunningView {
    subscription: String,
    name: String,
    quantity: u32,
    term_ends_at: Option<String>,
}

impl ConfigurableView {
    pub(super) fn new(found: &Configurable) -> ConfigurableView {
        let running = |one: &SeenSubscription| RunningView {
            subscription: one.id.to_string(),
            name: one.name.clone(),
            quantity: one.quantity,
            term_ends_at: one.term_ends_at.map(|ends| ends.to_string()),
        };
        ConfigurableView {
            offer: OfferView::new(&found.found),
            addons: found.addons.iter().map(OfferView::new).collect(),
            running: found.running.iter().map(running).collect(),
        }
    }
}
