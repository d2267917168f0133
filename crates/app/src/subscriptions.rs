//! What an organization has running.

use domain::access::Permission;
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::subscription::{Subscription, SubscriptionState};
use store::{Tx, subscriptions};

use crate::access::Access;
use crate::{App, Error};

/// Subscriptions in one list at the most.
const LIST_MAX: u32 = 200;

impl App {
    /// The organization's subscriptions, newest first.
    pub async fn subscriptions(&self, access: &Access) -> Result<Vec<Subscription>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        Ok(subscriptions::list(&mut tx, access.tenant(), LIST_MAX).await?)
    }
}

/// Keeps what a finished purchase leaves behind; any other line leaves nothing.
pub(crate) async fn keep(tx: &mut Tx, order: &Order, line: &Line) -> Result<(), Error> {
    let (
        LineState::Finished {
            vendor_reference,
            at,
        },
        RequestedChange::Purchase { quantity },
    ) = (&line.state, &line.change)
    else {
        return Ok(());
    };
    let subscription = Subscription {
        id: line.subscription,
        organization: order.organization,
        vendor: line.item.vendor,
        vendor_name: line.item.vendor_name.clone(),
        name: line.item.name.clone(),
        quantity: *quantity,
        state: SubscriptionState::Active,
        vendor_reference: vendor_reference.clone(),
        order: order.id,
        line: line.id,
        cadence: line.item.cadence,
        price: line.price,
        contact: line.contact.clone(),
        tenant: line.tenant.clone(),
        started_at: *at,
        ends_on: line.period.map(|period| period.ends_on),
    };
    Ok(subscriptions::save(tx, &subscription).await?)
}
