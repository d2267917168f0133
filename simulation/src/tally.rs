//! What happened, counted: a fault or a move that never came up was not tried.

use std::collections::BTreeMap;

/// How often each thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Counts one.
    pub fn count(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(what.to_owned(), 1)),
        }
    }

    /// Takes in another.
    pub fn add(&mut self, other: &Tally) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// How often.
    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Those of [`EXPECTED`] that never happened.
    pub fn missing(&self) -> Vec<&'static str> {
        EXPECTED
            .iter()
            .copied()
            .filter(|what| self.get(what) == 0)
            .collect()
    }

    /// Each thing with its number, by name.
    pub fn lines(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, count)| (what.as_str(), *count))
    }
}

/// What every run has to have met: each fault, each act of people, each move of a line.
pub const EXPECTED: &[&str] = &[
    "fault: request lost",
    "fault: answer lost",
    "fault: request late",
    "fault: request twice",
    "fault: answer late",
    "fault: connection refused",
    "fault: rate limit",
    "fault: unauthorized",
    "fault: outage",
    "fault: server error, not booked",
    "fault: server error, booked",
    "fault: garbage",
    "fault: wrong echo",
    "fault: refused",
    "fault: accepted",
    "fault: accepted, then refused",
    "fault: read lags",
    "fault: window over",
    "store: busy",
    "store: commit unknown, kept",
    "store: commit unknown, lost",
    "store: power loss with a tail",
    "worker: crash",
    "worker: crash in a call",
    "worker: pause",
    "worker: hold ran out before the call",
    "worker: hold lost before the answer",
    "worker: account paused",
    "worker: probe",
    "person: second click",
    "person: placed again after no answer",
    "person: retry",
    "person: gives up",
    "person: withdraws",
    "person: says booked",
    "person: says not booked",
    "person: approves",
    "person: rejects",
    "person: deletes",
    "person: restores",
    "person: suspends",
    "move: started -> queued",
    "move: started -> pending_approval",
    "move: started -> scheduled",
    "move: started -> finished",
    "move: started -> deleted",
    "move: deleted -> started",
    "move: pending_approval -> queued",
    "move: pending_approval -> rejected",
    "move: scheduled -> queued",
    "move: queued -> sending",
    "move: queued -> canceled",
    "move: queued -> failed",
    "move: sending -> queued",
    "move: sending -> checking",
    "move: sending -> accepted",
    "move: sending -> finished",
    "move: sending -> failed",
    "move: checking -> accepted",
    "move: checking -> finished",
    "move: checking -> failed",
    "move: accepted -> finished",
    "move: accepted -> failed",
    "move: failed -> queued",
];
