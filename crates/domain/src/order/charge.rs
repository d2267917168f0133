//! What the lines of an order cost together: of several changes to one thing the last has the price of all,
//! and what is ended costs nothing from then on.

use std::collections::BTreeSet;

use super::change::RequestedChange;
use super::line::{Item, Line, LinePrice};
use crate::id::{OfferId, SubscriptionId};

/// What a line is about: the license of a subscription; or, by its offer, an add-on to it or what some of
/// its seats become.
pub(super) type Thing = (SubscriptionId, Option<OfferId>);

pub(super) fn thing(subscription: SubscriptionId, change: &RequestedChange, item: &Item) -> Thing {
    let is_beside = change.is_addon() || change.part().is_some();
    (subscription, is_beside.then_some(item.offer))
}

/// Of lines in the order in which they are done, the last about each thing.
pub(super) fn charged<'l, L: 'l>(
    lines: impl DoubleEndedIterator<Item = &'l L>,
    thing: impl Fn(&L) -> Thing,
) -> Vec<&'l L> {
    let mut known = BTreeSet::new();
    let mut last: Vec<&L> = lines
        .rev()
        .filter(|line| known.insert(thing(line)))
        .collect();
    last.reverse();
    last
}

impl Line {
    pub(super) fn thing(&self) -> Thing {
        thing(self.subscription, &self.change, &self.item)
    }

    /// What is paid from then on.
    pub(super) fn charge(&self) -> LinePrice {
        let ends = matches!(
            self.change,
            RequestedChange::Cancel | RequestedChange::AddonRemove { .. }
        );
        LinePrice {
            quantity: if ends { 0 } else { self.price.quantity },
            ..self.price
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;
    use crate::order::{Order, OrderKind, Stage};

    fn order(changes: &[(RequestedChange, u32)]) -> Order {
        let lines = changes.iter().zip(1..).map(|((change, quantity), id)| {
            let line = sample::line(id);
            Line {
                subscription: sample::line(1).subscription,
                change: change.clone(),
                price: LinePrice {
                    quantity: *quantity,
                    ..line.price
                },
                ..line
            }
        });
        Order {
            kind: OrderKind::Update,
            lines: lines.collect(),
            ..sample::order(Stage::Released, Vec::new())
        }
    }

    fn units(order: &Order) -> i64 {
        let unit = sample::line(1).price.unit.customer.minor;
        order.total().expect("a sum").expect("a total").minor / unit
    }

    #[test]
    fn several_changes_of_one_subscription_are_paid_once_and_the_last_price_counts() {
        let renewal = RequestedChange::AutoRenewal {
            from: true,
            to: false,
        };
        let more = RequestedChange::Quantity { from: 15, to: 20 };
        let steps = order(&[(RequestedChange::Suspend, 15), (more, 20), (renewal, 20)]);
        assert_eq!(units(&steps), 20);
        let addon = || "Defender".to_owned();
        let (add, addon) = (
            RequestedChange::AddonAdd {
                addon: addon(),
                quantity: 5,
            },
            RequestedChange::AddonRemove {
                addon: addon(),
                quantity: 8,
            },
        );
        assert_eq!(
            units(&order(&[(RequestedChange::Reactivate, 15), (add, 5)])),
            20
        );
        assert_eq!(units(&order(&[(addon, 8)])), 0);
        assert_eq!(units(&order(&[(RequestedChange::Cancel, 15)])), 0);
    }
}
