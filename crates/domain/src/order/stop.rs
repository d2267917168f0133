//! Stopping what is open because its organization is suspended (T20): nothing that has not been sent is
//! sent any more, and what a vendor has is settled as always.

use jiff::Timestamp;

use super::line::{LineEvent, LineState};
use super::phase::Phase;
use super::{Order, Refusal, Stage, counted, event};
use crate::event::{Event, EventKind};
use crate::id::LineId;

impl Order {
    /// Stops an open order, filed or not; nothing where it is not open, or was stopped before and only
    /// waits for its vendors.
    pub fn stop(&mut self, reason: &str, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let before = self.phase();
        let is_open = matches!(
            before,
            Phase::AwaitingApproval | Phase::Scheduled | Phase::Provisioning
        );
        if !is_open {
            return Ok(Vec::new());
        }
        let why = || Some(reason.to_owned());
        let is_unsent = |state: &LineState| {
            matches!(
                state,
                LineState::PendingApproval | LineState::Scheduled | LineState::Queued { .. }
            )
        };
        if counted(&self.lines).all(|line| is_unsent(&line.state)) {
            self.move_lines(&LineEvent::Canceled, now)?;
            self.enter(Stage::Canceled, now);
            self.stopped = why();
            return Ok(vec![Event {
                detail: why(),
                ..event(EventKind::Canceled, None, None, now)
            }]);
        }
        let unsent: Vec<LineId> = self
            .lines
            .iter()
            .filter(|line| is_unsent(&line.state))
            .map(|line| line.id)
            .collect();
        if unsent.is_empty() && self.stopped.is_some() {
            return Ok(Vec::new());
        }
        let mut events = vec![Event {
            detail: why(),
            ..event(EventKind::Stopped, None, None, now)
        }];
        for id in unsent {
            events.extend(self.advance(id, &LineEvent::Canceled, None, now)?);
        }
        self.stopped = why();
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;
    use crate::subscription::wish::Occasion;

    const WHY: &str = "Amber Logistics was suspended: unpaid invoices";

    #[test]
    fn what_was_not_sent_is_canceled_with_the_reason() {
        let queued = || LineState::Queued { attempt: 1 };
        let stage = Stage::Scheduled {
            on: sample::now(),
            occasion: Occasion::Date,
        };
        for (stage, state) in [
            (
                Stage::AwaitingApproval { planned: None },
                LineState::PendingApproval,
            ),
            (stage, LineState::Scheduled),
            (Stage::Released, queued()),
        ] {
            let mut order = sample::order(stage, vec![state.clone(), state]);
            order.archived_at = Some(sample::now());
            let events = order.stop(WHY, sample::now()).expect("stopped");
            assert_eq!(order.phase(), Phase::Canceled);
            assert_eq!(order.stopped.as_deref(), Some(WHY));
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].detail.as_deref(), Some(WHY));
            assert_eq!(order.stop(WHY, sample::now()), Ok(Vec::new()), "once");
        }
    }

    #[test]
    fn what_a_vendor_has_is_settled_and_the_rest_is_never_sent() {
        let queued = LineState::Queued { attempt: 1 };
        for (sent, event, phase) in [
            (
                sample::checking(),
                LineEvent::Finished {
                    vendor_reference: "v".into(),
                },
                Phase::Fulfilled,
            ),
            (
                sample::accepted(),
                LineEvent::Failed(crate::provisioning::Failure {
                    code: "E".into(),
                    message: "no".into(),
                    field: None,
                }),
                Phase::Failed,
            ),
        ] {
            let mut order = sample::order(Stage::Released, vec![sent, queued.clone()]);
            let events = order.stop(WHY, sample::now()).expect("stopped");
            assert_eq!(events[0].kind, EventKind::Stopped);
            assert_eq!(order.lines[1].state, LineState::Canceled);
            assert_eq!(order.phase(), Phase::Provisioning);
            assert_eq!(order.stop(WHY, sample::now()), Ok(Vec::new()), "once");
            let id = order.lines[0].id;
            order
                .advance(id, &event, None, sample::now())
                .expect("settled");
            assert_eq!(order.phase(), phase);
        }
    }

    #[test]
    fn what_is_decided_or_not_placed_stays_as_it_is() {
        for (stage, state) in [
            (Stage::Cart, LineState::Started),
            (Stage::Released, sample::finished()),
            (Stage::Released, sample::failed("E", "no")),
        ] {
            let mut order = sample::order(stage, vec![state]);
            let before = order.clone();
            assert_eq!(order.stop(WHY, sample::now()), Ok(Vec::new()));
            assert_eq!(order, before);
        }
    }
}
