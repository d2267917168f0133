//! Canceling one line (T17): what no vendor was asked for is left out at once; what a vendor would still
//! take back is canceled there by an order of its own, and the line follows when that is done.

use jiff::Timestamp;

use super::action::{Action, target};
use super::change::RequestedChange;
use super::line::{Line, LineEvent, LineState};
use super::phase::View;
use super::seen::{SeenLine, SeenOrder};
use super::{Order, Refusal, event};
use crate::event::{Actor, Event, EventKind};
use crate::id::{LineId, SubscriptionId};

/// How a line is canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelWay {
    /// At once: no vendor has it.
    Here,
    /// By an order that asks the vendor to end this subscription.
    AtVendor(SubscriptionId),
}

/// Bought by itself, and here.
fn is_bought(change: &RequestedChange, state: &LineState) -> bool {
    let is_purchase = matches!(change, RequestedChange::Purchase { .. });
    is_purchase && matches!(state, LineState::Finished { .. })
}

impl SeenOrder {
    /// The lines that can be canceled now, where the order lets it.
    pub fn cancelable(&self, now: Timestamp) -> impl Iterator<Item = &SeenLine> {
        let is_open = self.allowed.contains(&Action::CancelItem);
        let lines = self.lines.iter();
        lines.filter(move |line| is_open && line.can_be_canceled(now))
    }
}

impl SeenLine {
    fn can_be_canceled(&self, now: Timestamp) -> bool {
        let is_inside = self.cancellable_until.is_some_and(|until| now < until);
        let is_unsent = matches!(self.state, LineState::Queued { .. });
        is_unsent || (is_inside && is_bought(&self.change, &self.state))
    }
}

impl Line {
    /// Bought by itself, and the vendor has a window for giving it back.
    fn is_returnable(&self) -> bool {
        is_bought(&self.change, &self.state) && self.cancellable_until.is_some()
    }

    /// Whether it is a kind of line that can be canceled where it stands; the clock decides the rest.
    pub(super) fn can_be_canceled(&self) -> bool {
        self.is_returnable() || matches!(self.state, LineState::Queued { .. })
    }
}

impl Order {
    /// How a line can be canceled now; or why not, and what to do instead.
    pub fn how_to_cancel(&self, id: LineId, now: Timestamp) -> Result<CancelWay, Refusal> {
        let is_filed = self
            .shown()
            .is_none_or(|(view, _)| view == View::Historical);
        if target(self.phase(), is_filed, Action::CancelItem).is_none() {
            return Err(Refusal::NotNow {
                status: self.status(),
            });
        }
        // A markup is nobody's item: those who may not know of it hear what they hear of any other id.
        let is_it = |line: &&Line| line.id == id && !line.change.is_markup();
        let line = self.lines.iter().find(is_it).ok_or(Refusal::NoSuchLine)?;
        let name = line.name();
        let words = match &line.state {
            LineState::Queued { .. } => return Ok(CancelWay::Here),
            LineState::Finished { .. } if !line.is_returnable() => match line.change {
                RequestedChange::Purchase { .. } => format!(
                    "{} takes nothing back by order; end {name} at its subscription",
                    line.item.vendor_name
                ),
                _ => format!("{name} is changed already; change its subscription back instead"),
            },
            LineState::Finished { .. } => match line.cancellable_until {
                Some(until) if now >= until => format!(
                    "{name} could be canceled until {}, five minutes before {}'s own deadline; turn \
                     auto-renewal off at its subscription to end it with the term",
                    until.strftime("%-d %b %Y, %H:%M UTC"),
                    line.item.vendor_name,
                ),
                _ => return Ok(CancelWay::AtVendor(line.subscription)),
            },
            LineState::Sending { .. } | LineState::Checking { .. } | LineState::Accepted { .. } => {
                format!(
                    "{} has been asked for {name} already; cancel it when the answer is there",
                    line.item.vendor_name
                )
            }
            _ => format!("nothing of {name} runs; there is nothing to cancel"),
        };
        Err(Refusal::Because(words))
    }

    /// Leaves out a line that no vendor has, with all that waits for it; or notes that the order `by`
    /// asks the vendor.
    pub(super) fn cancel_item(
        &mut self,
        id: LineId,
        by: u64,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if let CancelWay::AtVendor(_) = self.how_to_cancel(id, now)? {
            return Ok(vec![Event {
                detail: Some(format!("By order {by}")),
                ..event(EventKind::CancelOrdered, Some(actor), Some(id), now)
            }]);
        }
        let mut goes = vec![id];
        let mut at = 0;
        while let Some(before) = goes.get(at).copied() {
            let waits = |line: &&Line| line.waits_for() == Some(before);
            goes.extend(self.lines.iter().filter(waits).map(|line| line.id));
            at += 1;
        }
        let mut events = Vec::new();
        for id in goes {
            events.extend(self.advance(id, &LineEvent::Canceled, Some(actor), now)?);
        }
        if self.is_all_canceled() {
            self.stopped = Some(format!(
                "Canceled by {} ({})",
                actor.person, actor.organization_name
            ));
        }
        Ok(events)
    }

    /// Takes note that the order `by`, placed at `asked`, has ended at the vendor what a line bought. Only
    /// a line that was inside its window then is undone, and only while the order is Recent: later it is
    /// the subscription's own history.
    pub fn undo(
        &mut self,
        id: LineId,
        by: u64,
        asked: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let is_recent = self.shown().is_some_and(|(view, _)| view == View::Recent);
        let is_undone = |line: &Line| {
            let is_inside = line.cancellable_until.is_some_and(|until| asked < until);
            line.id == id && line.is_returnable() && is_inside
        };
        if !is_recent || !self.lines.iter().any(is_undone) {
            return Ok(Vec::new());
        }
        // Add-ons end with their license.
        let goes = |line: &&Line| {
            let is_addon = line.parent == Some(id);
            line.id == id || (is_addon && matches!(line.state, LineState::Finished { .. }))
        };
        let goes: Vec<LineId> = self.lines.iter().filter(goes).map(|line| line.id).collect();
        let mut events = Vec::new();
        for id in goes {
            events.extend(self.advance(id, &LineEvent::Canceled, None, now)?);
        }
        for event in &mut events {
            event.detail = Some(format!("By order {by}"));
        }
        if self.is_all_canceled() {
            self.stopped = Some(format!("Order {by} canceled it"));
        }
        Ok(events)
    }

    fn is_all_canceled(&self) -> bool {
        let mut lines = super::counted(&self.lines);
        lines.all(|line| line.state == LineState::Canceled)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::order::command::Command;
    use crate::order::phase::Phase;
    use crate::order::{Stage, sample};

    const BY: u64 = 10_000_002;

    fn cancel(order: &mut Order, at: usize, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let line = order.lines[at].id;
        order.obey(Command::CancelItem { line, by: BY }, &sample::actor(), now)
    }

    fn until() -> Timestamp {
        sample::now() + SignedDuration::from_hours(168)
    }

    /// One bought license in its window, beside one in another state.
    fn bought(beside: LineState) -> Order {
        let mut order = sample::order(Stage::Released, vec![sample::finished(), beside]);
        order.lines[0].cancellable_until = Some(until());
        order
    }

    #[test]
    fn what_was_not_sent_is_left_out_with_what_waits_for_it() {
        let queued = LineState::Queued { attempt: 1 };
        let mut order = sample::order(
            Stage::Released,
            vec![queued.clone(), queued.clone(), sample::finished()],
        );
        order.lines[1].parent = Some(order.lines[0].id);
        assert!(order.allows(Action::CancelItem));
        let events = cancel(&mut order, 0, sample::now()).expect("canceled");
        let told: Vec<_> = events.iter().map(|e| (e.kind, e.line)).collect();
        let canceled = |at: usize| (EventKind::Canceled, Some(order.lines[at].id));
        assert_eq!(told, [canceled(0), canceled(1)]);
        assert_eq!((order.phase(), &order.stopped), (Phase::Fulfilled, &None));

        let mut alone = sample::order(Stage::Released, vec![queued]);
        cancel(&mut alone, 0, sample::now()).expect("canceled");
        assert_eq!(alone.phase(), Phase::Canceled);
        let why = "Canceled by Saulė Petraitė (Baltic Cloud)";
        assert_eq!(alone.stopped.as_deref(), Some(why));
    }

    #[test]
    fn what_its_vendor_takes_back_is_asked_for_and_undone_when_that_is_done() {
        let mut order = bought(sample::failed("E", "no"));
        order.lines.push(Line {
            parent: Some(order.lines[0].id),
            state: sample::finished(),
            ..sample::line(3)
        });
        let line = order.lines[0].clone();
        let last = until() - SignedDuration::from_secs(1);
        assert_eq!(
            order.how_to_cancel(line.id, last),
            Ok(CancelWay::AtVendor(line.subscription))
        );
        let events = cancel(&mut order, 0, last).expect("asked");
        assert_eq!(events[0].kind, EventKind::CancelOrdered);
        assert_eq!(events[0].detail.as_deref(), Some("By order 10000002"));
        assert_eq!(order.lines[0], line, "nothing is undone before it is");

        let late = until() + SignedDuration::from_hours(1);
        let undone = order.undo(line.id, BY, last, late).expect("undone");
        assert_eq!(undone.len(), 2, "with its add-on");
        assert_eq!(order.phase(), Phase::Failed, "the other line is as it was");
        assert_eq!(order.undo(line.id, BY, last, late), Ok(vec![]), "once");

        let mut alone = bought(LineState::Canceled);
        let id = alone.lines[0].id;
        alone.undo(id, BY, last, late).expect("undone");
        assert_eq!(alone.phase(), Phase::Canceled);
        assert_eq!(alone.stopped.as_deref(), Some("Order 10000002 canceled it"));
    }

    #[test]
    fn what_was_ended_after_its_window_or_is_filed_stays_as_it_was() {
        let mut order = bought(LineState::Canceled);
        let id = order.lines[0].id;
        assert_eq!(order.undo(id, BY, until(), until()), Ok(vec![]));
        order.archived_at = Some(sample::now());
        assert_eq!(order.undo(id, BY, sample::now(), sample::now()), Ok(vec![]));
        assert_eq!(order.phase(), Phase::Fulfilled);
    }

    /// Each refusal tells the reason and the way out.
    #[test]
    fn every_refusal_is_printed_and_compared() {
        let mut told = String::new();
        let mut tell = |what: &str, order: &mut Order, at: usize, now: Timestamp| {
            let before = order.clone();
            let refused = cancel(order, at, now).expect_err(what);
            assert_eq!(*order, before, "{what}");
            told += &format!("{what:<22} {refused}\n");
        };
        tell(
            "at the deadline",
            &mut bought(LineState::Canceled),
            0,
            until(),
        );
        for (what, state) in [
            ("no window", sample::finished()),
            ("being asked", sample::checking()),
            ("failed", sample::failed("E", "no")),
            ("canceled", LineState::Canceled),
        ] {
            tell(what, &mut bought(state), 1, sample::now());
        }
        let mut changed = bought(sample::finished());
        changed.lines[1].change = RequestedChange::Quantity { from: 1, to: 2 };
        changed.lines[1].cancellable_until = Some(until());
        tell("a change", &mut changed, 1, sample::now());
        changed.lines[1].change = RequestedChange::Markup {
            from: rust_decimal::Decimal::ONE,
            to: rust_decimal::Decimal::TWO,
        };
        tell("a markup", &mut changed, 1, sample::now());
        let mut filed = bought(LineState::Canceled);
        filed.archived_at = Some(sample::now());
        tell("filed", &mut filed, 0, sample::now());
        insta::assert_snapshot!(told);
    }
}
