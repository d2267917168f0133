//! Changing what runs. A wish is a state: it is looked for before each call, and after each refusal.

use domain::offer::Cadence;
use domain::provisioning::{Failure, Outcome, Request, Verb};
use reqwest::Method;
use serde_json::json;

use super::GoogleReseller;
use super::answer::{Answer, Stop};
use super::http::Call;
use super::purchase::{countable, payment};
use super::resource::{Payment, Subscription};
use crate::http::path;

/// A state that a subscription is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// So many seats, instead of so many.
    Seats {
        from: u32,
        to: u32,
    },
    Suspended,
    Active,
    Ended,
    /// Whether another term follows.
    Renewal(bool),
    /// Another payment plan.
    Payment(Payment),
}

/// How a subscription stands to a wish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is so.
    Fulfilled,
    /// It is not so, and may become so.
    Open,
    /// It can't become so from what it is.
    Unfit(Failure),
}

fn unfit(code: &str, message: &str) -> Standing {
    Standing::Unfit(Failure {
        code: code.into(),
        message: message.into(),
        field: None,
    })
}

impl Wish {
    /// What a verb wants; refused for what Google knows no call for.
    pub(super) fn of(request: &Request) -> Result<Wish, Stop> {
        match &request.verb {
            Verb::Quantity { from, to } => Ok(Wish::Seats {
                from: *from,
                to: countable(*to)?,
            }),
            Verb::Suspend => Ok(Wish::Suspended),
            Verb::Reactivate => Ok(Wish::Active),
            Verb::Cancel => Ok(Wish::Ended),
            Verb::AutoRenewal { on } => Ok(Wish::Renewal(*on)),
            Verb::Plan { plan, cadence, .. } => Wish::of_plan(request, plan, *cadence),
            Verb::Purchase { .. }
            | Verb::MovePart { .. }
            | Verb::Addon { .. }
            | Verb::Configure { .. } => Err(not_supported()),
        }
    }

    /// Google changes how a SKU is paid, not which SKU it is.
    fn of_plan(request: &Request, plan: &str, cadence: Cadence) -> Result<Wish, Stop> {
        match plan == request.plan {
            true => Ok(Wish::Payment(payment(cadence)?)),
            false => Err(not_supported()),
        }
    }

    pub(super) fn standing(self, found: &Subscription) -> Standing {
        if found.has_ended() {
            return match self {
                Wish::Ended => Standing::Fulfilled,
                _ => unfit("GoogleEnded", "The subscription has ended at Google"),
            };
        }
        let is_so = match self {
            Wish::Seats { from, to } => return seats(found, from, to),
            Wish::Suspended => found.is_suspended_by_us(),
            Wish::Active if found.is_suspended() && !found.is_suspended_by_us() => {
                return unfit(
                    "GoogleSuspended",
                    "Google itself has suspended the subscription, and lifts that itself",
                );
            }
            Wish::Active => found.is_active(),
            Wish::Ended => false,
            Wish::Renewal(on) => return renewal(found, on),
            Wish::Payment(to) => return plan(found, to),
        };
        match is_so {
            true => Standing::Fulfilled,
            false => Standing::Open,
        }
    }

    /// The call that makes it so.
    fn call(self, found: &Subscription, request: &Request) -> Result<Sent, Stop> {
        let cancel = vec![("deletionType", "cancel".to_owned())];
        let (method, verb, pairs, body) = match self {
            Wish::Seats { to, .. } => {
                // A trial counts as a flexible plan does.
                let payment = found.payment().unwrap_or(Payment::Flexible);
                (Method::POST, "changeSeats", vec![], Some(payment.seats(to)))
            }
            Wish::Suspended => (Method::POST, "suspend", vec![], None),
            Wish::Active => (Method::POST, "activate", vec![], None),
            Wish::Ended => (Method::DELETE, "", cancel, None),
            Wish::Renewal(on) => {
                let renewal = found.payment().and_then(Payment::renewal);
                let kind = if on { renewal } else { Some("CANCEL") };
                let body = json!({"renewalType": kind});
                (Method::POST, "changeRenewalSettings", vec![], Some(body))
            }
            Wish::Payment(payment) => {
                let seats = countable(found.seats().unwrap_or_default())?;
                let body = json!({
                    "planName": payment.name(), "seats": payment.seats(seats),
                    "purchaseOrderId": request.subscription_key.to_string(),
                });
                (Method::POST, "changePlan", vec![], Some(body))
            }
        };
        let ids = [
            "customers",
            &found.customer_id,
            "subscriptions",
            &found.subscription_id,
            verb,
        ];
        let parts = if verb.is_empty() { &ids[..4] } else { &ids[..] };
        Ok(Sent {
            method,
            path: path(parts),
            pairs,
            body,
        })
    }
}

/// The parts of a [`Call`].
struct Sent {
    method: Method,
    path: String,
    pairs: Vec<(&'static str, String)>,
    body: Option<serde_json::Value>,
}

fn seats(found: &Subscription, from: u32, to: u32) -> Standing {
    match found.seats() {
        Some(seats) if seats == to => Standing::Fulfilled,
        Some(seats) if seats == from => Standing::Open,
        seats => unfit(
            "GoogleSeatsDiffer",
            &format!(
                "The subscription has {} seats at Google and {from} here; nothing was changed",
                seats.unwrap_or_default()
            ),
        ),
    }
}

fn renewal(found: &Subscription, on: bool) -> Standing {
    let has_years = found.payment().is_some_and(|plan| plan.renewal().is_some());
    match (has_years, found.renews() == Some(on)) {
        (_, true) => Standing::Fulfilled,
        (true, false) => Standing::Open,
        (false, false) if on => Standing::Fulfilled,
        (false, false) => unfit(
            "NotSupported",
            "A flexible plan has no term that could end; end the subscription instead",
        ),
    }
}

fn plan(found: &Subscription, to: Payment) -> Standing {
    let is_committed = found.payment().is_some_and(|plan| plan.renewal().is_some());
    match found.payment() == Some(to) {
        true => Standing::Fulfilled,
        false if is_committed || to == Payment::Flexible => unfit(
            "GoogleCommitted",
            "Google changes a flexible plan into an annual one, and nothing else; nothing was changed",
        ),
        false => Standing::Open,
    }
}

fn not_supported() -> Stop {
    Stop::Refused(Failure {
        code: "NotSupported".into(),
        message: "Google knows no such change; nothing was sent".into(),
        field: None,
    })
}

fn done(found: &Subscription) -> Outcome {
    Outcome::Done {
        vendor_reference: found.subscription_id.clone(),
    }
}

impl GoogleReseller {
    /// Makes a subscription be as it is wished.
    pub(super) async fn change(&self, request: &Request, wish: Wish) -> Result<Outcome, Stop> {
        let Some(found) = self.subscription(request).await? else {
            return self.without_one(request, wish).await;
        };
        match wish.standing(&found) {
            Standing::Fulfilled => return Ok(done(&found)),
            Standing::Unfit(failure) => return Err(Stop::Unread(failure)),
            Standing::Open => {}
        }
        let sent = wish.call(&found, request)?;
        let call = Call {
            method: sent.method,
            path: sent.path,
            pairs: &sent.pairs,
            body: sent.body,
        };
        let answer = self.http.send(&call).await?;
        match after(&answer, &found, wish) {
            // Somebody may have made it so meanwhile, or an earlier call of ours may have.
            Err(Stop::Refused(failure)) => match self.subscription(request).await? {
                Some(now) if wish.standing(&now) == Standing::Fulfilled => Ok(done(&now)),
                None if wish == Wish::Ended => self.without_one(request, wish).await,
                _ => Err(Stop::Refused(blaming(failure, wish))),
            },
            decided => decided,
        }
    }

    /// What is not listed has ended only when Google says so when it is asked for it by its id.
    async fn without_one(&self, request: &Request, wish: Wish) -> Result<Outcome, Stop> {
        if let (Wish::Ended, Some(reference)) = (wish, &request.vendor_reference)
            && self.is_gone(request).await?
        {
            return Ok(Outcome::Done {
                vendor_reference: reference.clone(),
            });
        }
        Err(Stop::Unread(Failure {
            code: "GoogleNotFound".into(),
            message: "Google lists no such subscription of the customer; nothing was changed"
                .into(),
            field: None,
        }))
    }
}

/// The reasons that Google names for refusing seats are all about their number.
fn blaming(failure: Failure, wish: Wish) -> Failure {
    let is_seats = matches!(wish, Wish::Seats { .. }) && failure.code == "GoogleInvalid";
    Failure {
        field: failure
            .field
            .or_else(|| is_seats.then(|| "/quantity".to_owned())),
        ..failure
    }
}

/// What a call did.
fn after(answer: &Answer, before: &Subscription, wish: Wish) -> Result<Outcome, Stop> {
    if wish == Wish::Ended {
        let is_silent = answer.body.iter().all(u8::is_ascii_whitespace);
        return match answer.status {
            200 | 204 if is_silent => Ok(done(before)),
            200 if answer.read::<Subscription>().is_some() => Ok(done(before)),
            _ => Err(answer.stop()),
        };
    }
    let Some(found) = answer.read::<Subscription>() else {
        return Err(answer.stop());
    };
    let is_it = found.customer_id == before.customer_id
        && found.sku_id == before.sku_id
        && found.purchase_order_id == before.purchase_order_id
        && !found.subscription_id.is_empty();
    match (is_it, wish.standing(&found)) {
        (true, Standing::Fulfilled) => Ok(done(&found)),
        (true, Standing::Unfit(failure)) if wish == Wish::Active => Err(Stop::Refused(failure)),
        _ => Err(answer
            .lost("an answer that does not show the change")
            .into()),
    }
}
