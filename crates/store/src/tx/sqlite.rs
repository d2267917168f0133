//! The one writer of SQLite: takes what waits, runs each in its own savepoint, syncs once.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Mode, Tx, Writer, run};
use crate::StoreError;
use crate::sql::Connection;

/// Writes that share one sync at the most.
const BATCH_MAX: usize = 64;

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// A write that waits. Where there is no transaction to be had, it answers its caller with the reason.
pub(crate) type Job = Box<
    dyn for<'t> FnOnce(Result<&'t mut Tx, StoreError>) -> BoxFuture<'t, Option<(bool, Reply)>>
        + Send,
>;

pub(super) fn into_job<S, T, E, F>(
    state: S,
    mode: Mode,
    work: F,
    answer: oneshot::Sender<Result<T, E>>,
) -> Job
where
    S: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    let shared = Arc::new((state, work));
    Box::new(move |tx| {
        Box::pin(async move {
            let tx = match tx {
                Ok(tx) => tx,
                Err(error) => {
                    answer.send(Err(E::from(error))).ok();
                    return None;
                }
            };
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
            Some((is_kept, reply))
        })
    })
}

/// Holds the writing connection until it can't be trusted any more.
pub(crate) async fn run_writer(
    connection: sqlx::SqliteConnection,
    mut jobs: mpsc::Receiver<Job>,
    statements: Arc<AtomicU64>,
) {
    let mut tx = Tx::new(Connection::Sqlite(Box::new(connection)), statements);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut replies = Vec::with_capacity(batch.len());
        let Err(trouble) = commit(&mut tx, &mut batch, &mut replies).await else {
            replies.into_iter().for_each(|reply| reply(Ok(())));
            continue;
        };
        // Often SQLite has done so by itself, and says now that there is nothing to roll back.
        tx.batch("ROLLBACK").await.ok();
        replies
            .into_iter()
            .for_each(|reply| reply(Err(trouble.told())));
        if matches!(trouble, Trouble::Passing(StoreError::Busy)) {
            // What came meanwhile has waited for the same lock.
            while let Ok(job) = jobs.try_recv() {
                batch.push(job);
            }
        }
        for job in batch.drain(..) {
            job(Err(trouble.refused())).await;
        }
        match trouble {
            Trouble::Passing(error) => tracing::warn!(%error, "writes are refused"),
            Trouble::Lasting { error, .. } => {
                // After a failed sync SQLite would carry on as if nothing had happened. We don't: the
                // next start recovers from the log.
                tracing::error!(%error, "the database can't be written any more; restart to recover");
                return;
            }
        }
    }
}

/// Why a batch is not known to be kept.
enum Trouble {
    /// Nothing of it was kept; the next one may succeed, once there is room or the lock is gone.
    Passing(StoreError),
    /// The connection can't be trusted any more.
    Lasting {
        error: StoreError,
        /// It happened in the commit: what is on the disk shows at the next start.
        is_unknown: bool,
    },
}

impl Trouble {
    fn new(error: StoreError, tx: &Tx, is_unknown: bool) -> Trouble {
        match error {
            StoreError::Full | StoreError::Busy => Trouble::Passing(error),
            // The savepoint went with the transaction that SQLite rolled back for want of room.
            _ if tx.is_full && !is_unknown => Trouble::Passing(StoreError::Full),
            error => Trouble::Lasting { error, is_unknown },
        }
    }

    /// To those whose work was done and should have been kept.
    fn told(&self) -> StoreError {
        match self {
            Trouble::Lasting {
                is_unknown: true, ..
            } => StoreError::Unknown,
            other => other.refused(),
        }
    }

    /// To those whose work was not begun.
    fn refused(&self) -> StoreError {
        match self {
            Trouble::Passing(StoreError::Full) => StoreError::Full,
            Trouble::Passing(_) => StoreError::Busy,
            Trouble::Lasting { error, .. } => StoreError::Away(error.to_string()),
        }
    }
}

/// Runs a batch and commits it; refused writes are no trouble.
async fn commit(
    tx: &mut Tx,
    batch: &mut Vec<Job>,
    replies: &mut Vec<Reply>,
) -> Result<(), Trouble> {
    tx.is_full = false;
    let begun = tx.batch("BEGIN IMMEDIATE; SAVEPOINT one").await;
    begun.map_err(|error| Trouble::new(error, tx, false))?;
    let mut waiting = std::mem::take(batch).into_iter();
    while let Some(job) = waiting.next() {
        let done = AssertUnwindSafe(job(Ok(tx))).catch_unwind().await;
        let mut is_kept = false;
        match done {
            Ok(Some((kept, reply))) => {
                is_kept = kept;
                replies.push(reply);
            }
            Ok(None) => {}
            Err(panic) => tracing::error!(panic = panic_text(&*panic), "a write panicked; undone"),
        }
        let ended = tx.batch(match is_kept {
            true => "RELEASE one; SAVEPOINT one",
            false => "ROLLBACK TO one",
        });
        if let Err(error) = ended.await {
            batch.extend(waiting);
            return Err(Trouble::new(error, tx, false));
        }
    }
    let committed = tx.batch("COMMIT").await;
    committed.map_err(|error| Trouble::new(error, tx, true))
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The sending half of the writer, and the half its task reads from.
pub(crate) fn queue() -> (Writer, mpsc::Receiver<Job>) {
    let (sender, receiver) = mpsc::channel(1_024);
    (Writer::Sqlite(sender), receiver)
}
