//! What becomes of an order that partners have to approve.

use uuid::Uuid;

use super::*;
use crate::order::action::Action;
use crate::order::command::Command;
use crate::order::line::LineState;
use crate::order::phase::{Phase, View};
use crate::order::sample;

const SELLER: OrganizationId = OrganizationId(Uuid::from_u128(2));
const DISTRIBUTOR: OrganizationId = OrganizationId(Uuid::from_u128(1));
const STAFF: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};
const CUSTOMER: Visibility = Visibility {
    markup_only_orders: false,
    markup: false,
    cost: false,
    internal: false,
};

fn asked(organization: OrganizationId, name: &str) -> Approval {
    Approval {
        organization,
        organization_name: name.into(),
        rules: vec!["Margin below 5 %".into()],
        state: ApprovalState::Open,
    }
}

fn waiting() -> Order {
    let mut order = sample::cart(&[1, 2]);
    order.require(vec![
        asked(SELLER, "Baltic Cloud"),
        asked(DISTRIBUTOR, "Nordic Distribution"),
    ]);
    let events = order
        .place("2026-11".into(), &sample::actor(), sample::now())
        .expect("placed");
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Placed, EventKind::HeldForApproval]);
    let detail = events[1].detail.as_deref();
    assert_eq!(detail, Some("By Baltic Cloud and Nordic Distribution"));
    let work = events.iter().filter(|event| event.line.is_some()).count();
    assert_eq!(work, 0, "nothing is sent to a vendor");
    order
}

fn approve(order: &mut Order, partner: OrganizationId) -> Result<Vec<Event>, Refusal> {
    let command = Command::Approve {
        partners: vec![partner],
        comment: Some("Credit is fine".into()),
    };
    order.obey(command, &sample::actor(), sample::now())
}

fn reject(order: &mut Order, partner: OrganizationId) -> Result<Vec<Event>, Refusal> {
    let command = Command::Reject {
        partners: vec![partner],
        reason: "Above the limit".into(),
    };
    order.obey(command, &sample::actor(), sample::now())
}

#[test]
fn it_goes_to_the_vendors_when_the_last_of_them_agrees() {
    for (first, last) in [(SELLER, DISTRIBUTOR), (DISTRIBUTOR, SELLER)] {
        let mut order = waiting();
        approve(&mut order, first).expect("the first");
        assert_eq!(order.phase(), Phase::AwaitingApproval);
        let again = approve(&mut order, first).expect_err("twice").to_string();
        assert!(again.contains("has approved it"), "{again}");
        let events = approve(&mut order, last).expect("the last");
        assert_eq!(order.phase(), Phase::Provisioning);
        let is_released = |event: &&Event| event.kind == EventKind::Released;
        assert_eq!(events.iter().filter(is_released).count(), 2);
    }
}

/// R53, the fixture of the reference: Distributor yes, Seller no → Rejected, nothing sent to vendor.
#[test]
fn one_refusal_refuses_the_whole() {
    let mut order = waiting();
    approve(&mut order, DISTRIBUTOR).expect("the distributor agrees");
    let events = reject(&mut order, SELLER).expect("the seller does not");
    assert_eq!(order.phase(), Phase::Rejected);
    assert!(order.lines.iter().all(|l| l.state == LineState::Rejected));
    assert_eq!(events[0].detail.as_deref(), Some("Above the limit"));
    assert!(events.iter().all(|event| event.kind.follow_up().is_none()));
    let late = approve(&mut order, DISTRIBUTOR).expect_err("late");
    assert_eq!(late.to_string(), "the order is rejected: Above the limit");
}

#[test]
fn nobody_decides_for_a_partner_that_they_do_not_act_for() {
    let mut order = waiting();
    let before = order.clone();
    let stranger = OrganizationId(Uuid::from_u128(9));
    let refused = approve(&mut order, stranger).expect_err("a stranger");
    assert_eq!(
        refused.to_string(),
        "it waits for Baltic Cloud and Nordic Distribution, and only people of theirs can decide"
    );
    assert!(reject(&mut order, stranger).is_err());
    assert_eq!(order, before);
}

#[test]
fn an_approval_after_a_withdrawal_is_told_who_withdrew() {
    let mut order = waiting();
    let actor = sample::actor();
    order
        .obey(Command::Withdraw, &actor, sample::now())
        .expect("withdrawn");
    let late = approve(&mut order, SELLER).expect_err("late").to_string();
    assert_eq!(
        late,
        "the order is canceled: Stopped by Saulė Petraitė (Baltic Cloud)"
    );
}

/// T10.
#[test]
fn one_with_a_date_waits_for_it_once_it_is_approved() {
    let on = sample::now() + jiff::SignedDuration::from_hours(48);
    let mut order = sample::cart(&[1]);
    order.require(vec![asked(SELLER, "Baltic Cloud")]);
    let planned = Planned {
        on,
        occasion: Occasion::Date,
    };
    order
        .hold(Some(planned), &sample::actor(), sample::now())
        .expect("held");
    let seen = order.seen_by(CUSTOMER).expect("seen").expect("an order");
    assert_eq!(seen.scheduled_on, Some(on));
    let events = approve(&mut order, SELLER).expect("approved");
    assert_eq!(order.phase(), Phase::Scheduled);
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Approved, EventKind::Scheduled]);
}

#[test]
fn an_archived_one_may_still_be_decided() {
    let mut order = waiting();
    order.archived_at = Some(sample::now());
    assert!(order.allows(Action::Approve) && !order.allows(Action::Withdraw));
    approve(&mut order, SELLER).expect("approved");
    reject(&mut order, DISTRIBUTOR).expect("rejected");
    assert_eq!(order.shown().map(|(view, _)| view), Some(View::Historical));
}

#[test]
fn a_customer_is_told_by_whom_and_nothing_of_rules_or_comments() {
    let mut order = waiting();
    approve(&mut order, SELLER).expect("approved");
    for (seen, is_inside) in [(STAFF, true), (CUSTOMER, false)] {
        let told = order.seen_by(seen).expect("seen").expect("an order");
        let names: Vec<&str> = told
            .approvals
            .iter()
            .map(|one| one.organization_name.as_str())
            .collect();
        assert_eq!(names, ["Baltic Cloud", "Nordic Distribution"]);
        let text = serde_json::to_string(&told.approvals).expect("json");
        assert_eq!(text.contains("Margin"), is_inside, "{text}");
        assert_eq!(text.contains("Credit"), is_inside, "{text}");
    }
}

#[test]
fn an_order_of_before_approvals_were_kept_is_decided_by_whoever_may() {
    let stored = serde_json::json!({ "stage": "awaiting_approval" });
    let stage: Stage = serde_json::from_value(stored).expect("an older order");
    let mut order = sample::order(stage, vec![LineState::PendingApproval]);
    approve(&mut order, SELLER).expect("approved");
    assert_eq!(order.phase(), Phase::Provisioning);
}
