//! Changing what runs: read the whole resource, change what is wanted, send it all back on condition
//! that nobody else changed it meanwhile. A wish is a state, so a repeat looks first whether it is so.

use std::time::Duration;

use domain::offer::Cadence;
use domain::provisioning::{Failure, Outcome, Request, Verb};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::PartnerCenter;
use super::answer::{Answer, Stop};
use super::availability::Wanted;
use super::cart::accepted;
use super::errors::Class;
use super::http::{StepKey, path};
use super::resource::Resource;
use super::stage::Stage;

/// How often a change is applied to a resource that others change at the same time.
const ROUNDS: u32 = 3;
const PACE: Duration = Duration::from_secs(15);

/// A state that a subscription is to have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish {
    /// So many seats, instead of so many.
    Seats { from: u32, to: u32 },
    /// A status, as Microsoft writes it.
    Status(&'static str),
    /// Whether another term follows.
    Renewal(bool),
    /// Another term or billing cycle of the same license.
    Cadence(Cadence),
}

/// How a subscription stands to a wish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is so.
    Fulfilled,
    /// It is as it was before.
    Open,
    /// It is neither: somebody else changed it.
    Drifted(u64),
}

impl Wish {
    pub(super) fn standing(self, found: &Resource) -> Standing {
        let is_so = match self {
            Wish::Seats { from, to } => {
                return match found.number("quantity") {
                    Some(seats) if seats == u64::from(to) => Standing::Fulfilled,
                    Some(seats) if seats != u64::from(from) => Standing::Drifted(seats),
                    _ => Standing::Open,
                };
            }
            Wish::Status(status) => found.is("status", status),
            Wish::Renewal(on) => found.flag("autoRenewEnabled") == Some(on),
            Wish::Cadence(cadence) => {
                let wanted = wanted(cadence);
                let term = wanted.term().unwrap_or_default();
                found.is("termDuration", &term) && found.is("billingCycle", &wanted.billing_cycle())
            }
        };
        match is_so {
            true => Standing::Fulfilled,
            false => Standing::Open,
        }
    }

    fn apply(self, resource: &mut Resource) {
        match self {
            Wish::Seats { to, .. } => resource.set("quantity", to),
            Wish::Status(status) => resource.set("status", status),
            Wish::Renewal(on) => resource.set("autoRenewEnabled", on),
            Wish::Cadence(cadence) => {
                let wanted = wanted(cadence);
                resource.set("billingCycle", wanted.billing_cycle());
                resource.set(
                    "termDuration",
                    wanted.term().map_or(json!(null), |term| json!(term)),
                );
            }
        }
    }
}

/// Terms and cycles are written alike for every license.
fn wanted(cadence: Cadence) -> Wanted<'static> {
    Wanted {
        product: "",
        plan: "",
        cadence,
    }
}

/// What a change is made to, and what the request is told when it is made.
pub(super) struct Changed<'r> {
    pub(super) customer: String,
    pub(super) subscription: String,
    /// The id that our subscription has: its own, also where an add-on changes.
    pub(super) reference: &'r str,
}

impl Changed<'_> {
    fn path(&self) -> String {
        path(&[
            "customers",
            &self.customer,
            "subscriptions",
            &self.subscription,
        ])
    }

    pub(super) fn done(&self) -> Outcome {
        Outcome::Done {
            vendor_reference: self.reference.to_owned(),
        }
    }

    fn shows_later(&self, retry_after: Duration) -> Outcome {
        let stage = Stage::Change {
            customer: self.customer.clone(),
            subscription: self.subscription.clone(),
        };
        accepted(&stage, Some(retry_after))
    }
}

impl PartnerCenter {
    pub(super) async fn read_subscription(
        &self,
        customer: &str,
        subscription: &str,
    ) -> Result<Resource, Stop> {
        let paths = path(&["customers", customer, "subscriptions", subscription]);
        let answer = self.http.read(&paths, &[]).await?;
        let found = answer.resource().filter(|_| answer.status == 200);
        match found.filter(|found| found.text("id").is_some()) {
            // Another one's is never changed in its place.
            Some(found) if found.is("id", subscription) => Ok(found),
            Some(_) => Err(answer
                .lost("another subscription than the one that was asked for")
                .into()),
            None => Err(answer.unread()),
        }
    }

    /// Makes a subscription be as it is wished.
    pub(super) async fn change(
        &self,
        request: &Request,
        changed: &Changed<'_>,
        wish: Wish,
    ) -> Result<Outcome, Stop> {
        for round in 0..ROUNDS {
            let mut resource = self
                .read_subscription(&changed.customer, &changed.subscription)
                .await?;
            match wish.standing(&resource) {
                Standing::Fulfilled => return Ok(changed.done()),
                Standing::Drifted(seats) => return Err(Stop::Unread(drifted(wish, seats))),
                Standing::Open => {}
            }
            let etag = resource.part("attributes").and_then(|own| own.text("etag"));
            wish.apply(&mut resource);
            let call = (Method::PATCH, changed.path());
            let key = StepKey::of(request, &format!("change {round}"));
            let body = resource.value();
            let call = (call.0, call.1.as_str());
            let answer = self
                .http
                .write(call, Some(&body), &key, etag.as_deref())
                .await?;
            if answer.class() != Some(Class::ReadAgain) {
                return after(&answer, changed, wish);
            }
        }
        Err(Stop::Fault(domain::provisioning::Fault::NotSent {
            reason: "the subscription is being changed by somebody else at Microsoft".into(),
            retry_after: Some(PACE),
        }))
    }

    /// Whether a change that was accepted shows.
    pub(super) async fn follow_change(
        &self,
        changed: &Changed<'_>,
        wish: Wish,
    ) -> Result<Outcome, Stop> {
        let found = self
            .read_subscription(&changed.customer, &changed.subscription)
            .await?;
        Ok(match wish.standing(&found) {
            Standing::Fulfilled => changed.done(),
            Standing::Open | Standing::Drifted(_) => changed.shows_later(PACE),
        })
    }
}

/// What a PATCH did.
fn after(answer: &Answer, changed: &Changed<'_>, wish: Wish) -> Result<Outcome, Stop> {
    match (answer.status, answer.resource()) {
        (202, _) => Ok(changed.shows_later(answer.retry_after.unwrap_or(PACE))),
        (200, Some(found)) if answer.error().is_none() => Ok(match wish.standing(&found) {
            Standing::Fulfilled => changed.done(),
            // Taken and not shown yet.
            Standing::Open | Standing::Drifted(_) => changed.shows_later(PACE),
        }),
        _ => Err(answer.stop()),
    }
}

/// Until when Microsoft takes seats back: those of the purchase, or the newest of those added since. The
/// dates of samples can't all be read; what can't counts as nothing.
pub(super) fn returnable_until(found: &Resource, verb: &Verb) -> Option<Timestamp> {
    let date = |text: String| text.trim().parse::<Timestamp>().ok();
    if let Verb::Purchase { .. } = verb {
        return date(found.text("cancellationAllowedUntilDate")?);
    }
    let added = found.part("refundableQuantity")?.parts("details");
    let dates = added
        .iter()
        .filter_map(|one| one.text("allowedUntilDateTime"));
    dates.filter_map(date).max()
}

fn drifted(wish: Wish, seats: u64) -> Failure {
    let from = match wish {
        Wish::Seats { from, .. } => from,
        Wish::Status(_) | Wish::Renewal(_) | Wish::Cadence(_) => 0,
    };
    Failure {
        code: "SeatsDiffer".into(),
        message: format!(
            "The subscription has {seats} licenses at Microsoft and {from} here; nothing was changed"
        ),
        field: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_changes_what_it_is_about_and_leaves_the_rest_as_it_came() {
        let yearly = Cadence {
            term_months: 36,
            cycle_months: 36,
        };
        for (wish, name, value) in [
            (Wish::Seats { from: 1, to: 5 }, "Quantity", json!(5)),
            (Wish::Status("suspended"), "status", json!("suspended")),
            (Wish::Renewal(false), "autoRenewEnabled", json!(false)),
            (Wish::Cadence(yearly), "billingCycle", json!("triennial")),
        ] {
            let body = json!({"id": "s", "Quantity": 1, "status": "active", "autoRenewEnabled": true,
                "billingCycle": "monthly", "termDuration": "P1Y",
                "scheduledNextTermInstructions": {"quantity": 3}, "newerThanUs": [1]});
            let mut resource = Resource::read(body.to_string().as_bytes()).unwrap();
            assert_eq!(wish.standing(&resource), Standing::Open, "{wish:?}");
            wish.apply(&mut resource);
            assert_eq!(wish.standing(&resource), Standing::Fulfilled, "{wish:?}");
            let mut expected = body;
            expected[name] = value;
            if let Wish::Cadence(_) = wish {
                expected["termDuration"] = json!("P3Y");
            }
            assert_eq!(resource.value(), expected);
        }
    }

    #[test]
    fn seats_that_are_neither_before_nor_after_are_nobodys_wish() {
        let found = Resource::read(br#"{"quantity": 7}"#).unwrap();
        let wish = Wish::Seats { from: 1, to: 5 };
        assert_eq!(wish.standing(&found), Standing::Drifted(7));
    }

    #[test]
    fn microsofts_own_date_says_until_when_seats_are_taken_back() {
        let body = json!({"cancellationAllowedUntilDate": "2026-12-02T23:59:00Z", "refundableQuantity":
            {"totalQuantity": 7, "details": [
                {"quantity": 4, "allowedUntilDateTime": "2026-12-02T23:59:00+00:00"},
                {"quantity": 2, "allowedUntilDateTime": "2026-12-05T00:00:00Z"},
                {"quantity": 1, "allowedUntilDateTime": "0001-01-01T00:00:00"}]}});
        let found = Resource::read(body.to_string().as_bytes()).unwrap();
        let raised = Verb::Quantity { from: 1, to: 2 };
        for (verb, expected) in [
            (Verb::Purchase { quantity: 1 }, "2026-12-02T23:59:00Z"),
            (raised.clone(), "2026-12-05T00:00:00Z"),
        ] {
            let expected = expected.parse().ok();
            assert_eq!(returnable_until(&found, &verb), expected, "{verb:?}");
        }
        let silent =
            Resource::read(br#"{"cancellationAllowedUntilDate": "2015-11-25T06: 41: 12Z"}"#);
        let silent = silent.unwrap();
        assert_eq!(
            returnable_until(&silent, &Verb::Purchase { quantity: 1 }),
            None
        );
        assert_eq!(returnable_until(&silent, &raised), None);
    }
}
