//! One line of an order: what it buys or changes, and where its vendor stands with it.

mod state;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::state::{IllegalMove, LineEvent, LineState, NO_ANSWER_HEARD};
use super::change::RequestedChange;
use crate::id::{LineId, OfferId, PlanId, SubscriptionId, VendorId};
use crate::money::{Money, MoneyError};
use crate::offer::Cadence;
use crate::offer::form::Question;
use crate::price::{PriceInputs, UnitPrices};
use crate::provisioning::Verb;
use crate::subscription::Markups;
use crate::text::{Contact, Invalid};

/// What was offered when the line was made; later changes to the catalog don't rewrite orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The offer.
    pub offer: OfferId,
    /// The plan.
    pub plan: PlanId,
    /// Who provisions it.
    pub vendor: VendorId,
    /// The vendor's name for people.
    pub vendor_name: String,
    /// The license's name for people.
    pub name: String,
    /// The vendor's product id.
    pub product: String,
    /// The vendor's plan id.
    pub vendor_plan: String,
    /// Orders name the customer's tenant.
    pub has_tenant: bool,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// The questions of the offer's form: the name of each and what people read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<(String, String)>,
}

impl Item {
    /// What people read of a question of the form.
    pub fn title(&self, name: &str) -> Option<&str> {
        let mut asked = self.questions.iter();
        let found = asked.find(|(known, _)| known == name);
        found.map(|(_, title)| title.as_str())
    }

    /// Answers in the words of their questions, in the order of the form.
    pub fn answers(&self, given: &Map<String, Value>) -> Vec<(String, String)> {
        let title = |name: &String| self.title(name).unwrap_or(name).to_owned();
        let place = |name: &String| self.questions.iter().position(|(known, _)| known == name);
        let mut given: Vec<_> = given.iter().collect();
        given.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        let told = given.into_iter();
        told.map(|(name, answer)| (title(name), Question::words(answer)))
            .collect()
    }
}

/// A line's price per billing cycle, frozen when the order is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePrice {
    /// One unit's prices.
    pub unit: UnitPrices,
    /// Units.
    pub quantity: u32,
    /// What the price is made of, with the rules that made it; staff only. Orders of earlier releases
    /// did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<PriceInputs>,
}

impl LinePrice {
    /// What the customer pays per billing cycle.
    pub fn customer_total(&self) -> Result<Money, MoneyError> {
        self.unit.customer.times(self.quantity)
    }

    /// What the partner pays per billing cycle.
    pub fn partner_total(&self) -> Result<Money, MoneyError> {
        self.unit.partner.times(self.quantity)
    }

    /// What is left to the seller per billing cycle; negative when it sells below its price.
    pub fn margin(&self) -> Result<Money, MoneyError> {
        let cost = self.partner_total()?;
        self.customer_total()?.plus(Money {
            minor: -cost.minor,
            ..cost
        })
    }
}

/// First and last day of a service, as the person who provisioned it wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
}

impl Period {
    /// Reads two days as `2026-11-23`; the last one must not come before the first.
    pub fn parse(starts_on: &str, ends_on: &str) -> Result<Period, (&'static str, Invalid)> {
        let day = |field, text: &str| {
            let wrong = |_| (field, Invalid("must be a day such as 2026-11-23".into()));
            text.trim().parse::<Date>().map_err(wrong)
        };
        let (starts_on, ends_on) = (day("/starts_on", starts_on)?, day("/ends_on", ends_on)?);
        if ends_on < starts_on {
            let words = format!("must not be before the start on {starts_on}");
            return Err(("/ends_on", Invalid(words)));
        }
        Ok(Period { starts_on, ends_on })
    }
}

/// One license or change inside an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// What it is about.
    pub item: Item,
    /// The line of the same order that it is an add-on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<LineId>,
    /// The line of the same order that is done before it, where vendors don't take the two together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<LineId>,
    /// What is asked for.
    pub change: RequestedChange,
    /// The subscription it makes (a purchase) or changes (an update); known from the start.
    pub subscription: SubscriptionId,
    /// The vendor's id of a subscription that is changed; a purchase has none yet.
    pub vendor_reference: Option<String>,
    /// Who will use it.
    pub contact: Contact,
    /// The customer's tenant at the vendor, where the vendor has such a thing.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// What of contact, tenant and answers was put right after its vendor had refused, by JSON pointers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub corrected: BTreeSet<String>,
    /// From when to when it runs, where a person provisioned it and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Until when it can be canceled, before the vendor's own deadline, where it takes anything back; known
    /// once it is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellable_until: Option<Timestamp>,
    /// The quote while in the cart; what was agreed once placed.
    pub price: LinePrice,
    /// The subscription's percentages once it is done, where they become others; staff only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markups: Option<Markups>,
    /// The subscription of the seats that a partial upgrade moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<SubscriptionId>,
    /// The vendor has it so already: it is written down, and nobody is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_recorded: bool,
    /// Where it stands.
    pub state: LineState,
}

impl Line {
    /// The line of the same order that is done before it: its license, or the step before.
    pub fn waits_for(&self) -> Option<LineId> {
        self.after.or(self.parent)
    }

    /// What the vendor is asked; `None` for a change that no vendor hears of.
    pub fn verb(&self) -> Option<Verb> {
        use RequestedChange as C;
        if self.is_recorded {
            return None;
        }
        let (product, plan) = (self.item.product.clone(), self.item.vendor_plan.clone());
        let addon = |from, to| Verb::Addon {
            product: self.item.product.clone(),
            plan: self.item.vendor_plan.clone(),
            from,
            to,
        };
        Some(match &self.change {
            C::Purchase { quantity } => Verb::Purchase {
                quantity: *quantity,
            },
            C::Quantity { from, to } => Verb::Quantity {
                from: *from,
                to: *to,
            },
            C::Suspend => Verb::Suspend,
            C::Reactivate => Verb::Reactivate,
            C::Cancel => Verb::Cancel,
            C::Upgrade {
                part: Some(part), ..
            } => Verb::MovePart {
                product,
                plan,
                seats: part.seats,
                of: part.of,
            },
            C::Upgrade { part: None, .. }
            | C::Downgrade { .. }
            | C::TermDuration { .. }
            | C::BillingCycle { .. } => Verb::Plan {
                product,
                plan,
                cadence: self.item.cadence,
            },
            C::AddonAdd { quantity, .. } => addon(0, *quantity),
            C::AddonQuantity { from, to, .. } => addon(*from, *to),
            C::AddonRemove { quantity, .. } => addon(*quantity, 0),
            C::AutoRenewal { to, .. } => Verb::AutoRenewal { on: *to },
            C::Configuration {
                field, to, answer, ..
            } => Verb::Configure {
                field: field.clone(),
                value: answer.clone().unwrap_or_else(|| to.as_str().into()),
            },
            C::Rename { .. }
            | C::Markup { .. }
            | C::MarkupDistributor { .. }
            | C::TargetPrice { .. }
            | C::Cost { .. } => return None,
        })
    }

    /// What people call it: an add-on by its own name, all else by the license's.
    pub fn name(&self) -> &str {
        name(&self.change, &self.item)
    }
}

/// What people call a line.
pub(super) fn name<'l>(change: &'l RequestedChange, item: &'l Item) -> &'l str {
    use RequestedChange as C;
    match change {
        C::AddonAdd { addon, .. }
        | C::AddonQuantity { addon, .. }
        | C::AddonRemove { addon, .. } => addon,
        _ => &item.name,
    }
}
