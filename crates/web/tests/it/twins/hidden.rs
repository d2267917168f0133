//! Facts that customer roles must not learn of, put into a world the way the product makes them; orders
//! for which no operation exists yet are written through the store.

use domain::event::{Actor, Event};
use domain::id::{LineId, OrderId, OrganizationId, SubscriptionId, TaskId, UserId};
use domain::money::{Currency, Money};
use domain::order::approval::{Approval, ApprovalState};
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineEvent, LineState};
use domain::order::{Order, OrderKind};
use domain::provisioning::Failure;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use store::{StoreError, orders};
use uuid::Uuid;

use super::chance::{Chance, id};
use super::world::{AMBER, Ask, Who, World};

/// What is hidden in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// Hidden facts are made at all.
    pub exists: bool,
    /// Which of two sets of markups, costs and evidence.
    pub figures: i64,
    /// What a unit costs the customer in orders that staff make, in minor units.
    pub price: i64,
}

/// Where an order that staff make ends up at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Cart,
    Draft,
    Deleted,
    Pending,
    Placed,
    Finished,
    Archived,
}

impl End {
    pub const ALL: [End; 7] = [
        End::Cart,
        End::Draft,
        End::Deleted,
        End::Pending,
        End::Placed,
        End::Finished,
        End::Archived,
    ];
}

/// Licenses in the lines that staff order.
pub const QUANTITY: u32 = 3;

fn staff() -> Actor {
    Actor {
        user: UserId(Uuid::from_u128(3)),
        person: "Saulė Petraitė".into(),
        email: Who::Staff.email().into(),
        organization: OrganizationId(Uuid::from_u128(2)),
        organization_name: "Baltic Cloud".into(),
    }
}

/// The seller is asked, by a rule that speaks of what customers may not know.
fn by_seller() -> Approval {
    Approval {
        organization: OrganizationId(Uuid::from_u128(2)),
        organization_name: "Baltic Cloud".into(),
        rules: vec!["Margin below 5 %".into()],
        state: ApprovalState::Open,
    }
}

fn markup(hidden: Hidden, chance: &mut Chance) -> RequestedChange {
    let percent = |n: i64| Decimal::new(n, 0);
    let money = |minor| Money {
        minor,
        currency: Currency::parse("EUR").unwrap(),
    };
    match chance.below(4) {
        3 => RequestedChange::Cost {
            from: money(4_000),
            to: money(4_100 + 10 * hidden.figures),
        },
        0 => RequestedChange::MarkupDistributor {
            from: percent(1),
            to: percent(2 + hidden.figures),
        },
        _ => RequestedChange::Markup {
            from: percent(5),
            to: percent(7 + 2 * hidden.figures),
        },
    }
}

/// A line like those of the demo, with prices of which a customer sees one.
fn line(model: &Line, name: &str, change: RequestedChange, hidden: Hidden) -> Line {
    let mut line = model.clone();
    let money = |minor| Money {
        minor,
        ..model.price.unit.customer
    };
    let inside = 10 * hidden.figures;
    line.id = LineId(id(name));
    line.subscription = SubscriptionId(id(&format!("subscription {name}")));
    line.change = change;
    line.state = LineState::Started;
    line.vendor_reference = Some(id(&format!("vendor {name}")).to_string());
    line.price.quantity = QUANTITY;
    line.price.unit.cost = money(4_000 + inside);
    line.price.unit.retail = money(9_000 + inside);
    line.price.unit.partner = money(5_000 + inside);
    line.price.unit.customer = money(hidden.price);
    line
}

fn lines_of(
    model: &Line,
    step: &str,
    visible: Vec<RequestedChange>,
    hidden: Hidden,
    is_mixed: bool,
) -> Vec<Line> {
    let mut chance = Chance::new(1, step);
    let mut lines: Vec<Line> = Vec::new();
    for (at, change) in visible.into_iter().enumerate() {
        lines.push(line(model, &format!("{step} {at}"), change, hidden));
    }
    if hidden.exists && is_mixed {
        let at = chance.below(lines.len() + 1);
        let change = markup(hidden, &mut chance);
        lines.insert(at, line(model, &format!("{step} markup"), change, hidden));
    }
    lines
}

async fn write(world: &World, order: Order, events: Vec<Event>) {
    let state = (order, events, world.now());
    let written = world.store.write(state, |(order, events, now), tx| {
        Box::pin(async move { orders::insert(tx, &mut order.clone(), events, *now).await })
    });
    written.await.unwrap();
}

async fn model(world: &World) -> Line {
    let mut tx = world.store.read().await.unwrap();
    let order = orders::load(&mut tx, AMBER, OrderId(Uuid::from_u128(1))).await;
    order.unwrap().lines[0].clone()
}

/// An update order by staff; with hidden facts, its lines have a markup among them, which is all there
/// is where nothing else is asked for.
pub async fn order(
    world: &World,
    step: &str,
    visible: Vec<RequestedChange>,
    end: End,
    hidden: Hidden,
) -> u64 {
    let (actor, now) = (staff(), world.now());
    let model = model(world).await;
    let is_mixed = visible.is_empty() || Chance::new(2, step).below(3) > 0;
    let lines = lines_of(&model, step, visible, hidden, is_mixed);
    let mut chance = Chance::new(3, step);
    let number = 10_000_000 + chance.below(90_000_000) as u64;
    let order = OrderId(id(&format!("order {step}")));
    let (mut order, mut events) = Order::start(order, AMBER, number, actor.clone(), now);
    order.kind = OrderKind::Update;
    for line in lines {
        events.extend(order.add(line, &actor, now).unwrap());
    }
    match end {
        End::Cart => {}
        End::Draft => order.archived_at = Some(now),
        End::Deleted => events.extend(order.delete(&actor, now).unwrap()),
        End::Pending | End::Placed | End::Finished | End::Archived => {
            if end == End::Pending {
                order.require(vec![by_seller()]);
            }
            events.extend(order.place("2026-11".into(), &actor, now).unwrap());
        }
    }
    let set = |order: &mut Order, state: LineState| {
        for line in &mut order.lines {
            line.state = state.clone();
        }
    };
    match end {
        End::Finished | End::Archived => {
            let vendor_reference = "v".into();
            let at = now;
            set(
                &mut order,
                LineState::Finished {
                    vendor_reference,
                    at,
                },
            );
            order.archived_at = (end == End::Archived).then_some(now);
        }
        End::Cart | End::Draft | End::Deleted | End::Pending | End::Placed => {}
    }
    write(world, order, events).await;
    number
}

/// A purchase that is done, of a subscription which its vendor takes back for a week; with hidden facts
/// it has a markup beside it.
pub async fn bought(
    world: &World,
    step: &str,
    subscription: SubscriptionId,
    hidden: Hidden,
) -> u64 {
    let purchase = vec![RequestedChange::Purchase { quantity: QUANTITY }];
    let number = order(world, step, purchase, End::Finished, hidden).await;
    let Some(mut order) = world.order(number).await else {
        return number;
    };
    order.kind = OrderKind::Purchase;
    let until = world.now() + SignedDuration::from_hours(7 * 24);
    for line in &mut order.lines {
        line.cancellable_until = Some(until);
        if !line.change.is_markup() {
            line.subscription = subscription;
        }
    }
    save(world, order, Vec::new()).await;
    number
}

/// What happens next to a line that is with its vendor; the evidence of a doubt is for staff.
fn happened(state: &LineState, chance: &mut Chance, hidden: Hidden) -> Option<LineEvent> {
    let failed = LineEvent::Failed(Failure {
        code: "InvalidContact".into(),
        message: "The e-mail address is not valid".into(),
        field: Some("/contact/email".into()),
    });
    let finished = LineEvent::Finished {
        vendor_reference: "v-1".into(),
    };
    let lost = LineEvent::AnswerLost {
        evidence: format!("no answer within {} s", 10 + hidden.figures),
    };
    let left = LineEvent::LeftToPeople {
        evidence: format!("no answer, {}", hidden.figures),
    };
    let drawn = chance.below(7);
    match (state, drawn) {
        (
            LineState::Checking {
                is_with_people: true,
                ..
            },
            _,
        ) => Some(finished),
        (LineState::Sending { .. }, 5) => Some(LineEvent::AskedAgain),
        (LineState::Sending { .. } | LineState::Checking { .. }, 6) => Some(left),
        (LineState::Queued { .. }, _) => Some(LineEvent::Sending),
        (LineState::Sending { .. }, 0) => Some(LineEvent::NotSent),
        (LineState::Sending { .. }, 1) | (LineState::Checking { .. }, 0 | 1) => Some(lost),
        (LineState::Sending { .. }, 2) => Some(LineEvent::Accepted { operation: None }),
        (LineState::Sending { .. } | LineState::Checking { .. }, 3)
        | (LineState::Accepted { .. }, 0 | 1) => Some(failed),
        (
            LineState::Sending { .. } | LineState::Checking { .. } | LineState::Accepted { .. },
            _,
        ) => Some(finished),
        _ => None,
    }
}

/// Moves a line of an order on, the way the worker does: only a change of state is an event.
pub async fn advance(world: &World, number: u64, is_markup: bool, step: &str, hidden: Hidden) {
    let mut chance = Chance::new(4, step);
    let Some(order) = world.order(number).await else {
        return;
    };
    let of_kind = |line: &&Line| line.change.is_markup() == is_markup;
    let lines: Vec<Line> = order.lines.iter().filter(of_kind).cloned().collect();
    let Some(line) = chance.of(&lines) else {
        return;
    };
    let Some(event) = happened(&line.state, &mut chance, hidden) else {
        return;
    };
    tell(world, order, line, &event).await;
}

/// The answer of a vendor is lost: the first visible line of an order is in doubt.
pub async fn lose(world: &World, number: u64, hidden: Hidden) {
    let evidence = format!("no answer within {} s", 10 + hidden.figures);
    answer(world, number, LineEvent::AnswerLost { evidence }).await;
}

/// The vendor refuses the first visible line of an order, and so those that wait for it.
pub async fn refuse(world: &World, number: u64) {
    let failure = Failure {
        code: "Closed".into(),
        message: "Not this month".into(),
        field: None,
    };
    answer(world, number, LineEvent::Failed(failure)).await;
}

/// The vendor is asked again before it has said anything.
pub async fn ask_again(world: &World, number: u64) {
    answer(world, number, LineEvent::AskedAgain).await;
}

/// Our own errors set the work on a doubt aside, a person lets it run again, and what is left of it goes
/// to people; why is for staff.
pub async fn leave(world: &World, number: u64, hidden: Hidden) {
    let Some(mut order) = world.order(number).await else {
        return;
    };
    let mut visible = order.lines.iter().filter(|line| !line.change.is_markup());
    let (Some(line), now) = (visible.next().map(|line| line.id), world.now()) else {
        return;
    };
    let task = TaskId(line.0);
    let problem = format!("margin of {} is odd", hidden.figures);
    let mut events = Vec::from_iter(order.put_aside(task, line, &problem, now));
    events.extend(order.run_again(&[], &staff(), now));
    save(world, order, events).await;
    let evidence = format!("no safe way, {}", hidden.figures);
    happens(world, number, &[LineEvent::LeftToPeople { evidence }]).await;
}

async fn answer(world: &World, number: u64, answer: LineEvent) {
    happens(world, number, &[LineEvent::Sending, answer]).await;
}

/// To the first visible line of an order.
async fn happens(world: &World, number: u64, events: &[LineEvent]) {
    for event in events {
        let Some(order) = world.order(number).await else {
            return;
        };
        let visible = order.lines.iter().find(|line| !line.change.is_markup());
        if let Some(line) = visible.cloned() {
            tell(world, order, &line, event).await;
        }
    }
}

async fn tell(world: &World, mut order: Order, line: &Line, event: &LineEvent) {
    let Ok(mut events) = order.advance(line.id, event, None, world.now()) else {
        return;
    };
    let after = order.lines.iter().find(|l| l.id == line.id).unwrap();
    let is_left = matches!(event, LineEvent::LeftToPeople { .. });
    if after.state.name() == line.state.name() && !is_left {
        events.clear();
    }
    save(world, order, events).await;
}

async fn save(world: &World, order: Order, events: Vec<Event>) {
    let saved = world
        .store
        .write((order, events, world.now()), |(order, events, now), tx| {
            Box::pin(async move {
                let mut loaded = orders::load(tx, order.organization, order.id).await?;
                *loaded = order.clone();
                match orders::save(tx, &mut loaded, events, *now).await {
                    Err(StoreError::Conflict) => panic!("nobody else writes here"),
                    other => other,
                }
            })
        });
    saved.await.unwrap();
}

/// Another margin at the same price, by an order of nothing else: the distributor takes more where the
/// seller's price is of the suggested retail price.
async fn reprice(world: &World, chance: &mut Chance, hidden: Hidden) {
    let list = Ask::api("GET", "/subscriptions?status=active&q=cirrus&limit=200", "");
    let found = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let found = found.as_array().cloned().unwrap_or_default();
    let Some(id) = chance.of(&found).and_then(|one| one["id"].as_str()) else {
        return;
    };
    let wish = serde_json::json!({
        "distributor_markup": (7 + hidden.figures).to_string(), "accept_terms": true,
    });
    let path = format!("/subscriptions/{id}/changes");
    let ask = Ask::api("POST", &path, wish.to_string());
    let status = world.ask_plainly(Who::Distributor, &ask).await.status;
    // The same again changes nothing, and is refused with words.
    assert!([201, 409, 422].contains(&status), "{status}");
}

/// Staff edit a quote that was sent, and a draft, and send neither.
async fn quote(world: &World, hidden: Hidden) {
    for number in [20_000_001, 20_000_002] {
        let path = format!("/quotes/{number}");
        let seen = world
            .ask_plainly(Who::Staff, &Ask::api("GET", &path, ""))
            .await;
        let seen = seen.json();
        let item = serde_json::json!({
            "item": seen["items"][0]["id"], "markup": (5 + hidden.figures).to_string(),
        });
        let edited = serde_json::json!({
            "name": format!("With {} %", 5 + hidden.figures), "items": [item],
            "recipients": ["admin@amber.example"], "valid_days": 9,
        });
        let ask = Ask::api("PUT", &path, edited.to_string());
        world.ask_plainly(Who::Staff, &ask).await;
    }
}

/// Staff add a rule that is not asked: what it says and who added it is theirs.
async fn rule(world: &World, hidden: Hidden) {
    let rules = "/api/v1/partners/baltic/approval-rules";
    let rule = serde_json::json!({"name": format!("Margin below {} %", 5 + hidden.figures)});
    let add = Ask::program("POST", rules, rule.to_string());
    let status = world.ask_plainly(Who::Staff, &add).await.status;
    // There it is once.
    assert!([201, 422].contains(&status), "{status}");
}

/// A hidden step, perhaps about an order that a customer has just looked at: in a world that hides
/// nothing, nothing happens.
pub async fn step(world: &World, step: &str, any: u64, made: &[u64], hidden: Hidden) {
    if !hidden.exists {
        return;
    }
    if Chance::new(9, step).below(3) == 0 {
        quote(world, hidden).await;
        rule(world, hidden).await;
    }
    let mut chance = Chance::new(5, step);
    let truth = world.truth().await;
    let only: Vec<u64> = truth
        .iter()
        .filter(|order| order.is_markup_only())
        .map(|order| order.number)
        .collect();
    let note = |number: u64, text: String| {
        let body = format!("{{\"text\": \"{text}\", \"internal\": true}}");
        Ask::api("POST", &format!("/orders/{number}/actions/add_note"), body)
    };
    match chance.below(9) {
        7 | 8 => reprice(world, &mut chance, hidden).await,
        0 | 1 => {
            let end = *chance.of(&End::ALL).unwrap();
            order(world, step, Vec::new(), end, hidden).await;
        }
        2 => {
            let text = format!("margin is {} %", 5 + hidden.figures);
            world.ask_plainly(Who::Staff, &note(any, text)).await;
        }
        3 => {
            for number in made {
                advance(world, *number, true, step, hidden).await;
            }
        }
        4 => {
            for number in &only {
                advance(world, *number, true, step, hidden).await;
            }
        }
        5 => {
            // A check that finds nothing new: the worker saves it without an event.
            if let Some(order) = world.order(any).await {
                save(world, order, Vec::new()).await;
            }
        }
        _ => {
            if let Some(number) = chance.of(&only) {
                world
                    .ask_plainly(Who::Staff, &note(*number, "seen".into()))
                    .await;
                let archive = format!("/orders/{number}/actions/archive");
                world
                    .ask_plainly(Who::Staff, &Ask::api("POST", &archive, ""))
                    .await;
            }
        }
    }
}
