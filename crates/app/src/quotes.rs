//! Quotes: made from the cart, edited and sent by staff, answered by the people they were sent to.

mod typed;

use domain::access::{Permission, Role};
use domain::id::{LineId, QuoteId, SubscriptionId};
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::{Order, Refusal};
use domain::quote::seen::SeenQuote;
use domain::quote::status::QuoteAction;
use domain::quote::{Proposal, Quote, QuoteRefusal, QuoteStage, Recipient};
use domain::text::{Invalid, line};
use jiff::Timestamp;
use store::quotes::QuotePlace;
use store::{Mode, StoreError, Tx, orders, quotes, users};

pub use self::typed::{TypedItem, TypedQuote};
use crate::access::Access;
use crate::carts;
use crate::clock::TaskIds;
use crate::orders::{Conditions, seen_by};
use crate::{App, Error, admissions, catalog, terms};

/// Quotes on one page at the most.
pub const PAGE_MAX: u32 = 200;
/// People of a customer that a quote can be sent to, in one list at the most.
const PEOPLE_MAX: u32 = 500;
/// Who can answer a quote.
const ANSWERING: [Role; 2] = [Role::CustomerAdmin, Role::Customer];

/// A page of quotes.
#[derive(Debug, Clone)]
pub struct Quotes {
    /// Newest first.
    pub found: Vec<SeenQuote>,
    /// Where the next page begins.
    pub after: Option<QuotePlace>,
}

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

/// Whether a caller may do something with a quote now: the buttons and the API's `allowed_actions`.
pub fn may(quote: &SeenQuote, access: &Access, action: QuoteAction) -> bool {
    quote.allowed.contains(&action) && access.standing().may(permission(action))
}

fn permission(action: QuoteAction) -> Permission {
    match action.is_answer() {
        true => Permission::AnswerQuotes,
        false => Permission::ManageQuotes,
    }
}

impl App {
    /// The quotes that exist for the caller, newest first: all of them for staff, for customers those
    /// that were sent to them.
    pub async fn quotes(
        &self,
        access: &Access,
        hides_inactive: bool,
        after: Option<QuotePlace>,
        limit: u32,
    ) -> Result<Quotes, Error> {
        access.require(Permission::SeeOrders)?;
        let (now, limit) = (self.clock.now(), limit.clamp(1, PAGE_MAX));
        let is_staff = access.visibility().internal;
        let asked = quotes::Asked {
            recipient: (!is_staff).then_some(access.actor().user),
            open_at: hides_inactive.then_some(now),
            after,
            limit: limit + 1,
        };
        let mut tx = self.store.read().await?;
        let mut found = quotes::list(&mut tx, access.tenant(), &asked).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let after = found.last().map(quotes::place).filter(|_| has_more);
        let (user, seen) = (access.actor().user, access.visibility());
        let seen = found
            .iter()
            .filter_map(|quote| quote.seen_by(user, seen, now).transpose());
        Ok(Quotes {
            found: seen.collect::<Result<_, _>>()?,
            after,
        })
    }

    /// One quote; one that does not exist for the caller is not found.
    pub async fn quote(&self, access: &Access, number: u64) -> Result<SeenQuote, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let found = quotes::find(&mut tx, access.tenant(), number).await?;
        shown(&found.ok_or(Error::NotFound)?, access, self.clock.now())
    }

    /// The people of the customer to whom a quote can be sent, by name.
    pub async fn quote_people(&self, access: &Access) -> Result<Vec<Recipient>, Error> {
        access.require(Permission::ManageQuotes)?;
        let mut tx = self.store.read().await?;
        people(&mut tx, access).await
    }

    /// Makes a draft of the caller's cart, which is empty afterwards.
    pub async fn make_quote(&self, access: &Access, typed: TypedQuote) -> Result<SeenQuote, Error> {
        access.require(Permission::ManageQuotes)?;
        // A number that is taken is drawn anew.
        loop {
            let (now, identity) = (
                self.clock.now(),
                (QuoteId(self.id()), self.order_identity().1),
            );
            let state = (
                access.clone(),
                typed.clone(),
                identity,
                self.task_ids(),
                now,
            );
            let made = self
                .store
                .write(state, |(access, typed, identity, ids, now), tx| {
                    Box::pin(async move {
                        let lines = take_cart(tx, access, *ids, *now).await?;
                        let lines = lines.ok_or(QuoteRefusal::Empty)?;
                        let proposal = typed.read(tx, access, lines, *now).await?;
                        let (tenant, actor) = (access.tenant(), access.actor().clone());
                        let mut quote = Quote::draft(*identity, tenant, proposal, actor, *now)?;
                        match quotes::insert(tx, &mut quote).await {
                            Err(StoreError::Taken) => Ok(None),
                            done => Ok::<_, Error>(done.map(|()| Some(quote))?),
                        }
                    })
                });
            if let Some(quote) = made.await? {
                self.committed(access.tenant());
                return shown(&quote, access, now);
            }
        }
    }

    /// Edits a quote; customers see it once it is sent. What is in the caller's cart joins it where that
    /// is asked for.
    pub async fn edit_quote(
        &self,
        access: &Access,
        number: u64,
        typed: TypedQuote,
        expected: Option<i64>,
    ) -> Result<SeenQuote, Error> {
        access.require(Permission::ManageQuotes)?;
        let now = self.clock.now();
        let state = (
            access.clone(),
            number,
            typed,
            expected,
            self.task_ids(),
            now,
        );
        let edited = self
            .store
            .write(state, |(access, number, typed, expected, ids, now), tx| {
                Box::pin(async move {
                    let mut quote = quotes::load(tx, access.tenant(), *number).await?;
                    if expected.is_some_and(|expected| expected != quote.version) {
                        return Err(Error::Changed);
                    }
                    quote.check(QuoteAction::Edit, *now)?;
                    let mut lines = quote.proposal.lines.clone();
                    if typed.add_cart {
                        let more = take_cart(tx, access, *ids, *now).await?;
                        lines.extend(more.ok_or(Refusal::Empty)?);
                    }
                    let proposal = typed.read(tx, access, lines, *now).await?;
                    quote.edit(proposal, access.actor(), *now)?;
                    quotes::save(tx, &mut quote).await?;
                    Ok::<_, Error>(quote)
                })
            });
        let quote = edited.await?;
        shown(&quote, access, now)
    }

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
            let Some((quote, order)) = answered.await? else {
                continue;
            };
            self.committed(access.tenant());
            let order = order.map(|order| seen_by(&order, access)).transpose()?;
            let quote = shown(&quote, access, now)?;
            return Ok(Answered { quote, order });
        }
    }
}

fn shown(quote: &Quote, access: &Access, now: Timestamp) -> Result<SeenQuote, Error> {
    let seen = quote.seen_by(access.actor().user, access.visibility(), now)?;
    seen.ok_or(Error::NotFound)
}

async fn people(tx: &mut Tx, access: &Access) -> Result<Vec<Recipient>, Error> {
    let found = users::list_members(tx, access.tenant(), &ANSWERING, PEOPLE_MAX).await?;
    let recipient = |user: users::User| Recipient {
        user: user.id,
        name: user.name,
        email: user.email,
    };
    Ok(found.into_iter().map(recipient).collect())
}

/// What is in the caller's cart, under ids of its own; the cart is deleted. `None` where there is none.
async fn take_cart(
    tx: &mut Tx,
    access: &Access,
    ids: TaskIds,
    now: Timestamp,
) -> Result<Option<Vec<Line>>, Error> {
    let found = orders::find_cart(tx, access.tenant(), access.actor().user).await?;
    let Some(mut cart) = found else {
        return Ok(None);
    };
    let fresh = |at: usize| LineId(ids.nth(2 * at).0);
    let known: Vec<LineId> = cart.lines.iter().map(|line| line.id).collect();
    let again = |id: LineId| known.iter().position(|known| *known == id).map(fresh);
    // An add-on is of its license's subscription.
    let license = |at: usize, line: &Line| {
        let is_it = |id: LineId| known.iter().position(|known| *known == id);
        line.parent.and_then(is_it).unwrap_or(at)
    };
    let lines = cart.lines.iter().enumerate().map(|(at, line)| Line {
        id: fresh(at),
        subscription: SubscriptionId(ids.nth(2 * license(at, line) + 1).0),
        parent: line.parent.and_then(again),
        after: line.after.and_then(again),
        state: LineState::Started,
        ..line.clone()
    });
    let lines = lines.collect();
    let events = cart.delete(access.actor(), now)?;
    orders::save(tx, &mut cart, &events, now).await?;
    Ok(Some(lines))
}

struct Answering {
    access: Access,
    number: u64,
    command: QuoteCommand,
    conditions: Conditions,
    order: (domain::id::OrderId, u64),
    ids: TaskIds,
    now: Timestamp,
}

impl Answering {
    /// `None` when the new order's number is taken.
    async fn run(&self, tx: &mut Tx) -> Result<Option<(Quote, Option<Order>)>, Error> {
        let (access, tenant, now) = (&self.access, self.access.tenant(), self.now);
        let mut quote = quotes::load(tx, tenant, self.number).await?;
        let seen = shown(&quote, access, now)?;
        let is_accepting = matches!(self.command, QuoteCommand::Accept { .. });
        // A second click, a lost answer: the order that it became is the answer.
        if let (true, QuoteStage::Accepted { order }) = (is_accepting, &quote.stage) {
            let order = orders::find(tx, tenant, *order, access.visibility()).await?;
            return Ok(Some((quote, order)));
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
                let Some(made) = self.order(tx, &quote).await? else {
                    return Ok(None);
                };
                quote.accept(made.number, actor, now)?;
                order = Some(made);
            }
        }
        quotes::save(tx, &mut quote).await?;
        Ok(Some((quote, order)))
    }

    /// The order of what was sent, at the prices that were proposed. `None` when its number is taken.
    async fn order(&self, tx: &mut Tx, quote: &Quote) -> Result<Option<Order>, Error> {
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
        match orders::insert(tx, &mut order, &events, now).await {
            Ok(()) => {}
            Err(StoreError::Taken) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        carts::enqueue(tx, &order, &events, self.ids, now).await?;
        Ok(Some(order))
    }
}

/// Cancels what recipients could still answer, because their organization is suspended; at most a batch.
pub(crate) async fn cancel_open(
    tx: &mut Tx,
    organization: domain::id::OrganizationId,
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
