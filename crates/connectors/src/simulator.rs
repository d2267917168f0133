//! The vendor simulator: an HTTP server of its own, with its own truth, and faults by rule.
//!
//! It speaks Open Service Broker under `/osb/{vendor}`. What it booked is at `GET /truth`, what it was
//! asked at `GET /calls`; `PUT /faults` sets the rules. The same seed gives the same faults.

mod broker;
mod fault;
mod ledger;

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::fault::{Faults, Rule};
use self::ledger::Ledger;

/// What the simulator's brokers ask for.
pub const USERNAME: &str = "seatwright";
/// What the simulator's brokers ask for; it guards nothing.
pub const PASSWORD: &str = "simulator";
/// Calls that are remembered.
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
    calls: Vec<Value>,
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
        calls: Vec::new(),
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
            get(async |State(s): State<Simulator>| Json(json!(s.world().ledger.bookings()))),
        )
        .route(
            "/calls",
            get(async |State(s): State<Simulator>| Json(json!(s.world().calls))),
        )
        .route(
            "/faults",
            put(set_faults).delete(async |State(s): State<Simulator>| {
                s.world().faults.set(Vec::new());
            }),
        )
        .route(
            "/victim",
            put(async |State(s): State<Simulator>, Json(pid): Json<u32>| {
                s.world().victim = Some(pid);
            }),
        )
        .route("/reset", post(reset));
    control.merge(broker::router()).with_state(simulator)
}

async fn set_faults(State(simulator): State<Simulator>, Json(rules): Json<Vec<Rule>>) {
    simulator.world().faults.set(rules);
}

async fn reset(State(simulator): State<Simulator>) {
    let mut world = simulator.world();
    world.ledger.clear();
    world.faults.set(Vec::new());
    world.calls.clear();
}
