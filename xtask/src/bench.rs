//! Measures the release build beside a bare baseline; nothing is asserted, a person reads it.

use anyhow::Result;

use crate::postgres::Postgres;
use crate::{process, tools};

/// Builds both, starts a PostgreSQL that syncs to disk, and prints the table.
pub fn run(arguments: &[String]) -> Result<()> {
    let orders = arguments.first().map_or("100000", String::as_str);
    let build = [
        "build",
        "--release",
        "--locked",
        "-p",
        "e2e",
        "-p",
        "seatwright",
    ];
    process::run(process::command("cargo").args([&build[..], &["--bins"]].concat()))?;
    let server = Postgres::start_durable(&tools::postgres()?)?;
    let release = process::root().join("target/release");
    let mut bench = process::command(release.join("bench"));
    bench.arg("run").arg(release.join("seatwright"));
    process::run(bench.arg(server.url()).arg(orders))
}
