//! What people do with a quote besides editing it: sending, answering, taking back.

use domain::access::Permission;
use domain::id::{OrderId, OrganizationId};
use domain::order::seen::SeenOrder;
use domain::order::{Order, Refusal};
use domain::quote::seen::SeenQuote;
use domain::quote::status::QuoteAction;
use domain::quote::{Proposal, Quote, QuoteStage};
use domain::text::{Invalid, line};
use jiff::Timestamp;
use store::{Mode, Tx, orders, quotes};

use super::{permission, shown};
use crate::access::Access;
use crate::carts;
use crate::clock::TaskIds;
use crate::orders::{Conditions, seen_by};
use crate::{App, Error, admissions, catalog, terms, unless_taken};

/// What a person does with a quote besides editing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuoteCommand {
    /// Send it, or what was edited.
    Send,
    /// Throw the draft away.
    Delete,
    /// Take it back.
    Cancel {
        /// Why, for the customer to read.
        reason: Option<String>,
    },
    /// Order what is proposed.
    Accept {
        /// The terms are accepted.
        accept_terms: bool,
        /// The version that was shown, as an order records it; what is in force now when absent.
        terms_version: Option<String>,
    },
    /// Refuse it.
    Reject {
        /// Why.
        reason: Option<String>,
    },
    /// Ask for another.
    RequestChange {
        /// What is wanted instead.
        comment: String,
    },
}

impl QuoteCommand {
    /// The action of the table.
    pub fn action(&self) -> QuoteAction {
        match self {
            QuoteCommand::Send => QuoteAction::Send,
            QuoteCommand::Delete => QuoteAction::Delete,
            QuoteCommand::Cancel { .. } => QuoteAction::Cancel,
            QuoteCommand::Accept { .. } => QuoteAction::Accept,
            QuoteCommand::Reject { .. } => QuoteAction::Reject,
            QuoteCommand::RequestChange { .. } => QuoteAction::RequestChange,
        }
    }

    /// The command of an action's name. An unknown one is not found; a missing comment is named.
    pub fn parse(
        name: &str,
        comment: &str,
        accept_terms: bool,
        terms_version: Option<String>,
    ) -> Result<QuoteCommand, Error> {
        let optional = |field| match comment.trim() {
            "" => Ok(None),
            typed => line(typed, 500)
                .map(Some)
                .map_err(|reason| Error::Invalid { field, reason }),
        };
        Ok(match name {
            "send" => QuoteCommand::Send,
            "delete" => QuoteCommand::Delete,
            "cancel" => QuoteCommand::Cancel {
                reason: optional("/comment")?,
            },
            "accept" => QuoteCommand::Accept {
                accept_terms,
                terms_version,
            },
            "reject" => QuoteCommand::Reject {
                reason: optional("/comment")?,
            },
            "request_change" => QuoteCommand::RequestChange {
                comment: optional("/comment")?.ok_or_else(|| Error::Invalid {
                    field: "/comment",
                    reason: Invalid("must say what is wanted instead".into()),
                })?,
            },
            _ => return Err(Error::NotFound),
        })
    }
}

/// A quote after something was done with it, and the order that it became.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The quote.
    pub quote: SeenQuote,
    /// The order, where it was accepted.
    pub order: Option<SeenOrder>,
}

impl App {
    /// Does with a quote what a person asks. One that is accepted twice is one order.
    pub async fn answer_quote(
        &self,
        access: &Access,
        number: u64,
        command: QuoteCommand,
        conditions: Conditions,
        mode: Mode,
    ) -> Result<Answered, Error> {
        access.require(Permission::SeeOrders)?;
        access.require(permission(command.action()))?;
        if let QuoteCommand::Accept {
            accept_terms: false,
            ..
        } = command
        {
            let reason = Invalid("must be accepted before the quote can be ordered".into());
            return Err(Error::Invalid {
                field: "/accept_terms",
                reason,
            });
        }
        // A number that is taken is drawn anew.
        loop {
            let now = self.clock.now();
            let state = Answering {
                access: access.clone(),
                number,
                command: command.clone(),
                conditions: conditions.clone(),
                order: self.order_identity(),
                ids: self.task_ids(),
                now,
            };
            let answered = self
                .store
                .write_or_show(state, mode, |state, tx| Box::pin(state.run(tx)));
            let Some((quote, order)) = unless_taken(answered.await)? else {
                continue;
            };
            self.committed(access.tenant());
            let order = order.map(|order| seen_by(&order, access)).transpose()?;
            let quote = shown(&quote, access, now)?;
            return Ok(Answered { quote, order });
        }
    }
}

struct Answering {
    access: Access,
    number: u64,
    command: QuoteCommand,
    conditions: Conditions,
    order: (OrderId, u64),
    ids: TaskIds,
    now: Timestamp,
}

impl Answering {
    async fn run(&self, tx: &mut Tx) -> Result<(Quote, Option<Order>), Error> {
        let (access, tenant, now) = (&self.access, self.access.tenant(), self.now);
        let mut quote = quotes::load(tx, tenant, self.number).await?;
        let seen = shown(&quote, access, now)?;
        let is_accepting = matches!(self.command, QuoteCommand::Accept { .. });
        // A second click, a lost answer: the order that it became is the answer.
        if let (true, QuoteStage::Accepted { order }) = (is_accepting, &quote.stage) {
            let order = orders::find(tx, tenant, *order, access.visibility()).await?;
            return Ok((quote, order));
        }
        if let Some(expected) = self.conditions.expected
            && expected != seen.version
        {
            return Err(Error::Changed);
        }
        let actor = access.actor();
        let mut order = None;
        match self.command.clone() {
            QuoteCommand::Send => {
                admissions::check_active(tx, access).await?;
                quote.send(actor, now)?;
            }
            QuoteCommand::Delete => quote.delete(actor, now)?,
            QuoteCommand::Cancel { reason } => quote.cancel(reason, Some(actor), now)?,
            QuoteCommand::Reject { reason } => quote.reject(reason, actor, now)?,
            QuoteCommand::RequestChange { comment } => {
                quote.request_change(comment, actor, now)?;
            }
            QuoteCommand::Accept { .. } => {
                quote.check(QuoteAction::Accept, now)?;
                let made = self.order(tx, &quote).await?;
                quote.accept(made.number, actor, now)?;
                order = Some(made);
            }
        }
        quotes::save(tx, &mut quote).await?;
        Ok((quote, order))
    }

    /// The order of what was sent, at the prices that were proposed.
    async fn order(&self, tx: &mut Tx, quote: &Quote) -> Result<Order, Error> {
        let (access, now) = (&self.access, self.now);
        let admission = admissions::load(tx, access).await?;
        admission.check_active()?;
        let sent = quote.sent.as_ref().ok_or(Error::NotFound)?;
        let Proposal { lines, .. } = sent.proposal.clone();
        let offers = lines.iter().map(|line| line.item.offer).collect();
        let offers = catalog::load_all(tx, access, offers, now).await?;
        for line in &lines {
            match offers.find(line.item.offer, line.item.plan) {
                Err(Error::Withdrawn { offer }) => {
                    let words = format!("{offer} is no longer sold; ask for a change of the quote");
                    return Err(Refusal::Because(words).into());
                }
                found => drop(found?),
            }
        }
        let ((id, number), actor) = (self.order, access.actor());
        let (mut order, mut events) = Order::start(id, access.tenant(), number, actor.clone(), now);
        for line in lines {
            events.extend(order.add(line, actor, now)?);
        }
        let asked = admission.admit(access.standing().roles(), &order.lines)?;
        order.require(asked);
        let shown = match &self.command {
            QuoteCommand::Accept { terms_version, .. } => terms_version.as_deref(),
            _ => None,
        };
        let accepted = terms::accepted(tx, access, &order.lines, shown, now).await?;
        events.extend(order.place(accepted, actor, now)?);
        orders::insert(tx, &mut order, &events, now).await?;
        carts::enqueue(tx, &order, &events, self.ids, now).await?;
        Ok(order)
    }
}

/// Cancels what recipients could still answer, because their organization is suspended; at most a batch.
pub(crate) async fn cancel_open(
    tx: &mut Tx,
    organization: OrganizationId,
    reason: &str,
    limit: u32,
    now: Timestamp,
) -> Result<usize, Error> {
    let numbers = quotes::list_waiting(tx, organization, limit).await?;
    for number in &numbers {
        let mut quote = quotes::load(tx, organization, *number).await?;
        quote.cancel(Some(reason.to_owned()), None, now)?;
        quotes::save(tx, &mut quote).await?;
    }
    Ok(numbers.len())
}
