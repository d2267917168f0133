//! The contract that every connector keeps, for Google: over real HTTP against a double that keeps books
//! and holds each request against Google's own description of its API.

mod discovery;
mod double;
mod faults;
mod inventory;
mod life;

use connectors::google_reseller::{Account, GoogleReseller};
use connectors::{Connector, Settings, abilities};
use domain::offer::Cadence;
use domain::provisioning::{Fault as NoDecision, Outcome, RepeatClass, Request, Verb};
use serde_json::{Value, json};

use self::double::{CUSTOMER, DOMAIN, Fault, Google, SKU};
use super::{Doubt, Uuid, install_tls, request};

/// What an engine does for one line at the most.
const STEPS: u32 = 8;

const YEAR: Cadence = Cadence {
    term_months: 12,
    cycle_months: 1,
};
const MONTH: Cadence = Cadence {
    term_months: 1,
    cycle_months: 1,
};

fn account(url: &str) -> Account {
    let file = include_str!("../google/service-account.json");
    let mut settings: Value = serde_json::from_str(file).unwrap();
    settings["url"] = json!(url);
    settings["token_url"] = json!(format!("{url}/token"));
    serde_json::from_value(settings).unwrap()
}

struct Vendor {
    google: Google,
    url: String,
    connector: GoogleReseller,
}

async fn vendor() -> Vendor {
    install_tls();
    let google = Google::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(google.clone().serve(listener));
    Vendor {
        connector: GoogleReseller::new(&account(&url)).unwrap(),
        google,
        url,
    }
}

/// Ten seats for a year that are paid monthly, for a customer that is named by its domain.
fn purchase() -> Request {
    Request {
        tenant: Some(DOMAIN.into()),
        ..request(1, "Google-Apps", SKU, 10)
    }
}

/// A change of what was bought, as the engine asks for it: with a key of its own.
fn change(of: &str, verb: Verb) -> Request {
    Request {
        key: Uuid::from_u128(2),
        vendor_reference: Some(of.to_owned()),
        verb,
        ..purchase()
    }
}

impl Vendor {
    /// Does what the engine does: a lost answer is settled and never sent anew.
    async fn carry_out(&self, request: &Request) -> Outcome {
        let mut last = self.connector.submit(request).await;
        let mut is_in_doubt = false;
        for _ in 0..STEPS {
            is_in_doubt |= matches!(last, Err(NoDecision::AnswerLost { .. }));
            last = match last {
                Ok(Outcome::Accepted { .. }) => panic!("Google answers at once"),
                Ok(decided) => return decided,
                Err(NoDecision::Misconfigured { reason }) => panic!("{reason}"),
                Err(_) if is_in_doubt => self.settle(request).await,
                Err(_) => self.connector.submit(request).await,
            };
        }
        panic!("undecided: {last:?}");
    }

    async fn settle(&self, request: &Request) -> Result<Outcome, NoDecision> {
        let doubt = Doubt {
            since: jiff::Timestamp::UNIX_EPOCH,
            evidence: String::new(),
            checks: 0,
        };
        self.connector.settle(request, &doubt).await
    }

    async fn done(&self, request: &Request) -> String {
        match self.carry_out(request).await {
            Outcome::Done { vendor_reference } => vendor_reference,
            other => panic!("{:?}: {other:?}", request.verb),
        }
    }

    fn fails(&self, call: &'static str, is_booked: bool, answer: Option<(u16, String)>) {
        let fault = Fault {
            call,
            is_booked,
            answer,
        };
        self.google.books(|books| books.faults.push(fault));
    }

    /// The one subscription that there is.
    fn subscription(&self) -> Value {
        self.google.books(|books| {
            assert_eq!(books.subscriptions.len(), 1);
            books.subscriptions[0].clone()
        })
    }

    fn sent(&self, call: &str) -> usize {
        let calls =
            |books: &mut double::Books| books.calls.iter().filter(|one| *one == call).count();
        self.google.books(calls)
    }
}

impl Drop for Vendor {
    /// No test may send what Google does not describe.
    fn drop(&mut self) {
        let violations = self.google.books(|books| books.violations.clone());
        if !std::thread::panicking() {
            assert_eq!(violations, Vec::<String>::new());
        }
    }
}

fn refusal(outcome: Outcome) -> (String, Option<String>) {
    match outcome {
        Outcome::Refused(failure) => {
            assert!(failure.message.len() > 10, "{failure:?}");
            assert!(failure.explain().meaning.is_some(), "{failure:?}");
            (failure.code, failure.field)
        }
        other => panic!("not refused: {other:?}"),
    }
}
