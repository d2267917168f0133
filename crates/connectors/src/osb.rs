//! Open Service Broker API 2.17, complete for instances. A subscription is an instance whose id is the
//! key of its purchase, so the specification itself makes each call safe to repeat.

mod answer;
mod http;
mod wire;

use async_trait::async_trait;
use domain::provisioning::{Doubt, Failure, Fault, Outcome, RepeatClass, Request, Verb};
use reqwest::Method;

use self::answer::{Answer, Asked};
use self::http::Http;
use crate::{Abilities, CatalogEntry, Connector};

/// After so many checks that the broker answered with an error of its own, a doubtful purchase is
/// taken back (orphan mitigation): only that proves that nothing is left.
const CHECKS_BEFORE_CLEARING: u32 = 6;
/// Marks an operation as the removal of an orphan; what follows is the broker's own string.
const CLEARING: &str = "clearing:";

/// A broker.
pub struct OpenServiceBroker {
    http: Http,
    has_tenants: bool,
}

impl OpenServiceBroker {
    /// Prepares a client; nothing is called yet. Fails when the address is not an http(s) URL.
    pub fn new(
        url: &str,
        username: &str,
        password: &str,
        has_tenants: bool,
    ) -> Result<Self, Fault> {
        Ok(OpenServiceBroker {
            http: Http::new(url, username, password)?,
            has_tenants,
        })
    }

    async fn call(&self, request: &Request, asked: Asked) -> Result<Answer, Fault> {
        let path = format!("/v2/service_instances/{}", request.subscription_key);
        let query = match asked {
            Asked::Delete => wire::query(request, None),
            Asked::Create | Asked::Update => vec![("accepts_incomplete", "true".into())],
        };
        let (method, body) = match asked {
            Asked::Create => (Method::PUT, Some(wire::provision(request))),
            Asked::Update => (Method::PATCH, Some(wire::update(request))),
            Asked::Delete => (Method::DELETE, None),
        };
        self.http
            .send(method, &path, &query, body.as_ref(), Some(request))
            .await
    }

    async fn ask(&self, request: &Request) -> Result<(Answer, Asked), Fault> {
        let asked = Asked::by(&request.verb);
        Ok((self.call(request, asked).await?, asked))
    }
}

#[async_trait]
impl Connector for OpenServiceBroker {
    fn abilities(&self) -> Abilities {
        Abilities {
            is_manual: false,
            has_tenants: self.has_tenants,
        }
    }

    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match verb {
            Verb::Purchase { .. } | Verb::Cancel => RepeatClass::Keyed,
            Verb::Quantity { .. } | Verb::Suspend | Verb::Reactivate => RepeatClass::Absolute,
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        let (answer, asked) = self.ask(request).await?;
        answer::decide(asked, &answer, request)
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        let clearing = operation.and_then(|operation| operation.strip_prefix(CLEARING));
        let asked = if clearing.is_some() {
            Asked::Delete
        } else {
            Asked::by(&request.verb)
        };
        let path = format!(
            "/v2/service_instances/{}/last_operation",
            request.subscription_key
        );
        let query = wire::query(
            request,
            clearing.or(operation).filter(|text| !text.is_empty()),
        );
        let answer = self
            .http
            .send(Method::GET, &path, &query, None, Some(request))
            .await?;
        let outcome = answer::progress(asked, &answer, request, operation)?;
        Ok(match (clearing, outcome) {
            (Some(_), Outcome::Done { .. }) => Outcome::Refused(taken_back()),
            (_, outcome) => outcome,
        })
    }

    async fn settle(&self, request: &Request, doubt: &Doubt) -> Result<Outcome, Fault> {
        let (answer, asked) = self.ask(request).await?;
        if asked == Asked::Create && answer.status == 409 {
            // Our own bytes under our own id can't conflict with themselves: a person must look.
            return Err(answer.lost("409: the instance id is in use with other attributes"));
        }
        let is_stuck = asked == Asked::Create
            && doubt.checks >= CHECKS_BEFORE_CLEARING
            && answer.status >= 500
            && answer.error().is_some();
        if !is_stuck {
            return answer::decide(asked, &answer, request);
        }
        let said = answer
            .error()
            .map_or_else(taken_back, |error| error.failure(answer.status));
        match self.clear(request).await? {
            Outcome::Done { .. } => Ok(Outcome::Refused(said)),
            outcome @ (Outcome::Accepted { .. } | Outcome::Refused(_)) => Ok(outcome),
        }
    }

    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        let answer = self.call(request, Asked::Delete).await?;
        match answer::decide(Asked::Delete, &answer, request)? {
            Outcome::Accepted {
                operation,
                retry_after,
            } => {
                let operation = Some(format!("{CLEARING}{}", operation.unwrap_or_default()));
                Ok(Outcome::Accepted {
                    operation,
                    retry_after,
                })
            }
            Outcome::Refused(_) => Err(answer.lost("the broker refuses to delete an orphan")),
            done @ Outcome::Done { .. } => Ok(done),
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

fn taken_back() -> Failure {
    Failure {
        code: "TakenBack".into(),
        message: "The vendor could not finish the purchase; it was taken back".into(),
        field: None,
    }
}
