//! What a reader may learn of an order: hidden lines, notes and figures are left out here, once, and
//! everything above works on what is left.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Action;
use super::approval::Approval;
use super::change::RequestedChange;
use super::charge::{Thing, charged, thing};
use super::failure::Explanation;
use super::line::{self, Item, Line, LinePrice, LineState, Period};
use super::note::Note;
use super::payment::Payment;
use super::phase::{Phase, Status, View};
use super::totals::Totals;
use super::{Order, OrderKind, Refusal, Stage};
use crate::access::Visibility;
use crate::event::{Actor, Event, EventKind};
use crate::id::{LineId, SubscriptionId};
use crate::money::{Money, MoneyError};
use crate::price::{PriceInputs, UnitPrices};
use crate::subscription::wish::Occasion;
use crate::text::Contact;

/// An order as its reader may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenOrder {
    /// Its number for people.
    pub number: u64,
    /// Purchase or update.
    pub kind: OrderKind,
    /// Where the whole order stands.
    pub phase: Phase,
    /// The list that shows it; `None` once it is in none.
    pub view: Option<View>,
    /// The word on the screen.
    pub status: Status,
    /// Why an approver refused it.
    pub rejection: Option<String>,
    /// Whose approval was asked for, and what they decided.
    pub approvals: Vec<Approval>,
    /// Why it was stopped before it was done.
    pub stopped: Option<String>,
    /// The date that it waits for, now or once it is approved.
    pub scheduled_on: Option<Timestamp>,
    /// Whose idea that date was.
    pub occasion: Option<Occasion>,
    /// What it asks for, hidden lines left out.
    pub lines: Vec<SeenLine>,
    /// Who started it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// Since when it stands where it does.
    pub phase_since: Timestamp,
    /// Which version of the terms was accepted.
    pub terms: Option<String>,
    /// How it is paid.
    pub payment: Payment,
    /// What people wrote, oldest first.
    pub notes: Vec<Note>,
    /// What the customer pays per billing cycle; `None` where nothing is ordered.
    pub total: Option<Money>,
    /// What its status and guards allow; whose right it is comes on top.
    pub allowed: Vec<Action>,
    /// Rises with every change that the reader may learn of.
    pub version: i64,
}

/// A line as its reader may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenLine {
    /// Its id.
    pub id: LineId,
    /// What it is about.
    pub item: Item,
    /// The line of the same order that it is an add-on to.
    pub parent: Option<LineId>,
    /// What is asked for.
    pub change: RequestedChange,
    /// The subscription that it makes or changes.
    pub subscription: SubscriptionId,
    /// Who will use it.
    pub contact: Contact,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// From when to when it runs, where a person said so.
    pub period: Option<Period>,
    /// Until when it can be canceled, where the vendor takes anything back.
    pub cancellable_until: Option<Timestamp>,
    /// What it costs.
    pub price: SeenPrice,
    /// The subscription's licenses around it.
    pub totals: Totals,
    /// Where it stands. The evidence of a doubt is empty for those who may not read it.
    pub state: LineState,
}

/// A line's price per billing cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenPrice {
    /// What the customer pays for one unit.
    pub unit: Money,
    /// Units.
    pub quantity: u32,
    /// What the customer pays for all of them.
    pub total: Money,
    /// What stands behind it, for those who may see costs.
    pub inside: Option<Inside>,
}

/// The waterfall behind a customer price; never part of what a customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// One unit at each step, from the vendor to the customer.
    pub unit: UnitPrices,
    /// What the price is made of and which rules made it, where the order kept it.
    pub basis: Option<PriceInputs>,
    /// What the seller pays for all units.
    pub partner_total: Money,
    /// What is left to the seller; negative when it sells below its price.
    pub margin: Money,
}

impl SeenOrder {
    /// The lines that cost something by themselves: a markup beside other changes is no purchase of its
    /// own, and of several changes of one subscription the last has the price of all.
    pub fn counted(&self) -> impl Iterator<Item = &SeenLine> {
        let is_mixed = self.lines.iter().any(|line| !line.change.is_markup());
        let lines = self.lines.iter();
        let counted = lines.filter(|line| !is_mixed || !line.change.is_markup());
        charged(counted, SeenLine::thing).into_iter()
    }

    /// Units of all that it buys or leaves, add-ons among them.
    pub fn quantity(&self) -> u64 {
        let counted = self.counted();
        counted.map(|line| u64::from(line.price.quantity)).sum()
    }
}

impl SeenLine {
    /// What people call it: an add-on by its own name, all else by the license's.
    pub fn name(&self) -> &str {
        line::name(&self.change, &self.item)
    }

    /// What its total licenses are of. Seats that become something else leave what they were of.
    pub fn counts(&self) -> &str {
        match &self.change {
            RequestedChange::Upgrade {
                from,
                part: Some(_),
                ..
            } => from,
            _ => self.name(),
        }
    }

    /// Of some seats that become something else, how many.
    pub fn moved(&self) -> Option<u32> {
        self.change.part().map(|part| part.seats)
    }

    pub(super) fn thing(&self) -> Thing {
        thing(self.subscription, &self.change, &self.item)
    }

    /// What the vendor's refusal means, where it refused.
    pub fn explanation(&self) -> Option<Explanation> {
        match &self.state {
            LineState::Failed { failure, .. } => Some(failure.explain()),
            _ => None,
        }
    }
}

impl SeenOrder {
    /// `Order #11-03-2019`: the day of placement, before that of creation; not unique.
    pub fn name(&self, zone: &TimeZone) -> String {
        name(self.listed_at(), zone)
    }

    /// The date that lists show: of placement, before that of creation.
    pub fn listed_at(&self) -> Timestamp {
        self.placed_at.unwrap_or(self.created_at)
    }

    /// `1 of 3 items failed`, where any did.
    pub fn failures(&self) -> Option<String> {
        let is_failed = |line: &&SeenLine| matches!(line.state, LineState::Failed { .. });
        let failed = self.lines.iter().filter(is_failed).count();
        (failed > 0).then(|| format!("{failed} of {} items failed", self.lines.len()))
    }
}

/// The name of an order that lists show with a date.
pub(super) fn name(listed_at: Timestamp, zone: &TimeZone) -> String {
    let day = listed_at.to_zoned(zone.clone());
    format!("Order #{}", day.strftime("%d-%m-%Y"))
}

impl Order {
    /// The order as a reader may know it; `None` where it does not exist for them (R19). All that is
    /// told is computed from what is left, so nothing can hint at what was taken out.
    pub fn seen_by(&self, seen: Visibility) -> Result<Option<SeenOrder>, Refusal> {
        if self.is_markup_only() && !seen.markup_only_orders {
            return Ok(None);
        }
        let mut left = self.clone();
        if !seen.markup {
            left.lines.retain(|line| !line.change.is_markup());
        }
        if !seen.internal {
            left.notes.retain(|note| !note.is_internal);
            left.version = left.public_version;
            left.lines.iter_mut().for_each(forget_evidence);
        }
        let (rejection, scheduled) = match &left.stage {
            Stage::Rejected { reason } => (Some(reason.clone()), None),
            Stage::Scheduled { on, occasion } => (None, Some((*on, *occasion))),
            Stage::AwaitingApproval { planned } => {
                (None, planned.map(|planned| (planned.on, planned.occasion)))
            }
            Stage::Cart | Stage::Deleted | Stage::Released | Stage::Canceled => (None, None),
        };
        let allows = |action: &Action| left.allows(*action);
        Ok(Some(SeenOrder {
            number: left.number,
            kind: left.kind,
            phase: left.phase(),
            view: left.shown().map(|(view, _)| view),
            status: left.status(),
            rejection,
            approvals: left
                .approvals
                .iter()
                .map(|approval| approval.clone().seen_by(seen))
                .collect(),
            stopped: left.stopped.clone(),
            scheduled_on: scheduled.map(|(on, _)| on),
            occasion: scheduled.map(|(_, occasion)| occasion),
            created_at: left.created_at,
            placed_at: left.placed_at,
            phase_since: left.phase_since,
            total: left.total()?,
            allowed: Action::ALL.into_iter().filter(allows).collect(),
            version: left.version,
            lines: left
                .lines
                .into_iter()
                .map(|line| line.seen_by(seen))
                .collect::<Result<_, _>>()?,
            created_by: left.created_by,
            terms: left.terms,
            payment: left.payment,
            notes: left.notes,
        }))
    }

    /// The part of the order's log that a reader may know.
    pub fn seen_events(&self, events: Vec<Event>, seen: Visibility) -> Vec<Event> {
        let is_hidden = |event: &Event| {
            (!seen.markup && self.is_about_markup(event))
                || (!seen.internal && event.kind == EventKind::InternalNoteAdded)
        };
        let mut left: Vec<Event> = events.into_iter().filter(|e| !is_hidden(e)).collect();
        if !seen.internal {
            left.iter_mut().for_each(|event| event.internal = None);
        }
        left
    }
}

impl LinePrice {
    /// The price as a reader may know it.
    pub fn seen_by(&self, seen: Visibility) -> Result<SeenPrice, MoneyError> {
        Ok(SeenPrice {
            unit: self.unit.customer,
            quantity: self.quantity,
            total: self.customer_total()?,
            inside: match seen.cost {
                true => Some(Inside {
                    unit: self.unit,
                    basis: self.basis,
                    partner_total: self.partner_total()?,
                    margin: self.margin()?,
                }),
                false => None,
            },
        })
    }
}

impl Line {
    fn seen_by(self, seen: Visibility) -> Result<SeenLine, Refusal> {
        let price = self.charge().seen_by(seen)?;
        Ok(SeenLine {
            totals: self.totals(),
            id: self.id,
            item: self.item,
            parent: self.parent,
            change: self.change,
            subscription: self.subscription,
            contact: self.contact,
            tenant: self.tenant,
            parameters: self.parameters,
            period: self.period,
            cancellable_until: self.cancellable_until,
            price,
            state: self.state,
        })
    }
}

fn forget_evidence(line: &mut Line) {
    if let LineState::Checking { doubt, asked, .. } = &mut line.state {
        doubt.evidence.clear();
        doubt.checks = 0;
        *asked = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;
    use rust_decimal::Decimal;

    /// What a page adds up by itself is what the order says it costs.
    #[test]
    fn the_counted_lines_add_up_to_the_orders_total() {
        let staff = Visibility {
            markup_only_orders: true,
            markup: true,
            cost: true,
            internal: true,
        };
        let mut order = sample::cart(&[1, 2]);
        for markups in 0..=2 {
            for line in order.lines.iter_mut().take(markups) {
                line.change = RequestedChange::Markup {
                    from: Decimal::ONE,
                    to: Decimal::TWO,
                };
            }
            let seen = order.seen_by(staff).unwrap().unwrap();
            let sum: i64 = seen.counted().map(|line| line.price.total.minor).sum();
            assert_eq!(seen.total.unwrap().minor, sum, "{markups} markups");
        }
    }
}
