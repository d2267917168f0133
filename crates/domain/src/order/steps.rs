//! Lines that wait for another of the same order: an add-on for its license, a step for the one before.

use jiff::Timestamp;

use super::approval::Planned;
use super::line::{Line, LineEvent, LineState};
use super::{Order, OrderKind, Refusal, Stage, event};
use crate::event::{Actor, AttemptFacts, Event, EventKind};
use crate::id::LineId;
use crate::provisioning::Failure;
use crate::subscription::wish::Occasion;

impl Order {
    /// Makes an order of changes to what runs, and places it: at once, or for its date (T10, T13).
    pub fn update(
        started: (Order, Vec<Event>),
        lines: Vec<Line>,
        terms: String,
        waits: Option<(Timestamp, Occasion)>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Order, Vec<Event>), Refusal> {
        let (mut order, mut events) = started;
        order.kind = OrderKind::Update;
        order.lines = lines;
        order.total()?;
        let Some((on, occasion)) = waits else {
            events.extend(order.place(terms, actor, now)?);
            return Ok((order, events));
        };
        let planned = Planned { on, occasion };
        (order.placed_at, order.terms) = (Some(now), Some(terms));
        match order.approvals.is_empty() {
            true => events.push(order.wait_for_date(planned, actor, now)?),
            false => events.extend(order.hold(Some(planned), actor, now)?),
        }
        Ok((order, events))
    }

    /// Begins an order whose date has come (T11); nothing where it waits for none, or for a later one.
    pub fn begin_scheduled(&mut self, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match self.stage {
            Stage::Scheduled { on, .. } if on <= now => {
                self.release(EventKind::Released, None, now)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Ends a planned order because a newer one of its kind takes its place (T12, C16), also where it was
    /// filed meanwhile.
    pub fn give_way(
        &mut self,
        to: u64,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let is_planned = matches!(
            self.stage,
            Stage::Scheduled { .. } | Stage::AwaitingApproval { planned: Some(_) }
        );
        if !is_planned {
            return Err(Refusal::NotNow {
                status: self.status(),
            });
        }
        self.move_lines(&LineEvent::Canceled, now)?;
        self.enter(Stage::Canceled, now);
        let why = format!("Order {to} takes its place");
        self.stopped = Some(why.clone());
        Ok(vec![Event {
            detail: Some(why),
            ..event(EventKind::Canceled, Some(actor), None, now)
        }])
    }

    /// Whether a line waits for another that is not finished.
    pub fn is_waiting(&self, line: &Line) -> bool {
        let before = line.waits_for().and_then(|id| self.line(id));
        before.is_some_and(|before| !matches!(before.state, LineState::Finished { .. }))
    }

    fn line(&self, id: LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// Lets all lines go: what no vendor hears of is made at once, the others are told of by `kind`.
    pub(super) fn release(
        &mut self,
        kind: EventKind,
        actor: Option<&Actor>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.move_lines(&LineEvent::Released, now)?;
        self.enter(Stage::Released, now);
        let told = |line: &Line| event(kind, actor, Some(line.id), now);
        let mut events: Vec<Event> = self.lines.iter().map(told).collect();
        let at_once: Vec<(LineId, String)> = self
            .lines
            .iter()
            .filter(|line| line.verb().is_none())
            .map(|line| (line.id, line.vendor_reference.clone().unwrap_or_default()))
            .collect();
        for (id, vendor_reference) in at_once {
            let applied = LineEvent::Applied { vendor_reference };
            events.extend(self.advance(id, &applied, actor, now)?);
        }
        Ok(events)
    }

    /// What a decided line means for those that wait for it: they go on their way, or are never asked.
    pub(super) fn go_on_after(
        &mut self,
        id: LineId,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let decided = self
            .line(id)
            .map(|line| (line.state.clone(), line.name().to_owned()));
        let waits = |line: &&mut Line| {
            line.waits_for() == Some(id) && matches!(line.state, LineState::Queued { .. })
        };
        match decided {
            Some((LineState::Finished { .. }, _)) => {
                let released =
                    |line: &mut Line| event(EventKind::Released, None, Some(line.id), now);
                events.extend(self.lines.iter_mut().filter(waits).map(released));
                Ok(())
            }
            Some((LineState::Failed { .. }, name)) => {
                let mut skipped = Vec::new();
                for line in self.lines.iter_mut().filter(waits) {
                    let failure = earlier_step_failed(&name);
                    let number = line.state.attempt().unwrap_or(1);
                    line.state = line
                        .state
                        .after(&LineEvent::Skipped(failure.clone()), now)?;
                    skipped.push(line.id);
                    events.push(Event {
                        attempt: Some(AttemptFacts {
                            number,
                            corrected: Vec::new(),
                            failure: Some(failure),
                        }),
                        ..event(EventKind::Skipped, None, Some(line.id), now)
                    });
                }
                skipped
                    .into_iter()
                    .try_for_each(|id| self.go_on_after(id, now, events))
            }
            _ => Ok(()),
        }
    }
}

fn earlier_step_failed(name: &str) -> Failure {
    Failure {
        code: "EarlierStepFailed".into(),
        message: format!("The vendor was not asked: {name}, which comes before it, failed"),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::change::RequestedChange;
    use crate::order::command::Command;
    use crate::order::phase::Phase;
    use crate::order::sample;

    fn update(
        changes: Vec<RequestedChange>,
        waits: Option<(Timestamp, Occasion)>,
    ) -> (Order, Vec<Event>) {
        let mut lines: Vec<Line> = (1..)
            .zip(changes)
            .map(|(id, change)| Line {
                change,
                subscription: sample::line(1).subscription,
                vendor_reference: Some("v-1".into()),
                ..sample::line(id)
            })
            .collect();
        for at in 1..lines.len() {
            lines[at].after = Some(lines[at - 1].id);
        }
        let started = Order::start(
            sample::cart(&[]).id,
            sample::cart(&[]).organization,
            10_000_001,
            sample::actor(),
            sample::now(),
        );
        let (actor, now) = (sample::actor(), sample::now());
        Order::update(started, lines, "2026-11".into(), waits, &actor, now).expect("an order")
    }

    fn two_steps() -> (Order, Vec<Event>) {
        let more = RequestedChange::Quantity { from: 10, to: 15 };
        let off = RequestedChange::AutoRenewal {
            from: true,
            to: false,
        };
        update(vec![more, off], None)
    }

    fn sent(order: &mut Order, at: usize, happened: &LineEvent) -> Vec<EventKind> {
        let id = order.lines[at].id;
        order
            .advance(id, &LineEvent::Sending, None, sample::now())
            .expect("sent");
        let events = order
            .advance(id, happened, None, sample::now())
            .expect("decided");
        events.iter().map(|event| event.kind).collect()
    }

    fn refusal() -> LineEvent {
        LineEvent::Failed(Failure {
            code: "E".into(),
            message: "no".into(),
            field: None,
        })
    }

    #[test]
    fn a_step_goes_on_its_way_when_the_one_before_is_finished() {
        let (mut order, _) = two_steps();
        assert!(!order.is_waiting(&order.lines[0]));
        assert!(order.is_waiting(&order.lines[1]));
        let done = LineEvent::Finished {
            vendor_reference: "v-1".into(),
        };
        let told = sent(&mut order, 0, &done);
        assert_eq!(told, [EventKind::Finished, EventKind::Released]);
        assert!(!order.is_waiting(&order.lines[1]));
        assert_eq!(order.phase(), Phase::Provisioning);
    }

    #[test]
    fn a_step_is_never_asked_when_the_one_before_failed_and_a_retry_begins_with_the_first() {
        let (mut order, _) = two_steps();
        let told = sent(&mut order, 0, &refusal());
        assert_eq!(told, [EventKind::Failed, EventKind::Skipped]);
        assert_eq!(order.phase(), Phase::Failed, "nothing is left undecided");
        let (actor, now) = (sample::actor(), sample::now());
        let retry = |line| Command::Retry {
            line,
            correction: Box::default(),
        };
        let alone = order.lines[1].id;
        assert!(order.obey(retry(Some(alone)), &actor, now).is_err());
        order.obey(retry(None), &actor, now).expect("a retry");
        assert!(order.is_waiting(&order.lines[1]));
    }

    #[test]
    fn what_no_vendor_hears_of_is_done_at_once() {
        let (from, to) = ("Sales".to_owned(), "Support".to_owned());
        let (order, events) = update(vec![RequestedChange::Rename { from, to }], None);
        assert_eq!(order.phase(), Phase::Fulfilled);
        assert!(events.iter().any(|event| event.kind == EventKind::Applied));
        let work = events
            .iter()
            .filter_map(|event| event.kind.follow_up())
            .count();
        assert_eq!(
            work, 1,
            "the task of its placement finds nothing left to do"
        );
    }

    #[test]
    fn a_dated_order_waits_and_begins_on_its_date() {
        let on = sample::now() + jiff::SignedDuration::from_hours(24);
        let more = RequestedChange::Quantity { from: 10, to: 15 };
        let (mut order, events) = update(vec![more], Some((on, Occasion::Renewal)));
        assert_eq!(order.phase(), Phase::Scheduled);
        assert!(
            events
                .iter()
                .any(|event| event.kind == EventKind::Scheduled)
        );
        let early = on - jiff::SignedDuration::from_secs(1);
        assert_eq!(order.begin_scheduled(early), Ok(Vec::new()));
        let told = order.begin_scheduled(on).expect("begun");
        assert_eq!(told[0].kind, EventKind::Released);
        assert_eq!(order.phase(), Phase::Provisioning);
        assert_eq!(order.begin_scheduled(on), Ok(Vec::new()), "once");
    }
}
