//! One order all the way, on both databases, with a vendor that loses answers; the clock is moved by hand.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said aloud")]

mod accounts;
mod actions;
mod addons;
mod approvals;
mod bulk;
mod cancel;
mod catalog;
mod categories;
mod changes;
mod choices;
mod clock;
mod demo;
mod desk;
mod drift;
mod erp_numbers;
mod failures;
mod filing;
mod forms;
mod imports;
mod installation;
mod jobs;
mod lists;
mod numbers;
mod partner_center;
mod prices;
mod quotes;
mod reconciliation;
mod registration;
mod suspended_people;
mod suspensions;
mod terms;
mod views;
mod worker;
mod year;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use app::access::{Access, Caller};
use app::carts::{AddItem, ChangeItem, PlaceCart};
use app::catalog::{AskedOffers, LIMIT_MAX, SeenOffer};
use app::clock::ManualClock;
use app::orders::Listing;
use app::requests::Once;
use app::{App, Error};
use connectors::simulator;
use domain::order::line::LineState;
use domain::order::phase::{Status, View};
use domain::order::seen::SeenOrder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use sqlx::Connection as _;
use store::credentials::CredentialKind;
use store::{Mode, Store, schema};

static COUNT: AtomicU32 = AtomicU32::new(0);

struct World {
    app: App,
    store: Store,
    clock: Arc<ManualClock>,
    simulator: String,
    http: reqwest::Client,
}

fn on_each_database<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let name = format!(
            "app_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(&name);
        test(world(&format!("sqlite://{}/test.db", folder.display())).await).await;
        std::fs::remove_dir_all(folder).unwrap();
        #[expect(clippy::disallowed_methods, reason = "where the test server is")]
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
            return;
        };
        let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        test(world(&format!("{server}?options=-c%20search_path%3D{name}")).await).await;
    });
}

async fn world(url: &str) -> World {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let store = Store::open(url).await.unwrap();
    schema::migrate(&store).await.unwrap();
    let clock = Arc::new(ManualClock::at(
        Timestamp::from_second(1_800_000_000).unwrap(),
    ));
    let app = App::new(store.clone(), clock.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let simulator = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(simulator::serve(
        listener,
        simulator::Options::default(),
        std::future::pending(),
    ));
    app.seed_demo(&simulator).await.unwrap();
    app.seed_demo(&simulator).await.unwrap();
    World {
        app,
        store,
        clock,
        simulator,
        http: reqwest::Client::builder().build().unwrap(),
    }
}

impl World {
    async fn caller(&self, email: &str) -> Caller {
        let token = self.app.create_token(email, "test").await.unwrap();
        self.app
            .find_caller(&token, CredentialKind::Token)
            .await
            .unwrap()
    }

    async fn access(&self, email: &str, organization: &str) -> Access {
        self.app
            .access(&self.caller(email).await, organization)
            .await
            .unwrap()
    }

    /// The first offers of a catalog, by product.
    async fn offers(&self, access: &Access) -> Vec<SeenOffer> {
        let asked = AskedOffers {
            limit: LIMIT_MAX,
            ..AskedOffers::default()
        };
        self.app.catalog(access, &asked).await.unwrap().offers
    }

    async fn fill(&self, access: &Access, offer: &str, quantity: i64) -> Result<SeenOrder, Error> {
        let offers = self.offers(access).await;
        let offer = offers
            .into_iter()
            .find(|found| found.offer.name == offer)
            .unwrap();
        let item = AddItem {
            offer: offer.offer.id,
            plan: offer.plans[0].id,
            quantity,
            contact_email: "admin@amber.example".into(),
            contact_name: "Ieva".into(),
            contact_surname: "Berg".into(),
            tenant: offer
                .offer
                .has_tenant
                .then(|| "amber.onmicrosoft.com".into()),
            parameters: Map::new(),
            addons: Vec::new(),
        };
        self.app.add_to_cart(access, item, None).await
    }

    async fn place(&self, access: &Access, cart: &SeenOrder) -> Result<SeenOrder, Error> {
        let command = PlaceCart {
            number: cart.number,
            version: cart.version,
            accept_terms: true,
            terms_version: None,
            payment: Default::default(),
        };
        self.app
            .place_cart(access, command, None, Mode::Commit)
            .await
    }

    /// Lets the worker work until nothing is undecided, moving the clock to whatever is due next.
    async fn settle(&self) {
        for _ in 0..40 {
            self.app.run_due().await.unwrap();
            self.clock.advance(SignedDuration::from_secs(61));
        }
    }

    async fn order(&self, access: &Access, number: u64) -> SeenOrder {
        self.app.order(access, number).await.unwrap().0
    }

    async fn faults(&self, rules: Value) {
        let put = self
            .http
            .put(format!("{}/faults", self.simulator))
            .json(&rules);
        assert!(put.send().await.unwrap().status().is_success());
    }

    async fn bookings(&self) -> Vec<Value> {
        let truth = self
            .http
            .get(format!("{}/truth", self.simulator))
            .send()
            .await
            .unwrap();
        let truth: Vec<Value> = truth.json().await.unwrap();
        truth
            .into_iter()
            .filter(|booking| booking["state"] == "active")
            .collect()
    }
}

const SELLER: &str = "seller-admin@baltic.example";
const CIRRUS: &str = "Cirrus Server Backup";
const MICROSOFT: &str = "Microsoft 365 E3";

#[test]
fn an_order_goes_from_the_cart_to_a_subscription() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, MICROSOFT, 25).await.unwrap();
        assert_eq!(cart.status, Status::Started);
        let placed = world.place(&access, &cart).await.unwrap();
        assert_eq!(placed.status, Status::ProvisioningStarted);
        assert_eq!(
            (placed.lines[0].totals.now, placed.lines[0].totals.after),
            (0, Some(25))
        );
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(order.lines[0].totals.now, 25);
        assert_eq!(order.created_by.organization_name, "Baltic Cloud");
        let subscriptions = world.running(&access).await;
        assert_eq!((subscriptions.len(), subscriptions[0].quantity), (1, 25));
        let bookings = world.bookings().await;
        assert_eq!(
            (bookings.len(), bookings[0]["quantity"].as_u64()),
            (1, Some(25))
        );
        assert_eq!(bookings[0]["context"]["order"].as_u64(), Some(order.number));
        let listing = Listing::of(View::Recent);
        let page = world.app.orders(&access, &listing).await.unwrap();
        assert_eq!(page.orders.len(), 1);
    });
}

#[test]
fn a_lost_answer_is_looked_up_and_not_bought_again() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        for action in [
            json!({"do": "drop_after"}),
            json!({"do": "drop_before"}),
            json!({"do": "answer", "status": 500, "booked": true}),
            json!({"do": "answer", "status": 200, "body": "<html>", "booked": true}),
        ] {
            world
                .faults(json!([{"operation": "provision", "times": 3, "action": action}]))
                .await;
            let before = world.bookings().await.len();
            let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
            let placed = world.place(&access, &cart).await.unwrap();
            world.app.run_due().await.unwrap();
            let doubtful = world.order(&access, placed.number).await;
            assert!(
                matches!(doubtful.lines[0].state, LineState::Checking { .. }),
                "{action}"
            );
            assert_eq!(
                doubtful.status,
                Status::ProvisioningStarted,
                "doubt is no failure"
            );
            world.settle().await;
            let order = world.order(&access, placed.number).await;
            assert_eq!(order.status, Status::ProvisioningFinished, "{action}");
            assert_eq!(world.bookings().await.len(), before + 1, "{action}");
        }
    });
}

#[test]
fn a_doubt_lasts_as_long_as_the_vendor_is_silent() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        world
            .faults(json!([{"action": {"do": "drop_before"}}]))
            .await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        world.clock.advance(SignedDuration::from_hours(24 * 30));
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningStarted);
        world.faults(json!([])).await;
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(world.bookings().await.len(), 1);
    });
}

#[test]
fn a_refusal_fails_the_line_with_the_vendors_reason_and_leaves_no_subscription() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let body = "{\"error\":\"RegionUnavailable\",\"description\":\"Not sold in this country\"}";
        let action = json!({"do": "answer", "status": 422, "body": body});
        world
            .faults(json!([{"operation": "provision", "times": 1, "action": action}]))
            .await;
        world.fill(&access, CIRRUS, 5).await.unwrap();
        let cart = world.fill(&access, CIRRUS, 6).await.unwrap();
        assert_eq!(cart.lines.len(), 2);
        let placed = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFailed);
        assert_eq!(order.failures().as_deref(), Some("1 of 2 items failed"));
        let failed: Vec<_> = order
            .lines
            .iter()
            .filter_map(|line| match &line.state {
                LineState::Failed { failure, .. } => Some(failure.message.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(failed, ["Not sold in this country"]);
        assert_eq!(world.running(&access).await.len(), 1);
    });
}

#[test]
fn one_wish_is_one_order_however_often_it_is_sent() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let clicks = (0..20).map(|_| world.place(&access, &cart));
        for answer in futures::future::join_all(clicks).await {
            assert_eq!(answer.unwrap().number, cart.number);
        }
        let stale = world.fill(&access, CIRRUS, 5).await.unwrap();
        let line = stale.lines[0].id;
        let fresh = world
            .app
            .change_cart(&access, line, ChangeItem { quantity: 9 })
            .await
            .unwrap();
        assert!(matches!(
            world.place(&access, &stale).await,
            Err(Error::Changed)
        ));
        let command = |number, version| PlaceCart {
            number,
            version,
            accept_terms: true,
            terms_version: None,
            payment: Default::default(),
        };
        let keyed = |content: &'static [u8]| {
            let once = Once::new("key-1", content).unwrap();
            let command = command(fresh.number, fresh.version);
            world
                .app
                .place_cart(&access, command, Some(once), Mode::Commit)
        };
        let first = keyed(b"one").await.unwrap();
        assert_eq!(keyed(b"one").await.unwrap().number, first.number);
        assert!(matches!(keyed(b"two").await, Err(Error::KeyReused)));
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 2);
    });
}

#[test]
fn a_dry_run_buys_nothing_and_what_is_wrong_is_named() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        for quantity in [0, -1, 101, i64::MAX] {
            let refused = world.fill(&access, CIRRUS, quantity).await;
            let Err(Error::Problems(problems)) = refused else {
                panic!("taken: {quantity}");
            };
            let fields: Vec<&str> = problems.iter().map(|p| p.field.as_ref()).collect();
            assert_eq!(fields, ["/quantity"], "{quantity}");
        }
        let cart = world.fill(&access, CIRRUS, 100).await.unwrap();
        let command = |accept_terms| PlaceCart {
            number: cart.number,
            version: cart.version,
            accept_terms,
            terms_version: None,
            payment: Default::default(),
        };
        let shown = world
            .app
            .place_cart(&access, command(true), None, Mode::DryRun)
            .await
            .unwrap();
        assert_eq!(shown.status, Status::ProvisioningStarted);
        let refused = world
            .app
            .place_cart(&access, command(false), None, Mode::Commit)
            .await;
        assert!(matches!(
            refused,
            Err(Error::Invalid {
                field: "/accept_terms",
                ..
            })
        ));
        world.settle().await;
        assert_eq!(
            world.order(&access, cart.number).await.status,
            Status::Started
        );
        assert!(world.bookings().await.is_empty());
    });
}

#[test]
fn nobody_reaches_sideways_and_roles_that_may_not_buy_do_not() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let cart = world.fill(&seller, CIRRUS, 5).await.unwrap();
        for (email, organization) in [
            ("admin@birch.example", "amber"),
            ("seller-admin@fjord.example", "amber"),
            (SELLER, "elk"),
            (SELLER, "nobody"),
            (SELLER, "baltic"),
            (SELLER, "../amber"),
        ] {
            let caller = world.caller(email).await;
            let refused = world.app.access(&caller, organization).await;
            assert!(
                matches!(refused, Err(Error::NotFound)),
                "{email} {organization}"
            );
        }
        let birch = world.access(SELLER, "birch").await;
        assert!(matches!(
            world.app.order(&birch, cart.number).await,
            Err(Error::NotFound)
        ));
        for email in [
            "billing@amber.example",
            "support@baltic.example",
            "read-only@nordic.example",
        ] {
            let access = world.access(email, "amber").await;
            assert!(
                matches!(world.fill(&access, CIRRUS, 5).await, Err(Error::Forbidden)),
                "{email}"
            );
            assert!(
                matches!(world.place(&access, &cart).await, Err(Error::Forbidden)),
                "{email}"
            );
        }
        // A colleague's cart can be seen in the list, and is not theirs to buy.
        let customer = world.access("admin@amber.example", "amber").await;
        assert!(matches!(
            world.place(&customer, &cart).await,
            Err(Error::NotFound)
        ));
    });
}

#[test]
fn a_password_opens_a_session_and_a_wrong_one_nothing() {
    on_each_database(async |world| {
        for (email, password) in [
            (SELLER, "wrong"),
            ("nobody@x.example", "seatwright-demo"),
            ("", ""),
        ] {
            let refused = world.app.sign_in(email, password, "test").await;
            assert!(matches!(refused, Err(Error::SignedOut)), "{email}");
        }
        let cookie = world
            .app
            .sign_in(SELLER, app::demo::PASSWORD, "test")
            .await
            .unwrap();
        let caller = world
            .app
            .find_caller(&cookie, CredentialKind::Session)
            .await
            .unwrap();
        assert_eq!(caller.email, SELLER);
        assert_eq!(world.app.customers(&caller).await.unwrap().len(), 3);
        let as_token = world.app.find_caller(&cookie, CredentialKind::Token).await;
        assert!(matches!(as_token, Err(Error::SignedOut)));
        world.clock.advance(SignedDuration::from_hours(13));
        let expired = world
            .app
            .find_caller(&cookie, CredentialKind::Session)
            .await;
        assert!(matches!(expired, Err(Error::SignedOut)));
    });
}
