//! The contract that every connector keeps, for AWS Organizations: against moto, which nobody here wrote,
//! and against a double that is slow, fails and lies, which moto does not.

mod double;
mod faults;
mod moto;

use connectors::aws_organizations::{Account, AwsOrganizations, form};
use connectors::{Connector, Settings, abilities};
use domain::offer::Cadence;
use domain::provisioning::{Abilities, Fault as NoDecision, Outcome, RepeatClass, Request, Verb};
use serde_json::{Value, json};

use super::{Doubt, Uuid, install_tls, request};

const SECRET: &str = "hush/hush+hush";
const EMAIL: &str = "aws+amber@amber.example";
/// What an engine does for one line at the most.
const STEPS: u32 = 12;

fn account(url: &str, unit: Option<&str>) -> Account {
    let mut settings = json!({
        "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET, "url": url,
    });
    if let Some(unit) = unit {
        settings["organizational_unit"] = json!(unit);
    }
    serde_json::from_value(settings).unwrap()
}

fn connector(url: &str, unit: Option<&str>) -> AwsOrganizations {
    install_tls();
    AwsOrganizations::new(&account(url, unit)).unwrap()
}

fn purchase(number: u128, email: &str) -> Request {
    let answers = json!({"email": email, "account_name": "Amber"});
    Request {
        cadence: Cadence {
            term_months: 0,
            cycle_months: 0,
        },
        parameters: answers.as_object().unwrap().clone(),
        ..request(number, "aws", "account", 1)
    }
}

fn change(of: &str, verb: Verb) -> Request {
    Request {
        key: Uuid::from_u128(99),
        vendor_reference: Some(of.to_owned()),
        verb,
        ..purchase(1, EMAIL)
    }
}

async fn settle(connector: &AwsOrganizations, request: &Request) -> Result<Outcome, NoDecision> {
    let doubt = Doubt {
        since: jiff::Timestamp::UNIX_EPOCH,
        evidence: String::new(),
        checks: 0,
    };
    connector.settle(request, &doubt).await
}

/// Does what the engine does: what is accepted is polled, a lost answer is settled and never sent anew.
async fn carry_out(connector: &AwsOrganizations, request: &Request) -> Outcome {
    let mut last = connector.submit(request).await;
    let (mut is_in_doubt, mut accepted) = (false, None);
    for _ in 0..STEPS {
        is_in_doubt |= matches!(last, Err(NoDecision::AnswerLost { .. }));
        last = match last {
            Ok(Outcome::Accepted { operation, .. }) => {
                accepted = operation;
                connector.poll(request, accepted.as_deref()).await
            }
            Ok(decided) => return decided,
            Err(NoDecision::Misconfigured { reason }) => panic!("{reason}"),
            Err(_) if accepted.is_some() => connector.poll(request, accepted.as_deref()).await,
            Err(_) if is_in_doubt => settle(connector, request).await,
            Err(_) => connector.submit(request).await,
        };
    }
    panic!("undecided: {last:?}");
}

async fn done(connector: &AwsOrganizations, request: &Request) -> String {
    match carry_out(connector, request).await {
        Outcome::Done { vendor_reference } => vendor_reference,
        other => panic!("{:?}: {other:?}", request.verb),
    }
}

fn refusal(outcome: Outcome) -> (String, Option<String>) {
    match outcome {
        Outcome::Refused(failure) => {
            assert!(failure.message.len() > 10, "{failure:?}");
            assert!(failure.explain().meaning.is_some(), "{failure:?}");
            (failure.code, failure.field)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_ability_is_refused_before_anything_is_sent() {
    let nobody = connector("http://127.0.0.1:9", None);
    let settings = Settings::AwsOrganizations(account("http://127.0.0.1:9", None));
    let only_accounts = Abilities {
        is_single: true,
        is_open_ended: true,
        ..Abilities::default()
    };
    assert_eq!(abilities(&settings), only_accounts);
    for verb in [
        Verb::Quantity { from: 1, to: 2 },
        Verb::Suspend,
        Verb::Reactivate,
        Verb::AutoRenewal { on: true },
    ] {
        assert_eq!(nobody.repeat_class(&verb), RepeatClass::Once);
        let outcome = nobody.submit(&change("123456789012", verb)).await.unwrap();
        assert_eq!(refusal(outcome), ("NotSupported".into(), None));
    }
    let two = Request {
        verb: Verb::Purchase { quantity: 2 },
        ..purchase(1, EMAIL)
    };
    let other = Request {
        plan: "something".into(),
        ..purchase(1, EMAIL)
    };
    let unanswered = Request {
        parameters: serde_json::Map::new(),
        ..purchase(1, EMAIL)
    };
    for (request, code, field) in [
        (two, "QuantityAboveMaximum", Some("/quantity")),
        (other, "UnknownPlan", None),
        (unanswered, "AwsInvalid", Some("/parameters/email")),
        (purchase(1, "a@b"), "AwsInvalid", Some("/parameters/email")),
        (change("12345", Verb::Cancel), "NoReference", None),
    ] {
        let outcome = nobody.submit(&request).await.unwrap();
        assert_eq!(refusal(outcome), (code.into(), field.map(str::to_owned)));
    }
    assert_eq!(form().check(&purchase(1, EMAIL).parameters), []);
    let sent = nobody.submit(&purchase(1, EMAIL)).await;
    assert!(matches!(sent, Err(NoDecision::NotSent { .. })), "{sent:?}");
}
