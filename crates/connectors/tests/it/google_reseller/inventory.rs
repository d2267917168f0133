//! A customer's subscriptions: all pages, and whole or not at all.

use connectors::{Account, Reader};
use domain::reconciliation::Standing;

use super::*;

fn account(tenant: &str) -> Account {
    Account {
        tenant: Some(tenant.into()),
        known: Vec::new(),
    }
}

#[tokio::test]
async fn what_was_bought_is_told_as_it_stands() {
    let vendor = vendor().await;
    let reference = vendor.done(&purchase()).await;
    vendor.google.books(|books| {
        let mut other = books.subscriptions[0].clone();
        other["subscriptionId"] = json!("s-other");
        other["status"] = json!("SUSPENDED");
        other["renewalSettings"] = json!({"renewalType": "CANCEL"});
        other["seats"] = json!({"numberOfSeats": 3});
        books.subscriptions.push(other);
    });
    let before = vendor.google.books(|books| books.calls.len());
    let told = vendor.connector.look_up(&account(DOMAIN)).await.unwrap();
    let [bought, other] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(bought.reference.0, reference);
    assert_eq!((bought.quantity, bought.cadence), (Some(10), Some(YEAR)));
    assert_eq!(
        (bought.standing, bought.renews),
        (Some(Standing::Active), Some(true))
    );
    assert_eq!(
        (other.standing, other.renews),
        (Some(Standing::Suspended), Some(false))
    );
    assert!(other.tenants.contains(CUSTOMER) && other.tenants.contains(DOMAIN));
    let calls = vendor.google.books(|books| books.calls[before..].to_vec());
    let reads = ["customers.get", "subscriptions.list"];
    assert!(
        calls.iter().all(|call| reads.contains(&call.as_str())),
        "{calls:?}"
    );
}

#[tokio::test]
async fn what_is_no_list_of_this_customer_is_a_fault_and_no_absence() {
    let vendor = vendor().await;
    vendor.done(&purchase()).await;
    let foreign = json!({"kind": "reseller#subscriptions", "subscriptions": [{"subscriptionId": "s9",
        "customerId": "C-other", "skuId": SKU, "plan": {"planName": "ANNUAL"}}]});
    for (status, body) in [
        (200, "{}".to_owned()),
        (200, "<html>".to_owned()),
        (
            200,
            r#"{"kind": "reseller#subscriptions", "subscrip"#.to_owned(),
        ),
        (200, foreign.to_string()),
        (503, String::new()),
    ] {
        vendor.fails("subscriptions.list", false, Some((status, body.clone())));
        let told = vendor.connector.look_up(&account(DOMAIN)).await;
        assert!(told.is_err(), "{body}: {told:?}");
    }
    assert!(
        vendor
            .connector
            .look_up(&account("nobody.example"))
            .await
            .is_err()
    );
    assert_eq!(
        vendor
            .connector
            .look_up(&account(DOMAIN))
            .await
            .unwrap()
            .len(),
        1
    );
}
