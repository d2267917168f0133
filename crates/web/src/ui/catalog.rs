//! What can be bought: the list with its search and filters, a page at a time.

use app::catalog::{AskedOffers, Facets, OfferPage, SeenOffer};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::id::VendorId;
use domain::order::listing::words::fold;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::catalog::read_cursor;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// Offers of a page: full rows of two, three and four cards.
const PAGE: u32 = 24;
/// Terms and parents that a card names.
const NAMED_MAX: usize = 3;

/// Which offers are asked for, as an address says it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    pub(super) q: String,
    vendor: String,
    pub(super) category: String,
    sold: String,
    pub(super) after: String,
}

impl Wanted {
    pub(super) fn asked(&self, limit: u32) -> Result<AskedOffers, app::Error> {
        Ok(AskedOffers {
            words: self.q.clone(),
            vendor: self.vendor.clone(),
            category: self.category.clone(),
            sold_here: self.sold == "here",
            after: read_cursor(&self.after)?,
            limit,
        })
    }

    pub(super) fn is_everything(&self) -> bool {
        let words = [&self.q, &self.vendor, &self.category, &self.sold];
        words.into_iter().all(String::is_empty)
    }

    pub(super) fn is_vendor(&self, id: &VendorId, slug: &str) -> bool {
        self.vendor == slug || self.vendor == id.to_string()
    }

    /// The same list from a place on, as an address asks for it.
    pub(super) fn from(&self, after: &str) -> String {
        let pairs = [
            ("q", self.q.as_str()),
            ("vendor", &self.vendor),
            ("category", &self.category),
            ("sold", &self.sold),
            ("after", after),
        ];
        let pairs = pairs.into_iter().filter(|(_, word)| !word.is_empty());
        // Pairs of plain text always have a form.
        serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).unwrap_or_default()
    }

    /// This very page.
    pub(super) fn here(&self) -> String {
        self.from(&self.after)
    }
}

#[derive(Template)]
#[template(path = "catalog.html")]
struct CatalogPage {
    frame: Frame,
    facets: Facets,
    wanted: Wanted,
    found: OfferPage,
}

impl CatalogPage {
    /// The products under each heading. Nothing stands under headings where nothing is sorted, and under
    /// one alone where it was asked for.
    fn headings(&self) -> Vec<(&str, Vec<Group<'_>>)> {
        let offers = self.found.offers.as_slice();
        if offers.is_empty() {
            return Vec::new();
        }
        if self.facets.categories.is_empty() || !self.wanted.category.is_empty() {
            return vec![(&self.wanted.category, groups(offers))];
        }
        let is_under_one =
            |a: &SeenOffer, b: &SeenOffer| fold(a.offer.category()) == fold(b.offer.category());
        let headings = offers.chunk_by(is_under_one);
        headings
            .filter_map(|some| Some((some.first()?.offer.category(), groups(some))))
            .collect()
    }

    /// What the cheapest plan costs, and how often.
    fn price(&self, offer: &SeenOffer) -> Option<(String, String)> {
        let plan = offer.cheapest()?;
        let words = match plan.cadence.cycle_months {
            0 => "per license, once".to_owned(),
            1 => "per license per month".to_owned(),
            _ => format!("per license, billed {}", plan.cadence.cycle_label()),
        };
        Some((plan.unit.unit.to_string(), words))
    }

    /// How long one is bound, and how often is paid: each pair once.
    fn terms(&self, offer: &SeenOffer) -> String {
        let mut said: Vec<String> = Vec::new();
        for plan in &offer.plans {
            let (term, cycle) = (plan.cadence.term_label(), plan.cadence.cycle_label());
            let words = format!("{term}, billed {cycle}");
            if !said.contains(&words) {
                said.push(words);
            }
        }
        shortened(&said, " · ")
    }

    fn next(&self) -> Option<String> {
        Some(self.wanted.from(&self.found.next?.to_string()))
    }
}

/// A product's name, where it has one of its own, and its offers.
type Group<'p> = (&'p str, Vec<&'p SeenOffer>);

/// The offers of each product together; what stands alone shares a row with its neighbors.
fn groups(offers: &[SeenOffer]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for found in offers {
        let name = found.offer.product_name.as_str();
        let is_beside = |before: &SeenOffer| {
            before.offer.product_name == name
                && (name.is_empty()
                    || (before.offer.vendor, &before.offer.product)
                        == (found.offer.vendor, &found.offer.product))
        };
        match groups.last_mut() {
            Some((_, offers)) if offers.last().is_some_and(|last| is_beside(last)) => {
                offers.push(found);
            }
            _ => groups.push((name, vec![found])),
        }
    }
    groups
}

/// How deep a heading is under those of a category and a product, as far as there are any.
fn level(category: &str, product: &str) -> usize {
    2 + usize::from(!category.is_empty()) + usize::from(!product.is_empty())
}

/// The first few, and how many more there are.
pub(super) fn shortened(names: &[String], between: &str) -> String {
    let (first, more) = names.split_at(names.len().min(NAMED_MAX));
    match more.len() {
        0 => first.join(between),
        more => format!("{}{between}{more} more", first.join(between)),
    }
}

/// The names of what an add-on is bought with.
pub(crate) fn parents(offer: &SeenOffer) -> String {
    shortened(&offer.addon_to, ", ")
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let found = web.app.catalog(&access, &wanted.asked(PAGE)?).await?;
    Ok(render(&CatalogPage {
        frame: Frame::new(&web, &visitor, &access, Section::Catalog).await?,
        facets: web.app.catalog_facets(&access).await?,
        wanted,
        found,
    }))
}
