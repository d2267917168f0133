//! Events that Microsoft signs: believed with the certificate of its own place, heard once, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connectors::partner_center::{Event, Signed, Unproven, Webhooks};
use jiff::{SignedDuration, Timestamp};

use super::*;

/// An hour when the samples' certificate is in force: from 26 November 2026, 03:35 UTC, for a hundred years.
fn begin() -> Timestamp {
    "2026-11-26T04:00:00Z".parse().unwrap()
}

struct Told {
    body: String,
    signature: String,
}

fn samples() -> Value {
    serde_json::from_str(include_str!("../../partner-center/webhooks.json")).unwrap()
}

fn told(name: &str) -> Told {
    let text = |what: &str| samples()["events"][name][what].as_str().unwrap().to_owned();
    Told {
        body: text("body"),
        signature: format!("Signature {}", text("signature")),
    }
}

struct Door {
    front: Front,
    url: String,
    account: Account,
    webhooks: Webhooks,
}

impl Door {
    async fn new() -> Door {
        let (front, url) = front().await;
        let certificate = samples()["certificate"]
            .as_str()
            .map(|text| STANDARD.decode(text));
        front.show_certificate(&certificate.unwrap().unwrap());
        Door {
            account: Account {
                certificates_url: format!("{url}/cert"),
                ..account(&url)
            },
            front,
            url,
            webhooks: Webhooks::default(),
        }
    }

    async fn hear(&self, told: &Told, place: &str, hours: i64) -> Result<Option<Event>, Unproven> {
        let signed = Signed {
            certificate_url: place,
            algorithm: "rsa-sha256",
            signature: &told.signature,
        };
        let now = begin() + SignedDuration::from_hours(hours);
        self.webhooks
            .hear(&self.account, signed, told.body.as_bytes(), now)
            .await
    }

    fn place(&self, name: &str) -> String {
        format!("{}/cert/{name}.cer", self.url)
    }

    fn fetched(&self) -> usize {
        self.front.calls("GET certificate").len()
    }
}

#[tokio::test]
async fn what_microsoft_signed_is_believed_and_heard_once() {
    let door = Door::new().await;
    let place = door.place("events");
    let event = door
        .hear(&told("updated"), &place, 0)
        .await
        .unwrap()
        .unwrap();
    assert!(event.is_about(None, Some("11111111-2222-4333-8444-555555555555")));
    assert!(!event.is_about(None, Some("sub-1")));
    let operation = json!({"stage": "order", "customer": CUSTOMER, "order": "o"}).to_string();
    assert!(event.is_about(Some(&operation), None));
    let other = door
        .hear(&told("elsewhere"), &place, 0)
        .await
        .unwrap()
        .unwrap();
    assert!(!other.is_about(Some(&operation), None));
    // The same again, and what is about no customer.
    assert_eq!(door.hear(&told("updated"), &place, 0).await, Ok(None));
    assert_eq!(door.hear(&told("unknown"), &place, 0).await, Ok(None));
    assert_eq!(door.fetched(), 1);
    door.hear(&told("unknown"), &place, 2).await.unwrap();
    assert_eq!(door.fetched(), 2, "a certificate is known for a while");
}

#[tokio::test]
async fn what_is_not_proven_to_be_microsofts_is_not_believed() {
    let door = Door::new().await;
    let place = door.place("events");
    let mut changed = told("updated");
    changed.body.push(' ');
    let mut foreign = told("updated");
    foreign.signature = told("elsewhere").signature;
    let mut odd = told("updated");
    odd.signature = "Signature ***".into();
    let mut none = told("updated");
    none.signature = String::new();
    for told in [changed, foreign, odd, none] {
        assert!(
            door.hear(&told, &place, 0).await.is_err(),
            "{}",
            told.signature
        );
    }
    let fetched = door.fetched();
    for place in [
        "https://evil.example/cert/events.cer".to_owned(),
        format!("{}/other/events.cer", door.url),
        String::new(),
    ] {
        assert!(
            door.hear(&told("updated"), &place, 0).await.is_err(),
            "{place}"
        );
    }
    let by = Signed {
        certificate_url: &place,
        algorithm: "none",
        signature: &told("updated").signature,
    };
    let body = told("updated").body;
    let heard = door
        .webhooks
        .hear(&door.account, by, body.as_bytes(), begin());
    assert!(heard.await.is_err());
    assert_eq!(door.fetched(), fetched, "nothing is fetched from elsewhere");
    // It was not heard while it was not believed.
    assert!(
        door.hear(&told("updated"), &place, 0)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_certificate_proves_nothing_before_it_begins_and_after_it_has_ended() {
    const A_HUNDRED_YEARS: i64 = 36_500 * 24;
    let door = Door::new().await;
    let place = door.place("events");
    for hours in [-1, A_HUNDRED_YEARS] {
        let heard = door.hear(&told("updated"), &place, hours).await;
        let words = heard.unwrap_err().to_string();
        assert_eq!(
            words, "the certificate has ended or has not begun",
            "{hours}"
        );
    }
    for (event, hours) in [("updated", 0), ("elsewhere", A_HUNDRED_YEARS - 1)] {
        let heard = door.hear(&told(event), &place, hours).await;
        assert!(heard.unwrap().is_some(), "{event}");
    }
}

#[tokio::test]
async fn whoever_knocks_can_not_have_many_certificates_fetched() {
    let door = Door::new().await;
    door.front.show_certificate(b"no certificate");
    for name in 0..20 {
        let place = door.place(&name.to_string());
        assert!(door.hear(&told("updated"), &place, 0).await.is_err());
    }
    assert_eq!(door.fetched(), 8);
}
