//! What becomes of an offer's prices: those that end, and those that come. Each reader learns of their
//! own price alone, so a change of a cost that leaves it as it is does not exist for customers.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Permission;
use domain::id::{OfferId, PlanId};
use domain::offer::{Cadence, Offer, Plan};
use domain::order::seen::SeenPrice;
use jiff::{SignedDuration, Timestamp};
use store::{Tx, catalog};

use super::{Offers, load_all};
use crate::access::Access;
use crate::{App, Error};

/// Prices to come that are looked through, and the instants at which they begin.
const COMING_MAX: u32 = 500;
const INSTANTS_MAX: usize = 24;
/// A price that begins so soon after another ended follows it.
const GAP: SignedDuration = SignedDuration::from_secs(1);

/// A price of a plan that comes, or the end of the one that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Of the plan with this term and billing cycle.
    pub cadence: Cadence,
    /// Its first instant, or its last.
    pub at: Timestamp,
    /// What one unit costs then; nothing where it can't be bought any more.
    pub unit: Option<SeenPrice>,
}

impl App {
    /// How the prices of an offer go on for an organization, the soonest first.
    pub async fn offer_outlook(&self, access: &Access, id: OfferId) -> Result<Vec<Outlook>, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let (mut tx, now) = (self.store.read().await?, self.clock.now());
        let offers = load_all(&mut tx, access, [id].into(), now).await?;
        let offer = offers.found.first().ok_or(Error::NotFound)?;
        if offer.is_withdrawn {
            return Ok(Vec::new());
        }
        let mut outlook = outlook(&mut tx, access, &offers, offer, now).await?;
        outlook.sort_by_key(|one| (one.at, one.cadence.term_months, one.cadence.cycle_months));
        Ok(outlook)
    }
}

async fn outlook(
    tx: &mut Tx,
    access: &Access,
    offers: &Offers,
    offer: &Offer,
    now: Timestamp,
) -> Result<Vec<Outlook>, Error> {
    let chain = &access.organization().chain;
    let coming = catalog::list_coming_prices(tx, chain, offer.id, now, COMING_MAX).await?;
    let mut told: BTreeMap<PlanId, Option<SeenPrice>> = BTreeMap::new();
    for plan in &offer.plans {
        told.insert(plan.id, unit(offers, offer, plan, access)?);
    }
    let instants: BTreeSet<Timestamp> = coming.iter().map(|(at, _)| *at).collect();
    let mut outlook = Vec::new();
    for at in instants.into_iter().take(INSTANTS_MAX) {
        let then = load_all(tx, access, [offer.id].into(), at).await?;
        for plan in then.found.iter().flat_map(|then| &then.plans) {
            let unit = unit(&then, offer, plan, access)?;
            let is_other = unit.is_some() && told.get(&plan.id) != Some(&unit);
            if coming.contains(&(at, plan.id)) && is_other {
                let cadence = plan.cadence;
                outlook.push(Outlook { cadence, at, unit });
                told.insert(plan.id, unit);
            }
        }
    }
    for plan in offers.plans(offer) {
        let till = plan.price.and_then(|price| price.till);
        let Some(at) = till else { continue };
        let mut next = coming.iter().filter(|(_, id)| *id == plan.id);
        let goes_on = next
            .next()
            .is_some_and(|(next, _)| next.duration_since(at) <= GAP);
        if !goes_on {
            outlook.push(Outlook {
                cadence: plan.cadence,
                at,
                unit: None,
            });
        }
    }
    Ok(outlook)
}

/// What one unit costs the reader, where the plan is sold to them.
fn unit(
    offers: &Offers,
    offer: &Offer,
    plan: &Plan,
    access: &Access,
) -> Result<Option<SeenPrice>, Error> {
    if !plan.is_for(access.organization()) {
        return Ok(None);
    }
    let price = offers.quote(offer, plan, 1)?;
    Ok(Some(price.seen_by(access.visibility())?))
}
