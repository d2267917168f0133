//! Reconciliation: what our records say beside what a vendor says, and what people make of it.
//!
//! It reports and never mends by itself: each [`Drift`] waits for a person, absence is a question
//! ([`Difference`]), and what looks like a wave stops the run ([`exceeds_ceiling`]).

mod asked_price;
mod compare;
mod difference;
mod resolve;
mod run;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::asked_price::AskedPrice;
pub use self::compare::{Compared, Found, InFlight, Skip, Told, compare, exceeds_ceiling};
pub use self::difference::{APART, Candidate, Difference, Outcome, Resolution, Subject};
pub use self::resolve::{Unresolvable, Wanted};
pub use self::run::{Run, RunState};
use crate::id::{OrganizationId, SubscriptionId};
use crate::money::Money;
use crate::offer::Cadence;
use crate::subscription::{Subscription, SubscriptionState};

/// How far a vendor tells what customers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    #[default]
    Nothing,
    /// Of a subscription whose id is known: what it has and we don't know of stays unseen.
    Known,
    /// All that a customer has whose account is known.
    Customers,
}

/// A vendor's own id of a subscription: opaque bytes, compared as they are, and joined on by nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(pub String);

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a vendor serves a subscription, and whether we think so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It runs.
    Active,
    /// Stopped; the data are kept.
    Suspended,
    /// It has ended.
    Ended,
}

impl Standing {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Standing::Active => "Active",
            Standing::Suspended => "Suspended",
            Standing::Ended => "Ended",
        }
    }
}

impl From<SubscriptionState> for Standing {
    fn from(state: SubscriptionState) -> Standing {
        match state {
            SubscriptionState::Active => Standing::Active,
            SubscriptionState::Suspended { .. } => Standing::Suspended,
            SubscriptionState::Canceled { .. } | SubscriptionState::Expired { .. } => {
                Standing::Ended
            }
        }
    }
}

/// A subscription as its vendor tells of it. What the vendor does not tell, or in words that nobody
/// here knows, is absent and compared with nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Its id.
    pub reference: Reference,
    /// The names by which the vendor knows whose it is.
    #[serde(default)]
    pub tenants: BTreeSet<String>,
    /// The vendor's product id.
    pub product: Option<String>,
    /// The vendor's plan id.
    pub plan: Option<String>,
    /// The vendor's name for it.
    pub name: Option<String>,
    /// Seats.
    pub quantity: Option<u32>,
    /// Term and billing cycle.
    pub cadence: Option<Cadence>,
    /// Whether it runs.
    pub standing: Option<Standing>,
    /// Whether another term follows.
    pub renews: Option<bool>,
    /// What the vendor asks of us for a license.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<AskedPrice>,
}

impl Holding {
    /// One of which nothing is known but its id.
    pub fn new(reference: impl Into<String>) -> Holding {
        Holding {
            reference: Reference(reference.into()),
            tenants: BTreeSet::new(),
            product: None,
            plan: None,
            name: None,
            quantity: None,
            cadence: None,
            standing: None,
            renews: None,
            price: None,
        }
    }
}

/// What a subscription is of, by the vendor's own ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The product; absent where the vendor knows plans alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The plan.
    pub plan: String,
}

impl Offered {
    /// What a vendor says that it is of, where it says so.
    fn told(holding: &Holding) -> Option<Offered> {
        let plan = holding.plan.clone()?;
        let product = holding.product.clone();
        Some(Offered { product, plan })
    }

    /// Whether both are the same, as far as both are known. Vendors write their ids in letters of either case.
    fn is_same(&self, other: &Offered) -> bool {
        let products = self.product.as_ref().zip(other.product.as_ref());
        products.is_none_or(|(one, two)| one.eq_ignore_ascii_case(two))
            && self.plan.eq_ignore_ascii_case(&other.plan)
    }
}

impl std::fmt::Display for Offered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.product {
            Some(product) => write!(f, "{product} / {}", self.plan),
            None => f.write_str(&self.plan),
        }
    }
}

/// What of a subscription of ours can be held against a vendor's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which.
    pub subscription: SubscriptionId,
    /// The version that was read.
    pub version: i64,
    /// What the vendor calls it.
    pub reference: Reference,
    /// What it is of.
    pub offered: Offered,
    /// Seats.
    pub quantity: u32,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// The customer's tenant.
    pub tenant: Option<String>,
    /// Whether it runs.
    pub standing: Standing,
    /// Since when it has ended.
    pub ended_at: Option<Timestamp>,
    /// Whether another term follows.
    pub renews: bool,
    /// What we pay the vendor for a license and billing cycle.
    pub cost: Money,
}

impl From<&Subscription> for Ours {
    fn from(found: &Subscription) -> Ours {
        Ours {
            organization: found.organization,
            subscription: found.id,
            version: found.version,
            reference: Reference(found.vendor_reference.clone()),
            offered: Offered {
                product: Some(found.item.product.clone()),
                plan: found.item.vendor_plan.clone(),
            },
            quantity: found.quantity,
            cadence: found.item.cadence,
            tenant: found.tenant.clone(),
            standing: found.state.into(),
            ended_at: match found.state {
                SubscriptionState::Canceled { at } | SubscriptionState::Expired { at } => Some(at),
                SubscriptionState::Active | SubscriptionState::Suspended { .. } => None,
            },
            renews: found.auto_renews,
            cost: found.price.unit.cost,
        }
    }
}

/// What is otherwise, on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the sides are the same everywhere: ours, and the vendor's"
)]
pub enum Drift {
    /// What it is of.
    Product { ours: Offered, theirs: Offered },
    /// Seats.
    Quantity { ours: u32, theirs: u32 },
    /// Term or billing cycle.
    Term { ours: Cadence, theirs: Cadence },
    /// Whose it is.
    Tenant { ours: String, theirs: String },
    /// Whether it runs.
    State { ours: Standing, theirs: Standing },
    /// Whether another term follows.
    Renewal { ours: bool, theirs: bool },
    /// What we pay the vendor for a license, in a billing cycle of this cadence.
    Price {
        ours: Money,
        theirs: Money,
        cadence: Cadence,
    },
    /// The vendor has it, and no record of ours knows it.
    Unknown,
    /// Our record says that it runs, and the vendor knows nothing of it. A question, not an end.
    Missing,
}

impl Drift {
    /// The kinds, by their names.
    pub const NAMES: [&str; 9] = [
        "product", "quantity", "term", "tenant", "state", "renewal", "price", "unknown", "missing",
    ];

    /// The name in storage, in the API and in filters.
    pub fn name(&self) -> &'static str {
        match self {
            Drift::Product { .. } => "product",
            Drift::Quantity { .. } => "quantity",
            Drift::Term { .. } => "term",
            Drift::Tenant { .. } => "tenant",
            Drift::State { .. } => "state",
            Drift::Renewal { .. } => "renewal",
            Drift::Price { .. } => "price",
            Drift::Unknown => "unknown",
            Drift::Missing => "missing",
        }
    }

    /// The word on the screen.
    pub fn label(&self) -> &'static str {
        match self {
            Drift::Product { .. } => "Product",
            Drift::Quantity { .. } => "Quantity",
            Drift::Term { .. } => "Term",
            Drift::Tenant { .. } => "Tenant",
            Drift::State { .. } => "State",
            Drift::Renewal { .. } => "Renewal",
            Drift::Price { .. } => "Price",
            Drift::Unknown => "Unknown here",
            Drift::Missing => "Not found at the vendor",
        }
    }

    /// Whether our record still says what it said when this was found.
    pub fn is_about(&self, now: &Ours) -> bool {
        match self {
            Drift::Product { ours, .. } => *ours == now.offered,
            Drift::Quantity { ours, .. } => *ours == now.quantity,
            Drift::Term { ours, .. } => *ours == now.cadence,
            Drift::Tenant { ours, .. } => now.tenant.as_deref().map(str::trim) == Some(ours),
            Drift::State { ours, .. } => *ours == now.standing,
            Drift::Renewal { ours, .. } => *ours == now.renews,
            Drift::Price { ours, cadence, .. } => *ours == now.cost && *cadence == now.cadence,
            Drift::Missing => now.standing != Standing::Ended,
            Drift::Unknown => false,
        }
    }

    /// What our record says and what the vendor says, in words.
    pub fn sides(&self) -> (String, String) {
        let cadence = |of: &Cadence| format!("{}, {}", of.term_label(), of.cycle_name());
        let renews = |on: bool| if on { "on" } else { "off" }.to_owned();
        match self {
            Drift::Product { ours, theirs } => (ours.to_string(), theirs.to_string()),
            Drift::Quantity { ours, theirs } => (ours.to_string(), theirs.to_string()),
            Drift::Term { ours, theirs } => (cadence(ours), cadence(theirs)),
            Drift::Tenant { ours, theirs } => (ours.clone(), theirs.clone()),
            Drift::State { ours, theirs } => (ours.label().into(), theirs.label().into()),
            Drift::Renewal { ours, theirs } => (renews(*ours), renews(*theirs)),
            Drift::Price {
                ours,
                theirs,
                cadence,
            } => {
                let price = |money: &Money| format!("{money} a license {}", cadence.pace());
                (price(ours), price(theirs))
            }
            Drift::Unknown => ("nothing".into(), "a subscription".into()),
            Drift::Missing => ("a subscription".into(), "nothing".into()),
        }
    }
}
