//! The products that a partner keeps in its own catalog, and the categories that its staff sort them
//! into. What a seller's customers are offered from above stands under the headings of above.

use domain::access::Permission;
use domain::id::{OfferId, VendorId};
use domain::offer::{Offer, category};
use domain::organization::Organization;
use domain::subscription::decide::Problem;
use serde::Deserialize;
use store::catalog::{self, search};

use super::list::{self, AskedOffers, Facets};
use crate::access::{Access, Caller};
use crate::{App, Error};

/// Products that are sorted at once, at the most.
const AT_ONCE_MAX: usize = 100;

/// A vendor's product, by the vendor's id of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedProduct {
    /// The vendor's id.
    pub vendor: String,
    /// The vendor's own id of the product.
    pub product: String,
}

/// Products, and what they are to be sorted under.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedSorting {
    /// 1 to 100 products.
    pub products: Vec<TypedProduct>,
    /// Names of at most 60 characters, at most five; they stand under the first in catalogs, under
    /// `Other` where there is none.
    pub categories: Vec<String>,
}

/// A product of a partner's own catalog.
#[derive(Debug, Clone)]
pub struct Product {
    /// Whose product it is.
    pub vendor: VendorId,
    /// Its name for people.
    pub vendor_name: String,
    /// The vendor's own id of it.
    pub product: String,
    /// Its name for people.
    pub name: String,
    /// What it is sorted under.
    pub categories: Vec<String>,
    /// The names of its offers, those of this page.
    pub offers: Vec<String>,
}

/// A page of a partner's products.
#[derive(Debug, Clone)]
pub struct Products {
    /// Whose they are.
    pub partner: Organization,
    /// In the sequence of the catalog.
    pub products: Vec<Product>,
    /// Where the next page begins, where there may be one.
    pub next: Option<OfferId>,
    /// Beginnings of words that stand for too many words to look for all of them.
    pub too_common: Vec<String>,
    /// What the list can be narrowed to.
    pub facets: Facets,
}

impl App {
    /// The distributors and sellers whose categories a caller may look at, by name.
    pub async fn sorting_partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        self.partners_for(caller, Permission::SortCatalog).await
    }

    /// A page of the products that a partner keeps in its own catalog; the limit counts their offers.
    pub async fn products(&self, access: &Access, asked: &AskedOffers) -> Result<Products, Error> {
        access.require_view(Permission::SortCatalog)?;
        list::check_limit(asked)?;
        let partner = access.organization().clone();
        let (own, now) = ([partner.id], self.clock.now());
        let mut tx = self.store.read().await?;
        let wanted = list::read(&mut tx, access, asked).await?;
        let after = list::after(&mut tx, access, asked, now).await?;
        let limit = asked.limit as usize;
        let found = search::list(&mut tx, &own, &wanted, after, limit, now).await?;
        Ok(Products {
            products: by_product(found.offers),
            next: found.next.map(|(_, offer)| offer),
            too_common: found.too_common,
            facets: list::facets(&mut tx, &own).await?,
            partner,
        })
    }

    /// Sorts products of a partner's own catalog, with all their offers and those to come.
    pub async fn sort_products(&self, access: &Access, typed: TypedSorting) -> Result<(), Error> {
        access.require(Permission::SortCatalog)?;
        let wrong = |words: &str| Error::Problems(vec![Problem::new("/products", words)]);
        if !(1..=AT_ONCE_MAX).contains(&typed.products.len()) {
            return Err(wrong("must be 1 to 100; choose some"));
        }
        let sorted = self
            .store
            .write((access.tenant(), typed), |(owner, typed), tx| {
                Box::pin(async move {
                    let known = search::list_categories(tx, &[*owner]).await?;
                    let categories =
                        category::parse(&typed.categories, &known).map_err(|reason| {
                            Error::Problems(vec![Problem::new("/categories", reason.0)])
                        })?;
                    for TypedProduct { vendor, product } in &typed.products {
                        let is_own = match vendor.parse() {
                            Ok(vendor) => {
                                catalog::sort_product(tx, *owner, vendor, product, &categories)
                                    .await?
                            }
                            Err(_) => false,
                        };
                        if !is_own {
                            let words = format!("must be of this catalog, and {product} is not");
                            return Err(Error::Problems(vec![Problem::new("/products", words)]));
                        }
                    }
                    Ok(())
                })
            });
        sorted.await
    }
}

/// Offers beside one another as the products that they are of.
fn by_product(offers: Vec<Offer>) -> Vec<Product> {
    let mut products: Vec<Product> = Vec::new();
    for offer in offers {
        let is_it = |product: &&mut Product| {
            (product.vendor, &product.product) == (offer.vendor, &offer.product)
                && product.categories == offer.categories
        };
        match products.last_mut().filter(is_it) {
            Some(product) => product.offers.push(offer.name),
            None => products.push(Product {
                name: offer.heading().to_owned(),
                vendor: offer.vendor,
                vendor_name: offer.vendor_name,
                product: offer.product,
                categories: offer.categories,
                offers: vec![offer.name],
            }),
        }
    }
    products
}
