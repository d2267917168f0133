//! What a person can tell an order to do besides filling and placing a cart, and what comes of it.

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, target};
use super::line::{Line, LineEvent, LineState, Period};
use super::note::{NOTES_MAX, Note};
use super::phase::{Phase, View};
use super::retry::{Cause, Corrected};
use super::{Order, Refusal, Stage, counted, event};
use crate::event::{Actor, Event, EventKind};
use crate::id::{LineId, NoteId, OrganizationId};
use crate::provisioning::Failure;

/// A person's decision about a line that nobody could find out about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "resolution", rename_all = "snake_case", deny_unknown_fields)]
pub enum Resolution {
    /// The vendor has booked it.
    Booked {
        /// The vendor's id of the subscription.
        vendor_reference: String,
    },
    /// The vendor has nothing of it.
    NotBooked,
}

/// An action with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// File the cart away to buy it later (T4).
    SaveAsDraft,
    /// Bring a draft back (T5).
    ContinuePurchase,
    /// Remove the cart (T3).
    Delete,
    /// Bring a deleted cart back (T6).
    Restore,
    /// Stop before a vendor was asked.
    Withdraw,
    /// Stop what waits for its date (T12).
    CancelSchedule,
    /// Agree, so that it can go to the vendors (T8, T13).
    Approve {
        /// For whom the person decides; filled in where their rights are known.
        partners: Vec<OrganizationId>,
        /// What they say, for staff.
        comment: Option<String>,
    },
    /// Refuse it as a whole (T9).
    Reject {
        /// For whom the person decides; filled in where their rights are known.
        partners: Vec<OrganizationId>,
        /// Why, for the customer to read.
        reason: String,
    },
    /// Cancel one line (T17).
    CancelItem {
        /// The line.
        line: LineId,
        /// The number of the order that asks the vendor, where one has to; filled in where numbers are
        /// drawn.
        by: u64,
    },
    /// Send failed lines again (T16).
    Retry {
        /// One line, or all that failed.
        line: Option<LineId>,
        /// What was wrong with that line.
        correction: Box<Corrected>,
    },
    /// Send again, as they are, the lines that fail for one cause (T16).
    RetryCause(Cause),
    /// File a failed order away (T18).
    GiveUp,
    /// File a decided order away (T18).
    Archive,
    /// Say what became of a line in doubt, after looking at the vendor's.
    ResolveDoubt {
        /// The line.
        line: LineId,
        /// What is true.
        resolution: Resolution,
    },
    /// Write a note.
    AddNote {
        /// Its id.
        id: NoteId,
        /// What, parsed.
        text: String,
        /// For staff only.
        is_internal: bool,
    },
    /// A person provisioned a line by hand.
    Fulfill {
        /// The line.
        line: LineId,
        /// The vendor's id of the subscription.
        vendor_reference: String,
        /// From when to when it runs.
        period: Period,
    },
    /// A person can't provision a line.
    RefuseFulfillment {
        /// The line.
        line: LineId,
        /// Why, for the customer to read.
        reason: String,
    },
}

impl Command {
    /// The action of the transition table; `None` for the manual vendor's answers.
    pub fn action(&self) -> Option<Action> {
        Some(match self {
            Command::SaveAsDraft => Action::SaveAsDraft,
            Command::ContinuePurchase => Action::ContinuePurchase,
            Command::Delete => Action::Delete,
            Command::Restore => Action::Restore,
            Command::Withdraw => Action::Withdraw,
            Command::CancelSchedule => Action::CancelSchedule,
            Command::CancelItem { .. } => Action::CancelItem,
            Command::Approve { .. } => Action::Approve,
            Command::Reject { .. } => Action::Reject,
            Command::Retry { .. } | Command::RetryCause(_) => Action::Retry,
            Command::GiveUp => Action::GiveUp,
            Command::Archive => Action::Archive,
            Command::ResolveDoubt { .. } => Action::ResolveDoubt,
            Command::AddNote { .. } => Action::AddNote,
            Command::Fulfill { .. } | Command::RefuseFulfillment { .. } => return None,
        })
    }
}

impl Order {
    /// Whether the table and the guards allow an action now; whose right it is comes on top.
    pub fn allows(&self, action: Action) -> bool {
        let is_archived = self
            .shown()
            .is_some_and(|(view, _)| view == View::Historical);
        let any = |is: fn(&LineState) -> bool| counted(&self.lines).any(|line| is(&line.state));
        let is_guarded = match action {
            Action::Withdraw => any(LineState::was_sent),
            Action::ResolveDoubt => !any(|state| matches!(state, LineState::Checking { .. })),
            Action::Place => self.lines.is_empty(),
            Action::AddNote => self.is_full_of_notes(false),
            Action::CancelItem => !counted(&self.lines).any(Line::can_be_canceled),
            _ => false,
        };
        self.shown().is_some() && !is_guarded && {
            action == Action::AddNote || target(self.phase(), is_archived, action).is_some()
        }
    }

    /// Does what a person asks, or refuses with the reason; nothing is changed by a refusal.
    pub fn obey(
        &mut self,
        command: Command,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if let Some(action) = command.action()
            // Why a line can't be canceled is told of the line.
            && action != Action::CancelItem
            && !self.allows(action)
        {
            return Err(self.refusal(action));
        }
        let told = |kind| event(kind, Some(actor), None, now);
        Ok(match command {
            Command::SaveAsDraft => {
                self.archived_at = Some(now);
                vec![told(EventKind::SavedAsDraft)]
            }
            Command::ContinuePurchase => {
                self.archived_at = None;
                self.phase_since = now;
                vec![told(EventKind::Continued)]
            }
            Command::Delete => self.delete(actor, now)?,
            Command::Restore => {
                self.move_lines(&LineEvent::Restored, now)?;
                self.enter(Stage::Cart, now);
                vec![told(EventKind::Restored)]
            }
            Command::Withdraw | Command::CancelSchedule => {
                self.move_lines(&LineEvent::Canceled, now)?;
                self.enter(Stage::Canceled, now);
                self.stopped = Some(format!(
                    "Stopped by {} ({})",
                    actor.person, actor.organization_name
                ));
                vec![told(EventKind::Canceled)]
            }
            Command::CancelItem { line, by } => self.cancel_item(line, by, actor, now)?,
            Command::Approve { partners, comment } => {
                self.approve(&partners, comment, actor, now)?
            }
            Command::Reject { partners, reason } => self.reject(&partners, reason, actor, now)?,
            Command::Retry { line, correction } => self.retry(line, &correction, actor, now)?,
            Command::RetryCause(cause) => self.retry_cause(&cause, actor, now)?,
            Command::GiveUp | Command::Archive => {
                self.archived_at = Some(now);
                vec![told(EventKind::Archived)]
            }
            Command::ResolveDoubt { line, resolution } => {
                let found = self.lines.iter().find(|found| found.id == line);
                let state = &found.ok_or(Refusal::NoSuchLine)?.state;
                if !matches!(state, LineState::Checking { .. }) {
                    return Err(Refusal::Guarded("nothing about this item is in doubt"));
                }
                let happened = match resolution {
                    Resolution::Booked { vendor_reference } => {
                        LineEvent::Finished { vendor_reference }
                    }
                    Resolution::NotBooked => LineEvent::Failed(Failure {
                        code: "NotBooked".into(),
                        message: "The vendor has not booked it; a person looked".into(),
                        field: None,
                    }),
                };
                let mut events = vec![event(EventKind::Resolved, Some(actor), Some(line), now)];
                events.extend(self.advance(line, &happened, Some(actor), now)?);
                events
            }
            Command::AddNote {
                id,
                text,
                is_internal,
            } => {
                if self.is_full_of_notes(is_internal) {
                    return Err(self.refusal(Action::AddNote));
                }
                self.notes.push(Note {
                    id,
                    author: actor.clone(),
                    at: now,
                    text,
                    is_internal,
                });
                vec![told(match is_internal {
                    true => EventKind::InternalNoteAdded,
                    false => EventKind::NoteAdded,
                })]
            }
            Command::Fulfill {
                line,
                vendor_reference,
                period,
            } => {
                self.only_waiting_for_a_person(line)?;
                for found in self.lines.iter_mut().filter(|found| found.id == line) {
                    found.period = Some(period);
                }
                self.advance(
                    line,
                    &LineEvent::Finished { vendor_reference },
                    Some(actor),
                    now,
                )?
            }
            Command::RefuseFulfillment { line, reason } => {
                self.only_waiting_for_a_person(line)?;
                let failure = Failure {
                    code: "RefusedByPerson".into(),
                    message: reason,
                    field: None,
                };
                self.advance(line, &LineEvent::Failed(failure), Some(actor), now)?
            }
        })
    }

    /// Notes that customers don't see take no room from theirs.
    fn is_full_of_notes(&self, is_internal: bool) -> bool {
        let same = |note: &&Note| note.is_internal == is_internal;
        self.notes.iter().filter(same).count() >= NOTES_MAX
    }

    fn only_waiting_for_a_person(&self, line: LineId) -> Result<(), Refusal> {
        let found = self.lines.iter().find(|found| found.id == line);
        match found.ok_or(Refusal::NoSuchLine)?.state {
            LineState::Accepted { .. } => Ok(()),
            _ => Err(Refusal::Guarded("this item does not wait for a person")),
        }
    }

    fn refusal(&self, action: Action) -> Refusal {
        let is_placed = self.phase() == Phase::Provisioning && self.archived_at.is_none();
        let is_decision = matches!(action, Action::Approve | Action::Reject | Action::Withdraw);
        match (&self.stage, &self.stopped) {
            (Stage::Canceled, Some(why)) if is_decision => {
                return Refusal::Because(format!("the order is canceled: {why}"));
            }
            (Stage::Rejected { reason }, _) if is_decision => {
                return Refusal::Because(format!("the order is rejected: {reason}"));
            }
            _ => {}
        }
        match action {
            Action::Withdraw if is_placed => Refusal::Guarded(
                "the vendor has been asked already; it can't be withdrawn any more",
            ),
            Action::ResolveDoubt if is_placed => {
                Refusal::Guarded("nothing about this order is in doubt")
            }
            Action::AddNote => Refusal::Guarded("an order has at most 200 notes"),
            _ => Refusal::NotNow {
                status: self.status(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::order::change::RequestedChange;
    use crate::order::sample;

    /// R18: what can be done with an order must not depend on where a markup beside it stands.
    #[test]
    fn a_markup_beside_other_changes_is_in_nobodys_way() {
        let states = [
            LineState::Queued { attempt: 1 },
            LineState::Sending {
                attempt: 1,
                since: sample::now(),
            },
            sample::finished(),
            sample::failed("E", "no"),
        ];
        for state in states {
            let queued = LineState::Queued { attempt: 1 };
            let mut order = sample::order(Stage::Released, vec![queued, state.clone()]);
            let (from, to) = (Decimal::from(5), Decimal::from(7));
            order.lines[1].change = RequestedChange::Markup { from, to };
            let done = order.obey(Command::Withdraw, &sample::actor(), sample::now());
            assert!(done.is_ok(), "{done:?}");
            assert_eq!(order.phase(), Phase::Canceled);
            assert_eq!(order.lines[0].state, LineState::Canceled);
            let is_done = matches!(state, LineState::Finished { .. });
            assert!(!is_done || order.lines[1].state == state);
        }
    }
}
