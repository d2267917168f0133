//! The engine of `domain` in simulated worlds: a virtual clock, a database that can lose what it has not
//! synced, vendors of all six repeat classes with a truth of their own, workers that die and stand still,
//! and people. A seed is a world, and the same world each time.
#![expect(
    clippy::expect_used,
    reason = "what a world is made of is valid, or the simulation is wrong"
)]

pub mod bug;
pub mod connector;
pub mod dice;
pub mod faults;
pub mod journal;
pub mod made;
mod network;
pub mod people;
pub mod store;
pub mod tally;
mod truth;
pub mod vendor;
pub mod worker;
pub mod world;

use std::thread;

use self::bug::Bug;
use self::dice::mix;
use self::journal::Recording;
use self::tally::Tally;
use self::world::{End, World};

/// Orders of one world, about.
pub const ORDERS_PER_WORLD: u64 = 100;

/// What came of several worlds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Worlds.
    pub worlds: u64,
    /// Orders that were placed in them.
    pub orders: u64,
    /// Things that happened.
    pub events: u64,
    /// The same for the same seeds.
    pub trace: u64,
    /// What happened how often.
    pub tally: Tally,
    /// The first seed in which something happened that must not, and what.
    pub violation: Option<(u64, String)>,
}

impl Report {
    fn add(&mut self, seed: u64, end: &End) {
        self.worlds += 1;
        self.orders += end.orders;
        self.events += end.events;
        self.trace = mix(self.trace, end.trace);
        self.tally.add(&end.tally);
        if self.violation.is_none() {
            self.violation = end.violation.clone().map(|what| (seed, what));
        }
    }
}

/// The world of one seed.
pub fn run(seed: u64, bug: Option<Bug>) -> End {
    World::new(seed, ORDERS_PER_WORLD, bug).run()
}

/// The world of one seed, with all that happened to its database.
pub fn record(seed: u64, bug: Option<Bug>) -> Recording {
    World::new(seed, ORDERS_PER_WORLD, bug).run_recorded()
}

/// World after world from a seed on, until so many orders were placed or something happened that must not;
/// the report is the same however many threads make it.
pub fn run_many(from: u64, orders: u64, threads: usize) -> Report {
    let mut report = Report::default();
    let mut next = from;
    while report.orders < orders && report.violation.is_none() {
        let width = (threads.max(1) * 8) as u64;
        let ends = thread::scope(|scope| {
            let worker = |offset: usize| {
                scope.spawn(move || {
                    let seeds = (next..next + width).skip(offset).step_by(threads.max(1));
                    seeds
                        .map(|seed| (seed, run(seed, None)))
                        .collect::<Vec<_>>()
                })
            };
            let workers: Vec<_> = (0..threads.max(1)).map(worker).collect();
            let ends = workers.into_iter().map(|one| one.join().expect("a world"));
            let mut ends: Vec<(u64, End)> = ends.flatten().collect();
            ends.sort_by_key(|(seed, _)| *seed);
            ends
        });
        next += width;
        for (seed, end) in &ends {
            if report.orders < orders && report.violation.is_none() {
                report.add(*seed, end);
            }
        }
    }
    report
}

/// The first seed that shows a planted bug, of so many.
pub fn catch(bug: Bug, seeds: u64) -> Option<(u64, String)> {
    (0..seeds).find_map(|seed| run(seed, Some(bug)).violation.map(|what| (seed, what)))
}
