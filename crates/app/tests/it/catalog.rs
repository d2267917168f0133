//! The catalog through `app`: what is offered to whom, what can't be bought and why, and what a page costs.

use domain::id::{OfferId, OrganizationId, PlanId, VendorId};
use domain::money::UnitAmount;
use domain::offer::{Country, Offer, Plan, Segment, VendorPrice};
use jiff::ToSpan;
use store::catalog::save_offers;
use store::plan_prices::{self, PlanPrice};
use uuid::Uuid;

use super::*;

fn asked(words: &str) -> AskedOffers {
    AskedOffers {
        words: words.into(),
        limit: 24,
        ..AskedOffers::default()
    }
}

fn names(page: &app::catalog::OfferPage) -> Vec<&str> {
    let offers = page.offers.iter();
    offers.map(|found| found.offer.name.as_str()).collect()
}

impl World {
    /// Adds offers like one of the demo's, each changed a little, with their prices.
    pub(crate) async fn add_offers(
        &self,
        count: u128,
        change: impl Fn(u128, &mut Offer),
    ) -> Vec<Offer> {
        let owner = OrganizationId(Uuid::from_u128(1));
        let mut tx = self.store.read().await.unwrap();
        let model = [OfferId(Uuid::from_u128(5))].into();
        let now = self.app.now();
        let model = store::catalog::find_offers(&mut tx, &[owner], &model, now).await;
        let model = model.unwrap().remove(0);
        drop(tx);
        let offers: Vec<Offer> = (0..count)
            .map(|number| {
                let number = 1_000_000 + 100 * number;
                let mut offer = Offer {
                    id: OfferId(Uuid::from_u128(number)),
                    name: format!("Cirrus Archive {number}"),
                    vendor_plan: number.to_string(),
                    ..model.clone()
                };
                for (at, plan) in (1u128..).zip(&mut offer.plans) {
                    plan.id = PlanId(Uuid::from_u128(number + at));
                }
                change(number, &mut offer);
                offer
            })
            .collect();
        for some in offers.chunks(500) {
            let saved = self.store.write(some.to_vec(), |offers, tx| {
                Box::pin(async move {
                    save_offers(tx, offers).await?;
                    for offer in offers {
                        let prices = offer.plans.iter().filter_map(|plan| price(offer, plan));
                        let prices: Vec<PlanPrice> = prices.collect();
                        plan_prices::save_all(tx, offer.owner, &prices).await?;
                    }
                    Ok::<_, store::StoreError>(())
                })
            });
            saved.await.unwrap();
        }
        offers
    }
}

fn price(offer: &Offer, plan: &Plan) -> Option<PlanPrice> {
    let price: VendorPrice = plan.price?;
    Some(PlanPrice {
        offer: offer.id,
        plan: plan.id,
        price,
    })
}

#[test]
fn a_catalog_is_searched_and_stands_by_category_and_product() {
    on_each_database(async |world| {
        let amber = world.access(SELLER, "amber").await;
        let page = world.app.catalog(&amber, &asked("")).await.unwrap();
        assert_eq!(
            names(&page),
            [
                "Cirrus Microsoft 365 Backup",
                "Cirrus Server Backup",
                "Cirrus Vault",
                "Cirrus Workstation Backup",
                "Exchange Online Plan 1",
                "Microsoft 365 Business Basic",
                "Microsoft 365 Business Standard",
                "Microsoft 365 E3",
                "Conference Phone Line",
                "Desk Phone Line",
                "Defender for Endpoint P1",
            ]
        );
        let page = world.app.catalog(&amber, &asked("365 busi")).await.unwrap();
        assert_eq!(page.offers.len(), 2);
        // Of a year that is paid by the month or at once.
        let cheapest = page.offers[0].cheapest().unwrap();
        assert_eq!(
            (
                cheapest.cadence.cycle_months,
                cheapest.unit.unit.to_string()
            ),
            (1, "5.80 EUR".into())
        );
        let facets = world.app.catalog_facets(&amber).await.unwrap();
        assert_eq!(
            facets.categories,
            ["Backup", "E-mail", "Productivity", "Telephony", "Other"]
        );
        let other = AskedOffers {
            category: "Other".into(),
            ..asked("")
        };
        let page = world.app.catalog(&amber, &other).await.unwrap();
        assert_eq!(names(&page), ["Defender for Endpoint P1"]);
        let narrowed = AskedOffers {
            vendor: "Microsoft".into(),
            category: "E-mail".into(),
            ..asked("")
        };
        let page = world.app.catalog(&amber, &narrowed).await.unwrap();
        assert_eq!(names(&page), ["Exchange Online Plan 1"]);
        for (asked, field) in [
            (
                AskedOffers {
                    vendor: "nobody".into(),
                    ..asked("")
                },
                "/vendor",
            ),
            (
                AskedOffers {
                    after: Some(OfferId(Uuid::from_u128(77))),
                    ..asked("")
                },
                "/cursor",
            ),
            (
                AskedOffers {
                    limit: 0,
                    ..asked("")
                },
                "/limit",
            ),
        ] {
            let refused = world.app.catalog(&amber, &asked).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid { field: f, .. } if f == field));
        }
    });
}

#[test]
fn what_can_not_be_bought_is_shown_with_the_reason_and_refused_with_it() {
    on_each_database(async |world| {
        let latvian = Country::parse("LV").ok();
        let made = world
            .add_offers(4, |number, offer| match number % 400 / 100 {
                0 => offer
                    .plans
                    .iter_mut()
                    .for_each(|plan| plan.market = latvian),
                1 => offer
                    .plans
                    .iter_mut()
                    .for_each(|plan| plan.segment = Some(Segment::Education)),
                2 => offer.plans.iter_mut().for_each(|plan| plan.price = None),
                _ => offer.parents = vec![OfferId(Uuid::from_u128(5))],
            })
            .await;
        for email in [SELLER, "admin@amber.example"] {
            let amber = world.access(email, "amber").await;
            let page = world.app.catalog(&amber, &asked("archive")).await.unwrap();
            let said = page.offers.iter().map(|found| {
                let why = found.unavailable.as_ref();
                let why = why.map_or("sold".into(), |why| why.label());
                format!("{why}; add-on to {:?}", found.addon_to)
            });
            assert_eq!(
                said.collect::<Vec<_>>(),
                [
                    "Not sold in LT; add-on to []",
                    "Not for this kind of customer; add-on to []",
                    "No price today; add-on to []",
                    "sold; add-on to [\"Cirrus Workstation Backup\"]",
                ]
            );
            let here = AskedOffers {
                sold_here: true,
                ..asked("archive")
            };
            let page = world.app.catalog(&amber, &here).await.unwrap();
            assert_eq!(page.offers.len(), 2);
            let item = AddItem {
                offer: made[0].id,
                plan: made[0].plans[0].id,
                quantity: 1,
                contact_email: "admin@amber.example".into(),
                contact_name: "Ieva".into(),
                contact_surname: "Berg".into(),
                tenant: None,
                parameters: serde_json::Map::new(),
                addons: Vec::new(),
            };
            let refused = world.app.add_to_cart(&amber, item, None).await.unwrap_err();
            let words = "can't be bought here: it is sold in LV and not in LT";
            assert!(refused.to_string().contains(words), "{refused}");
        }
    });
}

#[test]
fn an_offer_that_is_no_longer_sold_leaves_the_list_and_says_so_on_its_page() {
    on_each_database(async |world| {
        let amber = world.access(SELLER, "amber").await;
        let made = world
            .add_offers(1, |_, offer| offer.is_withdrawn = true)
            .await;
        let page = world.app.catalog(&amber, &asked("archive")).await.unwrap();
        assert!(page.offers.is_empty());
        let found = world.app.offer(&amber, made[0].id).await.unwrap();
        assert_eq!(found.unavailable.unwrap().label(), "No longer sold");
    });
}

#[test]
fn prices_that_end_or_come_are_told_to_each_reader_as_their_own() {
    on_each_database(async |world| {
        let now = world.app.now();
        let (tomorrow, later) = (now + 24.hours(), now + 72.hours());
        let made = world
            .add_offers(1, |_, offer| {
                // In euros by the month: it ends. At once: it goes on at another cost.
                for plan in &mut offer.plans {
                    if let Some(price) = &mut plan.price {
                        price.till = Some(tomorrow);
                    }
                }
            })
            .await;
        let offer = &made[0];
        let euro = |cycle| {
            let is_it =
                |plan: &&Plan| plan.cadence.cycle_months == cycle && plan.currency.code() == "EUR";
            offer.plans.iter().find(is_it).unwrap()
        };
        let next = |plan: &Plan, from, doubled| {
            let before = plan.price.unwrap();
            let double = |amount: UnitAmount| UnitAmount::from_millionths(2 * amount.millionths());
            PlanPrice {
                offer: offer.id,
                plan: plan.id,
                price: VendorPrice {
                    from,
                    till: None,
                    cost: double(before.cost),
                    retail: if doubled {
                        double(before.retail)
                    } else {
                        before.retail
                    },
                },
            }
        };
        // Where the customer's price is of the suggested retail price, the cost alone is no news to them.
        let rows = vec![next(euro(12), tomorrow + 1.microseconds(), false)];
        let rows = [rows, vec![next(euro(12), later, true)]].concat();
        let saved = world.store.write((offer.owner, rows), |(owner, rows), tx| {
            Box::pin(plan_prices::save_all(tx, *owner, rows))
        });
        saved.await.unwrap();
        let mut told = Vec::new();
        for email in [SELLER, "admin@amber.example"] {
            let amber = world.access(email, "amber").await;
            let outlook = world.app.offer_outlook(&amber, offer.id).await.unwrap();
            told.push(
                outlook
                    .iter()
                    .map(|one| {
                        let hours = one.at.duration_since(now).as_hours();
                        let price = one.unit.map_or("ends".into(), |unit| unit.unit.to_string());
                        let (term, cycle) = (one.cadence.term_label(), one.cadence.cycle_label());
                        format!("{term}, {cycle} in {hours} h: {price}")
                    })
                    .collect::<Vec<_>>(),
            );
        }
        let ends = [
            "1 year, monthly in 24 h: ends",
            "3 years, annually in 24 h: ends",
        ];
        let (cost, retail) = (
            "1 year, annually in 24 h: 32.40 EUR",
            "1 year, annually in 72 h: 64.80 EUR",
        );
        assert_eq!(told[0], [&ends[..], &[cost, retail]].concat());
        assert_eq!(told[1], [&ends[..], &[retail]].concat());
    });
}

#[test]
fn a_page_and_what_a_subscription_can_become_cost_the_same_in_a_large_catalog() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let amber = world.access(SELLER, "amber").await;
        let found = world.app.subscriptions(
            &amber,
            app::subscriptions::Asked {
                limit: 1,
                words: "cirrus".into(),
                ..app::subscriptions::Asked::default()
            },
        );
        let subscription = found.await.unwrap().found.remove(0).id;
        let costs = async || {
            let mut costs = Vec::new();
            for words in ["", "cirrus", "backup server"] {
                let before = world.store.statements();
                world.app.catalog(&amber, &asked(words)).await.unwrap();
                costs.push(world.store.statements() - before);
            }
            let before = world.store.statements();
            world
                .app
                .change_choices(&amber, subscription)
                .await
                .unwrap();
            costs.push(world.store.statements() - before);
            costs
        };
        let few = costs().await;
        let other = VendorId(Uuid::from_u128(1));
        world
            .add_offers(2_000, |number, offer| {
                if number.is_multiple_of(200) {
                    offer.vendor = other;
                }
            })
            .await;
        // The names of what add-ons go with are asked for where a page has any.
        let many = costs().await;
        let is_more = many.iter().zip(&few).any(|(many, few)| many > few);
        assert!(!is_more, "{many:?} instead of {few:?}");
    });
}
