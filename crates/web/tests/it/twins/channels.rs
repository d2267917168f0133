//! Every way in which a customer can learn of orders, asked in a world after its steps.

use super::chance::Chance;
use super::steps::Log;
use super::world::{Answer, Ask, Who, World};

/// Pages of one list that are walked at the most.
const PAGES_MAX: usize = 12;

/// Asks a role everything: the lists with each of their pages, and each of the orders by number, seen
/// or not.
pub async fn ask(world: &World, who: Who, numbers: &[u64], seed: u64) -> Log {
    let mut log = Log::new();
    let mut chance = Chance::new(seed, &format!("channels {who:?}"));
    let limit = 1 + chance.below(60);
    for page in [
        "/",
        "/organizations",
        "/o/amber/catalog",
        "/o/amber/catalog/off_00000000000000000000000000000001",
        "/o/amber/cart",
        "/o/amber/subscriptions",
        "/o/nowhere/orders",
    ] {
        one(world, &mut log, who, Ask::page(page)).await;
    }
    for list in [
        "/o/amber/orders",
        "/o/amber/orders/historical",
        "/o/amber/orders/historical?tab=draft",
        "/o/amber/orders/historical?tab=all",
    ] {
        walk(world, &mut log, who, Ask::page(list)).await;
    }
    for path in ["/cart", "/catalog", "/subscriptions"] {
        one(world, &mut log, who, Ask::api("GET", path, "")).await;
    }
    for view in ["recent", "historical"] {
        let list = format!("/orders?view={view}&limit={limit}");
        walk(world, &mut log, who, Ask::api("GET", &list, "")).await;
    }
    for number in numbers {
        order(world, &mut log, who, *number, &mut chance).await;
    }
    log
}

async fn one(world: &World, log: &mut Log, who: Who, ask: Ask) -> Answer {
    let name = ask.name();
    world.begin(&name);
    let answer = world.ask(who, &ask).await;
    log.push((format!("{who:?} {name}"), answer.clone()));
    answer
}

/// A list with the pages after it.
async fn walk(world: &World, log: &mut Log, who: Who, first: Ask) {
    let mut ask = first.clone();
    for _ in 0..PAGES_MAX {
        let answer = one(world, log, who, ask.clone()).await;
        let base = first.path.split('?').next().unwrap_or_default();
        match next(&answer) {
            Some(query) => ask.path = format!("{base}{query}"),
            None => return,
        }
    }
}

/// The query of the next page: of the link that goes on, or of the `Link` header.
fn next(answer: &Answer) -> Option<String> {
    if let Some(link) = answer.header("link") {
        let (address, _) = link.strip_prefix('<')?.split_once('>')?;
        return Some(address.to_owned());
    }
    let links = answer.body.split("href=\"").skip(1);
    let mut addresses = links.filter_map(|rest| rest.split('"').next());
    let found = addresses.find(|address| address.starts_with('?') && address.contains("after="))?;
    Some(found.replace("&amp;", "&"))
}

/// An order by its number: as page, in the panel of both lists, in the API, and told a few things
/// without keeping them.
async fn order(world: &World, log: &mut Log, who: Who, number: u64, chance: &mut Chance) {
    for page in [
        format!("/o/amber/orders/{number}"),
        format!("/o/amber/orders?panel={number}"),
    ] {
        one(world, log, who, Ask::page(page)).await;
    }
    one(
        world,
        log,
        who,
        Ask::api("GET", &format!("/orders/{number}"), ""),
    )
    .await;
    let told = [
        ("add_note", "{\"text\": \"n\"}"),
        ("add_note", "{\"text\": \"n\", \"internal\": true}"),
        ("archive", ""),
        ("withdraw", ""),
        ("delete", ""),
        ("save_as_draft", ""),
        ("approve", ""),
        ("retry", ""),
        ("give_up", ""),
        ("no_such_action", ""),
    ];
    for _ in 0..2 {
        let (action, body) = chance.of(&told).unwrap();
        let path = format!("/orders/{number}/actions/{action}?dry_run=true");
        let ask = Ask::api("POST", &path, *body);
        let ask = match chance.below(3) {
            0 => ask.with("if-match", "\"1\""),
            _ => ask,
        };
        one(world, log, who, ask).await;
    }
}
