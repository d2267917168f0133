//! Faults of networks, vendors, databases and machines: each world has some of them, at rates of its own.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A request never arrives.
    RequestLost,
    /// An answer never arrives.
    AnswerLost,
    /// A request arrives when nobody waits for it any more.
    RequestLate,
    /// A request arrives twice.
    RequestTwice,
    /// An answer comes after a while, perhaps too late.
    AnswerLate,
    /// No connection.
    ConnectionRefused,
    /// 429 for a while.
    RateLimit,
    /// 401 for a while.
    Unauthorized,
    /// Nothing arrives for hours.
    Outage,
    /// 5xx before anything was done.
    ServerError,
    /// 5xx although it was done.
    ServerErrorBooked,
    /// An answer that can't be read.
    Garbage,
    /// The answer to somebody else's request.
    WrongEcho,
    /// The vendor says no.
    Refused,
    /// The vendor says later.
    Accepted,
    /// The vendor's reads miss its writes for a while.
    ReadLag,
    /// The database refuses a transaction.
    Busy,
    /// The connection ends with the commit.
    CommitUnknown,
    /// The database dies, and what it had not synced with it.
    PowerLoss,
    /// A worker dies.
    Crash,
    /// A worker stands still for minutes.
    Pause,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 21] = [
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::RequestLate,
        Fault::RequestTwice,
        Fault::AnswerLate,
        Fault::ConnectionRefused,
        Fault::RateLimit,
        Fault::Unauthorized,
        Fault::Outage,
        Fault::ServerError,
        Fault::ServerErrorBooked,
        Fault::Garbage,
        Fault::WrongEcho,
        Fault::Refused,
        Fault::Accepted,
        Fault::ReadLag,
        Fault::Busy,
        Fault::CommitUnknown,
        Fault::PowerLoss,
        Fault::Crash,
        Fault::Pause,
    ];

    /// Times in a thousand at the most.
    fn most(self) -> u64 {
        match self {
            Fault::RateLimit | Fault::Unauthorized => 40,
            Fault::Outage => 300,
            Fault::PowerLoss | Fault::Crash | Fault::Pause => 30,
            Fault::ReadLag => 800,
            Fault::Busy | Fault::CommitUnknown => 60,
            _ => 180,
        }
    }
}

/// How often each fault happens, in a thousand times.
#[derive(Debug, Clone)]
pub struct Rates(BTreeMap<Fault, u32>);

impl Rates {
    /// A third of all faults is left out of a world, so that the others get their turn.
    pub fn swarm(dice: &mut Dice) -> Rates {
        let rate = |fault: Fault| {
            let drawn = 1 + dice.below(fault.most());
            let rate = match dice.chance(333) {
                true => 0,
                false => u32::try_from(drawn).unwrap_or(0),
            };
            (fault, rate)
        };
        Rates(Fault::ALL.into_iter().map(rate).collect())
    }

    /// From now on nothing goes wrong.
    pub fn stop(&mut self) {
        self.0.clear();
    }

    /// How often one happens.
    pub fn of(&self, fault: Fault) -> u32 {
        self.0.get(&fault).copied().unwrap_or(0)
    }
}
