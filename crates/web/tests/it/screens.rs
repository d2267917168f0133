//! The Orders section as its readers meet it: what the seed article says of each screen, by its words
//! and links and not by its markup. `docs/requirements.md` names these tests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::twins::world::{Answer, Ask, Who, World};

pub(crate) async fn page(world: &World, who: Who, path: &str) -> Answer {
    world.ask_plainly(who, &Ask::page(path)).await
}

/// The words of a page without its tags.
pub(crate) fn words(answer: &Answer) -> String {
    let body = answer.body.split_once("<main").map_or("", |(_, main)| main);
    let parts = body.split('<').filter_map(|part| part.split_once('>'));
    let text: Vec<&str> = parts.map(|(_, text)| text.trim()).collect();
    let text = text.join(" ").replace("&#38;", "&").replace("&#39;", "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn has(answer: &Answer, what: &[&str]) {
    let text = words(answer);
    for what in what {
        assert!(text.contains(what), "{what} in {text}");
    }
}

pub(crate) fn links_to(answer: &Answer, address: &str) -> bool {
    let links = answer.body.split("href=\"").skip(1);
    let mut links = links.filter_map(|rest| rest.split('"').next());
    links.any(|link| link.replace("&#38;", "&") == address)
}

/// The orders of a list of the API.
pub(crate) async fn orders(world: &World, who: Who, query: &str) -> Vec<Value> {
    let list = Ask::api("GET", &format!("/orders?limit=200&{query}"), "");
    let answer = world.ask_plainly(who, &list).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json().as_array().unwrap().clone()
}

fn texts<'o>(orders: &'o [Value], field: &str) -> BTreeSet<&'o str> {
    let texts = orders.iter().filter_map(|order| order[field].as_str());
    texts.collect()
}

/// The first order of a list with a change of a kind.
fn with<'o>(orders: &'o [Value], kind: &str, status: &str) -> &'o Value {
    let is = |order: &&Value| {
        let changes = order["requested_changes"].as_array().unwrap();
        order["status"] == status && changes.len() == 1 && changes[0]["kind"] == kind
    };
    orders.iter().find(is).unwrap()
}

pub(crate) fn number(order: &Value) -> u64 {
    order["number"].as_u64().unwrap()
}

#[tokio::test]
async fn orders_exist_in_customer_view_alone() {
    let world = World::new(None).await;
    for seller in ["baltic", "nordic"] {
        let orders = format!("/o/{seller}/orders");
        assert_eq!(page(&world, Who::Staff, &orders).await.status, 404);
    }
    let choice = page(&world, Who::Staff, "/organizations").await;
    assert!(!words(&choice).contains("Recent orders"));
    assert!(!links_to(&choice, "/orders"));
    let inside = page(&world, Who::Staff, "/o/amber/orders").await;
    for banner in ["Amber Logistics", "Saulė Petraitė", "Baltic Cloud"] {
        assert!(inside.body.contains(banner), "{banner}");
    }
    assert!(links_to(&inside, "/organizations"), "Leave");
}

#[tokio::test]
async fn the_orders_of_another_organization_are_not_there() {
    let world = World::new(None).await;
    let birch = Ask {
        path: "/api/v1/organizations/birch/orders".into(),
        ..Ask::api("GET", "", "")
    };
    let theirs = world.ask_plainly(Who::Staff, &birch).await.json();
    let theirs = number(&theirs[0]);
    let ours = orders(&world, Who::Staff, "view=recent").await;
    assert!(ours.iter().all(|order| number(order) != theirs));
    let foreign = page(&world, Who::Staff, &format!("/o/amber/orders/{theirs}")).await;
    let unknown = page(&world, Who::Staff, "/o/amber/orders/10000001").await;
    assert_eq!((foreign.status, &foreign.body), (404, &unknown.body));
}

#[tokio::test]
async fn recent_orders_come_first_and_lead_to_historical_ones_and_back() {
    let world = World::new(None).await;
    let home = page(&world, Who::Customer, "/").await;
    assert_eq!(home.header("location"), Some("/o/amber/orders"));
    let recent = page(&world, Who::Customer, "/o/amber/orders").await;
    has(&recent, &["Recent orders"]);
    assert!(links_to(&recent, "/o/amber/orders/historical"));
    let historical = page(&world, Who::Customer, "/o/amber/orders/historical").await;
    has(
        &historical,
        &["Historical orders", "Active", "Draft", "All"],
    );
    assert!(links_to(&historical, "/o/amber/orders"));
}

#[tokio::test]
async fn the_labels_of_recent_orders_are_the_articles() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let labels = texts(&recent, "status_label");
    let page = page(&world, Who::Staff, "/o/amber/orders").await;
    for label in [
        "Provisioning started",
        "Provisioning finished",
        "Provisioning failed",
        "Started",
        "Deleted",
    ] {
        assert!(labels.contains(label), "{label} among {labels:?}");
        has(&page, &[label]);
    }
    let times: Vec<&str> = recent
        .iter()
        .filter_map(|order| order["placed_at"].as_str().or(order["created_at"].as_str()))
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
}

#[tokio::test]
async fn the_labels_and_tabs_of_historical_orders_are_the_articles() {
    let world = World::new(None).await;
    let of = async |tab: &str| {
        let query = format!("view=historical&tab={tab}");
        orders(&world, Who::Staff, &query).await
    };
    let labels = |orders: &[Value]| -> Vec<String> {
        let labels = texts(orders, "status_label").into_iter();
        labels.map(str::to_owned).collect()
    };
    assert_eq!(labels(&of("active").await), ["In progress"]);
    assert_eq!(labels(&of("draft").await), ["Draft"]);
    let all = labels(&of("all").await);
    for label in ["In progress", "Draft", "Completed with errors", "Completed"] {
        assert!(all.iter().any(|known| known == label), "{label} in {all:?}");
    }
}

#[tokio::test]
async fn a_row_tells_what_was_asked_by_whom_when_and_where_it_stands() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let page = page(&world, Who::Staff, "/o/amber/orders").await;
    has(
        &page,
        &[
            "Order ID / # of items",
            "Requested changes",
            "Created by",
            "Date",
            "Status",
            "Note",
        ],
    );
    for order in &recent[..10] {
        let count = order["items"].as_array().unwrap().len();
        let items = if count == 1 {
            "1 item"
        } else {
            &format!("{count} items")
        };
        let by = &order["created_by"];
        has(
            &page,
            &[
                &number(order).to_string(),
                items,
                by["person"].as_str().unwrap(),
                by["organization"].as_str().unwrap(),
                order["status_label"].as_str().unwrap(),
                order["requested_changes"][0]["text"].as_str().unwrap(),
                order["items"][0]["name"].as_str().unwrap(),
            ],
        );
        let at = order["placed_at"].as_str().or(order["created_at"].as_str());
        assert!(page.body.contains(at.unwrap()), "{at:?}");
    }
    let kinds: BTreeSet<&str> = texts(&recent, "kind");
    assert_eq!(kinds, BTreeSet::from(["purchase", "update"]));
}

#[tokio::test]
async fn a_note_is_added_and_stands_in_the_row() {
    let world = World::new(None).await;
    let number = number(&orders(&world, Who::Staff, "view=recent").await[0]);
    let path = format!("/o/amber/orders/{number}/actions/add_note");
    let added = Ask::form(path, "text=Please+call+first");
    let added = world.ask_plainly(Who::CustomerBilling, &added).await;
    assert_eq!(added.status, 303, "{}", added.body);
    has(
        &page(&world, Who::Customer, "/o/amber/orders").await,
        &["Please call first"],
    );
    let details = format!("/o/amber/orders/{number}");
    has(
        &page(&world, Who::Customer, &details).await,
        &["Please call first", "Amber Billing"],
    );
}

#[tokio::test]
async fn a_row_leads_to_panel_and_details_and_the_list_stays() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let update = with(&recent, "quantity", "provisioning_finished");
    let (number, to) = (number(update), &update["requested_changes"][0]["to"]);
    let name = update["name"].as_str().unwrap();
    for path in ["/o/amber/orders", "/o/amber/orders?columns=date"] {
        let list = page(&world, Who::Staff, path).await;
        assert!(links_to(&list, &format!("/o/amber/orders/{number}")));
        has(&list, &[name]);
    }
    let panel = page(
        &world,
        Who::Staff,
        &format!("/o/amber/orders?panel={number}"),
    )
    .await;
    has(&panel, &[&to.to_string(), "licenses", "Recent orders"]);
    for order in &recent[..5] {
        has(&panel, &[&order["number"].to_string()]);
    }
}

#[tokio::test]
async fn the_panel_tells_the_total_of_purchases_and_updates() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    for (kind, status) in [
        ("purchase", "provisioning_finished"),
        ("quantity", "provisioning_finished"),
    ] {
        let order = with(&recent, kind, status);
        assert_eq!(
            order["items"][0]["licenses_now"],
            order["requested_changes"][0]["to"]
        );
        assert_eq!(order["items"][0]["licenses_after"], Value::Null);
        let path = format!("/o/amber/orders?panel={}", number(order));
        let total = format!("{} licenses", order["items"][0]["licenses_now"]);
        has(&page(&world, Who::Customer, &path).await, &[&total]);
    }
}

#[tokio::test]
async fn details_tell_name_description_payment_quantity_and_costs_by_role() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let order = with(&recent, "purchase", "provisioning_finished");
    let path = format!("/o/amber/orders/{}", number(order));
    let name = order["name"].as_str().unwrap();
    assert!(name.starts_with("Order #"), "{name}");
    let item = &order["items"][0];
    let minor = item["unit_price"]["minor"].as_i64().unwrap();
    let price = format!("{}.{:02}", minor / 100, minor % 100);
    for who in [Who::Customer, Who::Staff] {
        let details = page(&world, who, &path).await;
        has(
            &details,
            &[
                name,
                item["name"].as_str().unwrap(),
                "Payment details",
                "Invoice",
                &item["quantity"].to_string(),
                &price,
            ],
        );
        let told = words(&details);
        let is_staff = who == Who::Staff;
        for cost in ["Partner price", "Margin"] {
            assert_eq!(told.contains(cost), is_staff, "{cost} for {who:?}");
        }
    }
}

#[tokio::test]
async fn the_ordered_subscription_names_its_administrator_and_a_microsoft_tenant() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let all = orders(&world, Who::Staff, "view=historical").await;
    let mut vendors = BTreeSet::new();
    for order in recent.iter().chain(&all) {
        for item in order["items"].as_array().unwrap() {
            let is_microsoft = item["vendor"] == "Microsoft";
            let tenant = item.get("tenant").is_some();
            assert_eq!(tenant, is_microsoft, "{item}");
            vendors.insert(is_microsoft);
            for field in ["contact_email", "contact_name", "contact_surname"] {
                assert!(item[field].as_str().is_some_and(|text| !text.is_empty()));
            }
        }
    }
    assert_eq!(vendors.len(), 2, "both kinds were seen");
}

#[tokio::test]
async fn a_failure_tells_the_vendors_reason_in_the_list() {
    let world = World::new(None).await;
    for (view, status, list) in [
        ("recent", "provisioning_failed", "orders?"),
        (
            "historical",
            "completed_with_errors",
            "orders/historical?tab=all&",
        ),
    ] {
        let all = orders(&world, Who::Customer, &format!("view={view}")).await;
        let failed = all.iter().find(|order| order["status"] == status).unwrap();
        let items = failed["items"].as_array().unwrap();
        let reason = items.iter().find_map(|item| item["reason"].as_str());
        let path = format!("/o/amber/{list}panel={}", number(failed));
        has(
            &page(&world, Who::Customer, &path).await,
            &[reason.unwrap()],
        );
    }
}

#[tokio::test]
async fn what_is_historical_is_changed_by_nobody() {
    let world = World::new(None).await;
    let all = orders(&world, Who::Staff, "view=historical&tab=all").await;
    for order in &all {
        let allowed = order["allowed_actions"].as_array().unwrap();
        let may: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let is_open = |action: &&str| {
            !["add_note", "continue_purchase", "approve", "reject"].contains(action)
        };
        assert!(!may.iter().any(is_open), "{order}");
    }
    let completed = all
        .iter()
        .find(|order| order["status"] == "completed")
        .unwrap();
    for action in ["withdraw", "delete", "archive", "retry", "save_as_draft"] {
        let path = format!("/orders/{}/actions/{action}", number(completed));
        let refused = Ask::api("POST", &path, "");
        assert_eq!(
            world.ask_plainly(Who::Staff, &refused).await.status,
            409,
            "{action}"
        );
    }
}

#[tokio::test]
async fn all_is_the_more_detailed_view() {
    let world = World::new(None).await;
    let more = [
        "Order name",
        "First administrator",
        "Total quantity",
        "Total price",
        "Reason",
    ];
    let list = "/o/amber/orders/historical?tab=";
    has(
        &page(&world, Who::Customer, &format!("{list}all")).await,
        &more,
    );
    let active = page(&world, Who::Customer, &format!("{list}active")).await;
    assert!(!words(&active).contains("First administrator"));
}

#[tokio::test]
async fn the_name_of_a_subscription_leads_to_its_data() {
    let world = World::new(None).await;
    let recent = orders(&world, Who::Staff, "view=recent").await;
    let order = with(&recent, "purchase", "provisioning_finished");
    let (number, item) = (number(order), &order["items"][0]);
    let address = format!(
        "/o/amber/orders/{number}/items/{}",
        item["id"].as_str().unwrap()
    );
    for from in ["/o/amber/orders", &format!("/o/amber/orders/{number}")] {
        let from = page(&world, Who::Customer, from).await;
        assert!(links_to(&from, &address), "{address}");
    }
    for who in [Who::Customer, Who::Staff] {
        let shown = page(&world, who, &address).await;
        let fields = ["name", "contact_email", "contact_name", "contact_surname"];
        has(&shown, &fields.map(|field| item[field].as_str().unwrap()));
        let has_cost = words(&shown).to_lowercase().contains("margin");
        assert_eq!(has_cost, who == Who::Staff, "{who:?}");
    }
}

#[tokio::test]
async fn what_has_ended_has_a_price_and_no_total() {
    let world = World::new(None).await;
    for (status, has_total) in [("canceled", false), ("active", true)] {
        let list = Ask::api("GET", &format!("/subscriptions?status={status}"), "");
        let found = world.ask_plainly(Who::Customer, &list).await.json();
        let found = found.as_array().unwrap();
        assert!(!found.is_empty(), "{status}");
        for one in found {
            let id = one["id"].as_str().unwrap();
            let address = format!("/o/amber/subscriptions/{id}");
            let shown = words(&page(&world, Who::Customer, &address).await);
            assert!(shown.contains("Per license"), "{shown}");
            assert_eq!(shown.contains(", billed "), has_total, "{shown}");
        }
    }
}
