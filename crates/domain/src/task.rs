//! What is left to do after a commit; every task may run twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};

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
    /// Claims that ended without progress, one after another.
    pub tries: u32,
}
