//! The attempts at a line, read from the log: who asked, what was put right, what the vendor said.

use jiff::Timestamp;

use super::failure::Explanation;
use super::line::LineState;
use super::retry::Cause;
use super::seen::SeenLine;
use crate::event::{Actor, Correction, Event, EventKind};
use crate::provisioning::Failure;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing has been sent yet, or nothing has come back.
    None,
    /// The answer was lost; we are finding out.
    Lost,
    /// The vendor works on it.
    Accepted,
    /// Done.
    Finished,
    /// The vendor refused.
    Failed(Failure),
    /// Stopped by people.
    Canceled,
}

impl Answer {
    /// The answer in a few words; a refusal's own words stand beside it.
    pub fn label(&self) -> &'static str {
        match self {
            Answer::None => "No answer yet",
            Answer::Lost => "No answer; checking with the vendor",
            Answer::Accepted => "The vendor works on it",
            Answer::Finished => "Done",
            Answer::Failed(_) => "Refused",
            Answer::Canceled => "Canceled",
        }
    }
}

/// One attempt at a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// Who asked for it: by placing the order, approving it, or asking for a retry.
    pub by: Option<Actor>,
    /// When that was.
    pub asked_at: Timestamp,
    /// What was put right before it.
    pub corrected: Vec<Correction>,
    /// When it was last sent.
    pub sent_at: Option<Timestamp>,
    /// What the vendor said last.
    pub answer: Answer,
    /// When.
    pub answered_at: Option<Timestamp>,
}

impl Attempt {
    /// What a refusal means.
    pub fn explanation(&self) -> Option<Explanation> {
        match &self.answer {
            Answer::Failed(failure) => Some(failure.explain()),
            _ => None,
        }
    }

    fn begun(event: &Event, number: u32) -> Attempt {
        Attempt {
            number,
            by: event.actor.clone(),
            asked_at: event.at,
            corrected: event
                .attempt
                .as_ref()
                .map_or_else(Vec::new, |facts| facts.corrected.clone()),
            sent_at: None,
            answer: Answer::None,
            answered_at: None,
        }
    }

    fn hear(&mut self, event: &Event) {
        use EventKind as K;
        let answer = match event.kind {
            K::Sending => {
                self.sent_at = Some(event.at);
                return;
            }
            K::NotSent => {
                self.sent_at = None;
                return;
            }
            K::AnswerLost => Answer::Lost,
            K::Accepted => Answer::Accepted,
            K::Finished => Answer::Finished,
            K::Canceled => Answer::Canceled,
            K::Failed => {
                let kept = event
                    .attempt
                    .as_ref()
                    .and_then(|facts| facts.failure.clone());
                // Entries of before attempts were kept have the vendor's words alone.
                Answer::Failed(kept.unwrap_or_else(|| Failure {
                    code: String::new(),
                    message: event.detail.clone().unwrap_or_default(),
                    field: None,
                }))
            }
            _ => return,
        };
        self.answer = answer;
        self.answered_at = Some(event.at);
    }
}

/// The attempts at a line, oldest first, from the part of the log that the reader may see. While an
/// order waits for an approver or its date there are none.
pub fn attempts(line: &SeenLine, events: &[Event]) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    let is_held = matches!(
        line.state,
        LineState::PendingApproval | LineState::Scheduled | LineState::Rejected
    );
    if is_held {
        return attempts;
    }
    for event in events {
        // An order that is stopped as a whole stops each of its lines.
        let is_whole = event.line.is_none() && event.kind == EventKind::Canceled;
        if event.line != Some(line.id) && !is_whole {
            continue;
        }
        let next = attempts.last().map_or(1, |last| last.number + 1);
        match (event.kind, attempts.last_mut()) {
            (EventKind::Placed, None) | (EventKind::Released, None) => {
                attempts.push(Attempt::begun(event, 1));
            }
            (EventKind::Retried, _) => {
                let number = event.attempt.as_ref().map_or(next, |facts| facts.number);
                attempts.push(Attempt::begun(event, number));
            }
            (_, Some(last))
                if !(is_whole && matches!(last.answer, Answer::Finished | Answer::Failed(_))) =>
            {
                last.hear(event);
            }
            _ => {}
        }
    }
    attempts
}

/// The cause for which a line fails or failed last, as far as the reader may see.
pub fn last_cause(line: &SeenLine, events: &[Event]) -> Option<Cause> {
    let of = |failure: &Failure| Cause::of(line.item.vendor, failure);
    if let LineState::Failed { failure, .. } = &line.state {
        return Some(of(failure));
    }
    let attempts = attempts(line, events);
    attempts
        .iter()
        .rev()
        .find_map(|attempt| match &attempt.answer {
            Answer::Failed(failure) => Some(of(failure)),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::access::Visibility;
    use crate::order::command::Command;
    use crate::order::line::LineEvent;
    use crate::order::retry::Corrected;
    use crate::order::{Order, sample};
    use crate::text::Email;

    const CUSTOMER: Visibility = Visibility {
        markup_only_orders: false,
        markup: false,
        cost: false,
        internal: false,
    };

    fn seen(order: &Order, events: &[Event], at: usize) -> Vec<Attempt> {
        let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
        attempts(
            &seen.lines[at],
            &order.seen_events(events.to_vec(), CUSTOMER),
        )
    }

    /// Placed, refused, corrected, lost, found: told to a customer in full.
    #[test]
    fn each_attempt_is_kept_with_what_was_put_right_and_what_was_answered() {
        let mut order = sample::cart(&[1, 2]);
        let id = order.lines[0].id;
        let minute = |n| sample::now() + SignedDuration::from_mins(n);
        let mut events = order
            .place("t".into(), &sample::actor(), minute(0))
            .expect("placed");
        let refusal = Failure {
            code: "InvalidEmail".into(),
            message: "The address is not valid".into(),
            field: None,
        };
        let lost = LineEvent::AnswerLost {
            evidence: "reset".into(),
        };
        let done = LineEvent::Finished {
            vendor_reference: "v".into(),
        };
        let happen = |order: &mut Order, n, happened: &LineEvent| {
            order
                .advance(id, happened, None, minute(n))
                .expect("a move")
        };
        events.extend(happen(&mut order, 1, &LineEvent::Sending));
        events.extend(happen(&mut order, 2, &LineEvent::Failed(refusal.clone())));
        order.lines[1].state = sample::finished();
        let correction = Box::new(Corrected {
            email: Email::parse("new@amber.example").ok(),
            ..Corrected::default()
        });
        let command = Command::Retry {
            line: Some(id),
            correction,
        };
        events.extend(
            order
                .obey(command, &sample::actor(), minute(3))
                .expect("a retry"),
        );
        events.extend(happen(&mut order, 4, &LineEvent::Sending));
        events.extend(happen(&mut order, 5, &lost));
        events.extend(happen(&mut order, 6, &done));
        let table: String = seen(&order, &events, 0)
            .iter()
            .map(|attempt| {
                let person = attempt
                    .by
                    .as_ref()
                    .map_or("nobody", |by| by.person.as_str());
                format!(
                    "{} by {person} at {}, corrected {:?}, sent {:?}, {} {:?}\n",
                    attempt.number,
                    attempt.asked_at,
                    attempt
                        .corrected
                        .iter()
                        .map(|c| format!("{} → {}", c.from, c.to))
                        .collect::<Vec<_>>(),
                    attempt.sent_at.map(|at| at.to_string()),
                    attempt.answer.label(),
                    attempt.answered_at.map(|at| at.to_string()),
                )
            })
            .collect();
        insta::assert_snapshot!(table);
        let first = &seen(&order, &events, 0)[0];
        assert_eq!(first.answer, Answer::Failed(refusal));
        assert!(
            first
                .explanation()
                .is_some_and(|found| found.meaning.is_some())
        );
        assert_eq!(seen(&order, &events, 1).len(), 1);
    }

    #[test]
    fn an_order_that_is_withdrawn_ends_its_attempts() {
        let mut order = sample::cart(&[1]);
        let mut events = order
            .place("t".into(), &sample::actor(), sample::now())
            .expect("placed");
        let stop = order.obey(Command::Withdraw, &sample::actor(), sample::now());
        events.extend(stop.expect("withdrawn"));
        assert_eq!(seen(&order, &events, 0)[0].answer, Answer::Canceled);
    }

    #[test]
    fn an_attempt_of_which_nothing_reached_the_vendor_was_not_sent() {
        let mut order = sample::cart(&[1]);
        let id = order.lines[0].id;
        let placed = order.place("t".into(), &sample::actor(), sample::now());
        let mut events = placed.expect("placed");
        for happened in [LineEvent::Sending, LineEvent::NotSent] {
            let told = order.advance(id, &happened, None, sample::now());
            events.extend(told.expect("a move"));
        }
        let found = seen(&order, &events, 0);
        assert_eq!((found[0].sent_at, &found[0].answer), (None, &Answer::None));
    }

    #[test]
    fn an_order_that_waits_for_people_has_no_attempts_yet() {
        for state in [
            LineState::PendingApproval,
            LineState::Scheduled,
            LineState::Rejected,
        ] {
            let mut order = sample::cart(&[1]);
            let placed = order.place("t".into(), &sample::actor(), sample::now());
            order.lines[0].state = state;
            assert_eq!(seen(&order, &placed.expect("placed"), 0), []);
        }
    }

    #[test]
    fn a_log_from_before_attempts_were_kept_is_read_all_the_same() {
        let mut order = sample::cart(&[1]);
        let id = order.lines[0].id;
        let mut events = order
            .place("t".into(), &sample::actor(), sample::now())
            .expect("placed");
        let failed = LineEvent::Failed(Failure {
            code: "E".into(),
            message: "no".into(),
            field: None,
        });
        for happened in [LineEvent::Sending, failed] {
            events.extend(
                order
                    .advance(id, &happened, None, sample::now())
                    .expect("a move"),
            );
        }
        let again = Command::Retry {
            line: None,
            correction: Box::default(),
        };
        events.extend(
            order
                .obey(again, &sample::actor(), sample::now())
                .expect("a retry"),
        );
        events.iter_mut().for_each(|event| event.attempt = None);
        let found = seen(&order, &events, 0);
        assert_eq!(
            found
                .iter()
                .map(|attempt| attempt.number)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(matches!(&found[0].answer, Answer::Failed(failure) if failure.message == "no"));
    }
}
