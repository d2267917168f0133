//! One comparison of our records with a vendor's, from its start to its end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Skip;
use crate::event::Actor;
use crate::id::{OrganizationId, RunId, VendorId};

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunState {
    /// The vendor is being asked.
    Running,
    /// Compared whole, but for what could not be asked.
    Done,
    /// So much would be told that a second person has to look first; nothing was told.
    Stopped,
    /// Nothing came of it.
    Failed {
        /// Why, for staff.
        reason: String,
    },
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Whose connection it is.
    pub owner: OrganizationId,
    /// The vendor that is asked.
    pub vendor: VendorId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who asked for it; `None` for the daily one.
    pub by: Option<Actor>,
    /// It goes on where another one stopped, because a second person looked.
    #[serde(default)]
    pub is_beyond_ceiling: bool,
    /// Where it stands.
    #[serde(flatten)]
    pub state: RunState,
    /// How many ids were compared.
    #[serde(default)]
    pub compared: usize,
    /// How many differences it found, those that were known among them.
    #[serde(default)]
    pub found: usize,
    /// How many of them are new.
    #[serde(default)]
    pub new: usize,
    /// How many, by kind.
    #[serde(default)]
    pub kinds: BTreeMap<String, usize>,
    /// What was not compared, by reason.
    #[serde(default)]
    pub skipped: BTreeMap<Skip, usize>,
}

impl Run {
    /// Whether this person may let it go on beyond the ceiling: anybody but whoever began it.
    pub fn may_be_continued_by(&self, actor: &Actor) -> bool {
        self.state == RunState::Stopped && self.by.as_ref().is_none_or(|by| by.user != actor.user)
    }
}
