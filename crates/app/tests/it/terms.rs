//! Terms and conditions through `app`: who publishes what, what an order records, and what happens where
//! another version came into force in between.

use app::quotes::QuoteCommand;
use app::terms::TypedTerms;
use domain::terms::TermsVersion;

use super::*;

fn typed(label: &str, vendor: &str, from: &str) -> TypedTerms {
    TypedTerms {
        label: label.into(),
        vendor: vendor.into(),
        from: from.into(),
        text: "One.\r\n\r\nTwo.".into(),
    }
}

impl World {
    async fn publish(&self, typed: TypedTerms) -> Result<TermsVersion, Error> {
        let baltic = self.partner(SELLER, "baltic").await;
        self.app.publish_terms(&baltic, typed).await
    }

    async fn version(&self, access: &Access) -> String {
        let found = self.app.terms(access, None, None).await.unwrap();
        found.in_force.label()
    }
}

#[test]
fn an_order_records_what_was_in_force_and_a_change_in_between_has_to_be_accepted() {
    on_each_database(async |world| {
        let amber = world.access("admin@amber.example", "amber").await;
        assert_eq!(world.version(&amber).await, "2026-11");
        let cart = world.fill(&amber, MICROSOFT, 2).await.unwrap();
        let place = async |shown: Option<&str>| {
            let command = PlaceCart {
                number: cart.number,
                version: cart.version,
                accept_terms: true,
                terms_version: shown.map(str::to_owned),
                payment: Default::default(),
            };
            let placed = world.app.place_cart(&amber, command, None, Mode::Commit);
            placed.await
        };
        let microsoft = cart.lines[0].item.vendor;
        let published = world
            .publish(typed("M-7", &microsoft.to_string(), ""))
            .await;
        assert_eq!(published.unwrap().text, "One.\n\nTwo.");
        let refused = place(Some("2026-11")).await.unwrap_err();
        let words = "version 2026-11 + Microsoft M-7 is in force now; read it and accept it";
        assert!(refused.to_string().ends_with(words), "{refused}");
        let applied = world.app.terms_for(&amber, [microsoft]).await.unwrap();
        let placed = place(Some(&applied.label())).await.unwrap();
        let recorded = placed.terms.as_deref();
        assert_eq!(recorded, Some("2026-11 + Microsoft M-7"));
        // What is of another vendor is ordered on the general terms alone, as the one in force now.
        let cart = world.fill(&amber, CIRRUS, 1).await.unwrap();
        let other = world.place(&amber, &cart).await.unwrap();
        assert_eq!(other.terms.as_deref(), Some("2026-11"));
    });
}

#[test]
fn a_version_comes_into_force_on_its_day_where_its_partner_is_and_earlier_ones_stay() {
    on_each_database(async |world| {
        let amber = world.access("admin@amber.example", "amber").await;
        let elk = world.access("seller-admin@fjord.example", "elk").await;
        world
            .publish(typed("2027-02", "", "2027-01-17"))
            .await
            .unwrap();
        assert_eq!(world.version(&amber).await, "2026-11");
        // 2027-01-15 08:00 in UTC; the day begins at 22:00 UTC in Vilnius.
        world.clock.advance(SignedDuration::from_hours(37));
        assert_eq!(world.version(&amber).await, "2026-11");
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.version(&amber).await, "2027-02");
        let found = world.app.terms(&amber, None, None).await.unwrap();
        let others = found.others.iter().map(|version| version.label.as_str());
        assert_eq!(others.collect::<Vec<_>>(), ["2026-11", "2025-01"]);
        let first = world
            .app
            .terms(&amber, Some(found.others[1].id), None)
            .await;
        assert_eq!(first.unwrap().shown.unwrap().label, "2025-01");
        // Another seller's customers have its own.
        assert_eq!(world.version(&elk).await, "2026-11");
        let foreign = world.app.terms(&elk, Some(found.others[1].id), None);
        assert!(matches!(foreign.await, Err(Error::NotFound)));
    });
}

#[test]
fn who_publishes_terms_is_the_matrix_and_what_is_wrong_is_said_field_by_field() {
    on_each_database(async |world| {
        for (email, may) in [
            (SELLER, true),
            ("distributor-admin@nordic.example", true),
            ("read-only@nordic.example", false),
            ("account-manager@baltic.example", false),
            ("support@baltic.example", false),
        ] {
            let access = world.partner(email, "baltic").await;
            let label = email.split('@').next().unwrap();
            let done = world
                .app
                .publish_terms(&access, typed(label, "", "2030-01-01"))
                .await;
            match may {
                // One version of a day: who comes second is told so.
                true => assert!(!matches!(done, Err(Error::Forbidden)), "{email}"),
                false => assert!(matches!(done, Err(Error::Forbidden)), "{email}"),
            }
        }
        let wrong = TypedTerms {
            label: "a + b".into(),
            vendor: "ven_00000000000000000000000000000099".into(),
            from: "2027-01-14".into(),
            text: " \n ".into(),
        };
        let Err(Error::Problems(problems)) = world.publish(wrong).await else {
            panic!("taken");
        };
        let fields = problems.iter().map(|problem| &*problem.field);
        assert_eq!(
            fields.collect::<Vec<_>>(),
            ["/label", "/vendor", "/from", "/text"]
        );
        let again = world.publish(typed("2026-11", "", "")).await;
        assert!(matches!(again, Err(Error::Problems(problems)) if problems[0].field == "/label"));
    });
}

#[test]
fn a_change_of_what_runs_is_ordered_on_the_terms_that_were_shown() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let amber = world.access(SELLER, "amber").await;
        let asked = app::subscriptions::Asked {
            status: Some("active".into()),
            limit: 1,
            ..app::subscriptions::Asked::default()
        };
        let found = world.app.subscriptions(&amber, asked).await.unwrap();
        let found = &found.found[0];
        world.publish(typed("2027-01", "", "")).await.unwrap();
        let change = async |shown: Option<&str>| {
            let change = app::subscriptions::Change {
                wish: app::subscriptions::TypedWish {
                    name: Some("Another name".into()),
                    ..app::subscriptions::TypedWish::default()
                },
                accept_terms: true,
                terms_version: shown.map(str::to_owned),
                zone: None,
            };
            let conditions = app::orders::Conditions::default();
            let changed =
                world
                    .app
                    .change_subscription(&amber, found.id, change, conditions, Mode::Commit);
            changed.await
        };
        let refused = change(Some("2026-11")).await;
        assert!(matches!(refused, Err(Error::TermsChanged { version }) if version == "2027-01"));
        let changed = change(Some("2027-01")).await.unwrap();
        assert_eq!(changed.order.terms.as_deref(), Some("2027-01"));
    });
}

/// A quote is accepted and a sheet is ordered on the terms that were shown, as a cart is.
#[test]
fn a_quote_and_a_sheet_are_ordered_on_the_terms_that_were_shown() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let buyer = world.access("admin@amber.example", "amber").await;
        let running = world.bought(&buyer, CIRRUS, 5).await;
        world.fill(&seller, CIRRUS, 5).await.unwrap();
        let typed_quote = app::quotes::TypedQuote {
            name: "New office".into(),
            recipients: vec!["admin@amber.example".into()],
            valid_days: 14,
            ..app::quotes::TypedQuote::default()
        };
        let quote = world.app.make_quote(&seller, typed_quote).await.unwrap();
        let answer = async |access: &Access, command: QuoteCommand| {
            let conditions = app::orders::Conditions::default();
            let app = &world.app;
            app.answer_quote(access, quote.number, command, conditions, Mode::Commit)
                .await
        };
        answer(&seller, QuoteCommand::Send).await.unwrap();
        let shown = world.version(&buyer).await;
        world.publish(typed("2027-01", "", "")).await.unwrap();

        let accept = |version: &str| QuoteCommand::Accept {
            accept_terms: true,
            terms_version: Some(version.to_owned()),
        };
        let refused = answer(&buyer, accept(&shown)).await;
        assert!(matches!(refused, Err(Error::TermsChanged { version }) if version == "2027-01"));
        let accepted = answer(&buyer, accept("2027-01")).await.unwrap();
        assert_eq!(accepted.order.unwrap().terms.as_deref(), Some("2027-01"));

        let begin = async |version: &str| {
            let sheet = format!("subscription,quantity\n{},7\n", running.id);
            let rows = app::jobs::read_sheet(&sheet).unwrap();
            let zone = jiff::tz::TimeZone::UTC;
            let begun = world
                .app
                .begin_job(&buyer, rows, &zone, true, Some(version));
            begun.await
        };
        let refused = begin(&shown).await;
        assert!(matches!(refused, Err(Error::TermsChanged { version }) if version == "2027-01"));
        assert!(world.app.jobs(&buyer).await.unwrap().is_empty());
        begin("2027-01").await.unwrap();
    });
}
