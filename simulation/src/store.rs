//! A database as the engine may meet it: what is written is seen at once, is durable only after a sync, and
//! can be lost before.

use std::collections::BTreeMap;

use domain::id::{OrderId, OrganizationId, SubscriptionId, TaskId, VendorId};
use domain::order::Order;
use domain::provisioning::account::Account;
use domain::provisioning::engine::Durable;
use domain::task::{Task, TaskKind};
use jiff::Timestamp;

/// Proof that a transaction was synced.
#[derive(Debug)]
pub struct Committed(());

impl Durable for Committed {}

impl Committed {
    /// What a planted bug takes for one.
    pub fn forged() -> Committed {
        Committed(())
    }
}

/// A transaction that is written, and durable after the next sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// One row that is written.
pub enum Write {
    /// An order.
    Order(Box<Order>),
    /// A task.
    Task(Task),
    /// A task that is done.
    NoTask(TaskId),
    /// A vendor account.
    Account(VendorId, Account),
    /// The quantity of a subscription.
    Quantity(SubscriptionId, u32),
}

enum Before {
    Order(OrderId, Option<Box<Order>>),
    Task(TaskId, Option<Task>),
    Account(VendorId, Option<Account>),
    Quantity(SubscriptionId, Option<u32>),
}

/// What is in it, as a reader sees it.
#[derive(Default)]
pub struct Store {
    /// Orders.
    pub orders: BTreeMap<OrderId, Box<Order>>,
    /// Tasks.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Vendor accounts.
    pub accounts: BTreeMap<VendorId, Account>,
    /// Subscriptions.
    pub quantities: BTreeMap<SubscriptionId, u32>,
    tail: Vec<(Ticket, Vec<Before>)>,
    last: u64,
}

impl Store {
    /// Writes a transaction.
    pub fn write(&mut self, writes: Vec<Write>) -> Ticket {
        let before = writes.into_iter().map(|write| self.put(write)).collect();
        self.last += 1;
        self.tail.push((Ticket(self.last), before));
        Ticket(self.last)
    }

    fn put(&mut self, write: Write) -> Before {
        match write {
            Write::Order(order) => Before::Order(order.id, self.orders.insert(order.id, order)),
            Write::Task(task) => Before::Task(task.id, self.tasks.insert(task.id, task)),
            Write::NoTask(id) => Before::Task(id, self.tasks.remove(&id)),
            Write::Account(id, account) => Before::Account(id, self.accounts.insert(id, account)),
            Write::Quantity(id, quantity) => {
                Before::Quantity(id, self.quantities.insert(id, quantity))
            }
        }
    }

    /// Whether something would be lost now.
    pub fn has_tail(&self) -> bool {
        !self.tail.is_empty()
    }

    /// Makes all that is written durable.
    pub fn sync(&mut self) -> Vec<(Ticket, Committed)> {
        let synced = std::mem::take(&mut self.tail);
        synced
            .into_iter()
            .map(|(ticket, _)| (ticket, Committed(())))
            .collect()
    }

    /// Transactions that are not durable yet.
    pub fn unsynced(&self) -> usize {
        self.tail.len()
    }

    /// Loses what was not synced, but for the first few, of which nobody is told; from which transaction on.
    pub fn lose_tail(&mut self, kept: usize) -> Option<Ticket> {
        let tail = std::mem::take(&mut self.tail);
        let first = tail.get(kept).map(|(ticket, _)| *ticket);
        for (_, before) in tail.into_iter().skip(kept).rev() {
            for row in before.into_iter().rev() {
                self.restore(row);
            }
        }
        first
    }

    fn restore(&mut self, before: Before) {
        fn back<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
            match value {
                Some(value) => drop(map.insert(key, value)),
                None => drop(map.remove(&key)),
            }
        }
        match before {
            Before::Order(id, order) => back(&mut self.orders, id, order),
            Before::Task(id, task) => back(&mut self.tasks, id, task),
            Before::Account(id, account) => back(&mut self.accounts, id, account),
            Before::Quantity(id, quantity) => back(&mut self.quantities, id, quantity),
        }
    }

    /// What is due, as the real one lists it: no paused accounts, organizations take turns.
    pub fn list_due(&self, now: Timestamp, limit: usize) -> Vec<Task> {
        let mut due: Vec<&Task> = self
            .tasks
            .values()
            .filter(|task| task.due_at <= now)
            .filter(|task| task.kind == TaskKind::Start || !self.is_paused(task.vendor, now))
            .collect();
        due.sort_by_key(|task| (task.due_at, task.id));
        let mut turns: BTreeMap<OrganizationId, usize> = BTreeMap::new();
        let mut listed: Vec<(usize, &Task)> = due
            .into_iter()
            .map(|task| {
                let turn = turns.entry(task.organization).or_default();
                *turn += 1;
                (*turn, task)
            })
            .collect();
        if listed.len() > limit {
            listed.sort_by_key(|(turn, task)| (*turn, task.due_at, task.id));
        }
        let tasks = listed.into_iter().map(|(_, task)| task.clone());
        tasks.take(limit).collect()
    }

    fn is_paused(&self, vendor: VendorId, now: Timestamp) -> bool {
        let account = self.accounts.get(&vendor);
        account.is_some_and(|account| account.paused_until.is_some_and(|until| until > now))
    }

    /// When there is work the next time.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let at = |task: &Task| {
            let account = self.accounts.get(&task.vendor);
            let until = account.and_then(|account| account.paused_until);
            match task.kind {
                TaskKind::Start => task.due_at,
                _ => task.due_at.max(until.unwrap_or(Timestamp::MIN)),
            }
        };
        self.tasks.values().map(at).min().map(|at| at.max(now))
    }
}
