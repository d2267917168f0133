//! A recorded world, done again by the worker and the operations of the product on a real database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use app::clock::{Dice, ManualClock};
use app::orders::Conditions;
use app::worker::{Prepared, Taken};
use app::{App, Error};
use domain::event::{Actor, Event};
use domain::id::TaskId;
use domain::order::Order;
use domain::order::command::Command;
use domain::provisioning::engine::Question;
use domain::provisioning::{Fault, Outcome};
use domain::task::{FollowUp, Task};
use jiff::Timestamp;
use simulation::journal::{Deed, Recording, Step};
use simulation::made::staff;
use simulation::people::{TERMS, UNPAID};
use store::{Mode, Store, StoreError, Tx, orders, schema, tasks};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::people::Door;
use super::vendors::{Call, Vendors};
use super::{compare, people};

/// How much was compared.
#[derive(Debug, Default)]
pub struct Count {
    orders: usize,
    steps: usize,
    calls: usize,
    bought: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count {
            orders,
            steps,
            calls,
            bought,
        } = self;
        write!(
            f,
            "{orders} orders, {steps} steps, {calls} calls, {bought} bought, all the same"
        )
    }
}

/// Dice that are laid down before each step.
struct Laid(Mutex<Uuid>);

impl Dice for Laid {
    fn fill(&self, bytes: &mut [u8]) {
        let laid = self.0.lock().unwrap().into_bytes();
        for (byte, laid) in bytes.iter_mut().zip(laid.iter().cycle()) {
            *byte = *laid;
        }
    }
}

/// A call under way.
struct Asking {
    run: JoinHandle<Result<(), Error>>,
    answer: oneshot::Sender<Result<Outcome, Fault>>,
}

/// A world on a real database, as far as it has come.
pub struct Replay<'r> {
    recording: &'r Recording,
    store: Store,
    app: App,
    clock: Arc<ManualClock>,
    dice: Arc<Laid>,
    door: Door,
    calls: mpsc::UnboundedReceiver<Call>,
    prepared: BTreeMap<u64, Box<Prepared>>,
    asking: BTreeMap<u64, Asking>,
    /// Runs that will hear an answer; the others die before.
    hearing: BTreeSet<u64>,
    /// The keys that vendors were given, by those of the simulation.
    keys: BTreeMap<u64, Uuid>,
    count: Count,
}

impl<'r> Replay<'r> {
    /// Does all that was recorded on the empty database at an address; or says where it is another first.
    pub async fn of(recording: &'r Recording, address: &str) -> Result<Count, String> {
        let store = Store::open(address).await.unwrap();
        schema::migrate(&store).await.unwrap();
        people::found(&store, recording.rules.keys().copied().collect()).await;
        let clock = Arc::new(ManualClock::at(recording.steps[0].at));
        let dice = Arc::new(Laid(Mutex::new(Uuid::nil())));
        let (sender, calls) = mpsc::unbounded_channel();
        let vendors = Vendors {
            rules: recording.rules.clone(),
            calls: sender,
        };
        let hears = |step: &Step| match step.deed {
            Deed::Heard { run, .. } => Some(run),
            _ => None,
        };
        let mut replay = Replay {
            recording,
            app: App::new(store.clone(), clock.clone())
                .drawing_from(dice.clone())
                .speaking_through(Arc::new(vendors)),
            door: Door::new(&store, clock.clone()),
            store,
            clock,
            dice,
            calls,
            prepared: BTreeMap::new(),
            asking: BTreeMap::new(),
            hearing: recording.steps.iter().filter_map(hears).collect(),
            keys: BTreeMap::new(),
            count: Count::default(),
        };
        replay.run().await?;
        Ok(replay.count)
    }

    async fn run(&mut self) -> Result<(), String> {
        let recording = self.recording;
        for (at, step) in recording.steps.iter().enumerate() {
            let ahead = step.at.duration_since(self.clock_now());
            self.clock.advance(ahead);
            *self.dice.0.lock().unwrap() = step.ids.unwrap_or(Uuid::max());
            let mut same = self.act(step).await;
            // Who looks or asks writes nothing; what they are to find is compared before.
            let writes = !matches!(step.deed, Deed::Listed { .. } | Deed::Asked { .. });
            if same.is_ok() && writes {
                let vendors = recording.rules.keys().copied();
                same = compare::after(&self.store, vendors, &step.after).await;
            }
            let steps = recording.steps.len();
            let told = |what| {
                format!(
                    "step {at} of {steps}, at {}, {:#?}: {what}",
                    step.at, step.deed
                )
            };
            same.map_err(told)?;
            self.count.steps += 1;
        }
        compare::at_the_end(&self.store, recording).await?;
        let verified = self.app.verify().await.unwrap();
        if !verified.found.is_empty() {
            return Err(format!("at the end: {}", verified.found.join("; ")));
        }
        self.count.orders = recording.orders.len();
        self.count.bought = recording.bought.len();
        Ok(())
    }

    fn clock_now(&self) -> Timestamp {
        self.app.now()
    }

    async fn act(&mut self, step: &Step) -> Result<(), String> {
        let order = || step.after.order.clone().unwrap();
        let ids = step.ids;
        match &step.deed {
            Deed::Filled => {
                let cart = order();
                let (by, at) = (cart.created_by.clone(), cart.created_at);
                let events = Order::start(cart.id, cart.organization, cart.number, by, at).1;
                self.insert(cart, events, ids).await
            }
            Deed::Changed { events } => self.insert(order(), events.clone(), ids).await,
            Deed::Placed { by } => self.place(order(), by, ids).await,
            Deed::Commanded { command, by } => self.command(&order(), command, by).await,
            Deed::Suspended {
                customer,
                is_suspended,
            } => {
                let access = self.door.access(&staff(), *customer).await;
                let done = match is_suspended {
                    true => self.app.suspend(&access, UNPAID).await.map(drop),
                    false => self.app.reactivate(&access).await,
                };
                done.map_err(|error| error.to_string())
            }
            Deed::Released => {
                let now = step.at;
                let released = self
                    .store
                    .write(now, |now, tx| Box::pin(tasks::release_all(tx, *now)));
                released
                    .await
                    .map_err(|error: StoreError| error.to_string())
            }
            Deed::Listed {
                tasks: wanted,
                limit,
            } => {
                let mut tx = self.store.read().await.unwrap();
                let limit = u32::try_from(*limit).unwrap();
                let found = tasks::list_due(&mut tx, step.at, limit).await.unwrap();
                compare::same_tasks(wanted, &found)
            }
            Deed::Taken { task, run } => self.take(task, *run).await,
            Deed::Asked { run, key, question } => self.ask(*run, *key, question.as_ref()).await,
            Deed::Heard {
                run,
                answer,
                is_held,
            } => self.hear(*run, answer.clone(), *is_held).await,
            Deed::Nothing => Ok(()),
        }
    }

    /// What placing writes, in its one transaction; catalogs, prices and rules are not of these worlds.
    async fn place(&self, order: Order, by: &Actor, ids: Option<Uuid>) -> Result<(), String> {
        let state = (order, by.clone(), ids, self.clock_now());
        let placed = self.store.write(state, |(order, by, ids, now), tx| {
            Box::pin(async move {
                let mut order = orders::load(tx, order.organization, order.id).await?;
                let events = order.place(TERMS.into(), by, *now)?;
                orders::save(tx, &mut order, &events, *now).await?;
                Ok::<_, Error>(enqueue(tx, &order, &events, *ids, *now).await?)
            })
        });
        placed.await.map_err(|error| error.to_string())
    }

    async fn insert(
        &self,
        order: Order,
        events: Vec<Event>,
        ids: Option<Uuid>,
    ) -> Result<(), String> {
        let state = (order, events, ids, self.clock_now());
        let inserted = self.store.write(state, |(order, events, ids, now), tx| {
            Box::pin(async move {
                let mut order = order.clone();
                orders::insert(tx, &mut order, events, *now).await?;
                enqueue(tx, &order, events, *ids, *now).await
            })
        });
        inserted
            .await
            .map_err(|error: StoreError| error.to_string())
    }

    async fn command(&self, order: &Order, command: &Command, by: &Actor) -> Result<(), String> {
        let access = self.door.access(by, order.organization).await;
        let (command, conditions) = (command.clone(), Conditions::default());
        let done = self
            .app
            .command(&access, order.number, command, conditions, Mode::Commit);
        done.await.map(drop).map_err(|error| error.to_string())
    }

    async fn take(&mut self, task: &Task, run: Option<u64>) -> Result<(), String> {
        match (self.app.take(task).await, run) {
            (Ok(Taken::Asks(prepared)), Some(run)) => drop(self.prepared.insert(run, prepared)),
            (Ok(Taken::Done), None) => {}
            (Ok(Taken::Asks(_)), None) => return Err("a vendor is to be asked".into()),
            (Ok(Taken::Done | Taken::Waits), _) => return Err("no vendor is to be asked".into()),
            (Err(error), _) => return Err(error.to_string()),
        }
        Ok(())
    }

    async fn ask(&mut self, run: u64, key: u64, wanted: Option<&Question>) -> Result<(), String> {
        let Some(prepared) = self.prepared.remove(&run) else {
            return Err("nothing was prepared".into());
        };
        let app = self.app.clone();
        let mut asking = tokio::spawn(async move { app.ask(*prepared).await });
        let call = tokio::select! {
            ended = &mut asking => {
                ended.unwrap().map_err(|error| error.to_string())?;
                None
            }
            call = self.calls.recv() => call,
        };
        let asked = call.as_ref().map(|call| &call.question);
        if asked != wanted {
            return Err(format!("a vendor is asked {asked:?}, not {wanted:?}"));
        }
        let Some(call) = call else { return Ok(()) };
        self.count.calls += 1;
        let given = call.request.key;
        let known = *self.keys.entry(key).or_insert(given);
        let owners = self.keys.values().filter(|known| **known == given);
        if known != given || owners.count() != 1 {
            return Err(format!("a vendor is given the key {given}, not {known}"));
        }
        if !self.hearing.contains(&run) {
            asking.abort();
            asking.await.ok();
            return Ok(());
        }
        let answer = call.answer;
        self.asking.insert(
            run,
            Asking {
                run: asking,
                answer,
            },
        );
        Ok(())
    }

    async fn hear(
        &mut self,
        run: u64,
        answer: Result<Outcome, Fault>,
        is_held: bool,
    ) -> Result<(), String> {
        let Some(asking) = self.asking.remove(&run) else {
            return Err("nobody has asked".into());
        };
        if asking.answer.send(answer).is_err() {
            return Err("nobody waits for the answer".into());
        }
        match (asking.run.await.unwrap(), is_held) {
            (Ok(()), true) | (Err(Error::Changed), false) => Ok(()),
            (Ok(()), false) => Err("a lost hold is honored".into()),
            (Err(error), _) => Err(error.to_string()),
        }
    }
}

/// The work that events leave, under the ids that the simulation drew.
async fn enqueue(
    tx: &mut Tx,
    order: &Order,
    events: &[Event],
    ids: Option<Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let task = |work: FollowUp| Task {
        id: TaskId(Uuid::from_u128(
            ids.unwrap_or(Uuid::max()).as_u128() ^ work.event as u128,
        )),
        organization: order.organization,
        order: order.id,
        line: work.line,
        vendor: work.vendor,
        kind: work.kind,
        due_at: work.due_at,
        fence: 0,
        tries: 0,
        strikes: 0,
    };
    let left: Vec<Task> = order
        .follow_ups(events, now)
        .into_iter()
        .map(task)
        .collect();
    tasks::enqueue(tx, &left).await
}
