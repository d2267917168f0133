//! Seatwright beside a bare axum handler that runs the least SQL for the same effect.

use anyhow::{Context, Result};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::bare;
use super::server::{Figures, Server, stopwatch, timed};
use super::world::{CLIENTS, World};

/// Requests measured of each kind.
const LISTS: usize = 2_000;
const PLACED: usize = 1_600;

pub async fn run(program: &str, postgres: &str, orders: u32) -> Result<()> {
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
    bare::prepare(database).await?;
    let bare = Server::start(bench, &["bare", database]).await?;
    let bare_figures = drive(&bare, world, &bare_list, &bare_place).await?;
    drop(bare);
    bare::leave(database).await?;
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--no-workers"];
    let arguments = [&arguments[..], &["--database-url", database]].concat();
    let ours = Server::start(program, &arguments).await?;
    let (start, idle) = (ours.start, ours.resident_mb()?);
    let our_figures = drive(&ours, world, &our_list, &our_place).await?;
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

/// Lists, cart additions and placements, each by all clients at once.
async fn drive(server: &Server, world: &World, list: &List, place: &Place) -> Result<[Figures; 3]> {
    let http = Client::builder().build()?;
    let lists = futures::future::try_join_all((0..CLIENTS).map(|client| {
        let http = &http;
        async move {
            let mut times = Vec::new();
            for _ in 0..LISTS / CLIENTS {
                let request = list(http, &server.address, world, client);
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
                let request = place(http, &server.address, world, (client, Value::Null));
                let (time, cart) = timed(request).await?;
                filled.push(time);
                let request = place(http, &server.address, world, (client, cart));
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
