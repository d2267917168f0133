//! What became of a sheet's rows, over the API and in the file: each with how its order stands now and what
//! the vendor said.

use serde_json::{Value, json};

use crate::screens::{page, words};
use crate::twins::hidden;
use crate::twins::world::{Ask, Who, World};

#[tokio::test]
async fn each_row_tells_how_its_order_stands_and_what_the_vendor_said() {
    let world = World::new(None).await;
    let list = Ask::api("GET", "/subscriptions?status=active&q=cirrus", "");
    let found = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let id = found[0]["id"].as_str().unwrap();
    let sheet = format!("subscription,quantity\n{id},90\nsub_00,5");
    let body = json!({ "sheet": sheet, "accept_terms": true }).to_string();
    let begun = Ask::api("POST", "/jobs", body);
    let job = world.ask_plainly(Who::CustomerAdmin, &begun).await.json();
    while world.app.run_jobs().await.unwrap() > 0 {}

    let path = format!("/jobs/{}/rows", job["id"].as_str().unwrap());
    let rows = Ask::api("GET", &path, "");
    let read = async || world.ask_plainly(Who::CustomerAdmin, &rows).await.json();
    let before = read().await;
    assert_eq!(before[0]["order_status"], "provisioning_started");
    assert_eq!(before[1]["outcome"], "refused");
    assert_eq!(before[1]["order_status"], Value::Null);

    let number = before[0]["order"].as_u64().unwrap();
    hidden::refuse(&world, number).await;
    let after = read().await;
    assert_eq!(after[0]["order_status"], "provisioning_failed");
    assert_eq!(after[0]["item_statuses"], json!(["Provisioning failed"]));
    assert_eq!(after[0]["vendor_said"], json!(["Not this month"]));

    let path = format!("/o/amber/jobs/{}/result.csv", job["id"].as_str().unwrap());
    let file = page(&world, Who::CustomerAdmin, &path).await;
    let changes = before[0]["changes"][0].as_str().unwrap();
    let states = "Provisioning failed,Provisioning failed,Not this month";
    let row = format!("1,{id},ordered,{number},{changes},{states}");
    assert!(file.body.contains(&row), "{row} in {}", file.body);
}

#[tokio::test]
async fn who_sets_no_markup_is_told_of_no_column_for_it() {
    let world = World::new(None).await;
    for who in [Who::Customer, Who::CustomerAdmin, Who::Staff] {
        let sheet = page(&world, who, "/o/amber/subscriptions/bulk").await;
        let names = words(&sheet);
        let file = page(&world, who, "/o/amber/subscriptions/sheet.csv").await;
        let head = file.body.lines().next().unwrap();
        assert!(names.contains("quantity") && head.contains("quantity"));
        for text in [&names, head] {
            assert_eq!(
                text.contains("markup"),
                who == Who::Staff,
                "{who:?}: {text}"
            );
        }
    }
}
