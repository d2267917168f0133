//! Suspending an organization: nothing new is ordered or sent, what is open is stopped a few orders at a
//! time, and what runs goes on (T20, R56). With a seller or distributor, all of its customers stop.

use domain::access::Permission;
use domain::edit::{Edit, Subject};
use domain::id::{EditId, OrderId, OrganizationId};
use domain::organization::{Organization, OrganizationStatus, Suspension};
use domain::text::line;
use jiff::Timestamp;
use store::orders::Loaded;
use store::suspensions::{self, Stopping};
use store::{Tx, edits, orders, organizations};

use crate::access::{Access, Caller};
use crate::edits::append;
use crate::{App, Error, quotes};

/// Orders in one batch at the most; a full batch is followed by another.
const AT_ONCE: u32 = 64;
/// Organizations that are looked at in one go.
const ORGANIZATIONS_AT_ONCE: u32 = 8;

impl App {
    /// Suspends the organization; its open orders, or those of its customers, are stopped right after. Only
    /// those above it can.
    pub async fn suspend(&self, access: &Access, reason: &str) -> Result<Suspension, Error> {
        access.require_from_above(Permission::SuspendOrganization)?;
        let reason = line(reason, 200).map_err(|reason| Error::Invalid {
            field: "/reason",
            reason,
        })?;
        let suspension = Suspension {
            reason,
            by: access.actor().clone(),
            at: self.clock.now(),
        };
        let state = (access.clone(), suspension, EditId(self.id()));
        let saved = self.store.write(state, |(access, suspension, id), tx| {
            Box::pin(async move {
                let organization = access.tenant();
                // Suspended already: the first reason stands.
                if let Some(known) = suspensions::find(tx, organization).await? {
                    return Ok::<_, Error>(known);
                }
                let status = OrganizationStatus::Suspended;
                organizations::set_status(tx, organization, status).await?;
                suspensions::save(tx, organization, suspension).await?;
                let change = (Vec::new(), vec![suspension.reason.clone()]);
                let edit = Edit::of(Subject::Suspension, change, access.actor(), suspension.at);
                append(tx, access, *id, edit).await?;
                Ok(suspension.clone())
            })
        });
        let saved = saved.await?;
        self.committed(access.tenant());
        Ok(saved)
    }

    /// Lets the organization do business again. What was stopped stays stopped.
    pub async fn reactivate(&self, access: &Access) -> Result<(), Error> {
        access.require_from_above(Permission::SuspendOrganization)?;
        let state = (access.clone(), EditId(self.id()), self.clock.now());
        let done = self.store.write(state, |(access, id, now), tx| {
            Box::pin(async move {
                let organization = access.tenant();
                let known = suspensions::find(tx, organization).await?;
                suspensions::delete(tx, organization).await?;
                let status = OrganizationStatus::Active;
                organizations::set_status(tx, organization, status).await?;
                let reason = known.into_iter().map(|known| known.reason).collect();
                let change = (reason, Vec::new());
                let edit = Edit::of(Subject::Suspension, change, access.actor(), *now);
                append(tx, access, *id, edit).await
            })
        });
        done.await?;
        self.committed(access.tenant());
        Ok(())
    }

    /// Why the organization is suspended, if it is.
    pub async fn suspension(&self, access: &Access) -> Result<Option<Suspension>, Error> {
        access.require_view(Permission::SuspendOrganization)?;
        let mut tx = self.store.read().await?;
        Ok(suspensions::find(&mut tx, access.tenant()).await?)
    }

    /// Who let the organization do business again, and when; nothing while it is suspended, or where it never
    /// was.
    pub async fn reactivated(&self, access: &Access) -> Result<Option<Edit>, Error> {
        access.require_view(Permission::SuspendOrganization)?;
        let mut tx = self.store.read().await?;
        let found = edits::latest(&mut tx, access.tenant(), &[Subject::Suspension]).await?;
        Ok(found.into_iter().find(|edit| edit.to.is_empty()))
    }

    /// The distributors and sellers that a caller may suspend, by name within their level.
    pub async fn suspendable_partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        let may = Permission::SuspendOrganization;
        let mut found = self.partners_for(caller, may).await?;
        found.retain(|partner| caller.may_from_above(partner, may));
        Ok(found)
    }

    /// Stops open orders of suspended organizations, a batch of each; how much there was to look at.
    /// Several workers may do it at the same time: each order is decided where it is locked.
    pub async fn stop_due(&self) -> Result<usize, Error> {
        let found = {
            let mut tx = self.store.read().await?;
            suspensions::list(&mut tx, ORGANIZATIONS_AT_ONCE).await?
        };
        let mut count = 0;
        for stopping in found {
            count += self.stop_batch(stopping).await?;
        }
        Ok(count)
    }

    async fn stop_batch(&self, stopping: Stopping) -> Result<usize, Error> {
        let organization = stopping.organization;
        let customer = {
            let mut tx = self.store.read().await?;
            match stopping.customer {
                Some(customer) => organizations::find_by_id(&mut tx, customer).await?,
                None => next_customer(&mut tx, organization, None).await?,
            }
        };
        let Some(customer) = customer else {
            self.advance(organization, None).await?;
            return Ok(0);
        };
        let (count, last) = self.stop_orders(&customer, stopping.after).await?;
        let to = match last {
            Last::Unknown => return Ok(count),
            Last::Order(after) => Some((customer.id, Some(after))),
            Last::OfAll => {
                let mut tx = self.store.read().await?;
                let next = next_customer(&mut tx, organization, Some(&customer)).await?;
                next.map(|next| (next.id, None))
            }
        };
        self.advance(organization, to).await?;
        self.committed(customer.id);
        // Another customer is more to look at, even where this one had nothing open.
        let has_another = to.is_some_and(|(next, _)| next != customer.id);
        Ok(count + usize::from(has_another))
    }

    /// Stops a batch of a customer's quotes and open orders; how many, and how far it has come.
    async fn stop_orders(
        &self,
        customer: &Organization,
        after: Option<OrderId>,
    ) -> Result<(usize, Last), Error> {
        let state = (customer.clone(), self.clock.now());
        let canceled = self.store.write(state, |(customer, now), tx| {
            Box::pin(cancel_quotes(tx, customer, *now))
        });
        // What is left of quotes is canceled before orders are looked at.
        let canceled = canceled.await?;
        if canceled == AT_ONCE as usize {
            return Ok((canceled, Last::Unknown));
        }
        let batch = {
            let mut tx = self.store.read().await?;
            orders::list_open(&mut tx, customer.id, after, AT_ONCE).await?
        };
        for order in &batch {
            let state = (customer.clone(), *order, self.clock.now());
            let stopped = self.store.write(state, |(customer, order, now), tx| {
                Box::pin(stop_one(tx, customer, *order, *now))
            });
            match stopped.await {
                Ok(()) => {}
                // It moved while we looked: the whole batch is looked at again.
                Err(Error::Changed) => return Ok((batch.len(), Last::Unknown)),
                Err(error) => return Err(error),
            }
        }
        let last = match batch.last() {
            Some(last) if batch.len() == AT_ONCE as usize => Last::Order(*last),
            _ => Last::OfAll,
        };
        Ok((canceled + batch.len(), last))
    }

    async fn advance(
        &self,
        organization: OrganizationId,
        to: Option<(OrganizationId, Option<OrderId>)>,
    ) -> Result<(), Error> {
        let advanced = self
            .store
            .write((organization, to), |(organization, to), tx| {
                Box::pin(suspensions::advance(tx, *organization, *to))
            });
        advanced
            .await
            .map_err(|error: store::StoreError| error.into())
    }
}

/// How far a batch of a customer's orders has come.
enum Last {
    /// The same batch is looked at again.
    Unknown,
    /// There may be more of them after this one.
    Order(OrderId),
    /// There is nothing open any more.
    OfAll,
}

/// The customer after another of a suspended organization, which may be one itself.
async fn next_customer(
    tx: &mut Tx,
    suspended: OrganizationId,
    after: Option<&Organization>,
) -> Result<Option<Organization>, Error> {
    let top = organizations::find_by_id(tx, suspended).await?;
    let top = top.ok_or(Error::NotFound)?;
    Ok(organizations::next_customer(tx, &top, after).await?)
}

async fn cancel_quotes(
    tx: &mut Tx,
    customer: &Organization,
    now: Timestamp,
) -> Result<usize, Error> {
    let Some((name, suspension)) = suspensions::find_above(tx, &customer.chain).await? else {
        return Ok(0);
    };
    quotes::cancel_open(tx, customer.id, &suspension.told(&name), AT_ONCE, now).await
}

async fn stop_one(
    tx: &mut Tx,
    customer: &Organization,
    order: OrderId,
    now: Timestamp,
) -> Result<(), Error> {
    let mut order = orders::load(tx, customer.id, order).await?;
    let found = suspensions::find_above(tx, &customer.chain).await?;
    stop(tx, &mut order, found, now).await
}

/// Stops an order because of the suspension that stands before it; nothing where none does any more.
pub(crate) async fn stop(
    tx: &mut Tx,
    order: &mut Loaded,
    found: Option<(String, Suspension)>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some((name, suspension)) = found else {
        return Ok(());
    };
    let events = order.stop(&suspension.told(&name), now)?;
    if !events.is_empty() {
        orders::save(tx, order, &events, now).await?;
    }
    Ok(())
}
