//! Each situation that an order can be in, told to those who may act and to those who may not.

use jiff::SignedDuration;

use super::*;
use crate::access::Visibility;
use crate::order::change::RequestedChange;
use crate::order::line::Line;
use crate::order::{Order, Stage, sample};

const CUSTOMER: Visibility = Visibility {
    markup_only_orders: false,
    markup: false,
    cost: false,
    internal: false,
};

/// Each situation by its name.
fn situations() -> Vec<(&'static str, Order)> {
    let released = |states| sample::order(Stage::Released, states);
    let staged = |stage, state| sample::order(stage, vec![state]);
    let filed = |mut order: Order| {
        order.archived_at = Some(sample::now());
        order
    };
    let on = sample::now() + SignedDuration::from_hours(14 * 24);
    let failed = |code| sample::failed(code, "no");
    let manual = |mut order: Order| {
        order.lines[0].item.vendor_name = "Paper & Phone".into();
        order
    };
    let cancellable = |mut order: Order| {
        order.lines[0].cancellable_until = Some(on);
        order
    };
    let accepted = || LineState::Accepted {
        attempt: 1,
        operation: Some("op-1".into()),
        since: sample::now(),
    };
    let reason = "Above this year's budget.".to_owned();
    vec![
        ("an empty cart", sample::cart(&[])),
        ("a cart", sample::cart(&[1])),
        ("a draft", filed(sample::cart(&[1]))),
        ("deleted", staged(Stage::Deleted, LineState::Deleted)),
        (
            "deleted and purged",
            filed(staged(Stage::Deleted, LineState::Deleted)),
        ),
        (
            "pending approval",
            staged(
                Stage::AwaitingApproval { planned: None },
                LineState::PendingApproval,
            ),
        ),
        (
            "pending approval, filed",
            filed(staged(
                Stage::AwaitingApproval { planned: None },
                LineState::PendingApproval,
            )),
        ),
        (
            "scheduled",
            staged(
                Stage::Scheduled {
                    on,
                    occasion: Default::default(),
                },
                LineState::Scheduled,
            ),
        ),
        (
            "scheduled, filed",
            filed(staged(
                Stage::Scheduled {
                    on,
                    occasion: Default::default(),
                },
                LineState::Scheduled,
            )),
        ),
        ("queued", released(vec![LineState::Queued { attempt: 1 }])),
        (
            "queued again",
            released(vec![LineState::Queued { attempt: 2 }]),
        ),
        ("sending", released(vec![sample::sending()])),
        ("checking", released(vec![sample::checking()])),
        ("checking, filed", filed(released(vec![sample::checking()]))),
        ("accepted", released(vec![accepted()])),
        (
            "accepted by a person",
            manual(released(vec![sample::by_hand()])),
        ),
        ("accepted, filed", filed(released(vec![accepted()]))),
        (
            "two vendors",
            manual(released(vec![sample::by_hand(), sample::by_hand()])),
        ),
        (
            "one checked, one failed",
            released(vec![sample::checking(), failed("E")]),
        ),
        (
            "one sent, one failed",
            released(vec![sample::sending(), failed("E")]),
        ),
        ("finished", released(vec![sample::finished()])),
        (
            "finished, cancellable",
            cancellable(released(vec![sample::finished()])),
        ),
        ("completed", filed(released(vec![sample::finished()]))),
        (
            "failed: the address",
            released(vec![failed("InvalidEmail"), sample::finished()]),
        ),
        ("failed: the account", released(vec![failed("800073")])),
        (
            "failed: too many",
            released(vec![failed("QuantityAboveMaximum")]),
        ),
        (
            "failed: unknown",
            released(vec![failed("E-77"), sample::finished()]),
        ),
        (
            "two failed",
            released(vec![
                failed("InvalidEmail"),
                failed("E"),
                sample::finished(),
            ]),
        ),
        (
            "completed with errors",
            filed(released(vec![failed("E"), sample::finished()])),
        ),
        (
            "rejected",
            staged(Stage::Rejected { reason }, LineState::Rejected),
        ),
        ("canceled", staged(Stage::Canceled, LineState::Canceled)),
    ]
}

#[test]
fn each_situation_is_told_to_those_who_may_act_and_to_those_who_may_not() {
    let mut table = String::new();
    for (name, order) in situations() {
        let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
        let acts = seen.next_step(&TimeZone::UTC, |_| true);
        let reads = seen.next_step(&TimeZone::UTC, |_| false);
        assert_eq!(reads.primary, None, "{name}");
        let primary = acts
            .primary
            .map_or_else(|| "–".into(), |action| format!("{action:?}"));
        table += &format!("{name} [{primary}]\n  {}\n", acts.text);
        if reads.text != acts.text {
            table += &format!("  ({})\n", reads.text);
        }
    }
    insta::assert_snapshot!(table);
}

/// R18: a markup beside other changes leaves no trace in what a customer is told, whatever it is at.
#[test]
fn a_markup_beside_other_changes_changes_nothing_of_what_a_customer_is_told() {
    let told = |order: &Order| {
        let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
        seen.next_step(&TimeZone::UTC, |_| true)
    };
    for (name, order) in situations() {
        let Some(first) = order.lines.first() else {
            continue;
        };
        for state in [first.state.clone(), sample::finished(), sample::checking()] {
            let mut mixed = order.clone();
            let change = RequestedChange::Markup {
                from: 5.into(),
                to: 7.into(),
            };
            mixed.lines.push(Line {
                change,
                state,
                ..sample::line(99)
            });
            assert_eq!(told(&mixed), told(&order), "{name}");
        }
    }
}

#[test]
fn times_are_told_in_the_readers_zone() {
    let order = sample::order(Stage::Released, vec![sample::checking()]);
    let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    assert!(
        seen.next_step(&zone, |_| false)
            .text
            .contains("since 10:00")
    );
}

/// The action that stands out is one that the order takes, in every situation.
#[test]
fn the_primary_action_is_always_allowed() {
    for (name, order) in situations() {
        let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
        if let Some(primary) = seen.next_step(&TimeZone::UTC, |_| true).primary {
            assert!(order.allows(primary), "{name}");
        }
    }
}
