//! Buying: our line's key is the purchase order's id, by which a lost answer is found again. Google keeps
//! one subscription of a SKU for a customer, so that what is sent twice is booked once or refused.

use domain::provisioning::{Failure, Fault, Outcome, Request};
use reqwest::Method;
use serde_json::{Value, json};

use super::GoogleReseller;
use super::answer::Stop;
use super::find::{ours, tenant};
use super::http::Call;
use super::resource::{Payment, Subscription};
use crate::http::path;

/// Google counts seats in 32 bits, one of which is the sign.
const SEATS_MAX: u32 = i32::MAX as u32;

/// What is bought.
struct Purchase<'r> {
    request: &'r Request,
    customer: String,
    payment: Payment,
    seats: u32,
}

impl Purchase<'_> {
    fn body(&self) -> Value {
        let mut body = json!({
            "customerId": self.customer, "skuId": self.request.plan,
            "plan": {"planName": self.payment.name()}, "seats": self.payment.seats(self.seats),
            "purchaseOrderId": self.request.key.to_string(),
        });
        if let Some(renewal) = self.payment.renewal() {
            body["renewalSettings"] = json!({"renewalType": renewal});
        }
        body
    }

    /// Whether that is what was bought, down to the last seat.
    fn is(&self, found: &Subscription) -> bool {
        found.purchase_order_id == self.request.key.to_string()
            && found.customer_id == self.customer
            && found.sku_id == self.request.plan
            && found.payment() == Some(self.payment)
            && found.seats() == Some(self.seats)
            && !found.has_ended()
            && !found.subscription_id.is_empty()
    }

    fn done(&self, found: &Subscription) -> Result<Outcome, Stop> {
        match self.is(found) {
            true => Ok(Outcome::Done {
                vendor_reference: found.subscription_id.clone(),
            }),
            false => Err(Stop::Fault(Fault::AnswerLost {
                evidence: format!(
                    "subscription {} carries our purchase order and is not what was ordered: {} seats of {}, {}",
                    crate::http::clean(&found.subscription_id),
                    found.seats().unwrap_or_default(),
                    crate::http::clean(&found.sku_id),
                    crate::http::clean(&found.status),
                ),
                retry_after: None,
            })),
        }
    }
}

fn refused(code: &str, message: &str, field: Option<&str>) -> Stop {
    Stop::Refused(Failure {
        code: code.into(),
        message: message.into(),
        field: field.map(str::to_owned),
    })
}

/// A number of seats that Google can count.
pub(super) fn countable(seats: u32) -> Result<u32, Stop> {
    match seats {
        1..=SEATS_MAX => Ok(seats),
        _ => Err(refused(
            "GoogleInvalid",
            "Google can't count so many seats; nothing was sent",
            Some("/quantity"),
        )),
    }
}

/// The payment plan of a term and a billing cycle.
pub(super) fn payment(cadence: domain::offer::Cadence) -> Result<Payment, Stop> {
    Payment::of(cadence).ok_or_else(|| {
        refused(
            "GoogleUnknownPlan",
            "Google sells a year, paid monthly or at once, and single months; nothing was sent",
            None,
        )
    })
}

impl GoogleReseller {
    /// Buys, unless it is bought: what carries our key is looked for before each insert, and after each
    /// refusal.
    pub(super) async fn buy(
        &self,
        request: &Request,
        seats: u32,
        is_repeat: bool,
    ) -> Result<Outcome, Stop> {
        let (seats, payment) = (countable(seats)?, payment(request.cadence)?);
        let purchase = Purchase {
            customer: self.customer(tenant(request)?).await?,
            request,
            payment,
            seats,
        };
        let listed = self.subscriptions(&purchase.customer).await?;
        if let Some(found) = ours(&listed, request.key)? {
            return purchase.done(found);
        }
        let answer = self
            .http
            .send(&Call {
                method: Method::POST,
                path: path(&["customers", &purchase.customer, "subscriptions"]),
                pairs: &[("action", "buy".to_owned())],
                body: Some(purchase.body()),
            })
            .await?;
        if let Some(found) = answer.read::<Subscription>() {
            return match purchase.is(&found) {
                true => purchase.done(&found),
                false => Err(answer.lost("not the subscription that was ordered").into()),
            };
        }
        let stop = answer.stop();
        let Stop::Refused(_) = stop else {
            return Err(stop);
        };
        let listed = self.subscriptions(&purchase.customer).await?;
        let is_same = |one: &Subscription| one.sku_id == request.plan && !one.has_ended();
        match ours(&listed, request.key)? {
            Some(found) => purchase.done(found),
            // It may be ours and not be listed yet.
            None if is_repeat && answer.is_duplicate() && !listed.iter().any(is_same) => {
                Err(answer.lost("a duplicate that is not listed").into())
            }
            None => Err(stop),
        }
    }
}
