//! Buying in two steps. A cart books nothing and runs out by itself; its checkout buys, and is told apart
//! by the cart's id, which the engine has stored before it is asked for. So no crash buys twice.

use std::time::Duration;

use domain::provisioning::{Failure, Outcome, Request, Verb};
use reqwest::Method;
use serde_json::{Value, json};

use super::PartnerCenter;
use super::answer::{Answer, Stop};
use super::availability::{Wanted, catalog_item};
use super::errors::{self, Class};
use super::http::{StepKey, path};
use super::resource::{Resource, is_of};
use super::stage::Stage;
use crate::http::clean;

/// Microsoft lists an order a quarter of an hour after its checkout at the latest. A cart that is gone
/// so often at this pace, with no order of ours in a complete list, was never checked out.
pub(super) const ABSENCES: u32 = 30;
pub(super) const PACE: Duration = Duration::from_secs(60);

/// What is bought, and what it belongs to.
pub(super) struct Purchase<'r> {
    pub(super) wanted: Wanted<'r>,
    pub(super) quantity: u32,
    /// The subscription that an add-on is for.
    pub(super) parent: Option<&'r str>,
}

impl<'r> Purchase<'r> {
    /// What a request buys; `None` for one that changes what is there.
    pub(super) fn of(request: &'r Request) -> Option<Purchase<'r>> {
        let cadence = request.cadence;
        match &request.verb {
            Verb::Purchase { quantity } => Some(Purchase {
                wanted: Wanted {
                    product: &request.product,
                    plan: &request.plan,
                    cadence,
                },
                quantity: *quantity,
                parent: None,
            }),
            Verb::Addon {
                product, plan, to, ..
            } => Some(Purchase {
                wanted: Wanted {
                    product,
                    plan,
                    cadence,
                },
                quantity: *to,
                parent: request.vendor_reference.as_deref(),
            }),
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Cancel
            | Verb::Plan { .. }
            | Verb::MovePart { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => None,
        }
    }

    fn cart(&self, item: &str, request: &Request) -> Value {
        let mut line = json!({
            "id": 0,
            "catalogItemId": item,
            "friendlyName": reference(request),
            "quantity": self.quantity,
            "billingCycle": self.wanted.billing_cycle(),
        });
        if let Some(term) = self.wanted.term() {
            line["termDuration"] = json!(term);
        }
        if let Some(parent) = self.parent {
            line["provisioningContext"] = json!({"ParentSubscriptionId": parent});
        }
        json!({"lineItems": [line]})
    }
}

/// By what an order of ours is found among the customer's.
pub(super) fn reference(request: &Request) -> String {
    format!("Order {:08} {}", request.order, request.key.simple())
}

impl PartnerCenter {
    /// Fills a cart. A lost answer leaves at the most a cart that nobody checks out.
    pub(super) async fn fill_cart(
        &self,
        customer: String,
        purchase: &Purchase<'_>,
        request: &Request,
    ) -> Result<Outcome, Stop> {
        let item = catalog_item(&self.http, &self.account, &purchase.wanted).await?;
        let path = path(&["customers", &customer, "carts"]);
        let body = purchase.cart(&item, request);
        let key = StepKey::of(request, "cart");
        let answer = self
            .http
            .write((Method::POST, &path), Some(&body), &key, None)
            .await?;
        let cart = answer
            .resource()
            .filter(|_| matches!(answer.status, 200 | 201));
        let Some(cart) = cart.filter(|_| answer.error().is_none()) else {
            return Err(answer.stop());
        };
        if let Some(refused) = refused_line(&answer, &cart) {
            return Err(Stop::Refused(refused));
        }
        let Some(cart) = cart.text("id") else {
            return Err(answer.lost("a cart without an id").into());
        };
        let stage = Stage::Cart {
            customer,
            cart,
            absences: 0,
        };
        Ok(accepted(&stage, Some(Duration::ZERO)))
    }

    /// Checks a cart out, for the first time or again.
    pub(super) async fn check_out(
        &self,
        request: &Request,
        purchase: &Purchase<'_>,
        (customer, cart): (&str, &str),
        absences: u32,
    ) -> Result<Outcome, Stop> {
        let path = path(&["customers", customer, "carts", cart, "checkout"]);
        let key = StepKey::of(request, &format!("checkout {cart}"));
        let answer = self
            .http
            .write((Method::POST, &path), None, &key, None)
            .await?;
        let still = |absences, retry_after| {
            let stage = Stage::Cart {
                customer: customer.into(),
                cart: cart.into(),
                absences,
            };
            Ok(accepted(&stage, Some(retry_after)))
        };
        let is_gone = answer.error().is_some_and(|error| error.code == "800008");
        match answer.class() {
            // Also what a repeat is told; whether it is busy with us or with another, we ask again.
            Some(Class::RetryLater) if answer.status < 500 => still(absences, answer.patience()),
            Some(Class::BoughtBefore) => match self.find_order(customer, request).await? {
                Some(order) => Ok(ordered(customer, order)),
                None => still(0, PACE),
            },
            _ if is_gone => match self.find_order(customer, request).await? {
                Some(order) => Ok(ordered(customer, order)),
                None if absences < ABSENCES => still(absences + 1, PACE),
                None => Err(answer.stop()),
            },
            _ if matches!(answer.status, 200 | 201) => bought(&answer, customer, purchase),
            _ => Err(answer.stop()),
        }
    }
}

/// What a checkout did. One cart can give several orders and errors; ours has one line.
fn bought(answer: &Answer, customer: &str, purchase: &Purchase<'_>) -> Result<Outcome, Stop> {
    let Some(result) = answer.resource() else {
        return Err(answer.lost("a checkout that can't be read").into());
    };
    let is_ours = |order: &&Resource| {
        let lines = order.parts("lineItems");
        let is_line = |line: &Resource| {
            let offer = line.text("offerId").unwrap_or_default();
            is_of(&offer, purchase.wanted.product, purchase.wanted.plan)
                && line.number("quantity") == Some(purchase.quantity.into())
        };
        let is_theirs = order
            .get("referenceCustomerId")
            .is_none_or(|_| order.is("referenceCustomerId", customer));
        is_theirs && lines.iter().any(is_line)
    };
    let orders = result.parts("orders");
    if let Some(order) = orders
        .iter()
        .find(is_ours)
        .and_then(|order| order.text("id"))
    {
        return Ok(ordered(customer, order));
    }
    match (orders.is_empty(), result.parts("orderErrors").first()) {
        (true, Some(error)) => order_error(answer, error),
        // Another customer's, license or quantity: nothing of it is attached to this line.
        _ => Err(answer
            .lost("a checkout without the order that was asked for")
            .into()),
    }
}

/// Why an order of a cart was not made.
fn order_error(answer: &Answer, error: &Resource) -> Result<Outcome, Stop> {
    let code = error.text("code").unwrap_or_default();
    let doubtful = [Class::RetryLater, Class::BoughtBefore, Class::NotYet];
    match errors::class_within(&code) {
        Some(class) if doubtful.contains(&class) => {
            Err(answer.lost("an order that is still being made").into())
        }
        _ => Err(Stop::Refused(line_failure(
            answer,
            code,
            error.text("description"),
        ))),
    }
}

/// A cart's line can hold an error although the cart was made.
fn refused_line(answer: &Answer, cart: &Resource) -> Option<Failure> {
    let lines = cart.parts("lineItems");
    let error = lines.iter().find_map(|line| line.part("error"))?;
    let code = error
        .text("errorCode")
        .or_else(|| error.text("code"))
        .unwrap_or_default();
    let words = error
        .text("errorDescription")
        .or_else(|| error.text("description"));
    Some(line_failure(answer, code, words))
}

fn line_failure(answer: &Answer, code: String, description: Option<String>) -> Failure {
    answer.failure(&super::answer::VendorError {
        code: clean(&code),
        description: description.unwrap_or_default(),
    })
}

fn ordered(customer: &str, order: String) -> Outcome {
    let stage = Stage::Order {
        customer: customer.into(),
        order,
    };
    accepted(&stage, Some(Duration::ZERO))
}

pub(super) fn accepted(stage: &Stage, retry_after: Option<Duration>) -> Outcome {
    Outcome::Accepted {
        operation: Some(stage.write()),
        retry_after,
    }
}
