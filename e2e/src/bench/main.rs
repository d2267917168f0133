//! What Seatwright costs beside a bare axum handler that runs the least SQL for the same effect, in
//! one run, on SQLite and PostgreSQL: `cargo xtask bench [ORDERS]`.
//!
//! `bench run PROGRAM POSTGRES ORDERS` measures; `bench bare DATABASE` is the baseline's server.
#![expect(clippy::print_stdout, reason = "its answer is a table")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(
    clippy::float_arithmetic,
    reason = "ratios of durations, shown to people"
)]

mod bare;
mod world;

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use self::world::{CLIENTS, World};

/// Requests measured of each kind.
const LISTS: usize = 2_000;
const PLACED: usize = 1_600;

#[tokio::main]
async fn main() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bare", database] => bare::serve(database).await,
        ["run", program, postgres, orders] => run(program, postgres, orders.parse()?).await,
        _ => bail!("usage: bench run PROGRAM POSTGRES ORDERS | bench bare DATABASE"),
    }
}

async fn run(program: &str, postgres: &str, orders: u32) -> Result<()> {
    println!("{orders} orders in one organization, {CLIENTS} clients.\n");
    println!("| database | what | Seatwright p50 / p95 / per second | bare | ratio of p50 |");
    println!("|---|---|---|---|---|");
    let folder = std::env::temp_dir().join(format!("seatwright-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut figures = Vec::new();
    for (name, database) in [
        (
            "SQLite",
            format!("sqlite://{}", folder.join("bench.db").display()),
        ),
        ("PostgreSQL", postgres.to_owned()),
    ] {
        let world = World::fill(&database, orders).await?;
        figures.push(measure(name, program, &database, &world).await?);
    }
    println!();
    for figure in figures {
        println!("{figure}");
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// One server at a time: the other would take its share of the machine.
async fn measure(name: &str, program: &str, database: &str, world: &World) -> Result<String> {
    let bench = std::env::current_exe()?;
    let bench = bench.to_str().context("a path that is no text")?;
    let bare = Server::start(bench, &["bare", database]).await?;
    let bare_figures = bare.drive(world, &bare_list, &bare_place).await?;
    drop(bare);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--no-workers"];
    let arguments = [&arguments[..], &["--database-url", database]].concat();
    let ours = Server::start(program, &arguments).await?;
    let (start, idle) = (ours.start, ours.resident_mb()?);
    let our_figures = ours.drive(world, &our_list, &our_place).await?;
    let whats = ["list 50", "fill a cart", "place the order"];
    for ((what, ours), bare) in whats.iter().zip(&our_figures).zip(&bare_figures) {
        let ratio = ours.p50.as_secs_f64() / bare.p50.as_secs_f64();
        println!("| {name} | {what} | {ours} | {bare} | {ratio:.1} |");
    }
    Ok(format!(
        "{name}: start {} ms; resident {idle} MB at rest, {} MB after the load.",
        start.as_millis(),
        ours.resident_mb()?
    ))
}

fn bare_list(http: &Client, at: &str, _: &World, _: usize) -> RequestBuilder {
    http.get(format!("{at}/orders"))
}

fn bare_place(http: &Client, at: &str, _: &World, step: (usize, Value)) -> RequestBuilder {
    match step {
        (_, Value::Null) => http
            .post(format!("{at}/cart"))
            .json(&json!({"quantity": 3})),
        (_, cart) => http.post(format!("{at}/placement")).json(&cart),
    }
}

const API: &str = "api/v1/organizations/amber";

fn our_list(http: &Client, at: &str, world: &World, client: usize) -> RequestBuilder {
    http.get(format!("{at}/{API}/orders?limit=50"))
        .bearer_auth(&world.tokens[client])
}

fn our_place(
    http: &Client,
    at: &str,
    world: &World,
    (client, cart): (usize, Value),
) -> RequestBuilder {
    let (path, body) = match cart {
        Value::Null => ("cart/items", world.item.clone()),
        cart => (
            "cart/placement",
            json!({"number": cart["number"], "version": cart["version"], "accept_terms": true}),
        ),
    };
    http.post(format!("{at}/{API}/{path}"))
        .bearer_auth(&world.tokens[client])
        .json(&body)
}

type List = dyn Fn(&Client, &str, &World, usize) -> RequestBuilder + Sync;
type Place = dyn Fn(&Client, &str, &World, (usize, Value)) -> RequestBuilder + Sync;

struct Server {
    child: Child,
    address: String,
    start: Duration,
}

impl Server {
    async fn start(program: &str, arguments: &[&str]) -> Result<Server> {
        let begun = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let line = line.context("the server says where it listens")?;
        let address = line.split(' ').next_back().unwrap_or_default().to_owned();
        reqwest::get(format!("{address}/readyz"))
            .await?
            .error_for_status()?;
        Ok(Server {
            child,
            address,
            start: begun.elapsed(),
        })
    }

    fn resident_mb(&self) -> Result<u64> {
        let id = self.child.id().context("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: u64 = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmRSS")?
            .parse()?;
        Ok(kilobytes / 1024)
    }

    /// Lists, cart additions and placements, each by all clients at once.
    async fn drive(&self, world: &World, list: &List, place: &Place) -> Result<[Figures; 3]> {
        let http = Client::builder().build()?;
        let lists = futures::future::try_join_all((0..CLIENTS).map(|client| {
            let http = &http;
            async move {
                let mut times = Vec::new();
                for _ in 0..LISTS / CLIENTS {
                    let request = list(http, &self.address, world, client);
                    times.push(timed(request).await?.0);
                }
                anyhow::Ok(times)
            }
        }));
        let (lists, lists_took) = stopwatch(lists).await;
        let placements = futures::future::try_join_all((0..CLIENTS).map(|client| {
            let http = &http;
            async move {
                let (mut filled, mut placed) = (Vec::new(), Vec::new());
                for _ in 0..PLACED / CLIENTS {
                    let request = place(http, &self.address, world, (client, Value::Null));
                    let (time, cart) = timed(request).await?;
                    filled.push(time);
                    let request = place(http, &self.address, world, (client, cart));
                    placed.push(timed(request).await?.0);
                }
                anyhow::Ok((filled, placed))
            }
        }));
        let (placements, took) = stopwatch(placements).await;
        let (filled, placed): (Vec<_>, Vec<_>) = placements?.into_iter().unzip();
        Ok([
            Figures::of(lists?.concat(), lists_took),
            Figures::of(filled.concat(), took),
            Figures::of(placed.concat(), took),
        ])
    }
}

async fn stopwatch<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

/// The time to the last byte, and the answer.
async fn timed(request: RequestBuilder) -> Result<(Duration, Value)> {
    let begun = Instant::now();
    let answer = request.send().await?;
    let status = answer.status();
    let bytes = answer.bytes().await?;
    let time = begun.elapsed();
    if !status.is_success() {
        bail!("{status}: {}", String::from_utf8_lossy(&bytes));
    }
    Ok((time, serde_json::from_slice(&bytes)?))
}

struct Figures {
    p50: Duration,
    p95: Duration,
    per_second: f64,
}

impl Figures {
    fn of(mut times: Vec<Duration>, took: Duration) -> Figures {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        Figures {
            p50: at(50),
            p95: at(95),
            per_second: times.len() as f64 / took.as_secs_f64(),
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (p50, p95) = (ms(self.p50), ms(self.p95));
        write!(f, "{p50:.1} ms / {p95:.1} ms / {:.0}", self.per_second)
    }
}
