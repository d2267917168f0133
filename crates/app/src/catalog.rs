//! What an organization may buy, and at which price.

mod configure;
mod list;
mod outlook;
mod sorting;

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{OfferId, PlanId};
use domain::offer::listing::Search;
use domain::offer::{Cadence, Form, Offer, Plan, Unavailable};
use domain::order::line::{Item, LinePrice};
use domain::order::seen::SeenPrice;
use domain::organization::Organization;
use domain::price::{PriceInputs, RuleBook};
use domain::subscription::wish::Target;
use domain::text::Invalid;
use jiff::Timestamp;
use store::catalog::search;
use store::price_rules::Wanted;
use store::{Tx, catalog, price_rules};

pub use self::configure::Configurable;
pub(crate) use self::configure::{addons_not_sold, check_alone, load_addons};
pub use self::list::{AskedOffers, Facets, LIMIT_MAX, OfferPage};
pub use self::outlook::Outlook;
pub use self::sorting::{Product, Products, TypedProduct, TypedSorting};
use crate::access::Access;
use crate::{App, Error};

/// Offers that one of a vendor's is compared with at the most.
const BESIDE_MAX: usize = 200;

/// An offer as its reader may know it: without what vendors ask.
#[derive(Debug, Clone)]
pub struct SeenOffer {
    /// The offer; its plans are beside it.
    pub offer: Offer,
    /// The names of the offers that it is an add-on to, where they are told.
    pub addon_to: Vec<String>,
    /// What it is sold on here, with the price of one unit.
    pub plans: Vec<SeenPlan>,
    /// Why it can't be bought, where it can't.
    pub unavailable: Option<Unavailable>,
}

/// A plan with today's price of one unit.
#[derive(Debug, Clone)]
pub struct SeenPlan {
    /// Its id.
    pub id: PlanId,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// What one unit costs this reader.
    pub unit: SeenPrice,
}

impl SeenOffer {
    /// The plan that asks for least at a time: of those that are paid most often, the cheapest.
    pub fn cheapest(&self) -> Option<&SeenPlan> {
        let often = |plan: &SeenPlan| match plan.cadence.cycle_months {
            0 => u32::MAX,
            months => months,
        };
        let plans = self.plans.iter();
        plans.min_by_key(|plan| (often(plan), plan.unit.unit.minor))
    }
}

impl App {
    /// An offer that an organization may be sold, also one that it can't buy: it says why.
    pub async fn offer(&self, access: &Access, id: OfferId) -> Result<SeenOffer, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let mut tx = self.store.read().await?;
        let offers = load_all(&mut tx, access, BTreeSet::from([id]), self.clock.now()).await?;
        let offer = offers.found.first().ok_or(Error::NotFound)?;
        let mut seen = [offers.seen(offer, access)?];
        list::name_parents(&mut tx, access, &mut seen).await?;
        let [seen] = seen;
        Ok(seen)
    }
}

/// Offers that were loaded together, by the rules of the organization that asks.
pub(crate) struct Offers {
    found: Vec<Offer>,
    buyer: Organization,
    book: RuleBook,
}

impl Offers {
    /// The order form of an offer, sold or withdrawn.
    pub(crate) fn form(&self, offer: OfferId) -> Option<&Form> {
        let found = self.found.iter().find(|found| found.id == offer);
        found?.form.as_ref()
    }

    /// An offer and plan for a line. A withdrawn offer is refused by name.
    pub(crate) fn find(&self, offer: OfferId, plan: PlanId) -> Result<(&Offer, &Plan), Error> {
        let wrong = |field, words: String| Error::Invalid {
            field,
            reason: Invalid(words),
        };
        let found = self.found.iter().find(|found| found.id == offer);
        let found = found.ok_or_else(|| wrong("/offer", "is not in the catalog".into()))?;
        if found.is_withdrawn {
            let offer = found.name.clone();
            return Err(Error::Withdrawn { offer });
        }
        if let Some(why) = found.unavailable(&self.buyer) {
            return Err(wrong(
                "/offer",
                format!("can't be bought here: {}", why.reason()),
            ));
        }
        let plan = found.plan(plan).filter(|plan| plan.is_for(&self.buyer));
        let words = "is not in the catalog; choose one that is";
        Ok((found, plan.ok_or_else(|| wrong("/plan", words.into()))?))
    }

    /// An offer on the terms of another, or on the first that it has.
    pub(crate) fn find_by_cadence(
        &self,
        offer: OfferId,
        cadence: Cadence,
    ) -> Result<(&Offer, &Plan), Error> {
        let found = self.found.iter().find(|found| found.id == offer);
        let mut plans = found.iter().flat_map(|found| self.plans(found));
        let first = plans.clone().next();
        let plan = plans.find(|plan| plan.cadence == cadence).or(first);
        self.find(
            offer,
            plan.map_or(PlanId(uuid::Uuid::nil()), |plan| plan.id),
        )
    }

    /// Each offer that is sold here, with each of its plans.
    pub(crate) fn sold(&self) -> impl Iterator<Item = (&Offer, &Plan)> {
        let sold = self.found.iter().filter(|offer| !offer.is_withdrawn);
        sold.flat_map(|offer| self.plans(offer).map(move |plan| (offer, plan)))
    }

    fn plans<'o>(&self, offer: &'o Offer) -> impl Iterator<Item = &'o Plan> + Clone {
        let buyer = &self.buyer;
        offer.plans.iter().filter(|plan| plan.is_for(buyer))
    }

    /// What so many units of a plan cost now, with what made the price.
    pub(crate) fn quote(
        &self,
        offer: &Offer,
        plan: &Plan,
        quantity: u32,
    ) -> Result<LinePrice, Error> {
        Ok(self.inputs(offer, plan)?.price(plan.currency, quantity)?)
    }

    /// What the price of a plan is made of.
    pub(crate) fn inputs(&self, offer: &Offer, plan: &Plan) -> Result<PriceInputs, Error> {
        self.book.inputs(offer, plan).ok_or_else(|| Error::Invalid {
            field: "/plan",
            reason: Invalid(format!("{} has no price today", offer.name)),
        })
    }

    /// What a subscription can become, or take in as an add-on.
    pub(crate) fn target(&self, offer: &Offer, plan: &Plan) -> Result<Target, Error> {
        Ok(Target {
            item: item(offer, plan),
            inputs: self.inputs(offer, plan)?,
            currency: plan.currency,
            minimum: offer.minimum,
            maximum: offer.maximum,
        })
    }

    fn seen(&self, offer: &Offer, access: &Access) -> Result<SeenOffer, Error> {
        let mut plans = Vec::new();
        for plan in self.plans(offer) {
            plans.push(SeenPlan {
                id: plan.id,
                cadence: plan.cadence,
                unit: self.quote(offer, plan, 1)?.seen_by(access.visibility())?,
            });
        }
        Ok(SeenOffer {
            plans,
            addon_to: Vec::new(),
            unavailable: offer.unavailable(&self.buyer),
            offer: Offer {
                plans: Vec::new(),
                ..offer.clone()
            },
        })
    }
}

/// Loads offers for lines, with the rules that price them.
pub(crate) async fn load_all(
    tx: &mut Tx,
    access: &Access,
    asked: BTreeSet<OfferId>,
    now: Timestamp,
) -> Result<Offers, Error> {
    let chain = &access.organization().chain;
    let found = catalog::find_offers(tx, chain, &asked, now).await?;
    with_rules(tx, access.organization(), found, now).await
}

/// Loads an offer and what an organization is sold beside it: of the same product, or of the same vendor
/// where that sells across its products. No more than can be looked through.
pub(crate) async fn load_beside(
    tx: &mut Tx,
    access: &Access,
    sold: &Item,
    is_within_product: bool,
    now: Timestamp,
) -> Result<Offers, Error> {
    let (buyer, own) = (access.organization(), [sold.offer].into());
    let mut found = catalog::find_offers(tx, &buyer.chain, &own, now).await?;
    let beside = beside(sold, is_within_product).sold_to(buyer);
    let beside = search::list(tx, &buyer.chain, &beside, None, BESIDE_MAX, now).await?;
    found.extend(
        beside
            .offers
            .into_iter()
            .filter(|offer| offer.id != sold.offer),
    );
    found.retain(|offer| offer.unavailable(buyer).is_none());
    with_rules(tx, buyer, found, now).await
}

fn beside(sold: &Item, is_within_product: bool) -> Search {
    let product = (sold.vendor, sold.product.clone());
    Search {
        vendor: Some(sold.vendor).filter(|_| !is_within_product),
        product: Some(product).filter(|_| is_within_product),
        ..Search::default()
    }
}

/// Licenses beside another that an organization is not sold, by name, and why; no more than can be
/// looked through.
pub(crate) async fn beside_not_sold(
    tx: &mut Tx,
    access: &Access,
    sold: &Item,
    is_within_product: bool,
    now: Timestamp,
) -> Result<Vec<(String, Unavailable)>, Error> {
    let (buyer, beside) = (access.organization(), beside(sold, is_within_product));
    let found = search::list(tx, &buyer.chain, &beside, None, BESIDE_MAX, now).await?;
    let mut offers = found.offers;
    offers.retain(|offer| offer.id != sold.offer && !offer.is_addon());
    Ok(not_sold(offers, buyer))
}

/// Those that others are sold, and why they are not sold here.
fn not_sold(offers: Vec<Offer>, buyer: &Organization) -> Vec<(String, Unavailable)> {
    let why = |offer: Offer| Some((offer.unavailable(buyer)?, offer.name));
    let why = offers.into_iter().filter_map(why);
    why.filter(|(why, _)| *why != Unavailable::Withdrawn)
        .map(|(why, name)| (name, why))
        .collect()
}

/// Puts offers and the rules of whoever buys them together.
pub(crate) async fn with_rules(
    tx: &mut Tx,
    buyer: &Organization,
    found: Vec<Offer>,
    now: Timestamp,
) -> Result<Offers, Error> {
    let sold = found.iter().map(|offer| (offer.vendor, offer.id)).collect();
    let wanted = Wanted {
        chain: &buyer.chain,
        sold: Some(sold),
        at: now,
    };
    Ok(Offers {
        book: price_rules::find_book(tx, &wanted).await?,
        buyer: buyer.clone(),
        found,
    })
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
        questions: questions(offer),
    }
}

/// What is asked at a purchase, and after it what only a change asks.
fn questions(offer: &Offer) -> Vec<(String, String)> {
    let forms = offer.form.iter().chain(offer.change_form());
    let mut asked: Vec<(String, String)> = Vec::new();
    for question in forms.flat_map(|form| &form.questions) {
        if asked.iter().all(|(known, _)| *known != question.name) {
            asked.push((question.name.clone(), question.title.clone()));
        }
    }
    asked
}
