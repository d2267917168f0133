//! Entries in an order's log.

use jiff::Timestamp;

use super::line::LineEvent;
use crate::event::{Actor, Event, EventKind};
use crate::id::LineId;

/// An entry about an order, or one of its lines.
pub(super) fn event(
    kind: EventKind,
    actor: Option<&Actor>,
    line: Option<LineId>,
    at: Timestamp,
) -> Event {
    Event {
        at,
        kind,
        actor: actor.cloned(),
        line,
        detail: None,
        internal: None,
        attempt: None,
    }
}

/// A line's event in the log's words; evidence is for staff.
pub(super) fn told(happened: &LineEvent, actor: Option<&Actor>, now: Timestamp) -> Event {
    let (kind, detail, internal) = match happened {
        LineEvent::HeldForApproval | LineEvent::HeldForDate | LineEvent::Released => {
            (EventKind::Placed, None, None)
        }
        LineEvent::Sending => (EventKind::Sending, None, None),
        LineEvent::NotSent => (EventKind::NotSent, None, None),
        LineEvent::Accepted { .. } => (EventKind::Accepted, None, None),
        LineEvent::AnswerLost { evidence } => (EventKind::AnswerLost, None, Some(evidence.clone())),
        LineEvent::AskedAgain => (EventKind::AskedAgain, None, None),
        LineEvent::LeftToPeople { evidence } => {
            (EventKind::LeftToPeople, None, Some(evidence.clone()))
        }
        LineEvent::Finished { vendor_reference } => {
            (EventKind::Finished, None, Some(vendor_reference.clone()))
        }
        LineEvent::Failed(failure) => (EventKind::Failed, Some(failure.message.clone()), None),
        LineEvent::Applied { .. } => (EventKind::Applied, None, None),
        LineEvent::Skipped(failure) => (EventKind::Skipped, Some(failure.message.clone()), None),
        LineEvent::Retried => (EventKind::Retried, None, None),
        LineEvent::Rejected | LineEvent::Canceled => (EventKind::Canceled, None, None),
        LineEvent::Deleted => (EventKind::Deleted, None, None),
        LineEvent::Restored => (EventKind::Restored, None, None),
    };
    Event {
        detail,
        internal,
        ..event(kind, actor, None, now)
    }
}
