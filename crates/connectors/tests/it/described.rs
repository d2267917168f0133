//! A vendor that is attached by a description alone keeps the same promises: the broker of the simulator,
//! spoken to by a JSON file.

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
