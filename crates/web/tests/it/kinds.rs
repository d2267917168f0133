//! Every kind of requested change × every role × what comes of it, over the API, printed and compared.

use serde_json::json;

use super::*;

const MICROSOFT: &str = "Head office";
const CIRRUS: &str = "Cirrus Server Backup";

/// Kind, about which subscription, and the wish.
fn wishes() -> Vec<(&'static str, &'static str, Value)> {
    let offer = |number: u128| format!("off_{number:032x}");
    let plan = |number: u128| format!("pln_{number:032x}");
    vec![
        ("increase", CIRRUS, json!({"quantity": 90})),
        (
            "increase on a date",
            CIRRUS,
            json!({"quantity": 90, "when": "2027-03-01T09:00"}),
        ),
        ("decrease", CIRRUS, json!({"quantity": 1})),
        ("decrease, window closed", MICROSOFT, json!({"quantity": 1})),
        (
            "decrease on renewal",
            MICROSOFT,
            json!({"quantity": 1, "when": "on_renewal"}),
        ),
        ("suspend", CIRRUS, json!({"status": "suspended"})),
        (
            "suspend at Microsoft",
            MICROSOFT,
            json!({"status": "suspended"}),
        ),
        ("reactivate what runs", CIRRUS, json!({"status": "active"})),
        ("cancel", CIRRUS, json!({"status": "canceled"})),
        (
            "cancel, window closed",
            MICROSOFT,
            json!({"status": "canceled"}),
        ),
        ("auto-renewal", CIRRUS, json!({"auto_renewal": false})),
        ("billing cycle", CIRRUS, json!({"plan": plan(6_101)})),
        (
            "upgrade",
            CIRRUS,
            json!({"upgrade": {"offer": offer(5), "plan": plan(5_001)}}),
        ),
        (
            "upgrade of some",
            CIRRUS,
            json!({"upgrade": {"offer": offer(5), "plan": plan(5_001), "seats": 1}}),
        ),
        ("rename", CIRRUS, json!({"name": "Servers"})),
        (
            "configuration",
            CIRRUS,
            json!({"configuration": {"region": "north"}}),
        ),
        ("markup", CIRRUS, json!({"markup": "7.5"})),
        (
            "markup on renewal",
            CIRRUS,
            json!({"markup": "7.5", "when": "on_renewal"}),
        ),
        ("target price", CIRRUS, json!({"target_price": "20.00"})),
        (
            "distributor markup",
            CIRRUS,
            json!({"distributor_markup": "5"}),
        ),
        (
            "quantity and markup",
            CIRRUS,
            json!({"quantity": 90, "markup": "7.5"}),
        ),
        (
            "increase and renewal",
            CIRRUS,
            json!({"quantity": 90, "auto_renewal": false}),
        ),
        (
            "the same in steps",
            CIRRUS,
            json!({"quantity": 90, "auto_renewal": false, "in_steps": true}),
        ),
        ("an unknown field", CIRRUS, json!({"quantitty": 90})),
        ("nothing", CIRRUS, json!({})),
    ]
}

#[tokio::test]
async fn each_kind_of_change_is_printed_for_each_role() {
    let world = world("kinds").await;
    let manifest = world.app.demo_manifest().await.unwrap();
    let id = |name: &str| {
        let found = manifest["subscriptions"].as_array().unwrap();
        let is_it = |one: &&Value| {
            let quantity = one["quantity"].as_u64().unwrap_or_default();
            one["organization"] == "amber" && one["name"] == name && quantity > 1
        };
        found.iter().find(is_it).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut tokens = Vec::new();
    for (name, email) in PEOPLE.iter().filter(|(_, email)| !email.is_empty()) {
        tokens.push((*name, world.app.create_token(email, "test").await.unwrap()));
    }
    let names: Vec<String> = tokens
        .iter()
        .map(|(name, _)| format!("{name:<6}"))
        .collect();
    let mut table = format!("{:<26}{}\n", "", names.concat().trim_end());
    let mut words = String::new();
    for (kind, subscription, wish) in wishes() {
        let path = format!(
            "/api/v1/organizations/amber/subscriptions/{}/changes?dry_run=true",
            id(subscription)
        );
        let mut line = format!("{kind:<26}");
        for (name, token) in &tokens {
            let request = Request::builder()
                .method("POST")
                .uri(&path)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::from(wish.to_string()));
            let answer = world
                .router
                .clone()
                .oneshot(request.unwrap())
                .await
                .unwrap();
            line += &format!("{:<6}", answer.status().as_u16());
            if *name == "SA" {
                words += &format!("{kind}: {}\n", told(answer).await);
            }
        }
        table += &format!("{}\n", line.trim_end());
    }
    insta::assert_snapshot!(format!("{table}\n{words}"));
}

/// The requested changes of an order, or every problem.
async fn told(answer: axum::response::Response) -> String {
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let texts = |list: &Value, field: &str| {
        let list = list.as_array().cloned().unwrap_or_default();
        let text = |one: &Value| one[field].as_str().unwrap_or_default().to_owned();
        list.iter().map(text).collect::<Vec<_>>().join("; ")
    };
    match body["order"]["requested_changes"].is_array() {
        true => texts(&body["order"]["requested_changes"], "text"),
        false => format!(
            "! {} {}",
            body["pointer"].as_str().unwrap_or("-"),
            body["detail"]
        ),
    }
}
