//! What happened to the database of a world, step by step: the script that real databases are put through.
//!
//! What a power loss took away never happened, and nobody saw it: a real database shows nothing that it
//! could still lose.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::{Actor, Event};
use domain::id::{LineId, OrderId, OrganizationId, SubscriptionId, VendorId};
use domain::order::Order;
use domain::order::command::Command;
use domain::provisioning::account::Account;
use domain::provisioning::engine::Question;
use domain::provisioning::{Fault, Outcome, RepeatRule};
use domain::task::Task;
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::{Store, Ticket, Write};
use crate::world::{End, World};

/// What was done.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are what the variants speak of")]
pub enum Deed {
    /// A cart was put together.
    Filled,
    /// A person placed a cart.
    Placed { by: Actor },
    /// A person placed a change of what runs.
    Changed { events: Vec<Event> },
    /// A person did something to an order.
    Commanded { command: Command, by: Actor },
    /// A customer was suspended, or is no more.
    Suspended {
        customer: OrganizationId,
        is_suspended: bool,
    },
    /// An only process let go of what the one before it held.
    Released,
    /// A worker asked what is due.
    Listed { tasks: Vec<Task>, limit: usize },
    /// A worker took a task up, as it was listed; a run where it is to ask a vendor.
    Taken { task: Task, run: Option<u64> },
    /// A run asked under a key; nothing where its hold ran out before.
    Asked {
        run: u64,
        key: u64,
        question: Option<Question>,
    },
    /// A run heard an answer, and wrote down what came of it if its task was still its own.
    Heard {
        run: u64,
        answer: Result<Outcome, Fault>,
        is_held: bool,
    },
    /// Nothing that a real database would be asked for.
    Nothing,
}

impl Deed {
    /// Whether it was decided by what the database showed, and left nothing in it.
    fn is_glance(&self) -> bool {
        matches!(
            self,
            Deed::Listed { .. } | Deed::Taken { .. } | Deed::Heard { .. }
        )
    }
}

/// What the database holds after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// The order that the step was about.
    pub order: Option<Order>,
    /// All tasks, by id.
    pub tasks: Vec<Task>,
    /// All vendor accounts with which something is wrong.
    pub accounts: BTreeMap<VendorId, Account>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
    /// Where the ids of the tasks that it left begin, if it left any.
    pub ids: Option<Uuid>,
    /// What it made of the database.
    pub after: After,
    ticket: Option<Ticket>,
}

/// The steps of a world so far.
#[derive(Default)]
pub(crate) struct Journal(Vec<Step>);

impl Journal {
    /// Forgets what was lost from a transaction on, and what only that could show.
    pub(crate) fn lose(&mut self, from: Ticket) {
        let is_lost = |step: &Step| step.ticket.is_some_and(|ticket| ticket >= from);
        let Some(first) = self.0.iter().position(is_lost) else {
            return;
        };
        let tail = self.0.split_off(first);
        let stays = |step: &Step| step.ticket.is_none() && !step.deed.is_glance();
        self.0.extend(tail.into_iter().filter(stays));
    }
}

/// A world that has ended, with all that a real database is held against.
pub struct Recording {
    /// How it ended.
    pub end: End,
    /// What happened to its database.
    pub steps: Vec<Step>,
    /// Its orders.
    pub orders: Vec<Order>,
    /// The subscriptions that it knows, with their quantities.
    pub quantities: BTreeMap<SubscriptionId, u32>,
    /// The lines that are bought, as the vendors know.
    pub bought: BTreeSet<LineId>,
    /// What each vendor promises, by its id.
    pub rules: BTreeMap<VendorId, RepeatRule>,
}

impl World {
    /// Lets everything happen, as [`World::run`] does, and writes it down.
    pub fn run_recorded(mut self) -> Recording {
        self.journal = Some(Journal::default());
        let carts: Vec<OrderId> = self.store.orders.keys().copied().collect();
        for cart in carts {
            self.log(Deed::Filled, Some(cart), None);
        }
        self.live();
        let steps = self.journal.take().unwrap_or_default().0;
        let orders = self.store.orders.values();
        let vendors = self.vendors.iter();
        Recording {
            steps,
            orders: orders.map(|order| (**order).clone()).collect(),
            quantities: self.store.quantities.clone(),
            bought: vendors.flat_map(|vendor| vendor.bought()).collect(),
            rules: (0..self.vendors.len())
                .map(|vendor| (crate::world::vendor_id(vendor), self.vendors[vendor].rule))
                .collect(),
            end: self.end(),
        }
    }

    /// Takes note of a step, where notes are taken. The ticket is that of its transaction, if it had one.
    pub(crate) fn log(&mut self, deed: Deed, order: Option<OrderId>, ticket: Option<Ticket>) {
        let ids = self.drawn.take();
        let Some(journal) = &mut self.journal else {
            return;
        };
        journal.0.push(Step {
            at: self.now,
            deed,
            ids,
            after: After::of(&self.store, order),
            ticket,
        });
    }
}

impl After {
    fn of(store: &Store, order: Option<OrderId>) -> After {
        let order = order.and_then(|id| store.orders.get(&id));
        let is_wrong = |(_, account): &(&VendorId, &Account)| **account != Account::default();
        let accounts = store.accounts.iter().filter(is_wrong);
        After {
            order: order.map(|order| (**order).clone()),
            tasks: store.tasks.values().cloned().collect(),
            accounts: accounts.map(|(id, one)| (*id, one.clone())).collect(),
        }
    }
}

/// The order that a transaction is about.
pub(crate) fn order_of(writes: &[Write]) -> Option<OrderId> {
    writes.iter().find_map(|write| match write {
        Write::Order(order) => Some(order.id),
        Write::Task(task) => Some(task.order),
        Write::NoTask(_) | Write::Account(..) | Write::Quantity(..) => None,
    })
}
