//! Vendors that are attached by the command line, as an operator attaches them.

use connectors::simulator::partner_center::Front;
use tokio::io::AsyncWriteExt;

use super::purchases::Class;
use super::*;

const BROKER: &str = include_str!("../../../crates/connectors/tests/described/broker.json");

impl Class {
    /// The simulator's broker as data, with this class for purchases; none where the demo's own will do.
    pub(crate) fn description(self, simulator: &str) -> Option<Value> {
        let mut described: Value = serde_json::from_str(BROKER).unwrap();
        described["url"] = json!(format!("{simulator}/osb/cirrus"));
        let purchase = &mut described["verbs"]["purchase"];
        match self {
            Class::Keyed | Class::Absolute => return None,
            Class::Referenced => {
                purchase["repeat"] = json!("referenced");
                purchase["find"] = json!({
                    "method": "GET", "path": "/v2/service_instances/{{ subscription_key }}",
                    "answers": [
                        {"status": [200], "means": "done"},
                        {"status": [404], "means": "absent"},
                    ],
                });
            }
            Class::Once => purchase["repeat"] = json!("once"),
        }
        Some(described)
    }
}

/// Adds a connection of the demo's distributor, or replaces the one of that slug.
pub(crate) async fn attach(program: &str, database: &str, slug: &str, settings: &Value) {
    let mut command = Command::new(program)
        .args(["vendor", "add", "--organization", "nordic"])
        .args(["--slug", slug, "--name", slug, "--database-url", database])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = command.stdin.take().unwrap();
    let settings = settings.to_string();
    input.write_all(settings.as_bytes()).await.unwrap();
    drop(input);
    assert!(command.wait().await.unwrap().success());
}

/// A simulated Partner Center and its address, beside a database with the demo world.
pub(crate) async fn partner_center(program: &str, database: &str) -> (Front, String) {
    let front = Front::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(front.clone().serve(listener));
    let at = ["--database-url", database];
    run(program, &[&["migrate"][..], &at].concat()).await;
    let seed = ["seed", "--world", "demo", "--simulator", &url];
    run(program, &[&seed[..], &at].concat()).await;
    (front, url)
}
