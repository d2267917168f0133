//! A demo world with many orders in one organization, written by the store as the product writes.

use std::sync::Arc;

use anyhow::{Context, Result};
use app::App;
use app::clock::{Clock, SystemClock};
use app::operators::NewUser;
use domain::access::Role;
use domain::id::{LineId, OrderId, OrganizationId};
use domain::order::Order;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Store, orders, schema};
use uuid::Uuid;

/// People who work at the same time, each with a cart of their own.
pub const CLIENTS: usize = 8;
const BATCH: u32 = 1_000;
const AMBER: OrganizationId = OrganizationId(Uuid::from_u128(4));

/// Who asks, and for what.
pub struct World {
    pub tokens: Vec<String>,
    pub item: Value,
}

impl World {
    pub async fn fill(database: &str, count: u32) -> Result<World> {
        let store = Store::open(database).await?;
        schema::migrate(&store).await?;
        let app = App::new(store.clone(), Arc::new(SystemClock));
        app.seed_demo("http://127.0.0.1:1").await?;
        app.seed_demo_orders().await?;
        let model = {
            let mut tx = store.read().await?;
            orders::load(&mut tx, AMBER, OrderId(Uuid::from_u128(10)))
                .await?
                .into_order()
        };
        for from in (0..count).step_by(usize::try_from(BATCH)?) {
            let state = (model.clone(), from..(from + BATCH).min(count));
            let filled = store.write(state, |(model, numbers), tx| {
                Box::pin(async move {
                    let now = SystemClock.now();
                    let mut orders: Vec<Order> =
                        numbers.clone().map(|at| like(model, at)).collect();
                    orders::insert_all(tx, &mut orders, now).await
                })
            });
            filled.await?;
        }
        let mut tokens = Vec::new();
        for client in 0..CLIENTS {
            let email = format!("bench-{client}@amber.example");
            let user = NewUser {
                email: email.clone(),
                name: format!("Bench {client}"),
                password: "seatwright-bench".into(),
                organization: "amber".into(),
                role: Role::CustomerAdmin,
            };
            app.add_user(user).await?;
            tokens.push(app.create_token(&email, "bench").await?);
        }
        let line = model.lines.first().context("no line")?;
        let item = json!({
            "offer": line.item.offer, "plan": line.item.plan, "quantity": 3,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva",
            "contact_surname": "Berg", "tenant": line.tenant,
        });
        Ok(World { tokens, item })
    }
}

/// The model as another order, an hour older with each.
fn like(model: &Order, at: u32) -> Order {
    let mut order = model.clone();
    let earlier = SignedDuration::from_mins(i64::from(at));
    order.id = OrderId(Uuid::from_u128(1 << 64 | u128::from(at)));
    order.number = 100_000_000 + u64::from(at);
    order.created_at -= earlier;
    order.placed_at = order.placed_at.map(|placed| placed - earlier);
    for (place, line) in (0u128..).zip(&mut order.lines) {
        line.id = LineId(Uuid::from_u128(1 << 96 | u128::from(at) << 32 | place));
    }
    order
}
