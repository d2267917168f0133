//! What a person wants changed about a subscription, with everything that the catalog says about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::SubscriptionId;
use crate::money::{Currency, Money, MoneyError};
use crate::order::line::{Item, LinePrice};
use crate::price::{Percent, PriceInputs};
use crate::provisioning::Abilities;
use crate::subscription::Markups;

/// When a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// When the present term ends and the next one begins.
    OnRenewal,
    /// At an instant of one's own.
    On(Timestamp),
}

/// Which of the planned changes of a subscription one is; there is at most one of each (C16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// On a date.
    #[default]
    Date,
    /// On renewal.
    Renewal,
}

impl Occasion {
    /// The words on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Occasion::Date => "on a date",
            Occasion::Renewal => "on renewal",
        }
    }
}

/// To stop, go on or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Stop the service and keep the data.
    Suspend,
    /// Undo a suspension.
    Reactivate,
    /// End the subscription.
    Cancel,
}

/// Something of the catalog that a subscription can become or take in, at today's prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What.
    pub item: Item,
    /// What its price is made of.
    pub inputs: PriceInputs,
    /// What it is in.
    pub currency: Currency,
    /// Fewest units.
    pub minimum: u32,
    /// Most units.
    pub maximum: u32,
}

impl Target {
    /// Its price for so many, with what was agreed for the subscription alone.
    pub fn price(&self, markups: Markups, quantity: u32) -> Result<LinePrice, MoneyError> {
        priced(&self.inputs, markups, self.currency, quantity)
    }
}

pub(super) fn priced(
    inputs: &PriceInputs,
    markups: Markups,
    currency: Currency,
    quantity: u32,
) -> Result<LinePrice, MoneyError> {
    let inputs = PriceInputs {
        distributor_markup: markups.distributor,
        subscription_markup: markups.seller,
        ..*inputs
    };
    inputs.price(currency, quantity)
}

/// Another offer for all of the seats, or for some.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgrade {
    /// To what.
    pub target: Target,
    /// How many seats; all of them when absent.
    pub seats: Option<u32>,
    /// The subscription of the moved seats: a new one's id, or that of one that they join.
    pub destination: SubscriptionId,
}

/// An add-on's number of units afterwards; 0 removes it.
#[derive(Debug, Clone, PartialEq)]
pub struct AddonWish {
    /// Which.
    pub target: Target,
    /// How many.
    pub quantity: u32,
}

/// A price for this subscription alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    /// The seller's percentage.
    Markup(Percent),
    /// What the customer shall pay for a unit; stored as the percentage that gives it.
    Target(Money),
    /// The distributor's percentage.
    Distributor(Percent),
}

/// All that is wanted of one subscription; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// Seats afterwards.
    pub quantity: Option<u32>,
    /// To stop, go on or end.
    pub switch: Option<Switch>,
    /// Whether another term shall follow.
    pub auto_renews: Option<bool>,
    /// What it shall be called.
    pub name: Option<String>,
    /// Another term or billing cycle of the same offer.
    pub plan: Option<Target>,
    /// Another offer.
    pub upgrade: Option<Upgrade>,
    /// Add-ons.
    pub addons: Vec<AddonWish>,
    /// Answers to the offer's form that shall be others.
    pub configuration: Map<String, Value>,
    /// Prices; staff only.
    pub pricing: Vec<Pricing>,
    /// When.
    pub when: When,
    /// What does not go together may be done one after the other.
    pub in_steps: bool,
}

/// What the offer and its vendor allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// What the vendor can do.
    pub abilities: Abilities,
    /// Fewest seats.
    pub minimum: u32,
    /// Most seats.
    pub maximum: u32,
    /// What the subscription's own price is made of; `None` once the catalog does not know its plan.
    pub inputs: Option<PriceInputs>,
}
