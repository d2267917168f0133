//! An offer and the form to buy it.

use app::carts::AddItem;
use app::catalog::SeenPlan;
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::{OfferId, PlanId};
use domain::offer::Offer;
use domain::text::Invalid;
use serde::Deserialize;

use super::filters::{self, Wrong};
use super::frame::{Frame, Section};
use super::offer_facts::OfferFacts;
use super::waterfall::Waterfall;
use crate::Web;
use crate::error::{Page, render, words};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    frame: Frame,
    facts: OfferFacts,
    offer: Offer,
    plans: Vec<SeenPlan>,
    typed: Configuration,
    problem: Option<(String, &'static str)>,
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

    fn is_wrong(&self, field: &str) -> bool {
        self.problem
            .as_ref()
            .is_some_and(|(_, wrong)| *wrong == field)
    }

    /// The text beside the field that is wrong.
    fn wrong_words(&self, field: &str) -> Wrong<'_> {
        let words = self.problem.as_ref().filter(|(_, wrong)| *wrong == field);
        Wrong(words.map(|(words, _)| words.as_str()))
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
}

/// The form as typed; kept as text, so that nothing typed is lost.
#[derive(Default, Deserialize)]
pub(crate) struct Configuration {
    token: String,
    plan: String,
    quantity: String,
    contact_email: String,
    contact_name: String,
    contact_surname: String,
    #[serde(default)]
    tenant: String,
}

impl Configuration {
    fn read(&self, offer: OfferId) -> Result<AddItem, app::Error> {
        let wrong = |field, words: &str| app::Error::Invalid {
            field,
            reason: Invalid(words.into()),
        };
        Ok(AddItem {
            offer,
            plan: self
                .plan
                .parse::<PlanId>()
                .map_err(|_| wrong("/plan", "must be chosen"))?,
            quantity: self
                .quantity
                .trim()
                .parse()
                .map_err(|_| wrong("/quantity", "must be a whole number"))?,
            contact_email: self.contact_email.clone(),
            contact_name: self.contact_name.clone(),
            contact_surname: self.contact_surname.clone(),
            tenant: Some(self.tenant.clone()),
        })
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, offer)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: OfferId = offer.parse().map_err(|_| app::Error::NotFound)?;
    let found = web.app.offer(&access, id).await?;
    let typed = Configuration {
        quantity: found.offer.minimum.to_string(),
        ..Configuration::default()
    };
    let frame = Frame::new(&web, &visitor, &access, Section::Catalog).await?;
    Ok(render(&OfferPage {
        frame,
        facts: OfferFacts::new(&found, web.app.offer_outlook(&access, id).await?),
        offer: found.offer,
        plans: found.plans,
        typed,
        problem: None,
    }))
}

pub(crate) async fn add(
    State(web): State<Web>,
    Path((organization, offer)): Path<(String, String)>,
    visitor: Visitor,
    Form(typed): Form<Configuration>,
) -> Result<Response, Page> {
    visitor.check_form(&typed.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: OfferId = offer.parse().map_err(|_| app::Error::NotFound)?;
    let found = web.app.offer(&access, id).await?;
    let added = match typed.read(id) {
        Ok(item) => web.app.add_to_cart(&access, item, None).await.map(drop),
        Err(error) => Err(error),
    };
    match added {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/cart")).into_response()),
        Err(ref error @ app::Error::Invalid { field, .. }) => {
            let problem = Some((words(error), field.trim_start_matches('/')));
            let frame = Frame::new(&web, &visitor, &access, Section::Catalog).await?;
            let page = OfferPage {
                frame,
                facts: OfferFacts::new(&found, web.app.offer_outlook(&access, id).await?),
                offer: found.offer,
                plans: found.plans,
                typed,
                problem,
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
