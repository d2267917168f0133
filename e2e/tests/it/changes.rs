//! Quantities of running subscriptions are changed while processes die (class S): what was asked for last is
//! what the vendor has, and no change buys anything.

use std::collections::BTreeMap;

use super::purchases::{Class, Plan, World, plan};
use super::tally::{Outcome, Patience};
use super::*;

/// Licenses that are sold of a subscription at the most.
const LICENSES_MAX: u64 = 100;

/// A subscription, and the order that changed it last.
struct Running {
    id: String,
    line: String,
    quantity: u64,
    order: u64,
}

impl Running {
    fn new(bought: &Value) -> Running {
        let text = |field: &str| bought["items"][0][field].as_str().unwrap().to_owned();
        Running {
            id: text("subscription"),
            line: text("id"),
            quantity: bought["items"][0]["quantity"].as_u64().unwrap(),
            order: bought["number"].as_u64().unwrap(),
        }
    }
}

impl World {
    /// Asks for one license more; where it has all that are sold, for one.
    async fn raise(&mut self, one: &mut Running) {
        self.purchases += 1;
        one.quantity = one.quantity % LICENSES_MAX + 1;
        let wish = json!({"quantity": one.quantity, "accept_terms": true});
        let path = format!("subscriptions/{}/changes", one.id);
        let changed = self.post(&path, &wish).await;
        one.order = changed["order"]["number"].as_u64().unwrap();
    }

    /// What the vendor has, by the line that bought it.
    async fn truth(&self) -> Vec<(String, u64)> {
        let truth = self.http.get(format!("{}/truth", self.simulator)).send();
        let truth: Vec<Value> = truth.await.unwrap().json().await.unwrap();
        let has = |booking: &Value| {
            let line = booking["context"]["line"].as_str().unwrap();
            (line.to_owned(), booking["quantity"].as_u64().unwrap())
        };
        let mut truth: Vec<_> = truth.iter().map(has).collect();
        truth.sort();
        truth
    }
}

/// Changes one subscription after the other, each when its former change is over, and compares what the
/// vendor has with what was asked for last.
async fn judge(plan: Plan, program: String, database: String) {
    let mut world = World::new(plan, program, database).await;
    let offer = world.offer().await;
    let mut bought = Vec::new();
    for _ in 0..10 + plan.kills / 20 {
        bought.push(world.buy(&offer).await);
    }
    let bought = world.settle(&bought).await;
    let mut running: Vec<Running> = bought.iter().map(Running::new).collect();
    let (mut changes, mut patience) = (0, Patience::new());
    while world.starts <= plan.kills {
        for one in &mut running {
            if world.is_over(one.order).await {
                world.raise(one).await;
                changes += 1;
            }
        }
        let dead = world.starts.saturating_sub(1);
        world.tally.tell(dead, plan.kills, changes);
        let seen = (changes, world.starts);
        patience.wait(seen, "the processes do not die").await;
    }
    let last: Vec<u64> = running.iter().map(|one| one.order).collect();
    for order in world.settle(&last).await {
        assert_eq!(order["status"], "provisioning_finished", "{order}");
    }
    let truth = world.truth().await;
    let wanted = running.into_iter().map(|one| (one.line, one.quantity));
    let wanted: BTreeMap<String, u64> = wanted.collect();
    let has_more = |(line, has): &&(String, u64)| wanted.get(line).is_none_or(|want| has > want);
    let has_less = |(line, has): &&(String, u64)| wanted.get(line).is_some_and(|want| has < want);
    let outcome = Outcome {
        deaths: world.deaths,
        orders: bought.len() + changes,
        booked: truth.len(),
        doubles: truth.iter().filter(has_more).count(),
        losses: truth.iter().filter(has_less).count(),
        left: 0,
        run_again: world.run_again,
    };
    world.tally.end(&outcome);
    assert_eq!(truth, wanted.into_iter().collect::<Vec<_>>());
    let kills: u64 = outcome.deaths.values().sum();
    assert_eq!(kills, plan.kills, "each kill ends a process");
}

#[tokio::test]
async fn killed_while_it_changes_quantities_on_sqlite_the_last_one_asked_for_stands() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-changes-{}", std::process::id()));
    let database = format!("sqlite://{}/test.db", folder.display());
    judge(plan(Class::Absolute), program, database).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn killed_while_it_changes_quantities_on_postgresql_the_last_one_asked_for_stands() {
    let Some(program) = program() else { return };
    let Some(database) = databases::postgresql("changes").await else {
        return;
    };
    judge(plan(Class::Absolute), program, database).await;
}
