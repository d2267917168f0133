//! A customer's subscriptions: all pages, without add-ons, and whole or not at all.

use connectors::{Account, Reader};
use domain::reconciliation::Standing;

use super::*;

fn listed(number: usize) -> Value {
    json!({"id": format!("s-{number}"), "offerId": format!("{PRODUCT}:{SKU}:AV1"), "quantity": number,
        "status": "active", "autoRenewEnabled": true, "termDuration": "P1Y", "billingCycle": "monthly"})
}

async fn vendor_with(count: usize) -> Vendor {
    let vendor = vendor().await;
    vendor.front.books(|books| {
        let all = (1..=count).map(|number| (format!("s-{number}"), listed(number)));
        books.subscriptions = all.collect();
    });
    vendor
}

fn account(tenant: &str) -> Account {
    Account {
        tenant: Some(tenant.into()),
        known: Vec::new(),
    }
}

impl Vendor {
    fn writes(&self) -> usize {
        let kinds = [
            "POST carts",
            "POST checkout",
            "PATCH subscriptions/one",
            "POST transitions",
        ];
        kinds.iter().map(|what| self.front.calls(what).len()).sum()
    }
}

#[tokio::test]
async fn all_pages_of_a_customers_list_are_read_and_its_add_ons_are_left_out() {
    let vendor = vendor_with(1_500).await;
    vendor.front.books(|books| {
        let mut addon = listed(9_999);
        addon["parentSubscriptionId"] = json!("s-1");
        books.subscriptions.insert("s-9999".into(), addon);
        let mut off = listed(3);
        off["status"] = json!("suspended");
        books.subscriptions.insert("s-3".into(), off);
    });
    let told = vendor.connector.look_up(&account(DOMAIN)).await.unwrap();
    assert_eq!(told.len(), 1_500);
    let third = told.iter().find(|one| one.reference.0 == "s-3").unwrap();
    assert_eq!(
        (third.quantity, third.standing),
        (Some(3), Some(Standing::Suspended))
    );
    assert_eq!(
        third.tenants,
        [DOMAIN.to_owned(), CUSTOMER.to_owned()].into()
    );
    assert_eq!(vendor.writes(), 0);
}

#[tokio::test]
async fn a_list_that_is_not_whole_is_none() {
    let vendor = vendor_with(3).await;
    let strange = |items: Value| json!({"totalCount": 3, "items": items});
    for (status, body) in [
        (200, strange(json!([listed(1)]))),
        (
            200,
            strange(json!([listed(1), listed(2), {"status": "active"}])),
        ),
        (200, strange(json!([listed(1), listed(2), "three"]))),
        (200, json!({"totalCount": 3})),
        (200, json!("<html>")),
        (200, json!("{\"totalCount\": 1, \"items\": [{\"id\"")),
        (500, Value::Null),
        (
            403,
            json!({"code": "20002", "description": "no relationship"}),
        ),
    ] {
        let action = Action::Instead(status, body.clone());
        vendor.front.fault("GET subscriptions", 1, action);
        let told = vendor.connector.look_up(&account(DOMAIN)).await;
        assert!(told.is_err(), "{body}: {told:?}");
    }
    let nobody = vendor.connector.look_up(&account("nobody.example")).await;
    assert!(
        nobody.is_err(),
        "a customer that is not found has not lost anything"
    );
    assert_eq!(
        vendor
            .connector
            .look_up(&account(DOMAIN))
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(vendor.writes(), 0);
}
