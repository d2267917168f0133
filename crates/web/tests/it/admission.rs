//! What stands in the way of an order, on pages and in the API: a seller that was suspended.

use serde_json::Value;

use crate::screens::{has, links_to, page, words};
use crate::twins::world::{Answer, Ask, Who, World};

/// A request of the API outside a customer.
fn asked(method: &'static str, path: &str, body: &str) -> Ask {
    Ask {
        path: format!("/api/v1{path}"),
        ..Ask::api(method, "", body)
    }
}

/// Two licenses in the cart of the customer's admin.
async fn cart(world: &World) -> Value {
    let item = "{\"offer\": \"off_00000000000000000000000000000005\", \
                \"plan\": \"pln_00000000000000000000000000001389\", \"quantity\": 2, \
                \"contact_email\": \"a@amber.example\", \"contact_name\": \"A\", \
                \"contact_surname\": \"B\"}";
    let add = Ask::api("POST", "/cart/items", item);
    let added = world.ask_plainly(Who::CustomerAdmin, &add).await;
    assert_eq!(added.status, 201, "{}", added.body);
    added.json()
}

/// Checks out what is in the cart of the customer's admin, by form.
async fn check_out(world: &World, cart: &Value) -> Answer {
    let (number, version) = (&cart["number"], &cart["version"]);
    let form = format!("number={number}&version={version}&accept_terms=yes");
    let form = Ask::form("/o/amber/cart", form);
    world.ask_plainly(Who::CustomerAdmin, &form).await
}

/// The same by API.
async fn place(world: &World, cart: &Value) -> Answer {
    let (number, version) = (&cart["number"], &cart["version"]);
    let body = format!("{{\"number\": {number}, \"version\": {version}, \"accept_terms\": true}}");
    let place = Ask::api("POST", "/cart/placement", body);
    world.ask_plainly(Who::CustomerAdmin, &place).await
}

#[tokio::test]
async fn a_seller_is_suspended_on_its_page_and_its_customers_orders_are_refused_with_the_reason() {
    let world = World::new(None).await;
    let cart = cart(&world).await;
    let place_of_it = "/partners/baltic/suspension";
    let list = page(&world, Who::Distributor, "/organizations").await;
    assert!(links_to(&list, place_of_it));
    let list = page(&world, Who::Staff, "/organizations").await;
    assert!(!links_to(&list, place_of_it), "nobody suspends themselves");
    has(
        &page(&world, Who::Staff, place_of_it).await,
        &["Baltic Cloud is active"],
    );
    let suspend = Ask::form(place_of_it, "reason=no+contract");
    let refused = world.ask_plainly(Who::Staff, &suspend).await;
    assert_eq!(refused.status, 403);
    let wrong = Ask::form(place_of_it, "reason=+");
    let wrong = world.ask_plainly(Who::Distributor, &wrong).await;
    assert_eq!(wrong.status, 422);
    has(&wrong, &["Reason must not be empty"]);
    let done = world.ask_plainly(Who::Distributor, &suspend).await;
    assert_eq!(done.status, 303);

    let told = "Baltic Cloud was suspended: no contract. Nothing can be ordered or sent until";
    let refused = check_out(&world, &cart).await;
    assert_eq!(refused.status, 409);
    has(&refused, &[told, "Place order"]);
    let refused = place(&world, &cart).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &"refused".into())
    );
    assert!(refused.body.contains(told), "{}", refused.body);
    let read = page(&world, Who::Staff, place_of_it).await;
    has(&read, &["Baltic Cloud is suspended", "no contract"]);
    assert!(!words(&read).contains("Reactivate Baltic"));

    let path = "/partners/baltic/suspension";
    let shown = world.ask_plainly(Who::Staff, &asked("GET", path, "")).await;
    assert_eq!(shown.json()["reason"], "no contract");
    let end = asked("DELETE", path, "");
    assert_eq!(world.ask_plainly(Who::Staff, &end).await.status, 403);
    assert_eq!(world.ask_plainly(Who::Distributor, &end).await.status, 204);
    assert_eq!(check_out(&world, &cart).await.status, 303);
}
