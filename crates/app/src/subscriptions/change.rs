//! A change of a subscription: an update order, decided, previewed and placed by the same code.

use std::collections::BTreeSet;

use domain::access::{Permission, Side};
use domain::id::{LineId, OrderId, SubscriptionId};
use domain::order::Order;
use domain::order::admission::Admission;
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::slot::Slot;
use domain::subscription::decide::{Decision, Problem, Step};
use domain::subscription::money::{Estimate, estimate};
use domain::subscription::wish::{Occasion, When, Wish};
use domain::subscription::{SeenSubscription, Subscription};
use domain::text::Invalid;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Mode, Tx, orders, slots, subscriptions};

use super::typed::{TypedWish, read};
use crate::access::Access;
use crate::carts;
use crate::clock::TaskIds;
use crate::orders::{Conditions, seen_by};
use crate::{App, Error, admissions, terms, unless_taken};

/// A wish with what its asker says of it.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What is wanted.
    pub wish: TypedWish,
    /// The terms are accepted; a preview needs no consent.
    pub accept_terms: bool,
    /// The version that was shown, as an order records it; what is in force now when absent.
    pub terms_version: Option<String>,
    /// Times without an offset are meant here.
    pub zone: Option<TimeZone>,
}

/// What comes of a change.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The order that makes it.
    pub order: SeenOrder,
    /// What it costs and gives back; `None` where the same request was answered before.
    pub estimate: Option<Estimate>,
    /// What the subscription will be.
    pub after: Option<SeenSubscription>,
    /// Planned changes that it takes the place of, by their orders' numbers.
    pub replaces: Vec<u64>,
}

impl App {
    /// Changes a subscription by an order of its own, or shows what would come of it.
    pub async fn change_subscription(
        &self,
        access: &Access,
        subscription: SubscriptionId,
        change: Change,
        conditions: Conditions,
        mode: Mode,
    ) -> Result<Changed, Error> {
        check_rights(access, &change.wish)?;
        if mode == Mode::Commit && !change.accept_terms {
            let reason = Invalid("must be accepted before the change can be ordered".into());
            return Err(Error::Invalid {
                field: "/accept_terms",
                reason,
            });
        }
        // A number that is taken is drawn anew.
        loop {
            let state = Changing {
                access: access.clone(),
                subscription,
                change: change.clone(),
                conditions: conditions.clone(),
                order: self.order_identity(),
                lines: self.task_ids(),
                destination: SubscriptionId(self.id()),
                ids: self.task_ids(),
                now: self.clock.now(),
            };
            let made = self
                .store
                .write_or_show(state, mode, |state, tx| Box::pin(state.run(tx)));
            let Some(made) = unless_taken(made.await)? else {
                continue;
            };
            self.committed(access.tenant());
            return made.seen(access);
        }
    }
}

struct Made {
    order: Order,
    outlook: Option<(Estimate, Subscription)>,
    replaces: Vec<u64>,
}

impl Made {
    fn seen(self, access: &Access) -> Result<Changed, Error> {
        let (estimate, after) = self.outlook.unzip();
        let after = after.map(|after| after.seen_by(access.visibility()));
        Ok(Changed {
            order: seen_by(&self.order, access)?,
            estimate,
            after: after.transpose()?,
            replaces: self.replaces,
        })
    }
}

struct Changing {
    access: Access,
    subscription: SubscriptionId,
    change: Change,
    conditions: Conditions,
    order: (OrderId, u64),
    lines: TaskIds,
    destination: SubscriptionId,
    ids: TaskIds,
    now: Timestamp,
}

impl Changing {
    async fn run(&self, tx: &mut Tx) -> Result<Made, Error> {
        let (access, tenant) = (&self.access, self.access.tenant());
        let found = subscriptions::load(tx, tenant, self.subscription).await?;
        let found = found.ok_or(Error::NotFound)?;
        if let Some(once) = &self.conditions.once
            && let Some(order) = once.recall(tx, access, self.order.0, self.now).await?
        {
            return Ok(Made {
                order,
                outlook: None,
                replaces: Vec::new(),
            });
        }
        let shown = found.version_for(access.visibility());
        if self
            .conditions
            .expected
            .is_some_and(|expected| expected != shown)
        {
            return Err(Error::Changed);
        }
        let zone = self.change.zone.clone().unwrap_or(TimeZone::UTC);
        let admission = admissions::load(tx, access).await?;
        let asking = Asking {
            access,
            admission: &admission,
            typed: &self.change.wish,
            zone: &zone,
            destination: self.destination,
            now: self.now,
        };
        let (wish, decision) = asking.decide(tx, &found).await?;
        let planned = asking.make_room(tx, &found, &decision, &wish).await?;
        for number in &planned {
            asking.give_way(tx, *number, self.order.1).await?;
        }
        let lines = lines(&found, &decision.steps, self.lines, 0);
        let waits = waits(&found, wish.when);
        let placing = Placing {
            order: self.order,
            lines,
            waits,
            ids: self.ids,
            terms: Consent::Shown(self.change.terms_version.clone()),
        };
        let order = placing.run(tx, (access, &admission), self.now).await?;
        let estimate = estimate(&found, &decision.after, self.now)?;
        Ok(Made {
            order,
            outlook: Some((estimate, decision.after)),
            replaces: planned,
        })
    }
}

/// Refuses what a caller's roles don't allow in a wish.
pub(crate) fn check_rights(access: &Access, wish: &TypedWish) -> Result<(), Error> {
    access.require(Permission::ChangeSubscriptions)?;
    if wish.sets_prices() {
        access.require(Permission::EditSubscriptionMarkup)?;
    }
    if wish.distributor_markup.is_some() {
        access.require(Permission::EditSubscriptionMarkup)?;
        let roles = access.standing().roles();
        if !roles.iter().any(|role| role.side() == Side::Distributor) {
            return Err(Error::Forbidden);
        }
    }
    Ok(())
}

/// When an order of changes begins; at once where it waits for nothing.
pub(crate) fn waits(found: &Subscription, when: When) -> Option<(Timestamp, Occasion)> {
    match when {
        When::Now => None,
        When::On(at) => Some((at, Occasion::Date)),
        When::OnRenewal => found.term_ends_at.map(|ends| (ends, Occasion::Renewal)),
    }
}

/// One wish about one subscription, by itself or a row of many.
pub(crate) struct Asking<'a> {
    pub(crate) access: &'a Access,
    pub(crate) admission: &'a Admission,
    pub(crate) typed: &'a TypedWish,
    pub(crate) zone: &'a TimeZone,
    /// Of seats that a partial upgrade moves.
    pub(crate) destination: SubscriptionId,
    pub(crate) now: Timestamp,
}

impl Asking<'_> {
    /// Every problem of the form and of the rules at once.
    pub(crate) async fn decide(
        &self,
        tx: &mut Tx,
        found: &Subscription,
    ) -> Result<(Wish, Decision), Error> {
        self.admission.check_active()?;
        let read = read(tx, self, found).await?;
        let mut problems = read.problems;
        if let Some(into) = self.typed.upgrade.as_ref().and_then(|upgrade| upgrade.into) {
            let joined = subscriptions::find(tx, self.access.tenant(), into).await?;
            let target = read
                .wish
                .upgrade
                .as_ref()
                .map(|upgrade| upgrade.target.item.offer);
            let fits = |joined: &Subscription| {
                Some(joined.item.offer) == target && !joined.state.has_ended()
            };
            if !joined.as_ref().is_some_and(fits) {
                let words = "must be a running subscription of the license that is upgraded to";
                problems.push(Problem::new("/upgrade/into", words));
            }
        }
        match found.decide(&read.wish, &read.limits, self.now) {
            Ok(decision) if problems.is_empty() => {
                let changes = decision.steps.iter().map(|step| &step.change);
                self.admission.check(changes)?;
                Ok((read.wish, decision))
            }
            Ok(_) => Err(Error::Problems(problems)),
            Err(more) => {
                // A field that can't be read leaves nothing to decide, which is no second problem.
                let is_news = |problem: &Problem| !problem.field.is_empty() || problems.is_empty();
                let more: Vec<Problem> = more.into_iter().filter(is_news).collect();
                problems.extend(more);
                Err(Error::Problems(problems))
            }
        }
    }

    /// One order in flight for each subscription (R51); the planned changes that have to give way to a
    /// newer one of their kind (C16).
    pub(crate) async fn make_room(
        &self,
        tx: &mut Tx,
        found: &Subscription,
        decision: &Decision,
        wish: &Wish,
    ) -> Result<Vec<u64>, Error> {
        let needs_vendor = decision
            .steps
            .iter()
            .any(|step| !step.change.is_made_at_once());
        let sets_prices = !wish.pricing.is_empty();
        let slot = match wish.when {
            When::Now => Slot::Now,
            When::On(_) => Slot::Date,
            When::OnRenewal => Slot::Renewal,
        };
        let held = slots::list(tx, self.access.tenant(), found.id).await?;
        let holders = held.into_iter().filter(|(held, _)| *held == slot);
        let holders: Vec<u64> = holders.map(|(_, number)| number).collect();
        match (slot, holders.first()) {
            (Slot::Now, Some(order)) if needs_vendor || sets_prices => {
                Err(Error::InFlight { order: *order })
            }
            (Slot::Now, _) => Ok(Vec::new()),
            (Slot::Date | Slot::Renewal, _) => Ok(holders),
        }
    }

    /// Ends a planned order for a newer one.
    pub(crate) async fn give_way(&self, tx: &mut Tx, planned: u64, to: u64) -> Result<(), Error> {
        let (tenant, seen) = (self.access.tenant(), self.access.visibility());
        let mut planned = orders::load_by_number(tx, tenant, planned, seen).await?;
        let events = planned.give_way(to, self.access.actor(), self.now)?;
        Ok(orders::save(tx, &mut planned, &events, self.now).await?)
    }
}

/// The lines of a decision, one after the other where a vendor is asked. Their ids are drawn from the
/// given place on.
pub(crate) fn lines(found: &Subscription, steps: &[Step], ids: TaskIds, from: usize) -> Vec<Line> {
    let mut before: Option<LineId> = None;
    // Each asks with the answers that the ones before have left.
    let mut parameters = found.parameters.clone();
    let made = (from..).zip(steps).map(|(at, step)| {
        if let RequestedChange::Configuration {
            field,
            answer: Some(answer),
            ..
        } = &step.change
        {
            parameters.insert(field.clone(), answer.clone());
        }
        let line = Line {
            id: LineId(ids.nth(at).0),
            item: step.item.clone(),
            parent: None,
            after: before.filter(|_| !step.change.is_made_at_once()),
            change: step.change.clone(),
            subscription: found.id,
            vendor_reference: Some(found.vendor_reference.clone()),
            contact: found.contact.clone(),
            tenant: found.tenant.clone(),
            parameters: parameters.clone(),
            corrected: BTreeSet::new(),
            period: None,
            cancellable_until: None,
            price: step.price,
            markups: step.markups,
            destination: step.destination,
            is_recorded: false,
            state: LineState::Started,
        };
        if line.verb().is_some() {
            before = Some(line.id);
        }
        line
    });
    made.collect()
}

/// An order of changes to place.
pub(crate) struct Placing {
    pub(crate) order: (OrderId, u64),
    pub(crate) lines: Vec<Line>,
    pub(crate) waits: Option<(Timestamp, Occasion)>,
    pub(crate) ids: TaskIds,
    pub(crate) terms: Consent,
}

/// What an order's consent is.
pub(crate) enum Consent {
    /// To the version that was shown; to what is in force now when none is named.
    Shown(Option<String>),
    /// To the version under which it was bought: taking back what it gives is part of it.
    Given(String),
}

impl Placing {
    /// Places it, with its work and what is made at once.
    pub(crate) async fn run(
        self,
        tx: &mut Tx,
        (access, admission): (&Access, &Admission),
        now: Timestamp,
    ) -> Result<Order, Error> {
        let (id, number) = self.order;
        let actor = access.actor();
        let mut started = Order::start(id, access.tenant(), number, actor.clone(), now);
        let asked = admission.admit(access.standing().roles(), &self.lines)?;
        started.0.require(asked);
        let terms = match self.terms {
            Consent::Given(version) => version,
            Consent::Shown(shown) => {
                terms::accepted(tx, access, &self.lines, shown.as_deref(), now).await?
            }
        };
        let (mut order, events) =
            Order::update(started, self.lines, terms, self.waits, actor, now)?;
        orders::insert(tx, &mut order, &events, now).await?;
        carts::enqueue(tx, &order, &events, self.ids, now).await?;
        super::keep_all(tx, &order, events.iter().filter_map(|event| event.line)).await?;
        Ok(order)
    }
}
