//! AWS as its documentation has it where moto differs: creations take time and fail, an address has one
//! account, lists come in pages of one; and it answers wrongly when it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

/// What AWS does instead of answering.
pub(super) struct Fault {
    pub(super) call: &'static str,
    /// Whether it carries out what was asked.
    pub(super) is_booked: bool,
    /// What it answers; nothing where it hangs up.
    pub(super) answer: Option<(u16, String)>,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) accounts: Vec<Value>,
    pub(super) creations: Vec<Value>,
    pub(super) calls: Vec<String>,
    pub(super) faults: Vec<Fault>,
    /// The states that a creation goes through after the first question about it, last one first.
    pub(super) states: Vec<&'static str>,
}

#[derive(Clone, Default)]
pub(super) struct Aws(Arc<Mutex<Books>>);

impl Aws {
    pub(super) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(super) fn fails(&self, call: &'static str, is_booked: bool, answer: Option<(u16, String)>) {
        let fault = Fault {
            call,
            is_booked,
            answer,
        };
        self.books(|books| books.faults.push(fault));
    }

    pub(super) fn asked(&self, call: &str) -> usize {
        self.books(|books| books.calls.iter().filter(|one| *one == call).count())
    }

    pub(super) async fn serve(self, listener: tokio::net::TcpListener) {
        let app = Router::new().fallback(answer).with_state(self);
        axum::serve(listener, app).await.unwrap();
    }
}

async fn answer(State(aws): State<Aws>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signed = text("authorization");
    assert!(
        signed.contains("/us-east-1/organizations/aws4_request"),
        "{signed}"
    );
    let target = text("x-amz-target");
    let call = target.rsplit('.').next().unwrap().to_owned();
    let input = serde_json::from_slice(&body).unwrap();
    aws.books(|books| books.answer(call, &input))
}

pub(super) fn error(name: &str, reason: Option<&str>) -> String {
    json!({"__type": name, "Message": "AWS says why", "Reason": reason}).to_string()
}

fn response(status: u16, body: impl Into<Body>) -> Response {
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/x-amz-json-1.1");
    answer.body(body.into()).unwrap()
}

impl Books {
    fn answer(&mut self, call: String, input: &Value) -> Response {
        let at = self.faults.iter().position(|fault| fault.call == call);
        let fault = at.map(|at| self.faults.remove(at));
        self.calls.push(call.clone());
        let mut said = (0, String::new());
        if fault.as_ref().is_none_or(|fault| fault.is_booked) {
            said = self.carry_out(&call, input);
        }
        match fault.map(|fault| fault.answer) {
            Some(Some((status, body))) => response(status, body),
            Some(None) => {
                let broken = std::io::Error::other("hung up");
                let stream = futures::stream::once(async { Err::<Bytes, _>(broken) });
                response(200, Body::from_stream(stream))
            }
            None => response(said.0, said.1),
        }
    }

    fn carry_out(&mut self, call: &str, input: &Value) -> (u16, String) {
        let said = match call {
            "CreateAccount" => self.create(input),
            "DescribeCreateAccountStatus" => self.go_on(&input["CreateAccountRequestId"]),
            "ListCreateAccountStatus" => page(&self.creations, "CreateAccountStatuses", input),
            "ListAccounts" => page(&self.accounts, "Accounts", input),
            "ListTagsForResource" => self
                .account(&input["ResourceId"])
                .map(|one| json!({"Tags": one["Tags"]})),
            "DescribeAccount" => self
                .account(&input["AccountId"])
                .map(|one| json!({"Account": one})),
            "CloseAccount" => self.account(&input["AccountId"]).map(|one| {
                one["State"] = json!("CLOSED");
                json!({})
            }),
            other => panic!("{other} was asked"),
        };
        match said {
            Some(said) => (200, said.to_string()),
            None => (400, error("AccountNotFoundException", None)),
        }
    }

    fn create(&mut self, input: &Value) -> Option<Value> {
        let number = self.creations.len() + 1;
        let is_taken = self
            .accounts
            .iter()
            .any(|one| one["Email"] == input["Email"]);
        let mut creation = json!({"Id": format!("car-{number:08}"), "AccountName": input["AccountName"],
            "State": "IN_PROGRESS", "RequestedTimestamp": 1_764_000_000.5});
        if is_taken {
            creation["State"] = json!("FAILED");
            creation["FailureReason"] = json!("EMAIL_ALREADY_EXISTS");
        } else {
            self.accounts.push(
                json!({"Id": format!("{number:012}"), "Email": input["Email"],
                "Name": input["AccountName"], "State": "ACTIVE", "Tags": input["Tags"]}),
            );
        }
        self.creations.push(creation.clone());
        Some(json!({"CreateAccountStatus": creation}))
    }

    fn go_on(&mut self, id: &Value) -> Option<Value> {
        let at = self.creations.iter().position(|one| one["Id"] == *id)?;
        let creation = &mut self.creations[at];
        let state = self.states.pop().unwrap_or("SUCCEEDED");
        match state.strip_prefix("FAILED ") {
            Some(reason) => {
                creation["State"] = json!("FAILED");
                creation["FailureReason"] = json!(reason);
            }
            None => creation["State"] = json!(state),
        }
        if state == "SUCCEEDED" {
            creation["AccountId"] = json!(format!("{:012}", at + 1));
        }
        Some(json!({"CreateAccountStatus": creation}))
    }

    fn account(&mut self, id: &Value) -> Option<&mut Value> {
        self.accounts.iter_mut().find(|one| one["Id"] == *id)
    }
}

fn page(all: &[Value], name: &str, input: &Value) -> Option<Value> {
    let at: usize = input["NextToken"]
        .as_str()
        .map_or(0, |token| token.parse().unwrap());
    let mut page = json!({name: all.get(at).into_iter().collect::<Vec<_>>()});
    if at + 1 < all.len() {
        page["NextToken"] = json!((at + 1).to_string());
    }
    Some(page)
}
