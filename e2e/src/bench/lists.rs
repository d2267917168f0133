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

/// A history with its server, and what its answers took.
struct Kept {
    history: Arc<History>,
    server: Server,
    tokens: Vec<String>,
    rows: Vec<(String, Figures)>,
    notes: Vec<String>,
}

impl Kept {
    async fn open(program: &str, database: &str, size: u32) -> Result<Kept> {
        let begun = Instant::now();
        let (app, history) = history::open(database, size).await?;
        let mut tokens = Vec::new();
        for (_, email) in READERS {
            tokens.push(app.create_token(email, "bench").await?);
        }
        drop(app);
        let took = begun.elapsed().as_secs();
        eprintln!("{size} orders in {database} after {took} s");
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--no-workers"];
        let arguments = [&arguments[..], &["--database-url", database]].concat();
        let server = Server::start(program, &arguments).await?;
        let notes = vec![format!(
            "start {} ms; resident {} MB at rest",
            server.start.as_millis(),
            server.resident_mb()?
        )];
        Ok(Kept {
            history,
            server,
            tokens,
            rows: Vec::new(),
            notes,
        })
    }

    fn address(&self, path: &str) -> String {
        let Server { address, .. } = &self.server;
        format!("{address}/api/v1/organizations/amber/{path}")
    }

    /// How long an answer takes, to its last byte.
    async fn ask(&self, http: &Client, ask: &Ask, reader: usize, nth: usize) -> Result<Duration> {
        let address = self.address(&(ask.path)(nth));
        let request = http.get(address).query(&ask.query);
        let request = request.bearer_auth(&self.tokens[reader]);
        let begun = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        // Hidden orders are not found by customers, whose answer is measured all the same.
        if !status.is_success() && status.as_u16() != 404 {
            let body = String::from_utf8_lossy(&body).into_owned();
            anyhow::bail!("{}: {status}: {body}", ask.name);
        }
        Ok(begun.elapsed())
    }

    async fn export_all(&mut self, http: &Client) -> Result<()> {
        let history = &self.history;
        let memory = format!("{} MB after the lists", self.server.resident_mb()?);
        self.notes.push(memory);
        let oldest = (history.recent_count() + EXPORTED).min(history.count());
        let days = oldest.div_ceil(PER_DAY);
        let from = (history.begun_at(oldest) - SignedDuration::from_hours(24)).strftime("%Y-%m-%d");
        for format in ["csv", "xlsx"] {
            let query = [
                ("format", format.to_owned()),
                ("view", "historical".to_owned()),
                ("q", format!("from:{from}")),
            ];
            let request = http.get(self.address("orders/export")).query(&query);
            let request = request.bearer_auth(&self.tokens[0]).send();
            let note = export(&self.server, format, days, request).await?;
            self.notes.push(note);
        }
        Ok(())
    }
}

pub async fn run(program: &str, postgres: &str, folder: &Path, sizes: [u32; 2]) -> Result<()> {
    for name in ["SQLite", "PostgreSQL"] {
        let mut kept = Vec::new();
        for size in sizes {
            let database = match name {
                "SQLite" => format!("sqlite://{}", folder.join(format!("{size}.db")).display()),
                _ => own_database(postgres, size).await?,
            };
            kept.push(Kept::open(program, &database, size).await?);
        }
        measure(&mut kept).await?;
        print(name, sizes, &kept);
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

/// Asks the histories in turn, so that whatever else the machine does is in the figures of each.
async fn measure(kept: &mut [Kept]) -> Result<()> {
    let http = Client::builder().build()?;
    let asks: Vec<Vec<Ask>> = kept.iter().map(|kept| asks(&kept.history)).collect();
    for at in 0..asks.first().map_or(0, Vec::len) {
        for (reader, (name, _)) in READERS.iter().enumerate() {
            let mut times = vec![Vec::new(); kept.len()];
            for nth in 0..TIMES + WARM {
                for ((kept, asks), times) in kept.iter().zip(&asks).zip(&mut times) {
                    let took = kept.ask(&http, &asks[at], reader, nth).await?;
                    times.extend((nth >= WARM).then_some(took));
                }
            }
            for ((kept, asks), times) in kept.iter_mut().zip(&asks).zip(times) {
                let took = times.iter().sum();
                let row = format!("{} | {name}", asks[at].name);
                kept.rows.push((row, Figures::of(times, took)));
            }
        }
    }
    for kept in kept {
        kept.export_all(&http).await?;
    }
    Ok(())
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

fn print(name: &str, [few, many]: [u32; 2], kept: &[Kept]) {
    println!("\n{name}: p50 / p95 in milliseconds\n");
    println!("| request | reader | {few} orders | {many} orders | ratio of p50 |");
    println!("|---|---|---|---|---|");
    let [short, long] = kept else { return };
    for ((name, few), (_, many)) in short.rows.iter().zip(&long.rows) {
        let ratio = many.p50.as_secs_f64() / few.p50.as_secs_f64();
        println!(
            "| {name} | {} | {} | {ratio:.1} |",
            few.brief(),
            many.brief()
        );
    }
    for (size, kept) in [few, many].iter().zip(kept) {
        println!("\n{size} orders:");
        for note in &kept.notes {
            println!("- {note}");
        }
    }
}
