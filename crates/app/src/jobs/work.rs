//! Jobs are worked off in batches; a batch, its orders and the outcome of its rows are one transaction.

use std::collections::HashMap;

use domain::id::{JobId, OrderId, OrganizationId, SubscriptionId};
use domain::job::{Job, JobState, Row, RowOutcome};
use domain::order::admission::Admission;
use domain::order::line::Line;
use domain::subscription::wish::Occasion;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Tx, jobs, organizations, subscriptions, users};

use super::{agree, no_subscription, outcome_of, parse, same_as};
use crate::access::{Access, Caller};
use crate::clock::TaskIds;
use crate::subscriptions::change::{Asking, Consent, Placing, lines, waits};
use crate::worker::Point;
use crate::{App, Error, admissions, unless_taken};

/// Rows of a batch, which one order does where they begin at the same time: small enough to be read on
/// one page and saved in a breath.
const BATCH: u32 = 50;
/// Ids that are drawn for one row: its lines, and the seats that it moves.
const IDS_OF_ROW: usize = 64;
/// Ids that are drawn for the work of one order, as a power of two.
const IDS_OF_ORDER: u32 = 12;
/// Jobs that are worked on in one round.
const AT_ONCE: u32 = 4;

impl App {
    /// Works off a batch of each running job; how many rows were decided.
    pub async fn run_jobs(&self) -> Result<usize, Error> {
        let running = {
            let mut tx = self.store.read().await?;
            jobs::list_running(&mut tx, AT_ONCE).await?
        };
        let mut count = 0;
        for job in running {
            match self.run_batch(&job).await {
                Ok(decided) => count += decided,
                Err(error) => tracing::error!(%error, job = %job.id, "a batch of a job failed"),
            }
        }
        Ok(count)
    }

    async fn run_batch(&self, job: &Job) -> Result<usize, Error> {
        // A right that was taken away meanwhile holds the job up and tells why.
        let access = match self.access_of(job).await {
            Ok(access) => access,
            Err(Error::NotFound | Error::Forbidden) => {
                let reason = format!("{} may not do this here any more", job.by.person);
                return self.hold_up(job, reason).await;
            }
            Err(Error::Suspended { organization }) => {
                return self
                    .hold_up(job, format!("{organization} is suspended"))
                    .await;
            }
            Err(error) => return Err(error),
        };
        // A number that is taken is drawn anew.
        loop {
            let batch = Batch {
                organization: job.organization,
                job: job.id,
                access: access.clone(),
                orders: (0..BATCH).map(|_| self.order_identity()).collect(),
                ids: self.task_ids(),
                tasks: self.task_ids(),
                now: self.clock.now(),
            };
            let app = self.clone();
            let done = self
                .store
                .write(batch, move |batch, tx| {
                    let app = app.clone();
                    Box::pin(async move {
                        let done = batch.run(tx).await?;
                        app.pass(Point::BeforeCommit);
                        Ok::<_, Error>(done)
                    })
                })
                .await;
            if let Some(decided) = unless_taken(done)? {
                self.committed(job.organization);
                return Ok(decided);
            }
        }
    }

    async fn access_of(&self, job: &Job) -> Result<Access, Error> {
        let (caller, slug) = {
            let mut tx = self.store.read().await?;
            let user = users::find(&mut tx, job.by.user)
                .await?
                .ok_or(Error::NotFound)?;
            let customer = organizations::find_by_id(&mut tx, job.organization).await?;
            // What is suspended is asked with each batch.
            let caller = Caller {
                user: user.id,
                name: user.name,
                email: user.email,
                memberships: users::memberships(&mut tx, user.id).await?,
                suspended: Vec::new(),
            };
            (caller, customer.ok_or(Error::NotFound)?.slug)
        };
        self.access(&caller, slug.as_str()).await
    }

    async fn hold_up(&self, job: &Job, reason: String) -> Result<usize, Error> {
        let state = (job.organization, job.id, reason);
        let held = self.store.write(state, |(organization, id, reason), tx| {
            Box::pin(async move {
                let mut job = jobs::load(tx, *organization, *id).await?;
                if job.state == JobState::Running {
                    let reason = Some(reason.clone());
                    job.state = JobState::Paused { reason };
                    jobs::save(tx, &job).await?;
                }
                Ok::<_, Error>(0)
            })
        });
        held.await
    }
}

struct Batch {
    organization: OrganizationId,
    job: JobId,
    access: Access,
    orders: Vec<(OrderId, u64)>,
    ids: TaskIds,
    tasks: TaskIds,
    now: Timestamp,
}

/// What rows that begin together become: one order.
struct Group {
    waits: Option<(Timestamp, Occasion)>,
    lines: Vec<Line>,
    rows: Vec<usize>,
}

impl Batch {
    /// How many rows were decided.
    async fn run(&self, tx: &mut Tx) -> Result<usize, Error> {
        let mut job = jobs::load(tx, self.organization, self.job).await?;
        if job.state != JobState::Running {
            return Ok(0);
        }
        let admission = admissions::load(tx, &self.access).await?;
        // Its rows are not spent while nothing can be ordered: it goes on when somebody lets it.
        if let Err(refusal) = admission.check_active() {
            let reason = Some(refusal.to_string());
            job.state = JobState::Paused { reason };
            jobs::save(tx, &job).await?;
            return Ok(0);
        }
        let mut rows = jobs::next_rows(tx, &job, BATCH).await?;
        let zone = TimeZone::get(&job.zone).unwrap_or(TimeZone::UTC);
        let (mut groups, mut seen) = (Vec::new(), HashMap::new());
        for (at, row) in rows.iter_mut().enumerate() {
            let decided = match seen.insert(row.subscription.clone(), row.number) {
                Some(first) => Err(same_as(first)),
                None => {
                    self.decide(tx, &admission, (at, row), &zone, &mut groups)
                        .await
                }
            };
            row.outcome = decided.or_else(outcome_of)?;
        }
        for (at, group) in groups.into_iter().enumerate() {
            let placing = Placing {
                order: self.orders[at],
                lines: group.lines,
                waits: group.waits,
                ids: TaskIds::from_base(self.tasks.nth(at << IDS_OF_ORDER)),
                terms: Consent::Shown(None),
            };
            let order = placing
                .run(tx, (&self.access, &admission), self.now)
                .await?;
            for at in group.rows {
                if let RowOutcome::Ordered { order: number, .. } = &mut rows[at].outcome {
                    *number = order.number;
                }
            }
        }
        for row in &rows {
            jobs::save_row(tx, &job, row).await?;
        }
        job.advance(rows.iter(), self.now);
        jobs::save(tx, &job).await?;
        Ok(rows.len())
    }

    /// Decides a row; what it asks for joins the rows that begin at the same time.
    async fn decide(
        &self,
        tx: &mut Tx,
        admission: &Admission,
        (at, row): (usize, &Row),
        zone: &TimeZone,
        groups: &mut Vec<Group>,
    ) -> Result<RowOutcome, Error> {
        let (id, typed) = parse(row)?;
        let found = subscriptions::load(tx, self.organization, id).await?;
        let found = found.ok_or_else(no_subscription)?;
        let asking = Asking {
            access: &self.access,
            admission,
            typed: &typed,
            zone,
            destination: SubscriptionId(self.ids.nth(at * IDS_OF_ROW + IDS_OF_ROW - 1).0),
            now: self.now,
        };
        let agreed = agree(tx, &asking, &found).await?;
        let waits = waits(&found, agreed.wish.when);
        let known = groups.iter().position(|group| group.waits == waits);
        let place = known.unwrap_or(groups.len());
        for number in &agreed.planned {
            asking.give_way(tx, *number, self.orders[place].1).await?;
        }
        if known.is_none() {
            groups.push(Group {
                waits,
                lines: Vec::new(),
                rows: Vec::new(),
            });
        }
        let lines = lines(&found, &agreed.decision.steps, self.ids, at * IDS_OF_ROW);
        groups[place].lines.extend(lines);
        groups[place].rows.push(at);
        Ok(agreed.outcome())
    }
}
