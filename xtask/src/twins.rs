//! Many pairs of twin worlds: more than the tests compare in every run, built with optimization.

use anyhow::{Context, Result};

use crate::process::{self, OPTIMIZED};

/// Compares pairs, from a seed; a pair that differs is run again alone by naming its seed.
pub fn run(arguments: &[String]) -> Result<()> {
    let pairs = arguments.first().map_or("1000", String::as_str);
    let from = arguments.get(1).map_or("0", String::as_str);
    for number in [pairs, from] {
        let _: u64 = number
            .parse()
            .with_context(|| format!("`{number}` is no number"))?;
    }
    let mut tests = process::command("cargo");
    tests
        .arg("test")
        .args(OPTIMIZED)
        .args(["-p", "web", "--test", "it"])
        .args(["twins::worlds", "--", "--nocapture"])
        .env("TWINS", pairs)
        .env("TWINS_FROM", from);
    process::run(&mut tests)
}
