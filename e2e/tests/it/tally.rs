//! What trials come to: told while they go on, and written down for the table of `cargo xtask crash`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

/// How often a trial says how far it is.
const PACE: Duration = Duration::from_secs(30);

/// Orders that are under way at a time: what waits for its vendor's pace leaves the others something to die of.
pub(crate) const OPEN_MAX: usize = 60;

/// A trial that goes on.
pub(crate) struct Tally {
    trial: String,
    database: &'static str,
    begun: Instant,
    told: Instant,
}

/// What a trial came to.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Processes that ended, by the point at which they were to.
    pub(crate) deaths: BTreeMap<String, u64>,
    /// Orders that were acknowledged.
    pub(crate) orders: usize,
    /// What the vendor has carried out.
    pub(crate) booked: usize,
    /// Of what was ordered, how much the vendor carried out more often than once.
    pub(crate) doubles: usize,
    /// Of what was ordered, how much it never carried out, though nobody said so.
    pub(crate) losses: usize,
    /// Orders whose doubts are a person's to decide.
    pub(crate) left: usize,
    /// Orders that were set aside, and that a person let run again.
    pub(crate) run_again: usize,
}

impl Tally {
    pub(crate) fn new(trial: impl Into<String>, database: &str) -> Tally {
        let now = Instant::now();
        Tally {
            trial: trial.into(),
            database: match database.starts_with("sqlite") {
                true => "SQLite",
                false => "PostgreSQL",
            },
            begun: now,
            told: now,
        }
    }

    /// Says how far it is, now and then.
    pub(crate) fn tell(&mut self, done: u64, of: u64, orders: usize) {
        if self.told.elapsed() >= PACE {
            self.told = Instant::now();
            let (trial, database) = (&self.trial, self.database);
            let seconds = self.begun.elapsed().as_secs();
            println!("… {trial} on {database}: {done} of {of} kills, {orders} orders, {seconds} s");
        }
    }

    /// Says what came of it, and writes it down where `CRASH_TABLE` says.
    pub(crate) fn end(&self, outcome: &Outcome) {
        let kills: u64 = outcome.deaths.values().sum();
        let at = outcome.deaths.iter();
        let at: Vec<String> = at.map(|(at, count)| format!("{count} {at}")).collect();
        let seconds = self.begun.elapsed().as_secs();
        println!(
            "{} on {}: {} orders, {} bookings, {} doubles, {} losses, {} left to people, {} run again; \
             {kills} kills ({}) in {seconds} s; without a fault below 3/{kills} with 95 % certainty",
            self.trial,
            self.database,
            outcome.orders,
            outcome.booked,
            outcome.doubles,
            outcome.losses,
            outcome.left,
            outcome.run_again,
            at.join(", "),
        );
        let Ok(table) = std::env::var("CRASH_TABLE") else {
            return;
        };
        let row = json!({
            "trial": self.trial, "database": self.database, "kills": kills, "orders": outcome.orders,
            "bookings": outcome.booked, "doubles": outcome.doubles, "losses": outcome.losses,
            "left to people": outcome.left, "run again": outcome.run_again, "seconds": seconds,
        });
        let mut table = File::options()
            .append(true)
            .create(true)
            .open(table)
            .unwrap();
        table.write_all(format!("{row}\n").as_bytes()).unwrap();
    }
}

/// How long a trial waits for an order: as long as anything happens, however slow the machine is. Seconds say
/// nothing on a machine that is busy; looks that were answered and saw nothing new do.
pub(crate) struct Patience<S> {
    seen: Option<S>,
    idle: u32,
}

impl<S: PartialEq> Patience<S> {
    /// Looks in a row that see nothing happen. The longest that nothing happens by right is a hold of a minute
    /// and a wait of another.
    const IDLE_MAX: u32 = 6_000;
    /// After so many, and again after as many more, a person would look after the order.
    const LOOKED_AFTER: u32 = 400;

    pub(crate) fn new() -> Patience<S> {
        Patience {
            seen: None,
            idle: 0,
        }
    }

    /// Takes note of what is seen, and waits a little; whether a person would look after it now.
    pub(crate) async fn wait(&mut self, seen: S, what: impl std::fmt::Display) -> bool {
        match self.seen.as_ref() == Some(&seen) {
            true => self.idle += 1,
            false => (self.seen, self.idle) = (Some(seen), 0),
        }
        assert!(
            self.idle < Self::IDLE_MAX,
            "nothing happens any more: {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.idle > 0 && self.idle.is_multiple_of(Self::LOOKED_AFTER)
    }
}
