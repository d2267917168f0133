//! The worker: writes down what it is about to ask, asks, and writes down what came of it.
//!
//! Between the two short transactions nothing is locked. A worker that dies leaves the line as
//! *sending*; the next one finds it so and asks the vendor what became of it, instead of buying again.

use std::time::Duration;

use connectors::{Connector, Settings};
use domain::id::{LineId, OrganizationId, VendorId};
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::{Item, Line, LineEvent, LineState};
use domain::organization::OrganizationStatus;
use domain::provisioning::{Abilities, Doubt, Fault, Outcome, Request, Verb};
use domain::task::{Task, TaskKind};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{Tx, catalog, orders, organizations, tasks};
use uuid::Uuid;

use crate::clock::TaskIds;
use crate::{App, Error, carts, filing, schedules, subscriptions, suspensions};

/// A hold outlives every call of a connector, so no second worker asks while one is asking.
const HOLD: SignedDuration = SignedDuration::from_secs(60);
const TASKS_AT_ONCE: u32 = 32;
const BACKOFF_MAX_SECONDS: i64 = 60;
/// How long an idle worker sleeps before it looks again, should nobody wake it.
const IDLE: Duration = Duration::from_millis(500);

/// What is to be asked, decided from where the line stands.
enum Question {
    Submit,
    Settle(Doubt),
    Poll(Option<String>),
    Clear,
}

/// Where the worker is when a crash is most telling; tests end the process there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The line is *sending* in the database; the vendor knows nothing.
    BeforeCall,
    /// The vendor has answered, or a batch of a job is written; the database has not committed it.
    BeforeCommit,
}

/// A claimed task with all that its call needs.
struct Job {
    task: Task,
    question: Question,
    request: Request,
    owner: OrganizationId,
    settings: Settings,
    /// The vendor's own date for taking back what it has just finished.
    returnable_until: Option<Timestamp>,
}

impl App {
    /// Works until `stop` completes; what is under way then is left to the holds.
    pub async fn work(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        if let Err(error) = self.release_holds().await {
            tracing::error!(%error, "what the last run held is left to its holds");
        }
        let mut next_filing = Timestamp::MIN;
        loop {
            if self.clock.now() >= next_filing {
                next_filing = self.file_and_pause().await;
            }
            match self.run_jobs().await {
                Ok(0) => {}
                Ok(_) => self.wake.notify_one(),
                Err(error) => tracing::error!(%error, "jobs can't be worked off"),
            }
            match self.stop_due().await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(count, "orders of suspended organizations were stopped")
                }
                Err(error) => tracing::error!(%error, "orders can't be stopped; tried again"),
            }
            match self.run_due().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::error!(%error, "the worker could not work"),
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
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

    /// The only process needn't wait for the holds of the one before it, which is dead.
    async fn release_holds(&self) -> Result<(), Error> {
        if !self.store.is_exclusive() {
            return Ok(());
        }
        let now = self.clock.now();
        let release = self
            .store
            .write(now, |now, tx| Box::pin(tasks::release_all(tx, *now)));
        release
            .await
            .map_err(|error: store::StoreError| error.into())
    }

    /// Does what is due, once; how many tasks were claimed.
    pub async fn run_due(&self) -> Result<usize, Error> {
        let due = {
            let mut tx = self.store.read().await?;
            tasks::list_due(&mut tx, self.clock.now(), TASKS_AT_ONCE).await?
        };
        let runs = due.into_iter().map(|task| async move {
            let id = task.id;
            match self.run(task).await {
                Ok(is_ours) => is_ours,
                // Another worker took over while we asked: its answer stands.
                Err(Error::Changed) => false,
                Err(error) => {
                    tracing::error!(%error, task = %id, "a task failed and will be tried again");
                    false
                }
            }
        });
        Ok(futures::future::join_all(runs)
            .await
            .into_iter()
            .filter(|is_ours| *is_ours)
            .count())
    }

    async fn run(&self, task: Task) -> Result<bool, Error> {
        let organization = task.organization;
        let state = (task, self.task_ids(), self.clock.now());
        let prepared = self
            .store
            .write(state, |(task, ids, now), tx| {
                Box::pin(prepare(tx, task, *ids, *now))
            })
            .await?;
        self.committed(organization);
        let Some(mut job) = prepared else {
            return Ok(true);
        };
        self.pass(Point::BeforeCall);
        let answer = match self.connection(job.owner, job.task.vendor, &job.settings) {
            Ok(connector) => {
                let answer = ask(connector.as_ref(), &job).await;
                job.returnable_until = deadline(connector.as_ref(), &job, &answer).await;
                answer
            }
            Err(fault) => Err(fault),
        };
        let state = (job, answer, self.task_ids(), self.clock.now());
        let app = self.clone();
        self.store
            .write(state, move |(job, answer, id, now), tx| {
                let app = app.clone();
                Box::pin(async move {
                    record(tx, job, answer.clone(), *id, *now).await?;
                    app.pass(Point::BeforeCommit);
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.committed(organization);
        Ok(true)
    }
}

async fn ask(connector: &dyn Connector, job: &Job) -> Result<Outcome, Fault> {
    match &job.question {
        Question::Submit => connector.submit(&job.request).await,
        Question::Settle(doubt) => connector.settle(&job.request, doubt).await,
        Question::Poll(operation) => connector.poll(&job.request, operation.as_deref()).await,
        Question::Clear => connector.clear(&job.request).await,
    }
}

/// Until when the vendor itself says that it takes back what it has finished buying.
async fn deadline(
    connector: &dyn Connector,
    job: &Job,
    answer: &Result<Outcome, Fault>,
) -> Option<Timestamp> {
    let is_bought = match job.request.verb {
        Verb::Purchase { .. } => true,
        Verb::Quantity { from, to } => to > from,
        _ => false,
    };
    match answer {
        Ok(Outcome::Done { vendor_reference }) if is_bought => {
            connector
                .returnable_until(&job.request, vendor_reference)
                .await
        }
        _ => None,
    }
}

/// Claims the task and writes down what is about to be asked. `None`: there is nothing to ask.
async fn prepare(
    tx: &mut Tx,
    task: &Task,
    ids: TaskIds,
    now: Timestamp,
) -> Result<Option<Job>, Error> {
    let task = tasks::claim(tx, task, HOLD, now)
        .await?
        .ok_or(Error::Changed)?;
    if task.kind == TaskKind::Start {
        schedules::begin(tx, &task, ids, now).await?;
        return Ok(None);
    }
    let mut order = orders::load(tx, task.organization, task.order).await?;
    let customer = organizations::find_by_id(tx, order.organization)
        .await?
        .ok_or(Error::NotFound)?;
    let question = match (task.kind, &find(&order, task.line)?.state) {
        (TaskKind::Clear, LineState::Failed { .. }) => Question::Clear,
        // Nothing is sent any more, whatever came by while its orders were being stopped.
        (TaskKind::Provision, LineState::Queued { .. })
            if customer.status == OrganizationStatus::Suspended =>
        {
            suspensions::stop(tx, &mut order, &customer, now).await?;
            tasks::finish(tx, &task).await?;
            return Ok(None);
        }
        (TaskKind::Provision, LineState::Queued { .. }) => {
            let events = order.advance(task.line, &LineEvent::Sending, None, now)?;
            orders::save(tx, &mut order, &events, now).await?;
            Question::Submit
        }
        (TaskKind::Provision, LineState::Sending { since, .. }) => {
            let evidence = "the worker stopped before it heard an answer".to_owned();
            Question::Settle(Doubt {
                since: *since,
                evidence,
                checks: 0,
            })
        }
        (TaskKind::Provision, LineState::Checking { doubt, .. }) => Question::Settle(doubt.clone()),
        (TaskKind::Provision, LineState::Accepted { operation, .. }) => {
            Question::Poll(operation.clone())
        }
        // Decided meanwhile, or moved on: nothing is left to do.
        (TaskKind::Provision | TaskKind::Clear | TaskKind::Start, _) => {
            tasks::finish(tx, &task).await?;
            return Ok(None);
        }
    };
    let vendor = catalog::find_vendor(tx, &customer.chain, task.vendor).await?;
    let vendor = vendor.ok_or(Error::NotFound)?;
    let settings = settings(&vendor)?;
    let line = find(&order, task.line)?;
    let changed = subscriptions::find_changed(tx, &order, line).await?;
    let request = request(&order, line, changed, customer.slug.as_str())?;
    Ok(Some(Job {
        task,
        question,
        request,
        owner: vendor.owner,
        settings,
        returnable_until: None,
    }))
}

/// What the vendor of an offer can do, for an organization below the one that has the connection.
pub(crate) async fn abilities(
    tx: &mut Tx,
    chain: &[OrganizationId],
    vendor: VendorId,
) -> Result<Abilities, Error> {
    let vendor = catalog::find_vendor(tx, chain, vendor).await?;
    let settings = settings(&vendor.ok_or(Error::NotFound)?)?;
    Ok(connectors::abilities(&settings))
}

/// A vendor's settings as its connector reads them.
pub(crate) fn settings(vendor: &catalog::Vendor) -> Result<Settings, Error> {
    serde_json::from_str(&vendor.settings)
        .map_err(|error| Error::Internal(format!("settings of vendor {}: {error}", vendor.id)))
}

/// The request of a line's present attempt, always the same bytes: what it changes is changed by nobody
/// else meanwhile.
fn request(
    order: &Order,
    line: &Line,
    changed: Option<(String, Item)>,
    slug: &str,
) -> Result<Request, Error> {
    let attempt = match &line.state {
        LineState::Sending { attempt, .. }
        | LineState::Checking { attempt, .. }
        | LineState::Accepted { attempt, .. }
        | LineState::Failed { attempt, .. }
        | LineState::Queued { attempt } => *attempt,
        other => {
            return Err(Error::Internal(format!(
                "a {} line asks nothing",
                other.name()
            )));
        }
    };
    let verb = line
        .verb()
        .ok_or_else(|| Error::Internal("no vendor hears of this".into()))?;
    let key = attempt_key(line.id, attempt);
    // A new purchase is its own; anything else is about what is there.
    let changed = changed.filter(|_| !matches!(verb, Verb::Purchase { .. }));
    let (reference, item) = changed.unzip();
    let vendor_reference = line.vendor_reference.clone().or(reference);
    let subscription_key = match (&verb, vendor_reference.as_deref()) {
        (Verb::Purchase { .. }, _) => key,
        // A person may have typed any text; only connectors that gave out the key need it back.
        (_, Some(reference)) => Uuid::try_parse(reference).unwrap_or(key),
        (_, None) => {
            return Err(Error::Internal(
                "the subscription has no id at its vendor".into(),
            ));
        }
    };
    let item = item.unwrap_or_else(|| line.item.clone());
    Ok(Request {
        key,
        subscription_key,
        vendor_reference,
        verb,
        product: item.product,
        plan: item.vendor_plan,
        cadence: line.item.cadence,
        organization: order.organization,
        organization_slug: slug.to_owned(),
        order: order.number,
        line: line.id,
        actor: order.created_by.user,
        actor_email: order.created_by.email.clone(),
        contact: Some(line.contact.clone()),
        tenant: line.tenant.clone(),
        parameters: line.parameters.clone(),
    })
}

/// The key of an attempt: the same after a crash, another for each retry that a person asks for.
fn attempt_key(line: LineId, attempt: u32) -> Uuid {
    let digest = Sha256::digest(format!("{line}:{attempt}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Writes down what came of a call, and when to ask again.
async fn record(
    tx: &mut Tx,
    job: &Job,
    answer: Result<Outcome, Fault>,
    next: TaskIds,
    now: Timestamp,
) -> Result<(), Error> {
    let task = &job.task;
    if task.kind == TaskKind::Clear {
        return match answer {
            Ok(Outcome::Done { .. }) => Ok(tasks::finish(tx, task).await?),
            Ok(Outcome::Accepted { .. } | Outcome::Refused(_)) | Err(_) => {
                put_off(tx, task, None, now).await
            }
        };
    }
    let (event, retry_after) = match answer {
        Ok(Outcome::Done { vendor_reference }) => (LineEvent::Finished { vendor_reference }, None),
        Ok(Outcome::Refused(failure)) => (LineEvent::Failed(failure), None),
        Ok(Outcome::Accepted {
            operation,
            retry_after,
        }) => (LineEvent::Accepted { operation }, retry_after),
        Err(Fault::NotSent { retry_after, .. }) => (LineEvent::NotSent, retry_after),
        Err(Fault::Misconfigured { reason }) => {
            tracing::warn!(vendor = %task.vendor, reason, "a vendor refuses our connection");
            (LineEvent::NotSent, Some(Duration::from_secs(60)))
        }
        Err(Fault::AnswerLost {
            evidence,
            retry_after,
        }) => (LineEvent::AnswerLost { evidence }, retry_after),
    };
    let mut order = orders::load(tx, task.organization, task.order).await?;
    let before = find(&order, task.line)?.state.clone();
    // While in doubt, "not sent" speaks of the check, not of the purchase; and a poll says nothing new.
    let event = match (&job.question, event) {
        (Question::Settle(_), LineEvent::NotSent) => LineEvent::AnswerLost {
            evidence: "the vendor can't be reached".into(),
        },
        (Question::Poll(_), LineEvent::NotSent | LineEvent::AnswerLost { .. }) => {
            return put_off(tx, task, retry_after, now).await;
        }
        (_, event) => event,
    };
    let events = order.advance(task.line, &event, None, now)?;
    note_deadline(&mut order, job, now);
    let after = find(&order, task.line)?.clone();
    // Repeated polls and checks are counted in the state; only a change of state is an event.
    let is_news = before.name() != after.state.name();
    let told = if is_news { events.as_slice() } else { &[] };
    orders::save(tx, &mut order, told, now).await?;
    carts::enqueue(tx, &order, told, next, now).await?;
    subscriptions::keep(tx, &order, &after).await?;
    if after.state.is_undecided() {
        put_off(tx, task, retry_after, now).await
    } else {
        Ok(tasks::finish(tx, task).await?)
    }
}

/// Until when the vendor takes back what it has just finished: its own word, else its usual window.
fn note_deadline(order: &mut Order, job: &Job, now: Timestamp) {
    let window = connectors::abilities(&job.settings).cancellation_window;
    let is_done = |line: &&mut Line| {
        let is_bought = match line.change {
            RequestedChange::Purchase { .. } => true,
            RequestedChange::Quantity { from, to } => to > from,
            _ => false,
        };
        let is_finished = matches!(line.state, LineState::Finished { .. });
        line.id == job.task.line && is_bought && is_finished
    };
    for line in order.lines.iter_mut().filter(is_done) {
        let usual = || now.checked_add(window?).ok();
        line.cancellable_until = job.returnable_until.or_else(usual);
    }
}

/// Asks again later: when the vendor says, else after a growing while.
async fn put_off(
    tx: &mut Tx,
    task: &Task,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> Result<(), Error> {
    let tries = task.tries.saturating_add(1);
    let seconds = match retry_after {
        Some(wish) => i64::try_from(wish.as_secs()).unwrap_or(BACKOFF_MAX_SECONDS),
        None => (1i64 << tries.min(6)).min(BACKOFF_MAX_SECONDS),
    };
    let due_at = now + SignedDuration::from_secs(seconds);
    Ok(tasks::postpone(tx, task, due_at, tries).await?)
}

fn find(order: &Order, id: LineId) -> Result<&Line, Error> {
    order
        .lines
        .iter()
        .find(|line| line.id == id)
        .ok_or(Error::NotFound)
}
