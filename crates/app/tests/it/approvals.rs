//! Orders that partners have to approve: by their rules, by whom, and what comes of it, on both databases.

use app::approvals::TypedRule;
use app::orders::{Conditions, may};
use domain::order::action::Action;
use domain::order::approval::ApprovalState;
use domain::order::command::Command;
use domain::order::desk::{DeskFilter, DeskQuery, DeskTab};

use super::changes::{at, more};
use super::*;

const CUSTOMER: &str = "admin@amber.example";
const DISTRIBUTOR: &str = "distributor-admin@nordic.example";

fn rule(name: &str) -> TypedRule {
    TypedRule {
        name: name.into(),
        enabled: true,
        ..TypedRule::default()
    }
}

fn agree() -> Command {
    Command::Approve {
        partners: Vec::new(),
        comment: Some("Their credit is fine".into()),
    }
}

fn refuse() -> Command {
    Command::Reject {
        partners: Vec::new(),
        reason: "Above the limit".into(),
    }
}

impl World {
    async fn rule(&self, email: &str, partner: &str, rule: TypedRule) {
        let access = self.partner(email, partner).await;
        self.app
            .save_approval_rule(&access, None, rule)
            .await
            .unwrap();
    }

    pub(super) async fn partner(&self, email: &str, partner: &str) -> Access {
        let caller = self.caller(email).await;
        self.app.partner_access(&caller, partner).await.unwrap()
    }

    /// Both partners want to see everything that customers order.
    async fn both_ask(&self) {
        self.rule(SELLER, "baltic", rule("Everything")).await;
        self.rule(DISTRIBUTOR, "nordic", rule("Everything")).await;
    }
}

#[test]
fn an_order_waits_for_both_partners_and_nothing_is_sent_before() {
    on_each_database(async |world| {
        world.both_ask().await;
        let customer = world.access(CUSTOMER, "amber").await;
        let cart = world.fill(&customer, CIRRUS, 5).await.unwrap();
        let placed = world.place(&customer, &cart).await.unwrap();
        assert_eq!(placed.status, Status::PendingApproval);
        let next = placed.next_step(&jiff::tz::TimeZone::UTC, |_| false).text;
        assert_eq!(
            next,
            "Waits for approval by Baltic Cloud and Nordic Distribution. Nothing is sent to the vendor \
             before that."
        );
        world.settle().await;
        assert!(world.bookings().await.is_empty());
        let seller = world.access(SELLER, "amber").await;
        let distributor = world.access(DISTRIBUTOR, "amber").await;
        let agreed = world.tell(&distributor, placed.number, agree()).await;
        let agreed = agreed.unwrap();
        assert_eq!(agreed.status, Status::PendingApproval);
        assert!(may(&agreed, &seller, Action::Approve, world.app.now()));
        assert!(!may(
            &agreed,
            &distributor,
            Action::Approve,
            world.app.now()
        ));
        let twice = world.tell(&distributor, placed.number, agree()).await;
        assert!(matches!(twice, Err(Error::Refused(_))), "{twice:?}");
        world.settle().await;
        assert!(world.bookings().await.is_empty());
        world.tell(&seller, placed.number, agree()).await.unwrap();
        world.settle().await;
        assert_eq!(world.bookings().await.len(), 1);
        let done = world.order(&customer, placed.number).await;
        assert_eq!(done.status, Status::ProvisioningFinished);
        let told = serde_json::to_string(&done.approvals).unwrap();
        assert!(!told.contains("credit"), "said among staff: {told}");
    });
}

impl World {
    /// Numbers of the orders at somebody's desk that wait for their decision.
    async fn waiting_for(&self, email: &str) -> Vec<u64> {
        let caller = self.caller(email).await;
        let query = DeskQuery {
            filter: DeskFilter::parse("waits:me").0,
            ..DeskQuery::of(DeskTab::All)
        };
        let page = self.app.desk(&caller, &query).await.unwrap();
        page.rows.iter().map(|row| row.order.number).collect()
    }
}

#[test]
fn the_desk_finds_what_waits_for_the_decision_of_whoever_asks() {
    on_each_database(async |world| {
        let customer = world.access(CUSTOMER, "amber").await;
        // On its way to the vendor, so it waits for nobody.
        let cart = world.fill(&customer, CIRRUS, 2).await.unwrap();
        world.place(&customer, &cart).await.unwrap();
        world.both_ask().await;
        let cart = world.fill(&customer, CIRRUS, 5).await.unwrap();
        let number = world.place(&customer, &cart).await.unwrap().number;
        assert_eq!(world.waiting_for(SELLER).await, [number]);
        assert_eq!(world.waiting_for(DISTRIBUTOR).await, [number]);
        for email in ["read-only@nordic.example", "support@baltic.example"] {
            assert_eq!(
                world.waiting_for(email).await,
                [0; 0],
                "{email} decides nothing"
            );
        }
        let distributor = world.access(DISTRIBUTOR, "amber").await;
        world.tell(&distributor, number, agree()).await.unwrap();
        assert_eq!(world.waiting_for(DISTRIBUTOR).await, [0; 0]);
        assert_eq!(world.waiting_for(SELLER).await, [number]);
        let seller = world.access(SELLER, "amber").await;
        world.tell(&seller, number, agree()).await.unwrap();
        assert_eq!(world.waiting_for(SELLER).await, [0; 0]);
    });
}

/// R53, the fixture of the reference.
#[test]
fn distributor_yes_and_seller_no_is_rejected_and_nothing_is_sent() {
    on_each_database(async |world| {
        world.both_ask().await;
        let customer = world.access(CUSTOMER, "amber").await;
        let cart = world.fill(&customer, CIRRUS, 5).await.unwrap();
        let placed = world.place(&customer, &cart).await.unwrap();
        let number = placed.number;
        let distributor = world.access(DISTRIBUTOR, "amber").await;
        let seller = world.access(SELLER, "amber").await;
        world.tell(&distributor, number, agree()).await.unwrap();
        world.tell(&seller, number, refuse()).await.unwrap();
        world.settle().await;
        let order = world.order(&customer, number).await;
        assert_eq!(order.status, Status::Rejected);
        assert_eq!(order.rejection.as_deref(), Some("Above the limit"));
        assert!(matches!(
            order.approvals[0].state,
            ApprovalState::Rejected { .. }
        ));
        assert!(world.bookings().await.is_empty());
        let late = world.tell(&distributor, number, agree()).await;
        assert!(matches!(late, Err(Error::Refused(_))));
    });
}

#[test]
fn a_change_waits_too_and_then_for_its_date() {
    on_each_database(async |world| {
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&customer, CIRRUS, 10).await;
        world.rule(SELLER, "baltic", rule("Everything")).await;
        let seller = world.access(SELLER, "amber").await;
        let changed = world.changed(&customer, bought.id, more(15)).await;
        assert_eq!(changed.order.status, Status::PendingApproval);
        let second = world.wish(&customer, bought.id, more(16), Mode::Commit);
        assert!(matches!(second.await, Err(Error::InFlight { .. })));
        let number = changed.order.number;
        world.tell(&seller, number, agree()).await.unwrap();
        world.work_off().await;
        assert_eq!(world.one(&customer, bought.id).await.quantity, 15);

        let on = world.app.now() + SignedDuration::from_hours(48);
        let planned = at(more(18), &on.to_string());
        let planned = world.changed(&customer, bought.id, planned).await.order;
        assert_eq!(planned.status, Status::PendingApproval);
        assert_eq!(planned.scheduled_on, Some(on));
        world.tell(&seller, planned.number, agree()).await.unwrap();
        let order = world.order(&customer, planned.number).await;
        assert_eq!(order.status, Status::Scheduled);
        world.work_off().await;
        assert_eq!(world.one(&customer, bought.id).await.quantity, 15);
        world.clock.advance(SignedDuration::from_hours(48));
        world.work_off().await;
        assert_eq!(world.one(&customer, bought.id).await.quantity, 18);
    });
}

#[test]
fn a_planned_change_that_waits_for_approval_gives_way_to_a_newer_one() {
    on_each_database(async |world| {
        let customer = world.access(CUSTOMER, "amber").await;
        let bought = world.bought(&customer, CIRRUS, 10).await;
        world.rule(SELLER, "baltic", rule("Everything")).await;
        let on = world.app.now() + SignedDuration::from_hours(48);
        let planned = |quantity| at(more(quantity), &on.to_string());
        let first = world.changed(&customer, bought.id, planned(12)).await;
        let second = world.changed(&customer, bought.id, planned(15)).await;
        assert_eq!(second.replaces, [first.order.number]);
        let first = world.order(&customer, first.order.number).await;
        assert_eq!(first.status, Status::Canceled);
        let words = format!("Order {} takes its place", second.order.number);
        assert_eq!(first.stopped, Some(words));
    });
}

#[test]
fn a_markup_waits_only_where_a_rule_names_it() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        world.rule(SELLER, "baltic", rule("Everything")).await;
        let markup = |percent: &str| app::subscriptions::TypedWish {
            markup: Some(percent.into()),
            ..Default::default()
        };
        let free = world.changed(&seller, bought.id, markup("5")).await;
        assert_eq!(free.order.status, Status::ProvisioningFinished);
        let named = TypedRule {
            kinds: vec!["markup".into()],
            ..rule("Markups")
        };
        world.rule(SELLER, "baltic", named).await;
        let held = world.changed(&seller, bought.id, markup("7")).await.order;
        assert_eq!(held.status, Status::PendingApproval);
        let customer = world.access(CUSTOMER, "amber").await;
        let hidden = world.app.order(&customer, held.number).await;
        assert!(matches!(hidden, Err(Error::NotFound)));
        world.tell(&seller, held.number, agree()).await.unwrap();
        let order = world.order(&seller, held.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        let found = world.one(&seller, bought.id).await;
        let inside = found.markups.map(|markups| markups.seller.value());
        assert_eq!(inside, Some(7.into()));
    });
}

/// F54: exactly one of two wins, and the other is told.
#[test]
fn an_approval_and_a_withdrawal_at_the_same_instant_have_one_winner() {
    on_each_database(async |world| {
        world.rule(SELLER, "baltic", rule("Everything")).await;
        let customer = world.access(CUSTOMER, "amber").await;
        let seller = world.access(SELLER, "amber").await;
        let (mut approved, mut withdrawn) = (0, 0);
        for round in 0..20 {
            let cart = world.fill(&customer, CIRRUS, 1).await.unwrap();
            let placed = world.place(&customer, &cart).await.unwrap();
            let shown = world.order(&seller, placed.number).await.version;
            let tell = |access: Access, command, expected| {
                let (app, number) = (world.app.clone(), placed.number);
                let conditions = Conditions {
                    expected: Some(expected),
                    once: None,
                };
                tokio::spawn(async move {
                    app.command(&access, number, command, conditions, Mode::Commit)
                        .await
                })
            };
            let mut tries = vec![
                tell(seller.clone(), agree(), shown),
                tell(customer.clone(), Command::Withdraw, placed.version),
            ];
            if round % 2 == 1 {
                tries.reverse();
            }
            let mut won = 0;
            for tried in tries {
                match tried.await.unwrap() {
                    Ok(_) => won += 1,
                    Err(Error::Changed | Error::Refused(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(won, 1);
            match world.order(&customer, placed.number).await.status {
                Status::ProvisioningStarted => approved += 1,
                Status::Canceled => withdrawn += 1,
                other => panic!("{other:?}"),
            }
        }
        world.settle().await;
        assert_eq!(world.bookings().await.len(), approved);
        assert_eq!(approved + withdrawn, 20);
    });
}

#[test]
fn only_people_of_a_partner_that_is_asked_decide() {
    on_each_database(async |world| {
        world.rule(DISTRIBUTOR, "nordic", rule("Everything")).await;
        let customer = world.access(CUSTOMER, "amber").await;
        let cart = world.fill(&customer, CIRRUS, 5).await.unwrap();
        let placed = world.place(&customer, &cart).await.unwrap();
        for (email, is_forbidden) in [
            (CUSTOMER, true),
            ("account-manager@baltic.example", true),
            ("read-only@nordic.example", true),
            (SELLER, false),
        ] {
            let access = world.access(email, "amber").await;
            let order = world.order(&access, placed.number).await;
            assert!(
                !may(&order, &access, Action::Approve, world.app.now()),
                "{email}"
            );
            for command in [agree(), refuse()] {
                let refused = world.tell(&access, placed.number, command).await;
                match refused {
                    Err(Error::Forbidden) => assert!(is_forbidden, "{email}"),
                    Err(Error::Refused(why)) => {
                        assert!(!is_forbidden, "{email}");
                        assert_eq!(
                            why.to_string(),
                            "it waits for Nordic Distribution, and only people of theirs can decide"
                        );
                    }
                    other => panic!("{email} {other:?}"),
                }
            }
        }
        let distributor = world.access(DISTRIBUTOR, "amber").await;
        world
            .tell(&distributor, placed.number, agree())
            .await
            .unwrap();
    });
}

#[test]
fn rules_are_the_partners_own_and_every_problem_is_named() {
    on_each_database(async |world| {
        let baltic = world.partner(SELLER, "baltic").await;
        let wrong = TypedRule {
            total_at_least: "10.001".into(),
            currency: "EUR".into(),
            margin_below: "-100".into(),
            vendor: "ven_1".into(),
            customer: "elk".into(),
            orderers: vec!["king".into()],
            kinds: vec!["gift".into()],
            ..rule("")
        };
        let refused = world.app.save_approval_rule(&baltic, None, wrong).await;
        let Err(Error::Problems(problems)) = refused else {
            panic!("{refused:?}");
        };
        let fields: Vec<&str> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(
            fields,
            [
                "/name",
                "/total_at_least",
                "/margin_below",
                "/vendor",
                "/customer",
                "/orderers",
                "/kinds"
            ]
        );
        let saved = world.app.save_approval_rule(&baltic, None, rule("All"));
        let saved = saved.await.unwrap();
        let twice = world.app.save_approval_rule(&baltic, None, rule("All"));
        assert!(matches!(twice.await, Err(Error::Problems(_))));
        let off = TypedRule {
            enabled: false,
            ..rule("All, one day")
        };
        let id = Some(saved.id);
        world
            .app
            .save_approval_rule(&baltic, id, off)
            .await
            .unwrap();
        let rules = world.app.approval_rules(&baltic).await.unwrap().rules;
        assert_eq!((rules.len(), rules[0].is_enabled), (1, false));

        let fjord = world.partner("seller-admin@fjord.example", "fjord").await;
        let foreign = world.app.delete_approval_rule(&fjord, saved.id).await;
        assert!(matches!(foreign, Err(Error::NotFound)));
        let caller = world.caller(SELLER).await;
        for foreign in ["fjord", "nordic", "amber", "nobody"] {
            let refused = world.app.partner_access(&caller, foreign).await;
            assert!(matches!(refused, Err(Error::NotFound)), "{foreign}");
        }
        let manager = world.partner("account-manager@baltic.example", "baltic");
        let refused = world.app.approval_rules(&manager.await).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        world
            .app
            .delete_approval_rule(&baltic, saved.id)
            .await
            .unwrap();
    });
}

#[test]
fn who_added_changed_or_removed_a_rule_is_kept() {
    on_each_database(async |world| {
        let baltic = world.partner(SELLER, "baltic").await;
        let above = world.partner(DISTRIBUTOR, "baltic").await;
        let save = async |access: &Access, id, rule| {
            let saved = world.app.save_approval_rule(access, id, rule);
            saved.await.unwrap()
        };
        let told = async || {
            let found = world.app.approval_rules(&baltic).await.unwrap();
            let edit = found.edit(&found.rules[0]).cloned().unwrap();
            (edit.from.concat(), edit.to.concat(), edit.by, edit.at)
        };
        let saved = save(&baltic, None, rule("All")).await;
        let first = told().await;
        let (by, at) = (baltic.actor().clone(), world.app.now());
        assert_eq!(first, (String::new(), "Allon".into(), by, at));
        world.clock.advance(SignedDuration::from_hours(1));
        // Whoever saves what stands there already has changed nothing.
        save(&above, Some(saved.id), rule("All")).await;
        assert_eq!(told().await, first);
        let off = TypedRule {
            enabled: false,
            ..rule("All")
        };
        save(&above, Some(saved.id), off).await;
        let (from, to, by, at) = told().await;
        assert_eq!((from.as_str(), to.as_str()), ("Allon", "Alloff"));
        assert_eq!((&by, at), (above.actor(), world.app.now()));

        world.clock.advance(SignedDuration::from_hours(1));
        let delete = async |access: &Access| {
            let deleted = world.app.delete_approval_rule(access, saved.id);
            deleted.await
        };
        delete(&baltic).await.unwrap();
        assert!(matches!(delete(&baltic).await, Err(Error::NotFound)));
        let found = world.app.approval_rules(&baltic).await.unwrap();
        let [removed] = &found.removed[..] else {
            panic!("{:?}", found.removed);
        };
        assert_eq!(
            (removed.from.concat().as_str(), &removed.by),
            ("Alloff", baltic.actor())
        );
        let nordic = world.partner(DISTRIBUTOR, "nordic").await;
        let elsewhere = world.app.approval_rules(&nordic).await.unwrap();
        assert_eq!((elsewhere.edits, elsewhere.removed), (vec![], vec![]));
    });
}
