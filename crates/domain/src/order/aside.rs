//! Work on an order that fails again and again by our own fault: set aside, so that others go on, and
//! let run again by a person once its cause is mended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Order, event};
use crate::event::{Actor, Event, EventKind};
use crate::id::{LineId, TaskId};
use crate::provisioning::pace::STRIKES_MAX;
use crate::task::Task;

/// What is said of a task of which nothing is known but that nobody came back from it.
const NOBODY_CAME_BACK: &str = "each process that had it in hand ended before it could say why";

/// A task of an order's that was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The task.
    pub task: TaskId,
    /// The line that it is about.
    pub line: LineId,
    /// Since when.
    pub since: Timestamp,
}

impl Order {
    /// Marks a task as set aside; `None` where it is already.
    pub fn put_aside(
        &mut self,
        task: TaskId,
        line: LineId,
        problem: &str,
        now: Timestamp,
    ) -> Option<Event> {
        if self.set_aside.iter().any(|known| known.task == task) {
            return None;
        }
        let since = now;
        self.set_aside.push(SetAside { task, line, since });
        Some(Event {
            internal: Some(problem.to_owned()),
            ..event(EventKind::SetAside, None, Some(line), now)
        })
    }

    /// Marks a claimed task as set aside that was claimed too often without anybody being heard of again:
    /// errors are counted by whoever meets them, deaths only here.
    pub fn note_deaths(&mut self, claimed: &Task, now: Timestamp) -> Option<Event> {
        match claimed.strikes > STRIKES_MAX {
            true => self.put_aside(claimed.id, claimed.line, NOBODY_CAME_BACK, now),
            false => None,
        }
    }

    /// Forgets that a task was set aside: it has come through. `false` where nobody knew.
    pub fn came_through(&mut self, task: TaskId) -> bool {
        let before = self.set_aside.len();
        self.set_aside.retain(|known| known.task != task);
        self.set_aside.len() < before
    }

    /// Forgets those that a person lets run again: all but the ones that rest on.
    pub fn run_again(&mut self, resting: &[TaskId], actor: &Actor, now: Timestamp) -> Vec<Event> {
        let (rest, again): (Vec<SetAside>, Vec<SetAside>) = self
            .set_aside
            .drain(..)
            .partition(|known| resting.contains(&known.task));
        self.set_aside = rest;
        let again = again.into_iter();
        again
            .map(|known| event(EventKind::RunAgain, Some(actor), Some(known.line), now))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::sample::{accepted, now, order, sending};
    use super::*;
    use crate::order::Stage;
    use crate::order::desk::DeskReason;

    #[test]
    fn an_order_lies_on_the_desk_until_all_that_was_set_aside_runs_again() {
        let mut order = order(Stage::Released, vec![accepted(), sending()]);
        let [first, second] = [1, 2].map(|n| TaskId(Uuid::from_u128(n)));
        let lines: Vec<LineId> = order.lines.iter().map(|line| line.id).collect();
        let usual = order.desk_entry();
        assert!(order.put_aside(first, lines[0], "a panic", now()).is_some());
        assert_eq!(order.put_aside(first, lines[0], "a panic", now()), None);
        order.put_aside(second, lines[1], "a panic", now());
        let reason = |order: &Order| order.desk_entry().map(|entry| entry.reason);
        assert_eq!(reason(&order), Some(DeskReason::SetAside));
        let actor = order.created_by.clone();
        let told = order.run_again(&[second], &actor, now());
        let told: Vec<_> = told.iter().map(|event| (event.kind, event.line)).collect();
        assert_eq!(told, [(EventKind::RunAgain, Some(lines[0]))]);
        assert_eq!(reason(&order), Some(DeskReason::SetAside));
        assert!(order.came_through(second));
        assert!(!order.came_through(second));
        assert_eq!(order.desk_entry(), usual);
    }
}
