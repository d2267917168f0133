//! Approval rules: which orders a partner wants to see before they go to their vendors. A rule is data;
//! it is asked when an order is placed, of the order as staff see it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Approval, ApprovalState};
use crate::access::Role;
use crate::id::{ApprovalRuleId, OrganizationId, VendorId};
use crate::money::{Money, MoneyError};
use crate::order::change::ChangeKind;
use crate::order::charge::charged;
use crate::order::counted;
use crate::order::line::Line;
use crate::organization::Organization;
use crate::price::Percent;

/// Rules that one organization has at the most.
pub const RULES_MAX: usize = 50;

/// What a partner wants to approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// Its id.
    pub id: ApprovalRuleId,
    /// The distributor or seller that approves.
    pub organization: OrganizationId,
    /// Its name for the partner's own people.
    pub name: String,
    /// It is asked at all.
    pub is_enabled: bool,
    /// What an order must be like.
    pub conditions: Conditions,
}

/// What an order must be like to need approval: all that is said must be so; nothing said is any order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// What the customer pays at one billing cycle is as much as this, or more; in this currency alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_at_least: Option<Money>,
    /// What is left to the seller is less than this share of what the customer pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin_below: Option<Percent>,
    /// Something is of this vendor; the figures are of that alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<VendorId>,
    /// Whoever orders has one of these roles.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub orderers: BTreeSet<Role>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<OrganizationId>,
    /// Something is a change of one of these kinds; the figures are of those alone. None said is any,
    /// but for what no vendor hears of: markups and names wait only where a rule names them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<ChangeKind>,
}

/// What rules are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'o> {
    /// Whose order it is.
    pub customer: OrganizationId,
    /// What the person who orders is there.
    pub roles: &'o [Role],
    /// What is ordered, with its prices.
    pub lines: &'o [Line],
}

/// Who has to approve, the nearest to the customer first: each partner with a rule that fits.
pub fn required(
    partners: &[Organization],
    rules: &[ApprovalRule],
    facts: Facts<'_>,
) -> Vec<Approval> {
    let asked = partners.iter().filter_map(|partner| {
        let own = rules.iter().filter(|rule| rule.organization == partner.id);
        let fitting = own.filter(|rule| rule.fits(facts));
        let names: Vec<String> = fitting.map(|rule| rule.name.clone()).collect();
        (!names.is_empty()).then(|| Approval {
            organization: partner.id,
            organization_name: partner.name.clone(),
            rules: names,
            state: ApprovalState::Open,
        })
    });
    asked.collect()
}

impl ApprovalRule {
    /// Its name, whether it is asked, and what it asks for, as an edit keeps them.
    pub fn words(&self) -> Vec<String> {
        let Conditions {
            total_at_least,
            margin_below,
            vendor,
            orderers,
            customer,
            kinds,
        } = &self.conditions;
        let state = if self.is_enabled { "on" } else { "off" };
        let mut words = vec![self.name.clone(), state.to_owned()];
        words.extend(total_at_least.map(|total| format!("total at least {total}")));
        words.extend(
            margin_below.map(|share| format!("margin below {} %", share.value().normalize())),
        );
        words.extend(vendor.map(|vendor| format!("vendor {vendor}")));
        words.extend(
            orderers
                .iter()
                .map(|role| format!("ordered by {}", role.label())),
        );
        words.extend(customer.map(|customer| format!("customer {customer}")));
        words.extend(kinds.iter().map(|kind| format!("kind {}", kind.label())));
        words
    }

    /// Whether an order needs this partner's approval.
    pub fn fits(&self, facts: Facts<'_>) -> bool {
        let Conditions {
            orderers, customer, ..
        } = &self.conditions;
        let is_by = orderers.is_empty() || facts.roles.iter().any(|role| orderers.contains(role));
        let is_of = customer.is_none_or(|customer| customer == facts.customer);
        // A markup beside other changes does not count, so that nobody can tell it is there.
        let covered = counted(facts.lines).filter(|line| self.conditions.cover(line));
        let covered = charged(covered, Line::thing);
        self.is_enabled && is_by && is_of && !covered.is_empty() && {
            // A sum that is too large to be computed is large enough for anybody's rule.
            sums(covered.into_iter()).map_or(true, |sums| self.conditions.fit(&sums))
        }
    }
}

impl Conditions {
    fn cover(&self, line: &Line) -> bool {
        let kind = line.change.kind();
        let is_kind = match self.kinds.is_empty() {
            true => !kind.is_markup() && kind != ChangeKind::Rename,
            false => self.kinds.contains(&kind),
        };
        is_kind && self.vendor.is_none_or(|vendor| vendor == line.item.vendor)
    }

    /// Whether the figures of one billing cycle are as the rule says; any, where it says nothing of them.
    fn fit(&self, sums: &[Sum]) -> bool {
        sums.iter().any(|sum| {
            self.total_at_least.is_none_or(|least| {
                least.currency == sum.customer.currency && sum.customer.minor >= least.minor
            }) && self
                .margin_below
                .is_none_or(|share| sum.is_margin_below(share))
        })
    }
}

/// What is paid at one billing cycle.
struct Sum {
    cycle_months: u32,
    customer: Money,
    partner: Money,
}

impl Sum {
    /// Compared without a division, so that nothing is rounded and nothing ordered for free is left out.
    fn is_margin_below(&self, share: Percent) -> bool {
        let (customer, partner) = (self.customer.to_decimal(), self.partner.to_decimal());
        let hundredfold = (customer - partner).checked_mul(100.into());
        let bound = customer.checked_mul(share.value());
        match (hundredfold, bound) {
            (Some(hundredfold), Some(bound)) => hundredfold < bound,
            _ => true,
        }
    }
}

fn sums<'l>(lines: impl Iterator<Item = &'l Line>) -> Result<Vec<Sum>, MoneyError> {
    let mut sums: Vec<Sum> = Vec::new();
    for line in lines {
        let charge = line.charge();
        let (customer, partner) = (charge.customer_total()?, charge.partner_total()?);
        let cycle_months = line.item.cadence.cycle_months;
        let is_same = |sum: &&mut Sum| {
            sum.cycle_months == cycle_months && sum.customer.currency == customer.currency
        };
        match sums.iter_mut().find(is_same) {
            Some(sum) => {
                sum.customer = sum.customer.plus(customer)?;
                sum.partner = sum.partner.plus(partner)?;
            }
            None => sums.push(Sum {
                cycle_months,
                customer,
                partner,
            }),
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests;
