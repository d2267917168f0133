//! The real program, killed at each step of purchases at Partner Center (class T); its books are the judge.

use std::collections::BTreeMap;

use connectors::simulator::partner_center::Books;

use super::partner_desk::{Desk, deaths};
use super::tally::Outcome;
use super::*;

/// The calls of a purchase, from its customer to its subscription.
const STEPS: [&str; 7] = [
    "POST customers",
    "POST agreements",
    "GET availabilities",
    "POST carts",
    "POST checkout",
    "GET orders/one",
    "GET subscriptions/one",
];

/// Whether a purchase is the first of a company that is new to Microsoft.
fn is_new(key: usize) -> bool {
    key.is_multiple_of(2)
}

/// What the form asks about a company that is new.
fn company(key: usize) -> Value {
    json!({
        "new_customer": true, "company_name": format!("Fern {key}"), "address_line_1": "Storgata 1",
        "city": "Oslo", "postal_code": "0155", "country": "NO", "agreement_accepted_on": "2026-11-20",
    })
}

/// Offers get their form with the vendor's prices.
async fn ask_for_new_customers(program: &str, database: &str) {
    // Both databases have a trial at the same time.
    let (scheme, _) = database.split_once(':').unwrap();
    let name = format!("seatwright-prices-{scheme}-{}.csv", std::process::id());
    let sheet = std::env::temp_dir().join(name);
    let rows = "ProductTitle,ProductId,SkuId,SkuTitle,TermDuration,BillingPlan,Market,Currency,UnitPrice,\
        EffectiveStartDate,EffectiveEndDate,ERP Price,Segment\n\
        Microsoft 365,microsoft-365,business-basic,Business Basic,P3Y,Annual,NO,NOK,120,\
        2/1/2019 12:00:00 AM,11/30/9999 11:59:59 PM,150,Commercial\n";
    std::fs::write(&sheet, rows).unwrap();
    let file = sheet.to_str().unwrap();
    let import = ["import", "prices", file, "--vendor", "microsoft"];
    let at = ["--database-url", database];
    run(program, &[&import[..], &at].concat()).await;
    std::fs::remove_file(&sheet).unwrap();
}

/// Our number of an order of theirs.
fn number(order: &Value) -> u64 {
    let name = order["lineItems"][0]["friendlyName"].as_str().unwrap();
    let (_, number) = name.split_once("Order ").unwrap();
    number.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn killed_at_each_step_of_a_purchase_at_partner_center_it_buys_once() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-pc-{}", std::process::id()));
    killed_at_each_step(program, format!("sqlite://{}/test.db", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn killed_at_each_step_of_a_purchase_at_partner_center_on_postgresql_it_buys_once() {
    let Some(program) = program() else { return };
    let Some(database) = databases::postgresql("steps").await else {
        return;
    };
    killed_at_each_step(program, database).await;
}

async fn killed_at_each_step(program: String, database: String) {
    let mut desk = Desk::new("two steps (T)", program.clone(), database.clone()).await;
    ask_for_new_customers(&program, &database).await;
    let offer = desk.offer("Microsoft 365 Business Basic").await;
    desk.let_die(deaths(&STEPS));
    let (mut placed, mut open) = (Vec::new(), Vec::new());
    while desk.dies() {
        let key = placed.len();
        let new = is_new(key).then(|| company(key));
        let number = desk.buy(key, &offer, 3, new.as_ref()).await;
        placed.push(number);
        open.push(number);
        desk.make_room(&mut open).await;
        desk.tell(placed.len());
    }
    let orders = desk.settle(&placed).await;
    let bought = desk.front.books(|books| books.orders.clone());
    let mut times: BTreeMap<u64, usize> = placed.iter().map(|number| (*number, 0)).collect();
    for order in &bought {
        *times.get_mut(&number(order)).expect("an order of ours") += 1;
    }
    desk.tally.end(&Outcome {
        deaths: desk.deaths.clone(),
        orders: orders.len(),
        booked: bought.len(),
        doubles: times.values().filter(|times| **times > 1).count(),
        losses: times.values().filter(|times| **times == 0).count(),
        left: 0,
        run_again: desk.run_again,
    });
    for order in &orders {
        let item = &order["items"][0];
        let reason = &item["reason"];
        assert_eq!(order["status"], "provisioning_finished", "{reason}");
    }
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    let new = (0..placed.len()).filter(|key| is_new(*key)).count();
    let look = |books: &mut Books| (books.customers.len(), books.agreements.len());
    let created = desk.front.books(look);
    assert_eq!(created, (new, new), "each new customer once");
    desk.check_deaths();
}
