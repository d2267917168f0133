//! What stands in the way of an order, on pages and in the API: a seller that was suspended, and an
//! ERP number that is missing.

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
    for who in [Who::Distributor, Who::Staff] {
        let active = page(&world, who, place_of_it).await;
        has(
            &active,
            &["Reactivated by Nora Lind · Nordic Distribution on"],
        );
    }
}

/// Who decided it stands beside what stands there, on the page and in the API; for those who see the rules.
#[tokio::test]
async fn who_added_changed_or_removed_an_approval_rule_stands_beside_it() {
    let world = World::new(None).await;
    let rules = "/partners/baltic/approval-rules";
    let list = asked("GET", rules, "");
    let before = world.ask_plainly(Who::Staff, &list).await.json();
    let add = asked("POST", rules, "{\"name\": \"Everything\"}");
    let added = world.ask_plainly(Who::Staff, &add).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let rule = added.json();
    assert_eq!(rule["changed_by"]["person"], "Saulė Petraitė");
    assert!(rule["changed_at"].is_string());
    let shown = page(&world, Who::Staff, rules).await;
    has(
        &shown,
        &["Everything added by Saulė Petraitė · Baltic Cloud on"],
    );
    let path = format!("{rules}/{}", rule["id"].as_str().unwrap());
    let change = asked(
        "PUT",
        &path,
        "{\"name\": \"Everything\", \"enabled\": true}",
    );
    assert_eq!(
        world.ask_plainly(Who::Distributor, &change).await.status,
        200
    );
    let shown = page(&world, Who::Staff, rules).await;
    has(
        &shown,
        &["Everything changed by Nora Lind · Nordic Distribution on"],
    );
    let remove = Ask::form(format!("{path}/removal"), "");
    assert_eq!(world.ask_plainly(Who::Staff, &remove).await.status, 303);
    let shown = page(&world, Who::Staff, rules).await;
    has(
        &shown,
        &["Everything removed by Saulė Petraitė · Baltic Cloud on"],
    );
    assert_eq!(world.ask_plainly(Who::Staff, &list).await.json(), before);
    let customer = page(&world, Who::CustomerAdmin, rules).await;
    assert!([403, 404].contains(&customer.status), "{}", customer.status);
}

#[tokio::test]
async fn people_of_a_suspended_seller_are_told_at_the_top_of_each_page_and_change_nothing() {
    let world = World::new(None).await;
    let suspend = Ask::form("/partners/baltic/suspension", "reason=no+contract");
    let done = world.ask_plainly(Who::Distributor, &suspend).await;
    assert_eq!(done.status, 303);
    let ask = "change nothing until it is active again; ask Nora Lind · Nordic Distribution";
    for path in [
        "/o/amber/orders",
        "/organizations",
        "/partners/baltic/categories",
    ] {
        let read = page(&world, Who::Staff, path).await;
        has(
            &read,
            &["Baltic Cloud is suspended since", "no contract", ask],
        );
        for others in [Who::Distributor, Who::CustomerAdmin] {
            let path = path.replace("/partners/baltic/categories", "/organizations");
            let read = page(&world, others, &path).await;
            assert!(!words(&read).contains("is suspended since"), "{path}");
        }
    }
    let enter = Ask::form("/o/amber/organization", "erp_number=C-1");
    let refused = world.ask_plainly(Who::Staff, &enter).await;
    assert_eq!(refused.status, 403);
    has(
        &refused,
        &["Baltic Cloud was suspended: no contract. Its people can look"],
    );
    let own = page(&world, Who::Staff, "/o/amber/organization").await;
    assert!(!words(&own).contains("Save the ERP number"));
    let enter = Ask::api("PATCH", "", "{\"erp_number\": \"C-1\"}");
    let refused = world.ask_plainly(Who::Staff, &enter).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &"suspended".into())
    );
}

/// F19.
#[tokio::test]
async fn an_order_without_an_erp_number_is_refused_and_goes_through_once_staff_entered_it() {
    let world = World::new(None).await;
    let cart = cart(&world).await;
    let rules = "/partners/baltic/approval-rules";
    let shown = page(&world, Who::Staff, rules).await;
    has(&shown, &["Orders need an ERP number of the customer"]);
    let on = "value=\"yes\" checked> Orders need";
    assert!(!shown.body.contains(on), "off by default");
    let ask = Ask::form("/partners/baltic/ordering", "needs_erp_number=yes");
    assert_eq!(world.ask_plainly(Who::Staff, &ask).await.status, 303);
    let shown = page(&world, Who::Staff, rules).await;
    assert!(shown.body.contains(on), "{}", shown.body);
    let ordering = asked("GET", "/partners/baltic/ordering", "");
    let ordering = world.ask_plainly(Who::Staff, &ordering).await;
    assert_eq!(ordering.json()["needs_erp_number"], true);

    let told = "Amber Logistics has no ERP number, and Baltic Cloud takes no orders without one";
    let refused = check_out(&world, &cart).await;
    assert_eq!(refused.status, 409);
    has(&refused, &[told, "can enter it on the page Organization"]);
    assert!(links_to(&refused, "/o/amber/organization"));
    let refused = place(&world, &cart).await;
    let problem = refused.json();
    assert_eq!(
        (refused.status, &problem["code"], &problem["pointer"]),
        (409, &"no_erp_number".into(), &"/erp_number".into())
    );

    let own = page(&world, Who::CustomerAdmin, "/o/amber/organization").await;
    has(
        &own,
        &["Orders are refused", "ERP number None", "account manager"],
    );
    assert!(!words(&own).contains("Save the ERP number"));
    let customer = page(&world, Who::Customer, "/o/amber/organization").await;
    assert_eq!(customer.status, 403);
    let enter = |number: &str| {
        let form = format!("erp_number={number}");
        Ask::form("/o/amber/organization", form)
    };
    let refused = world.ask_plainly(Who::CustomerAdmin, &enter("C-1")).await;
    assert_eq!(refused.status, 403);
    let wrong = world.ask_plainly(Who::Staff, &enter("a%0Ab")).await;
    assert_eq!(wrong.status, 422);
    has(&wrong, &["Erp number must not contain control characters"]);
    assert_eq!(
        world.ask_plainly(Who::Staff, &enter("C-1004")).await.status,
        303
    );
    let own = page(&world, Who::CustomerAdmin, "/o/amber/organization").await;
    has(&own, &["ERP number C-1004"]);
    let list = page(&world, Who::Staff, "/organizations").await;
    assert!(links_to(&list, "/o/amber/organization"));
    has(&list, &["C-1004"]);
    assert_eq!(check_out(&world, &cart).await.status, 303);

    let change = Ask::api("PATCH", "", "{\"erp_number\": \"\"}");
    let changed = world.ask_plainly(Who::Staff, &change).await;
    assert_eq!(changed.json()["erp_number"], Value::Null);
    assert_eq!(changed.json()["erp_number_is_needed"], true);
}
