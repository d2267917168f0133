//! The real program, killed at each step of purchases at Partner Center; its books are the judge. The
//! connection is added by the command line, as an operator adds it.

use std::collections::BTreeSet;

use connectors::simulator::partner_center::{Action, DOMAIN, Front, KillPoint, SECRET};
use tokio::io::AsyncWriteExt;

use super::*;

/// The calls of a purchase, from its cart to its subscription.
const STEPS: [&str; 5] = [
    "GET availabilities",
    "POST carts",
    "POST checkout",
    "GET orders/one",
    "GET subscriptions/one",
];
const TIMES: [KillPoint; 3] = [
    KillPoint::BeforeBooking,
    KillPoint::AfterBooking,
    KillPoint::AfterAnswer,
];

struct Desk {
    program: String,
    database: String,
    http: reqwest::Client,
    token: String,
    front: Front,
    server: Option<(Child, String)>,
    /// Deaths still to come, the next one last.
    deaths: Vec<(&'static str, KillPoint)>,
    starts: usize,
}

impl Desk {
    async fn new(program: String, database: String) -> Desk {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let front = Front::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(front.clone().serve(listener));
        let at = ["--database-url", &database];
        run(&program, &[&["migrate"][..], &at].concat()).await;
        let seed = ["seed", "--world", "demo", "--simulator", &url];
        run(&program, &[&seed[..], &at].concat()).await;
        add_vendor(&program, &at, &url).await;
        let token = ["token", "create", "--email", "seller-admin@fjord.example"];
        let token = run(&program, &[&token[..], &at].concat()).await;
        let deaths = STEPS
            .iter()
            .flat_map(|step| TIMES.map(|time| (*step, time)));
        Desk {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
            deaths: deaths.collect(),
            program,
            database,
            token,
            front,
            server: None,
            starts: 0,
        }
    }

    /// The address of a running server; a dead one is started again, to die at the next point.
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
        self.front.name_victim(child.id().unwrap());
        if let Some((step, time)) = self.deaths.pop() {
            self.front.fault(step, 1, Action::Kill(time));
        }
        self.starts += 1;
        self.server = Some((child, address.clone()));
        address
    }

    async fn ask(&mut self, path: &str, key: usize, body: Option<&Value>) -> Value {
        for _ in 0..2_000 {
            let url = format!("{}/api/v1/organizations/fern/{path}", self.address().await);
            let call = match body {
                Some(body) => self
                    .http
                    .post(url)
                    .json(body)
                    .header("Idempotency-Key", format!("{path} {key}")),
                None => self.http.get(url),
            };
            match call.bearer_auth(&self.token).send().await {
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

    async fn buy(&mut self, key: usize, offer: &Value) -> u64 {
        let item = json!({
            "offer": offer["id"], "plan": offer["plans"][0]["id"], "quantity": 3, "tenant": DOMAIN,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        self.ask("cart/items", key, Some(&item)).await;
        let cart = self.ask("cart", key, None).await;
        let place =
            json!({"number": cart["number"], "version": cart["version"], "accept_terms": true});
        let order = self.ask("cart/placement", key, Some(&place)).await;
        order["number"].as_u64().unwrap()
    }

    /// How these orders stand once none is under way.
    async fn settle(&mut self, placed: &[u64]) -> Vec<Value> {
        for _ in 0..3_000 {
            let orders = self.ask("orders?limit=200", 0, None).await;
            let mut ours = orders.as_array().unwrap().clone();
            ours.retain(|order| placed.contains(&order["number"].as_u64().unwrap()));
            let is_over = |order: &Value| order["status"] != "provisioning_started";
            if ours.len() == placed.len() && ours.iter().all(is_over) {
                return ours;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not settled after minutes");
    }
}

async fn add_vendor(program: &str, at: &[&str], url: &str) {
    let settings = json!({"connector": "partner_center", "tenant": "nordic.example", "client_id": "app",
        "client_secret": SECRET, "market": "SE", "url": url, "login_url": url});
    let add = [
        "vendor",
        "add",
        "--organization",
        "nordic",
        "--slug",
        "microsoft",
        "--name",
        "Microsoft",
    ];
    let mut command = Command::new(program)
        .args(add)
        .args(at)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = command.stdin.take().unwrap();
    input
        .write_all(settings.to_string().as_bytes())
        .await
        .unwrap();
    drop(input);
    assert!(command.wait().await.unwrap().success());
}

#[tokio::test]
async fn killed_at_each_step_of_a_purchase_at_partner_center_it_buys_once() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-pc-{}", std::process::id()));
    let database = format!("sqlite://{}/test.db", folder.display());
    let mut desk = Desk::new(program, database).await;
    let offers = desk.ask("catalog", 0, None).await;
    let mut offers = offers.as_array().unwrap().iter();
    let offer = offers
        .find(|one| one["name"] == "Microsoft 365 Business Basic")
        .unwrap()
        .clone();
    let mut placed = Vec::new();
    let mut orders = Vec::new();
    while !desk.deaths.is_empty() || desk.front.faults_left() > 0 {
        for _ in 0..5 {
            placed.push(desk.buy(placed.len(), &offer).await);
        }
        orders = desk.settle(&placed).await;
    }
    for order in &orders {
        let item = &order["items"][0];
        assert_eq!(
            order["status"], "provisioning_finished",
            "{}",
            item["reason"]
        );
    }
    let bought = desk.front.books(|books| books.orders.clone());
    let names: BTreeSet<String> = bought
        .iter()
        .map(|order| order["lineItems"][0]["friendlyName"].to_string())
        .collect();
    println!(
        "{} orders, {} kills, {} bought",
        orders.len(),
        desk.starts - 1,
        bought.len()
    );
    assert_eq!((bought.len(), names.len()), (placed.len(), placed.len()));
    for number in placed {
        let is_of_it = |name: &String| name.contains(&format!("Order {number:08} "));
        assert!(names.iter().any(is_of_it), "{number} was not bought");
    }
    let kills = STEPS.len() * TIMES.len();
    assert_eq!(desk.starts, kills + 1, "each kill ends a process");
    std::fs::remove_dir_all(folder).unwrap();
}
