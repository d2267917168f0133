//! Orders at Partner Center, through the engine: what is stored between two steps is enough to go on
//! with, and what the vendor renews is stored.

use app::Signed;
use app::clock::Clock;
use app::subscriptions::{TypedUpgrade, TypedWish};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connectors::simulator::partner_center::{Action, Front, SECRET};
use domain::subscription::SubscriptionState;

use super::imports::{row, sheet};
use super::*;

const BASIC: &str = "Microsoft 365 Business Basic";
const BETTER: &str = "Microsoft 365 Business Standard";

impl World {
    /// Connects the demo's Microsoft with a simulated Partner Center instead of a broker.
    pub(crate) async fn connect_partner_center(&self) -> Front {
        self.connect_partner_center_at().await.0
    }

    /// The same, with its address.
    pub(crate) async fn connect_partner_center_at(&self) -> (Front, String) {
        let front = Front::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(front.clone().serve(listener));
        self.type_settings(&url, "consent").await;
        (front, url)
    }

    async fn type_settings(&self, url: &str, refresh_token: &str) {
        let settings = json!({
            "connector": "partner_center", "tenant": "nordic.example", "client_id": "app",
            "client_secret": SECRET, "refresh_token": refresh_token, "market": "SE",
            "url": url, "login_url": url, "certificates_url": format!("{url}/cert"), "new_customers": true,
        });
        let settings = settings.to_string();
        let add = self
            .app
            .add_vendor("nordic", "microsoft", "Microsoft", &settings);
        add.await.unwrap();
    }

    async fn settings(&self) -> Value {
        let vendors = self.app.vendors("nordic").await.unwrap();
        let vendor = vendors
            .into_iter()
            .find(|one| one.slug == "microsoft")
            .unwrap();
        let settings: Value = serde_json::from_str(&vendor.settings).unwrap();
        assert_eq!(settings["client_secret"], SECRET, "the rest stays");
        settings
    }
}

#[test]
fn an_order_at_partner_center_is_bought_once_whichever_answer_is_lost() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        for (what, action) in [
            ("POST carts", Action::DropAfter),
            ("POST checkout", Action::DropAfter),
            ("POST checkout", Action::DropBefore),
            ("POST checkout", Action::Throttle(Some(90))),
            ("GET orders/one", Action::DropBefore),
            ("GET subscriptions/one", Action::Instead(503, Value::Null)),
        ] {
            let before = front.books(|books| books.orders.len());
            front.fault(what, 2, action.clone());
            let cart = world.fill(&access, MICROSOFT, 25).await.unwrap();
            let placed = world.place(&access, &cart).await.unwrap();
            world.settle().await;
            let order = world.order(&access, placed.number).await;
            assert_eq!(
                order.status,
                Status::ProvisioningFinished,
                "{what} {action:?}"
            );
            let orders = front.books(|books| books.orders.clone());
            assert_eq!(orders.len(), before + 1, "{what} {action:?}");
            let ours = orders[before]["lineItems"][0]["friendlyName"].to_string();
            assert!(
                ours.contains(&format!("Order {:08} ", placed.number)),
                "{ours}"
            );
        }
    });
}

#[test]
fn what_was_upgraded_goes_on_under_the_vendors_id_and_a_refusal_can_be_retried() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        front.books(|books| {
            books
                .targets
                .push(("microsoft-365".into(), "business-standard".into()))
        });
        let access = world.access(SELLER, "amber").await;
        front.books(|books| {
            books.order_error = Some(("800069", "Order failed Risk Management check"))
        });
        let cart = world.fill(&access, MICROSOFT, 25).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let failed = world.order(&access, placed.number).await;
        let LineState::Failed { failure, .. } = &failed.lines[0].state else {
            panic!("not refused: {:?}", failed.lines[0].state);
        };
        assert_eq!(failure.code, "800069");
        assert!(failure.explain().meaning.is_some());
        front.books(|books| books.order_error = None);

        let bought = world.bought(&access, BASIC, 10).await;
        let offers = world.offers(&access).await;
        let better = offers
            .into_iter()
            .find(|one| one.offer.name == BETTER)
            .unwrap();
        let part = TypedWish {
            upgrade: Some(TypedUpgrade {
                offer: better.offer.id,
                plan: better.plans[0].id,
                seats: Some(4),
                into: None,
            }),
            ..TypedWish::default()
        };
        world.changed(&access, bought.id, part).await;
        world.work_off().await;
        let running = world.running(&access).await;
        let moved = running.iter().find(|one| one.name == BETTER).unwrap();
        let rest = running.iter().find(|one| one.id == bought.id).unwrap();
        assert_eq!((moved.quantity, rest.quantity), (4, 6));
        assert_ne!(moved.vendor_reference, rest.vendor_reference);
        let stop = TypedWish {
            status: Some("suspended".into()),
            ..TypedWish::default()
        };
        world.changed(&access, moved.id, stop).await;
        world.work_off().await;
        let running = world.running(&access).await;
        let moved = running.iter().find(|one| one.id == moved.id).unwrap();
        assert!(matches!(moved.state, SubscriptionState::Suspended { .. }));
        let reference = moved.vendor_reference.clone().unwrap();
        let at_vendor = front.books(|books| books.subscriptions[&reference].clone());
        assert_eq!(
            (&at_vendor["status"], &at_vendor["quantity"]),
            (&json!("suspended"), &json!(4))
        );
    });
}

#[test]
fn a_renewed_refresh_token_is_stored_and_a_typed_one_begins_anew() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        assert_eq!(world.settings().await["refresh_token"], "consent");
        world.app.check_vendor("nordic", "microsoft").await.unwrap();
        assert_eq!(world.settings().await["refresh_token"], "refresh-1");
        front.revoke_tokens();
        world.app.check_vendor("nordic", "microsoft").await.unwrap();
        assert_eq!(world.settings().await["refresh_token"], "refresh-2");
        let url = world.settings().await["url"].as_str().unwrap().to_owned();
        world.type_settings(&url, "typed").await;
        world.app.check_vendor("nordic", "microsoft").await.unwrap();
        assert_eq!(world.settings().await["refresh_token"], "refresh-3");
        let used: Vec<_> = front
            .grants()
            .into_iter()
            .map(|(_, token)| token.unwrap())
            .collect();
        assert_eq!(used, ["consent", "refresh-1", "typed"]);
    });
}

#[test]
fn microsofts_own_date_says_until_when_a_purchase_can_be_taken_back() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        let date = world.clock.now() + SignedDuration::from_hours(50);
        for told in [Some(date), None] {
            front.books(|books| books.returnable_until = told.map(|date| date.to_string()));
            let cart = world.fill(&access, BASIC, 10).await.unwrap();
            let placed = world.place(&access, &cart).await.unwrap();
            world.settle().await;
            let line = &world.order(&access, placed.number).await.lines[0];
            let LineState::Finished { at, .. } = &line.state else {
                panic!("not bought: {:?}", line.state);
            };
            let usual = *at + SignedDuration::from_hours(7 * 24);
            let deadline = told.unwrap_or(usual) - SignedDuration::from_mins(5);
            assert_eq!(line.cancellable_until, Some(deadline));
        }
    });
}

#[test]
fn settings_that_can_not_be_right_are_refused_without_telling_a_secret() {
    on_each_database(async |world| {
        let settings = |name: &str, value: Value| {
            let mut settings = json!({"connector": "partner_center", "tenant": "nordic.example",
                "client_id": "app", "client_secret": SECRET, "market": "SE"});
            settings[name] = value;
            settings.to_string()
        };
        for (name, value, is_taken) in [
            ("segment", json!("education"), true),
            ("url", json!("http://pc.example"), false),
            ("market", json!("Sweden"), false),
            ("odd", json!(1), false),
            ("client_secret", Value::Null, false),
        ] {
            let settings = settings(name, value);
            let added = world
                .app
                .add_vendor("nordic", "other", "Other", &settings)
                .await;
            assert_eq!(added.is_ok(), is_taken, "{name}: {added:?}");
            assert!(!format!("{added:?}").contains(SECRET), "{added:?}");
        }
    });
}

/// An event of the connectors' samples, as it is sent for a connection.
async fn tell(world: &World, url: &str, event: &str, vendor: &str) -> Result<usize, Error> {
    let event = &samples()["events"][event];
    let signature = format!("Signature {}", event["signature"].as_str().unwrap());
    let signed = Signed {
        certificate_url: &format!("{url}/cert/events.cer"),
        algorithm: "rsa-sha256",
        signature: &signature,
    };
    let body = event["body"].as_str().unwrap().as_bytes();
    world
        .app
        .hear_partner_center("nordic", vendor, signed, body)
        .await
}

fn samples() -> Value {
    let samples = include_str!("../../../connectors/tests/partner-center/webhooks.json");
    serde_json::from_str(samples).unwrap()
}

#[test]
fn an_event_of_microsofts_lets_its_customers_lines_be_asked_about_at_once() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let certificate = STANDARD.decode(samples()["certificate"].as_str().unwrap());
        front.show_certificate(&certificate.unwrap());
        let url = world.settings().await["url"].as_str().unwrap().to_owned();
        front.books(|books| books.lag = 1);
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, MICROSOFT, 25).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        for _ in 0..5 {
            world.app.run_due().await.unwrap();
        }
        let asked = || front.calls("GET orders/one").len();
        assert_eq!(
            asked(),
            1,
            "the order is not listed, and is asked about again later"
        );
        for (event, vendor) in [("elsewhere", "microsoft"), ("unknown", "microsoft")] {
            assert_eq!(
                tell(&world, &url, event, vendor).await.unwrap(),
                0,
                "{event}"
            );
        }
        let place = format!("{url}/other");
        for (at, vendor) in [(&place, "microsoft"), (&url, "cirrus"), (&url, "nobody")] {
            let refused = tell(&world, at, "updated", vendor).await;
            assert!(
                matches!(refused, Err(Error::Unproven)),
                "{vendor}: {refused:?}"
            );
        }
        world.app.run_due().await.unwrap();
        assert_eq!(asked(), 1);
        assert_eq!(tell(&world, &url, "updated", "microsoft").await.unwrap(), 1);
        let before = world.order(&access, placed.number).await;
        assert!(
            matches!(before.lines[0].state, LineState::Accepted { .. }),
            "nothing is changed"
        );
        world.app.run_due().await.unwrap();
        assert_eq!(asked(), 2);
        assert_eq!(
            tell(&world, &url, "updated", "microsoft").await.unwrap(),
            0,
            "heard before"
        );
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
    });
}

#[test]
fn a_customer_that_microsoft_does_not_know_is_created_by_its_first_order() {
    on_each_database(async |world| {
        let prices = sheet(&[row("0001", "120")]);
        world.import(prices.clone(), Mode::Commit).await;
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        let teams = async || {
            let offers = world.offers(&access).await.into_iter();
            let mut teams = offers.filter(|one| one.offer.name == "Teams 0001");
            teams.next().unwrap()
        };
        assert!(teams().await.offer.form.is_none());
        world.import(prices, Mode::Commit).await;
        let offer = teams().await;
        let answers = json!({
            "new_customer": true, "company_name": "Amber Research", "address_line_1": "Storgatan 1",
            "city": "Stockholm", "postal_code": "11122", "country": "SE", "agreement_accepted_on": "2026-11-20",
        });
        let item = AddItem {
            offer: offer.offer.id,
            plan: offer.plans[0].id,
            quantity: 5,
            contact_email: "admin@amber.example".into(),
            contact_name: "Ieva".into(),
            contact_surname: "Berg".into(),
            tenant: Some("amberresearch.onmicrosoft.com".into()),
            parameters: answers.as_object().unwrap().clone(),
            addons: Vec::new(),
        };
        let cart = world.app.add_to_cart(&access, item, None).await.unwrap();
        front.books(|books| books.shop_lag = 2);
        front.fault("POST customers", 1, Action::DropAfter);
        front.fault("POST agreements", 1, Action::DropAfter);
        let placed = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(
            order.status,
            Status::ProvisioningFinished,
            "{:?}",
            order.lines[0].state
        );
        let count = front.books(|books| {
            (
                books.customers.len(),
                books.agreements.len(),
                books.orders.len(),
            )
        });
        assert_eq!(count, (1, 1, 1));
        let created = &front.calls("POST customers")[0].body;
        assert_eq!(
            created["BillingProfile"]["Culture"], "sv-SE",
            "the country's own"
        );
    });
}
