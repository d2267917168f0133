//! The simulator's truth: every booking ever made, and where each instance stands.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A purchase at the vendor. A second one for the same line would be money spent twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Booking {
    pub(super) vendor: String,
    pub(super) instance: String,
    pub(super) product: String,
    pub(super) plan: String,
    pub(super) quantity: u64,
    pub(super) context: Value,
    /// `active`, `suspended` or `deleted`.
    pub(super) state: String,
    /// What was bought, to tell a repeat from another wish.
    pub(super) wanted: Value,
}

/// Work that was accepted and is not finished.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) name: String,
    /// Polls left; `None` never ends.
    pub(super) polls: Option<u32>,
    /// The vendor's words when it ends badly.
    pub(super) failure: Option<String>,
}

/// Bookings by vendor and instance, in memory and in a file that is rewritten whole.
pub(super) struct Ledger {
    bookings: BTreeMap<String, Booking>,
    pub(super) operations: BTreeMap<String, Operation>,
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
            file,
        })
    }

    pub(super) fn bookings(&self) -> Vec<&Booking> {
        self.bookings.values().collect()
    }

    pub(super) fn find(&mut self, vendor: &str, instance: &str) -> Option<&mut Booking> {
        self.bookings
            .get_mut(&key(vendor, instance))
            .filter(|booking| booking.state != "deleted")
    }

    /// Instance ids are never used again, also not after a deletion.
    pub(super) fn was_used(&self, vendor: &str, instance: &str) -> bool {
        self.bookings.contains_key(&key(vendor, instance))
    }

    pub(super) fn book(&mut self, booking: Booking) {
        self.bookings
            .insert(key(&booking.vendor, &booking.instance), booking);
        self.keep();
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
