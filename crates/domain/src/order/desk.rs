//! The order desk: which orders wait for people, whoever the customer is, and what staff ask of them.

mod filter;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::filter::{Asker, DeskFilter};
use super::line::LineState;
use super::listing::{Sort, print};
use super::phase::Phase;
use super::{Order, counted};
use crate::id::OrderId;
use crate::text::Invalid;

/// An order that has been with its vendor for this long without a decision is stuck.
pub const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// A doubt that is older waits for a person's decision, whatever else is tried. No clock decides it.
pub const DOUBT_DEADLINE: SignedDuration = SignedDuration::from_hours(24);
/// Rows on a page unless asked otherwise.
pub const PAGE: u32 = 50;

/// Why an order lies on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskReason {
    /// Refused by a vendor, and nobody has retried or given up.
    Failed,
    /// An approver has not decided.
    AwaitingApproval,
    /// Nobody knows whether the vendor has booked it.
    Checking,
    /// Its vendor is a person with a form.
    ByHand,
    /// With its vendor, which has not decided.
    InFlight,
    /// Work on it fails by our own fault.
    SetAside,
}

/// An order's place on the desk. Hidden changes beside others play no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeskEntry {
    /// Why.
    pub reason: DeskReason,
    /// For how long already.
    pub since: Timestamp,
}

/// A part of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskTab {
    /// Refused by a vendor.
    Failed,
    /// In flight for too long.
    Stuck,
    /// Waiting for an approver.
    Approval,
    /// In doubt.
    Checking,
    /// To be fulfilled by a person.
    ByHand,
    /// Failing by our own fault.
    SetAside,
    /// Everything that is under way or in trouble.
    #[default]
    All,
}

/// A row's place on the desk: by time, and by order among those of the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeskPlace {
    /// Since when, in microseconds.
    pub since: i64,
    /// Which order.
    pub order: OrderId,
}

/// What is asked of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskQuery {
    /// A part, or all.
    pub tab: DeskTab,
    /// What was typed above the list.
    pub filter: DeskFilter,
    /// In which order.
    pub sort: Sort,
    /// Beyond this row; from the first when there is none.
    pub from: Option<DeskPlace>,
    /// Rows at the most.
    pub limit: u32,
}

impl DeskReason {
    /// All reasons.
    pub const ALL: [DeskReason; 6] = [
        DeskReason::Failed,
        DeskReason::AwaitingApproval,
        DeskReason::Checking,
        DeskReason::ByHand,
        DeskReason::InFlight,
        DeskReason::SetAside,
    ];

    /// The name in storage and in the API.
    pub fn name(self) -> &'static str {
        match self {
            DeskReason::Failed => "failed",
            DeskReason::AwaitingApproval => "awaiting_approval",
            DeskReason::Checking => "checking",
            DeskReason::ByHand => "by_hand",
            DeskReason::InFlight => "in_flight",
            DeskReason::SetAside => "set_aside",
        }
    }
}

impl DeskEntry {
    /// With its vendor for longer than is usual. Decided when it is read: no clock writes it.
    pub fn is_stuck(&self, now: Timestamp) -> bool {
        self.reason == DeskReason::InFlight
            && self.since.as_microsecond() < stuck_before(now).as_microsecond()
    }

    /// In doubt for so long that a person has to look at the vendor's.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.reason == DeskReason::Checking && now.duration_since(self.since) > DOUBT_DEADLINE
    }

    /// The words on the screen.
    pub fn label(&self, now: Timestamp) -> &'static str {
        match self.reason {
            DeskReason::Failed => "Failed",
            DeskReason::AwaitingApproval => "Waiting for approval",
            DeskReason::Checking if self.is_overdue(now) => "Waits for a decision",
            DeskReason::Checking => "Checking with the vendor",
            DeskReason::ByHand => "To be fulfilled by hand",
            DeskReason::InFlight if self.is_stuck(now) => "Stuck",
            DeskReason::InFlight => "In flight",
            DeskReason::SetAside => "Set aside",
        }
    }
}

/// What was in flight before this instant already is stuck.
pub fn stuck_before(now: Timestamp) -> Timestamp {
    now.saturating_sub(STUCK_AFTER).unwrap_or(Timestamp::MIN)
}

impl DeskTab {
    /// All tabs, in the order of the screen.
    pub const ALL: [DeskTab; 7] = [
        DeskTab::Failed,
        DeskTab::Stuck,
        DeskTab::Approval,
        DeskTab::Checking,
        DeskTab::ByHand,
        DeskTab::SetAside,
        DeskTab::All,
    ];

    /// The name in the API and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            DeskTab::Failed => "failed",
            DeskTab::Stuck => "stuck",
            DeskTab::Approval => "approval",
            DeskTab::Checking => "checking",
            DeskTab::ByHand => "by_hand",
            DeskTab::SetAside => "set_aside",
            DeskTab::All => "all",
        }
    }

    /// The words on the screen.
    pub fn label(self) -> &'static str {
        match self {
            DeskTab::Failed => "Failed",
            DeskTab::Stuck => "Stuck",
            DeskTab::Approval => "Waiting for approval",
            DeskTab::Checking => "Checking",
            DeskTab::ByHand => "By hand",
            DeskTab::SetAside => "Set aside",
            DeskTab::All => "All",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<DeskTab, Invalid> {
        let known = DeskTab::ALL.into_iter().find(|tab| tab.name() == name);
        known.ok_or_else(|| {
            let names = DeskTab::ALL.map(DeskTab::name).join(", ");
            Invalid(format!("must be one of {names}"))
        })
    }

    /// The reason that it is about; all of them when there is none.
    pub fn reason(self) -> Option<DeskReason> {
        match self {
            DeskTab::Failed => Some(DeskReason::Failed),
            DeskTab::Stuck => Some(DeskReason::InFlight),
            DeskTab::Approval => Some(DeskReason::AwaitingApproval),
            DeskTab::Checking => Some(DeskReason::Checking),
            DeskTab::ByHand => Some(DeskReason::ByHand),
            DeskTab::SetAside => Some(DeskReason::SetAside),
            DeskTab::All => None,
        }
    }
}

impl DeskQuery {
    /// The first page of a part: what has waited longest comes first.
    pub fn of(tab: DeskTab) -> DeskQuery {
        DeskQuery {
            tab,
            filter: DeskFilter::default(),
            sort: Sort::OldestFirst,
            from: None,
            limit: PAGE,
        }
    }

    /// A place as an opaque word for addresses, of use in this list only.
    pub fn cursor(&self, place: DeskPlace) -> String {
        let DeskPlace { since, order } = place;
        format!("{since:x}-{}-{:08x}", order.0.simple(), self.print())
    }

    /// The place behind an opaque word; a word of another list is refused.
    pub fn read_cursor(&self, word: &str) -> Result<DeskPlace, Invalid> {
        let damaged = || Invalid("is not a place in this list; begin at its first page".into());
        let mut parts = word.splitn(3, '-');
        let mut part = || parts.next().filter(|part| !part.starts_with('+'));
        let since = part().and_then(|part| i64::from_str_radix(part, 16).ok());
        let order = part().filter(|part| part.len() == 32);
        let order = order.and_then(|part| format!("ord_{part}").parse::<OrderId>().ok());
        let print = part().and_then(|part| u32::from_str_radix(part, 16).ok());
        let (Some(since), Some(order), Some(print)) = (since, order, print) else {
            return Err(damaged());
        };
        if print != self.print() {
            return Err(Invalid(
                "belongs to a list with another filter, tab or sort; begin at its first page"
                    .into(),
            ));
        }
        Ok(DeskPlace { since, order })
    }

    fn print(&self) -> u32 {
        let (tab, sort) = (self.tab.name(), self.sort.name());
        print(&format!("desk\n{tab}\n{sort}\n{}", self.filter))
    }
}

impl Order {
    /// Its place on the desk; `None` while it needs nobody.
    pub fn desk_entry(&self) -> Option<DeskEntry> {
        let entry = |reason, since| Some(DeskEntry { reason, since });
        // Whatever else is the matter: nobody but people ends an error of ours.
        if let Some(since) = self.set_aside.iter().map(|known| known.since).min() {
            return entry(DeskReason::SetAside, since);
        }
        match self.phase() {
            Phase::Failed if self.archived_at.is_none() => {
                entry(DeskReason::Failed, self.phase_since)
            }
            Phase::AwaitingApproval => entry(DeskReason::AwaitingApproval, self.phase_since),
            Phase::Provisioning => Some(self.undecided()),
            Phase::Cart
            | Phase::Scheduled
            | Phase::Fulfilled
            | Phase::Failed
            | Phase::Deleted
            | Phase::Rejected
            | Phase::Canceled => None,
        }
    }

    /// The most worrying of the lines that no vendor has decided says why, the oldest such line since
    /// when.
    fn undecided(&self) -> DeskEntry {
        let doubts = counted(&self.lines).filter_map(|line| match &line.state {
            LineState::Checking { doubt, .. } => Some((DeskReason::Checking, doubt.since)),
            _ => None,
        });
        let by_hand = counted(&self.lines).filter_map(|line| match &line.state {
            LineState::Accepted { since, .. } if line.state.waits_for_a_person() => {
                Some((DeskReason::ByHand, *since))
            }
            _ => None,
        });
        let oldest = |found: (DeskReason, Timestamp)| found.1;
        let found = doubts.min_by_key(|found| oldest(*found));
        let found = found.or_else(|| by_hand.min_by_key(|found| oldest(*found)));
        let (reason, since) = found.unwrap_or((DeskReason::InFlight, self.phase_since));
        DeskEntry { reason, since }
    }
}

#[cfg(test)]
mod tests;
