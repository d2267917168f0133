//! Where a line stands, and the whole machine of its moves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::provisioning::{BY_HAND, Doubt, Failure};

/// Where a line stands. What is known only in one state lives in that state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LineState {
    /// In the cart.
    Started,
    /// Its order waits for an approver.
    PendingApproval,
    /// Its order waits for a date.
    Scheduled,
    /// Released; nothing has been sent for this attempt.
    Queued {
        /// 1 for the first; each retry by a person is another.
        attempt: u32,
    },
    /// Written down before the call is made. Whoever finds it here after a crash knows only that
    /// the vendor may have been asked.
    Sending {
        /// Which attempt.
        attempt: u32,
        /// When it was written down.
        since: Timestamp,
    },
    /// The answer was lost: nobody knows. Never becomes failed by the clock.
    Checking {
        /// Which attempt.
        attempt: u32,
        /// Since when, why, and how often we asked.
        doubt: Doubt,
        /// When a repeat was last written down, where that has to be known before the next one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Timestamp>,
        /// Nothing is asked any more: a person looks at the vendor's and decides.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_with_people: bool,
    },
    /// The vendor (or a person with a form) works on it.
    Accepted {
        /// Which attempt.
        attempt: u32,
        /// What the vendor wants to be asked with.
        operation: Option<String>,
        /// Since when.
        since: Timestamp,
    },
    /// Done.
    Finished {
        /// The vendor's id of the subscription.
        vendor_reference: String,
        /// When we learned it.
        at: Timestamp,
    },
    /// The vendor refused.
    Failed {
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When we learned it.
        at: Timestamp,
    },
    /// An approver refused the order.
    Rejected,
    /// Stopped, or undone.
    Canceled,
    /// Removed with its cart.
    Deleted,
}

/// What can happen to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEvent {
    /// The order was placed and waits for people.
    HeldForApproval,
    /// The order was placed and waits for its date.
    HeldForDate,
    /// Nothing stands in its way to the vendor.
    Released,
    /// We are about to ask the vendor.
    Sending,
    /// Proven: nothing reached the vendor.
    NotSent,
    /// The vendor took it and works.
    Accepted {
        /// What to ask with.
        operation: Option<String>,
    },
    /// No answer, or none that decides; also a crash found after *sending*.
    AnswerLost {
        /// What came instead.
        evidence: String,
    },
    /// We are about to ask again what became of it, which may be a repeat.
    AskedAgain,
    /// Nothing can be found out by a program: a person has to look at the vendor's.
    LeftToPeople {
        /// What came instead of an answer, and why nothing more is asked.
        evidence: String,
    },
    /// Done.
    Finished {
        /// The vendor's id.
        vendor_reference: String,
    },
    /// The vendor said no, or is proven not to have it.
    Failed(Failure),
    /// Made here: no vendor hears of it.
    Applied {
        /// The vendor's id of the subscription.
        vendor_reference: String,
    },
    /// Never asked, because the line that it waits for failed.
    Skipped(Failure),
    /// A person asks for another attempt.
    Retried,
    /// An approver refused.
    Rejected,
    /// Stopped before the vendor did anything, or undone.
    Canceled,
    /// Removed with its cart.
    Deleted,
    /// Brought back with its cart.
    Restored,
}

/// What is known of a call whose worker died.
pub const NO_ANSWER_HEARD: &str = "the worker stopped before it heard an answer";

/// A move that the machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line that is {from} can't become {event}")]
pub struct IllegalMove {
    /// The state it is in.
    pub from: &'static str,
    /// What was asked for.
    pub event: &'static str,
}

/// The doubt that an event leaves.
fn in_doubt(
    attempt: u32,
    since: Timestamp,
    checks: u32,
    event: &LineEvent,
    asked: Option<Timestamp>,
) -> LineState {
    let (evidence, is_with_people) = match event {
        LineEvent::LeftToPeople { evidence } => (evidence.as_str(), true),
        LineEvent::AnswerLost { evidence } => (evidence.as_str(), false),
        _ => ("", false),
    };
    LineState::Checking {
        attempt,
        doubt: Doubt {
            since,
            evidence: evidence.to_owned(),
            checks,
        },
        asked,
        is_with_people,
    }
}

impl LineState {
    /// The vendor is a person with a form, and it is their turn.
    pub fn waits_for_a_person(&self) -> bool {
        matches!(self, LineState::Accepted { operation: Some(operation), .. } if operation == BY_HAND)
    }

    /// The whole machine: every legal move is one arm, and there are no others.
    pub fn after(&self, event: &LineEvent, now: Timestamp) -> Result<LineState, IllegalMove> {
        use {LineEvent as E, LineState as S};
        Ok(match (self, event) {
            (S::Started, E::HeldForApproval) => S::PendingApproval,
            (S::Started | S::PendingApproval, E::HeldForDate) => S::Scheduled,
            (S::Started | S::PendingApproval | S::Scheduled, E::Released) => {
                S::Queued { attempt: 1 }
            }
            (S::Started, E::Deleted) => S::Deleted,
            (S::Deleted, E::Restored) => S::Started,
            (S::PendingApproval, E::Rejected) => S::Rejected,
            // A change that no vendor hears of is made as soon as nothing stands in its way.
            (S::Queued { .. }, E::Applied { vendor_reference }) => S::Finished {
                vendor_reference: vendor_reference.clone(),
                at: now,
            },
            (S::Queued { attempt }, E::Skipped(failure)) => S::Failed {
                attempt: *attempt,
                failure: failure.clone(),
                at: now,
            },
            (S::Queued { attempt }, E::Sending) => S::Sending {
                attempt: *attempt,
                since: now,
            },
            (S::Sending { attempt, .. } | S::Checking { attempt, .. }, E::NotSent) => {
                S::Queued { attempt: *attempt }
            }
            (S::Sending { attempt, since }, E::AnswerLost { .. } | E::LeftToPeople { .. }) => {
                in_doubt(*attempt, *since, 0, event, None)
            }
            (
                S::Checking {
                    attempt,
                    doubt,
                    asked,
                    is_with_people: false,
                },
                E::AnswerLost { .. } | E::LeftToPeople { .. },
            ) => in_doubt(
                *attempt,
                doubt.since,
                doubt.checks.saturating_add(1),
                event,
                *asked,
            ),
            (
                S::Checking {
                    attempt,
                    doubt,
                    is_with_people: false,
                    ..
                },
                E::AskedAgain,
            ) => S::Checking {
                attempt: *attempt,
                doubt: doubt.clone(),
                asked: Some(now),
                is_with_people: false,
            },
            (S::Sending { attempt, since }, E::AskedAgain) => S::Checking {
                attempt: *attempt,
                doubt: Doubt {
                    since: *since,
                    evidence: NO_ANSWER_HEARD.into(),
                    checks: 0,
                },
                asked: Some(now),
                is_with_people: false,
            },
            (
                S::Sending { attempt, .. }
                | S::Checking { attempt, .. }
                | S::Accepted { attempt, .. },
                E::Accepted { operation },
            ) => S::Accepted {
                attempt: *attempt,
                operation: operation.clone(),
                since: match self {
                    S::Accepted { since, .. } => *since,
                    _ => now,
                },
            },
            (
                S::Sending { .. } | S::Checking { .. } | S::Accepted { .. },
                E::Finished { vendor_reference },
            ) => S::Finished {
                vendor_reference: vendor_reference.clone(),
                at: now,
            },
            (
                S::Sending { attempt, .. }
                | S::Checking { attempt, .. }
                | S::Accepted { attempt, .. },
                E::Failed(failure),
            ) => S::Failed {
                attempt: *attempt,
                failure: failure.clone(),
                at: now,
            },
            (S::Failed { attempt, .. }, E::Retried) => S::Queued {
                attempt: attempt + 1,
            },
            (
                S::PendingApproval | S::Scheduled | S::Queued { .. } | S::Finished { .. },
                E::Canceled,
            ) => S::Canceled,
            (from, event) => {
                return Err(IllegalMove {
                    from: from.name(),
                    event: event.name(),
                });
            }
        })
    }

    /// Placed, and the vendor has not decided.
    pub fn is_undecided(&self) -> bool {
        use LineState as S;
        match self {
            S::PendingApproval
            | S::Scheduled
            | S::Queued { .. }
            | S::Sending { .. }
            | S::Checking { .. }
            | S::Accepted { .. } => true,
            S::Started
            | S::Finished { .. }
            | S::Failed { .. }
            | S::Rejected
            | S::Canceled
            | S::Deleted => false,
        }
    }

    /// The vendor was asked, or may have been.
    pub fn was_sent(&self) -> bool {
        use LineState as S;
        match self {
            S::Sending { .. }
            | S::Checking { .. }
            | S::Accepted { .. }
            | S::Finished { .. }
            | S::Failed { .. } => true,
            // A retry: the attempt before was asked.
            S::Queued { attempt } => *attempt > 1,
            S::Started
            | S::PendingApproval
            | S::Scheduled
            | S::Rejected
            | S::Canceled
            | S::Deleted => false,
        }
    }

    /// Which attempt it is about, where it is about one.
    pub fn attempt(&self) -> Option<u32> {
        use LineState as S;
        match self {
            S::Queued { attempt }
            | S::Sending { attempt, .. }
            | S::Checking { attempt, .. }
            | S::Accepted { attempt, .. }
            | S::Failed { attempt, .. } => Some(*attempt),
            S::Started
            | S::PendingApproval
            | S::Scheduled
            | S::Finished { .. }
            | S::Rejected
            | S::Canceled
            | S::Deleted => None,
        }
    }

    /// The state's name in storage and in printed tables.
    pub fn name(&self) -> &'static str {
        match self {
            LineState::Started => "started",
            LineState::PendingApproval => "pending_approval",
            LineState::Scheduled => "scheduled",
            LineState::Queued { .. } => "queued",
            LineState::Sending { .. } => "sending",
            LineState::Checking { .. } => "checking",
            LineState::Accepted { .. } => "accepted",
            LineState::Finished { .. } => "finished",
            LineState::Failed { .. } => "failed",
            LineState::Rejected => "rejected",
            LineState::Canceled => "canceled",
            LineState::Deleted => "deleted",
        }
    }

    /// The word on the screen.
    pub fn label(&self) -> &'static str {
        use LineState as S;
        match self {
            S::Started => "Started",
            S::PendingApproval => "Pending approval",
            S::Scheduled => "Scheduled",
            S::Queued { .. } | S::Sending { .. } | S::Checking { .. } | S::Accepted { .. } => {
                "Provisioning started"
            }
            S::Finished { .. } => "Provisioning finished",
            S::Failed { .. } => "Provisioning failed",
            S::Rejected => "Rejected",
            S::Canceled => "Canceled",
            S::Deleted => "Deleted",
        }
    }
}

impl LineEvent {
    /// The event's name in refusals and printed tables.
    pub fn name(&self) -> &'static str {
        match self {
            LineEvent::HeldForApproval => "held for approval",
            LineEvent::HeldForDate => "held for its date",
            LineEvent::Released => "released",
            LineEvent::Sending => "sending",
            LineEvent::NotSent => "not sent",
            LineEvent::Accepted { .. } => "accepted",
            LineEvent::AnswerLost { .. } => "answer lost",
            LineEvent::AskedAgain => "asked again",
            LineEvent::LeftToPeople { .. } => "left to people",
            LineEvent::Finished { .. } => "finished",
            LineEvent::Failed(_) => "failed",
            LineEvent::Applied { .. } => "applied",
            LineEvent::Skipped(_) => "skipped",
            LineEvent::Retried => "retried",
            LineEvent::Rejected => "rejected",
            LineEvent::Canceled => "canceled",
            LineEvent::Deleted => "deleted",
            LineEvent::Restored => "restored",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;

    fn events() -> Vec<LineEvent> {
        vec![
            LineEvent::HeldForApproval,
            LineEvent::HeldForDate,
            LineEvent::Released,
            LineEvent::Sending,
            LineEvent::NotSent,
            LineEvent::Accepted { operation: None },
            LineEvent::AnswerLost {
                evidence: "silence".into(),
            },
            LineEvent::AskedAgain,
            LineEvent::LeftToPeople {
                evidence: "silence".into(),
            },
            LineEvent::Finished {
                vendor_reference: "v".into(),
            },
            LineEvent::Failed(Failure {
                code: "E".into(),
                message: "no".into(),
                field: None,
            }),
            LineEvent::Applied {
                vendor_reference: "v".into(),
            },
            LineEvent::Skipped(Failure {
                code: "E".into(),
                message: "no".into(),
                field: None,
            }),
            LineEvent::Retried,
            LineEvent::Rejected,
            LineEvent::Canceled,
            LineEvent::Deleted,
            LineEvent::Restored,
        ]
    }

    #[test]
    fn the_machine_is_printed_and_compared() {
        let mut table = String::new();
        for state in sample::states() {
            for event in events() {
                if let Ok(next) = state.after(&event, Timestamp::UNIX_EPOCH) {
                    table += &format!(
                        "{:<17} {:<18} -> {}\n",
                        state.name(),
                        event.name(),
                        next.name()
                    );
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_doubt_counts_its_checks_and_keeps_its_beginning() {
        let sending = LineState::Sending {
            attempt: 2,
            since: Timestamp::UNIX_EPOCH,
        };
        let lost = LineEvent::AnswerLost {
            evidence: "reset".into(),
        };
        let later = Timestamp::from_second(60).unwrap();
        let doubt = sending
            .after(&lost, later)
            .and_then(|state| state.after(&lost, later))
            .unwrap();
        let LineState::Checking {
            attempt: 2, doubt, ..
        } = doubt
        else {
            panic!("{doubt:?}")
        };
        assert_eq!((doubt.since, doubt.checks), (Timestamp::UNIX_EPOCH, 1));
    }
}
