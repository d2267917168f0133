//! Lost answers, throttling, stale etags and slow lists: bought once, changed once, never guessed.

use super::*;

fn error(code: &str) -> Value {
    json!({"code": code, "description": "as documented", "source": "PartnerFD"})
}

#[tokio::test]
async fn whichever_answer_of_a_purchase_is_lost_it_is_bought_once() {
    for what in [
        "GET customers",
        "GET availabilities",
        "POST carts",
        "POST checkout",
        "GET orders/one",
        "GET subscriptions/one",
    ] {
        for action in [
            Action::DropBefore,
            Action::DropAfter,
            Action::Answer(500, error("800003")),
            Action::Instead(503, Value::Null),
            Action::Answer(200, json!("<html>")),
            Action::Answer(201, json!("{\"a\":")),
            Action::Throttle(Some(1)),
        ] {
            for times in [1, 3] {
                let vendor = vendor().await;
                vendor.front.fault(what, times, action.clone());
                let id = vendor.buy().await;
                assert_eq!(vendor.bought(), 1, "{what} {action:?} {times}");
                assert_eq!(vendor.subscription(&id)["quantity"], 10);
            }
        }
    }
}

#[tokio::test]
async fn a_checkout_is_repeated_under_its_own_key_and_a_second_cart_is_never_checked_out() {
    let vendor = vendor().await;
    vendor.front.books(|books| books.forgets_requests = true);
    vendor.front.fault("POST carts", 1, Action::DropAfter);
    vendor.front.fault("POST checkout", 2, Action::DropAfter);
    vendor.buy().await;
    let key = |call: Call| call.request_id.unwrap();
    let carts: Vec<_> = vendor
        .front
        .calls("POST carts")
        .into_iter()
        .map(key)
        .collect();
    let checkouts: Vec<_> = vendor
        .front
        .calls("POST checkout")
        .into_iter()
        .map(key)
        .collect();
    assert_eq!((carts.len(), checkouts.len()), (2, 3));
    assert_eq!(carts[0], carts[1]);
    assert!(
        checkouts
            .iter()
            .all(|key| *key == checkouts[0] && *key != carts[0])
    );
    assert_eq!(vendor.bought(), 1);
}

#[tokio::test]
async fn a_cart_that_was_checked_out_before_is_found_by_what_we_wrote_on_it() {
    let vendor = vendor().await;
    vendor.front.books(|books| {
        books.refuses_second_checkout = true;
        books.forgets_requests = true;
        books.lag = 4;
    });
    vendor.front.fault("POST checkout", 1, Action::DropAfter);
    let id = vendor.buy().await;
    assert_eq!(
        (
            vendor.bought(),
            vendor.subscription(&id)["quantity"].clone()
        ),
        (1, json!(10))
    );
}

#[tokio::test]
async fn a_cart_that_is_gone_is_given_up_only_when_no_order_has_come_of_it_for_long() {
    let vendor = vendor().await;
    vendor.front.fault(
        "POST checkout",
        1_000,
        Action::Instead(404, error("800008")),
    );
    let said = refusal(vendor.carry_out(&purchase()).await);
    assert_eq!((said.0.as_str(), vendor.bought()), ("800008", 0));
    let checkouts = vendor.front.calls("POST checkout").len();
    assert!(
        checkouts > 15,
        "at a minute each that is shorter than the vendor's lag: {checkouts}"
    );
}

#[tokio::test]
async fn an_order_that_is_not_listed_yet_is_no_failure() {
    let vendor = vendor().await;
    vendor.front.books(|books| books.lag = 20);
    vendor.buy().await;
    assert_eq!(vendor.front.calls("GET orders/one").len(), 21);
}

#[tokio::test]
async fn an_answer_for_something_else_is_never_taken_for_ours() {
    let order = |customer: &str, offer: &str, quantity: u32| {
        json!({"orders": [{"id": "order-of-others", "referenceCustomerId": customer, "status": "completed",
            "lineItems": [{"lineItemNumber": 0, "offerId": offer, "quantity": quantity}]}]})
    };
    let item = format!("{PRODUCT}:{SKU}:AV1");
    for other in [
        order(CUSTOMER, &item, 11),
        order(CUSTOMER, &format!("{BETTER}:{SKU}:AV1"), 10),
        order("7b26b357-9ca3-48b8-a58e-4febe2662a5d", &item, 10),
        json!({}),
    ] {
        let vendor = vendor().await;
        vendor
            .front
            .fault("POST checkout", 1, Action::Answer(201, other.clone()));
        let Ok(Outcome::Accepted { operation, .. }) = vendor.connector.submit(&purchase()).await
        else {
            panic!("no cart");
        };
        let told = vendor
            .connector
            .poll(&purchase(), operation.as_deref())
            .await;
        assert!(
            matches!(told, Err(Fault::AnswerLost { .. })),
            "{other}: {told:?}"
        );
        vendor.buy().await;
        assert_eq!(vendor.bought(), 1, "{other}");
    }
}

#[tokio::test]
async fn whichever_answer_of_a_change_is_lost_it_is_made_once() {
    let upgrade = Verb::Plan {
        product: BETTER.into(),
        plan: SKU.into(),
        cadence: purchase().cadence,
    };
    let part = Verb::MovePart {
        product: BETTER.into(),
        plan: SKU.into(),
        seats: 4,
        of: 10,
    };
    let seats = Verb::Quantity { from: 10, to: 15 };
    for (verb, what, quantity) in [
        (seats.clone(), "PATCH subscriptions/one", 15),
        (seats, "GET subscriptions/one", 15),
        (Verb::Suspend, "PATCH subscriptions/one", 10),
        (Verb::Cancel, "PATCH subscriptions/one", 10),
        (upgrade, "POST transitions", 10),
        (part.clone(), "POST transitions", 6),
        (part, "GET transitions", 6),
    ] {
        for action in [
            Action::DropBefore,
            Action::DropAfter,
            Action::Answer(500, error("800094")),
            Action::Instead(503, Value::Null),
            Action::Throttle(None),
        ] {
            let vendor = vendor().await;
            let id = vendor.buy().await;
            vendor.front.fault(what, 1, action.clone());
            let request = change(&id, 500, verb.clone());
            let outcome = vendor.carry_out(&request).await;
            assert!(
                matches!(outcome, Outcome::Done { .. }),
                "{verb:?} {what} {action:?}: {outcome:?}"
            );
            let seats = vendor.front.books(|books| {
                let all = books
                    .subscriptions
                    .values()
                    .map(|one| one["quantity"].as_u64().unwrap());
                all.sum::<u64>()
            });
            assert_eq!(
                vendor.subscription(&id)["quantity"],
                quantity,
                "{verb:?} {what} {action:?}"
            );
            assert_eq!(seats, quantity.max(10), "{verb:?} {what} {action:?}");
        }
    }
}

#[tokio::test]
async fn a_stale_etag_is_read_again_and_both_changes_stand() {
    for (status, body) in [(400, error("2055")), (412, Value::Null)] {
        let vendor = vendor().await;
        let id = vendor.buy().await;
        vendor
            .front
            .fault("PATCH subscriptions/one", 2, Action::Instead(status, body));
        let request = change(&id, 600, Verb::Quantity { from: 10, to: 15 });
        // Not one of the engine's turns is spent on it.
        let told = vendor.connector.submit(&request).await;
        assert!(matches!(told, Ok(Outcome::Done { .. })), "{told:?}");
        let calls = vendor.front.calls("PATCH subscriptions/one");
        assert_eq!(calls.len(), 3);
        assert!(
            calls
                .iter()
                .all(|call| call.etag.as_deref() == Some("\"etag-1\""))
        );
    }
    let vendor = vendor().await;
    let id = vendor.buy().await;
    vendor.front.books(|books| {
        let found = books.subscriptions.get_mut(&id).unwrap();
        found["friendlyName"] = json!("renamed by others");
        found["attributes"]["etag"] = json!("etag-of-others");
    });
    let request = change(&id, 601, Verb::AutoRenewal { on: false });
    assert!(matches!(
        vendor.carry_out(&request).await,
        Outcome::Done { .. }
    ));
    let after = vendor.subscription(&id);
    assert_eq!(
        (&after["friendlyName"], &after["autoRenewEnabled"]),
        (&json!("renamed by others"), &json!(false))
    );
}

#[tokio::test]
async fn a_change_that_is_accepted_is_asked_for_until_it_shows() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    vendor.front.books(|books| books.accepts_changes = Some(4));
    let request = change(&id, 700, Verb::Quantity { from: 10, to: 15 });
    let accepted = vendor.connector.submit(&request).await;
    let Ok(Outcome::Accepted {
        operation,
        retry_after,
    }) = accepted
    else {
        panic!("{accepted:?}");
    };
    assert!(retry_after.is_some());
    let second = vendor.connector.poll(&request, operation.as_deref()).await;
    assert!(matches!(second, Ok(Outcome::Accepted { .. })), "{second:?}");
    assert!(matches!(
        vendor.carry_out(&request).await,
        Outcome::Done { .. }
    ));
    assert_eq!(vendor.subscription(&id)["quantity"], 15);
}

#[tokio::test]
async fn a_throttled_call_was_not_sent_and_says_when_to_come_back() {
    for (header, seconds) in [(Some(7), 7), (None, 57)] {
        let vendor = vendor().await;
        vendor
            .front
            .fault("POST carts", 1, Action::Throttle(header));
        let told = vendor.connector.submit(&purchase()).await;
        let Err(Fault::NotSent { retry_after, .. }) = told else {
            panic!("{told:?}");
        };
        assert_eq!(retry_after.unwrap().as_secs(), seconds);
        assert_eq!(vendor.bought(), 0);
    }
}

#[tokio::test]
async fn an_unknown_state_is_that_of_something_that_is_there() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    vendor.front.books(|books| {
        books.subscriptions.get_mut(&id).unwrap()["status"] = json!("disabled");
    });
    let request = change(&id, 800, Verb::Quantity { from: 10, to: 15 });
    assert!(matches!(
        vendor.carry_out(&request).await,
        Outcome::Done { .. }
    ));
    assert_eq!(vendor.subscription(&id)["status"], "disabled");
}

#[tokio::test]
async fn what_can_not_be_read_says_nothing_of_what_was_accepted() {
    for what in ["GET orders/one", "GET subscriptions/one"] {
        let vendor = vendor().await;
        let strange = Action::Instead(403, error("20002"));
        vendor.front.fault(what, 2, strange);
        vendor.buy().await;
        assert_eq!(vendor.bought(), 1, "{what}");
    }
}

#[tokio::test]
async fn an_older_move_between_the_same_licenses_is_not_taken_for_the_new_one() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    let mut moved = Vec::new();
    for (number, of) in [(900, 10), (901, 6)] {
        vendor.front.books(|books| books.history_lag = 3);
        let verb = Verb::MovePart {
            product: BETTER.into(),
            plan: SKU.into(),
            seats: 4,
            of,
        };
        let Outcome::Done { vendor_reference } = vendor.carry_out(&change(&id, number, verb)).await
        else {
            panic!("not moved");
        };
        assert_eq!(vendor.subscription(&id)["quantity"], of - 4);
        moved.push(vendor_reference);
    }
    assert_ne!(moved[0], moved[1]);
}
