//! Looking up what a customer has, at the simulated broker: what it tells, what it says that there is not,
//! and that silence is neither.

use connectors::{Account, Known, Reader, reader};
use domain::offer::Cadence;
use domain::reconciliation::{Holding, Reference, Standing};

use super::*;

fn known(key: Uuid) -> Known {
    Known {
        reference: Reference(key.to_string()),
        product: "cirrus-backup".into(),
        plan: "server".into(),
    }
}

fn account(known: Vec<Known>) -> Account {
    Account {
        tenant: None,
        known,
    }
}

impl Vendor {
    fn reader(&self) -> Box<dyn Reader> {
        reader(
            &Settings::OpenServiceBroker {
                url: format!("http://{}/osb/cirrus", self.address),
                username: simulator::USERNAME.into(),
                password: simulator::PASSWORD.into(),
                has_tenants: false,
            },
            None,
        )
        .unwrap()
    }

    async fn look_up(&self, key: u128) -> Result<Vec<Holding>, Fault> {
        let account = account(vec![known(Uuid::from_u128(key))]);
        self.reader().look_up(&account).await
    }

    async fn drift(&self, change: Value) {
        let url = format!("http://{}/drift", self.address);
        let answer = self.http.post(url).json(&change).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

#[tokio::test]
async fn what_is_booked_is_told_as_it_stands_and_nothing_is_changed_by_asking() {
    let vendor = vendor("cirrus").await;
    assert!(is_done(&vendor.connector.submit(&server_backup()).await));
    let [bought] = &vendor.look_up(1).await.unwrap()[..] else {
        panic!("not one");
    };
    assert_eq!(
        (bought.quantity, bought.standing),
        (Some(25), Some(Standing::Active))
    );
    assert_eq!(bought.reference, Reference(Uuid::from_u128(1).to_string()));
    vendor
        .drift(json!({"vendor": "cirrus", "instance": Uuid::from_u128(1), "quantity": 30,
            "state": "suspended", "terms": {"auto_renew": false, "term_months": 1, "cycle_months": 1,
            "tenant": "birch"}}))
        .await;
    let told = vendor.look_up(1).await.unwrap().remove(0);
    let month = Cadence {
        term_months: 1,
        cycle_months: 1,
    };
    assert_eq!(
        (told.quantity, told.standing),
        (Some(30), Some(Standing::Suspended))
    );
    assert_eq!((told.renews, told.cadence), (Some(false), Some(month)));
    assert_eq!(told.tenants, ["birch".to_owned()].into());
    assert_eq!(vendor.look_up(2).await.unwrap(), [], "never booked");
    let calls = vendor.get("calls").await;
    let asked = calls
        .iter()
        .filter(|call| call["operation"] == "fetch")
        .count();
    assert_eq!(
        (asked, calls.len()),
        (3, 4),
        "but for the purchase nothing else was asked"
    );
}

#[tokio::test]
async fn whatever_is_no_answer_is_a_fault_and_no_absence() {
    let vendor = vendor("cirrus").await;
    vendor.connector.submit(&server_backup()).await.unwrap();
    for action in [
        json!({"do": "drop_before"}),
        json!({"do": "answer", "status": 500, "body": "{}"}),
        json!({"do": "answer", "status": 404, "body": "<html>"}),
        json!({"do": "answer", "status": 200, "body": "{}"}),
        json!({"do": "answer", "status": 200, "body": "{\"service_id\": \"cirrus-backup\", \"para"}),
        json!({"do": "answer", "status": 200, "body": "{\"service_id\": \"of another\"}"}),
    ] {
        vendor
            .faults(json!([{"operation": "fetch", "times": 1, "action": action}]))
            .await;
        let told = vendor.look_up(1).await;
        assert!(
            matches!(told, Err(Fault::NotSent { .. })),
            "{action}: {told:?}"
        );
    }
    assert_eq!(vendor.look_up(1).await.unwrap().len(), 1);
}
