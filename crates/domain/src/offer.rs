//! What is sold: offers with their plans and their limits.

mod addon;
mod cadence;
pub mod category;
pub mod form;
pub mod listing;
mod market;
mod sold;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::addon::not_alone;
pub use self::cadence::Cadence;
pub use self::form::{Changes, Form};
pub use self::market::{Country, Segment};
pub use self::sold::Unavailable;
use crate::id::{OfferId, OrganizationId, PlanId, VendorId};
use crate::money::{Currency, UnitAmount};
use crate::text::Invalid;

/// What a vendor asks for one unit and term, from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorPrice {
    /// Vendor to partner.
    pub cost: UnitAmount,
    /// Suggested retail price.
    pub retail: UnitAmount,
    /// Since when.
    pub from: Timestamp,
    /// Its last instant; open-ended when absent.
    pub till: Option<Timestamp>,
}

/// A term, billing cycle and currency of an offer, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// What the prices are in.
    pub currency: Currency,
    /// The one country that it is sold in; everywhere when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Country>,
    /// The one kind of customer that it is sold to; to all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// The vendor's price at the instant that was asked for; `None` where it has none then.
    #[serde(skip)]
    pub price: Option<VendorPrice>,
}

/// Something that is sold, by whom it is provisioned, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// Who keeps it in their catalog; the organizations below may buy it.
    pub owner: OrganizationId,
    /// Who provisions it.
    pub vendor: VendorId,
    /// The vendor's name for people.
    pub vendor_name: String,
    /// Its name for people.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// The vendor's product id.
    pub product: String,
    /// The vendor's plan id.
    pub vendor_plan: String,
    /// Fewest units in one line.
    pub minimum: u32,
    /// Most units in one line.
    pub maximum: u32,
    /// Orders name the customer's tenant at the vendor (Microsoft).
    pub has_tenant: bool,
    /// No longer sold.
    pub is_withdrawn: bool,
    /// The vendor's name of the product that it is one of; empty where it is the only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product_name: String,
    /// What it is sorted under; in a catalog it stands under the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The offers that it is an add-on to; whatever has none is sold by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<OfferId>,
    /// What is asked of whoever buys it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// What of it can be others while it runs.
    #[serde(default, skip_serializing_if = "Changes::is_as_ordered")]
    pub changes: Changes,
    /// What it costs, by term, cycle and currency.
    pub plans: Vec<Plan>,
}

impl Offer {
    /// The form of a change of what runs.
    pub fn change_form(&self) -> Option<&Form> {
        self.changes.form(self.form.as_ref())
    }

    /// An offer of a vendor's without anything to it yet: from one unit on, for everybody, by itself.
    pub fn new(id: OfferId, owner: OrganizationId, vendor: VendorId) -> Offer {
        Offer {
            id,
            owner,
            vendor,
            vendor_name: String::new(),
            name: String::new(),
            description: String::new(),
            product: String::new(),
            vendor_plan: String::new(),
            minimum: 1,
            maximum: 1,
            has_tenant: false,
            is_withdrawn: false,
            product_name: String::new(),
            categories: Vec::new(),
            parents: Vec::new(),
            form: None,
            changes: Changes::AsOrdered,
            plans: Vec::new(),
        }
    }

    /// Checks a typed quantity against the offer's limits.
    pub fn check_quantity(&self, quantity: i64) -> Result<u32, Invalid> {
        u32::try_from(quantity)
            .ok()
            .filter(|quantity| (self.minimum..=self.maximum).contains(quantity))
            .ok_or_else(|| {
                Invalid(format!(
                    "must be between {} and {} licenses",
                    self.minimum, self.maximum
                ))
            })
    }

    /// Whether buyers say how many; not where one quantity is all that is sold.
    pub fn asks_quantity(&self) -> bool {
        self.minimum < self.maximum
    }

    /// One of its plans.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }
}
