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

use self::replay::{Count, Replay};

/// Of so many seeds, one is compared.
const ONE_IN: usize = 200;
/// Seeds in each run of CI.
const SEEDS: u64 = 3;

#[test]
fn real_databases_and_the_simulated_one_agree_after_each_step() {
    let from = asked("CONFORMING_FROM", 0);
    for seed in (from..)
        .step_by(ONE_IN)
        .take(asked("CONFORMING", SEEDS) as usize)
    {
        let recording = simulation::record(seed);
        assert_eq!(recording.end.violation, None, "seed {seed}");
        let replayed = |address: String| {
            let recording = &recording;
            async move { Replay::of(recording, &address).await }
        };
        on_each_database(seed, replayed);
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

fn on_each_database<F>(seed: u64, replayed: impl Fn(String) -> F)
where
    F: Future<Output = Result<Count, String>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let name = format!("conformance_{}_{seed}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        let address = format!("sqlite://{}/test.db", folder.display());
        tell(seed, "SQLite", replayed(address).await);
        std::fs::remove_dir_all(folder).unwrap();
        #[expect(clippy::disallowed_methods, reason = "where the test server is")]
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
            return;
        };
        let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        let address = format!("{server}?options=-c%20search_path%3D{name}");
        tell(seed, "PostgreSQL", replayed(address).await);
    });
}

fn tell(seed: u64, database: &str, found: Result<Count, String>) {
    match found {
        Ok(count) => println!("seed {seed} on {database}: {count}"),
        Err(what) => panic!("seed {seed} on {database}: {what}"),
    }
}
