//! A vendor that is down for a day while orders for it are placed, and another that works: nothing is lost
//! or bought twice, the silent one is left alone, and nobody waits for the other's customers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use app::App;
use app::access::Access;
use app::carts::{AddItem, PlaceCart};
use app::catalog::AskedOffers;
use app::clock::Clock;
use connectors::simulator;
use domain::order::phase::Status;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Mode;
use store::credentials::CredentialKind;
use store::{Store, schema};
use tokio::net::TcpListener;

use super::databases;

/// The vendor that is down, and the one that works.
const DOWN: &str = "microsoft";
/// A day, in steps of an hour.
const HOURS: u32 = 24;
/// A vendor that was down is tried again after so long at the latest.
const REST_MAX: SignedDuration = SignedDuration::from_mins(5);
/// What both vendors need to answer one call, in milliseconds.
const ANSWERS_IN: u64 = 5;
/// Orders that are under way for one vendor at a time, twice: an order may be overtaken by so many that
/// were placed later, and wait for so many of the other vendor.
const UNDER_WAY: usize = 2 * 64;
/// Calls that each order takes at the least: the purchase, and until it is over.
const CALLS_MIN: u128 = 3;
/// Calls by which the simulator's own limit is measured.
const LIMIT_CALLS: usize = 2_000;

/// Orders for the vendor that is down; `OUTAGE_ORDERS` asks for more than every run of the tests needs.
fn orders() -> usize {
    let asked = std::env::var("OUTAGE_ORDERS").ok();
    asked.and_then(|orders| orders.parse().ok()).unwrap_or(200)
}

/// Goes as the machine's does, and is moved ahead of it.
#[derive(Default)]
struct FastClock(Mutex<SignedDuration>);

impl FastClock {
    fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.0.lock().unwrap()
    }
}

struct World {
    app: App,
    clock: Arc<FastClock>,
    access: Access,
    http: reqwest::Client,
    simulator: String,
    silent: AddItem,
    working: AddItem,
}

impl World {
    async fn open(database: &str) -> World {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let simulator = format!("http://{}", listener.local_addr().unwrap());
        let serves = simulator::serve(
            listener,
            simulator::Options::default(),
            std::future::pending(),
        );
        tokio::spawn(serves);
        let store = Store::open(database).await.unwrap();
        schema::migrate(&store).await.unwrap();
        let clock = Arc::new(FastClock::default());
        let app = App::new(store, clock.clone());
        app.seed_demo(&simulator).await.unwrap();
        let token = app
            .create_token("seller-admin@fjord.example", "test")
            .await
            .unwrap();
        let caller = app
            .find_caller(&token, CredentialKind::Token)
            .await
            .unwrap();
        let access = app.access(&caller, "fern").await.unwrap();
        let tenant = Some("fern.onmicrosoft.com".to_owned());
        let silent = item(&app, &access, "Exchange Online Plan 1", tenant).await;
        let working = item(&app, &access, "Cirrus Server Backup", None).await;
        World {
            app,
            clock,
            access,
            http: reqwest::Client::new(),
            simulator,
            silent,
            working,
        }
    }

    async fn place(&self, item: &AddItem) -> u64 {
        let item = item.clone();
        let cart = self
            .app
            .add_to_cart(&self.access, item, None)
            .await
            .unwrap();
        let place = PlaceCart {
            number: cart.number,
            version: cart.version,
            accept_terms: true,
            terms_version: None,
            payment: app::carts::TypedPayment::default(),
        };
        let placed = self.app.place_cart(&self.access, place, None, Mode::Commit);
        placed.await.unwrap().number
    }

    async fn faults(&self, rules: Value) {
        let put = self
            .http
            .put(format!("{}/faults", self.simulator))
            .json(&rules);
        assert!(put.send().await.unwrap().status().is_success());
    }

    async fn read(&self, what: &str) -> Vec<Value> {
        let get = self.http.get(format!("{}/{what}", self.simulator)).send();
        get.await.unwrap().json().await.unwrap()
    }

    async fn count(&self, status: Status) -> u64 {
        let counts = self.app.order_counts(&self.access).await.unwrap();
        counts.with(status)
    }

    /// Calls a second that the simulator answers to this machine when nobody is between them.
    async fn limit(&self) -> u128 {
        let ask = |at: usize| {
            let path = format!("osb/{DOWN}/v2/service_instances/asked-{at}/last_operation");
            let call = self.http.get(format!("{}/{path}", self.simulator));
            let call = call.basic_auth(simulator::USERNAME, Some(simulator::PASSWORD));
            call.header("X-Broker-API-Version", "2.17").send()
        };
        let begun = Instant::now();
        let asked = futures::stream::iter(0..LIMIT_CALLS).map(ask);
        let mut answers = asked.buffer_unordered(UNDER_WAY / 2);
        while let Some(answer) = answers.next().await {
            answer.unwrap();
        }
        LIMIT_CALLS as u128 * 1_000 / begun.elapsed().as_millis().max(1)
    }

    /// Buys of the vendor that works; how long that takes, and how many others were done meanwhile.
    async fn buy(&self) -> (Duration, usize) {
        let before = self.count(Status::ProvisioningFinished).await;
        let begun = Instant::now();
        let mut changes = self.app.changes();
        let number = self.place(&self.working).await;
        loop {
            let (order, _) = self.app.order(&self.access, number).await.unwrap();
            if order.status == Status::ProvisioningFinished {
                break;
            }
            assert_eq!(order.status, Status::ProvisioningStarted);
            changes.recv().await.ok();
        }
        let took = begun.elapsed();
        let after = self.count(Status::ProvisioningFinished).await;
        (took, usize::try_from(after - before).unwrap() - 1)
    }
}

async fn item(app: &App, access: &Access, name: &str, tenant: Option<String>) -> AddItem {
    let asked = AskedOffers {
        words: name.to_owned(),
        limit: 50,
        ..AskedOffers::default()
    };
    let found = app.catalog(access, &asked).await.unwrap().offers;
    let found = found.iter().find(|found| found.offer.name == name).unwrap();
    AddItem {
        offer: found.offer.id,
        plan: found.plans[0].id,
        quantity: 1,
        contact_email: "ieva@amber.example".into(),
        contact_name: "Ieva".into(),
        contact_surname: "Berg".into(),
        tenant,
        parameters: serde_json::Map::new(),
        addons: Vec::new(),
    }
}

/// The middle one, and the one that 95 of 100 are below.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_micros();
    format!("{} µs (p95 {})", at(50), at(95))
}

async fn down_for_a_day(database: &str) {
    let orders = orders();
    let world = World::open(database).await;
    let app = world.app.clone();
    tokio::spawn(async move { app.work(std::future::pending()).await });
    let slow = json!({"action": {"do": "delay", "ms": ANSWERS_IN}});
    world.faults(json!([slow])).await;
    let mut quiet = Vec::new();
    for _ in 0..20 {
        quiet.push(world.buy().await.0);
    }

    let silence = json!({"vendor": DOWN, "action": {"do": "answer", "status": 503}});
    world.faults(json!([silence, slow])).await;
    let (mut placed, mut outage) = (Vec::new(), Vec::new());
    for hour in 0..HOURS {
        let until = orders * (hour as usize + 1) / HOURS as usize;
        while placed.len() < until {
            placed.push(world.place(&world.silent).await);
        }
        outage.push(world.buy().await.0);
        world.clock.advance(SignedDuration::from_hours(1));
    }
    assert_eq!(
        world.count(Status::ProvisioningStarted).await,
        orders as u64,
        "none was lost, and none failed by doubt"
    );
    let calls = world.read("calls").await;
    let asked = calls.iter().filter(|call| call["vendor"] == DOWN).count();
    assert!(asked < 200, "{asked} calls to a vendor that is down");

    world.faults(json!([slow])).await;
    world.clock.advance(REST_MAX);
    let begun = Instant::now();
    let mut drain = Vec::new();
    // Those that were asked about in the outage are in doubt, and wait for their next check: that is no work.
    while world.count(Status::ProvisioningStarted).await > asked as u64 {
        let (took, overtaken_by) = world.buy().await;
        assert!(
            overtaken_by <= UNDER_WAY,
            "waited for {overtaken_by} others"
        );
        drain.push(took);
    }
    let drained = begun.elapsed().as_millis().max(1);
    while world.count(Status::ProvisioningStarted).await > 0 {
        world.buy().await;
    }
    let settled = begun.elapsed().as_secs();

    let truth = world.read("truth").await;
    let mut booked = Vec::new();
    let mut bookings: BTreeMap<u64, usize> = BTreeMap::new();
    for booking in truth.iter().filter(|booking| booking["vendor"] == DOWN) {
        let number = booking["order"].as_u64().unwrap();
        *bookings.entry(number).or_default() += 1;
        booked.push(number);
    }
    assert!(bookings.values().all(|count| *count == 1), "bought twice");
    assert_eq!(booked.len(), orders, "each order is bought");
    let places: BTreeMap<u64, usize> = placed.into_iter().zip(0..).collect();
    let late = |(at, number): (usize, &u64)| at > places[number] + UNDER_WAY;
    let overtaken = booked
        .iter()
        .enumerate()
        .filter(|found| late(*found))
        .count();
    let (calls, limit) = (
        CALLS_MIN * orders as u128 * 1_000 / drained,
        world.limit().await,
    );
    println!("{calls} calls a second in the drain; the simulator alone answers {limit}");
    println!(
        "{orders} orders waited for {DOWN}, which was asked {asked} times meanwhile; drained in \
         {drained} ms, {} a second, {overtaken} out of turn, the last doubt settled after {settled} s; an order for another vendor took {} \
         before, {} in the outage, {} in the drain",
        (orders - asked) as u128 * 1_000 / drained,
        spread(quiet),
        spread(outage),
        spread(drain),
    );
    assert!(
        overtaken <= asked,
        "{overtaken} orders were overtaken by more than are under way"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_is_down_for_a_day_on_sqlite_and_nothing_is_lost() {
    let folder = std::env::temp_dir().join(format!("seatwright-outage-{}", std::process::id()));
    down_for_a_day(&format!("sqlite://{}/test.db", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_is_down_for_a_day_on_postgresql_and_nothing_is_lost() {
    let Some(database) = databases::postgresql("outage").await else {
        return;
    };
    down_for_a_day(&database).await;
}
