//! Manual fulfillment: the vendor is a person with a form, who answers through the product.

use async_trait::async_trait;
use domain::provisioning::{Abilities, BY_HAND, Doubt, Fault, Outcome, RepeatClass, Request, Verb};
use domain::reconciliation::Reach;

use crate::{CatalogEntry, Connector};

/// Waits for a person, however long it takes.
pub struct Manual;

fn waiting() -> Outcome {
    Outcome::Accepted {
        operation: Some(BY_HAND.into()),
        retry_after: None,
    }
}

/// Whatever a person can do.
pub(crate) fn abilities() -> Abilities {
    Abilities {
        is_manual: true,
        has_tenants: false,
        is_single: false,
        is_open_ended: false,
        cancellation_window: None,
        can_suspend: true,
        can_change_plan: true,
        can_upgrade: true,
        upgrades_within_product: false,
        can_upgrade_part: true,
        can_configure: true,
        reach: Reach::Nothing,
    }
}

impl crate::Reader for Manual {}

#[async_trait]
impl Connector for Manual {
    /// Asking twice shows the same form twice: nothing is bought by it.
    fn repeat_class(&self, _: &Verb) -> RepeatClass {
        RepeatClass::Keyed
    }

    async fn submit(&self, _: &Request) -> Result<Outcome, Fault> {
        Ok(waiting())
    }

    async fn poll(&self, _: &Request, _: Option<&str>) -> Result<Outcome, Fault> {
        Ok(waiting())
    }

    async fn settle(&self, _: &Request, _: &Doubt) -> Result<Outcome, Fault> {
        Ok(waiting())
    }

    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        Ok(Outcome::Done {
            vendor_reference: request.subscription_key.to_string(),
        })
    }

    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        Ok(Vec::new())
    }
}
