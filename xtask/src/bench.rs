//! Measures the release build; nothing is asserted, a person reads it.

use std::fs;

use anyhow::Result;

use crate::postgres::Postgres;
use crate::process::{self, OPTIMIZED};
use crate::tools;

/// Builds, starts a PostgreSQL that syncs to disk, and prints the tables.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut build = process::command("cargo");
    build.arg("build").args(OPTIMIZED);
    process::run(build.args(["--bins", "--tests"]))?;
    let server = Postgres::start_durable(&tools::postgres()?)?;
    match arguments.split_first() {
        Some((name, rest)) if name == "lists" => lists(&server, rest),
        _ => beside(&server, arguments),
    }
}

/// Beside a bare baseline.
fn beside(server: &Postgres, arguments: &[String]) -> Result<()> {
    let orders = arguments.first().map_or("100000", String::as_str);
    let release = process::root().join("target/release");
    let mut bench = process::command(release.join("bench"));
    bench.arg("run").arg(release.join("seatwright"));
    process::run(bench.arg(server.url()).arg(orders))
}

/// How lists grow.
fn lists(server: &Postgres, arguments: &[String]) -> Result<()> {
    let orders = arguments.first().map_or("1000000", String::as_str);
    let release = process::root().join("target/release");
    let folder = process::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let mut bench = process::command(release.join("bench"));
    bench.arg("lists").arg(release.join("seatwright"));
    bench.arg(server.url()).arg(&folder);
    let measured = process::run(bench.args(["10000", orders]));
    fs::remove_dir_all(&folder)?;
    measured
}
