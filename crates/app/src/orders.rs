//! Orders, read and acted on: every question carries what its asker may learn.

mod bulk;
mod lists;

pub use domain::order::listing::{Edge, Listing, Sort};

pub use self::bulk::{BULK_MAX, Bulk, BulkAction, BulkResult, check_selection};
pub use self::lists::{Count, Counts, Page};

use connectors::Settings;
use domain::access::{Permission, Visibility};
use domain::event::Event;
use domain::id::{OrderId, OrganizationId, SubscriptionId};
use domain::order::action::Action;
use domain::order::cancel::CancelWay;
use domain::order::command::{Command, Resolution};
use domain::order::seen::SeenOrder;
use domain::order::{Order, Refusal};
use jiff::Timestamp;
use store::changes::{self, Change, Place};
use store::{Mode, Tx, catalog, orders, tasks};

use crate::access::Access;
use crate::carts;
use crate::clock::TaskIds;
use crate::requests::Once;
use crate::subscriptions::Cancellation;
use crate::{App, Error, admissions, retries, subscriptions, unless_taken, worker};

/// What a request says beside its wish.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// The version that was shown (`If-Match`).
    pub expected: Option<i64>,
    /// Its `Idempotency-Key`.
    pub once: Option<Once>,
}

impl App {
    /// One order with its log.
    pub async fn order(
        &self,
        access: &Access,
        number: u64,
    ) -> Result<(SeenOrder, Vec<Event>), Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let seen = access.visibility();
        let order = orders::find(&mut tx, access.tenant(), number, seen)
            .await?
            .ok_or(Error::NotFound)?;
        let events = orders::events(&mut tx, access.tenant(), order.id).await?;
        Ok((seen_by(&order, access)?, order.seen_events(events, seen)))
    }

    /// Does to an order what a person asks; the same wish with the same key is done once.
    pub async fn command(
        &self,
        access: &Access,
        number: u64,
        command: Command,
        conditions: Conditions,
        mode: Mode,
    ) -> Result<SeenOrder, Error> {
        access.require(Permission::SeeOrders)?;
        access.require(match command.action() {
            Some(action) => action.permission(),
            None => Permission::FulfillManually,
        })?;
        if let Command::AddNote { is_internal, .. } = command
            && is_internal
            && !access.visibility().internal
        {
            return Err(Error::Forbidden);
        }
        let command = match command {
            Command::Approve { comment, .. } => Command::Approve {
                partners: access.decides_for().to_vec(),
                comment,
            },
            Command::Reject { reason, .. } => Command::Reject {
                partners: access.decides_for().to_vec(),
                reason,
            },
            other => other,
        };
        // A number that is taken is drawn anew.
        loop {
            let (order, number_of_update) = self.order_identity();
            let command = match command.clone() {
                Command::CancelItem { line, .. } => Command::CancelItem {
                    line,
                    by: number_of_update,
                },
                other => other,
            };
            let state = Commanded {
                access: access.clone(),
                number,
                command,
                conditions: conditions.clone(),
                update: order,
                lines: self.task_ids(),
                destination: SubscriptionId(self.id()),
                ids: self.task_ids(),
                now: self.clock.now(),
            };
            let done = self
                .store
                .write_or_show(state, mode, |state, tx| Box::pin(state.run(tx)));
            let Some(order) = unless_taken(done.await)? else {
                continue;
            };
            self.committed(access.tenant());
            return seen_by(&order, access);
        }
    }

    /// Which orders changed after a place in the order of changes, the earliest first; for live
    /// pages. As many as there are: a place is never passed over.
    pub async fn changed_orders(
        &self,
        access: &Access,
        mut after: Place,
    ) -> Result<Vec<Change>, Error> {
        const AT_ONCE: u32 = 500;
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let mut found = Vec::new();
        loop {
            let page = changes::list(&mut tx, tenant, after, AT_ONCE, seen).await?;
            let is_full = page.len() == AT_ONCE as usize;
            found.extend(page);
            match found.last() {
                Some(last) if is_full => after = (last.at, last.number),
                _ => return Ok(found),
            }
        }
    }
}

/// The order as a caller may know it; one that does not exist for them is not found.
pub(crate) fn seen_by(order: &Order, access: &Access) -> Result<SeenOrder, Error> {
    order.seen_by(access.visibility())?.ok_or(Error::NotFound)
}

/// The query has left out what does not exist for the reader; this leaves out what they may not know
/// of the rest.
fn all_seen(orders: Vec<Order>, seen: Visibility) -> Result<Vec<SeenOrder>, Error> {
    let seen = orders
        .iter()
        .filter_map(|order| order.seen_by(seen).transpose());
    Ok(seen.collect::<Result<_, _>>()?)
}

/// Whether a caller may do something to an order now: the buttons and the API's `allowed_actions`.
pub fn may(order: &SeenOrder, access: &Access, action: Action, now: Timestamp) -> bool {
    let is_owners = matches!(
        action,
        Action::Edit | Action::Place | Action::ContinuePurchase | Action::Restore
    );
    let is_asked = match action {
        Action::Approve | Action::Reject => is_asked(order, access.decides_for()),
        _ => true,
    };
    let is_in_time = action != Action::CancelItem || order.cancelable(now).next().is_some();
    order.allowed.contains(&action)
        && is_asked
        && is_in_time
        && access.standing().may(action.permission())
        && (!is_owners || order.created_by.user == access.actor().user)
}

/// Whether an order waits for a decision that is of one of these partners; one of before approvals were
/// kept waits for anybody's.
pub(crate) fn is_asked(order: &SeenOrder, partners: &[OrganizationId]) -> bool {
    let mut open = order.approvals.iter().filter(|one| one.is_open());
    order.approvals.is_empty() || open.any(|one| partners.contains(&one.organization))
}

struct Commanded {
    access: Access,
    number: u64,
    command: Command,
    conditions: Conditions,
    /// The order that asks the vendor to take a line back, with the ids of its lines.
    update: OrderId,
    lines: TaskIds,
    destination: SubscriptionId,
    ids: TaskIds,
    now: Timestamp,
}

impl Commanded {
    async fn run(&self, tx: &mut Tx) -> Result<Order, Error> {
        let (access, tenant) = (&self.access, self.access.tenant());
        let seen = access.visibility();
        let mut order = orders::load_by_number(tx, tenant, self.number, seen).await?;
        if let Some(once) = &self.conditions.once
            && let Some(order) = once.recall(tx, access, order.id, self.now).await?
        {
            return Ok(order);
        }
        let shown = match access.visibility().internal {
            true => order.version,
            false => order.public_version,
        };
        if self
            .conditions
            .expected
            .is_some_and(|expected| expected != shown)
        {
            return Err(Error::Changed);
        }
        self.guard(tx, &order).await?;
        self.ask_back(tx, &order).await?;
        let command = self.checked(tx, &order).await?;
        let mut events = order.obey(command, access.actor(), self.now)?;
        if self.command == Command::ContinuePurchase {
            events.extend(carts::reprice(tx, access, &mut order, self.now).await?);
        }
        orders::save(tx, &mut order, &events, self.now).await?;
        carts::enqueue(tx, &order, &events, self.ids, self.now).await?;
        subscriptions::keep_all(tx, &order, events.iter().filter_map(|event| event.line)).await?;
        Ok(order.into_order())
    }

    /// The command with what its line's offer says of it.
    async fn checked(&self, tx: &mut Tx, order: &Order) -> Result<Command, Error> {
        let Command::Retry {
            line: Some(id),
            correction,
        } = &self.command
        else {
            return Ok(self.command.clone());
        };
        let line = order.lines.iter().find(|line| line.id == *id);
        let line = line.ok_or(Refusal::NoSuchLine)?;
        let correction = retries::checked(tx, &self.access, line, correction, self.now).await?;
        Ok(Command::Retry {
            line: Some(*id),
            correction: Box::new(correction),
        })
    }

    /// Places the order that asks a vendor to take a line back, where one has to.
    async fn ask_back(&self, tx: &mut Tx, order: &Order) -> Result<(), Error> {
        let Command::CancelItem { line, by } = self.command else {
            return Ok(());
        };
        let CancelWay::AtVendor(subscription) = order.how_to_cancel(line, self.now)? else {
            return Ok(());
        };
        let cancellation = Cancellation {
            subscription,
            order: (self.update, by),
            terms: order.terms.clone(),
            lines: self.lines,
            ids: self.ids,
            destination: self.destination,
        };
        cancellation.place(tx, &self.access, self.now).await?;
        Ok(())
    }

    /// What a command asks of more than its order.
    async fn guard(&self, tx: &mut Tx, order: &Order) -> Result<(), Error> {
        let actor = self.access.actor();
        match &self.command {
            Command::Approve { .. } | Command::Retry { .. } | Command::RetryCause(_) => {
                admissions::check_active(tx, &self.access).await
            }
            // A check that is under way may be a repeat: what it books would not be there yet.
            Command::ResolveDoubt {
                line,
                resolution: Resolution::NotBooked,
            } => match tasks::is_held(tx, self.access.tenant(), *line, self.now).await? {
                true => Err(Refusal::Guarded(
                    "the vendor is being asked at this moment; say it again in a minute",
                )
                .into()),
                false => Ok(()),
            },
            Command::ContinuePurchase | Command::Restore
                if order.allows(Action::ContinuePurchase) || order.allows(Action::Restore) =>
            {
                if order.created_by.user != actor.user {
                    return Err(Refusal::Guarded(
                        "only the person who began this order can go on with it",
                    )
                    .into());
                }
                match orders::find_cart(tx, self.access.tenant(), actor.user).await? {
                    Some(_) => Err(Refusal::Guarded(
                        "there is a cart already; place it or save it as a draft first",
                    )
                    .into()),
                    None => Ok(()),
                }
            }
            Command::Fulfill { line, .. } | Command::RefuseFulfillment { line, .. } => {
                let found = order.lines.iter().find(|found| found.id == *line);
                let vendor = found.ok_or(Refusal::NoSuchLine)?.item.vendor;
                let chain = &self.access.organization().chain;
                match catalog::find_vendor(tx, chain, vendor).await? {
                    Some(vendor) if worker::settings(&vendor)? == Settings::Manual => Ok(()),
                    _ => Err(Refusal::Guarded("this vendor answers for itself").into()),
                }
            }
            _ => Ok(()),
        }
    }
}
