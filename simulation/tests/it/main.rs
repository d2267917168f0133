//! The simulation is held against itself: seeds replay, nothing is found in the engine, and every planted
//! bug is caught.

use simulation::bug::Bug;
use simulation::{catch, run, run_many};

/// Seeds within which a planted bug has to be caught.
const SEEDS: u64 = 120;

#[test]
fn a_seed_is_the_same_world_each_time_and_another_seed_another() {
    for seed in 0..20 {
        assert_eq!(run(seed, None), run(seed, None), "seed {seed}");
        assert_ne!(run(seed, None).trace, run(seed + 1, None).trace);
    }
    let (one, three) = (run_many(7, 2_000, 1), run_many(7, 2_000, 3));
    assert_eq!(
        (one.trace, one.orders),
        (three.trace, three.orders),
        "threads change nothing"
    );
}

#[test]
fn nothing_is_bought_twice_lost_or_labeled_wrongly_and_every_fault_was_tried() {
    let report = run_many(0, 20_000, 2);
    assert_eq!(
        report.violation, None,
        "again: cargo xtask simulate --seed N"
    );
    assert_eq!(report.tally.missing(), Vec::<&str>::new());
    assert!(report.orders >= 20_000);
}

#[test]
fn every_planted_bug_is_caught() {
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| match catch(*bug, SEEDS) {
            Some((seed, what)) => {
                println!("{bug:?}: seed {seed}: {what}");
                false
            }
            None => true,
        })
        .collect();
    assert_eq!(missed, Vec::new(), "within {SEEDS} seeds");
}
