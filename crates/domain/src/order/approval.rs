//! Approvals: partners who have to agree before an order goes to its vendors. All must; one refusal
//! refuses the whole (R53).

pub mod rule;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::LineEvent;
use super::{Order, Refusal, Stage, event};
use crate::access::Visibility;
use crate::event::{Actor, Event, EventKind};
use crate::id::OrganizationId;
use crate::subscription::wish::Occasion;

/// The decision of one partner about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The distributor or seller that is asked.
    pub organization: OrganizationId,
    /// Its name as it was then.
    pub organization_name: String,
    /// The names of its rules that asked for it, for those who may know what rules are about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Where it stands.
    pub state: ApprovalState,
}

/// Where an approval stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "approval", rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided.
    Open,
    /// Agreed.
    Approved {
        /// Who decided.
        by: Actor,
        /// When.
        at: Timestamp,
        /// What they said, for staff.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Refused.
    Rejected {
        /// Who decided.
        by: Actor,
        /// When.
        at: Timestamp,
        /// Why, for the customer to read.
        reason: String,
    },
}

/// The date of an order that waits for approvers first (T10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The date.
    pub on: Timestamp,
    /// Whose idea the date was.
    pub occasion: Occasion,
}

impl Approval {
    /// Nobody has decided.
    pub fn is_open(&self) -> bool {
        self.state == ApprovalState::Open
    }

    /// What a reader may know of it: nothing of a rule or of what staff say to each other, unless they
    /// are staff who see costs.
    pub(super) fn seen_by(mut self, seen: Visibility) -> Approval {
        if !seen.cost {
            self.rules.clear();
        }
        if let ApprovalState::Approved { comment, .. } = &mut self.state
            && !seen.internal
        {
            *comment = None;
        }
        self
    }
}

/// `Baltic Cloud and Nordic Distribution`.
pub(super) fn names<'a>(approvals: impl Iterator<Item = &'a Approval>) -> String {
    let names: Vec<&str> = approvals
        .map(|one| one.organization_name.as_str())
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

impl Order {
    /// Says who has to approve it; asked for before it is placed.
    pub fn require(&mut self, approvals: Vec<Approval>) {
        self.approvals = approvals;
    }

    /// The approvals that nobody has decided.
    pub fn open_approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(|approval| approval.is_open())
    }

    /// Placed, and waits for approvers (T7).
    pub(super) fn hold(
        &mut self,
        planned: Option<Planned>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.move_lines(&LineEvent::HeldForApproval, now)?;
        self.enter(Stage::AwaitingApproval { planned }, now);
        let waits = Event {
            detail: Some(format!("By {}", names(self.open_approvals()))),
            ..event(EventKind::HeldForApproval, None, None, now)
        };
        Ok(vec![
            event(EventKind::Placed, Some(actor), None, now),
            waits,
        ])
    }

    /// Agrees for partners; with the last of them the order goes on its way, or waits for its date
    /// (T8, T10, T13).
    pub(super) fn approve(
        &mut self,
        partners: &[OrganizationId],
        comment: Option<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_asked(partners)?;
        let mut events = Vec::new();
        for approval in &mut self.approvals {
            if approval.is_open() && partners.contains(&approval.organization) {
                approval.state = ApprovalState::Approved {
                    by: actor.clone(),
                    at: now,
                    comment: comment.clone(),
                };
                events.push(Event {
                    detail: Some(format!("For {}", approval.organization_name)),
                    ..event(EventKind::Approved, Some(actor), None, now)
                });
            }
        }
        if events.is_empty() {
            events.push(event(EventKind::Approved, Some(actor), None, now));
        }
        if self.open_approvals().next().is_some() {
            return Ok(events);
        }
        match self.stage {
            Stage::AwaitingApproval {
                planned: Some(planned),
            } => events.push(self.wait_for_date(planned, actor, now)?),
            _ => events.extend(self.release(EventKind::Released, Some(actor), now)?),
        }
        Ok(events)
    }

    /// Refuses the whole order for a partner (T9).
    pub(super) fn reject(
        &mut self,
        partners: &[OrganizationId],
        reason: String,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_asked(partners)?;
        self.move_lines(&LineEvent::Rejected, now)?;
        for approval in &mut self.approvals {
            if approval.is_open() && partners.contains(&approval.organization) {
                approval.state = ApprovalState::Rejected {
                    by: actor.clone(),
                    at: now,
                    reason: reason.clone(),
                };
            }
        }
        let stage = Stage::Rejected {
            reason: reason.clone(),
        };
        self.enter(stage, now);
        Ok(vec![Event {
            detail: Some(reason),
            ..event(EventKind::Rejected, Some(actor), None, now)
        }])
    }

    /// Waits for its date; what no vendor hears of waits with the rest.
    pub(super) fn wait_for_date(
        &mut self,
        Planned { on, occasion }: Planned,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.move_lines(&LineEvent::HeldForDate, now)?;
        self.enter(Stage::Scheduled { on, occasion }, now);
        Ok(Event {
            detail: Some(occasion.label().to_owned()),
            ..event(EventKind::Scheduled, Some(actor), None, now)
        })
    }

    /// Whether one of these partners is asked and has not decided. Orders of before approvals were kept
    /// ask nobody by name.
    fn only_asked(&self, partners: &[OrganizationId]) -> Result<(), Refusal> {
        let is_theirs = |approval: &&Approval| partners.contains(&approval.organization);
        if self.approvals.is_empty() || self.open_approvals().any(|open| is_theirs(&open)) {
            return Ok(());
        }
        let waits = names(self.open_approvals());
        let decided = self.approvals.iter().find(is_theirs);
        Err(Refusal::Because(match decided.map(|own| &own.state) {
            Some(ApprovalState::Approved { by, .. }) => format!(
                "{} has approved it for {} already; it waits for {waits}",
                by.person, by.organization_name
            ),
            _ => format!("it waits for {waits}, and only people of theirs can decide"),
        }))
    }
}

#[cfg(test)]
mod tests;
