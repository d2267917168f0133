//! One subscription with its history, and the form that changes it by an order.

use std::collections::BTreeMap;

use app::Mode;
use app::access::Access;
use app::orders::Conditions;
use app::subscriptions::{
    Change, Changed, Choice, ChoiceKind, Choices, Details, TypedAddon, TypedUpgrade, TypedWish,
};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::{Permission, Side};
use domain::id::SubscriptionId;
use domain::offer::form::Question;
use domain::order::slot::Slot;
use domain::price::Percent;
use domain::subscription::decide::Problem;
use domain::subscription::{SeenSubscription, SubscriptionState};
use domain::terms::Applied;
use serde::Deserialize;

use super::answers::{self, Field};
use super::filters;
use super::frame::{Frame, Section};
use super::preferences;
use super::subscriptions::look;
use crate::Web;
use crate::error::{Page, capitalized, render, words};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Where the answers to an offer's form are in a change.
const ANSWERS: &str = "configuration";

/// What was typed, by field; nothing typed is lost.
type Typed = BTreeMap<String, String>;

#[derive(Template)]
#[template(path = "subscription.html")]
struct SubscriptionPage {
    frame: Frame,
    details: Details,
    choices: Choices,
    terms: Applied,
    typed: Typed,
    problems: Vec<Problem>,
    preview: Option<Changed>,
    may_change: bool,
    may_price: bool,
    may_price_as_distributor: bool,
}

impl SubscriptionPage {
    fn found(&self) -> &SeenSubscription {
        &self.details.subscription
    }

    /// What stands in a field: as typed, else as it is.
    fn value(&self, field: &str, now: impl std::fmt::Display) -> String {
        let typed = self.typed.get(field).cloned();
        typed.unwrap_or_else(|| now.to_string())
    }

    fn is(&self, field: &str, value: &str) -> bool {
        self.typed.get(field).is_some_and(|typed| typed == value)
    }

    fn renews(&self) -> bool {
        // A form that was sent has its token; an address fills in less than that.
        match self.typed.contains_key("token") {
            false => self.found().auto_renews,
            true => self.typed.contains_key("auto_renewal"),
        }
    }

    /// Why there is nothing of a kind to choose.
    fn lack(&self, kind: ChoiceKind) -> Option<String> {
        self.choices.lack(kind, &self.found().item)
    }

    fn addon_label(&self, choice: &Choice) -> String {
        let cycle = choice.target.item.cadence.cycle_label();
        format!("{} each, billed {cycle}", choice.price.unit.customer)
    }

    fn wrong(&self, field: &str) -> Option<&str> {
        let is_it = |problem: &&Problem| problem.field.trim_start_matches('/') == field;
        self.problems
            .iter()
            .find(is_it)
            .map(|problem| problem.reason.as_str())
    }

    /// The questions of the offer, with what is answered now.
    fn questions(&self) -> Vec<Field<'_>> {
        let is_sent = self.typed.contains_key("token");
        let answer = |id: &str, question: &Question| match self.typed.get(id) {
            Some(typed) => typed.clone(),
            None if is_sent => String::new(),
            None => {
                let now = self.found().parameters.get(&question.name);
                now.map_or_else(String::new, answers::plain)
            }
        };
        let wrong = |id: &str| {
            let is_it = |problem: &&Problem| problem.field.strip_prefix('/') == Some(id);
            let found = self.problems.iter().find(is_it);
            found.map(|problem| problem.reason.as_str())
        };
        Field::all(self.choices.form.as_ref(), ANSWERS, answer, wrong)
    }

    fn field_name(&self, problem: &Problem) -> String {
        let answer = problem.field.strip_prefix("/configuration/");
        let question = answer.and_then(|name| self.choices.form.as_ref()?.question(name));
        if let Some(question) = question {
            return question.title.clone();
        }
        let name = problem.field.trim_start_matches('/');
        capitalized(&name.replace(['_', '/'], " "))
    }

    fn sentence(&self, problem: &Problem) -> String {
        capitalized(&problem.reason)
    }

    /// Where a problem's field is on the page.
    fn anchor(&self, problem: &Problem) -> String {
        let name = problem.field.trim_start_matches('/');
        match name.is_empty() {
            true => "change".into(),
            false if name.starts_with(ANSWERS) => name.into(),
            false => name.replace('/', "_"),
        }
    }

    fn plan_label(&self, choice: &Choice) -> String {
        let cadence = choice.target.item.cadence;
        format!(
            "{}, billed {}: {} per license",
            cadence.term_label(),
            cadence.cycle_label(),
            choice.price.unit.customer
        )
    }

    fn upgrade_label(&self, choice: &Choice) -> String {
        format!(
            "{}: {} per license",
            choice.target.item.name, choice.price.unit.customer
        )
    }

    fn upgrade_value(&self, choice: &Choice) -> String {
        format!("{} {}", choice.target.item.offer, choice.target.item.plan)
    }

    fn slot_words(&self, slot: &Slot) -> &'static str {
        match slot {
            Slot::Now => "is changing it now",
            Slot::Date => "is planned for a date",
            Slot::Renewal => "is planned for its renewal",
        }
    }

    /// What the distributor's percentage is now; nothing where there is none.
    fn distributor_markup(&self) -> String {
        let markups = self.found().markups;
        let percent = markups.and_then(|markups| markups.distributor);
        percent.map_or_else(String::new, Percent::words)
    }

    fn is_suspended(&self) -> bool {
        matches!(self.found().state, SubscriptionState::Suspended { .. })
    }
}

/// What an address fills in: the number that somebody would have in all.
#[derive(Deserialize)]
pub(crate) struct FilledIn {
    quantity: Option<u32>,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, subscription)): Path<(String, String)>,
    Query(filled): Query<FilledIn>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id = subscription.parse().map_err(|_| app::Error::NotFound)?;
    let quantity = filled.quantity.iter();
    let asked = Shown {
        typed: quantity
            .map(|quantity| ("quantity".to_owned(), quantity.to_string()))
            .collect(),
        problems: Vec::new(),
        preview: None,
    };
    page(&web, &visitor, &access, id, asked).await
}

struct Shown {
    typed: Typed,
    problems: Vec<Problem>,
    preview: Option<Changed>,
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    id: SubscriptionId,
    shown: Shown,
) -> Result<Response, Page> {
    let details = web.app.subscription(access, id).await?;
    let may = |permission| access.standing().may(permission);
    let may_change =
        may(Permission::ChangeSubscriptions) && !details.subscription.state.has_ended();
    let choices = match may_change {
        true => web.app.change_choices(access, id).await?,
        false => Choices::default(),
    };
    let vendor = details.subscription.item.vendor;
    let terms = web.app.terms_for(access, [vendor]).await?;
    let may_price = may(Permission::EditSubscriptionMarkup);
    let roles = access.standing().roles();
    let status = match shown.problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = SubscriptionPage {
        frame: Frame::new(web, visitor, access, Section::Subscriptions).await?,
        details,
        choices,
        terms,
        typed: shown.typed,
        problems: shown.problems,
        preview: shown.preview,
        may_change,
        may_price,
        may_price_as_distributor: may_price
            && roles.iter().any(|role| role.side() == Side::Distributor),
    };
    Ok((status, render(&page)).into_response())
}

/// Previews the change, or orders it: which of the two the pressed button says.
pub(crate) async fn change(
    State(web): State<Web>,
    Path((organization, subscription)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form: typed,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    let id: SubscriptionId = subscription.parse().map_err(|_| app::Error::NotFound)?;
    let mode = match typed.get("step").map(String::as_str) {
        Some("order") => Mode::Commit,
        _ => Mode::DryRun,
    };
    let found = web.app.subscription(&access, id).await?.subscription;
    let (mut wish, mut problems) = read(&typed, &found);
    let form = web.app.change_choices(&access, id).await?.form;
    wish.configuration = answers::read(form.as_ref(), ANSWERS, &typed);
    // A box without its mark says no, which an unanswered question says as well.
    let unset = serde_json::Value::Bool(false);
    wish.configuration
        .retain(|name, answer| found.parameters.get(name).unwrap_or(&unset) != answer);
    let mut shown = Shown {
        typed,
        problems: Vec::new(),
        preview: None,
    };
    if problems.is_empty() {
        let change = Change {
            wish,
            accept_terms: shown.typed.contains_key("accept_terms"),
            terms_version: shown.typed.get("terms_version").cloned(),
            zone: Some(preferences::zone()),
        };
        let expected = shown
            .typed
            .get("version")
            .and_then(|version| version.parse().ok());
        let conditions = Conditions {
            expected,
            once: None,
        };
        let changed = web
            .app
            .change_subscription(&access, id, change, conditions, mode);
        match changed.await {
            Ok(changed) if mode == Mode::Commit => {
                let address = format!("/o/{organization}/orders?panel={}", changed.order.number);
                return Ok(Redirect::to(&address).into_response());
            }
            Ok(changed) => shown.preview = Some(changed),
            Err(app::Error::Problems(found)) => problems = found,
            Err(app::Error::Invalid { field, reason }) => {
                problems.push(Problem::new(field, reason.0));
            }
            Err(
                error
                @ (app::Error::InFlight { .. } | app::Error::Refused(_) | app::Error::Changed),
            ) => problems.push(Problem::new("", words(&error))),
            Err(error @ app::Error::TermsChanged { .. }) => {
                // What was accepted is not what is in force.
                shown.typed.remove("accept_terms");
                problems.push(Problem::new("", words(&error)));
            }
            Err(error) => return Err(Page(error)),
        }
    }
    shown.problems = problems;
    page(&web, &visitor, &access, id, shown).await
}

/// The wish of a form: a field that stands as it was is no wish.
fn read(typed: &Typed, found: &SeenSubscription) -> (TypedWish, Vec<Problem>) {
    let mut problems = Vec::new();
    let text = |field: &str| {
        let text = typed.get(field).map(|text| text.trim()).unwrap_or_default();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut number = |field: &'static str, pointer: &'static str| match text(field)?.parse::<i64>()
    {
        Ok(number) => Some(number),
        Err(_) => {
            problems.push(Problem::new(pointer, "must be a whole number"));
            None
        }
    };
    let quantity = number("quantity", "/quantity").filter(|n| *n != i64::from(found.quantity));
    let seats = number("upgrade_seats", "/upgrade/seats");
    let plan = text("plan").and_then(|plan| plan.parse().ok());
    let upgrade = text("upgrade").and_then(|chosen| {
        let (offer, plan) = chosen.split_once(' ')?;
        Some(TypedUpgrade {
            offer: offer.parse().ok()?,
            plan: plan.parse().ok()?,
            seats,
            into: None,
        })
    });
    let had = |offer| {
        let mut addons = found.addons.iter();
        let had = addons.find(|(item, _)| item.offer == offer);
        had.map_or(0, |(_, price)| i64::from(price.quantity))
    };
    let addons = typed.keys().filter_map(|field| {
        let offer = field.strip_prefix("addon_")?.parse().ok()?;
        let quantity: i64 = text(field)?.parse().unwrap_or(-1);
        (quantity != had(offer)).then_some(TypedAddon {
            offer,
            plan: None,
            quantity,
        })
    });
    // As the field shows it, or to the last digit.
    let is = |typed: &str, now: Percent| [now.words(), now.into()].iter().any(|now| now == typed);
    let other = |field: &str, now: Option<Percent>| {
        text(field).filter(|typed| !now.is_some_and(|now| is(typed, now)))
    };
    let seller = found.markups.map(|markups| markups.seller);
    let distributor = found.markups.and_then(|markups| markups.distributor);
    let when = match text("when").as_deref() {
        Some("date") => text("date").or_else(|| Some("?".into())),
        other => other.map(str::to_owned),
    };
    let wish = TypedWish {
        quantity,
        status: text("status"),
        auto_renewal: Some(typed.contains_key("auto_renewal")),
        name: text("name").filter(|name| *name != found.name),
        plan: plan.filter(|plan| *plan != found.item.plan),
        upgrade,
        addons: addons.collect(),
        configuration: serde_json::Map::new(),
        markup: other("markup", seller),
        distributor_markup: other("distributor_markup", distributor),
        target_price: text("target_price"),
        when,
        in_steps: typed.contains_key("in_steps"),
    };
    (wish, problems)
}
