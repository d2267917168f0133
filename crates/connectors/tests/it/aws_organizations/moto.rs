//! A whole life at moto's server.
//!
//! Needs `TEST_MOTO` (the command); `cargo xtask ci` sets it. Without it nothing is tested here, and the
//! test says so.

use std::io::Write;
use std::process::{Command, Stdio};

use super::super::broker::{Process, free_address, start};
use super::*;

struct Moto {
    _process: Process,
    url: String,
    http: reqwest::Client,
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the tools are is not a setting of the product"
)]
async fn moto() -> Option<Moto> {
    let Ok(program) = std::env::var("TEST_MOTO") else {
        // Past the harness, which keeps what a passing test prints to itself.
        let words = "SKIPPED: TEST_MOTO is unset; no foreign AWS was spoken to\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        return None;
    };
    install_tls();
    let address = free_address().await;
    let process = start(
        Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
        address,
    )
    .await;
    let moto = Moto {
        _process: process,
        url: format!("http://{address}"),
        http: reqwest::Client::builder().build().unwrap(),
    };
    moto.call("CreateOrganization", json!({})).await;
    Some(moto)
}

impl Moto {
    /// What the connector has no business with.
    async fn call(&self, operation: &str, input: Value) -> Value {
        let target = format!("AWSOrganizationsV20161128.{operation}");
        let scope =
            "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/organizations/aws4_request";
        let asked = self.http.post(&self.url).header("X-Amz-Target", target);
        let asked = asked.header("Authorization", scope).json(&input);
        let answer = asked.send().await.unwrap();
        assert!(answer.status().is_success(), "{operation}: {answer:?}");
        answer.json().await.unwrap()
    }

    async fn unit(&self) -> String {
        let roots = self.call("ListRoots", json!({})).await;
        let input = json!({"ParentId": roots["Roots"][0]["Id"], "Name": "Customers"});
        let made = self.call("CreateOrganizationalUnit", input).await;
        made["OrganizationalUnit"]["Id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Without the management account.
    async fn accounts(&self) -> Vec<Value> {
        let listed = self.call("ListAccounts", json!({})).await;
        let accounts = listed["Accounts"].as_array().unwrap().iter();
        accounts
            .filter(|one| one["Name"] != "master")
            .cloned()
            .collect()
    }
}

#[tokio::test]
async fn a_foreign_aws_carries_out_a_whole_life() {
    let Some(moto) = moto().await else { return };
    let unit = moto.unit().await;
    let connector = connector(&moto.url, Some(&unit));
    let entries = connector.catalog().await.unwrap();
    assert_eq!(
        (entries[0].plan.as_str(), entries[0].maximum),
        ("account", Some(1))
    );

    let request = purchase(1, EMAIL);
    let id = done(&connector, &request).await;
    let tags = moto
        .call("ListTagsForResource", json!({"ResourceId": id}))
        .await;
    let key = json!({"Key": "seatwright:key", "Value": request.key});
    assert!(tags["Tags"].as_array().unwrap().contains(&key), "{tags}");
    let parents = moto.call("ListParents", json!({"ChildId": id})).await;
    assert_eq!(parents["Parents"][0]["Id"], json!(unit));

    let cancel = change(&id, Verb::Cancel);
    assert_eq!(done(&connector, &cancel).await, id);
    assert_eq!(
        done(&connector, &cancel).await,
        id,
        "closed is what it wants"
    );
    let accounts = moto.accounts().await;
    assert_eq!((accounts.len(), &accounts[0]["Email"]), (1, &json!(EMAIL)));
    assert_eq!(accounts[0]["State"], "SUSPENDED");

    let unknown = change("000000000000", Verb::Cancel);
    let outcome = carry_out(&connector, &unknown).await;
    assert_eq!(refusal(outcome), ("AwsAccountNotFound".into(), None));
}

#[tokio::test]
async fn a_foreign_aws_is_asked_once_for_what_an_answer_was_lost_of() {
    let Some(moto) = moto().await else { return };
    let connector = connector(&moto.url, None);
    let request = purchase(1, EMAIL);
    // It never arrived.
    let first = settle(&connector, &request).await;
    let Ok(Outcome::Done { vendor_reference }) = first else {
        panic!("{first:?}");
    };
    // It arrived, and its answer was lost.
    for _ in 0..2 {
        let again = settle(&connector, &request).await;
        let found = Outcome::Done {
            vendor_reference: vendor_reference.clone(),
        };
        assert_eq!(again, Ok(found));
    }
    assert_eq!(moto.accounts().await.len(), 1);
    // Another line's account has the address.
    let other = settle(&connector, &purchase(2, EMAIL)).await.unwrap();
    let blamed = Some("/parameters/email".to_owned());
    assert_eq!(refusal(other), ("AwsEmailTaken".into(), blamed));
    assert_eq!(moto.accounts().await.len(), 1);
    // A unit that is not there is told before anything is created for it.
    let lost = super::connector(&moto.url, Some("ou-none-12345678"));
    let refused = lost.submit(&purchase(3, "other@amber.example")).await;
    assert!(
        matches!(refused, Err(NoDecision::Misconfigured { .. })),
        "{refused:?}"
    );
    assert_eq!(moto.accounts().await.len(), 1);
}
