//! The products that a partner keeps in its own catalog, and the categories that its staff sort them
//! into. What a seller's customers are offered from above stands under the headings of above.

use domain::access::Permission;
use domain::edit::{Edit, Subject};
use domain::id::{EditId, OfferId, VendorId};
use domain::offer::{Offer, category};
use domain::organization::Organization;
use domain::subscription::decide::Problem;
use jiff::Timestamp;
use serde::Deserialize;
use store::catalog::{self, search};
use store::{Tx, edits};

use super::list::{self, AskedOffers, Facets};
use crate::access::{Access, Caller};
use crate::edits::append;
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
    /// Who sorted it so, and when; nothing where nobody has.
    pub sorted: Option<Edit>,
    /// The names of its offers, those of this page.
    pub offers: Vec<String>,
}

impl Product {
    fn subject(&self) -> Subject {
        Subject::Product {
            vendor: self.vendor,
            product: self.product.clone(),
        }
    }
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
        let mut products = by_product(found.offers);
        let subjects: Vec<Subject> = products.iter().map(Product::subject).collect();
        for edit in edits::latest(&mut tx, partner.id, &subjects).await? {
            let of = |product: &&mut Product| product.subject() == edit.subject;
            for product in products.iter_mut().filter(of) {
                product.sorted = Some(edit.clone());
            }
        }
        Ok(Products {
            products,
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
        let sorting = Sorting {
            access: access.clone(),
            typed,
            id: EditId(self.id()),
            now: self.clock.now(),
        };
        let sorted = self
            .store
            .write(sorting, |sorting, tx| Box::pin(sorting.run(tx)));
        sorted.await
    }
}

/// Products that somebody sorts.
struct Sorting {
    access: Access,
    typed: TypedSorting,
    id: EditId,
    now: Timestamp,
}

impl Sorting {
    async fn run(&self, tx: &mut Tx) -> Result<(), Error> {
        let known = search::list_categories(tx, &[self.access.tenant()]).await?;
        let categories = category::parse(&self.typed.categories, &known)
            .map_err(|reason| Error::Problems(vec![Problem::new("/categories", reason.0)]))?;
        for TypedProduct { vendor, product } in &self.typed.products {
            let is_own = match vendor.parse() {
                Ok(vendor) => self.sort(tx, vendor, product, &categories).await?,
                Err(_) => false,
            };
            if !is_own {
                let words = format!("must be of this catalog, and {product} is not");
                return Err(Error::Problems(vec![Problem::new("/products", words)]));
            }
        }
        Ok(())
    }

    /// Sorts one and writes down who did; `false` where the partner has no such product.
    async fn sort(
        &self,
        tx: &mut Tx,
        vendor: VendorId,
        product: &str,
        categories: &[String],
    ) -> Result<bool, Error> {
        let owner = self.access.tenant();
        let one = std::iter::once(product);
        let mut before = catalog::find_categories(tx, owner, vendor, one).await?;
        if !catalog::sort_product(tx, owner, vendor, product, categories).await? {
            return Ok(false);
        }
        let subject = Subject::Product {
            vendor,
            product: product.to_owned(),
        };
        let before = before.remove(product).unwrap_or_default();
        let change = (before, categories.to_vec());
        let edit = Edit::of(subject, change, self.access.actor(), self.now);
        append(tx, &self.access, self.id, edit).await?;
        Ok(true)
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
                sorted: None,
                offers: vec![offer.name],
            }),
        }
    }
    products
}
