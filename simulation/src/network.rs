//! What lies between workers and vendors: messages that are lost, late or doubled, and vendors that answer
//! badly.

use domain::provisioning::RepeatClass;
use domain::provisioning::pace::CALL_MAX;
use jiff::{SignedDuration, Timestamp};

use crate::bug::Bug;
use crate::connector::{Next, Wire};
use crate::faults::Fault;
use crate::vendor::{About, DELAY_MAX, Message, Reply};
use crate::world::{Happening, World};

impl World {
    /// Gives a call its deadline.
    pub(crate) fn await_answer(&mut self, run: u64) {
        if let Some(found) = self.runs.get_mut(&run) {
            found.deadline = Some(self.now + CALL_MAX);
        }
        self.happens_in(CALL_MAX, Happening::Timeout { run });
    }

    /// Sends the message of a run on its way.
    pub(crate) fn transmit(&mut self, id: u64) {
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        let Some(message) = run.exchange.as_ref().map(|exchange| exchange.sent()) else {
            return;
        };
        let (about, vendor) = (run.about, run.vendor);
        let soon = self.dice.millis(5, 500);
        let is_down = self.vendors[vendor].down_until > self.now && self.dice.chance(500);
        if is_down || self.fails(Fault::ConnectionRefused, "fault: connection refused") {
            return self.answer_in(soon, id, message, Err(Wire::Refused));
        }
        if self.fails(Fault::RequestLost, "fault: request lost") {
            return;
        }
        let wait = match self.fails(Fault::RequestLate, "fault: request late") {
            true => self.dice.millis(10_000, DELAY_MAX),
            false => soon,
        };
        let arrival = Happening::Arrive {
            run: id,
            vendor,
            about,
            message,
            is_awaited: true,
        };
        self.happens_in(wait, arrival);
    }

    fn fails(&mut self, fault: Fault, name: &str) -> bool {
        let fails = self.meets(fault);
        if fails {
            self.tally.count(name);
        }
        fails
    }

    fn answer_in(
        &mut self,
        wait: SignedDuration,
        run: u64,
        message: Message,
        reply: Result<Reply, Wire>,
    ) {
        let happening = Happening::Reply {
            run,
            message,
            reply,
        };
        self.happens_in(wait, happening);
    }

    /// A message is at its vendor.
    pub(crate) fn arrive(
        &mut self,
        (run, is_awaited): (u64, bool),
        vendor: usize,
        about: About,
        message: Message,
    ) {
        if self.vendors[vendor].down_until > self.now {
            return;
        }
        let soon = self.dice.millis(5, 300);
        if let Some(wire) = self.turned_away(vendor) {
            if is_awaited {
                self.answer_in(soon, run, message, Err(wire));
            }
            return;
        }
        if message.is_write() && self.fails(Fault::WrongEcho, "fault: wrong echo") {
            let key = about.key ^ 1;
            return self.answer_in(soon, run, message, Ok(Reply::Booked { key }));
        }
        // What was turned away stays away: only a request that was taken can come a second time.
        let is_safe = matches!(
            self.vendors[vendor].rule.class,
            RepeatClass::Keyed | RepeatClass::TwoStep | RepeatClass::Absolute
        );
        if is_awaited && is_safe && self.fails(Fault::RequestTwice, "fault: request twice") {
            let later = self.dice.millis(5, DELAY_MAX);
            let again = Happening::Arrive {
                run,
                vendor,
                about,
                message,
                is_awaited: false,
            };
            self.happens_in(later, again);
        }
        let heard = self.vendors[vendor].hear(about, message, self.now, &mut self.dice);
        self.take_met(vendor);
        let reply = match heard {
            Ok(reply) => reply,
            Err(what) => return self.accuse(what),
        };
        if self.meets(Fault::Crash)
            && let Some(found) = self.runs.get(&run)
        {
            let node = found.node;
            self.crash(node);
        }
        self.may_pause(run);
        if !is_awaited || self.fails(Fault::AnswerLost, "fault: answer lost") {
            return;
        }
        let reply = if self.fails(Fault::ServerErrorBooked, "fault: server error, booked") {
            Err(Wire::ServerError)
        } else if self.fails(Fault::Garbage, "fault: garbage") {
            Err(Wire::Garbage)
        } else {
            Ok(reply)
        };
        let wait = match self.fails(Fault::AnswerLate, "fault: answer late") {
            true => self.dice.millis(5_000, 60_000),
            false => soon,
        };
        self.answer_in(wait, run, message, reply);
    }

    fn turned_away(&mut self, vendor: usize) -> Option<Wire> {
        let seconds = |until: Timestamp, now: Timestamp| {
            let left = until.duration_since(now).as_secs();
            u64::try_from(left).unwrap_or(0) + 1
        };
        let now = self.now;
        if self.fails(Fault::RateLimit, "fault: rate limit") {
            self.vendors[vendor].limited_until = now + self.dice.millis(5_000, 600_000);
        }
        if self.fails(Fault::Unauthorized, "fault: unauthorized") {
            self.vendors[vendor].unauthorized_until = now + self.dice.millis(60_000, 1_800_000);
        }
        let found = &self.vendors[vendor];
        if found.limited_until > now {
            return Some(Wire::Limited(seconds(found.limited_until, now)));
        }
        if found.unauthorized_until > now {
            return Some(Wire::Unauthorized);
        }
        let fails = self.fails(Fault::ServerError, "fault: server error, not booked");
        fails.then_some(Wire::ServerError)
    }

    pub(crate) fn take_met(&mut self, vendor: usize) {
        for met in std::mem::take(&mut self.vendors[vendor].met) {
            self.tally.count(met);
        }
    }

    /// An answer is at its worker.
    pub(crate) fn hear(&mut self, id: u64, message: Message, reply: Result<Reply, Wire>) {
        let id = match self.bug {
            Some(Bug::AnswersByPosition) => self.longest_waiting(id),
            _ => id,
        };
        if !self.is_alive(id) {
            return;
        }
        if let Some(until) = self.pause_of(id) {
            let run = id;
            let happening = Happening::Reply {
                run,
                message,
                reply,
            };
            return self.happens_at(until, happening);
        }
        let now = self.now;
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        // A worker that stood still may not go on where its hold ran out meanwhile.
        if run.deadline.is_none_or(|deadline| now >= deadline)
            && self.bug != Some(Bug::DeadlineIgnored)
        {
            return self.time_out(id);
        }
        let Some(exchange) = run.exchange.as_mut() else {
            return;
        };
        if exchange.sent() != message && self.bug != Some(Bug::AnswersByPosition) {
            return;
        }
        run.limited = match reply {
            Err(Wire::Limited(seconds)) => {
                Some(self.now + SignedDuration::from_secs(seconds.cast_signed()))
            }
            Err(Wire::Unauthorized) => Some(self.now + SignedDuration::from_secs(60)),
            _ => None,
        };
        match exchange.hear(reply) {
            Next::Send(_) => self.transmit(id),
            Next::Answer(answer) => self.record(id, answer),
        }
    }

    /// What a shell without ids would take an answer to be for.
    fn longest_waiting(&self, id: u64) -> u64 {
        let vendor = self.runs.get(&id).map(|run| run.vendor);
        let mut waiting = self.runs.iter().filter(|(_, run)| run.exchange.is_some());
        let first = waiting.find(|(_, run)| Some(run.vendor) == vendor);
        first.map_or(id, |(first, _)| *first)
    }

    /// Nothing came in time.
    pub(crate) fn time_out(&mut self, id: u64) {
        if !self.is_alive(id) {
            return;
        }
        if let Some(until) = self.pause_of(id) {
            return self.happens_at(until, Happening::Timeout { run: id });
        }
        let exchange = self.runs.get_mut(&id).and_then(|run| run.exchange.as_mut());
        if let Some(Next::Answer(answer)) = exchange.map(|exchange| exchange.hear(Err(Wire::Lost)))
        {
            self.record(id, answer);
        }
    }

    /// Something breaks, now and then.
    pub(crate) fn trouble(&mut self) {
        if self.is_trouble_over() {
            for vendor in &mut self.vendors {
                vendor.down_until = Timestamp::MIN;
                vendor.limited_until = Timestamp::MIN;
                vendor.unauthorized_until = Timestamp::MIN;
            }
            return;
        }
        if self.dice.chance(self.rates.of(Fault::Outage) / 12) {
            let vendor = usize::try_from(self.dice.below(self.vendors.len() as u64)).unwrap_or(0);
            self.tally.count("fault: outage");
            self.vendors[vendor].down_until = self.now + self.dice.millis(300_000, 14_400_000);
        }
        if self.meets(Fault::Crash) {
            let node = usize::try_from(self.dice.below(self.nodes.len() as u64)).unwrap_or(0);
            self.crash(node);
        }
        let wait = self.dice.millis(60_000, 300_000);
        self.happens_in(wait, Happening::Trouble);
    }

    /// The database dies and comes back with what it had synced, and perhaps a little more.
    pub(crate) fn lose_power(&mut self) {
        if !self.store.has_tail() {
            return;
        }
        self.tally.count("store: power loss with a tail");
        let kept = self.dice.below(self.store.unsynced() as u64 + 1);
        let lost = self.store.lose_tail(usize::try_from(kept).unwrap_or(0));
        if let (Some(journal), Some(lost)) = (&mut self.journal, lost) {
            journal.lose(lost);
        }
        self.forget_waiters();
        self.runs
            .retain(|_, run| run.exchange.is_some() || run.committed.is_some());
        let soon = self.now + self.dice.millis(100, 2_000);
        self.look_by(soon);
    }
}
