//! Where an order stands in the words people see: phase and archived flag → view, status, tab.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the whole order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Being put together, not purchased.
    Cart,
    /// Placed; an approver has not decided.
    AwaitingApproval,
    /// Placed; waits for its date.
    Scheduled,
    /// Placed; at least one line is not decided by its vendor.
    Provisioning,
    /// Every line is done.
    Fulfilled,
    /// No line is undecided and at least one failed.
    Failed,
    /// Removed from the cart.
    Deleted,
    /// An approver refused.
    Rejected,
    /// Stopped before a vendor did anything, or every line undone.
    Canceled,
}

impl Phase {
    /// All phases.
    pub const ALL: [Phase; 9] = [
        Phase::Cart,
        Phase::AwaitingApproval,
        Phase::Scheduled,
        Phase::Provisioning,
        Phase::Fulfilled,
        Phase::Failed,
        Phase::Deleted,
        Phase::Rejected,
        Phase::Canceled,
    ];

    /// Rejected and canceled orders are a record from the first moment.
    pub fn is_archived_at_once(self) -> bool {
        matches!(self, Phase::Rejected | Phase::Canceled)
    }

    /// The name in storage and in printed tables.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Cart => "cart",
            Phase::AwaitingApproval => "awaiting_approval",
            Phase::Scheduled => "scheduled",
            Phase::Provisioning => "provisioning",
            Phase::Fulfilled => "fulfilled",
            Phase::Failed => "failed",
            Phase::Deleted => "deleted",
            Phase::Rejected => "rejected",
            Phase::Canceled => "canceled",
        }
    }
}

/// One of the two lists; an order is in exactly one, or in none once it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// At least one action can still alter the outcome.
    Recent,
    /// A record: read-only for everybody.
    Historical,
}

/// A tab of Historical orders; All has every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    /// Filed while still under way.
    Active,
    /// Saved to be purchased later.
    Draft,
    /// Everything historical.
    All,
}

impl View {
    /// The name in storage, in the API and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            View::Recent => "recent",
            View::Historical => "historical",
        }
    }
}

impl Tab {
    /// All tabs.
    pub const ALL: [Tab; 3] = [Tab::Active, Tab::Draft, Tab::All];

    /// The name in the API and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Tab::Active => "active",
            Tab::Draft => "draft",
            Tab::All => "all",
        }
    }

    /// Whether it shows orders of a phase.
    pub fn has(self, phase: Phase) -> bool {
        self == Tab::All || self == tab(phase)
    }
}

/// The word on the screen and in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the labels are the seed article's own")]
pub enum Status {
    Started,
    ProvisioningStarted,
    ProvisioningFinished,
    ProvisioningFailed,
    Deleted,
    InProgress,
    Draft,
    Completed,
    CompletedWithErrors,
    PendingApproval,
    Scheduled,
    Rejected,
    Canceled,
}

impl Status {
    /// All statuses.
    pub const ALL: [Status; 13] = [
        Status::Started,
        Status::ProvisioningStarted,
        Status::ProvisioningFinished,
        Status::ProvisioningFailed,
        Status::Deleted,
        Status::InProgress,
        Status::Draft,
        Status::Completed,
        Status::CompletedWithErrors,
        Status::PendingApproval,
        Status::Scheduled,
        Status::Rejected,
        Status::Canceled,
    ];

    /// The name in the API and in filters.
    pub fn name(self) -> &'static str {
        match self {
            Status::Started => "started",
            Status::ProvisioningStarted => "provisioning_started",
            Status::ProvisioningFinished => "provisioning_finished",
            Status::ProvisioningFailed => "provisioning_failed",
            Status::Deleted => "deleted",
            Status::InProgress => "in_progress",
            Status::Draft => "draft",
            Status::Completed => "completed",
            Status::CompletedWithErrors => "completed_with_errors",
            Status::PendingApproval => "pending_approval",
            Status::Scheduled => "scheduled",
            Status::Rejected => "rejected",
            Status::Canceled => "canceled",
        }
    }

    /// Spelled exactly as the seed article does.
    pub fn label(self) -> &'static str {
        match self {
            Status::Started => "Started",
            Status::ProvisioningStarted => "Provisioning started",
            Status::ProvisioningFinished => "Provisioning finished",
            Status::ProvisioningFailed => "Provisioning failed",
            Status::Deleted => "Deleted",
            Status::InProgress => "In progress",
            Status::Draft => "Draft",
            Status::Completed => "Completed",
            Status::CompletedWithErrors => "Completed with errors",
            Status::PendingApproval => "Pending approval",
            Status::Scheduled => "Scheduled",
            Status::Rejected => "Rejected",
            Status::Canceled => "Canceled",
        }
    }
}

/// The one place that decides view and status together: `None` where the order is in no list.
pub fn shown(phase: Phase, is_archived: bool) -> Option<(View, Status)> {
    use Phase as P;
    use Status as S;
    Some(match (phase, is_archived) {
        (P::Cart, false) => (View::Recent, S::Started),
        (P::Cart, true) => (View::Historical, S::Draft),
        (P::AwaitingApproval, false) => (View::Recent, S::PendingApproval),
        (P::Scheduled, false) => (View::Recent, S::Scheduled),
        (P::Provisioning, false) => (View::Recent, S::ProvisioningStarted),
        (P::AwaitingApproval | P::Scheduled | P::Provisioning, true) => {
            (View::Historical, S::InProgress)
        }
        (P::Fulfilled, false) => (View::Recent, S::ProvisioningFinished),
        (P::Fulfilled, true) => (View::Historical, S::Completed),
        (P::Failed, false) => (View::Recent, S::ProvisioningFailed),
        (P::Failed, true) => (View::Historical, S::CompletedWithErrors),
        (P::Deleted, false) => (View::Recent, S::Deleted),
        (P::Rejected, true) => (View::Historical, S::Rejected),
        (P::Canceled, true) => (View::Historical, S::Canceled),
        (P::Deleted, true) | (P::Rejected | P::Canceled, false) => return None,
    })
}

/// The tab of Historical orders that shows a phase besides All.
pub fn tab(phase: Phase) -> Tab {
    match phase {
        Phase::AwaitingApproval | Phase::Scheduled | Phase::Provisioning => Tab::Active,
        Phase::Cart => Tab::Draft,
        Phase::Fulfilled | Phase::Failed | Phase::Deleted | Phase::Rejected | Phase::Canceled => {
            Tab::All
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_one_of_the_api() {
        for status in Status::ALL {
            assert_eq!(serde_json::json!(status), status.name());
        }
        for view in [View::Recent, View::Historical] {
            assert_eq!(serde_json::json!(view), view.name());
        }
        for tab in Tab::ALL {
            assert_eq!(serde_json::json!(tab), tab.name());
        }
    }

    #[test]
    fn the_table_of_labels_is_printed_and_compared() {
        let mut table = String::new();
        for phase in Phase::ALL {
            for is_archived in [false, true] {
                let words = match shown(phase, is_archived) {
                    Some((View::Recent, status)) => format!("Recent      {}", status.label()),
                    Some((View::Historical, status)) => {
                        format!("Historical  {:<22} {:?}", status.label(), tab(phase))
                    }
                    None => "(in no list)".to_owned(),
                };
                let flag = if is_archived { "archived" } else { "" };
                table += &format!("{:<18}{flag:<9} {words}\n", phase.name());
            }
        }
        insta::assert_snapshot!(table);
    }
}
