//! A whole life: what is sent, what the books say afterwards, and what is refused and why.

use domain::offer::Cadence;
use domain::provisioning::RepeatClass;

use super::*;

fn done(reference: &str) -> Outcome {
    Outcome::Done {
        vendor_reference: reference.to_owned(),
    }
}

fn plan(product: &str, term_months: u32, cycle_months: u32) -> Verb {
    Verb::Plan {
        product: product.into(),
        plan: SKU.into(),
        cadence: Cadence {
            term_months,
            cycle_months,
        },
    }
}

#[tokio::test]
async fn a_whole_life_is_bought_once_and_changed_as_wished() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    let bought = vendor.subscription(&id);
    assert_eq!(
        (&bought["quantity"], &bought["termDuration"]),
        (&json!(10), &json!("P1Y"))
    );
    let steps = [
        (Verb::Quantity { from: 10, to: 15 }, "quantity", json!(15)),
        (Verb::Quantity { from: 15, to: 12 }, "quantity", json!(12)),
        (Verb::Suspend, "status", json!("suspended")),
        (Verb::Reactivate, "status", json!("active")),
        (
            Verb::AutoRenewal { on: false },
            "autoRenewEnabled",
            json!(false),
        ),
        (plan(PRODUCT, 12, 12), "billingCycle", json!("annual")),
        (
            plan(BETTER, 12, 1),
            "offerId",
            json!(format!("{BETTER}:{SKU}:AVT")),
        ),
        (Verb::Cancel, "status", json!("deleted")),
    ];
    for (number, (verb, name, value)) in steps.into_iter().enumerate() {
        let request = change(&id, 100 + number as u128, verb);
        assert_eq!(
            vendor.carry_out(&request).await,
            done(&id),
            "{:?}",
            request.verb
        );
        let after = vendor.subscription(&id);
        assert_eq!(after[name], value, "{:?}", request.verb);
        // What this release knows nothing of goes back as it came.
        assert_eq!(
            after["newerThanUs"],
            json!({"keep": [1, 2]}),
            "{:?}",
            request.verb
        );
        assert_eq!(
            vendor.carry_out(&request).await,
            done(&id),
            "again: {:?}",
            request.verb
        );
        assert_eq!(vendor.subscription(&id), after, "again: {:?}", request.verb);
    }
    assert_eq!(vendor.bought(), 1);
}

#[tokio::test]
async fn add_ons_are_bought_changed_and_ended_below_their_subscription() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    let addon = |from, to| Verb::Addon {
        product: ADDON.into(),
        plan: SKU.into(),
        from,
        to,
    };
    for (number, from, to) in [(200, 0, 4), (201, 4, 6), (202, 6, 0)] {
        let request = change(&id, number, addon(from, to));
        assert_eq!(
            vendor.carry_out(&request).await,
            done(&id),
            "{from} to {to}"
        );
        let books = vendor.front.books(|books| books.subscriptions.clone());
        let of_it: Vec<_> = books
            .values()
            .filter(|one| one["parentSubscriptionId"] == *id)
            .collect();
        let (seats, status) = match to {
            0 => (json!(6), "deleted"),
            to => (json!(to), "active"),
        };
        assert_eq!(of_it.len(), 1);
        assert_eq!(
            (&of_it[0]["quantity"], &of_it[0]["status"]),
            (&seats, &json!(status))
        );
    }
    assert_eq!(vendor.subscription(&id)["quantity"], 10);
    assert_eq!(vendor.bought(), 2);
}

#[tokio::test]
async fn some_seats_move_to_a_subscription_of_their_own_also_for_the_second_time() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    let mut new = Vec::new();
    for (number, of) in [(300, 10), (301, 6)] {
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
        assert_eq!(vendor.subscription(&vendor_reference)["quantity"], 4);
        assert_eq!(vendor.subscription(&id)["quantity"], of - 4);
        new.push(vendor_reference);
    }
    assert_ne!(new[0], new[1]);
    assert_eq!(vendor.front.calls("POST transitions").len(), 2);
}

#[tokio::test]
async fn a_refusal_has_microsofts_words_the_field_to_correct_and_books_nothing() {
    let vendor = vendor().await;
    let id = vendor.buy().await;
    let other = || Request {
        key: Uuid::from_u128(2),
        ..purchase()
    };
    let mut nobody = other();
    nobody.tenant = Some("amber2".into());
    let mut stranger = other();
    stranger.tenant = Some(Uuid::from_u128(5).to_string());
    let mut nameless = other();
    nameless.tenant = None;
    let many = Request {
        verb: Verb::Purchase { quantity: 301 },
        ..other()
    };
    let unknown = Request {
        product: "CFQNOTHING".into(),
        ..other()
    };
    let mut odd_term = other();
    odd_term.cadence.term_months = 24;
    for (request, code, words, field) in [
        (
            nobody,
            "UnknownCustomer",
            "amber2.onmicrosoft.com",
            Some("/tenant"),
        ),
        (
            stranger,
            "20002",
            "no commerce relationship",
            Some("/tenant"),
        ),
        (
            nameless,
            "UnknownCustomer",
            "names no tenant",
            Some("/tenant"),
        ),
        (many, "10002", "Not enough quota", Some("/quantity")),
        (unknown, "400013", "not found", None),
        (odd_term, "OfferRetired", "for 2 years, monthly in US", None),
        (
            change(&id, 400, Verb::Quantity { from: 10, to: 301 }),
            "PC2002",
            "minimum and maximum",
            Some("/quantity"),
        ),
        (
            change(&id, 401, Verb::Quantity { from: 9, to: 12 }),
            "SeatsDiffer",
            "10 licenses at Microsoft and 9 here",
            None,
        ),
        (
            change("sub-999", 402, Verb::Suspend),
            "20003",
            "not found",
            None,
        ),
        (
            change(&id, 403, plan(ADDON, 12, 1)),
            "TransitionDenied",
            "conflicting services",
            None,
        ),
        (
            change(
                &id,
                404,
                Verb::Configure {
                    field: "region".into(),
                    value: "eu".into(),
                },
            ),
            "NotSupported",
            "nothing was sent",
            None,
        ),
    ] {
        let before = vendor.front.books(|books| books.subscriptions.clone());
        let said = refusal(vendor.carry_out(&request).await);
        assert_eq!(
            (said.0.as_str(), said.2.as_deref()),
            (code, field),
            "{}",
            said.1
        );
        assert!(said.1.contains(words), "{code}: {}", said.1);
        assert_eq!(
            vendor.front.books(|books| books.subscriptions.clone()),
            before,
            "{code}"
        );
    }
    assert_eq!(vendor.bought(), 1);
}

#[tokio::test]
async fn an_order_of_a_cart_can_be_refused_and_bought_by_a_retry() {
    let vendor = vendor().await;
    vendor.front.books(|books| {
        books.order_error = Some(("800069", "Order failed Risk Management check"));
    });
    let said = refusal(vendor.carry_out(&purchase()).await);
    assert_eq!((said.0.as_str(), vendor.bought()), ("800069", 0));
    vendor.front.books(|books| books.order_error = None);
    let retry = Request {
        key: Uuid::from_u128(2),
        ..purchase()
    };
    assert!(matches!(
        vendor.carry_out(&retry).await,
        Outcome::Done { .. }
    ));
    let ids = vendor
        .front
        .calls("POST checkout")
        .into_iter()
        .map(|call| call.request_id);
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1], "a retry has a key of its own");
}

#[tokio::test]
async fn each_purchase_looks_up_what_is_sold_at_that_moment() {
    let vendor = vendor().await;
    vendor.buy().await;
    let second = Request {
        key: Uuid::from_u128(2),
        ..purchase()
    };
    assert!(matches!(
        vendor.carry_out(&second).await,
        Outcome::Done { .. }
    ));
    let carts = vendor.front.calls("POST carts");
    let item = |at: usize| carts[at].body["lineItems"][0]["catalogItemId"].clone();
    assert_eq!(
        (item(0), item(1)),
        (
            json!(format!("{PRODUCT}:{SKU}:AV1")),
            json!(format!("{PRODUCT}:{SKU}:AV2")),
        )
    );
    let line = &carts[0].body["lineItems"][0];
    assert_eq!(
        line["friendlyName"],
        json!(format!("Order 00000007 {}", purchase().key.simple()))
    );
    assert_eq!(
        (
            &line["quantity"],
            &line["billingCycle"],
            &line["termDuration"]
        ),
        (&json!(10), &json!("monthly"), &json!("P1Y"))
    );
}

#[tokio::test]
async fn the_catalog_is_read_and_what_is_declared_is_true() {
    let vendor = vendor().await;
    let entries = vendor.connector.catalog().await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (
            entries[0].product.as_str(),
            entries[0].plan.as_str(),
            entries[0].maximum
        ),
        (PRODUCT, SKU, Some(300))
    );
    let settings = connectors::Settings::PartnerCenter(account(&vendor.url));
    let abilities = connectors::abilities(&settings);
    assert!(abilities.has_tenants && abilities.can_suspend && abilities.can_upgrade_part);
    assert!(
        abilities.can_change_plan && abilities.can_upgrade && !abilities.upgrades_within_product
    );
    for (verb, class) in [
        (Verb::Purchase { quantity: 1 }, RepeatClass::TwoStep),
        (Verb::Quantity { from: 1, to: 2 }, RepeatClass::Absolute),
        (Verb::Cancel, RepeatClass::Absolute),
        (plan(BETTER, 12, 1), RepeatClass::Referenced),
    ] {
        assert_eq!(vendor.connector.repeat_class(&verb), class, "{verb:?}");
    }
}
