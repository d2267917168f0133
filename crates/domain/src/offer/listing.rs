//! Where an offer stands in its catalog, and what it is found by there.

use std::collections::BTreeSet;

use super::category::OTHER;
use super::{Country, Offer, Segment};
use crate::id::VendorId;
use crate::money::Currency;
use crate::order::listing::words::{chunks, fold, words};
use crate::organization::Organization;

/// Words that an offer is found by at the most.
const WORDS_MAX: usize = 200;
/// Words of a search at the most; more narrow nothing down that these don't.
const ASKED_MAX: usize = 8;

/// Every offer.
pub const EVERY: &str = "*";
/// What the terms of categories begin with; the rest is the category as it is written.
pub const CATEGORY: &str = "c.";

/// An offer's place and terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Sorts the catalog: by category, and within it offers of one product stand together.
    pub place: String,
    /// Each is a list that it is in.
    pub terms: BTreeSet<String>,
}

/// What of a catalog is looked for; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Of this vendor.
    pub vendor: Option<VendorId>,
    /// One of a vendor's products, by the vendor's id of it.
    pub product: Option<(VendorId, String)>,
    /// Sorted under this; [`OTHER`] for what is in no category.
    pub category: Option<String>,
    /// Sold to organizations of this place, kind and currency.
    pub sold_to: Option<(Country, Segment, Currency)>,
    /// With words that begin with all of these.
    pub words: Vec<String>,
}

impl Search {
    /// Takes over what was typed into the search field.
    pub fn with_words(mut self, typed: &str) -> Search {
        self.words = chunks(&fold(typed));
        self.words.truncate(ASKED_MAX);
        self
    }

    /// For an organization: what it may be sold by its place, kind and currency.
    pub fn sold_to(mut self, buyer: &Organization) -> Search {
        self.sold_to = Some((buyer.country, buyer.segment, buyer.currency));
        self
    }

    /// The terms to look up, words apart: an offer is found when it has one of each set.
    pub fn conditions(&self) -> Vec<Vec<String>> {
        let mut sets = Vec::new();
        sets.extend(self.vendor.map(|id| vec![vendor(id)]));
        let product = self.product.as_ref();
        sets.extend(product.map(|(vendor, id)| vec![product_of(*vendor, id)]));
        sets.extend(self.category.as_ref().map(|name| vec![category(name)]));
        sets.extend(self.sold_to.map(|(country, segment, currency)| {
            let places = [Some(country), None];
            let kinds = [Some(segment), None];
            let pairs = places
                .iter()
                .flat_map(|place| kinds.iter().map(move |kind| (*place, *kind)));
            pairs
                .map(|(place, kind)| sold(place, kind, currency))
                .collect()
        }));
        if sets.is_empty() && self.words.is_empty() {
            sets.push(vec![EVERY.to_owned()]);
        }
        sets
    }
}

fn vendor(id: VendorId) -> String {
    format!("v.{}", id.0.simple())
}

fn product_of(vendor: VendorId, product: &str) -> String {
    format!("p.{}.{product}", vendor.0.simple())
}

fn category(name: &str) -> String {
    format!("{CATEGORY}{name}")
}

/// A place, kind and currency that it has a plan for.
fn sold(market: Option<Country>, segment: Option<Segment>, currency: Currency) -> String {
    let market = market.as_ref().map_or("*", Country::code);
    let segment = segment.map_or("*", Segment::name);
    format!("a.{market}.{segment}.{}", currency.code())
}

/// With a word that begins so.
pub fn word(beginning: &str) -> String {
    format!("w.{beginning}")
}

impl Offer {
    /// What the offers of its product have in common before their own names: the product's name, its
    /// own where it is the only one.
    pub fn heading(&self) -> &str {
        match self.product_name.as_str() {
            "" => &self.name,
            product => product,
        }
    }

    /// Sorts catalogs, with its id where two have the same.
    pub fn place(&self) -> String {
        let product = format!("{}\u{1f}{}", self.vendor.0.simple(), self.product);
        [
            self.category_place(),
            fold(self.heading()),
            product,
            fold(&self.name),
        ]
        .join("\u{1f}")
    }

    /// Its entry in lists; `None` for what nobody is sold any more.
    pub fn entry(&self) -> Option<Entry> {
        if self.is_withdrawn {
            return None;
        }
        let mut terms = BTreeSet::from([
            EVERY.to_owned(),
            vendor(self.vendor),
            product_of(self.vendor, &self.product),
        ]);
        match self.categories.as_slice() {
            [] => drop(terms.insert(category(OTHER))),
            names => terms.extend(names.iter().map(|name| category(name))),
        }
        let plans = self.plans.iter();
        terms.extend(plans.map(|plan| sold(plan.market, plan.segment, plan.currency)));
        let own = [
            &self.name,
            &self.product_name,
            &self.vendor_name,
            &self.product,
            &self.vendor_plan,
        ];
        let texts = own.into_iter().chain(&self.categories);
        let found: BTreeSet<String> = texts.flat_map(|text| words(text)).collect();
        terms.extend(found.iter().take(WORDS_MAX).map(|found| word(found)));
        Some(Entry {
            place: self.place(),
            terms,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{OfferId, OrganizationId, PlanId};
    use crate::offer::{Cadence, Plan};

    fn offer(product: &str, name: &str) -> Offer {
        Offer {
            name: name.into(),
            product: product.to_lowercase(),
            product_name: product.into(),
            vendor_name: "Microsoft".into(),
            categories: vec!["Security & Compliance".into()],
            ..Offer::new(
                OfferId(Uuid::nil()),
                OrganizationId(Uuid::nil()),
                VendorId(Uuid::nil()),
            )
        }
    }

    fn plan(market: &str, segment: Option<Segment>) -> Plan {
        Plan {
            id: PlanId(Uuid::nil()),
            cadence: Cadence::parse("P1Y", "monthly").unwrap(),
            currency: Currency::parse("EUR").unwrap(),
            market: Country::parse(market).ok(),
            segment,
            price: None,
        }
    }

    fn is_found(offer: &Offer, search: &Search) -> bool {
        let terms = offer.entry().map(|entry| entry.terms).unwrap_or_default();
        let has = |wanted: &String| terms.contains(wanted);
        let begins = |typed: &String| terms.iter().any(|term| term.starts_with(&word(typed)));
        let mut sets = search.conditions().into_iter();
        sets.all(|set| set.iter().any(has)) && search.words.iter().all(begins)
    }

    #[test]
    fn an_offer_is_found_by_its_words_and_by_what_it_is() {
        let found = offer("Entra", "Entra ID Plan 2");
        for typed in ["entra", "PLAN id", "2", "micros", "secur compl", "", "%"] {
            let search = Search::default().with_words(typed);
            assert!(is_found(&found, &search), "{typed}");
        }
        for typed in ["tra", "entra 3", "exchange"] {
            let search = Search::default().with_words(typed);
            assert!(!is_found(&found, &search), "{typed}");
        }
        let category = |name: &str| Search {
            category: Some(name.into()),
            ..Search::default()
        };
        assert!(is_found(&found, &category("Security & Compliance")));
        assert!(!is_found(&found, &category("Security")));
        let withdrawn = Offer {
            is_withdrawn: true,
            ..found
        };
        assert!(!is_found(&withdrawn, &Search::default()));
    }

    #[test]
    fn what_is_sold_to_a_buyer_is_found_by_place_kind_and_currency() {
        let school = Some(Segment::Education);
        let buyer = |country: &str, segment| Search {
            sold_to: Some((
                Country::parse(country).unwrap(),
                segment,
                Currency::parse("EUR").unwrap(),
            )),
            ..Search::default()
        };
        for (plans, country, segment, expected) in [
            (vec![plan("", None)], "LT", Segment::Commercial, true),
            (vec![plan("LT", None)], "LT", Segment::Commercial, true),
            (vec![plan("LV", None)], "LT", Segment::Commercial, false),
            (vec![plan("", school)], "LT", Segment::Commercial, false),
            (vec![plan("LT", school)], "LT", Segment::Education, true),
            (
                vec![plan("LV", None), plan("LT", school)],
                "LT",
                Segment::Commercial,
                false,
            ),
            (vec![], "LT", Segment::Commercial, false),
        ] {
            let offer = Offer {
                plans,
                ..offer("Entra", "Plan 1")
            };
            let found = is_found(&offer, &buyer(country, segment));
            assert_eq!(found, expected, "{:?}", offer.plans);
        }
    }

    #[test]
    fn offers_stand_by_category_and_those_of_one_product_together() {
        let under = |categories: &[&str], product: &str, name: &str| Offer {
            categories: categories.iter().map(|name| (*name).into()).collect(),
            ..offer(product, name)
        };
        let mut offers = [
            under(&[], "Access", "Alone"),
            offer("Microsoft 365", "Premium"),
            offer("Exchange", "Plan 2"),
            offer("", "Große Lösung"),
            under(&["Übersicht"], "Access", "Zoom"),
            offer("Microsoft 365", "Basic"),
            under(&["E-mail", "Security & Compliance"], "Exchange", "plan 1"),
        ];
        offers.sort_by_key(Offer::place);
        let shown = offers
            .each_ref()
            .map(|offer| format!("{}: {}", offer.category(), offer.name));
        assert_eq!(
            shown,
            [
                "E-mail: plan 1",
                "Security & Compliance: Plan 2",
                "Security & Compliance: Große Lösung",
                "Security & Compliance: Basic",
                "Security & Compliance: Premium",
                "Übersicht: Zoom",
                "Other: Alone",
            ]
        );
        let unsorted = Search {
            category: Some(OTHER.into()),
            ..Search::default()
        };
        assert!(is_found(&offers[6], &unsorted) && !is_found(&offers[5], &unsorted));
    }
}
