//! The filter of the order desk: the language of the lists, `customer:` and `waits:me`.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::filter::{Filter, FilterProblem, Person, Quoted, Term};
use super::super::listing::words::has;
use super::super::seen::{SeenLine, SeenOrder};
use crate::id::UserId;
use crate::organization::Organization;

/// What was typed above the desk's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct DeskFilter {
    /// The customers, as typed, of whom an order has to be one's; anybody's when empty.
    pub customers: Vec<String>,
    /// Whoever asks has to be the one whose decision it waits for.
    pub waits_for_me: bool,
    /// What the order itself has to be like.
    pub order: Filter,
}

/// Who asks, and when: what `by:me` and `older:2d` mean.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub user: UserId,
    /// When.
    pub now: Timestamp,
    /// Whose days are meant.
    pub zone: TimeZone,
}

impl DeskFilter {
    /// Reads what was typed. Whatever can be read applies; the rest is told.
    pub fn parse(text: &str) -> (DeskFilter, Vec<FilterProblem>) {
        Filter::parse_on_desk(text)
    }

    /// Asks for nothing: the whole list.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty() && !self.waits_for_me && self.order.is_empty()
    }

    /// Whether it asks for an order that its reader sees, and whose decision it may wait for.
    pub fn wants(
        &self,
        customer: &Organization,
        order: &SeenOrder,
        is_yours: bool,
        asker: &Asker,
    ) -> bool {
        let filter = &self.order;
        let is_of_customer = |typed: &String| {
            customer.slug.as_str() == typed.to_lowercase() || has(&customer.name, typed)
        };
        let (statuses, vendors, changes) = (filter.statuses(), filter.vendors(), filter.changes());
        let is_line = |line: &SeenLine| {
            (vendors.is_empty()
                || vendors
                    .iter()
                    .any(|typed| has(&line.item.vendor_name, typed)))
                && (changes.is_empty() || changes.contains(&line.change.kind()))
        };
        let people = filter.people();
        let span = filter.span(asker.now, &asker.zone);
        let at = order.position().listed_at;
        (self.customers.is_empty() || self.customers.iter().any(is_of_customer))
            && (is_yours || !self.waits_for_me)
            && (statuses.is_empty() || statuses.contains(&order.status))
            && order.lines.iter().any(is_line)
            && (people.is_empty() || people.iter().any(|who| is_creator(who, order, asker)))
            && span.since.is_none_or(|since| at >= since)
            && span.until.is_none_or(|until| at < until)
            && has_texts(order, &filter.texts())
    }
}

fn is_creator(who: &Person, order: &SeenOrder, asker: &Asker) -> bool {
    let creator = &order.created_by;
    match who {
        Person::Me => creator.user == asker.user,
        Person::Email(typed) => creator.email.to_lowercase() == *typed,
        Person::Name(typed) => has(&creator.person, typed),
    }
}

fn has_texts(order: &SeenOrder, typed: &[&Term]) -> bool {
    if typed.is_empty() {
        return true;
    }
    let texts = order.texts();
    typed.iter().all(|term| match term {
        Term::Word(text) | Term::Phrase(text) => texts.iter().any(|whole| has(whole, text)),
        _ => true,
    })
}

impl fmt::Display for DeskFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let customers = self.customers.iter();
        let mut words: Vec<String> = customers
            .map(|customer| format!("customer:{}", Quoted(customer)))
            .collect();
        if self.waits_for_me {
            words.push("waits:me".into());
        }
        if !self.order.is_empty() {
            words.push(self.order.to_string());
        }
        f.write_str(&words.join(" "))
    }
}
