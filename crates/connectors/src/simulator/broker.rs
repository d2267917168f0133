//! The simulator's Open Service Broker face.

use std::collections::HashMap;

use axum::extract::{Path, Query, State as Shared};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::call::{Call, Said, problem};
use super::catalog;
use super::fault::Action;
use super::ledger::{Booking, Kind, State, Step, key};
use super::{Simulator, World};

/// A vendor that answers at once; the others take this many polls.
const SYNCHRONOUS: &str = "cirrus";
const POLLS: u32 = 2;

pub(super) fn router() -> Router<Simulator> {
    let instance = put(provision).patch(update).delete(deprovision).get(fetch);
    Router::new()
        .route("/osb/{vendor}/v2/catalog", get(list))
        .route("/osb/{vendor}/v2/service_instances/{instance}", instance)
        .route(
            "/osb/{vendor}/v2/service_instances/{instance}/last_operation",
            get(last_operation),
        )
}

type Names = HashMap<String, String>;

async fn list(
    Shared(simulator): Shared<Simulator>,
    Path(vendor): Path<String>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: "",
        operation: "catalog",
    };
    call.run(&simulator, &headers, |_, _| {
        (200, catalog::listing(&vendor))
    })
    .await
}

async fn provision(
    Shared(simulator): Shared<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<Names>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "provision",
    };
    let identity = headers.get("x-broker-api-request-identity");
    let identity = identity.and_then(|key| key.to_str().ok()).unwrap_or("");
    call.run(&simulator, &headers, |world, fault| {
        if world.ledger.was_used(&vendor, &instance) {
            return repeat(world, &vendor, &instance, &body);
        }
        let (product, plan) = (text(&body["service_id"]), text(&body["plan_id"]));
        if let Some(refused) = refuse(&vendor, &product, &plan, &body["parameters"]) {
            return refused;
        }
        let underway = match way(&vendor, &query, fault) {
            Ok(underway) => underway,
            Err(refused) => return refused,
        };
        world.ledger.book(Booking {
            number: 0,
            vendor: vendor.clone(),
            instance: instance.clone(),
            product,
            plan,
            quantity: body["parameters"]["quantity"].as_u64().unwrap_or(0),
            context: body["context"].clone(),
            key: identity.to_owned(),
            state: State::Active,
            terms: Map::new(),
            wanted: body.clone(),
        });
        begin(
            world,
            key(&vendor, &instance),
            Kind::Provision,
            underway,
            201,
        )
    })
    .await
}

/// The same wish again is no second booking; another wish under the same id is refused.
fn repeat(world: &mut World, vendor: &str, instance: &str, body: &Value) -> Said {
    let underway = world.ledger.operations.get(&key(vendor, instance));
    let underway = underway.map(|operation| operation.name.clone());
    match (world.ledger.find(vendor, instance), underway) {
        (Some(booking), _) if booking.wanted != *body => (409, json!({})),
        (Some(_), Some(operation)) => (202, json!({ "operation": operation })),
        (Some(_), None) => (200, json!({})),
        (None, _) => problem(409, "InstanceGone", "Instance ids are not used again"),
    }
}

/// What a real vendor would say no to.
fn refuse(vendor: &str, product: &str, plan: &str, parameters: &Value) -> Option<Said> {
    let email = parameters["contact"]["email"].as_str().unwrap_or_default();
    let Some(maximum) = catalog::maximum(vendor, product, plan) else {
        let words = "This product or plan is not sold";
        return Some(problem(400, "UnknownPlan", words));
    };
    if parameters["quantity"].as_u64().is_some_and(|n| n > maximum) {
        let words = format!("At most {maximum} licenses can be bought");
        return Some(problem(400, "QuantityAboveMaximum", &words));
    }
    if email.ends_with("@invalid.example") {
        let words = "The customer's e-mail address is not valid";
        return Some(problem(400, "InvalidEmail", words));
    }
    if parameters["region"] == "atlantis" {
        let words = "The region atlantis is not available";
        return Some(problem(422, "RegionUnavailable", words));
    }
    None
}

/// How work is done: at once (`None`), or after some polls and perhaps in vain.
type Underway = Option<(Option<u32>, Option<String>)>;

fn way(vendor: &str, query: &Names, fault: Option<&Action>) -> Result<Underway, Said> {
    let underway = match fault {
        Some(Action::Async { polls }) => (*polls, None),
        Some(Action::FailAsync { polls, description }) => (Some(*polls), Some(description.clone())),
        _ if vendor == SYNCHRONOUS => return Ok(None),
        _ => (Some(POLLS), None),
    };
    if query.get("accepts_incomplete").map(String::as_str) == Some("true") {
        return Ok(Some(underway));
    }
    let words = "This vendor needs accepts_incomplete=true";
    Err(problem(422, "AsyncRequired", words))
}

fn begin(world: &mut World, at: String, kind: Kind, underway: Underway, done: u16) -> Said {
    match underway {
        None => (done, json!({})),
        Some((polls, failure)) => {
            let operation = world.ledger.start(at, kind, polls, failure);
            (202, json!({ "operation": operation }))
        }
    }
}

async fn update(
    Shared(simulator): Shared<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<Names>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "update",
    };
    call.run(&simulator, &headers, |world, fault| {
        let at = key(&vendor, &instance);
        // Being asked is how time passes here: a client that was turned away gets its turn.
        if world.ledger.operations.contains_key(&at)
            && world.ledger.advance(&at) == Step::InProgress
        {
            let words = "Another operation is in progress";
            return problem(422, "ConcurrencyError", words);
        }
        let underway = match way(&vendor, &query, fault) {
            Ok(underway) => underway,
            Err(refused) => return refused,
        };
        let Some(booking) = world.ledger.find(&vendor, &instance) else {
            return problem(400, "UnknownInstance", "There is no such subscription");
        };
        let parameters = &body["parameters"];
        if let Some(refused) = refuse(&vendor, &booking.product, &booking.plan, parameters) {
            return refused;
        }
        if catalog::is_fixed(&booking.plan, parameters) {
            let words = "This can't be changed any more";
            return problem(400, "ParameterFixed", words);
        }
        let plan = text(&body["plan_id"]);
        if !plan.is_empty() && catalog::maximum(&vendor, &booking.product, &plan).is_none() {
            return problem(400, "UnknownPlan", "This product or plan is not sold");
        }
        let before = change(booking, &plan, parameters);
        world.ledger.keep();
        begin(world, at, before, underway, 200)
    })
    .await
}

/// Makes the change, and tells what was there before.
fn change(booking: &mut Booking, plan: &str, parameters: &Value) -> Kind {
    let before = Kind::Update {
        before: Box::new(booking.clone()),
    };
    if !plan.is_empty() {
        plan.clone_into(&mut booking.plan);
    }
    for (name, value) in parameters.as_object().into_iter().flatten() {
        match (name.as_str(), booking.terms.get_mut(name), value) {
            ("quantity" | "suspended" | "contact" | "tenant", _, _) => {}
            // Each add-on by itself: what is not named stays.
            ("addons", Some(Value::Object(known)), Value::Object(told)) => {
                known.extend(told.clone());
            }
            _ => drop(booking.terms.insert(name.clone(), value.clone())),
        }
    }
    if let Some(quantity) = parameters["quantity"].as_u64() {
        booking.quantity = quantity;
    }
    match parameters["suspended"].as_bool() {
        Some(true) => booking.state = State::Suspended,
        Some(false) => booking.state = State::Active,
        None => {}
    }
    before
}

async fn deprovision(
    Shared(simulator): Shared<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<Names>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "deprovision",
    };
    call.run(&simulator, &headers, |world, fault| {
        let at = key(&vendor, &instance);
        match world.ledger.operations.get(&at) {
            Some(operation) if operation.kind == Kind::Deprovision => {
                return (202, json!({ "operation": operation.name }));
            }
            // A deletion overtakes whatever else is under way.
            Some(_) => drop(world.ledger.operations.remove(&at)),
            None => {}
        }
        let underway = match way(&vendor, &query, fault) {
            Ok(underway) => underway,
            Err(refused) => return refused,
        };
        let Some(booking) = world.ledger.find(&vendor, &instance) else {
            return (410, json!({}));
        };
        if underway.is_none() {
            booking.state = State::Deleted;
            world.ledger.keep();
        }
        begin(world, at, Kind::Deprovision, underway, 200)
    })
    .await
}

async fn fetch(
    Shared(simulator): Shared<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "fetch",
    };
    call.run(&simulator, &headers, |world, _| {
        let operation = world.ledger.operations.get(&key(&vendor, &instance));
        let kind = operation.map(|operation| operation.kind.clone());
        match (world.ledger.find(&vendor, &instance), kind) {
            (None, _) | (_, Some(Kind::Provision)) => (404, json!({})),
            (_, Some(Kind::Update { .. })) => {
                problem(422, "ConcurrencyError", "An update is in progress")
            }
            (Some(booking), Some(Kind::Deprovision) | None) => {
                let mut parameters = booking.terms.clone();
                if let Some(tenant) = booking.wanted["parameters"].get("tenant") {
                    let known = parameters.entry("tenant");
                    known.or_insert_with(|| tenant.clone());
                }
                parameters.insert("quantity".into(), json!(booking.quantity));
                let is_suspended = booking.state == State::Suspended;
                parameters.insert("suspended".into(), json!(is_suspended));
                let (product, plan) = (&booking.product, &booking.plan);
                let told =
                    json!({ "service_id": product, "plan_id": plan, "parameters": parameters });
                (200, told)
            }
        }
    })
    .await
}

async fn last_operation(
    Shared(simulator): Shared<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<Names>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "last_operation",
    };
    call.run(&simulator, &headers, |world, _| {
        let at = key(&vendor, &instance);
        let current = world.ledger.operations.get(&at);
        let asked = query.get("operation");
        if current.is_some_and(|current| asked.is_some_and(|asked| *asked != current.name)) {
            return problem(400, "UnknownOperation", "There is no such operation");
        }
        match world.ledger.advance(&at) {
            Step::InProgress => (200, json!({ "state": "in progress" })),
            Step::Succeeded => (200, json!({ "state": "succeeded" })),
            Step::Gone => (410, json!({})),
            Step::Failed(words) => (200, json!({ "state": "failed", "description": words })),
        }
    })
    .await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
