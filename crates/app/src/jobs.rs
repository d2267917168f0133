//! Many subscriptions changed from one sheet: a verdict for each row before anything is ordered, then a
//! job that is worked off in batches, whatever happens to this process meanwhile.

mod sheet;
mod work;

use std::collections::BTreeMap;

use domain::access::Permission;
use domain::id::{JobId, SubscriptionId};
use domain::job::{Job, JobAction, JobState, Row, RowOutcome};
use domain::order::admission::Admission;
use domain::order::seen::SeenOrder;
use domain::subscription::Subscription;
use domain::subscription::decide::{Decision, Problem};
use domain::subscription::wish::Wish;
use domain::text::Invalid;
use jiff::tz::TimeZone;
use store::{Tx, jobs, orders, subscriptions};

pub use self::sheet::{COLUMNS, PRICING, read_sheet};
use crate::access::Access;
use crate::subscriptions::TypedWish;
use crate::subscriptions::change::{Asking, check_rights};
use crate::{App, Error, admissions, terms};

/// Jobs in one list at the most.
const JOBS_MAX: u32 = 100;
/// Rows of a job on one page at the most.
pub const PAGE_MAX: u32 = 1_000;

/// What would become of a row now.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The row.
    pub row: Row,
    /// The subscription's name, where there is one.
    pub name: Option<String>,
}

/// What would become of a sheet now.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// Row by row.
    pub verdicts: Vec<Verdict>,
}

impl Preview {
    /// How many rows have an outcome of a name.
    pub fn count(&self, outcome: &str) -> usize {
        let is_it = |verdict: &&Verdict| verdict.row.outcome.name() == outcome;
        self.verdicts.iter().filter(is_it).count()
    }
}

impl App {
    /// Says of each row of a sheet what would become of it, by the code that would do it.
    pub async fn preview_sheet(
        &self,
        access: &Access,
        rows: Vec<Row>,
        zone: &TimeZone,
    ) -> Result<Preview, Error> {
        access.require(Permission::ChangeSubscriptions)?;
        let mut tx = self.store.read().await?;
        let (now, mut preview) = (self.clock.now(), Preview::default());
        let admission = admissions::load(&mut tx, access).await?;
        let mut seen = std::collections::HashMap::new();
        for mut row in rows {
            let (outcome, name) = match seen.insert(row.subscription.clone(), row.number) {
                Some(first) => (outcome_of(same_as(first))?, None),
                None => judge(&mut tx, (access, &admission), &row, zone, now).await?,
            };
            row.outcome = outcome;
            preview.verdicts.push(Verdict { row, name });
        }
        Ok(preview)
    }

    /// Begins a job for the rows of a sheet. `terms_version` is what was shown of the terms that are in
    /// force for whatever is bought; nothing is begun where these are others by now.
    pub async fn begin_job(
        &self,
        access: &Access,
        rows: Vec<Row>,
        zone: &TimeZone,
        accept_terms: bool,
        terms_version: Option<&str>,
    ) -> Result<Job, Error> {
        access.require(Permission::ChangeSubscriptions)?;
        if !accept_terms {
            let reason = Invalid("must be accepted before the changes can be ordered".into());
            return Err(Error::Invalid {
                field: "/accept_terms",
                reason,
            });
        }
        let job = Job {
            id: JobId(self.id()),
            organization: access.tenant(),
            by: access.actor().clone(),
            created_at: self.clock.now(),
            state: JobState::Running,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            total: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            ordered: 0,
            refused: 0,
            unchanged: 0,
        };
        let shown = terms_version.map(str::to_owned);
        let state = (job.clone(), rows, access.clone(), shown);
        let begun = self.store.write(state, |(job, rows, access, shown), tx| {
            Box::pin(async move {
                terms::check(tx, access, shown.as_deref(), job.created_at).await?;
                Ok::<_, Error>(jobs::insert(tx, job, rows).await?)
            })
        });
        begun.await?;
        self.committed(access.tenant());
        Ok(job)
    }

    /// The jobs of the caller's own organization for this customer, newest first. Those of others are
    /// nobody's business: their rows may speak of markups.
    pub async fn jobs(&self, access: &Access) -> Result<Vec<Job>, Error> {
        access.require(Permission::ChangeSubscriptions)?;
        let mut tx = self.store.read().await?;
        let acting = access.actor().organization;
        Ok(jobs::list(&mut tx, access.tenant(), acting, JOBS_MAX).await?)
    }

    /// One of them.
    pub async fn job(&self, access: &Access, id: JobId) -> Result<Job, Error> {
        access.require(Permission::ChangeSubscriptions)?;
        let mut tx = self.store.read().await?;
        let acting = access.actor().organization;
        let found = jobs::find(&mut tx, access.tenant(), acting, id).await?;
        found.ok_or(Error::NotFound)
    }

    /// At most so many rows of a job after one of them, in the sequence of its sheet.
    pub async fn job_rows(
        &self,
        access: &Access,
        job: &Job,
        outcome: Option<&str>,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Row>, Error> {
        self.job(access, job.id).await?;
        let outcome = match outcome {
            None | Some("") => None,
            Some(name) => Some(known_outcome(name).ok_or_else(|| Error::Invalid {
                field: "/outcome",
                reason: Invalid("must be waiting, ordered, refused or unchanged".into()),
            })?),
        };
        let mut tx = self.store.read().await?;
        let limit = limit.clamp(1, PAGE_MAX);
        Ok(jobs::rows(&mut tx, job, outcome, after, limit).await?)
    }

    /// The orders that rows were made of, by their numbers, as they stand now.
    pub async fn orders_of_rows(
        &self,
        access: &Access,
        rows: &[Row],
    ) -> Result<BTreeMap<u64, SeenOrder>, Error> {
        access.require(Permission::SeeOrders)?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let mut tx = self.store.read().await?;
        let mut found = BTreeMap::new();
        for row in rows {
            let Some(number) = row.order() else {
                continue;
            };
            if found.contains_key(&number) {
                continue;
            }
            let order = orders::find(&mut tx, tenant, number, seen).await?;
            let order = order.map(|order| order.seen_by(seen)).transpose()?;
            found.extend(order.flatten().map(|order| (number, order)));
        }
        Ok(found)
    }

    /// Holds a job up, lets it go on, or leaves the rest of it undone.
    pub async fn tell_job(
        &self,
        access: &Access,
        id: JobId,
        action: JobAction,
    ) -> Result<Job, Error> {
        self.job(access, id).await?;
        let state = (access.tenant(), id, action, self.clock.now());
        let told = self
            .store
            .write(state, |(organization, id, action, now), tx| {
                Box::pin(async move {
                    let mut job = jobs::load(tx, *organization, *id).await?;
                    let after = job.state.after(*action, *now);
                    job.state = after.ok_or_else(|| {
                        let words = "the job is not in a state for this any more; look at it again";
                        Error::Refused(domain::order::Refusal::Guarded(words))
                    })?;
                    jobs::save(tx, &job).await?;
                    Ok::<_, Error>(job)
                })
            });
        let job = told.await?;
        self.committed(access.tenant());
        Ok(job)
    }
}

fn known_outcome(name: &str) -> Option<&'static str> {
    ["waiting", "ordered", "refused", "unchanged"]
        .into_iter()
        .find(|known| *known == name)
}

/// What would become of a row, and the name of the subscription that it is about.
async fn judge(
    tx: &mut Tx,
    (access, admission): (&Access, &Admission),
    row: &Row,
    zone: &TimeZone,
    now: jiff::Timestamp,
) -> Result<(RowOutcome, Option<String>), Error> {
    let mut name = None;
    let decided = async {
        let (id, typed) = parse(row)?;
        let found = subscriptions::find(tx, access.tenant(), id).await?;
        let found = found.ok_or_else(no_subscription)?;
        name = Some(found.name.clone());
        let asking = Asking {
            access,
            admission,
            typed: &typed,
            zone,
            destination: found.id,
            now,
        };
        let agreed = agree(tx, &asking, &found).await?;
        Ok(agreed.outcome())
    };
    let outcome = decided.await.or_else(outcome_of)?;
    Ok((outcome, name))
}

/// What a row comes to for the subscription that it names.
struct Agreed {
    wish: Wish,
    decision: Decision,
    /// Planned orders that have to give way.
    planned: Vec<u64>,
}

impl Agreed {
    /// As it stands with the row; the order has no number yet.
    fn outcome(&self) -> RowOutcome {
        let steps = self.decision.steps.iter();
        RowOutcome::Ordered {
            order: 0,
            changes: steps.map(|step| step.change.text()).collect(),
        }
    }
}

async fn agree(tx: &mut Tx, asking: &Asking<'_>, found: &Subscription) -> Result<Agreed, Error> {
    check_rights(asking.access, asking.typed)?;
    let (wish, decision) = asking.decide(tx, found).await?;
    let planned = asking.make_room(tx, found, &decision, &wish).await?;
    Ok(Agreed {
        wish,
        decision,
        planned,
    })
}

/// What a refusal makes of a row; an error that is ours stops the batch instead.
fn outcome_of(error: Error) -> Result<RowOutcome, Error> {
    let reasons = match error {
        Error::Problems(problems) if problems.iter().all(is_nothing) => {
            return Ok(RowOutcome::Unchanged);
        }
        Error::Problems(problems) => problems.iter().map(told).collect(),
        error @ (Error::InFlight { .. }
        | Error::Refused(_)
        | Error::Forbidden
        | Error::Withdrawn { .. }
        | Error::Changed) => vec![error.to_string()],
        Error::Invalid { field, reason } => vec![told(&Problem::new(field, reason.0))],
        other => return Err(other),
    };
    Ok(RowOutcome::Refused { reasons })
}

fn is_nothing(problem: &Problem) -> bool {
    problem.field.is_empty() && problem.reason == domain::subscription::decide::NOTHING
}

fn told(problem: &Problem) -> String {
    let field = problem
        .field
        .trim_start_matches('/')
        .replace(['/', '_'], " ");
    format!("{field} {}", problem.reason).trim().to_owned()
}

fn parse(row: &Row) -> Result<(SubscriptionId, TypedWish), Error> {
    let id = row.subscription.parse().map_err(|_| no_subscription())?;
    let wish = serde_json::from_value(row.wish.clone()).map_err(|_| no_subscription())?;
    Ok((id, wish))
}

fn no_subscription() -> Error {
    refusal("There is no such subscription here; take the ids from the list's sheet".to_owned())
}

fn same_as(first: u32) -> Error {
    refusal(format!(
        "Row {first} is about the same subscription; one change at a time"
    ))
}

/// A row that is wrong as a whole.
fn refusal(reason: String) -> Error {
    Error::Problems(vec![Problem::new("", reason)])
}
