//! What is asked of a vendor and what can come of it; the words between the engine and the connectors.

pub mod account;
pub mod engine;
pub mod pace;
pub mod repeat;
pub mod watch;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::repeat::{RepeatClass, RepeatRule};
use crate::id::{LineId, OrganizationId, UserId};
use crate::offer::Cadence;
use crate::reconciliation::Reach;
use crate::text::Contact;

/// What an accepted line is asked with while a person with a form has its turn. Other vendors may accept
/// without naming an operation, so its absence says nothing.
pub const BY_HAND: &str = "by hand";

/// What a line wants from its vendor. One variant for each kind of change, so that a new kind is a
/// compile error in every connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// A new subscription.
    Purchase {
        /// Seats.
        quantity: u32,
    },
    /// Another number of seats, given as the total afterwards.
    Quantity {
        /// Seats before, as far as we know.
        from: u32,
        /// Seats after.
        to: u32,
    },
    /// Stop the service and keep the data.
    Suspend,
    /// Undo a suspension.
    Reactivate,
    /// End the subscription.
    Cancel,
    /// Another plan for all seats: a term, a billing cycle, an upgrade or downgrade.
    Plan {
        /// The vendor's product id afterwards.
        product: String,
        /// The vendor's plan id afterwards.
        plan: String,
        /// Term and billing cycle afterwards; a vendor's plan can have several.
        cadence: Cadence,
    },
    /// Another plan for some of the seats, which leave the subscription.
    MovePart {
        /// The vendor's product id of the moved seats.
        product: String,
        /// The vendor's plan id of the moved seats.
        plan: String,
        /// How many move.
        seats: u32,
        /// Seats before.
        of: u32,
    },
    /// Another number of units of an add-on, given as the total afterwards; 0 removes it.
    Addon {
        /// The vendor's product id of the add-on.
        product: String,
        /// The vendor's plan id of the add-on.
        plan: String,
        /// Units before, as far as we know.
        from: u32,
        /// Units after.
        to: u32,
    },
    /// Whether another term follows the present one.
    AutoRenewal {
        /// It does.
        on: bool,
    },
    /// Another answer to the offer's form.
    Configure {
        /// The answer's name.
        field: String,
        /// The answer.
        value: serde_json::Value,
    },
}

/// What a connector can do and how far; screens, rules and the engine read it, so that nobody asks "is
/// this Microsoft".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Abilities {
    /// A person decides, with a form, instead of a program.
    pub is_manual: bool,
    /// Orders carry the customer's tenant at the vendor.
    pub has_tenants: bool,
    /// Sells one of a thing at a time: no quantity is asked for, and none is changed.
    #[serde(default)]
    pub is_single: bool,
    /// What it sells runs until somebody ends it: there is no renewal to switch.
    #[serde(default)]
    pub is_open_ended: bool,
    /// How long after it is finished the vendor takes seats back, where it does; then fewer seats and an
    /// end are possible only inside it.
    pub cancellation_window: Option<SignedDuration>,
    /// Stops a service and keeps its data.
    pub can_suspend: bool,
    /// Changes term and billing cycle of what runs.
    pub can_change_plan: bool,
    /// Makes of a license another of its own.
    pub can_upgrade: bool,
    /// Does so only between plans of one product.
    pub upgrades_within_product: bool,
    /// Does so for some of the seats.
    pub can_upgrade_part: bool,
    /// Takes another answer to the offer's form for what runs.
    #[serde(default)]
    pub can_configure: bool,
    /// How far it tells what customers have.
    #[serde(default)]
    pub reach: Reach,
}

impl Verb {
    /// The seats that the subscription has once this is done, where the verb says so.
    pub fn quantity_after(&self) -> Option<u32> {
        match self {
            Verb::Purchase { quantity } => Some(*quantity),
            Verb::Quantity { to, .. } => Some(*to),
            Verb::MovePart { seats, of, .. } => Some(of.saturating_sub(*seats)),
            Verb::Suspend
            | Verb::Reactivate
            | Verb::Cancel
            | Verb::Plan { .. }
            | Verb::Addon { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => None,
        }
    }

    /// Whether it buys seats, which a vendor may take back for a while afterwards.
    pub fn buys(&self) -> bool {
        match self {
            Verb::Purchase { .. } => true,
            Verb::Quantity { from, to } => to > from,
            _ => false,
        }
    }
}

/// Everything a connector is told about one attempt at one line. The same value is built again
/// after a crash, so that a repeat sends the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The key of this attempt; stable over crashes, new for each retry that a person asks for.
    pub key: uuid::Uuid,
    /// The key of the purchase that the subscription came from; equals `key` for a purchase.
    pub subscription_key: uuid::Uuid,
    /// The vendor's own id of the subscription, once there is one.
    pub vendor_reference: Option<String>,
    /// What is wanted.
    pub verb: Verb,
    /// The vendor's product id (Open Service Broker: `service_id`).
    pub product: String,
    /// The vendor's plan id (Open Service Broker: `plan_id`).
    pub plan: String,
    /// Term and billing cycle of what is bought, or of what the change leaves.
    pub cadence: Cadence,
    /// The customer.
    pub organization: OrganizationId,
    /// The customer's readable name in addresses.
    pub organization_slug: String,
    /// The order's number as people see it.
    pub order: u64,
    /// The line.
    pub line: LineId,
    /// Who asked.
    pub actor: UserId,
    /// Who asked, as an e-mail address, for the originating identity.
    pub actor_email: String,
    /// Who will use the subscription.
    pub contact: Option<Contact>,
    /// The customer's tenant at the vendor, where the vendor has such a thing.
    pub tenant: Option<String>,
    /// Answers to the offer's form, sent as they were typed.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// What of contact, tenant and answers was put right after a refusal, by JSON pointers such as
    /// `/parameters/region`.
    #[serde(default)]
    pub corrected: BTreeSet<String>,
}

/// The vendor decided, or said that it will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done, and proven so.
    Done {
        /// The vendor's id of the subscription.
        vendor_reference: String,
    },
    /// The vendor works on it; ask again with `operation`.
    Accepted {
        /// What the vendor wants to be asked with; empty where it gave nothing.
        operation: Option<String>,
        /// When the vendor wants to be asked; `None` leaves the pace to us.
        #[serde(default)]
        retry_after: Option<Duration>,
    },
    /// The vendor said no, or is proven not to have it: nothing was booked.
    Refused(Failure),
}

/// Why a vendor refused, in words that help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The vendor's code, or ours where it gave none; groups orders that fail for the same cause.
    pub code: String,
    /// What the vendor said, bounded and stripped of control characters.
    pub message: String,
    /// The field of the order to correct, as a JSON pointer into the line, where one is to blame.
    #[serde(default)]
    pub field: Option<String>,
}

/// No decision came back. What the worker must do is the name of the variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Proven that not one byte of the request reached the vendor, or that it turned us away
    /// unread (connection refused, 429): send again later.
    #[error("not sent: {reason}")]
    NotSent {
        /// What happened, for staff.
        reason: String,
        /// The vendor's own wish.
        retry_after: Option<Duration>,
    },
    /// The request may have arrived and been booked: find out, never guess.
    #[error("answer lost: {evidence}")]
    AnswerLost {
        /// What came instead of an answer, bounded and without secrets.
        evidence: String,
        /// The vendor's own wish.
        retry_after: Option<Duration>,
    },
    /// Credentials or address are wrong: everything for this vendor waits until a person mends it.
    #[error("connection refused by the vendor: {reason}")]
    Misconfigured {
        /// What the vendor objected to, without the secret.
        reason: String,
    },
}

/// A vendor's call that has been sent and not yet decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Since when nobody knows.
    pub since: Timestamp,
    /// What came instead of an answer.
    pub evidence: String,
    /// How often we asked what became of it.
    pub checks: u32,
}
