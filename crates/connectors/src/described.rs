//! A vendor whose HTTP API is described as data, so that it is attached without a line of Rust: which
//! call each verb is, how its answers are read, and how it may be repeated.

mod answer;
mod description;
mod look_up;
mod template;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::{LineId, OrganizationId, UserId};
use domain::offer::Cadence;
use domain::provisioning::{Abilities, Doubt, Failure, Fault, Outcome, RepeatClass, Request, Verb};
use domain::reconciliation::Reach;
use domain::text::{Contact, Email};
use reqwest::{Client, Url};
use serde_json::{Map, Value, json};

use self::answer::{Heard, decide};
pub use self::description::{Account, Call, Described, Means, Reading, Repeat};
pub use self::look_up::{LookUp, Price};
use self::template::{Made, Templates};
use crate::http::{self, Secrets, retry_after::retry_after};
use crate::{CatalogEntry, Connector};

/// From the first byte out to the last byte in; the engine holds a task for longer than that.
const DEADLINE: Duration = Duration::from_secs(20);
/// Entries of a catalog that are read at the most.
const ENTRIES_MAX: usize = 10_000;

/// A vendor by its description.
pub struct DescribedVendor {
    account: Account,
    client: Client,
    url: Url,
    secrets: Secrets,
    templates: Templates,
}

/// What the description says that the vendor can do.
pub(crate) fn abilities(account: &Account) -> Abilities {
    let has = |verb: &str| account.verbs.contains_key(verb);
    Abilities {
        is_manual: false,
        has_tenants: account.has_tenants,
        is_single: false,
        is_open_ended: false,
        cancellation_window: account
            .cancellation_window_hours
            .map(|hours| jiff::SignedDuration::from_hours(i64::from(hours))),
        can_suspend: has("suspend") && has("reactivate"),
        can_change_plan: has("plan"),
        can_upgrade: has("plan"),
        upgrades_within_product: true,
        can_upgrade_part: has("move_part"),
        can_configure: has("configure"),
        reach: match account.look_up {
            Some(_) => Reach::Known,
            None => Reach::Nothing,
        },
    }
}

impl DescribedVendor {
    /// Prepares a client; nothing is called yet. Fails when a template can't be read, or does not make a
    /// request of an example: what is stored has been tried.
    pub fn new(account: &Account) -> Result<Self, Fault> {
        let vendor = DescribedVendor {
            client: http::client()?,
            url: http::address(&account.url)?,
            secrets: Secrets::new(account.headers.values().cloned()),
            templates: Templates::new(),
            account: account.clone(),
        };
        vendor.rehearse()?;
        Ok(vendor)
    }

    /// Makes each request that is described of an example.
    fn rehearse(&self) -> Result<(), Fault> {
        for (name, described) in &self.account.verbs {
            let verb = example(name).ok_or_else(|| {
                http::misconfigured(&format!("/verbs/{name}: there is no such verb"))
            })?;
            described
                .check()
                .map_err(|words| http::misconfigured(&format!("/verbs/{name}: {words}")))?;
            let request = sample(verb);
            let calls = [Some(&described.call), described.find.as_ref()];
            for call in calls.into_iter().flatten() {
                self.make(call, &self.facts(&request, None))
                    .map_err(|words| http::misconfigured(&format!("/verbs/{name}: {words}")))?;
            }
        }
        if let Some(poll) = &self.account.poll {
            let facts = self.facts(&sample(Verb::Suspend), Some("operation"));
            self.make(poll, &facts)
                .map_err(|words| http::misconfigured(&format!("/poll: {words}")))?;
        }
        if let Some(look_up) = &self.account.look_up {
            let facts = look_up::facts("reference", "product", "plan");
            let made = look_up.check().map_err(str::to_owned);
            made.and_then(|()| self.make(&look_up.call, &facts))
                .map_err(|words| http::misconfigured(&format!("/look_up: {words}")))?;
        }
        Ok(())
    }

    fn make(&self, call: &Call, facts: &Value) -> Result<Made, String> {
        self.templates.make(call, facts)
    }

    /// What templates may speak of.
    fn facts(&self, request: &Request, operation: Option<&str>) -> Value {
        let mut verb = match serde_json::to_value(&request.verb) {
            Ok(Value::Object(verb)) => verb,
            _ => Map::new(),
        };
        let name = verb.remove("verb").unwrap_or_default();
        let contact = request.contact.as_ref().map(|contact| {
            json!({ "email": contact.email.to_string(), "name": contact.name,
                "surname": contact.surname })
        });
        json!({
            "key": request.key, "subscription_key": request.subscription_key,
            "vendor_reference": request.vendor_reference, "verb": name, "asked": verb,
            "quantity": request.verb.quantity_after(), "product": request.product,
            "plan": request.plan, "term_months": request.cadence.term_months,
            "cycle_months": request.cadence.cycle_months, "organization": request.organization_slug,
            "order": request.order, "line": request.line.to_string(),
            "actor": request.actor_email, "contact": contact, "tenant": request.tenant,
            "parameters": request.parameters, "operation": operation,
        })
    }

    async fn ask(
        &self,
        call: &Call,
        request: &Request,
        operation: Option<&str>,
    ) -> Result<Heard, Fault> {
        let facts = self.facts(request, operation);
        let heard = self.send(call, &facts).await?;
        decide(call, heard, &facts, &self.templates, &self.secrets)
    }

    /// Sends one call. What can't be made is not sent.
    async fn send(&self, call: &Call, facts: &Value) -> Result<answer::Raw, Fault> {
        let made = self
            .make(call, facts)
            .map_err(|reason| http::misconfigured(&format!("a request can't be made: {reason}")))?;
        let mut url = self.url.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}{}", made.path));
        url.set_query(made.query.as_deref());
        let mut sent = self.client.request(made.method, url).timeout(DEADLINE);
        for (name, value) in self.account.headers.iter().chain(&made.headers) {
            sent = sent.header(name, value);
        }
        if let Some(body) = &made.body {
            sent = sent.json(body);
        }
        let mut response = sent.send().await.map_err(|error| http::failed(&error))?;
        Ok(answer::Raw {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers()),
            body: http::body(&mut response).await?,
        })
    }

    fn described(&self, verb: &Verb) -> Option<&Described> {
        self.account.verbs.get(name(verb))
    }

    fn outcome(&self, heard: Heard, request: &Request) -> Result<Outcome, Fault> {
        match heard {
            Heard::Done { reference } => Ok(Outcome::Done {
                vendor_reference: reference
                    .or_else(|| request.vendor_reference.clone())
                    .unwrap_or_else(|| request.subscription_key.to_string()),
            }),
            Heard::Accepted {
                operation,
                retry_after,
            } => Ok(Outcome::Accepted {
                operation,
                retry_after,
            }),
            Heard::Refused(failure) => Ok(Outcome::Refused(failure)),
            Heard::Absent => Err(Fault::AnswerLost {
                evidence: "the vendor says that there is no such thing".into(),
                retry_after: None,
            }),
        }
    }
}

#[async_trait]
impl Connector for DescribedVendor {
    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match self.described(verb).map(|described| described.repeat) {
            Some(Repeat::Keyed) => RepeatClass::Keyed,
            Some(Repeat::Absolute) => RepeatClass::Absolute,
            Some(Repeat::Referenced) => RepeatClass::Referenced,
            Some(Repeat::Once) | None => RepeatClass::Once,
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        let Some(described) = self.described(&request.verb) else {
            return Ok(Outcome::Refused(Failure {
                code: "NotSupported".into(),
                message: "This vendor's description has no such change; nothing was sent".into(),
                field: None,
            }));
        };
        let heard = self.ask(&described.call, request, None).await?;
        self.outcome(heard, request)
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        let Some(poll) = &self.account.poll else {
            return Err(http::misconfigured(
                "the vendor accepts orders, and its description has no poll",
            ));
        };
        let heard = self.ask(poll, request, operation).await?;
        // A poll that gives no other operation is asked with the same again.
        match self.outcome(heard, request)? {
            Outcome::Accepted {
                operation: None,
                retry_after,
            } => Ok(Outcome::Accepted {
                operation: operation.map(str::to_owned),
                retry_after,
            }),
            outcome => Ok(outcome),
        }
    }

    async fn settle(&self, request: &Request, _: &Doubt) -> Result<Outcome, Fault> {
        let Some(described) = self.described(&request.verb) else {
            return self.submit(request).await;
        };
        let silent = || Fault::AnswerLost {
            evidence: "this vendor has no way to find out".into(),
            retry_after: None,
        };
        match (described.repeat, &described.find) {
            (Repeat::Keyed | Repeat::Absolute, None) => self.submit(request).await,
            (Repeat::Once, _) | (Repeat::Referenced, None) => Err(silent()),
            // Looked up first: only what is proven not to be there is sent again.
            (Repeat::Keyed | Repeat::Absolute | Repeat::Referenced, Some(find)) => {
                match self.ask(find, request, None).await? {
                    Heard::Absent => self.submit(request).await,
                    heard => self.outcome(heard, request),
                }
            }
        }
    }

    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        // What a refusal leaves behind is for the vendor to remove; no description says otherwise.
        Ok(Outcome::Done {
            vendor_reference: request.subscription_key.to_string(),
        })
    }

    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let Some(catalog) = &self.account.catalog else {
            return Err(http::misconfigured(
                "the description has no catalog; take offers over from a price sheet",
            ));
        };
        let raw = self.send(&catalog.call, &Value::Null).await?;
        let listed = match raw.status {
            200 => raw.json(),
            401 | 403 => return Err(http::misconfigured("the vendor refuses our headers")),
            _ => None,
        };
        let items = listed
            .as_ref()
            .and_then(|body| body.pointer(&catalog.items));
        let Some(items) = items.and_then(Value::as_array) else {
            return Err(Fault::AnswerLost {
                evidence: format!("{}: no catalog", raw.status),
                retry_after: raw.retry_after,
            });
        };
        let entries = items.iter().take(ENTRIES_MAX);
        Ok(entries.filter_map(|item| catalog.entry(item)).collect())
    }
}

/// The verb's name in descriptions.
fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Purchase { .. } => "purchase",
        Verb::Quantity { .. } => "quantity",
        Verb::Suspend => "suspend",
        Verb::Reactivate => "reactivate",
        Verb::Cancel => "cancel",
        Verb::Plan { .. } => "plan",
        Verb::MovePart { .. } => "move_part",
        Verb::Addon { .. } => "addon",
        Verb::AutoRenewal { .. } => "auto_renewal",
        Verb::Configure { .. } => "configure",
    }
}

/// Of the example that descriptions are tried with.
const CADENCE: Cadence = Cadence {
    term_months: 12,
    cycle_months: 1,
};

/// A verb of a name, to try a description with.
fn example(wanted: &str) -> Option<Verb> {
    let (product, plan) = ("product".to_owned(), "plan".to_owned());
    let cadence = CADENCE;
    let verbs = [
        Verb::Purchase { quantity: 2 },
        Verb::Quantity { from: 2, to: 3 },
        Verb::Suspend,
        Verb::Reactivate,
        Verb::Cancel,
        Verb::Plan {
            product: product.clone(),
            plan: plan.clone(),
            cadence,
        },
        Verb::MovePart {
            product: product.clone(),
            plan: plan.clone(),
            seats: 1,
            of: 2,
        },
        Verb::Addon {
            product,
            plan,
            from: 1,
            to: 2,
        },
        Verb::AutoRenewal { on: true },
        Verb::Configure {
            field: "field".into(),
            value: "value".into(),
        },
    ];
    verbs.into_iter().find(|verb| name(verb) == wanted)
}

fn sample(verb: Verb) -> Request {
    let nil = uuid::Uuid::nil();
    let contact = Email::parse("admin@customer.example").ok();
    Request {
        key: nil,
        subscription_key: nil,
        vendor_reference: Some("reference".into()),
        verb,
        product: "product".into(),
        plan: "plan".into(),
        cadence: CADENCE,
        organization: OrganizationId(nil),
        organization_slug: "customer".into(),
        order: 1,
        line: LineId(nil),
        actor: UserId(nil),
        actor_email: "person@customer.example".into(),
        contact: contact.map(|email| Contact {
            email,
            name: "Name".into(),
            surname: "Surname".into(),
        }),
        tenant: Some("customer.onmicrosoft.com".into()),
        parameters: Map::new(),
        corrected: BTreeSet::new(),
    }
}
