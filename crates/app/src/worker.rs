//! The worker: takes due tasks up, several at a time, and lets nobody wait for another's vendor.
//!
//! What is to be done is decided by `domain::provisioning::engine`. Between a task's two short transactions
//! nothing is locked. A worker that dies leaves its line as *sending*; the next one finds it so and asks
//! the vendor what became of it, instead of buying again.

mod comparing;
mod lanes;
mod request;
mod run;
mod watching;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::id::{TaskId, VendorId};
use domain::provisioning::pace::{STRIKES_MAX, hold};
use domain::task::Task;
use futures::FutureExt;
use jiff::Timestamp;
use store::{orders, tasks};
use tokio::task::JoinSet;

use self::comparing::Comparing;
pub(crate) use self::lanes::Lanes;
pub(crate) use self::request::{abilities, settings};
pub use self::run::{Prepared, Taken};
use self::watching::Watching;
use crate::{App, Error, filing};

/// Tasks of one pass.
const TASKS_AT_ONCE: u32 = 32;
/// Tasks that one process works on at a time.
const RUNNING_MAX: usize = 96;
/// Of them, for one vendor account, about: slow ones leave room for others.
const RUNNING_PER_VENDOR_MAX: usize = 32;
/// A vendor that had all its room gets more work when it is down to so many: a look costs as much as waits for
/// the vendors that are looked at, which after an outage is thousands.
const RUNNING_PER_VENDOR_LOW: usize = RUNNING_PER_VENDOR_MAX / 2;
/// What writing down one answer takes on the disk at the most, about: a disk that is full keeps it free for
/// each task that may be under way.
const ROOM_OF_AN_ANSWER: u64 = 160 << 10;
/// How long an idle worker sleeps before it looks again, should nobody wake it.
const IDLE: Duration = Duration::from_millis(500);
/// How long the calls that are under way may take after the stop; what has not ended then is left to the
/// holds.
const DRAIN: Duration = Duration::from_secs(25);

/// Where the worker is when a crash is most telling; tests end the process there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The line is *sending* in the database; the vendor knows nothing.
    BeforeCall,
    /// The vendor has answered, or a batch of a job is written; the database has not committed it.
    BeforeCommit,
}

/// The tasks that this process works on.
#[derive(Default)]
struct Crew {
    running: JoinSet<TaskId>,
    vendors: BTreeMap<TaskId, VendorId>,
    /// Vendors that had all the room that one may have, until they have half of it again.
    full: BTreeSet<VendorId>,
}

impl Crew {
    fn room(&self) -> u32 {
        let room = RUNNING_MAX.saturating_sub(self.vendors.len());
        u32::try_from(room).unwrap_or(0).min(TASKS_AT_ONCE)
    }

    /// Vendors that get no more work for now.
    fn full(&mut self) -> Vec<VendorId> {
        let mut counts: BTreeMap<VendorId, usize> = BTreeMap::new();
        for vendor in self.vendors.values() {
            *counts.entry(*vendor).or_default() += 1;
        }
        let running = |vendor: &VendorId| counts.get(vendor).copied().unwrap_or_default();
        self.full
            .retain(|vendor| running(vendor) > RUNNING_PER_VENDOR_LOW);
        let new = counts
            .iter()
            .filter(|(_, count)| **count >= RUNNING_PER_VENDOR_MAX);
        self.full.extend(new.map(|(vendor, _)| *vendor));
        self.full.iter().copied().collect()
    }

    fn take(&mut self, app: &App, task: Task) {
        let (app, id) = (app.clone(), task.id);
        if self.vendors.insert(id, task.vendor).is_none() {
            self.running.spawn(async move {
                app.run_guarded(task).await;
                id
            });
        }
    }

    /// Waits for one to end, and takes note of all that have.
    async fn ended(&mut self) {
        let mut ended = self.running.join_next().await;
        while let Some(Ok(id)) = ended {
            self.vendors.remove(&id);
            ended = self.running.try_join_next();
        }
    }
}

impl App {
    /// Works until `stop` completes; then takes nothing up any more and ends what is under way.
    pub async fn work(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        self.store.keep_room(RUNNING_MAX as u64 * ROOM_OF_AN_ANSWER);
        if let Err(error) = self.release_holds().await {
            tracing::error!(%error, "what the last run held is left to its holds");
        }
        let mut crew = Crew::default();
        let (mut comparing, mut watching) =
            (Comparing::from(self.clock.now()), Watching::default());
        let (mut next_filing, mut has_chores) = (Timestamp::MIN, true);
        loop {
            comparing.begin_if_due(self);
            if has_chores {
                has_chores = self.do_chores(&mut next_filing).await;
            }
            if let Err(error) = self.take_up(&mut crew, &mut watching).await {
                tracing::error!(%error, "the worker could not work");
            }
            tokio::select! {
                () = &mut stop => break,
                () = crew.ended(), if !crew.vendors.is_empty() => {}
                () = self.wake.notified() => has_chores |= crew.vendors.is_empty(),
                () = tokio::time::sleep(IDLE) => has_chores = true,
                () = std::future::ready(()), if has_chores => {}
            }
        }
        let drain = async {
            while !crew.vendors.is_empty() {
                crew.ended().await;
            }
        };
        if tokio::time::timeout(DRAIN, drain).await.is_err() {
            tracing::warn!("calls under way are left to their holds");
        }
    }

    /// What is done beside tasks; whether there may be more of it.
    async fn do_chores(&self, next_filing: &mut Timestamp) -> bool {
        if self.clock.now() >= *next_filing {
            *next_filing = self.file_and_pause().await;
        }
        let mut has_more = *next_filing == Timestamp::MIN;
        match self.run_jobs().await {
            Ok(count) => has_more |= count > 0,
            Err(error) => tracing::error!(%error, "jobs can't be worked off"),
        }
        match self.stop_due().await {
            Ok(0) => {}
            Ok(count) => {
                has_more = true;
                tracing::info!(count, "orders of suspended organizations were stopped");
            }
            Err(error) => tracing::error!(%error, "orders can't be stopped; tried again"),
        }
        has_more
    }

    /// Files a batch and ends terms; when to look for the next.
    async fn file_and_pause(&self) -> Timestamp {
        match self.renew_due().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "terms of subscriptions ended"),
            Err(error) => tracing::error!(%error, "terms can't be ended; tried again in a minute"),
        }
        match self.file_due().await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "orders were filed into Historical");
                return Timestamp::MIN;
            }
            Err(error) => tracing::error!(%error, "orders can't be filed; tried again in a minute"),
        }
        self.clock.now() + filing::PAUSE
    }

    /// What dead processes held needn't wait for the end of its hold. Where this is the only process, those
    /// before it are dead; where there may be others, its machine tells of those that died on it.
    async fn release_holds(&self) -> Result<(), Error> {
        let state = (self.store.is_exclusive(), self.clock.now());
        let release = self.store.write(state, |(is_alone, now), tx| {
            Box::pin(async move {
                match is_alone {
                    true => tasks::release_all(tx, *now).await,
                    false => tasks::release_dead(tx, *now).await.map(drop),
                }
            })
        });
        release
            .await
            .map_err(|error: store::StoreError| error.into())
    }

    /// Begins with what is due, as far as there is room, and the clock can be believed.
    async fn take_up(&self, crew: &mut Crew, watching: &mut Watching) -> Result<(), Error> {
        let room = crew.room();
        if room == 0 {
            return Ok(());
        }
        let Some(now) = watching.now(self).await? else {
            return Ok(());
        };
        let due = {
            let full = crew.full();
            let mut tx = self.store.read().await?;
            tasks::list_due_beside(&mut tx, now, room, &full).await?
        };
        for task in due {
            crew.take(self, task);
        }
        Ok(())
    }

    /// Does what is due, once; how many tasks were claimed.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let due = {
            let mut tx = self.store.read().await?;
            tasks::list_due(&mut tx, self.clock.now(), TASKS_AT_ONCE).await?
        };
        let runs = due.into_iter().map(|task| self.run_guarded(task));
        Ok(futures::future::join_all(runs)
            .await
            .into_iter()
            .filter(|is_ours| *is_ours)
            .count())
    }

    /// Does what is due, once, one after the other. For whoever compares what happened and needs it to
    /// happen in one sequence.
    pub async fn run_due_in_turn(&self) -> Result<(), Error> {
        let due = {
            let mut tx = self.store.read().await?;
            tasks::list_due(&mut tx, self.clock.now(), TASKS_AT_ONCE).await?
        };
        for task in due {
            self.run_guarded(task).await;
        }
        Ok(())
    }

    /// Runs a task; what goes wrong by our own fault is counted against it, a panic too.
    async fn run_guarded(&self, task: Task) -> bool {
        let id = task.id;
        let problem = match AssertUnwindSafe(self.run(&task)).catch_unwind().await {
            Ok(Ok(is_ours)) => {
                if task.strikes >= STRIKES_MAX
                    && let Err(error) = self.put_back(task).await
                {
                    tracing::error!(%error, task = %id, "a task that came through is not told");
                }
                return is_ours;
            }
            // Another worker took over while we asked: its answer stands.
            Ok(Err(Error::Changed)) => return false,
            // No fault of the task, and nothing could be counted: it waits for the database.
            Ok(Err(error @ (Error::Full | Error::Unavailable))) => {
                tracing::warn!(%error, task = %id, "a task waits");
                tokio::time::sleep(IDLE).await;
                return false;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a panic".to_owned(),
        };
        tracing::error!(problem, task = %id, strikes = task.strikes, "a task failed; tried again");
        if let Err(error) = self.strike(task, problem).await {
            tracing::error!(%error, task = %id, "a failure can't be counted");
        }
        false
    }

    /// Takes note that what was set aside has come through, where it has.
    async fn put_back(&self, task: Task) -> Result<(), Error> {
        let organization = task.organization;
        let state = (task, self.clock.now());
        let told = self.store.write(state, |(task, now), tx| {
            Box::pin(async move {
                let resting = tasks::list_set_aside(tx, task.organization, &[task.id]).await?;
                let mut order = orders::load(tx, task.organization, task.order).await?;
                if resting.is_empty() && order.came_through(task.id) {
                    orders::save(tx, &mut order, &[], *now).await?;
                }
                Ok::<_, Error>(())
            })
        });
        told.await?;
        self.committed(organization);
        Ok(())
    }

    /// Counts a failure, unless the claim has counted it, and with the last that is borne sets the task
    /// aside: others go on, it is tried once an hour, and its order tells.
    async fn strike(&self, task: Task, problem: String) -> Result<(), Error> {
        let state = (task, problem, self.clock.now());
        let struck = self.store.write(state.clone(), |(task, _, now), tx| {
            Box::pin(tasks::claim(tx, task, hold(task.strikes), *now))
        });
        struck
            .await
            .map_err(|error: store::StoreError| Error::from(error))?;
        if state.0.strikes + 1 < STRIKES_MAX {
            return Ok(());
        }
        let organization = state.0.organization;
        let told = self.store.write(state, |(task, problem, now), tx| {
            Box::pin(async move {
                let mut order = orders::load(tx, task.organization, task.order).await?;
                match order.put_aside(task.id, task.line, problem, *now) {
                    Some(event) => {
                        Ok::<_, Error>(orders::save(tx, &mut order, &[event], *now).await?)
                    }
                    None => Ok(()),
                }
            })
        });
        told.await?;
        self.committed(organization);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_vendor_that_had_all_its_room_gets_work_again_once_half_of_it_is_free() {
        let vendor = |number| VendorId(Uuid::from_u128(number));
        let mut crew = Crew::default();
        let mut full_at = |count: usize| {
            let tasks = (0..count as u128).map(|at| (TaskId(Uuid::from_u128(at)), vendor(1)));
            crew.vendors = tasks.collect();
            let another = TaskId(Uuid::from_u128(u128::MAX));
            crew.vendors.insert(another, vendor(2));
            crew.full()
        };
        let low = RUNNING_PER_VENDOR_LOW;
        assert_eq!(full_at(RUNNING_PER_VENDOR_MAX - 1), []);
        assert_eq!(full_at(RUNNING_PER_VENDOR_MAX), [vendor(1)]);
        assert_eq!(full_at(low + 1), [vendor(1)]);
        assert_eq!(full_at(low), []);
        assert_eq!(full_at(low + 1), [], "until it is full again");
    }
}
