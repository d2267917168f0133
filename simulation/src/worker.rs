//! The shell around the engine, as the real one in `app::worker`: claim and write down, call, write down.
//! Here sit the switches of the planted bugs.

use domain::order::Order;
use domain::order::line::{Line, LineEvent, LineState};
use domain::provisioning::account::{Account, Admission};
use domain::provisioning::engine::{
    Asked, Claimed, Intent, Question, Step, Then, conclude, prepare,
};
use domain::provisioning::pace::{hold, jitter};
use domain::provisioning::{Failure, Fault as Answer, Outcome, RepeatClass};
use domain::task::{Task, TaskKind};
use jiff::{SignedDuration, Timestamp};

use crate::bug::Bug;
use crate::connector::Exchange;
use crate::faults::Fault;
use crate::journal::Deed;
use crate::people::told;
use crate::store::{Committed, Write};
use crate::vendor::About;
use crate::world::{Waiter, World, attempt};

/// Tasks of one look.
const AT_ONCE: usize = 8;

/// A worker's process.
#[derive(Default)]
pub struct Node {
    /// Rises with each start: what an earlier one began is over.
    pub epoch: u32,
    /// Dead.
    pub is_down: bool,
    /// Stands still.
    pub paused_until: Option<Timestamp>,
}

/// A task that a worker works on.
pub struct Run {
    pub(crate) node: usize,
    pub(crate) epoch: u32,
    pub(crate) task: Task,
    pub(crate) claimed_at: Timestamp,
    pub(crate) intent: Option<Intent>,
    pub(crate) committed: Option<Committed>,
    pub(crate) about: About,
    pub(crate) vendor: usize,
    pub(crate) question: Option<Question>,
    pub(crate) exchange: Option<Exchange>,
    /// When the call counts as unanswered.
    pub(crate) deadline: Option<Timestamp>,
    /// Until when the vendor said that it wants no calls.
    pub(crate) limited: Option<Timestamp>,
}

impl World {
    /// A worker that can takes up what is due.
    pub(crate) fn look(&mut self) {
        let now = self.now;
        let first = usize::try_from(self.dice.below(self.nodes.len() as u64)).unwrap_or(0);
        let works = |node: &Node| !node.is_down && node.paused_until.is_none_or(|at| at <= now);
        let mut nodes = (0..self.nodes.len()).map(|at| (at + first) % self.nodes.len());
        match nodes.find(|node| works(&self.nodes[*node])) {
            Some(node) => {
                let tasks = self.store.list_due(now, AT_ONCE);
                if self.journal.is_some() {
                    let (tasks, limit) = (tasks.clone(), AT_ONCE);
                    self.log(Deed::Listed { tasks, limit }, None, None);
                }
                for task in tasks {
                    self.take(node, task);
                }
            }
            None => return self.look_by(now + SignedDuration::from_secs(1)),
        }
        if let Some(at) = self.store.next_due(now) {
            let soon = self.dice.millis(20, 200);
            self.look_by(at + soon);
        }
    }

    fn take(&mut self, node: usize, listed: Task) {
        let mut task = listed.clone();
        let taken = Deed::Taken {
            task: listed,
            run: None,
        };
        task.fence += 1;
        task.due_at = self.now + hold(task.strikes);
        task.strikes += 1;
        let Some(order) = self.store.orders.get(&task.order) else {
            return self.accuse("a task without an order");
        };
        let order = order.clone();
        if task.kind == TaskKind::Start {
            return self.begin(order, &task, taken);
        }
        let Some(line) = order.lines.iter().find(|line| line.id == task.line) else {
            return self.accuse("a task without a line");
        };
        let line = line.clone();
        let account = self.store.accounts.get(&task.vendor).cloned();
        let admission = account.unwrap_or_default().admit(self.now);
        let mut writes = match admission {
            Admission::Open => Vec::new(),
            Admission::Paused(_) => return self.log(taken, None, None),
            Admission::Probe(probing) => {
                self.tally.count("worker: probe");
                vec![Write::Account(task.vendor, probing)]
            }
        };
        match self.decide(&task, &order, &line) {
            Step::Drop => writes.push(Write::NoTask(task.id)),
            Step::Stop => {
                let mut order = order;
                match order.stop(&told(task.organization), self.now) {
                    Ok(_) => writes.extend([Write::Order(order), Write::NoTask(task.id)]),
                    Err(refusal) => return self.accuse(format!("can't be stopped: {refusal}")),
                }
            }
            Step::Wait(until) => {
                (task.due_at, task.strikes) = (until, 0);
                writes.push(Write::Task(task));
            }
            Step::Leave(event) => {
                if self.rule(self.vendor(task.vendor)).class == RepeatClass::Keyed {
                    self.tally.count("fault: window over");
                }
                writes.extend(self.moved(order, &line, &event));
                writes.push(Write::NoTask(task.id));
            }
            Step::Ask(intent) => {
                return self.prepare((node, taken), task, (*order, line), intent, writes);
            }
        }
        self.write(taken, writes, None);
    }

    fn begin(&mut self, mut order: Box<Order>, task: &Task, taken: Deed) {
        match order.begin_scheduled(self.now) {
            Ok(events) => {
                let follow_ups = order.follow_ups(&events, self.now);
                let mut writes = vec![Write::NoTask(task.id)];
                writes.extend(self.tasks(&order, follow_ups));
                writes.push(Write::Order(order));
                self.write(taken, writes, None);
            }
            Err(refusal) => self.accuse(format!("can't begin: {refusal}")),
        }
    }

    fn decide(&mut self, task: &Task, order: &Order, line: &Line) -> Step {
        let unsent;
        let state = match &line.state {
            LineState::Sending { attempt, .. } if self.bug == Some(Bug::SendingIsUnsent) => {
                unsent = LineState::Queued { attempt: *attempt };
                &unsent
            }
            state => state,
        };
        if let LineState::Checking { doubt, .. } = state
            && self.bug == Some(Bug::DoubtTimesOut)
            && self.now.duration_since(doubt.since) > SignedDuration::from_mins(10)
        {
            return Step::Leave(LineEvent::Failed(Failure {
                code: "Timeout".into(),
                message: String::new(),
                field: None,
            }));
        }
        prepare(&Claimed {
            task,
            state,
            verb: line.verb().as_ref(),
            rule: self.rule(self.vendor(task.vendor)),
            is_suspended: self.suspended.contains(&task.organization),
            is_waiting: order.is_waiting(line) && self.bug != Some(Bug::StepsTogether),
            now: self.now,
        })
    }

    fn prepare(
        &mut self,
        (node, mut taken): (usize, Deed),
        task: Task,
        (mut order, line): (Order, Line),
        intent: Intent,
        mut writes: Vec<Write>,
    ) {
        let event = intent.event().cloned().filter(|event| {
            let is_sent = matches!(line.state, LineState::Sending { .. });
            match event {
                LineEvent::Sending => !is_sent,
                LineEvent::AskedAgain => self.bug != Some(Bug::RepeatUnrecorded),
                _ => true,
            }
        });
        writes.push(Write::Task(task.clone()));
        match (event, order.note_deaths(&task, self.now)) {
            (Some(event), _) => writes.extend(self.moved(Box::new(order), &line, &event)),
            (None, Some(_)) => writes.push(Write::Order(Box::new(order))),
            (None, None) => {}
        }
        self.next_run += 1;
        let run = self.next_run;
        if let Deed::Taken { run: found, .. } = &mut taken {
            *found = Some(run);
        }
        let vendor = self.vendor(task.vendor);
        let about = self.about(&line, attempt(&line.state));
        self.runs.insert(
            run,
            Run {
                node,
                epoch: self.nodes[node].epoch,
                claimed_at: self.now,
                intent: Some(intent),
                committed: None,
                about,
                vendor,
                question: None,
                exchange: None,
                limited: None,
                deadline: None,
                task,
            },
        );
        match self.bug {
            Some(Bug::CallBeforeIntent) => self.send_unproven(run),
            Some(Bug::AckBeforeCommit) => {
                self.write(taken, writes, None);
                self.send_unproven(run);
            }
            _ => self.write(taken, writes, Some(Waiter::Call(run))),
        }
    }

    fn send_unproven(&mut self, run: u64) {
        if let Some(found) = self.runs.get_mut(&run) {
            found.committed = Some(Committed::forged());
        }
        self.send(run);
    }

    /// An order with a line moved, and the work that this leaves.
    fn moved(&mut self, mut order: Box<Order>, line: &Line, event: &LineEvent) -> Vec<Write> {
        match order.advance(line.id, event, None, self.now) {
            Ok(events) => {
                let after = order.lines.iter().find(|found| found.id == line.id);
                let is_news = after.is_some_and(|after| after.state.name() != line.state.name());
                let told = if is_news { events.as_slice() } else { &[] };
                let follow_ups = order.follow_ups(told, self.now);
                let mut writes = self.tasks(&order, follow_ups);
                writes.push(Write::Order(order));
                writes
            }
            Err(refusal) => {
                self.accuse(format!("a move that there is not: {refusal}"));
                Vec::new()
            }
        }
    }

    /// Gives the question away for the proof of its commit, and calls.
    pub(crate) fn send(&mut self, id: u64) {
        if !self.is_alive(id) {
            return;
        }
        let (now, bug) = (self.now, self.bug);
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        let (Some(intent), Some(committed)) = (run.intent.take(), run.committed.take()) else {
            return;
        };
        let at = match bug {
            Some(Bug::LostHoldHonored) => run.claimed_at,
            _ => now,
        };
        let asked = intent.once_durable(&committed, at);
        let (mut about, vendor) = (run.about, run.vendor);
        let (claimed_at, key, account) = (run.claimed_at, about.key, run.task.vendor);
        if self.journal.is_some() {
            let (run, question) = (id, asked.clone());
            self.log(Deed::Asked { run, key, question }, None, None);
        }
        let Some(question) = asked else {
            self.runs.remove(&id);
            return self.tally.count("worker: hold ran out before the call");
        };
        if bug == Some(Bug::FreshKey) && matches!(question, Question::Settle(_)) {
            about.key ^= id << 20;
        }
        let class = self.rule(vendor).class;
        let exchange = Exchange::begin(class, about, question.clone(), bug);
        if let Some(run) = self.runs.get_mut(&id) {
            (run.about, run.question, run.exchange) = (about, Some(question), Some(exchange));
        }
        if !self.intents.contains(&key) {
            return self.accuse("a vendor is called, and no durable intent says so");
        }
        if let Some((told_at, until)) = self.told.get(&account)
            && claimed_at > *told_at
            && now < *until
        {
            return self.accuse("a vendor is called before the instant that it named");
        }
        self.await_answer(id);
        self.transmit(id);
    }

    /// Whether the worker of a run lives; one that stands still goes on later.
    pub(crate) fn is_alive(&mut self, id: u64) -> bool {
        let Some(run) = self.runs.get(&id) else {
            return false;
        };
        let node = &self.nodes[run.node];
        if node.is_down || node.epoch != run.epoch {
            self.runs.remove(&id);
            return false;
        }
        true
    }

    /// Until when the worker of a run stands still.
    pub(crate) fn pause_of(&self, id: u64) -> Option<Timestamp> {
        let run = self.runs.get(&id)?;
        let until = self.nodes[run.node].paused_until;
        until.filter(|until| *until > self.now)
    }

    /// Writes down what came of a call.
    pub(crate) fn record(&mut self, id: u64, answer: Result<Outcome, Answer>) {
        let Some(run) = self.runs.remove(&id) else {
            return;
        };
        let Some(question) = run.question else {
            return;
        };
        let held = self.store.tasks.get(&run.task.id);
        let is_held = held.is_some_and(|held| held.fence == run.task.fence);
        if !is_held {
            self.tally.count("worker: hold lost before the answer");
            if self.journal.is_some() {
                let deed = heard(id, &answer, is_held);
                self.log(deed, None, None);
            }
            if self.bug != Some(Bug::FenceIgnored) {
                return;
            }
        }
        let deed = heard(id, &answer, is_held);
        let jitter = jitter(run.task.id, run.task.fence);
        let mut writes = self.account_after(&run.task, &answer, jitter);
        let Some(order) = self.store.orders.get(&run.task.order).cloned() else {
            return self.accuse("a task without an order");
        };
        let Some(line) = order.lines.iter().find(|line| line.id == run.task.line) else {
            return self.accuse("a task without a line");
        };
        let line = line.clone();
        let Some(verb) = line.verb() else {
            return self.accuse("a line that no vendor hears of is asked about");
        };
        let is_unsent = matches!(answer, Err(Answer::NotSent { .. }));
        let asked = Asked {
            task: &run.task,
            question: &question,
            state: &line.state,
            verb: &verb,
            rule: self.rule(run.vendor),
            now: self.now,
            jitter,
        };
        let mut verdict = conclude(&asked, answer);
        let is_check = matches!(question, Question::Settle(_));
        if is_unsent && is_check && self.bug == Some(Bug::CheckUnsentIsUnsent) {
            verdict.event = verdict.event.map(|_| LineEvent::NotSent);
        }
        if let Some(event) = &verdict.event {
            writes.extend(self.moved(order, &line, event));
            if matches!(event, LineEvent::Finished { .. }) {
                writes.extend(known_after(&line));
            }
        }
        writes.push(match verdict.then {
            Then::Finish => Write::NoTask(run.task.id),
            Then::Again { at, tries } => Write::Task(Task {
                due_at: at,
                tries,
                strikes: 0,
                ..run.task.clone()
            }),
        });
        let told = run
            .limited
            .map(|until| Waiter::Told(run.task.vendor, until));
        self.write(deed, writes, told);
    }

    fn account_after(
        &mut self,
        task: &Task,
        answer: &Result<Outcome, Answer>,
        jitter: u16,
    ) -> Vec<Write> {
        let before = self.store.accounts.get(&task.vendor).cloned();
        let before = before.unwrap_or_default();
        let is_refused = matches!(answer, Err(Answer::Misconfigured { .. }));
        if is_refused && self.bug == Some(Bug::EveryTaskAsks) {
            return Vec::new();
        }
        let after: Account = before.after(answer, self.now, jitter);
        if after == before {
            return Vec::new();
        }
        if after.paused_until > before.paused_until {
            self.tally.count("worker: account paused");
        }
        vec![Write::Account(task.vendor, after)]
    }

    /// A process dies, and all that it was about.
    pub(crate) fn crash(&mut self, node: usize) {
        if self.nodes[node].is_down {
            return;
        }
        self.tally.count("worker: crash");
        self.nodes[node].epoch += 1;
        self.nodes[node].is_down = true;
        let dead = |run: &Run| run.node == node;
        let calls = self.runs.values().filter(|run| dead(run));
        if calls.filter(|run| run.exchange.is_some()).count() > 0 {
            self.tally.count("worker: crash in a call");
        }
        self.runs.retain(|_, run| !dead(run));
        let soon = self.dice.millis(500, 60_000);
        self.happens_in(soon, crate::world::Happening::Restart { node });
    }

    /// A process starts again; an only one needn't wait for the holds of the one before.
    pub(crate) fn restart(&mut self, node: usize) {
        self.nodes[node].is_down = false;
        if self.nodes.len() == 1 {
            let is_held =
                |task: &&Task| (1..domain::provisioning::pace::STRIKES_MAX).contains(&task.strikes);
            let is_ahead = |task: &&Task| task.due_at > self.now;
            let held = self.store.tasks.values().filter(is_held).filter(is_ahead);
            let released = held.map(|task| {
                Write::Task(Task {
                    due_at: self.now,
                    ..task.clone()
                })
            });
            let writes = released.collect();
            self.write(Deed::Released, writes, None);
        }
        self.look_by(self.now);
    }

    /// The worker of a run may stand still for minutes, at the worst of times.
    pub(crate) fn may_pause(&mut self, run: u64) {
        if self.meets(Fault::Pause)
            && let Some(found) = self.runs.get(&run)
        {
            let node = found.node;
            self.tally.count("worker: pause");
            let until = self.now + self.dice.millis(5_000, 300_000);
            self.nodes[node].paused_until = Some(until);
        }
    }

    /// Calls as soon as the worker goes on.
    pub(crate) fn send_soon(&mut self, run: u64) {
        self.may_pause(run);
        let at = match self.pause_of(run) {
            Some(until) => until,
            None => self.now + self.dice.millis(0, 5),
        };
        self.happens_at(at, crate::world::Happening::Send { run });
    }
}

fn heard(run: u64, answer: &Result<Outcome, Answer>, is_held: bool) -> Deed {
    let answer = answer.clone();
    Deed::Heard {
        run,
        answer,
        is_held,
    }
}

/// What is known of a subscription when a line about its quantity is done.
pub(crate) fn known_after(line: &Line) -> Option<Write> {
    let quantity = line.verb()?.quantity_after()?;
    Some(Write::Quantity(line.subscription, quantity))
}
