//! Orders of the demo world: every status that there is, by the domain's own moves.

use domain::event::{Actor, Event, EventKind};
use domain::id::{LineId, NoteId, OrderId, SubscriptionId};
use domain::offer::Offer;
use domain::order::change::RequestedChange;
use domain::order::line::{Item, Line, LineEvent, LineState};
use domain::order::note::Note;
use domain::order::{Order, OrderKind, Stage};
use domain::provisioning::Failure;
use domain::text::{Contact, Email};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use store::{Tx, orders, organizations, users};
use uuid::Uuid;

use super::{damaged, organization};
use crate::{Error, carts, catalog, subscriptions};

/// Completed orders of long ago, so that paging shows.
const OLD: u32 = 60;

/// Where an order of the demo ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Started,
    Draft,
    Deleted,
    PendingApproval,
    Scheduled,
    Rejected,
    Canceled,
    /// With a person, who has not answered.
    Waiting,
    WaitingArchived,
    Finished,
    FinishedArchived,
    /// The vendor refused the first line.
    Failed,
    FailedArchived,
}

struct Seeder<'t> {
    tx: &'t mut Tx,
    offers: Vec<Offer>,
    now: Timestamp,
    count: u128,
}

/// Lines by the offer's place in the catalog and the change.
type Asked = (usize, RequestedChange);

pub(super) async fn seed(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    let chain = [organization(1)];
    let mut offers = store::catalog::list_offers(tx, &chain, 100).await?;
    offers.sort_by_key(|offer| offer.id);
    let mut seeder = Seeder {
        tx,
        offers,
        now,
        count: 0,
    };
    seeder.amber().await?;
    for (place, email) in [
        (5, "admin@birch.example"),
        (5, "account-manager@baltic.example"),
        (6, "user@dune.example"),
        (7, "consultant@freelance.example"),
        (7, "seller-admin@fjord.example"),
    ] {
        let asked = vec![(4, buy(8)), (5, buy(2))];
        seeder.order(place, email, asked, End::Finished, 50).await?;
    }
    Ok(())
}

fn buy(quantity: u32) -> RequestedChange {
    RequestedChange::Purchase { quantity }
}

fn more(from: u32, to: u32) -> RequestedChange {
    RequestedChange::Quantity { from, to }
}

fn markup(from: i64, to: i64) -> RequestedChange {
    RequestedChange::Markup {
        from: Decimal::new(from, 0),
        to: Decimal::new(to, 0),
    }
}

impl Seeder<'_> {
    /// Every status, a markup alone, a mixed order, add-ons, twelve items, and many old ones.
    async fn amber(&mut self) -> Result<(), Error> {
        let (seller, manager) = (
            "seller-admin@baltic.example",
            "account-manager@baltic.example",
        );
        let (admin, user) = ("admin@amber.example", "user@amber.example");
        let addon = |quantity| RequestedChange::AddonAdd {
            addon: "Defender for Endpoint P1".into(),
            quantity,
        };
        let many = (1..=12).map(|n| (n as usize % 6, buy(n))).collect();
        let orders: Vec<(&str, Vec<Asked>, End, i64)> = vec![
            (user, vec![(0, buy(5))], End::Started, 2),
            (admin, vec![(2, buy(30)), (4, buy(30))], End::Draft, 30),
            (user, vec![(3, buy(1))], End::Deleted, 28),
            (seller, vec![(2, buy(250))], End::PendingApproval, 4),
            (manager, vec![(1, more(10, 12))], End::Scheduled, 6),
            (manager, vec![(2, buy(900))], End::Rejected, 70),
            (admin, vec![(4, buy(3))], End::Canceled, 71),
            (seller, vec![(6, buy(4))], End::Waiting, 8),
            (user, vec![(6, buy(2))], End::WaitingArchived, 400),
            (seller, vec![(1, buy(10))], End::Finished, 48),
            (admin, vec![(1, more(10, 15))], End::Finished, 12),
            (
                admin,
                vec![(0, RequestedChange::Suspend)],
                End::Finished,
                90,
            ),
            (
                manager,
                vec![(0, buy(10)), (4, buy(10)), (5, buy(1))],
                End::Failed,
                10,
            ),
            (manager, vec![(3, buy(12))], End::FailedArchived, 500),
            (seller, vec![(1, markup(5, 7))], End::Finished, 9),
            (
                seller,
                vec![(1, more(15, 20)), (1, markup(7, 8))],
                End::Finished,
                7,
            ),
            (
                seller,
                vec![(2, buy(20)), (2, addon(20))],
                End::Finished,
                60,
            ),
            (manager, many, End::Finished, 80),
        ];
        for (email, asked, end, hours) in orders {
            self.order(4, email, asked, end, hours).await?;
        }
        for week in 0..OLD {
            let email = [seller, admin, user, manager][week as usize % 4];
            let asked = vec![(week as usize % 6, buy(week % 9 + 1))];
            let hours = 24 * 7 * i64::from(week + 3);
            self.order(4, email, asked, End::FinishedArchived, hours)
                .await?;
        }
        Ok(())
    }

    /// One order, begun so many hours ago.
    async fn order(
        &mut self,
        place: u128,
        email: &str,
        asked: Vec<Asked>,
        end: End,
        hours: i64,
    ) -> Result<(), Error> {
        self.count += 1;
        let actor = self.actor(email, place).await?;
        let begun = self.now - SignedDuration::from_hours(hours);
        let placed = begun + SignedDuration::from_mins(9);
        let done = placed + SignedDuration::from_mins(2);
        let (id, number) = (OrderId(Uuid::from_u128(self.count)), number(self.count));
        let (mut order, mut events) =
            Order::start(id, organization(place), number, actor.clone(), begun);
        let is_purchase = |(_, change): &Asked| matches!(change, RequestedChange::Purchase { .. });
        if !asked.iter().any(is_purchase) {
            order.kind = OrderKind::Update;
        }
        for (at, (offer, change)) in (1u128..).zip(asked) {
            let line = self.line(place, at, offer, change).await?;
            events.extend(order.add(line, &actor, begun)?);
        }
        if end == End::Deleted {
            events.extend(order.delete(&actor, placed)?);
        } else if end == End::Draft {
            order.archived_at = Some(placed);
            events.push(told(EventKind::SavedAsDraft, &actor, None, placed));
        } else if end != End::Started {
            let terms = carts::TERMS.to_owned();
            events.extend(order.place(terms, &actor, placed)?);
            self.finish(&mut order, end, &actor, done, &mut events)?;
        }
        if matches!(end, End::Failed | End::Finished | End::Waiting) && self.count.is_multiple_of(2)
        {
            self.write_notes(&mut order, done).await?;
        }
        orders::insert(self.tx, &mut order, &events, done).await?;
        for line in &order.lines {
            subscriptions::keep(self.tx, &order, line).await?;
        }
        Ok(())
    }

    fn finish(
        &self,
        order: &mut Order,
        end: End,
        actor: &Actor,
        done: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        let stopped = |order: &mut Order, state: LineState| {
            order
                .lines
                .iter_mut()
                .for_each(|line| line.state = state.clone());
        };
        match end {
            End::PendingApproval => {
                order.stage = Stage::AwaitingApproval;
                stopped(order, LineState::PendingApproval);
            }
            End::Scheduled => {
                let on = self.now + SignedDuration::from_hours(24 * 14);
                order.stage = Stage::Scheduled { on };
                stopped(order, LineState::Scheduled);
            }
            End::Rejected => {
                let reason = "Above this year's budget".to_owned();
                order.stage = Stage::Rejected { reason };
                stopped(order, LineState::Rejected);
                events.push(told(EventKind::Rejected, actor, None, done));
            }
            End::Canceled => {
                order.stage = Stage::Canceled;
                stopped(order, LineState::Canceled);
                events.push(told(EventKind::Canceled, actor, None, done));
            }
            _ => self.provision(order, end, actor, done, events)?,
        }
        if matches!(
            end,
            End::WaitingArchived | End::FinishedArchived | End::FailedArchived
        ) {
            order.archived_at = Some(done + SignedDuration::from_hours(24 * 7));
        }
        Ok(())
    }

    fn provision(
        &self,
        order: &mut Order,
        end: End,
        actor: &Actor,
        done: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<(), Error> {
        for at in 0..order.lines.len() {
            let line = &mut order.lines[at];
            let id = line.id;
            if line.change.is_markup() {
                line.state = LineState::Finished {
                    vendor_reference: String::new(),
                    at: done,
                };
                events.push(told(EventKind::Finished, actor, Some(id), done));
                continue;
            }
            let happened = match end {
                End::Waiting | End::WaitingArchived => LineEvent::Accepted { operation: None },
                End::Failed | End::FailedArchived if at == 0 => LineEvent::Failed(Failure {
                    code: "InvalidContact".into(),
                    message: "The e-mail address of the customer is not valid".into(),
                    field: Some("/contact/email".into()),
                }),
                _ => LineEvent::Finished {
                    vendor_reference: id.0.to_string(),
                },
            };
            events.extend(order.advance(id, &LineEvent::Sending, None, done)?);
            events.extend(order.advance(id, &happened, None, done)?);
        }
        Ok(())
    }

    async fn write_notes(&mut self, order: &mut Order, at: Timestamp) -> Result<(), Error> {
        for (n, email, text, is_internal) in [
            (
                1,
                "account-manager@baltic.example",
                "The customer asked for this by phone.",
                false,
            ),
            (
                2,
                "admin@amber.example",
                "Please deliver before the new office opens.",
                false,
            ),
            (
                3,
                "seller-admin@baltic.example",
                "Margin agreed with the distributor.",
                true,
            ),
        ] {
            order.notes.push(Note {
                id: NoteId(Uuid::from_u128(self.count * 10 + n)),
                author: self.actor(email, 4).await?,
                at,
                text: text.to_owned(),
                is_internal,
            });
        }
        Ok(())
    }

    async fn line(
        &mut self,
        place: u128,
        at: u128,
        offer: usize,
        change: RequestedChange,
    ) -> Result<Line, Error> {
        let customer = organizations::find_by_id(self.tx, organization(place)).await?;
        let customer = customer.ok_or(Error::NotFound)?;
        let offer = self.offers.get(offer).ok_or(Error::NotFound)?;
        let plan = offer
            .plans
            .iter()
            .find(|plan| plan.currency == customer.currency);
        let plan = plan.ok_or(Error::NotFound)?;
        let quantity = match change {
            RequestedChange::Purchase { quantity } => quantity,
            RequestedChange::Quantity { to, .. } => to,
            RequestedChange::AddonAdd { quantity, .. } => quantity,
            _ => 15,
        };
        let id = Uuid::from_u128(self.count * 1_000 + at);
        let is_purchase = matches!(change, RequestedChange::Purchase { .. });
        Ok(Line {
            id: LineId(id),
            subscription: SubscriptionId(id),
            change,
            vendor_reference: (!is_purchase).then(|| id.to_string()),
            contact: Contact {
                email: Email::parse(&format!("ieva@{}.example", customer.slug)).map_err(damaged)?,
                name: "Ieva".into(),
                surname: "Berg".into(),
            },
            tenant: offer
                .has_tenant
                .then(|| format!("{}.onmicrosoft.com", customer.slug)),
            parameters: serde_json::Map::new(),
            period: None,
            cancellable_until: None,
            parent: None,
            price: catalog::quote(plan, quantity)?,
            state: LineState::Started,
            item: Item {
                offer: offer.id,
                plan: plan.id,
                vendor: offer.vendor,
                vendor_name: offer.vendor_name.clone(),
                name: offer.name.clone(),
                product: offer.product.clone(),
                vendor_plan: offer.vendor_plan.clone(),
                has_tenant: offer.has_tenant,
                cadence: plan.cadence,
            },
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

fn told(kind: EventKind, actor: &Actor, line: Option<LineId>, at: Timestamp) -> Event {
    Event {
        at,
        kind,
        actor: Some(actor.clone()),
        line,
        detail: None,
        internal: None,
        attempt: None,
    }
}

/// Eight digits that look drawn and are the same at each seed.
fn number(count: u128) -> u64 {
    let count = u64::try_from(count).unwrap_or_default();
    10_000_000 + count.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 90_000_000
}
