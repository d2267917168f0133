//! The real program, killed while it buys; the simulator's truth is the judge.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said aloud")]
#![expect(
    clippy::disallowed_methods,
    reason = "where the program and the server are"
)]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const ORDERS: usize = 200;
const KILLS: u64 = 50;
const POINTS: [&str; 3] = ["before_booking", "after_booking", "after_answer"];

struct World {
    program: String,
    database: String,
    http: reqwest::Client,
    simulator: String,
    server: Option<(Child, String)>,
    token: String,
    starts: u64,
    purchases: u64,
    _vendors: Child,
}

impl World {
    async fn new(program: String, database: String) -> World {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let (vendors, simulator) = start(&program, &["simulate-vendor", "--port", "0"]).await;
        run(&program, &["migrate", "--database-url", &database]).await;
        let seed = ["seed", "--world", "demo", "--simulator", &simulator];
        run(
            &program,
            &[&seed[..], &["--database-url", &database]].concat(),
        )
        .await;
        let email = "seller-admin@fjord.example";
        let token = [
            "token",
            "create",
            "--email",
            email,
            "--database-url",
            &database,
        ];
        let token = run(&program, &token).await;
        World {
            program,
            database,
            http,
            simulator,
            server: None,
            token,
            starts: 0,
            purchases: 0,
            _vendors: vendors,
        }
    }

    /// The address of a running server; a dead one is started again and named as the next victim.
    async fn address(&mut self) -> String {
        if let Some((child, address)) = &mut self.server
            && child.try_wait().unwrap().is_none()
        {
            return address.clone();
        }
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            &self.database,
        ];
        let (child, address) = start(&self.program, &arguments).await;
        let victim = self
            .http
            .put(format!("{}/victim", self.simulator))
            .json(&child.id().unwrap());
        assert!(victim.send().await.unwrap().status().is_success());
        self.arm().await;
        self.starts += 1;
        self.server = Some((child, address.clone()));
        address
    }

    /// Asks until the server lives long enough to answer.
    async fn get(&mut self, path: &str) -> Value {
        self.ask(reqwest::Method::GET, path, None).await
    }

    /// A wish, under a key of its own for each purchase: repeated until it is answered, done once.
    async fn post(&mut self, path: &str, body: &Value) -> Value {
        self.ask(reqwest::Method::POST, path, Some(body)).await
    }

    async fn ask(&mut self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Value {
        for _ in 0..2_000 {
            let address = self.address().await;
            let url = format!("{address}/api/v1/organizations/fern/{path}");
            let mut call = self
                .http
                .request(method.clone(), url)
                .bearer_auth(&self.token);
            if let Some(body) = body {
                call = call
                    .json(body)
                    .header("Idempotency-Key", format!("{path} {}", self.purchases));
            }
            match call.send().await {
                Ok(answer) if answer.status().is_success() => {
                    if let Ok(answer) = answer.json().await {
                        return answer;
                    }
                }
                Ok(answer) => panic!("{path}: {}", answer.text().await.unwrap()),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("{path} was never answered");
    }

    async fn buy(&mut self, offer: &Value) -> u64 {
        let item = json!({
            "offer": offer["id"], "plan": offer["plans"][0]["id"], "quantity": 3,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        self.purchases += 1;
        self.post("cart/items", &item).await;
        let cart = self.get("cart").await;
        let place =
            json!({"number": cart["number"], "version": cart["version"], "accept_terms": true});
        let order = self.post("cart/placement", &place).await;
        order["number"].as_u64().unwrap()
    }

    /// The first call of each new process ends it, at one point after the other; of the calls of the
    /// last process one in ten is booked and not answered, as are those that a kill leaves alone.
    async fn arm(&self) {
        let drop = json!({"operation": "provision", "percent": 10, "action": {"do": "drop_after"}});
        let mut rules = vec![drop];
        if self.starts < KILLS {
            let at = POINTS[usize::try_from(self.starts).unwrap() % POINTS.len()];
            let kill = json!({"do": "kill", "at": at});
            rules.insert(
                0,
                json!({"operation": "provision", "times": 1, "action": kill}),
            );
        }
        let put = self
            .http
            .put(format!("{}/faults", self.simulator))
            .json(&rules);
        assert!(put.send().await.unwrap().status().is_success());
    }
}

/// Starts a command that prints where it listens.
async fn start(program: &str, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .next_line()
        .await
        .unwrap()
        .expect("the command says where it listens");
    let address = line.split(' ').next_back().unwrap().to_owned();
    (child, address)
}

async fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn every_order_is_bought_once(program: String, database: String) {
    let mut world = World::new(program, database).await;
    let offers = world.get("catalog").await;
    let offer = offers
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["name"] == "Cirrus Server Backup");
    let offer = offer.unwrap().clone();
    let mut placed = Vec::new();
    for _ in 0..ORDERS {
        placed.push(world.buy(&offer).await);
    }
    for _ in 0..3_000 {
        let orders = world.get("orders?limit=200").await;
        let orders = orders.as_array().unwrap();
        assert!(
            orders
                .iter()
                .all(|order| order["status"] != "provisioning_failed"),
            "failed by doubt"
        );
        if orders
            .iter()
            .filter(|order| order["status"] == "provisioning_finished")
            .count()
            == ORDERS
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let truth = world
        .http
        .get(format!("{}/truth", world.simulator))
        .send()
        .await
        .unwrap();
    let truth: Vec<Value> = truth.json().await.unwrap();
    let mut bookings: BTreeMap<String, usize> = BTreeMap::new();
    for booking in &truth {
        *bookings
            .entry(booking["context"]["line"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert!(
        bookings.values().all(|count| *count == 1),
        "bought twice: {bookings:?}"
    );
    let orders = world.get("orders?limit=200").await;
    let orders = orders.as_array().unwrap();
    let lines = orders
        .iter()
        .flat_map(|order| order["items"].as_array().unwrap());
    let mut lines: Vec<&str> = lines.map(|line| line["id"].as_str().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(
        bookings.keys().collect::<Vec<_>>(),
        lines,
        "each line, and no other"
    );
    let mut numbers: Vec<u64> = orders
        .iter()
        .map(|o| o["number"].as_u64().unwrap())
        .collect();
    assert_eq!(
        lines.len(),
        ORDERS,
        "an addition that is repeated is one line"
    );
    numbers.sort_unstable();
    placed.sort_unstable();
    assert_eq!(
        numbers, placed,
        "each order that was acknowledged, and no other"
    );
    println!(
        "{ORDERS} orders, {} kills, {} bookings",
        world.starts - 1,
        truth.len()
    );
    assert_eq!(world.starts, KILLS + 1, "each kill ends a process");
}

/// The program that `cargo xtask ci` has built.
fn program() -> Option<String> {
    let program = std::env::var("SEATWRIGHT_BIN").ok();
    if program.is_none() {
        println!("NOT TESTED: SEATWRIGHT_BIN is not set");
    }
    program
}

#[tokio::test]
async fn killed_while_it_buys_on_sqlite_it_buys_each_order_once() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-crash-{}", std::process::id()));
    every_order_is_bought_once(program, format!("sqlite://{}/test.db", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn killed_while_it_buys_on_postgresql_it_buys_each_order_once() {
    let (Some(program), Ok(server)) = (program(), std::env::var("TEST_POSTGRES_URL")) else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return;
    };
    every_order_is_bought_once(program, server).await;
}
