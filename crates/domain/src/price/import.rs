//! What became of a price sheet: who took it over, when, and how many rows of each kind it had.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sheet::SheetProblem;
use crate::id::{ImportId, OrganizationId, VendorId};

/// Problems that are kept with an import; the others are counted.
pub const PROBLEMS_KEPT: usize = 200;

/// How many rows of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that were read.
    pub rows: u64,
    /// Prices of what was not sold on these terms before.
    pub new: u64,
    /// Prices that are others from now on, or from their first day.
    pub changed: u64,
    /// Prices that are known already, or over.
    pub unchanged: u64,
    /// Prices that ended as the sheet does not list them any more.
    pub ended: u64,
    /// Problems of rows that were left out.
    pub problems: u64,
}

/// An import of a price sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Whose catalog it is.
    pub owner: OrganizationId,
    /// Whose prices they are.
    pub vendor: VendorId,
    /// The file's name.
    pub file: String,
    /// Who took it over.
    pub by: String,
    /// When it was begun; prices that differ from known ones hold from here on.
    pub started_at: Timestamp,
    /// When the last row was taken over; `None` while it runs, or where it was cut off.
    pub finished_at: Option<Timestamp>,
    /// How many rows of each kind so far.
    pub counts: Counts,
    /// The first problems.
    pub problems: Vec<SheetProblem>,
}

impl Import {
    /// Keeps what is wrong with a row, or counts it where there is much.
    pub fn note(&mut self, found: Vec<SheetProblem>) {
        self.counts.problems += found.len() as u64;
        let room = PROBLEMS_KEPT.saturating_sub(self.problems.len());
        self.problems.extend(found.into_iter().take(room));
    }
}
