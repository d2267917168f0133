//! The baseline: an axum handler a step, and the least SQL that keeps what Seatwright keeps. No
//! rights, no rules, no visibility; the same tables, the same durability.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

const AMBER: Uuid = Uuid::from_u128(4);
const LIST: &str = "SELECT body FROM orders WHERE organization_id = $1 AND view = 'recent' \
    ORDER BY listed_at DESC, number DESC LIMIT 50";
const ONE: &str = "SELECT body FROM orders WHERE organization_id = $1 AND id = $2";
const ADD: &str = "INSERT INTO orders (phase, view, is_markup_only, listed_at, changed_at, version, \
    body, organization_id, id, number, created_by) \
    VALUES ('cart', 'recent', 0, $1, $1, 1, $2, $3, $4, $1, $3)";
const PLACE: &str = "UPDATE orders SET phase = 'provisioning', version = 2, body = $1 \
    WHERE organization_id = $2 AND id = $3";
const EVENT: &str = "INSERT INTO order_events (organization_id, order_id, sequence, body) \
    VALUES ($1, $2, $3, '{}')";
const TASK: &str = "INSERT INTO tasks (organization_id, id, order_id, line_id, vendor_id, kind, \
    due_at, fence, tries) VALUES ($1, $2, $2, $2, $2, 'provision', 0, 0, 0)";

static NUMBER: AtomicI64 = AtomicI64::new(5_000_000_000);

/// The handlers over one kind of pool; the text is the same, the types are not.
macro_rules! handlers {
    ($name:ident, $database:ty, $begin:expr) => {
        mod $name {
            use super::*;

            type Answer<T> = Result<T, (StatusCode, String)>;

            fn wrong(error: impl ToString) -> (StatusCode, String) {
                (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
            }

            #[derive(Clone)]
            pub struct Pools {
                pub readers: sqlx::Pool<$database>,
                pub writers: sqlx::Pool<$database>,
            }

            async fn list(State(pools): State<Pools>) -> Answer<String> {
                let bodies: Vec<String> = sqlx::query_scalar(LIST)
                    .bind(AMBER)
                    .fetch_all(&pools.readers)
                    .await
                    .map_err(wrong)?;
                Ok(format!("[{}]", bodies.join(",")))
            }

            async fn add(State((pools, body)): State<(Pools, String)>) -> Answer<Json<Value>> {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let id = Uuid::from_u128(1 << 100 | u128::from(number.unsigned_abs()));
                let mut tx = $begin(&pools.writers).await.map_err(wrong)?;
                sqlx::query(ADD)
                    .bind(number)
                    .bind(body)
                    .bind(AMBER)
                    .bind(id)
                    .execute(&mut *tx)
                    .await
                    .map_err(wrong)?;
                event(&mut tx, id, 1).await?;
                tx.commit().await.map_err(wrong)?;
                Ok(Json(json!({ "id": id })))
            }

            async fn place(
                State((pools, _)): State<(Pools, String)>,
                Json(cart): Json<Value>,
            ) -> Answer<Json<Value>> {
                let id = cart["id"].as_str().unwrap_or_default();
                let id = id.parse::<Uuid>().map_err(wrong)?;
                let mut tx = $begin(&pools.writers).await.map_err(wrong)?;
                let body: String = sqlx::query_scalar(ONE)
                    .bind(AMBER)
                    .bind(id)
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(wrong)?;
                let update = sqlx::query(PLACE).bind(body).bind(AMBER).bind(id);
                update.execute(&mut *tx).await.map_err(wrong)?;
                event(&mut tx, id, 2).await?;
                let task = sqlx::query(TASK).bind(AMBER).bind(id);
                task.execute(&mut *tx).await.map_err(wrong)?;
                tx.commit().await.map_err(wrong)?;
                Ok(Json(json!({ "id": id })))
            }

            async fn event(
                tx: &mut sqlx::Transaction<'_, $database>,
                id: Uuid,
                sequence: i64,
            ) -> Answer<()> {
                let insert = sqlx::query(EVENT).bind(AMBER).bind(id).bind(sequence);
                insert.execute(&mut **tx).await.map(drop).map_err(wrong)
            }

            pub async fn router(pools: Pools) -> Result<Router> {
                let model: String = sqlx::query_scalar(LIST)
                    .bind(AMBER)
                    .fetch_one(&pools.readers)
                    .await?;
                Ok(Router::new()
                    .route("/cart", post(add))
                    .route("/placement", post(place))
                    .with_state((pools.clone(), model))
                    .route("/orders", get(list))
                    .with_state(pools))
            }
        }
    };
}

// One writer, and the lock taken at once: several would wait for each other inside SQLite.
handlers!(on_sqlite, sqlx::Sqlite, async |pool: &sqlx::SqlitePool| {
    pool.begin_with("BEGIN IMMEDIATE").await
});
handlers!(on_postgres, sqlx::Postgres, async |pool: &sqlx::PgPool| {
    pool.begin().await
});

/// Gives its list an index of its own, which Seatwright does not have to keep, and PostgreSQL the
/// statistics that it would make by itself some minutes later.
pub async fn prepare(database: &str) -> Result<()> {
    let index = "CREATE INDEX bare_list ON orders (organization_id, view, listed_at, number)";
    execute(database, index).await?;
    execute(database, "ANALYZE").await
}

/// Takes the index away.
pub async fn leave(database: &str) -> Result<()> {
    execute(database, "DROP INDEX bare_list").await
}

/// Runs one statement on a connection of its own.
pub async fn execute(database: &str, text: &'static str) -> Result<()> {
    match database.starts_with("postgres") {
        true => {
            let mut connection = sqlx::PgConnection::connect(database).await?;
            sqlx::raw_sql(text).execute(&mut connection).await?;
        }
        false => {
            let mut connection = sqlx::SqliteConnection::connect(database).await?;
            sqlx::raw_sql(text).execute(&mut connection).await?;
        }
    }
    Ok(())
}

/// Serves until it is killed.
pub async fn serve(database: &str) -> Result<()> {
    let router = match database.strip_prefix("sqlite://") {
        Some(path) => {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            let pool = |most| {
                SqlitePoolOptions::new()
                    .max_connections(most)
                    .connect_with(options.clone())
            };
            let (readers, writers) = (pool(4).await?, pool(1).await?);
            on_sqlite::router(on_sqlite::Pools { readers, writers }).await?
        }
        None => {
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .connect(database)
                .await?;
            let (readers, writers) = (pool.clone(), pool);
            on_postgres::router(on_postgres::Pools { readers, writers }).await?
        }
    };
    let ready = router.route("/readyz", get(async || "ok"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("The baseline is at http://{}", listener.local_addr()?);
    axum::serve(listener, ready)
        .await
        .context("the baseline stopped")
}
