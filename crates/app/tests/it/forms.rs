//! Order forms: answers are checked when they are given and when they are bought, reach the vendor, and
//! can be others later.

use app::subscriptions::TypedWish;
use domain::order::command::Command;
use domain::order::retry::Corrected;
use domain::subscription::SeenSubscription;

use super::addons::fields;
use super::*;

const VAULT: &str = "Cirrus Vault";

fn answers(answers: Value) -> Map<String, Value> {
    answers.as_object().unwrap().clone()
}

#[test]
fn answers_are_checked_by_the_form_all_at_once_and_filled_by_its_defaults() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let mut item = world.item(&access, VAULT, 0).await;
        item.parameters = answers(json!({ "region": "atlantis", "retention_days": 3, "color": 1 }));
        let wrong = fields(world.app.add_to_cart(&access, item.clone(), None).await);
        let expected = [
            "/parameters/region",
            "/parameters/retention_days",
            "/parameters/color",
            "/quantity",
        ];
        let sorted = |mut fields: Vec<String>| {
            fields.sort();
            fields
        };
        assert_eq!(sorted(wrong), sorted(expected.map(String::from).into()));
        item.quantity = 5;
        item.parameters = answers(json!({ "retention_days": 90 }));
        let cart = world.app.add_to_cart(&access, item, None).await.unwrap();
        let line = &cart.lines[0];
        let told = line.item.answers(&line.parameters);
        let told: Vec<_> = told.iter().map(|(q, a)| (q.as_str(), a.as_str())).collect();
        assert_eq!(told, [("Data region", "north"), ("Retention, days", "90")]);
        let mut unasked = world.item(&access, "Desk Phone Line", 5).await;
        unasked.parameters = answers(json!({ "region": "north" }));
        let wrong = fields(world.app.add_to_cart(&access, unasked, None).await);
        assert_eq!(wrong, ["/parameters/region"]);
    });
}

impl World {
    /// What asks questions is bought with answers to them.
    async fn vault(&self, access: &Access) -> SeenSubscription {
        let mut item = self.item(access, VAULT, 5).await;
        item.parameters = answers(json!({ "region": "west", "retention_days": 90 }));
        let cart = self.app.add_to_cart(access, item, None).await.unwrap();
        self.place(access, &cart).await.unwrap();
        self.settle().await;
        self.running(access).await.remove(0)
    }
}

#[test]
fn answers_reach_the_vendor_and_later_ones_too() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let bought = world.vault(&access).await;
        let booked = world.bookings().await;
        assert_eq!(booked.len(), 1, "{booked:?}");
        assert_eq!(bought.parameters["retention_days"], 90);
        let wish = |configuration| TypedWish {
            configuration: answers(configuration),
            ..TypedWish::default()
        };
        let bad = wish(json!({ "retention_days": "soon", "color": "red" }));
        let refused = world.wish(&access, bought.id, bad, Mode::Commit).await;
        let Err(Error::Problems(problems)) = refused else {
            panic!("{refused:?}")
        };
        let wrong: Vec<&str> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(
            wrong,
            ["/configuration/color", "/configuration/retention_days"]
        );
        // Its vendor's schema of changes names no region.
        let fixed = wish(json!({ "retention_days": 365, "region": "south" }));
        let refused = world.wish(&access, bought.id, fixed, Mode::Commit).await;
        let Err(Error::Problems(problems)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(problems[0].field, "/configuration/region");
        assert_eq!(
            problems[0].reason,
            "is fixed: Cirrus Backup does not change it while it runs; buy it anew"
        );
        let choices = world.app.change_choices(&access, bought.id).await.unwrap();
        assert_eq!(choices.fixed, ["Data region"]);
        let asked = choices.form.unwrap().questions;
        assert_eq!((asked.len(), asked[0].name.as_str()), (1, "retention_days"));
        let days = wish(json!({ "retention_days": 365 }));
        let made = world
            .wish(&access, bought.id, days, Mode::Commit)
            .await
            .unwrap();
        let texts: Vec<_> = made
            .order
            .lines
            .iter()
            .map(|line| line.change.text())
            .collect();
        assert_eq!(texts, ["Retention, days 90 → 365"]);
        world.settle().await;
        let now = &world.running(&access).await[0].parameters;
        assert_eq!(
            now,
            &answers(json!({ "region": "west", "retention_days": 365 })),
            "of their own kinds"
        );
    });
}

/// What is put right for a retry is read by the offer's form: typed text becomes the answer that it means,
/// and each wrong one is named by its field.
#[test]
fn a_correction_is_read_by_the_form_and_what_is_wrong_is_named_by_its_field() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let body = "{\"error\":\"BadRegion\",\"description\":\"No room in west\"}";
        let action = json!({"do": "answer", "status": 400, "body": body});
        let fault = json!([{"operation": "provision", "times": 1, "action": action}]);
        world.faults(fault).await;
        let mut item = world.item(&access, VAULT, 5).await;
        item.parameters = answers(json!({ "region": "west", "retention_days": 90 }));
        let cart = world.app.add_to_cart(&access, item, None).await.unwrap();
        world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let failed = world.order(&access, cart.number).await;
        assert_eq!(failed.status, Status::ProvisioningFailed);

        let retry = |parameters: Value| Command::Retry {
            line: Some(failed.lines[0].id),
            correction: Box::new(Corrected {
                parameters: answers(parameters),
                ..Corrected::default()
            }),
        };
        let wrong = json!({ "region": "atlantis", "retention_days": "many" });
        let refused = world.tell(&access, cart.number, retry(wrong)).await;
        assert_eq!(
            fields(refused),
            ["/parameters/region", "/parameters/retention_days"]
        );
        let right = json!({ "region": "north", "retention_days": "120" });
        let again = world.tell(&access, cart.number, retry(right)).await;
        let sent = &again.unwrap().lines[0].parameters;
        assert_eq!(sent["retention_days"], 120, "a number, as the form has it");
        world.settle().await;
        let done = world.order(&access, cart.number).await;
        assert_eq!(done.status, Status::ProvisioningFinished);
    });
}

/// Its line remembers the answers of the day on which it was planned; its vendor hears of none of them.
#[test]
fn a_planned_change_takes_no_later_answer_back() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let bought = world.vault(&access).await.id;
        let on = (world.app.now() + SignedDuration::from_hours(48)).to_string();
        let planned = TypedWish {
            quantity: Some(8),
            when: Some(on),
            ..TypedWish::default()
        };
        let planned = world.changed(&access, bought, planned).await;
        let later = TypedWish {
            configuration: answers(json!({ "retention_days": 365 })),
            ..TypedWish::default()
        };
        world.changed(&access, bought, later).await;
        world.settle().await;
        world.clock.advance(SignedDuration::from_hours(48));
        world.settle().await;
        let done = world.order(&access, planned.order.number).await;
        assert_eq!(done.status, Status::ProvisioningFinished);
        let booked = &world.bookings().await[0];
        assert_eq!(booked["quantity"], 8);
        assert_eq!(booked["terms"]["retention_days"], 365);
    });
}

#[test]
fn what_a_brokers_schema_asks_is_asked_and_what_can_not_be_asked_is_told() {
    on_each_database(async |world| {
        let plan = |id: &str, schemas: Value| {
            json!({ "id": id, "name": id, "description": id, "schemas": schemas,
                "metadata": { "costs": [{ "amount": { "eur": 12 }, "unit": "YEARLY" }] } })
        };
        let create =
            |schema: &Value| json!({ "service_instance": { "create": { "parameters": schema } } });
        let import = async |plans: Vec<Value>| {
            let services =
                json!({ "services": [{ "id": "vm", "name": "Machine", "plans": plans }] });
            let answer = json!({ "do": "answer", "status": 200, "body": services.to_string() });
            world
                .faults(json!([{ "operation": "catalog", "action": answer }]))
                .await;
            world.app.import_catalog("nordic", "cirrus").await.unwrap()
        };
        let sized = json!({ "type": "object", "required": ["size"], "properties": {
            "size": { "type": "string", "enum": ["s", "l"] }, "tags": { "type": "array" } } });
        let hard = json!({ "type": "object", "oneOf": [] });
        let said = "can't be shown as a field; leave it out. Orders can't ask for that: a new plan is left \
                    out, a known one goes on asking what it did";
        let done = import(vec![
            plan("sized", create(&sized)),
            plan("hard", create(&hard)),
            plan("plain", Value::Null),
        ])
        .await;
        assert_eq!(done.added, 2);
        let tags = "vm / sized: /properties/tags/type must be string, integer or boolean";
        assert_eq!(
            done.told,
            [tags.to_owned(), format!("vm / hard: /oneOf {said}")]
        );
        let access = world.access(SELLER, "amber").await;
        let asked = async |name: &str| {
            let form = world.offer(&access, name).await.offer.form;
            form.map(|form| {
                form.questions
                    .into_iter()
                    .map(|one| one.name)
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(asked("Machine sized").await, Some(vec!["size".to_owned()]));
        assert_eq!(asked("Machine plain").await, None);
        let mut item = world.item(&access, "Machine sized", 1).await;
        let unanswered = world.app.add_to_cart(&access, item.clone(), None).await;
        assert!(unanswered.is_err(), "{unanswered:?}");
        item.parameters.insert("size".into(), json!("l"));
        world.app.add_to_cart(&access, item, None).await.unwrap();
        // What can't be read any more changes nothing of what is known.
        let done = import(vec![plan("sized", create(&hard))]).await;
        assert_eq!((done.changed, done.told.len()), (0, 1));
        assert_eq!(asked("Machine sized").await, Some(vec!["size".to_owned()]));
        let done = import(vec![plan("sized", json!({}))]).await;
        assert_eq!((done.changed, done.told.len()), (1, 0));
        assert_eq!(asked("Machine sized").await, None);
    });
}

/// What a vendor's catalog says of changes is asked of what runs: all that was asked before where it says
/// nothing, what it names where it does, and something new where only a change asks it.
#[test]
fn what_a_brokers_schema_of_changes_names_can_be_changed() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let ordered = json!({ "properties": { "size": { "type": "string", "title": "Size" } } });
        let import = async |update: Value| {
            let mut schemas = json!({ "create": { "parameters": ordered } });
            if !update.is_null() {
                schemas["update"] = json!({ "parameters": update });
            }
            let plan = json!({ "id": "vault", "name": "Vault", "description": "v",
                "schemas": { "service_instance": schemas },
                "metadata": { "costs": [{ "amount": { "eur": 12 }, "unit": "YEARLY" }] } });
            let product =
                json!({ "id": "cirrus-backup", "name": "Cirrus Backup", "plans": [plan] });
            let body = json!({ "services": [product] }).to_string();
            let answer = json!({ "do": "answer", "status": 200, "body": body });
            world
                .faults(json!([{ "operation": "catalog", "times": 1, "action": answer }]))
                .await;
            world.app.import_catalog("nordic", "cirrus").await.unwrap()
        };
        let bought = world.vault(&access).await.id;
        let mode = json!({ "properties": { "mode": { "type": "string", "title": "Mode" } } });
        let unreadable = json!({ "allOf": [] });
        for (update, asked, fixed, told) in [
            (Value::Null, vec!["Size"], vec![], 0),
            (json!({}), vec![], vec!["Size"], 0),
            (mode, vec!["Mode"], vec!["Size"], 0),
            (unreadable, vec![], vec!["Size"], 1),
        ] {
            let done = import(update).await;
            assert_eq!(done.told.len(), told, "{:?}", done.told);
            let choices = world.app.change_choices(&access, bought).await.unwrap();
            let form = choices.form.into_iter().flat_map(|form| form.questions);
            assert_eq!(form.map(|one| one.title).collect::<Vec<_>>(), asked);
            assert_eq!(choices.fixed, fixed);
        }
    });
}
