//! One world of a seed: its clock, its database, its vendors, workers and people, and what happens next.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{LineId, OrderId, OrganizationId, VendorId};
use domain::order::Order;
use domain::order::line::{Line, LineState};
use domain::provisioning::{RepeatClass, RepeatRule};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::bug::Bug;
use crate::connector::Wire;
use crate::dice::{Dice, mix};
use crate::faults::{Fault, Rates};
use crate::journal::{Deed, Journal, order_of};
use crate::made::Maker;
use crate::store::{Committed, Store, Ticket, Write};
use crate::tally::Tally;
use crate::vendor::{About, Effect, Message, Reply, Vendor};
use crate::worker::{Node, Run};

/// The six classes; vendor n is of the nth.
pub const CLASSES: [RepeatClass; 6] = [
    RepeatClass::Keyed,
    RepeatClass::TwoStep,
    RepeatClass::Referenced,
    RepeatClass::Absolute,
    RepeatClass::Delta,
    RepeatClass::Once,
];
/// For how long orders are placed and things go wrong.
const TROUBLE: SignedDuration = SignedDuration::from_hours(12);
/// For how long things may take to settle afterwards: the longest wish of a vendor, a doubt that waits for
/// a person, and some tries.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// What can happen.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are what the variants speak of")]
pub enum Happening {
    /// A worker looks for due tasks.
    Look,
    /// The database syncs.
    Sync,
    /// A worker sends what it has prepared.
    Send { run: u64 },
    /// A message arrives at a vendor.
    Arrive {
        run: u64,
        vendor: usize,
        about: About,
        message: Message,
        is_awaited: bool,
    },
    /// An answer arrives at a worker.
    Reply {
        run: u64,
        message: Message,
        reply: Result<Reply, Wire>,
    },
    /// A worker stops waiting.
    Timeout { run: u64 },
    /// Something breaks.
    Trouble,
    /// The database dies.
    PowerLoss,
    /// A worker is started again.
    Restart { node: usize },
    /// A customer presses Buy.
    Click { order: OrderId },
    /// Tasks that a planted bug leaves late.
    LeaveTasks { order: OrderId },
    /// People look at their orders.
    People,
}

/// Who waits for a transaction to be durable.
pub enum Waiter {
    /// A worker, before it calls.
    Call(u64),
    /// A customer.
    Placed(OrderId),
    /// Whoever may ask a vendor only after an instant, from now on.
    Told(VendorId, Timestamp),
}

/// A world.
pub struct World {
    pub(crate) dice: Dice,
    pub(crate) rates: Rates,
    pub(crate) bug: Option<Bug>,
    pub(crate) now: Timestamp,
    pub(crate) store: Store,
    pub(crate) vendors: Vec<Vendor>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) runs: BTreeMap<u64, Run>,
    pub(crate) next_run: u64,
    pub(crate) maker: Maker,
    pub(crate) waiting: BTreeMap<Ticket, Waiter>,
    pub(crate) suspended: BTreeSet<OrganizationId>,
    /// Orders that somebody wanted.
    pub(crate) wished: BTreeSet<OrderId>,
    /// Orders that customers were told are placed.
    pub(crate) acknowledged: BTreeSet<OrderId>,
    /// Attempts whose intent is durable.
    pub(crate) intents: BTreeSet<u64>,
    /// From when, and until when, a vendor is known not to want calls.
    pub(crate) told: BTreeMap<VendorId, (Timestamp, Timestamp)>,
    pub(crate) updates_left: u64,
    pub(crate) tally: Tally,
    pub(crate) violation: Option<String>,
    pub(crate) trace: u64,
    pub(crate) begun_at: Timestamp,
    pub(crate) journal: Option<Journal>,
    /// Where the ids of the tasks of the next transaction begin.
    pub(crate) drawn: Option<Uuid>,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    next_happening: u64,
    looks_at: Option<Timestamp>,
    has_sync: bool,
    events: u64,
}

/// How a world ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What must never happen, and did.
    pub violation: Option<String>,
    /// Orders that were placed.
    pub orders: u64,
    /// Things that happened.
    pub events: u64,
    /// The same for the same seed.
    pub trace: u64,
    /// What happened how often.
    pub tally: Tally,
}

impl World {
    /// The world of a seed, with about so many orders, and a planted bug or none.
    pub fn new(seed: u64, orders: u64, bug: Option<Bug>) -> World {
        let mut dice = Dice::new(seed);
        let rates = Rates::swarm(&mut dice);
        let begun_at = Timestamp::from_second(1_800_000_000).expect("an instant");
        let drawn = [Fault::Refused, Fault::Accepted, Fault::ReadLag].map(|fault| rates.of(fault));
        let vendors = CLASSES
            .iter()
            .zip(1..)
            .map(|(class, salt)| Vendor::new(*class, mix(seed, salt), drawn))
            .collect();
        let nodes = (0..1 + dice.below(3)).map(|_| Node::default()).collect();
        let mut world = World {
            dice,
            rates,
            bug,
            now: begun_at,
            store: Store::default(),
            vendors,
            nodes,
            runs: BTreeMap::new(),
            next_run: 0,
            maker: Maker::new(),
            waiting: BTreeMap::new(),
            suspended: BTreeSet::new(),
            wished: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            intents: BTreeSet::new(),
            told: BTreeMap::new(),
            updates_left: orders / 3,
            tally: Tally::default(),
            violation: None,
            trace: seed,
            begun_at,
            journal: None,
            drawn: None,
            queue: BTreeMap::new(),
            next_happening: 0,
            looks_at: None,
            has_sync: false,
            events: 0,
        };
        world.fill_carts(orders - orders / 3);
        world.happens_in(SignedDuration::from_mins(3), Happening::Trouble);
        world.happens_in(SignedDuration::from_mins(10), Happening::People);
        world
    }

    /// Lets everything happen until all is settled, or something did that must not.
    pub fn run(mut self) -> End {
        self.live();
        self.end()
    }

    pub(crate) fn live(&mut self) {
        while self.violation.is_none()
            && let Some(((at, _), next)) = self.queue.pop_first()
        {
            self.now = at.max(self.now);
            self.events += 1;
            self.note(at.as_millisecond().cast_unsigned());
            if self.is_trouble_over() {
                self.rates.stop();
            }
            if matches!(next, Happening::People) && self.is_over() {
                break;
            }
            self.happen(next);
        }
        if self.violation.is_none() {
            self.judge_the_end();
        }
    }

    pub(crate) fn end(self) -> End {
        let orders = self.store.orders.values();
        End {
            violation: self.violation,
            orders: orders.filter(|order| order.placed_at.is_some()).count() as u64,
            events: self.events,
            trace: self.trace,
            tally: self.tally,
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            // One that was put off to an earlier instant has been done there.
            Happening::Look if self.looks_at != Some(self.now) => {}
            Happening::Look => {
                self.looks_at = None;
                self.look();
            }
            Happening::Sync => self.sync(),
            Happening::Send { run } => self.send(run),
            Happening::Arrive {
                run,
                vendor,
                about,
                message,
                is_awaited,
            } => self.arrive((run, is_awaited), vendor, about, message),
            Happening::Reply {
                run,
                message,
                reply,
            } => self.hear(run, message, reply),
            Happening::Timeout { run } => self.time_out(run),
            Happening::Trouble => self.trouble(),
            Happening::PowerLoss => self.lose_power(),
            Happening::Restart { node } => self.restart(node),
            Happening::Click { order } => self.click(order),
            Happening::LeaveTasks { order } => self.leave_tasks(order),
            Happening::People => self.people(),
        }
    }

    /// Mixes a number into the trace.
    pub(crate) fn note(&mut self, what: u64) {
        self.trace = mix(self.trace, what);
    }

    pub(crate) fn happens_in(&mut self, wait: SignedDuration, what: Happening) {
        self.happens_at(self.now + wait, what);
    }

    pub(crate) fn happens_at(&mut self, at: Timestamp, what: Happening) {
        self.next_happening += 1;
        self.queue.insert((at, self.next_happening), what);
    }

    /// Something that must never happen did.
    pub(crate) fn accuse(&mut self, what: impl Into<String>) {
        if self.violation.is_none() {
            self.violation = Some(what.into());
        }
    }

    pub(crate) fn is_trouble_over(&self) -> bool {
        self.now.duration_since(self.begun_at) > TROUBLE
    }

    pub(crate) fn is_late(&self) -> bool {
        self.now.duration_since(self.begun_at) > TROUBLE + PATIENCE
    }

    pub(crate) fn meets(&mut self, fault: Fault) -> bool {
        self.dice.chance(self.rates.of(fault))
    }

    pub(crate) fn vendor(&self, id: VendorId) -> usize {
        usize::try_from(id.0.as_u128()).unwrap_or(0) - 1
    }

    /// What the engine is told of a vendor's promises.
    pub(crate) fn rule(&self, vendor: usize) -> RepeatRule {
        let mut rule = self.vendors[vendor].rule;
        match self.bug {
            Some(Bug::LagIgnored) => rule.lag = SignedDuration::from_secs(-60),
            Some(Bug::WindowIgnored) => rule.window = None,
            Some(Bug::OnceIsSentAgain) if rule.class == RepeatClass::Once => {
                rule.class = RepeatClass::Keyed;
            }
            _ => {}
        }
        rule
    }

    /// Looks for work soon, or when some is due.
    pub(crate) fn look_by(&mut self, at: Timestamp) {
        if self.looks_at.is_none_or(|before| at < before) {
            self.looks_at = Some(at);
            self.happens_at(at, Happening::Look);
        }
    }

    /// Writes a transaction, unless the database refuses or nobody learns of its end.
    pub(crate) fn write(&mut self, deed: Deed, writes: Vec<Write>, waiter: Option<Waiter>) {
        let is_unknown = self.meets(Fault::CommitUnknown);
        let lost = match (self.meets(Fault::Busy), is_unknown && self.dice.chance(500)) {
            (true, _) => Some("store: busy"),
            (false, true) => Some("store: commit unknown, lost"),
            (false, false) => None,
        };
        if let Some(lost) = lost {
            self.forget(waiter);
            return self.tally.count(lost);
        }
        self.watch(&writes);
        let order = order_of(&writes);
        let ticket = self.store.write(writes);
        self.log(deed, order, Some(ticket));
        match waiter {
            Some(waiter) if is_unknown => {
                self.tally.count("store: commit unknown, kept");
                self.forget(Some(waiter));
            }
            Some(waiter) => drop(self.waiting.insert(ticket, waiter)),
            None => {}
        }
        if self.meets(Fault::PowerLoss) {
            let soon = self.dice.millis(0, 10);
            self.happens_in(soon, Happening::PowerLoss);
        }
        if !self.has_sync {
            self.has_sync = true;
            let soon = self.dice.millis(1, 20);
            self.happens_in(soon, Happening::Sync);
        }
    }

    /// What waits for an answer that never comes is left to its hold.
    fn forget(&mut self, waiter: Option<Waiter>) {
        if let Some(Waiter::Call(run)) = waiter {
            self.runs.remove(&run);
        }
    }

    fn sync(&mut self) {
        self.has_sync = false;
        for (ticket, committed) in self.store.sync() {
            if let Some(waiter) = self.waiting.remove(&ticket) {
                self.tell(waiter, committed);
            }
        }
        let soon = self.now + self.dice.millis(1, 50);
        self.look_by(soon);
    }

    fn tell(&mut self, waiter: Waiter, committed: Committed) {
        match waiter {
            Waiter::Call(run) => {
                if let Some(found) = self.runs.get_mut(&run) {
                    found.committed = Some(committed);
                    self.intents.insert(found.about.key);
                    self.send_soon(run);
                }
            }
            Waiter::Placed(order) => {
                self.acknowledged.insert(order);
            }
            Waiter::Told(vendor, until) => {
                self.told.insert(vendor, (self.now, until));
            }
        }
    }

    /// Forgets who waited for what was lost: they hear nothing.
    pub(crate) fn forget_waiters(&mut self) {
        self.waiting.clear();
        self.has_sync = false;
    }

    /// What a line's attempt changes at its vendor, under which key.
    pub(crate) fn about(&self, line: &Line, attempt: u32) -> About {
        use domain::order::change::RequestedChange as C;
        let target = line.subscription.0.as_u128();
        let effect = match &line.change {
            C::Quantity { from, to } => Effect {
                target,
                from: *from,
                to: *to,
            },
            C::AddonAdd { quantity, .. } => Effect {
                target: target + 1,
                from: 0,
                to: *quantity,
            },
            _ => Effect {
                target,
                from: 0,
                to: line.price.quantity,
            },
        };
        About {
            line: line.id,
            key: key(line.id, attempt),
            effect,
        }
    }

    /// Whether a line is bought, as its vendor knows.
    pub(crate) fn truth(&self, line: &Line) -> bool {
        self.vendors[self.vendor(line.item.vendor)].has(line.id)
    }

    fn is_over(&self) -> bool {
        let is_open = |line: &Line| line.state.is_undecided();
        let is_settled = |order: &Order| !order.lines.iter().any(is_open);
        let all_settled = self.store.orders.values().all(|order| is_settled(order));
        let is_quiet = self.store.tasks.is_empty() && self.runs.is_empty();
        // Whoever is suspended still has carts to place.
        let is_quiet = is_quiet && self.suspended.is_empty();
        self.is_late() || (self.is_trouble_over() && is_quiet && all_settled)
    }
}

/// The key of an attempt.
pub fn key(line: LineId, attempt: u32) -> u64 {
    let id = line.0.as_u128();
    mix(mix(id as u64, (id >> 64) as u64), u64::from(attempt))
}

/// The attempt that a state is about.
pub fn attempt(state: &LineState) -> u32 {
    state.attempt().unwrap_or(1)
}

/// The id of the nth vendor.
pub fn vendor_id(vendor: usize) -> VendorId {
    VendorId(Uuid::from_u128(vendor as u128 + 1))
}
