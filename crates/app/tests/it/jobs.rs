//! Many subscriptions changed from one sheet, on both databases.

use app::jobs::{PAGE_MAX, read_sheet};
use app::subscriptions::Asked;
use domain::id::SubscriptionId;
use domain::job::{Job, JobAction, JobState, Row, RowOutcome};
use domain::subscription::Subscription;
use jiff::tz::TimeZone;
use store::subscriptions;
use uuid::Uuid;

use super::*;

const CUSTOMER: &str = "admin@amber.example";

impl World {
    /// Copies of a bought license.
    async fn many(&self, access: &Access, count: u128) -> Vec<SubscriptionId> {
        let cart = self.fill(access, CIRRUS, 5).await.unwrap();
        let placed = self.place(access, &cart).await.unwrap();
        for _ in 0..4 {
            self.app.run_due().await.unwrap();
            self.clock.advance(SignedDuration::from_secs(61));
        }
        let id = placed.lines[0].subscription;
        let organization = access.organization().id;
        let copied = self.store.write(
            (organization, id, count),
            |(organization, id, count), tx| {
                Box::pin(async move {
                    let model = subscriptions::find(tx, *organization, *id).await?.unwrap();
                    for at in 1..*count {
                        let copy = Subscription {
                            id: SubscriptionId(Uuid::from_u128(at)),
                            ..model.clone()
                        };
                        subscriptions::save(tx, &copy).await?;
                    }
                    Ok::<_, store::StoreError>(())
                })
            },
        );
        copied.await.unwrap();
        let rest = (1..count).map(|at| SubscriptionId(Uuid::from_u128(at)));
        std::iter::once(id).chain(rest).collect()
    }

    async fn begin(&self, access: &Access, sheet: &str) -> Job {
        let rows = read_sheet(sheet).unwrap();
        self.app
            .begin_job(access, rows, &TimeZone::UTC, true, None)
            .await
            .unwrap()
    }

    async fn job(&self, access: &Access, job: &Job) -> Job {
        self.app.job(access, job.id).await.unwrap()
    }

    async fn rows(&self, access: &Access, job: &Job) -> Vec<Row> {
        let rows = self.app.job_rows(access, job, None, 0, PAGE_MAX);
        rows.await.unwrap()
    }
}

fn sheet(ids: &[SubscriptionId], quantity: i64) -> String {
    let rows = ids.iter().map(|id| format!("{id},{quantity}\n"));
    format!("subscription,quantity\n{}", rows.collect::<String>())
}

#[test]
fn a_sheet_is_judged_row_by_row_and_then_done_as_orders_of_many_lines() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&access, 120).await;
        let mut text = sheet(&ids, 8);
        text += &format!("{},9\n", ids[0]);
        text += "sub_00000000000000000000000000009999,9\nsub_x,9\n";
        text = text.replacen(&format!("{},8", ids[1]), &format!("{},5", ids[1]), 1);
        text = text.replacen(&format!("{},8", ids[2]), &format!("{},0", ids[2]), 1);
        let rows = read_sheet(&text).unwrap();
        let zone = TimeZone::UTC;
        let preview = world.app.preview_sheet(&access, rows, &zone).await.unwrap();
        let counts = ["ordered", "refused", "unchanged"].map(|name| preview.count(name));
        assert_eq!(counts, [118, 4, 1]);
        let job = world.begin(&access, &text).await;
        assert_eq!(world.app.run_jobs().await.unwrap(), 50);
        assert_eq!(world.job(&access, &job).await.waiting(), 73);
        while world.app.run_jobs().await.unwrap() > 0 {}
        let done = world.job(&access, &job).await;
        assert_eq!((done.ordered, done.refused, done.unchanged), (118, 4, 1));
        assert!(matches!(done.state, JobState::Finished { .. }));
        let rows = world.rows(&access, &job).await;
        let mut orders = std::collections::BTreeSet::new();
        for row in &rows {
            if let RowOutcome::Ordered { order, changes } = &row.outcome {
                assert_eq!(changes, &["Quantity 5 → 8 (+3)"]);
                orders.insert(*order);
            }
        }
        assert_eq!(orders.len(), 3, "an order for each batch");
        let first = world.order(&access, *orders.first().unwrap()).await;
        assert!(first.lines.len() > 15, "of many lines");
        let told = |at: usize| match &rows[at].outcome {
            RowOutcome::Refused { reasons } => reasons.join(" "),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(2), "quantity must be between 1 and 100 licenses");
        assert!(told(120).contains("finished yet"), "{}", told(120));
        assert!(told(121).starts_with("There is no such subscription"));
        assert_eq!(
            told(121),
            told(122),
            "foreign, unknown and unreadable are the same"
        );
    });
}

#[test]
fn a_job_is_held_up_goes_on_and_is_canceled_and_is_its_own_peoples() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let customer = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&customer, 160).await;
        let job = world.begin(&seller, &sheet(&ids, 8)).await;
        let theirs = world.app.job(&customer, job.id).await;
        assert!(matches!(theirs, Err(Error::NotFound)));
        assert!(world.app.jobs(&customer).await.unwrap().is_empty());
        let tell = async |action| world.app.tell_job(&seller, job.id, action).await;
        world.app.run_jobs().await.unwrap();
        tell(JobAction::Pause).await.unwrap();
        assert_eq!(world.app.run_jobs().await.unwrap(), 0);
        assert!(tell(JobAction::Pause).await.is_err());
        tell(JobAction::Resume).await.unwrap();
        world.app.run_jobs().await.unwrap();
        tell(JobAction::Cancel).await.unwrap();
        assert_eq!(world.app.run_jobs().await.unwrap(), 0);
        let job = world.job(&seller, &job).await;
        assert_eq!((job.ordered, job.waiting()), (100, 60));
        assert!(tell(JobAction::Resume).await.is_err());
    });
}

#[test]
fn two_workers_do_each_row_once() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&access, 150).await;
        let job = world.begin(&access, &sheet(&ids, 8)).await;
        for _ in 0..6 {
            let (one, other) = (world.app.run_jobs(), world.app.run_jobs());
            let (one, other) = futures::future::join(one, other).await;
            one.and(other).unwrap();
        }
        let done = world.job(&access, &job).await;
        assert_eq!((done.ordered, done.refused), (150, 0));
        let asked = Asked {
            limit: 200,
            ..Asked::default()
        };
        let found = world.app.subscriptions(&access, asked).await.unwrap().found;
        let mut open = 0;
        for one in &found {
            open += world
                .app
                .subscription(&access, one.id)
                .await
                .unwrap()
                .open
                .len();
        }
        assert_eq!(open, 150, "one order in flight for each");
    });
}

#[test]
fn a_right_that_is_taken_away_holds_the_job_up() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&access, 60).await;
        let job = world.begin(&access, &sheet(&ids, 8)).await;
        world.app.run_jobs().await.unwrap();
        let (user, now) = (access.actor().user, world.app.now());
        let blocked = world.store.write((user, now), |(user, now), tx| {
            Box::pin(store::users::block(tx, *user, *now))
        });
        blocked.await.unwrap();
        assert_eq!(world.app.run_jobs().await.unwrap(), 0);
        let held = world.job(&access, &job).await;
        let JobState::Paused {
            reason: Some(reason),
        } = held.state
        else {
            panic!("{held:?}");
        };
        assert_eq!(reason, "Amber Admin may not do this here any more");
        assert_eq!(held.ordered, 50, "what was ordered stays");
    });
}

#[test]
fn rows_that_begin_on_different_days_are_different_orders() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&access, 6).await;
        let mut text = String::from("subscription,quantity,when,name\n");
        for (id, wish) in ids.iter().zip([
            "8,,",
            "8,on_renewal,",
            "8,2027-06-01T09:00,",
            "8,2027-06-01T09:00,",
            ",,Ours",
            "8,yesterday,",
        ]) {
            text += &format!("{id},{wish}\n");
        }
        let job = world.begin(&access, &text).await;
        world.app.run_jobs().await.unwrap();
        let orders: Vec<Option<u64>> = world
            .rows(&access, &job)
            .await
            .iter()
            .map(|row| match row.outcome {
                RowOutcome::Ordered { order, .. } => Some(order),
                _ => None,
            })
            .collect();
        assert_eq!(orders[2], orders[3]);
        assert_eq!(orders[0], orders[4], "now, with and without a vendor");
        assert_ne!(orders[0], orders[1]);
        assert_ne!(orders[1], orders[2]);
        assert_eq!(orders[5], None);
        let planned = world.order(&access, orders[2].unwrap()).await;
        assert_eq!(planned.status, Status::Scheduled);
    });
}

/// Its rows are not refused one by one: it goes on with all of them when business does.
#[test]
fn a_job_waits_while_the_seller_is_suspended() {
    on_each_database(async |world| {
        let access = world.access(CUSTOMER, "amber").await;
        let ids = world.many(&access, 60).await;
        let job = world.begin(&access, &sheet(&ids, 8)).await;
        world.app.run_jobs().await.unwrap();
        let supplier = world.caller("distributor-admin@nordic.example").await;
        let baltic = world.app.partner_access(&supplier, "baltic").await.unwrap();
        world.app.suspend(&baltic, "no contract").await.unwrap();
        assert_eq!(world.app.run_jobs().await.unwrap(), 0);
        let held = world.job(&access, &job).await;
        let JobState::Paused {
            reason: Some(reason),
        } = held.state
        else {
            panic!("{held:?}");
        };
        assert!(
            reason.starts_with("Baltic Cloud was suspended: no contract"),
            "{reason}"
        );
        world.app.reactivate(&baltic).await.unwrap();
        let resume = world.app.tell_job(&access, job.id, JobAction::Resume);
        resume.await.unwrap();
        world.app.run_jobs().await.unwrap();
        let done = world.job(&access, &job).await;
        assert_eq!((done.ordered, done.refused), (60, 0));
    });
}
