//! Many random carts against a second calculation: more than the tests compare in every run, built with
//! optimization.

use anyhow::{Context, Result};

use crate::process;

/// Compares carts, from a seed; a cart that differs is run again alone by naming its seed.
pub fn run(arguments: &[String]) -> Result<()> {
    let carts = arguments.first().map_or("1000000", String::as_str);
    let from = arguments.get(1).map_or("0", String::as_str);
    for number in [carts, from] {
        let _: u64 = number
            .parse()
            .with_context(|| format!("`{number}` is no number"))?;
    }
    let mut tests = process::command("cargo");
    tests
        .args([
            "test",
            "--release",
            "--locked",
            "-p",
            "domain",
            "--test",
            "it",
        ])
        .args(["prices::", "--", "--nocapture"])
        .env("PRICES", carts)
        .env("PRICES_FROM", from);
    process::run(&mut tests)
}
