//! What people can do with an order besides buying it, on both databases, by role.

use app::operators::Imported;
use app::orders::{Conditions, may};
use domain::id::{LineId, NoteId};
use domain::order::action::Action;
use domain::order::command::Command;
use domain::order::line::Period;
use domain::order::phase::Status;
use domain::order::retry::Corrected;
use domain::text::Email;
use jiff::SignedDuration;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

impl World {
    pub(crate) async fn tell(
        &self,
        access: &Access,
        number: u64,
        command: Command,
    ) -> Result<SeenOrder, Error> {
        let app = &self.app;
        app.command(access, number, command, Conditions::default(), Mode::Commit)
            .await
    }
}

fn note(text: &str, is_internal: bool) -> Command {
    Command::AddNote {
        id: NoteId(uuid()),
        text: text.into(),
        is_internal,
    }
}

#[test]
fn a_cart_is_saved_continued_deleted_and_restored() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let number = world.fill(&access, CIRRUS, 3).await.unwrap().number;
        let draft = world.tell(&access, number, Command::SaveAsDraft).await;
        assert_eq!(draft.unwrap().status, Status::Draft);
        assert!(world.app.cart(&access).await.unwrap().is_none());
        let other = world.fill(&access, CIRRUS, 1).await.unwrap().number;
        let second = world.tell(&access, number, Command::ContinuePurchase).await;
        assert!(
            matches!(second, Err(Error::Refused(_))),
            "one cart at a time"
        );
        let deleted = world.tell(&access, other, Command::Delete).await.unwrap();
        assert_eq!(deleted.status, Status::Deleted);
        let stranger = world.access(CUSTOMER, "amber").await;
        let theirs = world
            .tell(&stranger, number, Command::ContinuePurchase)
            .await;
        assert!(matches!(theirs, Err(Error::Refused(_))));
        let cart = world
            .tell(&access, number, Command::ContinuePurchase)
            .await
            .unwrap();
        assert_eq!((cart.status, cart.lines.len()), (Status::Started, 1));
        world.tell(&access, number, Command::Delete).await.unwrap();
        let back = world.tell(&access, other, Command::Restore).await.unwrap();
        assert_eq!(back.status, Status::Started);
        let again = world.tell(&access, other, Command::Restore).await;
        assert!(matches!(again, Err(Error::Refused(_))));
    });
}

/// R50: neither through the cart, whose items it was made of, nor by an action of a cart.
#[test]
fn an_order_that_was_placed_is_not_edited_any_more() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 3).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        let item = placed.lines[0].id;
        let more = || ChangeItem { quantity: 30 };
        let changed = world.app.change_cart(&access, item, more()).await;
        assert!(matches!(changed, Err(Error::NotFound)), "{changed:?}");
        let removed = world.app.remove_from_cart(&access, item).await;
        assert!(matches!(removed, Err(Error::NotFound)), "{removed:?}");
        let next = world.fill(&access, CIRRUS, 1).await.unwrap();
        let changed = world.app.change_cart(&access, item, more()).await;
        assert!(matches!(changed, Err(Error::NotFound)), "{changed:?}");
        assert_ne!(next.number, placed.number, "what is added is a new order");
        for command in [Command::SaveAsDraft, Command::Delete, Command::Restore] {
            let refused = world.tell(&access, placed.number, command).await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.lines[0].price.quantity, 3);
    });
}

#[test]
fn an_order_that_no_vendor_has_heard_of_is_withdrawn_and_nothing_is_bought() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 3).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        let order = world
            .tell(&access, cart.number, Command::Withdraw)
            .await
            .unwrap();
        assert_eq!(order.status, Status::Canceled);
        world.settle().await;
        assert!(world.bookings().await.is_empty());
        let cart = world.fill(&access, CIRRUS, 3).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let late = world.tell(&access, cart.number, Command::Withdraw).await;
        assert!(matches!(late, Err(Error::Refused(_))));
    });
}

#[test]
fn a_failed_order_is_fixed_and_sent_again_or_given_up() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let refusal = json!([{"operation": "provision", "times": 2, "action":
            {"do": "answer", "status": 400, "body": "{\"description\": \"no such address\"}"}}]);
        world.faults(refusal).await;
        let cart = world.fill(&access, CIRRUS, 3).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let failed = world.order(&access, cart.number).await;
        assert_eq!(failed.status, Status::ProvisioningFailed);
        let line = Some(failed.lines[0].id);
        let email = Email::parse("new@amber.example").ok();
        let correction = Box::new(Corrected {
            email,
            ..Corrected::default()
        });
        let retry = Command::Retry { line, correction };
        let again = world
            .tell(&access, cart.number, retry.clone())
            .await
            .unwrap();
        assert_eq!(again.lines[0].contact.email.as_str(), "new@amber.example");
        world.settle().await;
        let foreign = Some(LineId(uuid()));
        let foreign = Command::Retry {
            line: foreign,
            correction: Box::default(),
        };
        assert!(world.tell(&access, cart.number, foreign).await.is_err());
        world.tell(&access, cart.number, retry).await.unwrap();
        world.settle().await;
        let done = world.order(&access, cart.number).await;
        assert_eq!(done.status, Status::ProvisioningFinished);
        assert_eq!(world.bookings().await.len(), 1);
        let filed = world
            .tell(&access, cart.number, Command::Archive)
            .await
            .unwrap();
        assert_eq!(filed.status, Status::Completed);
    });
}

fn uuid() -> ::uuid::Uuid {
    ::uuid::Uuid::from_u128(99)
}

#[test]
fn a_person_answers_for_a_vendor_without_a_program() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, "Desk Phone Line", 4).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        world.app.run_due().await.unwrap();
        let line = cart.lines[0].id;
        let fulfill = Command::Fulfill {
            line,
            vendor_reference: "PP-1".into(),
            period: Period::parse("2026-12-01", "2027-11-30").unwrap(),
        };
        let customer = world.access(CUSTOMER, "amber").await;
        let theirs = world.tell(&customer, cart.number, fulfill.clone()).await;
        assert!(matches!(theirs, Err(Error::Forbidden)));
        let done = world
            .tell(&access, cart.number, fulfill.clone())
            .await
            .unwrap();
        assert_eq!(done.status, Status::ProvisioningFinished);
        assert!(world.tell(&access, cart.number, fulfill).await.is_err());
        let subscriptions = world.running(&access).await;
        assert_eq!(subscriptions[0].vendor_reference.as_deref(), Some("PP-1"));
        let ends = subscriptions[0].term_ends_at.unwrap();
        assert_eq!(
            ends.to_string(),
            "2027-12-01T00:00:00Z",
            "after its last day"
        );
        world.clock.advance(SignedDuration::from_secs(600));
        world.app.run_due().await.unwrap();
        assert_eq!(world.app.run_due().await.unwrap(), 0, "the task has ended");
    });
}

#[test]
fn notes_are_shared_or_internal_and_internal_ones_leave_customers_no_trace() {
    on_each_database(async |world| {
        let staff = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let number = world.fill(&staff, CIRRUS, 3).await.unwrap().number;
        world
            .tell(&staff, number, note("for all", false))
            .await
            .unwrap();
        let before = world.app.order(&customer, number).await.unwrap();
        world
            .tell(&staff, number, note("for us", true))
            .await
            .unwrap();
        let after = world.app.order(&customer, number).await.unwrap();
        assert_eq!(before.0.notes.len(), 1);
        let shown = |order: &SeenOrder| (order.version, order.notes.clone());
        assert_eq!(shown(&before.0), shown(&after.0));
        assert_eq!(before.1.len(), after.1.len());
        assert_eq!(world.order(&staff, number).await.notes.len(), 2);
        let theirs = world.tell(&customer, number, note("x", true)).await;
        assert!(matches!(theirs, Err(Error::Forbidden)));
        let version = Some(before.0.version);
        let app = &world.app;
        let saved = app
            .command(
                &customer,
                number,
                note("y", false),
                seen(version),
                Mode::Commit,
            )
            .await;
        assert!(
            saved.is_ok(),
            "an internal note does not make the customer's page stale"
        );
        let stale = app
            .command(
                &customer,
                number,
                note("z", false),
                seen(version),
                Mode::Commit,
            )
            .await;
        assert!(matches!(stale, Err(Error::Changed)));
    });
}

#[test]
fn the_same_wish_with_the_same_key_is_done_once_and_a_dry_run_not_at_all() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let number = world.fill(&access, CIRRUS, 3).await.unwrap().number;
        let app = &world.app;
        let once = |body: &[u8]| Some(Once::new("k1", body).unwrap());
        for _ in 0..2 {
            app.command(
                &access,
                number,
                note("one", false),
                with_key(once(b"a")),
                Mode::Commit,
            )
            .await
            .unwrap();
        }
        let other = app
            .command(
                &access,
                number,
                note("two", false),
                with_key(once(b"b")),
                Mode::Commit,
            )
            .await;
        assert!(matches!(other, Err(Error::KeyReused)));
        app.command(
            &access,
            number,
            Command::SaveAsDraft,
            Conditions::default(),
            Mode::DryRun,
        )
        .await
        .unwrap();
        let order = world.order(&access, number).await;
        assert_eq!((order.notes.len(), order.status), (1, Status::Started));
    });
}

#[test]
fn what_is_offered_is_what_is_done() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let staff = world.access(SELLER, "amber").await;
        let reader = world.access("billing@amber.example", "amber").await;
        let mut orders = Vec::new();
        for view in [View::Recent, View::Historical] {
            let listing = Listing {
                limit: 200,
                ..Listing::of(view)
            };
            orders.extend(world.app.orders(&staff, &listing).await.unwrap().orders);
        }
        for order in orders {
            for (action, command) in [
                (Action::SaveAsDraft, Command::SaveAsDraft),
                (Action::ContinuePurchase, Command::ContinuePurchase),
                (Action::Delete, Command::Delete),
                (Action::Restore, Command::Restore),
                (Action::Withdraw, Command::Withdraw),
                (Action::CancelSchedule, Command::CancelSchedule),
                (
                    Action::Approve,
                    Command::Approve {
                        partners: Vec::new(),
                        comment: None,
                    },
                ),
                (
                    Action::Reject,
                    Command::Reject {
                        partners: Vec::new(),
                        reason: "no".into(),
                    },
                ),
                (Action::GiveUp, Command::GiveUp),
                (Action::Archive, Command::Archive),
                (Action::AddNote, note("n", false)),
            ] {
                let app = &world.app;
                let done = app
                    .command(
                        &staff,
                        order.number,
                        command.clone(),
                        Conditions::default(),
                        Mode::DryRun,
                    )
                    .await;
                let label = format!("{action:?} of {}", order.status.label());
                assert_eq!(
                    done.is_ok(),
                    may(&order, &staff, action, world.app.now()),
                    "{label}: {done:?}"
                );
                if action != Action::AddNote {
                    let done = world.tell(&reader, order.number, command).await;
                    assert!(done.is_err(), "{label} by a reader");
                }
            }
        }
    });
}

fn seen(expected: Option<i64>) -> Conditions {
    Conditions {
        expected,
        ..Conditions::default()
    }
}

fn with_key(once: Option<Once>) -> Conditions {
    Conditions {
        once,
        ..Conditions::default()
    }
}

#[test]
fn ten_wrong_passwords_close_the_door_for_an_hour() {
    on_each_database(async |world| {
        let sign_in = async |password: &str| world.app.sign_in(CUSTOMER, password, "test").await;
        for _ in 0..10 {
            assert!(matches!(sign_in("wrong").await, Err(Error::SignedOut)));
        }
        let right = sign_in("seatwright-demo").await;
        assert!(matches!(right, Err(Error::TooMany)));
        world.clock.advance(SignedDuration::from_mins(61));
        sign_in("seatwright-demo").await.unwrap();
    });
}

#[test]
fn a_session_that_nobody_uses_ends_and_one_that_is_used_goes_on() {
    on_each_database(async |world| {
        let secret = world.app.sign_in(SELLER, "seatwright-demo", "test").await;
        let secret = secret.unwrap();
        let found = async || {
            world
                .app
                .find_caller(&secret, CredentialKind::Session)
                .await
        };
        for _ in 0..3 {
            world.clock.advance(SignedDuration::from_mins(20));
            found().await.unwrap();
        }
        // A page that follows its orders is no use of a person.
        world.clock.advance(SignedDuration::from_mins(20));
        let still = world.app.still_caller(&secret, CredentialKind::Session);
        still.await.unwrap();
        world.clock.advance(SignedDuration::from_mins(20));
        assert!(matches!(found().await, Err(Error::SignedOut)));
    });
}

#[test]
fn a_vendors_catalog_is_taken_over_and_taking_it_over_again_changes_nothing() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let before = world.offers(&access).await;
        let import = async || world.app.import_catalog("nordic", "microsoft").await;
        let first = import().await.unwrap();
        assert_eq!((first.added, first.withdrawn), (3, 0));
        assert_eq!(import().await.unwrap(), Imported::default());
        let after = world.offers(&access).await;
        assert_eq!(after.len(), before.len() + 3);
        let copilot = after
            .iter()
            .find(|found| found.offer.name == "Copilot for Microsoft 365");
        let inside = copilot.unwrap().plans[0].unit.inside.unwrap();
        assert_eq!(inside.unit.cost.to_string(), "324.00 EUR");
    });
}
