//! The address for events: made, changed, found out when an answer is lost, and tried. What Microsoft answers is
//! not trusted.

use connectors::partner_center::{Delivery, Registration, Unregistered};

use super::*;

const DOOR: &str = "/webhooks/partner-center/nordic/microsoft";

pub(super) fn wished() -> Registration {
    Registration::wished("https://desk.example", DOOR).unwrap()
}

fn key(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// What a person's command does.
async fn register(vendor: &Vendor, number: u128) -> Result<(), Unregistered> {
    let known = vendor.connector.registration().await?;
    if known.as_ref().is_some_and(|known| known.is_as(&wished())) {
        return Ok(());
    }
    let (wished, key) = (wished(), key(number));
    let register = vendor.connector.register(&wished, known.as_ref(), key);
    register.await
}

fn registered(vendor: &Vendor) -> Value {
    vendor
        .front
        .books(|books| books.registration.clone())
        .unwrap_or_default()
}

fn is_lost(told: &Result<(), Unregistered>) -> bool {
    matches!(told, Err(Unregistered::Fault(Fault::AnswerLost { .. })))
}

#[tokio::test]
async fn an_address_is_registered_once_and_changed_where_it_is_another() {
    let vendor = vendor().await;
    let events = json!(["subscription-updated", "test-created"]);
    let body =
        json!({"WebhookUrl": format!("https://desk.example{DOOR}"), "WebhookEvents": events});
    for number in [1, 2] {
        assert_eq!(register(&vendor, number).await, Ok(()));
        assert_eq!(registered(&vendor), body);
    }
    assert_eq!(vendor.front.calls("POST registration").len(), 1);
    // What says where the signature stands goes back as it came, and nothing else does.
    let other = json!({"webhookUrl": "https://old.example/", "webhookEvents": ["invoice-ready"],
        "subscriberId": "s-1", "signatureTokenToMsSignatureHeader": true});
    vendor.front.books(|books| books.registration = Some(other));
    assert_eq!(register(&vendor, 3).await, Ok(()));
    let mut kept = body;
    kept["SignatureTokenToMsSignatureHeader"] = json!(true);
    assert_eq!(registered(&vendor), kept);
    let calls = vendor.front.calls("PUT registration");
    let keys: Vec<_> = calls.iter().map(|call| call.request_id.clone()).collect();
    assert_eq!(keys, [Some(key(3).to_string())]);
}

#[tokio::test]
async fn what_became_of_a_lost_answer_is_found_out_by_looking() {
    for (what, known) in [
        ("POST registration", Value::Null),
        (
            "PUT registration",
            json!({"WebhookUrl": "https://old.example/", "WebhookEvents": []}),
        ),
    ] {
        let vendor = vendor().await;
        let known = Some(known).filter(|known| !known.is_null());
        vendor
            .front
            .books(|books| books.registration.clone_from(&known));
        vendor.front.fault(what, 1, Action::DropBefore);
        assert!(is_lost(&register(&vendor, 1).await), "{what}");
        assert_eq!(registered(&vendor), known.unwrap_or_default(), "{what}");
        let html = Action::Answer(502, json!("<html>"));
        for (number, action) in [(2, Action::DropAfter), (3, html)] {
            vendor.front.books(|books| books.registration = None);
            vendor.front.fault("POST registration", 1, action.clone());
            assert_eq!(register(&vendor, number).await, Ok(()), "{action:?}");
        }
        vendor.front.books(|books| books.registration = None);
        // Nobody can say what it is by then.
        vendor
            .front
            .fault("POST registration", 1, Action::DropAfter);
        vendor
            .front
            .fault("GET registration", 1, Action::Answer(404, Value::Null));
        vendor
            .front
            .fault("GET registration", 1, Action::DropBefore);
        assert!(is_lost(&register(&vendor, 4).await), "{what}");
        assert_eq!(register(&vendor, 5).await, Ok(()));
    }
}

#[tokio::test]
async fn what_is_no_answer_about_a_registration_changes_nothing() {
    let vendor = vendor().await;
    let words = "The webhook URL can't be open sesame";
    let refusal = json!({"code": "999999", "description": words, "data": [], "source": "x"});
    for (status, body) in [
        (200, json!("<html>")),
        (200, json!([])),
        (200, json!({"ok": true})),
        (
            200,
            json!({"WebhookUrl": "https://desk.example", "WebhookEvents": "all"}),
        ),
        (200, refusal.clone()),
        (403, refusal.clone()),
        (404, json!("<html>")),
        (503, Value::Null),
        (302, Value::Null),
    ] {
        let action = Action::Instead(status, body.clone());
        vendor.front.fault("GET registration", 1, action);
        let told = register(&vendor, 1).await;
        assert!(
            told.is_err() && !is_lost(&told),
            "{status} {body}: {told:?}"
        );
        assert_eq!(
            vendor.front.calls("POST registration").len(),
            0,
            "{status} {body}"
        );
    }
    for (body, is_none) in [
        (Value::Null, true),
        (json!({"WebhookUrl": null, "WebhookEvents": null}), true),
    ] {
        vendor
            .front
            .fault("GET registration", 1, Action::Instead(200, body));
        assert_eq!(
            vendor.connector.registration().await.unwrap().is_none(),
            is_none
        );
    }
    // Another echo than what was asked for is no success, though Microsoft says so.
    let echo = json!({"WebhookUrl": "https://evil.example", "WebhookEvents": ["test-created"]});
    vendor
        .front
        .fault("POST registration", 1, Action::Instead(200, echo));
    assert!(is_lost(&register(&vendor, 2).await));
    vendor
        .front
        .fault("POST registration", 1, Action::Instead(400, refusal));
    let told = register(&vendor, 3).await.unwrap_err();
    let words = "Microsoft refuses: The webhook URL can't be [redacted] (999999)";
    assert_eq!(told.to_string(), words);
    assert_eq!(registered(&vendor), Value::Null);
}

#[tokio::test]
async fn a_test_event_is_sent_and_what_is_told_of_it_is_of_that_event_and_that_address() {
    let vendor = vendor().await;
    register(&vendor, 1).await.unwrap();
    let test = vendor.connector.send_test(key(2)).await.unwrap();
    let look = async || vendor.connector.look_at_test(test, &wished()).await;
    assert_eq!(look().await, Ok(Delivery::default()));
    let reply = json!({"responseCode": "OK", "responseMessage": "", "systemError": false});
    let done = json!({"status": "completed", "results": [reply]});
    vendor
        .front
        .books(|books| books.deliveries.push(done.clone()));
    assert!(look().await.unwrap().has_arrived());
    let told = |name: &str, value: &str| {
        let mut told = done.clone();
        told["correlationId"] = json!(test);
        told["callbackUrl"] = json!(wished().address());
        told[name] = json!(value);
        Action::Instead(200, told)
    };
    for (action, is_believed) in [
        (told("status", "completed"), true),
        (told("correlationId", &key(7).to_string()), false),
        (told("correlationId", "../registration"), false),
        (told("callbackUrl", "https://evil.example"), false),
        (Action::Instead(200, done.clone()), false),
        (Action::Instead(200, json!([])), false),
        (Action::Instead(500, json!("<html>")), false),
        (Action::DropBefore, false),
        (Action::Instead(404, Value::Null), true),
    ] {
        vendor
            .front
            .fault("GET validationEvents/one", 1, action.clone());
        assert_eq!(look().await.is_ok(), is_believed, "{action:?}");
    }
    for (action, words) in [
        (Action::Throttle(Some(30)), "Microsoft asks us to wait"),
        (
            Action::Instead(200, json!({"correlationId": "../registration"})),
            "without an id",
        ),
        (Action::Instead(200, json!("<html>")), "without an id"),
    ] {
        vendor.front.fault("POST validationEvents", 1, action);
        let told = vendor.connector.send_test(key(3)).await.unwrap_err();
        assert!(told.to_string().contains(words), "{told}");
    }
    vendor.front.fault(
        "POST validationEvents",
        1,
        Action::Instead(200, Value::String(format!("\"{test}\""))),
    );
    assert_eq!(vendor.connector.send_test(key(4)).await, Ok(test));
}
