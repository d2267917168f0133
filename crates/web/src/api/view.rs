//! The API's words for orders, offers and subscriptions: what their reader may see, and nothing else.

use app::access::Access;
use app::carts::TypedPayment;
use app::orders::may;
use app::subscriptions::TypedAddon;
use domain::event::Actor;
use domain::money::Money;
use domain::order::OrderKind;
use domain::order::action::Action;
use domain::order::approval::{Approval, ApprovalState};
use domain::order::line::LineState;
use domain::order::note::Note;
use domain::order::payment::{Method, Payment};
use domain::order::phase::{Status, View};
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An amount in minor units.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoneyView {
    minor: i64,
    currency: &'static str,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> MoneyView {
        MoneyView {
            minor: money.minor,
            currency: money.currency.code(),
        }
    }
}

/// Who created an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatorView {
    person: String,
    organization: String,
}

impl CreatorView {
    pub(super) fn new(actor: &Actor) -> CreatorView {
        CreatorView {
            person: actor.person.clone(),
            organization: actor.organization_name.clone(),
        }
    }
}

/// A requested change, frozen when the order was placed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeView {
    kind: String,
    from: Option<Value>,
    to: Option<Value>,
    text: String,
}

/// A note on an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteView {
    id: String,
    text: String,
    person: String,
    organization: String,
    at: String,
    internal: bool,
}

impl NoteView {
    fn new(note: &Note) -> NoteView {
        NoteView {
            id: note.id.to_string(),
            text: note.text.clone(),
            person: note.author.person.clone(),
            organization: note.author.organization_name.clone(),
            at: note.at.to_string(),
            internal: note.is_internal,
        }
    }
}

/// The decision of an organization that has to agree before an order goes to its vendors.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    organization: String,
    /// `open`, `approved` or `rejected`.
    state: &'static str,
    /// Who decided.
    person: Option<String>,
    at: Option<String>,
    /// Why it was rejected; for staff also what was said with an approval.
    comment: Option<String>,
}

impl ApprovalView {
    fn new(approval: &Approval) -> ApprovalView {
        let (state, by, at, comment) = match &approval.state {
            ApprovalState::Open => ("open", None, None, None),
            ApprovalState::Approved { by, at, comment } => {
                ("approved", Some(by), Some(at), comment.clone())
            }
            ApprovalState::Rejected { by, at, reason } => {
                ("rejected", Some(by), Some(at), Some(reason.clone()))
            }
        };
        ApprovalView {
            organization: approval.organization_name.clone(),
            state,
            person: by.map(|by| by.person.clone()),
            at: at.map(ToString::to_string),
            comment,
        }
    }
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemView {
    id: String,
    /// The item that it is an add-on to.
    #[serde(skip_serializing_if = "Option::is_none")]
    addon_to: Option<String>,
    name: String,
    vendor: String,
    quantity: u32,
    status_label: &'static str,
    /// What the vendor said, where it refused.
    reason: Option<String>,
    subscription: String,
    contact_email: String,
    contact_name: String,
    contact_surname: String,
    /// Microsoft only.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// Answers to the offer's form.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    parameters: Map<String, Value>,
    unit_price: MoneyView,
    licenses_now: u32,
    licenses_after: Option<u32>,
}

/// How an order is paid.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentView {
    /// `invoice` or `card`.
    method: &'static str,
    /// What the card on file is called.
    card_reference: Option<String>,
    /// The customer's own number for the order.
    purchase_order: Option<String>,
}

impl PaymentView {
    fn new(payment: &Payment) -> PaymentView {
        PaymentView {
            method: payment.method.name(),
            card_reference: match &payment.method {
                Method::Invoice => None,
                Method::Card { reference } => Some(reference.clone()),
            },
            purchase_order: payment.purchase_order.clone(),
        }
    }
}

/// An order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderView {
    number: u64,
    name: String,
    kind: OrderKind,
    view: Option<View>,
    status: Status,
    status_label: &'static str,
    requested_changes: Vec<ChangeView>,
    created_by: CreatorView,
    created_at: String,
    placed_at: Option<String>,
    items: Vec<ItemView>,
    /// Who has to agree, the nearest to the customer first.
    approvals: Vec<ApprovalView>,
    /// The date that it waits for, now or once it is approved.
    scheduled_on: Option<String>,
    /// Why it was rejected or stopped.
    reason: Option<String>,
    payment: PaymentView,
    notes: Vec<NoteView>,
    allowed_actions: Vec<Action>,
    pub(crate) version: i64,
}

impl OrderView {
    pub(crate) fn new(order: &SeenOrder, access: &Access, now: Timestamp) -> OrderView {
        OrderView {
            number: order.number,
            name: order.name(&TimeZone::UTC),
            kind: order.kind,
            view: order.view,
            status: order.status,
            status_label: order.status.label(),
            requested_changes: order.lines.iter().map(change).collect(),
            created_by: CreatorView::new(&order.created_by),
            created_at: order.created_at.to_string(),
            placed_at: order.placed_at.map(|at| at.to_string()),
            items: order.lines.iter().map(item_view).collect(),
            approvals: order.approvals.iter().map(ApprovalView::new).collect(),
            scheduled_on: order.scheduled_on.map(|on| on.to_string()),
            reason: order.rejection.clone().or_else(|| order.stopped.clone()),
            payment: PaymentView::new(&order.payment),
            notes: order.notes.iter().map(NoteView::new).collect(),
            allowed_actions: Action::ALL
                .into_iter()
                .filter(|action| may(order, access, *action, now))
                .collect(),
            version: order.version,
        }
    }
}

fn item_view(line: &SeenLine) -> ItemView {
    ItemView {
        id: line.id.to_string(),
        addon_to: line.parent.map(|license| license.to_string()),
        name: line.item.name.clone(),
        vendor: line.item.vendor_name.clone(),
        quantity: line.price.quantity,
        status_label: line.state.label(),
        reason: match &line.state {
            LineState::Failed { failure, .. } => Some(failure.message.clone()),
            _ => None,
        },
        subscription: line.subscription.to_string(),
        contact_email: line.contact.email.to_string(),
        contact_name: line.contact.name.clone(),
        contact_surname: line.contact.surname.clone(),
        tenant: line.tenant.clone(),
        parameters: line.parameters.clone(),
        unit_price: line.price.unit.into(),
        licenses_now: line.totals.now,
        licenses_after: line.totals.after,
    }
}

fn change(line: &SeenLine) -> ChangeView {
    let fields = word(&line.change);
    let field = |name: &str| fields.get(name).cloned();
    ChangeView {
        kind: field("kind")
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default(),
        from: field("from"),
        to: field("to").or_else(|| field("quantity")),
        text: line.change.text(),
    }
}

/// The stable name of a domain value.
fn word(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// What `app::carts::AddItem` reads.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes a command of app, which knows nothing of OpenAPI"
)]
pub(crate) struct AddItemView {
    offer: String,
    plan: String,
    quantity: i64,
    contact_email: String,
    contact_name: String,
    contact_surname: String,
    tenant: Option<String>,
    /// Answers to the offer's form, by name.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    /// What is bought with it.
    addons: Option<Vec<TypedAddon>>,
}

/// What `app::carts::ChangeItem` reads.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes a command of app, which knows nothing of OpenAPI"
)]
pub(crate) struct ChangeItemView {
    quantity: i64,
}

/// What `app::carts::PlaceCart` reads.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes a command of app, which knows nothing of OpenAPI"
)]
pub(crate) struct PlaceCartView {
    number: u64,
    version: i64,
    accept_terms: bool,
    /// The version that was shown, as `GET …/terms` names it: another one in force refuses the order
    /// with 409 `terms_changed`. The one in force now when absent.
    terms_version: Option<String>,
    payment: Option<TypedPayment>,
}

/// RFC 9457 with a stable code and the field's JSON pointer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer that error.rs makes")]
pub(crate) struct ProblemView {
    r#type: String,
    title: String,
    status: u16,
    code: String,
    detail: String,
    pointer: Option<String>,
    /// Names the request in our log; also in `X-Trace-Id`.
    trace_id: String,
}
