//! What can be done with an order: the one table that buttons, API and rules are drawn from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::phase::Phase;
use crate::access::Permission;

/// Something a person can do with an order; the names are the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Action {
    Edit,
    Place,
    SaveAsDraft,
    ContinuePurchase,
    Delete,
    Restore,
    Withdraw,
    Approve,
    Reject,
    CancelSchedule,
    CancelItem,
    Retry,
    GiveUp,
    Archive,
    ResolveDoubt,
    AddNote,
}

impl Action {
    /// All actions.
    pub const ALL: [Action; 16] = [
        Action::Edit,
        Action::Place,
        Action::SaveAsDraft,
        Action::ContinuePurchase,
        Action::Delete,
        Action::Restore,
        Action::Withdraw,
        Action::Approve,
        Action::Reject,
        Action::CancelSchedule,
        Action::CancelItem,
        Action::Retry,
        Action::GiveUp,
        Action::Archive,
        Action::ResolveDoubt,
        Action::AddNote,
    ];

    /// What a person must be allowed to.
    pub fn permission(self) -> Permission {
        match self {
            Action::Edit
            | Action::Place
            | Action::SaveAsDraft
            | Action::ContinuePurchase
            | Action::Delete
            | Action::Restore
            | Action::Withdraw
            | Action::CancelSchedule
            | Action::CancelItem
            | Action::Archive => Permission::PlaceOrders,
            Action::Approve | Action::Reject => Permission::DecideApprovals,
            Action::Retry | Action::GiveUp | Action::ResolveDoubt => Permission::RetryOrders,
            Action::AddNote => Permission::AddNotes,
        }
    }
}

/// Where an action leads: the phase afterwards and whether the order is archived then (T1–T21 of
/// the reference). `None`: the action is refused. Guards that need more than the two (a line that
/// is in doubt, the vendor's window, what has been sent) come on top.
pub fn target(phase: Phase, is_archived: bool, action: Action) -> Option<(Phase, bool)> {
    use Action as A;
    use Phase as P;
    Some(match (phase, is_archived, action) {
        (_, _, A::AddNote) => (phase, is_archived),
        (P::Cart, false, A::Edit) => (P::Cart, false),
        (P::Cart, false, A::Place) => (P::Provisioning, false),
        (P::Cart, false, A::SaveAsDraft) => (P::Cart, true),
        (P::Cart, false, A::Delete) => (P::Deleted, false),
        (P::Cart, true, A::ContinuePurchase) => (P::Cart, false),
        (P::Deleted, false, A::Restore) => (P::Cart, false),
        // An order awaiting approval that was archived may still be decided.
        (P::AwaitingApproval, _, A::Approve) => (P::Provisioning, is_archived),
        (P::AwaitingApproval, _, A::Reject) => (P::Rejected, true),
        (P::AwaitingApproval, false, A::Withdraw) => (P::Canceled, true),
        (P::Scheduled, false, A::CancelSchedule | A::Withdraw) => (P::Canceled, true),
        (P::Provisioning, false, A::Withdraw) => (P::Canceled, true),
        (P::Provisioning, false, A::ResolveDoubt) => (P::Provisioning, false),
        // Where other lines are left, the order stays what they are.
        (P::Provisioning, false, A::CancelItem) => (P::Provisioning, false),
        (P::Fulfilled, false, A::CancelItem) => (P::Canceled, true),
        (P::Failed, false, A::CancelItem) => (P::Failed, false),
        (P::Fulfilled, false, A::Archive) => (P::Fulfilled, true),
        (P::Failed, false, A::Retry) => (P::Provisioning, false),
        (P::Failed, false, A::GiveUp | A::Archive) => (P::Failed, true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::phase::{View, shown};

    #[test]
    fn the_table_of_transitions_is_printed_and_compared() {
        let mut table = String::new();
        for phase in Phase::ALL {
            for is_archived in [false, true] {
                for action in Action::ALL {
                    if let Some((next, filed)) = target(phase, is_archived, action) {
                        let file = |is: bool| if is { " (archived)" } else { "" };
                        let from = format!("{}{}", phase.name(), file(is_archived));
                        let line = format!("{from:<29} {action:?}");
                        table += &format!("{line:<46} -> {}{}\n", next.name(), file(filed));
                    }
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    /// R20 and R26: Recent is changeable, Historical is not, but for a draft that is continued and
    /// an approval that is still open.
    #[test]
    fn recent_orders_can_be_acted_on_and_historical_ones_cannot() {
        for phase in Phase::ALL {
            for is_archived in [false, true] {
                let Some((view, _)) = shown(phase, is_archived) else {
                    continue;
                };
                let actions: Vec<Action> = Action::ALL
                    .into_iter()
                    .filter(|action| *action != Action::AddNote)
                    .filter(|action| target(phase, is_archived, *action).is_some())
                    .collect();
                match (view, phase) {
                    (View::Recent, _) => assert!(!actions.is_empty(), "{phase:?}"),
                    (View::Historical, Phase::Cart) => {
                        assert_eq!(actions, [Action::ContinuePurchase])
                    }
                    (View::Historical, Phase::AwaitingApproval) => {
                        assert_eq!(actions, [Action::Approve, Action::Reject]);
                    }
                    (View::Historical, _) => assert!(actions.is_empty(), "{phase:?} {actions:?}"),
                }
            }
        }
    }
}
