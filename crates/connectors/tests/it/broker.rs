//! A whole life at a broker that is not ours (openbrokerapi), behind Prism, which refuses whatever
//! differs from the official OpenAPI description.
//!
//! Needs `TEST_OSB_PYTHON` (a Python with openbrokerapi) and `TEST_PRISM` (the command); `cargo xtask
//! ci` sets both. Without them nothing is tested here, and the test says so.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;

const SERVICE: &str = "6cee09c1-f527-4c86-bd56-2777f9a2d6dd";
const SMALL: &str = "5fcf4298-bd2c-4f58-ae7b-953d7787fcae";
/// Prism reads the description for some seconds on a busy machine.
pub(crate) const PATIENCE: u32 = 600;
/// What Prism logs about a request or an answer that is not as described.
pub(crate) const OBJECTION: &str = "Request terminated with error";
pub(crate) const PACE: Duration = Duration::from_millis(100);

/// Ends with the test, however that ends.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

struct Tools {
    python: String,
    prism: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the tools are is not a setting of the product"
)]
fn tools() -> Option<Tools> {
    let tools = std::env::var("TEST_OSB_PYTHON")
        .ok()
        .zip(std::env::var("TEST_PRISM").ok());
    if tools.is_none() {
        // Past the harness, which keeps what a passing test prints to itself.
        let words =
            "SKIPPED: TEST_OSB_PYTHON or TEST_PRISM is unset; no foreign broker was spoken to\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
    }
    tools.map(|(python, prism)| Tools { python, prism })
}

/// A broker behind Prism, and a connector to the latter.
struct Broker {
    _processes: [Process; 2],
    connector: Box<dyn Connector>,
    front: SocketAddr,
    prism_said: PathBuf,
}

fn vendors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vendors")
}

pub(crate) async fn free_address() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

pub(crate) async fn start(command: &mut Command, address: SocketAddr) -> Process {
    let mut process = Process(command.stdin(Stdio::null()).spawn().unwrap());
    for _ in 0..PATIENCE {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return process;
        }
        assert_eq!(
            process.0.try_wait().unwrap(),
            None,
            "ended early: {command:?}"
        );
        tokio::time::sleep(PACE).await;
    }
    panic!("does not listen on {address}: {command:?}");
}

async fn broker(tools: &Tools, mode: &str) -> Broker {
    install_tls();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let prism_said = scratch.join(format!("prism-{mode}.log"));
    let log = |path: &Path| File::create(path).unwrap();
    let (behind, front) = (free_address().await, free_address().await);
    let python = start(
        Command::new(&tools.python)
            .arg(vendors().join("osb_broker.py"))
            .env("PORT", behind.port().to_string())
            .env("OSB_DELAY", "1")
            .env("OSB_MODE", mode)
            .stdout(Stdio::null())
            .stderr(log(&scratch.join(format!("broker-{mode}.log")))),
        behind,
    )
    .await;
    let prism = start(
        Command::new(&tools.prism)
            .args([
                "proxy",
                "-h",
                "127.0.0.1",
                "-p",
                &front.port().to_string(),
                "--errors",
            ])
            .arg(vendors().join("specs/osb-v2.17.openapi.yaml"))
            .arg(format!("http://{behind}"))
            .stdout(log(&prism_said))
            .stderr(Stdio::null()),
        front,
    )
    .await;
    let connector = connect(&Settings::OpenServiceBroker {
        url: format!("http://{front}"),
        username: "admin".into(),
        password: "password".into(),
        has_tenants: false,
    });
    Broker {
        _processes: [python, prism],
        connector: connector.unwrap(),
        front,
        prism_said,
    }
}

impl Broker {
    /// Submits, and polls until the broker has decided; whether it took its time comes back too.
    async fn carry_out(&self, request: &Request) -> (bool, Result<Outcome, Fault>) {
        let mut is_async = false;
        let mut last = self.connector.submit(request).await;
        for _ in 0..PATIENCE {
            let Ok(Outcome::Accepted { operation, .. }) = &last else {
                return (is_async, last);
            };
            is_async = true;
            tokio::time::sleep(PACE).await;
            last = self.connector.poll(request, operation.as_deref()).await;
        }
        panic!("undecided: {last:?}");
    }
}

#[tokio::test]
async fn a_foreign_broker_carries_out_a_whole_life_and_prism_objects_to_nothing() {
    let Some(tools) = tools() else { return };
    for (mode, is_async) in [("sync", false), ("async", true), ("default", true)] {
        let broker = broker(&tools, mode).await;
        let entries = broker.connector.catalog().await.unwrap();
        assert_eq!(
            (entries.len(), entries[0].plan.as_str()),
            (2, SMALL),
            "{mode}"
        );

        let mut request = request(0x0198_0000_0000_7000_8000_0000_0000_0001, SERVICE, SMALL, 5);
        let done = Outcome::Done {
            vendor_reference: request.key.to_string(),
        };
        let bought = broker.carry_out(&request).await;
        assert_eq!(bought, (is_async, Ok(done.clone())), "{mode}: buy");
        let again = broker.settle(&request).await;
        assert_eq!(again, Ok(done.clone()), "{mode}: the same again is known");

        let other = Request {
            plan: "fb85fb60-273c-4138-aaf5-49e12cb07610".into(),
            ..request.clone()
        };
        let refused = broker.connector.submit(&other).await;
        assert!(
            matches!(refused, Ok(Outcome::Refused(_))),
            "{mode}: {refused:?}"
        );

        for (from, to) in [(5, 8), (8, 6)] {
            request.verb = Verb::Quantity { from, to };
            let changed = broker.carry_out(&request).await;
            assert_eq!(changed, (is_async, Ok(done.clone())), "{mode}: to {to}");
            let again = broker.settle(&request).await;
            assert_eq!(again, Ok(done.clone()), "{mode}: to {to} again");
        }

        request.verb = Verb::Cancel;
        let canceled = broker.carry_out(&request).await;
        assert_eq!(canceled, (is_async, Ok(done.clone())), "{mode}: cancel");
        let gone = broker.carry_out(&request).await;
        assert_eq!(
            gone,
            (false, Ok(done.clone())),
            "{mode}: 410 for the second cancel"
        );
        assert_eq!(broker.connector.clear(&request).await, Ok(done), "{mode}");

        // The log keeps its order: one objection in all means none before the one provoked.
        broker.send_what_prism_must_object_to().await;
        assert_eq!(
            broker.objections().await,
            1,
            "{mode}: {:?}",
            broker.prism_said
        );
    }
}

impl Broker {
    /// A purchase without a plan: proves that the log would have told.
    async fn send_what_prism_must_object_to(&self) {
        let client = reqwest::Client::builder().build().unwrap();
        let url = format!("http://{}/v2/service_instances/wrong", self.front);
        let answer = client
            .put(url)
            .basic_auth("admin", Some("password"))
            .header("X-Broker-API-Version", "2.17")
            .json(&json!({"service_id": SERVICE, "organization_guid": "o", "space_guid": "s"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 422);
    }

    /// Waits for the log to have one.
    async fn objections(&self) -> usize {
        for _ in 0..PATIENCE {
            let said = std::fs::read_to_string(&self.prism_said).unwrap();
            if said.contains(OBJECTION) {
                return said.matches(OBJECTION).count();
            }
            tokio::time::sleep(PACE).await;
        }
        0
    }

    /// A repeat as after a lost answer, polled to its end.
    async fn settle(&self, request: &Request) -> Result<Outcome, Fault> {
        let doubt = Doubt {
            since: jiff::Timestamp::UNIX_EPOCH,
            evidence: String::new(),
            checks: 0,
        };
        let mut last = self.connector.settle(request, &doubt).await;
        for _ in 0..PATIENCE {
            let Ok(Outcome::Accepted { operation, .. }) = &last else {
                break;
            };
            tokio::time::sleep(PACE).await;
            last = self.connector.poll(request, operation.as_deref()).await;
        }
        last
    }
}
