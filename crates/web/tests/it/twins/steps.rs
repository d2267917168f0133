//! What people do where everybody may see it: the same in both worlds, with the answers that customers
//! get on the way.

use domain::order::change::RequestedChange;
use serde_json::{Value, json};

use super::chance::Chance;
use super::hidden::{self, End, Hidden};
use super::world::{Answer, Ask, Who, World};

/// What is kept from one step to the next; the same in both worlds.
#[derive(Default)]
pub struct Memory {
    /// Orders that staff made.
    pub made: Vec<u64>,
    /// An order as a customer saw it: its number and tag.
    seen: Option<(u64, String)>,
    /// A request with its key, to be repeated.
    once: Option<(Who, Ask)>,
}

/// Everything that customers may see of a step: what was asked, and the answer.
pub type Log = Vec<(String, Answer)>;

async fn told(world: &World, log: &mut Log, who: Who, ask: Ask) -> Answer {
    let answer = world.ask(who, &ask).await;
    log.push((format!("{who:?} {}", ask.name()), answer.clone()));
    answer
}

/// The orders that a customer sees.
pub async fn visible(world: &World) -> Vec<u64> {
    let mut numbers = Vec::new();
    for view in ["recent", "historical"] {
        let list = Ask::api("GET", &format!("/orders?view={view}&limit=30"), "");
        let answer = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
        let rows = answer.as_array().unwrap().iter();
        numbers.extend(rows.filter_map(|row| row["number"].as_u64()));
    }
    numbers
}

/// A customer looks at an order and saves what they saw, after something hidden has happened to it or
/// elsewhere: the save succeeds (M12).
pub async fn across(world: &World, name: &str, memory: &Memory, hidden: Hidden) -> Log {
    let (mut chance, mut log) = (Chance::new(7, name), Log::new());
    let number = match chance.below(2) {
        0 => *chance.of(&visible(world).await).unwrap(),
        _ => memory.made.last().copied().unwrap_or(1),
    };
    let who = Who::CustomerAdmin;
    let look = Ask::api("GET", &format!("/orders/{number}"), "");
    let seen = told(world, &mut log, who, look).await;
    hidden::step(world, name, number, &memory.made, hidden).await;
    world.begin(&format!("{name} save"));
    if let Some(tag) = seen.header("etag") {
        let path = format!("/orders/{number}/actions/add_note");
        let save = Ask::api("POST", &path, "{\"text\": \"as seen\"}").with("if-match", tag);
        let saved = told(world, &mut log, who, save).await;
        assert!([200, 412].contains(&saved.status), "{}", saved.text());
    }
    log
}

/// A visible step of the seed's choice.
pub async fn step(world: &World, name: &str, memory: &mut Memory, hidden: Hidden) -> Log {
    let mut chance = Chance::new(6, name);
    let mut log = Log::new();
    let who = *chance.of(&Who::CUSTOMERS).unwrap();
    let numbers = visible(world).await;
    let number = *chance.of(&numbers).unwrap();
    match chance.below(20) {
        0..=2 => fill(world, &mut log, who, &mut chance).await,
        3 => change(world, &mut log, who, &mut chance).await,
        4 => place(world, &mut log, who, &mut chance).await,
        5 => act(world, &mut log, who, number, &mut chance).await,
        6 => with_a_key(world, &mut log, who, number, memory).await,
        7 => with_what_was_seen(world, &mut log, number, memory).await,
        8 => staff_act(world, number, &mut chance).await,
        15 => {
            draft(world, &mut log, name).await;
            take_back(world, &mut log, name, hidden).await;
        }
        16 => {
            approve(world, &mut log, name, hidden).await;
            quote(world, &mut log, name).await;
        }
        17 => {
            doubt(world, &mut log, name, hidden).await;
            suspend(world, &mut log, &format!("{name} suspended"), hidden).await;
        }
        18 | 19 => change_running(world, &mut log, who, &mut chance, memory).await,
        9 => {
            world.app.run_due_in_turn().await.unwrap();
        }
        10 | 11 => {
            for number in memory.made.clone() {
                hidden::advance(world, number, false, &format!("{name} {number}"), hidden).await;
            }
        }
        _ => {
            let mut changes = vec![RequestedChange::Quantity { from: 10, to: 15 }];
            match chance.below(3) {
                0 => changes.push(RequestedChange::Suspend),
                1 => changes.push(RequestedChange::AddonAdd {
                    addon: "Defender".into(),
                    quantity: 2,
                }),
                _ => {}
            }
            let end = *chance.of(&End::ALL).unwrap();
            memory
                .made
                .push(hidden::order(world, name, changes, end, hidden).await);
        }
    }
    log
}

/// Through a page or the API.
async fn fill(world: &World, log: &mut Log, who: Who, chance: &mut Chance) {
    let offer = 1 + chance.below(7);
    let quantity = 1 + chance.below(9);
    let tenant = (offer <= 4).then_some("amber.onmicrosoft.com");
    let (offer, plan) = (
        format!("off_{offer:032x}"),
        format!("pln_{:032x}", offer * 1_000 + 1),
    );
    let ask = if chance.below(2) == 0 {
        let mut body = json!({
            "offer": offer, "plan": plan, "quantity": quantity,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
        });
        if let Some(tenant) = tenant {
            body["tenant"] = tenant.into();
        }
        Ask::api("POST", "/cart/items", body.to_string())
    } else {
        let quantity = quantity.to_string();
        let mut fields = vec![
            ("plan", plan.as_str()),
            ("quantity", &quantity),
            ("contact_email", "ieva@amber.example"),
            ("contact_name", "Ieva"),
            ("contact_surname", "Berg"),
        ];
        fields.extend(tenant.map(|tenant| ("tenant", tenant)));
        let body = serde_urlencoded::to_string(fields).unwrap();
        Ask::form(format!("/o/amber/catalog/{offer}"), body)
    };
    told(world, log, who, ask).await;
}

async fn cart(world: &World, who: Who) -> Value {
    let cart = Ask::api("GET", "/cart", "");
    world.ask_plainly(who, &cart).await.json()
}

async fn change(world: &World, log: &mut Log, who: Who, chance: &mut Chance) {
    let cart = cart(world, who).await;
    let item = cart["items"][0]["id"]
        .as_str()
        .unwrap_or("lin_1")
        .to_owned();
    let quantity = 1 + chance.below(20);
    let ask = match chance.below(4) {
        0 => Ask::api("DELETE", &format!("/cart/items/{item}"), ""),
        1 => Ask::form(format!("/o/amber/cart/items/{item}/removal"), ""),
        2 => {
            let body = json!({ "quantity": quantity }).to_string();
            Ask::api("PATCH", &format!("/cart/items/{item}"), body)
        }
        _ => Ask::form(
            format!("/o/amber/cart/items/{item}"),
            format!("quantity={quantity}"),
        ),
    };
    told(world, log, who, ask).await;
    // An add-on, which some licenses take and others refuse.
    let addon = format!("off_{:032x}", 8);
    let body = json!({ "offer": addon, "quantity": quantity }).to_string();
    let path = format!("/cart/items/{item}/addons");
    told(world, log, who, Ask::api("POST", &path, body)).await;
    let body = format!("offer={addon}&quantity={quantity}");
    told(world, log, who, Ask::form(format!("/o/amber{path}"), body)).await;
}

async fn place(world: &World, log: &mut Log, who: Who, chance: &mut Chance) {
    let cart = cart(world, who).await;
    let (number, version) = (&cart["number"], &cart["version"]);
    let is_api = chance.below(2) == 0;
    let ask = if is_api {
        let body = json!({ "number": number, "version": version, "accept_terms": true });
        Ask::api("POST", "/cart/placement", body.to_string())
    } else {
        let body = format!("number={number}&version={version}&accept_terms=on");
        Ask::form("/o/amber/cart", body)
    };
    told(world, log, who, ask).await;
}

/// Something that an order may be told; most of it is refused most of the time, with words.
async fn act(world: &World, log: &mut Log, who: Who, number: u64, chance: &mut Chance) {
    const ACTIONS: [&str; 9] = [
        "save_as_draft",
        "continue_purchase",
        "delete",
        "restore",
        "withdraw",
        "cancel_schedule",
        "archive",
        "approve",
        "add_note",
    ];
    let order = Ask::api("GET", &format!("/orders/{number}"), "");
    let order = world.ask_plainly(who, &order).await.json();
    let allowed = order["allowed_actions"].as_array().cloned();
    let allowed: Vec<Value> = allowed.unwrap_or_default();
    let action = match chance.below(3) {
        0 => *chance.of(&ACTIONS).unwrap(),
        _ => {
            let drawn = chance.of(&allowed).and_then(Value::as_str);
            drawn.unwrap_or("add_note")
        }
    };
    let ask = if chance.below(2) == 0 {
        let body = match action {
            "add_note" => "{\"text\": \"from us\"}",
            _ => "",
        };
        Ask::api("POST", &format!("/orders/{number}/actions/{action}"), body)
    } else {
        let path = format!("/o/amber/orders/{number}/actions/{action}");
        Ask::form(path, "text=from+us")
    };
    told(world, log, who, ask).await;
}

async fn tell(world: &World, log: &mut Log, number: u64, action: &str) {
    let path = format!("/orders/{number}/actions/{action}");
    told(world, log, Who::CustomerAdmin, Ask::api("POST", &path, "")).await;
}

/// A cart that is put away, taken out, deleted and brought back.
async fn draft(world: &World, log: &mut Log, name: &str) {
    let (who, mut chance) = (Who::CustomerAdmin, Chance::new(8, name));
    for _ in 0..2 {
        fill(world, log, who, &mut chance).await;
    }
    let cart = cart(world, who).await;
    let number = cart["number"].as_u64().unwrap_or_default();
    let item = cart["items"][0]["id"]
        .as_str()
        .unwrap_or("lin_1")
        .to_owned();
    let remove = Ask::api("DELETE", &format!("/cart/items/{item}"), "");
    told(world, log, who, remove).await;
    for action in ["save_as_draft", "continue_purchase", "delete", "restore"] {
        tell(world, log, number, action).await;
    }
}

/// The vendor is asked to take back what was bought: every item is named, and one that is not there.
async fn take_back(world: &World, log: &mut Log, name: &str, hidden: Hidden) {
    let list = Ask::api("GET", "/subscriptions?status=active&q=cirrus&limit=200", "");
    let found = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let found = found.as_array().cloned().unwrap_or_default();
    let one = Chance::new(11, name)
        .of(&found)
        .map(|one| one["id"].clone());
    let Some(Ok(subscription)) = one.map(|id| id.as_str().unwrap_or_default().parse()) else {
        return;
    };
    let number = hidden::bought(world, &format!("{name} bought"), subscription, hidden).await;
    let look = Ask::api("GET", &format!("/orders/{number}"), "");
    let seen = told(world, log, Who::CustomerAdmin, look.clone())
        .await
        .json();
    let nothing = json!({ "id": "lin_000000000000000000000000000000ff" });
    let items = seen["items"].as_array().cloned().unwrap_or_default();
    for item in items.iter().chain([&nothing]) {
        let path = format!("/orders/{number}/actions/cancel_item");
        let cancel = Ask::api("POST", &path, json!({ "item": item["id"] }).to_string());
        told(world, log, Who::CustomerAdmin, cancel).await;
        let id = item["id"].as_str().unwrap_or_default();
        let page = Ask::page(format!("/o/amber/orders/{number}/items/{id}"));
        told(world, log, Who::CustomerBilling, page).await;
    }
    told(world, log, Who::Customer, look).await;
}

/// A change of what runs, now or later, in one step or in two; and what the vendors make of it.
async fn change_running(
    world: &World,
    log: &mut Log,
    who: Who,
    chance: &mut Chance,
    memory: &mut Memory,
) {
    let list = Ask::api("GET", "/subscriptions?status=active&limit=200", "");
    let found = world.ask_plainly(who, &list).await.json();
    let found = found.as_array().cloned().unwrap_or_default();
    let Some(one) = chance.of(&found) else { return };
    let quantity = one["quantity"].as_u64().unwrap_or(1) + 1;
    let wishes = [
        json!({ "quantity": quantity }),
        json!({ "quantity": quantity, "auto_renewal": false, "in_steps": true }),
        json!({ "quantity": quantity, "when": "on_renewal" }),
        json!({ "quantity": quantity, "when": "2027-03-01T09:00", "time_zone": "Europe/Riga" }),
        json!({ "status": "suspended" }),
        json!({ "name": "Ours" }),
    ];
    let mut wish = chance.of(&wishes).unwrap().clone();
    wish["accept_terms"] = true.into();
    let path = format!(
        "/subscriptions/{}/changes",
        one["id"].as_str().unwrap_or("sub_1")
    );
    let changed = told(world, log, who, Ask::api("POST", &path, wish.to_string())).await;
    if changed.status == 201 {
        let number = changed.json()["order"]["number"].as_u64();
        memory.made.extend(number);
        if wish["in_steps"] == true {
            hidden::refuse(world, number.unwrap_or_default()).await;
        }
    }
    for _ in 0..chance.below(4) {
        world.app.run_due_in_turn().await.unwrap();
    }
}

/// An order that waits for approvers, with a markup beside it where there is one.
async fn approve(world: &World, log: &mut Log, name: &str, hidden: Hidden) {
    let changes = vec![RequestedChange::Quantity { from: 2, to: 3 }];
    let number = hidden::order(world, name, changes, End::Pending, hidden).await;
    tell(world, log, number, "approve").await;
    let approve = format!("/orders/{number}/actions/approve");
    let approve = Ask::api("POST", &approve, "");
    world.ask_plainly(Who::Staff, &approve).await;
    tell(world, log, number, "archive").await;
}

/// The organization is suspended while a vendor's answer is lost, and does business again.
async fn suspend(world: &World, log: &mut Log, name: &str, hidden: Hidden) {
    let changes = vec![RequestedChange::Quantity { from: 4, to: 5 }];
    let number = hidden::order(world, name, changes, End::Placed, hidden).await;
    hidden::ask_again(world, number).await;
    let suspend = Ask::api("PUT", "/suspension", "{\"reason\": \"unpaid\"}");
    world.ask_plainly(Who::Staff, &suspend).await;
    let look = Ask::page(format!("/o/amber/orders/{number}"));
    told(world, log, Who::Customer, look).await;
    world.app.stop_due().await.unwrap();
    let reactivate = Ask::api("DELETE", "/suspension", "");
    world.ask_plainly(Who::Staff, &reactivate).await;
    let look = Ask::api("GET", &format!("/orders/{number}"), "");
    told(world, log, Who::Customer, look).await;
}

/// A quote is sent again, whatever staff had made of it before, and answered.
async fn quote(world: &World, log: &mut Log, name: &str) {
    let path = "/quotes/20000001";
    let seen = world
        .ask_plainly(Who::Staff, &Ask::api("GET", path, ""))
        .await;
    let item = json!({ "item": seen.json()["items"][0]["id"], "quantity": 9, "markup": "10" });
    let edited = json!({
        "name": "Seats", "items": [item], "valid_days": 30,
        "recipients": ["admin@amber.example", "user@amber.example"],
    });
    let edit = Ask::api("PUT", path, edited.to_string());
    world.ask_plainly(Who::Staff, &edit).await;
    let send = Ask::api("POST", &format!("{path}/actions/send"), "");
    world.ask_plainly(Who::Staff, &send).await;
    told(world, log, Who::Customer, Ask::api("GET", path, "")).await;
    let (action, body) = match Chance::new(10, name).below(3) {
        0 => ("accept", json!({ "accept_terms": true })),
        1 => ("reject", json!({ "comment": "too dear" })),
        _ => ("request_change", json!({ "comment": "fewer" })),
    };
    let act = format!("{path}/actions/{action}");
    let answer = Ask::api("POST", &act, body.to_string());
    told(world, log, Who::CustomerAdmin, answer).await;
}

/// A doubt that a person resolves, and another try.
async fn doubt(world: &World, log: &mut Log, name: &str, hidden: Hidden) {
    let changes = vec![RequestedChange::Quantity { from: 3, to: 2 }];
    let number = hidden::order(world, name, changes, End::Placed, hidden).await;
    hidden::lose(world, number, hidden).await;
    let look = Ask::page(format!("/o/amber/orders/{number}"));
    let order = Ask::api("GET", &format!("/orders/{number}"), "");
    let seen = told(world, log, Who::Customer, order).await.json();
    told(world, log, Who::CustomerBilling, look.clone()).await;
    hidden::leave(world, number, hidden).await;
    told(world, log, Who::CustomerAdmin, look).await;
    let item = &seen["items"][0]["id"];
    let resolved = json!({ "item": item, "resolution": "not_booked" });
    for (action, body) in [
        ("resolve_doubt", resolved),
        ("retry", json!({ "item": item })),
    ] {
        let path = format!("/orders/{number}/actions/{action}");
        let ask = Ask::api("POST", &path, body.to_string());
        world.ask_plainly(Who::Staff, &ask).await;
        tell(world, log, number, action).await;
    }
}

async fn with_a_key(world: &World, log: &mut Log, who: Who, number: u64, memory: &mut Memory) {
    let path = format!("/orders/{number}/actions/add_note");
    let ask = Ask::api("POST", &path, "{\"text\": \"once\"}").with("idempotency-key", "k-1");
    let (who, ask) = memory.once.get_or_insert((who, ask)).clone();
    told(world, log, who, ask).await;
}

/// A customer looks, and saves a good while later what they saw.
async fn with_what_was_seen(world: &World, log: &mut Log, number: u64, memory: &mut Memory) {
    let who = Who::CustomerAdmin;
    match memory.seen.take() {
        None => {
            let ask = Ask::api("GET", &format!("/orders/{number}"), "");
            let answer = told(world, log, who, ask).await;
            memory.seen = answer.header("etag").map(|tag| (number, tag.to_owned()));
        }
        Some((number, tag)) => {
            let path = format!("/orders/{number}/actions/add_note");
            let ask = Ask::api("POST", &path, "{\"text\": \"as seen\"}").with("if-match", tag);
            told(world, log, who, ask).await;
        }
    }
}

/// Staff do what an order allows; what they are answered is theirs.
async fn staff_act(world: &World, number: u64, chance: &mut Chance) {
    let order = Ask::api("GET", &format!("/orders/{number}"), "");
    let order = world.ask_plainly(Who::CustomerAdmin, &order).await.json();
    let item = order["items"][0]["id"].as_str().unwrap_or_default();
    let asked = [
        ("approve", json!({})),
        ("reject", json!({"reason": "too much"})),
        ("retry", json!({})),
        ("give_up", json!({})),
        ("archive", json!({})),
        ("withdraw", json!({})),
        ("add_note", json!({"text": "from the seller"})),
        (
            "resolve_doubt",
            json!({"item": item, "resolution": "not_booked"}),
        ),
        (
            "fulfill",
            json!({"item": item, "vendor_reference": "V-1", "starts_on": "2027-01-15",
                "ends_on": "2028-01-14"}),
        ),
    ];
    for _ in 0..3 {
        let (action, body) = chance.of(&asked).unwrap();
        let path = format!("/orders/{number}/actions/{action}");
        let ask = Ask::api("POST", &path, body.to_string());
        world.ask_plainly(Who::Staff, &ask).await;
    }
}
