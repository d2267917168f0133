//! The simulator's Partner Center face: it signs in, keeps books of its own and lets things go wrong.
//! Tests hold it in their hand; `serve` shows it under `/partner-center`.

mod books;
mod customers;
mod registration;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use self::books::{ADDON, BETTER, Books, CUSTOMER, DOMAIN, PRODUCT, SKU};
use super::CALLS_MAX;
use super::call::{AFTER_ANSWER, kill};
pub use super::fault::KillPoint;

/// The secret that the sign-in takes; it guards nothing.
pub const SECRET: &str = "open sesame";

/// One call, as it came.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its method and the last noun of its path: `POST checkout`, `GET orders/one`.
    pub what: String,
    /// Its idempotency key.
    pub request_id: Option<String>,
    /// Its precondition.
    pub etag: Option<String>,
    /// Its body.
    pub body: Value,
}

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Action {
    /// It is not carried out, and no answer comes.
    DropBefore,
    /// It is carried out, and no answer comes.
    DropAfter,
    /// It is carried out and answered by something else.
    Answer(u16, Value),
    /// It is not carried out and answered by something else.
    Instead(u16, Value),
    /// It is turned away with a pace: in the header, or in words alone.
    Throttle(Option<u64>),
    /// The victim is ended by SIGKILL.
    Kill(KillPoint),
}

struct Fault {
    what: String,
    times: u32,
    action: Action,
}

#[derive(Default)]
struct World {
    books: Books,
    calls: Vec<Call>,
    faults: Vec<Fault>,
    /// Tokens that are taken.
    tokens: BTreeSet<String>,
    issued: u32,
    grants: Vec<(String, Option<String>)>,
    /// Answers by their request id: a repeat gets the first one's.
    answered: BTreeMap<String, (u16, Value)>,
    victim: Option<u32>,
    certificate: Vec<u8>,
}

/// A handle on it; all handles show the same.
#[derive(Clone, Default)]
pub struct Front(Arc<Mutex<World>>);

impl Front {
    /// What answers below its address.
    pub(super) fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// Serves until the task ends.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Lets the next calls of a kind go wrong.
    pub fn fault(&self, what: &str, times: u32, action: Action) {
        let what = what.to_owned();
        self.world().faults.push(Fault {
            what,
            times,
            action,
        });
    }

    /// Names the process that [`Action::Kill`] ends.
    pub fn name_victim(&self, pid: u32) {
        self.world().victim = Some(pid);
    }

    /// Shows a certificate in `/cert/`, to everybody.
    pub fn show_certificate(&self, bytes: &[u8]) {
        self.world().certificate = bytes.to_vec();
    }

    /// Looks into the books, or changes them behind everybody's back.
    pub fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.world().books)
    }

    /// How many calls are still to go wrong.
    pub fn faults_left(&self) -> u32 {
        self.world().faults.iter().map(|fault| fault.times).sum()
    }

    /// Takes no token any more that was handed out before.
    pub fn revoke_tokens(&self) {
        self.world().tokens.clear();
    }

    /// The calls of a kind, in the order in which they came.
    pub fn calls(&self, what: &str) -> Vec<Call> {
        let world = self.world();
        let of_it = world.calls.iter().filter(|call| call.what == what);
        of_it.cloned().collect()
    }

    /// The grants that tokens were asked for with, and the refresh token of each.
    pub fn grants(&self) -> Vec<(String, Option<String>)> {
        self.world().grants.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call's name: its method and its last part that is no id.
fn name(method: &Method, path: &[&str]) -> String {
    let is_noun = |part: &&&str| part.chars().all(|c| c.is_ascii_alphabetic());
    let noun = path.iter().rev().find(is_noun).copied().unwrap_or_default();
    let is_one = path.last().is_some_and(|last| *last != noun);
    format!("{method} {noun}{}", if is_one { "/one" } else { "" })
}

async fn handle(
    State(front): State<Front>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    if uri.path().ends_with("/oauth2/token") {
        return front.world().sign_in(&body);
    }
    let path: Vec<&str> = uri.path().trim_start_matches("/v1/").split('/').collect();
    if let ["", "cert", _] = path[..] {
        return front.world().tell_certificate();
    }
    let token = header("authorization").unwrap_or_default();
    let token = token.trim_start_matches("Bearer ");
    if !front.world().tokens.contains(token) {
        return answer((401, json!({"code": "400", "description": "Access denied"})));
    }
    let call = Call {
        what: name(&method, &path),
        request_id: header("ms-requestid"),
        etag: header("if-match"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let asked = Asked {
        method: &method,
        path: &path,
        query: uri.query().unwrap_or_default(),
        is_person: token.starts_with("person"),
    };
    let (response, point, victim) = front.world().take(&asked, call);
    match point {
        Some(KillPoint::BeforeBooking | KillPoint::AfterBooking) => kill(victim).await,
        Some(KillPoint::AfterAnswer) => drop(tokio::spawn(async move {
            tokio::time::sleep(AFTER_ANSWER).await;
            kill(victim).await;
        })),
        None => {}
    }
    response
}

/// Where a call goes and who makes it.
struct Asked<'r> {
    method: &'r Method,
    path: &'r [&'r str],
    query: &'r str,
    /// The application acts for a person.
    is_person: bool,
}

impl World {
    /// The answer, and when the victim dies of the call.
    fn take(
        &mut self,
        asked: &Asked<'_>,
        call: Call,
    ) -> (Response, Option<KillPoint>, Option<u32>) {
        if self.calls.len() < CALLS_MAX {
            self.calls.push(call.clone());
        }
        let action = self.hit(&call.what);
        let point = match action {
            Some(Action::Kill(point)) => Some(point),
            _ => None,
        };
        (self.respond(asked, call, action), point, self.victim)
    }

    fn respond(&mut self, asked: &Asked<'_>, call: Call, action: Option<Action>) -> Response {
        match action {
            Some(Action::DropBefore | Action::Kill(KillPoint::BeforeBooking)) => return broken(),
            Some(Action::Throttle(seconds)) => return throttle(seconds),
            Some(Action::Instead(status, body)) => return answer((status, body)),
            Some(Action::DropAfter | Action::Answer(..) | Action::Kill(_)) | None => {}
        }
        let known = call
            .request_id
            .as_ref()
            .and_then(|id| self.answered.get(id));
        let known = known.filter(|_| !self.books.forgets_requests).cloned();
        let found = match known {
            Some(known) => known,
            None => self.books.carry_out(asked, &call),
        };
        if let Some(id) = call.request_id.filter(|_| found.0 < 300) {
            self.answered.insert(id, found.clone());
        }
        match action {
            Some(Action::DropAfter | Action::Kill(KillPoint::AfterBooking)) => broken(),
            Some(Action::Answer(status, body)) => answer((status, body)),
            _ => answer(found),
        }
    }

    fn tell_certificate(&mut self) -> Response {
        self.calls.push(Call {
            what: "GET certificate".into(),
            request_id: None,
            etag: None,
            body: Value::Null,
        });
        self.certificate.clone().into_response()
    }

    fn hit(&mut self, what: &str) -> Option<Action> {
        let is_it = |fault: &&mut Fault| fault.what == what && fault.times > 0;
        let fault = self.faults.iter_mut().find(is_it)?;
        fault.times -= 1;
        Some(fault.action.clone())
    }

    fn sign_in(&mut self, form: &[u8]) -> Response {
        let form: BTreeMap<String, String> = String::from_utf8_lossy(form)
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace('+', " ")))
            .collect();
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        let (grant, secret) = (get("grant_type"), get("client_secret"));
        self.grants
            .push((grant.clone(), form.get("refresh_token").cloned()));
        if secret != SECRET || get("resource").is_empty() {
            let words = format!("AADSTS7000215: Invalid client secret {secret}");
            return answer((
                401,
                json!({"error": "invalid_client", "error_description": words}),
            ));
        }
        self.issued += 1;
        let is_person = grant == "refresh_token";
        let token = format!(
            "{}-{}",
            if is_person { "person" } else { "application" },
            self.issued
        );
        self.tokens.insert(token.clone());
        let mut granted =
            json!({"token_type": "Bearer", "expires_in": "3600", "access_token": token});
        if is_person {
            granted["refresh_token"] = json!(format!("refresh-{}", self.issued));
        }
        answer((200, granted))
    }
}

fn answer((status, body): (u16, Value)) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, text).into_response(),
        body => (status, Json(body)).into_response(),
    }
}

fn throttle(seconds: Option<u64>) -> Response {
    let words = "Rate limit is exceeded. Try again in 57 seconds.";
    let body = Json(json!({"statusCode": 429, "message": words}));
    let status = StatusCode::TOO_MANY_REQUESTS;
    match seconds {
        Some(seconds) => (status, [("Retry-After", seconds.to_string())], body).into_response(),
        None => (status, body).into_response(),
    }
}

/// A body that breaks before its first byte: the server closes the connection without an answer.
fn broken() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    Response::new(Body::from_stream(broken))
}
