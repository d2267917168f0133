//! What a price rule would change: which offers, from which price to which.

use domain::money::Money;
use domain::offer::{Country, Offer, Plan};
use domain::order::line::LinePrice;
use domain::organization::{Organization, OrganizationKind};
use domain::price::RuleBook;
use domain::price::record::RuleRecord;
use domain::price::rule::{RuleLevel, RuleScope};
use store::price_rules::Wanted;
use store::{Tx, catalog, organizations, price_rules};

use super::nobody;
use crate::Error;

/// Offers that are looked through at the most.
const LOOKED_AT_MAX: u32 = 500;
/// Prices that are listed at the most.
const MOVED_MAX: usize = 100;

/// A price that a rule would move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The offer's name.
    pub offer: String,
    /// Term and billing cycle.
    pub plan: String,
    /// What a unit costs the buyer on the rule's first day without it.
    pub from: Money,
    /// And with it.
    pub to: Money,
    /// What is left to the owner of the rule then; negative where it sells below its own price.
    pub margin: Money,
}

/// What a rule would change.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The rule, which is not kept yet.
    pub record: RuleRecord,
    /// Some of what moves, by name.
    pub moved: Vec<Moved>,
    /// How many prices move.
    pub moves: usize,
    /// How many stay, as a more specific rule sets them or the figure comes out the same.
    pub stays: usize,
    /// More offers are covered than were looked through.
    pub is_partial: bool,
    /// For whom the figures are: the one buyer, or any without a rule of its own.
    pub buyer: Option<String>,
}

/// For a buyer like any, in the partner's own country and currency, unless the rule is for one.
pub(super) async fn preview(
    tx: &mut Tx,
    partner: &Organization,
    record: &RuleRecord,
) -> Result<Preview, Error> {
    let one = match record.rule.level {
        RuleLevel::Everyone => None,
        RuleLevel::One(id) => organizations::find_by_id(tx, id).await?,
    };
    let buyer = one.as_ref().unwrap_or(partner);
    let is_distributor = partner.kind == OrganizationKind::Distributor;
    let id = one.as_ref().map_or(nobody(), |one| one.id);
    let mut chain = match is_distributor {
        true => vec![nobody(), id],
        false => vec![id],
    };
    chain.extend(&partner.chain);
    let zone = if is_distributor { buyer } else { partner }.zone.clone();
    let day = record.rule.from.to_zoned(zone);
    let at = day
        .map_err(|error| Error::Internal(error.to_string()))?
        .timestamp();
    let found = covered(tx, partner, record, at).await?;
    let is_partial = found.len() >= LOOKED_AT_MAX as usize;
    let wanted = Wanted {
        chain: &chain,
        sold: None,
        at,
    };
    let before = price_rules::find_book(tx, &wanted).await?;
    let mut after = before.clone();
    after.today = record.rule.from;
    match is_distributor {
        true => after.tiers.push(record.rule),
        false => after.catalog.push(record.rule),
    }
    let before = RuleBook {
        today: record.rule.from,
        ..before
    };
    let mut preview = Preview {
        record: record.clone(),
        moved: Vec::new(),
        moves: 0,
        stays: 0,
        is_partial,
        buyer: one.as_ref().map(|one| one.name.clone()),
    };
    for (offer, plan) in found.iter().flat_map(|offer| sold(offer, buyer)) {
        let prices = (before.quote(offer, plan, 1)?, after.quote(offer, plan, 1)?);
        if let (Some(before), Some(after)) = prices {
            preview.add(offer, plan, [before, after], is_distributor)?;
        }
    }
    Ok(preview)
}

impl Preview {
    fn add(
        &mut self,
        offer: &Offer,
        plan: &Plan,
        prices: [LinePrice; 2],
        is_distributor: bool,
    ) -> Result<(), Error> {
        let [before, after] = prices.map(|price| price.unit);
        let (from, to, own) = match is_distributor {
            true => (before.partner, after.partner, after.cost),
            false => (before.customer, after.customer, after.partner),
        };
        if from == to {
            self.stays += 1;
            return Ok(());
        }
        self.moves += 1;
        if self.moved.len() < MOVED_MAX {
            let minor = to.minor.saturating_sub(own.minor);
            let (term, cycle) = (plan.cadence.term_label(), plan.cadence.cycle_label());
            self.moved.push(Moved {
                offer: offer.name.clone(),
                plan: format!("{term}, billed {cycle}"),
                from,
                to,
                margin: Money { minor, ..to },
            });
        }
        Ok(())
    }
}

/// The plans that a buyer can be sold: sellers of any country, as their customers may be elsewhere.
fn sold<'o>(offer: &'o Offer, buyer: &Organization) -> Vec<(&'o Offer, &'o Plan)> {
    let is_here = |market: Option<Country>| market.is_none_or(|market| market == buyer.country);
    let is_it = |plan: &&Plan| plan.currency == buyer.currency && is_here(plan.market);
    offer
        .plans
        .iter()
        .filter(is_it)
        .map(|plan| (offer, plan))
        .collect()
}

async fn covered(
    tx: &mut Tx,
    partner: &Organization,
    record: &RuleRecord,
    at: jiff::Timestamp,
) -> Result<Vec<Offer>, Error> {
    let chain = &partner.chain;
    let mut found = match record.rule.scope {
        RuleScope::Offer(id) => catalog::find_offers(tx, chain, &[id].into(), at).await?,
        RuleScope::All => catalog::list_offers(tx, chain, LOOKED_AT_MAX, at).await?,
        RuleScope::Vendor(vendor) => {
            catalog::list_offers_of(tx, chain, vendor, LOOKED_AT_MAX, at).await?
        }
    };
    found.retain(|offer| !offer.is_withdrawn);
    Ok(found)
}
