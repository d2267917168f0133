//! Whether an order is let through, and who has to approve it: decided on its customer and on everybody
//! above, in one place for carts, quotes, changes, sheets and retries.

use super::Refusal;
use super::approval::Approval;
use super::approval::rule::{ApprovalRule, Facts, required};
use super::change::RequestedChange;
use super::line::Line;
use crate::access::Role;
use crate::id::OrganizationId;
use crate::organization::{Organization, OrganizationStatus, Suspension};

/// What an order has to get past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The customer first, then those above it up to the distributor.
    pub chain: Vec<Organization>,
    /// Of those that are suspended, why.
    pub suspensions: Vec<(OrganizationId, Suspension)>,
    /// What those above want to approve, by name.
    pub rules: Vec<ApprovalRule>,
}

impl Admission {
    /// Refuses whatever would lead to a vendor while the customer, or anybody above it, does no business.
    pub fn check_active(&self) -> Result<(), Refusal> {
        let inactive = |found: &&Organization| found.status != OrganizationStatus::Active;
        let Some(inactive) = self.chain.iter().find(inactive) else {
            return Ok(());
        };
        let is_it = |(id, _): &&(OrganizationId, Suspension)| *id == inactive.id;
        let why = match self.suspensions.iter().find(is_it) {
            Some((_, suspension)) => suspension.told(&inactive.name),
            None => format!("{} is not active", inactive.name),
        };
        Err(Refusal::Because(format!(
            "{why}. Nothing can be ordered or sent until it is active again"
        )))
    }

    /// Refuses an order of such changes while the customer, or anybody above it, does no business, and where
    /// somebody above asks for an ERP number that the customer has not got. A number is asked for what
    /// is bought or changed: not for a markup or a name, which no vendor hears of, and not for taking
    /// back, for which the time may run out.
    pub fn check<'c>(
        &self,
        mut changes: impl Iterator<Item = &'c RequestedChange>,
    ) -> Result<(), Refusal> {
        self.check_active()?;
        let Some((customer, above)) = self.chain.split_first() else {
            return Ok(());
        };
        let asks = above.iter().find(|found| found.needs_erp_number);
        let is_asked = |change: &RequestedChange| {
            !change.is_made_at_once() && *change != RequestedChange::Cancel
        };
        match asks {
            Some(seller) if customer.erp_number.is_none() && changes.any(is_asked) => {
                Err(Refusal::NoErpNumber {
                    customer: customer.name.clone(),
                    seller: seller.name.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Lets an order of these lines through, or says why not; and who has to approve it, by what whoever
    /// orders is there.
    pub fn admit(&self, roles: &[Role], lines: &[Line]) -> Result<Vec<Approval>, Refusal> {
        self.check(lines.iter().map(|line| &line.change))?;
        let Some((customer, partners)) = self.chain.split_first() else {
            return Ok(Vec::new());
        };
        let facts = Facts {
            customer: customer.id,
            roles,
            lines,
        };
        Ok(required(partners, &self.rules, facts))
    }
}

#[cfg(test)]
mod tests;
