//! More deaths than every run of CI has time for: processes killed at named points, and power that fails.

use anyhow::{Result, ensure};

use crate::postgres::Postgres;
use crate::{process, tools};

/// Kills so often for each database and class, and cuts the power as often.
pub fn run(arguments: &[String]) -> Result<()> {
    let times = arguments.first().map_or("2000", String::as_str);
    let is_number = times.parse::<u32>().is_ok_and(|times| times > 0);
    ensure!(is_number, "`{times}` is no number of kills");
    let build = ["build", "--release", "--locked", "-p", "seatwright"];
    process::run(process::command("cargo").args(build))?;
    let server = Postgres::start(&tools::postgres()?)?;
    let mut trials = process::command("cargo");
    trials
        .args(["test", "--release", "--locked", "-p", "e2e", "--test", "it"])
        .args(["--", "--nocapture", "killed_", "caught", "storage::"])
        .env(
            "SEATWRIGHT_BIN",
            process::root().join("target/release/seatwright"),
        )
        .env("TEST_POSTGRES_URL", server.url())
        .env("CRASH_KILLS", times)
        .env("CRASH_POWER", times);
    process::run(&mut trials)
}
