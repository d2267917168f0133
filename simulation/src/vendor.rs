//! Vendors of the six repeat classes, each with its own truth: what was really bought.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::LineId;
use domain::provisioning::{RepeatClass, RepeatRule};
use jiff::{SignedDuration, Timestamp};

use crate::dice::{Dice, mix};

/// For how long a vendor of class K recognizes a key.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// How long a request can be under way, and how long a read can miss a write, in milliseconds.
pub const DELAY_MAX: u64 = 60_000;

/// What a line changes at its vendor: a count, from 0 where the line makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Of which thing.
    pub target: u128,
    /// Before.
    pub from: u32,
    /// After.
    pub to: u32,
}

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The line; lines that were made later have greater ids.
    pub line: LineId,
    /// The key of its attempt.
    pub key: u64,
    /// What it is to change.
    pub effect: Effect,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// Do it, under the key (K), the reference (R) or nothing (D, X).
    Apply,
    /// Prepare it (T).
    Cart,
    /// Do what was prepared (T).
    Confirm(u64),
    /// Is there something with my reference (R)?
    Find,
    /// What is the count (S, D)?
    Read,
    /// Make the count so many, if nobody has changed it meanwhile (S).
    Set {
        /// As it was read.
        version: u32,
    },
    /// How far is it?
    Status,
    /// Take back what the key bought.
    Remove,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Booked {
        /// Whose request it was.
        key: u64,
    },
    /// It will be decided.
    Pending,
    /// No.
    Refused,
    /// It is prepared.
    Cart(u64),
    /// There is no such thing.
    NotFound,
    /// The count.
    Count {
        /// So many.
        count: u32,
        /// Rises with each change.
        version: u32,
    },
    /// Somebody was faster.
    Conflict,
    /// Nothing of it is left.
    Removed,
}

impl Message {
    /// Whether it can change anything.
    pub fn is_write(self) -> bool {
        matches!(
            self,
            Message::Apply | Message::Confirm(_) | Message::Set { .. }
        )
    }
}

struct Booking {
    about: About,
    at: Timestamp,
    visible_at: Timestamp,
}

struct Pending {
    about: About,
    ready_at: Timestamp,
    visible_at: Timestamp,
}

#[derive(Default)]
struct Target {
    count: u32,
    version: u32,
    last: Option<LineId>,
    /// Until when reads show the count before.
    hidden: Option<(Timestamp, u32)>,
}

/// A vendor and its truth.
pub struct Vendor {
    /// What it promises.
    pub rule: RepeatRule,
    /// 429 until then.
    pub limited_until: Timestamp,
    /// 401 until then.
    pub unauthorized_until: Timestamp,
    /// Silent until then.
    pub down_until: Timestamp,
    salt: u64,
    refuses: u32,
    accepts: u32,
    lags: u32,
    bookings: BTreeMap<u64, Booking>,
    pending: BTreeMap<u64, Pending>,
    refused: BTreeSet<u64>,
    carts: BTreeMap<u64, About>,
    targets: BTreeMap<u128, Target>,
    lines: BTreeMap<LineId, u32>,
    heard_once: BTreeSet<u64>,
    /// Counted by the world: what happened here.
    pub met: Vec<&'static str>,
}

impl Vendor {
    /// A vendor of a class, which says no, says later and lags so often in a thousand times.
    pub fn new(class: RepeatClass, salt: u64, [refuses, accepts, lags]: [u32; 3]) -> Vendor {
        let two_delays = SignedDuration::from_millis(2 * DELAY_MAX.cast_signed());
        Vendor {
            rule: RepeatRule {
                class,
                window: (class == RepeatClass::Keyed).then_some(WINDOW),
                lag: match class {
                    RepeatClass::Referenced | RepeatClass::Delta => two_delays,
                    _ => SignedDuration::ZERO,
                },
            },
            limited_until: Timestamp::MIN,
            unauthorized_until: Timestamp::MIN,
            down_until: Timestamp::MIN,
            salt,
            refuses,
            accepts,
            lags,
            bookings: BTreeMap::new(),
            pending: BTreeMap::new(),
            refused: BTreeSet::new(),
            carts: BTreeMap::new(),
            targets: BTreeMap::new(),
            lines: BTreeMap::new(),
            heard_once: BTreeSet::new(),
            met: Vec::new(),
        }
    }

    /// Whether a line is bought.
    pub fn has(&self, line: LineId) -> bool {
        self.lines.get(&line).is_some_and(|count| *count > 0)
    }

    /// The lines that are bought.
    pub fn bought(&self) -> impl Iterator<Item = LineId> {
        let bought = self.lines.iter().filter(|(_, count)| **count > 0);
        bought.map(|(line, _)| *line)
    }

    /// Whether a line may still be bought by what the vendor has accepted.
    pub fn works_on(&self, line: LineId) -> bool {
        self.pending.values().any(|found| found.about.line == line)
    }

    /// Whether the vendor said no to a key.
    pub fn said_no(&self, key: u64) -> bool {
        self.refused.contains(&key)
    }

    fn is_so(&self, key: u64, what: u64, per_mille: u32) -> bool {
        mix(mix(self.salt, what), key) % 1_000 < u64::from(per_mille)
    }

    /// Decides what was accepted and is ready.
    pub fn ripen(&mut self, now: Timestamp) -> Result<(), String> {
        let ready = |pending: &Pending| pending.ready_at <= now;
        while let Some((&key, _)) = self.pending.iter().find(|(_, found)| ready(found)) {
            let Some(found) = self.pending.remove(&key) else {
                return Ok(());
            };
            match self.is_so(key, 3, 250) {
                true => {
                    self.met.push("fault: accepted, then refused");
                    self.refused.insert(key);
                }
                false => self.book(found.about, now, found.visible_at.max(now))?,
            }
        }
        Ok(())
    }

    /// Hears a message. An error is what must never happen.
    pub fn hear(
        &mut self,
        about: About,
        message: Message,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Result<Reply, String> {
        self.ripen(now)?;
        let key = about.key;
        match message {
            Message::Apply => self.apply(about, now, dice),
            Message::Cart => {
                let cart = self.carts.len() as u64;
                self.carts.insert(cart, about);
                Ok(Reply::Cart(cart))
            }
            Message::Confirm(cart) => match self.carts.get(&cart).copied() {
                Some(about) => match self.known(about.key, now, false) {
                    Reply::NotFound => self.apply(about, now, dice),
                    known => Ok(known),
                },
                None => Ok(Reply::NotFound),
            },
            Message::Find => Ok(self.known(key, now, true)),
            Message::Status => Ok(self.known(key, now, false)),
            Message::Read => Ok(self.read(about.effect.target, now)),
            Message::Set { version } => {
                let target = self.targets.entry(about.effect.target).or_default();
                match target.version == version {
                    true => self.apply(about, now, dice),
                    false => Ok(Reply::Conflict),
                }
            }
            Message::Remove => {
                self.remove(key);
                Ok(Reply::Removed)
            }
        }
    }

    fn apply(&mut self, about: About, now: Timestamp, dice: &mut Dice) -> Result<Reply, String> {
        let key = about.key;
        let recognizes = self.rule.class == RepeatClass::Keyed;
        if recognizes && !self.has_forgotten(key, now) {
            match self.known(key, now, false) {
                Reply::NotFound => {}
                known => return Ok(known),
            }
        }
        if self.rule.class == RepeatClass::Once && !self.heard_once.insert(key) {
            return Err(format!("{} is sent twice, and can't be", about.line));
        }
        if self.pending.contains_key(&key) {
            return Err(format!(
                "{} is bought twice: it was accepted before",
                about.line
            ));
        }
        if self.refused.contains(&key) || self.is_so(key, 1, self.refuses) {
            self.met.push("fault: refused");
            self.refused.insert(key);
            return Ok(Reply::Refused);
        }
        let lags = dice.chance(self.lags);
        let lag = dice.millis(0, DELAY_MAX);
        let visible_at = if lags { now + lag } else { now };
        let counts = matches!(self.rule.class, RepeatClass::Absolute | RepeatClass::Delta);
        if !counts && self.is_so(key, 2, self.accepts) {
            self.met.push("fault: accepted");
            let ready_at = now + dice.millis(1_000, 1_800_000);
            let pending = Pending {
                about,
                ready_at,
                visible_at,
            };
            self.pending.insert(key, pending);
            return Ok(Reply::Pending);
        }
        self.book(about, now, visible_at)?;
        Ok(Reply::Booked { key })
    }

    fn has_forgotten(&self, key: u64, now: Timestamp) -> bool {
        let booked = self.bookings.get(&key);
        booked.is_some_and(|booked| now.duration_since(booked.at) > WINDOW)
    }

    fn book(&mut self, about: About, now: Timestamp, visible_at: Timestamp) -> Result<(), String> {
        let count = self.lines.entry(about.line).or_default();
        *count += 1;
        if *count > 1 {
            return Err(format!("{} is bought twice", about.line));
        }
        let target = self.targets.entry(about.effect.target).or_default();
        if target.last.is_some_and(|last| last > about.line) {
            return Err(format!("{} is done after a later change", about.line));
        }
        if target.count != about.effect.from {
            let (count, from) = (target.count, about.effect.from);
            return Err(format!(
                "{} counts from {from}, and there are {count}",
                about.line
            ));
        }
        if visible_at > now {
            self.met.push("fault: read lags");
            target.hidden = Some((visible_at, target.count));
        }
        target.last = Some(about.line);
        target.count = about.effect.to;
        target.version += 1;
        let booking = Booking {
            about,
            at: now,
            visible_at,
        };
        self.bookings.insert(about.key, booking);
        Ok(())
    }

    fn known(&self, key: u64, now: Timestamp, by_reading: bool) -> Reply {
        let is_seen = |visible_at: Timestamp| !by_reading || visible_at <= now;
        if self.refused.contains(&key) {
            return Reply::Refused;
        }
        match (self.bookings.get(&key), self.pending.get(&key)) {
            (Some(found), _) if is_seen(found.visible_at) => Reply::Booked { key },
            (_, Some(found)) if is_seen(found.visible_at) => Reply::Pending,
            _ => Reply::NotFound,
        }
    }

    fn read(&mut self, target: u128, now: Timestamp) -> Reply {
        let lags = self.rule.class == RepeatClass::Delta;
        let target = self.targets.entry(target).or_default();
        let count = match target.hidden {
            Some((until, before)) if lags && until > now => before,
            _ => target.count,
        };
        Reply::Count {
            count,
            version: target.version,
        }
    }

    fn remove(&mut self, key: u64) {
        let makes = |booking: &Booking| booking.about.effect.from == 0;
        if self.bookings.get(&key).is_none_or(|found| !makes(found)) {
            return;
        }
        let Some(booking) = self.bookings.remove(&key) else {
            return;
        };
        let about = booking.about;
        if let Some(count) = self.lines.get_mut(&about.line) {
            *count = count.saturating_sub(1);
        }
        if let Some(target) = self.targets.get_mut(&about.effect.target) {
            target.count = 0;
            target.version += 1;
        }
    }
}
