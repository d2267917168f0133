//! Quantities of running subscriptions are changed while processes die (class S): what was asked for last is
//! what the vendor has, and no change buys anything.

use super::*;

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
    async fn is_over(&mut self, order: u64) -> bool {
        let order = self.get(&format!("orders/{order}")).await;
        order["status"] != "provisioning_started"
    }

    /// Asks for one license more.
    async fn raise(&mut self, one: &mut Running) {
        self.purchases += 1;
        one.quantity += 1;
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
        truth.iter().map(has).collect()
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
    let (mut changes, mut rounds) = (0, 0);
    while world.starts <= plan.kills {
        let before = changes;
        for one in &mut running {
            if world.is_over(one.order).await {
                world.raise(one).await;
                changes += 1;
            }
        }
        if changes == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        rounds += 1;
        assert!(rounds < 30_000, "the processes do not die");
    }
    let last: Vec<u64> = running.iter().map(|one| one.order).collect();
    for order in world.settle(&last).await {
        assert_eq!(order["status"], "provisioning_finished", "{order}");
    }
    let wanted = running.into_iter().map(|one| (one.line, one.quantity));
    let (mut wanted, mut truth): (Vec<_>, _) = (wanted.collect(), world.truth().await);
    wanted.sort();
    truth.sort();
    assert_eq!(truth, wanted);
    println!(
        "{:?}: {changes} changes of {} subscriptions, {}",
        plan.class,
        wanted.len(),
        told(&world.deaths)
    );
    let kills: u64 = world.deaths.values().sum();
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
