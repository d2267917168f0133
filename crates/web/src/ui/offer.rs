//! An offer and the form to buy it: with its add-ons, and with what runs of it already.

use std::collections::BTreeMap;

use app::access::Access;
use app::carts::AddItem;
use app::catalog::{Configurable, SeenOffer, SeenPlan};
use app::subscriptions::TypedAddon;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::{OfferId, PlanId};
use domain::offer::form::Question;
use domain::offer::{Cadence, Offer};
use domain::order::seen::{SeenLine, SeenOrder};
use domain::subscription::SeenSubscription;
use domain::subscription::decide::Problem;
use uuid::Uuid;

use super::answers::{self, Field};
use super::cart::HINTS;
use super::filters;
use super::frame::{Frame, Section};
use super::offer_facts::OfferFacts;
use super::waterfall::Waterfall;
use crate::Web;
use crate::error::{Page, render, sentence};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// The form as typed, by field; kept as text, so that nothing typed is lost.
type Typed = BTreeMap<String, String>;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    frame: Frame,
    facts: OfferFacts,
    offer: Offer,
    plans: Vec<SeenPlan>,
    addons: Vec<SeenOffer>,
    parents: Vec<(OfferId, String)>,
    running: Vec<SeenSubscription>,
    may_change: bool,
    /// The caller's own, for an add-on to join.
    cart: Option<SeenOrder>,
    typed: Typed,
    problems: Vec<Problem>,
}

impl OfferPage {
    fn plan_label(&self, plan: &SeenPlan) -> String {
        format!(
            "{}, billed {}: {} per license",
            plan.cadence.term_label(),
            plan.cadence.cycle_label(),
            plan.unit.unit
        )
    }

    /// How the price of each plan comes about, for staff.
    fn waterfalls(&self) -> Vec<(String, Waterfall)> {
        let plans = self.plans.iter();
        let fall = |plan: &SeenPlan| Some((self.plan_label(plan), Waterfall::of(&[plan.unit])?));
        plans.filter_map(fall).collect()
    }

    fn typed(&self, field: &str) -> &str {
        self.typed.get(field).map_or("", String::as_str)
    }

    /// Where on the page a problem's field is.
    fn anchor(&self, problem: &Problem) -> String {
        let field = problem.field.trim_start_matches('/');
        let addon = field.strip_prefix("addons/").and_then(|rest| {
            let at: usize = rest.split('/').next()?.parse().ok()?;
            Some(addon_field(asked_addons(&self.typed).get(at)?.offer))
        });
        addon.unwrap_or_else(|| field.to_owned())
    }

    /// A problem as the list above the form has it.
    fn sentence(&self, problem: &Problem) -> String {
        let anchor = self.anchor(problem);
        let is_it = |addon: &&SeenOffer| addon_field(addon.offer.id) == anchor;
        if let Some(addon) = self.addons.iter().find(is_it) {
            return format!("{} {}", addon.offer.name, problem.reason);
        }
        let name = anchor.strip_prefix("parameters/");
        let question = name.and_then(|name| self.offer.form.as_ref()?.question(name));
        match question {
            Some(question) => format!("{} {}", question.title, problem.reason),
            None => sentence(&problem.field, &problem.reason),
        }
    }

    /// Marks a field that is wrong, and names the text beside it.
    fn mark(&self, field: &str) -> filters::Marked<'_> {
        let mut wrong = self.problems.iter();
        let found = wrong.find(|problem| self.anchor(problem) == field);
        filters::Marked::new(field, found.map(|problem| problem.reason.as_str()))
    }

    /// The questions of the offer, with what was typed.
    fn questions(&self) -> Vec<Field<'_>> {
        let typed = |id: &str, question: &Question| match self.problems.is_empty() {
            true => answers::first(question),
            false => self.typed(id).to_owned(),
        };
        let wrong = |id: &str| {
            let is_it = |problem: &&Problem| problem.field.strip_prefix('/') == Some(id);
            let found = self.problems.iter().find(is_it);
            found.map(|problem| problem.reason.as_str())
        };
        Field::all(self.offer.form.as_ref(), "parameters", typed, wrong)
    }

    fn addon_field(&self, addon: &SeenOffer) -> String {
        addon_field(addon.offer.id)
    }

    /// What an add-on costs on each of its terms, each price once.
    fn addon_prices(&self, addon: &SeenOffer) -> String {
        let plans = addon.plans.iter();
        let words =
            |plan: &SeenPlan| format!("{} billed {}", plan.unit.unit, plan.cadence.cycle_label());
        plans.map(words).collect::<Vec<_>>().join(", ")
    }

    /// The same for the running summary, which looks for the terms of the chosen plan.
    fn addon_plans(&self, addon: &SeenOffer) -> String {
        let words = |plan: &SeenPlan| {
            let (cadence, cycle) = (cadence(plan.cadence), plan.cadence.cycle_label());
            format!("{cadence}={}={cycle}", plan.unit.unit.minor)
        };
        addon.plans.iter().map(words).collect::<Vec<_>>().join(";")
    }

    fn cadence(&self, plan: &SeenPlan) -> String {
        cadence(plan.cadence)
    }

    /// One unit's price in minor units, for the running summary.
    fn minor(&self, plan: &SeenPlan) -> i64 {
        plan.unit.unit.minor
    }

    fn currency(&self) -> &'static str {
        let first = self.plans.first();
        first.map_or("", |plan| plan.unit.unit.currency.code())
    }

    fn exponent(&self) -> u32 {
        let first = self.plans.first();
        first.map_or(0, |plan| plan.unit.unit.currency.exponent())
    }

    /// The licenses in the cart that the add-on goes with and is not with yet.
    fn joinable(&self) -> Vec<&SeenLine> {
        let lines = self.cart.iter().flat_map(|cart| &cart.lines);
        let is_there = |license: &SeenLine| {
            let mut lines = self.cart.iter().flat_map(|cart| &cart.lines);
            lines.any(|line| line.parent == Some(license.id) && line.item.offer == self.offer.id)
        };
        let goes = |line: &&SeenLine| self.offer.parents.contains(&line.item.offer);
        let tops = lines.filter(|line| line.parent.is_none());
        tops.filter(goes).filter(|line| !is_there(line)).collect()
    }

    /// What a subscription would have with what is typed.
    fn increased(&self, running: &SeenSubscription) -> u32 {
        let more = self.typed("quantity").trim().parse().unwrap_or(0);
        running.quantity.saturating_add(more)
    }
}

/// Term and billing cycle in few letters, the same for a license and its add-ons.
fn cadence(cadence: Cadence) -> String {
    format!("{}/{}", cadence.term_months, cadence.cycle_months)
}

fn addon_field(addon: OfferId) -> String {
    format!("addon_{addon}")
}

/// The add-ons with something in their fields, in the order in which they are sent on.
fn asked_addons(typed: &Typed) -> Vec<TypedAddon> {
    let asked = typed.iter().filter_map(|(field, quantity)| {
        let offer = field.strip_prefix("addon_")?.parse().ok()?;
        let quantity = Some(quantity.trim()).filter(|quantity| !quantity.is_empty())?;
        Some(TypedAddon {
            offer,
            plan: None,
            // What is no number is out of range, and is told so with the range.
            quantity: quantity.parse().unwrap_or(-1),
        })
    });
    asked.collect()
}

/// The item that a form asks for; what is no plan and no number is told by the same words as one that is
/// out of range.
fn read(offer: &Offer, typed: &Typed) -> AddItem {
    let text = |field: &str| typed.get(field).cloned().unwrap_or_default();
    AddItem {
        offer: offer.id,
        plan: text("plan").parse().unwrap_or(PlanId(Uuid::nil())),
        quantity: text("quantity").trim().parse().unwrap_or(-1),
        contact_email: text("contact_email"),
        contact_name: text("contact_name"),
        contact_surname: text("contact_surname"),
        tenant: Some(text("tenant")),
        parameters: answers::read(offer.form.as_ref(), "parameters", typed),
        addons: asked_addons(typed),
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, offer)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: OfferId = offer.parse().map_err(|_| app::Error::NotFound)?;
    page(&web, &visitor, &access, id, None).await
}

/// The page, with what was typed and what is wrong with it.
async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    id: OfferId,
    sent: Option<(Typed, Vec<Problem>)>,
) -> Result<Response, Page> {
    let Configurable {
        found,
        addons,
        parents,
        running,
    } = web.app.configurable(access, id).await?;
    let status = sent
        .as_ref()
        .map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    let (typed, problems) = sent.unwrap_or_else(|| {
        let fewest = found.offer.minimum.to_string();
        (Typed::from([("quantity".to_owned(), fewest)]), Vec::new())
    });
    let frame = Frame::new(web, visitor, access, Section::Catalog).await?;
    let cart = match frame.may_buy && found.offer.is_addon() {
        true => web.app.cart(access).await?,
        false => None,
    };
    let page = OfferPage {
        frame,
        facts: OfferFacts::new(&found, web.app.offer_outlook(access, id).await?),
        offer: found.offer,
        plans: found.plans,
        addons,
        parents,
        running,
        may_change: access.standing().may(Permission::ChangeSubscriptions),
        cart,
        typed,
        problems,
    };
    Ok((status, render(&page)).into_response())
}

pub(crate) async fn add(
    State(web): State<Web>,
    Path((organization, offer)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form: typed,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    let id: OfferId = offer.parse().map_err(|_| app::Error::NotFound)?;
    let offer = web.app.offer(&access, id).await?.offer;
    let item = read(&offer, &typed);
    let added = web.app.add_to_cart(&access, item, None).await;
    let problems = match added {
        Ok(_) => return Ok(Redirect::to(&format!("/o/{organization}/cart")).into_response()),
        Err(app::Error::Problems(problems)) => problems,
        Err(app::Error::Invalid { field, reason }) => vec![Problem::new(field, reason.0)],
        Err(error) => return Err(Page(error)),
    };
    page(&web, &visitor, &access, id, Some((typed, problems))).await
}
