//! Subscriptions in the API: lists, details with history, and changes as update orders.

use app::orders::Conditions;
use app::subscriptions::{Asked, Change, Changed, Details, PAGE_MAX, TypedWish};
use app::{Error, Mode};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::subscription::history::Entry;
use domain::subscription::money::Estimate;
use domain::subscription::{Markups, SeenSubscription};
use domain::text::Invalid;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::view::{CreatorView, MoneyView, OrderView, ProblemView};
use super::{DryRunQuery, expected, once, read, tagged};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// Rows of a page where nobody says how many.
const PAGE: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubscriptionsQuery {
    /// `active`, `suspended`, `canceled` or `expired`.
    status: Option<String>,
    /// Words that name, license, vendor and tenant have among them.
    #[serde(default)]
    q: String,
    /// Ends within so many days, with auto-renewal off; 0 counts as 30.
    expires_within: Option<u32>,
    /// Renews within so many days; 0 counts as 30.
    renews_within: Option<u32>,
    /// Rows at the most, 1 to 200; 100 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    cursor: Option<String>,
}

impl SubscriptionsQuery {
    fn asked(&self) -> Result<Asked, Error> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Error::Invalid {
                field: "/limit",
                reason: Invalid(format!("must be between 1 and {PAGE_MAX}")),
            });
        }
        Ok(Asked {
            status: self.status.clone(),
            words: self.q.clone(),
            expires_within: self.expires_within,
            renews_within: self.renews_within,
            after: read_cursor(self.cursor.as_deref().unwrap_or_default())?,
            limit,
        })
    }
}

/// An add-on of a subscription.
#[derive(Serialize, ToSchema)]
struct AddonView {
    offer: String,
    name: String,
    quantity: u32,
    unit_price: MoneyView,
}

/// Seats that came together.
#[derive(Serialize, ToSchema)]
struct BatchView {
    seats: u32,
    since: String,
    /// Until when the vendor takes them back, where it does.
    returnable_until: Option<String>,
}

/// What was agreed for one subscription; staff only.
#[derive(Serialize, ToSchema)]
struct MarkupsView {
    seller: String,
    distributor: Option<String>,
}

/// A subscription.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionView {
    id: String,
    name: String,
    license: String,
    offer: String,
    plan: String,
    vendor: String,
    /// `active`, `suspended`, `canceled` or `expired`.
    status: &'static str,
    status_label: &'static str,
    quantity: u32,
    /// Seats in use, where the vendor says so.
    assigned: Option<u32>,
    unit_price: MoneyView,
    /// Per billing cycle, without add-ons.
    total: MoneyView,
    term_months: u32,
    billing_cycle_months: u32,
    started_at: String,
    term_ends_at: Option<String>,
    auto_renewal: bool,
    contact_email: String,
    /// Microsoft only.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    addons: Vec<AddonView>,
    batches: Vec<BatchView>,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    markups: Option<MarkupsView>,
    version: i64,
}

impl SubscriptionView {
    pub(crate) fn new(found: &SeenSubscription) -> SubscriptionView {
        let addons = found.addons.iter().map(|(item, price)| AddonView {
            offer: item.offer.to_string(),
            name: item.name.clone(),
            quantity: price.quantity,
            unit_price: price.unit.into(),
        });
        let batches = found.batches.iter().map(|batch| BatchView {
            seats: batch.seats,
            since: batch.since.to_string(),
            returnable_until: batch.returnable_until.map(|until| until.to_string()),
        });
        SubscriptionView {
            id: found.id.to_string(),
            name: found.name.clone(),
            license: found.item.name.clone(),
            offer: found.item.offer.to_string(),
            plan: found.item.plan.to_string(),
            vendor: found.item.vendor_name.clone(),
            status: found.state.name(),
            status_label: found.state.label(),
            quantity: found.quantity,
            assigned: found.assigned,
            unit_price: found.price.unit.into(),
            total: found.price.total.into(),
            term_months: found.item.cadence.term_months,
            billing_cycle_months: found.item.cadence.cycle_months,
            started_at: found.started_at.to_string(),
            term_ends_at: found.term_ends_at.map(|ends| ends.to_string()),
            auto_renewal: found.auto_renews,
            contact_email: found.contact.email.to_string(),
            tenant: found.tenant.clone(),
            addons: addons.collect(),
            batches: batches.collect(),
            markups: found.markups.map(MarkupsView::new),
            version: found.version,
        }
    }
}

impl MarkupsView {
    fn new(markups: Markups) -> MarkupsView {
        MarkupsView {
            seller: markups.seller.into(),
            distributor: markups.distributor.map(String::from),
        }
    }
}

/// What holds a subscription or is planned for it.
#[derive(Serialize, ToSchema)]
struct OpenOrderView {
    order: u64,
    /// `now`, `date` or `renewal`.
    #[schema(value_type = String)]
    slot: domain::order::slot::Slot,
}

/// A change that was made.
#[derive(Serialize, ToSchema)]
struct HistoryView {
    at: String,
    text: String,
    order: Option<u64>,
    by: Option<CreatorView>,
}

impl HistoryView {
    fn new(entry: &Entry) -> HistoryView {
        HistoryView {
            at: entry.at.to_string(),
            text: entry.text.clone(),
            order: entry.order,
            by: entry.by.as_ref().map(CreatorView::new),
        }
    }
}

/// A subscription with what stands around it.
#[derive(Serialize, ToSchema)]
struct DetailsView {
    #[serde(flatten)]
    subscription: SubscriptionView,
    open_orders: Vec<OpenOrderView>,
    /// Absent for roles that may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<HistoryView>>,
    /// Seats that the vendor takes back now.
    returnable: u32,
    returnable_until: Option<String>,
}

impl DetailsView {
    fn new(details: &Details) -> DetailsView {
        let open = details.open.iter().map(|(slot, order)| OpenOrderView {
            order: *order,
            slot: *slot,
        });
        let history = details.history.as_ref();
        DetailsView {
            subscription: SubscriptionView::new(&details.subscription),
            open_orders: open.collect(),
            history: history.map(|entries| entries.iter().map(HistoryView::new).collect()),
            returnable: details.returnable.0,
            returnable_until: details.returnable.1.map(|until| until.to_string()),
        }
    }
}

/// What the organization has running, newest first; `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/subscriptions",
    params(("organization" = String, Path), SubscriptionsQuery),
    responses((status = 200, body = [SubscriptionView]), (status = 404, body = ProblemView),
        (status = 422, body = ProblemView)))]
pub(crate) async fn subscriptions(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(query): Query<SubscriptionsQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let page = web.app.subscriptions(&access, query.asked()?).await?;
    let views: Vec<SubscriptionView> = page.found.iter().map(SubscriptionView::new).collect();
    let days = |days: Option<u32>| days.map(|days| days.to_string());
    let (expires, renews) = (days(query.expires_within), days(query.renews_within));
    let limit = query.limit.map(|limit| limit.to_string());
    let words = [
        ("status", query.status.as_deref()),
        ("q", Some(query.q.as_str()).filter(|q| !q.is_empty())),
        ("expires_within", expires.as_deref()),
        ("renews_within", renews.as_deref()),
        ("limit", limit.as_deref()),
    ];
    let next = next_page(&words, page.after.map(cursor));
    Ok((next, Json(views)).into_response())
}

/// One subscription, its open orders and its history.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/subscriptions/{subscription}",
    params(("organization" = String, Path), ("subscription" = String, Path)),
    responses((status = 200, body = DetailsView), (status = 404, body = ProblemView)))]
pub(crate) async fn subscription(
    State(web): State<Web>,
    Path((organization, subscription)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let id = subscription.parse().map_err(|_| Error::NotFound)?;
    let details = web.app.subscription(&access, id).await?;
    let version = details.subscription.version;
    Ok(tagged(StatusCode::OK, version, DetailsView::new(&details)))
}

/// A wish with what its asker says of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the document what `typed` reads")]
struct ChangeBody {
    #[serde(flatten)]
    wish: TypedWish,
    /// Must be true for an order; a preview needs no consent.
    accept_terms: bool,
    /// The version that was shown: another one in force refuses the change with 409 `terms_changed`.
    terms_version: Option<String>,
    /// Times without an offset are meant here; UTC when absent.
    time_zone: Option<String>,
}

/// The wish with the consent beside it.
fn typed(body: &[u8]) -> Result<Change, Error> {
    let mut fields: serde_json::Map<String, serde_json::Value> = read(body)?;
    let accept_terms = fields.remove("accept_terms") == Some(true.into());
    let terms_version = match fields.remove("terms_version") {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(version)) => Some(version),
        Some(_) => {
            return Err(Error::Invalid {
                field: "/terms_version",
                reason: Invalid("must be the version that was shown".into()),
            });
        }
    };
    let zone = match fields.remove("time_zone") {
        None => None,
        Some(name) => {
            let zone = name.as_str().and_then(|name| TimeZone::get(name).ok());
            Some(zone.ok_or_else(|| Error::Invalid {
                field: "/time_zone",
                reason: Invalid("must be a time zone such as Europe/Riga".into()),
            })?)
        }
    };
    let wish = serde_json::from_value(fields.into()).map_err(|error| Error::Invalid {
        field: "",
        reason: Invalid(format!("Body: {error}")),
    })?;
    Ok(Change {
        wish,
        accept_terms,
        terms_version,
        zone,
    })
}

/// What a change costs, as the customer pays it.
#[derive(Serialize, ToSchema)]
struct EstimateView {
    per_cycle_before: MoneyView,
    per_cycle_after: MoneyView,
    /// For the days that are left of the present billing cycle.
    due_now: Option<MoneyView>,
    refund: Option<MoneyView>,
}

/// What comes of a change.
#[derive(Serialize, ToSchema)]
struct ChangedView {
    order: OrderView,
    /// Absent where the same request was answered before.
    estimate: Option<EstimateView>,
    /// What the subscription will be.
    after: Option<SubscriptionView>,
    /// Planned changes that this one takes the place of.
    replaces: Vec<u64>,
}

impl ChangedView {
    fn new(changed: &Changed, access: &app::access::Access, now: Timestamp) -> ChangedView {
        let estimate = |estimate: Estimate| EstimateView {
            per_cycle_before: estimate.before.into(),
            per_cycle_after: estimate.after.into(),
            due_now: estimate.due_now.map(MoneyView::from),
            refund: estimate.refund.map(MoneyView::from),
        };
        ChangedView {
            order: OrderView::new(&changed.order, access, now),
            estimate: changed.estimate.map(estimate),
            after: changed.after.as_ref().map(SubscriptionView::new),
            replaces: changed.replaces.clone(),
        }
    }
}

/// Changes a subscription by an update order of its own. The body is the wish with `accept_terms` and,
/// for local times, `time_zone`; with `dry_run=true` nothing is ordered and the answer is a preview.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/subscriptions/{subscription}/changes",
    params(("organization" = String, Path), ("subscription" = String, Path), DryRunQuery,
        ("Idempotency-Key" = Option<String>, Header), ("If-Match" = Option<String>, Header)),
    request_body = ChangeBody,
    responses((status = 200, description = "a preview", body = ChangedView),
        (status = 201, body = ChangedView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 412, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn change(
    State(web): State<Web>,
    Path((organization, subscription)): Path<(String, String)>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let id = subscription.parse().map_err(|_| Error::NotFound)?;
    let change = typed(&body)?;
    let conditions = Conditions {
        expected: expected(&headers)?,
        once: once(&headers, &format!("change {subscription}"), &body)?,
    };
    let mode = query.mode();
    let changed = web
        .app
        .change_subscription(&access, id, change, conditions, mode)
        .await?;
    let status = match mode {
        Mode::Commit => StatusCode::CREATED,
        Mode::DryRun => StatusCode::OK,
    };
    Ok((
        status,
        Json(ChangedView::new(&changed, &access, web.app.now())),
    )
        .into_response())
}
