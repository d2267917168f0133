//! The cart: an order that its owner still puts together, up to the moment it is placed.

mod adding;
mod contact;
mod prices;

use domain::access::Permission;
use domain::event::Event;
use domain::id::LineId;
use domain::order::Order;
use domain::order::payment::Payment;
use domain::order::seen::SeenOrder;
use domain::subscription::decide::Problem;
use domain::task::{FollowUp, Task};
use domain::text::Invalid;
use jiff::Timestamp;
use serde::Deserialize;
use store::orders::Loaded;
use store::{Mode, Tx, orders, tasks};

pub use self::adding::AddItem;
pub(crate) use self::contact::parse_tenant;
pub(crate) use self::prices::reprice;
use crate::access::Access;
use crate::clock::TaskIds;
use crate::orders::seen_by;
use crate::requests::Once;
use crate::{App, Error, admissions, catalog, terms};

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
    /// How it is paid; by invoice where nothing is said.
    #[serde(default)]
    pub payment: TypedPayment,
}

/// How an order is paid, as it is typed.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedPayment {
    /// `invoice` (by default) or `card`.
    pub method: String,
    /// What the card on file is called; never its number.
    pub card_reference: String,
    /// The customer's own number for the order.
    pub purchase_order: String,
}

impl TypedPayment {
    fn read(&self) -> Result<Payment, Error> {
        let read = Payment::read(&self.method, &self.card_reference, &self.purchase_order);
        read.map_err(|wrong| {
            let wrong = wrong.into_iter();
            Error::Problems(
                wrong
                    .map(|(field, reason)| Problem::new(field, reason.0))
                    .collect(),
            )
        })
    }
}

impl App {
    /// The caller's open cart in an organization, if there is one.
    pub async fn cart(&self, access: &Access) -> Result<Option<SeenOrder>, Error> {
        access.require(Permission::PlaceOrders)?;
        let mut tx = self.store.read().await?;
        let cart = orders::find_cart(&mut tx, access.tenant(), access.actor().user).await?;
        cart.map(|cart| seen_by(&cart, access)).transpose()
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
            payment: command.payment.read()?,
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

struct Placing {
    access: Access,
    command: PlaceCart,
    payment: Payment,
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
        let admission = admissions::load(tx, access).await?;
        admission.check_active()?;
        prices::freeze(tx, access, &mut order, self.now).await?;
        let asked = admission.admit(access.standing().roles(), &order.lines)?;
        order.require(asked);
        order.payment = self.payment.clone();
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
    let task = |work: FollowUp| Task {
        id: ids.nth(work.event),
        organization: order.organization,
        order: order.id,
        line: work.line,
        vendor: work.vendor,
        kind: work.kind,
        due_at: work.due_at,
        fence: 0,
        tries: 0,
        strikes: 0,
    };
    let due: Vec<Task> = order
        .follow_ups(events, now)
        .into_iter()
        .map(task)
        .collect();
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
