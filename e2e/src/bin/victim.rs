//! The server as the binary wires it, made to die at a point inside the worker; or with a worker
//! that is wrong on purpose, so that the crash test can show that it notices.
//!
//! `victim DATABASE before_call:PASSES|before_commit:PASSES|wrong|job:BATCHES`, where the point is passed so
//! often before it is the last.
#![expect(
    clippy::print_stdout,
    reason = "says where it listens, as the server does"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use app::App;
use app::clock::{Clock, SystemClock};
use app::worker::Point;
use domain::id::OrganizationId;
use domain::order::line::LineEvent;
use domain::provisioning::{Outcome, Request, Verb};
use domain::task::Task;
use store::{Store, catalog, orders, organizations, tasks};
use uuid::Uuid;

static DEATH: OnceLock<Point> = OnceLock::new();
/// How often the point is passed before it is the last.
static LIVES: AtomicU32 = AtomicU32::new(0);

fn die_there(point: Point) {
    if DEATH.get() == Some(&point)
        && LIVES
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |lives| {
                lives.checked_sub(1)
            })
            .is_err()
    {
        std::process::abort();
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, mode] = arguments.as_slice() else {
        bail!("usage: victim DATABASE before_call:PASSES|before_commit:PASSES|wrong|job:BATCHES");
    };
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let (mode, passes) = mode.split_once(':').unwrap_or((mode, "0"));
    LIVES.store(passes.parse()?, Ordering::Relaxed);
    match mode {
        "before_call" => DEATH.set(Point::BeforeCall).ok(),
        "before_commit" | "job" => DEATH.set(Point::BeforeCommit).ok(),
        _ => None,
    };
    let store = Store::open(database).await?;
    let app = App::new(store.clone(), Arc::new(SystemClock)).rehearsing(die_there);
    if mode == "job" {
        while app.run_jobs().await? > 0 {}
        return Ok(());
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    println!("Seatwright is at {address}");
    let served = axum::serve(listener, web::router(app.clone(), &address, false));
    if mode == "wrong" {
        tokio::spawn(async move { served.await });
        return work_wrongly(&store).await;
    }
    tokio::spawn(async move { app.work(std::future::pending()).await });
    Ok(served.await?)
}

/// What Seatwright must never do: call first, record after, and make up a key for each call.
async fn work_wrongly(store: &Store) -> Result<()> {
    loop {
        let due = {
            let mut tx = store.read().await?;
            tasks::list_due(&mut tx, SystemClock.now(), 1).await?
        };
        for task in due {
            call_then_record(store, task).await?;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn call_then_record(store: &Store, task: Task) -> Result<()> {
    let (settings, request) = {
        let mut tx = store.read().await?;
        let order = orders::load(&mut tx, task.organization, task.order).await?;
        let customer = organizations::find_by_id(&mut tx, task.organization).await?;
        let chain: Vec<OrganizationId> = customer.context("no customer")?.chain;
        let vendor = catalog::find_vendor(&mut tx, &chain, task.vendor).await?;
        let line = order.lines.iter().find(|line| line.id == task.line);
        let line = line.context("no line")?;
        let key = Uuid::from_u128(u128::from(std::process::id()) << 64 | line.id.0.as_u128() >> 64);
        let request = Request {
            key,
            subscription_key: key,
            vendor_reference: None,
            verb: Verb::Purchase {
                quantity: line.price.quantity,
            },
            product: line.item.product.clone(),
            plan: line.item.vendor_plan.clone(),
            cadence: line.item.cadence,
            organization: task.organization,
            organization_slug: String::new(),
            order: order.number,
            line: line.id,
            actor: order.created_by.user,
            actor_email: order.created_by.email.clone(),
            contact: None,
            tenant: None,
            parameters: serde_json::Map::new(),
            corrected: BTreeSet::new(),
        };
        (vendor.context("no vendor")?.settings, request)
    };
    let connector = connectors::connect(&serde_json::from_str(&settings)?)?;
    let Ok(Outcome::Done { vendor_reference }) = connector.submit(&request).await else {
        return Ok(());
    };
    let state = (task, vendor_reference, SystemClock.now());
    let recorded = store.write(state, |(task, reference, now), tx| {
        Box::pin(async move {
            let mut order = orders::load(tx, task.organization, task.order).await?;
            let happened = LineEvent::Finished {
                vendor_reference: reference.clone(),
            };
            for event in [LineEvent::Sending, happened] {
                let told = order.advance(task.line, &event, None, *now)?;
                orders::save(tx, &mut order, &told, *now).await?;
            }
            Ok::<_, app::Error>(tasks::finish(tx, task).await?)
        })
    });
    Ok(recorded.await?)
}
