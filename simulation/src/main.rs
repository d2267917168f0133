//! `cargo xtask simulate [orders] [--seed N]`: many worlds, or one.
#![expect(clippy::print_stdout, reason = "says what came of it")]

use std::process::ExitCode;
use std::time::Instant;

use simulation::{Report, run, run_many};

const USAGE: &str = "usage: simulation [orders] [--seed N] [--from N]";

struct Wanted {
    orders: u64,
    seed: Option<u64>,
    from: u64,
}

fn read(arguments: &[String]) -> Option<Wanted> {
    let mut wanted = Wanted {
        orders: 1_000_000,
        seed: None,
        from: 0,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => wanted.seed = Some(arguments.next()?.parse().ok()?),
            "--from" => wanted.from = arguments.next()?.parse().ok()?,
            orders => wanted.orders = orders.parse().ok()?,
        }
    }
    Some(wanted)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it took is told to a person, and decides nothing"
)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(wanted) = read(&arguments) else {
        println!("{USAGE}");
        return ExitCode::FAILURE;
    };
    if let Some(seed) = wanted.seed {
        return show(seed);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    let report = run_many(wanted.from, wanted.orders, threads);
    let seconds = start.elapsed().as_secs();
    for (what, count) in report.tally.lines() {
        println!("{count:>12}  {what}");
    }
    let Report {
        worlds,
        orders,
        events,
        trace,
        ..
    } = report;
    let from = wanted.from;
    println!("{orders} orders in {worlds} worlds from seed {from}, {events} events, {seconds} s");
    println!("trace {trace:016x}");
    if let Some((seed, what)) = report.violation {
        println!("FAILED: {what}\nagain: cargo xtask simulate --seed {seed}");
        return ExitCode::FAILURE;
    }
    let missing = report.tally.missing();
    if !missing.is_empty() && wanted.orders >= 20_000 {
        println!("FAILED: never happened: {}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    println!("0 bought twice, 0 lost, 0 wrong labels");
    ExitCode::SUCCESS
}

fn show(seed: u64) -> ExitCode {
    let end = run(seed, None);
    for (what, count) in end.tally.lines() {
        println!("{count:>12}  {what}");
    }
    println!(
        "{} orders, {} events, trace {:016x}",
        end.orders, end.events, end.trace
    );
    match end.violation {
        Some(what) => {
            println!("FAILED: {what}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
