//! One call at a simulated broker: the door, the fault that hits it, the record, and the answer or
//! its absence.

use std::process::Command;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fault::{Action, KillPoint};
use super::{CALLS_MAX, PASSWORD, Simulator, USERNAME, World};

/// How long an answer may take to leave before the victim dies of it.
pub(super) const AFTER_ANSWER: Duration = Duration::from_millis(2);

/// A status and a JSON body.
pub(super) type Said = (u16, Value);

/// Who is called, and for what.
pub(super) struct Call<'a> {
    pub(super) vendor: &'a str,
    pub(super) instance: &'a str,
    pub(super) operation: &'a str,
}

impl Call<'_> {
    /// Checks the door, applies a fault, does the work, writes the call down, and answers.
    pub(super) async fn run(
        &self,
        simulator: &Simulator,
        headers: &HeaderMap,
        work: impl FnOnce(&mut World, Option<&Action>) -> Said,
    ) -> Response {
        let (fault, victim, said) = self.decide(&mut simulator.world(), headers, work);
        match fault {
            Some(Action::DropBefore | Action::DropAfter) => dropped(),
            Some(Action::Kill { at }) => match at {
                KillPoint::BeforeBooking | KillPoint::AfterBooking => {
                    kill(victim).await;
                    dropped()
                }
                KillPoint::AfterAnswer => {
                    tokio::spawn(async move {
                        tokio::time::sleep(AFTER_ANSWER).await;
                        kill(victim).await;
                    });
                    answer(said)
                }
            },
            Some(Action::Delay { ms }) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                answer(said)
            }
            Some(Action::Answer {
                status,
                body,
                repeat,
                retry_after,
                ..
            }) => {
                let mut answer = (code(status), body.repeat(repeat.unwrap_or(1))).into_response();
                if let Some(Ok(wish)) = retry_after.map(|wish| wish.parse()) {
                    answer.headers_mut().insert(header::RETRY_AFTER, wish);
                }
                answer
            }
            Some(Action::Async { .. } | Action::FailAsync { .. }) | None => answer(said),
        }
    }

    /// Everything that needs the world, which is not locked while an answer waits.
    fn decide(
        &self,
        world: &mut World,
        headers: &HeaderMap,
        work: impl FnOnce(&mut World, Option<&Action>) -> Said,
    ) -> (Option<Action>, Option<u32>, Said) {
        if let Some(refused) = at_the_door(headers) {
            self.record(world, headers, None, &refused, false);
            return (None, None, refused);
        }
        let fault = world.faults.hit(self.vendor, self.instance, self.operation);
        let is_done = match &fault {
            Some(Action::DropBefore) => false,
            Some(Action::Kill { at }) => *at != KillPoint::BeforeBooking,
            Some(Action::Answer { booked, .. }) => *booked,
            Some(
                Action::DropAfter
                | Action::Delay { .. }
                | Action::Async { .. }
                | Action::FailAsync { .. },
            )
            | None => true,
        };
        let said = if is_done {
            work(world, fault.as_ref())
        } else {
            (0, Value::Null)
        };
        self.record(world, headers, fault.as_ref(), &said, is_done);
        (fault, world.victim, said)
    }

    fn record(
        &self,
        world: &mut World,
        headers: &HeaderMap,
        fault: Option<&Action>,
        said: &Said,
        is_done: bool,
    ) {
        let answered = match fault {
            Some(Action::DropBefore | Action::DropAfter) => None,
            Some(Action::Kill { at }) => (*at == KillPoint::AfterAnswer).then_some(said.0),
            Some(Action::Answer { status, .. }) => Some(*status),
            Some(Action::Delay { .. } | Action::Async { .. } | Action::FailAsync { .. }) | None => {
                Some(said.0)
            }
        };
        if world.calls.len() >= CALLS_MAX {
            world.calls.pop_front();
        }
        world.calls.push_back(json!({
            "vendor": self.vendor, "instance": self.instance, "operation": self.operation,
            "request_identity": text(headers, "x-broker-api-request-identity"),
            "status": answered, "fault": fault,
            "booked": is_done && (200..300).contains(&said.0),
        }));
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn at_the_door(headers: &HeaderMap) -> Option<Said> {
    let credentials = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    if text(headers, "authorization") != Some(&format!("Basic {credentials}")) {
        return Some((401, json!({})));
    }
    match text(headers, "x-broker-api-version") {
        None => Some(problem(
            400,
            "VersionMissing",
            "X-Broker-API-Version is missing",
        )),
        Some(version) if !version.starts_with("2.") => {
            Some(problem(412, "VersionUnsupported", "2.17 is spoken here"))
        }
        Some(_) => None,
    }
}

pub(super) fn problem(status: u16, error: &str, description: &str) -> Said {
    (
        status,
        json!({ "error": error, "description": description }),
    )
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn answer((status, body): Said) -> Response {
    let is_underway = status == 202 || body["state"] == "in progress";
    if is_underway {
        return (code(status), [(header::RETRY_AFTER, "1")], Json(body)).into_response();
    }
    (code(status), Json(body)).into_response()
}

/// A body that breaks before its first byte: the server closes the connection without an answer.
fn dropped() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    Response::new(Body::from_stream(broken))
}

pub(super) async fn kill(victim: Option<u32>) {
    let Some(pid) = victim else {
        return tracing::error!("a kill rule hit, and no victim was named");
    };
    let kill = move || Command::new("kill").args(["-9", &pid.to_string()]).status();
    match tokio::task::spawn_blocking(kill).await {
        Ok(Ok(status)) if status.success() => {}
        failed => tracing::error!(?failed, pid, "the victim lives"),
    }
}
