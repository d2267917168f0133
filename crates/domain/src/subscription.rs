//! Subscriptions: what a finished purchase leaves behind and update orders change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{LineId, OrderId, OrganizationId, SubscriptionId, VendorId};
use crate::offer::Cadence;
use crate::order::line::LinePrice;
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
    /// Ended.
    Canceled {
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
        }
    }
}

/// A live entitlement at a vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The customer.
    pub organization: OrganizationId,
    /// Who provisions it.
    pub vendor: VendorId,
    /// The vendor's name for people.
    pub vendor_name: String,
    /// What it is called: the offer's name until somebody renames it.
    pub name: String,
    /// Seats.
    pub quantity: u32,
    /// Whether it runs.
    pub state: SubscriptionState,
    /// The vendor's own id.
    pub vendor_reference: String,
    /// The order that bought it.
    pub order: OrderId,
    /// The line that bought it.
    pub line: LineId,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// The price that was agreed.
    pub price: LinePrice,
    /// Who uses it.
    pub contact: Contact,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Its last day, where the one who provisioned it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<jiff::civil::Date>,
}
