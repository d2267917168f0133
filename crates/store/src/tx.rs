//! Transactions: reads that see, and writes that are closures, because any of them may run again.

mod postgres;
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;
use crate::sql::{Batch, Connection, Query, Row, Value};
pub(crate) use sqlite::{Job, queue as sqlite_queue, run_writer as run_sqlite_writer};

/// Values of one statement at the most: SQLite looks names of placeholders up one by one. Full statements
/// are all of one text, which stays prepared.
const STATEMENT_MAX: usize = 400;
/// Times that a write is run again when PostgreSQL can't serialize it.
const RETRIES_MAX: u32 = 20;
/// Values of the writes that wait to be sent, about.
const VALUES_MAX: usize = 400;

/// What store functions run their statements on: one connection, inside or outside a transaction.
pub struct Tx {
    connection: Connection,
    statements: Arc<AtomicU64>,
    is_conflicted: bool,
    /// The disk had no room for a statement.
    is_full: bool,
    /// Writes that are still to be sent.
    later: Batch,
}

impl Tx {
    pub(crate) fn new(connection: Connection, statements: Arc<AtomicU64>) -> Tx {
        Tx {
            connection,
            statements,
            is_conflicted: false,
            is_full: false,
            later: Batch::new(),
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(
            self.connection,
            Connection::Sqlite(_) | Connection::SqliteRead(_)
        )
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.flush().await?;
        self.statements.fetch_add(1, Ordering::Relaxed);
        let answer = self.connection.rows(query).await;
        self.note(answer)
    }

    /// What the column `body` of each row holds.
    pub(crate) async fn bodies<T: DeserializeOwned>(
        &mut self,
        query: Query,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(query).await?;
        rows.iter().map(|row| row.json("body")).collect()
    }

    pub(crate) async fn row(&mut self, query: Query) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(query).await?.pop())
    }

    /// What the column `body` of the first row holds.
    pub(crate) async fn body<T: DeserializeOwned>(
        &mut self,
        query: Query,
    ) -> Result<Option<T>, StoreError> {
        let row = self.row(query).await?;
        row.map(|row| row.json("body")).transpose()
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        self.flush().await?;
        self.send(query).await
    }

    /// Leaves a write of which nobody asks how many rows it changed. It is sent with its neighbors
    /// before the next statement that is not left so, at the latest with the end of the transaction:
    /// one way to the database and back for all of them. They may not touch the same row twice.
    pub(crate) async fn later(&mut self, query: Query) -> Result<(), StoreError> {
        self.later.push(query);
        match self.later.values() {
            0..VALUES_MAX => Ok(()),
            _ => self.flush().await,
        }
    }

    /// Sends the writes that were left.
    async fn flush(&mut self) -> Result<(), StoreError> {
        match self.later.take(self.is_sqlite()) {
            Some(query) => self.send(query).await.map(drop),
            None => Ok(()),
        }
    }

    async fn send(&mut self, query: Query) -> Result<u64, StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let answer = self.connection.execute(query).await;
        self.note(answer)
    }

    pub(crate) async fn batch(&mut self, text: impl Into<String>) -> Result<(), StoreError> {
        let answer = self.connection.batch(text.into()).await;
        self.note(answer)
    }

    /// Remembers that the database could not serialize, whatever the closure makes of the error.
    fn note<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        answer.map_err(|error| {
            self.is_conflicted |= is_conflict(&error);
            let error = StoreError::from(error);
            self.is_full |= matches!(error, StoreError::Full);
            error
        })
    }
}

/// Serialization failures and deadlocks: SQLSTATE 40001 and 40P01.
fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// Whether a write is kept or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Keep it.
    Commit,
    /// The same code without the commit (`?dry_run=true`).
    DryRun,
}

/// What a write may do on a full disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is refused.
    Ordinary,
    /// It writes down what has happened elsewhere, into the room that is kept for it.
    Settling,
}

/// Where writes go.
#[derive(Clone)]
pub(crate) enum Writer {
    /// To the one task that holds SQLite's one writing connection.
    Sqlite(mpsc::Sender<Box<dyn Job>>),
    Postgres(PgPool, Arc<AtomicU64>),
}

impl Writer {
    /// Runs a write to its end, even when the caller goes away meanwhile.
    pub(crate) async fn write<S, T, E, F>(
        &self,
        state: S,
        (mode, purpose): (Mode, Purpose),
        work: F,
    ) -> Result<T, E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let (answer, answered) = oneshot::channel();
        match self {
            Writer::Sqlite(jobs) => {
                let job = Box::new(sqlite::Write {
                    state,
                    mode,
                    purpose,
                    work,
                    answer,
                    result: None,
                });
                let stopped = |_| StoreError::Away("the writer has stopped".to_owned());
                jobs.send(job).await.map_err(stopped)?;
            }
            Writer::Postgres(pool, statements) => {
                let (pool, statements) = (pool.clone(), statements.clone());
                tokio::spawn(async move {
                    // Nobody may be waiting any more; the work is done all the same.
                    answer
                        .send(postgres::write((&pool, &statements), &state, mode, &work).await)
                        .ok();
                });
            }
        }
        answered.await.map_err(|_| StoreError::Stopped)?
    }

    /// Waits until nothing can be written any more before the next start.
    pub(crate) async fn broken(&self) {
        match self {
            Writer::Sqlite(jobs) => jobs.closed().await,
            Writer::Postgres(..) => std::future::pending().await,
        }
    }
}

/// Does the work and sends what it left for later.
async fn run<S, T, E, F>(tx: &mut Tx, state: &S, work: &F) -> Result<T, E>
where
    E: From<StoreError>,
    F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
{
    // Of a neighbor in the batch that failed or panicked.
    tx.later.clear();
    let done = work(state, tx).await?;
    tx.flush().await?;
    Ok(done)
}

/// Inserts rows, a statement for as many as it may have; how many there were not yet.
pub(crate) async fn insert(
    tx: &mut Tx,
    text: &'static str,
    rows: Vec<Vec<Value>>,
    end: &'static str,
) -> Result<u64, StoreError> {
    insert_under(tx, &Query::new(text), rows, end).await
}

/// [`insert`] under a head whose names are not known beforehand.
pub(crate) async fn insert_under(
    tx: &mut Tx,
    head: &Query,
    rows: Vec<Vec<Value>>,
    end: &'static str,
) -> Result<u64, StoreError> {
    let width = rows.first().map_or(1, Vec::len);
    let (mut rows, mut inserted) = (rows.into_iter(), 0);
    loop {
        let mut query = head.clone();
        let mut is_first = true;
        for row in rows.by_ref().take(STATEMENT_MAX / width) {
            query = if is_first { query } else { query.then(", ") }.list(row);
            is_first = false;
        }
        if is_first {
            return Ok(inserted);
        }
        inserted += tx.execute(query.then(end)).await?;
    }
}
