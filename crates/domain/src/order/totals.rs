//! A subscription's total licenses around a line, for the side panel (R46, R47).

use serde::{Deserialize, Serialize};

use super::change::RequestedChange;
use super::line::{Line, LineState};

/// Total licenses: what there was, what there is, and what there will be while that is under way.
/// Computed from values that were frozen when the order was placed, so a decided line never moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Before the line.
    pub before: u32,
    /// What the customer has.
    pub now: u32,
    /// What it will have; `None` once decided, and for a change that leaves the total as it is.
    pub after: Option<u32>,
}

impl Totals {
    /// `10 + 5` or `15 − 5`, to stand beneath the total; `None` where nothing is added to or taken
    /// from something.
    pub fn sum(&self) -> Option<String> {
        let before = self.before;
        let total = self.after.unwrap_or(self.now);
        if before == 0 || total == 0 || before == total {
            return None;
        }
        Some(match total.checked_sub(before) {
            Some(more) => format!("{before} + {more}"),
            None => format!("{before} − {}", before - total),
        })
    }
}

impl Line {
    /// The subscription's total licenses around this line; an add-on has its own.
    pub fn totals(&self) -> Totals {
        let (before, target) = self.licenses();
        let (now, after) = match &self.state {
            LineState::Finished { .. } => (target, None),
            LineState::Failed { .. }
            | LineState::Rejected
            | LineState::Canceled
            | LineState::Deleted => (before, None),
            LineState::Started
            | LineState::PendingApproval
            | LineState::Scheduled
            | LineState::Queued { .. }
            | LineState::Sending { .. }
            | LineState::Checking { .. }
            | LineState::Accepted { .. } => (before, (target != before).then_some(target)),
        };
        Totals { before, now, after }
    }

    /// Licenses before the line and once it is done. A suspended subscription keeps its licenses.
    fn licenses(&self) -> (u32, u32) {
        use RequestedChange as C;
        match &self.change {
            C::Purchase { quantity } | C::AddonAdd { quantity, .. } => (0, *quantity),
            C::Quantity { from, to } | C::AddonQuantity { from, to, .. } => (*from, *to),
            C::AddonRemove { quantity, .. } => (*quantity, 0),
            C::Cancel => (self.price.quantity, 0),
            // The seats that are moved leave this subscription for the other.
            C::Upgrade {
                part: Some(part), ..
            } => (part.of, part.of.saturating_sub(part.seats)),
            C::Upgrade { part: None, .. }
            | C::Downgrade { .. }
            | C::Suspend
            | C::Reactivate
            | C::TermDuration { .. }
            | C::BillingCycle { .. }
            | C::AutoRenewal { .. }
            | C::Rename { .. }
            | C::Configuration { .. }
            | C::Markup { .. }
            | C::MarkupDistributor { .. }
            | C::TargetPrice { .. }
            | C::Cost { .. } => (self.price.quantity, self.price.quantity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;

    fn told(change: &RequestedChange, state: LineState) -> String {
        let totals = Line {
            change: change.clone(),
            state,
            ..sample::line(1)
        }
        .totals();
        let after = totals.after.map(|after| format!(" → {after}"));
        let sum = totals.sum().map(|sum| format!(" = {sum}"));
        format!(
            "{}{}{}",
            totals.now,
            after.unwrap_or_default(),
            sum.unwrap_or_default()
        )
    }

    /// Each change while it is under way, done, and stopped: all states of a kind tell the same.
    #[test]
    fn the_totals_are_printed_and_compared() {
        let row = |name: &str, cells: [&str; 3]| {
            format!(
                "{name:<52} {:<18} {:<12} {}\n",
                cells[0], cells[1], cells[2]
            )
        };
        let mut table = row("", ["under way", "finished", "stopped"]);
        for change in sample::changes() {
            let mut cells = ["", "", ""].map(str::to_owned);
            for state in sample::states() {
                let kind = match &state {
                    LineState::Finished { .. } => 1,
                    state if state.is_undecided() || *state == LineState::Started => 0,
                    _ => 2,
                };
                let told = told(&change, state);
                assert!(
                    cells[kind].is_empty() || cells[kind] == told,
                    "{}",
                    change.text()
                );
                cells[kind] = told;
            }
            table += &row(&change.text(), [&cells[0], &cells[1], &cells[2]]);
        }
        insta::assert_snapshot!(table);
    }

    /// The fixtures of R46 and R47.
    #[test]
    fn an_update_shows_the_total_and_a_refused_one_the_unchanged_total() {
        let update = |state| Line {
            change: RequestedChange::Quantity { from: 10, to: 15 },
            state,
            ..sample::line(1)
        };
        let done = update(sample::finished()).totals();
        assert_eq!(
            (done.now, done.after, done.sum()),
            (15, None, Some("10 + 5".into()))
        );
        let failed = update(sample::failed("E", "no")).totals();
        assert_eq!((failed.now, failed.after, failed.sum()), (10, None, None));
        let under_way = update(LineState::Queued { attempt: 1 }).totals();
        assert_eq!((under_way.now, under_way.after), (10, Some(15)));
    }

    proptest::proptest! {
        #[test]
        fn what_is_decided_is_one_of_two_numbers_and_nothing_is_to_come(from: u32, to: u32, at in 0usize..12) {
            let line = Line {
                change: RequestedChange::Quantity { from, to },
                state: sample::states().remove(at),
                ..sample::line(1)
            };
            let totals = line.totals();
            proptest::prop_assert_eq!(totals.before, from);
            match totals.after {
                Some(after) => proptest::prop_assert_eq!((totals.now, after, from != to), (from, to, true)),
                None => proptest::prop_assert!(totals.now == from || totals.now == to),
            }
        }
    }
}
