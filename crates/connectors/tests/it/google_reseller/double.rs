//! Google as we read its documentation: it keeps books, takes only what it describes, and answers wrongly
//! when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::discovery;

/// The customer that the reseller has.
pub(super) const CUSTOMER: &str = "C0amber";
pub(super) const DOMAIN: &str = "amber.example";
pub(super) const SKU: &str = "1010020028";

/// What Google does instead of answering.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// Such as `subscriptions.insert`.
    pub(super) call: &'static str,
    /// Whether it carries out what was asked.
    pub(super) is_booked: bool,
    /// What it answers; nothing where it hangs up.
    pub(super) answer: Option<(u16, String)>,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) subscriptions: Vec<Value>,
    /// How many were ever bought.
    pub(super) bought: usize,
    pub(super) calls: Vec<String>,
    /// The same calls as they came.
    pub(super) requests: Vec<Value>,
    pub(super) faults: Vec<Fault>,
    pub(super) sign_ins: usize,
    /// The one that is taken.
    pub(super) token: String,
    /// What was asked and Google does not describe.
    pub(super) violations: Vec<String>,
    /// Whether what was bought last is not listed yet.
    pub(super) lists_late: bool,
}

#[derive(Clone, Default)]
pub(super) struct Google(Arc<Mutex<Books>>);

type Said = (u16, Value);

pub(super) fn error(status: u16, reason: &str, message: &str) -> Value {
    json!({"error": {"code": status, "message": message,
        "errors": [{"domain": "global", "reason": reason, "message": message}]}})
}

fn refusal(status: u16, reason: &str) -> Said {
    (status, error(status, reason, "Google says why"))
}

impl Google {
    pub(super) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(super) async fn serve(self, listener: tokio::net::TcpListener) {
        let app = Router::new().fallback(answer).with_state(self);
        axum::serve(listener, app).await.unwrap();
    }
}

async fn answer(
    State(google): State<Google>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    google.books(|books| books.answer((&method, &uri), &headers, &body))
}

fn response(status: u16, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(status)
        .body(body.into())
        .unwrap()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://query/?{query}")).unwrap();
    url.query_pairs().into_owned().collect()
}

impl Books {
    fn answer(
        &mut self,
        (method, uri): (&Method, &Uri),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response {
        if uri.path() == "/token" {
            let (status, said) = self.sign_in(body);
            return response(status, said.to_string());
        }
        let query = pairs(uri.query().unwrap_or_default());
        let call = discovery::read((method.as_str(), uri.path()), &query, body);
        let call = match call {
            Ok(call) => call,
            Err(words) => {
                self.violations.push(words);
                let (status, said) = refusal(400, "invalid");
                return response(status, said.to_string());
            }
        };
        self.calls.push(call.name.clone());
        self.requests.push(json!({
            "method": method.as_str(), "path": uri.path(),
            "query": query.into_iter().collect::<BTreeMap<_, _>>(),
            "body": serde_json::from_slice::<Value>(body).ok(),
        }));
        let bearer = headers.get("authorization").map(|value| value.as_bytes());
        if bearer != Some(format!("Bearer {}", self.token).as_bytes()) {
            let (status, said) = refusal(401, "authError");
            return response(status, said.to_string());
        }
        let at = self.faults.iter().position(|fault| fault.call == call.name);
        let fault = at.map(|at| self.faults.remove(at));
        let mut said = (0, Value::Null);
        if fault.as_ref().is_none_or(|fault| fault.is_booked) {
            said = self.carry_out(&call, body);
        }
        match fault.map(|fault| fault.answer) {
            Some(Some((status, body))) => response(status, body),
            Some(None) => {
                let broken = std::io::Error::other("hung up");
                let stream = futures::stream::once(async { Err::<Bytes, _>(broken) });
                response(200, Body::from_stream(stream))
            }
            None if said.1.is_null() => response(said.0, Body::empty()),
            None => response(said.0, said.1.to_string()),
        }
    }

    fn sign_in(&mut self, form: &[u8]) -> Said {
        let form = pairs(std::str::from_utf8(form).unwrap());
        let field = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let assertion = field("assertion");
        let claims = assertion.split('.').nth(1).unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let is_fine = field("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            && claims["scope"] == "https://www.googleapis.com/auth/apps.order"
            && claims["sub"] == "admin@reseller.example";
        if !is_fine {
            let said = json!({"error": "unauthorized_client", "error_description": assertion});
            return (401, said);
        }
        self.sign_ins += 1;
        self.token = format!("token-{}", self.sign_ins);
        let said = json!({"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"});
        (200, said)
    }

    fn carry_out(&mut self, call: &discovery::Described, body: &[u8]) -> Said {
        let text = |name: &str| call.parameters.get(name).and_then(Value::as_str);
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let customer = text("customerId").unwrap_or_default();
        let is_known = customer == CUSTOMER || customer == DOMAIN || customer.is_empty();
        match call.name.as_str() {
            _ if !is_known => refusal(404, "notFound"),
            "customers.get" => {
                let found = json!({"kind": "reseller#customer", "customerId": CUSTOMER,
                    "customerDomain": DOMAIN});
                (200, found)
            }
            "subscriptions.list" => self.list(text("pageToken")),
            "subscriptions.insert" => self.insert(&body),
            name => {
                let id = text("subscriptionId").unwrap_or_default();
                let has_id = |one: &Value| one["subscriptionId"] == id;
                match self.subscriptions.iter().position(has_id) {
                    Some(at) => self.change(name, at, &body),
                    None => refusal(404, "notFound"),
                }
            }
        }
    }

    /// One for each page, so that none is read without its next.
    fn list(&mut self, token: Option<&str>) -> Said {
        let at: usize = token.map_or(0, |token| token.parse().unwrap());
        let hidden = usize::from(std::mem::take(&mut self.lists_late));
        let listed = &self.subscriptions[..self.subscriptions.len().saturating_sub(hidden)];
        let mut page = json!({"kind": "reseller#subscriptions"});
        if let Some(one) = listed.get(at) {
            page["subscriptions"] = json!([one]);
        }
        if at + 1 < listed.len() {
            page["nextPageToken"] = json!((at + 1).to_string());
        }
        (200, page)
    }

    fn insert(&mut self, body: &Value) -> Said {
        if self
            .subscriptions
            .iter()
            .any(|one| one["skuId"] == body["skuId"])
        {
            return refusal(409, "duplicate");
        }
        if body["skuId"] != SKU || !has_seats_of(body, &body["plan"]["planName"]) {
            return refusal(400, "invalid");
        }
        self.bought += 1;
        let mut made = body.clone();
        made["kind"] = json!("reseller#subscription");
        made["subscriptionId"] = json!(format!("s{}", self.bought));
        made["customerDomain"] = json!(DOMAIN);
        made["status"] = json!("ACTIVE");
        shown_plan(&mut made);
        self.subscriptions.push(made.clone());
        (200, made)
    }

    fn change(&mut self, name: &str, at: usize, body: &Value) -> Said {
        let one = &mut self.subscriptions[at];
        let is_flexible = one["plan"]["planName"] == "FLEXIBLE";
        let is_active = one["status"] == "ACTIVE";
        match name {
            "subscriptions.get" => {}
            "subscriptions.delete" => {
                self.subscriptions.remove(at);
                return (204, Value::Null);
            }
            "subscriptions.activate" => {
                let reasons = one["suspensionReasons"].as_array_mut();
                let left = reasons.map(|reasons| {
                    reasons.retain(|reason| reason != "RESELLER_INITIATED");
                    reasons.len()
                });
                if left.unwrap_or_default() == 0 {
                    one["status"] = json!("ACTIVE");
                }
            }
            _ if !is_active => return refusal(400, "badRequest"),
            "subscriptions.suspend" => {
                one["status"] = json!("SUSPENDED");
                one["suspensionReasons"] = json!(["RESELLER_INITIATED"]);
            }
            "subscriptions.changeSeats" => {
                let plan = one["plan"]["planName"].clone();
                let before = one["seats"]["numberOfSeats"].as_u64();
                let is_fewer = body["numberOfSeats"].as_u64() < before;
                if !has_seats_of(&json!({"seats": body}), &plan) || is_fewer {
                    return refusal(400, "invalid");
                }
                one["seats"] = body.clone();
            }
            "subscriptions.changeRenewalSettings" if !is_flexible => {
                one["renewalSettings"] = body.clone()
            }
            "subscriptions.changePlan" if is_flexible && has_seats_of(body, &body["planName"]) => {
                one["plan"] = json!({"planName": body["planName"]});
                one["seats"] = body["seats"].clone();
                one["purchaseOrderId"] = body["purchaseOrderId"].clone();
                let id = format!("{}-changed", one["subscriptionId"].as_str().unwrap());
                one["subscriptionId"] = json!(id);
                shown_plan(one);
            }
            _ => return refusal(412, "conditionNotMet"),
        }
        (200, one.clone())
    }
}

fn has_seats_of(body: &Value, plan: &Value) -> bool {
    match plan.as_str() {
        Some("FLEXIBLE") => body["seats"]["maximumNumberOfSeats"].is_u64(),
        _ => body["seats"]["numberOfSeats"].is_u64(),
    }
}

/// Google shows one of its plans under another name than it is asked for.
fn shown_plan(one: &mut Value) {
    if one["plan"]["planName"] == "ANNUAL_MONTHLY_PAY" {
        one["plan"]["planName"] = json!("ANNUAL");
    }
}
