//! Orders that tell what is so already: a vendor's word that people accept, a subscription that they adopt.

use jiff::Timestamp;

use super::line::Line;
use super::{Order, OrderKind, Refusal};
use crate::event::{Actor, Event, EventKind};

impl Order {
    /// Makes an order of lines that the vendor has carried out already, and finishes it at once. Nobody has
    /// to approve what is so, and nobody agrees to terms by it.
    pub fn record(
        started: (Order, Vec<Event>),
        kind: OrderKind,
        lines: Vec<Line>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Order, Vec<Event>), Refusal> {
        let (mut order, mut events) = started;
        order.kind = kind;
        order.lines = lines;
        for line in &mut order.lines {
            line.is_recorded = true;
        }
        order.total()?;
        order.placed_at = Some(now);
        events.extend(order.release(EventKind::Placed, Some(actor), now)?);
        Ok((order, events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::phase::Phase;
    use crate::order::sample;
    use crate::subscription::Subscription;

    #[test]
    fn what_is_recorded_is_finished_at_once_and_nobody_is_asked() {
        let cart = sample::cart(&[]);
        let (actor, now) = (sample::actor(), sample::now());
        let started = Order::start(cart.id, cart.organization, cart.number, actor.clone(), now);
        let mut line = sample::line(1);
        line.vendor_reference = Some("theirs".into());
        let recorded = Order::record(started, OrderKind::Purchase, vec![line], &actor, now);
        let (order, events) = recorded.expect("an order");
        assert_eq!(order.phase(), Phase::Fulfilled);
        assert!(order.follow_ups(&events, now).is_empty(), "no work is left");
        let begun = Subscription::begun_by(&order, &order.lines[0]).expect("a subscription");
        assert_eq!(begun.vendor_reference, "theirs");
    }
}
