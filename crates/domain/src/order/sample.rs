//! Orders and lines that tests start from.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::change::{Part, RequestedChange};
use super::line::{Item, Line, LinePrice, LineState};
use super::{Order, Stage};
use crate::event::Actor;
use crate::id::{
    LineId, OfferId, OrderId, OrganizationId, PlanId, SubscriptionId, UserId, VendorId,
};
use crate::money::{Currency, Money};
use crate::offer::Cadence;
use crate::price::UnitPrices;
use crate::provisioning::{BY_HAND, Doubt, Failure};
use crate::text::{Contact, Email};

/// 15 January 2027, 08:00 UTC.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("an instant")
}

pub(crate) fn actor() -> Actor {
    Actor {
        user: UserId(Uuid::from_u128(1)),
        person: "Saulė Petraitė".into(),
        email: "seller-admin@baltic.example".into(),
        organization: OrganizationId(Uuid::from_u128(2)),
        organization_name: "Baltic Cloud".into(),
    }
}

pub(crate) fn money(minor: i64) -> Money {
    let currency = Currency::parse("EUR").expect("a currency");
    Money { minor, currency }
}

pub(crate) fn line(id: u128) -> Line {
    Line {
        id: LineId(Uuid::from_u128(id)),
        item: Item {
            offer: OfferId(Uuid::from_u128(1)),
            plan: PlanId(Uuid::from_u128(1)),
            vendor: VendorId(Uuid::from_u128(1)),
            vendor_name: "Microsoft".into(),
            name: "Microsoft 365 E3".into(),
            product: "microsoft-365".into(),
            vendor_plan: "e3".into(),
            has_tenant: true,
            cadence: Cadence {
                term_months: 12,
                cycle_months: 1,
            },
            questions: Vec::new(),
        },
        parent: None,
        change: RequestedChange::Purchase { quantity: 10 },
        subscription: SubscriptionId(Uuid::from_u128(id)),
        vendor_reference: None,
        contact: Contact {
            email: Email::parse("ieva@amber.example").expect("an address"),
            name: "Ieva".into(),
            surname: "Berg".into(),
        },
        tenant: Some("amber.onmicrosoft.com".into()),
        parameters: serde_json::Map::new(),
        corrected: BTreeSet::new(),
        period: None,
        cancellable_until: None,
        after: None,
        markups: None,
        destination: None,
        is_recorded: false,
        price: LinePrice {
            unit: UnitPrices {
                cost: money(1_000),
                retail: money(1_500),
                partner: money(1_000),
                customer: money(1_200),
            },
            quantity: 10,
            basis: None,
        },
        state: LineState::Started,
    }
}

/// A cart with a line for each number.
pub(crate) fn cart(lines: &[u128]) -> Order {
    let id = OrderId(Uuid::from_u128(1));
    let customer = OrganizationId(Uuid::from_u128(3));
    let (mut order, _) = Order::start(id, customer, 10_000_001, actor(), now());
    order.lines = lines.iter().map(|id| line(*id)).collect();
    order
}

/// An order in a stage, with a line for each state.
pub(crate) fn order(stage: Stage, states: Vec<LineState>) -> Order {
    let lines = (1u128..).zip(states);
    Order {
        stage,
        placed_at: Some(now()),
        lines: lines
            .map(|(id, state)| Line { state, ..line(id) })
            .collect(),
        ..cart(&[])
    }
}

pub(crate) fn finished() -> LineState {
    LineState::Finished {
        vendor_reference: "v".into(),
        at: now(),
    }
}

pub(crate) fn failed(code: &str, message: &str) -> LineState {
    LineState::Failed {
        attempt: 1,
        failure: Failure {
            code: code.into(),
            message: message.into(),
            field: None,
        },
        at: now(),
    }
}

pub(crate) fn checking() -> LineState {
    let doubt = Doubt {
        since: now(),
        evidence: "silence".into(),
        checks: 0,
    };
    LineState::Checking {
        attempt: 1,
        doubt,
        asked: None,
        is_with_people: false,
    }
}

pub(crate) fn accepted() -> LineState {
    LineState::Accepted {
        attempt: 1,
        operation: None,
        since: now(),
    }
}

/// Accepted by a vendor that is a person with a form.
pub(crate) fn by_hand() -> LineState {
    LineState::Accepted {
        attempt: 1,
        operation: Some(BY_HAND.into()),
        since: now(),
    }
}

pub(crate) fn sending() -> LineState {
    LineState::Sending {
        attempt: 1,
        since: now(),
    }
}

/// One of each state.
pub(crate) fn states() -> Vec<LineState> {
    vec![
        LineState::Started,
        LineState::PendingApproval,
        LineState::Scheduled,
        LineState::Queued { attempt: 1 },
        sending(),
        checking(),
        accepted(),
        finished(),
        failed("E", "no"),
        LineState::Rejected,
        LineState::Canceled,
        LineState::Deleted,
    ]
}

/// One of each change.
pub(crate) fn changes() -> Vec<RequestedChange> {
    use RequestedChange as C;
    let (a, b) = ("Office 365 E1".to_owned(), "Microsoft 365 E3".to_owned());
    let addon = || "Defender".to_owned();
    let percent = |n| Decimal::new(n, 1);
    vec![
        C::Purchase { quantity: 25 },
        C::Quantity { from: 10, to: 15 },
        C::Quantity { from: 15, to: 10 },
        C::Suspend,
        C::Reactivate,
        C::Cancel,
        C::Upgrade {
            from: a.clone(),
            to: b.clone(),
            part: None,
        },
        C::Upgrade {
            from: a.clone(),
            to: b.clone(),
            part: Some(Part { seats: 4, of: 10 }),
        },
        C::Downgrade { from: b, to: a },
        C::TermDuration {
            from: "1 month".into(),
            to: "1 year".into(),
        },
        C::BillingCycle {
            from: "monthly".into(),
            to: "annual".into(),
        },
        C::AutoRenewal {
            from: true,
            to: false,
        },
        C::Rename {
            from: "Sales".into(),
            to: "Sales and support".into(),
        },
        C::AddonAdd {
            addon: addon(),
            quantity: 5,
        },
        C::AddonQuantity {
            addon: addon(),
            from: 5,
            to: 8,
        },
        C::AddonRemove {
            addon: addon(),
            quantity: 8,
        },
        C::Configuration {
            field: "Region".into(),
            title: None,
            from: "west".into(),
            to: "north".into(),
            answer: None,
        },
        C::Markup {
            from: percent(50),
            to: percent(75),
        },
        C::MarkupDistributor {
            from: percent(-10),
            to: percent(0),
        },
        C::TargetPrice {
            from: money(1_200),
            to: money(1_350),
        },
        C::Cost {
            from: money(800),
            to: money(840),
        },
    ]
}
