//! A subscription's whole life, each change by itself, and what is refused with which reason.

use super::*;

fn plan_verb(plan: &str, cadence: Cadence) -> Verb {
    Verb::Plan {
        product: "Google-Apps".into(),
        plan: plan.into(),
        cadence,
    }
}

#[tokio::test]
async fn a_whole_life_is_booked_once_and_each_change_is_sent_once() {
    let vendor = vendor().await;
    let monthly = Request {
        cadence: MONTH,
        ..purchase()
    };
    let id = vendor.done(&monthly).await;
    assert_eq!(
        vendor.subscription()["seats"],
        json!({"maximumNumberOfSeats": 10})
    );
    let asked = |verb| Request {
        cadence: MONTH,
        ..change(&id, verb)
    };
    let steps = [
        (
            Verb::Quantity { from: 10, to: 12 },
            "changeSeats",
            "/seats/maximumNumberOfSeats",
            json!(12),
        ),
        (
            Verb::Quantity { from: 12, to: 5 },
            "changeSeats",
            "/seats/maximumNumberOfSeats",
            json!(5),
        ),
        (Verb::Suspend, "suspend", "/status", json!("SUSPENDED")),
        (Verb::Reactivate, "activate", "/status", json!("ACTIVE")),
        (
            plan_verb(SKU, YEAR),
            "changePlan",
            "/plan/planName",
            json!("ANNUAL"),
        ),
        (
            Verb::Quantity { from: 5, to: 8 },
            "changeSeats",
            "/seats/numberOfSeats",
            json!(8),
        ),
        (
            Verb::AutoRenewal { on: false },
            "changeRenewalSettings",
            "/renewalSettings/renewalType",
            json!("CANCEL"),
        ),
        (
            Verb::AutoRenewal { on: true },
            "changeRenewalSettings",
            "/renewalSettings/renewalType",
            json!("AUTO_RENEW_MONTHLY_PAY"),
        ),
    ];
    for (verb, call, pointer, value) in steps {
        let (request, call) = (asked(verb), format!("subscriptions.{call}"));
        let before = vendor.sent(&call);
        for _ in 0..2 {
            let reference = vendor.done(&request).await;
            assert_eq!(vendor.subscription()["subscriptionId"], reference.as_str());
        }
        assert_eq!(vendor.subscription().pointer(pointer), Some(&value));
        assert_eq!(vendor.sent(&call), before + 1, "a second {call} was sent");
    }
    // Google gave it another id with another plan; our order's id still finds it.
    assert_ne!(vendor.subscription()["subscriptionId"], id.as_str());
    vendor.done(&asked(Verb::Cancel)).await;
    vendor.done(&asked(Verb::Cancel)).await;
    let (left, bought) = vendor
        .google
        .books(|books| (books.subscriptions.len(), books.bought));
    assert_eq!(
        (left, bought, vendor.sent("subscriptions.delete")),
        (0, 1, 1)
    );
}

/// `tests/google/requests.py` had them made by Google's client for Python.
#[tokio::test]
async fn each_request_is_the_one_that_googles_own_client_sends() {
    let vendor = vendor().await;
    let month = Request {
        cadence: MONTH,
        ..purchase()
    };
    let id = vendor.done(&month).await;
    for verb in [
        Verb::Quantity { from: 10, to: 12 },
        Verb::Suspend,
        Verb::Reactivate,
        plan_verb(SKU, YEAR),
        Verb::Quantity { from: 12, to: 15 },
        Verb::AutoRenewal { on: false },
        Verb::Cancel,
    ] {
        vendor.done(&change(&id, verb)).await;
    }
    let sent = vendor.google.books(|books| books.requests.clone());
    let googles: Vec<Value> =
        serde_json::from_str(include_str!("../../google/requests.json")).unwrap();
    for request in &googles {
        assert!(sent.contains(request), "never sent: {request:#}");
    }
    // Lists are asked for by the customer's domain too.
    let is_list = |request: &&Value| request["query"]["maxResults"] == "100";
    for request in sent.iter().filter(|request| !is_list(request)) {
        assert!(googles.contains(request), "not Google's: {request:#}");
    }
}

#[tokio::test]
async fn a_purchase_says_what_is_bought_and_carries_our_key() {
    let vendor = vendor().await;
    assert_eq!(vendor.done(&purchase()).await, "s1");
    let bought = vendor.subscription();
    for (pointer, value) in [
        ("/customerId", json!(CUSTOMER)),
        ("/skuId", json!(SKU)),
        ("/plan/planName", json!("ANNUAL")),
        ("/seats", json!({"numberOfSeats": 10})),
        ("/purchaseOrderId", json!(purchase().key.to_string())),
        (
            "/renewalSettings/renewalType",
            json!("AUTO_RENEW_MONTHLY_PAY"),
        ),
    ] {
        assert_eq!(bought.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(
        vendor.done(&purchase()).await,
        "s1",
        "the same again is no second booking"
    );
    assert_eq!(vendor.sent("subscriptions.insert"), 1);
}

#[tokio::test]
async fn a_refusal_has_a_reason_and_the_field_to_correct() {
    let vendor = vendor().await;
    let stranger = Request {
        tenant: Some("stranger.example".into()),
        ..purchase()
    };
    let nobody = Request {
        tenant: None,
        ..purchase()
    };
    let three_years = Request {
        cadence: Cadence {
            term_months: 36,
            cycle_months: 1,
        },
        ..purchase()
    };
    let unknown = Request {
        plan: "nothing".into(),
        ..purchase()
    };
    let crowd = Request {
        verb: Verb::Purchase { quantity: u32::MAX },
        ..purchase()
    };
    for (request, code, field) in [
        (stranger, "GoogleUnknownCustomer", Some("/tenant")),
        (nobody, "GoogleUnknownCustomer", Some("/tenant")),
        (three_years, "GoogleUnknownPlan", None),
        (unknown, "GoogleInvalid", None),
        (crowd, "GoogleInvalid", Some("/quantity")),
    ] {
        let found = refusal(vendor.carry_out(&request).await);
        assert_eq!(found, (code.into(), field.map(str::to_owned)));
    }
    let id = vendor.done(&purchase()).await;
    let again = Request {
        key: Uuid::from_u128(5),
        subscription_key: Uuid::from_u128(5),
        ..purchase()
    };
    assert_eq!(refusal(vendor.carry_out(&again).await).0, "GoogleDuplicate");
    let before = vendor.subscription();
    for (verb, code, field) in [
        (
            Verb::Quantity { from: 10, to: 3 },
            "GoogleInvalid",
            Some("/quantity"),
        ),
        (Verb::Quantity { from: 4, to: 6 }, "GoogleSeatsDiffer", None),
        (plan_verb(SKU, MONTH), "GoogleCommitted", None),
        (plan_verb("1010020030", YEAR), "NotSupported", None),
        (
            Verb::Configure {
                field: "a".into(),
                value: "b".into(),
            },
            "NotSupported",
            None,
        ),
    ] {
        let found = refusal(vendor.carry_out(&change(&id, verb)).await);
        assert_eq!(found, (code.into(), field.map(str::to_owned)));
    }
    assert_eq!(
        (
            vendor.subscription(),
            vendor.google.books(|books| books.bought)
        ),
        (before, 1)
    );
}

#[tokio::test]
async fn what_google_suspended_itself_is_not_called_reactivated() {
    let vendor = vendor().await;
    let id = vendor.done(&purchase()).await;
    let suspend = |reasons: Value| {
        vendor.google.books(|books| {
            books.subscriptions[0]["status"] = json!("SUSPENDED");
            books.subscriptions[0]["suspensionReasons"] = reasons;
        });
    };
    let activate = change(&id, Verb::Reactivate);
    for (reasons, sent) in [
        (json!(["PENDING_TOS_ACCEPTANCE"]), 0),
        (json!(["RESELLER_INITIATED", "OTHER"]), 1),
    ] {
        suspend(reasons);
        assert_eq!(
            refusal(vendor.carry_out(&activate).await).0,
            "GoogleSuspended"
        );
        assert_eq!(vendor.sent("subscriptions.activate"), sent);
    }
    let seats = change(&id, Verb::Quantity { from: 10, to: 12 });
    assert_eq!(
        refusal(vendor.carry_out(&seats).await).0,
        "GoogleWrongState"
    );
}

#[tokio::test]
async fn what_has_ended_takes_no_change_and_has_ended() {
    let vendor = vendor().await;
    let id = vendor.done(&purchase()).await;
    let ended = concat!("CANCEL", "LED");
    vendor
        .google
        .books(|books| books.subscriptions[0]["status"] = json!(ended));
    let seats = change(&id, Verb::Quantity { from: 10, to: 12 });
    assert_eq!(refusal(vendor.carry_out(&seats).await).0, "GoogleEnded");
    vendor.done(&change(&id, Verb::Cancel)).await;
    assert_eq!(vendor.sent("subscriptions.delete"), 0);
}

#[tokio::test]
async fn abilities_and_classes_are_true() {
    let vendor = vendor().await;
    let able = abilities(&Settings::GoogleReseller(account(&vendor.url)));
    assert!(able.has_tenants && able.can_suspend && able.can_change_plan);
    assert!(!able.can_upgrade && !able.can_upgrade_part && !able.is_manual);
    let addon = Verb::Addon {
        product: "a".into(),
        plan: "b".into(),
        from: 0,
        to: 1,
    };
    for (verb, class) in [
        (Verb::Purchase { quantity: 1 }, RepeatClass::Referenced),
        (Verb::Quantity { from: 1, to: 2 }, RepeatClass::Absolute),
        (Verb::Cancel, RepeatClass::Absolute),
        (plan_verb(SKU, YEAR), RepeatClass::Absolute),
        (addon, RepeatClass::Once),
    ] {
        assert_eq!(vendor.connector.repeat_class(&verb), class, "{verb:?}");
    }
}

#[tokio::test]
async fn one_sign_in_serves_many_calls_until_its_token_is_refused() {
    let vendor = vendor().await;
    vendor.done(&purchase()).await;
    let another = GoogleReseller::new(&account(&vendor.url)).unwrap();
    another.catalog().await.unwrap();
    assert_eq!(vendor.google.books(|books| books.sign_ins), 1);
    vendor.google.books(|books| books.token = "revoked".into());
    another.catalog().await.unwrap();
    assert_eq!(vendor.google.books(|books| books.sign_ins), 2);
    let stranger = Account {
        administrator: "nobody@reseller.example".into(),
        ..account(&vendor.url)
    };
    let stranger = GoogleReseller::new(&stranger).unwrap();
    let Err(NoDecision::Misconfigured { reason }) = stranger.submit(&purchase()).await else {
        panic!("let in");
    };
    assert!(
        reason.contains("unauthorized_client: [redacted]"),
        "{reason}"
    );
}
