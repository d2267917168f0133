//! What a reader may learn of a quote: customers what was sent to them, staff what they edit.

use jiff::Timestamp;

use super::status::{QuoteAction, QuoteStatus};
use super::{Quote, QuoteEvent, QuoteStage, Recipient};
use crate::access::Visibility;
use crate::event::Actor;
use crate::id::{LineId, UserId};
use crate::money::{Money, MoneyError};
use crate::order::line::{Item, Line};
use crate::order::seen::SeenPrice;
use crate::price::Percent;
use crate::text::Contact;

/// A quote as its reader may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenQuote {
    /// Its number for people.
    pub number: u64,
    /// Where it stands.
    pub status: QuoteStatus,
    /// Its name.
    pub name: String,
    /// Whom it is for.
    pub recipients: Vec<Recipient>,
    /// Days from being sent to its end.
    pub valid_days: u32,
    /// What else is said.
    pub comments: Option<String>,
    /// What is proposed.
    pub lines: Vec<SeenQuoteLine>,
    /// What it would cost the customer, by billing cycle in months.
    pub totals: Vec<(u32, Money)>,
    /// What staff see is not what was sent.
    pub is_edited: bool,
    /// When it was sent last.
    pub sent_at: Option<Timestamp>,
    /// When it can't be accepted any more.
    pub expires_at: Option<Timestamp>,
    /// The order that it became.
    pub order: Option<u64>,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made, or for customers sent.
    pub created_at: Timestamp,
    /// What happened, oldest first.
    pub history: Vec<QuoteEvent>,
    /// What its status allows; whose right it is comes on top.
    pub allowed: Vec<QuoteAction>,
    /// Rises with every change that the reader may learn of.
    pub version: i64,
}

/// An item of a quote as its reader may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenQuoteLine {
    /// Its id.
    pub id: LineId,
    /// What it is about.
    pub item: Item,
    /// Who will use it.
    pub contact: Contact,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// What it would cost.
    pub price: SeenPrice,
    /// The seller's percentage for it, for those who may see markups.
    pub markup: Option<Percent>,
}

impl Quote {
    /// The quote as a reader may know it; `None` where it does not exist for them: a draft for customers,
    /// and any that was not sent to them.
    pub fn seen_by(
        &self,
        reader: UserId,
        seen: Visibility,
        now: Timestamp,
    ) -> Result<Option<SeenQuote>, MoneyError> {
        let (proposal, version, created_at) = match (seen.internal, &self.sent) {
            (true, _) => (&self.proposal, self.version, self.created_at),
            (false, Some(sent)) => {
                let is_theirs = |to: &Recipient| to.user == reader;
                if !sent.proposal.recipients.iter().any(is_theirs) {
                    return Ok(None);
                }
                (&sent.proposal, sent.version, sent.at)
            }
            (false, None) => return Ok(None),
        };
        let status = self.status(now);
        let is_told = |event: &&QuoteEvent| seen.internal || !event.kind.is_for_staff();
        let is_possible = |action: &QuoteAction| self.allows(*action, now);
        Ok(Some(SeenQuote {
            number: self.number,
            status,
            name: proposal.name.clone(),
            recipients: proposal.recipients.clone(),
            valid_days: proposal.valid_days,
            comments: proposal.comments.clone(),
            lines: proposal
                .lines
                .iter()
                .map(|line| seen_line(line, seen))
                .collect::<Result<_, _>>()?,
            totals: totals(&proposal.lines)?,
            is_edited: seen.internal && self.is_edited(),
            sent_at: self.sent.as_ref().map(|sent| sent.at),
            expires_at: self.sent.as_ref().map(|sent| sent.expires_at),
            order: match self.stage {
                QuoteStage::Accepted { order } => Some(order),
                _ => None,
            },
            created_by: self.created_by.clone(),
            created_at,
            history: self.history.iter().filter(is_told).cloned().collect(),
            allowed: QuoteAction::ALL.into_iter().filter(is_possible).collect(),
            version,
        }))
    }
}

fn seen_line(line: &Line, seen: Visibility) -> Result<SeenQuoteLine, MoneyError> {
    let markup = line.markups.unwrap_or_default().seller;
    Ok(SeenQuoteLine {
        id: line.id,
        item: line.item.clone(),
        contact: line.contact.clone(),
        tenant: line.tenant.clone(),
        price: line.price.seen_by(seen)?,
        markup: seen.markup.then_some(markup),
    })
}

/// What the customer pays at each billing cycle, in the order of the lines.
fn totals(lines: &[Line]) -> Result<Vec<(u32, Money)>, MoneyError> {
    let mut totals: Vec<(u32, Money)> = Vec::new();
    for line in lines {
        let (cycle, total) = (line.item.cadence.cycle_months, line.price.customer_total()?);
        match totals.iter_mut().find(|(known, _)| *known == cycle) {
            Some((_, sum)) => *sum = sum.plus(total)?,
            None => totals.push((cycle, total)),
        }
    }
    Ok(totals)
}
