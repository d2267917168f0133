//! What a visitor may do with an order now: the buttons and forms of lists, panel and details, from the
//! domain's table of transitions, and what becomes of a form that is sent.

use app::access::Access;
use app::orders::{Conditions, may};
use app::{Error, Mode};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::order::action::Action;
use domain::order::next::NextStep;
use domain::order::seen::SeenOrder;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::kept::safe_address;
use super::{order, preferences};
use crate::Web;
use crate::api::action::ActionBody;
use crate::error::{Page, sentence, words};
use crate::posted::Posted;

/// What needs no more than a button: action, its name in addresses, its words.
const BUTTONS: [(Action, &str, &str); 9] = [
    (
        Action::ContinuePurchase,
        "continue_purchase",
        "Continue purchase",
    ),
    (Action::SaveAsDraft, "save_as_draft", "Save as draft"),
    (Action::Restore, "restore", "Restore order"),
    (Action::Approve, "approve", "Approve"),
    (Action::Withdraw, "withdraw", "Withdraw order"),
    (Action::CancelSchedule, "cancel_schedule", "Cancel schedule"),
    (Action::GiveUp, "give_up", "Give up"),
    (Action::Archive, "archive", "Archive"),
    (Action::Delete, "delete", "Delete order"),
];

/// What this visitor may do with the order now.
pub(crate) struct Forms {
    pub(crate) buttons: Vec<(&'static str, &'static str)>,
    pub(crate) may_place: bool,
    pub(crate) may_cancel: bool,
    pub(crate) may_retry: bool,
    pub(crate) may_reject: bool,
    pub(crate) may_resolve: bool,
    pub(crate) may_note: bool,
    pub(crate) may_note_internally: bool,
    pub(crate) may_fulfill: bool,
}

impl Forms {
    pub(crate) fn new(order: &SeenOrder, access: &Access, now: Timestamp) -> Forms {
        let can = |action| may(order, access, action, now);
        let offered = BUTTONS.into_iter().filter(|(action, ..)| can(*action));
        Forms {
            buttons: offered.map(|(_, name, label)| (name, label)).collect(),
            may_place: can(Action::Place),
            may_cancel: can(Action::CancelItem),
            may_retry: can(Action::Retry),
            may_reject: can(Action::Reject),
            may_resolve: can(Action::ResolveDoubt),
            may_note: can(Action::AddNote),
            may_note_internally: access.visibility().internal,
            may_fulfill: access.standing().may(Permission::FulfillManually),
        }
    }
}

/// What happens next with an order, for a reader with these rights.
pub(crate) fn next_step(order: &SeenOrder, access: &Access, now: Timestamp) -> NextStep {
    order.next_step(&preferences::zone(), |action| {
        may(order, access, action, now)
    })
}

/// The name of an action that needs no more than a button.
pub(crate) fn button_of(action: Action) -> Option<&'static str> {
    let found = BUTTONS.iter().find(|(known, ..)| *known == action);
    found.map(|(_, name, _)| *name)
}

/// A form that acts on an order, as it was sent; kept as text, so that nothing typed is lost.
pub(crate) struct Sent {
    action: String,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// What a field says, if the form has it.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What was typed into a field of the form for an action on an item.
    pub(crate) fn typed(&self, action: &str, item: &str, name: &str) -> Option<&str> {
        let is_same = self.action == action && self.get("item").unwrap_or_default() == item;
        self.get(name).filter(|_| is_same)
    }

    /// The item that the form is about; empty for one about the whole order.
    pub(crate) fn item(&self) -> &str {
        self.get("item").unwrap_or_default()
    }

    /// Answers to the offer's form: a field each, named `parameters/NAME`.
    fn parameters(&self) -> Map<String, Value> {
        let named = self.fields.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("parameters/")?;
            Some((name.to_owned(), Value::String(value.clone())))
        });
        named.collect()
    }

    /// The version that a decision is about: what was decided is what was shown.
    fn shown(&self) -> Option<i64> {
        let is_decision = matches!(self.action.as_str(), "approve" | "reject" | "withdraw");
        let version = self.get("version").filter(|_| is_decision);
        version.and_then(|version| version.parse().ok())
    }

    fn body(&self) -> ActionBody {
        let text = |name: &str| self.get(name).map(str::to_owned);
        ActionBody {
            item: text("item"),
            reason: text("reason"),
            comment: text("comment"),
            text: text("text"),
            internal: self.get("internal").is_some(),
            resolution: text("resolution"),
            vendor_reference: text("vendor_reference"),
            starts_on: text("starts_on"),
            ends_on: text("ends_on"),
            contact_email: text("contact_email"),
            contact_name: text("contact_name"),
            contact_surname: text("contact_surname"),
            tenant: text("tenant"),
            parameters: self.parameters(),
        }
    }
}

/// Acts on an order and shows the page that it was sent from; a refusal is told on the page of the
/// order, beside what was typed.
pub(crate) async fn act(
    State(web): State<Web>,
    Path((organization, number, action)): Path<(String, String, String)>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let sent = Sent { action, fields };
    let number: u64 = number.parse().map_err(|_| Error::NotFound)?;
    let next = match (
        sent.action.as_str(),
        sent.get("next").and_then(safe_address),
    ) {
        ("continue_purchase", _) => format!("/o/{organization}/cart"),
        (_, Some(next)) => next.to_owned(),
        (_, None) => format!("/o/{organization}/orders/{number}"),
    };
    let done = match sent.body().command(&sent.action, web.app.note_id()) {
        Ok(command) => {
            let conditions = Conditions {
                expected: sent.shown(),
                once: None,
            };
            let app = &web.app;
            app.command(&access, number, command, conditions, Mode::Commit)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(Redirect::to(&next).into_response()),
        Err(
            error @ (Error::Invalid { .. }
            | Error::Problems(_)
            | Error::InFlight { .. }
            | Error::Refused(_)
            | Error::Changed),
        ) => {
            let problem = Problem::new(&error, sent);
            let page = order::page(&web, &visitor, &access, number, Some(problem)).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

/// Why a form was refused, and the form.
pub(crate) struct Problem {
    pub(crate) words: String,
    /// The id of the field to correct, where one is to blame.
    pub(crate) field: Option<String>,
    pub(crate) sent: Sent,
}

impl Problem {
    fn new(error: &Error, sent: Sent) -> Problem {
        let name = match error {
            Error::Invalid { field, .. } => Some(field.trim_start_matches('/')),
            Error::Problems(problems) => {
                let first = problems.first();
                first.map(|problem| problem.field.trim_start_matches('/'))
            }
            _ => None,
        };
        let words = match error {
            Error::Problems(problems) => {
                let told = problems.iter().map(|one| sentence(&one.field, &one.reason));
                told.collect::<Vec<_>>().join("; ")
            }
            other => words(other),
        };
        Problem {
            words,
            field: name.map(|name| field_id(name, sent.item())),
            sent,
        }
    }
}

/// The id of a field in the form for an item; the summary of what is wrong links to it.
pub(crate) fn field_id(name: &str, item: &str) -> String {
    match item {
        "" => name.to_owned(),
        item => format!("{name}-{item}"),
    }
}
