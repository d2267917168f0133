//! Every fault of the simulator, and what is left at the vendor when it is over.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use connectors::osb::OpenServiceBroker;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const ERROR: &str = r#"{"error":"Broken","description":"The vendor is out of order"}"#;

/// Does what the engine does, until the vendor has decided; how often it asked is bounded.
async fn drive(vendor: &Vendor, request: &Request) -> Outcome {
    let mut last = vendor.connector.submit(request).await;
    for checks in 0..30 {
        last = match last {
            Ok(Outcome::Accepted { operation, .. }) => {
                vendor.connector.poll(request, operation.as_deref()).await
            }
            Ok(decided @ (Outcome::Done { .. } | Outcome::Refused(_))) => return decided,
            Err(Fault::Misconfigured { reason }) => panic!("{reason}"),
            Err(Fault::AnswerLost { .. } | Fault::NotSent { .. }) => {
                vendor.connector.settle(request, &doubt(checks)).await
            }
        };
    }
    panic!("undecided: {last:?}");
}

fn doubt(checks: u32) -> Doubt {
    Doubt {
        since: jiff::Timestamp::UNIX_EPOCH,
        evidence: String::new(),
        checks,
    }
}

fn done(request: &Request) -> Outcome {
    Outcome::Done {
        vendor_reference: request.subscription_key.to_string(),
    }
}

fn refused_because(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refused(failure) => &failure.message,
        Outcome::Done { .. } | Outcome::Accepted { .. } => panic!("not refused: {outcome:?}"),
    }
}

fn product(name: &str) -> Request {
    match name {
        "cirrus" => server_backup(),
        _ => request(1, "microsoft-365", "e3", 25),
    }
}

#[tokio::test]
async fn whatever_befalls_a_call_each_change_is_made_once() {
    let faults = [
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "answer", "status": 503, "booked": true}),
        json!({"do": "answer", "status": 408, "booked": true}),
        json!({"do": "answer", "status": 404, "body": ERROR, "booked": true}),
        json!({"do": "answer", "status": 302, "booked": true}),
        json!({"do": "answer", "status": 204, "booked": true}),
        json!({"do": "answer", "status": 429, "retry_after": "1"}),
        json!({"do": "answer", "status": 200, "body": ERROR, "booked": true}),
        json!({"do": "answer", "status": 200, "body": "0123456789", "repeat": 300_000, "booked": true}),
        json!({"do": "answer", "status": 202, "body": "{\"operation\":7}", "booked": true}),
        json!({"do": "async", "polls": 3}),
    ];
    for (name, fault) in ["cirrus", "microsoft"].iter().flat_map(|name| {
        let fault = move |fault| (*name, fault);
        faults.iter().map(fault)
    }) {
        let vendor = vendor(name).await;
        let mut request = product(name);
        let rule = |operation| json!({"operation": operation, "times": 1, "action": fault});
        let rules = ["provision", "update", "deprovision", "last_operation"].map(rule);
        vendor.faults(json!(rules)).await;
        assert_eq!(
            drive(&vendor, &request).await,
            done(&request),
            "{name} {fault}"
        );
        request.verb = Verb::Quantity { from: 25, to: 30 };
        assert_eq!(
            drive(&vendor, &request).await,
            done(&request),
            "{name} {fault}"
        );
        let truth = vendor.truth().await;
        assert_eq!(truth.len(), 1, "{name} {fault}");
        assert_eq!(truth[0]["quantity"], 30, "{name} {fault}");
        assert_eq!(truth[0]["bookings"], 1, "{name} {fault}");
        request.verb = Verb::Cancel;
        assert_eq!(
            drive(&vendor, &request).await,
            done(&request),
            "{name} {fault}"
        );
        assert_eq!(
            vendor.truth().await[0]["state"],
            "deleted",
            "{name} {fault}"
        );
    }
}

#[tokio::test]
async fn a_refused_repeat_is_no_proof_that_nothing_was_booked() {
    for name in ["cirrus", "microsoft"] {
        let vendor = vendor(name).await;
        vendor
            .faults(json!([
                {"operation": "provision", "times": 1, "action": {"do": "drop_after"}},
                {"operation": "provision", "action": {"do": "answer", "status": 400, "body": ERROR}},
            ]))
            .await;
        let outcome = drive(&vendor, &product(name)).await;
        assert_eq!(refused_because(&outcome), "The vendor is out of order");
        assert_eq!(vendor.active_bookings().await, 0, "{name}");
    }
}

#[tokio::test]
async fn a_refused_repeat_of_a_change_is_looked_up() {
    for (first, expected) in [("drop_after", 30), ("drop_before", 25)] {
        let vendor = vendor("cirrus").await;
        let mut request = server_backup();
        drive(&vendor, &request).await;
        vendor
            .faults(json!([
                {"operation": "update", "times": 1, "action": {"do": first}},
                {"operation": "update", "action": {"do": "answer", "status": 422, "body": ERROR}},
            ]))
            .await;
        request.verb = Verb::Quantity { from: 25, to: 30 };
        let outcome = drive(&vendor, &request).await;
        assert_eq!(
            outcome == done(&request),
            expected == 30,
            "{first}: {outcome:?}"
        );
        assert_eq!(vendor.truth().await[0]["quantity"], expected);
    }
}

#[tokio::test]
async fn an_orphan_whose_deletion_fails_is_deleted_again() {
    let vendor = vendor("microsoft").await;
    vendor
        .faults(json!([
            {"operation": "provision",
             "action": {"do": "answer", "status": 500, "body": ERROR, "booked": true}},
            {"operation": "deprovision", "times": 1,
             "action": {"do": "fail_async", "polls": 1, "description": "not now"}},
        ]))
        .await;
    let outcome = drive(&vendor, &product("microsoft")).await;
    assert_eq!(refused_because(&outcome), "The vendor is out of order");
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn a_purchase_that_fails_later_is_refused_in_the_vendors_words_and_cleared() {
    let vendor = vendor("cirrus").await;
    let fail = json!({"do": "fail_async", "polls": 2, "description": "No capacity in the region"});
    vendor
        .faults(json!([{"operation": "provision", "action": fail}]))
        .await;
    let request = server_backup();
    let outcome = drive(&vendor, &request).await;
    assert_eq!(refused_because(&outcome), "No capacity in the region");
    assert_eq!(vendor.connector.clear(&request).await, Ok(done(&request)));
    assert_eq!(vendor.active_bookings().await, 0);
}

#[tokio::test]
async fn a_change_that_fails_later_leaves_what_was_there() {
    let vendor = vendor("cirrus").await;
    let mut request = server_backup();
    drive(&vendor, &request).await;
    let fail = json!({"do": "fail_async", "polls": 0, "description": "Not today"});
    vendor
        .faults(json!([{"operation": "update", "action": fail}]))
        .await;
    request.verb = Verb::Quantity { from: 25, to: 30 };
    assert_eq!(
        refused_because(&drive(&vendor, &request).await),
        "Not today"
    );
    assert_eq!(vendor.truth().await[0]["quantity"], 25);
    assert_eq!(vendor.connector.clear(&request).await, Ok(done(&request)));
    assert_eq!(
        vendor.active_bookings().await,
        1,
        "only purchases are cleared"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let vendor = vendor("cirrus").await;
    let action = json!({"do": "answer", "status": 200, "body": "0123456789", "repeat": 300_000});
    vendor.faults(json!([{"action": action}])).await;
    let lost = vendor.connector.submit(&server_backup()).await;
    let Err(Fault::AnswerLost { evidence, .. }) = lost else {
        panic!("{lost:?}");
    };
    assert!(evidence.contains("more than"), "{evidence}");
}

#[tokio::test]
async fn work_that_never_ends_is_still_accepted_and_ends_when_the_vendor_is_healed() {
    let vendor = vendor("cirrus").await;
    vendor
        .faults(json!([{"operation": "provision", "action": {"do": "async"}}]))
        .await;
    let request = server_backup();
    let Ok(Outcome::Accepted {
        operation,
        retry_after,
    }) = vendor.connector.submit(&request).await
    else {
        panic!("not accepted");
    };
    assert_eq!(retry_after, Some(Duration::from_secs(1)));
    for _ in 0..20 {
        let still = vendor.connector.poll(&request, operation.as_deref()).await;
        assert!(matches!(still, Ok(Outcome::Accepted { .. })), "{still:?}");
    }
    let url = format!("http://{}/faults", vendor.address);
    vendor.http.delete(url).send().await.unwrap();
    let healed = vendor.connector.poll(&request, operation.as_deref()).await;
    assert_eq!(healed, Ok(done(&request)));
}

#[tokio::test]
async fn a_vendor_that_asks_us_to_slow_down_is_obeyed() {
    for (wish, expected) in [
        ("7", Some(7)),
        ("Sun, 06 Nov 2095 08:49:37 GMT", Some(3_600)),
        ("later", None),
    ] {
        let vendor = vendor("cirrus").await;
        let action = json!({"do": "answer", "status": 429, "retry_after": wish});
        vendor
            .faults(json!([{"operation": "provision", "action": action}]))
            .await;
        let Err(Fault::NotSent { retry_after, .. }) =
            vendor.connector.submit(&server_backup()).await
        else {
            panic!("sent");
        };
        assert_eq!(retry_after.map(|wait| wait.as_secs()), expected, "{wish}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_doubt_and_is_found_again() {
    let mut vendor = vendor("cirrus").await;
    let action = json!({"do": "delay", "ms": 60_000});
    vendor
        .faults(json!([{"operation": "provision", "times": 1, "action": action}]))
        .await;
    let url = format!("http://{}/osb/cirrus", vendor.address);
    let broker = OpenServiceBroker::new(&url, simulator::USERNAME, simulator::PASSWORD).unwrap();
    vendor.connector = Box::new(broker.within(Duration::from_millis(200)));
    let late = vendor.connector.submit(&server_backup()).await;
    assert!(matches!(late, Err(Fault::AnswerLost { .. })), "{late:?}");
    assert!(is_done(&vendor.settle(&server_backup()).await));
    assert_eq!(vendor.active_bookings().await, 1);
}

#[tokio::test]
async fn a_dropped_call_gets_not_one_byte_back() {
    for action in ["drop_before", "drop_after"] {
        let vendor = vendor("cirrus").await;
        vendor.faults(json!([{"action": {"do": action}}])).await;
        let mut stream = tokio::net::TcpStream::connect(vendor.address)
            .await
            .unwrap();
        let call = "GET /osb/cirrus/v2/catalog HTTP/1.1\r\nhost: x\r\n\
            authorization: Basic c2VhdHdyaWdodDpzaW11bGF0b3I=\r\nx-broker-api-version: 2.17\r\n\r\n";
        stream.write_all(call.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset is as good as an end.
        stream.read_to_end(&mut answer).await.ok();
        assert_eq!(String::from_utf8_lossy(&answer), "", "{action}");
        assert_eq!(vendor.get("calls").await[0]["status"], Value::Null);
    }
}

fn victim() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test]
async fn the_victim_dies_before_booking_after_booking_or_after_the_answer() {
    for (at, booked, is_answered) in [
        ("before_booking", 0, false),
        ("after_booking", 1, false),
        ("after_answer", 1, true),
    ] {
        let vendor = vendor("cirrus").await;
        let mut victim = victim();
        let url = format!("http://{}/victim", vendor.address);
        let named = vendor
            .http
            .put(url)
            .json(&victim.id())
            .send()
            .await
            .unwrap();
        assert!(named.status().is_success());
        let action = json!({"do": "kill", "at": at});
        vendor
            .faults(json!([{"operation": "provision", "action": action}]))
            .await;
        let answer = vendor.connector.submit(&server_backup()).await;
        assert_eq!(is_done(&answer), is_answered, "{at}: {answer:?}");
        // Waiting closes the victim's input, which would end it too.
        let input = victim.stdin.take();
        let end = tokio::task::spawn_blocking(move || victim.wait()).await;
        drop(input);
        assert_eq!(end.unwrap().unwrap().code(), None, "ended by a signal");
        assert_eq!(vendor.active_bookings().await, booked, "{at}");
    }
}

#[tokio::test]
async fn nobody_can_name_a_whole_group_of_processes_as_the_victim() {
    let vendor = vendor("cirrus").await;
    for pid in [0_u32, 1, u32::MAX] {
        let url = format!("http://{}/victim", vendor.address);
        let answer = vendor.http.put(url).json(&pid).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{pid}");
    }
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut histories = Vec::new();
    for _ in 0..2 {
        let vendor = vendor("cirrus").await;
        let action = json!({"do": "answer", "status": 500});
        vendor
            .faults(json!([{"operation": "catalog", "percent": 30, "action": action}]))
            .await;
        let mut history = Vec::new();
        for _ in 0..40 {
            history.push(vendor.connector.catalog().await.is_ok());
        }
        histories.push(history);
    }
    assert_eq!(histories[0], histories[1]);
    let failed = histories[0].iter().filter(|is_ok| !**is_ok).count();
    assert!((4..=24).contains(&failed), "{failed} of 40");
}

#[tokio::test]
async fn the_vendors_world_goes_on_after_a_restart() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulator-world.json");
    std::fs::remove_file(&file).ok();
    for _ in 0..2 {
        let options = simulator::Options {
            seed: 7,
            state_file: Some(file.clone()),
        };
        let (vendor, stop) = vendor_with("cirrus", options).await;
        assert!(is_done(&vendor.connector.submit(&server_backup()).await));
        let truth = vendor.truth().await;
        assert_eq!(truth.len(), 1);
        assert_eq!(truth[0]["line"], json!(server_backup().line));
        assert_eq!(truth[0]["key"], json!(server_backup().key));
        stop.send(()).unwrap();
    }
}
