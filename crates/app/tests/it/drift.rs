//! Planted differences are all found and nothing else is; corrupted answers end, lower and switch nothing.
//!
//! `DRIFTS=10000` plants that many and `CORRUPTED=1000` corrupts so many; a run of CI takes fewer.

use std::collections::{BTreeMap, BTreeSet};

use app::reconciliation::AskedDifferences;
use connectors::simulator::partner_center::{Action, Books, CUSTOMER, Front, SECRET};
use domain::id::SubscriptionId;
use domain::reconciliation::{Difference, Run, RunState};
use domain::subscription::Subscription;
use store::subscriptions;
use uuid::Uuid;

use super::*;

/// Planted in each run of CI.
const DRIFTS: usize = 1_000;
/// Corrupted answers in each run of CI.
const CORRUPTED: usize = 160;
/// What a corrupted answer is about.
const HELD: usize = 60;
const KINDS: [&str; 8] = [
    "product", "quantity", "term", "tenant", "state", "renewal", "unknown", "missing",
];
const WRITES: [&str; 4] = [
    "POST carts",
    "POST checkout",
    "PATCH subscriptions/one",
    "POST transitions",
];

#[expect(
    clippy::disallowed_methods,
    reason = "how much a trial takes is not a setting"
)]
fn asked(name: &str, usual: usize) -> usize {
    let asked = std::env::var(name).ok();
    asked.map_or(usual, |count| count.parse().unwrap())
}

/// A book of subscriptions, and what a vendor says of each.
struct Book {
    front: Front,
    /// Where the vendor is.
    url: String,
    ours: Vec<Subscription>,
    theirs: Vec<Value>,
}

impl World {
    /// So many subscriptions on both sides, all alike, made of one that was really bought.
    async fn book(&self, count: usize) -> Book {
        let (front, url) = self.connect_partner_center_at().await;
        let access = self.access(SELLER, "amber").await;
        let bought = self.bought(&access, MICROSOFT, 25).await;
        let reference = bought.vendor_reference.clone().unwrap();
        let tenant = access.organization().id;
        let mut tx = self.store.read().await.unwrap();
        let first = subscriptions::find(&mut tx, tenant, bought.id)
            .await
            .unwrap()
            .unwrap();
        drop(tx);
        let told = front.books(|books| books.subscriptions[&reference].clone());
        let numbers = 0..count;
        let ours = numbers.clone().map(|number| Subscription {
            id: SubscriptionId(Uuid::from_u128(1_000_000 + number as u128)),
            vendor_reference: format!("held-{number}"),
            ..first.clone()
        });
        let theirs = numbers.map(|number| {
            let mut told = told.clone();
            told["id"] = json!(format!("held-{number}"));
            told
        });
        let (mut ours, mut theirs): (Vec<_>, Vec<_>) = (ours.collect(), theirs.collect());
        ours.push(first);
        theirs.push(told);
        Book {
            front,
            url,
            ours,
            theirs,
        }
    }

    async fn keep(&self, book: &Book) {
        for some in book.ours.chunks(500) {
            let saved = self.store.write(some.to_vec(), |some, tx| {
                Box::pin(async move {
                    for one in some {
                        subscriptions::save(tx, one).await?;
                    }
                    Ok(())
                })
            });
            saved
                .await
                .unwrap_or_else(|error: store::StoreError| panic!("{error}"));
        }
        book.tell();
    }

    async fn all_differences(&self, status: &str) -> Vec<Difference> {
        let caller = self.caller("distributor-admin@nordic.example").await;
        let access = self.app.partner_access(&caller, "nordic").await.unwrap();
        let mut asked = AskedDifferences {
            status: Some(status.into()),
            limit: 100,
            ..AskedDifferences::default()
        };
        let mut found = Vec::new();
        loop {
            let page = self.app.differences(&access, &asked).await.unwrap();
            found.extend(page.differences);
            asked.after = page.next;
            if asked.after.is_none() {
                return found;
            }
        }
    }

    /// The open ones, each by the vendor's id and its kind.
    async fn named_differences(&self) -> BTreeSet<(String, &'static str)> {
        let found = self.all_differences("open").await;
        let named = found
            .iter()
            .map(|one| (one.reference.0.clone(), one.drift.name()));
        named.collect()
    }

    /// So many stop a comparison, are told once somebody lets it go on, and are nothing new on the days after.
    /// How many were compared.
    async fn found_once(&self, count: usize, days: usize) -> usize {
        let stopped = self.compared().await;
        let found = (&stopped.state, stopped.found);
        assert_eq!(found, (&RunState::Stopped, count), "{stopped:?}");
        let told = self.go_on("microsoft", &stopped).await;
        let new = (&told.state, told.new);
        assert_eq!(new, (&RunState::Done, count), "{told:?}");
        for day in 1..=days {
            self.clock.advance(SignedDuration::from_hours(24));
            let run = self.compared().await;
            let found = (&run.state, run.found, run.new);
            assert_eq!(found, (&RunState::Done, count, 0), "day {day}");
        }
        stopped.compared
    }

    async fn compared(&self) -> Run {
        self.app.reconcile("nordic", "microsoft").await.unwrap()
    }
}

impl Book {
    /// Lets the vendor say what it says.
    fn tell(&self) {
        let of = |told: &Value| (told["id"].as_str().unwrap().to_owned(), told.clone());
        let theirs: BTreeMap<String, Value> = self.theirs.iter().map(of).collect();
        self.front.books(|books| books.subscriptions = theirs);
    }

    /// What only a change would have made otherwise.
    fn proof(&self) -> (usize, BTreeMap<String, Value>, usize) {
        let writes = WRITES.iter().map(|what| self.front.calls(what).len());
        let look = |books: &mut Books| (books.orders.len(), books.subscriptions.clone());
        let (orders, subscriptions) = self.front.books(look);
        (writes.sum(), subscriptions, orders)
    }
}

/// Plants a difference of a kind; by which id it has to be found.
fn plant(kind: &str, ours: &mut Subscription, theirs: &mut Value) -> Option<Value> {
    match kind {
        "product" => theirs["offerId"] = json!("CFQ7TTC0LF8R:0001:AV1"),
        "quantity" => theirs["quantity"] = json!(u64::from(ours.quantity) + 1),
        "term" => {
            theirs["termDuration"] = json!("P1M");
            theirs["billingCycle"] = json!("monthly");
        }
        "tenant" => ours.tenant = Some("elsewhere.onmicrosoft.com".into()),
        "state" => theirs["status"] = json!("suspended"),
        "renewal" => theirs["autoRenewEnabled"] = json!(!ours.auto_renews),
        "unknown" => {
            let mut other = theirs.clone();
            other["id"] = json!(format!("other-{}", ours.vendor_reference));
            return Some(other);
        }
        "missing" => *theirs = Value::Null,
        other => panic!("{other}"),
    }
    None
}

#[test]
fn all_that_is_planted_is_found_and_nothing_else() {
    on_each_database(async |world| {
        let count = asked("DRIFTS", DRIFTS);
        // As many again agree.
        let mut book = world.book(2 * count).await;
        let (mut expected, mut more) = (BTreeSet::new(), Vec::new());
        for at in 0..count {
            let kind = KINDS[at % KINDS.len()];
            let (ours, theirs) = (&mut book.ours[2 * at], &mut book.theirs[2 * at]);
            let other = plant(kind, ours, theirs);
            let found_by = other
                .as_ref()
                .map(|other| other["id"].as_str().unwrap().to_owned());
            expected.insert((
                found_by.unwrap_or_else(|| ours.vendor_reference.clone()),
                kind,
            ));
            more.extend(other);
        }
        book.theirs.retain(|told| !told.is_null());
        book.theirs.extend(more);
        world.keep(&book).await;
        let before = book.proof();

        let compared = world.found_once(count, 7).await;
        assert_eq!(world.named_differences().await, expected);
        assert_eq!(world.all_differences("asked").await, []);
        assert_eq!(world.all_differences("vanished").await, []);
        assert!(book.proof() == before, "nothing was asked for");
        println!(
            "{count} planted, {} found, {compared} compared",
            expected.len()
        );
    });
}

/// Planted prices, as a share of all that is planted.
const PRICES_ONE_IN: usize = 10;

impl World {
    /// Attaches the same vendor as one that is described, and that tells a price with each subscription; at
    /// first the one that we pay.
    async fn tell_prices(&self, book: &mut Book) {
        let form = format!(
            "grant_type=client_credentials&resource=x&client_secret={}",
            SECRET.replace(' ', "+")
        );
        let post = self.http.post(format!("{}/oauth2/token", book.url));
        let granted: Value = post.body(form).send().await.unwrap().json().await.unwrap();
        let token = granted["access_token"].as_str().unwrap();
        let settings = json!({
            "connector": "described", "url": book.url, "verbs": {}, "has_tenants": true,
            "headers": {"Authorization": format!("Bearer {token}")},
            "look_up": {
                "call": {
                    "method": "GET",
                    "path": format!("/v1/customers/{CUSTOMER}/subscriptions/{{{{ vendor_reference }}}}"),
                    "answers": [
                        {"status": [200], "means": "done", "echoes": {"/id": "{{ vendor_reference }}"}},
                        {"status": [404], "means": "absent"},
                    ],
                },
                "quantity": "/quantity", "auto_renewal": "/autoRenewEnabled",
                "price": {"amount": "/unitPrice", "currency": "/currency"},
            },
        });
        let settings = settings.to_string();
        let add = self
            .app
            .add_vendor("nordic", "microsoft", "Microsoft", &settings);
        add.await.unwrap();
        for (ours, theirs) in book.ours.iter().zip(&mut book.theirs) {
            let cost = ours.price.unit.cost;
            theirs["unitPrice"] = json!(cost.to_decimal().to_string());
            theirs["currency"] = json!(cost.currency.code());
        }
    }
}

/// Microsoft and Google tell no price with a subscription; a vendor that is described can.
#[test]
fn all_that_a_vendor_asks_otherwise_is_found_and_nothing_else() {
    on_each_database(async |world| {
        let count = asked("DRIFTS", DRIFTS) / PRICES_ONE_IN;
        let mut book = world.book(2 * count).await;
        world.tell_prices(&mut book).await;
        let mut expected = BTreeSet::new();
        for at in 0..count {
            let (ours, theirs) = (&book.ours[2 * at], &mut book.theirs[2 * at]);
            let cost = ours.price.unit.cost;
            let told = |minor: i64| {
                let asked = domain::money::Money::new(minor, cost.currency);
                json!(asked.to_decimal().to_string())
            };
            match at % 4 {
                0 => theirs["unitPrice"] = told(cost.minor + 70),
                1 => theirs["unitPrice"] = told(cost.minor - 1),
                2 => theirs["currency"] = json!("SEK"),
                _ => theirs["unitPrice"] = json!(0),
            }
            expected.insert((ours.vendor_reference.clone(), "price"));
        }
        world.keep(&book).await;
        let before = book.proof();
        let access = world.access(SELLER, "amber").await;
        let ours = world.running(&access).await;

        let compared = world.found_once(count, 2).await;
        assert_eq!(compared, 2 * count + 1);
        assert_eq!(world.named_differences().await, expected);
        assert!(book.proof() == before, "nothing was asked for");
        assert_eq!(world.running(&access).await, ours);
    });
}

/// What a vendor that has gone wrong may tell as a price, and whether it is one.
fn strange() -> Vec<(Value, Value, bool)> {
    let euro = || json!("EUR");
    vec![
        (json!(-12.4), euro(), false),
        (json!(0), euro(), true),
        (json!(1e30), euro(), false),
        (json!(9_000_000_000_000_i64), euro(), true),
        (json!("99999999999999999999999999999999"), euro(), false),
        (json!("NaN"), euro(), false),
        (json!("12,40"), euro(), false),
        (json!("free"), euro(), false),
        (json!(12.400_000_1), euro(), false),
        (Value::Null, euro(), false),
        (json!({"amount": 1}), euro(), false),
        (json!(1), json!("USD"), true),
        (json!(1), json!("EURO"), false),
        (json!(1), json!("XAU"), false),
        (json!(1), Value::Null, false),
    ]
}

#[test]
fn corrupted_prices_change_nothing_and_what_is_no_price_is_not_told() {
    on_each_database(async |world| {
        let mut book = world.book(HELD).await;
        world.tell_prices(&mut book).await;
        world.keep(&book).await;
        let access = world.access(SELLER, "amber").await;
        let (before, ours) = (book.proof(), world.running(&access).await);
        let orders = world.orders_placed(&access).await;
        for (at, (amount, currency, is_told)) in strange().into_iter().enumerate() {
            let what = format!("{amount} {currency}");
            let tell = |books: &mut Books| {
                for one in books.subscriptions.values_mut() {
                    one["unitPrice"] = amount.clone();
                    one["currency"] = currency.clone();
                }
            };
            book.front.books(tell);
            // Of two that begin at one instant, neither is the newer one.
            world.clock.advance(SignedDuration::from_secs(1));
            let run = world.compared().await;
            let expected = match is_told {
                true => (RunState::Stopped, HELD + 1),
                false => (RunState::Done, 0),
            };
            assert_eq!((run.state.clone(), run.found), expected, "{what}");
            // People make mistakes too, and let it go on; it tells, and takes nothing over.
            if run.state == RunState::Stopped && at % 2 == 1 {
                let told = world.go_on("microsoft", &run).await;
                assert_eq!((told.state, told.new), (RunState::Done, HELD + 1), "{what}");
            }
            book.tell();
            world.clock.advance(SignedDuration::from_mins(61));
            let healed = world.compared().await;
            assert_eq!((healed.state, healed.found), (RunState::Done, 0), "{what}");
            assert_eq!(world.all_differences("open").await, [], "{what}");
            assert_eq!(world.app.run_due().await.unwrap(), 0, "{what}");
            assert_eq!(world.running(&access).await, ours, "{what}");
        }
        assert!(book.proof() == before, "nothing was asked for");
        assert_eq!(world.orders_placed(&access).await, orders);
    });
}

/// An answer that went wrong on its way, or at the vendor.
fn corrupted(at: usize, theirs: &[Value]) -> Action {
    let list = |items: Vec<Value>| {
        Action::Instead(200, json!({"totalCount": items.len(), "items": items}))
    };
    let each = |change: &dyn Fn(usize, &mut Value)| {
        let mut items = theirs.to_vec();
        items
            .iter_mut()
            .enumerate()
            .for_each(|(at, one)| change(at, one));
        list(items)
    };
    let some = at % theirs.len();
    match at % 17 {
        0 => list(Vec::new()),
        1 => each(&|at, one| one["id"] = json!(format!("wrong-{at}"))),
        2 => each(&|at, one| one["id"] = json!(format!("held-{}", (at + 1) % HELD))),
        3 => {
            let body = json!({"totalCount": theirs.len(), "items": theirs}).to_string();
            Action::Instead(200, json!(body[..body.len() * some / theirs.len()]))
        }
        4 => list(theirs[..some].to_vec()),
        5 => each(&|_, one| one["id"] = json!(one["id"].as_str().unwrap().to_uppercase())),
        6 => each(&|_, one| one["status"] = json!("deleted")),
        7 => each(&|_, one| one["quantity"] = json!(0)),
        8 => each(&|_, one| one["autoRenewEnabled"] = json!(false)),
        9 => each(&|_, one| one["id"] = json!("held-0")),
        10 => each(&|_, one| one["status"] = json!("suspended")),
        11 => each(&|_, one| one["id"] = Value::Null),
        12 => Action::Instead(
            200,
            json!({"totalCount": theirs.len(), "items": theirs[..some]}),
        ),
        13 => Action::Instead(404, json!({"code": "20003", "description": "not found"})),
        14 => each(&|_, one| one["offerId"] = json!("another:plan:AV1")),
        15 => each(&|at, one| one["termDuration"] = json!(["P1M", "P1Y", "P3Y"][at % 3])),
        _ => Action::Instead(200, json!("<html>")),
    }
}

#[test]
fn corrupted_answers_end_lower_and_switch_nothing() {
    on_each_database(async |world| {
        let book = world.book(HELD).await;
        world.keep(&book).await;
        let access = world.access(SELLER, "amber").await;
        let (before, ours) = (book.proof(), world.running(&access).await);
        let orders = world.orders_placed(&access).await;
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        let count = asked("CORRUPTED", CORRUPTED);
        for at in 0..count {
            book.front
                .fault("GET subscriptions", 1, corrupted(at, &book.theirs));
            let run = world.compared().await;
            let name = match run.state {
                RunState::Done => "done",
                RunState::Stopped => "stopped",
                RunState::Failed { .. } => "failed",
                RunState::Running => panic!("{run:?}"),
            };
            *states.entry(name).or_default() += 1;
            assert!(run.state == RunState::Stopped || run.new <= 50, "{run:?}");
            // People make mistakes too: now and then one lets it go on, and the answer is as wrong again.
            if run.state == RunState::Stopped && at % 5 == 0 {
                book.front
                    .fault("GET subscriptions", 1, corrupted(at, &book.theirs));
                world.go_on("microsoft", &run).await;
            }
            world.clock.advance(SignedDuration::from_mins(61));
            assert_eq!(
                world.app.run_due().await.unwrap(),
                0,
                "no work is left behind"
            );
        }
        assert!(
            states["stopped"] > count / 3 && states["failed"] > count / 5,
            "{states:?}"
        );
        assert_eq!(book.front.faults_left(), 0, "each was heard");
        assert!(book.proof() == before, "nothing was asked for");
        assert_eq!(world.running(&access).await, ours);
        assert_eq!(world.orders_placed(&access).await, orders);
        // An answer that is right again ends what the wrong ones left.
        let healed = world.compared().await;
        assert_eq!(
            (&healed.state, healed.found),
            (&RunState::Done, 0),
            "{healed:?}"
        );
        for status in ["open", "asked"] {
            assert_eq!(world.all_differences(status).await, [], "{status}");
        }
        println!("{count} corrupted answers: {states:?}, 0 calls that change anything");
    });
}

impl World {
    async fn orders_placed(&self, access: &Access) -> usize {
        let mut count = 0;
        for view in [View::Recent, View::Historical] {
            let page = self.app.orders(access, &Listing::of(view)).await.unwrap();
            count += page.orders.len();
        }
        count
    }
}
