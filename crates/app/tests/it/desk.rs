//! The order desk: what needs people, for staff alone, and no more of it than each may know.

use app::desk::DeskPage;
use domain::order::command::Command;
use domain::order::desk::{DeskFilter, DeskQuery, DeskTab};
use domain::order::listing::Sort;

use super::*;

const ROLES: &[(&str, bool)] = &[
    ("distributor-admin@nordic.example", true),
    ("read-only@nordic.example", true),
    (SELLER, true),
    ("account-manager@baltic.example", true),
    ("subscriptions-manager@baltic.example", true),
    ("billing@baltic.example", true),
    ("support@baltic.example", true),
    ("seller-admin@fjord.example", true),
    ("product-manager@baltic.example", false),
    ("admin@amber.example", false),
    ("user@amber.example", false),
    ("billing@amber.example", false),
    ("consultant@freelance.example", false),
];

impl World {
    async fn desk(&self, email: &str, query: &DeskQuery) -> Result<DeskPage, Error> {
        let caller = self.caller(email).await;
        self.app.desk(&caller, query).await
    }

    /// Customers and numbers on a part of the desk.
    async fn lying(&self, email: &str, tab: DeskTab) -> Vec<(String, u64)> {
        let page = self.desk(email, &DeskQuery::of(tab)).await.unwrap();
        let row = |row: &app::desk::DeskRow| (row.customer.name.clone(), row.order.number);
        page.rows.iter().map(row).collect()
    }

    async fn counts(&self, email: &str) -> Vec<(&'static str, u64)> {
        let caller = self.caller(email).await;
        let counts = self.app.desk_counts(&caller).await.unwrap();
        let counts = counts.tabs().iter();
        let there = counts.map(|(tab, count)| (tab.name(), count.found));
        there.filter(|(_, count)| *count > 0).collect()
    }

    async fn buy_as(&self, email: &str, organization: &str, offer: &str) -> u64 {
        let access = self.access(email, organization).await;
        let cart = self.fill(&access, offer, 2).await.unwrap();
        self.place(&access, &cart).await.unwrap().number
    }
}

fn filtered(filter: &str) -> DeskQuery {
    DeskQuery {
        filter: DeskFilter::parse(filter).0,
        ..DeskQuery::of(DeskTab::All)
    }
}

#[test]
fn an_order_is_on_the_desk_as_long_as_it_needs_people() {
    on_each_database(async |world| {
        let amber = world.buy_as(SELLER, "amber", CIRRUS).await;
        let birch = world.buy_as(SELLER, "birch", "Desk Phone Line").await;
        let elk = world
            .buy_as("seller-admin@fjord.example", "elk", CIRRUS)
            .await;
        let row = |customer: &str, number| (customer.to_owned(), number);
        assert_eq!(world.lying(SELLER, DeskTab::Stuck).await, []);
        world.clock.advance(SignedDuration::from_mins(61));
        let stuck = world.lying(SELLER, DeskTab::Stuck).await;
        assert_eq!(stuck.len(), 2, "an hour without a decision");
        assert!(stuck.contains(&row("Amber Logistics", amber)));
        let all = world.lying("read-only@nordic.example", DeskTab::All).await;
        assert_eq!(all.len(), 3, "the distributor's desk has both sellers'");
        let fjord = world
            .lying("seller-admin@fjord.example", DeskTab::All)
            .await;
        assert_eq!(fjord, [row("Elk Energy", elk)]);
        let refusal = json!([{"operation": "provision", "times": 1, "action":
            {"do": "answer", "status": 422, "body": "{\"description\": \"Not sold here\"}"}},
            {"action": {"do": "drop_before"}}]);
        world.faults(refusal).await;
        world.app.run_due().await.unwrap();
        let counts = world.counts("distributor-admin@nordic.example").await;
        assert_eq!(
            counts,
            [("failed", 1), ("checking", 1), ("by_hand", 1), ("all", 3)]
        );
        let by_hand = world.lying(SELLER, DeskTab::ByHand).await;
        assert_eq!(by_hand, [row("Birch Foods", birch)]);
        world.faults(json!([])).await;
        for _ in 0..5 {
            world.settle().await;
        }
        let failed = world
            .lying("distributor-admin@nordic.example", DeskTab::Failed)
            .await;
        let (customer, number) = failed[0].clone();
        let organization = if customer.starts_with("Amber") {
            "amber"
        } else {
            "elk"
        };
        let access = world
            .access("distributor-admin@nordic.example", organization)
            .await;
        world
            .app
            .command(
                &access,
                number,
                Command::GiveUp,
                app::orders::Conditions::default(),
                Mode::Commit,
            )
            .await
            .unwrap();
        let counts = world.counts("distributor-admin@nordic.example").await;
        assert_eq!(counts, [("by_hand", 1), ("all", 1)]);
    });
}

#[test]
fn the_desk_exists_for_staff_who_enter_customer_view_and_for_nobody_else() {
    on_each_database(async |world| {
        let manager = app::operators::NewUser {
            email: "product-manager@baltic.example".into(),
            name: "Paula Murd".into(),
            password: "seatwright-demo".into(),
            organization: "baltic".into(),
            role: domain::access::Role::ProductManager,
        };
        world.app.add_user(manager).await.unwrap();
        for (email, has_desk) in ROLES {
            let caller = world.caller(email).await;
            let query = DeskQuery::of(DeskTab::All);
            let page = world.app.desk(&caller, &query).await;
            let counts = world.app.desk_counts(&caller).await;
            assert_eq!(caller.has_desk(), *has_desk);
            match has_desk {
                true => assert!(page.is_ok() && counts.is_ok(), "{email}"),
                false => assert!(
                    matches!((page, counts), (Err(Error::NotFound), Err(Error::NotFound))),
                    "{email}"
                ),
            }
        }
    });
}

#[test]
fn a_filter_applies_page_by_page_and_customers_can_be_named() {
    on_each_database(async |world| {
        let mut numbers = Vec::new();
        for at in 0..7 {
            let organization = ["amber", "birch"][at % 2];
            numbers.push(world.buy_as(SELLER, organization, CIRRUS).await);
            world.clock.advance(SignedDuration::from_secs(1));
        }
        for (filter, expected) in [
            ("", vec![0, 1, 2, 3, 4, 5, 6]),
            ("customer:amber", vec![0, 2, 4, 6]),
            ("customer:birch vendor:cirrus by:me", vec![1, 3, 5]),
            ("customer:foods,amber change:new", vec![0, 1, 2, 3, 4, 5, 6]),
            ("customer:dune", vec![]),
            ("vendor:gone customer:amber", vec![]),
            (&*numbers[3].to_string(), vec![3]),
        ] {
            for sort in [Sort::OldestFirst, Sort::NewestFirst] {
                let mut query = DeskQuery {
                    sort,
                    limit: 2,
                    ..filtered(filter)
                };
                let mut found = Vec::new();
                loop {
                    let page = world.desk(SELLER, &query).await.unwrap();
                    assert!(page.rows.len() <= 2);
                    found.extend(page.rows.iter().map(|row| row.order.number));
                    query.from = page.next;
                    if page.next.is_none() {
                        break;
                    }
                    let word = query.cursor(page.next.unwrap());
                    assert_eq!(query.read_cursor(&word).ok(), page.next);
                }
                if sort == Sort::NewestFirst {
                    found.reverse();
                }
                let expected: Vec<u64> = expected.iter().map(|at| numbers[*at]).collect();
                assert_eq!(found, expected, "{filter} {sort:?}");
            }
        }
    });
}

#[test]
fn nobody_learns_at_the_desk_what_they_may_not_know_of_the_order() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        for (email, has_desk) in ROLES {
            if !has_desk || *email == "product-manager@baltic.example" {
                continue;
            }
            let caller = world.caller(email).await;
            let mut query = DeskQuery::of(DeskTab::All);
            query.limit = 200;
            let page = world.app.desk(&caller, &query).await.unwrap();
            let is_baltic = email.ends_with("@baltic.example");
            assert!(!page.rows.is_empty() || !is_baltic, "{email}");
            for row in &page.rows {
                let access = world.app.access(&caller, row.customer.slug.as_str()).await;
                let own = world
                    .app
                    .order(&access.unwrap(), row.order.number)
                    .await
                    .unwrap()
                    .0;
                assert_eq!(own, row.order, "{email}: what Customer View shows, no more");
            }
            let counts = world.app.desk_counts(&caller).await.unwrap();
            let all = counts.tabs().last().unwrap().1.found;
            assert_eq!(all, page.rows.len() as u64, "{email}");
        }
    });
}
