//! Lost, garbled, foreign and throttled answers to each call: what was asked for is there once, or proven
//! not to be.

use super::*;

/// What can come instead of an answer to a write, and whether Google carried it out.
fn doubts() -> Vec<(bool, Option<(u16, String)>)> {
    let answer = |status: u16, body: &str| Some((status, body.to_owned()));
    let foreign =
        json!({"kind": "reseller#subscription", "subscriptionId": "s9", "customerId": "C9",
        "skuId": "other", "plan": {"planName": "ANNUAL"}, "seats": {"numberOfSeats": 10},
        "status": "ACTIVE", "purchaseOrderId": "another"})
        .to_string();
    let busy = double::error(503, "backendError", "busy").to_string();
    let unknown = double::error(400, "newerThanUs", "odd").to_string();
    let mut all = Vec::new();
    for is_booked in [true, false] {
        all.extend([
            (is_booked, None),
            (is_booked, answer(500, "")),
            (is_booked, answer(503, &busy)),
            (is_booked, answer(200, "<html>")),
            (is_booked, answer(200, "{}")),
            (is_booked, answer(200, "{\"subscriptionId\": ")),
            (is_booked, answer(400, &unknown)),
            (is_booked, answer(404, "nothing here")),
            (is_booked, answer(302, "")),
            (is_booked, answer(200, &foreign)),
        ]);
    }
    all
}

#[tokio::test]
async fn a_lost_purchase_is_found_again_and_bought_once() {
    for (is_booked, answer) in doubts() {
        let vendor = vendor().await;
        vendor.fails("subscriptions.insert", is_booked, answer.clone());
        let first = vendor.connector.submit(&purchase()).await;
        let is_lost = matches!(first, Err(NoDecision::AnswerLost { .. }));
        assert!(is_lost, "{answer:?}: {first:?}");
        let settled = vendor.settle(&purchase()).await;
        let done = Outcome::Done {
            vendor_reference: "s1".into(),
        };
        assert_eq!(settled, Ok(done), "{answer:?}");
        assert_eq!(vendor.google.books(|books| books.bought), 1);
        let expected = if is_booked { 1 } else { 2 };
        assert_eq!(vendor.sent("subscriptions.insert"), expected, "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_listed_yet_is_neither_bought_again_nor_called_refused() {
    let vendor = vendor().await;
    vendor.fails("subscriptions.insert", true, None);
    assert!(vendor.connector.submit(&purchase()).await.is_err());
    let empty = json!({"kind": "reseller#subscriptions"}).to_string();
    for _ in 0..2 {
        vendor.fails("subscriptions.list", false, Some((200, empty.clone())));
    }
    let settled = vendor.settle(&purchase()).await;
    assert!(
        matches!(settled, Err(NoDecision::AnswerLost { .. })),
        "{settled:?}"
    );
    vendor.google.books(|books| books.lists_late = true);
    assert_eq!(vendor.done(&purchase()).await, "s1");
    assert_eq!(vendor.google.books(|books| books.bought), 1);
}

#[tokio::test]
async fn a_lost_change_is_made_once() {
    let year = Verb::Plan {
        product: "Google-Apps".into(),
        plan: SKU.into(),
        cadence: YEAR,
    };
    for (call, verb, cadence) in [
        (
            "subscriptions.changeSeats",
            Verb::Quantity { from: 10, to: 15 },
            YEAR,
        ),
        ("subscriptions.suspend", Verb::Suspend, YEAR),
        (
            "subscriptions.changeRenewalSettings",
            Verb::AutoRenewal { on: false },
            YEAR,
        ),
        ("subscriptions.changePlan", year, MONTH),
        ("subscriptions.delete", Verb::Cancel, YEAR),
    ] {
        for (is_booked, answer) in doubts() {
            let vendor = vendor().await;
            let bought = Request {
                cadence,
                ..purchase()
            };
            let id = vendor.done(&bought).await;
            vendor.fails(call, is_booked, answer.clone());
            let request = Request {
                cadence,
                ..change(&id, verb.clone())
            };
            let is_about_foreign = answer
                .as_ref()
                .is_some_and(|(_, body)| body.contains("another"));
            if verb == Verb::Cancel && is_about_foreign {
                continue;
            }
            let first = vendor.connector.submit(&request).await;
            let is_lost = matches!(first, Err(NoDecision::AnswerLost { .. }));
            assert!(is_lost, "{call} {answer:?}: {first:?}");
            let settled = vendor.settle(&request).await;
            assert!(
                matches!(settled, Ok(Outcome::Done { .. })),
                "{call} {answer:?}: {settled:?}"
            );
            let expected = if is_booked { 1 } else { 2 };
            assert_eq!(vendor.sent(call), expected, "{call} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_throttled_call_was_not_sent_and_waits() {
    for (status, reason) in [
        (429, "rateLimitExceeded"),
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "dailyLimitExceeded"),
    ] {
        let vendor = vendor().await;
        for call in [
            "customers.get",
            "subscriptions.list",
            "subscriptions.insert",
        ] {
            let body = double::error(status, reason, "slower").to_string();
            vendor.fails(call, false, Some((status, body)));
            let throttled = vendor.connector.submit(&purchase()).await;
            let Err(NoDecision::NotSent {
                retry_after: Some(wait),
                ..
            }) = throttled
            else {
                panic!("{call} {status} {reason}: {throttled:?}");
            };
            assert!(wait.as_secs() > 0);
        }
        vendor.done(&purchase()).await;
        assert_eq!(vendor.google.books(|books| books.bought), 1);
    }
}

#[tokio::test]
async fn a_list_that_is_garbled_or_anothers_decides_nothing() {
    let anothers = json!({"kind": "reseller#subscriptions", "subscriptions": [
        {"subscriptionId": "s9", "customerId": "C9", "skuId": SKU, "plan": {"planName": "ANNUAL"}}]});
    for body in [
        "{}",
        "[]",
        "<html>",
        "{\"kind\": \"reseller#customer\"}",
        &anothers.to_string(),
    ] {
        let vendor = vendor().await;
        let id = vendor.done(&purchase()).await;
        for request in [
            purchase(),
            change(&id, Verb::Cancel),
            change(&id, Verb::Suspend),
        ] {
            vendor.fails("subscriptions.list", false, Some((200, body.to_owned())));
            let asked = vendor.connector.submit(&request).await;
            assert!(
                matches!(asked, Err(NoDecision::NotSent { .. })),
                "{body}: {asked:?}"
            );
        }
        assert_eq!(vendor.subscription()["status"], "ACTIVE");
    }
}

#[tokio::test]
async fn what_is_only_missing_in_a_list_has_not_ended() {
    let vendor = vendor().await;
    let id = vendor.done(&purchase()).await;
    let empty = json!({"kind": "reseller#subscriptions"}).to_string();
    vendor.fails("subscriptions.list", false, Some((200, empty)));
    let end = change(&id, Verb::Cancel);
    assert_eq!(
        refusal(vendor.connector.submit(&end).await.unwrap()).0,
        "GoogleNotFound"
    );
    assert_eq!(vendor.subscription()["subscriptionId"], id.as_str());
}

#[tokio::test]
async fn what_carries_our_key_and_is_not_what_was_ordered_stays_a_doubt() {
    let vendor = vendor().await;
    vendor.fails("subscriptions.insert", true, None);
    assert!(vendor.connector.submit(&purchase()).await.is_err());
    vendor
        .google
        .books(|books| books.subscriptions[0]["seats"] = json!({"numberOfSeats": 3}));
    let settled = vendor.settle(&purchase()).await;
    let Err(NoDecision::AnswerLost { evidence, .. }) = settled else {
        panic!("{settled:?}");
    };
    assert!(evidence.contains("3 seats"), "{evidence}");
    assert_eq!(vendor.google.books(|books| books.bought), 1);
}

#[tokio::test]
async fn a_purchase_that_is_refused_while_in_doubt_is_proven_not_to_be_there() {
    let vendor = vendor().await;
    let unknown = Request {
        plan: "nothing".into(),
        ..purchase()
    };
    vendor.fails("subscriptions.insert", false, None);
    assert_eq!(refusal(vendor.carry_out(&unknown).await).0, "GoogleInvalid");
    let forbidden = double::error(403, "forbidden", "not yours any more").to_string();
    vendor.fails("subscriptions.list", false, Some((403, forbidden)));
    let settled = vendor.settle(&purchase()).await;
    assert!(
        matches!(settled, Err(NoDecision::AnswerLost { .. })),
        "{settled:?}"
    );
}
