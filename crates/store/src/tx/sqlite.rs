//! The one writer of SQLite: takes what waits, runs each in its own savepoint, syncs once.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Mode, Purpose, Tx, Writer, run};
use crate::StoreError;
use crate::reserve::Reserve;
use crate::sql::Connection;

/// Writes that share one sync at the most.
const BATCH_MAX: usize = 64;

/// A write that waits. It can be run again as long as it is not answered.
pub(crate) trait Job: Send {
    /// Runs it; whether what it did is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;

    /// Tells its caller what came of it, or why it is not kept or was not run.
    fn answer(self: Box<Self>, committed: Result<(), &Trouble>);

    /// What it may do on a full disk.
    fn purpose(&self) -> Purpose;
}

pub(super) struct Write<S, T, E, F> {
    pub(super) state: S,
    pub(super) mode: Mode,
    pub(super) purpose: Purpose,
    pub(super) work: F,
    pub(super) answer: oneshot::Sender<Result<T, E>>,
    pub(super) result: Option<Result<T, E>>,
}

impl<S, T, E, F> Write<S, T, E, F> {
    fn is_kept(&self) -> bool {
        matches!(self.result, Some(Ok(_))) && self.mode == Mode::Commit
    }
}

impl<S, T, E, F> Job for Write<S, T, E, F>
where
    S: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            // Nothing is left of an earlier run, should this one panic.
            self.result = None;
            self.result = Some(run(tx, &self.state, &self.work).await);
            self.is_kept()
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), &Trouble>) {
        let is_kept = self.is_kept();
        let answer = match (self.result, committed) {
            (Some(_), Err(trouble)) if is_kept => Err(E::from(trouble.told())),
            (Some(result), _) => result,
            (None, Err(trouble)) => Err(E::from(trouble.refused())),
            (None, Ok(())) => Err(E::from(StoreError::Stopped)),
        };
        self.answer.send(answer).ok();
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// Holds the writing connection until it can't be trusted any more.
pub(crate) async fn run_writer(
    connection: sqlx::SqliteConnection,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    statements: Arc<AtomicU64>,
    reserve: Arc<Reserve>,
) {
    let mut tx = Tx::new(Connection::Sqlite(Box::new(connection)), statements);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if !reserve.restore().await {
            let full = Trouble::Passing(StoreError::Full);
            batch = refuse(batch, &full, |job| job.purpose() == Purpose::Ordinary);
        }
        while !batch.is_empty() {
            let Err(trouble) = commit(&mut tx, &mut batch).await else {
                batch.drain(..).for_each(|job| job.answer(Ok(())));
                continue;
            };
            // Often SQLite has done so by itself, and says now that there is nothing to roll back.
            tx.batch("ROLLBACK").await.ok();
            if matches!(trouble, Trouble::Passing(StoreError::Busy)) {
                // What came meanwhile has waited for the same lock.
                while let Ok(job) = jobs.try_recv() {
                    batch.push(job);
                }
            }
            let has_room =
                matches!(trouble, Trouble::Passing(StoreError::Full)) && reserve.give_way();
            batch = refuse(batch, &trouble, |job| {
                !has_room || job.purpose() == Purpose::Ordinary
            });
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
}

/// Refuses some writes of a batch; the others.
fn refuse(
    batch: Vec<Box<dyn Job>>,
    trouble: &Trouble,
    is_refused: impl Fn(&dyn Job) -> bool,
) -> Vec<Box<dyn Job>> {
    let (refused, others): (Vec<_>, Vec<_>) = batch.into_iter().partition(|job| is_refused(&**job));
    refused.into_iter().for_each(|job| job.answer(Err(trouble)));
    others
}

/// Why a batch is not known to be kept.
pub(crate) enum Trouble {
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
async fn commit(tx: &mut Tx, batch: &mut [Box<dyn Job>]) -> Result<(), Trouble> {
    tx.is_full = false;
    let begun = tx.batch("BEGIN IMMEDIATE; SAVEPOINT one").await;
    begun.map_err(|error| Trouble::new(error, tx, false))?;
    for job in batch {
        let done = AssertUnwindSafe(job.run(tx)).catch_unwind().await;
        let is_kept = done.unwrap_or_else(|panic| {
            tracing::error!(panic = panic_text(&*panic), "a write panicked; undone");
            false
        });
        let ended = tx.batch(match is_kept {
            true => "RELEASE one; SAVEPOINT one",
            false => "ROLLBACK TO one",
        });
        let ended = ended.await;
        ended.map_err(|error| Trouble::new(error, tx, false))?;
        if tx.is_full {
            return Err(Trouble::Passing(StoreError::Full));
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
pub(crate) fn queue() -> (Writer, mpsc::Receiver<Box<dyn Job>>) {
    let (sender, receiver) = mpsc::channel(1_024);
    (Writer::Sqlite(sender), receiver)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use sqlx::Connection as _;

    use super::*;
    use crate::sql::Query;

    /// A neighbor finds the disk full, so that the whole batch is run again without it, in the room that is
    /// kept: what was done the first time says nothing any more.
    #[tokio::test]
    async fn a_write_that_panics_when_it_is_run_again_is_not_told_as_kept() {
        let folder = std::env::temp_dir().join(format!("seatwright-again-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let reserve = Arc::new(Reserve::beside(&folder.join("test.db")));
        reserve.keep(1);
        let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:")
            .await
            .unwrap();
        let table = "CREATE TABLE runs (number INTEGER)";
        sqlx::raw_sql(table).execute(&mut connection).await.unwrap();
        let (writer, jobs) = queue();
        tokio::spawn(run_writer(connection, jobs, Arc::default(), reserve));

        let runs = Arc::new(AtomicU32::new(0));
        let settles = (Mode::Commit, Purpose::Settling);
        let settling = writer.write(runs.clone(), settles, |runs, tx| {
            Box::pin(async move {
                tx.execute(Query::new("INSERT INTO runs VALUES (1)"))
                    .await?;
                assert_eq!(runs.fetch_add(1, Ordering::Relaxed), 0, "planted");
                Ok::<_, StoreError>(())
            })
        });
        let orders = (Mode::Commit, Purpose::Ordinary);
        let ordinary = writer.write((), orders, |(), tx| {
            Box::pin(async move {
                tx.is_full = true;
                Err::<(), _>(StoreError::Full)
            })
        });
        let (settled, ordered) = tokio::join!(settling, ordinary);
        assert!(matches!(ordered, Err(StoreError::Full)), "{ordered:?}");
        assert_eq!(runs.load(Ordering::Relaxed), 2, "it is run again");
        assert!(matches!(settled, Err(StoreError::Stopped)), "{settled:?}");
        let kept = writer.write((), orders, |(), tx| {
            Box::pin(async move { tx.rows(Query::new("SELECT number FROM runs")).await })
        });
        let kept = kept
            .await
            .unwrap_or_else(|error: StoreError| panic!("{error}"));
        assert_eq!(kept.len(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
