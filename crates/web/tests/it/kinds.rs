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

/// A world with somebody of each role, and the subscriptions that the wishes are about.
struct Kinds {
    world: World,
    tokens: Vec<(&'static str, String)>,
    manifest: Value,
}

impl Kinds {
    async fn new(name: &str) -> Kinds {
        let world = world(name).await;
        let manifest = world.app.demo_manifest().await.unwrap();
        let mut tokens = Vec::new();
        for (name, email) in PEOPLE.iter().filter(|(_, email)| !email.is_empty()) {
            tokens.push((*name, world.app.create_token(email, "test").await.unwrap()));
        }
        Kinds {
            world,
            tokens,
            manifest,
        }
    }

    fn heads(&self) -> String {
        let names = self.tokens.iter().map(|(name, _)| format!("{name:<6}"));
        format!("{:<26}{}\n", "", names.collect::<String>().trim_end())
    }

    fn subscription(&self, name: &str) -> &str {
        let is_it = |one: &&Value| {
            let quantity = one["quantity"].as_u64().unwrap_or_default();
            one["organization"] == "amber" && one["name"] == name && quantity > 1
        };
        let mut found = self.manifest["subscriptions"].as_array().unwrap().iter();
        found.find(is_it).unwrap()["id"].as_str().unwrap()
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v1/organizations/amber/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        let answer = self.world.router.clone().oneshot(request.unwrap());
        let answer = answer.await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        (status, serde_json::from_slice(&body.unwrap()).unwrap())
    }

    async fn preview(&self, token: &str, subscription: &str, wish: &Value) -> (u16, Value) {
        let id = self.subscription(subscription);
        let path = format!("subscriptions/{id}/changes?dry_run=true");
        self.post(token, &path, wish).await
    }

    async fn order(&self, token: &str, subscription: &str, wish: &Value) -> (u16, Value) {
        let id = self.subscription(subscription);
        let mut wish = wish.clone();
        wish["accept_terms"] = true.into();
        let path = format!("subscriptions/{id}/changes");
        self.post(token, &path, &wish).await
    }

    /// Takes an order back of which no vendor has heard, and what was made at once.
    async fn take_back(&self, subscription: &str, order: &Value) {
        let (_, boss) = &self.tokens[0];
        let path = format!("orders/{}/actions/withdraw", order["number"]);
        self.post(boss, &path, &json!({})).await;
        for wish in [
            json!({"name": subscription}),
            json!({"markup": "0"}),
            json!({"distributor_markup": "0"}),
        ] {
            self.order(boss, subscription, &wish).await;
        }
    }
}

#[tokio::test]
async fn each_kind_of_change_is_printed_for_each_role() {
    let kinds = Kinds::new("kinds").await;
    let (mut table, mut words) = (kinds.heads(), String::new());
    for (kind, subscription, wish) in wishes() {
        let mut line = format!("{kind:<26}");
        for (name, token) in &kinds.tokens {
            let (status, body) = kinds.preview(token, subscription, &wish).await;
            line += &format!("{status:<6}");
            if *name == "SA" {
                words += &format!("{kind}: {}\n", told(&body));
            }
        }
        table += &format!("{}\n", line.trim_end());
    }
    insta::assert_snapshot!(format!("{table}\n{words}"));
}

/// Ordered for real, each kind is answered to each role what its preview was, word for word; what comes of
/// it is printed.
#[tokio::test]
async fn what_is_ordered_is_what_was_previewed() {
    let kinds = Kinds::new("kinds-ordered").await;
    let mut table = kinds.heads();
    for (kind, subscription, wish) in wishes() {
        let mut line = format!("{kind:<26}");
        for (name, token) in &kinds.tokens {
            let (previewed, preview) = kinds.preview(token, subscription, &wish).await;
            let (status, body) = kinds.order(token, subscription, &wish).await;
            assert_eq!(told(&body), told(&preview), "{kind} by {name}");
            assert_eq!(
                status,
                previewed + u16::from(previewed == 200),
                "{kind} by {name}"
            );
            let cell = match body["order"]["status"].as_str() {
                Some("provisioning_started") => "sent",
                Some("provisioning_finished") => "done",
                Some("scheduled") => "plan",
                Some(other) => other,
                None => &status.to_string(),
            };
            line += &format!("{cell:<6}");
            if status == 201 {
                kinds.take_back(subscription, &body["order"]).await;
            }
        }
        table += &format!("{}\n", line.trim_end());
    }
    insta::assert_snapshot!(table);
}

/// The requested changes of an order, or every problem.
fn told(body: &Value) -> String {
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
