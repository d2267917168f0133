//! Some licenses of a subscription are moved to another one while processes die (class D): the vendor takes
//! differences, so that what is asked for twice is done twice. Its books are the judge.

use connectors::simulator::partner_center::{Books, KillPoint};

use super::partner_desk::{Death, Desk, deaths};
use super::tally::{Outcome, Patience};
use super::*;

/// The calls of a move.
const STEPS: [&str; 4] = [
    "GET subscriptions/one",
    "GET transitions",
    "GET transitionEligibilities",
    "POST transitions",
];
/// Subscriptions that licenses leave; more where there are more deaths.
const SOURCES: usize = 24;
/// Licenses of each subscription at first: more than are ever moved, one at a time.
const LICENSES: u32 = 300;
/// What they are moved from, and to.
const FROM: &str = "business-basic";
const TO: &str = "business-standard";

/// A subscription that licenses leave.
struct Source {
    id: String,
    /// The order that bought it.
    bought: u64,
    moves: u32,
    /// The order that moved its last license.
    order: u64,
}

impl Desk {
    async fn sources(&mut self, count: usize) -> Vec<Source> {
        let offer = self.offer("Microsoft 365 Business Basic").await;
        let mut placed = Vec::new();
        for key in 0..count {
            placed.push(self.buy(key, &offer, LICENSES, None).await);
        }
        let bought = self.settle(&placed).await;
        let source = |order: &Value| Source {
            id: order["items"][0]["subscription"].as_str().unwrap().into(),
            bought: order["number"].as_u64().unwrap(),
            moves: 0,
            order: order["number"].as_u64().unwrap(),
        };
        bought.iter().map(source).collect()
    }

    /// Moves one license, once the one before has arrived.
    async fn move_one(&mut self, source: &mut Source, to: &Value) -> bool {
        if self.order(source.order).await["status"] == "provisioning_started" {
            return false;
        }
        source.moves += 1;
        let upgrade = json!({"offer": to["id"], "plan": to["plans"][0]["id"], "seats": 1});
        let wish = json!({"upgrade": upgrade, "accept_terms": true});
        let path = format!("subscriptions/{}/changes", source.id);
        let key = usize::try_from(source.moves).unwrap();
        let changed = self.ask(&path, key, Some(&wish)).await;
        source.order = changed["order"]["number"].as_u64().unwrap();
        true
    }
}

/// How often licenses have left a purchase at the vendor, and how many it has left. All others are apart.
fn moved(books: &Books, bought: u64) -> (u32, u64) {
    let name = format!("Order {bought:08} ");
    let is_of_it = |one: &&Value| one["friendlyName"].to_string().contains(&name);
    let is_of = |one: &&Value, sku: &str| {
        let offer = one["offerId"].as_str().unwrap();
        offer.starts_with(&format!("microsoft-365:{sku}:"))
    };
    let licenses = |one: &Value| one["quantity"].as_u64().unwrap();
    let (source, others): (Vec<&Value>, Vec<&Value>) = books
        .subscriptions
        .values()
        .filter(is_of_it)
        .partition(|one| is_of(one, FROM));
    let [source] = source[..] else {
        panic!("not one: {source:?}");
    };
    for other in &others {
        assert!(is_of(other, TO) && licenses(other) == 1, "{other}");
    }
    let moves = books.transitions.get(source["id"].as_str().unwrap());
    let moves = moves.map_or(0, Vec::len);
    (u32::try_from(moves).unwrap(), licenses(source))
}

/// Moves licenses while processes die of these calls, and compares what has moved with what was ordered.
async fn judge(desk: &mut Desk, count: usize, deaths: Vec<Death>) -> Result<(), String> {
    let mut sources = desk.sources(count).await;
    let to = desk.offer("Microsoft 365 Business Standard").await;
    desk.front.books(|books| {
        books.targets.push(("microsoft-365".into(), TO.into()));
        // Nothing but what it reads keeps the connector from moving a license twice.
        books.forgets_requests = true;
    });
    desk.let_die(deaths);
    let (mut moves, mut patience) = (0, Patience::new());
    while desk.dies() {
        for source in &mut sources {
            moves += usize::from(desk.move_one(source, &to).await);
        }
        desk.tell(moves);
        let seen = (moves, desk.deaths.clone());
        patience.wait(seen, "the processes do not die").await;
    }
    let last: Vec<u64> = sources.iter().map(|source| source.order).collect();
    let orders = desk.settle(&last).await;
    let look = |books: &mut Books| {
        let each = sources.iter().map(|source| moved(books, source.bought));
        each.collect::<Vec<_>>()
    };
    let done = desk.front.books(look);
    let each = || done.iter().zip(&sources);
    desk.tally.end(&Outcome {
        deaths: desk.deaths.clone(),
        orders: moves,
        booked: done.iter().map(|(times, _)| *times as usize).sum(),
        doubles: each().filter(|(done, of)| done.0 > of.moves).count(),
        losses: each().filter(|(done, of)| done.0 < of.moves).count(),
        left: 0,
        run_again: desk.run_again,
    });
    for ((times, left), source) in each() {
        let stay = u64::from(LICENSES - source.moves);
        if (*times, *left) != (source.moves, stay) {
            let ordered = source.moves;
            return Err(format!(
                "{ordered} moves were ordered, {times} done, {left} stay"
            ));
        }
    }
    for order in orders {
        assert_eq!(order["status"], "provisioning_finished", "{order}");
    }
    for source in sources {
        let left = u64::from(LICENSES - source.moves);
        let path = format!("subscriptions/{}", source.id);
        assert_eq!(desk.ask(&path, 0, None).await["quantity"], left);
    }
    desk.check_deaths();
    Ok(())
}

async fn killed_while_it_moves(program: String, database: String) {
    let mut desk = Desk::new("moves (D)", program, database).await;
    let deaths = deaths(&STEPS);
    let count = SOURCES + deaths.len() / 20;
    assert_eq!(judge(&mut desk, count, deaths).await, Ok(()));
}

#[tokio::test]
async fn killed_while_it_moves_licenses_on_sqlite_it_moves_each_once() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-moves-{}", std::process::id()));
    killed_while_it_moves(program, format!("sqlite://{}/test.db", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn killed_while_it_moves_licenses_on_postgresql_it_moves_each_once() {
    let Some(program) = program() else { return };
    let Some(database) = databases::postgresql("moves").await else {
        return;
    };
    killed_while_it_moves(program, database).await;
}

/// The judge would notice: where the vendor's history lacks what was moved, nothing that the connector reads
/// keeps it from moving a license again.
#[tokio::test]
async fn a_move_that_the_vendor_does_not_tell_is_caught() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-hidden-{}", std::process::id()));
    let database = format!("sqlite://{}/test.db", folder.display());
    let mut desk = Desk::new("moves that are not told", program, database).await;
    desk.front.books(|books| books.history_lag = 2);
    let death = vec![("POST transitions", KillPoint::AfterBooking)];
    let verdict = judge(&mut desk, 1, death).await.unwrap_err();
    assert!(
        verdict.contains("1 moves were ordered, 2 done"),
        "{verdict}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// The books would tell: of licenses that left twice, and of some that stayed.
#[test]
fn a_license_that_is_moved_twice_or_not_at_all_shows_in_the_books() {
    let of = |id: &str, sku: &str, quantity: u32| {
        let offer = format!("microsoft-365:{sku}:AV1");
        let one = json!({"id": id, "friendlyName": "Order 00000007 k", "offerId": offer, "quantity": quantity});
        (id.to_owned(), one)
    };
    let mut books = Books::default();
    books.subscriptions = [of("s", FROM, LICENSES)].into();
    assert_eq!(moved(&books, 7), (0, u64::from(LICENSES)));
    for times in 1..=2 {
        let moves = books.transitions.entry("s".to_owned()).or_default();
        moves.push(json!({"quantity": 1}));
        let left = LICENSES - times;
        books
            .subscriptions
            .extend([of("s", FROM, left), of(&format!("t{times}"), TO, 1)]);
        assert_eq!(moved(&books, 7), (times, u64::from(left)));
    }
}
