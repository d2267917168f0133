//! What a person makes of a difference, as an order: our record takes the vendor's word, the vendor is asked
//! to be as our record says, or what only the vendor knows becomes a subscription here.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::event::{Actor, Event};
use domain::id::{DifferenceId, LineId, OfferId, OrderId, PlanId, SubscriptionId};
use domain::offer::Cadence;
use domain::order::admission::Admission;
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::slot::Slot;
use domain::order::{Order, OrderKind};
use domain::reconciliation::{
    Difference, Drift, Holding, Ours, Outcome, Resolution, Unresolvable, Wanted,
};
use domain::subscription::wish::Target;
use domain::subscription::{Markups, SeenSubscription, Subscription};
use domain::text::{Contact, Invalid};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Mode, Tx, catalog, differences, orders, slots, subscriptions};

use super::refused;
use crate::access::{Access, Caller};
use crate::catalog::load_all;
use crate::clock::TaskIds;
use crate::orders::seen_by;
use crate::subscriptions::change::{Asking, Consent, Placing, lines};
use crate::subscriptions::{TypedWish, keep_all};
use crate::{App, Error, admissions, carts, unless_taken, worker};

/// Offers of a vendor's that are looked through where the vendor names no product.
const OFFERS_MAX: u32 = 2_000;

/// What a person wants made of a difference.
#[derive(Debug, Clone)]
pub struct Resolve {
    /// What.
    pub resolution: Resolution,
    /// In how many runs it had been seen when it was shown; it may have become another since.
    pub expected: Option<u32>,
    /// Whose an unknown one becomes.
    pub adoption: Option<Adoption>,
}

/// Whose a subscription becomes that only the vendor knows.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The customer's name in addresses.
    pub organization: String,
    /// Who uses it.
    pub contact: Contact,
    /// On which terms of the catalog; those that the vendor tells when absent.
    pub plan: Option<PlanId>,
}

/// What comes of it.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The difference afterwards.
    pub difference: Difference,
    /// The order that does it.
    pub order: SeenOrder,
    /// The subscription once it is done.
    pub after: SeenSubscription,
}

impl From<Unresolvable> for Error {
    fn from(reason: Unresolvable) -> Error {
        refused(reason.0)
    }
}

impl App {
    /// Resolves a difference by an order, or shows what would come of it.
    pub async fn resolve_difference(
        &self,
        caller: &Caller,
        access: &Access,
        id: DifferenceId,
        wish: Resolve,
        mode: Mode,
    ) -> Result<Resolved, Error> {
        access.require(Permission::ManageVendors)?;
        let shown = self.difference(access, id).await?;
        let slug = customer_of(&shown, &wish)?;
        let customer = match self.access(caller, &slug).await {
            Err(Error::NotFound) if wish.adoption.is_some() => return Err(no_customer()),
            found => found?,
        };
        customer.require(Permission::ChangeSubscriptions)?;
        if !customer.organization().chain.contains(&access.tenant()) {
            return Err(no_customer());
        }
        // A number that is taken is drawn anew.
        loop {
            let state = Resolving {
                access: customer.clone(),
                shown: shown.clone(),
                wish: wish.clone(),
                order: self.order_identity(),
                lines: self.task_ids(),
                subscription: SubscriptionId(self.id()),
                ids: self.task_ids(),
                now: self.clock.now(),
            };
            let made = self
                .store
                .write_or_show(state, mode, |state, tx| Box::pin(state.run(tx)));
            let Some((difference, order, after)) = unless_taken(made.await)? else {
                continue;
            };
            self.committed(customer.tenant());
            return Ok(Resolved {
                difference,
                order: seen_by(&order, &customer)?,
                after: after.seen_by(customer.visibility())?,
            });
        }
    }
}

/// The customer that the order is for, by its name in addresses.
fn customer_of(shown: &Difference, wish: &Resolve) -> Result<String, Error> {
    match (wish.resolution, &shown.subject, &wish.adoption) {
        (Resolution::Accept | Resolution::Correct, Some(subject), _) => {
            Ok(subject.organization_slug.clone())
        }
        (Resolution::Adopt, None, Some(adoption)) => Ok(adoption.organization.clone()),
        (Resolution::Adopt, None, None) => Err(no_customer()),
        (Resolution::Adopt, Some(_), _) => Err(refused(
            "it has a record here already: accept or correct it",
        )),
        (Resolution::Accept | Resolution::Correct, None, _) => {
            Err(refused("there is no record of ours to change: adopt it"))
        }
    }
}

fn no_customer() -> Error {
    Error::Invalid {
        field: "/organization",
        reason: Invalid("must be one of your customers".into()),
    }
}

struct Resolving {
    /// To the customer that the order is for.
    access: Access,
    shown: Difference,
    wish: Resolve,
    order: (OrderId, u64),
    lines: TaskIds,
    /// Of what is adopted.
    subscription: SubscriptionId,
    ids: TaskIds,
    now: Timestamp,
}

type Made = (Order, Subscription);

impl Resolving {
    async fn run(&self, tx: &mut Tx) -> Result<(Difference, Order, Subscription), Error> {
        let found = differences::load(tx, self.shown.owner, self.shown.id).await?;
        let mut found = found.ok_or(Error::NotFound)?;
        match &found.outcome {
            Outcome::Open => {}
            Outcome::Asked => {
                return Err(refused(
                    "it was seen once; the vendor is asked again before anybody decides",
                ));
            }
            Outcome::Resolved { order, .. } => {
                return Err(refused(&format!("order {order} has resolved it already")));
            }
            Outcome::Vanished { .. } => {
                return Err(refused(
                    "the vendor agrees again; there is nothing to resolve",
                ));
            }
        }
        if self.wish.expected.is_some_and(|times| times != found.times) {
            return Err(Error::Changed);
        }
        let admission = admissions::load(tx, &self.access).await?;
        admission.check_active()?;
        let (order, after) = match self.wish.resolution {
            Resolution::Accept => self.accept(tx, &found).await?,
            Resolution::Correct => self.correct(tx, &found, &admission).await?,
            Resolution::Adopt => self.adopt(tx, &found).await?,
        };
        found.outcome = Outcome::Resolved {
            resolution: self.wish.resolution,
            by: self.actor().clone(),
            at: self.now,
            order: order.number,
            organization_slug: self.access.organization().slug.to_string(),
        };
        differences::save(tx, &found).await?;
        Ok((found, order, after))
    }

    fn actor(&self) -> &Actor {
        self.access.actor()
    }

    /// Our subscription as it is now; refused while an order changes it, or once it is not as it was.
    async fn ours(&self, tx: &mut Tx, found: &Difference) -> Result<Subscription, Error> {
        let subject = found.subject.as_ref().ok_or(Error::NotFound)?;
        let tenant = self.access.tenant();
        let ours = subscriptions::load(tx, tenant, subject.subscription).await?;
        let ours = ours.ok_or(Error::NotFound)?;
        let held = slots::list(tx, tenant, ours.id).await?;
        if let Some((_, order)) = held.into_iter().find(|(slot, _)| *slot == Slot::Now) {
            return Err(Error::InFlight { order });
        }
        match found.drift.is_about(&Ours::from(&ours)) && ours.vendor_reference == found.reference.0
        {
            true => Ok(ours),
            false => Err(Error::Changed),
        }
    }

    async fn accept(&self, tx: &mut Tx, found: &Difference) -> Result<Made, Error> {
        let ours = self.ours(tx, found).await?;
        let target = match (&found.drift, &found.holding) {
            (Drift::Term { theirs, .. }, _) => self.target(tx, ours.item.offer, *theirs).await?,
            (Drift::Product { .. }, Some(holding)) => {
                let cadence = holding.cadence.or(Some(ours.item.cadence));
                let holding = Holding {
                    cadence,
                    ..holding.clone()
                };
                Some(self.sold(tx, found, &holding, None).await?)
            }
            _ => None,
        };
        let step = ours.accept(&found.drift, target.as_ref())?;
        let lines = lines(&ours, &[step], self.lines, 0);
        self.record(tx, OrderKind::Update, lines, ours.id).await
    }

    async fn target(
        &self,
        tx: &mut Tx,
        offer: OfferId,
        cadence: Cadence,
    ) -> Result<Option<Target>, Error> {
        let offers = load_all(tx, &self.access, BTreeSet::from([offer]), self.now).await?;
        let plan = offers.find_by_cadence(offer, cadence).ok();
        let target = plan.and_then(|(offer, plan)| offers.target(offer, plan).ok());
        Ok(target.filter(|target| target.item.cadence == cadence))
    }

    /// Decided on the subscription as the vendor has it, by the rules of every change.
    async fn correct(
        &self,
        tx: &mut Tx,
        found: &Difference,
        admission: &Admission,
    ) -> Result<Made, Error> {
        let wanted = found.drift.correction()?;
        let ours = self.ours(tx, found).await?;
        let chain = &self.access.organization().chain;
        let abilities = worker::abilities(tx, chain, ours.item.vendor).await?;
        let told = ours.as_told(&found.drift, abilities.cancellation_window, self.now);
        let typed = typed(wanted, &ours);
        let asking = Asking {
            access: &self.access,
            admission,
            typed: &typed,
            zone: &TimeZone::UTC,
            destination: self.subscription,
            now: self.now,
        };
        let (_, decision) = asking.decide(tx, &told).await?;
        let placing = Placing {
            order: self.order,
            lines: lines(&told, &decision.steps, self.lines, 0),
            waits: None,
            ids: self.ids,
            terms: Consent::Shown(None),
        };
        let order = placing.run(tx, (&self.access, admission), self.now).await?;
        Ok((order, decision.after))
    }

    async fn adopt(&self, tx: &mut Tx, found: &Difference) -> Result<Made, Error> {
        let (Some(adoption), Some(holding)) = (&self.wish.adoption, &found.holding) else {
            return Err(no_customer());
        };
        let known = BTreeSet::from([&found.reference]);
        if !subscriptions::list_references(tx, found.vendor, &known)
            .await?
            .is_empty()
        {
            return Err(refused("a record here has that vendor id meanwhile"));
        }
        let quantity = holding
            .quantity
            .ok_or_else(|| refused("the vendor does not say how many licenses it has"))?;
        let target = self.sold(tx, found, holding, adoption.plan).await?;
        let line = Line {
            id: LineId(self.lines.nth(0).0),
            parent: None,
            after: None,
            change: RequestedChange::Purchase { quantity },
            subscription: self.subscription,
            vendor_reference: Some(found.reference.0.clone()),
            contact: adoption.contact.clone(),
            tenant: holding.tenants.first().cloned(),
            parameters: serde_json::Map::new(),
            corrected: BTreeSet::new(),
            period: None,
            cancellable_until: None,
            price: target.price(Markups::default(), quantity)?,
            markups: None,
            destination: None,
            is_recorded: true,
            state: LineState::Started,
            item: target.item,
        };
        self.record(tx, OrderKind::Purchase, vec![line], self.subscription)
            .await
    }

    /// What the catalog sells as what the vendor has, on the plan that was chosen or the vendor's terms.
    async fn sold(
        &self,
        tx: &mut Tx,
        found: &Difference,
        holding: &Holding,
        plan: Option<PlanId>,
    ) -> Result<Target, Error> {
        let unsold = || {
            refused(
                "the catalog does not sell what the vendor has on these terms: add it, or end it at the vendor",
            )
        };
        let code = holding.plan.as_deref().ok_or_else(unsold)?;
        let offers = match &holding.product {
            Some(product) => {
                let codes = [(product.as_str(), code)].into_iter();
                catalog::find_by_codes(tx, found.owner, found.vendor, codes).await?
            }
            None => {
                let chain = [found.owner];
                catalog::list_offers_of(tx, &chain, found.vendor, OFFERS_MAX, self.now).await?
            }
        };
        let offer = offers.iter().find(|offer| offer.vendor_plan == code);
        let offer = offer.ok_or_else(unsold)?.id;
        let chosen = match (plan, holding.cadence) {
            (Some(plan), _) => {
                let offers = load_all(tx, &self.access, BTreeSet::from([offer]), self.now).await?;
                let (offer, plan) = offers.find(offer, plan)?;
                Some(offers.target(offer, plan)?)
            }
            (None, Some(cadence)) => self.target(tx, offer, cadence).await?,
            (None, None) => None,
        };
        chosen.ok_or_else(unsold)
    }

    /// An order of what is so already.
    async fn record(
        &self,
        tx: &mut Tx,
        kind: OrderKind,
        lines: Vec<Line>,
        subscription: SubscriptionId,
    ) -> Result<Made, Error> {
        let (id, number) = self.order;
        let tenant = self.access.tenant();
        let actor = self.actor();
        let started = Order::start(id, tenant, number, actor.clone(), self.now);
        let (mut order, events) = Order::record(started, kind, lines, actor, self.now)?;
        orders::insert(tx, &mut order, &events, self.now).await?;
        carts::enqueue(tx, &order, &events, self.ids, self.now).await?;
        let decided = events.iter().filter_map(|event: &Event| event.line);
        keep_all(tx, &order, decided).await?;
        let after = subscriptions::find(tx, tenant, subscription).await?;
        Ok((order, after.ok_or(Error::NotFound)?))
    }
}

/// What is asked of the vendor, as a person would type it.
fn typed(wanted: Wanted, ours: &Subscription) -> TypedWish {
    let wish = TypedWish::default();
    match wanted {
        Wanted::Quantity(quantity) => TypedWish {
            quantity: Some(i64::from(quantity)),
            ..wish
        },
        Wanted::Status(status) => TypedWish {
            status: Some(status.into()),
            ..wish
        },
        Wanted::Renewal(on) => TypedWish {
            auto_renewal: Some(on),
            ..wish
        },
        Wanted::Plan => TypedWish {
            plan: Some(ours.item.plan),
            ..wish
        },
    }
}
