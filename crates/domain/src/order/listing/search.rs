//! What a listing means for one reader at one moment: names have become ids, words are folded, ages are
//! instants. Storage asks for it; [`Search::wants`] says the same of one order.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::change::ChangeKind;
use super::super::filter::{Person, Span, Term};
use super::super::phase::{Phase, View, shown};
use super::super::seen::{SeenLine, SeenOrder};
use super::{Edge, Listing, Sort, terms, words};
use crate::id::{UserId, VendorId};

/// Terms that stand for one condition at the most.
pub const ALTERNATIVES_MAX: usize = 64;

/// The conditions of a list; `None` stands for no condition, an empty list for one that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Recent or Historical.
    pub view: View,
    /// In one of these phases.
    pub phases: Option<Vec<Phase>>,
    /// With a line of one of these vendors.
    pub vendors: Option<Vec<VendorId>>,
    /// With a change of one of these kinds; of such a vendor, where vendors are asked for, too.
    pub changes: Option<Vec<ChangeKind>>,
    /// Created by one of these people.
    pub creators: Option<Vec<UserId>>,
    /// Folded beginnings of words, all of which it has.
    pub words: Vec<String>,
    /// Texts of several words, each of which it has in that sequence.
    pub phrases: Vec<String>,
    /// Placed (or created, while it is not) then.
    pub span: Span,
}

/// A page's place in its list, as it is read from storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Rows are read from newer to older.
    pub is_descending: bool,
    /// Beyond this row; from the end of the list when there is none.
    pub from: Option<Edge>,
    /// Rows at the most.
    pub limit: u32,
}

/// Ids of what a filter names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The vendors that are meant.
    pub vendors: Vec<VendorId>,
    /// The people that are meant.
    pub creators: Vec<UserId>,
}

impl Listing {
    /// The conditions, once names are found.
    pub fn search(&self, named: Named, now: Timestamp, zone: &TimeZone) -> Search {
        let filter = &self.filter;
        let (changes, mut prefixes, mut phrases) = (filter.changes(), Vec::new(), Vec::new());
        for term in filter.texts() {
            let (Term::Word(text) | Term::Phrase(text)) = term else {
                continue;
            };
            let chunks = words::chunks(&words::fold(text));
            if chunks.len() > 1 && matches!(term, Term::Phrase(_)) {
                phrases.push(text.clone());
            }
            prefixes.extend(chunks);
        }
        Search {
            view: self.view,
            phases: self.phases(),
            vendors: (!filter.vendors().is_empty()).then_some(named.vendors),
            changes: (!changes.is_empty()).then_some(changes),
            creators: (!filter.people().is_empty()).then_some(named.creators),
            words: without_prefixes(prefixes),
            phrases,
            span: filter.span(now, zone),
        }
    }

    /// The direction in which a page is read: away from its edge.
    pub fn reading(&self) -> Reading {
        Reading {
            is_descending: match self.from {
                None => self.sort == Sort::NewestFirst,
                Some(Edge::OlderThan(_)) => true,
                Some(Edge::NewerThan(_)) => false,
            },
            from: self.from,
            limit: self.limit,
        }
    }

    /// The phases behind tab and statuses; `None` for all of the view.
    fn phases(&self) -> Option<Vec<Phase>> {
        let statuses = self.filter.statuses();
        let is_archived = self.view == View::Historical;
        let status = |phase: Phase| {
            let (view, status) = shown(phase, is_archived)?;
            (view == self.view).then_some(status)
        };
        let is_wanted = |phase: &Phase| {
            let is_among = |status| statuses.is_empty() || statuses.contains(&status);
            self.tab.has(*phase) && status(*phase).is_some_and(is_among)
        };
        let is_everything = statuses.is_empty() && Phase::ALL.iter().all(|p| self.tab.has(*p));
        (!is_everything).then(|| Phase::ALL.into_iter().filter(is_wanted).collect())
    }
}

/// A word that another one begins with asks for nothing more.
fn without_prefixes(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    let all = words.clone();
    let goes_on = |word: &str| {
        all.iter()
            .any(|other| other != word && other.starts_with(word))
    };
    words.retain(|word| !goes_on(word));
    words
}

impl Search {
    /// Whether it asks for an order that its reader sees.
    pub fn wants(&self, order: &SeenOrder) -> bool {
        let is_of_vendor = |line: &SeenLine| match &self.vendors {
            None => true,
            Some(vendors) => vendors.contains(&line.item.vendor),
        };
        let has_change = |line: &SeenLine| match &self.changes {
            None => true,
            Some(changes) => changes.contains(&line.change.kind()),
        };
        let asks_for_a_line = self.vendors.is_some() || self.changes.is_some();
        let at = order.position().listed_at;
        order.view == Some(self.view)
            && self
                .phases
                .as_ref()
                .is_none_or(|phases| phases.contains(&order.phase))
            && (!asks_for_a_line || order.lines.iter().any(|l| is_of_vendor(l) && has_change(l)))
            && self
                .creators
                .as_ref()
                .is_none_or(|who| who.contains(&order.created_by.user))
            && self.span.since.is_none_or(|since| at >= since)
            && self.span.until.is_none_or(|until| at < until)
            && self.has_texts(order)
    }

    /// Whether an order has all the words, and the phrases as they stand.
    pub fn has_texts(&self, order: &SeenOrder) -> bool {
        has_all(order, &self.words) && self.has_phrases(order)
    }

    /// Whether an order that was found by its words has the phrases, too.
    pub fn has_phrases(&self, order: &SeenOrder) -> bool {
        has_all(order, &self.phrases)
    }

    /// Sets of terms: an order is wanted when it has one of each set, and the words. Two conditions
    /// share one set of pairs, so that no pair of filters needs more than one look into the index.
    pub fn conditions(&self) -> Vec<Vec<String>> {
        let phases = named(self.phases.as_deref(), |phase| terms::phase(*phase));
        let vendors = named(self.vendors.as_deref(), |vendor| terms::vendor(*vendor));
        let changes = named(self.changes.as_deref(), |kind| terms::change(*kind));
        let creators = named(self.creators.as_deref(), |user| terms::creator(*user));
        match (phases, vendors, changes, creators) {
            (None, None, None, None) if self.words.is_empty() => vec![vec![terms::EVERY.into()]],
            (None, None, None, None) => Vec::new(),
            (Some(one), None, None, None)
            | (None, Some(one), None, None)
            | (None, None, Some(one), None)
            | (None, None, None, Some(one)) => vec![one],
            (Some(p), Some(v), None, None) => pairs(p, v),
            (Some(p), None, Some(c), None) => pairs(p, c),
            (Some(p), None, None, Some(b)) => pairs(p, b),
            (None, Some(v), Some(c), None) => pairs(v, c),
            (None, Some(v), None, Some(b)) => pairs(v, b),
            (None, None, Some(c), Some(b)) => pairs(c, b),
            (Some(p), Some(v), Some(c), None) => both(pairs(p, v.clone()), pairs(v, c)),
            (Some(p), Some(v), None, Some(b)) => both(pairs(p, b.clone()), pairs(v, b)),
            (Some(p), None, Some(c), Some(b)) => both(pairs(p, b.clone()), pairs(c, b)),
            (None, Some(v), Some(c), Some(b)) => both(pairs(v.clone(), c), pairs(v, b)),
            (Some(p), Some(v), Some(c), Some(b)) => both(pairs(p, b), pairs(v, c)),
        }
    }
}

fn has_all(order: &SeenOrder, typed: &[String]) -> bool {
    if typed.is_empty() {
        return true;
    }
    let texts = order.texts();
    typed
        .iter()
        .all(|typed| texts.iter().any(|text| words::has(text, typed)))
}

fn named<T>(values: Option<&[T]>, name: impl Fn(&T) -> String) -> Option<Vec<String>> {
    let values = values?.iter().take(ALTERNATIVES_MAX);
    Some(values.map(name).collect())
}

/// One set of pairs; two sets where the pairs would be too many.
fn pairs(one: Vec<String>, other: Vec<String>) -> Vec<Vec<String>> {
    if one.len() * other.len() > ALTERNATIVES_MAX {
        return vec![one, other];
    }
    let with = |one: &String| other.iter().map(|other| terms::pair(one, other)).collect();
    vec![
        one.iter()
            .flat_map(|one| -> Vec<String> { with(one) })
            .collect(),
    ]
}

fn both(mut one: Vec<Vec<String>>, other: Vec<Vec<String>>) -> Vec<Vec<String>> {
    one.extend(other);
    one
}

/// Whether a person is meant by what was typed after `by:`.
pub fn is_meant(person: &Person, me: UserId, user: UserId, name: &str, email: &str) -> bool {
    match person {
        Person::Me => user == me,
        Person::Email(typed) => email.to_lowercase() == *typed,
        Person::Name(typed) => words::has(name, typed),
    }
}
