//! Differences on pages and in the API: what a manager of connections reads and does, and that it is done
//! once.

use domain::id::{DifferenceId, OrganizationId, RunId, SubscriptionId, VendorId};
use domain::reconciliation::{Difference, Drift, Holding, Outcome, Reference, Resolution, Subject};
use store::{StoreError, differences, subscriptions};
use uuid::Uuid;

use super::*;

const AMBER: OrganizationId = OrganizationId(Uuid::from_u128(4));
const ADDRESS_OF_IT: &str = "/partners/nordic/differences/dif_00000000000000000000000000000001";

/// Two licenses more at the vendor than here.
pub async fn plant(store: &Store, id: SubscriptionId, now: Timestamp) {
    let mut tx = store.read().await.unwrap();
    let ours = subscriptions::find(&mut tx, AMBER, id)
        .await
        .unwrap()
        .unwrap();
    drop(tx);
    let reference = Reference(ours.vendor_reference.clone());
    let found = Difference {
        id: DifferenceId(Uuid::from_u128(1)),
        owner: OrganizationId(Uuid::from_u128(1)),
        vendor: VendorId(Uuid::from_u128(1)),
        vendor_name: "Microsoft".into(),
        subject: Some(Subject {
            organization: AMBER,
            organization_name: "Amber".into(),
            organization_slug: "amber".into(),
            subscription: id,
            name: ours.name.clone(),
        }),
        candidates: Vec::new(),
        drift: Drift::Quantity {
            ours: ours.quantity,
            theirs: ours.quantity + 2,
        },
        holding: Some(Holding {
            quantity: Some(ours.quantity + 2),
            ..Holding::new(reference.0.clone())
        }),
        reference,
        first_seen: now,
        last_seen: now,
        run: RunId(Uuid::from_u128(1)),
        times: 1,
        outcome: Outcome::Open,
    };
    let planted = store.write(found, |found, tx| Box::pin(differences::insert(tx, found)));
    planted
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

impl World {
    async fn asked(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_owned()));
        let answer = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1_000_000)
            .await
            .unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn a_difference_is_shown_with_what_can_be_made_of_it_and_resolved_once() {
    let world = world("drift").await;
    let email = "distributor-admin@nordic.example";
    let session = world
        .app
        .sign_in(email, "seatwright-demo", "test")
        .await
        .unwrap();
    let request = Request::builder()
        .uri(ADDRESS_OF_IT)
        .header(header::COOKIE, format!("s={session}"))
        .body(Body::empty());
    let page = world
        .router
        .clone()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    let page = axum::body::to_bytes(page.into_body(), 1_000_000)
        .await
        .unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    for words in ["At the vendor", "Accept by an order", "Head office", "(+2)"] {
        assert!(page.contains(words), "{words}: {page}");
    }

    let token = world.app.create_token(email, "test").await.unwrap();
    let path = format!("/api/v1{ADDRESS_OF_IT}");
    let (status, shown) = world.asked("GET", &path, &token, "").await;
    assert_eq!(
        (status, &shown["kind"], &shown["status"]),
        (200, &"quantity".into(), &"open".into())
    );
    let accept = format!("{path}/resolution");
    let body = "{\"resolution\": \"accept\", \"times\": 1}";
    let preview = format!("{accept}?dry_run=true");
    let (status, preview) = world.asked("POST", &preview, &token, body).await;
    assert_eq!(
        (status, &preview["after"]["quantity"]),
        (200, &preview["difference"]["told"]["quantity"])
    );
    let stale = "{\"resolution\": \"accept\", \"times\": 7}";
    assert_eq!(world.asked("POST", &accept, &token, stale).await.0, 412);
    let (status, done) = world.asked("POST", &accept, &token, body).await;
    assert_eq!(
        (status, &done["difference"]["status"]),
        (201, &"resolved".into())
    );
    assert_eq!(
        done["difference"]["resolved"]["resolution"],
        serde_json::json!(Resolution::Accept)
    );
    let (status, again) = world.asked("POST", &accept, &token, body).await;
    let order = done["order"].to_string();
    assert!(
        status == 409 && again["detail"].as_str().unwrap().contains(&order),
        "{again}"
    );
    let list = "/api/v1/partners/nordic/differences";
    assert_eq!(
        world.asked("GET", list, &token, "").await.1,
        serde_json::json!([])
    );
    let resolved = format!("{list}?status=resolved");
    assert_eq!(
        world
            .asked("GET", &resolved, &token, "")
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
