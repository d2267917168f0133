//! Differences on pages and in the API: what a manager of connections reads and does, and that it is done
//! once.

use domain::id::{DifferenceId, OrganizationId, RunId, SubscriptionId, VendorId};
use domain::money::Money;
use domain::reconciliation::{
    AskedPrice, Difference, Drift, Holding, Outcome, Reference, Resolution, Subject,
};
use domain::subscription::Subscription;
use store::{StoreError, differences, subscriptions};
use uuid::Uuid;

use super::*;

const AMBER: OrganizationId = OrganizationId(Uuid::from_u128(4));
const ADDRESS_OF_IT: &str = "/partners/nordic/differences/dif_00000000000000000000000000000001";

/// Two licenses more at the vendor than here.
pub async fn plant(store: &Store, id: SubscriptionId, now: Timestamp) {
    plant_of(store, (1, id), now, more).await;
}

fn more(ours: &Subscription) -> (Drift, Holding) {
    let theirs = ours.quantity + 2;
    let holding = Holding {
        quantity: Some(theirs),
        ..Holding::new(ours.vendor_reference.clone())
    };
    let ours = ours.quantity;
    (Drift::Quantity { ours, theirs }, holding)
}

fn dearer(ours: &Subscription) -> (Drift, Holding) {
    let cost = ours.price.unit.cost;
    let theirs = Money::new(cost.minor + 70, cost.currency);
    let drift = Drift::Price {
        ours: cost,
        theirs,
        cadence: ours.item.cadence,
    };
    let price = AskedPrice::new(theirs.to_decimal(), theirs.currency, None).unwrap();
    let holding = Holding {
        price: Some(price),
        ..Holding::new(ours.vendor_reference.clone())
    };
    (drift, holding)
}

async fn plant_of(
    store: &Store,
    (number, id): (u128, SubscriptionId),
    now: Timestamp,
    otherwise: impl Fn(&Subscription) -> (Drift, Holding),
) {
    let mut tx = store.read().await.unwrap();
    let ours = subscriptions::find(&mut tx, AMBER, id)
        .await
        .unwrap()
        .unwrap();
    drop(tx);
    let reference = Reference(ours.vendor_reference.clone());
    let (drift, holding) = otherwise(&ours);
    let found = Difference {
        id: DifferenceId(Uuid::from_u128(number)),
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
        drift,
        holding: Some(holding),
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
    async fn page_of(&self, email: &str, path: &str) -> String {
        let sign_in = self.app.sign_in(email, "seatwright-demo", "test");
        let session = sign_in.await.unwrap();
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, format!("s={session}"))
            .body(Body::empty());
        let page = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let page = axum::body::to_bytes(page.into_body(), 1_000_000)
            .await
            .unwrap();
        String::from_utf8(page.to_vec()).unwrap()
    }

    /// A page in the API, and where its `Link` leads.
    async fn page_and_next(&self, address: &str, token: &str) -> (Value, Option<String>) {
        let request = Request::builder()
            .uri(address)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty());
        let answer = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let link = answer.headers().get(header::LINK);
        let link = link.map(|link| link.to_str().unwrap());
        let next = link.map(|link| {
            link[1..]
                .split_once(">; rel=\"next\"")
                .unwrap()
                .0
                .to_owned()
        });
        let body = axum::body::to_bytes(answer.into_body(), 1_000_000).await;
        (serde_json::from_slice(&body.unwrap()).unwrap(), next)
    }

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
    let page = world.page_of(email, ADDRESS_OF_IT).await;
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

#[tokio::test]
async fn a_page_of_differences_leads_to_the_next_of_what_was_asked() {
    let world = world("drift-pages").await;
    let office: SubscriptionId = world.subscription.parse().unwrap();
    let manifest = world.app.demo_manifest().await.unwrap();
    let subscriptions = manifest["subscriptions"].as_array().unwrap();
    let is_another =
        |one: &&Value| one["organization"] == "amber" && one["id"] != office.to_string();
    let another = subscriptions.iter().find(is_another).unwrap()["id"].as_str();
    let another = another.unwrap().parse().unwrap();
    let at = |second: i64| Timestamp::from_second(1_900_000_000 + second).unwrap();
    // Between two quantities, in the order of the list, a price.
    plant_of(&world.store, (2, office), at(1), dearer).await;
    plant_of(&world.store, (3, another), at(2), more).await;

    let email = "distributor-admin@nordic.example";
    let token = world.app.create_token(email, "test").await.unwrap();
    let list = "/api/v1/partners/nordic/differences";
    let mut next = Some("?kind=quantity&limit=1".to_owned());
    for number in [3, 1] {
        let page = format!("{list}{}", next.expect("another page"));
        let (page, link) = world.page_and_next(&page, &token).await;
        let ids: Vec<_> = page
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["id"])
            .collect();
        assert_eq!(ids, [&Value::from(format!("dif_{number:032x}"))]);
        next = link;
    }
    assert_eq!(next, None);
}

#[tokio::test]
async fn what_a_vendor_asks_is_told_to_staff_and_its_customer_sees_no_order_that_takes_it_over() {
    let world = world("asked-price").await;
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let id: SubscriptionId = world.subscription.parse().unwrap();
    plant_of(&world.store, (2, id), now, dearer).await;
    let email = "distributor-admin@nordic.example";
    let path = ADDRESS_OF_IT.replace("01", "02");
    let page = world.page_of(email, &path).await;
    for words in [
        "We pay what the vendor asks",
        "No order changes what a vendor asks",
        "a license in a billing cycle",
        "Accept by an order",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let token = world.app.create_token(email, "test").await.unwrap();
    let path = format!("/api/v1{path}");
    let (_, shown) = world.asked("GET", &path, &token, "").await;
    assert_eq!(shown["kind"], "price");
    let theirs = shown["theirs"].as_str().unwrap();
    assert!(theirs.contains(" a license per "), "{theirs}");

    let customer = world.app.create_token("admin@amber.example", "test");
    let customer = customer.await.unwrap();
    let of_customer = format!("/api/v1/organizations/amber/subscriptions/{id}");
    let before = world.asked("GET", &of_customer, &customer, "").await;
    let accept = format!("{path}/resolution");
    let body = "{\"resolution\": \"accept\", \"times\": 1}";
    let (status, done) = world.asked("POST", &accept, &token, body).await;
    assert_eq!(status, 201, "{done}");
    let order = format!("/api/v1/organizations/amber/orders/{}", done["order"]);
    let (status, told) = world.asked("GET", &order, &token, "").await;
    let told = told.to_string();
    assert!(
        status == 200 && told.contains("Cost ") && told.contains("\"cost\""),
        "{told}"
    );
    assert_eq!(world.asked("GET", &order, &customer, "").await.0, 404);
    let after = world.asked("GET", &of_customer, &customer, "").await;
    assert_eq!(after, before);
    // What it was sold at was made of the former cost, and the order's page says so.
    let page = format!("/o/amber/orders/{}", done["order"]);
    let page = world.page_of(email, &page).await;
    assert!(page.contains("made of a cost of "), "{page}");
}
