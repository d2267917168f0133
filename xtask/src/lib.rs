//! The project's toolbox, run as `cargo xtask <command>`; nothing in it is shipped. Tests take servers from it.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool answers on standard output"
)]

mod bench;
mod ci;
mod crash;
mod generated;
pub mod postgres;
mod prices;
mod process;
mod requirements;
mod simulate;
mod suites;
mod tidy;
mod tools;
mod twins;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <command>

  ci [check …]             every check, or those named; what CI runs
  tidy                     the house rules that no other tool knows
  tools                    find or install what the tests need beyond Rust
  bench [orders]           speed and size beside a bare baseline, with 100,000 orders unless said
  bench lists [orders]     lists of 10,000 orders and of 1,000,000 unless said
  crash [kills [trial …]]  processes killed at named points and power cuts, 2,000 of each database
                           and repeat class unless said; all trials, or those named in part
  requirements             docs/requirements.md names a test for each row, and each of them runs
  prices [carts [from]]    random carts against a second calculation, 1,000,000 unless said
  simulate [orders] [--seed N]
                           orders in simulated worlds that fail, 1,000,000 unless said; or one world.
                           One world in 200, or that one, is put through both databases too
  twins [pairs [from]]     pairs of worlds that differ in hidden facts alone, 1,000 unless said
  postgres [-- command …]  start a throw-away PostgreSQL, run the command with TEST_POSTGRES_URL
";

/// Does what a command line says.
pub fn run(arguments: &[String]) -> Result<()> {
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", arguments),
    };
    let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
    match name {
        "ci" => ci::run(rest),
        "tidy" => tidy::run(),
        "tools" => tools::run(),
        "postgres" => postgres::run_with(&tools::postgres()?, rest),
        "bench" => bench::run(rest),
        "requirements" => requirements::run(),
        "crash" => crash::run(rest),
        "simulate" => simulate::run(rest),
        "twins" => twins::run(rest),
        "prices" => prices::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("no command `{unknown}`\n\n{HELP}"),
    }
}
