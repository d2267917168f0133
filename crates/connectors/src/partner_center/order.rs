//! What became of an order: from its lines to its subscription. What is not listed yet is no failure.

use std::time::Duration;

use domain::provisioning::{Failure, Outcome, Request, Verb};

use super::PartnerCenter;
use super::answer::Stop;
use super::cart::{Purchase, accepted, reference};
use super::errors::Class;
use super::http::path;
use super::resource::{Resource, is_of};
use super::stage::Stage;

/// Microsoft refreshes what it lists every few minutes.
const PACE: Duration = Duration::from_secs(30);
/// As Microsoft spells it.
const CANCELED: &str = concat!("cance", "lled");

impl PartnerCenter {
    /// Looks at an order until its subscription is there.
    pub(super) async fn follow_order(
        &self,
        request: &Request,
        purchase: &Purchase<'_>,
        customer: &str,
        order: &str,
    ) -> Result<Outcome, Stop> {
        let still = || {
            let stage = Stage::Order {
                customer: customer.into(),
                order: order.into(),
            };
            Ok(accepted(&stage, Some(PACE)))
        };
        let answer = self
            .http
            .read(&path(&["customers", customer, "orders", order]), &[])
            .await?;
        if answer.class() == Some(Class::NotYet) {
            return still();
        }
        let found = answer.resource().filter(|_| answer.status == 200);
        let Some(found) = found.filter(|_| answer.error().is_none()) else {
            return Err(answer.unread());
        };
        if found.is("status", CANCELED) {
            return Err(Stop::Refused(canceled()));
        }
        let wanted = &purchase.wanted;
        let is_line = |line: &&Resource| {
            let offer = line.text("offerId").unwrap_or_default();
            is_of(&offer, wanted.product, wanted.plan)
        };
        let lines = found.parts("lineItems");
        let Some(line) = lines.iter().find(is_line) else {
            return Err(answer
                .lost("an order without the line that was asked for")
                .into());
        };
        let subscription = match line.text("subscriptionId") {
            Some(subscription) => subscription,
            None if found.is("status", "pending") => return still(),
            None => match self.subscription_of(customer, order, purchase).await? {
                Some(subscription) => subscription,
                None => return still(),
            },
        };
        if !self.is_provisioned(customer, order, line).await? {
            return still();
        }
        let paths = ["customers", customer, "subscriptions", &subscription];
        let answer = self.http.read(&path(&paths), &[]).await?;
        match answer.resource().filter(|_| answer.status == 200) {
            Some(found) if found.text("id").is_none() => Err(answer.unread()),
            Some(found) if found.is("status", "pending") || found.is("status", "none") => still(),
            // Any other state, also one that we don't know, is that of something that is there.
            Some(_) => Ok(done(request, subscription)),
            None if answer.status == 404 => still(),
            None => Err(answer.unread()),
        }
    }

    /// The subscription of an order whose lines don't name it.
    async fn subscription_of(
        &self,
        customer: &str,
        order: &str,
        purchase: &Purchase<'_>,
    ) -> Result<Option<String>, Stop> {
        let paths = path(&["customers", customer, "subscriptions"]);
        let listed = self
            .http
            .list(&paths, &[("order_id", order.to_owned())])
            .await?;
        let is_it = |one: &&Resource| {
            let offer = one.text("offerId").unwrap_or_default();
            one.is("orderId", order) && is_of(&offer, purchase.wanted.product, purchase.wanted.plan)
        };
        Ok(listed.iter().find(is_it).and_then(|one| one.text("id")))
    }

    /// Whether Microsoft has provisioned a line. Only an application that acts for a person may ask.
    async fn is_provisioned(
        &self,
        customer: &str,
        order: &str,
        line: &Resource,
    ) -> Result<bool, Stop> {
        if !self.account.acts_for_a_person() {
            return Ok(true);
        }
        let paths = path(&["customers", customer, "orders", order, "provisioningstatus"]);
        let answer = self.http.read(&paths, &[]).await?;
        let Some(found) = answer.resource().filter(|_| answer.status == 200) else {
            return match answer.status {
                // Not there yet.
                404 => Ok(false),
                _ => Err(answer.unread()),
            };
        };
        let number = line.number("lineItemNumber");
        let is_it = |one: &&Resource| one.number("lineItemNumber") == number;
        let lines = found.parts("items");
        Ok(lines
            .iter()
            .find(is_it)
            .is_some_and(|one| one.is("status", "fulfilled")))
    }

    /// Our order among all of the customer's, by what we wrote on it; `None` when none is listed.
    pub(super) async fn find_order(
        &self,
        customer: &str,
        request: &Request,
    ) -> Result<Option<String>, Stop> {
        let reference = reference(request);
        let orders = self
            .http
            .list(&path(&["customers", customer, "orders"]), &[])
            .await?;
        let has_line = |order: &&Resource| {
            let lines = order.parts("lineItems");
            lines.iter().any(|line| line.is("friendlyName", &reference))
        };
        if let Some(order) = orders.iter().find(has_line) {
            return Ok(order.text("id"));
        }
        // An order's lines may carry the offer's name instead; the subscription has ours.
        let paths = path(&["customers", customer, "subscriptions"]);
        let subscriptions = self.http.list(&paths, &[]).await?;
        let found = subscriptions
            .iter()
            .find(|one| one.is("friendlyName", &reference));
        Ok(found.and_then(|one| one.text("orderId")))
    }
}

/// An add-on changes what its subscription has; the subscription stays the one it was.
fn done(request: &Request, subscription: String) -> Outcome {
    let parent = request.vendor_reference.clone();
    Outcome::Done {
        vendor_reference: match &request.verb {
            Verb::Addon { .. } => parent.unwrap_or(subscription),
            _ => subscription,
        },
    }
}

fn canceled() -> Failure {
    Failure {
        code: "OrderCanceled".into(),
        message: "The order was canceled at Microsoft".into(),
        field: None,
    }
}
