//! What an offer's page says of it, before the form to buy it.

use app::catalog::{Outlook, SeenOffer};
use domain::offer::Unavailable;

use super::catalog;

/// The facts of an offer, for `offer_facts.html`.
pub(crate) struct OfferFacts {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) vendor: String,
    /// Empty where it is the only one of its product.
    pub(crate) product: String,
    /// Names, with the question that asks for them.
    pub(crate) categories: Vec<(String, String)>,
    /// What it is bought with; empty where it is bought by itself.
    pub(crate) addon_to: String,
    pub(crate) unavailable: Option<Unavailable>,
    /// Prices that end or come.
    pub(crate) outlook: Vec<Outlook>,
}

impl OfferFacts {
    pub(crate) fn new(found: &SeenOffer, outlook: Vec<Outlook>) -> OfferFacts {
        let offer = &found.offer;
        OfferFacts {
            name: offer.name.clone(),
            description: offer.description.clone(),
            vendor: offer.vendor_name.clone(),
            product: offer.product_name.clone(),
            categories: offer.categories.iter().map(|name| asked(name)).collect(),
            addon_to: catalog::parents(found),
            unavailable: found.unavailable.clone(),
            outlook,
        }
    }
}

/// A category, and how an address asks for it.
fn asked(category: &str) -> (String, String) {
    let question = serde_urlencoded::to_string([("category", category)]);
    (category.to_owned(), question.unwrap_or_default())
}
