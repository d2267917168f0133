//! A write on PostgreSQL, run again where it can't be serialized; a commit whose answer is lost is looked up.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::{PgPool, Row as _};

use super::{Mode, RETRIES_MAX, Tx, is_conflict, run};
use crate::sql::{Connection, Query, SILENCE_MAX, within};
use crate::{PING_MAX, StoreError};

/// How long a server is looked for that is away, or has not noticed yet that the connection is cut, and the
/// pause between two looks.
const LOOKED_FOR: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

type Server<'a> = (&'a PgPool, &'a Arc<AtomicU64>);

/// What a transaction is known by when the connection is gone. After a failover to another server the same
/// number may stand for another transaction: the server's line of history tells.
struct Mark {
    number: String,
    history: String,
}

impl Mark {
    async fn of(tx: &mut Tx) -> Result<Mark, StoreError> {
        // Who has nothing to write, because it was done before, answers for what it has read: its commit waits
        // for a standby too, which it does only for something written.
        let query = Query::new(
            "SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL \
             AND current_setting('synchronous_standby_names') <> '' \
             THEN pg_logical_emit_message(true, 'seatwright', '')::text END AS waits, \
             pg_current_xact_id()::text AS number, \
             left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS history",
        );
        let row = tx.row(query).await?.ok_or(StoreError::NotFound)?;
        Ok(Mark {
            number: row.get("number")?,
            history: row.get("history")?,
        })
    }

    /// Whether it was committed; fails when nobody can tell within seconds.
    async fn is_committed(&self, pool: &PgPool) -> Result<bool, StoreError> {
        let looks = async {
            loop {
                match self.look(pool).await.as_deref() {
                    Ok("committed") => match confirm(pool).await {
                        Ok(()) => return Ok(true),
                        Err(_) => tokio::time::sleep(PAUSE).await,
                    },
                    Ok("aborted") => return Ok(false),
                    Ok("in progress") | Err(_) => tokio::time::sleep(PAUSE).await,
                    Ok(_) => return Err(StoreError::Unknown),
                }
            }
        };
        // A server that is away makes each look as long as one waits for a connection.
        let found = tokio::time::timeout(LOOKED_FOR, looks).await;
        found.unwrap_or(Err(StoreError::Unknown))
    }

    async fn look(&self, pool: &PgPool) -> Result<String, sqlx::Error> {
        let looked = sqlx::query(
            "SELECT CASE WHEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) = $2 \
             THEN COALESCE(pg_xact_status($1::xid8), '') ELSE '' END",
        );
        let looked = looked.bind(&self.number).bind(&self.history);
        looked.fetch_one(pool).await?.try_get(0)
    }
}

/// A server that was started again tells of commits that were never answered, because its standby has not got
/// them. One that comes after them waits for them too.
async fn confirm(pool: &PgPool) -> Result<(), sqlx::Error> {
    let confirm = sqlx::query("SELECT pg_logical_emit_message(true, 'seatwright', '')");
    confirm.execute(pool).await.map(drop)
}

pub(super) async fn write<S, T, E, F>(
    (pool, statements): Server<'_>,
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
        let transaction = within(SILENCE_MAX, pool.begin()).await;
        let transaction = transaction.map_err(StoreError::from)?;
        let mut tx = Tx::new(Connection::Postgres(transaction), statements.clone());
        let mut result = run(&mut tx, state, work).await;
        let mut mark = None;
        if result.is_ok() && mode == Mode::Commit {
            match Mark::of(&mut tx).await {
                Ok(found) => mark = Some(found),
                Err(error) => result = Err(error.into()),
            }
        }
        let may_retry = tries < RETRIES_MAX;
        let (is_conflicted, Connection::Postgres(transaction)) = (tx.is_conflicted, tx.connection)
        else {
            return result;
        };
        if is_conflicted && may_retry {
            continue;
        }
        let Some(mark) = mark else {
            // A connection that is gone has rolled back already.
            let ended = within(PING_MAX, transaction.rollback()).await;
            let ended = ended.map_err(StoreError::from);
            return match (result, ended) {
                (Ok(_), Err(error)) => Err(error.into()),
                (result, _) => result,
            };
        };
        match within(SILENCE_MAX, transaction.commit()).await {
            Ok(()) => return result,
            Err(error) if is_conflict(&error) && may_retry => {}
            Err(sqlx::Error::Database(told)) if !is_end(&*told) => {
                return Err(StoreError::from(sqlx::Error::Database(told)).into());
            }
            Err(error) => {
                tracing::warn!(%error, "the answer to a commit is lost; looking for its transaction");
                match mark.is_committed(pool).await? {
                    true => return result,
                    false if may_retry => {}
                    false => return Err(StoreError::from(error).into()),
                }
            }
        }
    }
}

/// The server ends the connection (class 57): what it did before may be either.
fn is_end(told: &dyn sqlx::error::DatabaseError) -> bool {
    told.code().is_some_and(|code| code.starts_with("57P"))
}
