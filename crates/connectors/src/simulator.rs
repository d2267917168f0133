//! The vendor simulator: an HTTP server of its own, with its own truth, and faults by rule.
//!
//! It speaks Open Service Broker under `/osb/{vendor}` and Partner Center under `/partner-center`. What
//! the brokers booked is at `GET /truth`, what they were asked at `GET /calls`; `PUT /faults` sets their
//! rules. The same seed gives the same faults.

mod broker;
mod call;
mod catalog;
mod fault;
mod ledger;
pub mod partner_center;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use self::catalog::{change_schema, schema};
use self::fault::{Faults, Rule};
use self::ledger::{Drift, Ledger};

/// What the simulator's brokers ask for.
pub const USERNAME: &str = "seatwright";
/// What the simulator's brokers ask for; it guards nothing.
pub const PASSWORD: &str = "simulator";
/// Calls that are remembered; the oldest are forgotten first.
const CALLS_MAX: usize = 10_000;

/// How the simulator behaves without rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Decides which calls a rule with a probability hits.
    pub seed: u64,
    /// Where bookings are kept over restarts; nowhere when `None`.
    pub state_file: Option<std::path::PathBuf>,
}

struct World {
    ledger: Ledger,
    faults: Faults,
    calls: VecDeque<Value>,
    /// The process that `kill` rules end.
    victim: Option<u32>,
}

/// Shared by all requests; a lock is never held across a wait.
#[derive(Clone)]
struct Simulator(Arc<Mutex<World>>);

impl Simulator {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop` completes. Fails when the state file can't be read.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let world = World {
        ledger: Ledger::open(options.state_file)?,
        faults: Faults::new(options.seed),
        calls: VecDeque::new(),
        victim: None,
    };
    let app = router(Simulator(Arc::new(Mutex::new(world))));
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await
}

fn router(simulator: Simulator) -> Router {
    let control = Router::new()
        .route(
            "/truth",
            get(async |State(s): State<Simulator>| Json(json!(s.world().ledger.truth()))),
        )
        .route(
            "/calls",
            get(async |State(s): State<Simulator>| Json(json!(s.world().calls))),
        )
        .route("/faults", get(list_faults).put(set_faults).delete(heal))
        .route("/drift", post(drift))
        .route("/victim", put(name_victim))
        .route("/reset", post(reset));
    control
        .merge(broker::router())
        .with_state(simulator)
        .nest("/partner-center", partner_center::Front::default().router())
}

async fn list_faults(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!(simulator.world().faults.rules()))
}

async fn set_faults(State(simulator): State<Simulator>, Json(rules): Json<Vec<Rule>>) {
    simulator.world().faults.set(rules);
}

/// Ends all faults, and with them the waiting for operations that would never end.
async fn heal(State(simulator): State<Simulator>) {
    let mut world = simulator.world();
    world.faults.set(Vec::new());
    world.ledger.release();
}

/// Changes what is booked behind everybody's back, as people do in a vendor's own portal.
async fn drift(State(simulator): State<Simulator>, Json(drift): Json<Drift>) -> StatusCode {
    match simulator.world().ledger.drift(drift) {
        true => StatusCode::OK,
        false => StatusCode::NOT_FOUND,
    }
}

/// 0 would be our own process group, 1 the whole machine; above Linux's largest id, `kill` may wrap.
async fn name_victim(State(simulator): State<Simulator>, Json(pid): Json<u32>) -> StatusCode {
    if !(2..=4_194_304).contains(&pid) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    simulator.world().victim = Some(pid);
    StatusCode::OK
}

async fn reset(State(simulator): State<Simulator>) {
    let mut world = simulator.world();
    world.ledger.clear();
    world.faults.set(Vec::new());
    world.calls.clear();
    world.victim = None;
}
