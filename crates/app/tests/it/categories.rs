//! Categories: who sorts what into which, where it stands then, and what comes to a product later.

use app::Error;
use app::catalog::{AskedOffers, TypedProduct, TypedSorting};

use super::prices::DISTRIBUTOR;
use super::{SELLER, World, on_each_database};

const MICROSOFT: &str = "ven_00000000000000000000000000000001";

fn asked(limit: u32) -> AskedOffers {
    AskedOffers {
        limit,
        ..AskedOffers::default()
    }
}

fn sorting(products: &[&str], categories: &[&str]) -> TypedSorting {
    let product = |product: &&str| TypedProduct {
        vendor: MICROSOFT.into(),
        product: (*product).into(),
    };
    TypedSorting {
        products: products.iter().map(product).collect(),
        categories: categories.iter().map(|name| (*name).into()).collect(),
    }
}

impl World {
    /// Each heading of Amber's catalog with what stands under it, by pages of a size.
    async fn headings(&self, limit: u32) -> Vec<(String, Vec<String>)> {
        let amber = self.access("user@amber.example", "amber").await;
        let mut asked = asked(limit);
        let mut headings: Vec<(String, Vec<String>)> = Vec::new();
        loop {
            let page = self.app.catalog(&amber, &asked).await.unwrap();
            for found in &page.offers {
                let (heading, name) = (found.offer.category(), found.offer.name.clone());
                match headings.last_mut().filter(|(last, _)| last == heading) {
                    Some((_, names)) => names.push(name),
                    None => headings.push((heading.to_owned(), vec![name])),
                }
            }
            asked.after = page.next;
            if page.next.is_none() {
                return headings;
            }
        }
    }
}

#[test]
fn staff_sort_products_and_customers_find_them_under_the_first_of_their_categories() {
    on_each_database(async |world| {
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let typed = sorting(&["defender", "exchange-online"], &["Zero trust", "backup"]);
        for _ in 0..2 {
            world
                .app
                .sort_products(&nordic, typed.clone())
                .await
                .unwrap();
        }
        let whole = world.headings(200).await;
        let shown: Vec<(&str, usize)> = whole
            .iter()
            .map(|(heading, names)| (heading.as_str(), names.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("Backup", 4),
                ("Productivity", 3),
                ("Telephony", 2),
                ("Zero trust", 2)
            ]
        );
        for limit in [1, 3] {
            assert_eq!(world.headings(limit).await, whole, "pages of {limit}");
        }
        let products = world.app.products(&nordic, &asked(200)).await.unwrap();
        let last = products.products.last().unwrap();
        // Written as it was before.
        assert_eq!(last.categories, ["Zero trust", "Backup"]);
        assert_eq!(
            products.facets.categories,
            ["Backup", "Productivity", "Telephony", "Zero trust"]
        );
        let none = sorting(&["defender"], &[" "]);
        world.app.sort_products(&nordic, none).await.unwrap();
        let (heading, names) = world.headings(200).await.pop().unwrap();
        assert_eq!(
            (heading.as_str(), names),
            ("Other", vec!["Defender for Endpoint P1".to_owned()])
        );
    });
}

#[test]
fn what_is_not_of_the_catalog_or_no_category_is_refused_and_nothing_is_sorted() {
    on_each_database(async |world| {
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let before = world.headings(200).await;
        let mut elsewhere = sorting(&["defender", "phone"], &["Security"]);
        let many = vec!["defender"; 101];
        for (typed, field) in [
            (elsewhere.clone(), "/products"),
            (sorting(&[], &["Security"]), "/products"),
            (sorting(&many, &["Security"]), "/products"),
            (sorting(&["defender"], &["OTHER"]), "/categories"),
        ] {
            let refused = world.app.sort_products(&nordic, typed).await.unwrap_err();
            let Error::Problems(problems) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(problems[0].field, field);
        }
        // The distributor's products are not the seller's to sort.
        let baltic = world.prices_of(SELLER, "baltic").await;
        elsewhere.products.truncate(1);
        let refused = world.app.sort_products(&baltic, elsewhere.clone()).await;
        assert!(matches!(refused, Err(Error::Problems(_))));
        let own = world.app.products(&baltic, &asked(200)).await.unwrap();
        assert!(own.products.is_empty());
        let reader = world.prices_of("read-only@nordic.example", "nordic").await;
        assert!(world.app.products(&reader, &asked(1)).await.is_ok());
        let refused = world.app.sort_products(&reader, elsewhere).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        assert_eq!(world.headings(200).await, before);
    });
}

#[test]
fn what_a_vendor_adds_to_a_product_stands_beside_it() {
    on_each_database(async |world| {
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let typed = sorting(&["exchange-online"], &["E-mail"]);
        world.app.sort_products(&nordic, typed).await.unwrap();
        world
            .app
            .import_catalog("nordic", "microsoft")
            .await
            .unwrap();
        let under = |heading: &str, headings: &[(String, Vec<String>)]| {
            let found = headings.iter().find(|(name, _)| name == heading);
            found.unwrap().1.clone()
        };
        let headings = world.headings(200).await;
        let mail = ["Exchange Online Plan 1", "Exchange Online Plan 2"];
        assert_eq!(under("E-mail", &headings), mail);
        let other = ["Copilot for Microsoft 365", "Defender for Endpoint P1"];
        assert_eq!(under("Other", &headings), other);
    });
}

#[test]
fn who_sorted_a_product_is_told_and_sorting_it_as_it_is_changes_nothing() {
    on_each_database(async |world| {
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let sorted = async |product: &str| {
            let page = world.app.products(&nordic, &asked(200)).await.unwrap();
            let mut found = page.products.into_iter();
            found.find(|one| one.product == product).unwrap().sorted
        };
        assert_eq!(sorted("defender").await, None, "as it came");
        let seeded = sorted("exchange-online").await.unwrap();
        let typed = sorting(
            &["defender", "exchange-online"],
            &["Productivity", "E-mail"],
        );
        world.app.sort_products(&nordic, typed).await.unwrap();
        let edit = sorted("defender").await.unwrap();
        assert_eq!(
            (edit.from, edit.to.join(", ")),
            (vec![], "Productivity, E-mail".into())
        );
        assert_eq!((&edit.by, edit.at), (nordic.actor(), world.app.now()));
        assert_eq!(
            sorted("exchange-online").await.unwrap(),
            seeded,
            "sorted so before"
        );
        let none = sorting(&["defender"], &[]);
        world.clock.advance(jiff::SignedDuration::from_hours(1));
        world.app.sort_products(&nordic, none).await.unwrap();
        assert_eq!(sorted("defender").await.unwrap().to, Vec::<String>::new());
    });
}
