//! How lists grow: the same questions to a short history and to a long one, by a reader of the seller
//! and by one of the customer; memory while 100,000 orders are exported.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::order::listing::{Edge, Listing, Position};
use domain::order::phase::View;
use jiff::SignedDuration;
use reqwest::Client;
use sqlx::Connection;

use super::history::{self, FREQUENT, History, PER_DAY, RARE};
use super::server::{Figures, Server, resident_mb};

/// Times that each question is asked, after some that don't count.
const TIMES: usize = 60;
const WARM: usize = 6;
const READERS: [(&str, &str); 2] = [
    ("seller", "seller-admin@baltic.example"),
    ("customer", "admin@amber.example"),
];
const EXPORTED: u32 = 100_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A list, with its filter.
const LISTS: &[(&str, &str, &str)] = &[
    ("Recent, first page", "recent", ""),
    ("Historical, first page", "historical", ""),
    (
        "status + vendor",
        "historical",
        "status:completed vendor:microsoft",
    ),
    (
        "status + change",
        "historical",
        "status:completed change:purchase",
    ),
    (
        "status + by",
        "historical",
        "status:completed by:\"Greta Celms\"",
    ),
    (
        "vendor + change",
        "historical",
        "vendor:microsoft change:purchase",
    ),
    (
        "vendor + by",
        "historical",
        "vendor:microsoft by:\"Greta Celms\"",
    ),
    (
        "change + by",
        "historical",
        "change:purchase by:\"Greta Celms\"",
    ),
    (
        "rare status + vendor",
        "historical",
        "status:completed_with_errors vendor:microsoft",
    ),
    (
        "Recent: status + vendor",
        "recent",
        "status:provisioning_failed vendor:microsoft",
    ),
    (
        "status + vendor + by",
        "historical",
        "status:completed vendor:microsoft by:\"Greta Celms\"",
    ),
    ("rare word", "historical", RARE),
    ("frequent word", "historical", FREQUENT),
    ("two words", "historical", "celms deliver"),
    (
        "word + filter",
        "historical",
        "deliver status:completed_with_errors",
    ),
    (
        "rare word + filter",
        "historical",
        "zeppelin vendor:microsoft",
    ),
    // Tenants are Microsoft's: both are frequent, and orders with both are few.
    (
        "conditions that seldom meet",
        "historical",
        "vendor:cirrus onmicrosoft",
    ),
    ("phrase", "historical", "\"before the new office\""),
    ("part of a frequent word", "historical", "de"),
];

/// A question: its words for people, and its address the nth time.
struct Ask {
    name: String,
    path: Box<dyn Fn(usize) -> String + Send>,
    query: Vec<(&'static str, String)>,
}

fn asks(history: &History) -> Vec<Ask> {
    let mut asks = Vec::new();
    let path = |text: &'static str| -> Box<dyn Fn(usize) -> String + Send> {
        Box::new(move |_| text.to_owned())
    };
    for (name, view, filter) in LISTS {
        asks.push(Ask {
            name: (*name).to_owned(),
            path: path("orders"),
            query: vec![("view", (*view).to_owned()), ("q", (*filter).to_owned())],
        });
    }
    for tab in ["active", "draft"] {
        asks.push(Ask {
            name: format!("Historical, tab {tab}"),
            path: path("orders"),
            query: vec![("view", "historical".into()), ("tab", tab.into())],
        });
    }
    for percent in [50, 95] {
        let at = history.count() / 100 * percent;
        let position = Position {
            listed_at: history.begun_at(at).as_microsecond(),
            number: history.number(at),
        };
        let cursor = Listing::of(View::Historical).cursor(Edge::OlderThan(position));
        asks.push(Ask {
            name: format!("page behind {percent} % of all"),
            path: path("orders"),
            query: vec![("view", "historical".into()), ("cursor", cursor)],
        });
    }
    for (name, filter) in [
        ("with its total", ""),
        ("pair with its total", "status:completed vendor:microsoft"),
        ("word with its total", FREQUENT),
        ("rare word + filter, total", "zeppelin vendor:microsoft"),
    ] {
        asks.push(Ask {
            name: name.to_owned(),
            path: path("orders"),
            query: vec![
                ("view", "historical".into()),
                ("q", filter.into()),
                ("total", "true".into()),
            ],
        });
    }
    asks.push(Ask {
        name: "counts of all tabs and statuses".into(),
        path: path("orders/counts"),
        query: Vec::new(),
    });
    // Of those that customers see, too: completed ones are.
    let every = history.count() / 2 / u32::try_from(TIMES + WARM).unwrap_or(1);
    let numbers: Vec<u64> = (0..)
        .map(|at| history.number(history.count() / 4 + at * every))
        .take(TIMES + WARM)
        .collect();
    asks.push(Ask {
        name: "details".into(),
        path: Box::new(move |at| format!("orders/{}", numbers[at])),
        query: Vec::new(),
    });
    asks
}

/// What one history's answers took.
struct Measured {
    rows: Vec<(String, Figures)>,
    notes: Vec<String>,
}

pub async fn run(program: &str, postgres: &str, folder: &Path, sizes: [u32; 2]) -> Result<()> {
    for name in ["SQLite", "PostgreSQL"] {
        let mut measured = Vec::new();
        for size in sizes {
            let database = match name {
                "SQLite" => format!("sqlite://{}", folder.join(format!("{size}.db")).display()),
                _ => own_database(postgres, size).await?,
            };
            let begun = Instant::now();
            let (app, history) = history::open(&database, size).await?;
            let mut tokens = Vec::new();
            for (reader, email) in READERS {
                tokens.push((reader, app.create_token(email, "bench").await?));
            }
            drop(app);
            let took = begun.elapsed().as_secs();
            eprintln!("{name}: a history of {size} orders after {took} s");
            measured.push(measure(program, &database, &history, &tokens).await?);
        }
        print(name, sizes, &measured);
    }
    Ok(())
}

async fn own_database(server: &str, size: u32) -> Result<String> {
    let mut connection = sqlx::PgConnection::connect(server).await?;
    let text = sqlx::AssertSqlSafe(format!("CREATE DATABASE history_{size}"));
    // It is there from a run before.
    sqlx::raw_sql(text).execute(&mut connection).await.ok();
    let (server, _) = server.rsplit_once('/').context("postgres://…/NAME")?;
    Ok(format!("{server}/history_{size}"))
}

async fn measure(
    program: &str,
    database: &str,
    history: &History,
    tokens: &[(&str, String)],
) -> Result<Measured> {
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--no-workers"];
    let arguments = [&arguments[..], &["--database-url", database]].concat();
    let server = Server::start(program, &arguments).await?;
    let mut notes = vec![format!(
        "start {} ms; resident {} MB at rest",
        server.start.as_millis(),
        server.resident_mb()?
    )];
    let http = Client::builder().build()?;
    let at = format!("{}/api/v1/organizations/amber", server.address);
    let mut rows = Vec::new();
    for ask in asks(history) {
        for (reader, token) in tokens {
            let mut times = Vec::new();
            for nth in 0..TIMES + WARM {
                let address = format!("{at}/{}", (ask.path)(nth));
                let request = http.get(address).query(&ask.query).bearer_auth(token);
                let begun = Instant::now();
                let answer = request.send().await?;
                let status = answer.status();
                let body = answer.bytes().await?;
                // Hidden orders are not found by customers, whose answer is measured all the same.
                if !status.is_success() && status.as_u16() != 404 {
                    let body = String::from_utf8_lossy(&body).into_owned();
                    anyhow::bail!("{}: {status}: {body}", ask.name);
                }
                if nth >= WARM {
                    times.push(begun.elapsed());
                }
            }
            let took = times.iter().sum();
            rows.push((format!("{} | {reader}", ask.name), Figures::of(times, took)));
        }
    }
    notes.push(format!("{} MB after the lists", server.resident_mb()?));
    let oldest = (history.recent_count() + EXPORTED).min(history.count());
    let days = oldest.div_ceil(PER_DAY);
    for format in ["csv", "xlsx"] {
        let from = (history.begun_at(oldest) - SignedDuration::from_hours(24)).strftime("%Y-%m-%d");
        let query = [
            ("format", format.to_owned()),
            ("view", "historical".to_owned()),
            ("q", format!("from:{from}")),
        ];
        let request = http.get(format!("{at}/orders/export")).query(&query);
        let request = request.bearer_auth(&tokens[0].1).send();
        notes.push(export(&server, format, days, request).await?);
    }
    Ok(Measured { rows, notes })
}

/// Reads a whole export and looks at the server's memory meanwhile.
async fn export(
    server: &Server,
    format: &str,
    days: u32,
    request: impl Future<Output = reqwest::Result<reqwest::Response>>,
) -> Result<String> {
    let id = server.id()?;
    let before = server.resident_mb()?;
    let most = Arc::new(AtomicU64::new(before));
    let looking = tokio::spawn({
        let most = most.clone();
        async move {
            while let Ok(now) = resident_mb(id) {
                most.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    });
    let begun = Instant::now();
    let mut answer = request.await?.error_for_status()?;
    let (mut bytes, mut lines) = (0, 0);
    while let Some(chunk) = answer.chunk().await? {
        bytes += chunk.len();
        lines += chunk.iter().filter(|byte| **byte == b'\r').count();
    }
    let took = begun.elapsed();
    looking.abort();
    let most = most.load(Ordering::Relaxed);
    let lines = match format {
        "csv" => format!(", {lines} lines"),
        _ => String::new(),
    };
    Ok(format!(
        "{format} of the last {days} days: {:.1} s, {:.1} MB{lines}; resident {before} MB before, {most} MB at most",
        took.as_secs_f64(),
        bytes as f64 / 1e6,
    ))
}

fn print(name: &str, [few, many]: [u32; 2], measured: &[Measured]) {
    println!("\n{name}: p50 / p95 in milliseconds\n");
    println!("| request | reader | {few} orders | {many} orders | ratio of p50 |");
    println!("|---|---|---|---|---|");
    let [short, long] = measured else { return };
    for ((name, few), (_, many)) in short.rows.iter().zip(&long.rows) {
        let ratio = many.p50.as_secs_f64() / few.p50.as_secs_f64();
        println!(
            "| {name} | {} | {} | {ratio:.1} |",
            few.brief(),
            many.brief()
        );
    }
    for (size, measured) in [few, many].iter().zip(measured) {
        println!("\n{size} orders:");
        for note in &measured.notes {
            println!("- {note}");
        }
    }
}
