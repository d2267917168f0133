//! More deaths than every run of CI has time for: processes killed at named points, and power that fails.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::postgres::Postgres;
use crate::process::{self, OPTIMIZED};
use crate::tools;

/// What is tried where nobody names anything.
const TRIALS: [&str; 3] = ["killed_", "caught", "storage::"];
/// Trials at the same time, for each core: they wait for processes, vendors and holds most of the time.
const TRIALS_PER_CORE: usize = 4;
const COLUMNS: [&str; 10] = [
    "trial",
    "database",
    "kills",
    "orders",
    "bookings",
    "doubles",
    "losses",
    "left to people",
    "run again",
    "seconds",
];

/// Kills so often for each database and class, and cuts the power as often: all of them, or those whose names
/// hold one of the words that are given.
pub fn run(arguments: &[String]) -> Result<()> {
    let (times, names) = match arguments.split_first() {
        Some((times, names)) => (times.as_str(), names),
        None => ("2000", arguments),
    };
    let is_number = times.parse::<u32>().is_ok_and(|times| times > 0);
    ensure!(is_number, "`{times}` is no number of kills");
    process::run(
        process::command("cargo")
            .arg("build")
            .args(OPTIMIZED)
            .args(["--bins", "--tests"]),
    )?;
    let server = Postgres::start(&tools::postgres()?)?;
    let table = Table::new()?;
    let cores = available_parallelism().map_or(2, NonZeroUsize::get);
    let mut trials = process::command("cargo");
    trials
        .arg("test")
        .args(OPTIMIZED)
        .args(["--test", "it", "--", "--nocapture"])
        .env("RUST_TEST_THREADS", (TRIALS_PER_CORE * cores).to_string())
        .env(
            "SEATWRIGHT_BIN",
            process::root().join("target/release/seatwright"),
        )
        .env("TEST_POSTGRES_URL", server.url())
        .env("CRASH_TABLE", &table.0)
        .env("CRASH_KILLS", times)
        .env("CRASH_POWER", times);
    match names {
        [] => trials.args(TRIALS),
        names => trials.args(names),
    };
    let tried = process::run(&mut trials);
    println!("\n{}", table.read()?);
    tried
}

/// A file to which each trial adds what it came to, as JSON; gone with this.
struct Table(PathBuf);

impl Table {
    fn new() -> Result<Table> {
        let name = format!("seatwright-crash-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "").with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Table(path))
    }

    fn read(&self) -> Result<String> {
        written(&fs::read_to_string(&self.0)?)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// The table as `docs/reliability.md` has it.
fn written(lines: &str) -> Result<String> {
    let mut rows = Vec::new();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line)?;
        let cell = |column: &&str| match &row[*column] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        rows.push(COLUMNS.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    rows.sort_unstable();
    let rule = ["---"; COLUMNS.len()];
    let head = [COLUMNS.join(" | "), rule.join(" | ")];
    let lines = head.iter().chain(&rows);
    Ok(lines.map(|line| format!("| {line} |\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trials_came_to_is_a_table() {
        let row = |trial: &str, database: &str| {
            serde_json::json!({"trial": trial, "database": database, "kills": 2, "orders": 3,
                "bookings": 3, "doubles": 0, "losses": 0, "left to people": 1, "run again": 0, "seconds": 9})
        };
        let lines = format!(
            "{}\n{}\n",
            row("once", "SQLite"),
            row("keyed", "PostgreSQL")
        );
        let table = written(&lines).unwrap();
        assert!(table.ends_with(
            "| keyed | PostgreSQL | 2 | 3 | 3 | 0 | 0 | 1 | 0 | 9 |\n\
             | once | SQLite | 2 | 3 | 3 | 0 | 0 | 1 | 0 | 9 |\n"
        ));
        assert_eq!(table.lines().count(), 4);
        assert!(written("not JSON").is_err());
    }
}
