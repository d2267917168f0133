//! A vendor that is attached by a description alone keeps the same promises: the broker of the simulator,
//! spoken to by a JSON file.

use connectors::{Account, Known};
use domain::reconciliation::{Holding, Reference};

use super::*;

const BROKER: &str = include_str!("../described/broker.json");

fn description() -> Value {
    serde_json::from_str(BROKER).unwrap()
}

fn connected(description: Value) -> Result<Box<dyn Connector>, Fault> {
    install_tls();
    connect(&serde_json::from_value(description).unwrap())
}

/// The simulator's broker of a name, and a connector to it that knows it from the file only.
async fn described(name: &str) -> Vendor {
    let vendor = vendor(name).await;
    let mut description = description();
    description["url"] = json!(format!("http://{}/osb/{name}", vendor.address));
    Vendor {
        connector: connected(description).unwrap(),
        ..vendor
    }
}

fn asked(verb: Verb) -> Request {
    Request {
        verb,
        ..server_backup()
    }
}

#[tokio::test]
async fn a_whole_life_by_a_description_is_booked_once() {
    let vendor = described("cirrus").await;
    for verb in [
        Verb::Purchase { quantity: 25 },
        Verb::Purchase { quantity: 25 },
        Verb::Quantity { from: 25, to: 30 },
    ] {
        let outcome = vendor.connector.submit(&asked(verb)).await;
        assert!(is_done(&outcome), "{outcome:?}");
    }
    assert_eq!(vendor.active_bookings().await, 1);
    assert_eq!(vendor.truth().await[0]["quantity"], 30);
    let Ok(Outcome::Refused(refused)) = vendor.connector.submit(&asked(Verb::Suspend)).await else {
        panic!("the file has no such call");
    };
    assert_eq!(refused.code, "NotSupported");
    assert!(is_done(
        &vendor.connector.submit(&asked(Verb::Cancel)).await
    ));
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_class_that_is_described() {
    for action in [
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "answer", "status": 500, "booked": true}),
        json!({"do": "answer", "status": 204, "booked": true}),
    ] {
        let vendor = described("cirrus").await;
        for (operation, verb) in [
            ("provision", Verb::Purchase { quantity: 25 }),
            ("update", Verb::Quantity { from: 25, to: 30 }),
        ] {
            vendor
                .faults(json!([{"operation": operation, "times": 1, "action": action}]))
                .await;
            let request = asked(verb);
            let first = vendor.connector.submit(&request).await;
            assert!(matches!(first, Err(Fault::AnswerLost { .. })), "{first:?}");
            assert!(is_done(&vendor.settle(&request).await), "{action}");
        }
        let truth = vendor.truth().await;
        assert_eq!((truth.len(), vendor.active_bookings().await), (1, 1));
        assert_eq!(truth[0]["quantity"], 30, "{action}");
    }
}

#[tokio::test]
async fn what_is_sent_once_is_never_sent_again() {
    let vendor = described("cirrus").await;
    vendor.connector.submit(&server_backup()).await.unwrap();
    vendor
        .faults(json!([{"operation": "deprovision", "times": 1, "action": {"do": "drop_before"}}]))
        .await;
    let end = asked(Verb::Cancel);
    assert!(vendor.connector.submit(&end).await.is_err());
    let calls = vendor.get("calls").await.len();
    let settled = vendor.settle(&end).await;
    assert!(
        matches!(settled, Err(Fault::AnswerLost { .. })),
        "{settled:?}"
    );
    assert_eq!(vendor.get("calls").await.len(), calls);
}

#[tokio::test]
async fn a_slow_vendor_is_polled_and_a_refusal_has_its_words() {
    let vendor = described("microsoft").await;
    let request = request(1, "microsoft-365", "e3", 25);
    let mut outcome = vendor.connector.submit(&request).await;
    let mut polls = 0;
    while let Ok(Outcome::Accepted { operation, .. }) = &outcome {
        polls += 1;
        assert!(polls < 10, "{outcome:?}");
        outcome = vendor.connector.poll(&request, operation.as_deref()).await;
    }
    assert!(is_done(&outcome), "{outcome:?}");
    assert_eq!(polls, 3);
    let vendor = described("cirrus").await;
    let many = asked(Verb::Purchase { quantity: 101 });
    let Ok(Outcome::Refused(failure)) = vendor.connector.submit(&many).await else {
        panic!("not refused");
    };
    assert_eq!(failure.code, "QuantityAboveMaximum");
    assert!(failure.message.len() > 10);
}

#[test]
fn a_description_that_can_not_be_right_is_refused_where_it_is_wrong() {
    for (pointer, value, words) in [
        ("/url", json!("ftp://vendor.example"), "http://"),
        (
            "/verbs/purchase/call/method",
            json!("GRAB"),
            "/verbs/purchase: method",
        ),
        (
            "/verbs/purchase/call/path",
            json!("/orders"),
            "/verbs/purchase: a keyed call",
        ),
        (
            "/verbs/purchase/call/body/plan_id",
            json!("{{ plam }}"),
            "/verbs/purchase: {{ plam }}",
        ),
        (
            "/verbs/purchase/repeat",
            json!("referenced"),
            "/verbs/purchase: a referenced verb needs find",
        ),
        (
            "/verbs/quantity/find/answers/1/means",
            json!("done"),
            "/verbs/quantity: find needs",
        ),
        (
            "/verbs/quantity/repeat",
            json!("once"),
            "/verbs/quantity: a verb that is sent once",
        ),
        ("/poll/path", json!("/{{ operatoin }}"), "/poll: undefined"),
        (
            "/look_up/call/path",
            json!("/instances/{{ tenant }}"),
            "/look_up: undefined",
        ),
        (
            "/look_up/call/answers/0/echoes",
            json!({}),
            "/look_up: an answer that means done has to echo",
        ),
        (
            "/look_up/call/answers/1/means",
            json!("later"),
            "/look_up: needs an answer that means done and one that means absent",
        ),
    ] {
        let mut wrong = description();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let Err(Fault::Misconfigured { reason }) = connected(wrong) else {
            panic!("taken: {pointer}");
        };
        assert!(reason.contains(words), "{reason} lacks {words}");
    }
    let mut unknown = description();
    unknown["verbs"]["buy"] = unknown["verbs"]["purchase"].clone();
    let Err(Fault::Misconfigured { reason }) = connected(unknown) else {
        panic!("taken");
    };
    assert_eq!(reason, "/verbs/buy: there is no such verb");
}

#[tokio::test]
async fn no_header_of_the_account_is_found_in_what_is_kept() {
    let vendor = described("cirrus").await;
    let secret = "Basic c2VhdHdyaWdodDpzaW11bGF0b3I=";
    let body = format!("you sent {secret}");
    vendor
        .faults(json!([{"operation": "provision", "action": {"do": "answer", "status": 500, "body": body}}]))
        .await;
    let lost = vendor.connector.submit(&server_backup()).await.unwrap_err();
    assert!(format!("{lost}").contains("[redacted]"), "{lost}");
    let settings: Settings = serde_json::from_value(description()).unwrap();
    for said in [format!("{lost} {lost:?}"), format!("{settings:?}")] {
        assert!(!said.contains("c2VhdHdyaWdodDpzaW11bGF0b3I"), "{said}");
    }
}

impl Vendor {
    /// What the broker tells of an instance by the description.
    async fn told(&self, key: u128) -> Result<Vec<Holding>, Fault> {
        let known = Known {
            reference: Reference(Uuid::from_u128(key).to_string()),
            product: "cirrus-backup".into(),
            plan: "server".into(),
        };
        let account = Account {
            tenant: None,
            known: vec![known],
        };
        self.connector.look_up(&account).await
    }

    async fn becomes(&self, terms: Value) {
        let drift = json!({"vendor": "cirrus", "instance": Uuid::from_u128(1), "terms": terms});
        let url = format!("http://{}/drift", self.address);
        let answer = self.http.post(url).json(&drift).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

#[tokio::test]
async fn what_a_subscription_is_and_costs_is_read_where_the_description_points() {
    let vendor = described("cirrus").await;
    assert!(is_done(&vendor.connector.submit(&server_backup()).await));
    let told = vendor.told(1).await.unwrap().remove(0);
    assert_eq!(
        (told.quantity, told.renews, told.price),
        (Some(25), None, None)
    );
    vendor
        .becomes(json!({"unit_price": 13.1, "currency": "EUR", "auto_renew": false}))
        .await;
    let told = vendor.told(1).await.unwrap().remove(0);
    let price = told.price.map(|price| price.to_string());
    assert_eq!(price.as_deref(), Some("13.1 EUR a license per month"));
    assert_eq!((told.quantity, told.renews), (Some(25), Some(false)));
    assert_eq!(vendor.told(2).await.unwrap(), [], "never booked");
    let calls = vendor.get("calls").await;
    let is_asked = |call: &&Value| call["operation"] == "fetch";
    assert_eq!((calls.iter().filter(is_asked).count(), calls.len()), (3, 4));
}

#[tokio::test]
async fn what_is_no_price_is_not_told_and_what_is_no_answer_is_no_absence() {
    let vendor = described("cirrus").await;
    vendor.connector.submit(&server_backup()).await.unwrap();
    for (amount, currency, expected) in [
        (
            json!("13.10"),
            json!("eur"),
            Some("13.1 EUR a license per month"),
        ),
        (json!(0), json!("EUR"), Some("0 EUR a license per month")),
        (json!(-13.1), json!("EUR"), None),
        (json!("13,10"), json!("EUR"), None),
        (json!("13.10 EUR"), json!("EUR"), None),
        (json!(1e30), json!("EUR"), None),
        (
            json!("99999999999999999999999999999999"),
            json!("EUR"),
            None,
        ),
        (json!(13.100_000_1), json!("EUR"), None),
        (Value::Null, json!("EUR"), None),
        (json!([13.1]), json!("EUR"), None),
        (json!(13.1), json!("EURO"), None),
        (json!(13.1), json!("XXX"), None),
        (json!(13.1), Value::Null, None),
    ] {
        vendor
            .becomes(json!({"unit_price": amount, "currency": currency}))
            .await;
        let told = vendor.told(1).await.unwrap().remove(0).price;
        let told = told.map(|price| price.to_string());
        assert_eq!(told.as_deref(), expected, "{amount} {currency}");
    }
    for action in [
        json!({"do": "drop_before"}),
        json!({"do": "answer", "status": 500, "body": "{}"}),
        json!({"do": "answer", "status": 404, "body": "<html>"}),
        json!({"do": "answer", "status": 200, "body": "{}"}),
        json!({"do": "answer", "status": 200, "body": "{\"service_id\": \"of another\"}"}),
    ] {
        vendor
            .faults(json!([{"operation": "fetch", "times": 1, "action": action}]))
            .await;
        let told = vendor.told(1).await;
        assert!(
            matches!(told, Err(Fault::NotSent { .. })),
            "{action}: {told:?}"
        );
    }
}
