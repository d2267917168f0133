//! An order's story in the API: the same facts for a seller and a customer, without what is hidden.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;
use tower::ServiceExt;

use super::{World, world};

impl World {
    async fn story(&self, email: &str, number: &Value) -> (u16, Value) {
        let token = self.app.create_token(email, "test").await.unwrap();
        let path = format!("/api/v1/organizations/amber/orders/{number}/story");
        let request = Request::builder()
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty());
        let answer = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        (status, serde_json::from_slice(&body.unwrap()).unwrap())
    }

    async fn numbers(&self, is: impl Fn(&Value) -> bool) -> Vec<Value> {
        let manifest = self.app.demo_manifest().await.unwrap();
        let orders = manifest["orders"].as_array().unwrap().clone();
        let theirs = orders
            .into_iter()
            .filter(|order| order["organization"] == "amber");
        theirs
            .filter(|order| is(order))
            .map(|order| order["number"].clone())
            .collect()
    }
}

#[tokio::test]
async fn a_failed_order_tells_what_to_correct_what_was_tried_and_how_many_fail_alike() {
    let world = world("story").await;
    let failed = world
        .numbers(|order| order["status"] == "provisioning_failed")
        .await;
    let mut tried = 0;
    for number in failed {
        let (status, seller) = world.story("seller-admin@baltic.example", &number).await;
        let (_, customer) = world.story("admin@amber.example", &number).await;
        assert_eq!(status, 200);
        assert_eq!(seller["items"], customer["items"]);
        assert!(
            customer["next_step"]
                .as_str()
                .unwrap()
                .contains("The reseller can")
        );
        assert_eq!(customer["primary_action"], Value::Null);
        let item = &seller["items"][0];
        if item["failure"]["code"] == "InvalidEmail" {
            assert_eq!(item["failure"]["field"], "/contact/email");
            assert_eq!(item["failure"]["others"], 2);
            assert_eq!(seller["primary_action"], "retry");
        }
        tried = tried.max(item["attempts"].as_array().unwrap().len());
    }
    assert_eq!(tried, 2);
}

#[tokio::test]
async fn the_story_of_an_order_that_does_not_exist_for_a_customer_is_not_found() {
    let world = world("story-hidden").await;
    for number in world.numbers(|order| order["markup_only"] == true).await {
        let (seller, _) = world.story("seller-admin@baltic.example", &number).await;
        let (customer, _) = world.story("admin@amber.example", &number).await;
        assert_eq!((seller, customer), (200, 404));
    }
}
