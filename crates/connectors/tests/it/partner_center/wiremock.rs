//! A whole life at a server that is not ours (WireMock), with answers made of Microsoft's own samples,
//! behind Prism, which refuses whatever differs from the documentation. WireMock keeps no books, so the
//! test tells it what a change leaves.
//!
//! Needs `TEST_WIREMOCK` (the jar) and `TEST_PRISM` (the command); `cargo xtask ci` sets both. Without
//! them nothing is tested here, and the test says so.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use domain::offer::Cadence;

use super::*;
use crate::broker::{OBJECTION, PACE, PATIENCE, Process, free_address, start};

/// The subscription of the samples.
const SUBSCRIPTION: &str = "a4c1340d-6911-4758-bba3-0c4c6007d161";
/// What the samples let it become.
const BETTER: &str = "CFQ7TTC0KZCR";

struct Tools {
    wiremock: String,
    prism: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the tools are is not a setting of the product"
)]
fn tools() -> Option<Tools> {
    let tools = std::env::var("TEST_WIREMOCK")
        .ok()
        .zip(std::env::var("TEST_PRISM").ok());
    if tools.is_none() {
        // Past the harness, which keeps what a passing test prints to itself.
        let words = "SKIPPED: TEST_WIREMOCK or TEST_PRISM is unset; Partner Center's samples were not asked\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
    }
    tools.map(|(wiremock, prism)| Tools { wiremock, prism })
}

/// WireMock, and what speaks to it.
struct Samples {
    /// They end with it.
    processes: Vec<Process>,
    http: reqwest::Client,
    behind: String,
    front: String,
    prism_said: PathBuf,
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/partner-center")
        .join(name)
}

/// WireMock alone, in a folder of its own.
async fn samples(name: &str, tools: &Tools) -> Samples {
    install_tls();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("partner-center-{name}"));
    let mappings = scratch.join("mappings");
    std::fs::create_dir_all(&mappings).unwrap();
    std::fs::copy(data("wiremock.json"), mappings.join("wiremock.json")).unwrap();
    let behind = free_address().await;
    let java = start(
        Command::new("java")
            .args(["-jar", &tools.wiremock, "--disable-banner"])
            .args([
                "--bind-address",
                "127.0.0.1",
                "--port",
                &behind.port().to_string(),
            ])
            .arg("--root-dir")
            .arg(&scratch)
            .stdout(Stdio::null())
            .stderr(File::create(scratch.join("wiremock.log")).unwrap()),
        behind,
    )
    .await;
    Samples {
        processes: vec![java],
        http: reqwest::Client::builder().build().unwrap(),
        behind: format!("http://{behind}"),
        front: format!("http://{behind}"),
        prism_said: scratch.join("prism.log"),
    }
}

impl Samples {
    /// With Prism in front.
    async fn checked(mut self, tools: &Tools) -> Samples {
        let front = free_address().await;
        let prism = start(
            Command::new(&tools.prism)
                .args(["proxy", "-h", "127.0.0.1", "--errors"])
                .args(["-p", &front.port().to_string()])
                .arg(data("openapi.json"))
                .arg(&self.behind)
                .stdout(File::create(&self.prism_said).unwrap())
                .stderr(Stdio::null()),
            front,
        )
        .await;
        self.processes.push(prism);
        self.front = format!("http://{front}");
        self
    }

    fn connector(&self) -> PartnerCenter {
        let account = Account {
            login_url: self.behind.clone(),
            ..account(&self.front)
        };
        PartnerCenter::new(&account, None).unwrap()
    }

    async fn admin(&self, method: reqwest::Method, what: &str, body: Option<Value>) -> Value {
        let call = self
            .http
            .request(method, format!("{}/__admin/{what}", self.behind));
        let call = match &body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// From now on, calls of a kind are answered so; nothing else is asked first.
    async fn answer(&self, method: &str, path: &str, response: Value) {
        self.answer_at(method, &format!("/v1/customers/[^/]+/{path}"), response)
            .await;
    }

    async fn answer_at(&self, method: &str, path: &str, response: Value) {
        let stub = json!({
            "priority": 1,
            "request": {"method": method, "urlPathPattern": path},
            "response": response,
        });
        self.admin(reqwest::Method::POST, "mappings", Some(stub))
            .await;
    }

    /// What was sent, the newest first.
    async fn sent(&self, method: &str, end: &str) -> Vec<Value> {
        let journal = self.admin(reqwest::Method::GET, "requests", None).await;
        let all = journal["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["request"].clone());
        all.filter(|one| one["method"] == method && one["url"].as_str().unwrap().ends_with(end))
            .collect()
    }

    /// What was sent last becomes what is read next, as it would in books.
    async fn remember(&self) -> Value {
        let sent = self.sent("PATCH", SUBSCRIPTION).await;
        let mut body: Value = serde_json::from_str(sent[0]["body"].as_str().unwrap()).unwrap();
        body["attributes"]["etag"] = json!("etag-1");
        let response = json!({"status": 200, "jsonBody": body, "headers": {"Content-Type": "application/json"}});
        self.answer("GET", &format!("subscriptions/{SUBSCRIPTION}"), response)
            .await;
        body
    }

    /// Waits for Prism's log to have one.
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
}

/// One seat, as in the samples.
fn one_seat() -> Request {
    Request {
        tenant: Some(CUSTOMER.into()),
        verb: Verb::Purchase { quantity: 1 },
        ..purchase()
    }
}

fn of_sample(number: u128, verb: Verb) -> Request {
    Request {
        tenant: Some(CUSTOMER.into()),
        ..change(SUBSCRIPTION, number, verb)
    }
}

async fn to_the_end(connector: &PartnerCenter, request: &Request) -> Result<Outcome, Fault> {
    let mut last = connector.submit(request).await;
    for _ in 0..STEPS {
        let Ok(Outcome::Accepted { operation, .. }) = &last else {
            return last;
        };
        last = connector.poll(request, operation.as_deref()).await;
    }
    panic!("undecided: {last:?}");
}

#[tokio::test]
async fn microsofts_samples_carry_out_a_whole_life_and_prism_objects_to_nothing() {
    let Some(tools) = tools() else { return };
    let samples = samples("life", &tools).await.checked(&tools).await;
    let connector = samples.connector();
    let done = Ok(Outcome::Done {
        vendor_reference: SUBSCRIPTION.into(),
    });
    assert_eq!(connector.catalog().await.unwrap()[0].product, PRODUCT);
    assert_eq!(to_the_end(&connector, &one_seat()).await, done);
    assert_eq!(samples.sent("POST", "/checkout").await.len(), 1);
    let yearly = Cadence {
        term_months: 12,
        cycle_months: 12,
    };
    let same = Verb::Plan {
        product: PRODUCT.into(),
        plan: SKU.into(),
        cadence: yearly,
    };
    for (number, verb, name, value) in [
        (900, Verb::Quantity { from: 1, to: 8 }, "quantity", json!(8)),
        (901, Verb::Quantity { from: 8, to: 5 }, "quantity", json!(5)),
        (902, Verb::Suspend, "status", json!("suspended")),
        (903, Verb::Reactivate, "status", json!("active")),
        (
            904,
            Verb::AutoRenewal { on: true },
            "autoRenewEnabled",
            json!(true),
        ),
        (905, same, "billingCycle", json!("annual")),
    ] {
        let request = of_sample(number, verb);
        assert_eq!(
            to_the_end(&connector, &request).await,
            done,
            "{:?}",
            request.verb
        );
        let sent = samples.remember().await;
        assert_eq!(sent[name], value, "{:?}", request.verb);
        assert_eq!(
            sent["refundOptions"][0]["type"], "Full",
            "goes back as it came"
        );
    }
    assert_eq!(upgrade(&samples, &connector).await, done);
    assert_eq!(
        to_the_end(&connector, &of_sample(907, Verb::Cancel)).await,
        done
    );
    assert_eq!(samples.remember().await["status"], "deleted");

    // The log keeps its order: one objection in all means none before the one provoked.
    let wrong = samples
        .http
        .post(format!("{}/v1/customers/{CUSTOMER}/carts", samples.front));
    let wrong = wrong
        .bearer_auth("x")
        .json(&json!({"lineItems": [{"quantity": 1}]}));
    assert_eq!(wrong.send().await.unwrap().status(), 422);
    assert_eq!(samples.objections().await, 1, "{:?}", samples.prism_said);
}

/// The samples' transition is another customer's: the one that was asked for takes its place.
async fn upgrade(samples: &Samples, connector: &PartnerCenter) -> Result<Outcome, Fault> {
    let path = format!("subscriptions/{SUBSCRIPTION}/transitions");
    let json = json!({"Content-Type": "application/json"});
    let history =
        |listed: Value| json!({"status": 200, "jsonBody": {"transition": listed}, "headers": json});
    samples.answer("GET", &path, history(json!([]))).await;
    let begun = |events: Value| json!({"toCatalogItemId": format!("{BETTER}:{SKU}:CFQ7TTC0K71H"), "Events": events});
    let started = json!({"name": "Conversion", "status": "Started ", "timestamp": "2021-01-08T18:01:14.7488618Z"});
    let answer = json!({"status": 200, "jsonBody": begun(json!([started])), "headers": json});
    samples.answer("POST", &path, answer).await;
    let request = of_sample(
        906,
        Verb::Plan {
            product: BETTER.into(),
            plan: SKU.into(),
            cadence: purchase().cadence,
        },
    );
    let Ok(Outcome::Accepted { operation, .. }) = connector.submit(&request).await else {
        panic!("not accepted");
    };
    let completed = json!({"name": "Conversion", "status": "Completed", "timestamp": "2021-01-08T18:37:41.591855Z"});
    samples
        .answer(
            "GET",
            &path,
            history(json!([begun(json!([started, completed]))])),
        )
        .await;
    connector.poll(&request, operation.as_deref()).await
}

#[tokio::test]
async fn microsofts_samples_create_a_customer_and_prism_objects_to_nothing() {
    let Some(tools) = tools() else { return };
    let samples = samples("customer", &tools).await.checked(&tools).await;
    let connector = samples.connector();
    let none = json!({"status": 200, "jsonBody": {"totalCount": 0, "items": []},
        "headers": {"Content-Type": "application/json"}});
    samples.answer("GET", "agreements", none).await;
    let request = super::onboarding::first_purchase();
    let Ok(Outcome::Accepted { mut operation, .. }) = connector.submit(&request).await else {
        panic!("not prepared");
    };
    while samples.sent("POST", "/carts").await.is_empty() {
        let told = connector.poll(&request, operation.as_deref()).await;
        let Ok(Outcome::Accepted {
            operation: next, ..
        }) = told
        else {
            panic!("{told:?}");
        };
        operation = next;
    }
    // The domain is looked at once more right before the creation.
    for (method, end, times) in [
        ("HEAD", "/v1/domains/juniper.onmicrosoft.com", 2),
        ("POST", "/v1/validations/address", 1),
        ("POST", "/v1/customers", 1),
        (
            "POST",
            "/customers/626099fe-17af-4756-9fd0-6a73b7127859/agreements",
            1,
        ),
        (
            "POST",
            "/customers/626099fe-17af-4756-9fd0-6a73b7127859/carts",
            1,
        ),
    ] {
        let sent = samples.sent(method, end).await;
        assert_eq!(sent.len(), times, "{method} {end}");
    }

    let mut taken = request;
    taken.tenant = Some("taken.onmicrosoft.com".into());
    let said = refusal(connector.submit(&taken).await.unwrap());
    assert_eq!(
        (said.0.as_str(), said.2.as_deref()),
        ("DomainTaken", Some("/tenant"))
    );

    let wrong = samples.http.post(format!("{}/v1/customers", samples.front));
    let wrong = wrong.bearer_auth("x").json(&json!({"CompanyProfile": {}}));
    assert_eq!(wrong.send().await.unwrap().status(), 422);
    assert_eq!(samples.objections().await, 1, "{:?}", samples.prism_said);
}

#[tokio::test]
async fn microsofts_samples_register_an_address_for_events_and_prism_objects_to_nothing() {
    const PLACE: &str = "/webhooks/v1/registration";
    let Some(tools) = tools() else { return };
    let samples = samples("events", &tools).await.checked(&tools).await;
    let connector = samples.connector();
    let wished = super::registration::wished();
    let known = connector.registration().await.unwrap().unwrap();
    assert_eq!(known.address(), "https://old.example/events");
    assert!(known.is_elsewhere(&wished) && !known.is_as(&wished));
    let key = Uuid::from_u128;
    let changed = connector.register(&wished, Some(&known), key(1)).await;
    assert_eq!(changed, Ok(()));
    let none = json!({"status": 404, "headers": {"Content-Type": "application/json"},
        "jsonBody": {"code": "1000", "description": "Not found", "data": [], "source": "PartnerFD"}});
    samples.answer_at("GET", PLACE, none).await;
    assert_eq!(connector.registration().await, Ok(None));
    assert_eq!(connector.register(&wished, None, key(2)).await, Ok(()));
    for (method, times) in [("PUT", 1), ("POST", 1)] {
        let sent = samples.sent(method, PLACE).await;
        assert_eq!(sent.len(), times, "{method}");
        let body: Value = serde_json::from_str(sent[0]["body"].as_str().unwrap()).unwrap();
        let events = json!(["subscription-updated", "test-created"]);
        let expected = json!({"WebhookUrl": wished.address(), "WebhookEvents": events});
        assert_eq!(body, expected, "{method}");
    }
    let test = connector.send_test(key(3)).await.unwrap();
    let delivery = connector.look_at_test(test, &wished).await.unwrap();
    assert!(
        delivery.is_decided && delivery.has_arrived(),
        "{delivery:?}"
    );

    let wrong = samples.http.post(format!("{}{PLACE}", samples.front));
    let wrong = wrong
        .bearer_auth("x")
        .json(&json!({"WebhookUrl": "https://desk.example"}));
    assert_eq!(wrong.send().await.unwrap().status(), 422);
    assert_eq!(samples.objections().await, 1, "{:?}", samples.prism_said);
}

#[tokio::test]
async fn what_goes_wrong_at_a_foreign_server_is_found_out_and_bought_once() {
    let Some(tools) = tools() else { return };
    let samples = samples("faults", &tools).await;
    let connector = samples.connector();
    let Ok(Outcome::Accepted { operation, .. }) = connector.submit(&one_seat()).await else {
        panic!("no cart");
    };
    let lost = json!({
        "priority": 1, "scenarioName": "lost", "requiredScenarioState": "Started", "newScenarioState": "over",
        "request": {"method": "POST", "urlPathPattern": "/v1/customers/[^/]+/carts/[^/]+/checkout"},
        "response": {"fault": "CONNECTION_RESET_BY_PEER"},
    });
    samples
        .admin(reqwest::Method::POST, "mappings", Some(lost))
        .await;
    let told = connector.poll(&one_seat(), operation.as_deref()).await;
    assert!(matches!(told, Err(Fault::AnswerLost { .. })), "{told:?}");
    let told = connector.poll(&one_seat(), operation.as_deref()).await;
    assert!(matches!(told, Ok(Outcome::Accepted { .. })), "{told:?}");
    let checkouts = samples.sent("POST", "/checkout").await;
    let key = |at: usize| checkouts[at]["headers"]["MS-RequestId"].clone();
    assert_eq!((checkouts.len(), key(0)), (2, key(1)));

    let words =
        "You have passed your 7-day cancellation window. We are unable to cancel your purchase";
    let patch = format!("subscriptions/{SUBSCRIPTION}");
    let refused = json!({"status": 400, "jsonBody": {"code": "900117", "description": words, "data": [], "source": "PartnerFD"}});
    samples.answer("PATCH", &patch, refused).await;
    let told = connector
        .submit(&of_sample(910, Verb::Cancel))
        .await
        .unwrap();
    assert_eq!(refusal(told), ("900117".into(), words.into(), None));

    let throttled = json!({"status": 429, "headers": {"Retry-After": "2"},
        "jsonBody": {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 2 seconds."}});
    samples.answer("PATCH", &patch, throttled).await;
    let told = connector.submit(&of_sample(911, Verb::Suspend)).await;
    let Err(Fault::NotSent { retry_after, .. }) = told else {
        panic!("{told:?}");
    };
    assert_eq!(retry_after.unwrap().as_secs(), 2);
}
