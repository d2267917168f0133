//! What became of a price sheet: who took it over, when, and how many rows of each kind it had.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::sheet::SheetProblem;
use crate::id::{ImportId, OrganizationId, VendorId};
use crate::money::{Currency, UnitAmount};

/// Problems that are kept with an import; the others are counted.
pub const PROBLEMS_KEPT: usize = 200;

/// Prices that are kept with an import as they were and are; the others are counted.
pub const MOVES_KEPT: usize = 100;
/// An import that says nothing for so long was cut off: its program ended.
pub const SILENCE: SignedDuration = SignedDuration::from_secs(60);

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

/// A price that the import makes, changes or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The offer's name.
    pub offer: String,
    /// Term, billing cycle and market.
    pub plan: String,
    /// The vendor's price for a term until then; none where it was not sold.
    pub from: Option<UnitAmount>,
    /// The vendor's price for a term since then; none where it is not sold any more.
    pub to: Option<UnitAmount>,
    /// The currency of both.
    pub currency: Currency,
    /// From when on.
    pub since: Timestamp,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// Rows are being read.
    Running,
    /// Its program ended while it ran; what it took over is known, so the sheet can be imported again.
    CutOff,
    /// Every row was taken over.
    Finished,
    /// The rows that could be read were taken over.
    WithProblems,
    /// The sheet can't be read at all, and nothing of it was taken over.
    Refused,
}

impl ImportState {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            ImportState::Running => "Running",
            ImportState::CutOff => "Cut off",
            ImportState::Finished => "Finished",
            ImportState::WithProblems => "Finished with problems",
            ImportState::Refused => "Refused",
        }
    }

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            ImportState::Running => "running",
            ImportState::CutOff => "cut_off",
            ImportState::Finished => "finished",
            ImportState::WithProblems => "finished_with_problems",
            ImportState::Refused => "refused",
        }
    }
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
    /// The vendor's name as it was then.
    #[serde(default)]
    pub vendor_name: String,
    /// The file's name.
    pub file: String,
    /// Who took it over.
    pub by: String,
    /// Nothing is taken over: it shows what would come of the sheet.
    #[serde(default)]
    pub is_dry_run: bool,
    /// The sheet is a part of the vendor's: what it does not list goes on.
    #[serde(default)]
    pub is_partial: bool,
    /// Rows of the file, about; a quoted cell may hold a line's end.
    #[serde(default)]
    pub total: Option<u64>,
    /// When it was begun; prices that differ from known ones hold from here on.
    pub started_at: Timestamp,
    /// When the last row was taken over; `None` while it runs, or where it was cut off.
    pub finished_at: Option<Timestamp>,
    /// When it last said how far it is.
    #[serde(default)]
    pub seen_at: Option<Timestamp>,
    /// How many rows of each kind so far.
    pub counts: Counts,
    /// The first problems.
    pub problems: Vec<SheetProblem>,
    /// The first prices that move.
    #[serde(default)]
    pub moves: Vec<Move>,
}

impl Import {
    /// Where it stands.
    pub fn state(&self, now: Timestamp) -> ImportState {
        let last = self.seen_at.unwrap_or(self.started_at);
        match self.finished_at {
            None if now.duration_since(last) < SILENCE => ImportState::Running,
            None => ImportState::CutOff,
            Some(_) if self.counts.problems == 0 => ImportState::Finished,
            Some(_) if self.counts.rows == 0 => ImportState::Refused,
            Some(_) => ImportState::WithProblems,
        }
    }

    /// Keeps what a price was and is, while there is room.
    pub fn show(&mut self, moved: impl FnOnce() -> Move) {
        if self.moves.len() < MOVES_KEPT {
            self.moves.push(moved());
        }
    }

    /// Keeps what is wrong with a row, or counts it where there is much.
    pub fn note(&mut self, found: Vec<SheetProblem>) {
        self.counts.problems += found.len() as u64;
        let room = PROBLEMS_KEPT.saturating_sub(self.problems.len());
        self.problems.extend(found.into_iter().take(room));
    }
}
