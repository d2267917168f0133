//! Many orders in simulated worlds: more than the tests place in every run, built with optimization.

use anyhow::Result;

use crate::process;

/// Runs worlds from seed 0 on, or one world by its seed.
pub fn run(arguments: &[String]) -> Result<()> {
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
    process::run(&mut simulation)
}

/// What each run of CI tries: 20,000 orders, and that every planted bug is caught.
pub fn check() -> Result<()> {
    let mut tests = process::command("cargo");
    tests.args(["test", "--release", "--locked", "-p", "simulation"]);
    process::run(&mut tests)
}
