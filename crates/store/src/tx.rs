//! Transactions: reads that see, and writes that are closures, because any of them may run again.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;
use crate::sql::{Batch, Connection, Query, Row, Value};

/// Values of one statement at the most: SQLite looks names of placeholders up one by one. Full statements
/// are all of one text, which stays prepared.
const STATEMENT_MAX: usize = 400;
/// Writes that share one sync at the most.
const BATCH_MAX: usize = 64;
/// Times that a write is run again when PostgreSQL can't serialize it.
const RETRIES_MAX: u32 = 20;
/// Values of the writes that wait to be sent, about.
const VALUES_MAX: usize = 400;

/// What store functions run their statements on: one connection, inside or outside a transaction.
pub struct Tx {
    connection: Connection,
    statements: Arc<AtomicU64>,
    is_conflicted: bool,
    /// Writes that are still to be sent.
    later: Batch,
}

impl Tx {
    pub(crate) fn new(connection: Connection, statements: Arc<AtomicU64>) -> Tx {
        Tx {
            connection,
            statements,
            is_conflicted: false,
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

    pub(crate) async fn row(&mut self, query: Query) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(query).await?.pop())
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
            StoreError::from(error)
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

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, (bool, Reply)> + Send>;

/// Where writes go.
#[derive(Clone)]
pub(crate) enum Writer {
    /// To the one task that holds SQLite's one writing connection.
    Sqlite(mpsc::Sender<Job>),
    Postgres(PgPool, Arc<AtomicU64>),
}

impl Writer {
    /// Runs a write to its end, even when the caller goes away meanwhile.
    pub(crate) async fn write<S, T, E, F>(&self, state: S, mode: Mode, work: F) -> Result<T, E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let (answer, answered) = oneshot::channel();
        match self {
            Writer::Sqlite(jobs) => {
                let job = into_job(state, mode, work, answer);
                jobs.send(job).await.map_err(|_| StoreError::Stopped)?;
            }
            Writer::Postgres(pool, statements) => {
                let (pool, statements) = (pool.clone(), statements.clone());
                tokio::spawn(async move {
                    // Nobody may be waiting any more; the work is done all the same.
                    answer
                        .send(write_postgres((&pool, &statements), &state, mode, &work).await)
                        .ok();
                });
            }
        }
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

fn into_job<S, T, E, F>(state: S, mode: Mode, work: F, answer: oneshot::Sender<Result<T, E>>) -> Job
where
    S: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    let shared = Arc::new((state, work));
    Box::new(move |tx| {
        Box::pin(async move {
            let (state, work) = &*shared;
            let result = run(tx, state, work).await;
            let is_kept = result.is_ok() && mode == Mode::Commit;
            let reply: Reply = Box::new(move |committed| {
                let result = match committed {
                    Err(error) if is_kept => Err(E::from(error)),
                    _ => result,
                };
                answer.send(result).ok();
            });
            (is_kept, reply)
        })
    })
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

async fn write_postgres<S, T, E, F>(
    (pool, statements): (&PgPool, &Arc<AtomicU64>),
    state: &S,
    mode: Mode,
    work: &F,
) -> Result<T, E>
where
    E: From<StoreError>,
    F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let transaction = pool.begin().await.map_err(StoreError::from)?;
        let mut tx = Tx::new(Connection::Postgres(transaction), statements.clone());
        let result = run(&mut tx, state, work).await;
        let may_retry = tries < RETRIES_MAX;
        let (is_conflicted, Connection::Postgres(transaction)) = (tx.is_conflicted, tx.connection)
        else {
            return result;
        };
        if is_conflicted && may_retry {
            continue;
        }
        if result.is_err() || mode == Mode::DryRun {
            transaction.rollback().await.map_err(StoreError::from)?;
            return result;
        }
        match transaction.commit().await {
            Ok(()) => return result,
            Err(error) if is_conflict(&error) && may_retry => {}
            Err(error) => return Err(StoreError::from(error).into()),
        }
    }
}

/// Holds the writing connection: takes what waits, runs each in its own savepoint, syncs once.
pub(crate) async fn run_sqlite_writer(
    connection: sqlx::SqliteConnection,
    mut jobs: mpsc::Receiver<Job>,
    statements: Arc<AtomicU64>,
) {
    let mut tx = Tx::new(Connection::Sqlite(Box::new(connection)), statements);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if let Err(error) = commit_batch(&mut tx, &mut batch).await {
            // After a failed sync SQLite would carry on as if nothing had happened. We don't: what
            // waits is answered with an error, and the next start recovers from the log.
            tracing::error!(%error, "the database can't be written any more; restart to recover");
            return;
        }
    }
}

/// Errors mean that the connection can't be trusted any more; refused writes are not errors.
async fn commit_batch(tx: &mut Tx, batch: &mut Vec<Job>) -> Result<(), StoreError> {
    tx.batch("BEGIN IMMEDIATE; SAVEPOINT one").await?;
    let mut replies = Vec::with_capacity(batch.len());
    for job in batch.drain(..) {
        let done = AssertUnwindSafe(job(tx)).catch_unwind().await;
        let is_kept = matches!(done, Ok((true, _)));
        tx.batch(match is_kept {
            true => "RELEASE one; SAVEPOINT one",
            false => "ROLLBACK TO one",
        })
        .await?;
        match done {
            Ok((_, reply)) => replies.push(reply),
            Err(panic) => tracing::error!(panic = panic_text(&*panic), "a write panicked; undone"),
        }
    }
    let committed = tx.batch("COMMIT").await;
    for reply in replies {
        let failed = committed.as_ref().err().map(|error| error.to_string());
        reply(failed.map_or(Ok(()), |error| Err(StoreError::NotCommitted(error))));
    }
    committed
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The sending half of the SQLite writer, and the half its task reads from.
pub(crate) fn sqlite_queue() -> (Writer, mpsc::Receiver<Job>) {
    let (sender, receiver) = mpsc::channel(1_024);
    (Writer::Sqlite(sender), receiver)
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
