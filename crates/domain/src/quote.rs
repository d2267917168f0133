//! Quotes: a priced proposal from a partner to people of a customer, who accept it into an order, refuse
//! it or ask for another (reference 5.10). What customers see is what was sent last; what staff edit
//! stays theirs until they send it.

pub mod seen;
pub mod status;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::status::{QuoteAction, QuoteStatus};
use crate::event::Actor;
use crate::id::{OrganizationId, QuoteId, UserId};
use crate::order::line::Line;

/// People that a quote can be sent to at the most.
pub const RECIPIENTS_MAX: usize = 50;
/// Days that a quote can be valid at the most.
pub const VALID_DAYS_MAX: u32 = 365;
/// Entries of a quote's history at the most.
const HISTORY_MAX: usize = 500;

/// Somebody of the customer's whom a quote is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// Their name as it was then.
    pub name: String,
    /// Their e-mail address as it was then.
    pub email: String,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its name.
    pub name: String,
    /// Whom it is for.
    pub recipients: Vec<Recipient>,
    /// Days from being sent to its end.
    pub valid_days: u32,
    /// What else is to be said, for the customer to read.
    pub comments: Option<String>,
    /// What is proposed, as it would be ordered; a line's markup is the one of its subscription.
    pub lines: Vec<Line>,
}

/// A proposal that customers see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// What they see.
    pub proposal: Proposal,
    /// When it was sent.
    pub at: Timestamp,
    /// When it can't be accepted any more.
    pub expires_at: Timestamp,
    /// Rises with everything that they may learn of; the version that they are told.
    pub version: i64,
}

/// What people decided about a quote. That it expired is read from the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum QuoteStage {
    /// Being put together; does not exist for customers.
    Draft,
    /// With its recipients.
    Sent,
    /// Became an order.
    Accepted {
        /// The order's number.
        order: u64,
    },
    /// A recipient refused it.
    Rejected,
    /// A recipient wants another.
    ChangeRequested,
    /// Taken back.
    Canceled,
    /// A draft that was thrown away.
    Deleted,
}

/// What happened to a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are QuoteEvent::text's")]
pub enum QuoteEventKind {
    Made,
    Edited,
    Sent,
    Accepted,
    Rejected,
    ChangeRequested,
    Canceled,
    Deleted,
}

impl QuoteEventKind {
    /// The words of the history.
    pub fn text(self) -> &'static str {
        match self {
            QuoteEventKind::Made => "Quote made",
            QuoteEventKind::Edited => "Edited, not sent",
            QuoteEventKind::Sent => "Sent",
            QuoteEventKind::Accepted => "Accepted",
            QuoteEventKind::Rejected => "Rejected",
            QuoteEventKind::ChangeRequested => "Change requested",
            QuoteEventKind::Canceled => "Canceled",
            QuoteEventKind::Deleted => "Draft deleted",
        }
    }

    fn is_for_staff(self) -> bool {
        use QuoteEventKind as K;
        matches!(self, K::Made | K::Edited | K::Deleted)
    }
}

/// An entry of a quote's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: QuoteEventKind,
    /// Who; `None` for the engine.
    pub by: Option<Actor>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Why a quote can't be changed this way; safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuoteRefusal {
    /// Not in this status.
    #[error("a quote that is {} can't be changed this way", .0.label().to_lowercase())]
    NotNow(QuoteStatus),
    /// Nothing to propose.
    #[error("a quote needs at least one item")]
    Empty,
    /// Nobody to send it to.
    #[error("a quote needs at least one recipient; choose people of the customer")]
    NoRecipient,
    /// Its history is full.
    #[error("this quote has changed 500 times, which is the most; make a new one")]
    TooOften,
}

/// A priced proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// The customer.
    pub organization: OrganizationId,
    /// Its number for people: drawn at random.
    pub number: u64,
    /// What people decided.
    pub stage: QuoteStage,
    /// What staff see and edit.
    pub proposal: Proposal,
    /// What customers see; `None` for a draft.
    pub sent: Option<Sent>,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// What happened, oldest first.
    pub history: Vec<QuoteEvent>,
    /// Rises with every change.
    pub version: i64,
}

impl Proposal {
    fn check(&self) -> Result<(), QuoteRefusal> {
        if self.lines.is_empty() {
            return Err(QuoteRefusal::Empty);
        }
        match self.recipients.is_empty() {
            true => Err(QuoteRefusal::NoRecipient),
            false => Ok(()),
        }
    }
}

impl Quote {
    /// Makes a draft.
    pub fn draft(
        (id, number): (QuoteId, u64),
        organization: OrganizationId,
        proposal: Proposal,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Quote, QuoteRefusal> {
        proposal.check()?;
        let mut quote = Quote {
            id,
            organization,
            number,
            stage: QuoteStage::Draft,
            proposal,
            sent: None,
            created_by: actor.clone(),
            created_at: now,
            history: Vec::new(),
            version: 0,
        };
        quote.tell(QuoteEventKind::Made, Some(&actor), None, now)?;
        Ok(quote)
    }

    /// Where it stands at an instant: at its end it has expired, whoever has noticed.
    pub fn status(&self, now: Timestamp) -> QuoteStatus {
        match &self.stage {
            QuoteStage::Draft => QuoteStatus::Draft,
            QuoteStage::Sent
                if self
                    .sent
                    .as_ref()
                    .is_some_and(|sent| sent.expires_at <= now) =>
            {
                QuoteStatus::Expired
            }
            QuoteStage::Sent => QuoteStatus::Sent,
            QuoteStage::Accepted { .. } => QuoteStatus::Accepted,
            QuoteStage::Rejected => QuoteStatus::Rejected,
            QuoteStage::ChangeRequested => QuoteStatus::ChangeRequested,
            QuoteStage::Canceled => QuoteStatus::Canceled,
            QuoteStage::Deleted => QuoteStatus::Deleted,
        }
    }

    /// Whether its status allows an action now: the one table of buttons, API and rules.
    pub fn allows(&self, action: QuoteAction, now: Timestamp) -> bool {
        use {QuoteAction as A, QuoteStatus as S};
        match self.status(now) {
            S::Draft => matches!(action, A::Edit | A::Send | A::Delete),
            S::Sent => action != A::Delete,
            S::ChangeRequested | S::Expired => matches!(action, A::Edit | A::Send | A::Cancel),
            S::Accepted | S::Rejected | S::Canceled | S::Deleted => false,
        }
    }

    /// Refuses what its status does not allow.
    pub fn check(&self, action: QuoteAction, now: Timestamp) -> Result<(), QuoteRefusal> {
        match self.allows(action, now) {
            true => Ok(()),
            false => Err(QuoteRefusal::NotNow(self.status(now))),
        }
    }

    /// Edits what staff see; customers go on seeing what was sent.
    pub fn edit(
        &mut self,
        proposal: Proposal,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Edit, now)?;
        proposal.check()?;
        if self.proposal != proposal {
            self.proposal = proposal;
            self.tell(QuoteEventKind::Edited, Some(actor), None, now)?;
        }
        Ok(())
    }

    /// Sends it, or what was edited; its validity begins anew.
    pub fn send(&mut self, actor: &Actor, now: Timestamp) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Send, now)?;
        self.proposal.check()?;
        let days = i64::from(self.proposal.valid_days);
        let valid = SignedDuration::from_hours(24 * days);
        self.tell(QuoteEventKind::Sent, Some(actor), None, now)?;
        self.sent = Some(Sent {
            proposal: self.proposal.clone(),
            at: now,
            expires_at: now.saturating_add(valid).unwrap_or(Timestamp::MAX),
            version: self.sent.as_ref().map_or(0, |sent| sent.version) + 1,
        });
        self.stage = QuoteStage::Sent;
        Ok(())
    }

    /// Throws a draft away.
    pub fn delete(&mut self, actor: &Actor, now: Timestamp) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Delete, now)?;
        self.stage = QuoteStage::Deleted;
        self.tell(QuoteEventKind::Deleted, Some(actor), None, now)
    }

    /// Takes it back; by nobody's hand where its organization was suspended.
    pub fn cancel(
        &mut self,
        reason: Option<String>,
        actor: Option<&Actor>,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Cancel, now)?;
        self.decide(
            QuoteStage::Canceled,
            QuoteEventKind::Canceled,
            reason,
            actor,
            now,
        )
    }

    /// Becomes an order.
    pub fn accept(
        &mut self,
        order: u64,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Accept, now)?;
        let stage = QuoteStage::Accepted { order };
        self.decide(stage, QuoteEventKind::Accepted, None, Some(actor), now)
    }

    /// A recipient does not want it.
    pub fn reject(
        &mut self,
        reason: Option<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::Reject, now)?;
        let stage = QuoteStage::Rejected;
        self.decide(stage, QuoteEventKind::Rejected, reason, Some(actor), now)
    }

    /// A recipient wants another.
    pub fn request_change(
        &mut self,
        wish: String,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.check(QuoteAction::RequestChange, now)?;
        let (stage, kind) = (QuoteStage::ChangeRequested, QuoteEventKind::ChangeRequested);
        self.decide(stage, kind, Some(wish), Some(actor), now)
    }

    /// What staff see is not what was sent.
    pub fn is_edited(&self) -> bool {
        let sent = self.sent.as_ref();
        sent.is_some_and(|sent| sent.proposal != self.proposal)
    }

    fn decide(
        &mut self,
        stage: QuoteStage,
        kind: QuoteEventKind,
        comment: Option<String>,
        actor: Option<&Actor>,
        now: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        self.tell(kind, actor, comment, now)?;
        self.stage = stage;
        if let Some(sent) = &mut self.sent {
            sent.version += 1;
        }
        Ok(())
    }

    fn tell(
        &mut self,
        kind: QuoteEventKind,
        by: Option<&Actor>,
        comment: Option<String>,
        at: Timestamp,
    ) -> Result<(), QuoteRefusal> {
        // A decision always finds room; what is edited over and over does not.
        if kind.is_for_staff() && self.history.len() >= HISTORY_MAX {
            return Err(QuoteRefusal::TooOften);
        }
        self.history.push(QuoteEvent {
            at,
            kind,
            by: by.cloned(),
            comment,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
