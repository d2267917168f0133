//! Lists through `app`: what a page costs, what its filter names in vain, and phrases as they stand.

use app::carts::PlaceCart;
use app::orders::{Listing, Sort};
use domain::order::filter::Filter;
use domain::order::listing::Edge;
use domain::order::phase::{Tab, View};

use super::*;

fn asked(view: View, text: &str) -> Listing {
    let (filter, problems) = Filter::parse(text);
    assert_eq!(problems, []);
    Listing {
        filter,
        ..Listing::of(view)
    }
}

/// The statements of the aims in performance.md, asserted so that they don't creep up.
#[test]
fn what_lists_details_and_placing_cost_is_counted() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let staff = world.access(SELLER, "amber").await;
        let mut costs = Vec::new();
        for (text, limit) in [
            ("", 1),
            ("", 50),
            ("status:failed vendor:microsoft", 50),
            ("change:quantity by:me", 50),
            ("micro", 50),
            ("micro status:finished by:me", 50),
        ] {
            let listing = Listing {
                limit,
                ..asked(View::Recent, text)
            };
            let before = world.store.statements();
            world.app.orders(&staff, &listing).await.unwrap();
            costs.push(format!(
                "{text:<34}{limit:>3} rows {}",
                world.store.statements() - before
            ));
        }
        let page = world
            .app
            .orders(&staff, &Listing::of(View::Historical))
            .await
            .unwrap();
        let before = world.store.statements();
        world
            .app
            .order(&staff, page.orders[0].number)
            .await
            .unwrap();
        costs.push(format!(
            "{:<43}{}",
            "detail",
            world.store.statements() - before
        ));
        let before = world.store.statements();
        world.app.order_counts(&staff).await.unwrap();
        costs.push(format!(
            "{:<43}{}",
            "counts",
            world.store.statements() - before
        ));
        let buyer = world.access("admin@birch.example", "birch").await;
        let cart = world.fill(&buyer, CIRRUS, 3).await.unwrap();
        let place = PlaceCart {
            number: cart.number,
            version: cart.version,
            accept_terms: true,
            terms_version: None,
            payment: Default::default(),
        };
        let before = world.store.statements();
        world
            .app
            .place_cart(&buyer, place, None, Mode::Commit)
            .await
            .unwrap();
        // PostgreSQL tells the transaction's number too, by which a lost commit is looked up.
        let marks = u64::from(!world.store.is_exclusive());
        costs.push(format!(
            "{:<43}{}",
            "placing an order of one line",
            world.store.statements() - before - marks
        ));
        insta::assert_snapshot!("costs", costs.join("\n"));
    });
}

#[test]
fn pages_lead_both_ways_and_counts_are_those_of_the_pages() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        for email in [SELLER, "admin@amber.example"] {
            let access = world.access(email, "amber").await;
            let counts = world.app.order_counts(&access).await.unwrap();
            for (view, tab, sort) in [
                (View::Recent, Tab::All, Sort::NewestFirst),
                (View::Historical, Tab::All, Sort::OldestFirst),
                (View::Historical, Tab::Active, Sort::NewestFirst),
            ] {
                let mut listing = Listing {
                    tab,
                    sort,
                    limit: 3,
                    ..Listing::of(view)
                };
                let (mut there, mut pages) = (Vec::new(), 0);
                loop {
                    let page = world.app.orders(&access, &listing).await.unwrap();
                    pages += 1;
                    there.extend(page.orders.iter().map(|order| order.number));
                    let Some(next) = page.next(sort) else { break };
                    listing.from = Some(next);
                }
                assert_eq!(
                    there.len() as u64,
                    counts.of(view, tab),
                    "{email} {view:?} {tab:?}"
                );
                let mut back = Vec::new();
                for _ in 1..pages {
                    let page = world.app.orders(&access, &listing).await.unwrap();
                    listing.from = page.previous(sort);
                    let page = world.app.orders(&access, &listing).await.unwrap();
                    let mut numbers: Vec<u64> = page.orders.iter().map(|o| o.number).collect();
                    numbers.append(&mut back);
                    back = numbers;
                }
                assert!(there.starts_with(&back), "{back:?} of {there:?}");
            }
        }
    });
}

#[test]
fn what_a_filter_names_in_vain_is_told_and_phrases_stand_as_they_are() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let access = world.access("admin@amber.example", "amber").await;
        let listing = asked(View::Historical, "vendor:oracle status:provisioning_failed");
        let page = world.app.orders(&access, &listing).await.unwrap();
        assert!(page.orders.is_empty() && page.searched_to.is_none());
        let told: Vec<String> = page.problems.iter().map(ToString::to_string).collect();
        assert!(
            told[0].contains("vendor:oracle") && told[0].contains("Microsoft"),
            "{told:?}"
        );
        assert!(told[1].contains("look in Recent orders"), "{told:?}");
        let all = world
            .app
            .orders(&access, &Listing::of(View::Historical))
            .await
            .unwrap();
        let name = all.orders[0].lines[0].item.name.clone();
        let words: Vec<&str> = name.split(' ').collect();
        let forwards = asked(View::Historical, &format!("\"{}\"", words.join(" ")));
        let found = world.app.orders(&access, &forwards).await.unwrap();
        assert!(
            found
                .orders
                .iter()
                .any(|order| order.number == all.orders[0].number)
        );
        let count = world.app.count_orders(&access, &forwards).await.unwrap();
        assert_eq!(
            (count.found, count.is_exact),
            (found.orders.len() as u64, true)
        );
        let backwards: Vec<&str> = words.iter().rev().copied().collect();
        let backwards = asked(View::Historical, &format!("\"{}\"", backwards.join(" ")));
        assert!(
            world
                .app
                .orders(&access, &backwards)
                .await
                .unwrap()
                .orders
                .is_empty()
        );
        // Behind an empty page the way back leads over the row that it began beyond.
        let last = all.orders.last().unwrap().position();
        let beyond = Listing {
            from: Some(Edge::OlderThan(last)),
            ..Listing::of(View::Historical)
        };
        let empty = world.app.orders(&access, &beyond).await.unwrap();
        let back = Listing {
            from: empty.previous(Sort::NewestFirst),
            ..Listing::of(View::Historical)
        };
        let back = world.app.orders(&access, &back).await.unwrap();
        assert_eq!(back.orders.last().map(SeenOrder::position), Some(last));
    });
}
