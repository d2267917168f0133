//! The broker's JSON, as the 2.17 specification writes it; unknown fields are ignored, as it asks.

use std::collections::BTreeMap;

use domain::money::Currency;
use domain::offer::form::{Asked, Schema};
use domain::provisioning::{Failure, Request, Verb};
use domain::text::Invalid;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::http::{Secrets, clean};
use crate::{CatalogEntry, Cost};

/// The body of `PUT /v2/service_instances/{id}`. Built from the request alone: a repeat is identical.
pub(super) fn provision(request: &Request) -> Value {
    json!({
        "service_id": request.product,
        "plan_id": request.plan,
        "organization_guid": request.organization.0.to_string(),
        "space_guid": request.line.0.to_string(),
        "context": context(request),
        "parameters": parameters(request),
    })
}

/// The body of `PATCH /v2/service_instances/{id}`; totals, not differences. Without a `plan_id` the
/// plan stays. The previous `space_id` is left out: it was the line of the purchase.
pub(super) fn update(request: &Request) -> Value {
    let mut body = json!({
        "service_id": request.product,
        "context": context(request),
        "parameters": changes(request),
        "previous_values": {
            "service_id": request.product,
            "plan_id": request.plan,
            "organization_id": request.organization.0.to_string(),
        },
    });
    if let Verb::Plan { plan, .. } = &request.verb {
        body["plan_id"] = json!(plan);
    }
    body
}

fn context(request: &Request) -> Value {
    json!({
        "platform": "seatwright",
        "organization": request.organization_slug,
        "order": request.order,
        "line": request.line,
    })
}

fn parameters(request: &Request) -> Value {
    let mut parameters: Map<String, Value> = request.parameters.clone();
    parameters.extend(asked(&request.verb));
    if let Some(contact) = &request.contact {
        parameters.insert("contact".into(), json!(contact));
    }
    if let Some(tenant) = &request.tenant {
        parameters.insert("tenant".into(), json!(tenant));
    }
    Value::Object(parameters)
}

/// What an update asks for, and what was put right since the broker refused it. Nothing else: the specification
/// wants no parameter that nobody asked to change, as its owner may have changed it at the vendor since, and a
/// plan's schema of updates may not know it.
fn changes(request: &Request) -> Value {
    let corrected = &request.corrected;
    let mut parameters = request.parameters.clone();
    parameters.retain(|name, _| corrected.contains(&format!("/parameters/{name}")));
    parameters.extend(asked(&request.verb));
    let of_contact = |field: &String| field.starts_with("/contact/");
    if corrected.iter().any(of_contact) {
        parameters.insert("contact".into(), json!(request.contact));
    }
    if corrected.contains("/tenant") {
        parameters.insert("tenant".into(), json!(request.tenant));
    }
    Value::Object(parameters)
}

/// The parameters that are the wish itself.
fn asked(verb: &Verb) -> Vec<(String, Value)> {
    match verb {
        Verb::Purchase { quantity } | Verb::Quantity { to: quantity, .. } => {
            vec![("quantity".into(), json!(quantity))]
        }
        Verb::Suspend => vec![("suspended".into(), json!(true))],
        Verb::Reactivate => vec![("suspended".into(), json!(false))],
        Verb::Plan { cadence, .. } => vec![
            ("term_months".into(), json!(cadence.term_months)),
            ("cycle_months".into(), json!(cadence.cycle_months)),
        ],
        Verb::Addon { plan, to, .. } => vec![("addons".into(), json!({ plan: to }))],
        Verb::AutoRenewal { on } => vec![("auto_renew".into(), json!(on))],
        Verb::Configure { field, value } => vec![(field.clone(), value.clone())],
        Verb::Cancel | Verb::MovePart { .. } => Vec::new(),
    }
}

/// Which product and plan an instance is of, for the calls that have no body.
pub(super) fn hints(request: &Request) -> Vec<(&'static str, String)> {
    vec![
        ("service_id", request.product.clone()),
        ("plan_id", request.plan.clone()),
    ]
}

/// 202's body.
#[derive(Debug, Deserialize)]
pub(super) struct Accepted {
    #[serde(default)]
    pub(super) operation: Option<String>,
}

/// `last_operation`'s body.
#[derive(Debug, Deserialize)]
pub(super) struct Progress {
    pub(super) state: State,
    #[serde(default)]
    pub(super) description: Option<String>,
}

/// What `GET /v2/service_instances/{id}` tells of an instance, where the broker has it.
#[derive(Debug, Deserialize)]
pub(super) struct Fetched {
    #[serde(default)]
    pub(super) plan_id: Option<String>,
    #[serde(default)]
    pub(super) parameters: Map<String, Value>,
}

impl Fetched {
    /// Whether the instance is as the verb wants it: `Some(false)` only when it is as it was before,
    /// `None` when the broker's words prove neither.
    pub(super) fn has_become(&self, verb: &Verb) -> Option<bool> {
        let quantity = self.parameters.get("quantity").and_then(Value::as_u64);
        let suspended = self.parameters.get("suspended").and_then(Value::as_bool);
        match verb {
            Verb::Quantity { from, to } => match quantity? {
                found if found == u64::from(*to) => Some(true),
                found if found == u64::from(*from) => Some(false),
                _ => None,
            },
            Verb::Suspend => suspended,
            Verb::Reactivate => suspended.map(|is_suspended| !is_suspended),
            Verb::Plan { plan, cadence, .. } => {
                let months = |name| self.parameters.get(name).and_then(Value::as_u64);
                let has_cadence = months("term_months")? == u64::from(cadence.term_months)
                    && months("cycle_months")? == u64::from(cadence.cycle_months);
                Some(self.plan_id.as_ref()? == plan && has_cadence)
            }
            Verb::Addon { plan, from, to, .. } => {
                let found = self.parameters.get("addons")?.get(plan);
                match found.map_or(Some(0), Value::as_u64)? {
                    found if found == u64::from(*to) => Some(true),
                    found if found == u64::from(*from) => Some(false),
                    _ => None,
                }
            }
            Verb::AutoRenewal { on } => Some(self.parameters.get("auto_renew")?.as_bool()? == *on),
            Verb::Configure { field, value } => Some(self.parameters.get(field)? == value),
            // It is there: neither bought by this request nor canceled.
            Verb::Purchase { .. } | Verb::MovePart { .. } => None,
            Verb::Cancel => Some(false),
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) enum State {
    #[serde(rename = "in progress")]
    InProgress,
    #[serde(rename = "succeeded")]
    Succeeded,
    #[serde(rename = "failed")]
    Failed,
}

/// An error's body. At least one of the two makes it the broker's own and not a proxy's.
#[derive(Debug, Deserialize)]
pub(super) struct BrokerError {
    #[serde(default)]
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
}

impl BrokerError {
    /// The refusal in the vendor's words, bounded, without control characters and without our secrets.
    pub(super) fn failure(&self, status: u16, secrets: &Secrets) -> Failure {
        let clean = |text: &str| clean(&secrets.scrub(text));
        let code = self.error.as_deref().map(clean);
        let message = self
            .description
            .as_deref()
            .or(self.error.as_deref())
            .map(clean);
        Failure {
            field: code
                .as_deref()
                .and_then(field_to_correct)
                .map(str::to_owned),
            code: code.unwrap_or_else(|| format!("HTTP{status}")),
            message: message.unwrap_or_else(|| "The vendor gave no reason".into()),
        }
    }
}

/// The field of the line that a known code blames.
fn field_to_correct(code: &str) -> Option<&'static str> {
    match code {
        "InvalidEmail" => Some("/contact/email"),
        "QuantityAboveMaximum" => Some("/quantity"),
        "RegionUnavailable" => Some("/parameters/region"),
        _ => None,
    }
}

/// The catalog.
#[derive(Debug, Deserialize)]
pub(super) struct Catalog {
    services: Vec<Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    id: String,
    name: String,
    plans: Vec<Plan>,
}

#[derive(Debug, Deserialize)]
struct Plan {
    id: String,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    schemas: Option<Schemas>,
}

/// What a plan's instances take; those of bindings are nothing to us.
#[derive(Debug, Default, Deserialize)]
struct Schemas {
    #[serde(default)]
    service_instance: Option<InstanceSchemas>,
}

#[derive(Debug, Deserialize)]
struct InstanceSchemas {
    #[serde(default)]
    create: Option<Parameters>,
    #[serde(default)]
    update: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    #[serde(default)]
    parameters: Option<Written>,
}

/// One plan with a schema that is none does not make the catalog unreadable.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Written {
    Schema(Schema),
    Other(IgnoredAny),
}

impl Schemas {
    /// What is asked at a purchase and for a change; nothing where there is no schema.
    fn asked(self) -> Result<Asked, Invalid> {
        let Some(InstanceSchemas { create, update }) = self.service_instance else {
            return Ok(Asked::default());
        };
        let schema = |of: Option<Parameters>| of.and_then(|parameters| parameters.parameters);
        let mut asked = match schema(create) {
            None => Asked::default(),
            Some(written) => written
                .schema("create")
                .and_then(Schema::of_vendor)
                .map_err(|reason| Invalid(clean(&reason.0)))?,
        };
        if let Some(written) = schema(update) {
            asked = asked.and_changes(written.schema("update"));
        }
        asked.told = asked.told.iter().map(|words| clean(words)).collect();
        Ok(asked)
    }
}

impl Written {
    fn schema(self, of: &str) -> Result<Schema, Invalid> {
        match self {
            Written::Schema(schema) => Ok(schema),
            Written::Other(_) => Err(Invalid(format!(
                "its schema of {of} parameters is no JSON Schema of an object"
            ))),
        }
    }
}

/// What the specification's "catalog metadata conventions" put beside a plan.
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    costs: Vec<WireCost>,
    /// Not of the conventions: most units in one line.
    #[serde(default)]
    maximum: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct WireCost {
    amount: BTreeMap<String, serde_json::Number>,
    unit: String,
}

impl WireCost {
    /// One cost a currency; units and currencies that we don't know are left out.
    fn read(&self) -> Vec<Cost> {
        let months = match self.unit.to_uppercase().as_str() {
            "MONTHLY" => 1,
            "YEARLY" => 12,
            _ => return Vec::new(),
        };
        let cost = |(code, amount): (&String, &serde_json::Number)| {
            let amount: Decimal = amount.to_string().parse().ok()?;
            let currency = Currency::parse(&code.to_uppercase()).ok()?;
            let is_sane = !amount.is_sign_negative() && amount.scale() <= 6;
            is_sane.then_some(Cost {
                months,
                currency,
                amount,
            })
        };
        self.amount.iter().filter_map(cost).collect()
    }
}

impl Catalog {
    pub(super) fn entries(self) -> Vec<CatalogEntry> {
        let plans = |service: Service| {
            let (product, product_name) = (service.id, clean(&service.name));
            service.plans.into_iter().map(move |plan| CatalogEntry {
                product: product.clone(),
                product_name: product_name.clone(),
                plan: plan.id,
                plan_name: clean(&plan.name),
                description: clean(&plan.description),
                maximum: plan.metadata.maximum,
                costs: plan
                    .metadata
                    .costs
                    .iter()
                    .flat_map(WireCost::read)
                    .collect(),
                asked: Some(plan.schemas.unwrap_or_default().asked()),
            })
        };
        self.services.into_iter().flat_map(plans).collect()
    }
}
