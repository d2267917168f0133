//! The cart: an order that its owner still puts together, up to the moment it is placed.

mod prices;

use domain::access::Permission;
use domain::event::Event;
use domain::id::{LineId, OfferId, OrderId, PlanId, SubscriptionId};
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::{Order, Stage};
use domain::task::{Task, TaskKind};
use domain::text::{Contact, Email, Invalid, line};
use jiff::Timestamp;
use serde::Deserialize;
use store::orders::Loaded;
use store::{Mode, StoreError, Tx, orders, tasks};

pub(crate) use self::prices::reprice;
use crate::access::Access;
use crate::clock::TaskIds;
use crate::orders::seen_by;
use crate::requests::Once;
use crate::{App, Error, approvals, catalog, suspensions, terms};

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
}

/// A new quantity for a license in the cart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeItem {
    /// How many.
    pub quantity: i64,
}

/// The wish to buy what is in the cart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceCart {
    /// The order that was shown.
    pub number: u64,
    /// Its version when it was shown; a cart that changed since is not bought.
    pub version: i64,
    /// The terms are accepted.
    #[serde(default)]
    pub accept_terms: bool,
    /// The version that was shown, as an order records it; what is in force now when absent.
    #[serde(default)]
    pub terms_version: Option<String>,
}

impl App {
    /// The caller's open cart in an organization, if there is one.
    pub async fn cart(&self, access: &Access) -> Result<Option<SeenOrder>, Error> {
        access.require(Permission::PlaceOrders)?;
        let mut tx = self.store.read().await?;
        let cart = orders::find_cart(&mut tx, access.tenant(), access.actor().user).await?;
        cart.map(|cart| seen_by(&cart, access)).transpose()
    }

    /// Puts a license into the cart; the first one starts an order.
    pub async fn add_to_cart(
        &self,
        access: &Access,
        item: AddItem,
        once: Option<Once>,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::PlaceOrders)?;
        let contact = contact(&item)?;
        // Drawn before the transaction, which may run again; a number that is taken is drawn anew.
        loop {
            let state = Adding {
                access: access.clone(),
                item: item.clone(),
                contact: contact.clone(),
                once: once.clone(),
                line: (LineId(self.id()), SubscriptionId(self.id())),
                order: self.order_identity(),
                now: self.clock.now(),
            };
            let added = self
                .store
                .write(state, |state, tx| Box::pin(state.run(tx)))
                .await;
            match added {
                Ok(Some(order)) => {
                    self.committed(access.tenant());
                    return seen_by(&order, access);
                }
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Changes the quantity of a license in the cart, at today's price.
    pub async fn change_cart(
        &self,
        access: &Access,
        line: LineId,
        change: ChangeItem,
    ) -> Result<SeenOrder, Error> {
        let state = (access.clone(), line, change, self.clock.now());
        access.require(Permission::PlaceOrders)?;
        let order = self.store.write(state, |(access, line, change, now), tx| {
            Box::pin(async move {
                let mut order = load(tx, access).await?;
                let found = order.lines.iter().find(|found| found.id == *line);
                let item = &found.ok_or(Error::NotFound)?.item;
                let asked = [item.offer].into();
                let offers = catalog::load_all(tx, access, asked, *now).await?;
                let (offer, plan) = offers.find(item.offer, item.plan)?;
                let quantity = check_quantity(offer, change.quantity)?;
                let price = offers.quote(offer, plan, quantity)?;
                let events = order.change_quantity(*line, price, access.actor(), *now)?;
                orders::save(tx, &mut order, &events, *now).await?;
                Ok::<_, Error>(order.into_order())
            })
        });
        let order = order.await?;
        self.committed(access.tenant());
        seen_by(&order, access)
    }

    /// Takes a license out of the cart; the last one deletes the order.
    pub async fn remove_from_cart(
        &self,
        access: &Access,
        line: LineId,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::PlaceOrders)?;
        let state = (access.clone(), line, self.clock.now());
        let order = self.store.write(state, |(access, line, now), tx| {
            Box::pin(async move {
                let mut order = load(tx, access).await?;
                if order.lines.iter().all(|found| found.id != *line) {
                    return Err(Error::NotFound);
                }
                let events = order.remove(*line, access.actor(), *now)?;
                orders::save(tx, &mut order, &events, *now).await?;
                Ok::<_, Error>(order.into_order())
            })
        });
        let order = order.await?;
        self.committed(access.tenant());
        seen_by(&order, access)
    }

    /// Buys what is in the cart. The same wish again gives the same order: by its key where the
    /// client sends one, and in any case by the order's number and version.
    pub async fn place_cart(
        &self,
        access: &Access,
        command: PlaceCart,
        once: Option<Once>,
        mode: Mode,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::PlaceOrders)?;
        if !command.accept_terms {
            let reason = Invalid("must be accepted before the order can be placed".into());
            return Err(Error::Invalid {
                field: "/accept_terms",
                reason,
            });
        }
        let state = Placing {
            access: access.clone(),
            command,
            once,
            ids: self.task_ids(),
            now: self.clock.now(),
        };
        let placed = self
            .store
            .write_or_show(state, mode, |state, tx| Box::pin(state.run(tx)));
        let placed = placed.await;
        if matches!(placed, Err(Error::Repriced)) && mode == Mode::Commit {
            self.reprice_cart(access).await?;
        }
        let order = placed?;
        self.committed(access.tenant());
        seen_by(&order, access)
    }
}

struct Adding {
    access: Access,
    item: AddItem,
    contact: Contact,
    once: Option<Once>,
    line: (LineId, SubscriptionId),
    order: (OrderId, u64),
    now: Timestamp,
}

impl Adding {
    /// `None` when the new order's number is taken.
    async fn run(&self, tx: &mut Tx) -> Result<Option<Order>, Error> {
        let (access, item) = (&self.access, &self.item);
        let asked = [item.offer].into();
        let offers = catalog::load_all(tx, access, asked, self.now).await?;
        let (offer, plan) = offers.find(item.offer, item.plan)?;
        let quantity = check_quantity(offer, item.quantity)?;
        let line = Line {
            id: self.line.0,
            subscription: self.line.1,
            change: RequestedChange::Purchase { quantity },
            vendor_reference: None,
            contact: self.contact.clone(),
            tenant: tenant(offer, item.tenant.as_deref())?,
            parameters: serde_json::Map::new(),
            period: None,
            cancellable_until: None,
            parent: None,
            after: None,
            markups: None,
            destination: None,
            price: offers.quote(offer, plan, quantity)?,
            state: LineState::Started,
            item: catalog::item(offer, plan),
        };
        let (tenant, user) = (access.tenant(), access.actor().user);
        let cart = orders::find_cart(tx, tenant, user).await?;
        let target = cart.as_ref().map_or(self.order.0, |cart| cart.id);
        if let Some(once) = &self.once
            && let Some(order) = once.recall(tx, access, target, self.now).await?
        {
            return Ok(Some(order));
        }
        if let Some(mut order) = cart {
            let events = order.add(line, access.actor(), self.now)?;
            orders::save(tx, &mut order, &events, self.now).await?;
            return Ok(Some(order.into_order()));
        }
        let (id, number) = self.order;
        let (mut order, mut events) =
            Order::start(id, tenant, number, access.actor().clone(), self.now);
        events.extend(order.add(line, access.actor(), self.now)?);
        match orders::insert(tx, &mut order, &events, self.now).await {
            Ok(()) => Ok(Some(order)),
            Err(StoreError::Taken) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

struct Placing {
    access: Access,
    command: PlaceCart,
    once: Option<Once>,
    ids: TaskIds,
    now: Timestamp,
}

impl Placing {
    async fn run(&self, tx: &mut Tx) -> Result<Order, Error> {
        let access = &self.access;
        let (number, seen) = (self.command.number, access.visibility());
        let mut order = orders::load_by_number(tx, access.tenant(), number, seen).await?;
        if let Some(once) = &self.once
            && let Some(order) = once.recall(tx, access, order.id, self.now).await?
        {
            return Ok(order);
        }
        if order.created_by.user != access.actor().user {
            return Err(Error::NotFound);
        }
        // A second click, a refreshed page, a lost answer: the order that was bought is the answer.
        let version = self.command.version;
        let shown = match access.visibility().internal {
            true => order.version,
            false => order.public_version,
        };
        if order.placed_at.is_some() && shown > version {
            return Ok(order.into_order());
        }
        if shown != version {
            return Err(Error::Changed);
        }
        suspensions::check_active(access)?;
        prices::freeze(tx, access, &mut order, self.now).await?;
        let asked = approvals::asked(tx, access, &order.lines).await?;
        order.require(asked);
        let shown = self.command.terms_version.as_deref();
        let accepted = terms::accepted(tx, access, &order.lines, shown, self.now).await?;
        let events = order.place(accepted, access.actor(), self.now)?;
        orders::save(tx, &mut order, &events, self.now).await?;
        enqueue(tx, &order, &events, self.ids, self.now).await?;
        Ok(order.into_order())
    }
}

/// Leaves the work that events cause, in the same transaction.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    order: &Order,
    events: &[Event],
    ids: TaskIds,
    now: Timestamp,
) -> Result<(), Error> {
    let mut due = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let Some(kind) = event.kind.follow_up() else {
            continue;
        };
        let line = match kind {
            TaskKind::Start => order.lines.first(),
            TaskKind::Provision | TaskKind::Clear => {
                let lines = order.lines.iter();
                // A step that waits is told of again when it is its turn; others have no vendor to ask.
                let has_work = |line: &&Line| line.verb().is_some() && !order.is_waiting(line);
                let mut lines = lines.filter(has_work);
                lines.find(|line| Some(line.id) == event.line)
            }
        };
        let due_at = match order.stage {
            Stage::Scheduled { on, .. } if kind == TaskKind::Start => on,
            _ => now,
        };
        if let Some(line) = line {
            due.push(Task {
                id: ids.nth(at),
                organization: order.organization,
                order: order.id,
                line: line.id,
                vendor: line.item.vendor,
                kind,
                due_at,
                fence: 0,
                tries: 0,
            });
        }
    }
    Ok(tasks::enqueue(tx, &due).await?)
}

async fn load(tx: &mut Tx, access: &Access) -> Result<Loaded, Error> {
    let cart = orders::find_cart(tx, access.tenant(), access.actor().user).await?;
    cart.ok_or(Error::NotFound)
}

fn check_quantity(offer: &domain::offer::Offer, quantity: i64) -> Result<u32, Error> {
    offer
        .check_quantity(quantity)
        .map_err(|reason| Error::Invalid {
            field: "/quantity",
            reason,
        })
}

fn contact(item: &AddItem) -> Result<Contact, Error> {
    parse_contact(
        &item.contact_email,
        &item.contact_name,
        &item.contact_surname,
    )
}

/// Who will use a license, as typed.
pub fn parse_contact(email: &str, name: &str, surname: &str) -> Result<Contact, Error> {
    let parsed = |field, text| line(text, 80).map_err(|reason| Error::Invalid { field, reason });
    Ok(Contact {
        email: Email::parse(email).map_err(|reason| Error::Invalid {
            field: "/contact_email",
            reason,
        })?,
        name: parsed("/contact_name", name)?,
        surname: parsed("/contact_surname", surname)?,
    })
}

/// Taken where the offer asks for one, refused where it does not.
fn tenant(offer: &domain::offer::Offer, typed: Option<&str>) -> Result<Option<String>, Error> {
    let wrong = |words: &str| Error::Invalid {
        field: "/tenant",
        reason: Invalid(words.into()),
    };
    match (
        offer.has_tenant,
        typed.map(str::trim).filter(|typed| !typed.is_empty()),
    ) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(wrong("is not used by this vendor; leave it empty")),
        (true, None) => Err(wrong("must name the tenant, such as amber.onmicrosoft.com")),
        (true, Some(typed)) => parse_tenant(typed).map(Some),
    }
}

/// A customer's tenant, as typed.
pub fn parse_tenant(typed: &str) -> Result<String, Error> {
    let name = typed.trim().to_lowercase();
    let prefix = name.strip_suffix(".onmicrosoft.com").unwrap_or_default();
    let is_good =
        (1..=27).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_good {
        Ok(name)
    } else {
        Err(Error::Invalid {
            field: "/tenant",
            reason: Invalid("must be like amber.onmicrosoft.com".into()),
        })
    }
}
