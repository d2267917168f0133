//! The real program, killed while it buys; the simulator's truth is the judge.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said aloud")]
#![expect(
    clippy::disallowed_methods,
    reason = "where the program and the server are"
)]

mod jobs;
mod outage;
mod partner_center;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Where the process dies: at three points of its vendor's time line, and at two of the worker's.
const POINTS: [&str; 5] = [
    "before_booking",
    "after_booking",
    "after_answer",
    "before_call",
    "before_commit",
];
/// The server that can die at the worker's points, and can work wrongly.
const VICTIM: &str = env!("CARGO_BIN_EXE_victim");

/// How a world's servers are run, and what is asked of it.
struct Plan {
    orders: usize,
    kills: u64,
    is_wrong: bool,
}

struct World {
    plan: Plan,
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
    async fn new(plan: Plan, program: String, database: String) -> World {
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
            plan,
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
        let (child, address) = match self.point() {
            _ if self.plan.is_wrong => start(VICTIM, &[&self.database, "wrong"]).await,
            Some(point @ ("before_call" | "before_commit")) => {
                start(VICTIM, &[&self.database, point]).await
            }
            _ => {
                let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url"];
                let arguments = [&arguments[..], &[&self.database]].concat();
                start(&self.program, &arguments).await
            }
        };
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

    /// Where the next process dies, one point after the other.
    fn point(&self) -> Option<&'static str> {
        let start = usize::try_from(self.starts).unwrap();
        match self.plan.is_wrong {
            _ if self.starts >= self.plan.kills => None,
            true => Some("after_booking"),
            false => Some(POINTS[start % POINTS.len()]),
        }
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
        if let Some(at @ ("before_booking" | "after_booking" | "after_answer")) = self.point() {
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

/// Buys, waits until all is settled, and compares what the vendor booked with what was ordered.
async fn judge(plan: Plan, program: String, database: String) -> Result<(), String> {
    let mut world = World::new(plan, program, database).await;
    let offers = world.get("catalog").await;
    let mut offers = offers.as_array().unwrap().iter();
    let offer = offers.find(|o| o["name"] == "Cirrus Server Backup");
    let offer = offer.unwrap().clone();
    let of_the_demo = numbers(world.get("orders?limit=200").await.as_array().unwrap());
    let mut placed = Vec::new();
    for _ in 0..world.plan.orders {
        placed.push(world.buy(&offer).await);
    }
    placed.sort_unstable();
    let mut orders = world.settle().await;
    orders.retain(|order| !of_the_demo.contains(&order["number"].as_u64().unwrap()));
    if orders.iter().any(|o| o["status"] == "provisioning_failed") {
        return Err("an order failed by doubt".into());
    }
    let truth = world.http.get(format!("{}/truth", world.simulator)).send();
    let truth: Vec<Value> = truth.await.unwrap().json().await.unwrap();
    let mut bookings: BTreeMap<&str, usize> = BTreeMap::new();
    for booking in &truth {
        let line = booking["context"]["line"].as_str().unwrap();
        *bookings.entry(line).or_default() += 1;
    }
    println!(
        "{} orders, {} kills, {} bookings",
        orders.len(),
        world.starts - 1,
        truth.len()
    );
    if let Some((line, count)) = bookings.iter().find(|(_, count)| **count != 1) {
        return Err(format!("{line} was bought {count} times"));
    }
    let items = orders.iter().flat_map(|o| o["items"].as_array().unwrap());
    let mut lines: Vec<&str> = items.map(|line| line["id"].as_str().unwrap()).collect();
    lines.sort_unstable();
    if !bookings.keys().eq(&lines) || lines.len() != world.plan.orders {
        return Err("what is booked is not what was ordered".into());
    }
    if numbers(&orders) != placed {
        return Err("an order that was acknowledged is lost, or one is there unasked".into());
    }
    assert_eq!(
        world.starts,
        world.plan.kills + 1,
        "each kill ends a process"
    );
    Ok(())
}

/// The numbers of orders, sorted.
fn numbers(orders: &[Value]) -> Vec<u64> {
    let mut numbers: Vec<u64> = orders.iter().filter_map(|o| o["number"].as_u64()).collect();
    numbers.sort_unstable();
    numbers
}

impl World {
    /// The orders once none is under way.
    async fn settle(&mut self) -> Vec<Value> {
        for _ in 0..3_000 {
            let orders = self.get("orders?limit=200").await;
            let orders = orders.as_array().unwrap();
            if orders.iter().all(|o| o["status"] != "provisioning_started") {
                return orders.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not settled after minutes");
    }
}

const HARD: Plan = Plan {
    orders: 200,
    kills: 50,
    is_wrong: false,
};

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
    let database = format!("sqlite://{}/test.db", folder.display());
    assert_eq!(judge(HARD, program, database).await, Ok(()));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn killed_while_it_buys_on_postgresql_it_buys_each_order_once() {
    let (Some(program), Ok(server)) = (program(), std::env::var("TEST_POSTGRES_URL")) else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return;
    };
    assert_eq!(judge(HARD, program, server).await, Ok(()));
}

/// The judge would notice: a worker that calls first and records after buys twice.
#[tokio::test]
async fn a_worker_that_calls_first_and_records_after_is_caught() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-wrong-{}", std::process::id()));
    let plan = Plan {
        orders: 5,
        kills: 2,
        is_wrong: true,
    };
    let database = format!("sqlite://{}/test.db", folder.display());
    let verdict = judge(plan, program, database).await.unwrap_err();
    assert!(verdict.contains("was bought"), "{verdict}");
    std::fs::remove_dir_all(folder).unwrap();
}
