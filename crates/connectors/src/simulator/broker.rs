//! The simulator's Open Service Broker face.

use std::collections::HashMap;
use std::process::Command;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fault::{Action, KillPoint};
use super::ledger::{Booking, Operation, key};
use super::{CALLS_MAX, PASSWORD, Simulator, USERNAME, World};

/// Vendor → products → plans with their largest quantity.
const CATALOG: &[(&str, &str, &[(&str, u64)])] = &[
    (
        "microsoft",
        "microsoft-365",
        &[
            ("business-basic", 300),
            ("business-standard", 300),
            ("e3", 10_000),
            ("e5", 10_000),
        ],
    ),
    (
        "microsoft",
        "exchange-online",
        &[("plan-1", 10_000), ("plan-2", 10_000)],
    ),
    ("microsoft", "defender", &[("p1", 10_000)]),
    (
        "cirrus",
        "cirrus-backup",
        &[
            ("workstation", 1_000),
            ("server", 100),
            ("m365-backup", 5_000),
        ],
    ),
];
/// Vendors that answer at once; the others take this many polls.
const SYNCHRONOUS: &str = "cirrus";
const POLLS: u32 = 2;

pub(super) fn router() -> Router<Simulator> {
    let instance = put(provision).patch(update).delete(deprovision).get(fetch);
    Router::new()
        .route("/osb/{vendor}/v2/catalog", get(catalog))
        .route("/osb/{vendor}/v2/service_instances/{instance}", instance)
        .route(
            "/osb/{vendor}/v2/service_instances/{instance}/last_operation",
            get(last_operation),
        )
}

/// One call at the broker, from the door to the answer.
struct Call<'a> {
    vendor: &'a str,
    instance: &'a str,
    operation: &'a str,
}

impl Call<'_> {
    /// Checks the door, applies a fault, does the work, and writes the call down.
    fn run(
        &self,
        simulator: &Simulator,
        headers: &HeaderMap,
        work: impl FnOnce(&mut World, Option<&Action>) -> (u16, Value),
    ) -> Response {
        if let Some(refused) = at_the_door(headers) {
            return refused;
        }
        let mut world = simulator.world();
        let fault = world.faults.hit(self.vendor, self.operation);
        let is_done = match &fault {
            Some(
                Action::DropBefore
                | Action::Kill {
                    at: KillPoint::BeforeBooking,
                },
            ) => false,
            Some(Action::Answer { booked, .. }) => *booked,
            _ => true,
        };
        let (status, body) = if is_done {
            work(&mut world, fault.as_ref())
        } else {
            (0, Value::Null)
        };
        if world.calls.len() < CALLS_MAX {
            let identity = headers
                .get("x-broker-api-request-identity")
                .and_then(|v| v.to_str().ok());
            world.calls.push(json!({
                "vendor": self.vendor, "instance": self.instance, "operation": self.operation,
                "request_identity": identity, "status": status, "fault": &fault,
            }));
        }
        match fault {
            Some(Action::DropBefore | Action::DropAfter) => dropped(),
            Some(Action::Kill { .. }) => {
                kill(world.victim);
                dropped()
            }
            Some(Action::Answer { status, body, .. }) => {
                let status =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, body).into_response()
            }
            Some(Action::Async { .. } | Action::FailAsync { .. }) | None => answer(status, body),
        }
    }
}

fn answer(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match status {
        StatusCode::ACCEPTED => (status, [(header::RETRY_AFTER, "1")], Json(body)).into_response(),
        _ => (status, Json(body)).into_response(),
    }
}

fn at_the_door(headers: &HeaderMap) -> Option<Response> {
    let expected = format!(
        "Basic {}",
        STANDARD.encode(format!("{USERNAME}:{PASSWORD}"))
    );
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("x-broker-api-version"), text("authorization")) {
        (_, given) if given != Some(expected.as_str()) => Some(answer(401, json!({}))),
        (None, _) => Some(answer(
            400,
            problem("VersionMissing", "X-Broker-API-Version is missing"),
        )),
        (Some(version), _) if !version.starts_with("2.") => Some(answer(
            412,
            problem("VersionUnsupported", "2.17 is spoken here"),
        )),
        _ => None,
    }
}

fn problem(error: &str, description: &str) -> Value {
    json!({ "error": error, "description": description })
}

/// A body that breaks before its first byte: the server closes the connection without an answer.
fn dropped() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    Response::new(Body::from_stream(broken))
}

fn kill(victim: Option<u32>) {
    let Some(pid) = victim else { return };
    if let Err(error) = Command::new("kill").args(["-9", &pid.to_string()]).status() {
        tracing::error!(%error, "the victim lives");
    }
}

async fn catalog(
    State(simulator): State<Simulator>,
    Path(vendor): Path<String>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: "",
        operation: "catalog",
    };
    call.run(&simulator, &headers, |_, _| {
        let plan = |(id, maximum): &(&str, u64)| {
            json!({ "id": id, "name": id, "description": format!("Up to {maximum} licenses") })
        };
        let services: Vec<Value> = CATALOG
            .iter()
            .filter(|(name, _, _)| *name == vendor)
            .map(|(_, product, plans)| {
                let plans: Vec<Value> = plans.iter().map(plan).collect();
                json!({ "id": product, "name": product, "description": product, "bindable": false,
                        "instances_retrievable": true, "plan_updateable": true, "plans": plans })
            })
            .collect();
        (200, json!({ "services": services }))
    })
}

async fn provision(
    State(simulator): State<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "provision",
    };
    call.run(&simulator, &headers, |world, fault| {
        if let Some(refused) = refuse(&vendor, &body) {
            return refused;
        }
        if world.ledger.was_used(&vendor, &instance) {
            return repeat(world, &vendor, &instance, &body);
        }
        world.ledger.book(Booking {
            vendor: vendor.clone(),
            instance: instance.clone(),
            product: text(&body["service_id"]),
            plan: text(&body["plan_id"]),
            quantity: body["parameters"]["quantity"].as_u64().unwrap_or(0),
            context: body["context"].clone(),
            state: "active".into(),
            wanted: body.clone(),
        });
        accept(world, &vendor, &instance, &query, fault, 201)
    })
}

/// The same wish again is no second booking; another wish under the same id is refused.
fn repeat(world: &mut World, vendor: &str, instance: &str, body: &Value) -> (u16, Value) {
    let operation = world
        .ledger
        .operations
        .get(&key(vendor, instance))
        .map(|o| o.name.clone());
    match (world.ledger.find(vendor, instance), operation) {
        (Some(booking), _) if booking.wanted != *body => (409, json!({})),
        (Some(_), Some(operation)) => (202, json!({ "operation": operation })),
        (Some(_), None) => (200, json!({})),
        (None, _) => (
            409,
            problem("InstanceGone", "Instance ids are not used again"),
        ),
    }
}

fn refuse(vendor: &str, body: &Value) -> Option<(u16, Value)> {
    let (product, plan) = (text(&body["service_id"]), text(&body["plan_id"]));
    let maximum = CATALOG
        .iter()
        .filter(|(name, id, _)| *name == vendor && *id == product)
        .flat_map(|(_, _, plans)| plans.iter())
        .find_map(|(id, maximum)| (*id == plan).then_some(*maximum));
    let parameters = &body["parameters"];
    let email = parameters["contact"]["email"].as_str().unwrap_or_default();
    match maximum {
        None => Some((
            400,
            problem("UnknownPlan", "This product or plan is not sold"),
        )),
        Some(maximum) if parameters["quantity"].as_u64().is_some_and(|n| n > maximum) => {
            let words = format!("At most {maximum} licenses can be bought");
            Some((400, problem("QuantityAboveMaximum", &words)))
        }
        Some(_) if email.ends_with("@invalid.example") => Some((
            400,
            problem("InvalidEmail", "The customer's e-mail address is not valid"),
        )),
        Some(_) => None,
    }
}

/// Answers at once, or accepts and lets the caller poll.
fn accept(
    world: &mut World,
    vendor: &str,
    instance: &str,
    query: &HashMap<String, String>,
    fault: Option<&Action>,
    done: u16,
) -> (u16, Value) {
    let (polls, failure) = match fault {
        Some(Action::Async { polls }) => (*polls, None),
        Some(Action::FailAsync { polls, description }) => (Some(*polls), Some(description.clone())),
        _ if vendor == SYNCHRONOUS => return (done, json!({})),
        _ => (Some(POLLS), None),
    };
    if query.get("accepts_incomplete").map(String::as_str) != Some("true") {
        return (
            422,
            problem("AsyncRequired", "This vendor needs accepts_incomplete=true"),
        );
    }
    let name = format!("work-{}", world.ledger.operations.len() + 1);
    let operation = Operation {
        name: name.clone(),
        polls,
        failure,
    };
    world
        .ledger
        .operations
        .insert(key(vendor, instance), operation);
    (202, json!({ "operation": name }))
}

async fn update(
    State(simulator): State<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "update",
    };
    call.run(&simulator, &headers, |world, fault| {
        if world
            .ledger
            .operations
            .contains_key(&key(&vendor, &instance))
        {
            return (
                422,
                problem("ConcurrencyError", "Another operation is in progress"),
            );
        }
        let Some(booking) = world.ledger.find(&vendor, &instance) else {
            return (
                400,
                problem("UnknownInstance", "There is no such subscription"),
            );
        };
        if let Some(quantity) = body["parameters"]["quantity"].as_u64() {
            booking.quantity = quantity;
        }
        match body["parameters"]["suspended"].as_bool() {
            Some(true) => booking.state = "suspended".into(),
            Some(false) => booking.state = "active".into(),
            None => {}
        }
        world.ledger.keep();
        accept(world, &vendor, &instance, &query, fault, 200)
    })
}

async fn deprovision(
    State(simulator): State<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "deprovision",
    };
    call.run(&simulator, &headers, |world, _| {
        world.ledger.operations.remove(&key(&vendor, &instance));
        let Some(booking) = world.ledger.find(&vendor, &instance) else {
            return (410, json!({}));
        };
        booking.state = "deleted".into();
        world.ledger.keep();
        (200, json!({}))
    })
}

async fn fetch(
    State(simulator): State<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "fetch",
    };
    call.run(&simulator, &headers, |world, _| {
        match world.ledger.find(&vendor, &instance) {
            Some(booking) => (
                200,
                json!({ "service_id": booking.product, "plan_id": booking.plan,
                    "parameters": { "quantity": booking.quantity } }),
            ),
            None => (404, json!({})),
        }
    })
}

async fn last_operation(
    State(simulator): State<Simulator>,
    Path((vendor, instance)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call {
        vendor: &vendor,
        instance: &instance,
        operation: "last_operation",
    };
    call.run(&simulator, &headers, |world, _| {
        let at = key(&vendor, &instance);
        let Some(operation) = world.ledger.operations.get_mut(&at) else {
            let is_gone = world.ledger.find(&vendor, &instance).is_none();
            return if is_gone {
                (410, json!({}))
            } else {
                (200, json!({ "state": "succeeded" }))
            };
        };
        match operation.polls.as_mut() {
            None => return (200, json!({ "state": "in progress" })),
            Some(left) if *left > 0 => {
                *left -= 1;
                return (200, json!({ "state": "in progress" }));
            }
            Some(_) => {}
        }
        let failure = operation.failure.take();
        world.ledger.operations.remove(&at);
        let Some(description) = failure else {
            return (200, json!({ "state": "succeeded" }));
        };
        if let Some(booking) = world.ledger.find(&vendor, &instance) {
            booking.state = "deleted".into();
        }
        (
            200,
            json!({ "state": "failed", "description": description }),
        )
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
