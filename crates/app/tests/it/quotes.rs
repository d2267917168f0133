//! Quotes from the cart to an order, on both databases.

use app::approvals::TypedRule;
use app::orders::Conditions;
use app::quotes::{QuoteCommand, TypedItem, TypedQuote, may};
use domain::quote::seen::SeenQuote;
use domain::quote::status::{QuoteAction, QuoteStatus};

use super::*;

const MANAGER: &str = "account-manager@baltic.example";
const ADMIN: &str = "admin@amber.example";
const USER: &str = "user@amber.example";

fn typed(name: &str) -> TypedQuote {
    TypedQuote {
        name: name.into(),
        recipients: vec![ADMIN.into()],
        valid_days: 14,
        comments: "As discussed".into(),
        ..TypedQuote::default()
    }
}

const ACCEPT: QuoteCommand = QuoteCommand::Accept {
    accept_terms: true,
    terms_version: None,
};

impl World {
    async fn drafted(&self, access: &Access) -> SeenQuote {
        self.fill(access, CIRRUS, 5).await.unwrap();
        self.app
            .make_quote(access, typed("New office"))
            .await
            .unwrap()
    }

    async fn answer(
        &self,
        access: &Access,
        number: u64,
        command: QuoteCommand,
    ) -> Result<app::quotes::Answered, Error> {
        let conditions = Conditions::default();
        self.app
            .answer_quote(access, number, command, conditions, Mode::Commit)
            .await
    }

    async fn sent(&self, access: &Access) -> SeenQuote {
        let quote = self.drafted(access).await;
        let sent = self.answer(access, quote.number, QuoteCommand::Send).await;
        sent.unwrap().quote
    }
}

#[test]
fn a_quote_is_made_of_the_cart_sent_accepted_and_runs_like_any_purchase() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let quote = world.drafted(&manager).await;
        assert_eq!(quote.status, QuoteStatus::Draft);
        assert!(world.app.cart(&manager).await.unwrap().is_none());
        let hidden = world.app.quote(&admin, quote.number).await;
        assert!(matches!(hidden, Err(Error::NotFound)));
        let listed = world.app.quotes(&admin, false, None, 10).await.unwrap();
        assert!(listed.found.is_empty());

        let cheaper = TypedQuote {
            items: vec![TypedItem {
                item: quote.lines[0].id.to_string(),
                quantity: Some(10),
                markup: Some("20".into()),
                ..TypedItem::default()
            }],
            ..typed("New office, larger")
        };
        let edited = world.app.edit_quote(&manager, quote.number, cheaper, None);
        let edited = edited.await.unwrap();
        assert_eq!(edited.lines[0].price.unit.plain(), "21.60 EUR");
        world
            .answer(&manager, quote.number, QuoteCommand::Send)
            .await
            .unwrap();
        let seen = world.app.quote(&admin, quote.number).await.unwrap();
        assert_eq!(seen.totals[0].1.plain(), "216.00 EUR");
        assert_eq!(
            (seen.lines[0].markup, seen.lines[0].price.inside),
            (None, None)
        );

        let accepted = world.answer(&admin, quote.number, ACCEPT).await.unwrap();
        assert_eq!(accepted.quote.status, QuoteStatus::Accepted);
        let order = accepted.order.unwrap();
        assert_eq!(order.status, Status::ProvisioningStarted);
        assert_eq!(order.created_by.email, ADMIN);
        let again = world.answer(&admin, quote.number, ACCEPT).await.unwrap();
        assert_eq!(again.order.unwrap().number, order.number);
        world.settle().await;
        let bookings = world.bookings().await;
        assert_eq!(bookings.len(), 1);
        let running = world.running(&manager).await;
        assert_eq!(running[0].price.unit.plain(), "21.60 EUR");
        let markups = running[0].markups.map(|markups| markups.seller.value());
        assert_eq!(markups, Some(20.into()), "it stays when it renews");
    });
}

#[test]
fn a_quote_that_is_accepted_twenty_times_at_once_is_one_order() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let quote = world.sent(&manager).await;
        let clicks = (0..20).map(|_| world.answer(&admin, quote.number, ACCEPT));
        let mut numbers = Vec::new();
        for answer in futures::future::join_all(clicks).await {
            numbers.push(answer.unwrap().order.unwrap().number);
        }
        numbers.dedup();
        assert_eq!(numbers.len(), 1);
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1);
    });
}

#[test]
fn a_quote_is_answered_by_its_recipients_and_managed_by_the_roles_that_may() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let quote = world.sent(&manager).await;
        let user = world.access(USER, "amber").await;
        let foreign = world.answer(&user, quote.number, ACCEPT).await;
        assert!(matches!(foreign, Err(Error::NotFound)));
        for email in [MANAGER, SELLER, "distributor-admin@nordic.example"] {
            let access = world.access(email, "amber").await;
            let refused = world.answer(&access, quote.number, ACCEPT).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
            let seen = world.app.quote(&access, quote.number).await.unwrap();
            assert!(may(&seen, &access, QuoteAction::Cancel), "{email}");
            assert!(!may(&seen, &access, QuoteAction::Accept), "{email}");
        }
        for email in ["subscriptions-manager@baltic.example", ADMIN] {
            let access = world.access(email, "amber").await;
            for command in [QuoteCommand::Send, QuoteCommand::Delete] {
                let refused = world.answer(&access, quote.number, command).await;
                assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
            }
            let refused = world.app.make_quote(&access, typed("No")).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
        let birch = world.access(MANAGER, "birch").await;
        let foreign = world.app.quote(&birch, quote.number).await;
        assert!(matches!(foreign, Err(Error::NotFound)));
    });
}

#[test]
fn a_change_is_requested_made_and_sent_again_and_a_refusal_says_why() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let quote = world.sent(&manager).await;
        let wish = QuoteCommand::RequestChange {
            comment: "Seven, please".into(),
        };
        let asked = world.answer(&admin, quote.number, wish).await.unwrap();
        assert_eq!(asked.quote.status, QuoteStatus::ChangeRequested);
        let refused = world.answer(&admin, quote.number, ACCEPT).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        world.fill(&manager, MICROSOFT, 2).await.unwrap();
        let seven = TypedQuote {
            items: vec![TypedItem {
                item: quote.lines[0].id.to_string(),
                quantity: Some(7),
                target_price: Some("16.00".into()),
                ..TypedItem::default()
            }],
            add_cart: true,
            ..typed("New office")
        };
        let edited = world.app.edit_quote(&manager, quote.number, seven, None);
        let edited = edited.await.unwrap();
        assert!(edited.is_edited);
        assert_eq!(edited.lines.len(), 2);
        let before = world.app.quote(&admin, quote.number).await.unwrap();
        assert_eq!(before.lines.len(), 1, "not before it is sent");
        world
            .answer(&manager, quote.number, QuoteCommand::Send)
            .await
            .unwrap();
        let seen = world.app.quote(&admin, quote.number).await.unwrap();
        assert_eq!(seen.lines[0].price.total.plain(), "112.00 EUR");
        let reason = Some("Too dear".to_owned());
        let refusal = QuoteCommand::Reject { reason };
        let rejected = world.answer(&admin, quote.number, refusal).await.unwrap();
        assert_eq!(rejected.quote.status, QuoteStatus::Rejected);
        let said = rejected
            .quote
            .history
            .last()
            .and_then(|e| e.comment.clone());
        assert_eq!(said.as_deref(), Some("Too dear"));
        let open = world.app.quotes(&manager, true, None, 10).await.unwrap();
        assert!(open.found.is_empty(), "inactive");
    });
}

#[test]
fn a_quote_expires_at_its_instant() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let quote = world.sent(&manager).await;
        let end = SignedDuration::from_hours(24 * 14);
        world.clock.advance(end - SignedDuration::from_secs(1));
        let open = world.app.quotes(&admin, true, None, 10).await.unwrap();
        assert_eq!(open.found.len(), 1);
        world.clock.advance(SignedDuration::from_secs(1));
        let seen = world.app.quote(&admin, quote.number).await.unwrap();
        assert_eq!(seen.status, QuoteStatus::Expired);
        let open = world.app.quotes(&admin, true, None, 10).await.unwrap();
        assert!(open.found.is_empty());
        let late = world.answer(&admin, quote.number, ACCEPT).await;
        assert!(matches!(late, Err(Error::Refused(_))));
    });
}

#[test]
fn an_accepted_quote_waits_for_approval_and_a_suspension_cancels_open_ones() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let seller = world.access(SELLER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let (first, second) = (world.sent(&manager).await, world.sent(&manager).await);
        let caller = world.caller(SELLER).await;
        let baltic = world.app.partner_access(&caller, "baltic").await.unwrap();
        let all = TypedRule {
            name: "Everything".into(),
            enabled: true,
            ..TypedRule::default()
        };
        world
            .app
            .save_approval_rule(&baltic, None, all)
            .await
            .unwrap();
        let accepted = world.answer(&admin, first.number, ACCEPT).await.unwrap();
        let order = accepted.order.unwrap();
        assert_eq!(order.status, Status::PendingApproval);
        world.app.suspend(&seller, "unpaid invoices").await.unwrap();
        while world.app.stop_due().await.unwrap() > 0 {}
        let seen = world.app.quote(&seller, second.number).await.unwrap();
        assert_eq!(seen.status, QuoteStatus::Canceled);
        let said = seen.history.last().and_then(|event| event.comment.clone());
        let why = "Amber Logistics was suspended: unpaid invoices";
        assert_eq!(said.as_deref(), Some(why));
        let order = world.order(&seller, order.number).await;
        assert_eq!(order.status, Status::Canceled);
    });
}

#[test]
fn a_suspended_seller_sends_no_quote_and_what_was_sent_is_not_accepted_but_canceled() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let admin = world.access(ADMIN, "amber").await;
        let (sent, draft) = (world.sent(&manager).await, world.drafted(&manager).await);
        let supplier = world.caller("distributor-admin@nordic.example").await;
        let baltic = world.app.partner_access(&supplier, "baltic").await.unwrap();
        world.app.suspend(&baltic, "no contract").await.unwrap();
        let why = "Baltic Cloud was suspended: no contract";
        for refused in [
            world.answer(&admin, sent.number, ACCEPT).await,
            world
                .answer(&manager, draft.number, QuoteCommand::Send)
                .await,
        ] {
            let Err(error @ Error::Refused(_)) = refused else {
                panic!("{refused:?}");
            };
            assert!(error.to_string().starts_with(why), "{error}");
        }
        while world.app.stop_due().await.unwrap() > 0 {}
        let seen = world.app.quote(&admin, sent.number).await.unwrap();
        assert_eq!(seen.status, QuoteStatus::Canceled);
        let said = seen.history.last().and_then(|event| event.comment.clone());
        assert_eq!(said.as_deref(), Some(why));
        world.app.reactivate(&baltic).await.unwrap();
        let send = world.answer(&manager, draft.number, QuoteCommand::Send);
        send.await.unwrap();
    });
}

#[test]
fn every_problem_of_a_quote_is_named() {
    on_each_database(async |world| {
        let manager = world.access(MANAGER, "amber").await;
        let empty = world.app.make_quote(&manager, typed("Nothing")).await;
        assert!(matches!(empty, Err(Error::Refused(_))), "no cart");
        let cart = world.fill(&manager, CIRRUS, 5).await.unwrap();
        let wrong = TypedQuote {
            recipients: vec!["billing@amber.example".into()],
            valid_days: 366,
            items: vec![TypedItem {
                item: "lin_1".into(),
                ..TypedItem::default()
            }],
            ..typed(" ")
        };
        let refused = world.app.make_quote(&manager, wrong).await;
        let Err(Error::Problems(problems)) = refused else {
            panic!("{refused:?}");
        };
        let fields: Vec<&str> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(fields, ["/name", "/recipients", "/valid_days", "/item"]);
        let kept = world.app.cart(&manager).await.unwrap().unwrap();
        assert_eq!(kept.number, cart.number, "nothing typed is lost");
    });
}
