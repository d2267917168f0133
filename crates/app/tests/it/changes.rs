//! Changes of what runs, each an order of its own: made, refused, planned, replaced and kept, on both
//! databases.

use app::orders::Conditions;
use app::subscriptions::{Asked, Change, Changed, TypedUpgrade, TypedWish};
use domain::id::SubscriptionId;
use domain::order::OrderKind;
use domain::order::command::Command;
use domain::order::line::Period;
use domain::order::slot::Slot;
use domain::subscription::{SeenSubscription, SubscriptionState};

use super::*;

const CUSTOMER: &str = "admin@amber.example";
const PHONE: &str = "Desk Phone Line";

impl World {
    pub(crate) async fn running(&self, access: &Access) -> Vec<SeenSubscription> {
        let asked = Asked {
            limit: 200,
            ..Asked::default()
        };
        self.app.subscriptions(access, asked).await.unwrap().found
    }

    /// A bought and provisioned license.
    pub(crate) async fn bought(
        &self,
        access: &Access,
        offer: &str,
        quantity: i64,
    ) -> SeenSubscription {
        let cart = self.fill(access, offer, quantity).await.unwrap();
        let placed = self.place(access, &cart).await.unwrap();
        for _ in 0..5 {
            self.app.run_due().await.unwrap();
            self.clock.advance(SignedDuration::from_secs(61));
        }
        let bought = placed.lines[0].subscription;
        let found = self.running(access).await;
        found.into_iter().find(|one| one.id == bought).unwrap()
    }

    pub(crate) async fn wish(
        &self,
        access: &Access,
        id: SubscriptionId,
        wish: TypedWish,
        mode: Mode,
    ) -> Result<Changed, Error> {
        let change = Change {
            wish,
            accept_terms: true,
            terms_version: None,
            zone: None,
        };
        let conditions = Conditions::default();
        self.app
            .change_subscription(access, id, change, conditions, mode)
            .await
    }

    pub(crate) async fn changed(
        &self,
        access: &Access,
        id: SubscriptionId,
        wish: TypedWish,
    ) -> Changed {
        self.wish(access, id, wish, Mode::Commit).await.unwrap()
    }

    pub(crate) async fn work_off(&self) {
        for _ in 0..8 {
            self.app.run_due().await.unwrap();
            self.clock.advance(SignedDuration::from_secs(61));
        }
    }

    pub(crate) async fn one(&self, access: &Access, id: SubscriptionId) -> SeenSubscription {
        self.app
            .subscription(access, id)
            .await
            .unwrap()
            .subscription
    }
}

pub(crate) fn more(quantity: i64) -> TypedWish {
    TypedWish {
        quantity: Some(quantity),
        ..TypedWish::default()
    }
}

fn status(status: &str) -> TypedWish {
    TypedWish {
        status: Some(status.into()),
        ..TypedWish::default()
    }
}

pub(crate) fn at(wish: TypedWish, when: &str) -> TypedWish {
    TypedWish {
        when: Some(when.into()),
        ..wish
    }
}

fn problems(refused: Result<Changed, Error>) -> Vec<String> {
    match refused {
        Err(Error::Problems(problems)) => problems
            .iter()
            .map(|problem| problem.field.to_string())
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_increase_is_an_update_order_that_the_vendor_carries_out() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let changed = world.changed(&access, bought.id, more(15)).await;
        assert_eq!(changed.order.kind, OrderKind::Update);
        assert_eq!(
            changed.order.lines[0].change.text(),
            "Quantity 10 → 15 (+5)"
        );
        let totals = changed.order.lines[0].totals;
        assert_eq!((totals.now, totals.after), (10, Some(15)));
        assert_eq!(
            world.one(&access, bought.id).await.quantity,
            10,
            "not before the vendor says so"
        );
        world.work_off().await;
        let order = world.order(&access, changed.order.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        assert_eq!(order.lines[0].totals.now, 15);
        let found = world.one(&access, bought.id).await;
        assert_eq!((found.quantity, found.batches.len()), (15, 2));
        let bookings = world.bookings().await;
        assert_eq!(
            (bookings.len(), bookings[0]["quantity"].as_u64()),
            (1, Some(15))
        );
        let history = world
            .app
            .subscription(&access, bought.id)
            .await
            .unwrap()
            .history;
        let told: Vec<String> = history
            .unwrap()
            .into_iter()
            .map(|entry| entry.text)
            .collect();
        assert_eq!(told, ["Quantity 10 → 15 (+5)", "New subscription · 10"]);
    });
}

#[test]
fn a_preview_is_the_same_code_and_keeps_nothing() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let preview = world
            .wish(&access, bought.id, more(15), Mode::DryRun)
            .await
            .unwrap();
        let costs = preview.estimate.unwrap();
        assert_eq!(costs.after.minor * 10, costs.before.minor * 15);
        assert!(costs.due_now.is_some());
        assert_eq!(preview.after.unwrap().quantity, 15);
        let number = preview.order.number;
        let gone = world.app.order(&access, number).await;
        assert!(matches!(gone, Err(Error::NotFound)));
        assert_eq!(
            world
                .app
                .subscription(&access, bought.id)
                .await
                .unwrap()
                .open,
            []
        );
    });
}

#[test]
fn a_second_change_waits_for_the_first_and_is_told_its_number() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let first = world.changed(&access, bought.id, more(15)).await;
        let second = world.wish(&access, bought.id, more(20), Mode::Commit).await;
        let Err(Error::InFlight { order }) = second else {
            panic!("{second:?}");
        };
        assert_eq!(order, first.order.number);
        let open = world
            .app
            .subscription(&access, bought.id)
            .await
            .unwrap()
            .open;
        assert_eq!(open, [(Slot::Now, order)]);
        world.work_off().await;
        let third = world.changed(&access, bought.id, more(20)).await;
        assert_eq!(third.order.lines[0].change.text(), "Quantity 15 → 20 (+5)");
    });
}

#[test]
fn two_people_at_once_make_one_order() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&customer, CIRRUS, 10).await;
        let (one, other) = futures::future::join(
            world.wish(&seller, bought.id, more(15), Mode::Commit),
            world.wish(&customer, bought.id, more(20), Mode::Commit),
        )
        .await;
        assert_eq!(
            [one.is_ok(), other.is_ok()]
                .iter()
                .filter(|ok| **ok)
                .count(),
            1
        );
        let refused = one.err().or(other.err());
        assert!(
            matches!(refused, Some(Error::InFlight { .. })),
            "{refused:?}"
        );
    });
}

#[test]
fn a_vendor_that_refuses_leaves_the_subscription_as_it_was_and_the_line_can_be_sent_again() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let body = "{\"error\":\"Closed\",\"description\":\"Not this month\"}";
        let action = json!({"do": "answer", "status": 422, "body": body});
        world
            .faults(json!([{"operation": "update", "times": 1, "action": action}]))
            .await;
        let changed = world.changed(&access, bought.id, more(15)).await;
        world.work_off().await;
        let failed = world.order(&access, changed.order.number).await;
        assert_eq!(failed.status, Status::ProvisioningFailed);
        assert_eq!(
            (failed.lines[0].totals.now, failed.lines[0].totals.after),
            (10, None)
        );
        assert_eq!(world.one(&access, bought.id).await.quantity, 10);
        let retry = Command::Retry {
            line: None,
            correction: Box::default(),
        };
        world.tell(&access, failed.number, retry).await.unwrap();
        world.work_off().await;
        assert_eq!(world.one(&access, bought.id).await.quantity, 15);
    });
}

#[test]
fn a_subscription_rests_goes_on_and_ends() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        for (word, state) in [
            ("suspended", "suspended"),
            ("active", "active"),
            ("canceled", "canceled"),
        ] {
            world.changed(&access, bought.id, status(word)).await;
            world.work_off().await;
            assert_eq!(world.one(&access, bought.id).await.state.name(), state);
        }
        assert_eq!(world.bookings().await.len(), 0);
        let refused = world.wish(&access, bought.id, more(3), Mode::Commit).await;
        assert_eq!(problems(refused), [""]);
    });
}

#[test]
fn the_vendors_window_is_kept_and_told() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, MICROSOFT, 10).await;
        let details = world.app.subscription(&access, bought.id).await.unwrap();
        assert_eq!(details.returnable.0, 10);
        world.changed(&access, bought.id, more(8)).await;
        world.work_off().await;
        assert_eq!(world.one(&access, bought.id).await.quantity, 8);
        world.clock.advance(SignedDuration::from_hours(7 * 24));
        let late = world.wish(&access, bought.id, more(7), Mode::Commit).await;
        assert_eq!(problems(late), ["/quantity"]);
        let late = world
            .wish(&access, bought.id, status("canceled"), Mode::Commit)
            .await;
        assert_eq!(problems(late), ["/status"]);
        let never = world
            .wish(&access, bought.id, status("suspended"), Mode::Commit)
            .await;
        assert_eq!(
            problems(never),
            ["/status"],
            "Microsoft suspends nothing mid-term"
        );
        let planned = world
            .changed(&access, bought.id, at(more(7), "on_renewal"))
            .await;
        assert_eq!(planned.order.status, Status::Scheduled);
    });
}

#[test]
fn what_does_not_go_together_is_explained_and_done_in_steps() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let both = TypedWish {
            auto_renewal: Some(false),
            ..more(12)
        };
        let refused = world
            .wish(&access, bought.id, both.clone(), Mode::Commit)
            .await;
        assert_eq!(problems(refused), ["/in_steps"]);
        let steps = TypedWish {
            in_steps: true,
            ..both
        };
        let changed = world.changed(&access, bought.id, steps.clone()).await;
        assert_eq!(changed.order.lines.len(), 2);
        world.app.run_due().await.unwrap();
        let found = world.one(&access, bought.id).await;
        assert_eq!(
            (found.quantity, found.auto_renews),
            (12, true),
            "one after the other"
        );
        world.work_off().await;
        let found = world.one(&access, bought.id).await;
        assert_eq!((found.quantity, found.auto_renews), (12, false));

        let body = "{\"error\":\"Closed\",\"description\":\"Not this month\"}";
        let action = json!({"do": "answer", "status": 422, "body": body});
        world
            .faults(json!([{"operation": "update", "times": 1, "action": action}]))
            .await;
        let back = TypedWish {
            auto_renewal: Some(true),
            quantity: Some(14),
            ..steps
        };
        let changed = world.changed(&access, bought.id, back).await;
        world.work_off().await;
        let order = world.order(&access, changed.order.number).await;
        assert_eq!(order.failures().as_deref(), Some("2 of 2 items failed"));
        let found = world.one(&access, bought.id).await;
        assert_eq!(
            (found.quantity, found.auto_renews),
            (12, false),
            "the second was never asked"
        );
    });
}

#[test]
fn a_markup_changes_at_once_for_staff_alone_and_no_vendor_hears_of_it() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&customer, CIRRUS, 10).await;
        let markup = TypedWish {
            markup: Some("10".into()),
            ..TypedWish::default()
        };
        for email in [CUSTOMER, "subscriptions-manager@baltic.example"] {
            let access = world.access(email, "amber").await;
            let refused = world
                .wish(&access, bought.id, markup.clone(), Mode::Commit)
                .await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{email}");
        }
        let planned = world
            .wish(
                &seller,
                bought.id,
                at(markup.clone(), "on_renewal"),
                Mode::Commit,
            )
            .await;
        assert_eq!(problems(planned), ["/when"], "R52");
        let changed = world.changed(&seller, bought.id, markup).await;
        assert_eq!(changed.order.status, Status::ProvisioningFinished);
        let found = world.one(&seller, bought.id).await;
        let unit = |found: &SeenSubscription| found.price.unit.minor;
        assert_eq!(unit(&found) * 10, unit(&bought) * 11);
        let hidden = world.app.order(&customer, changed.order.number).await;
        assert!(matches!(hidden, Err(Error::NotFound)), "R19");
        let seen = world.app.subscription(&customer, bought.id).await.unwrap();
        assert_eq!(seen.subscription.version, bought.version);
        assert_eq!(seen.subscription.markups, None);
        assert_eq!(seen.history.unwrap().len(), 1, "the purchase");

        // Mixed: the customer sees the quantity alone, at the price that the markup makes.
        let mixed = TypedWish {
            markup: Some("20".into()),
            ..more(12)
        };
        let changed = world.changed(&seller, bought.id, mixed).await;
        assert_eq!(changed.order.lines.len(), 2);
        let seen = world.order(&customer, changed.order.number).await;
        let told: Vec<String> = seen.lines.iter().map(|line| line.change.text()).collect();
        assert_eq!(told, ["Quantity 10 → 12 (+2)"]);
        world.work_off().await;
        let found = world.one(&seller, bought.id).await;
        assert_eq!(
            (found.quantity, unit(&found) * 10),
            (12, unit(&bought) * 12)
        );
    });
}

#[test]
fn a_target_price_is_met_and_a_distributors_markup_is_the_distributors() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let distributor = world
            .access("distributor-admin@nordic.example", "amber")
            .await;
        let bought = world.bought(&seller, MICROSOFT, 10).await;
        let target = TypedWish {
            target_price: Some("22.50".into()),
            ..TypedWish::default()
        };
        world.changed(&seller, bought.id, target).await;
        assert_eq!(world.one(&seller, bought.id).await.price.unit.minor, 2_250);
        let markup = TypedWish {
            distributor_markup: Some("100".into()),
            ..TypedWish::default()
        };
        let refused = world
            .wish(&seller, bought.id, markup.clone(), Mode::Commit)
            .await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        world.changed(&distributor, bought.id, markup).await;
        let found = world.one(&seller, bought.id).await;
        let inside = found.price.inside.unwrap();
        assert_eq!(inside.unit.partner.minor, 2 * inside.unit.cost.minor);
        // The tier of 5 % gives way: 22.50 × 2 / 1.05, and the seller's rule and markup stay.
        assert_eq!(found.price.unit.minor, 4_286);
        let basis = inside.basis.unwrap();
        assert_eq!(basis.catalog.unwrap().code(), "1.C");
        assert_eq!(basis.distributor_markup.unwrap().value().to_string(), "100");
    });
}

#[test]
fn a_planned_change_waits_for_its_date_and_gives_way_to_a_newer_one() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let on = (world.app.now() + SignedDuration::from_hours(48)).to_string();
        let first = world.changed(&access, bought.id, at(more(12), &on)).await;
        assert_eq!(first.order.status, Status::Scheduled);
        let second = world.changed(&access, bought.id, at(more(15), &on)).await;
        assert_eq!(
            second.replaces,
            [first.order.number],
            "absolute, not cumulative"
        );
        let gone = world.order(&access, first.order.number).await;
        assert_eq!(gone.status, Status::Canceled);
        let renewal = world
            .changed(&access, bought.id, at(more(9), "on_renewal"))
            .await;
        assert!(renewal.replaces.is_empty(), "one of each kind");
        world.work_off().await;
        assert_eq!(world.one(&access, bought.id).await.quantity, 10);
        world.clock.advance(SignedDuration::from_hours(48));
        world.work_off().await;
        assert_eq!(world.one(&access, bought.id).await.quantity, 15);
        let order = world.order(&access, second.order.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        let cancel = world
            .tell(&access, renewal.order.number, Command::CancelSchedule)
            .await;
        assert_eq!(cancel.unwrap().status, Status::Canceled);
        assert_eq!(
            world
                .app
                .subscription(&access, bought.id)
                .await
                .unwrap()
                .open,
            []
        );
    });
}

#[test]
fn a_planned_change_waits_for_the_one_in_flight() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&access, CIRRUS, 10).await;
        let on = (world.app.now() + SignedDuration::from_hours(1)).to_string();
        let planned = world.changed(&access, bought.id, at(more(20), &on)).await;
        world
            .faults(json!([{"operation": "update", "action": {"do": "drop_before"}}]))
            .await;
        world.changed(&access, bought.id, more(12)).await;
        world.clock.advance(SignedDuration::from_hours(2));
        world.work_off().await;
        let order = world.order(&access, planned.order.number).await;
        assert_eq!(order.status, Status::Scheduled, "the first is in doubt");
        world.faults(json!([])).await;
        for _ in 0..3 {
            world.work_off().await;
        }
        assert_eq!(world.one(&access, bought.id).await.quantity, 20);
    });
}

#[test]
fn terms_end_and_begin_at_their_instant() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let kept = world.bought(&access, CIRRUS, 10).await;
        let ended = world.bought(&access, CIRRUS, 3).await;
        let off = TypedWish {
            auto_renewal: Some(false),
            ..TypedWish::default()
        };
        world.changed(&access, ended.id, off).await;
        let planned = world
            .changed(&access, kept.id, at(more(7), "on_renewal"))
            .await;
        world.work_off().await;
        let ends = kept.term_ends_at.unwrap();
        let wait = ends.duration_since(world.app.now()) - SignedDuration::from_secs(1);
        world.clock.advance(wait);
        assert_eq!(world.app.renew_due().await.unwrap(), 0);
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.app.renew_due().await.unwrap(), 2);
        world.work_off().await;
        let kept = world.one(&access, kept.id).await;
        assert_eq!((kept.term_starts_at, kept.quantity), (ends, 7));
        let order = world.order(&access, planned.order.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        let state = world.one(&access, ended.id).await.state;
        assert!(
            matches!(state, SubscriptionState::Expired { .. }),
            "{state:?}"
        );
    });
}

#[test]
fn an_upgrade_moves_all_licenses_and_a_person_moves_some() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let offers = world.offers(&access).await;
        let upgrade = |name: &str, seats| {
            let offer = offers
                .iter()
                .find(|found| found.offer.name == name)
                .unwrap();
            TypedWish {
                upgrade: Some(TypedUpgrade {
                    offer: offer.offer.id,
                    plan: offer.plans[0].id,
                    seats,
                    into: None,
                }),
                ..TypedWish::default()
            }
        };
        let bought = world
            .bought(&access, "Microsoft 365 Business Standard", 10)
            .await;
        let wish = upgrade(MICROSOFT, Some(4));
        let refused = world.wish(&access, bought.id, wish, Mode::Commit).await;
        assert_eq!(problems(refused), ["/upgrade/seats"]);
        let changed = world
            .changed(&access, bought.id, upgrade(MICROSOFT, None))
            .await;
        assert_eq!(
            changed.order.lines[0].change.text(),
            "Upgrade Microsoft 365 Business Standard → Microsoft 365 E3"
        );
        world.work_off().await;
        let found = world.one(&access, bought.id).await;
        assert_eq!((found.name.as_str(), found.quantity), (MICROSOFT, 10));
        assert_eq!(world.bookings().await[0]["plan"], "e3");
        let back = upgrade("Microsoft 365 Business Standard", None);
        let changed = world.changed(&access, bought.id, back).await;
        let down = changed.order.lines[0].change.text();
        assert!(down.starts_with("Downgrade"), "{down}");
    });
}

#[test]
fn a_person_carries_out_what_a_manual_vendor_is_asked() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, PHONE, 5).await.unwrap();
        let placed = world.place(&access, &cart).await.unwrap();
        world.work_off().await;
        let fulfill = |line, reference: &str| Command::Fulfill {
            line,
            vendor_reference: reference.into(),
            period: Period::parse("2027-01-15", "2028-01-14").unwrap(),
        };
        let line = placed.lines[0].id;
        world
            .tell(&access, placed.number, fulfill(line, "PBX 17"))
            .await
            .unwrap();
        let id = placed.lines[0].subscription;
        let changed = world.changed(&access, id, more(7)).await;
        world.work_off().await;
        let order = world.order(&access, changed.order.number).await;
        assert_eq!(
            order.status,
            Status::ProvisioningStarted,
            "a person has their turn"
        );
        let line = order.lines[0].id;
        world
            .tell(&access, order.number, fulfill(line, "PBX 17"))
            .await
            .unwrap();
        assert_eq!(world.one(&access, id).await.quantity, 7);
    });
}

#[test]
fn subscriptions_are_found_by_state_words_and_the_end_of_their_term() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let server = world.bought(&access, CIRRUS, 10).await;
        let office = world.bought(&access, MICROSOFT, 5).await;
        let name = TypedWish {
            name: Some("100% Head_office".into()),
            ..TypedWish::default()
        };
        world.changed(&access, office.id, name).await;
        let found = async |asked: Asked| {
            let asked = Asked { limit: 10, ..asked };
            let found = world.app.subscriptions(&access, asked).await.unwrap().found;
            found.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        let words = |words: &str| Asked {
            words: words.into(),
            ..Asked::default()
        };
        assert_eq!(found(words("100% head_")).await, [office.id]);
        assert_eq!(found(words("microsoft amber.on")).await, [office.id]);
        assert_eq!(found(words("%")).await, [office.id]);
        assert_eq!(found(words("")).await, [office.id, server.id]);
        world.changed(&access, server.id, status("suspended")).await;
        world.work_off().await;
        let suspended = Asked {
            status: Some("suspended".into()),
            ..Asked::default()
        };
        assert_eq!(found(suspended).await, [server.id]);
        world.clock.advance(SignedDuration::from_hours(24 * 350));
        let renewing = Asked {
            renews_within: Some(0),
            ..Asked::default()
        };
        assert_eq!(found(renewing.clone()).await, [office.id, server.id]);
        let expiring = Asked {
            expires_within: Some(0),
            ..Asked::default()
        };
        assert_eq!(found(expiring).await, []);
        let one = Asked {
            limit: 1,
            ..Asked::default()
        };
        let page = world.app.subscriptions(&access, one).await.unwrap();
        let next = Asked {
            after: page.after,
            limit: 1,
            ..Asked::default()
        };
        let next = world.app.subscriptions(&access, next).await.unwrap();
        assert_eq!((page.found[0].id, next.found[0].id), (office.id, server.id));
        assert_eq!(next.after, None);
        let wrong = Asked {
            status: Some("asleep".into()),
            ..Asked::default()
        };
        let refused = world.app.subscriptions(&access, wrong).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    });
}
