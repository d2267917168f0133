//! The broker's JSON, as the 2.17 specification writes it; unknown fields are ignored, as it asks.

use domain::provisioning::{Failure, Request, Verb};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::CatalogEntry;

/// Longest text of a vendor that is kept.
const TEXT_MAX: usize = 500;

/// The body of `PUT /v2/service_instances/{id}`. Built from the request alone: a repeat is identical.
pub(super) fn provision(request: &Request) -> Value {
    json!({
        "service_id": request.product,
        "plan_id": request.plan,
        "organization_guid": request.organization.0.to_string(),
        "space_guid": request.organization.0.to_string(),
        "context": context(request),
        "parameters": parameters(request),
    })
}

/// The body of `PATCH /v2/service_instances/{id}`; totals, not differences.
pub(super) fn update(request: &Request) -> Value {
    json!({
        "service_id": request.product,
        "context": context(request),
        "parameters": parameters(request),
    })
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
    match &request.verb {
        Verb::Purchase { quantity } | Verb::Quantity { to: quantity, .. } => {
            parameters.insert("quantity".into(), json!(quantity));
        }
        Verb::Suspend => drop(parameters.insert("suspended".into(), json!(true))),
        Verb::Reactivate => drop(parameters.insert("suspended".into(), json!(false))),
        Verb::Cancel => {}
    }
    if let Some(contact) = &request.contact {
        parameters.insert("contact".into(), json!(contact));
    }
    if let Some(tenant) = &request.tenant {
        parameters.insert("tenant".into(), json!(tenant));
    }
    Value::Object(parameters)
}

/// The query of `DELETE` and of `last_operation`.
pub(super) fn query(request: &Request, operation: Option<&str>) -> Vec<(&'static str, String)> {
    let mut query = vec![
        ("service_id", request.product.clone()),
        ("plan_id", request.plan.clone()),
    ];
    match operation {
        Some(operation) => query.push(("operation", operation.to_owned())),
        None => query.push(("accepts_incomplete", "true".to_owned())),
    }
    query
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
    /// The refusal in the vendor's words, bounded and without control characters.
    pub(super) fn failure(&self, status: u16) -> Failure {
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
        _ => None,
    }
}

pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_MAX)
        .collect()
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
            })
        };
        self.services.into_iter().flat_map(plans).collect()
    }
}
