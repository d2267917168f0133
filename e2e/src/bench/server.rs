//! A server as a process of its own, asked by HTTP, and what its answers take.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::RequestBuilder;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Ends with its value.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
    /// From the start of the process to the first answer.
    pub start: Duration,
}

impl Server {
    pub async fn start(program: &str, arguments: &[&str]) -> Result<Server> {
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

    /// A look at its memory.
    pub fn resident_mb(&self) -> Result<u64> {
        resident_mb(self.id()?)
    }

    pub fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }
}

/// What a process has in memory, of its own and of files.
pub fn resident_mb(id: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmRSS")?
        .parse()?;
    Ok(kilobytes / 1024)
}

pub async fn stopwatch<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

/// The time to the last byte, and the answer.
pub async fn timed(request: RequestBuilder) -> Result<(Duration, Value)> {
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

/// How long many answers took.
pub struct Figures {
    pub p50: Duration,
    pub p95: Duration,
    per_second: f64,
}

impl Figures {
    pub fn of(mut times: Vec<Duration>, took: Duration) -> Figures {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        Figures {
            p50: at(50),
            p95: at(95),
            per_second: times.len() as f64 / took.as_secs_f64(),
        }
    }

    /// Without the rate.
    pub fn brief(&self) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        format!("{:.1} / {:.1}", ms(self.p50), ms(self.p95))
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (p50, p95) = (ms(self.p50), ms(self.p95));
        write!(f, "{p50:.1} ms / {p95:.1} ms / {:.0}", self.per_second)
    }
}
