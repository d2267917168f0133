//! A customer's subscriptions. Add-ons are subscriptions of their own below another and are no part of the
//! comparison.

use async_trait::async_trait;
use domain::offer::Cadence;
use domain::provisioning::Fault;
use domain::reconciliation::{Holding, Standing};

use super::PartnerCenter;
use super::answer::Stop;
use super::http::path;
use super::resource::Resource;
use crate::inventory::{self, Account, Reader, unreadable};

impl Resource {
    /// `None` for what is no subscription: a list with such a thing in it is not read.
    fn holding(&self, names: &[&str]) -> Option<Holding> {
        let offer = self.text("offerId");
        let mut parts = offer.as_deref().unwrap_or_default().split(':');
        let (product, plan) = (parts.next(), parts.next());
        let known = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        Some(Holding {
            tenants: names.iter().map(|name| (*name).to_owned()).collect(),
            product: known(product),
            plan: known(plan),
            name: self.text("friendlyName").or_else(|| self.text("offerName")),
            quantity: self
                .number("quantity")
                .and_then(|seats| u32::try_from(seats).ok()),
            cadence: self.cadence(),
            standing: self.standing(),
            renews: self.flag("autoRenewEnabled"),
            ..Holding::new(self.text("id")?)
        })
    }

    fn cadence(&self) -> Option<Cadence> {
        let (term, cycle) = (self.text("termDuration")?, self.text("billingCycle")?);
        Cadence::parse(&term, &cycle).ok()
    }

    fn standing(&self) -> Option<Standing> {
        let words = [
            ("active", Standing::Active),
            ("suspended", Standing::Suspended),
            ("disabled", Standing::Suspended),
            ("deleted", Standing::Ended),
            ("expired", Standing::Ended),
        ];
        let said = words.into_iter().find(|(word, _)| self.is("status", word));
        said.map(|(_, standing)| standing)
    }
}

#[async_trait]
impl Reader for PartnerCenter {
    async fn look_up(&self, account: &Account) -> Result<Vec<Holding>, Fault> {
        let tenant = account.tenant.as_deref().map(str::trim).unwrap_or_default();
        let work = async {
            let customer = super::customer::find(&self.http, tenant).await?;
            let paths = path(&["customers", &customer, "subscriptions"]);
            let (listed, total) = self.http.list_counted(&paths, &[]).await?;
            Ok((listed, total, customer))
        };
        let (listed, total, customer) = match tokio::time::timeout(inventory::DEADLINE, work).await
        {
            Ok(Ok(listed)) => listed,
            Ok(Err(Stop::Fault(fault))) => return Err(crate::http::nothing_sent(fault)),
            Ok(Err(Stop::Unread(failure) | Stop::Refused(failure))) => {
                let reason = format!("{}: {}", failure.code, failure.message);
                return Err(unreadable(&reason));
            }
            Err(_) => return Err(unreadable("no answer in time")),
        };
        // What is no object in the list is left out of it, and then the count tells.
        if u64::try_from(listed.len()).is_ok_and(|count| count < total) {
            return Err(unreadable("a list that is not whole"));
        }
        let own = listed
            .iter()
            .filter(|one| one.text("parentSubscriptionId").is_none());
        let names = [tenant, customer.as_str()];
        let read: Option<Vec<Holding>> = own.map(|one| one.holding(&names)).collect();
        read.ok_or_else(|| unreadable("a list with something in it that is no subscription"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subscription_is_read_as_microsoft_writes_it_and_unknown_words_stay_unsaid() {
        let read = |body: serde_json::Value| {
            Resource::read(body.to_string().as_bytes())
                .unwrap()
                .holding(&["amber"])
        };
        let found = read(
            json!({"Id": "s-1", "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
            "quantity": 7, "status": "Suspended", "termDuration": "P3Y", "billingCycle": "triennial",
            "autoRenewEnabled": false}),
        );
        let found = found.unwrap();
        assert_eq!(
            (found.product.as_deref(), found.plan.as_deref()),
            (Some("CFQ7TTC0LH18"), Some("0001"))
        );
        assert_eq!(
            (found.quantity, found.standing),
            (Some(7), Some(Standing::Suspended))
        );
        let cadence = Cadence {
            term_months: 36,
            cycle_months: 36,
        };
        assert_eq!((found.cadence, found.renews), (Some(cadence), Some(false)));
        let odd = read(json!({"id": "s-1", "status": "hibernating", "quantity": -1,
            "termDuration": "P1Y", "billingCycle": "whenever"}));
        let odd = odd.unwrap();
        assert_eq!(
            (odd.standing, odd.quantity, odd.cadence),
            (None, None, None)
        );
        assert_eq!(read(json!({"status": "active"})), None);
    }
}
