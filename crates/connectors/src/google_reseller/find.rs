//! Finding what is ours at Google: the customer, and the subscription by our order's id on it.

use domain::provisioning::{Failure, Fault, Request};
use uuid::Uuid;

use super::GoogleReseller;
use super::answer::{Answer, Stop};
use super::resource::{Customer, Page, Subscription};
use crate::http::path;

/// As many as Google gives at once.
const PAGE: &str = "100";
/// A list that has more pages than this is not read to its end.
const PAGES_MAX: usize = 100;

/// The customer of a request: an id or a primary domain.
pub(super) fn tenant(request: &Request) -> Result<&str, Stop> {
    let tenant = request.tenant.as_deref().map(str::trim).unwrap_or_default();
    match tenant.is_empty() {
        false => Ok(tenant),
        true => Err(Stop::Refused(no_customer(
            "The order names no customer account at Google",
        ))),
    }
}

fn no_customer(words: &str) -> Failure {
    Failure {
        code: "GoogleUnknownCustomer".into(),
        message: words.into(),
        field: Some("/tenant".into()),
    }
}

/// An answer that is whole and speaks of something else.
fn foreign(answer: &Answer, what: &str) -> Stop {
    Stop::Fault(crate::http::nothing_sent(answer.lost(what)))
}

impl GoogleReseller {
    /// The id of the customer account. One that Google does not know has bought nothing.
    pub(super) async fn customer(&self, tenant: &str) -> Result<String, Stop> {
        let answer = self.http.read(path(&["customers", tenant]), &[]).await?;
        if answer.is_absent() {
            return Err(Stop::Refused(no_customer(&format!(
                "Google knows no customer account {tenant}; create it or take it over there first"
            ))));
        }
        let Some(found) = answer.read::<Customer>() else {
            return Err(answer.unread());
        };
        let is_it = found.customer_id == tenant
            || found.customer_domain.eq_ignore_ascii_case(tenant) && !found.customer_id.is_empty();
        match is_it {
            true => Ok(found.customer_id),
            false => Err(foreign(&answer, "another customer than was asked for")),
        }
    }

    /// All subscriptions of a customer. Part of a list is none: nothing is decided by it.
    pub(super) async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, Stop> {
        let mut found = Vec::new();
        let mut pairs = vec![
            ("customerId", customer.to_owned()),
            ("maxResults", PAGE.to_owned()),
        ];
        for _ in 0..PAGES_MAX {
            let answer = self.http.read(path(&["subscriptions"]), &pairs).await?;
            let Some(page) = answer.read::<Page>().filter(Page::is_one) else {
                return Err(answer.unread());
            };
            if !page.subscriptions.iter().all(|one| one.is_of(customer)) {
                return Err(foreign(&answer, "another customer's subscriptions"));
            }
            found.extend(page.subscriptions);
            pairs.truncate(2);
            match page.next_page_token.filter(|token| !token.is_empty()) {
                Some(token) => pairs.push(("pageToken", token)),
                None => return Ok(found),
            }
        }
        Err(Stop::Fault(Fault::NotSent {
            reason: "a list of the vendor's has no end".into(),
            retry_after: None,
        }))
    }

    /// The subscription that runs, or else ran, of a request: by our order's id on it, and where nobody
    /// wrote one, by Google's own id.
    pub(super) async fn subscription(
        &self,
        request: &Request,
    ) -> Result<Option<Subscription>, Stop> {
        let listed = self.subscriptions(tenant(request)?).await?;
        let reference = request.vendor_reference.as_deref().unwrap_or_default();
        let by_id = |one: &&Subscription| one.subscription_id == reference;
        let found = ours(&listed, request.subscription_key)?;
        Ok(found.or_else(|| listed.iter().find(by_id)).cloned())
    }

    /// Whether Google itself says that there is no subscription of that id.
    pub(super) async fn is_gone(&self, request: &Request) -> Result<bool, Stop> {
        let reference = request.vendor_reference.as_deref().unwrap_or_default();
        let paths = ["customers", tenant(request)?, "subscriptions", reference];
        let answer = self.http.read(path(&paths), &[]).await?;
        match answer.read::<Subscription>() {
            Some(found) => Ok(found.subscription_id == reference && found.has_ended()),
            None if answer.is_absent() => Ok(true),
            None => Err(answer.unread()),
        }
    }
}

/// What carries an order's id: one that runs, or else one that ran.
pub(super) fn ours(listed: &[Subscription], key: Uuid) -> Result<Option<&Subscription>, Stop> {
    let key = key.to_string();
    let is_ours = |one: &&Subscription| one.purchase_order_id == key;
    let mut running = listed.iter().filter(is_ours).filter(|one| !one.has_ended());
    match (running.next(), running.next()) {
        (Some(_), Some(_)) => Err(Stop::Fault(Fault::AnswerLost {
            evidence: format!("two subscriptions carry the purchase order {key}"),
            retry_after: None,
        })),
        (Some(one), None) => Ok(Some(one)),
        (None, _) => Ok(listed.iter().find(is_ours)),
    }
}
