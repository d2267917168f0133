//! Where a quote stands and what can be done with it, in the words people see.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The word on the screen and in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the labels are the field's own")]
pub enum QuoteStatus {
    Draft,
    Sent,
    Accepted,
    Rejected,
    ChangeRequested,
    Canceled,
    Expired,
    Deleted,
}

impl QuoteStatus {
    /// The name in storage and in the API.
    pub fn name(self) -> &'static str {
        match self {
            QuoteStatus::Draft => "draft",
            QuoteStatus::Sent => "sent",
            QuoteStatus::Accepted => "accepted",
            QuoteStatus::Rejected => "rejected",
            QuoteStatus::ChangeRequested => "change_requested",
            QuoteStatus::Canceled => "canceled",
            QuoteStatus::Expired => "expired",
            QuoteStatus::Deleted => "deleted",
        }
    }

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            QuoteStatus::Draft => "Draft",
            QuoteStatus::Sent => "Sent",
            QuoteStatus::Accepted => "Accepted",
            QuoteStatus::Rejected => "Rejected",
            QuoteStatus::ChangeRequested => "Change requested",
            QuoteStatus::Canceled => "Canceled",
            QuoteStatus::Expired => "Expired",
            QuoteStatus::Deleted => "Deleted",
        }
    }
}

/// Something that a person can do with a quote; the names are the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum QuoteAction {
    Edit,
    Send,
    Delete,
    Cancel,
    Accept,
    Reject,
    RequestChange,
}

impl QuoteAction {
    /// All actions.
    pub const ALL: [QuoteAction; 7] = [
        QuoteAction::Edit,
        QuoteAction::Send,
        QuoteAction::Delete,
        QuoteAction::Cancel,
        QuoteAction::Accept,
        QuoteAction::Reject,
        QuoteAction::RequestChange,
    ];

    /// The answers of recipients; all else is for staff.
    pub fn is_answer(self) -> bool {
        use QuoteAction as A;
        matches!(self, A::Accept | A::Reject | A::RequestChange)
    }
}
