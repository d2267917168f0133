//! Rules that make prices: who may set them, what a new one would change, and what becomes of carts and
//! orders when one begins or ends.

use app::Error;
use app::access::Access;
use app::prices::{AskedRules, Preview, TypedPriceRule};
use domain::order::seen::{Inside, SeenOrder};
use domain::price::record::RuleState;
use jiff::SignedDuration;

use super::{CIRRUS, MICROSOFT, SELLER, World, on_each_database};

pub const DISTRIBUTOR: &str = "distributor-admin@nordic.example";
const CUSTOMER: &str = "admin@amber.example";

impl World {
    pub async fn prices_of(&self, email: &str, slug: &str) -> Access {
        let caller = self.caller(email).await;
        self.app.partner_access(&caller, slug).await.unwrap()
    }

    async fn price_of(&self, access: &Access, name: &str) -> String {
        let offers = self.offers(access).await;
        let found = offers.iter().find(|found| found.offer.name == name);
        found.unwrap().plans[0].unit.unit.to_string()
    }

    /// What stands behind a price, as the seller sees it.
    async fn inside(&self, customer: &str, name: &str) -> Inside {
        let access = self.access(SELLER, customer).await;
        let offers = self.offers(&access).await;
        let found = offers.iter().find(|found| found.offer.name == name);
        found.unwrap().plans[0].unit.inside.unwrap()
    }
}

fn rule(percent: &str) -> TypedPriceRule {
    TypedPriceRule {
        percent: percent.into(),
        ..TypedPriceRule::default()
    }
}

fn fields(error: Error) -> Vec<String> {
    let Error::Problems(problems) = error else {
        panic!("{error:?}")
    };
    problems
        .iter()
        .map(|problem| problem.field.to_string())
        .collect()
}

#[test]
fn a_price_goes_from_cost_by_tier_and_rule_to_the_customer() {
    on_each_database(async |world| {
        // 345.60 a year, a tier of 5 % and the offer's own rule of 12.5 %: 28.80 × 1.05 × 1.125 = 34.02.
        let inside = world.inside("amber", MICROSOFT).await;
        let shown = [inside.unit.cost, inside.unit.partner, inside.unit.customer];
        assert_eq!(
            shown.map(|money| money.to_string()),
            ["28.80 EUR", "30.24 EUR", "34.02 EUR"]
        );
        let basis = inside.basis.unwrap();
        assert_eq!(
            basis.tier_words(),
            "Tier: +5 % on cost; all sellers, all offers, from 2025-01-01"
        );
        assert_eq!(
            basis.catalog_words(),
            "Rule 1.C: +12.5 % on partner price; all customers, this offer, from 2025-01-01"
        );
        // A customer's rule for a vendor beats the offer's rule for everybody.
        let basis = world.inside("birch", MICROSOFT).await.basis.unwrap();
        assert_eq!(basis.catalog.unwrap().code(), "2.B");
        // Yen have no cents: 345.60 × 160 / 12 × 1.05 × 1.18 = 5709.312, and 12 × 13.50… is not added up.
        let dune = world.access("admin@dune.example", "dune").await;
        assert_eq!(world.price_of(&dune, MICROSOFT).await, "5,709 JPY");
        // On the retail price: 240 / 12 × 0.9.
        let amber = world.access(CUSTOMER, "amber").await;
        assert_eq!(world.price_of(&amber, CIRRUS).await, "18.00 EUR");
        let offers = world.offers(&amber).await;
        let plans = offers.iter().flat_map(|found| &found.plans);
        assert!(plans.clone().count() > 10);
        assert!(plans.clone().all(|plan| plan.unit.inside.is_none()));
        assert!(offers.iter().all(|found| found.offer.plans.is_empty()));
    });
}

#[test]
fn a_rule_begins_and_ends_with_the_sellers_days() {
    on_each_database(async |world| {
        // 2027-01-15 10:00 in Vilnius, which is two hours ahead of UTC.
        let seller = world.prices_of(SELLER, "baltic").await;
        let amber = world.access(CUSTOMER, "amber").await;
        let typed = TypedPriceRule {
            buyer: "amber".into(),
            offer: CIRRUS.into(),
            source: "retail".into(),
            from: "2027-01-16".into(),
            till: "2027-01-17".into(),
            ..rule("5")
        };
        world.app.add_price_rule(&seller, typed).await.unwrap();
        for (hours, expected) in [
            (0, "18.00 EUR"),
            (13, "18.00 EUR"), // 21:00 UTC, 23:00 there
            (1, "21.00 EUR"),  // midnight there
            (47, "21.00 EUR"), // 23:00 on the last day
            (1, "18.00 EUR"),
        ] {
            world.clock.advance(SignedDuration::from_hours(hours));
            let price = world.price_of(&amber, CIRRUS).await;
            assert_eq!(price, expected, "{}", world.app.now());
        }
    });
}

#[test]
fn a_cart_whose_price_moved_is_told_and_bought_only_with_consent() {
    on_each_database(async |world| {
        let seller = world.prices_of(SELLER, "baltic").await;
        let amber = world.access(CUSTOMER, "amber").await;
        let staff = world.access(SELLER, "amber").await;
        let cart = world.fill(&amber, CIRRUS, 2).await.unwrap();
        let typed = TypedPriceRule {
            buyer: "amber".into(),
            ..rule("40")
        };
        world.app.add_price_rule(&seller, typed).await.unwrap();
        let refused = world.place(&amber, &cart).await;
        assert!(matches!(refused, Err(Error::Repriced)), "{refused:?}");
        // The same wish again is no consent; the cart as it is now is.
        let refused = world.place(&amber, &cart).await;
        assert!(matches!(refused, Err(Error::Changed)), "{refused:?}");
        let shown = world.app.cart(&amber).await.unwrap().unwrap();
        assert_eq!(shown.lines[0].price.unit.to_string(), "22.05 EUR");
        let placed = world.place(&amber, &shown).await.unwrap();
        let (_, events) = world.app.order(&amber, placed.number).await.unwrap();
        let told = events.iter().filter_map(|event| event.detail.as_deref());
        assert_eq!(
            told.filter(|detail| detail.contains("instead of")).count(),
            1
        );
        // The order explains itself when the rule is over.
        let list = world.app.price_rules(&seller, AskedRules::default()).await;
        let id = list.unwrap().rules[0].record.rule.id;
        world
            .app
            .end_price_rule(&seller, id, "2027-01-15")
            .await
            .unwrap();
        world.clock.advance(SignedDuration::from_hours(48));
        let order: SeenOrder = world.order(&staff, placed.number).await;
        let basis = order.lines[0].price.inside.unwrap().basis.unwrap();
        assert_eq!(basis.catalog.unwrap().id, id);
        assert!(
            basis
                .catalog_words()
                .starts_with("Rule 2.A: +40 % on partner price")
        );
        assert_eq!(world.price_of(&amber, CIRRUS).await, "18.00 EUR");
    });
}

#[test]
fn what_a_rule_would_change_is_shown_before_it_is_kept() {
    on_each_database(async |world| {
        let seller = world.prices_of(SELLER, "baltic").await;
        let shown = async |typed: TypedPriceRule| -> Preview {
            let shown = world.app.preview_price_rule(&seller, &typed).await;
            shown.unwrap()
        };
        let before = world.app.price_rules(&seller, AskedRules::default()).await;
        let all = shown(rule("20")).await;
        // Cirrus and E3 have rules of their own; what is added by the year moves twice: two plans each,
        // and of one a third.
        assert_eq!((all.moves, all.stays), (12, 11), "{:?}", all.moved);
        let basic = &all.moved[6];
        assert_eq!(basic.offer, "Exchange Online Plan 1");
        let vendor = TypedPriceRule {
            vendor: "ven_00000000000000000000000000000002".into(),
            buyer: "birch".into(),
            ..rule("-3")
        };
        let vendor = shown(vendor).await;
        assert_eq!((vendor.moves, vendor.stays), (9, 0));
        assert_eq!(vendor.buyer.as_deref(), Some("Birch Foods"));
        let server = &vendor.moved[2];
        assert_eq!(server.offer, CIRRUS);
        let figures = [server.from, server.to, server.margin].map(|money| money.to_string());
        // 180 / 12 × 1.05 = 15.75, sold for 3 % less.
        assert_eq!(figures, ["18.00 EUR", "15.28 EUR", "-0.47 EUR"]);
        let after = world.app.price_rules(&seller, AskedRules::default()).await;
        assert_eq!(before.unwrap().rules.len(), after.unwrap().rules.len());
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let typed = TypedPriceRule {
            buyer: "fjord".into(),
            ..rule("7")
        };
        let tier = world.app.preview_price_rule(&nordic, &typed).await.unwrap();
        // Microsoft's tier for Fjord is more specific.
        assert_eq!((tier.moves, tier.stays), (13, 10));
    });
}

#[test]
fn what_is_wrong_with_a_rule_is_said_field_by_field() {
    on_each_database(async |world| {
        let seller = world.prices_of(SELLER, "baltic").await;
        let typed = TypedPriceRule {
            buyer: "elk".into(),
            vendor: "Microsoft".into(),
            offer: String::new(),
            percent: "-100".into(),
            source: "price".into(),
            from: "2027-01-14".into(),
            till: "soon".into(),
        };
        let refused = world.app.add_price_rule(&seller, typed).await.unwrap_err();
        assert_eq!(
            fields(refused),
            ["/buyer", "/vendor", "/percent", "/source", "/from", "/till"]
        );
        let typed = TypedPriceRule {
            vendor: "ven_00000000000000000000000000000001".into(),
            offer: "Cirrus".into(),
            ..rule("1")
        };
        let refused = world.app.add_price_rule(&seller, typed).await.unwrap_err();
        assert_eq!(fields(refused), ["/vendor"]);
        let typed = TypedPriceRule {
            offer: "Nothing of that name".into(),
            till: "2027-01-01".into(),
            ..rule("1")
        };
        let refused = world.app.add_price_rule(&seller, typed).await.unwrap_err();
        assert_eq!(fields(refused), ["/offer", "/till"]);
        world.app.add_price_rule(&seller, rule("1")).await.unwrap();
        let twice = world.app.add_price_rule(&seller, rule("2")).await;
        assert_eq!(fields(twice.unwrap_err()), ["/from"]);
        // A distributor's sellers know today's prices.
        let nordic = world.prices_of(DISTRIBUTOR, "nordic").await;
        let today = TypedPriceRule {
            from: "2027-01-15".into(),
            ..rule("1")
        };
        let refused = world.app.add_price_rule(&nordic, today).await.unwrap_err();
        assert_eq!(fields(refused), ["/from"]);
        let made = world.app.add_price_rule(&nordic, rule("1")).await.unwrap();
        assert_eq!(made.rule.from.to_string(), "2027-01-16");
    });
}

#[test]
fn a_rule_that_made_prices_is_ended_and_one_to_come_removed() {
    on_each_database(async |world| {
        let seller = world.prices_of(SELLER, "baltic").await;
        let coming = TypedPriceRule {
            from: "2027-02-01".into(),
            ..rule("30")
        };
        let coming = world.app.add_price_rule(&seller, coming).await.unwrap();
        let list = world.app.price_rules(&seller, AskedRules::default()).await;
        let list = list.unwrap();
        assert_eq!(list.rules[0].state, RuleState::Coming);
        let open = list.rules[1].record.rule.id;
        let refused = world.app.remove_price_rule(&seller, open).await;
        assert_eq!(fields(refused.unwrap_err()), ["/till"]);
        let refused = world.app.end_price_rule(&seller, open, "2027-01-14").await;
        assert!(matches!(
            refused,
            Err(Error::Invalid { field: "/till", .. })
        ));
        world
            .app
            .end_price_rule(&seller, open, "2027-01-15")
            .await
            .unwrap();
        world
            .app
            .remove_price_rule(&seller, coming.rule.id)
            .await
            .unwrap();
        world.clock.advance(SignedDuration::from_hours(24));
        let left = world.app.price_rules(&seller, AskedRules::default()).await;
        assert_eq!(left.unwrap().rules.len(), list.rules.len() - 2);
        let asked = AskedRules {
            ended: true,
            after: None,
        };
        let all = world.app.price_rules(&seller, asked).await.unwrap();
        assert_eq!(all.rules.len(), list.rules.len() - 1);
        // Another partner's rule is none of theirs.
        let fjord = world.prices_of("seller-admin@fjord.example", "fjord").await;
        let refused = world.app.end_price_rule(&fjord, open, "").await;
        assert!(matches!(refused, Err(Error::NotFound)));
    });
}

#[test]
fn who_may_set_prices_is_the_matrix_and_customers_find_nothing() {
    on_each_database(async |world| {
        let people = [
            (DISTRIBUTOR, "nordic", true, true),
            (DISTRIBUTOR, "baltic", true, true),
            (SELLER, "baltic", true, true),
            ("account-manager@baltic.example", "baltic", true, false),
            (
                "subscriptions-manager@baltic.example",
                "baltic",
                false,
                false,
            ),
            ("billing@baltic.example", "baltic", false, false),
            ("read-only@nordic.example", "baltic", false, false),
        ];
        for (day, (email, slug, sees, sets)) in (10..).zip(people) {
            let typed = TypedPriceRule {
                from: format!("2027-03-{day}"),
                ..rule("3")
            };
            let access = world.prices_of(email, slug).await;
            let list = world.app.price_rules(&access, AskedRules::default()).await;
            assert_eq!(list.is_ok(), sees, "{email} {slug}");
            let shown = world.app.preview_price_rule(&access, &typed).await;
            assert_eq!(shown.is_ok(), sets, "{email} {slug}");
            let made = world.app.add_price_rule(&access, typed).await;
            let is_forbidden = matches!(made, Err(Error::Forbidden));
            assert_eq!(is_forbidden, !sets, "{email} {slug} {made:?}");
        }
        for (email, slug) in [(CUSTOMER, "baltic"), (SELLER, "nordic"), (SELLER, "fjord")] {
            let caller = world.caller(email).await;
            let refused = world.app.partner_access(&caller, slug).await;
            assert!(matches!(refused, Err(Error::NotFound)), "{email} {slug}");
        }
    });
}
