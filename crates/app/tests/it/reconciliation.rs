//! Our records beside a vendor's word: what is otherwise is found, told, and mended by people alone.

mod asked_prices;

use app::reconciliation::{Adoption, AskedDifferences, Resolve, Resolved};
use domain::id::DifferenceId;
use domain::reconciliation::{Difference, Drift, Resolution, Run, RunState, Skip};
use domain::subscription::SeenSubscription;
use domain::text::{Contact, Email};

use super::*;

impl World {
    /// Something that runs at the broker, with its id there.
    async fn backed_up(&self, quantity: i64) -> SeenSubscription {
        let access = self.access(SELLER, "amber").await;
        self.bought(&access, CIRRUS, quantity).await
    }

    /// Changes what the broker has behind our back.
    async fn drift(&self, of: &SeenSubscription, change: Value) {
        let mut drift = json!({"vendor": "cirrus", "instance": of.vendor_reference});
        for (name, value) in change.as_object().unwrap() {
            drift[name] = value.clone();
        }
        let post = self
            .http
            .post(format!("{}/drift", self.simulator))
            .json(&drift);
        assert!(post.send().await.unwrap().status().is_success());
    }

    async fn compare(&self, vendor: &str) -> Run {
        // Of two that begin at one instant, neither is the newer one.
        self.clock.advance(SignedDuration::from_secs(1));
        let owner = self.owner_of(vendor).await;
        self.app.reconcile(&owner, vendor).await.unwrap()
    }

    async fn owner_of(&self, vendor: &str) -> String {
        self.app.vendor_owners(vendor).await.unwrap().remove(0)
    }

    /// Whoever manages a vendor's connection.
    async fn manager(&self, vendor: &str) -> (Caller, Access) {
        let owner = self.owner_of(vendor).await;
        let caller = self.caller("distributor-admin@nordic.example").await;
        let access = self.app.partner_access(&caller, &owner).await.unwrap();
        (caller, access)
    }

    async fn differences(&self, vendor: &str, status: &str) -> Vec<Difference> {
        let (_, access) = self.manager(vendor).await;
        let asked = AskedDifferences {
            vendor: Some(vendor.into()),
            status: Some(status.into()),
            limit: 100,
            ..AskedDifferences::default()
        };
        self.app
            .differences(&access, &asked)
            .await
            .unwrap()
            .differences
    }

    async fn resolve(
        &self,
        vendor: &str,
        id: DifferenceId,
        resolution: Resolution,
        mode: Mode,
    ) -> Result<Resolved, Error> {
        let (caller, access) = self.manager(vendor).await;
        let wish = Resolve {
            resolution,
            expected: None,
            adoption: None,
        };
        self.app
            .resolve_difference(&caller, &access, id, wish, mode)
            .await
    }

    /// How often the broker was asked to change anything.
    async fn changes_asked(&self) -> usize {
        let calls = self.http.get(format!("{}/calls", self.simulator));
        let calls: Vec<Value> = calls.send().await.unwrap().json().await.unwrap();
        let is_read = |call: &&Value| {
            ["fetch", "last_operation", "catalog"].contains(&call["operation"].as_str().unwrap())
        };
        calls.len() - calls.iter().filter(is_read).count()
    }

    async fn ours(&self, of: &SeenSubscription) -> SeenSubscription {
        let access = self.access(SELLER, "amber").await;
        let running = self.app.subscription(&access, of.id).await.unwrap();
        running.subscription
    }
}

#[test]
fn what_changed_at_the_vendor_is_found_and_is_the_same_one_until_it_agrees_again() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        let before = world.changes_asked().await;
        let agreed = world.compare("cirrus").await;
        assert_eq!(
            (agreed.state, agreed.compared, agreed.found),
            (RunState::Done, 1, 0)
        );
        world.drift(&bought, json!({"quantity": 7})).await;
        for times in 1..=2 {
            let run = world.compare("cirrus").await;
            assert_eq!((run.found, run.new), (1, 2 - times), "{run:?}");
            let [found] = &world.differences("cirrus", "open").await[..] else {
                panic!("not one");
            };
            assert_eq!(found.drift, Drift::Quantity { ours: 5, theirs: 7 });
            assert_eq!(found.times, u32::try_from(times).unwrap());
            let subject = found.subject.as_ref().unwrap();
            assert_eq!(
                (subject.subscription, subject.organization_slug.as_str()),
                (bought.id, "amber")
            );
        }
        world.drift(&bought, json!({"quantity": 5})).await;
        assert_eq!(world.compare("cirrus").await.found, 0);
        assert_eq!(world.differences("cirrus", "open").await, []);
        assert_eq!(world.differences("cirrus", "vanished").await.len(), 1);
        assert_eq!(
            world.changes_asked().await,
            before,
            "nobody was asked to change anything"
        );
    });
}

#[test]
fn our_record_takes_the_vendors_word_by_an_order_that_no_vendor_hears_of() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.drift(&bought, json!({"quantity": 7})).await;
        world.compare("cirrus").await;
        let found = world.differences("cirrus", "open").await.remove(0);
        let before = world.changes_asked().await;
        let shown = world
            .resolve("cirrus", found.id, Resolution::Accept, Mode::DryRun)
            .await
            .unwrap();
        assert_eq!(
            (shown.after.quantity, world.ours(&bought).await.quantity),
            (7, 5)
        );
        let done = world
            .resolve("cirrus", found.id, Resolution::Accept, Mode::Commit)
            .await
            .unwrap();
        assert_eq!(done.order.status, Status::ProvisioningFinished);
        let now = world.ours(&bought).await;
        assert_eq!(now.quantity, 7);
        world.settle().await;
        assert_eq!(world.changes_asked().await, before);
        assert_eq!(world.compare("cirrus").await.found, 0);
        let again = world
            .resolve("cirrus", found.id, Resolution::Accept, Mode::Commit)
            .await;
        assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
        let access = world.access(SELLER, "amber").await;
        let details = world.app.subscription(&access, bought.id).await.unwrap();
        let told = details.history.unwrap();
        assert!(
            told.iter()
                .any(|entry| entry.text.contains("5 → 7") && entry.by.is_some())
        );
    });
}

/// Somebody upgraded in the vendor's own portal.
#[test]
fn another_license_at_the_vendor_is_taken_over_where_the_catalog_sells_it_and_never_changed_back() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        let bought = world.bought(&access, MICROSOFT, 25).await;
        let reference = bought.vendor_reference.clone().unwrap();
        let become_of = |offer: &str| {
            let offer = json!(format!("{offer}:AV7"));
            front
                .books(|books| books.subscriptions.get_mut(&reference).unwrap()["offerId"] = offer);
        };
        let writes = || {
            ["POST carts", "PATCH subscriptions/one", "POST transitions"]
                .map(|what| front.calls(what).len())
        };
        let before = writes();
        become_of("CFQ7TTC0LF8R:0001");
        world.compare("microsoft").await;
        let found = world.differences("microsoft", "open").await.remove(0);
        let theirs = found.drift.sides().1;
        assert_eq!(theirs, "CFQ7TTC0LF8R / 0001");
        for resolution in [Resolution::Accept, Resolution::Correct, Resolution::Adopt] {
            let refused = world.resolve("microsoft", found.id, resolution, Mode::Commit);
            let refused = refused.await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        // What the catalog sells has a price.
        become_of("microsoft-365:business-standard");
        world.compare("microsoft").await;
        let found = world.differences("microsoft", "open").await.remove(0);
        let accept = world.resolve("microsoft", found.id, Resolution::Accept, Mode::Commit);
        let done = accept.await.unwrap();
        assert_eq!(done.order.status, Status::ProvisioningFinished);
        let now = world.ours(&bought).await;
        assert_eq!(now.name, "Microsoft 365 Business Standard");
        assert_eq!(
            (now.quantity, now.vendor_reference),
            (25, Some(reference.clone()))
        );
        assert_ne!(now.price, bought.price);
        world.settle().await;
        assert_eq!(writes(), before, "nobody was asked to change anything");
        assert_eq!(world.compare("microsoft").await.found, 0);
    });
}

#[test]
fn the_vendor_is_asked_to_be_as_our_record_says_by_an_ordinary_order() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world
            .drift(&bought, json!({"quantity": 7, "state": "suspended"}))
            .await;
        let run = world.compare("cirrus").await;
        assert_eq!(run.state, RunState::Stopped, "two of one are a wave");
        world.go_on("cirrus", &run).await;
        let found = world.differences("cirrus", "open").await;
        let by = |name| {
            found
                .iter()
                .find(|one| one.drift.name() == name)
                .unwrap()
                .id
        };
        world
            .resolve("cirrus", by("state"), Resolution::Correct, Mode::Commit)
            .await
            .unwrap();
        let busy = world
            .resolve("cirrus", by("quantity"), Resolution::Correct, Mode::Commit)
            .await;
        assert!(matches!(busy, Err(Error::InFlight { .. })), "{busy:?}");
        // What is on its way is not compared.
        let run = world.compare("cirrus").await;
        assert_eq!((run.found, run.skipped[&Skip::InFlight]), (0, 1));
        world.settle().await;
        world
            .resolve("cirrus", by("quantity"), Resolution::Correct, Mode::Commit)
            .await
            .unwrap();
        world.settle().await;
        let booked = world.bookings().await;
        assert_eq!((booked.len(), booked[0]["quantity"].as_u64()), (1, Some(5)));
        assert_eq!(world.ours(&bought).await.quantity, 5);
        assert_eq!(world.compare("cirrus").await.found, 0);
    });
}

impl World {
    /// A second person lets a stopped comparison go on, and waits for it.
    pub(crate) async fn go_on(&self, vendor: &str, stopped: &Run) -> Run {
        let (_, access) = self.manager(vendor).await;
        self.clock.advance(SignedDuration::from_secs(1));
        let begun = self
            .app
            .continue_run(&access, vendor, stopped.id)
            .await
            .unwrap();
        loop {
            let compared = self.app.compared(&access).await.unwrap();
            let of_vendor = compared.into_iter().find(|one| one.slug == vendor).unwrap();
            let run = of_vendor
                .runs
                .into_iter()
                .find(|run| run.id == begun.id)
                .unwrap();
            if run.state != RunState::Running {
                return run;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn absence_is_a_question_that_is_asked_twice_and_ends_nothing_by_itself() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.drift(&bought, json!({"state": "deleted"})).await;
        world.compare("cirrus").await;
        assert_eq!(world.differences("cirrus", "open").await, []);
        let asked = world.differences("cirrus", "asked").await.remove(0);
        let early = world
            .resolve("cirrus", asked.id, Resolution::Accept, Mode::Commit)
            .await;
        assert!(matches!(early, Err(Error::Refused(_))));
        // The worker asks again by itself, after an hour and not before.
        assert_eq!(
            world.app.reconcile_due().await.unwrap(),
            1,
            "the other connection alone"
        );
        world.clock.advance(SignedDuration::from_mins(61));
        assert_eq!(world.app.reconcile_due().await.unwrap(), 1);
        let open = world.differences("cirrus", "open").await;
        assert_eq!((open.len(), open[0].id), (1, asked.id));
        assert_eq!(world.ours(&bought).await.state.name(), "active");
        let corrected = world
            .resolve("cirrus", asked.id, Resolution::Correct, Mode::Commit)
            .await;
        assert!(matches!(corrected, Err(Error::Refused(_))));
        world
            .resolve("cirrus", asked.id, Resolution::Accept, Mode::Commit)
            .await
            .unwrap();
        assert_eq!(world.ours(&bought).await.state.name(), "canceled");
        assert_eq!(world.compare("cirrus").await.found, 0);
    });
}

#[test]
fn what_is_no_answer_is_no_absence_and_a_vendor_that_is_silent_fails_the_run() {
    on_each_database(async |world| {
        world.backed_up(5).await;
        let action = json!({"do": "answer", "status": 503, "body": "{}"});
        world
            .faults(json!([{"operation": "fetch", "action": action}]))
            .await;
        let run = world.compare("cirrus").await;
        assert!(matches!(run.state, RunState::Failed { .. }), "{run:?}");
        assert_eq!((run.found, run.skipped.get(&Skip::NotAsked)), (0, Some(&1)));
        assert_eq!(world.differences("cirrus", "asked").await, []);
    });
}

#[test]
fn a_wave_stops_and_only_a_second_person_lets_it_go_on() {
    on_each_database(async |world| {
        for _ in 0..3 {
            let bought = world.backed_up(5).await;
            world.drift(&bought, json!({"quantity": 9})).await;
        }
        let (_, access) = world.manager("cirrus").await;
        let begun = world.app.compare_now(&access, "cirrus").await.unwrap();
        let stopped = loop {
            let compared = world.app.compared(&access).await.unwrap();
            let runs = compared
                .into_iter()
                .find(|one| one.slug == "cirrus")
                .unwrap()
                .runs;
            if runs.iter().all(|run| run.state != RunState::Running) {
                break runs.into_iter().next().unwrap();
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((&stopped.state, stopped.found), (&RunState::Stopped, 3));
        assert_eq!(stopped.by.as_ref().unwrap().user, begun.by.unwrap().user);
        assert_eq!(world.differences("cirrus", "open").await, []);
        let own = world.app.continue_run(&access, "cirrus", stopped.id).await;
        assert!(matches!(own, Err(Error::Refused(_))), "{own:?}");
        let by_machine = world.compare("cirrus").await;
        assert_eq!(by_machine.state, RunState::Stopped);
        let old = world.app.continue_run(&access, "cirrus", stopped.id).await;
        assert!(matches!(old, Err(Error::Refused(_))), "{old:?}");
        let done = world.go_on("cirrus", &by_machine).await;
        assert_eq!((done.state, done.new), (RunState::Done, 3));
        assert_eq!(world.differences("cirrus", "open").await.len(), 3);
        // What is known is no news: the next run does not stop.
        assert_eq!(world.compare("cirrus").await.state, RunState::Done);
    });
}

#[test]
fn what_only_the_vendor_knows_is_adopted_as_a_subscription() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        let bought = world.bought(&access, MICROSOFT, 25).await;
        front.books(|books| {
            let reference = bought.vendor_reference.clone().unwrap();
            let mut other = books.subscriptions[&reference].clone();
            other["id"] = json!("theirs");
            other["quantity"] = json!(4);
            books.subscriptions.insert("theirs".into(), other);
        });
        let run = world.compare("microsoft").await;
        assert_eq!((&run.state, run.found), (&RunState::Done, 1), "{run:?}");
        let found = world.differences("microsoft", "open").await.remove(0);
        assert_eq!(
            (&found.drift, found.candidates[0].slug.as_str()),
            (&Drift::Unknown, "amber")
        );
        let (caller, manager) = world.manager("microsoft").await;
        let adopt = async |organization: &str| {
            let wish = Resolve {
                resolution: Resolution::Adopt,
                expected: Some(1),
                adoption: Some(Adoption {
                    organization: organization.into(),
                    contact: Contact {
                        email: Email::parse("admin@amber.example").unwrap(),
                        name: "Ieva".into(),
                        surname: "Berg".into(),
                    },
                    plan: None,
                }),
            };
            world
                .app
                .resolve_difference(&caller, &manager, found.id, wish, Mode::Commit)
                .await
        };
        assert!(matches!(adopt("nobody").await, Err(Error::Invalid { .. })));
        let adopted = adopt("amber").await.unwrap();
        assert_eq!(
            (adopted.after.quantity, adopted.order.status),
            (4, Status::ProvisioningFinished)
        );
        assert_eq!(adopted.after.vendor_reference.as_deref(), Some("theirs"));
        assert_eq!(world.running(&access).await.len(), 2);
        let orders = front.books(|books| books.orders.len());
        world.settle().await;
        assert_eq!(
            front.books(|books| books.orders.len()),
            orders,
            "nothing was bought"
        );
        let next = world.compare("microsoft").await;
        assert_eq!(next.found, 0, "{next:?}");
    });
}

#[test]
fn a_purchase_that_is_under_way_is_no_unknown_subscription() {
    on_each_database(async |world| {
        let front = world.connect_partner_center().await;
        let access = world.access(SELLER, "amber").await;
        world.bought(&access, MICROSOFT, 25).await;
        front.books(|books| books.unprovisioned = 1_000_000);
        let cart = world.fill(&access, MICROSOFT, 5).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        world.settle().await;
        assert_eq!(front.books(|books| books.subscriptions.len()), 2);
        let run = world.compare("microsoft").await;
        assert_eq!((run.found, run.skipped[&Skip::InFlight]), (0, 1), "{run:?}");
        front.books(|books| books.unprovisioned = 0);
        world.settle().await;
        let run = world.compare("microsoft").await;
        assert_eq!((run.found, run.compared), (0, 2), "{run:?}");
    });
}

#[test]
fn a_rehearsal_writes_nothing_down() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.drift(&bought, json!({"quantity": 7})).await;
        let owner = world.owner_of("cirrus").await;
        let (_, access) = world.manager("cirrus").await;
        let shown = world.app.rehearse(&owner, "cirrus").await.unwrap();
        assert_eq!((shown.found.len(), shown.compared), (1, 1));
        assert!(!shown.exceeds_ceiling);
        for compared in world.app.compared(&access).await.unwrap() {
            assert_eq!(compared.runs, []);
        }
        assert_eq!(world.differences("cirrus", "open").await, []);
    });
}

#[test]
fn nobody_but_those_who_manage_connections_learns_of_differences() {
    on_each_database(async |world| {
        let owner = world.owner_of("cirrus").await;
        for (email, partner) in [
            ("read-only@nordic.example", "nordic"),
            ("account-manager@baltic.example", "baltic"),
            ("support@baltic.example", "baltic"),
        ] {
            let caller = world.caller(email).await;
            let access = world.app.partner_access(&caller, partner).await.unwrap();
            let listed = world
                .app
                .differences(&access, &AskedDifferences::default())
                .await;
            assert!(matches!(listed, Err(Error::Forbidden)), "{email}");
        }
        let customer = world.caller("admin@amber.example").await;
        let none = world.app.partner_access(&customer, &owner).await;
        assert!(matches!(none, Err(Error::NotFound)));
    });
}
