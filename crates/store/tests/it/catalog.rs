//! Catalogs as lists: what is found is what a look at each offer would find, in the same sequence, and a
//! page takes as many statements among ten thousands of offers as among few.

use std::collections::BTreeSet;

use domain::id::{OfferId, OrganizationId, PlanId, VendorId};
use domain::money::Currency;
use domain::offer::category::OTHER;
use domain::offer::listing::{Search, word};
use domain::offer::{Cadence, Country, Offer, Plan, Segment};
use store::catalog::search::{self, Found, Place};
use store::catalog::{Vendor, find_categories, save_offers, save_vendor, sort_product};
use store::{Store, schema};

use crate::world::{Raw, id, on_each_database, on_each_empty, organizations, second};

const PRODUCTS: [&str; 5] = ["Entra", "Exchange Online", "", "Büro & Co", "Defender"];
/// The schema before catalogs were in the sequence of their categories.
const BEFORE_CATEGORIES: usize = 23;
const CATEGORIES: [&str; 3] = ["Security", "Mail", "Sécurité du mail"];

fn chain() -> Vec<OrganizationId> {
    [3, 2, 1].map(|number| OrganizationId(id(number))).to_vec()
}

/// The offer of a number; the seller's own among the distributor's.
fn offer(number: u128) -> Offer {
    let owner = OrganizationId(id(1 + number % 7 / 6));
    let product = PRODUCTS[(number % 5) as usize];
    let plan = |market: &str, segment| Plan {
        id: PlanId(id(number)),
        cadence: Cadence::parse("P1Y", "monthly").unwrap(),
        currency: Currency::parse(if number.is_multiple_of(3) {
            "USD"
        } else {
            "EUR"
        })
        .unwrap(),
        market: Country::parse(market).ok(),
        segment,
        price: None,
    };
    Offer {
        name: format!("{product} Plan {} no{number}", number % 9),
        product: format!("product-{}", number % 5),
        product_name: product.into(),
        vendor_name: format!("Vendor {}", number % 2),
        // Every tenth is in none, every third in two.
        categories: match number {
            _ if number % 10 == 9 => vec![],
            _ if number.is_multiple_of(3) => vec![CATEGORIES[0].into(), CATEGORIES[1].into()],
            _ => vec![CATEGORIES[(number % 3) as usize].into()],
        },
        is_withdrawn: number % 11 == 10,
        plans: match number % 4 {
            0 => vec![plan("", None)],
            1 => vec![plan("LT", Some(Segment::Education)), plan("LV", None)],
            2 => vec![plan("LT", None)],
            _ => vec![],
        },
        ..Offer::new(OfferId(id(number)), owner, VendorId(id(1 + number % 2)))
    }
}

async fn vendors(store: &Store) {
    organizations(store).await;
    for (owner, number) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let vendor = Vendor {
            owner: OrganizationId(id(owner)),
            id: VendorId(id(number)),
            slug: format!("vendor-{number}"),
            name: format!("Vendor {number}"),
            settings: String::new(),
        };
        let saved = store.write(vendor, |vendor, tx| Box::pin(save_vendor(tx, vendor)));
        saved.await.unwrap();
    }
}

async fn save(store: &Store, offers: Vec<Offer>) {
    let saved = store.write(offers, |offers, tx| {
        Box::pin(async move { save_offers(tx, offers).await })
    });
    saved.await.unwrap();
}

async fn list(store: &Store, search: &Search, after: Option<Place>, limit: usize) -> Found {
    let mut tx = store.read().await.unwrap();
    let found = search::list(&mut tx, &chain(), search, after, limit, second(0)).await;
    found.unwrap()
}

/// Every page of a list, by the offers' ids.
async fn walk(store: &Store, search: &Search, limit: usize) -> Vec<OfferId> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = list(store, search, after, limit).await;
        assert!(page.offers.len() <= limit);
        found.extend(page.offers.iter().map(|offer| offer.id));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
    panic!("the list has no end");
}

/// What is found by looking at each offer.
fn expected(offers: &[Offer], search: &Search) -> Vec<OfferId> {
    let is_found = |offer: &&Offer| {
        let terms = offer.entry().map(|entry| entry.terms).unwrap_or_default();
        let has = |set: &Vec<String>| set.iter().any(|term| terms.contains(term));
        let begins = |typed: &String| terms.iter().any(|term| term.starts_with(&word(typed)));
        !terms.is_empty() && search.conditions().iter().all(has) && search.words.iter().all(begins)
    };
    let mut found: Vec<(String, OfferId)> = offers
        .iter()
        .filter(is_found)
        .map(|offer| (offer.place(), offer.id))
        .collect();
    found.sort();
    found.into_iter().map(|(_, id)| id).collect()
}

fn searches() -> Vec<Search> {
    let eur = Currency::parse("EUR").unwrap();
    let lt = Country::parse("LT").unwrap();
    let mut searches = Vec::new();
    for words in [
        "",
        "plan",
        "exch 3",
        "secu",
        "buro",
        "no12",
        "vendor 1 no21",
        "nothing",
    ] {
        for vendor in [None, Some(VendorId(id(2)))] {
            for category in [None, Some("Mail".to_owned()), Some(OTHER.to_owned())] {
                for sold_to in [None, Some((lt, Segment::Education, eur))] {
                    let search = Search {
                        vendor,
                        category: category.clone(),
                        sold_to,
                        ..Search::default()
                    };
                    searches.push(search.with_words(words));
                }
            }
        }
    }
    searches.push(Search {
        product: Some((VendorId(id(1)), "product-0".into())),
        ..Search::default()
    });
    searches
}

#[test]
fn what_is_found_is_what_a_look_at_each_offer_finds() {
    on_each_database(async |store| {
        vendors(&store).await;
        let mut offers: Vec<Offer> = (10..320).map(offer).collect();
        save(&store, offers.clone()).await;
        for search in searches() {
            let found = walk(&store, &search, 7).await;
            assert_eq!(found, expected(&offers, &search), "{search:?}");
        }
        // Renamed, sorted elsewhere, withdrawn, sold again.
        for changed in offers.iter_mut().step_by(3) {
            changed.name = format!("Other {}", changed.name);
            changed.product_name = "Entra".into();
            changed.categories = vec!["Mail".into()];
            changed.is_withdrawn = !changed.is_withdrawn;
        }
        save(&store, offers.clone()).await;
        save(&store, offers.clone()).await;
        for search in searches() {
            let found = walk(&store, &search, 40).await;
            assert_eq!(found, expected(&offers, &search), "{search:?}");
        }
    });
}

#[test]
fn a_beginning_of_too_many_words_is_named_and_finds_the_first_of_them() {
    on_each_database(async |store| {
        vendors(&store).await;
        let offers: Vec<Offer> = (10..320).map(offer).collect();
        save(&store, offers.clone()).await;
        let search = Search::default().with_words("plan no1");
        let page = list(&store, &search, None, 200).await;
        assert_eq!(page.too_common, ["no1"]);
        let all = expected(&offers, &search);
        assert!(page.offers.len() < all.len() && page.offers.len() > 20);
        assert!(page.offers.iter().all(|offer| all.contains(&offer.id)));
    });
}

#[test]
fn categories_are_told_by_name_and_only_those_that_something_is_sold_under() {
    on_each_database(async |store| {
        vendors(&store).await;
        let told = async || {
            let mut tx = store.read().await.unwrap();
            search::list_categories(&mut tx, &chain()).await.unwrap()
        };
        assert_eq!(told().await, Vec::<String>::new());
        let mut offers: Vec<Offer> = (10..40).map(offer).collect();
        save(&store, offers.clone()).await;
        let named = ["Mail", "Security", "Sécurité du mail"];
        assert_eq!(told().await, [&named[..], &[OTHER]].concat());
        let is_other = |offer: &&mut Offer| offer.categories.is_empty();
        for other in offers.iter_mut().filter(is_other) {
            other.is_withdrawn = true;
        }
        save(&store, offers.clone()).await;
        assert_eq!(told().await, named);
        for mail in offers
            .iter_mut()
            .filter(|offer| offer.categories.contains(&"Mail".to_owned()))
        {
            mail.is_withdrawn = true;
        }
        save(&store, offers.clone()).await;
        assert_eq!(told().await, ["Sécurité du mail"]);
        // What is sold under no category alone needs no heading.
        for offer in &mut offers {
            offer.is_withdrawn = !offer.categories.is_empty();
        }
        save(&store, offers).await;
        assert_eq!(told().await, Vec::<String>::new());
    });
}

#[test]
fn a_product_is_sorted_with_all_its_offers_and_others_stay() {
    on_each_database(async |store| {
        vendors(&store).await;
        let mut offers: Vec<Offer> = (10..110).map(offer).collect();
        for (number, offer) in offers.iter_mut().enumerate() {
            offer.vendor_plan = format!("plan-{number}");
        }
        // Its id begins like another's.
        offers[4].product = "product-0 plus".into();
        save(&store, offers.clone()).await;
        let (owner, vendor) = (OrganizationId(id(1)), VendorId(id(1)));
        let sort = async |product: &'static str, under: &[&str]| {
            let under: Vec<String> = under.iter().map(|name| (*name).into()).collect();
            let sorted = store.write(under, move |under, tx| {
                Box::pin(sort_product(tx, owner, vendor, product, under))
            });
            sorted.await.unwrap()
        };
        assert!(!sort("product-9", &["Voice"]).await);
        for under in [&["Voice", "Mail"][..], &[], &["Voice"]] {
            assert!(sort("product-0", under).await);
            for offer in &mut offers {
                if (offer.owner, offer.vendor, offer.product.as_str())
                    == (owner, vendor, "product-0")
                {
                    offer.categories = under.iter().map(|name| (*name).into()).collect();
                }
            }
            for search in searches() {
                let found = walk(&store, &search, 9).await;
                assert_eq!(found, expected(&offers, &search), "{under:?} {search:?}");
            }
        }
        let mut tx = store.read().await.unwrap();
        let products = ["product-0", "product-1"].into_iter();
        let found = find_categories(&mut tx, owner, vendor, products)
            .await
            .unwrap();
        assert_eq!(found, [("product-0".into(), vec!["Voice".into()])].into());
    });
}

#[test]
fn an_earlier_catalog_is_put_into_the_sequence_of_its_categories() {
    on_each_empty(async |address| {
        let store = Store::open(&address).await.unwrap();
        schema::migrate_to(&store, BEFORE_CATEGORIES).await.unwrap();
        vendors(&store).await;
        let offers: Vec<Offer> = (10..110).map(offer).collect();
        save(&store, offers.clone()).await;
        let mut raw = Raw::connect(&address).await;
        raw.execute("UPDATE offer_terms SET place = 'x' || place")
            .await;
        schema::migrate(&store).await.unwrap();
        for search in searches() {
            let found = walk(&store, &search, 9).await;
            assert_eq!(found, expected(&offers, &search), "{search:?}");
        }
    });
}

/// Statements of the first page and of a deep one.
async fn costs(store: &Store, search: &Search) -> [u64; 2] {
    let mut costs = [0; 2];
    let mut after = None;
    for cost in &mut costs {
        let before = store.statements();
        let page = list(store, search, after.clone(), 24).await;
        *cost = store.statements() - before;
        after = page.next;
        // Deep into the catalog.
        after = after.map(|(place, offer)| (format!("{place}\u{1f}"), offer));
    }
    costs
}

#[test]
fn a_page_of_twenty_thousand_offers_takes_the_statements_of_a_page_of_two_hundred() {
    on_each_database(async |store| {
        vendors(&store).await;
        let page = async || {
            let mut all = Vec::new();
            for search in searches().into_iter().step_by(3) {
                if !search.words.contains(&"nothing".to_owned()) {
                    all.push(costs(&store, &search).await);
                }
            }
            all
        };
        save(&store, (10..210).map(offer).collect()).await;
        let few = page().await;
        for first in (210..20_000u128).step_by(1_000) {
            save(&store, (first..first + 1_000).map(offer).collect()).await;
        }
        let many = page().await;
        for (few, many) in few.iter().zip(&many) {
            // Words, which is rarest, up to two steps of a walk, prices.
            assert!(
                many.iter().max() <= few.iter().max().max(Some(&5)),
                "{few:?} {many:?}"
            );
        }
        let whole = Search::default();
        let distinct: BTreeSet<OfferId> = walk(&store, &whole, 200).await.into_iter().collect();
        let sold = (10..20_210u128).filter(|number| number % 11 != 10).count();
        assert_eq!(distinct.len(), sold);
    });
}
