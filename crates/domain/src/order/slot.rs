//! One order in flight for each subscription (R51), and one planned change of each kind (C16).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::phase::Phase;
use super::{Order, OrderKind, Stage};
use crate::id::SubscriptionId;
use crate::subscription::wish::Occasion;

/// What an order holds of a subscription, so that no other has it at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// It is being changed, or waits for an approver.
    Now,
    /// A change on a date is planned.
    Date,
    /// A change on renewal is planned.
    Renewal,
}

impl From<Occasion> for Slot {
    fn from(occasion: Occasion) -> Slot {
        match occasion {
            Occasion::Date => Slot::Date,
            Occasion::Renewal => Slot::Renewal,
        }
    }
}

impl Order {
    /// What the order holds as it stands. A change that no vendor hears of holds nothing: so a markup,
    /// which customers may not know of, is in nobody's way.
    pub fn slots(&self) -> BTreeSet<(SubscriptionId, Slot)> {
        let slot = match (self.phase(), &self.stage) {
            (
                _,
                Stage::AwaitingApproval {
                    planned: Some(planned),
                },
            ) => Slot::from(planned.occasion),
            (Phase::AwaitingApproval | Phase::Provisioning, _) => Slot::Now,
            (Phase::Scheduled, Stage::Scheduled { occasion, .. }) => Slot::from(*occasion),
            _ => return BTreeSet::new(),
        };
        if self.kind != OrderKind::Update {
            return BTreeSet::new();
        }
        let asked = self.lines.iter().filter(|line| line.verb().is_some());
        asked
            .flat_map(|line| [Some(line.subscription), line.destination])
            .flatten()
            .map(|subscription| (subscription, slot))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::change::RequestedChange;
    use crate::order::line::LineState;
    use crate::order::sample;

    #[test]
    fn an_order_holds_its_subscription_while_it_is_open() {
        let queued = || LineState::Queued { attempt: 1 };
        let scheduled = |occasion| Stage::Scheduled {
            on: sample::now(),
            occasion,
        };
        for (stage, state, expected) in [
            (Stage::Released, queued(), Some(Slot::Now)),
            (Stage::Released, sample::checking(), Some(Slot::Now)),
            (
                Stage::AwaitingApproval { planned: None },
                LineState::PendingApproval,
                Some(Slot::Now),
            ),
            (
                scheduled(Occasion::Date),
                LineState::Scheduled,
                Some(Slot::Date),
            ),
            (
                scheduled(Occasion::Renewal),
                LineState::Scheduled,
                Some(Slot::Renewal),
            ),
            (Stage::Released, sample::finished(), None),
            (Stage::Released, sample::failed("E", "no"), None),
            (Stage::Canceled, LineState::Canceled, None),
        ] {
            let mut order = sample::order(stage, vec![state]);
            assert_eq!(
                order.slots().len(),
                0,
                "a purchase changes nothing that runs"
            );
            order.kind = OrderKind::Update;
            order.lines[0].change = RequestedChange::Suspend;
            let held: Vec<Slot> = order.slots().into_iter().map(|(_, slot)| slot).collect();
            assert_eq!(held, Vec::from_iter(expected), "{:?}", order.stage);
            let (from, to) = (5.into(), 7.into());
            order.lines[0].change = RequestedChange::Markup { from, to };
            assert_eq!(order.slots().len(), 0);
        }
    }
}
