//! Subscriptions: what a finished purchase leaves behind and update orders change.
//!
//! A subscription is never written to directly: each change is a line of an order, decided in [`decide`],
//! and [`effect`] makes of a finished line what the subscription is afterwards.

pub mod decide;
pub mod effect;
pub mod history;
pub mod money;
pub mod renewal;
pub mod seats;
pub mod seen;
pub mod wish;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::seats::Batch;
pub use self::seen::SeenSubscription;
use crate::id::{LineId, OrderId, OrganizationId, SubscriptionId};
use crate::order::line::{Item, LinePrice};
use crate::price::Percent;
use crate::text::Contact;

/// Whether the vendor serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SubscriptionState {
    /// It runs.
    Active,
    /// Stopped; the data are kept.
    Suspended {
        /// Since when.
        since: Timestamp,
    },
    /// Ended by an order.
    Canceled {
        /// When.
        at: Timestamp,
    },
    /// Ended by its term.
    Expired {
        /// When.
        at: Timestamp,
    },
}

impl SubscriptionState {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            SubscriptionState::Active => "Active",
            SubscriptionState::Suspended { .. } => "Suspended",
            SubscriptionState::Canceled { .. } => "Canceled",
            SubscriptionState::Expired { .. } => "Expired",
        }
    }

    /// The name in storage, in the API and in filters.
    pub fn name(self) -> &'static str {
        match self {
            SubscriptionState::Active => "active",
            SubscriptionState::Suspended { .. } => "suspended",
            SubscriptionState::Canceled { .. } => "canceled",
            SubscriptionState::Expired { .. } => "expired",
        }
    }

    /// Nothing about it can be changed any more.
    pub fn has_ended(self) -> bool {
        match self {
            SubscriptionState::Active | SubscriptionState::Suspended { .. } => false,
            SubscriptionState::Canceled { .. } | SubscriptionState::Expired { .. } => true,
        }
    }
}

/// The percentages that were agreed for one subscription; staff only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Markups {
    /// The seller's; multiplies the catalog's price.
    pub seller: Percent,
    /// The distributor's; replaces its tier for the seller and is always on cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributor: Option<Percent>,
}

/// An add-on that runs with a subscription and ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addon {
    /// What it is.
    pub item: Item,
    /// How many and at which price.
    pub price: LinePrice,
}

/// A live entitlement at a vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The customer.
    pub organization: OrganizationId,
    /// What it is of: offer, plan, vendor, term and billing cycle.
    pub item: Item,
    /// What it is called: the item's name until somebody renames it.
    pub name: String,
    /// Seats.
    pub quantity: u32,
    /// Seats that the customer has given to its people, where the vendor says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<u32>,
    /// Whether it runs.
    pub state: SubscriptionState,
    /// The vendor's own id.
    pub vendor_reference: String,
    /// The order that bought it.
    pub order: OrderId,
    /// The line that bought it.
    pub line: LineId,
    /// The price that was agreed.
    pub price: LinePrice,
    /// What was added for this subscription alone.
    #[serde(default)]
    pub markups: Markups,
    /// Who uses it.
    pub contact: Contact,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// When it began.
    pub started_at: Timestamp,
    /// When the present term began; billing cycles are counted from here.
    pub term_starts_at: Timestamp,
    /// When the present term ends; `None` for what was bought once, without an end.
    pub term_ends_at: Option<Timestamp>,
    /// Whether another term follows.
    pub auto_renews: bool,
    /// Its seats by the day they came, oldest first; the vendor takes the younger ones back.
    pub batches: Vec<Batch>,
    /// What runs with it.
    #[serde(default)]
    pub addons: Vec<Addon>,
    /// Rises with every change.
    pub version: i64,
    /// Rises with every change that customer roles may learn of.
    pub public_version: i64,
}
