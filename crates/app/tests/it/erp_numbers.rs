//! A seller's rule that refuses orders of customers without an ERP number (F19), on both databases.

use app::quotes::{QuoteCommand, TypedQuote};
use app::subscriptions::TypedWish;
use domain::job::RowOutcome;
use domain::order::Refusal;

use super::changes::more;
use super::*;

const CUSTOMER: &str = "admin@amber.example";

impl World {
    async fn ask_numbers(&self, needs: bool) {
        let baltic = self.partner(SELLER, "baltic").await;
        let set = self.app.set_needs_erp_number(&baltic, needs);
        set.await.unwrap();
    }
}

fn is_refused<T: std::fmt::Debug>(refused: Result<T, Error>) {
    let Err(error @ Error::Refused(Refusal::NoErpNumber { .. })) = refused else {
        panic!("{refused:?}");
    };
    for words in [
        "Amber Logistics has no ERP number",
        "Baltic Cloud takes no orders without one",
        "can enter it on the page Organization",
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn nothing_is_ordered_without_an_erp_number_where_the_seller_asks_for_one() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        world.fill(&seller, CIRRUS, 2).await.unwrap();
        let quote = TypedQuote {
            name: "New office".into(),
            recipients: vec![CUSTOMER.into()],
            valid_days: 14,
            ..TypedQuote::default()
        };
        let quote = world.app.make_quote(&seller, quote).await.unwrap();
        let answer = async |access: &Access, command| {
            let conditions = app::orders::Conditions::default();
            world
                .app
                .answer_quote(access, quote.number, command, conditions, Mode::Commit)
                .await
        };
        answer(&seller, QuoteCommand::Send).await.unwrap();
        let cart = world.fill(&customer, CIRRUS, 3).await.unwrap();
        world.ask_numbers(true).await;

        let accept = QuoteCommand::Accept {
            accept_terms: true,
            terms_version: None,
        };
        is_refused(world.place(&customer, &cart).await);
        is_refused(answer(&customer, accept.clone()).await);
        for mode in [Mode::DryRun, Mode::Commit] {
            is_refused(world.wish(&seller, bought.id, more(11), mode).await);
        }
        let sheet = format!("subscription,quantity\n{},12\n", bought.id);
        let rows = app::jobs::read_sheet(&sheet).unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        let job = world
            .app
            .begin_job(&customer, rows, &zone, true, None)
            .await;
        let job = job.unwrap();
        world.app.run_jobs().await.unwrap();
        let rows = world.app.job_rows(&customer, &job, None, 0, 10).await;
        assert!(
            matches!(&rows.unwrap()[0].outcome, RowOutcome::Refused { reasons }
                if reasons[0].contains("has no ERP number"))
        );
        let renamed = TypedWish {
            name: Some("Ours".into()),
            ..TypedWish::default()
        };
        world.changed(&seller, bought.id, renamed).await;
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1, "what was bought before");

        world.app.set_erp_number(&seller, " C-1004 ").await.unwrap();
        let kept = world.app.cart(&customer).await.unwrap().unwrap();
        assert_eq!(kept.number, cart.number, "the cart is kept");
        world.place(&customer, &kept).await.unwrap();
        answer(&customer, accept).await.unwrap();
        world.changed(&seller, bought.id, more(11)).await;
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 3);

        // Off again, nobody asks for it.
        world.app.set_erp_number(&seller, "").await.unwrap();
        let cart = world.fill(&customer, CIRRUS, 1).await.unwrap();
        is_refused(world.place(&customer, &cart).await);
        world.ask_numbers(false).await;
        world.place(&customer, &cart).await.unwrap();
    });
}

#[test]
fn staff_enter_the_number_and_the_customers_admins_read_it() {
    on_each_database(async |world| {
        let manager = world
            .access("account-manager@baltic.example", "amber")
            .await;
        let found = world.app.set_erp_number(&manager, "C-1004").await.unwrap();
        assert!(!found.lacks_number());
        for long in ["a\nb".to_owned(), "x".repeat(65)] {
            let refused = world.app.set_erp_number(&manager, &long).await;
            assert!(
                matches!(&refused, Err(Error::Invalid { field, .. }) if *field == "/erp_number"),
                "{refused:?}"
            );
        }
        for (email, reads) in [
            (CUSTOMER, true),
            ("support@baltic.example", true),
            ("user@amber.example", false),
            ("billing@amber.example", false),
        ] {
            let access = world.access(email, "amber").await;
            let read = world
                .app
                .profile(&access)
                .await
                .map(|found| found.organization.erp_number);
            match reads {
                true => assert_eq!(read.unwrap().map(String::from).as_deref(), Some("C-1004")),
                false => assert!(matches!(read, Err(Error::Forbidden)), "{email}"),
            }
            let refused = world.app.set_erp_number(&access, "other").await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
        for (email, partner) in [
            ("account-manager@baltic.example", "baltic"),
            ("read-only@nordic.example", "nordic"),
        ] {
            let access = world.partner(email, partner).await;
            let refused = world.app.set_needs_erp_number(&access, true).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
    });
}

#[test]
fn who_entered_a_number_or_asks_for_one_is_kept() {
    on_each_database(async |world| {
        let manager = world
            .access("account-manager@baltic.example", "amber")
            .await;
        let seller = world.access(SELLER, "amber").await;
        assert_eq!(world.app.profile(&seller).await.unwrap().numbered, None);
        let told = async |access: &Access, number: &str| {
            let found = world.app.set_erp_number(access, number).await.unwrap();
            let edit = found.numbered.unwrap();
            (edit.from.concat(), edit.to.concat(), edit.by, edit.at)
        };
        let first = told(&manager, "C-1004").await;
        let (by, at) = (manager.actor().clone(), world.app.now());
        assert_eq!(first, (String::new(), "C-1004".into(), by, at));
        world.clock.advance(jiff::SignedDuration::from_hours(1));
        // Whoever saves what stands there already has entered nothing.
        assert_eq!(told(&seller, "C-1004").await, first);
        let (from, to, by, at) = told(&seller, "").await;
        assert_eq!((from.as_str(), to.as_str()), ("C-1004", ""));
        assert_eq!((&by, at), (seller.actor(), world.app.now()));

        let baltic = world.partner(SELLER, "baltic").await;
        let since = async || world.app.needs_erp_number_since(&baltic).await.unwrap();
        assert_eq!(since().await, None);
        world.ask_numbers(true).await;
        let edit = since().await.unwrap();
        assert_eq!(
            (edit.to.concat().as_str(), edit.by),
            ("yes", baltic.actor().clone())
        );
        let again = world.partner(SELLER, "baltic").await;
        world.app.set_needs_erp_number(&again, false).await.unwrap();
        assert_eq!(since().await.unwrap().to, Vec::<String>::new());
    });
}
