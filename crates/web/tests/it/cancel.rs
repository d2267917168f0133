//! An item is canceled from its page and over the API: offered to those who may and while the vendor
//! takes it back, refused with the reason after that.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::screens::{has, page, words};
use crate::twins::hidden::{self, Hidden};
use crate::twins::world::{Ask, Who, World};

const HIDDEN: Hidden = Hidden {
    exists: false,
    figures: 0,
    price: 9_900,
};

/// A purchase that its vendor takes back for a week: its number and item.
async fn bought(world: &World) -> (u64, String) {
    let list = Ask::api("GET", "/subscriptions?status=active&q=cirrus", "");
    let found = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let subscription = found[0]["id"].as_str().unwrap().parse().unwrap();
    let number = hidden::bought(world, "bought", subscription, HIDDEN).await;
    let order = order(world, Who::CustomerAdmin, number).await;
    (number, order["items"][0]["id"].as_str().unwrap().to_owned())
}

async fn order(world: &World, who: Who, number: u64) -> Value {
    let ask = Ask::api("GET", &format!("/orders/{number}"), "");
    world.ask_plainly(who, &ask).await.json()
}

fn offers(order: &Value) -> bool {
    let allowed = order["allowed_actions"].as_array().unwrap();
    allowed.contains(&json!("cancel_item"))
}

fn cancel(number: u64, item: &str) -> Ask {
    let path = format!("/orders/{number}/actions/cancel_item");
    Ask::api("POST", &path, json!({ "item": item }).to_string())
}

#[tokio::test]
async fn the_pages_offer_it_to_those_who_may_and_tell_of_the_order_that_asks_the_vendor() {
    let world = World::new(None).await;
    let (number, item) = bought(&world).await;
    world.pass(SignedDuration::from_mins(1));
    let pages = [
        format!("/o/amber/orders/{number}"),
        format!("/o/amber/orders/{number}/items/{item}"),
    ];
    for path in &pages {
        let may = page(&world, Who::CustomerAdmin, path).await;
        has(&may, &["It can be canceled until", "Cancel item"]);
        let may_not = page(&world, Who::CustomerBilling, path).await;
        assert!(!words(&may_not).contains("Cancel item"), "{path}");
    }
    let form = Ask::form(
        format!("{}/actions/cancel_item", pages[0]),
        format!("item={item}"),
    );
    let refused = world.ask_plainly(Who::CustomerBilling, &form).await;
    assert_eq!(refused.status, 403);
    let done = world.ask_plainly(Who::CustomerAdmin, &form).await;
    assert_eq!(done.status, 303, "{}", done.body);

    let list = Ask::api("GET", "/orders?view=recent", "");
    let newest = world.ask_plainly(Who::CustomerAdmin, &list).await.json()[0].clone();
    assert_eq!(newest["requested_changes"][0]["text"], "Cancel");
    let told = format!("By order {}", newest["number"]);
    let after = page(&world, Who::CustomerAdmin, &pages[0]).await;
    has(&after, &["The vendor is asked to take it back", &told]);
    let again = world.ask_plainly(Who::CustomerAdmin, &form).await;
    assert_eq!(again.status, 409);
    has(&again, &[&newest["number"].to_string()]);
}

#[tokio::test]
async fn the_api_offers_it_inside_the_window_alone_and_names_what_is_wrong() {
    let world = World::new(None).await;
    let (number, item) = bought(&world).await;
    assert!(offers(&order(&world, Who::CustomerAdmin, number).await));
    assert!(!offers(&order(&world, Who::CustomerBilling, number).await));

    let unnamed = Ask::api(
        "POST",
        &format!("/orders/{number}/actions/cancel_item"),
        "{}",
    );
    for (ask, status, pointer) in [
        (unnamed, 422, json!("/item")),
        (
            cancel(number, "lin_000000000000000000000000000000ff"),
            409,
            Value::Null,
        ),
    ] {
        let refused = world.ask_plainly(Who::CustomerAdmin, &ask).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        assert_eq!(refused.json()["pointer"], pointer, "{}", refused.body);
    }

    world.pass(SignedDuration::from_hours(7 * 24));
    let late = order(&world, Who::CustomerAdmin, number).await;
    assert!(!offers(&late));
    let story = Ask::api("GET", &format!("/orders/{number}/story"), "");
    let story = world.ask_plainly(Who::CustomerAdmin, &story).await.json();
    let next = story["next_step"].as_str().unwrap();
    assert!(!next.contains("canceled until"), "{next}");
    let refused = world
        .ask_plainly(Who::CustomerAdmin, &cancel(number, &item))
        .await;
    assert_eq!(refused.status, 409);
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("turn auto-renewal off"), "{detail}");
}
