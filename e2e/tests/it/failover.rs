//! A PostgreSQL server dies while orders are placed: its standby takes over, or it is started again. The same
//! process goes on, whoever had no answer asks again with the same key, and each order is bought once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{Response, StatusCode};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use xtask::postgres::Postgres;

use super::line::{Hold, Line};
use super::purchases::{Class, Plan, World, is_left_to_people};
use super::tally::{OPEN_MAX, Patience, Tally};
use super::*;

/// How a client may be left without an answer, one after the other.
const HOLDS: [Hold; 3] = [Hold::Before, Hold::Within, Hold::After];
/// Before somebody asks again, or looks again.
const PAUSE: Duration = Duration::from_millis(20);
/// What does not come to be by then never does.
const FOREVER: Duration = Duration::from_secs(240);

/// Deaths of a server that are asked for by `FAILOVERS`; else each kind once, and no machine goes dark.
fn asked() -> Option<usize> {
    std::env::var("FAILOVERS").ok()?.parse().ok()
}

/// A customer's program: it asks until it has an answer.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    place: String,
    token: String,
    offer: Value,
    /// How many orders have been acknowledged.
    placed: Arc<watch::Sender<usize>>,
}

impl Client {
    async fn of(world: &mut World) -> Client {
        let offer = world.offer().await;
        let address = world.address().await;
        let none = world.http.put(format!("{}/faults", world.simulator));
        let none = none.json(&json!([])).send().await.unwrap();
        assert!(none.status().is_success(), "vendors answer");
        Client {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
            place: format!("{address}/api/v1/organizations/fern"),
            token: world.token.clone(),
            offer,
            placed: Arc::default(),
        }
    }

    /// Reads, or wishes under a key, and repeats it until there is an answer that decides.
    async fn ask(&self, path: &str, key: usize, wish: Option<&Value>) -> Result<Value, String> {
        loop {
            match self.send(path, key, wish).await {
                Some(answer) if answer.status().is_success() => {
                    if let Ok(answer) = answer.json().await {
                        return Ok(answer);
                    }
                }
                Some(answer) if answer.status() != StatusCode::SERVICE_UNAVAILABLE => {
                    let status = answer.status();
                    let words = answer.text().await.unwrap_or_default();
                    return Err(format!("{path}: {status} {words}"));
                }
                _ => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks once; there need not be an answer.
    async fn send(&self, path: &str, key: usize, wish: Option<&Value>) -> Option<Response> {
        let url = format!("{}/{path}", self.place);
        let call = match wish {
            Some(wish) => {
                let key = format!("{path} {key}");
                self.http
                    .post(url)
                    .json(wish)
                    .header("Idempotency-Key", key)
            }
            None => self.http.get(url),
        };
        call.bearer_auth(&self.token).send().await.ok()
    }

    /// Fills the cart; what places it.
    async fn fill(&self, key: usize) -> Result<Value, String> {
        let item = json!({
            "offer": self.offer["id"], "plan": self.offer["plans"][0]["id"], "quantity": 3,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        self.ask("cart/items", key, Some(&item)).await?;
        let cart = self.ask("cart", key, None).await?;
        Ok(json!({"number": cart["number"], "version": cart["version"], "accept_terms": true}))
    }

    async fn buy(&self, key: usize) -> Result<u64, String> {
        let place = self.fill(key).await?;
        let order = self.ask("cart/placement", key, Some(&place)).await?;
        self.placed.send_modify(|count| *count += 1);
        Ok(order["number"].as_u64().unwrap())
    }

    /// The numbers of what was acknowledged until it is told to stop.
    async fn buy_until(self, stop: Arc<AtomicBool>) -> Result<Vec<u64>, String> {
        let (mut placed, mut open) = (Vec::new(), Vec::new());
        while !stop.load(Ordering::SeqCst) {
            if open.len() < OPEN_MAX {
                let number = self.buy(placed.len()).await?;
                placed.push(number);
                open.push(number);
                continue;
            }
            let mut still = Vec::new();
            for number in open {
                let order = self.ask(&format!("orders/{number}"), 0, None).await?;
                if order["status"] == "provisioning_started" && !is_left_to_people(&order) {
                    still.push(number);
                }
            }
            open = still;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(placed)
    }

    /// Waits until so many more are acknowledged.
    async fn goes_on(&self, more: usize) {
        let mut placed = self.placed.subscribe();
        let until = *placed.borrow() + more;
        let goes_on = placed.wait_for(|count| *count >= until);
        let goes_on = tokio::time::timeout(FOREVER, goes_on).await;
        goes_on.expect("the same process goes on").unwrap();
    }
}

/// A server with all that is asked of it.
struct Trial {
    primary: Arc<Postgres>,
    line: Arc<Line>,
    worlds: Vec<World>,
    clients: Vec<Client>,
}

impl Trial {
    async fn new(program: &str, bin: PathBuf, classes: &[Class]) -> Trial {
        let primary = spawn_blocking(move || Postgres::start_durable(&bin));
        let primary = Arc::new(primary.await.unwrap().unwrap());
        let (line, port) = Line::new(primary.url()).await;
        let mut admin = connect(&primary).await;
        let mut worlds = Vec::new();
        for class in classes {
            let schema = format!("{class:?}").to_lowercase();
            let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
            sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
            let database = format!(
                "postgres://postgres@127.0.0.1:{port}/postgres\
                 ?sslmode=disable&options=-c%20search_path%3D{schema}"
            );
            let plan = Plan {
                orders: 0,
                kills: 0,
                is_wrong: false,
                class: *class,
            };
            worlds.push(World::new(plan, program.to_owned(), database));
        }
        let mut worlds = futures::future::join_all(worlds).await;
        let mut clients = Vec::new();
        for world in &mut worlds {
            clients.push(Client::of(world).await);
        }
        Trial {
            primary,
            line,
            worlds,
            clients,
        }
    }

    /// A second server that has all that this one has, and follows it.
    async fn standby(&self) -> Postgres {
        let primary = self.primary.clone();
        let standby = spawn_blocking(move || primary.start_standby());
        standby.await.unwrap().unwrap()
    }

    /// From now on nothing is committed before the standby has it.
    async fn synchronize(&self) {
        let mut admin = connect(&self.primary).await;
        let name = "ALTER SYSTEM SET synchronous_standby_names = 'standby'";
        configure(&mut admin, name).await;
        let follows = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
        until(&mut admin, follows).await;
    }

    fn start(&self, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<Result<Vec<u64>, String>>> {
        let clients = self.clients.iter().cloned();
        let buys = clients.map(|client| tokio::spawn(client.buy_until(stop.clone())));
        buys.collect()
    }

    /// The server is dead, and the standby takes its place.
    async fn promote(&mut self, standby: Postgres) {
        let mut admin = connect(&standby).await;
        let promote = sqlx::query_scalar("SELECT pg_promote(true, 60)");
        let is_promoted: bool = promote.fetch_one(&mut admin).await.unwrap();
        assert!(is_promoted, "the standby takes over");
        self.line.turn(standby.url());
        self.primary = Arc::new(standby);
    }

    /// [`judge`], where there is one world.
    async fn judge(&mut self, placed: &[u64]) -> Result<usize, String> {
        judge((&mut self.worlds[0], &self.clients[0]), placed, &[]).await
    }

    /// Each of these processes goes on.
    async fn goes_on(&self) {
        for client in &self.clients {
            client.goes_on(2).await;
        }
    }
}

/// Waits until all that was acknowledged is over, and compares it with what the vendor has; how many doubts are
/// left to people.
async fn judge(
    (world, client): (&mut World, &Client),
    placed: &[u64],
    deaths: &[String],
) -> Result<usize, String> {
    for number in placed {
        let order = client.ask(&format!("orders/{number}"), 0, None).await;
        let order =
            order.map_err(|told| format!("the acknowledged order {number} is lost, {told}"))?;
        assert_eq!(order["items"].as_array().unwrap().len(), 1, "{order}");
    }
    let address = world.address().await;
    assert!(client.place.starts_with(&address), "the process is another");
    let orders = world.settle(placed).await;
    world.deaths.clear();
    for death in deaths {
        *world.deaths.entry(death.clone()).or_default() += 1;
    }
    let outcome = world.compare(&orders).await?;
    let verify = ["verify", "--database-url", &world.database];
    println!("{}", run(&world.program, &verify).await);
    Ok(outcome.left)
}

async fn connect(server: &Postgres) -> PgConnection {
    PgConnection::connect(server.url()).await.unwrap()
}

async fn configure(admin: &mut PgConnection, setting: &'static str) {
    for text in [setting, "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(text).execute(&mut *admin).await.unwrap();
    }
}

/// Waits until a query says so.
async fn until(admin: &mut PgConnection, query: &'static str) {
    let mut patience = Patience::new();
    while !sqlx::query_scalar::<_, bool>(query)
        .fetch_one(&mut *admin)
        .await
        .unwrap()
    {
        patience.wait((), query).await;
    }
}

/// The program, and the folder of the test server's programs.
async fn needed() -> Option<(String, PathBuf)> {
    let program = program()?;
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return None;
    };
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let bin = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
    let bin: String = bin.fetch_one(&mut admin).await.unwrap();
    Some((program, bin.into()))
}

/// What becomes of a server that has died.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    StandbyTakesOver,
    StartsAgain,
}

async fn server_dies(then: Then, classes: &[Class]) {
    let Some((program, bin)) = needed().await else {
        return;
    };
    let mut trial = Trial::new(&program, bin, classes).await;
    for (world, class) in trial.worlds.iter_mut().zip(classes) {
        let name = match then {
            Then::StandbyTakesOver => "failovers",
            Then::StartsAgain => "servers killed",
        };
        world.tally = Tally::new(format!("{name}, {}", class.name()), &world.database);
    }
    let stop = Arc::default();
    let buys = trial.start(&stop);
    let mut deaths = Vec::new();
    for turn in 0..asked().unwrap_or(HOLDS.len()) {
        let hold = HOLDS[turn % HOLDS.len()];
        // A machine that is gone ends no connection. What is started again is a server, not a machine.
        let is_dark = then == Then::StandbyTakesOver && turn / HOLDS.len() % 2 == 1;
        let mut standby = None;
        if then == Then::StandbyTakesOver {
            standby = Some(trial.standby().await);
            trial.synchronize().await;
        }
        trial.line.darken(is_dark);
        let held = trial.line.hold(hold, 5 + turn as u32 % 11);
        let held = tokio::time::timeout(FOREVER, held).await;
        held.expect("somebody commits");
        trial.primary.kill().unwrap();
        match standby {
            Some(standby) => trial.promote(standby).await,
            None => trial.primary.start_again().unwrap(),
        }
        trial.goes_on().await;
        let kind = if is_dark { ", in the dark" } else { "" };
        deaths.push(format!("{hold:?} a commit{kind}").to_lowercase());
    }
    stop.store(true, Ordering::SeqCst);
    let placed: Vec<_> = futures::future::join_all(buys).await;
    let placed: Vec<Vec<u64>> = placed
        .into_iter()
        .map(|buys| buys.unwrap().unwrap())
        .collect();
    let worlds = trial.worlds.iter_mut().zip(&trial.clients).zip(&placed);
    let verdicts = worlds.map(|(place, placed)| judge(place, placed, &deaths));
    for verdict in futures::future::join_all(verdicts).await {
        let left = verdict.unwrap();
        // Who asked lives, and keeps the answer; what was committed is looked up. Of a standby nobody can tell.
        assert!(then == Then::StandbyTakesOver || left == 0, "{left} doubts");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_and_each_acknowledged_order_is_there_and_bought_once() {
    let classes = [Class::Keyed, Class::Referenced, Class::Once];
    server_dies(Then::StandbyTakesOver, &classes).await;
}

/// Not a power cut: what a server has written and not synced survives its death.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_starts_again_and_each_acknowledged_order_is_bought_once() {
    server_dies(Then::StartsAgain, &[Class::Keyed, Class::Once]).await;
}

/// The trial would notice: a standby that commits do not wait for, and that has not heard of the last ones.
#[tokio::test(flavor = "multi_thread")]
async fn orders_that_an_asynchronous_standby_lacks_are_told_to_be_lost() {
    let Some((program, bin)) = needed().await else {
        return;
    };
    let mut trial = Trial::new(&program, bin, &[Class::Keyed]).await;
    let standby = trial.standby().await;
    let client = trial.clients[0].clone();
    let mut placed = vec![client.buy(0).await.unwrap()];
    cut_off(&trial.primary, &standby).await;
    placed.push(client.buy(1).await.unwrap());
    let bought = trial.worlds[0].settle(&placed).await;
    assert_eq!(trial.worlds[0].compare(&bought).await.map(drop), Ok(()));
    trial.primary.kill().unwrap();
    trial.promote(standby).await;
    let told = trial.judge(&placed).await.unwrap_err();
    assert!(told.contains("is lost"), "{told}");
    // Its purchase is there, and nobody knows of it any more.
    let told = trial.judge(&placed[..1]).await.unwrap_err();
    assert!(told.contains("not what was ordered"), "{told}");
}

/// A standby hears nothing any more, after all that came before.
async fn cut_off(primary: &Postgres, standby: &Postgres) {
    let mut admin = connect(primary).await;
    let has_all = "SELECT EXISTS (SELECT FROM pg_stat_replication \
                   WHERE replay_lsn >= pg_current_wal_flush_lsn())";
    until(&mut admin, has_all).await;
    let mut follower = connect(standby).await;
    configure(&mut follower, "ALTER SYSTEM SET primary_conninfo = ''").await;
    let is_alone = "SELECT NOT EXISTS (SELECT FROM pg_stat_replication)";
    until(&mut admin, is_alone).await;
}

/// A server that is started again tells of commits that its standby never got. They are no answer: the standby may
/// be promoted without them.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_synchronous_standby_never_got_is_not_acknowledged_by_a_server_that_starts_again() {
    let Some((program, bin)) = needed().await else {
        return;
    };
    let mut trial = Trial::new(&program, bin, &[Class::Keyed]).await;
    let standby = trial.standby().await;
    trial.synchronize().await;
    let client = trial.clients[0].clone();
    let mut placed = vec![client.buy(0).await.unwrap()];
    let place = client.fill(1).await.unwrap();
    trial.worlds[0].settle(&placed).await;
    cut_off(&trial.primary, &standby).await;
    let (patient, wish) = (client.clone(), place.clone());
    let first = tokio::spawn(async move { patient.send("cart/placement", 1, Some(&wish)).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')";
    until(&mut connect(&trial.primary).await, waits).await;
    trial.primary.kill().unwrap();
    trial.primary.start_again().unwrap();
    let answer = first.await.unwrap().expect("an answer, and not a success");
    assert_eq!(
        answer.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "nobody knows yet"
    );
    let again = client.clone();
    let again = tokio::spawn(async move { again.ask("cart/placement", 1, Some(&place)).await });
    until(&mut connect(&trial.primary).await, waits).await;
    trial.primary.kill().unwrap();
    trial.promote(standby).await;
    let order = again.await.unwrap().unwrap();
    placed.push(order["number"].as_u64().unwrap());
    assert_eq!(trial.judge(&placed).await, Ok(0));
}
