//! How a vendor of each class is spoken to: which messages make a question, and what their answers mean.

use std::time::Duration;

use domain::provisioning::engine::Question;
use domain::provisioning::{Failure, Fault, Outcome, RepeatClass};

use crate::bug::Bug;
use crate::vendor::{About, Message, Reply};

/// What came instead of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// No connection.
    Refused,
    /// 429, with the seconds to wait.
    Limited(u64),
    /// 401.
    Unauthorized,
    /// Nothing.
    Lost,
    /// 5xx.
    ServerError,
    /// Nothing that can be read.
    Garbage,
}

/// What to do after a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Send this.
    Send(Message),
    /// That is the answer.
    Answer(Result<Outcome, Fault>),
}

/// A question under way.
#[derive(Debug, Clone)]
pub struct Exchange {
    class: RepeatClass,
    about: About,
    question: Question,
    bug: Option<Bug>,
    sent: Message,
}

impl Exchange {
    /// Begins with the first message.
    pub fn begin(
        class: RepeatClass,
        about: About,
        question: Question,
        bug: Option<Bug>,
    ) -> Exchange {
        let sent = match &question {
            Question::Clear => Message::Remove,
            Question::Poll(Some(cart)) => Message::Confirm(cart.parse().unwrap_or(u64::MAX)),
            Question::Poll(None) => Message::Status,
            Question::Submit | Question::Settle(_) => {
                let is_first = question == Question::Submit;
                let blindly = [Bug::DeltaBlindly, Bug::ReferenceBlindly].map(Some);
                match class {
                    RepeatClass::TwoStep => Message::Cart,
                    RepeatClass::Referenced if !is_first && bug != blindly[1] => Message::Find,
                    RepeatClass::Delta if !is_first && bug == blindly[0] => Message::Apply,
                    RepeatClass::Absolute | RepeatClass::Delta => Message::Read,
                    RepeatClass::Keyed | RepeatClass::Referenced | RepeatClass::Once => {
                        Message::Apply
                    }
                }
            }
        };
        Exchange {
            class,
            about,
            question,
            bug,
            sent,
        }
    }

    /// The message that is under way.
    pub fn sent(&self) -> Message {
        self.sent
    }

    /// What to do with what came back.
    pub fn hear(&mut self, reply: Result<Reply, Wire>) -> Next {
        let reply = match reply {
            Ok(reply) => reply,
            Err(wire) => return Next::Answer(self.fault(wire)),
        };
        let key = self.about.key;
        let effect = self.about.effect;
        match reply {
            Reply::Booked { key: echo } if echo != key && self.bug != Some(Bug::EchoUnchecked) => {
                lost("the answer is about another request")
            }
            Reply::Booked { .. } => done(),
            Reply::Pending => accepted(None),
            Reply::Refused => Next::Answer(Ok(Outcome::Refused(refusal()))),
            Reply::Cart(cart) => accepted(Some(cart.to_string())),
            Reply::Removed => done(),
            Reply::NotFound if self.sent == Message::Find => self.send(Message::Apply),
            Reply::NotFound => lost("there is no such operation"),
            Reply::Conflict => lost("somebody was faster"),
            Reply::Count { count, .. } if count == effect.to => done(),
            Reply::Count { count, version } if count == effect.from => match self.class {
                RepeatClass::Absolute => self.send(Message::Set { version }),
                _ => self.send(Message::Apply),
            },
            Reply::Count { .. } if self.question == Question::Submit => {
                Next::Answer(Err(Fault::NotSent {
                    reason: "the vendor counts otherwise".into(),
                    retry_after: None,
                }))
            }
            Reply::Count { .. } => lost("the vendor counts otherwise"),
        }
    }

    fn send(&mut self, message: Message) -> Next {
        self.sent = message;
        Next::Send(message)
    }

    fn fault(&self, wire: Wire) -> Result<Outcome, Fault> {
        let wrongly = match wire {
            Wire::Lost => self.bug == Some(Bug::TimeoutIsFailure),
            Wire::ServerError => self.bug == Some(Bug::ServerErrorIsFailure),
            Wire::Limited(_) => self.bug == Some(Bug::LimitIsFailure),
            Wire::Refused | Wire::Unauthorized | Wire::Garbage => false,
        };
        if wrongly {
            return Ok(Outcome::Refused(refusal()));
        }
        Err(match wire {
            Wire::Refused => Fault::NotSent {
                reason: "connection refused".into(),
                retry_after: None,
            },
            Wire::Limited(seconds) => Fault::NotSent {
                reason: "429".into(),
                retry_after: match self.bug {
                    Some(Bug::LimitIgnored) => None,
                    _ => Some(Duration::from_secs(seconds)),
                },
            },
            Wire::Unauthorized => Fault::Misconfigured {
                reason: "401".into(),
            },
            Wire::Lost | Wire::ServerError | Wire::Garbage => Fault::AnswerLost {
                evidence: format!("{wire:?}"),
                retry_after: None,
            },
        })
    }
}

fn done() -> Next {
    Next::Answer(Ok(Outcome::Done {
        vendor_reference: String::new(),
    }))
}

fn accepted(operation: Option<String>) -> Next {
    Next::Answer(Ok(Outcome::Accepted {
        operation,
        retry_after: None,
    }))
}

fn lost(evidence: &str) -> Next {
    Next::Answer(Err(Fault::AnswerLost {
        evidence: evidence.into(),
        retry_after: None,
    }))
}

fn refusal() -> Failure {
    Failure {
        code: "No".into(),
        message: String::new(),
        field: None,
    }
}
