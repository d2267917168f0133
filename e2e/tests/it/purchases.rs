//! Purchases while processes die: each order is bought once, or a person decides what became of it.

use std::collections::BTreeMap;

use super::tally::{OPEN_MAX, Outcome, Patience, Tally};
use super::*;

/// Where the process dies: at three points of its vendor's time line, and at two of the worker's.
const POINTS: [&str; 5] = [
    "before_booking",
    "after_booking",
    "after_answer",
    "before_call",
    "before_commit",
];

/// How a world's servers are run, and what is asked of it.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) orders: usize,
    pub(crate) kills: u64,
    pub(crate) is_wrong: bool,
    /// How the vendor may be asked again.
    pub(crate) class: Class,
}

/// What the vendor's connector declares of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Open Service Broker: the same request is the same purchase.
    Keyed,
    /// Described as data: it is looked up before it is sent again.
    Referenced,
    /// Described as data: sent once, and a person decides what became of it.
    Once,
    /// Open Service Broker's change of a quantity: a state is asked for, and asked for again.
    Absolute,
}

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Class::Keyed => "keyed (K)",
            Class::Referenced => "referenced (R)",
            Class::Once => "once (X)",
            Class::Absolute => "changes (S)",
        }
    }

    /// What the simulator calls the call that is killed.
    fn operation(self) -> &'static str {
        match self {
            Class::Keyed | Class::Referenced | Class::Once => "provision",
            Class::Absolute => "update",
        }
    }
}

pub(crate) struct World {
    plan: Plan,
    pub(crate) program: String,
    pub(crate) database: String,
    pub(crate) http: reqwest::Client,
    pub(crate) simulator: String,
    server: Option<(Child, String)>,
    pub(crate) token: String,
    pub(crate) starts: u64,
    pub(crate) purchases: u64,
    /// Processes that ended, by the point at which they were to.
    pub(crate) deaths: BTreeMap<String, u64>,
    /// Orders that were set aside, and that a person let run again.
    pub(crate) run_again: usize,
    pub(crate) tally: Tally,
    pub(crate) _vendors: Child,
}

impl World {
    pub(crate) async fn new(plan: Plan, program: String, database: String) -> World {
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
        if let Some(description) = plan.class.description(&simulator) {
            vendors::attach(&program, &database, "cirrus", &description).await;
        }
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
            tally: Tally::new(plan.class.name(), &database),
            plan,
            program,
            database,
            http,
            simulator,
            server: None,
            token,
            starts: 0,
            purchases: 0,
            deaths: BTreeMap::new(),
            run_again: 0,
            _vendors: vendors,
        }
    }

    /// The address of a running server; a dead one is started again and named as the next victim.
    pub(crate) async fn address(&mut self) -> String {
        if let Some((child, address)) = &mut self.server
            && child.try_wait().unwrap().is_none()
        {
            return address.clone();
        }
        self.bury();
        let (child, address) = match self.point() {
            _ if self.plan.is_wrong => start(VICTIM, &[&self.database, "wrong"]).await,
            Some(point @ ("before_call" | "before_commit")) => {
                let point = format!("{point}:{}", self.passes());
                start(VICTIM, &[&self.database, &point]).await
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
        self.point_of(self.starts)
    }

    fn point_of(&self, start: u64) -> Option<&'static str> {
        let turn = usize::try_from(start).unwrap() % POINTS.len();
        match self.plan.is_wrong {
            _ if start >= self.plan.kills => None,
            true => Some("after_booking"),
            false => Some(POINTS[turn]),
        }
    }

    /// Calls of the next process that end well before the one that ends it: so some orders are finished
    /// and others doubted by every process, not each by another.
    fn passes(&self) -> u64 {
        self.starts % 3
    }

    /// Asks until the server lives long enough to answer.
    pub(crate) async fn get(&mut self, path: &str) -> Value {
        self.ask(reqwest::Method::GET, path, None).await
    }

    /// A wish, under a key of its own for each purchase: repeated until it is answered, done once.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Value {
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

    pub(crate) async fn offer(&mut self) -> Value {
        let offers = self.get("catalog").await;
        let mut offers = offers.as_array().unwrap().iter();
        let offer = offers.find(|offer| offer["name"] == "Cirrus Server Backup");
        offer.unwrap().clone()
    }

    pub(crate) async fn buy(&mut self, offer: &Value) -> u64 {
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

    /// Counts the death of the process that ran, if one did.
    fn bury(&mut self) {
        if self.server.take().is_some() {
            let at = self.point_of(self.starts - 1).unwrap_or("by itself");
            *self.deaths.entry(at.to_owned()).or_default() += 1;
        }
    }

    /// One of the first calls of each new process ends it, at one point after the other; of the calls of
    /// the last process one in ten is booked and not answered, as are those that a kill leaves alone.
    async fn arm(&self) {
        let operation = self.plan.class.operation();
        let drop = json!({"operation": operation, "percent": 10, "action": {"do": "drop_after"}});
        let mut rules = vec![drop];
        if let Some(at @ ("before_booking" | "after_booking" | "after_answer")) = self.point() {
            let kill = json!({"do": "kill", "at": at});
            rules.insert(
                0,
                json!({"operation": operation, "skip": self.passes(), "times": 1, "action": kill}),
            );
        }
        let put = self
            .http
            .put(format!("{}/faults", self.simulator))
            .json(&rules);
        assert!(put.send().await.unwrap().status().is_success());
    }
}

/// Buys, waits until all is settled, and compares what the vendor booked with what was ordered.
async fn judge(plan: Plan, program: String, database: String) -> Result<(), String> {
    let mut world = World::new(plan, program, database).await;
    let offer = world.offer().await;
    let mut placed = Vec::new();
    let mut open = Vec::new();
    // A process dies of the calls that new orders make: so there are as many orders as it takes.
    while placed.len() < plan.orders || world.starts <= plan.kills {
        world.make_room(&mut open).await;
        let number = world.buy(&offer).await;
        placed.push(number);
        open.push(number);
        let dead = world.starts.saturating_sub(1);
        world.tally.tell(dead, plan.kills, placed.len());
        let bound = plan.orders + 20 * usize::try_from(plan.kills).unwrap();
        assert!(placed.len() <= bound, "the processes do not die");
    }
    let orders = world.settle(&placed).await;
    let outcome = world.compare(&orders).await?;
    let kills: u64 = outcome.deaths.values().sum();
    assert_eq!(kills, plan.kills, "each kill ends a process");
    Ok(())
}

pub(crate) fn is_left_to_people(order: &Value) -> bool {
    let mut actions = order["allowed_actions"].as_array().unwrap().iter();
    order["status"] == "provisioning_started" && actions.any(|action| action == "resolve_doubt")
}

impl World {
    /// Holds what the vendor has booked against these orders, and writes down what came of it. In a class that is
    /// asked once, what was left to people may be either.
    pub(crate) async fn compare(&self, orders: &[Value]) -> Result<Outcome, String> {
        if orders.iter().any(|o| o["status"] == "provisioning_failed") {
            return Err("an order failed by doubt".into());
        }
        let truth = self.http.get(format!("{}/truth", self.simulator)).send();
        let truth: Vec<Value> = truth.await.unwrap().json().await.unwrap();
        let mut bookings: BTreeMap<&str, usize> = BTreeMap::new();
        for booking in &truth {
            let line = booking["context"]["line"].as_str().unwrap();
            *bookings.entry(line).or_default() += 1;
        }
        let mut ordered = BTreeMap::new();
        for order in orders {
            let line = order["items"][0]["id"].as_str().unwrap();
            ordered.insert(
                line,
                self.plan.class != Class::Once || !is_left_to_people(order),
            );
        }
        let is_lost =
            |(line, is_known): &(&&str, &bool)| **is_known && !bookings.contains_key(**line);
        let outcome = Outcome {
            deaths: self.deaths.clone(),
            orders: orders.len(),
            booked: truth.len(),
            doubles: bookings.values().filter(|count| **count > 1).count(),
            losses: ordered.iter().filter(is_lost).count(),
            left: ordered.values().filter(|is_known| !**is_known).count(),
            run_again: self.run_again,
        };
        self.tally.end(&outcome);
        if let Some((line, count)) = bookings.iter().find(|(_, count)| **count != 1) {
            return Err(format!("{line} was bought {count} times"));
        }
        if outcome.losses > 0 || bookings.keys().any(|line| !ordered.contains_key(line)) {
            return Err("what is booked is not what was ordered".into());
        }
        Ok(outcome)
    }

    /// Waits while too many of these orders are under way, and keeps those that are: each process makes a few
    /// purchases in its life, and what waits behind thousands tells nothing more.
    async fn make_room(&mut self, open: &mut Vec<u64>) {
        let mut patience = Patience::new();
        while open.len() >= OPEN_MAX && self.starts <= self.plan.kills {
            let mut still = Vec::new();
            for number in &*open {
                if !self.is_over(*number).await {
                    still.push(*number);
                }
            }
            *open = still;
            let seen = (open.clone(), self.starts);
            patience.wait(seen, "purchases").await;
        }
    }

    pub(crate) async fn is_over(&mut self, number: u64) -> bool {
        let order = self.get(&format!("orders/{number}")).await;
        self.is_done(&order)
    }

    /// Whether nothing more is to be expected; in a class that is asked once, some are left to people.
    fn is_done(&self, order: &Value) -> bool {
        let is_left = self.plan.class == Class::Once && is_left_to_people(order);
        is_left || order["status"] != "provisioning_started"
    }

    /// These orders once none is under way.
    pub(crate) async fn settle(&mut self, placed: &[u64]) -> Vec<Value> {
        let mut settled = Vec::new();
        for (at, number) in placed.iter().enumerate() {
            let mut patience = Patience::new();
            settled.push(loop {
                let order = self.get(&format!("orders/{number}")).await;
                if self.is_done(&order) {
                    break order;
                }
                let seen = (order["version"].clone(), self.starts);
                if patience.wait(seen, &order).await {
                    let address = self.address().await;
                    // Where one was set aside, so were others.
                    let numbers = &placed[at..];
                    let run = let_run_again(&self.http, &address, &self.token, numbers);
                    self.run_again += run.await;
                }
            });
        }
        settled
    }
}

const HARD: Plan = Plan {
    orders: 100,
    kills: 30,
    is_wrong: false,
    class: Class::Keyed,
};

/// Kills of each class; `CRASH_KILLS` asks for more than every run of the tests needs.
pub(crate) fn plan(class: Class) -> Plan {
    let asked = std::env::var("CRASH_KILLS").ok();
    let asked: Option<u64> = asked.and_then(|kills| kills.parse().ok());
    match (asked, class) {
        (Some(kills), _) => Plan {
            kills,
            orders: 0,
            class,
            ..HARD
        },
        (None, Class::Keyed) => HARD,
        (None, _) => Plan {
            kills: 10,
            orders: 20,
            class,
            ..HARD
        },
    }
}

async fn on_sqlite(class: Class) {
    let Some(program) = program() else { return };
    let name = format!("seatwright-crash-{class:?}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let database = format!("sqlite://{}/test.db", folder.display());
    assert_eq!(judge(plan(class), program, database).await, Ok(()));
    std::fs::remove_dir_all(folder).unwrap();
}

async fn on_postgresql(class: Class) {
    let Some(program) = program() else { return };
    let Some(database) = databases::postgresql(&format!("crash_{class:?}")).await else {
        return;
    };
    assert_eq!(judge(plan(class), program, database).await, Ok(()));
}

#[tokio::test]
async fn killed_while_it_buys_on_sqlite_it_buys_each_order_once() {
    on_sqlite(Class::Keyed).await;
}

#[tokio::test]
async fn killed_while_it_buys_on_postgresql_it_buys_each_order_once() {
    on_postgresql(Class::Keyed).await;
}

#[tokio::test]
async fn killed_while_it_buys_by_reference_on_sqlite_it_buys_each_order_once() {
    on_sqlite(Class::Referenced).await;
}

#[tokio::test]
async fn killed_while_it_buys_by_reference_on_postgresql_it_buys_each_order_once() {
    on_postgresql(Class::Referenced).await;
}

#[tokio::test]
async fn killed_while_it_buys_what_is_asked_once_on_sqlite_it_leaves_doubts_to_people() {
    on_sqlite(Class::Once).await;
}

#[tokio::test]
async fn killed_while_it_buys_what_is_asked_once_on_postgresql_it_leaves_doubts_to_people() {
    on_postgresql(Class::Once).await;
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
        class: Class::Keyed,
    };
    let database = format!("sqlite://{}/test.db", folder.display());
    let verdict = judge(plan, program, database).await.unwrap_err();
    assert!(verdict.contains("was bought"), "{verdict}");
    std::fs::remove_dir_all(folder).unwrap();
}
