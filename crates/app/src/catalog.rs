//! What an organization may buy, and at which price.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{OfferId, PlanId};
use domain::money::Currency;
use domain::offer::{Cadence, Offer, Plan};
use domain::order::line::{Item, LinePrice};
use domain::price::{Percent, PriceInputs, per_cycle, waterfall};
use domain::subscription::wish::Target;
use domain::text::Invalid;
use store::{Tx, catalog};

use crate::access::Access;
use crate::{App, Error};

/// Offers in one list at the most.
const OFFERS_MAX: u32 = 500;

impl App {
    /// The offers an organization may buy in its currency, by name.
    pub async fn offers(&self, access: &Access) -> Result<Vec<Offer>, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let mut tx = self.store.read().await?;
        let mut offers =
            catalog::list_offers(&mut tx, &access.organization().chain, OFFERS_MAX).await?;
        let currency = access.organization().currency;
        for offer in &mut offers {
            offer.plans.retain(|plan| plan.currency == currency);
        }
        offers.retain(|offer| !offer.is_withdrawn && !offer.plans.is_empty());
        Ok(offers)
    }

    /// One of them.
    pub async fn offer(&self, access: &Access, id: OfferId) -> Result<Offer, Error> {
        let offers = self.offers(access).await?;
        offers
            .into_iter()
            .find(|offer| offer.id == id)
            .ok_or(Error::NotFound)
    }
}

/// Offers that were loaded together, by the rules of the organization that asks.
pub(crate) struct Offers {
    found: Vec<Offer>,
    currency: Currency,
}

impl Offers {
    /// An offer and plan for a line. A withdrawn offer is refused by name.
    pub(crate) fn find(&self, offer: OfferId, plan: PlanId) -> Result<(&Offer, &Plan), Error> {
        let unknown = |field| Error::Invalid {
            field,
            reason: Invalid("is not in the catalog".into()),
        };
        let found = self.found.iter().find(|found| found.id == offer);
        let found = found.ok_or_else(|| unknown("/offer"))?;
        if found.is_withdrawn {
            let offer = found.name.clone();
            return Err(Error::Withdrawn { offer });
        }
        let plan = found.plan(plan);
        let plan = plan.filter(|plan| plan.currency == self.currency);
        Ok((found, plan.ok_or_else(|| unknown("/plan"))?))
    }

    /// An offer on the terms of another, or on the first that it has.
    pub(crate) fn find_by_cadence(
        &self,
        offer: OfferId,
        cadence: Cadence,
    ) -> Result<(&Offer, &Plan), Error> {
        let plans = self.found.iter().find(|found| found.id == offer);
        let mut plans = plans
            .iter()
            .flat_map(|found| &found.plans)
            .filter(|plan| plan.currency == self.currency);
        let first = plans.clone().next();
        let plan = plans.find(|plan| plan.cadence == cadence).or(first);
        self.find(
            offer,
            plan.map_or(PlanId(uuid::Uuid::nil()), |plan| plan.id),
        )
    }
}

/// Loads offers for lines, all in one look.
pub(crate) async fn load_all(
    tx: &mut Tx,
    access: &Access,
    asked: BTreeSet<OfferId>,
) -> Result<Offers, Error> {
    let chain = &access.organization().chain;
    Ok(Offers {
        found: catalog::find_offers(tx, chain, &asked).await?,
        currency: access.organization().currency,
    })
}

/// Loads an offer and plan for a line. A withdrawn offer is refused by name.
pub(crate) async fn load(
    tx: &mut Tx,
    access: &Access,
    offer: OfferId,
    plan: PlanId,
) -> Result<(Offer, Plan), Error> {
    let offers = load_all(tx, access, BTreeSet::from([offer])).await?;
    let (offer, plan) = offers.find(offer, plan)?;
    Ok((offer.clone(), plan.clone()))
}

/// What the price of a plan is made of for an organization now.
pub fn inputs(plan: &Plan) -> PriceInputs {
    let cycles = plan.cadence.cycles();
    PriceInputs {
        cost: per_cycle(plan.cost, cycles),
        retail: per_cycle(plan.retail, cycles),
        tier: None,
        distributor_markup: None,
        catalog_markup: Percent::default(),
        subscription_markup: Percent::default(),
    }
}

/// What a subscription can become, or take in as an add-on.
pub(crate) fn target(offer: &Offer, plan: &Plan) -> Target {
    Target {
        item: item(offer, plan),
        inputs: inputs(plan),
        currency: plan.currency,
        minimum: offer.minimum,
        maximum: offer.maximum,
    }
}

/// What a line is about.
pub(crate) fn item(offer: &Offer, plan: &Plan) -> Item {
    Item {
        offer: offer.id,
        plan: plan.id,
        vendor: offer.vendor,
        vendor_name: offer.vendor_name.clone(),
        name: offer.name.clone(),
        product: offer.product.clone(),
        vendor_plan: offer.vendor_plan.clone(),
        has_tenant: offer.has_tenant,
        cadence: plan.cadence,
    }
}

/// What a plan costs an organization now. Without a catalog rule the customer pays the partner price.
pub fn quote(plan: &Plan, quantity: u32) -> Result<LinePrice, Error> {
    let unit = waterfall(&inputs(plan))
        .round(plan.currency)
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(LinePrice { unit, quantity })
}
