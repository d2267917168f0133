//! What an organization has running.

use domain::access::Permission;
use domain::subscription::Subscription;
use store::subscriptions;

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
