//! Open Service Broker API 2.17, complete for instances. A subscription is an instance whose id is the
//! key of its purchase, so the specification itself makes each call safe to repeat.

mod answer;
mod clearing;
mod http;
mod inventory;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use domain::price::refund::WINDOW;
use domain::provisioning::{Abilities, Doubt, Failure, Fault, Outcome, RepeatClass, Request, Verb};
use domain::reconciliation::Reach;
use reqwest::Method;

use self::answer::{Answer, Asked};
use self::clearing::Clearing;
use self::http::Http;
use crate::{CatalogEntry, Connector};

/// After so many checks that the broker answered with an error of its own, a doubtful purchase is
/// taken back (orphan mitigation): only that proves that nothing is left.
const CHECKS_BEFORE_CLEARING: u32 = 6;

/// A broker.
pub struct OpenServiceBroker {
    http: Http,
}

impl OpenServiceBroker {
    /// Prepares a client; nothing is called yet. Fails when the address is not an http(s) URL.
    pub fn new(url: &str, username: &str, password: &str) -> Result<Self, Fault> {
        let http = Http::new(url, username, password)?;
        Ok(OpenServiceBroker { http })
    }

    /// The same broker with another deadline for a whole call.
    pub fn within(self, deadline: Duration) -> Self {
        OpenServiceBroker {
            http: self.http.within(deadline),
        }
    }

    async fn ask(&self, asked: Asked, request: &Request) -> Result<Answer, Fault> {
        let (method, body) = match asked {
            Asked::Create => (Method::PUT, Some(wire::provision(request))),
            Asked::Update => (Method::PATCH, Some(wire::update(request))),
            Asked::Delete => (Method::DELETE, None),
        };
        let mut query = match asked {
            Asked::Create | Asked::Update => Vec::new(),
            Asked::Delete => wire::hints(request),
        };
        query.push(("accepts_incomplete", "true".into()));
        self.http
            .send(method, &path(request), &query, body.as_ref(), Some(request))
            .await
    }

    async fn last_operation(
        &self,
        request: &Request,
        operation: Option<&str>,
    ) -> Result<Answer, Fault> {
        let mut query = wire::hints(request);
        query.extend(operation.map(|operation| ("operation", operation.to_owned())));
        let path = format!("{}/last_operation", path(request));
        self.http
            .send(Method::GET, &path, &query, None, Some(request))
            .await
    }

    /// Deletes what a purchase may have left. `Refused` with what the vendor said once nothing is.
    async fn take_back(&self, request: &Request, said: Failure) -> Result<Outcome, Fault> {
        let answer = self.ask(Asked::Delete, request).await?;
        match answer::decide(Asked::Delete, &answer, request)? {
            Outcome::Done { .. } => Ok(Outcome::Refused(said)),
            Outcome::Accepted {
                operation,
                retry_after,
            } => Ok(Outcome::Accepted {
                operation: Some(Clearing { operation, said }.write()),
                retry_after,
            }),
            Outcome::Refused(_) => Err(answer.lost("the broker refuses to delete an orphan")),
        }
    }

    /// A deletion of an orphan that failed is asked for again, until it succeeds.
    async fn poll_clearing(&self, request: &Request, clearing: Clearing) -> Result<Outcome, Fault> {
        let answer = self
            .last_operation(request, clearing.operation.as_deref())
            .await?;
        match answer::progress(Asked::Delete, &answer, request, Some(&clearing.write()))? {
            Outcome::Done { .. } => Ok(Outcome::Refused(clearing.said)),
            Outcome::Refused(_) => self.take_back(request, clearing.said).await,
            still @ Outcome::Accepted { .. } => Ok(still),
        }
    }

    /// A refused repeat says nothing about the first request, which may have been carried out: a
    /// purchase is taken back, anything else is looked up.
    async fn prove(
        &self,
        request: &Request,
        said: Failure,
        answer: &Answer,
    ) -> Result<Outcome, Fault> {
        if Asked::by(&request.verb) == Asked::Create {
            return self.take_back(request, said).await;
        }
        let found = self
            .http
            .send(
                Method::GET,
                &path(request),
                &wire::hints(request),
                None,
                Some(request),
            )
            .await?;
        let fetched = match found.status {
            200 => found.read::<wire::Fetched>(),
            _ => None,
        };
        match fetched.and_then(|fetched| fetched.has_become(&request.verb)) {
            Some(true) => Ok(Outcome::Done {
                vendor_reference: request.subscription_key.to_string(),
            }),
            Some(false) => Ok(Outcome::Refused(said)),
            None => Err(answer.lost("a refused repeat, and no proof that nothing was changed")),
        }
    }
}

/// What a broker can do by the specification; of the two kinds, those with tenants take licenses back.
pub(crate) fn abilities(has_tenants: bool) -> Abilities {
    Abilities {
        is_manual: false,
        has_tenants,
        is_single: false,
        is_open_ended: false,
        // Of the two kinds behind this face, only the one with tenants takes anything back.
        cancellation_window: has_tenants.then_some(WINDOW),
        // A vendor that takes licenses back suspends none (`reference.md` 6.2).
        can_suspend: !has_tenants,
        can_change_plan: true,
        can_upgrade: true,
        // `service_id` can't be updated, and an instance can't be divided.
        upgrades_within_product: true,
        can_upgrade_part: false,
        can_configure: true,
        reach: Reach::Known,
    }
}

#[async_trait]
impl Connector for OpenServiceBroker {
    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match verb {
            Verb::Purchase { .. } | Verb::Cancel => RepeatClass::Keyed,
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Plan { .. }
            | Verb::Addon { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => RepeatClass::Absolute,
            // Never sent.
            Verb::MovePart { .. } => RepeatClass::Once,
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        if let Verb::MovePart { .. } = request.verb {
            return Ok(Outcome::Refused(indivisible()));
        }
        let asked = Asked::by(&request.verb);
        let answer = self.ask(asked, request).await?;
        answer::decide(asked, &answer, request)
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        if let Some(clearing) = operation.and_then(Clearing::read) {
            return self.poll_clearing(request, clearing).await;
        }
        let answer = self.last_operation(request, operation).await?;
        answer::progress(Asked::by(&request.verb), &answer, request, operation)
    }

    async fn settle(&self, request: &Request, doubt: &Doubt) -> Result<Outcome, Fault> {
        let asked = Asked::by(&request.verb);
        let answer = self.ask(asked, request).await?;
        if asked == Asked::Create && answer.status == 409 {
            // Our own bytes under our own id can't conflict with themselves: a person must look.
            return Err(answer.lost("the instance id is in use with other attributes"));
        }
        let is_stuck = asked == Asked::Create
            && doubt.checks >= CHECKS_BEFORE_CLEARING
            && answer.status >= 500;
        if let Some(error) = answer.error().filter(|_| is_stuck) {
            return self.take_back(request, answer.refusal(&error)).await;
        }
        match answer::decide(asked, &answer, request)? {
            Outcome::Refused(said) => self.prove(request, said, &answer).await,
            outcome @ (Outcome::Done { .. } | Outcome::Accepted { .. }) => Ok(outcome),
        }
    }

    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        if Asked::by(&request.verb) != Asked::Create {
            // Only a purchase leaves orphans: to clear a failed change would end the subscription.
            return Ok(Outcome::Done {
                vendor_reference: request.subscription_key.to_string(),
            });
        }
        match self.take_back(request, taken_back()).await? {
            Outcome::Refused(_) => Ok(Outcome::Done {
                vendor_reference: request.subscription_key.to_string(),
            }),
            outcome @ (Outcome::Done { .. } | Outcome::Accepted { .. }) => Ok(outcome),
        }
    }

    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let answer = self
            .http
            .send(Method::GET, "/v2/catalog", &[], None, None)
            .await?;
        answer::misconfigured(&answer)?;
        match (answer.status, answer.read::<wire::Catalog>()) {
            (200, Some(catalog)) => Ok(catalog.entries()),
            _ => Err(answer.lost("no catalog")),
        }
    }
}

fn path(request: &Request) -> String {
    format!("/v2/service_instances/{}", request.subscription_key)
}

fn indivisible() -> Failure {
    Failure {
        code: "NotSupported".into(),
        message: "This vendor moves all licenses of a subscription or none; nothing was sent"
            .into(),
        field: Some("/upgrade/seats".into()),
    }
}

fn taken_back() -> Failure {
    Failure {
        code: "TakenBack".into(),
        message: "The vendor could not finish the purchase; it was taken back".into(),
        field: None,
    }
}
