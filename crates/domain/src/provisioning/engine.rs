//! The engine's decisions: what to write down and whom to ask what, and what an answer means. Pure: the
//! worker in `app` and the simulation run the same.
//!
//! A question can't be asked before what belongs to it is durable: [`Intent`] gives it away only for a
//! [`Durable`], which storage alone makes, after a commit.

use jiff::Timestamp;

use super::pace::{ask_before, back_off};
use super::repeat::{Remedy, RepeatRule};
use super::{Doubt, Fault, Outcome, Verb};
use crate::order::line::{LineEvent, LineState, NO_ANSWER_HEARD};
use crate::task::{Task, TaskKind};

/// Proof that a transaction was committed and can't be lost. Implemented by storage, for a type that it
/// makes after a commit and nobody else can make.
pub trait Durable {}

/// A claimed task with all that a decision about it needs.
#[derive(Debug, Clone, Copy)]
pub struct Claimed<'c> {
    /// The task.
    pub task: &'c Task,
    /// Where its line stands.
    pub state: &'c LineState,
    /// What the line wants; `None` where no vendor hears of it.
    pub verb: Option<&'c Verb>,
    /// What the vendor promises about repeats of it.
    pub rule: RepeatRule,
    /// The customer is suspended, or somebody above it.
    pub is_suspended: bool,
    /// Another line has to be finished before.
    pub is_waiting: bool,
    /// When it was claimed.
    pub now: Timestamp,
}

/// What to do with a claimed task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Decided meanwhile, or moved on: remove the task.
    Drop,
    /// Nothing is sent any more for a suspended customer or seller: stop the order, and remove the task.
    Stop,
    /// Nothing may be asked by a program: move the line by this, and remove the task.
    Leave(LineEvent),
    /// Put the task off.
    Wait(Timestamp),
    /// Move the line by the intent's event, commit, then ask.
    Ask(Intent),
}

/// A question that is not to be asked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    event: Option<LineEvent>,
    question: Question,
    ask_before: Timestamp,
}

/// What is asked of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// For the first time.
    Submit,
    /// What became of it.
    Settle(Doubt),
    /// How far it is.
    Poll(Option<String>),
    /// Remove what it may have left.
    Clear,
}

/// What an answer makes of a line and its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Moves the line, where it does.
    pub event: Option<LineEvent>,
    /// What becomes of the task.
    pub then: Then,
}

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// There is nothing left to do.
    Finish,
    /// It is tried again.
    Again {
        /// Not before.
        at: Timestamp,
        /// Tries that it has behind it then.
        tries: u32,
    },
}

impl Intent {
    fn step(event: Option<LineEvent>, question: Question, now: Timestamp) -> Step {
        Step::Ask(Intent {
            event,
            question,
            ask_before: ask_before(now),
        })
    }

    /// Moves the line before it is asked, in the same transaction as the claim.
    pub fn event(&self) -> Option<&LineEvent> {
        self.event.as_ref()
    }

    /// The question, once what belongs to it is durable; `None` when a call that begins now could outlast
    /// the hold: another worker may be asking then.
    pub fn once_durable(self, _: &impl Durable, now: Timestamp) -> Option<Question> {
        (now < self.ask_before).then_some(self.question)
    }
}

/// Decides what to do with a claimed task. [`TaskKind::Start`] is not about a line and no business of its.
pub fn prepare(claimed: &Claimed<'_>) -> Step {
    let now = claimed.now;
    match (claimed.task.kind, claimed.state) {
        (TaskKind::Clear, LineState::Failed { .. }) => match claimed.can_be_repeated() {
            true => Intent::step(None, Question::Clear, now),
            false => Step::Drop,
        },
        (TaskKind::Provision, LineState::Queued { .. }) if claimed.is_suspended => Step::Stop,
        (TaskKind::Provision, LineState::Queued { .. }) if claimed.is_waiting => Step::Drop,
        (TaskKind::Provision, LineState::Queued { .. }) if claimed.verb.is_none() => Step::Drop,
        (TaskKind::Provision, LineState::Queued { .. }) => {
            Intent::step(Some(LineEvent::Sending), Question::Submit, now)
        }
        (TaskKind::Provision, LineState::Sending { since, .. }) => {
            let doubt = Doubt {
                since: *since,
                evidence: NO_ANSWER_HEARD.to_owned(),
                checks: 0,
            };
            claimed.settle(&doubt, *since)
        }
        (
            TaskKind::Provision,
            LineState::Checking {
                doubt,
                asked,
                is_with_people: false,
                ..
            },
        ) => claimed.settle(doubt, asked.unwrap_or(doubt.since)),
        (TaskKind::Provision, LineState::Accepted { operation, .. }) => {
            Intent::step(None, Question::Poll(operation.clone()), now)
        }
        (TaskKind::Provision | TaskKind::Clear | TaskKind::Start, _) => Step::Drop,
    }
}

impl Claimed<'_> {
    fn settle(&self, doubt: &Doubt, asked: Timestamp) -> Step {
        let Some(verb) = self.verb else {
            return Step::Drop;
        };
        match self.rule.remedy(verb, doubt.since, asked, self.now) {
            Remedy::Person(why) => Step::Leave(LineEvent::LeftToPeople {
                evidence: format!("{}; {why}", doubt.evidence),
            }),
            Remedy::Wait(until) => Step::Wait(until),
            Remedy::Ask => {
                let event = self.rule.records_repeats().then_some(LineEvent::AskedAgain);
                Intent::step(event, Question::Settle(doubt.clone()), self.now)
            }
        }
    }

    /// What can't be found out about can't be cleared either.
    fn can_be_repeated(&self) -> bool {
        let ever = Timestamp::MIN;
        let remedy = |verb| self.rule.remedy(verb, self.now, ever, self.now);
        self.verb
            .is_some_and(|verb| !matches!(remedy(verb), Remedy::Person(_)))
    }
}

/// An asked question with all that a decision about its answer needs.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The task, as it was claimed.
    pub task: &'a Task,
    /// What was asked.
    pub question: &'a Question,
    /// Where the line stands when the answer is written down.
    pub state: &'a LineState,
    /// What the line wants.
    pub verb: &'a Verb,
    /// What the vendor promises about repeats of it.
    pub rule: RepeatRule,
    /// The present instant.
    pub now: Timestamp,
    /// Any number; spreads what is tried again.
    pub jitter: u16,
}

/// Decides what an answer means. No clock makes a failure of a doubt: only [`Outcome::Refused`] does.
pub fn conclude(asked: &Asked<'_>, answer: Result<Outcome, Fault>) -> Verdict {
    if asked.question == &Question::Clear {
        return asked.cleared(&answer);
    }
    if !asked.is_awaited() {
        // A person decided meanwhile.
        return Verdict {
            event: None,
            then: Then::Finish,
        };
    }
    let over = |event| Verdict {
        event: Some(event),
        then: Then::Finish,
    };
    match answer {
        Ok(Outcome::Done { vendor_reference }) => over(LineEvent::Finished { vendor_reference }),
        Ok(Outcome::Refused(failure)) => over(LineEvent::Failed(failure)),
        Ok(Outcome::Accepted {
            operation,
            retry_after,
        }) => Verdict {
            event: Some(LineEvent::Accepted { operation }),
            then: asked.again(retry_after),
        },
        Err(fault) => asked.failed(fault),
    }
}

impl Asked<'_> {
    /// Whether the line still stands where the question was asked.
    fn is_awaited(&self) -> bool {
        matches!(
            (self.question, self.state),
            (Question::Submit, LineState::Sending { .. })
                | (
                    Question::Settle(_),
                    LineState::Sending { .. }
                        | LineState::Checking {
                            is_with_people: false,
                            ..
                        }
                )
                | (Question::Poll(_), LineState::Accepted { .. })
        )
    }

    /// No decision came back.
    fn failed(&self, fault: Fault) -> Verdict {
        let wish = match &fault {
            Fault::NotSent { retry_after, .. } | Fault::AnswerLost { retry_after, .. } => {
                *retry_after
            }
            Fault::Misconfigured { .. } => None,
        };
        let event = match (self.question, fault) {
            // A poll says nothing new, and changes nothing.
            (Question::Poll(_) | Question::Clear, _) => None,
            (Question::Submit, Fault::NotSent { .. } | Fault::Misconfigured { .. }) => {
                Some(LineEvent::NotSent)
            }
            // It speaks of the check, not of what is checked.
            (Question::Settle(_), Fault::NotSent { .. } | Fault::Misconfigured { .. }) => {
                Some(LineEvent::AnswerLost {
                    evidence: "the vendor can't be reached".into(),
                })
            }
            (Question::Submit | Question::Settle(_), Fault::AnswerLost { evidence, .. }) => {
                return self.lost(evidence, wish);
            }
        };
        Verdict {
            event,
            then: self.again(wish),
        }
    }

    fn lost(&self, evidence: String, wish: Option<std::time::Duration>) -> Verdict {
        let since = match self.state {
            LineState::Checking { doubt, .. } => doubt.since,
            LineState::Sending { since, .. } => *since,
            _ => self.now,
        };
        match self.rule.remedy(self.verb, since, self.now, self.now) {
            Remedy::Person(why) => Verdict {
                event: Some(LineEvent::LeftToPeople {
                    evidence: format!("{evidence}; {why}"),
                }),
                then: Then::Finish,
            },
            Remedy::Ask | Remedy::Wait(_) => Verdict {
                event: Some(LineEvent::AnswerLost { evidence }),
                then: self.again(wish),
            },
        }
    }

    fn cleared(&self, answer: &Result<Outcome, Fault>) -> Verdict {
        let then = match answer {
            Ok(Outcome::Done { .. }) => Then::Finish,
            Ok(Outcome::Accepted { retry_after, .. })
            | Err(Fault::NotSent { retry_after, .. } | Fault::AnswerLost { retry_after, .. }) => {
                self.again(*retry_after)
            }
            Ok(Outcome::Refused(_)) | Err(Fault::Misconfigured { .. }) => self.again(None),
        };
        Verdict { event: None, then }
    }

    fn again(&self, wish: Option<std::time::Duration>) -> Then {
        let tries = self.task.tries.saturating_add(1);
        let wait = back_off(tries, wish, self.jitter);
        Then::Again {
            at: self.now.saturating_add(wait).unwrap_or(Timestamp::MAX),
            tries,
        }
    }
}

#[cfg(test)]
mod tests;
