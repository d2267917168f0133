//! What comparisons with vendors found, by API; for those who set up connections.

use app::Error;
use app::Mode;
use app::reconciliation::{Adoption, AskedDifferences, PAGE_MAX, Resolve, Resolved};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::reconciliation::{Difference, Holding, Outcome, Resolution};
use domain::text::{Contact, Email, Invalid, line};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{cursor, next_page, read_cursor};
use super::subscriptions::SubscriptionView;
use super::view::{CreatorView, ProblemView};
use super::{DryRunQuery, read};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// What a vendor tells of a subscription; what it does not tell is absent.
#[derive(Serialize, ToSchema)]
struct HoldingView {
    tenants: Vec<String>,
    product: Option<String>,
    plan: Option<String>,
    name: Option<String>,
    quantity: Option<u32>,
    term: Option<String>,
    billing_cycle: Option<String>,
    state: Option<&'static str>,
    auto_renewal: Option<bool>,
    /// What the vendor asks for, such as `13.1 EUR a license per month`.
    price: Option<String>,
}

impl HoldingView {
    fn new(holding: &Holding) -> HoldingView {
        HoldingView {
            tenants: holding.tenants.iter().cloned().collect(),
            product: holding.product.clone(),
            plan: holding.plan.clone(),
            name: holding.name.clone(),
            quantity: holding.quantity,
            term: holding.cadence.map(|of| of.term_code()),
            billing_cycle: holding.cadence.map(|of| of.cycle_code()),
            state: holding.standing.map(|standing| standing.label()),
            auto_renewal: holding.renews,
            price: holding.price.map(|price| price.to_string()),
        }
    }
}

/// What a person made of a difference.
#[derive(Serialize, ToSchema)]
struct ResolutionView {
    /// `accept`, `correct` or `adopt`.
    #[schema(value_type = String)]
    resolution: Resolution,
    by: CreatorView,
    at: String,
    /// The order that does it, in the list of `organization`.
    order: u64,
    organization: String,
}

/// Something that is otherwise at a vendor than here.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    id: String,
    vendor_name: String,
    /// The vendor's id of what it is about.
    reference: String,
    /// `product`, `quantity`, `term`, `tenant`, `state`, `renewal`, `price`, `unknown` or `missing`.
    kind: &'static str,
    /// In words.
    ours: String,
    /// In words.
    theirs: String,
    /// `asked`, `open`, `resolved` or `vanished`.
    status: &'static str,
    /// The customer, where we have a record of it.
    organization: Option<String>,
    subscription: Option<String>,
    subscription_name: Option<String>,
    /// Whose it may be, where we have none.
    candidates: Vec<String>,
    told: Option<HoldingView>,
    first_seen: String,
    last_seen: String,
    /// In how many comparisons; what a resolution says that it has seen.
    times: u32,
    resolved: Option<ResolutionView>,
}

impl DifferenceView {
    fn new(found: &Difference) -> DifferenceView {
        let (ours, theirs) = found.drift.sides();
        let subject = found.subject.as_ref();
        let resolved = match &found.outcome {
            Outcome::Resolved {
                resolution,
                by,
                at,
                order,
                organization_slug,
            } => Some(ResolutionView {
                resolution: *resolution,
                by: CreatorView::new(by),
                at: at.to_string(),
                order: *order,
                organization: organization_slug.clone(),
            }),
            Outcome::Asked | Outcome::Open | Outcome::Vanished { .. } => None,
        };
        DifferenceView {
            id: found.id.to_string(),
            vendor_name: found.vendor_name.clone(),
            reference: found.reference.0.clone(),
            kind: found.drift.name(),
            ours,
            theirs,
            status: found.outcome.name(),
            organization: subject.map(|of| of.organization_slug.clone()),
            subscription: subject.map(|of| of.subscription.to_string()),
            subscription_name: subject.map(|of| of.name.clone()),
            candidates: found.candidates.iter().map(|of| of.slug.clone()).collect(),
            told: found.holding.as_ref().map(HoldingView::new),
            first_seen: found.first_seen.to_string(),
            last_seen: found.last_seen.to_string(),
            times: found.times,
            resolved,
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DifferencesQuery {
    /// The vendor's name in addresses.
    vendor: Option<String>,
    /// Such as `quantity`.
    kind: Option<String>,
    /// `open` by default; or `asked`, `resolved`, `vanished`.
    status: Option<String>,
    /// Rows at the most, 1 to 100; 100 by default.
    limit: Option<u32>,
    /// Where the page before ended, from its `Link` header.
    cursor: String,
}

/// A partner's differences, the newest first. `Link` leads to the next page.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/differences",
    params(("partner" = String, Path), DifferencesQuery),
    responses((status = 200, body = [DifferenceView]), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn differences(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(query): Query<DifferencesQuery>,
    Program(caller): Program,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let asked = AskedDifferences {
        after: read_cursor(&query.cursor)?,
        limit: query.limit.unwrap_or(PAGE_MAX),
        vendor: query.vendor,
        kind: query.kind,
        status: query.status,
    };
    let page = web.app.differences(&access, &asked).await?;
    let limit = asked.limit.to_string();
    let words = [
        ("vendor", asked.vendor.as_deref()),
        ("kind", asked.kind.as_deref()),
        ("status", asked.status.as_deref()),
        ("limit", Some(limit.as_str())),
    ];
    let views: Vec<DifferenceView> = page.differences.iter().map(DifferenceView::new).collect();
    let next = next_page(&words, page.next.map(cursor));
    Ok((next, Json(views)).into_response())
}

/// One difference with what the vendor told.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/differences/{id}",
    params(("partner" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = DifferenceView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView)))]
pub(crate) async fn difference(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Json<DifferenceView>, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let found = web.app.difference(&access, id).await?;
    Ok(Json(DifferenceView::new(&found)))
}

/// What is to be made of a difference.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveBody {
    /// `accept`: our record takes the vendor's word; a price becomes what we pay, and nobody else pays
    /// another. `correct`: the vendor is asked to be as our record says. `adopt`: what only the vendor knows
    /// becomes a subscription of `organization`.
    #[schema(value_type = String)]
    resolution: Resolution,
    /// The `times` that were seen; refused where it has been seen since.
    #[serde(default)]
    times: Option<u32>,
    /// Whose it becomes.
    #[serde(default)]
    organization: Option<String>,
    #[serde(default)]
    contact_email: String,
    #[serde(default)]
    contact_name: String,
    #[serde(default)]
    contact_surname: String,
    /// The plan of the catalog; the one with the vendor's terms when absent.
    #[serde(default)]
    plan: Option<String>,
}

/// A contact as typed.
pub(crate) fn contact(email: &str, name: &str, surname: &str) -> Result<Contact, Error> {
    let invalid = |field| move |reason| Error::Invalid { field, reason };
    Ok(Contact {
        email: Email::parse(email).map_err(invalid("/contact_email"))?,
        name: line(name, 120).map_err(invalid("/contact_name"))?,
        surname: line(surname, 120).map_err(invalid("/contact_surname"))?,
    })
}

impl ResolveBody {
    fn typed(self) -> Result<Resolve, Error> {
        let adoption = match self.organization {
            Some(organization) if self.resolution == Resolution::Adopt => Some(Adoption {
                organization,
                contact: contact(
                    &self.contact_email,
                    &self.contact_name,
                    &self.contact_surname,
                )?,
                plan: match self.plan {
                    Some(plan) => Some(plan.parse().map_err(|_| Error::Invalid {
                        field: "/plan",
                        reason: Invalid("is not in the catalog; choose one that is".into()),
                    })?),
                    None => None,
                },
            }),
            _ => None,
        };
        Ok(Resolve {
            resolution: self.resolution,
            expected: self.times,
            adoption,
        })
    }
}

/// What comes of a resolution.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResolvedView {
    difference: DifferenceView,
    /// The order that does it.
    order: u64,
    /// Its lines, in words.
    changes: Vec<String>,
    /// The subscription once it is done.
    after: SubscriptionView,
}

impl ResolvedView {
    fn new(resolved: &Resolved) -> ResolvedView {
        let lines = resolved.order.lines.iter();
        ResolvedView {
            difference: DifferenceView::new(&resolved.difference),
            order: resolved.order.number,
            changes: lines.map(|line| line.change.text()).collect(),
            after: SubscriptionView::new(&resolved.after),
        }
    }
}

/// Resolves a difference by an order; with `dry_run=true` nothing is ordered and the answer is a preview.
/// What is resolved is resolved once: a repeat is refused with the order's number.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/differences/{id}/resolution",
    params(("partner" = String, Path), ("id" = String, Path), DryRunQuery),
    request_body = ResolveBody,
    responses((status = 200, description = "a preview", body = ResolvedView),
        (status = 201, body = ResolvedView), (status = 403, body = ProblemView),
        (status = 404, body = ProblemView), (status = 409, body = ProblemView),
        (status = 412, body = ProblemView), (status = 422, body = ProblemView)))]
pub(crate) async fn resolve(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Query(query): Query<DryRunQuery>,
    Program(caller): Program,
    body: Bytes,
) -> Result<Response, Problem> {
    let access = web.app.partner_access(&caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let wish = read::<ResolveBody>(&body)?.typed()?;
    let mode = query.mode();
    let resolved = web
        .app
        .resolve_difference(&caller, &access, id, wish, mode)
        .await?;
    let status = match mode {
        Mode::Commit => StatusCode::CREATED,
        Mode::DryRun => StatusCode::OK,
    };
    Ok((status, Json(ResolvedView::new(&resolved))).into_response())
}
