//! The simulator's truth: every booking ever made, and where each instance stands.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A purchase at the vendor. A second one for the same line would be money spent twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Booking {
    /// Bookings count up, so that the newest can be listed last.
    #[serde(default)]
    pub(super) number: u64,
    pub(super) vendor: String,
    pub(super) instance: String,
    pub(super) product: String,
    pub(super) plan: String,
    pub(super) quantity: u64,
    pub(super) context: Value,
    /// The request identity that bought it.
    #[serde(default)]
    pub(super) key: String,
    pub(super) state: State,
    /// What else it was told: term, cycle, add-ons, renewal, answers of a form.
    #[serde(default)]
    pub(super) terms: Map<String, Value>,
    /// What was bought, to tell a repeat from another wish.
    pub(super) wanted: Value,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Active,
    Suspended,
    Deleted,
}

/// What becomes otherwise without an order; what is absent stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drift {
    vendor: String,
    instance: String,
    #[serde(default)]
    quantity: Option<u64>,
    #[serde(default)]
    state: Option<State>,
    /// Term, renewal, tenant, as an update would tell them.
    #[serde(default)]
    terms: Map<String, Value>,
}

/// Work that was accepted and is not finished.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Polls left; `None` never ends.
    pub(super) polls: Option<u32>,
    /// The vendor's words when it ends badly.
    pub(super) failure: Option<String>,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Provision,
    /// Carries what the instance was before, to undo a failure.
    Update {
        before: Box<Booking>,
    },
    Deprovision,
}

/// Where an operation is when it is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    InProgress,
    Succeeded,
    Gone,
    Failed(String),
}

/// Bookings by vendor and instance, in memory and in a file that is rewritten whole.
pub(super) struct Ledger {
    bookings: BTreeMap<String, Booking>,
    pub(super) operations: BTreeMap<String, Operation>,
    started: u64,
    file: Option<PathBuf>,
}

impl Ledger {
    pub(super) fn open(file: Option<PathBuf>) -> std::io::Result<Ledger> {
        let bookings = match file.as_deref().map(std::fs::read) {
            Some(Ok(text)) => serde_json::from_slice(&text)?,
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Some(Err(_)) | None => BTreeMap::new(),
        };
        Ok(Ledger {
            bookings,
            operations: BTreeMap::new(),
            started: 0,
            file,
        })
    }

    /// Every booking, newest last; `bookings` says how often its line was bought from the vendor.
    pub(super) fn truth(&self) -> Vec<Value> {
        let line = |booking: &Booking| booking.context["line"].clone();
        let mut times: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for booking in self.bookings.values() {
            *times
                .entry((&booking.vendor, line(booking).to_string()))
                .or_default() += 1;
        }
        let mut newest_last: Vec<&Booking> = self.bookings.values().collect();
        newest_last.sort_by_key(|booking| booking.number);
        let row = |booking: &Booking| {
            json!({
                "vendor": booking.vendor, "instance": booking.instance, "product": booking.product,
                "plan": booking.plan, "quantity": booking.quantity, "state": booking.state,
                "terms": booking.terms,
                "organization": booking.context["organization"],
                "order": booking.context["order"], "line": line(booking), "key": booking.key,
                "bookings": times[&(booking.vendor.as_str(), line(booking).to_string())],
                "context": booking.context, "wanted": booking.wanted,
            })
        };
        newest_last.into_iter().map(row).collect()
    }

    pub(super) fn find(&mut self, vendor: &str, instance: &str) -> Option<&mut Booking> {
        self.bookings
            .get_mut(&key(vendor, instance))
            .filter(|booking| booking.state != State::Deleted)
    }

    /// Whether there is such a booking.
    pub(super) fn drift(&mut self, drift: Drift) -> bool {
        let Some(booking) = self.bookings.get_mut(&key(&drift.vendor, &drift.instance)) else {
            return false;
        };
        booking.quantity = drift.quantity.unwrap_or(booking.quantity);
        booking.state = drift.state.unwrap_or(booking.state);
        booking.terms.extend(drift.terms);
        self.keep();
        true
    }

    /// Instance ids are never used again, also not after a deletion.
    pub(super) fn was_used(&self, vendor: &str, instance: &str) -> bool {
        self.bookings.contains_key(&key(vendor, instance))
    }

    pub(super) fn book(&mut self, booking: Booking) {
        // None is ever removed by itself.
        let number = self.bookings.len() as u64 + 1;
        self.bookings.insert(
            key(&booking.vendor, &booking.instance),
            Booking { number, ..booking },
        );
        self.keep();
    }

    /// The operation's name; it has what a careless client would not encode.
    pub(super) fn start(
        &mut self,
        at: String,
        kind: Kind,
        polls: Option<u32>,
        failure: Option<String>,
    ) -> String {
        self.started += 1;
        let name = format!("work #{} & more/{at}", self.started);
        let operation = Operation {
            name: name.clone(),
            kind,
            polls,
            failure,
        };
        self.operations.insert(at, operation);
        name
    }

    /// One poll's worth of progress on whatever is under way.
    pub(super) fn advance(&mut self, at: &str) -> Step {
        let booking = self.bookings.get(at);
        let is_there = booking.is_some_and(|booking| booking.state != State::Deleted);
        match self.operations.get_mut(at).map(|o| o.polls.as_mut()) {
            None if is_there => return Step::Succeeded,
            None => return Step::Gone,
            Some(None) => return Step::InProgress,
            Some(Some(0)) => {}
            Some(Some(left)) => {
                *left -= 1;
                return Step::InProgress;
            }
        }
        let Some(operation) = self.operations.remove(at) else {
            return Step::Gone;
        };
        let step = self.finish(at, &operation);
        self.keep();
        step
    }

    fn finish(&mut self, at: &str, operation: &Operation) -> Step {
        let Some(booking) = self.bookings.get_mut(at) else {
            return Step::Gone;
        };
        match (&operation.kind, &operation.failure) {
            (Kind::Provision | Kind::Update { .. }, None) => Step::Succeeded,
            (Kind::Deprovision, None) => {
                booking.state = State::Deleted;
                Step::Gone
            }
            (kind, Some(words)) => {
                match kind {
                    // A vendor that keeps nothing of what it could not finish.
                    Kind::Provision => booking.state = State::Deleted,
                    Kind::Update { before } => *booking = (**before).clone(),
                    Kind::Deprovision => {}
                }
                Step::Failed(words.clone())
            }
        }
    }

    /// Lets operations that never end, end: faults are healed.
    pub(super) fn release(&mut self) {
        for operation in self.operations.values_mut() {
            operation.polls = operation.polls.or(Some(0));
        }
    }

    pub(super) fn clear(&mut self) {
        self.bookings.clear();
        self.operations.clear();
        self.keep();
    }

    /// Writes the file anew; the rename makes it whole or not at all.
    pub(super) fn keep(&self) {
        let Some(path) = &self.file else { return };
        let new = path.with_extension("new");
        let written = std::fs::File::create(&new)
            .and_then(|mut file| file.write_all(&serde_json::to_vec(&self.bookings)?))
            .and_then(|()| std::fs::rename(&new, path));
        if let Err(error) = written {
            tracing::error!(%error, "the simulator can't keep its bookings");
        }
    }
}

pub(super) fn key(vendor: &str, instance: &str) -> String {
    format!("{vendor}/{instance}")
}
