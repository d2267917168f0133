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

/// The kinds of event with the words of the timeline for each.
macro_rules! kinds {
    ($($kind:ident => $words:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the words of the timeline; see EventKind::text")]
        pub enum EventKind {
            $($kind,)+
        }

        impl EventKind {
            /// All of them, roughly in the order in which an order comes by them.
            pub const ALL: &[EventKind] = &[$(EventKind::$kind,)+];

            /// The timeline's words.
            pub fn text(self) -> &'static str {
                match self {
                    $(EventKind::$kind => $words,)+
                }
            }
        }
    };
}

kinds! {
    Started => "Order started",
    LineAdded => "License added to the cart",
    LineChanged => "Cart changed",
    LineRemoved => "License removed from the cart",
    Deleted => "Order deleted",
    Restored => "Order restored",
    SavedAsDraft => "Saved as draft",
    Continued => "Purchase continued",
    Placed => "Order placed",
    Sending => "Sent to the vendor",
    NotSent => "The vendor could not be reached; nothing was sent",
    Accepted => "The vendor works on it",
    AnswerLost => "No answer; checking with the vendor",
    Finished => "Provisioning finished",
    Failed => "Provisioning failed",
    Retried => "Sent again by request",
    Canceled => "Canceled",
    Archived => "Archived",
    NoteAdded => "Note added",
    InternalNoteAdded => "Internal note added",
    Approved => "Approved",
    Rejected => "Rejected",
    Released => "Sent on its way to the vendor",
    Resolved => "Doubt resolved by a person",
    Scheduled => "Waits for its date",
    Applied => "Changed at once; no vendor is asked",
    Skipped => "Not asked: the step before it failed",
    HeldForApproval => "Waits for approval",
    Stopped => "Stopped; what the vendor has already is settled",
    AskedAgain => "The vendor is asked again",
    LeftToPeople => "No answer, and no safe way to ask again; staff look it up",
    SetAside => "Set aside after errors of our own; tried again every hour",
    RunAgain => "Runs again by request, after errors of our own",
    CancelOrdered => "The vendor is asked to take it back",
}

impl EventKind {
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
