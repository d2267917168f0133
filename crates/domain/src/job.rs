//! Jobs: many subscriptions changed from one sheet, row by row, however long that takes.
//!
//! A job is worked off in batches; each batch, its orders and the outcome of its rows are one transaction,
//! so that a process that dies in the middle has done a row or has not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::{JobId, OrganizationId};

/// Rows of a sheet at the most.
pub const ROWS_MAX: usize = 20_000;

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// Rows are being worked off.
    Running,
    /// A person, or a right that was taken away, holds it up.
    Paused {
        /// Why, where it was no person's doing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The rest of its rows will not be done.
    Canceled {
        /// When.
        at: Timestamp,
    },
    /// No row is left.
    Finished {
        /// When.
        at: Timestamp,
    },
}

/// What a person can tell a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobAction {
    /// Hold it up after the batch that is under way.
    Pause,
    /// Go on.
    Resume,
    /// Leave the rest undone; what was ordered stays.
    Cancel,
}

impl JobAction {
    /// All of them.
    pub const ALL: [JobAction; 3] = [JobAction::Pause, JobAction::Resume, JobAction::Cancel];

    /// The name in addresses and in the API.
    pub fn name(self) -> &'static str {
        match self {
            JobAction::Pause => "pause",
            JobAction::Resume => "resume",
            JobAction::Cancel => "cancel",
        }
    }
}

impl JobState {
    /// The name in storage and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            JobState::Running => "running",
            JobState::Paused { .. } => "paused",
            JobState::Canceled { .. } => "canceled",
            JobState::Finished { .. } => "finished",
        }
    }

    /// The word on the screen.
    pub fn label(&self) -> &'static str {
        match self {
            JobState::Running => "Running",
            JobState::Paused { .. } => "Paused",
            JobState::Canceled { .. } => "Canceled",
            JobState::Finished { .. } => "Finished",
        }
    }

    /// Where an action leads; `None` where it is refused.
    pub fn after(&self, action: JobAction, now: Timestamp) -> Option<JobState> {
        Some(match (self, action) {
            (JobState::Running, JobAction::Pause) => JobState::Paused { reason: None },
            (JobState::Paused { .. }, JobAction::Resume) => JobState::Running,
            (JobState::Running | JobState::Paused { .. }, JobAction::Cancel) => {
                JobState::Canceled { at: now }
            }
            _ => return None,
        })
    }
}

/// Many changes that somebody asked for at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The customer.
    pub organization: OrganizationId,
    /// Who asked; rights are read anew with each batch.
    pub by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: JobState,
    /// Times without an offset in its rows are meant in this zone.
    pub zone: String,
    /// Its rows.
    pub total: u32,
    /// Rows that were ordered.
    pub ordered: u32,
    /// Rows that were refused.
    pub refused: u32,
    /// Rows that ask for nothing that is not so already.
    pub unchanged: u32,
}

impl Job {
    /// Rows that nothing has become of yet.
    pub fn waiting(&self) -> u32 {
        self.total
            .saturating_sub(self.ordered + self.refused + self.unchanged)
    }

    /// Notes what became of a batch, and that nothing is left where nothing is.
    pub fn advance<'r>(&mut self, rows: impl Iterator<Item = &'r Row>, now: Timestamp) {
        for row in rows {
            match row.outcome {
                RowOutcome::Waiting => {}
                RowOutcome::Ordered { .. } => self.ordered += 1,
                RowOutcome::Refused { .. } => self.refused += 1,
                RowOutcome::Unchanged => self.unchanged += 1,
            }
        }
        if self.waiting() == 0 {
            self.state = JobState::Finished { at: now };
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RowOutcome {
    /// Nothing yet.
    Waiting,
    /// An order does it.
    Ordered {
        /// Its number.
        order: u64,
        /// What it asks for, as in *Requested changes*.
        changes: Vec<String>,
    },
    /// It can't be done.
    Refused {
        /// Every reason.
        reasons: Vec<String>,
    },
    /// All that it asks for is so already.
    Unchanged,
}

impl RowOutcome {
    /// The name in storage and in the API.
    pub fn name(&self) -> &'static str {
        match self {
            RowOutcome::Waiting => "waiting",
            RowOutcome::Ordered { .. } => "ordered",
            RowOutcome::Refused { .. } => "refused",
            RowOutcome::Unchanged => "unchanged",
        }
    }
}

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its number in the sheet: 1 for the first below the header.
    pub number: u32,
    /// The subscription, as it is written there.
    pub subscription: String,
    /// What is wanted, as the API takes it; kept as it came.
    pub wish: serde_json::Value,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: RowOutcome,
}

impl Row {
    /// The number of the order that was made of it.
    pub fn order(&self) -> Option<u64> {
        match self.outcome {
            RowOutcome::Ordered { order, .. } if order > 0 => Some(order),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_of_a_job_is_printed_and_compared() {
        let at = Timestamp::UNIX_EPOCH;
        let mut table = String::new();
        for state in [
            JobState::Running,
            JobState::Paused { reason: None },
            JobState::Canceled { at },
            JobState::Finished { at },
        ] {
            for action in JobAction::ALL {
                let after = state.after(action, at).map_or("–", |after| after.label());
                table += &format!("{:<9} {:<7} -> {after}\n", state.name(), action.name());
            }
        }
        insta::assert_snapshot!(table);
    }
}
