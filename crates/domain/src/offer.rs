//! What is sold: offers with their plans and their limits.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::{OfferId, OrganizationId, PlanId, VendorId};
use crate::money::Currency;
use crate::text::Invalid;

/// How long the customer is bound, and how often is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cadence {
    /// Months of the commitment, 1 to 84; 0 for something bought once.
    pub term_months: u32,
    /// Months of a billing cycle; divides the term.
    pub cycle_months: u32,
}

impl Cadence {
    /// Cycles in a term; 1 for something bought once.
    pub fn cycles(self) -> u32 {
        self.term_months
            .checked_div(self.cycle_months)
            .unwrap_or(1)
            .max(1)
    }

    /// The term in words: `1 year`.
    pub fn term_label(self) -> String {
        months(self.term_months, "one time")
    }

    /// The billing cycle in words: `monthly`.
    pub fn cycle_label(self) -> String {
        match self.cycle_months {
            0 => "once".into(),
            1 => "monthly".into(),
            12 => "annual".into(),
            n => format!("every {}", months(n, "")),
        }
    }
}

fn months(n: u32, none: &str) -> String {
    match n {
        0 => none.into(),
        1 => "1 month".into(),
        12 => "1 year".into(),
        n if n.is_multiple_of(12) => format!("{} years", n / 12),
        n => format!("{n} months"),
    }
}

/// A term, billing cycle and price of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// What the prices are in.
    pub currency: Currency,
    /// Vendor to partner, per term and unit.
    pub cost: Decimal,
    /// Suggested retail price, per term and unit.
    pub retail: Decimal,
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
    /// What it costs, by term, cycle and currency.
    pub plans: Vec<Plan>,
}

impl Offer {
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

    /// One of its plans.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }
}
