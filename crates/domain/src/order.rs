//! Orders: what people decided is stored, what vendors did is read from the lines, and the words
//! come from both.

pub mod action;
pub mod admission;
pub mod approval;
pub mod aside;
pub mod attempt;
pub mod cancel;
mod cart;
pub mod change;
mod charge;
pub mod command;
pub mod desk;
pub mod failure;
pub mod filing;
pub mod filter;
pub mod line;
pub mod listing;
mod log;
pub mod next;
pub mod note;
pub mod panel;
pub mod payment;
pub mod phase;
mod record;
mod refusal;
pub mod retry;
#[cfg(test)]
pub(crate) mod sample;
pub mod saved;
pub mod seen;
pub mod slot;
pub mod steps;
pub mod stop;
pub mod totals;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::approval::{Approval, Planned};
use self::charge::charged;
use self::line::{Line, LineEvent, LineState};
use self::log::{event, told};
use self::note::Note;
use self::payment::Payment;
use self::phase::{Phase, Status, View};
pub use self::refusal::Refusal;
use crate::event::{Actor, AttemptFacts, Event, EventKind};
use crate::id::{LineId, OrderId, OrganizationId};
use crate::money::Money;
use crate::subscription::wish::Occasion;

/// Lines in one order at the most.
pub const LINES_MAX: usize = 500;

/// Purchase or update (R49).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// New subscriptions.
    Purchase,
    /// Changes to running ones.
    Update,
}

/// What people decided about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Being put together.
    Cart,
    /// Removed from the cart.
    Deleted,
    /// Placed; waits for approvers.
    AwaitingApproval {
        /// The date that it waits for afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<Planned>,
    },
    /// Placed; waits for its date.
    Scheduled {
        /// The date.
        on: Timestamp,
        /// Whose idea the date was.
        #[serde(default)]
        occasion: Occasion,
    },
    /// Placed; its lines are with their vendors.
    Released,
    /// An approver refused.
    Rejected {
        /// Why.
        reason: String,
    },
    /// Stopped before a vendor did anything.
    Canceled,
}

/// One submission of one or more lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The customer.
    pub organization: OrganizationId,
    /// Its number for people: drawn at random, so that it tells nothing about other orders.
    pub number: u64,
    /// Purchase or update.
    pub kind: OrderKind,
    /// What people decided.
    pub stage: Stage,
    /// Filed into Historical.
    pub archived_at: Option<Timestamp>,
    /// Its lines, in the order they were added.
    pub lines: Vec<Line>,
    /// Who started it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When its phase last changed; the recent window counts from here.
    pub phase_since: Timestamp,
    /// Which version of the terms was accepted.
    pub terms: Option<String>,
    /// How it is paid.
    #[serde(default, skip_serializing_if = "Payment::is_plain")]
    pub payment: Payment,
    /// Whose approval was asked for, the nearest to the customer first, and what they decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Why it was stopped before it was done: by whom, or because of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Work on it that was set aside after errors of our own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<aside::SetAside>,
    /// What people wrote about it, oldest first.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Rises with every change.
    pub version: i64,
    /// Rises with every change that customer roles may learn of; the version that they are told.
    #[serde(default)]
    pub public_version: i64,
    /// Lines that customer roles never knew of and that are not here any more; what the log says of them
    /// stays hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<LineId>,
}

impl Order {
    /// A new cart.
    pub fn start(
        id: OrderId,
        organization: OrganizationId,
        number: u64,
        actor: Actor,
        now: Timestamp,
    ) -> (Order, Vec<Event>) {
        let event = event(EventKind::Started, Some(&actor), None, now);
        let order = Order {
            id,
            organization,
            number,
            kind: OrderKind::Purchase,
            stage: Stage::Cart,
            archived_at: None,
            lines: Vec::new(),
            created_by: actor,
            created_at: now,
            placed_at: None,
            phase_since: now,
            terms: None,
            payment: Payment::default(),
            approvals: Vec::new(),
            stopped: None,
            set_aside: Vec::new(),
            notes: Vec::new(),
            version: 0,
            public_version: 0,
            hidden: Vec::new(),
        };
        (order, vec![event])
    }

    /// Where the whole order stands.
    pub fn phase(&self) -> Phase {
        match &self.stage {
            Stage::Cart => Phase::Cart,
            Stage::Deleted => Phase::Deleted,
            Stage::AwaitingApproval { .. } => Phase::AwaitingApproval,
            Stage::Scheduled { .. } => Phase::Scheduled,
            Stage::Released => roll_up(&self.lines),
            Stage::Rejected { .. } => Phase::Rejected,
            Stage::Canceled => Phase::Canceled,
        }
    }

    /// View and status; `None` where the order is in no list any more.
    pub fn shown(&self) -> Option<(View, Status)> {
        let phase = self.phase();
        phase::shown(
            phase,
            self.archived_at.is_some() || phase.is_archived_at_once(),
        )
    }

    /// The status, also of an order that is in no list.
    pub fn status(&self) -> Status {
        self.shown().map_or(Status::Deleted, |(_, status)| status)
    }

    /// `Order #11-03-2019`: the day of placement, before that of creation; not unique.
    pub fn name(&self, zone: &TimeZone) -> String {
        seen::name(self.placed_at.unwrap_or(self.created_at), zone)
    }

    /// What the whole order costs the customer per billing cycle. A markup beside other changes is no
    /// purchase of its own, and several changes of one subscription are paid once.
    pub fn total(&self) -> Result<Option<Money>, Refusal> {
        let mut total: Option<Money> = None;
        for line in charged(counted(&self.lines), Line::thing) {
            let price = line.charge().customer_total()?;
            total = Some(match total {
                Some(sum) => sum.plus(price)?,
                None => price,
            });
        }
        Ok(total)
    }

    /// Changes nothing but markups: does not exist for customer roles (R19).
    pub fn is_markup_only(&self) -> bool {
        self.kind == OrderKind::Update
            && !self.lines.is_empty()
            && self.lines.iter().all(|line| line.change.is_markup())
    }

    /// Deletes the cart; it stays in Recent as Deleted (T3).
    pub fn delete(&mut self, actor: &Actor, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.only_in_cart()?;
        self.move_lines(&LineEvent::Deleted, now)?;
        self.enter(Stage::Deleted, now);
        Ok(vec![event(EventKind::Deleted, Some(actor), None, now)])
    }

    /// Buys what is in the cart: prices and changes are frozen, the lines go to their vendors (T13), or
    /// wait for whoever has to approve (T7).
    pub fn place(
        &mut self,
        terms: String,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.only_in_cart()?;
        if self.lines.is_empty() {
            return Err(Refusal::Empty);
        }
        self.total()?;
        self.placed_at = Some(now);
        self.terms = Some(terms);
        match self.approvals.is_empty() {
            true => self.release(EventKind::Placed, Some(actor), now),
            false => self.hold(None, actor, now),
        }
    }

    /// Applies what happened to a line at its vendor.
    pub fn advance(
        &mut self,
        id: LineId,
        happened: &LineEvent,
        actor: Option<&Actor>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let before = self.phase();
        let line = self
            .lines
            .iter_mut()
            .find(|line| line.id == id)
            .ok_or(Refusal::NoSuchLine)?;
        // A finished line has no attempts any more; what finished it was the one before.
        let attempt = line.state.attempt();
        line.state = line.state.after(happened, now)?;
        let failure = match happened {
            LineEvent::Failed(failure) => Some(failure.clone()),
            _ => None,
        };
        let attempt = line.state.attempt().or(attempt).map(|number| AttemptFacts {
            number,
            corrected: Vec::new(),
            failure,
        });
        let mut events = vec![Event {
            line: Some(id),
            attempt,
            ..told(happened, actor, now)
        }];
        self.go_on_after(id, now, &mut events)?;
        if self.phase() != before {
            self.phase_since = now;
        }
        Ok(events)
    }

    /// Whether an event tells something that customer roles may not learn.
    pub fn is_hidden(&self, event: &Event) -> bool {
        event.kind == EventKind::InternalNoteAdded || self.is_about_markup(event)
    }

    fn is_about_markup(&self, event: &Event) -> bool {
        let is = |id: LineId| Some(id) == event.line;
        let is_markup = |line: &Line| is(line.id) && line.change.is_markup();
        self.lines.iter().any(is_markup) || self.hidden.iter().any(|id| is(*id))
    }

    fn only_in_cart(&self) -> Result<(), Refusal> {
        if self.stage == Stage::Cart && self.archived_at.is_none() {
            Ok(())
        } else {
            Err(Refusal::NotNow {
                status: self.status(),
            })
        }
    }

    /// Moves the lines together. A markup beside other changes may have gone ahead of them; then it
    /// stays where it is, and shows nobody that it is there.
    fn move_lines(&mut self, happened: &LineEvent, now: Timestamp) -> Result<(), Refusal> {
        let is_mixed = self.lines.iter().any(|line| !line.change.is_markup());
        for line in &mut self.lines {
            let is_beside = is_mixed && line.change.is_markup();
            match line.state.after(happened, now) {
                _ if is_beside && matches!(line.state, LineState::Finished { .. }) => {}
                Ok(state) => line.state = state,
                Err(_) if is_beside => {}
                Err(illegal) => return Err(illegal.into()),
            }
        }
        Ok(())
    }

    fn enter(&mut self, stage: Stage, now: Timestamp) {
        self.stage = stage;
        self.phase_since = now;
    }
}

/// Beside other changes a markup does not count, so that phase, guards and sums are the same for those
/// who may not learn of it.
fn counted(lines: &[Line]) -> impl DoubleEndedIterator<Item = &Line> {
    let is_mixed = lines.iter().any(|line| !line.change.is_markup());
    lines
        .iter()
        .filter(move |line| !is_mixed || !line.change.is_markup())
}

/// Any undecided → provisioning; else any failed → failed; else any finished → fulfilled; else canceled.
fn roll_up(lines: &[Line]) -> Phase {
    let any = |is: fn(&LineState) -> bool| counted(lines).any(|line| is(&line.state));
    if any(LineState::is_undecided) {
        Phase::Provisioning
    } else if any(|state| matches!(state, LineState::Failed { .. })) {
        Phase::Failed
    } else if any(|state| matches!(state, LineState::Finished { .. })) {
        Phase::Fulfilled
    } else {
        Phase::Canceled
    }
}
