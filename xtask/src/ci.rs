//! Every check there is, in the order in which a failure is cheapest to learn; all that CI runs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::postgres::Postgres;
use crate::tools::{self, Tools};
use crate::{generated, process, requirements, simulate, suites, tidy};

type Check = fn() -> Result<()>;

const STEPS: &[(&str, Check)] = &[
    ("format", || cargo(&["fmt", "--all", "--check"])),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("tools", tools::run),
    ("build", build),
    ("simulation", simulate::check),
    ("test", test),
    ("requirements", requirements::run),
    ("browser", browser),
    ("generated", || generated::check(&program())),
    ("documentation", documentation),
];

/// Runs every check, or those that are named, and stops at the first that fails, with its name.
pub fn run(wanted: &[String]) -> Result<()> {
    let known = |name: &String| STEPS.iter().any(|(step, _)| step == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!("no check `{unknown}`; there are {}", names.join(", "));
    }
    let mut durations = Vec::new();
    for (name, check) in STEPS {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            durations.push((*name, step(name, *check)?));
        }
    }
    let total: Duration = durations.iter().map(|(_, duration)| *duration).sum();
    let each: Vec<String> = durations
        .iter()
        .map(|(name, duration)| format!("{name} {}", seconds(*duration)))
        .collect();
    println!(
        "\n{} of {} checks passed in {}: {}.",
        durations.len(),
        STEPS.len(),
        seconds(total),
        each.join(", ")
    );
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a check took is told to a person, and decides nothing"
)]
fn step(name: &str, check: Check) -> Result<Duration> {
    println!("\n== {name}");
    let start = Instant::now();
    check().with_context(|| format!("the check `{name}` failed"))?;
    let duration = start.elapsed();
    println!("== {name} passed in {}", seconds(duration));
    Ok(duration)
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds / 60 {
        0 => format!("{seconds}s"),
        minutes => format!("{minutes}m {}s", seconds % 60),
    }
}

fn clippy() -> Result<()> {
    let what = ["clippy", "--workspace", "--all-targets", "--locked"];
    cargo(&[&what[..], &["--", "-D", "warnings"]].concat())
}

/// The same selection as `cargo test`: another one would choose other features and build twice.
fn build() -> Result<()> {
    cargo(&["build", "--workspace", "--bins", "--tests", "--locked"])
}

fn test() -> Result<()> {
    let tools = Tools::prepare()?;
    let server = Postgres::start(&tools.postgres)?;
    let settings = [
        ("INSTA_UPDATE", "no".to_owned()),
        ("SEATWRIGHT_BIN", program().display().to_string()),
        ("TEST_MOTO", tools.moto.display().to_string()),
        ("TEST_OSB_PYTHON", tools.broker_python.display().to_string()),
        ("TEST_POSTGRES_URL", server.url().to_owned()),
        ("TEST_PRISM", tools.prism.display().to_string()),
        ("TEST_WIREMOCK", tools.wiremock.display().to_string()),
    ];
    // Simulation was tried before, with optimization.
    let selection = ["--workspace", "--locked", "--exclude", "simulation"];
    suites::run(&selection, &settings)
}

/// The newcomer's way in a real browser, over the program that was just built.
fn browser() -> Result<()> {
    Tools::prepare()?;
    let mut tests = process::command("npm");
    tests.args(["test", "--prefix", "e2e/browser"]);
    process::run(tests.env("SEATWRIGHT_BIN", program()))
}

fn documentation() -> Result<()> {
    let mut command = process::command("cargo");
    command.args(["doc", "--workspace", "--no-deps", "--locked"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn program() -> PathBuf {
    process::root().join("target/debug/seatwright")
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(process::command("cargo").args(arguments))
}
