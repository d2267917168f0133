//! One task all the way: claim it and write down what is about to be asked, ask, write down what came of it.

use std::sync::Arc;
use std::time::Duration;

use connectors::{Connector, Settings};
use domain::id::{LineId, OrganizationId};
use domain::order::Order;
use domain::order::line::{Line, LineEvent, LineState};
use domain::organization::Organization;
use domain::price::refund::closing;
use domain::provisioning::account::{Account, Admission};
use domain::provisioning::engine::{self, Asked, Claimed, Intent, Question, Step, Then, Verdict};
use domain::provisioning::pace::{CALL_MAX, hold, jitter};
use domain::provisioning::{Fault, Outcome, RepeatClass, RepeatRule, Request};
use domain::task::{Task, TaskKind};
use jiff::Timestamp;
use store::orders::Loaded;
use store::{Committed, StoreError, Tx, accounts, catalog, orders, organizations, tasks};

use super::request::{request, settings};
use super::{IDLE, Point};
use crate::clock::TaskIds;
use crate::{App, Error, carts, schedules, subscriptions, suspensions};

/// The vendor of a task, as far as it can be known before anything is locked.
struct Vendor {
    customer: Organization,
    owner: OrganizationId,
    settings: Settings,
    connector: Arc<dyn Connector>,
    account: Account,
}

/// A claimed task with all that its call needs.
struct Job {
    task: Task,
    intent: Intent,
    request: Request,
}

/// A task that was taken up.
pub enum Taken {
    /// Its vendor's settings can't be used: it waits until a person mends them.
    Waits,
    /// There is nothing to ask.
    Done,
    /// A vendor is to be asked.
    Asks(Box<Prepared>),
}

/// A question that is written down and not yet asked.
pub struct Prepared {
    job: Job,
    vendor: Arc<Vendor>,
    committed: Committed,
}

/// A question that was asked.
struct Call {
    task: Task,
    question: Question,
    request: Request,
    vendor: Arc<Vendor>,
    /// The vendor's own date for taking back what it has just finished.
    returnable_until: Option<Timestamp>,
}

impl App {
    /// Whether the task was still there to be done.
    pub(super) async fn run(&self, task: &Task) -> Result<bool, Error> {
        match self.take(task).await? {
            Taken::Waits => return Ok(false),
            Taken::Done => {}
            Taken::Asks(prepared) => self.ask(*prepared).await?,
        }
        Ok(true)
    }

    /// Claims a task and writes down what is about to be asked: the first half of its run. Whoever drops
    /// what is prepared dies, to the database.
    pub async fn take(&self, task: &Task) -> Result<Taken, Error> {
        if task.kind == TaskKind::Start {
            self.begin(task).await?;
            return Ok(Taken::Done);
        }
        let turn = self.lanes.turn(task.vendor).await;
        let Some(vendor) = self.find_vendor(task).await? else {
            return Ok(Taken::Waits);
        };
        let state = (task.clone(), vendor.clone(), self.clock.now());
        let (prepared, committed) = self
            .store
            .write_durably(state, |(task, vendor, now), tx| {
                Box::pin(prepare(tx, task, vendor, *now))
            })
            .await?;
        drop(turn);
        self.committed(task.organization);
        Ok(match prepared {
            None => Taken::Done,
            Some(job) => Taken::Asks(Box::new(Prepared {
                job,
                vendor,
                committed,
            })),
        })
    }

    /// Asks, and writes down what came of it: the second half.
    pub async fn ask(&self, prepared: Prepared) -> Result<(), Error> {
        let Prepared {
            job,
            vendor,
            committed,
        } = prepared;
        self.pass(Point::BeforeCall);
        let Some(question) = job.intent.once_durable(&committed, self.clock.now()) else {
            let task = job.task.id;
            tracing::warn!(%task, "held for too long before the call; left to the hold");
            return Ok(());
        };
        let mut call = Call {
            task: job.task,
            question,
            request: job.request,
            vendor,
            returnable_until: None,
        };
        let answer = ask(&call).await;
        call.returnable_until = deadline(&call, &answer).await;
        self.keep(call, answer).await
    }

    async fn begin(&self, task: &Task) -> Result<(), Error> {
        let state = (task.clone(), self.task_ids(), self.clock.now());
        let begun = self.store.write(state, |(task, ids, now), tx| {
            Box::pin(async move {
                let task = claim(tx, task, *now).await?;
                schedules::begin(tx, &task, *ids, *now).await
            })
        });
        begun.await?;
        self.committed(task.organization);
        Ok(())
    }

    /// The vendor, unless its settings can't be used: then everything for it waits until a person mends
    /// them.
    async fn find_vendor(&self, task: &Task) -> Result<Option<Arc<Vendor>>, Error> {
        let mut tx = self.store.read().await?;
        let customer = organizations::find_by_id(&mut tx, task.organization).await?;
        let customer = customer.ok_or(Error::NotFound)?;
        let vendor = catalog::find_vendor(&mut tx, &customer.chain, task.vendor).await?;
        let vendor = vendor.ok_or(Error::NotFound)?;
        let account = accounts::find(&mut tx, vendor.owner, vendor.id).await?;
        drop(tx);
        let settings = settings(&vendor)?;
        match self.connection(vendor.owner, vendor.id, &settings) {
            Ok(connector) => Ok(Some(Arc::new(Vendor {
                customer,
                owner: vendor.owner,
                settings,
                connector: connector.into(),
                account,
            }))),
            Err(fault) => {
                let state = (vendor, Err(fault), self.clock.now());
                let paused = self.store.write(state, |(vendor, answer, now), tx| {
                    let account = (vendor.owner, vendor.id);
                    Box::pin(async move { hear(tx, account, answer, *now, 0).await })
                });
                paused.await?;
                Ok(None)
            }
        }
    }

    /// While the database is away the answer is kept, for as long as the task is held: forgotten it would be a
    /// doubt, and for class X a person's.
    async fn keep(&self, call: Call, answer: Result<Outcome, Fault>) -> Result<(), Error> {
        let held_until = call.task.due_at;
        let heard = Arc::new((call, answer));
        loop {
            match self.write_down(heard.clone()).await {
                Err(error @ (Error::Full | Error::Unavailable | Error::Unknown))
                    if self.clock.now() < held_until =>
                {
                    tracing::warn!(%error, task = %heard.0.task.id, "an answer waits to be written down");
                    tokio::time::sleep(IDLE).await;
                }
                written => return written,
            }
        }
    }

    async fn write_down(&self, heard: Arc<(Call, Result<Outcome, Fault>)>) -> Result<(), Error> {
        let (organization, vendor) = (heard.0.task.organization, heard.0.task.vendor);
        let _turn = self.lanes.turn(vendor).await;
        let state = (heard, self.task_ids(), self.clock.now());
        let app = self.clone();
        self.store
            .write_settling(state, move |(heard, ids, now), tx| {
                let app = app.clone();
                Box::pin(async move {
                    record(tx, &heard.0, heard.1.clone(), *ids, *now).await?;
                    app.pass(Point::BeforeCommit);
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.committed(organization);
        Ok(())
    }
}

/// Asks, and gives up after the longest that a call may take, whatever the connector does.
async fn ask(call: &Call) -> Result<Outcome, Fault> {
    let (connector, request) = (call.vendor.connector.as_ref(), &call.request);
    let asked = async {
        match &call.question {
            Question::Submit => connector.submit(request).await,
            Question::Settle(doubt) => connector.settle(request, doubt).await,
            Question::Poll(operation) => connector.poll(request, operation.as_deref()).await,
            Question::Clear => connector.clear(request).await,
        }
    };
    let deadline = Duration::try_from(CALL_MAX).unwrap_or(Duration::MAX);
    tokio::select! {
        // First: a process that stood still may not go on with a call whose hold ran out meanwhile.
        biased;
        () = tokio::time::sleep(deadline) => Err(Fault::AnswerLost {
            evidence: format!("no answer within {} s", CALL_MAX.as_secs()),
            retry_after: None,
        }),
        answer = asked => answer,
    }
}

/// Until when the vendor itself says that it takes back what it has finished buying.
async fn deadline(call: &Call, answer: &Result<Outcome, Fault>) -> Option<Timestamp> {
    let (connector, request) = (call.vendor.connector.as_ref(), &call.request);
    match answer {
        Ok(Outcome::Done { vendor_reference }) if request.verb.buys() => {
            connector.returnable_until(request, vendor_reference).await
        }
        _ => None,
    }
}

async fn claim(tx: &mut Tx, task: &Task, now: Timestamp) -> Result<Task, Error> {
    let claimed = tasks::claim(tx, task, hold(task.strikes), now).await?;
    claimed.ok_or(Error::Changed)
}

/// Claims the task and writes down what is about to be asked. `None`: there is nothing to ask.
async fn prepare(
    tx: &mut Tx,
    task: &Task,
    vendor: &Vendor,
    now: Timestamp,
) -> Result<Option<Job>, Error> {
    if !admit(tx, task, vendor, now).await? {
        return Ok(None);
    }
    let task = claim(tx, task, now).await?;
    let mut order = orders::load(tx, task.organization, task.order).await?;
    if let Some(event) = order.note_deaths(&task, now) {
        orders::save(tx, &mut order, &[event], now).await?;
    }
    let line = find(&order, task.line)?;
    let verb = line.verb();
    let suspended = match line.state {
        LineState::Queued { .. } => {
            store::suspensions::find_above(tx, &vendor.customer.chain).await?
        }
        _ => None,
    };
    let step = engine::prepare(&Claimed {
        task: &task,
        state: &line.state,
        verb: verb.as_ref(),
        rule: rule(vendor, line),
        is_suspended: suspended.is_some(),
        is_waiting: order.is_waiting(line),
        now,
    });
    let intent = match step {
        Step::Ask(intent) => intent,
        Step::Wait(until) => {
            tasks::postpone(tx, &task, until, task.tries).await?;
            return Ok(None);
        }
        Step::Stop => {
            suspensions::stop(tx, &mut order, suspended, now).await?;
            tasks::finish(tx, &task).await?;
            return Ok(None);
        }
        Step::Leave(event) => {
            let events = order.advance(task.line, &event, None, now)?;
            orders::save(tx, &mut order, &events, now).await?;
            tasks::finish(tx, &task).await?;
            return Ok(None);
        }
        Step::Drop => {
            tasks::finish(tx, &task).await?;
            return Ok(None);
        }
    };
    if let Some(event) = intent.event() {
        let before = find(&order, task.line)?.state.name();
        let events = order.advance(task.line, event, None, now)?;
        let is_news = before != find(&order, task.line)?.state.name();
        let told = if is_news { events.as_slice() } else { &[] };
        orders::save(tx, &mut order, told, now).await?;
    }
    let line = find(&order, task.line)?;
    let changed = subscriptions::find_changed(tx, &order, line).await?;
    let request = request(&order, line, changed, vendor.customer.slug.as_str())?;
    Ok(Some(Job {
        task,
        intent,
        request,
    }))
}

/// Whether the vendor account may be asked; the one that asks first after a rest takes note of it.
async fn admit(tx: &mut Tx, task: &Task, vendor: &Vendor, now: Timestamp) -> Result<bool, Error> {
    if vendor.account.admit(now) == Admission::Open {
        return Ok(true);
    }
    let account = accounts::find(tx, vendor.owner, task.vendor).await?;
    match account.admit(now) {
        Admission::Open => Ok(true),
        Admission::Paused(_) => Ok(false),
        Admission::Probe(probing) => {
            accounts::save(tx, vendor.owner, task.vendor, &probing).await?;
            Ok(true)
        }
    }
}

/// What the vendor promises about repeats of a line; nothing where no vendor hears of it.
fn rule(vendor: &Vendor, line: &Line) -> RepeatRule {
    let verb = line.verb();
    verb.map_or(RepeatClass::Once.into(), |verb| {
        vendor.connector.repeat_rule(&verb)
    })
}

/// Takes note of what an answer says about the account.
async fn hear(
    tx: &mut Tx,
    (owner, vendor): (OrganizationId, domain::id::VendorId),
    answer: &Result<Outcome, Fault>,
    now: Timestamp,
    jitter: u16,
) -> Result<(), Error> {
    if let Err(Fault::Misconfigured { reason }) = answer {
        tracing::warn!(%vendor, reason, "a vendor refuses our connection");
    }
    let before = accounts::find(tx, owner, vendor).await?;
    let after = before.after(answer, now, jitter);
    if after != before {
        accounts::save(tx, owner, vendor, &after).await?;
    }
    Ok(())
}

/// Writes down what came of a call, and when to ask again.
async fn record(
    tx: &mut Tx,
    call: &Call,
    answer: Result<Outcome, Fault>,
    ids: TaskIds,
    now: Timestamp,
) -> Result<(), Error> {
    let (task, vendor) = (&call.task, &call.vendor);
    let jitter = jitter(task.id, task.fence);
    hear(tx, (vendor.owner, task.vendor), &answer, now, jitter).await?;
    let mut order = orders::load(tx, task.organization, task.order).await?;
    let line = find(&order, task.line)?;
    let verdict = engine::conclude(
        &Asked {
            task,
            question: &call.question,
            state: &line.state,
            verb: &call.request.verb,
            rule: rule(vendor, line),
            now,
            jitter,
        },
        answer,
    );
    // First: what was written down before, by a commit that nobody heard of, is not the order's to take twice.
    follow(tx, task, &verdict).await?;
    match &verdict.event {
        Some(event) => advance(tx, &mut order, call, event, ids, now).await,
        None => Ok(()),
    }
}

async fn advance(
    tx: &mut Tx,
    order: &mut Loaded,
    call: &Call,
    event: &LineEvent,
    ids: TaskIds,
    now: Timestamp,
) -> Result<(), Error> {
    let id = call.task.line;
    let before = find(order, id)?.state.name();
    let events = order.advance(id, event, None, now)?;
    note_deadline(order, call, now);
    let after = find(order, id)?.clone();
    // Repeated polls and checks are counted in the state; only a change of state is an event.
    let is_news = before != after.state.name() || matches!(event, LineEvent::LeftToPeople { .. });
    let told = if is_news { events.as_slice() } else { &[] };
    orders::save(tx, order, told, now).await?;
    carts::enqueue(tx, order, told, ids, now).await?;
    subscriptions::keep(tx, order, &after).await
}

async fn follow(tx: &mut Tx, task: &Task, verdict: &Verdict) -> Result<(), Error> {
    let followed = match verdict.then {
        Then::Finish => tasks::finish(tx, task).await,
        Then::Again { at, tries } => tasks::postpone(tx, task, at, tries).await,
    };
    followed.map_err(|error: StoreError| error.into())
}

/// Until when what has just been bought can be canceled, by the vendor's own word, else its usual window.
fn note_deadline(order: &mut Order, call: &Call, now: Timestamp) {
    let window = connectors::abilities(&call.vendor.settings).cancellation_window;
    let is_bought = |line: &&mut Line| {
        let is_finished = matches!(line.state, LineState::Finished { .. });
        line.id == call.task.line && call.request.verb.buys() && is_finished
    };
    for line in order.lines.iter_mut().filter(is_bought) {
        let usual = || now.checked_add(window?).ok();
        line.cancellable_until = call.returnable_until.or_else(usual).map(closing);
    }
}

fn find(order: &Order, id: LineId) -> Result<&Line, Error> {
    order
        .lines
        .iter()
        .find(|line| line.id == id)
        .ok_or(Error::NotFound)
}
