//! A sheet of many rows, some of them bad, worked off by processes that die in the middle of a batch: each
//! row is done once, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::App;
use app::access::Access;
use app::clock::SystemClock;
use app::jobs::{PAGE_MAX, read_sheet};
use domain::id::{JobId, OrderId, OrganizationId, SubscriptionId};
use domain::job::{JobState, RowOutcome};
use domain::order::Order;
use domain::subscription::Subscription;
use jiff::tz::TimeZone;
use store::credentials::CredentialKind;
use store::{Store, StoreError, orders, schema, subscriptions};
use tokio::process::Command;
use uuid::Uuid;

use super::{VICTIM, databases};

const AMBER: OrganizationId = OrganizationId(Uuid::from_u128(4));
/// One row in so many is bad: 3 %.
const BAD: usize = 33;
/// Batches that a process does before it dies in the middle of the next one.
const BATCHES: u32 = 3;

/// Rows of the sheet; `JOB_ROWS` asks for more than every run of the tests needs.
fn rows() -> usize {
    let asked = std::env::var("JOB_ROWS").ok();
    asked.and_then(|rows| rows.parse().ok()).unwrap_or(1_000)
}

fn id(row: usize) -> SubscriptionId {
    SubscriptionId(Uuid::from_u128(0xb01d << 64 | row as u128))
}

async fn open(database: &str) -> (Store, App, Access) {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let store = Store::open(database).await.unwrap();
    schema::migrate(&store).await.unwrap();
    let app = App::new(store.clone(), Arc::new(SystemClock));
    app.seed_demo("http://127.0.0.1:1").await.unwrap();
    app.seed_demo_orders().await.unwrap();
    let token = app
        .create_token("admin@amber.example", "test")
        .await
        .unwrap();
    let caller = app
        .find_caller(&token, CredentialKind::Token)
        .await
        .unwrap();
    let access = app.access(&caller, "amber").await.unwrap();
    (store, app, access)
}

/// As many subscriptions as there are rows, and a job that wants one seat more of each.
async fn begin(database: &str, rows: usize) -> JobId {
    let (store, app, access) = open(database).await;
    let copied = store.write(rows, |rows, tx| {
        Box::pin(async move {
            let filter = subscriptions::Filter {
                status: Some("active"),
                words: vec!["cirrus server".into()],
                ..subscriptions::Filter::default()
            };
            let found = subscriptions::list(tx, AMBER, &filter, 1).await?;
            for row in 0..*rows {
                let copy = Subscription {
                    id: id(row),
                    quantity: 5,
                    ..found[0].clone()
                };
                subscriptions::save(tx, &copy).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    copied.await.unwrap();
    let mut sheet = String::from("subscription,quantity\n");
    for row in 0..rows {
        let quantity = if row % BAD == 0 { 0 } else { 6 };
        sheet += &format!("{},{quantity}\n", id(row));
    }
    let rows = read_sheet(&sheet).unwrap();
    let job = app
        .begin_job(&access, rows, &TimeZone::UTC, true, None)
        .await;
    job.unwrap().id
}

/// Every row has one order, and every order its rows; nothing else was ordered.
async fn judge(database: &str, job: JobId, rows: usize) {
    let (store, app, access) = open(database).await;
    let job = app.job(&access, job).await.unwrap();
    assert!(matches!(job.state, JobState::Finished { .. }), "{job:?}");
    let bad = rows.div_ceil(BAD);
    assert_eq!(
        (job.ordered as usize, job.refused as usize),
        (rows - bad, bad)
    );
    let (mut after, mut ordered) = (0, BTreeMap::new());
    loop {
        let found = app
            .job_rows(&access, &job, None, after, PAGE_MAX)
            .await
            .unwrap();
        for row in &found {
            let is_bad = (row.number as usize - 1).is_multiple_of(BAD);
            match &row.outcome {
                RowOutcome::Ordered { order, .. } if !is_bad => {
                    ordered.insert(row.subscription.clone(), *order);
                }
                RowOutcome::Refused { .. } if is_bad => {}
                other => panic!("row {}: {other:?}", row.number),
            }
        }
        match found.last() {
            Some(last) => after = last.number,
            None => break,
        }
    }
    assert_eq!(ordered.len(), rows - bad);
    let mut tx = store.read().await.unwrap();
    let mut lines = BTreeMap::new();
    let numbers: std::collections::BTreeSet<u64> = ordered.values().copied().collect();
    for number in numbers {
        let order: Order = orders::find(&mut tx, AMBER, number, access.visibility())
            .await
            .unwrap()
            .unwrap();
        assert_ne!(order.id, OrderId(Uuid::nil()));
        for line in &order.lines {
            let twice = lines.insert(line.subscription.to_string(), number);
            assert_eq!(twice, None, "{} is in two orders", line.subscription);
        }
    }
    assert_eq!(lines, ordered);
}

async fn killed_in_the_middle(database: &str) {
    let rows = rows();
    let job = begin(database, rows).await;
    let mut deaths = 0;
    loop {
        let mode = format!("job:{BATCHES}");
        let victim = Command::new(VICTIM)
            .args([database, mode.as_str()])
            .status();
        match victim.await.unwrap().success() {
            true => break,
            false => deaths += 1,
        }
        assert!(deaths <= rows, "no progress");
    }
    println!("{rows} rows, {deaths} deaths in the middle of a batch");
    assert!(deaths > 2, "{deaths}");
    judge(database, job, rows).await;
}

#[tokio::test]
async fn a_sheet_is_worked_off_once_on_sqlite_by_processes_that_die() {
    let folder = std::env::temp_dir().join(format!("seatwright-job-{}", std::process::id()));
    killed_in_the_middle(&format!("sqlite://{}/test.db", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_sheet_is_worked_off_once_on_postgresql_by_processes_that_die() {
    let Some(database) = databases::postgresql("job").await else {
        return;
    };
    killed_in_the_middle(&database).await;
}
