//! The time by which work is taken up, where the machine's clock can be believed.

use std::time::Duration;

use domain::provisioning::watch::{Doubt, Watch};
use jiff::Timestamp;

use crate::{App, Error};

/// How often the database's clock is looked at while both agree.
const PACE: Duration = Duration::from_secs(60);

/// Watches the clock of one worker.
#[derive(Default)]
pub(super) struct Watching {
    watch: Watch,
    next: Duration,
    doubt: Option<Doubt>,
}

impl Watching {
    /// The present instant; `None` while nothing is to be taken up by it.
    pub(super) async fn now(&mut self, app: &App) -> Result<Option<Timestamp>, Error> {
        let Some(steady) = app.clock.steady() else {
            return Ok(Some(app.clock.now()));
        };
        let mut database = None;
        if self.doubt.is_some() || steady >= self.next {
            database = app.store.clock().await?;
            self.next = steady.saturating_add(PACE);
        }
        let now = app.clock.now();
        let doubt = self
            .watch
            .look(now, app.clock.steady().unwrap_or(steady), database);
        if doubt.map(tag) != self.doubt.map(tag) {
            tell(doubt, now);
        }
        self.doubt = doubt;
        Ok(doubt.is_none().then_some(now))
    }
}

fn tag(doubt: Doubt) -> std::mem::Discriminant<Doubt> {
    std::mem::discriminant(&doubt)
}

fn tell(doubt: Option<Doubt>, now: Timestamp) {
    match doubt {
        Some(Doubt::WasSet(by)) => {
            tracing::warn!(%now, %by, "the clock was set; no vendor is asked for a minute");
        }
        Some(Doubt::IsApart(by)) => {
            tracing::error!(%now, %by, "the clock is not the database's; no vendor is asked until it is right");
        }
        Some(Doubt::WasNeverSet) => {
            tracing::error!(%now, "the clock was never set; no vendor is asked until it is right");
        }
        None => tracing::info!(%now, "the clock is right; vendors are asked again"),
    }
}
