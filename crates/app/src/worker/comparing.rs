//! Comparisons with vendors, beside everything else: they take as long as vendors take to tell.

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::App;

/// A process that was just started has other things to do.
const FIRST_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How often it is looked whether one is due.
const PACE: SignedDuration = SignedDuration::from_mins(10);

/// One pass over all connections at a time; it ends with its worker, and a run that is cut off says so
/// when the next one begins.
pub(super) struct Comparing {
    running: JoinSet<()>,
    next: Timestamp,
}

impl From<Timestamp> for Comparing {
    fn from(started_at: Timestamp) -> Comparing {
        Comparing {
            running: JoinSet::new(),
            next: started_at + FIRST_AFTER,
        }
    }
}

impl Comparing {
    pub(super) fn begin_if_due(&mut self, app: &App) {
        let now = app.clock.now();
        while self.running.try_join_next().is_some() {}
        if now < self.next || !self.running.is_empty() {
            return;
        }
        self.next = now + PACE;
        let app = app.clone();
        self.running.spawn(async move {
            match app.reconcile_due().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "connections were compared with their vendors"),
                Err(error) => tracing::error!(%error, "vendors can't be compared with"),
            }
        });
    }
}
