//! What must hold at each step and at the end, whatever went wrong.

use domain::order::Order;
use domain::order::desk::DeskReason;
use domain::order::line::{Line, LineState};

use crate::store::Write;
use crate::world::{World, attempt, key};

impl World {
    /// Looks at what a transaction changes: each move is counted, and each decision held against the
    /// vendors' truth.
    pub(crate) fn watch(&mut self, writes: &[Write]) {
        for write in writes {
            let Write::Order(order) = write else {
                continue;
            };
            let before = self.store.orders.get(&order.id);
            let states = |order: &Order| -> Vec<LineState> {
                order.lines.iter().map(|line| line.state.clone()).collect()
            };
            let before = before.map(|before| states(before)).unwrap_or_default();
            for (line, before) in order.lines.iter().zip(&before) {
                self.watch_line(line, before);
            }
            self.watch_desk(order);
        }
    }

    fn watch_line(&mut self, line: &Line, before: &LineState) {
        let after = &line.state;
        if before.name() == after.name() {
            return;
        }
        let moved = format!("move: {} -> {}", before.name(), after.name());
        self.note(key(line.id, moved.len() as u32));
        self.tally.count(&moved);
        let vendor = self.vendor(line.item.vendor);
        let (id, is_bought) = (line.id, self.truth(line));
        match after {
            LineState::Finished { .. } if line.verb().is_some() && !is_bought => {
                self.accuse(format!("{id} says finished, and nothing is bought"));
            }
            LineState::Failed { failure, .. } => {
                let works = self.vendors[vendor].works_on(id);
                let said_no = self.vendors[vendor].said_no(key(id, attempt(after)));
                let is_ours = matches!(failure.code.as_str(), "EarlierStepFailed" | "NotBooked");
                if is_bought || works {
                    self.accuse(format!("{id} says failed, and is bought"));
                } else if !is_ours && !said_no {
                    self.accuse(format!("{id} says failed, and the vendor never refused"));
                }
            }
            LineState::Canceled if is_bought => {
                self.accuse(format!("{id} says canceled, and is bought"));
            }
            _ => {}
        }
    }

    /// What is in doubt lies on the desk from the first moment.
    fn watch_desk(&mut self, order: &Order) {
        let is_doubtful = |line: &Line| matches!(line.state, LineState::Checking { .. });
        let entry = order.desk_entry();
        let is_shown = entry.is_some_and(|entry| entry.reason == DeskReason::Checking);
        if order.lines.iter().any(is_doubtful) && !is_shown {
            self.accuse(format!("{} is in doubt, and no desk shows it", order.id));
        }
    }

    /// Everything is settled, nothing that was promised is missing, and each label is true.
    pub(crate) fn judge_the_end(&mut self) {
        for id in self.acknowledged.clone() {
            let order = self.store.orders.get(&id);
            if order.is_none_or(|order| order.placed_at.is_none()) {
                return self.accuse(format!("{id} was acknowledged, and is lost"));
            }
        }
        if self.store.orders.keys().any(|id| !self.wished.contains(id)) {
            return self.accuse("an order was placed that nobody wanted a second time");
        }
        let orders: Vec<Order> = self.store.orders.values().map(|o| (**o).clone()).collect();
        for line in orders.iter().flat_map(|order| &order.lines) {
            let (id, state, is_bought) = (line.id, line.state.name(), self.truth(line));
            let is_finished = matches!(line.state, LineState::Finished { .. });
            if line.state.is_undecided() {
                return self.accuse(format!("{id} is still {state}: it never settles"));
            }
            if line.verb().is_some() && is_finished != is_bought {
                let truth = if is_bought { "bought" } else { "not bought" };
                return self.accuse(format!("{id} says {state}, and is {truth}"));
            }
        }
        if !self.store.tasks.is_empty() {
            self.accuse("tasks are left that nobody works on");
        }
    }
}
