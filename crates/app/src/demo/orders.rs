//! Orders of the demo world, brought to where they end by the domain's own moves.

mod quotes;

use std::collections::BTreeSet;

use domain::event::{Actor, Event};
use domain::id::{ApprovalRuleId, LineId, NoteId, OrderId, SubscriptionId};
use domain::money::{Currency, Money};
use domain::offer::Offer;
use domain::order::approval::Approval;
use domain::order::approval::rule::{ApprovalRule, Conditions, Facts, required};
use domain::order::change::RequestedChange;
use domain::order::command::Command;
use domain::order::line::{Item, Line, LineEvent, LineState};
use domain::order::note::Note;
use domain::order::retry::Corrected;
use domain::order::{Order, OrderKind, Stage};
use domain::price::refund::closes_at;
use domain::provisioning::{BY_HAND, Failure};
use domain::subscription::wish::Occasion;
use domain::text::{Contact, Email};
use jiff::{SignedDuration, Timestamp};
use store::{Tx, orders, organizations, users};
use uuid::Uuid;

use super::told::{Asked, End, MANAGER, Refused, SELLER, Told, orders as told_orders};
use super::{damaged, organization};
use crate::{Error, catalog, subscriptions};

struct Seeder<'t> {
    tx: &'t mut Tx,
    offers: Vec<Offer>,
    now: Timestamp,
    count: u128,
    /// What made or changed subscriptions, and when.
    finished: Vec<(Timestamp, Order, Line)>,
    rules: Vec<ApprovalRule>,
}

pub(super) async fn seed(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    let chain = [organization(1)];
    let mut offers = store::catalog::list_offers(tx, &chain, 100, now).await?;
    offers.sort_by_key(|offer| offer.id);
    let mut seeder = Seeder {
        tx,
        offers,
        now,
        count: 0,
        finished: Vec::new(),
        rules: large_orders()?,
    };
    for rule in &seeder.rules {
        store::approval_rules::save(seeder.tx, rule).await?;
    }
    for told in told_orders() {
        seeder.order(told).await?;
    }
    seeder.keep_subscriptions().await?;
    seeder.quotes().await
}

/// What the seller of the demo wants to approve: large orders, in two currencies.
fn large_orders() -> Result<Vec<ApprovalRule>, Error> {
    let amounts = [
        ("Large orders", 500_000, "EUR"),
        ("Large orders in yen", 50_000, "JPY"),
    ];
    let rule = |(number, (name, minor, currency)): (u128, (&str, i64, &str))| {
        let currency = Currency::parse(currency).map_err(damaged)?;
        Ok(ApprovalRule {
            id: ApprovalRuleId(Uuid::from_u128(number)),
            organization: organization(2),
            name: name.to_owned(),
            is_enabled: true,
            conditions: Conditions {
                total_at_least: Some(Money::new(minor, currency)),
                ..Conditions::default()
            },
        })
    };
    (1u128..).zip(amounts).map(rule).collect()
}

/// One order on its way: what is decided about it and what was written down.
struct Story {
    order: Order,
    events: Vec<Event>,
    actor: Actor,
    /// When the vendors answered.
    done: Timestamp,
}

impl Seeder<'_> {
    async fn order(&mut self, told: Told) -> Result<(), Error> {
        self.count += 1;
        let actor = self.actor(told.by, told.place).await?;
        let begun = self.now - SignedDuration::from_hours(told.hours);
        let placed = begun + SignedDuration::from_mins(9);
        let (id, number) = (OrderId(Uuid::from_u128(self.count)), number(self.count));
        let place = organization(told.place);
        let (mut order, mut events) = Order::start(id, place, number, actor.clone(), begun);
        let is_purchase = |asked: &Asked| matches!(asked.change, RequestedChange::Purchase { .. });
        if !told.asked.iter().any(is_purchase) {
            order.kind = OrderKind::Update;
        }
        for (at, asked) in (1u128..).zip(told.asked) {
            let mut line = self.line(told.place, at, asked.clone()).await?;
            if asked.is_addon {
                let license = order.lines.last();
                line.parent = license.map(|license| license.id);
                line.subscription = license.map_or(line.subscription, |l| l.subscription);
            }
            events.extend(order.add(line, &actor, begun)?);
        }
        if matches!(told.end, End::PendingApproval | End::Rejected) {
            order.require(self.asked(told.place, &order).await?);
        }
        let mut story = Story {
            order,
            events,
            actor,
            done: placed + SignedDuration::from_mins(2),
        };
        story.tell(told.end, placed, self.now)?;
        let is_noted = matches!(told.end, End::Failed(_) | End::Finished | End::Waiting);
        if is_noted && self.count.is_multiple_of(2) {
            self.write_notes(&mut story.order, told.place, story.done)
                .await?;
        }
        orders::insert(self.tx, &mut story.order, &story.events, story.done).await?;
        for line in &story.order.lines {
            if let LineState::Finished { at, .. } = line.state {
                self.finished.push((at, story.order.clone(), line.clone()));
            }
        }
        Ok(())
    }

    /// Who has to approve an order, by the rules of its seller.
    async fn asked(&mut self, place: u128, order: &Order) -> Result<Vec<Approval>, Error> {
        let customer = organizations::find_by_id(self.tx, organization(place)).await?;
        let chain = customer.ok_or(Error::NotFound)?.chain;
        let above = chain.get(1..).unwrap_or_default();
        let partners = organizations::list_by_id(self.tx, above).await?;
        let facts = Facts {
            customer: order.organization,
            roles: &[],
            lines: &order.lines,
        };
        let asked = required(&partners, &self.rules, facts);
        match asked.is_empty() {
            true => Err(Error::Internal(
                "the demo's rules hold no such order".into(),
            )),
            false => Ok(asked),
        }
    }

    /// Makes of the finished lines what they made of subscriptions, in the order of time.
    async fn keep_subscriptions(&mut self) -> Result<(), Error> {
        self.finished.sort_by_key(|(at, ..)| *at);
        for (_, order, line) in std::mem::take(&mut self.finished) {
            subscriptions::keep(self.tx, &order, &line).await?;
        }
        Ok(())
    }

    /// What two people say to each other, and one of them to colleagues.
    async fn write_notes(
        &mut self,
        order: &mut Order,
        place: u128,
        at: Timestamp,
    ) -> Result<(), Error> {
        let customer = organizations::find_by_id(self.tx, organization(place)).await?;
        let customer = format!("admin@{}.example", customer.ok_or(Error::NotFound)?.slug);
        let staff = if place < 7 {
            [MANAGER, SELLER]
        } else {
            ["seller-admin@fjord.example"; 2]
        };
        for (n, email, text, is_internal) in [
            (1, staff[0], "The customer asked for this by phone.", false),
            (
                2,
                customer.as_str(),
                "Please deliver before the new office opens.",
                false,
            ),
            (3, staff[1], "Margin agreed with the distributor.", true),
        ] {
            order.notes.push(Note {
                id: NoteId(Uuid::from_u128(self.count * 10 + n)),
                author: self.actor(email, place).await?,
                at,
                text: text.to_owned(),
                is_internal,
            });
        }
        Ok(())
    }

    async fn line(&mut self, place: u128, at: u128, asked: Asked) -> Result<Line, Error> {
        use RequestedChange as C;
        let customer = organizations::find_by_id(self.tx, organization(place)).await?;
        let customer = customer.ok_or(Error::NotFound)?;
        let offer = self.offers.get(asked.offer).ok_or(Error::NotFound)?;
        let plan = offer.plans.iter().find(|plan| plan.is_for(&customer));
        let plan = plan.ok_or(Error::NotFound)?;
        let sold = vec![offer.clone()];
        let priced = catalog::with_rules(self.tx, &customer, sold, self.now).await?;
        let (quantity, name) = match &asked.change {
            C::Purchase { quantity } => (*quantity, &offer.name),
            C::Quantity { to, .. } => (*to, &offer.name),
            C::AddonAdd { addon, quantity } => (*quantity, addon),
            C::AddonQuantity { addon, to, .. } => (*to, addon),
            C::AddonRemove { addon, quantity } => (*quantity, addon),
            _ => (asked.of, &offer.name),
        };
        let id = Uuid::from_u128(self.count * 1_000 + at);
        let subscription = asked.on.map_or(id, Uuid::from_u128);
        let is_new = matches!(asked.change, C::Purchase { .. } | C::AddonAdd { .. });
        let email = match asked.mailbox.contains('@') {
            true => format!("{}.example", asked.mailbox),
            false => format!("{}@{}.example", asked.mailbox, customer.slug),
        };
        Ok(Line {
            id: LineId(id),
            subscription: SubscriptionId(subscription),
            vendor_reference: (!is_new).then(|| subscription.to_string()),
            contact: Contact {
                email: Email::parse(&email).map_err(damaged)?,
                name: "Ieva".into(),
                surname: "Berg".into(),
            },
            tenant: offer
                .has_tenant
                .then(|| format!("{}.onmicrosoft.com", customer.slug)),
            parameters: serde_json::Map::new(),
            corrected: BTreeSet::new(),
            period: None,
            cancellable_until: None,
            parent: None,
            after: None,
            markups: None,
            destination: None,
            is_recorded: false,
            price: priced.quote(offer, plan, quantity)?,
            state: LineState::Started,
            item: Item {
                name: name.clone(),
                ..catalog::item(offer, plan)
            },
            change: asked.change,
        })
    }

    /// Staff act for their own organization, customers for theirs.
    async fn actor(&mut self, email: &str, place: u128) -> Result<Actor, Error> {
        let address = Email::parse(email).map_err(damaged)?;
        let user = users::find_by_email(self.tx, &address).await?;
        let user = user.ok_or(Error::NotFound)?;
        let held = users::memberships(self.tx, user.id).await?;
        let own = held
            .iter()
            .find(|m| m.organization == organization(place))
            .or(held.first());
        let acting = own.ok_or(Error::NotFound)?.organization;
        let acting = organizations::find_by_id(self.tx, acting)
            .await?
            .ok_or(Error::NotFound)?;
        Ok(Actor {
            user: user.id,
            person: user.name,
            email: user.email,
            organization: acting.id,
            organization_name: acting.name,
        })
    }
}

impl Story {
    fn tell(&mut self, end: End, placed: Timestamp, now: Timestamp) -> Result<(), Error> {
        match end {
            End::Started => return Ok(()),
            End::Deleted => return self.obey(Command::Delete, placed),
            End::Draft => return self.obey(Command::SaveAsDraft, placed),
            _ => {}
        }
        let terms = super::terms::VERSION.to_owned();
        let events = self.order.place(terms, &self.actor, placed)?;
        self.events.extend(events);
        match end {
            End::PendingApproval => {}
            End::Scheduled => {
                let on = now + SignedDuration::from_hours(24 * 14);
                let occasion = Occasion::Date;
                self.hold(Stage::Scheduled { on, occasion }, LineState::Scheduled);
            }
            End::Rejected => {
                let reject = Command::Reject {
                    partners: vec![organization(2)],
                    reason: "Above this year's budget".to_owned(),
                };
                self.obey(reject, self.done)?;
            }
            End::Canceled => self.obey(Command::Withdraw, self.done)?,
            _ => self.provision(end)?,
        }
        let is_archived = matches!(
            end,
            End::WaitingArchived | End::FinishedArchived | End::FailedArchived(_)
        );
        if is_archived {
            let at = self.done + SignedDuration::from_hours(24 * 7);
            let filed = self.order.file_if_due(Default::default(), at);
            self.events.extend(filed.ok_or(Error::NotFound)?);
        }
        Ok(())
    }

    fn obey(&mut self, command: Command, at: Timestamp) -> Result<(), Error> {
        let events = self.order.obey(command, &self.actor, at)?;
        self.events.extend(events);
        Ok(())
    }

    /// Placed, and waits for people or its date.
    fn hold(&mut self, stage: Stage, state: LineState) {
        self.order.stage = stage;
        for line in &mut self.order.lines {
            line.state = state.clone();
        }
    }

    fn provision(&mut self, end: End) -> Result<(), Error> {
        for at in 0..self.order.lines.len() {
            let answer = match end {
                End::Waiting | End::WaitingArchived => {
                    let is_by_hand = self.order.lines[at].item.vendor_name == "Paper & Phone";
                    LineEvent::Accepted {
                        operation: is_by_hand.then(|| BY_HAND.to_owned()),
                    }
                }
                End::Checking => LineEvent::AnswerLost {
                    evidence: "the connection was closed before an answer came".into(),
                },
                End::Failed(refused)
                | End::FailedArchived(refused)
                | End::FailedTwice(refused)
                | End::Mended(refused)
                    if at == 0 =>
                {
                    LineEvent::Failed(failure(refused))
                }
                _ => self.booked(at),
            };
            self.ask(at, &answer, self.done)?;
        }
        let again = self.done + SignedDuration::from_mins(40);
        match end {
            End::FailedTwice(refused) => {
                self.retry(Corrected::default(), again)?;
                self.done = again + SignedDuration::from_mins(1);
                self.ask(0, &LineEvent::Failed(failure(refused)), self.done)
            }
            End::Mended(_) => {
                let email = Email::parse("ieva@amber.example").map_err(damaged)?;
                let email = Some(email);
                self.retry(
                    Corrected {
                        email,
                        ..Corrected::default()
                    },
                    again,
                )?;
                self.done = again + SignedDuration::from_mins(1);
                self.ask(0, &self.booked(0), self.done)
            }
            _ => Ok(()),
        }
    }

    fn booked(&self, at: usize) -> LineEvent {
        LineEvent::Finished {
            vendor_reference: self.order.lines[at].subscription.0.to_string(),
        }
    }

    fn retry(&mut self, correction: Corrected, at: Timestamp) -> Result<(), Error> {
        let line = Some(self.order.lines[0].id);
        let correction = Box::new(correction);
        self.obey(Command::Retry { line, correction }, at)
    }

    /// Asks the vendor and hears its answer. What no vendor hears of is done already.
    fn ask(&mut self, at: usize, answer: &LineEvent, done: Timestamp) -> Result<(), Error> {
        let line = &mut self.order.lines[at];
        let id = line.id;
        if !matches!(line.state, LineState::Queued { .. }) {
            return Ok(());
        }
        let buys = line.verb().is_some_and(|verb| verb.buys());
        if line.item.has_tenant && buys && matches!(answer, LineEvent::Finished { .. }) {
            line.cancellable_until = Some(closes_at(done));
        }
        let sent = done - SignedDuration::from_secs(4);
        for (happened, at) in [(&LineEvent::Sending, sent), (answer, done)] {
            let events = self.order.advance(id, happened, None, at)?;
            self.events.extend(events);
        }
        Ok(())
    }
}

fn failure((code, message, field): Refused) -> Failure {
    Failure {
        code: code.into(),
        message: message.into(),
        field: field.map(str::to_owned),
    }
}

/// Eight digits that look drawn and are the same at each seed.
fn number(count: u128) -> u64 {
    let count = u64::try_from(count).unwrap_or_default();
    10_000_000 + count.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 90_000_000
}
