//! The contract that every connector keeps, for Partner Center: over real HTTP against the
//! simulator, which keeps books. `wiremock.rs` speaks to a server that nobody here wrote.

mod faults;
mod inventory;
mod life;
mod onboarding;
mod registration;
mod sign_in;
mod webhook;
mod wiremock;

use connectors::partner_center::{Account, PartnerCenter};
use connectors::simulator::partner_center::{
    ADDON, Action, BETTER, CUSTOMER, Call, DOMAIN, Front, PRODUCT, SECRET, SKU,
};
use connectors::{Connector, SecretKeeper};
use domain::provisioning::{Fault, Outcome, Request, Verb};
use serde_json::{Value, json};

use super::{Doubt, Uuid, install_tls, request};

/// What an engine does for one line at the most.
const STEPS: u32 = 60;

fn account(url: &str) -> Account {
    serde_json::from_value(json!({
        "tenant": "partner.example", "client_id": "app", "client_secret": SECRET, "market": "US",
        "url": url, "login_url": url, "new_customers": true,
    }))
    .unwrap()
}

struct Vendor {
    front: Front,
    url: String,
    connector: PartnerCenter,
}

/// A simulated Partner Center, and where it is.
async fn front() -> (Front, String) {
    install_tls();
    let front = Front::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(front.clone().serve(listener));
    (front, url)
}

async fn vendor() -> Vendor {
    let (front, url) = front().await;
    Vendor {
        connector: PartnerCenter::new(&account(&url), None).unwrap(),
        front,
        url,
    }
}

/// Ten seats of a license that is paid monthly for a year, for a customer that is named by its domain.
fn purchase() -> Request {
    Request {
        tenant: Some(DOMAIN.into()),
        ..request(1, PRODUCT, SKU, 10)
    }
}

/// A change of what was bought, as the engine asks for it: with a key of its own.
fn change(of: &str, number: u128, verb: Verb) -> Request {
    Request {
        key: Uuid::from_u128(number),
        vendor_reference: Some(of.to_owned()),
        verb,
        ..purchase()
    }
}

impl Vendor {
    /// Does what the engine does, and holds it to its rules: a lost answer is settled and never sent
    /// anew, what was accepted is asked for by the operation that was stored last.
    async fn carry_out(&self, request: &Request) -> Outcome {
        let mut last = self.connector.submit(request).await;
        let mut stored = None;
        for _ in 0..STEPS {
            last = match (last, &stored) {
                (Ok(Outcome::Accepted { operation, .. }), _) => {
                    stored = operation;
                    self.connector.poll(request, stored.as_deref()).await
                }
                (Ok(decided), _) => return decided,
                (Err(Fault::Misconfigured { reason }), _) => panic!("{reason}"),
                (Err(_), Some(operation)) => self.connector.poll(request, Some(operation)).await,
                (Err(Fault::NotSent { .. }), None) => self.connector.submit(request).await,
                (Err(Fault::AnswerLost { .. }), None) => self.settle(request).await,
            };
        }
        panic!("undecided: {last:?}");
    }

    /// Settles until something is decided or accepted: a check that can't be made leaves the doubt.
    async fn settle(&self, request: &Request) -> Result<Outcome, Fault> {
        let mut last = None;
        for checks in 0..STEPS {
            let doubt = Doubt {
                since: jiff::Timestamp::UNIX_EPOCH,
                evidence: String::new(),
                checks,
            };
            let settled = self.connector.settle(request, &doubt).await;
            if settled.is_ok() {
                return settled;
            }
            last = Some(settled);
        }
        panic!("still in doubt: {last:?}");
    }

    async fn buy(&self) -> String {
        match self.carry_out(&purchase()).await {
            Outcome::Done { vendor_reference } => vendor_reference,
            other => panic!("not bought: {other:?}"),
        }
    }

    fn subscription(&self, id: &str) -> Value {
        self.front.books(|books| books.subscriptions[id].clone())
    }

    fn bought(&self) -> usize {
        self.front.books(|books| books.orders.len())
    }
}

fn refusal(outcome: Outcome) -> (String, String, Option<String>) {
    match outcome {
        Outcome::Refused(failure) => (failure.code, failure.message, failure.field),
        other => panic!("not refused: {other:?}"),
    }
}
