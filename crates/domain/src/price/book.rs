//! The rules between a vendor and one customer on one day, and the price that they make of a plan's.

use jiff::civil::Date;

use super::rule::{PriceRule, Subject, winning_rule};
use super::{PriceInputs, per_cycle};
use crate::id::OrganizationId;
use crate::money::MoneyError;
use crate::offer::{Offer, Plan};
use crate::order::line::LinePrice;

/// What sets one customer's prices on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleBook {
    /// Who buys.
    pub customer: OrganizationId,
    /// Who sells to them.
    pub seller: OrganizationId,
    /// The day in the seller's time zone.
    pub today: Date,
    /// The distributor's rules for its sellers.
    pub tiers: Vec<PriceRule>,
    /// The seller's rules for its customers.
    pub catalog: Vec<PriceRule>,
}

impl RuleBook {
    /// What a plan's price is made of; `None` where the vendor has no price for it.
    pub fn inputs(&self, offer: &Offer, plan: &Plan) -> Option<PriceInputs> {
        let vendor = plan.price?;
        let cycles = plan.cadence.cycles();
        let subject = |buyer| Subject {
            buyer,
            vendor: offer.vendor,
            offer: offer.id,
            today: self.today,
        };
        let cost = per_cycle(vendor.cost.to_decimal(), cycles);
        let retail = per_cycle(vendor.retail.to_decimal(), cycles);
        Some(PriceInputs {
            tier: winning_rule(&self.tiers, &subject(self.seller)).copied(),
            catalog: winning_rule(&self.catalog, &subject(self.customer)).copied(),
            ..PriceInputs::of_vendor(cost, retail)
        })
    }

    /// What so many units of a plan cost; `None` where the vendor has no price for it.
    pub fn quote(
        &self,
        offer: &Offer,
        plan: &Plan,
        quantity: u32,
    ) -> Result<Option<LinePrice>, MoneyError> {
        let inputs = self.inputs(offer, plan);
        inputs
            .map(|inputs| inputs.price(plan.currency, quantity))
            .transpose()
    }
}
