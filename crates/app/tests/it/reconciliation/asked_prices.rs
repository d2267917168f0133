//! What a vendor asks beside what we pay: told to staff, taken over by them alone, and nobody else pays another
//! price for it.

use domain::money::Money;
use domain::subscription::SeenSubscription;

use super::*;

/// A broker that tells a price is one that is described.
const BROKER: &str = include_str!("../../../../connectors/tests/described/broker.json");

impl World {
    /// Attaches the broker anew, by a description of it.
    async fn describe_broker(&self) {
        let mut description: Value = serde_json::from_str(BROKER).unwrap();
        description["url"] = json!(format!("{}/osb/cirrus", self.simulator));
        let owner = self.owner_of("cirrus").await;
        let settings = description.to_string();
        let add = self.app.add_vendor(&owner, "cirrus", "Cirrus", &settings);
        add.await.unwrap();
    }

    async fn asks(&self, of: &SeenSubscription, amount: Value, currency: &str) {
        let terms = json!({"unit_price": amount, "currency": currency});
        self.drift(of, json!({ "terms": terms })).await;
    }
}

/// What a license costs us, its seller and its customer in a billing cycle.
fn paid(of: &SeenSubscription) -> [Money; 3] {
    let unit = of.price.inside.unwrap().unit;
    [unit.cost, unit.partner, unit.customer]
}

#[test]
fn what_a_vendor_asks_becomes_our_cost_and_nobody_else_pays_another_price() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.describe_broker().await;
        let [cost, partner, customer] = paid(&bought);
        let cadence = bought.item.cadence;
        assert_eq!(
            cadence.cycle_months, 1,
            "the description tells it by months"
        );
        assert_eq!(world.compare("cirrus").await.found, 0, "none is told");
        world
            .asks(&bought, json!(cost.to_decimal().to_string()), "EUR")
            .await;
        assert_eq!(world.compare("cirrus").await.found, 0, "the same is told");
        let before = world.changes_asked().await;

        let dearer = Money::new(cost.minor + 70, cost.currency);
        world
            .asks(&bought, json!(dearer.to_decimal().to_string()), "EUR")
            .await;
        assert_eq!(world.compare("cirrus").await.new, 1);
        let found = world.differences("cirrus", "open").await.remove(0);
        assert_eq!(
            found.drift,
            Drift::Price {
                ours: cost,
                theirs: dearer,
                cadence
            }
        );
        assert_eq!(paid(&world.ours(&bought).await), [cost, partner, customer]);
        let resolve = |resolution, mode| world.resolve("cirrus", found.id, resolution, mode);
        for resolution in [Resolution::Correct, Resolution::Adopt] {
            let refused = resolve(resolution, Mode::Commit).await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        let shown = resolve(Resolution::Accept, Mode::DryRun).await.unwrap();
        assert_eq!(paid(&shown.after), [dearer, partner, customer]);
        assert_eq!(paid(&world.ours(&bought).await), [cost, partner, customer]);
        let done = resolve(Resolution::Accept, Mode::Commit).await.unwrap();
        assert_eq!(done.order.status, Status::ProvisioningFinished);
        let words = format!("Cost {cost} → {dearer}");
        assert_eq!(done.order.lines[0].change.text(), words);
        let now = world.ours(&bought).await;
        assert_eq!(paid(&now), [dearer, partner, customer]);
        assert_eq!(
            (now.quantity, now.name),
            (bought.quantity, bought.name.clone())
        );
        world.settle().await;
        assert_eq!(world.changes_asked().await, before, "no vendor hears of it");
        assert_eq!(world.compare("cirrus").await.found, 0);

        // Staff read who took it over; its customer learns of nothing.
        let access = world.access(SELLER, "amber").await;
        let history = world.app.subscription(&access, bought.id).await.unwrap();
        let history = history.history.unwrap();
        let told = history.iter().find(|entry| entry.text == words).unwrap();
        assert!(told.by.is_some());
        let customer = world.access("admin@amber.example", "amber").await;
        let hidden = world.app.order(&customer, done.order.number).await;
        assert!(matches!(hidden, Err(Error::NotFound)));
        let seen = world.app.subscription(&customer, bought.id).await.unwrap();
        assert!(seen.subscription.price.inside.is_none());
        let history = seen.history.unwrap();
        assert!(history.iter().all(|entry| !entry.text.contains("Cost")));
    });
}

#[test]
fn a_price_in_another_currency_is_told_and_not_taken_over() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.describe_broker().await;
        world.asks(&bought, json!(13.1), "SEK").await;
        world.compare("cirrus").await;
        let found = world.differences("cirrus", "open").await.remove(0);
        assert_eq!(found.drift.sides().1, "13.10 SEK a license per month");
        for resolution in [Resolution::Accept, Resolution::Correct] {
            let refused = world.resolve("cirrus", found.id, resolution, Mode::Commit);
            let refused = refused.await;
            assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        }
        assert_eq!(paid(&world.ours(&bought).await), paid(&bought));
        // A vendor that tells none any more has agreed to nothing, and leaves nothing to compare.
        world.asks(&bought, Value::Null, "SEK").await;
        assert_eq!(world.compare("cirrus").await.found, 0);
        assert_eq!(world.differences("cirrus", "open").await, []);
    });
}

/// What was told is decided on as it is then, not as it was.
#[test]
fn a_cost_that_has_become_another_meanwhile_is_not_taken_over() {
    on_each_database(async |world| {
        let bought = world.backed_up(5).await;
        world.describe_broker().await;
        let [cost, ..] = paid(&bought);
        let ask = async |more: i64| {
            let asked = Money::new(cost.minor + more, cost.currency);
            let amount = json!(asked.to_decimal().to_string());
            world.asks(&bought, amount, "EUR").await;
            world.compare("cirrus").await;
            world.differences("cirrus", "open").await.remove(0)
        };
        let first = ask(70).await;
        let again = ask(80).await;
        assert_eq!(
            (again.id, again.times),
            (first.id, 2),
            "one of a kind is open"
        );
        let (caller, access) = world.manager("cirrus").await;
        let stale = Resolve {
            resolution: Resolution::Accept,
            expected: Some(first.times),
            adoption: None,
        };
        let refused = world
            .app
            .resolve_difference(&caller, &access, first.id, stale, Mode::Commit);
        assert!(matches!(refused.await, Err(Error::Changed)));
        let accept = world.resolve("cirrus", again.id, Resolution::Accept, Mode::Commit);
        accept.await.unwrap();
        assert_eq!(paid(&world.ours(&bought).await)[0].minor, cost.minor + 80);
    });
}
