//! The real program, killed while it works; the simulators' truth is the judge.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what is left out is said aloud")]
#![expect(
    clippy::disallowed_methods,
    reason = "where the program and the server are"
)]

mod changes;
mod databases;
mod events;
mod failover;
mod jobs;
mod line;
mod moves;
mod outage;
mod partner_center;
mod partner_desk;
mod purchases;
mod storage;
mod tally;
mod vendors;

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The server that can die at the worker's points, and can work wrongly.
const VICTIM: &str = env!("CARGO_BIN_EXE_victim");

/// Starts a command that prints where it listens.
async fn start(program: &str, arguments: &[&str]) -> (Child, String) {
    let mut command = Command::new(program);
    command.args(arguments);
    listening(command).await
}

async fn listening(mut command: Command) -> (Child, String) {
    let mut child = command
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .next_line()
        .await
        .unwrap()
        .expect("the command says where it listens");
    let address = line.split(' ').next_back().unwrap().to_owned();
    (child, address)
}

async fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Lets orders run again at once that were set aside: many processes in a row died while they had them in hand,
/// whatever they died of, and they would be tried once an hour. How many of these were, and somebody answered.
async fn let_run_again(
    http: &reqwest::Client,
    address: &str,
    token: &str,
    numbers: &[u64],
) -> usize {
    let mut count = 0;
    for number in numbers {
        let run = format!("{address}/api/v1/desk/orders/fern/{number}/run");
        let answer = http.post(run).bearer_auth(token).send().await;
        count += usize::from(answer.is_ok_and(|answer| answer.status().is_success()));
    }
    count
}

/// The program that `cargo xtask ci` has built.
fn program() -> Option<String> {
    let program = std::env::var("SEATWRIGHT_BIN").ok();
    if program.is_none() {
        println!("NOT TESTED: SEATWRIGHT_BIN is not set");
    }
    program
}
