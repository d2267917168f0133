//! Moving seats to another license. Whether a lost request was carried out shows in the subscription that
//! the seats leave and in the history that Microsoft keeps of it; an older move between the same two
//! licenses is told apart by how many there were before.

use std::time::Duration;

use domain::provisioning::{Failure, Outcome, Request, Verb};
use reqwest::Method;
use serde_json::json;

use super::PartnerCenter;
use super::answer::Stop;
use super::availability::Wanted;
use super::cart::accepted;
use super::http::{StepKey, path};
use super::resource::{Resource, is_of};
use super::stage::Stage;
use crate::http::clean;

const PACE: Duration = Duration::from_secs(30);

/// Seats on their way to another license.
pub(super) struct Move<'r> {
    pub(super) wanted: Wanted<'r>,
    /// How many, where it isn't all of them.
    pub(super) part: Option<Part>,
}

/// Some seats of all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) seats: u32,
    pub(super) of: u32,
}

impl<'r> Move<'r> {
    /// What a request moves; `None` for one that moves nothing to another license.
    pub(super) fn of(request: &'r Request) -> Option<Move<'r>> {
        match &request.verb {
            Verb::Plan {
                product,
                plan,
                cadence,
            } if !is_same(request, product, plan) => Some(Move {
                wanted: Wanted {
                    product,
                    plan,
                    cadence: *cadence,
                },
                part: None,
            }),
            Verb::MovePart {
                product,
                plan,
                seats,
                of,
            } => Some(Move {
                wanted: Wanted {
                    product,
                    plan,
                    cadence: request.cadence,
                },
                part: Some(Part {
                    seats: *seats,
                    of: *of,
                }),
            }),
            _ => None,
        }
    }

    /// Whether a transition of the history is of this kind.
    fn is_like(&self, transition: &Resource) -> bool {
        let to = transition.text("toCatalogItemId").unwrap_or_default();
        let has_seats = self
            .part
            .is_none_or(|part| transition.number("quantity") == Some(part.seats.into()));
        has_seats && is_of(&to, self.wanted.product, self.wanted.plan)
    }

    /// Whether all seats are there, in the subscription that they were in.
    fn is_there(&self, source: &Resource) -> bool {
        let offer = source.text("offerId").unwrap_or_default();
        self.part.is_none() && is_of(&offer, self.wanted.product, self.wanted.plan)
    }

    /// Whether the subscription that the seats leave shows that they have left.
    fn has_left(&self, source: &Resource) -> bool {
        match self.part {
            Some(part) => source.number("quantity") == Some((part.of - part.seats).into()),
            None => source.is("status", "deleted"),
        }
    }

    /// Nothing that differs from what we know is divided.
    fn check_base(&self, source: &Resource) -> Result<(), Stop> {
        let seats = source.number("quantity").unwrap_or_default();
        match self.part {
            Some(part) if seats != u64::from(part.of) => Err(Stop::Unread(Failure {
                code: "SeatsDiffer".into(),
                message: format!(
                    "The subscription has {seats} licenses at Microsoft and {} here; nothing was moved",
                    part.of
                ),
                field: None,
            })),
            _ => Ok(()),
        }
    }
}

/// Whether a plan is another term or cycle of the same license.
pub(super) fn is_same(request: &Request, product: &str, plan: &str) -> bool {
    product.eq_ignore_ascii_case(&request.product) && plan.eq_ignore_ascii_case(&request.plan)
}

/// The subscription that seats leave.
#[derive(Clone, Copy)]
pub(super) struct From<'r> {
    pub(super) customer: &'r str,
    pub(super) subscription: &'r str,
}

impl From<'_> {
    fn path(self, last: &str) -> String {
        path(&[
            "customers",
            self.customer,
            "subscriptions",
            self.subscription,
            last,
        ])
    }

    fn done(self) -> Outcome {
        Outcome::Done {
            vendor_reference: self.subscription.to_owned(),
        }
    }

    fn still(self, before: usize) -> Outcome {
        let stage = Stage::Transition {
            customer: self.customer.into(),
            before,
        };
        accepted(&stage, Some(PACE))
    }
}

impl PartnerCenter {
    /// Moves seats; when it is a repeat, only if the first request shows nowhere.
    pub(super) async fn transition(
        &self,
        request: &Request,
        from: From<'_>,
        moved: &Move<'_>,
        is_repeat: bool,
    ) -> Result<Outcome, Stop> {
        let source = self
            .read_subscription(from.customer, from.subscription)
            .await?;
        let history = self.history(from, moved).await?;
        if moved.is_there(&source) {
            return Ok(from.done());
        }
        if is_repeat {
            if let Some(newest) = history.last().filter(|_| moved.has_left(&source)) {
                return Ok(arrived(newest, from, moved, history.len() - 1));
            }
            if history.iter().any(|one| state(one) == State::UnderWay) {
                return Ok(from.still(history.len() - 1));
            }
        }
        moved.check_base(&source)?;
        let (item, kind) = self.eligible(from, moved).await?;
        let seats = source.number("quantity").unwrap_or_default();
        let body = json!({
            "fromCatalogItemId": source.text("offerId"),
            "fromSubscriptionId": from.subscription,
            "toCatalogItemId": item,
            "quantity": moved.part.map_or(seats, |part| part.seats.into()),
            "termDuration": moved.wanted.term(),
            "billingCycle": moved.wanted.billing_cycle(),
            "transitionType": kind,
        });
        let key = StepKey::of(request, "transition");
        let call = (Method::POST, from.path("transitions"));
        let call = (call.0, call.1.as_str());
        let answer = self.http.write(call, Some(&body), &key, None).await?;
        let found = answer
            .resource()
            .filter(|_| matches!(answer.status, 200 | 201));
        match found.filter(|_| answer.error().is_none()) {
            Some(found) => follow(&found, from, moved, history.len()),
            None if answer.status == 202 => Ok(from.still(history.len())),
            None => Err(answer.stop()),
        }
    }

    /// Whether seats have arrived.
    pub(super) async fn follow_transition(
        &self,
        from: From<'_>,
        moved: &Move<'_>,
        before: usize,
    ) -> Result<Outcome, Stop> {
        // An older move of as many seats looks alike; the seats that are left tell them apart.
        let has_left = match moved.part {
            None => true,
            Some(_) => {
                let (customer, subscription) = (from.customer, from.subscription);
                moved.has_left(&self.read_subscription(customer, subscription).await?)
            }
        };
        let history = self.history(from, moved).await?;
        let Some(newest) = history.last().filter(|_| history.len() > before) else {
            return Ok(from.still(before));
        };
        if state(newest) == State::Completed && !has_left {
            return Ok(from.still(before));
        }
        follow(newest, from, moved, before)
    }

    /// The transitions of this kind, the newest last.
    async fn history(&self, from: From<'_>, moved: &Move<'_>) -> Result<Vec<Resource>, Stop> {
        let answer = self.http.read(&from.path("transitions"), &[]).await?;
        let found = answer.resource().filter(|_| answer.status == 200);
        let Some(found) = found.filter(|_| answer.error().is_none()) else {
            return Err(answer.unread());
        };
        // The list has a name of its own in the documentation's sample.
        let mut listed = [found.parts("items"), found.parts("transition")].concat();
        listed.retain(|one| moved.is_like(one));
        listed.sort_by_key(last_told);
        Ok(listed)
    }

    /// What Microsoft moves these seats to today, and how: with the licenses of people where it can.
    async fn eligible(
        &self,
        from: From<'_>,
        moved: &Move<'_>,
    ) -> Result<(String, &'static str), Stop> {
        let pairs = [("eligibilityType", "immediate".to_owned())];
        let listed = self
            .http
            .list(&from.path("transitionEligibilities"), &pairs)
            .await?;
        let is_target = |one: &&Resource| {
            let item = one.text("catalogItemId").unwrap_or_default();
            is_of(&item, moved.wanted.product, moved.wanted.plan)
        };
        let targets: Vec<_> = listed.iter().filter(is_target).collect();
        for kind in ["transition_with_license_transfer", "transition_only"] {
            let is_open = |way: &Resource| {
                way.is("transitionType", kind) && way.flag("isEligible") == Some(true)
            };
            let open = targets
                .iter()
                .find(|one| one.parts("eligibilities").iter().any(is_open));
            if let Some(item) = open.and_then(|one| one.text("catalogItemId")) {
                return Ok((item, kind));
            }
        }
        let ways = targets.iter().flat_map(|one| one.parts("eligibilities"));
        let said = ways
            .flat_map(|way| way.parts("errors"))
            .find_map(|one| one.text("description"));
        let words =
            said.unwrap_or_else(|| "Microsoft moves no licenses from this one to that".into());
        Err(Stop::Unread(Failure {
            code: "TransitionDenied".into(),
            message: clean(&words),
            field: None,
        }))
    }
}

/// Where a transition stands, by its events.
#[derive(Debug, PartialEq, Eq)]
enum State {
    UnderWay,
    Completed,
    Failed,
}

fn state(transition: &Resource) -> State {
    let events = transition.parts("events");
    let has = |name: &str, status: &str| {
        events
            .iter()
            .any(|event| event.is("name", name) && event.is("status", status))
    };
    match has("conversion", "completed") {
        true => State::Completed,
        false if has("conversion", "failed") => State::Failed,
        false => State::UnderWay,
    }
}

/// When a transition was heard of last; the texts sort as the times do.
fn last_told(transition: &Resource) -> String {
    let events = transition.parts("events");
    let times = events.iter().filter_map(|event| event.text("timestamp"));
    times.max().unwrap_or_default()
}

/// What a transition's events say.
fn follow(
    transition: &Resource,
    from: From<'_>,
    moved: &Move<'_>,
    before: usize,
) -> Result<Outcome, Stop> {
    match state(transition) {
        State::UnderWay => Ok(from.still(before)),
        State::Completed => Ok(arrived(transition, from, moved, before)),
        State::Failed => Err(Stop::Refused(Failure {
            code: "TransitionFailed".into(),
            message: "Microsoft could not move the licenses".into(),
            field: None,
        })),
    }
}

fn arrived(transition: &Resource, from: From<'_>, moved: &Move<'_>, before: usize) -> Outcome {
    match (transition.text("toSubscriptionId"), moved.part) {
        (Some(to), _) => Outcome::Done {
            vendor_reference: to,
        },
        // All seats moved, and Microsoft names no other subscription: it is the same one.
        (None, None) => from.done(),
        // Some seats have a subscription of their own, whose name we have to be told.
        (None, Some(_)) => from.still(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_stands_where_its_conversion_does() {
        let event = |name: &str, status: &str| json!({"name": name, "status": status});
        for (events, expected) in [
            (json!([]), State::UnderWay),
            (json!([event("Conversion", "Started ")]), State::UnderWay),
            (
                json!([
                    event("Conversion", "Started"),
                    event("conversion", "Completed")
                ]),
                State::Completed,
            ),
            (json!([event("Conversion", "Failed")]), State::Failed),
            // People keep their old licenses; the seats have moved all the same.
            (
                json!([
                    event("Conversion", "Completed"),
                    event("LicenseReassignment", "Failed")
                ]),
                State::Completed,
            ),
        ] {
            let body = json!({"Events": events}).to_string();
            let transition = Resource::read(body.as_bytes()).unwrap();
            assert_eq!(state(&transition), expected, "{body}");
        }
    }
}
