//! The contract that a connector keeps, against the simulator over real HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "what a test can't set up fails the test"
)]

mod aws_organizations;
mod broker;
mod described;
mod faults;
mod google_reseller;
mod inventory;
mod partner_center;
mod sent;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use connectors::{Connector, Settings, connect, simulator};
use domain::id::{LineId, OrganizationId, UserId};
use domain::offer::Cadence;
use domain::provisioning::{Doubt, Fault, Outcome, Request, Verb};
use domain::text::{Contact, Email};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

struct Vendor {
    address: SocketAddr,
    http: reqwest::Client,
    connector: Box<dyn Connector>,
}

async fn vendor(name: &str) -> Vendor {
    let (vendor, stop) = vendor_with(name, simulator::Options::default()).await;
    // Serves until the test's runtime ends.
    std::mem::forget(stop);
    vendor
}

async fn vendor_with(name: &str, options: simulator::Options) -> (Vendor, oneshot::Sender<()>) {
    install_tls();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(simulator::serve(listener, options, async {
        stopped.await.ok();
    }));
    let connector = connect(&Settings::OpenServiceBroker {
        url: format!("http://{address}/osb/{name}"),
        username: simulator::USERNAME.into(),
        password: simulator::PASSWORD.into(),
        has_tenants: false,
    });
    let http = reqwest::Client::builder().build().unwrap();
    let vendor = Vendor {
        address,
        http,
        connector: connector.unwrap(),
    };
    (vendor, stop)
}

fn install_tls() {
    // Another test may have installed it already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

impl Vendor {
    async fn faults(&self, rules: Value) {
        let url = format!("http://{}/faults", self.address);
        let answer = self.http.put(url).json(&rules).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    async fn get(&self, what: &str) -> Vec<Value> {
        let url = format!("http://{}/{what}", self.address);
        let answer = self.http.get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn truth(&self) -> Vec<Value> {
        self.get("truth").await
    }

    async fn active_bookings(&self) -> usize {
        let truth = self.truth().await;
        truth.iter().filter(|row| row["state"] == "active").count()
    }

    /// Does what the engine does after a lost answer, up to a limit.
    async fn settle(&self, request: &Request) -> Result<Outcome, Fault> {
        let mut last = Err(Fault::Misconfigured {
            reason: "never asked".into(),
        });
        for checks in 0..12 {
            let doubt = Doubt {
                since: jiff::Timestamp::UNIX_EPOCH,
                evidence: String::new(),
                checks,
            };
            last = self.connector.settle(request, &doubt).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

fn request(number: u128, product: &str, plan: &str, quantity: u32) -> Request {
    let key = Uuid::from_u128(number);
    Request {
        key,
        subscription_key: key,
        vendor_reference: None,
        verb: Verb::Purchase { quantity },
        product: product.into(),
        plan: plan.into(),
        cadence: Cadence {
            term_months: 12,
            cycle_months: 1,
        },
        organization: OrganizationId(Uuid::from_u128(3)),
        organization_slug: "amber".into(),
        order: 7,
        line: LineId(Uuid::from_u128(9)),
        actor: UserId(Uuid::from_u128(77)),
        actor_email: "seller-admin@baltic.example".into(),
        contact: Some(Contact {
            email: Email::parse("admin@amber.example").unwrap(),
            name: "Ieva".into(),
            surname: "Berg".into(),
        }),
        tenant: None,
        parameters: serde_json::Map::new(),
        corrected: BTreeSet::new(),
    }
}

fn server_backup() -> Request {
    request(1, "cirrus-backup", "server", 25)
}

fn is_done(outcome: &Result<Outcome, Fault>) -> bool {
    matches!(outcome, Ok(Outcome::Done { .. }))
}

#[tokio::test]
async fn a_whole_life_is_booked_once() {
    let vendor = vendor("cirrus").await;
    let mut request = server_backup();
    assert!(is_done(&vendor.connector.submit(&request).await));
    assert!(
        is_done(&vendor.connector.submit(&request).await),
        "the same again is no second booking"
    );
    assert_eq!(vendor.active_bookings().await, 1);
    for verb in [
        Verb::Quantity { from: 25, to: 30 },
        Verb::Suspend,
        Verb::Reactivate,
    ] {
        request.verb = verb;
        assert!(
            is_done(&vendor.connector.submit(&request).await),
            "{:?}",
            request.verb
        );
    }
    request.verb = Verb::Cancel;
    assert!(is_done(&vendor.connector.submit(&request).await));
    assert!(
        is_done(&vendor.connector.submit(&request).await),
        "gone is what a cancellation wants"
    );
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_and_booked_once() {
    for action in [
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "answer", "status": 500, "booked": true}),
        json!({"do": "answer", "status": 500, "body": "{\"error\":\"Busy\"}"}),
        json!({"do": "answer", "status": 200, "body": "<html>", "booked": true}),
        json!({"do": "answer", "status": 201, "body": "{\"a\":", "booked": true}),
        json!({"do": "answer", "status": 409, "body": "<html>"}),
    ] {
        let vendor = vendor("cirrus").await;
        vendor
            .faults(json!([{"operation": "provision", "times": 1, "action": action}]))
            .await;
        let first = vendor.connector.submit(&server_backup()).await;
        assert!(
            matches!(first, Err(Fault::AnswerLost { .. })),
            "{action}: {first:?}"
        );
        assert!(is_done(&vendor.settle(&server_backup()).await), "{action}");
        assert_eq!(vendor.active_bookings().await, 1, "{action}");
    }
}

#[tokio::test]
async fn a_vendor_that_works_slowly_is_asked_until_it_decides() {
    let vendor = vendor("microsoft").await;
    let request = request(1, "microsoft-365", "e3", 25);
    let mut outcome = vendor.connector.submit(&request).await;
    let mut polls = 0;
    while let Ok(Outcome::Accepted { operation, .. }) = &outcome {
        polls += 1;
        assert!(polls < 10, "{outcome:?}");
        outcome = vendor.connector.poll(&request, operation.as_deref()).await;
    }
    assert!(is_done(&outcome), "{outcome:?}");
    assert_eq!((polls, vendor.active_bookings().await), (3, 1));
}

#[tokio::test]
async fn a_refusal_has_the_vendors_reason_and_the_field_to_correct() {
    let vendor = vendor("cirrus").await;
    let mut wrong_address = server_backup();
    wrong_address.contact.as_mut().unwrap().email = Email::parse("x@invalid.example").unwrap();
    let mut in_atlantis = server_backup();
    in_atlantis
        .parameters
        .insert("region".into(), "atlantis".into());
    for (request, code, field) in [
        (
            request(1, "cirrus-backup", "server", 101),
            "QuantityAboveMaximum",
            Some("/quantity"),
        ),
        (wrong_address, "InvalidEmail", Some("/contact/email")),
        (in_atlantis, "RegionUnavailable", Some("/parameters/region")),
        (
            request(1, "cirrus-backup", "nothing", 1),
            "UnknownPlan",
            None,
        ),
    ] {
        let Ok(Outcome::Refused(failure)) = vendor.connector.submit(&request).await else {
            panic!("{code}");
        };
        assert_eq!(
            (failure.code.as_str(), failure.field.as_deref()),
            (code, field)
        );
        assert!(failure.message.len() > 10);
    }
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn a_broker_that_only_answers_errors_is_left_without_an_orphan() {
    let vendor = vendor("cirrus").await;
    let body = "{\"error\":\"Broken\",\"description\":\"The vendor is out of order\"}";
    let action = json!({"do": "answer", "status": 500, "body": body, "booked": true});
    vendor
        .faults(json!([{"operation": "provision", "action": action}]))
        .await;
    assert!(matches!(
        vendor.connector.submit(&server_backup()).await,
        Err(Fault::AnswerLost { .. })
    ));
    let Ok(Outcome::Refused(failure)) = vendor.settle(&server_backup()).await else {
        panic!("not refused");
    };
    assert_eq!(failure.message, "The vendor is out of order");
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn what_was_never_sent_is_told_from_a_doubt_and_wrong_credentials_from_both() {
    let vendor = vendor("cirrus").await;
    let connector = |url: String, password: &str| {
        let username = simulator::USERNAME.into();
        let password = password.into();
        connect(&Settings::OpenServiceBroker {
            url,
            username,
            password,
            has_tenants: false,
        })
        .unwrap()
    };
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = connector(format!("http://{closed}"), simulator::PASSWORD);
    assert!(matches!(
        nobody.submit(&server_backup()).await,
        Err(Fault::NotSent { .. })
    ));
    let stranger = connector(
        format!("http://{}/osb/cirrus", vendor.address),
        "wrong-secret",
    );
    let Err(refused @ Fault::Misconfigured { .. }) = stranger.submit(&server_backup()).await else {
        panic!("let in");
    };
    assert!(!format!("{refused} {refused:?}").contains("wrong-secret"));
    assert_eq!(vendor.active_bookings().await, 0);
}

/// A broker that refuses what its schema of updates does not name, though it is as it was.
#[tokio::test]
async fn what_can_not_be_changed_is_no_part_of_a_change() {
    let vendor = vendor("cirrus").await;
    let mut request = request(1, "cirrus-backup", "vault", 5);
    request.parameters.insert("region".into(), "west".into());
    request
        .parameters
        .insert("retention_days".into(), 90.into());
    assert!(is_done(&vendor.connector.submit(&request).await));
    for verb in [
        Verb::Quantity { from: 5, to: 8 },
        Verb::Configure {
            field: "retention_days".into(),
            value: 365.into(),
        },
    ] {
        request.verb = verb;
        let changed = vendor.connector.submit(&request).await;
        assert!(is_done(&changed), "{:?}: {changed:?}", request.verb);
    }
    request.verb = Verb::Configure {
        field: "region".into(),
        value: "west".into(),
    };
    let refused = vendor.connector.submit(&request).await;
    assert!(matches!(refused, Ok(Outcome::Refused(_))), "{refused:?}");
    assert_eq!(vendor.truth().await[0]["quantity"], 8);
}

#[tokio::test]
async fn the_catalog_is_read_with_what_each_plan_asks() {
    let vendor = vendor("cirrus").await;
    let entries = vendor.connector.catalog().await.unwrap();
    let asked: Vec<String> = entries
        .into_iter()
        .map(|entry| {
            let asked = entry.asked.unwrap().unwrap();
            let questions = asked.form.map_or_else(Vec::new, |form| form.questions);
            let names: Vec<String> = questions.into_iter().map(|one| one.name).collect();
            format!("{} {}", entry.plan, names.join(" "))
                .trim()
                .to_owned()
        })
        .collect();
    let (server, vault) = (
        "server region retention_days",
        "vault region retention_days",
    );
    assert_eq!(asked, ["workstation", server, "m365-backup", vault]);
}
