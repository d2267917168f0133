//! Quotes: made from the cart, edited and sent by staff, answered by the people they were sent to.

mod answer;
mod typed;

use domain::access::{Permission, Role};
use domain::id::{LineId, QuoteId, SubscriptionId};
use domain::order::Refusal;
use domain::order::line::{Line, LineState};
use domain::quote::seen::SeenQuote;
use domain::quote::status::QuoteAction;
use domain::quote::{Quote, QuoteRefusal, Recipient};
use jiff::Timestamp;
use store::quotes::QuotePlace;
use store::{Tx, orders, quotes, users};

pub(crate) use self::answer::cancel_open;
pub use self::answer::{Answered, QuoteCommand};
pub use self::typed::{TypedItem, TypedQuote};
use crate::access::Access;
use crate::clock::TaskIds;
use crate::{App, Error, unless_taken};

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
                        quotes::insert(tx, &mut quote).await?;
                        Ok::<_, Error>(quote)
                    })
                });
            if let Some(quote) = unless_taken(made.await)? {
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
