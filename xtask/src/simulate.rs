//! Many orders in simulated worlds: more than the tests place in every run, built with optimization; and some
//! of those worlds on real databases.

use anyhow::{Context, Result, bail};

use crate::postgres::Postgres;
use crate::process;
use crate::tools::Tools;

/// Of so many worlds one is put through real databases too, by its seed.
const ONE_IN: u64 = 200;
/// Orders of a world, about.
const ORDERS_PER_WORLD: u64 = 100;

/// Runs worlds from seed 0 on, or one world by its seed; then one of 200, or that one, on SQLite and
/// PostgreSQL.
pub fn run(arguments: &[String]) -> Result<()> {
    let (from, count) = compared(arguments)?;
    let mut simulation = process::command("cargo");
    simulation
        .args([
            "run",
            "--quiet",
            "--release",
            "--locked",
            "-p",
            "simulation",
            "--",
        ])
        .args(arguments);
    process::run(&mut simulation)?;
    let tools = Tools::prepare()?;
    let server = Postgres::start(&tools.postgres)?;
    let mut tests = process::command("cargo");
    tests
        .args(["test", "--locked", "--workspace", "--test", "conformance"])
        .args(["agree", "--", "--nocapture"])
        .env("CONFORMING_FROM", from.to_string())
        .env("CONFORMING", count.to_string())
        .env("TEST_POSTGRES_URL", server.url());
    process::run(&mut tests)
}

/// The first seed that is compared, and how many are.
fn compared(arguments: &[String]) -> Result<(u64, u64)> {
    let (mut orders, mut from) = (1_000_000, 0);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let typed = arguments.next().map_or("", String::as_str);
            let number = typed.parse::<u64>();
            number.with_context(|| format!("`{argument} {typed}` names no number"))
        };
        match argument.as_str() {
            "--seed" => return Ok((number()?, 1)),
            "--from" => from = number()?,
            typed => match typed.parse() {
                Ok(number) => orders = number,
                Err(_) => bail!("`{typed}` is no number of orders"),
            },
        }
    }
    let count = (orders / ORDERS_PER_WORLD).div_ceil(ONE_IN).max(1);
    Ok((from.next_multiple_of(ONE_IN), count))
}

/// What each run of CI tries: 20,000 orders, and that every planted bug is caught. Some of the worlds meet real
/// databases with the tests of `app`.
pub fn check() -> Result<()> {
    let mut tests = process::command("cargo");
    tests.args(["test", "--release", "--locked", "-p", "simulation"]);
    process::run(&mut tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(arguments: &[&str]) -> Option<(u64, u64)> {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        compared(&arguments).ok()
    }

    #[test]
    fn one_world_in_two_hundred_is_compared_or_the_one_that_is_named() {
        assert_eq!(seeds(&[]), Some((0, 50)));
        assert_eq!(seeds(&["20000"]), Some((0, 1)));
        assert_eq!(seeds(&["20001", "--from", "7"]), Some((200, 1)));
        assert_eq!(seeds(&["40100", "--from", "400"]), Some((400, 3)));
        assert_eq!(seeds(&["--seed", "7"]), Some((7, 1)));
        assert_eq!(seeds(&["--seed"]), None);
        assert_eq!(seeds(&["many"]), None);
    }
}
