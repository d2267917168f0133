//! Customers and staff: they place, click twice, withdraw, retry, give up, and look up what is in doubt.

use domain::id::{LineId, OrderId, OrganizationId, SubscriptionId, TaskId};
use domain::order::approval::{Approval, ApprovalState};
use domain::order::change::RequestedChange;
use domain::order::command::{Command, Resolution};
use domain::order::line::{Line, LineState};
use domain::order::phase::Phase;
use domain::order::{Order, Stage};
use domain::subscription::wish::Occasion;
use domain::task::{FollowUp, Task};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::bug::Bug;
use crate::journal::Deed;
use crate::store::Write;
use crate::worker::known_after;
use crate::world::{Happening, Waiter, World, attempt, vendor_id};

/// How long a person waits before they look up a doubt: nothing is under way any more then.
const LOOKED_UP_AFTER: SignedDuration = SignedDuration::from_hours(3);
/// Customers of one world, from 1 on.
pub const CUSTOMERS: u64 = 4;
/// The terms that everybody accepts.
pub const TERMS: &str = "terms";
/// Why customers are suspended.
pub const UNPAID: &str = "unpaid";

/// What a customer is called.
pub fn customer_name(customer: OrganizationId) -> String {
    format!("Customer {}", customer.0.as_u128())
}

/// What orders of a suspended customer say of it.
pub(crate) fn told(customer: OrganizationId) -> String {
    format!("{} was suspended: {UNPAID}", customer_name(customer))
}

impl World {
    /// Puts carts together that will be placed within some hours.
    pub(crate) fn fill_carts(&mut self, carts: u64) {
        for _ in 0..carts {
            let organization = self.customer();
            let mut order = self.maker.cart(organization, self.now);
            let lines = 1 + self.dice.below(3);
            for _ in 0..lines {
                let vendor = usize::try_from(self.dice.below(6)).unwrap_or(0);
                let quantity = 1 + u32::try_from(self.dice.below(50)).unwrap_or(0);
                let bought = RequestedChange::Purchase { quantity };
                let line = self.maker.line(vendor_id(vendor), bought, None);
                let (license, subscription) = (line.id, line.subscription);
                order.lines.push(line);
                if self.dice.chance(150) {
                    let addon = RequestedChange::AddonAdd {
                        addon: String::new(),
                        quantity,
                    };
                    let mut addon = self
                        .maker
                        .line(vendor_id(vendor), addon, Some(subscription));
                    addon.parent = Some(license);
                    order.lines.push(addon);
                }
            }
            if self.dice.chance(120) {
                order.require(vec![Approval {
                    organization: self.maker.actor().organization,
                    organization_name: String::new(),
                    rules: Vec::new(),
                    state: ApprovalState::Open,
                }]);
            }
            let id = order.id;
            self.wished.insert(id);
            self.store.write(vec![Write::Order(Box::new(order))]);
            let wait = self.dice.millis(1_000, 6 * 3_600_000);
            self.happens_in(wait, Happening::Click { order: id });
        }
        self.store.sync();
    }

    fn customer(&mut self) -> OrganizationId {
        OrganizationId(Uuid::from_u128(1 + u128::from(self.dice.below(CUSTOMERS))))
    }

    /// Tasks for the work that events leave.
    pub(crate) fn tasks(&mut self, order: &Order, work: Vec<FollowUp>) -> Vec<Write> {
        if work.is_empty() {
            return Vec::new();
        }
        let ids = self.maker.task_ids();
        self.drawn = Some(ids);
        let task = |work: FollowUp| {
            Write::Task(Task {
                id: TaskId(Uuid::from_u128(ids.as_u128() ^ work.event as u128)),
                organization: order.organization,
                order: order.id,
                line: work.line,
                vendor: work.vendor,
                kind: work.kind,
                due_at: work.due_at,
                fence: 0,
                tries: 0,
                strikes: 0,
            })
        };
        work.into_iter().map(task).collect()
    }

    /// Buy is pressed; again when no answer comes.
    pub(crate) fn click(&mut self, id: OrderId) {
        let Some(order) = self.store.orders.get(&id).cloned() else {
            return;
        };
        if self.acknowledged.contains(&id) {
            return;
        }
        if order.placed_at.is_some() {
            self.tally.count("person: placed again after no answer");
            if self.bug == Some(Bug::SecondClickCopies) {
                self.place_copy(&order);
            }
            self.write(Deed::Nothing, Vec::new(), Some(Waiter::Placed(id)));
        } else if order.stage == Stage::Cart && self.suspended.contains(&order.organization) {
            return self.happens_in(
                SignedDuration::from_mins(10),
                Happening::Click { order: id },
            );
        } else if order.stage == Stage::Cart {
            self.place(order);
        } else {
            return;
        }
        if self.bug == Some(Bug::PlacedBeforeCommit) {
            self.acknowledged.insert(id);
        }
        if self.dice.chance(200) {
            self.tally.count("person: second click");
            let at_once = self.dice.millis(1, 300);
            self.happens_in(at_once, Happening::Click { order: id });
        }
        self.happens_in(SignedDuration::from_secs(5), Happening::Click { order: id });
    }

    fn place(&mut self, mut order: Box<Order>) {
        let id = order.id;
        let by = order.created_by.clone();
        let Ok(events) = order.place(TERMS.into(), &by, self.now) else {
            return self.accuse("a cart can't be placed");
        };
        let work = order.follow_ups(&events, self.now);
        let mut writes = match self.bug {
            Some(Bug::TaskAfterCommit) => {
                let wait = SignedDuration::from_secs(1);
                self.happens_in(wait, Happening::LeaveTasks { order: id });
                Vec::new()
            }
            _ => self.tasks(&order, work),
        };
        writes.push(Write::Order(order));
        self.write(Deed::Placed { by }, writes, Some(Waiter::Placed(id)));
    }

    fn place_copy(&mut self, order: &Order) {
        let mut copy = self.maker.cart(order.organization, self.now);
        copy.placed_at = Some(self.now);
        copy.lines.clone_from(&order.lines);
        self.write(Deed::Nothing, vec![Write::Order(Box::new(copy))], None);
    }

    /// What a shell does that has no outbox; it dies before, now and then.
    pub(crate) fn leave_tasks(&mut self, id: OrderId) {
        let Some(order) = self.store.orders.get(&id).cloned() else {
            return;
        };
        if self.dice.chance(900) {
            let vendor_hears = |line: &&Line| line.verb().is_some() && !order.is_waiting(line);
            let work = order
                .lines
                .iter()
                .filter(vendor_hears)
                .map(|line| FollowUp {
                    event: 0,
                    line: line.id,
                    vendor: line.item.vendor,
                    kind: domain::task::TaskKind::Provision,
                    due_at: self.now,
                });
            let work = work.collect();
            let writes = self.tasks(&order, work);
            self.write(Deed::Nothing, writes, None);
        }
    }

    /// Everybody looks at their orders and does something about some of them.
    pub(crate) fn people(&mut self) {
        let ids: Vec<OrderId> = self.store.orders.keys().copied().collect();
        for id in ids {
            if let Some(order) = self.store.orders.get(&id).cloned() {
                self.look_at(&order);
            }
        }
        if self.is_trouble_over() {
            for customer in std::mem::take(&mut self.suspended) {
                self.suspend(customer, false);
            }
        } else if self.dice.chance(60) {
            let customer = self.customer();
            let is_suspended = self.suspended.contains(&customer);
            if !is_suspended {
                self.tally.count("person: suspends");
            }
            self.suspend(customer, !is_suspended);
        }
        for _ in 0..3 {
            if self.updates_left > 0 && !self.is_trouble_over() {
                self.change_something();
            }
        }
        self.happens_in(SignedDuration::from_mins(10), Happening::People);
    }

    fn suspend(&mut self, customer: OrganizationId, is_suspended: bool) {
        match is_suspended {
            true => self.suspended.insert(customer),
            false => self.suspended.remove(&customer),
        };
        let deed = Deed::Suspended {
            customer,
            is_suspended,
        };
        self.log(deed, None, None);
    }

    fn look_at(&mut self, order: &Order) {
        let is_suspended = self.suspended.contains(&order.organization);
        match order.phase() {
            Phase::Cart if self.dice.chance(2) => {
                self.command(order, Command::Delete, "person: deletes");
            }
            Phase::Deleted => {
                self.command(order, Command::Restore, "person: restores");
                let wait = SignedDuration::from_mins(1);
                self.happens_in(wait, Happening::Click { order: order.id });
            }
            // Nothing that would lead to a vendor is allowed then.
            Phase::AwaitingApproval | Phase::Failed if is_suspended => {}
            Phase::AwaitingApproval => {
                let partners = vec![self.maker.actor().organization];
                let (comment, reason) = (None, "no".to_owned());
                match self.dice.chance(800) {
                    true => {
                        let approve = Command::Approve { partners, comment };
                        self.command(order, approve, "person: approves");
                    }
                    false => {
                        let reject = Command::Reject { partners, reason };
                        self.command(order, reject, "person: rejects");
                    }
                }
            }
            Phase::Failed if order.archived_at.is_none() && !self.is_trouble_over() => {
                if self.dice.chance(250) && self.can_be_retried(order) {
                    let line = None;
                    let correction = Box::default();
                    let retry = Command::Retry { line, correction };
                    self.command(order, retry, "person: retry");
                } else if self.dice.chance(50) {
                    self.command(order, Command::GiveUp, "person: gives up");
                }
            }
            Phase::Provisioning => {
                if self.dice.chance(100) && order.allows(domain::order::action::Action::Withdraw) {
                    return self.command(order, Command::Withdraw, "person: withdraws");
                }
                for line in &order.lines {
                    self.look_up(order, line);
                }
            }
            _ => {}
        }
    }

    /// Says what is true of a doubt that is left to people, or is a day old.
    fn look_up(&mut self, order: &Order, line: &Line) {
        let LineState::Checking {
            doubt,
            is_with_people,
            ..
        } = &line.state
        else {
            return;
        };
        let age = self.now.duration_since(doubt.since);
        if self.bug == Some(Bug::RetryInDoubt) && self.dice.chance(300) {
            return self.retry_in_doubt(order, line);
        }
        let vendor = self.vendor(line.item.vendor);
        let now = self.now;
        if let Err(what) = self.vendors[vendor].ripen(now) {
            return self.accuse(what);
        }
        let is_bought = self.truth(line);
        let is_held = self.bug != Some(Bug::PersonDuringCheck) && self.is_held(line.id);
        let is_hasty = self.bug == Some(Bug::PersonDuringCheck);
        if self.vendors[vendor].works_on(line.id) || (age < LOOKED_UP_AFTER && !is_hasty) {
            return;
        }
        let (resolution, name) = if is_bought {
            let vendor_reference = String::new();
            (
                Resolution::Booked { vendor_reference },
                "person: says booked",
            )
        } else if (*is_with_people || is_hasty) && !is_held {
            (Resolution::NotBooked, "person: says not booked")
        } else {
            return;
        };
        let resolve = Command::ResolveDoubt {
            line: line.id,
            resolution,
        };
        self.command(order, resolve, name);
    }

    fn is_held(&self, line: LineId) -> bool {
        let mut tasks = self.store.tasks.values();
        tasks.any(|task| task.line == line && task.strikes > 0 && task.due_at > self.now)
    }

    fn retry_in_doubt(&mut self, order: &Order, line: &Line) {
        let mut order = order.clone();
        for found in order.lines.iter_mut().filter(|found| found.id == line.id) {
            found.state = LineState::Queued {
                attempt: attempt(&line.state) + 1,
            };
        }
        self.write(Deed::Nothing, vec![Write::Order(Box::new(order))], None);
    }

    fn command(&mut self, order: &Order, command: Command, name: &str) {
        let Some(mut order) = self.store.orders.get(&order.id).cloned() else {
            return;
        };
        let by = match command {
            Command::Delete | Command::Restore => order.created_by.clone(),
            _ => self.maker.actor().clone(),
        };
        let events = match order.obey(command.clone(), &by, self.now) {
            Ok(events) => events,
            // A newer release may allow less; what is refused changes nothing.
            Err(_) => return,
        };
        self.tally.count(name);
        let work = order.follow_ups(&events, self.now);
        let mut writes = self.tasks(&order, work);
        for line in &order.lines {
            let is_resolved = events.iter().any(|event| event.line == Some(line.id));
            if is_resolved && matches!(line.state, LineState::Finished { .. }) {
                writes.extend(known_after(line));
            }
        }
        writes.push(Write::Order(order));
        self.write(Deed::Commanded { command, by }, writes, None);
    }

    fn is_taken(&self, subscription: SubscriptionId, but: OrderId) -> bool {
        let others = self.store.orders.values().filter(|order| order.id != but);
        others
            .flat_map(|order| order.slots())
            .any(|(held, _)| held == subscription)
    }

    /// A change is not tried again when another has come in between.
    fn can_be_retried(&self, order: &Order) -> bool {
        let is_failed = |line: &&Line| matches!(line.state, LineState::Failed { .. });
        let first = order.lines.iter().find(is_failed);
        first.is_some_and(|line| match &line.change {
            RequestedChange::Quantity { from, .. } => {
                let known = self.store.quantities.get(&line.subscription);
                known == Some(from) && !self.is_taken(line.subscription, order.id)
            }
            _ => true,
        })
    }

    /// Somebody changes what runs.
    fn change_something(&mut self) {
        let orders = self.store.orders.values();
        let bought: Vec<(SubscriptionId, OrganizationId, domain::id::VendorId)> = orders
            .flat_map(|order| order.lines.iter().map(|line| (order.organization, line)))
            .filter(|(_, line)| matches!(line.state, LineState::Finished { .. }))
            .filter(|(_, line)| matches!(line.change, RequestedChange::Purchase { .. }))
            .map(|(customer, line)| (line.subscription, customer, line.item.vendor))
            .collect();
        if bought.is_empty() {
            return;
        }
        let (subscription, customer, vendor) = self.dice.pick(&bought);
        let nobody = OrderId(Uuid::nil());
        let known = self.store.quantities.get(&subscription).copied();
        let Some(from) = known.filter(|_| !self.is_taken(subscription, nobody)) else {
            return;
        };
        if self.suspended.contains(&customer) {
            return;
        }
        self.updates_left -= 1;
        let to = from + 1 + u32::try_from(self.dice.below(9)).unwrap_or(0);
        let mut lines = vec![self.maker.line(
            vendor,
            RequestedChange::Quantity { from, to },
            Some(subscription),
        )];
        match self.dice.below(4) {
            0 => {
                let more = RequestedChange::Quantity {
                    from: to,
                    to: to + 1,
                };
                let mut step = self.maker.line(vendor, more, Some(subscription));
                step.after = Some(lines[0].id);
                lines.push(step);
            }
            1 => {
                let (from, to) = (String::new(), "new".to_owned());
                let rename = RequestedChange::Rename { from, to };
                lines.push(self.maker.line(vendor, rename, Some(subscription)));
            }
            _ => {}
        }
        let waits = self.dice.chance(250).then(|| {
            let wait = self.dice.millis(60_000, 3_600_000);
            (self.now + wait, Occasion::Date)
        });
        self.place_update(customer, lines, waits);
    }

    fn place_update(
        &mut self,
        customer: OrganizationId,
        lines: Vec<Line>,
        waits: Option<(jiff::Timestamp, Occasion)>,
    ) {
        let cart = self.maker.cart(customer, self.now);
        self.wished.insert(cart.id);
        let actor = self.maker.actor().clone();
        let started = (cart.clone(), Vec::new());
        let Ok((order, events)) = Order::update(
            started,
            lines.clone(),
            String::new(),
            waits,
            &actor,
            self.now,
        ) else {
            return self.accuse("a change can't be placed");
        };
        let before = Order { lines, ..cart };
        for (line, was) in order.lines.iter().zip(&before.lines) {
            let moved = format!("move: {} -> {}", was.state.name(), line.state.name());
            self.tally.count(&moved);
        }
        let id = order.id;
        let work = order.follow_ups(&events, self.now);
        let mut writes = self.tasks(&order, work);
        if self.bug == Some(Bug::StepsTogether) {
            let waits = order.lines.iter().filter(|line| line.after.is_some());
            let work = waits.map(|line| FollowUp {
                event: 0,
                line: line.id,
                vendor: line.item.vendor,
                kind: domain::task::TaskKind::Provision,
                due_at: self.now,
            });
            let work = work.collect();
            writes.extend(self.tasks(&order, work));
        }
        writes.push(Write::Order(Box::new(order)));
        self.write(Deed::Changed { events }, writes, Some(Waiter::Placed(id)));
    }
}
