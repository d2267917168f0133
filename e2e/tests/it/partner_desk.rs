//! People's side of the trials at Partner Center: the program with a connection that was added by the command
//! line, as an operator adds it, and processes that die at named calls one after the other.

use std::collections::BTreeMap;

use connectors::simulator::partner_center::{Action, DOMAIN, Front, KillPoint, SECRET};

use super::tally::{OPEN_MAX, Patience, Tally};
use super::*;

/// When a process dies of a call.
pub(crate) const TIMES: [KillPoint; 3] = [
    KillPoint::BeforeBooking,
    KillPoint::AfterBooking,
    KillPoint::AfterAnswer,
];
/// A call, and when the process dies of it.
pub(crate) type Death = (&'static str, KillPoint);

pub(crate) struct Desk {
    program: String,
    database: String,
    http: reqwest::Client,
    token: String,
    pub(crate) front: Front,
    server: Option<(Child, String)>,
    /// Deaths still to come, the next one last.
    to_come: Vec<Death>,
    /// What the running process is to die of.
    armed: Option<Death>,
    kills: u64,
    pub(crate) deaths: BTreeMap<String, u64>,
    pub(crate) run_again: usize,
    pub(crate) tally: Tally,
}

/// Each step at each time, so often that there are as many deaths as `CRASH_KILLS` asks for; without it, once.
pub(crate) fn deaths(steps: &[&'static str]) -> Vec<Death> {
    let asked = std::env::var("CRASH_KILLS").ok();
    let asked: Option<usize> = asked.and_then(|kills| kills.parse().ok());
    let rounds = asked.map_or(1, |kills| kills.div_ceil(steps.len() * TIMES.len()));
    let of = |step: &&'static str| {
        let step = *step;
        TIMES.map(|time| (step, time))
    };
    let round = || steps.iter().flat_map(of);
    (0..rounds).flat_map(|_| round()).collect()
}

impl Desk {
    pub(crate) async fn new(trial: &str, program: String, database: String) -> Desk {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let (front, url) = vendors::partner_center(&program, &database).await;
        let at = ["--database-url", &database];
        let settings = json!({
            "connector": "partner_center", "tenant": "nordic.example", "client_id": "app",
            "client_secret": SECRET, "market": "SE", "url": url, "login_url": url,
            "new_customers": true,
        });
        vendors::attach(&program, &database, "microsoft", &settings).await;
        let token = ["token", "create", "--email", "seller-admin@fjord.example"];
        let token = run(&program, &[&token[..], &at].concat()).await;
        Desk {
            tally: Tally::new(trial, &database),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap(),
            program,
            database,
            token,
            front,
            server: None,
            to_come: Vec::new(),
            armed: None,
            kills: 0,
            deaths: BTreeMap::new(),
            run_again: 0,
        }
    }

    /// From now on each process dies of one of these calls.
    pub(crate) fn let_die(&mut self, deaths: Vec<Death>) {
        self.kills = deaths.len() as u64;
        self.to_come = deaths;
        self.arm();
    }

    /// Whether there are deaths to come.
    pub(crate) fn dies(&self) -> bool {
        self.armed.is_some() || !self.to_come.is_empty()
    }

    fn arm(&mut self) {
        self.armed = self.to_come.pop();
        if let Some((step, time)) = self.armed {
            self.front.fault(step, 1, Action::Kill(time));
        }
    }

    /// The address of a running server; a dead one is started again, to die at the next point.
    async fn address(&mut self) -> String {
        if let Some((child, address)) = &mut self.server
            && child.try_wait().unwrap().is_none()
        {
            return address.clone();
        }
        if self.server.take().is_some() {
            let at = match self.armed.take() {
                Some((step, time)) => format!("{step} {time:?}"),
                None => "by itself".to_owned(),
            };
            *self.deaths.entry(at).or_default() += 1;
        }
        let listen = ["serve", "--listen", "127.0.0.1:0"];
        let arguments = [&listen[..], &["--database-url", &self.database]].concat();
        let (child, address) = start(&self.program, &arguments).await;
        self.front.name_victim(child.id().unwrap());
        self.arm();
        self.server = Some((child, address.clone()));
        address
    }

    pub(crate) async fn ask(&mut self, path: &str, key: usize, body: Option<&Value>) -> Value {
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

    pub(crate) async fn offer(&mut self, name: &str) -> Value {
        let offers = self.ask("catalog", 0, None).await;
        let mut offers = offers.as_array().unwrap().iter();
        offers.find(|one| one["name"] == name).unwrap().clone()
    }

    /// Buys licenses; of the one customer that is there, or of a company that is new.
    pub(crate) async fn buy(
        &mut self,
        key: usize,
        offer: &Value,
        quantity: u32,
        new: Option<&Value>,
    ) -> u64 {
        let mut item = json!({
            "offer": offer["id"], "plan": offer["plans"][0]["id"], "quantity": quantity, "tenant": DOMAIN,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        if let Some(new) = new {
            item["tenant"] = json!(format!("fern{key}.onmicrosoft.com"));
            item["parameters"] = new.clone();
        }
        self.ask("cart/items", key, Some(&item)).await;
        let cart = self.ask("cart", key, None).await;
        let place =
            json!({"number": cart["number"], "version": cart["version"], "accept_terms": true});
        let order = self.ask("cart/placement", key, Some(&place)).await;
        order["number"].as_u64().unwrap()
    }

    pub(crate) async fn order(&mut self, number: u64) -> Value {
        self.ask(&format!("orders/{number}"), 0, None).await
    }

    /// Says how far it is.
    pub(crate) fn tell(&mut self, orders: usize) {
        let dead = self.deaths.values().sum();
        self.tally.tell(dead, self.kills, orders);
    }

    /// Waits while too many of these orders are under way, and keeps those that are.
    pub(crate) async fn make_room(&mut self, open: &mut Vec<u64>) {
        let mut patience = Patience::new();
        while open.len() >= OPEN_MAX && self.dies() {
            let mut still = Vec::new();
            for number in open.iter() {
                if self.order(*number).await["status"] == "provisioning_started" {
                    still.push(*number);
                }
            }
            *open = still;
            let seen = (open.clone(), self.deaths.clone());
            patience.wait(seen, "purchases").await;
        }
    }

    /// How these orders stand once none is under way.
    pub(crate) async fn settle(&mut self, placed: &[u64]) -> Vec<Value> {
        let mut settled = Vec::new();
        for (at, number) in placed.iter().enumerate() {
            let mut patience = Patience::new();
            settled.push(loop {
                let order = self.order(*number).await;
                if order["status"] != "provisioning_started" {
                    break order;
                }
                let seen = (order["version"].clone(), self.deaths.clone());
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

    /// Each death that was to come came, and no other.
    pub(crate) fn check_deaths(&self) {
        let kills: u64 = self.deaths.values().sum();
        assert_eq!(kills, self.kills, "each kill ends a process");
        assert!(!self.deaths.contains_key("by itself"), "{:?}", self.deaths);
    }
}
