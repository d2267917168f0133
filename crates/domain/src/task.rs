//! What is left to do after a commit; every task may run twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};
use crate::order::line::Line;
use crate::order::{Order, Stage};

/// A kind of durable work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Bring a line to its vendor's decision: send, ask again, settle a doubt.
    Provision,
    /// Remove what a refused purchase may have left at the vendor (orphan mitigation).
    Clear,
    /// Begin an order whose date has come.
    Start,
}

/// A piece of durable work about one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose order it is about.
    pub organization: OrganizationId,
    /// The order.
    pub order: OrderId,
    /// The line.
    pub line: LineId,
    /// The vendor that will be called.
    pub vendor: VendorId,
    /// What is to be done.
    pub kind: TaskKind,
    /// Not before this instant.
    pub due_at: Timestamp,
    /// Rises with each claim: a late worker's result is told from the current one's.
    pub fence: i64,
    /// Answers that decided nothing, one after another.
    pub tries: u32,
    /// Claims one after another of which nothing was heard: an error of ours, a crash, or the one that
    /// holds it now.
    pub strikes: u32,
}

/// Work that something which happened leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// Which of the events causes it, so that its id can be drawn before.
    pub event: usize,
    /// The line.
    pub line: LineId,
    /// The vendor that will be called.
    pub vendor: VendorId,
    /// What is to be done.
    pub kind: TaskKind,
    /// Not before this instant.
    pub due_at: Timestamp,
}

impl Order {
    /// The work that events leave behind; saved with them. A line that waits for another is told of again
    /// when it is its turn, and what no vendor hears of needs none.
    pub fn follow_ups(&self, events: &[Event], now: Timestamp) -> Vec<FollowUp> {
        let follow_up = |(at, event): (usize, &Event)| {
            let kind = event.kind.follow_up()?;
            let line = match kind {
                TaskKind::Start => self.lines.first(),
                TaskKind::Provision | TaskKind::Clear => {
                    let has_work = |line: &&Line| line.verb().is_some() && !self.is_waiting(line);
                    let mut lines = self.lines.iter().filter(has_work);
                    lines.find(|line| Some(line.id) == event.line)
                }
            }?;
            let due_at = match self.stage {
                Stage::Scheduled { on, .. } if kind == TaskKind::Start => on,
                _ => now,
            };
            Some(FollowUp {
                event: at,
                line: line.id,
                vendor: line.item.vendor,
                kind,
                due_at,
            })
        };
        events.iter().enumerate().filter_map(follow_up).collect()
    }
}
