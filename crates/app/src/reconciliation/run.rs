//! A comparison whose outcome is kept: it begins alone, tells a little at a time what it found, and stops
//! where that would be a wave.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Permission;
use domain::event::Actor;
use domain::id::{DifferenceId, RunId};
use domain::reconciliation::{
    APART, Compared, Drift, Found, Reference, Run, RunState, Skip, exceeds_ceiling,
};
use jiff::SignedDuration;
use store::catalog::Vendor;
use store::differences::{self, Filter};
use store::{StoreError, reconciliations};

use super::telling::Telling;
use super::{connections, examine, own_vendor, reach, refused, said};
use crate::access::Access;
use crate::{App, Error, worker};

/// What one transaction writes down at the most.
const AT_ONCE: usize = 50;
/// Open differences that are read at once.
const READ_AT_ONCE: u32 = 500;
/// A connection is compared so often by itself.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// A run that is older has died with its process.
const HOLD: SignedDuration = SignedDuration::from_hours(2);
const DIED: &str = "the process ended before the comparison did";

impl App {
    /// Begins a comparison that goes on by itself; what stopped at the ceiling goes on where a second
    /// person asks for it.
    pub async fn compare_now(&self, access: &Access, vendor: &str) -> Result<Run, Error> {
        access.require(Permission::ManageVendors)?;
        let vendor = own_vendor(&mut self.store.read().await?, access.tenant(), vendor).await?;
        let run = self.begin_run(&vendor, Some(access.actor()), false).await?;
        self.go_on_alone(vendor, run.clone());
        Ok(run)
    }

    /// Lets a comparison that stopped at the ceiling tell what it finds. Whoever began it can't.
    pub async fn continue_run(
        &self,
        access: &Access,
        vendor: &str,
        id: RunId,
    ) -> Result<Run, Error> {
        access.require(Permission::ManageVendors)?;
        let mut tx = self.store.read().await?;
        let vendor = own_vendor(&mut tx, access.tenant(), vendor).await?;
        let stopped = reconciliations::find(&mut tx, vendor.owner, vendor.id, id).await?;
        let stopped = stopped.ok_or(Error::NotFound)?;
        let newest = reconciliations::list(&mut tx, vendor.owner, vendor.id, 1).await?;
        drop(tx);
        if !stopped.may_be_continued_by(access.actor()) {
            return Err(refused(match stopped.state {
                RunState::Stopped => {
                    "whoever began the comparison can't let it go on: ask a second person"
                }
                _ => "this comparison did not stop",
            }));
        }
        if newest.first().is_none_or(|newest| newest.id != id) {
            return Err(refused("there is a newer comparison: look at that one"));
        }
        let run = self.begin_run(&vendor, Some(access.actor()), true).await?;
        self.go_on_alone(vendor, run.clone());
        Ok(run)
    }

    /// Compares what was not compared for a day, or asks again about what was missing; how many
    /// connections. None while vendors are not called.
    pub async fn reconcile_due(&self) -> Result<usize, Error> {
        if self.pause().await?.is_some() {
            return Ok(0);
        }
        let all = connections(&mut self.store.read().await?).await?;
        let mut count = 0;
        for vendor in all {
            if reach(&worker::settings(&vendor)?).is_err() || !self.is_due(&vendor).await? {
                continue;
            }
            count += 1;
            let run = self.begin_run(&vendor, None, false).await;
            match run {
                Ok(run) => drop(self.carry_out(&vendor, run).await?),
                // Another process was faster.
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    async fn is_due(&self, vendor: &Vendor) -> Result<bool, Error> {
        let mut tx = self.store.read().await?;
        let last = reconciliations::list(&mut tx, vendor.owner, vendor.id, 1).await?;
        let Some(last) = last.first() else {
            return Ok(true);
        };
        let since = self.clock.now().duration_since(last.started_at);
        if since >= EVERY || since < APART {
            return Ok(since >= EVERY);
        }
        let asked = Filter {
            vendor: Some(vendor.id),
            status: "asked",
            ..Filter::default()
        };
        let has_questions = !differences::list(&mut tx, vendor.owner, &asked, 1)
            .await?
            .is_empty();
        Ok(has_questions || matches!(last.state, RunState::Failed { .. }))
    }

    /// Writes down that a comparison begins; refused while one is under way.
    pub(super) async fn begin_run(
        &self,
        vendor: &Vendor,
        by: Option<&Actor>,
        is_beyond_ceiling: bool,
    ) -> Result<Run, Error> {
        reach(&worker::settings(vendor)?)?;
        let run = Run {
            id: RunId(self.id()),
            owner: vendor.owner,
            vendor: vendor.id,
            started_at: self.clock.now(),
            ended_at: None,
            by: by.cloned(),
            is_beyond_ceiling,
            state: RunState::Running,
            compared: 0,
            found: 0,
            new: 0,
            kinds: BTreeMap::new(),
            skipped: BTreeMap::new(),
        };
        let begun = self.store.write(run.clone(), |run, tx| {
            Box::pin(async move {
                let last = reconciliations::list(tx, run.owner, run.vendor, 1).await?;
                for mut died in last {
                    let is_old = run.started_at.duration_since(died.started_at) >= HOLD;
                    if died.state == RunState::Running && is_old {
                        died.state = RunState::Failed {
                            reason: DIED.into(),
                        };
                        died.ended_at = Some(run.started_at);
                        reconciliations::save(tx, &died).await?;
                    }
                }
                reconciliations::insert(tx, run).await
            })
        });
        match begun
            .await
            .map_err(|error: StoreError| Error::from(error))?
        {
            true => Ok(run),
            false => Err(refused("a comparison with this vendor is under way")),
        }
    }

    fn go_on_alone(&self, vendor: Vendor, run: Run) {
        let app = self.clone();
        tokio::spawn(async move {
            if let Err(error) = app.carry_out(&vendor, run).await {
                tracing::error!(%error, vendor = %vendor.id, "a comparison can't be kept");
            }
        });
    }

    /// Compares, and keeps what came of it.
    pub(super) async fn carry_out(&self, vendor: &Vendor, mut run: Run) -> Result<Run, Error> {
        let outcome = self.compare(vendor, &mut run).await;
        run.state = match outcome {
            Ok(state) => state,
            Err(error) => RunState::Failed {
                reason: error.to_string(),
            },
        };
        run.ended_at = Some(self.clock.now());
        let ended = self.store.write(run.clone(), |run, tx| {
            Box::pin(reconciliations::save(tx, run))
        });
        ended
            .await
            .map_err(|error: StoreError| Error::from(error))?;
        Ok(run)
    }

    async fn compare(&self, vendor: &Vendor, run: &mut Run) -> Result<RunState, Error> {
        let settings = worker::settings(vendor)?;
        let reader = self.reader(vendor, &settings).map_err(said)?;
        let examiner = examine::Examiner {
            store: self.store.to_read(),
            reader: reader.as_ref(),
            vendor,
            reach: reach(&settings)?,
            now: self.clock.now(),
        };
        let examined = examiner.examine().await?;
        let compared = &examined.compared;
        run.compared = compared.judged.len();
        run.found = compared.found.len();
        run.skipped = examine::counted(compared);
        for found in &compared.found {
            *run.kinds.entry(found.drift.name().to_owned()).or_default() += 1;
        }
        let open = self.open_differences(run).await?;
        let is_new = |found: &&Found| {
            !open.contains(&(found.reference.clone(), found.drift.name().to_owned()))
        };
        run.new = compared.found.iter().filter(is_new).count();
        if !run.is_beyond_ceiling && exceeds_ceiling(run.new, run.compared) {
            return Ok(RunState::Stopped);
        }
        for found in compared.found.chunks(AT_ONCE) {
            self.tell(vendor, run, found).await?;
        }
        self.end_vanished(run, compared, examined.is_whole).await?;
        match examined.faults.first() {
            Some(fault) if compared.judged.is_empty() => Err(refused(fault)),
            _ => Ok(RunState::Done),
        }
    }

    /// The keys of what is open over a connection.
    async fn open_differences(&self, run: &Run) -> Result<BTreeSet<(Reference, String)>, Error> {
        let open = self.open_with_runs(run).await?;
        Ok(open
            .into_iter()
            .map(|(reference, kind, _)| (reference, kind))
            .collect())
    }

    async fn open_with_runs(&self, run: &Run) -> Result<Vec<(Reference, String, RunId)>, Error> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let mut tx = self.store.read().await?;
            let page = differences::list_open(
                &mut tx,
                run.owner,
                run.vendor,
                after.as_ref(),
                READ_AT_ONCE,
            );
            let page = page.await?;
            let is_last = page.len() < READ_AT_ONCE as usize;
            after = page
                .last()
                .map(|(reference, kind, _)| (reference.clone(), kind.clone()));
            found.extend(page);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// Writes down some of what was found, each on our record as it is then.
    async fn tell(&self, vendor: &Vendor, run: &mut Run, found: &[Found]) -> Result<(), Error> {
        let telling = Telling {
            run: run.clone(),
            vendor_name: vendor.name.clone(),
            found: found
                .iter()
                .map(|one| (DifferenceId(self.id()), one.clone()))
                .collect(),
            now: self.clock.now(),
        };
        let stale = self
            .store
            .write(telling, |telling, tx| Box::pin(telling.run(tx)));
        let stale = stale.await?;
        if stale > 0 {
            *run.skipped.entry(Skip::InFlight).or_default() += stale;
        }
        Ok(())
    }

    /// What is open, was judged and was not found has ended by itself.
    async fn end_vanished(
        &self,
        run: &Run,
        compared: &Compared,
        is_whole: bool,
    ) -> Result<(), Error> {
        let has_vanished = |(reference, kind, seen): &(Reference, String, RunId)| {
            let is_listed_no_more = *kind == Drift::Unknown.name()
                && is_whole
                && !compared.skipped.contains_key(reference);
            *seen != run.id && (compared.judged.contains(reference) || is_listed_no_more)
        };
        let open = self.open_with_runs(run).await?;
        let gone: Vec<Reference> = open
            .into_iter()
            .filter(has_vanished)
            .map(|(reference, ..)| reference)
            .collect();
        for some in gone.chunks(AT_ONCE) {
            let state = (run.clone(), some.to_vec(), self.clock.now());
            let ended = self.store.write(state, |(run, gone, now), tx| {
                Box::pin(async move {
                    let gone = gone.iter().collect();
                    for mut one in differences::load_open(tx, run.owner, run.vendor, &gone).await? {
                        if one.run != run.id {
                            one.vanish(*now);
                            differences::save(tx, &one).await?;
                        }
                    }
                    Ok(())
                })
            });
            ended
                .await
                .map_err(|error: StoreError| Error::from(error))?;
        }
        Ok(())
    }
}
