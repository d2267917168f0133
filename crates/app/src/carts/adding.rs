//! What is put into the cart: a license with its add-ons, or an add-on to one that is there.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::event::Event;
use domain::id::{LineId, OfferId, OrderId, PlanId, SubscriptionId};
use domain::offer::{Cadence, Offer, Plan, form};
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::{Order, Refusal};
use domain::subscription::decide::Problem;
use domain::text::Invalid;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{Tx, orders};

use super::{contact, load};
use crate::access::Access;
use crate::catalog::{self, Offers};
use crate::clock::TaskIds;
use crate::orders::seen_by;
use crate::requests::Once;
use crate::subscriptions::TypedAddon;
use crate::{App, Error, unless_taken};

/// A license to put into the cart, as it is typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// What.
    pub offer: OfferId,
    /// On which terms.
    pub plan: PlanId,
    /// How many.
    pub quantity: i64,
    /// Who will use it: e-mail address.
    pub contact_email: String,
    /// Who will use it: first name.
    pub contact_name: String,
    /// Who will use it: family name.
    pub contact_surname: String,
    /// The customer's tenant at the vendor, where the offer asks for one.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Answers to the offer's form, by name.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// What is bought with it; 0 of an add-on is none.
    #[serde(default)]
    pub addons: Vec<TypedAddon>,
}

impl App {
    /// Puts a license into the cart, with its add-ons; the first one starts an order.
    pub async fn add_to_cart(
        &self,
        access: &Access,
        item: AddItem,
        once: Option<Once>,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::PlaceOrders)?;
        // Drawn before the transaction, which may run again; a number that is taken is drawn anew.
        loop {
            let state = Adding {
                access: access.clone(),
                item: item.clone(),
                once: once.clone(),
                line: (LineId(self.id()), SubscriptionId(self.id())),
                addons: self.task_ids(),
                order: self.order_identity(),
                now: self.clock.now(),
            };
            let added = self.store.write(state, |state, tx| Box::pin(state.run(tx)));
            if let Some(order) = unless_taken(added.await)? {
                self.committed(access.tenant());
                return seen_by(&order, access);
            }
        }
    }

    /// Puts an add-on into the cart, to a license that is there.
    pub async fn add_addon_to_cart(
        &self,
        access: &Access,
        license: LineId,
        addon: TypedAddon,
        once: Option<Once>,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::PlaceOrders)?;
        let state = AddingAddon {
            access: access.clone(),
            license,
            addon,
            once,
            line: LineId(self.id()),
            now: self.clock.now(),
        };
        let added = self.store.write(state, |state, tx| Box::pin(state.run(tx)));
        let order = added.await?;
        self.committed(access.tenant());
        seen_by(&order, access)
    }
}

struct Adding {
    access: Access,
    item: AddItem,
    once: Option<Once>,
    line: (LineId, SubscriptionId),
    addons: TaskIds,
    order: (OrderId, u64),
    now: Timestamp,
}

impl Adding {
    async fn run(&self, tx: &mut Tx) -> Result<Order, Error> {
        let access = &self.access;
        let lines = self.lines(tx).await?;
        let (tenant, user) = (access.tenant(), access.actor().user);
        let cart = orders::find_cart(tx, tenant, user).await?;
        let target = cart.as_ref().map_or(self.order.0, |cart| cart.id);
        if let Some(once) = &self.once
            && let Some(order) = once.recall(tx, access, target, self.now).await?
        {
            return Ok(order);
        }
        if let Some(mut order) = cart {
            let events = self.add(&mut order, lines)?;
            orders::save(tx, &mut order, &events, self.now).await?;
            return Ok(order.into_order());
        }
        let (id, number) = self.order;
        let (mut order, mut events) =
            Order::start(id, tenant, number, access.actor().clone(), self.now);
        events.extend(self.add(&mut order, lines)?);
        orders::insert(tx, &mut order, &events, self.now).await?;
        Ok(order)
    }

    fn add(&self, order: &mut Order, lines: Vec<Line>) -> Result<Vec<Event>, Refusal> {
        let mut events = Vec::new();
        for line in lines {
            events.extend(order.add(line, self.access.actor(), self.now)?);
        }
        Ok(events)
    }

    /// The license and its add-ons, or every problem of the form at once.
    async fn lines(&self, tx: &mut Tx) -> Result<Vec<Line>, Error> {
        let (access, item) = (&self.access, &self.item);
        let asked = item.addons.iter().map(|addon| addon.offer);
        let asked = asked.chain([item.offer]).collect();
        let offers = catalog::load_all(tx, access, asked, self.now).await?;
        let (offer, plan) = offers.find(item.offer, item.plan)?;
        catalog::check_alone(tx, access, offer, self.now).await?;
        let mut wrong = Vec::new();
        let license = self.license(&offers, (offer, plan), &mut wrong)?;
        let mut chosen = Vec::new();
        for (at, addon) in item.addons.iter().enumerate() {
            match choose(&offers, addon, (offer, plan.cadence)) {
                _ if addon.quantity == 0 => {}
                Ok(addon) => chosen.push(addon),
                Err((field, reason)) => {
                    wrong.push(Problem::new(format!("/addons/{at}{field}"), reason.0));
                }
            }
        }
        let Some(license) = license.filter(|_| wrong.is_empty()) else {
            return Err(Error::Problems(wrong));
        };
        let mut lines = vec![license.clone()];
        for (at, addon) in chosen.into_iter().enumerate() {
            let id = LineId(self.addons.nth(at).0);
            lines.push(addon_line(id, &license, &offers, addon)?);
        }
        Ok(lines)
    }

    /// `None` where something is wrong with it, which is told.
    fn license(
        &self,
        offers: &Offers,
        (offer, plan): (&Offer, &Plan),
        wrong: &mut Vec<Problem>,
    ) -> Result<Option<Line>, Error> {
        let item = &self.item;
        let mut tell = |field: &'static str, reason: Invalid| {
            wrong.push(Problem::new(field, reason.0));
        };
        let quantity = offer.check_quantity(item.quantity);
        let quantity = quantity.map_err(|reason| tell("/quantity", reason));
        let tenant = contact::tenant(offer.has_tenant, item.tenant.as_deref());
        let tenant = tenant.map_err(|reason| tell("/tenant", reason));
        let contact = contact::read(
            &item.contact_email,
            &item.contact_name,
            &item.contact_surname,
        );
        let contact = contact.map_err(|reasons| {
            let reasons = reasons.into_iter();
            reasons.for_each(|(field, reason)| tell(field, reason));
        });
        let parameters = match &offer.form {
            Some(form) => form.filled(item.parameters.clone()),
            None => item.parameters.clone(),
        };
        let answers = form::check(offer.form.as_ref(), &parameters);
        let has_wrong = !answers.is_empty();
        wrong.extend(answers.into_iter().map(wrong_answer));
        let (Ok(quantity), Ok(tenant), Ok(contact), false) = (quantity, tenant, contact, has_wrong)
        else {
            return Ok(None);
        };
        Ok(Some(Line {
            id: self.line.0,
            subscription: self.line.1,
            change: RequestedChange::Purchase { quantity },
            vendor_reference: None,
            contact,
            tenant,
            parameters,
            corrected: BTreeSet::new(),
            period: None,
            cancellable_until: None,
            parent: None,
            after: None,
            markups: None,
            destination: None,
            is_recorded: false,
            price: offers.quote(offer, plan, quantity)?,
            state: LineState::Started,
            item: catalog::item(offer, plan),
        }))
    }
}

/// By its pointer in what was sent.
fn wrong_answer((name, reason): form::Wrong) -> Problem {
    Problem::new(format!("/parameters/{name}"), reason.0)
}

struct AddingAddon {
    access: Access,
    license: LineId,
    addon: TypedAddon,
    once: Option<Once>,
    line: LineId,
    now: Timestamp,
}

impl AddingAddon {
    async fn run(&self, tx: &mut Tx) -> Result<Order, Error> {
        let (access, addon) = (&self.access, &self.addon);
        let mut order = load(tx, access).await?;
        if let Some(once) = &self.once
            && let Some(order) = once.recall(tx, access, order.id, self.now).await?
        {
            return Ok(order);
        }
        let is_it = |line: &&Line| line.id == self.license && line.parent.is_none();
        let license = order.lines.iter().find(is_it).ok_or(Error::NotFound)?;
        let asked = [addon.offer, license.item.offer].into();
        let offers = catalog::load_all(tx, access, asked, self.now).await?;
        let (parent, _) = offers.find(license.item.offer, license.item.plan)?;
        let addon = choose(&offers, addon, (parent, license.item.cadence));
        let addon = addon.map_err(|(field, reason)| Error::Invalid { field, reason })?;
        let mut beside = order
            .lines
            .iter()
            .filter(|line| line.parent == Some(license.id));
        if beside.any(|line| line.item.offer == addon.0.id) {
            let name = &addon.0.name;
            let words = format!("{name} is in the cart already; change its quantity there");
            return Err(Refusal::Because(words).into());
        }
        let line = addon_line(self.line, license, &offers, addon)?;
        let events = order.add(line, access.actor(), self.now)?;
        orders::save(tx, &mut order, &events, self.now).await?;
        Ok(order.into_order())
    }
}

/// An add-on, on which terms, and how many.
type Chosen<'o> = (&'o Offer, &'o Plan, u32);

/// The add-on that is asked for, on the terms of its license where none are named.
fn choose<'o>(
    offers: &'o Offers,
    asked: &TypedAddon,
    (license, cadence): (&Offer, Cadence),
) -> Result<Chosen<'o>, (&'static str, Invalid)> {
    let found = match asked.plan {
        Some(plan) => offers.find(asked.offer, plan),
        None => offers.find_by_cadence(asked.offer, cadence),
    };
    let (addon, plan) = found.map_err(|error| match error {
        Error::Invalid { field, reason } => (field, reason),
        other => ("/offer", Invalid(other.to_string())),
    })?;
    let goes = addon.check_goes_with(license);
    goes.map_err(|reason| ("/offer", reason))?;
    let quantity = addon.check_quantity(asked.quantity);
    let quantity = quantity.map_err(|reason| ("/quantity", reason))?;
    Ok((addon, plan, quantity))
}

/// An add-on is for whoever uses its license.
fn addon_line(
    id: LineId,
    license: &Line,
    offers: &Offers,
    (addon, plan, quantity): Chosen<'_>,
) -> Result<Line, Error> {
    Ok(Line {
        id,
        parent: Some(license.id),
        change: RequestedChange::AddonAdd {
            addon: addon.name.clone(),
            quantity,
        },
        parameters: Map::new(),
        price: offers.quote(addon, plan, quantity)?,
        item: catalog::item(addon, plan),
        ..license.clone()
    })
}
