//! Suspending an organization: nothing new is ordered or sent, what is open is stopped a few orders at a
//! time, and what runs goes on (T20, R56).

use domain::access::Permission;
use domain::id::{OrderId, OrganizationId};
use domain::order::Refusal;
use domain::organization::{Organization, OrganizationStatus, Suspension};
use domain::text::line;
use jiff::Timestamp;
use store::orders::Loaded;
use store::suspensions::{self, Stopping};
use store::{Tx, orders, organizations};

use crate::access::Access;
use crate::{App, Error, quotes};

/// Orders in one batch at the most; a full batch is followed by another.
const AT_ONCE: u32 = 64;
/// Organizations that are looked at in one go.
const ORGANIZATIONS_AT_ONCE: u32 = 8;

impl App {
    /// Suspends the organization; its open orders are stopped right after.
    pub async fn suspend(&self, access: &Access, reason: &str) -> Result<Suspension, Error> {
        access.require(Permission::SuspendOrganization)?;
        let reason = line(reason, 200).map_err(|reason| Error::Invalid {
            field: "/reason",
            reason,
        })?;
        let suspension = Suspension {
            reason,
            by: access.actor().clone(),
            at: self.clock.now(),
        };
        let state = (access.tenant(), suspension);
        let saved = self.store.write(state, |(organization, suspension), tx| {
            Box::pin(async move {
                // Suspended already: the first reason stands.
                if let Some(known) = suspensions::find(tx, *organization).await? {
                    return Ok::<_, Error>(known);
                }
                let status = OrganizationStatus::Suspended;
                organizations::set_status(tx, *organization, status).await?;
                suspensions::save(tx, *organization, suspension).await?;
                Ok(suspension.clone())
            })
        });
        let saved = saved.await?;
        self.committed(access.tenant());
        Ok(saved)
    }

    /// Lets the organization do business again. What was stopped stays stopped.
    pub async fn reactivate(&self, access: &Access) -> Result<(), Error> {
        access.require(Permission::SuspendOrganization)?;
        let state = access.tenant();
        let done = self.store.write(state, |organization, tx| {
            Box::pin(async move {
                suspensions::delete(tx, *organization).await?;
                let status = OrganizationStatus::Active;
                organizations::set_status(tx, *organization, status).await
            })
        });
        done.await
            .map_err(|error: store::StoreError| Error::from(error))?;
        self.committed(access.tenant());
        Ok(())
    }

    /// Why the organization is suspended, if it is.
    pub async fn suspension(&self, access: &Access) -> Result<Option<Suspension>, Error> {
        access.require(Permission::SuspendOrganization)?;
        let mut tx = self.store.read().await?;
        Ok(suspensions::find(&mut tx, access.tenant()).await?)
    }

    /// Stops open orders of suspended organizations, a batch of each; how many orders were looked at.
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
        let state = (stopping.clone(), self.clock.now());
        let canceled = self.store.write(state, |(stopping, now), tx| {
            Box::pin(cancel_quotes(tx, stopping, *now))
        });
        // What is left of quotes is canceled before orders are looked at.
        let canceled = canceled.await?;
        if canceled == AT_ONCE as usize {
            return Ok(canceled);
        }
        let batch = {
            let mut tx = self.store.read().await?;
            orders::list_open(&mut tx, organization, stopping.after, AT_ONCE).await?
        };
        for order in &batch {
            let state = (organization, *order, self.clock.now());
            let stopped = self.store.write(state, |(organization, order, now), tx| {
                Box::pin(stop_one(tx, *organization, *order, *now))
            });
            match stopped.await {
                Ok(()) => {}
                // It moved while we looked: the whole batch is looked at again.
                Err(Error::Changed) => return Ok(batch.len()),
                Err(error) => return Err(error),
            }
        }
        let after = batch
            .last()
            .copied()
            .filter(|_| batch.len() == AT_ONCE as usize);
        let state = (organization, after);
        let advanced = self.store.write(state, |(organization, after), tx| {
            Box::pin(suspensions::advance(tx, *organization, *after))
        });
        advanced
            .await
            .map_err(|error: store::StoreError| Error::from(error))?;
        self.committed(organization);
        Ok(canceled + batch.len())
    }
}

/// Refuses what would lead to a vendor, where the organization may not order.
pub(crate) fn check_active(access: &Access) -> Result<(), Error> {
    match access.organization().status {
        OrganizationStatus::Active => Ok(()),
        OrganizationStatus::New | OrganizationStatus::Suspended => Err(Refusal::Guarded(
            "the organization is not active; nothing can be ordered or sent until it is",
        )
        .into()),
    }
}

async fn cancel_quotes(tx: &mut Tx, stopping: &Stopping, now: Timestamp) -> Result<usize, Error> {
    let customer = organizations::find_by_id(tx, stopping.organization).await?;
    let customer = customer.ok_or(Error::NotFound)?;
    let reason = stopping.suspension.told(&customer.name);
    quotes::cancel_open(tx, customer.id, &reason, AT_ONCE, now).await
}

async fn stop_one(
    tx: &mut Tx,
    organization: OrganizationId,
    order: OrderId,
    now: Timestamp,
) -> Result<(), Error> {
    let customer = organizations::find_by_id(tx, organization).await?;
    let mut order = orders::load(tx, organization, order).await?;
    stop(tx, &mut order, &customer.ok_or(Error::NotFound)?, now).await
}

/// Stops an order of an organization that is suspended; nothing where it is not any more.
pub(crate) async fn stop(
    tx: &mut Tx,
    order: &mut Loaded,
    customer: &Organization,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(suspension) = suspensions::find(tx, customer.id).await? else {
        return Ok(());
    };
    let events = order.stop(&suspension.told(&customer.name), now)?;
    if !events.is_empty() {
        orders::save(tx, order, &events, now).await?;
    }
    Ok(())
}
