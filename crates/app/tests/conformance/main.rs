//! Worlds of the simulation on real databases: what happened to the simulated one is done to SQLite and
//! PostgreSQL, by the product's own worker and operations, and has to leave the same after each step.
//!
//! One seed in 200; `CONFORMING=20` takes so many, and `CONFORMING_FROM=7` takes that seed first.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]
#![expect(clippy::print_stdout, reason = "what was compared is said aloud")]

mod compare;
mod people;
mod replay;
mod vendors;

use sqlx::Connection as _;
use tokio::runtime::Runtime;

use simulation::bug::Bug;

use self::replay::Replay;

/// Of so many seeds, one is compared.
const ONE_IN: u64 = 200;
/// Seeds in each run of CI.
const SEEDS: u64 = 3;

/// Bugs of the simulated worker that the product's does not have.
const OTHERWISE: [Bug; 4] = [
    Bug::EveryTaskAsks,
    Bug::RepeatUnrecorded,
    Bug::LostHoldHonored,
    Bug::SendingIsUnsent,
];

#[test]
fn sqlite_and_the_simulated_database_agree_after_each_step() {
    let name = format!("conformance_{}", std::process::id());
    let folder = std::env::temp_dir().join(&name);
    on_each_seed(async |seed| format!("sqlite://{}/{seed}.db", folder.display()));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn postgresql_and_the_simulated_database_agree_after_each_step() {
    #[expect(clippy::disallowed_methods, reason = "where the test server is")]
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return;
    };
    on_each_seed(async |seed| {
        let name = format!("conformance_{}_{seed}", std::process::id());
        let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        format!("{server}?options=-c%20search_path%3D{name}")
    });
}

#[test]
fn a_worker_that_does_otherwise_than_the_simulated_one_is_noticed() {
    let name = format!("conformance_otherwise_{}", std::process::id());
    let folder = std::env::temp_dir().join(&name);
    for bug in OTHERWISE {
        let replayed = async |seed| {
            let address = format!("sqlite://{}/{bug:?}-{seed}.db", folder.display());
            Replay::of(&simulation::record(seed, Some(bug)), &address).await
        };
        let noticed = runtime().block_on(async {
            for seed in 0..SEEDS {
                if let Err(what) = replayed(seed).await {
                    return Some((seed, what));
                }
            }
            None
        });
        let (seed, what) = noticed.unwrap_or_else(|| panic!("{bug:?} is not noticed"));
        println!(
            "{bug:?}: seed {seed}: {}",
            what.lines().last().unwrap_or("")
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Replays worlds, each on the empty database at an address that is made for it.
fn on_each_seed(address: impl AsyncFn(u64) -> String) {
    let runtime = runtime();
    let (from, count) = (asked("CONFORMING_FROM", 0), asked("CONFORMING", SEEDS));
    for seed in (0..count).map(|at| from + at * ONE_IN) {
        let recording = simulation::record(seed, None);
        assert_eq!(recording.end.violation, None, "seed {seed}");
        let replayed = runtime.block_on(async {
            let address = address(seed).await;
            Replay::of(&recording, &address).await
        });
        match replayed {
            Ok(count) => println!("seed {seed}: {count}"),
            Err(what) => panic!("seed {seed}: {what}"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much a trial takes is not a setting"
)]
fn asked(name: &str, usual: u64) -> u64 {
    let asked = std::env::var(name).ok();
    asked.map_or(usual, |count| count.parse().unwrap())
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().build().unwrap()
}
