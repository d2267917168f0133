//! Faults by rule: which call is hit and what happens to it, the same for the same seed.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

/// Hits the calls that match, as often as it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Only this vendor's calls.
    #[serde(default)]
    pub(super) vendor: Option<String>,
    /// Only `provision`, `update`, `deprovision`, `fetch`, `last_operation` or `catalog`.
    #[serde(default)]
    pub(super) operation: Option<String>,
    /// Only calls whose instance id contains this.
    #[serde(default)]
    pub(super) instance_matches: Option<String>,
    /// Percent of the matching calls; all when absent.
    #[serde(default)]
    pub(super) percent: Option<u64>,
    /// Matching calls that pass first.
    #[serde(default)]
    pub(super) skip: u64,
    /// Hits before the rule is spent; unlimited when absent.
    #[serde(default)]
    pub(super) times: Option<u64>,
    /// What happens.
    pub(super) action: Action,
}

/// What happens to a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Action {
    /// No answer and nothing booked.
    DropBefore,
    /// Booked, and no answer.
    DropAfter,
    /// Booked at once, and answered late.
    Delay {
        /// How late.
        ms: u64,
    },
    /// Booked or not, and answered with a status and a body of choice.
    Answer {
        /// HTTP status.
        status: u16,
        /// The body, as it is.
        #[serde(default)]
        body: String,
        /// The body is sent this many times over; once when absent.
        #[serde(default)]
        repeat: Option<usize>,
        /// `Retry-After`, as it is.
        #[serde(default)]
        retry_after: Option<String>,
        /// Whether the work is done all the same.
        #[serde(default)]
        booked: bool,
    },
    /// Accepted; done after so many polls, or never.
    Async {
        /// Polls until it is done.
        #[serde(default)]
        polls: Option<u32>,
    },
    /// Accepted; after so many polls the vendor says that it failed, and keeps nothing.
    FailAsync {
        /// Polls until it fails.
        polls: u32,
        /// The vendor's words.
        description: String,
    },
    /// Ends the victim with SIGKILL.
    Kill {
        /// When.
        at: KillPoint,
    },
}

/// When the victim dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillPoint {
    /// The request has arrived; nothing is booked.
    BeforeBooking,
    /// Booked; the answer is not sent.
    AfterBooking,
    /// Booked, and the answer handed out a moment before.
    AfterAnswer,
}

/// The rules, and how often each matched and hit.
pub(super) struct Faults {
    seed: u64,
    rules: Vec<(Rule, u64, u64)>,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Faults {
        Faults {
            seed,
            rules: Vec::new(),
        }
    }

    pub(super) fn set(&mut self, rules: Vec<Rule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0, 0)).collect();
    }

    pub(super) fn rules(&self) -> Vec<&Rule> {
        self.rules.iter().map(|(rule, _, _)| rule).collect()
    }

    /// What happens to a call: the first rule that hits.
    pub(super) fn hit(&mut self, vendor: &str, instance: &str, operation: &str) -> Option<Action> {
        let seed = self.seed;
        self.rules
            .iter_mut()
            .enumerate()
            .find_map(|(index, (rule, matched, hits))| {
                let is_match = rule.vendor.as_deref().is_none_or(|name| name == vendor)
                    && rule
                        .operation
                        .as_deref()
                        .is_none_or(|name| name == operation)
                    && rule
                        .instance_matches
                        .as_deref()
                        .is_none_or(|part| instance.contains(part));
                if !is_match || rule.times.is_some_and(|times| *hits >= times) {
                    return None;
                }
                *matched += 1;
                let is_hit = *matched > rule.skip
                    && rule
                        .percent
                        .is_none_or(|percent| draw(seed, index, *matched) < percent);
                *hits += u64::from(is_hit);
                is_hit.then(|| rule.action.clone())
            })
    }
}

fn draw(seed: u64, rule: usize, count: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, rule, count).hash(&mut hasher);
    hasher.finish() % 100
}
