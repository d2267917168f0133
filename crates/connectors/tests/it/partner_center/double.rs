//! A Partner Center of our own over real HTTP: it signs in, keeps books and lets things go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::books::Books;

/// The secret that the sign-in takes.
pub(super) const SECRET: &str = "open sesame";

/// One call, as it came.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) what: String,
    pub(super) request_id: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) body: Value,
}

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub(super) enum Action {
    /// The call is not carried out, and no answer comes.
    DropBefore,
    /// The call is carried out, and no answer comes.
    DropAfter,
    /// Another answer, whatever was carried out.
    Answer(u16, Value),
    /// An answer, and nothing is carried out.
    Instead(u16, Value),
    /// Turned away with a pace.
    Throttle(Option<u64>),
}

/// A fault for the next calls of a kind, such as `POST checkout`.
#[derive(Debug)]
struct Fault {
    what: String,
    times: u32,
    action: Action,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) books: Books,
    pub(super) calls: Vec<Call>,
    faults: Vec<Fault>,
    /// Tokens that are taken.
    tokens: BTreeSet<String>,
    issued: u32,
    /// Grants that were asked for, with the refresh token.
    pub(super) grants: Vec<(String, Option<String>)>,
    /// Answers by their request id: a repeat gets the first one's.
    answered: BTreeMap<String, (u16, Value)>,
}

#[derive(Clone)]
pub(super) struct Double {
    pub(super) address: SocketAddr,
    pub(super) world: Arc<Mutex<World>>,
}

impl Double {
    pub(super) async fn start() -> Double {
        let world = Arc::<Mutex<World>>::default();
        let app = axum::Router::new()
            .fallback(handle)
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
        Double { address, world }
    }

    pub(super) fn fault(&self, what: &str, times: u32, action: Action) {
        let what = what.to_owned();
        self.world.lock().unwrap().faults.push(Fault {
            what,
            times,
            action,
        });
    }

    pub(super) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.world.lock().unwrap().books)
    }

    pub(super) fn revoke_tokens(&self) {
        self.world.lock().unwrap().tokens.clear();
    }

    /// The calls of a kind.
    pub(super) fn calls(&self, what: &str) -> Vec<Call> {
        let world = self.world.lock().unwrap();
        world
            .calls
            .iter()
            .filter(|call| call.what == what)
            .cloned()
            .collect()
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
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut world = world.lock().unwrap();
    let header = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    if uri.path().ends_with("/oauth2/token") {
        return world.sign_in(&body);
    }
    let path: Vec<&str> = uri.path().trim_start_matches("/v1/").split('/').collect();
    let what = name(&method, &path);
    let token = header("authorization").unwrap_or_default();
    let token = token.trim_start_matches("Bearer ");
    if !world.tokens.contains(token) {
        return answer((401, json!({"code": "400", "description": "Access denied"})));
    }
    let call = Call {
        what: what.clone(),
        request_id: header("ms-requestid"),
        etag: header("if-match"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    world.calls.push(call.clone());
    let action = world.fault_of(&what);
    if let Some(Action::DropBefore) = action {
        return broken();
    }
    if let Some(Action::Throttle(seconds)) = action {
        return throttle(seconds);
    }
    if let Some(Action::Instead(status, body)) = action {
        return answer((status, body));
    }
    let known = call
        .request_id
        .as_ref()
        .and_then(|id| world.answered.get(id))
        .cloned();
    let is_user = token.starts_with("user");
    let found = match known.filter(|_| !world.books.forgets_requests) {
        Some(known) => known,
        None => world.books.carry_out(
            &method,
            &path,
            uri.query().unwrap_or_default(),
            &call,
            is_user,
        ),
    };
    if let Some(id) = call.request_id.filter(|_| found.0 < 300) {
        world.answered.insert(id, found.clone());
    }
    match action {
        Some(Action::DropAfter) => broken(),
        Some(Action::Answer(status, body)) => answer((status, body)),
        _ => answer(found),
    }
}

impl World {
    fn fault_of(&mut self, what: &str) -> Option<Action> {
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
        self.grants
            .push((get("grant_type"), form.get("refresh_token").cloned()));
        if get("client_secret") != SECRET || get("resource").is_empty() {
            let words = format!(
                "AADSTS7000215: Invalid client secret {}",
                get("client_secret")
            );
            return answer((
                401,
                json!({"error": "invalid_client", "error_description": words}),
            ));
        }
        self.issued += 1;
        let is_user = get("grant_type") == "refresh_token";
        let token = format!(
            "{}-token-{}",
            if is_user { "user" } else { "app" },
            self.issued
        );
        self.tokens.insert(token.clone());
        let mut granted =
            json!({"token_type": "Bearer", "expires_in": "3600", "access_token": token});
        if is_user {
            granted["refresh_token"] = json!(format!("refresh-{}", self.issued));
        }
        answer((200, granted))
    }
}

fn answer((status, body): (u16, Value)) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    match body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, text).into_response(),
        body => (status, axum::Json(body)).into_response(),
    }
}

fn throttle(seconds: Option<u64>) -> Response {
    let words = "Rate limit is exceeded. Try again in 57 seconds.";
    let body = axum::Json(json!({"statusCode": 429, "message": words}));
    let status = StatusCode::TOO_MANY_REQUESTS;
    match seconds {
        Some(seconds) => (status, [("Retry-After", seconds.to_string())], body).into_response(),
        None => (status, body).into_response(),
    }
}

/// An answer that breaks off in its body.
fn broken() -> Response {
    let broken =
        futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken off")) });
    Response::builder()
        .status(200)
        .body(Body::from_stream(broken))
        .unwrap()
}
