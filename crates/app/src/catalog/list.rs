//! The catalog as a list: a page of what an organization may be sold, and what it can be narrowed to.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{OfferId, OrganizationId, VendorId};
use domain::offer::listing::Search;
use domain::text::Invalid;
use store::catalog::search::{self, Place};
use store::{Tx, catalog};

use super::{SeenOffer, with_rules};
use crate::access::Access;
use crate::{App, Error};

/// Offers of a page at the most.
pub const LIMIT_MAX: u32 = 200;

/// Which offers are asked for; what is empty does not matter.
#[derive(Debug, Clone, Default)]
pub struct AskedOffers {
    /// Beginnings of words of the offer, its product, vendor and categories.
    pub words: String,
    /// A vendor's id, or its short name.
    pub vendor: String,
    /// A category as it is written; `Other` for what is in none.
    pub category: String,
    /// Only what organizations of this country, kind and currency are sold.
    pub sold_here: bool,
    /// Beyond this one, with which the page before ended.
    pub after: Option<OfferId>,
    /// So many at the most.
    pub limit: u32,
}

/// A page of a catalog.
#[derive(Debug, Clone)]
pub struct OfferPage {
    /// By category; offers of one product stand together.
    pub offers: Vec<SeenOffer>,
    /// Where the next page begins, where there may be one.
    pub next: Option<OfferId>,
    /// Beginnings of words that stand for too many words to look for all of them.
    pub too_common: Vec<String>,
}

/// What a catalog can be narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Facets {
    /// Id, short name and name, by name.
    pub vendors: Vec<(VendorId, String, String)>,
    /// By name, last `Other` where something is in none; empty where everything is.
    pub categories: Vec<String>,
}

impl App {
    /// A page of the offers that an organization may be sold. Those that it can't buy are among them, and
    /// say why.
    pub async fn catalog(&self, access: &Access, asked: &AskedOffers) -> Result<OfferPage, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        check_limit(asked)?;
        let mut tx = self.store.read().await?;
        let (buyer, now) = (access.organization(), self.clock.now());
        let wanted = read(&mut tx, access, asked).await?;
        let after = after(&mut tx, access, asked, now).await?;
        let limit = asked.limit as usize;
        let found = search::list(&mut tx, &buyer.chain, &wanted, after, limit, now).await?;
        let offers = with_rules(&mut tx, buyer, found.offers, now).await?;
        let seen = offers.found.iter().map(|offer| offers.seen(offer, access));
        let mut seen = seen.collect::<Result<Vec<SeenOffer>, _>>()?;
        name_parents(&mut tx, access, &mut seen).await?;
        Ok(OfferPage {
            offers: seen,
            next: found.next.map(|(_, offer)| offer),
            too_common: found.too_common,
        })
    }

    /// What the catalog of an organization can be narrowed to.
    pub async fn catalog_facets(&self, access: &Access) -> Result<Facets, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let mut tx = self.store.read().await?;
        facets(&mut tx, &access.organization().chain).await
    }
}

pub(super) fn check_limit(asked: &AskedOffers) -> Result<(), Error> {
    match (1..=LIMIT_MAX).contains(&asked.limit) {
        true => Ok(()),
        false => Err(invalid("/limit", "must be between 1 and 200")),
    }
}

/// What the offers of some owners can be narrowed to.
pub(super) async fn facets(tx: &mut Tx, owners: &[OrganizationId]) -> Result<Facets, Error> {
    let vendors = catalog::list_vendors(tx, owners).await?;
    let vendor = |vendor: catalog::Vendor| (vendor.id, vendor.slug, vendor.name);
    Ok(Facets {
        vendors: vendors.into_iter().map(vendor).collect(),
        categories: search::list_categories(tx, owners).await?,
    })
}

pub(super) async fn read(
    tx: &mut Tx,
    access: &Access,
    asked: &AskedOffers,
) -> Result<Search, Error> {
    let buyer = access.organization();
    let vendor = match asked.vendor.trim() {
        "" => None,
        typed => match typed.parse::<VendorId>() {
            Ok(id) => Some(id),
            Err(_) => {
                let known = catalog::list_vendors(tx, &buyer.chain).await?;
                let found = known
                    .iter()
                    .find(|vendor| vendor.slug == typed.to_lowercase());
                let words = "must be the id or short name of a vendor of the catalog";
                Some(found.ok_or_else(|| invalid("/vendor", words))?.id)
            }
        },
    };
    let search = Search {
        vendor,
        category: Some(asked.category.clone()).filter(|name| !name.is_empty()),
        ..Search::default()
    };
    let search = search.with_words(&asked.words);
    Ok(match asked.sold_here {
        true => search.sold_to(buyer),
        false => search,
    })
}

/// The place where the page before ended.
pub(super) async fn after(
    tx: &mut Tx,
    access: &Access,
    asked: &AskedOffers,
    now: jiff::Timestamp,
) -> Result<Option<Place>, Error> {
    let Some(id) = asked.after else {
        return Ok(None);
    };
    let chain = &access.organization().chain;
    let found = catalog::find_offers(tx, chain, &[id].into(), now).await?;
    let words = "must be the one of a page before; begin at the first page";
    let offer = found.first().ok_or_else(|| invalid("/cursor", words))?;
    Ok(Some((offer.place(), offer.id)))
}

/// Names what add-ons go with, all of them in one look.
pub(super) async fn name_parents(
    tx: &mut Tx,
    access: &Access,
    seen: &mut [SeenOffer],
) -> Result<(), Error> {
    let parents = seen
        .iter()
        .flat_map(|seen| seen.offer.parents.iter().copied());
    let parents: BTreeSet<OfferId> = parents.collect();
    let chain = &access.organization().chain;
    let names = catalog::find_names(tx, chain, &parents).await?;
    for seen in seen {
        let parents = seen.offer.parents.iter();
        seen.addon_to = parents.filter_map(|id| names.get(id).cloned()).collect();
    }
    Ok(())
}

fn invalid(field: &'static str, words: &str) -> Error {
    Error::Invalid {
        field,
        reason: Invalid(words.into()),
    }
}
