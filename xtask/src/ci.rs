//! Every check there is, in the order in which a failure is cheapest to learn; all that CI runs.

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::{process, tools};

/// Runs every check and stops at the first that fails, with its name.
pub fn run() -> Result<()> {
    step("format", || cargo(&["fmt", "--all", "--check"], &[]))?;
    step("clippy", || {
        let all = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        cargo(&all, &[])
    })?;
    let (python, prism) = (tools::broker_python()?, tools::prism()?);
    let server = Postgres::start(&tools::postgres()?)?;
    step("test", || {
        let mut tests = process::command("cargo");
        tests
            .args(["test", "--workspace", "--locked"])
            .env("INSTA_UPDATE", "no");
        tests.env("TEST_POSTGRES_URL", server.url());
        process::run(
            tests
                .env("TEST_OSB_PYTHON", &python)
                .env("TEST_PRISM", &prism),
        )
    })?;
    drop(server);
    step("browser", browser)?;
    step("documentation", || {
        let strict = [("RUSTDOCFLAGS", "-D warnings")];
        cargo(&["doc", "--workspace", "--no-deps", "--locked"], &strict)
    })?;
    println!("\nEvery check passed.");
    Ok(())
}

/// The newcomer's way in a real browser, over the program that was just built.
fn browser() -> Result<()> {
    tools::chromium()?;
    tools::npm("e2e/browser")?;
    cargo(&["build", "--locked", "--package", "seatwright"], &[])?;
    let mut tests = process::command("npm");
    tests.args(["test", "--prefix", "e2e/browser"]);
    process::run(tests.env(
        "SEATWRIGHT_BIN",
        process::root().join("target/debug/seatwright"),
    ))
}

fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {name}");
    check().with_context(|| format!("the check `{name}` failed"))
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let mut command = process::command("cargo");
    command.args(arguments).envs(environment.iter().copied());
    process::run(&mut command)
}
