//! An offer with what stands around it when somebody wants to buy it: its add-ons, or what it is an add-on
//! to, and what runs of it already.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Permission;
use domain::id::OfferId;
use domain::offer::{Offer, Unavailable, not_alone};
use domain::subscription::{SeenSubscription, Subscription};
use jiff::Timestamp;
use store::{Tx, catalog, subscriptions};

use super::{Offers, SeenOffer, load_all, with_rules};
use crate::access::Access;
use crate::{App, Error};

/// Add-ons of one offer, and names of what an add-on goes with, at the most.
const ADDONS_MAX: u32 = 100;
const NAMES_MAX: usize = 5;
/// Subscriptions that are told of at the most.
const RUNNING_MAX: u32 = 20;

/// An offer that somebody wants to buy.
#[derive(Debug, Clone)]
pub struct Configurable {
    /// The offer.
    pub found: SeenOffer,
    /// What can be bought with it.
    pub addons: Vec<SeenOffer>,
    /// What it is an add-on to; without these it can't be bought.
    pub parents: Vec<(OfferId, String)>,
    /// Active subscriptions of it, of an add-on those that it can be added to; the newest.
    pub running: Vec<SeenSubscription>,
}

impl App {
    /// One of the offers that an organization may buy, with what stands around it.
    pub async fn configurable(&self, access: &Access, id: OfferId) -> Result<Configurable, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let mut tx = self.store.read().await?;
        let now = self.clock.now();
        let offers = load_all(&mut tx, access, [id].into(), now).await?;
        let offer = offers.found.first().ok_or(Error::NotFound)?;
        let addons = load_addons(&mut tx, access, [id].into(), now).await?;
        let addons = addons.found.iter().map(|addon| addons.seen(addon, access));
        let of = match offer.is_addon() {
            true => offer.parents.iter().copied().collect(),
            false => [id].into(),
        };
        Ok(Configurable {
            addons: addons.collect::<Result<_, _>>()?,
            parents: parents(&mut tx, access, offer, now).await?,
            running: running(&mut tx, access, &of).await?,
            found: offers.seen(offer, access)?,
        })
    }

    /// The add-ons to some offers that an organization can buy today, by name.
    pub async fn addons_to(
        &self,
        access: &Access,
        licenses: &BTreeSet<OfferId>,
    ) -> Result<Vec<SeenOffer>, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let mut tx = self.store.read().await?;
        let addons = load_addons(&mut tx, access, licenses.clone(), self.clock.now()).await?;
        let seen = addons.found.iter().map(|addon| addons.seen(addon, access));
        seen.collect()
    }

    /// Of some offers those that are sold in one quantity only, with it: nobody is asked how many.
    pub async fn only_quantities(
        &self,
        access: &Access,
        offers: BTreeSet<OfferId>,
    ) -> Result<BTreeMap<OfferId, u32>, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let chain = &access.organization().chain;
        let mut tx = self.store.read().await?;
        let found = catalog::find_offers(&mut tx, chain, &offers, self.clock.now()).await?;
        let only = found.iter().filter(|offer| !offer.asks_quantity());
        Ok(only.map(|offer| (offer.id, offer.minimum)).collect())
    }

    /// Active subscriptions of some offers, the newest: what somebody who buys one again may want to
    /// increase instead.
    pub async fn running_of(
        &self,
        access: &Access,
        offers: &BTreeSet<OfferId>,
    ) -> Result<Vec<SeenSubscription>, Error> {
        let mut tx = self.store.read().await?;
        running(&mut tx, access, offers).await
    }
}

impl Offers {
    /// Each of them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Offer> {
        self.found.iter()
    }

    /// Whether one of them is an add-on to a license.
    pub(crate) fn go_together(&self, addon: OfferId, license: OfferId) -> bool {
        let mut found = self.found.iter();
        found.any(|offer| offer.id == addon && offer.parents.contains(&license))
    }
}

/// Nothing for those who may not see what runs.
async fn running(
    tx: &mut Tx,
    access: &Access,
    offers: &BTreeSet<OfferId>,
) -> Result<Vec<SeenSubscription>, Error> {
    if access.require(Permission::SeeOrders).is_err() {
        return Ok(Vec::new());
    }
    let found = subscriptions::list_of_offers(tx, access.tenant(), offers, RUNNING_MAX).await?;
    let seen = |found: &Subscription| found.seen_by(access.visibility());
    Ok(found.iter().map(seen).collect::<Result<_, _>>()?)
}

/// The add-ons to offers that an organization can buy today.
pub(crate) async fn load_addons(
    tx: &mut Tx,
    access: &Access,
    parents: BTreeSet<OfferId>,
    now: Timestamp,
) -> Result<Offers, Error> {
    let buyer = access.organization();
    let mut found = catalog::list_addons(tx, &buyer.chain, &parents, ADDONS_MAX, now).await?;
    found.retain(|addon| addon.unavailable(buyer).is_none());
    with_rules(tx, buyer, found, now).await
}

/// The add-ons to an offer that others can buy and an organization can't, by name, and why.
pub(crate) async fn addons_not_sold(
    tx: &mut Tx,
    access: &Access,
    license: OfferId,
    now: Timestamp,
) -> Result<Vec<(String, Unavailable)>, Error> {
    let (buyer, license) = (access.organization(), [license].into());
    let found = catalog::list_addons(tx, &buyer.chain, &license, ADDONS_MAX, now).await?;
    Ok(super::not_sold(found, buyer))
}

/// What an add-on goes with, as far as it is sold here, by name.
async fn parents(
    tx: &mut Tx,
    access: &Access,
    offer: &Offer,
    now: Timestamp,
) -> Result<Vec<(OfferId, String)>, Error> {
    let buyer = access.organization();
    let asked = offer.parents.iter().copied().collect();
    let mut found = catalog::find_offers(tx, &buyer.chain, &asked, now).await?;
    found.retain(|parent| parent.unavailable(buyer).is_none());
    found.sort_by(|one, other| one.name.cmp(&other.name));
    let named = |parent: Offer| (parent.id, parent.name);
    Ok(found.into_iter().map(named).collect())
}

/// Refuses an add-on by itself: why, and the ways to have it.
pub(crate) async fn check_alone(
    tx: &mut Tx,
    access: &Access,
    offer: &Offer,
    now: Timestamp,
) -> Result<(), Error> {
    if !offer.is_addon() {
        return Ok(());
    }
    let parents = parents(tx, access, offer, now).await?;
    let names = parents.into_iter().map(|(_, name)| name).take(NAMES_MAX);
    Err(Error::Invalid {
        field: "/offer",
        reason: not_alone(&names.collect::<Vec<_>>()),
    })
}
