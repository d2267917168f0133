//! What an order is found by in lists: made from what each audience sees of it, so that nothing can be
//! found by what its reader may not know (R18, R19).

use std::collections::{BTreeMap, BTreeSet};

use super::super::change::{ChangeKind, RequestedChange};
use super::super::phase::{Phase, View};
use super::super::seen::{SeenLine, SeenOrder};
use super::super::{Order, Refusal};
use super::{Position, words};
use crate::access::Visibility;
use crate::id::{UserId, VendorId};

/// Words that an order is found by at the most; what is left out then is of its oldest notes.
const WORDS_MAX: usize = 2_000;

/// Whom a term is for. Who has one level has those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everybody who sees the organization's orders.
    Everyone,
    /// Those who read internal notes.
    Internal,
    /// Those who know of markups.
    Markup,
}

impl Level {
    /// All levels.
    pub const ALL: [Level; 3] = [Level::Everyone, Level::Internal, Level::Markup];

    /// The levels that a reader has.
    pub fn of(seen: Visibility) -> &'static [Level] {
        match seen {
            Visibility {
                internal: true,
                markup: true,
                markup_only_orders: true,
                ..
            } => &Level::ALL,
            Visibility { internal: true, .. } => &Level::ALL[..2],
            _ => &Level::ALL[..1],
        }
    }

    /// What a reader of this level may learn.
    fn visibility(self) -> Visibility {
        let is_markup = self == Level::Markup;
        Visibility {
            markup_only_orders: is_markup,
            markup: is_markup,
            cost: is_markup,
            internal: self != Level::Everyone,
        }
    }
}

/// Where an order stands in the lists, and by what it is found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The list that shows it.
    pub view: View,
    /// Its phase, by which it is counted.
    pub phase: Phase,
    /// Its place.
    pub position: Position,
    /// The first level that sees the order at all.
    pub level: Level,
    /// Each term with the first level that may find the order by it.
    pub terms: BTreeMap<String, Level>,
}

/// Every order.
pub const EVERY: &str = "*";

/// Of one phase.
pub fn phase(phase: Phase) -> String {
    format!("s.{}", phase.name())
}

/// With a line of a vendor.
pub fn vendor(vendor: VendorId) -> String {
    format!("v.{}", vendor.0.simple())
}

/// With a change of a kind.
pub fn change(kind: ChangeKind) -> String {
    format!("c.{}", kind.name())
}

/// Created by a person.
pub fn creator(user: UserId) -> String {
    format!("b.{}", user.0.simple())
}

/// Two of these at once; both of one line where both are of lines.
pub fn pair(one: &str, other: &str) -> String {
    format!("{one}+{other}")
}

/// With a word.
pub fn word(word: &str) -> String {
    format!("w.{word}")
}

impl Order {
    /// Its entry in the lists; `None` where it is in none.
    pub fn entry(&self) -> Result<Option<Entry>, Refusal> {
        let Some((view, _)) = self.shown() else {
            return Ok(None);
        };
        let is_plain = self.notes.iter().all(|note| !note.is_internal)
            && self.lines.iter().all(|line| !line.change.is_markup());
        let levels = match is_plain {
            true => &Level::ALL[..1],
            false => &Level::ALL[..],
        };
        let (mut terms, mut first) = (BTreeMap::new(), None);
        for level in levels {
            let Some(seen) = self.seen_by(level.visibility())? else {
                continue;
            };
            first = first.or(Some(*level));
            for term in seen.terms() {
                terms.entry(term).or_insert(*level);
            }
        }
        Ok(Some(Entry {
            view,
            phase: self.phase(),
            position: self.position(),
            level: first.unwrap_or(Level::Markup),
            terms,
        }))
    }
}

impl SeenOrder {
    /// What its reader may find it by.
    pub fn terms(&self) -> BTreeSet<String> {
        let (phase, creator) = (phase(self.phase), creator(self.created_by.user));
        let mut terms = BTreeSet::from([EVERY.to_owned(), pair(&phase, &creator)]);
        for line in &self.lines {
            let (vendor, change) = (vendor(line.item.vendor), change(line.change.kind()));
            terms.insert(pair(&phase, &vendor));
            terms.insert(pair(&phase, &change));
            terms.insert(pair(&vendor, &change));
            terms.insert(pair(&vendor, &creator));
            terms.insert(pair(&change, &creator));
            terms.extend([vendor, change]);
        }
        terms.extend([phase, creator]);
        let mut found = BTreeSet::new();
        for text in self.texts() {
            for each in words::words(&text) {
                if found.len() < WORDS_MAX {
                    found.insert(word(&each));
                }
            }
        }
        terms.append(&mut found);
        terms
    }

    /// The text that can be searched: what tells most first, notes from the newest.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = vec![
            self.number.to_string(),
            self.name(&jiff::tz::TimeZone::UTC),
            self.created_by.person.clone(),
            self.created_by.email.clone(),
            self.created_by.organization_name.clone(),
        ];
        for line in &self.lines {
            texts.extend(line.texts().map(str::to_owned));
        }
        texts.extend(self.notes.iter().rev().map(|note| note.text.clone()));
        texts
    }
}

impl SeenLine {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let own = [
            self.item.name.as_str(),
            self.item.vendor_name.as_str(),
            self.contact.email.as_str(),
            self.contact.name.as_str(),
            self.contact.surname.as_str(),
            self.tenant.as_deref().unwrap_or_default(),
        ];
        own.into_iter().chain(names(&self.change))
    }
}

/// The names of licenses that a change speaks of.
fn names(change: &RequestedChange) -> Vec<&str> {
    use RequestedChange as C;
    match change {
        C::Upgrade { from, to, .. } | C::Downgrade { from, to, .. } | C::Rename { from, to } => {
            vec![from, to]
        }
        C::AddonAdd { addon, .. }
        | C::AddonQuantity { addon, .. }
        | C::AddonRemove { addon, .. } => vec![addon],
        C::Purchase { .. }
        | C::Quantity { .. }
        | C::Suspend
        | C::Reactivate
        | C::Cancel
        | C::TermDuration { .. }
        | C::BillingCycle { .. }
        | C::AutoRenewal { .. }
        | C::Configuration { .. }
        | C::Markup { .. }
        | C::MarkupDistributor { .. }
        | C::TargetPrice { .. }
        | C::Cost { .. } => Vec::new(),
    }
}
