//! A customer's subscriptions, by the same list that finds what was bought.

use async_trait::async_trait;
use domain::provisioning::Fault;
use domain::reconciliation::{Holding, Standing};

use super::GoogleReseller;
use super::answer::Stop;
use super::resource::Subscription;
use crate::inventory::{self, Account, Reader, unreadable};

impl Subscription {
    fn holding(&self, asked: &str) -> Holding {
        let names = [&self.customer_id, &self.customer_domain];
        let names = names.into_iter().filter(|name| !name.is_empty()).cloned();
        Holding {
            tenants: names.chain([asked.to_owned()]).collect(),
            plan: Some(self.sku_id.clone()),
            quantity: self.seats(),
            cadence: self.payment().map(|payment| payment.cadence()),
            standing: match () {
                () if self.is_active() => Some(Standing::Active),
                () if self.is_suspended() => Some(Standing::Suspended),
                () if self.has_ended() => Some(Standing::Ended),
                () => None,
            },
            // What runs month by month has no renewal to switch.
            renews: self.renews(),
            ..Holding::new(self.subscription_id.clone())
        }
    }
}

#[async_trait]
impl Reader for GoogleReseller {
    async fn look_up(&self, account: &Account) -> Result<Vec<Holding>, Fault> {
        let tenant = account.tenant.as_deref().map(str::trim).unwrap_or_default();
        if tenant.is_empty() {
            return Err(unreadable(
                "no record names the customer's account at Google",
            ));
        }
        let work = async {
            let customer = self.customer(tenant).await?;
            self.subscriptions(&customer).await
        };
        match tokio::time::timeout(inventory::DEADLINE, work).await {
            Ok(Ok(listed)) if listed.iter().any(|one| one.subscription_id.is_empty()) => {
                Err(unreadable("a subscription without an id"))
            }
            Ok(Ok(listed)) => Ok(listed.iter().map(|one| one.holding(tenant)).collect()),
            Ok(Err(Stop::Fault(fault))) => Err(crate::http::nothing_sent(fault)),
            Ok(Err(Stop::Unread(failure) | Stop::Refused(failure))) => Err(unreadable(&format!(
                "{}: {}",
                failure.code, failure.message
            ))),
            Err(_) => Err(unreadable("no answer in time")),
        }
    }
}
