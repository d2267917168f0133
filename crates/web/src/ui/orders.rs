//! Recent and Historical orders with the side panel, and an order's details.

use app::access::Access;
use app::orders::{Conditions, Listing, may};
use app::{Error, Mode};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::event::Event;
use domain::order::action::Action;
use domain::order::line::LineState;
use domain::order::phase::{Tab, View};
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Frame;
use crate::Web;
use crate::api::view::ActionBody;
use crate::error::{Page, render, words};
use crate::visitor::Visitor;

/// A list's address.
#[derive(Deserialize)]
pub(crate) struct Question {
    #[serde(default)]
    panel: Option<u64>,
    #[serde(default)]
    tab: Option<String>,
    /// Where the page before ended.
    #[serde(default)]
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    is_recent: bool,
    tab: &'static str,
    orders: Vec<SeenOrder>,
    next: Option<String>,
    panel: Option<SeenOrder>,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    order: SeenOrder,
    events: Vec<Event>,
    forms: Forms,
    problem: Option<String>,
}

/// What this visitor may do with the order now, from the transition table.
struct Forms {
    buttons: Vec<(&'static str, &'static str)>,
    may_retry: bool,
    may_reject: bool,
    may_resolve: bool,
    may_note: bool,
    may_note_internally: bool,
    may_fulfill: bool,
}

impl Forms {
    fn new(order: &SeenOrder, access: &Access) -> Forms {
        let can = |action| may(order, access, action);
        let buttons = [
            (
                Action::ContinuePurchase,
                "continue_purchase",
                "Continue purchase",
            ),
            (Action::SaveAsDraft, "save_as_draft", "Save as draft"),
            (Action::Delete, "delete", "Delete order"),
            (Action::Restore, "restore", "Restore order"),
            (Action::Approve, "approve", "Approve"),
            (Action::Withdraw, "withdraw", "Withdraw order"),
            (Action::CancelSchedule, "cancel_schedule", "Cancel schedule"),
            (Action::GiveUp, "give_up", "Give up"),
            (Action::Archive, "archive", "Archive"),
        ];
        let offered = buttons.into_iter().filter(|(action, ..)| can(*action));
        Forms {
            buttons: offered.map(|(_, name, label)| (name, label)).collect(),
            may_retry: can(Action::Retry),
            may_reject: can(Action::Reject),
            may_resolve: can(Action::ResolveDoubt),
            may_note: can(Action::AddNote),
            may_note_internally: access.visibility().internal,
            may_fulfill: access.standing().may(Permission::FulfillManually),
        }
    }
}

impl OrderPage {
    fn shows_cost(&self) -> bool {
        self.order
            .lines
            .iter()
            .any(|line| line.price.inside.is_some())
    }

    fn is_failed(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Failed { .. })
    }

    fn is_doubtful(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Checking { .. })
    }

    /// The vendor is a person, and it is their turn.
    fn waits_for_a_person(&self, line: &SeenLine) -> bool {
        matches!(
            line.state,
            LineState::Accepted {
                operation: None,
                ..
            }
        )
    }
}

/// An action as a form sends it; what an action does not need stays empty.
#[derive(Deserialize)]
pub(crate) struct ActionForm {
    token: String,
    #[serde(default)]
    item: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    internal: Option<String>,
    #[serde(default)]
    resolution: Option<String>,
    #[serde(default)]
    vendor_reference: Option<String>,
    #[serde(default)]
    starts_on: Option<String>,
    #[serde(default)]
    ends_on: Option<String>,
    #[serde(default)]
    contact_email: Option<String>,
    #[serde(default)]
    contact_name: Option<String>,
    #[serde(default)]
    contact_surname: Option<String>,
    #[serde(default)]
    tenant: Option<String>,
}

#[expect(clippy::ptr_arg, reason = "what Option::filter passes")]
fn is_typed(text: &String) -> bool {
    !text.trim().is_empty()
}

/// Acts on an order and shows it; a refusal is told on the page of the order.
pub(crate) async fn act(
    State(web): State<Web>,
    Path((organization, number, action)): Path<(String, String, String)>,
    visitor: Visitor,
    Form(form): Form<ActionForm>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number: u64 = number.parse().map_err(|_| Error::NotFound)?;
    let body = ActionBody {
        item: form.item,
        reason: form.reason,
        text: form.text,
        internal: form.internal.is_some(),
        resolution: form.resolution,
        vendor_reference: form.vendor_reference,
        starts_on: form.starts_on,
        ends_on: form.ends_on,
        // A field that is left empty stays as it was.
        contact_email: form.contact_email.filter(is_typed),
        contact_name: form.contact_name.filter(is_typed),
        contact_surname: form.contact_surname.filter(is_typed),
        tenant: form.tenant.filter(is_typed),
        parameters: serde_json::Map::new(),
    };
    let done = match body.command(&action) {
        Ok(command) => {
            let app = &web.app;
            app.command(
                &access,
                number,
                command,
                Conditions::default(),
                Mode::Commit,
            )
            .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) if action == "continue_purchase" => {
            Ok(Redirect::to(&format!("/o/{organization}/cart")).into_response())
        }
        Ok(_) => Ok(Redirect::to(&format!("/o/{organization}/orders/{number}")).into_response()),
        Err(error @ (Error::Invalid { .. } | Error::Refused(_) | Error::Changed)) => {
            let page = page(&web, &visitor, &access, number, Some(words(&error))).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

impl OrderPage {
    fn total(&self) -> String {
        self.order
            .total
            .map_or_else(String::new, |total| total.to_string())
    }
}

pub(crate) async fn recent(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let listing = Listing::of(View::Recent);
    list(&web, &visitor, &access, &question, listing).await
}

pub(crate) async fn historical(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let tab = match question.tab.as_deref() {
        Some("draft") => Tab::Draft,
        Some("all") => Tab::All,
        _ => Tab::Active,
    };
    let listing = Listing {
        tab,
        ..Listing::of(View::Historical)
    };
    list(&web, &visitor, &access, &question, listing).await
}

async fn list(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    question: &Question,
    mut listing: Listing,
) -> Result<Response, Page> {
    let after = question.after.as_deref();
    listing.from = after.and_then(|word| listing.read_cursor(word).ok());
    let page = web.app.orders(access, &listing).await?;
    let next = page.next(listing.sort).map(|edge| listing.cursor(edge));
    let orders = page.orders;
    let panel = match question.panel {
        Some(number) => Some(web.app.order(access, number).await?.0),
        None => None,
    };
    let frame = Frame::new(visitor, access);
    let is_recent = listing.view == View::Recent;
    let tab = listing.tab.name();
    Ok(render(&OrdersPage {
        frame,
        is_recent,
        tab,
        orders,
        next,
        panel,
    }))
}

pub(crate) async fn details(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| app::Error::NotFound)?;
    page(&web, &visitor, &access, number, None).await
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    number: u64,
    problem: Option<String>,
) -> Result<Response, Page> {
    let (order, events) = web.app.order(access, number).await?;
    Ok(render(&OrderPage {
        frame: Frame::new(visitor, access),
        forms: Forms::new(&order, access),
        order,
        events,
        problem,
    }))
}

/// The words that several pages say of an order.
pub(crate) mod say {
    use super::{LineState, SeenLine, SeenOrder, TimeZone, Timestamp};

    pub(crate) fn name(order: &SeenOrder) -> String {
        order.name(&TimeZone::UTC)
    }

    /// Placed; created while it is not.
    pub(crate) fn date(order: &SeenOrder) -> String {
        instant(&order.listed_at())
    }

    /// The latest note, cut to a line.
    pub(crate) fn latest_note(order: &SeenOrder) -> String {
        let text = order.notes.last().map_or("", |note| note.text.as_str());
        let first = text.lines().next().unwrap_or_default();
        match first.chars().count() {
            0..=60 => first.to_owned(),
            _ => first.chars().take(59).chain(['…']).collect(),
        }
    }

    pub(crate) fn instant(at: &Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// For a dense list; the full instant stands in its title.
    pub(crate) fn short(order: &SeenOrder) -> String {
        order.listed_at().strftime("%-d %b %Y %H:%M").to_string()
    }

    /// The style of a status; the label always stands beside it.
    pub(crate) fn tone(order: &SeenOrder) -> &'static str {
        use domain::order::phase::Status as S;
        match order.status {
            S::ProvisioningFinished | S::Completed => "good",
            S::ProvisioningFailed | S::CompletedWithErrors | S::Rejected => "bad",
            S::ProvisioningStarted | S::InProgress | S::PendingApproval | S::Scheduled => "busy",
            S::Started | S::Draft | S::Deleted | S::Canceled => "calm",
        }
    }

    /// `15`, or `10 now → 15 after provisioning`.
    pub(crate) fn totals(line: &SeenLine) -> String {
        let totals = line.totals;
        match totals.after {
            Some(after) => format!("{} now → {after} after provisioning", totals.now),
            None => totals.now.to_string(),
        }
    }

    /// What a line needs to say beyond its label: the vendor's reason, or since when we are checking.
    pub(crate) fn remark(line: &SeenLine) -> Option<String> {
        match &line.state {
            LineState::Failed { failure, .. } => Some(failure.message.clone()),
            LineState::Checking { doubt, .. } => Some(format!(
                "Checking with the vendor since {}",
                doubt.since.strftime("%H:%M UTC")
            )),
            _ => None,
        }
    }
}
