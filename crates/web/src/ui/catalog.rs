//! What can be bought: the list with its search and filters, a page at a time.

use app::catalog::{AskedOffers, Facets, OfferPage, SeenOffer};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::id::VendorId;
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
    q: String,
    vendor: String,
    category: String,
    sold: String,
    after: String,
}

impl Wanted {
    fn asked(&self) -> Result<AskedOffers, app::Error> {
        Ok(AskedOffers {
            words: self.q.clone(),
            vendor: self.vendor.clone(),
            category: self.category.clone(),
            sold_here: self.sold == "here",
            after: read_cursor(&self.after)?,
            limit: PAGE,
        })
    }

    fn is_everything(&self) -> bool {
        let words = [&self.q, &self.vendor, &self.category, &self.sold];
        words.into_iter().all(String::is_empty)
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
    /// The offers of each product together, with its name where it has one of its own; what stands
    /// alone shares a row with its neighbors.
    fn groups(&self) -> Vec<(&str, Vec<&SeenOffer>)> {
        let mut groups: Vec<(&str, Vec<&SeenOffer>)> = Vec::new();
        for found in &self.found.offers {
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

    /// What the cheapest plan costs, and how often.
    fn price(&self, offer: &SeenOffer) -> Option<(String, String)> {
        let plan = offer.cheapest()?;
        let words = match plan.cadence.cycle_months {
            0 => "per license, once".to_owned(),
            1 => "per license and month".to_owned(),
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
        shortened(&said, " · ", "ways to pay")
    }

    fn next(&self) -> Option<String> {
        let next = self.found.next?.to_string();
        let pairs = [
            ("q", self.wanted.q.as_str()),
            ("vendor", &self.wanted.vendor),
            ("category", &self.wanted.category),
            ("sold", &self.wanted.sold),
            ("after", &next),
        ];
        let pairs = pairs.into_iter().filter(|(_, word)| !word.is_empty());
        serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).ok()
    }

    fn is_vendor(&self, id: &VendorId, slug: &str) -> bool {
        self.wanted.vendor == slug || self.wanted.vendor == id.to_string()
    }
}

/// The first few, and how many more there are.
fn shortened(names: &[String], between: &str, what: &str) -> String {
    let (first, more) = names.split_at(names.len().min(NAMED_MAX));
    match more.len() {
        0 => first.join(between),
        more => format!("{}{between}{more} more {what}", first.join(between)),
    }
}

/// The names of what an add-on is bought with.
pub(crate) fn parents(offer: &SeenOffer) -> String {
    shortened(&offer.addon_to, ", ", "licenses")
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let found = web.app.catalog(&access, &wanted.asked()?).await?;
    Ok(render(&CatalogPage {
        frame: Frame::new(&web, &visitor, &access, Section::Catalog).await?,
        facets: web.app.catalog_facets(&access).await?,
        wanted,
        found,
    }))
}
