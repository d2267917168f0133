//! What happened to an order: the log behind its timeline, live pages and follow-up work.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{LineId, OrganizationId, UserId};
use crate::provisioning::Failure;
use crate::task::TaskKind;

/// Who acted: the person and the organization they acted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// The person's name as it was then.
    pub person: String,
    /// The person's e-mail address as it was then.
    pub email: String,
    /// The acting organization: a seller on behalf, or the customer itself.
    pub organization: OrganizationId,
    /// Its name as it was then.
    pub organization_name: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words of the timeline; see EventKind::text"
)]
pub enum EventKind {
    Started,
    LineAdded,
    LineChanged,
    LineRemoved,
    Deleted,
    Restored,
    SavedAsDraft,
    Continued,
    Placed,
    Sending,
    NotSent,
    Accepted,
    AnswerLost,
    Finished,
    Failed,
    Retried,
    Canceled,
    Archived,
    NoteAdded,
    InternalNoteAdded,
    Approved,
    Rejected,
    Released,
    Resolved,
    Scheduled,
    Applied,
    Skipped,
    HeldForApproval,
    Stopped,
    AskedAgain,
    LeftToPeople,
    SetAside,
    RunAgain,
    CancelOrdered,
}

impl EventKind {
    /// The timeline's words.
    pub fn text(self) -> &'static str {
        match self {
            EventKind::Started => "Order started",
            EventKind::LineAdded => "License added to the cart",
            EventKind::LineChanged => "Cart changed",
            EventKind::LineRemoved => "License removed from the cart",
            EventKind::Deleted => "Order deleted",
            EventKind::Restored => "Order restored",
            EventKind::SavedAsDraft => "Saved as draft",
            EventKind::Continued => "Purchase continued",
            EventKind::Placed => "Order placed",
            EventKind::Sending => "Sent to the vendor",
            EventKind::NotSent => "The vendor could not be reached; nothing was sent",
            EventKind::Accepted => "The vendor works on it",
            EventKind::AnswerLost => "No answer; checking with the vendor",
            EventKind::Finished => "Provisioning finished",
            EventKind::Failed => "Provisioning failed",
            EventKind::Retried => "Sent again by request",
            EventKind::Canceled => "Canceled",
            EventKind::Archived => "Archived",
            EventKind::NoteAdded => "Note added",
            EventKind::InternalNoteAdded => "Internal note added",
            EventKind::Approved => "Approved",
            EventKind::Rejected => "Rejected",
            EventKind::Released => "Sent on its way to the vendor",
            EventKind::Resolved => "Doubt resolved by a person",
            EventKind::Scheduled => "Waits for its date",
            EventKind::Applied => "Changed at once; no vendor is asked",
            EventKind::Skipped => "Not asked: the step before it failed",
            EventKind::HeldForApproval => "Waits for approval",
            EventKind::Stopped => "Stopped; what the vendor has already is settled",
            EventKind::AskedAgain => "The vendor is asked again",
            EventKind::LeftToPeople => "No answer, and no safe way to ask again; staff look it up",
            EventKind::SetAside => "Set aside after errors of our own; tried again every hour",
            EventKind::RunAgain => "Runs again by request, after errors of our own",
            EventKind::CancelOrdered => "The vendor is asked to take it back",
        }
    }

    /// The work that an event leaves behind for its line.
    pub fn follow_up(self) -> Option<TaskKind> {
        use EventKind as K;
        match self {
            K::Placed | K::Released | K::Retried => Some(TaskKind::Provision),
            K::Failed => Some(TaskKind::Clear),
            K::Scheduled => Some(TaskKind::Start),
            K::Started
            | K::LineAdded
            | K::LineChanged
            | K::LineRemoved
            | K::Deleted
            | K::Restored
            | K::SavedAsDraft
            | K::Continued
            | K::Sending
            | K::NotSent
            | K::Accepted
            | K::AnswerLost
            | K::Finished
            | K::Canceled
            | K::InternalNoteAdded
            | K::Approved
            | K::Rejected
            | K::Resolved
            | K::Applied
            | K::Skipped
            | K::HeldForApproval
            | K::Stopped
            | K::AskedAgain
            | K::LeftToPeople
            | K::SetAside
            | K::RunAgain
            | K::CancelOrdered
            | K::Archived
            | K::NoteAdded => None,
        }
    }
}

/// An entry of the log. Entries are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Who; `None` for the engine.
    pub actor: Option<Actor>,
    /// Which line, where it is about one.
    pub line: Option<LineId>,
    /// What else is to be told, for everybody who sees the order.
    pub detail: Option<String>,
    /// Staff only: evidence and the vendor's raw words.
    pub internal: Option<String>,
    /// What it tells of an attempt at its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptFacts>,
}

/// What an entry tells of an attempt at a line; kept when the line itself has moved on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFacts {
    /// 1 for the first; each retry by a person is another.
    pub number: u32,
    /// What a retry sends otherwise than the attempt before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrected: Vec<Correction>,
    /// Why the vendor refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A value that was put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The field as a JSON pointer into the line.
    pub field: String,
    /// As it was sent before; empty where nothing was.
    pub from: String,
    /// As it is sent now.
    pub to: String,
}
