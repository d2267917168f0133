//! The only SQL there is: embedded SQLite and PostgreSQL behind one text, a file for each noun.
//!
//! Functions take a [`Tx`] and, for what belongs to an organization, that organization; permission
//! is decided above, in `app`, and visibility arrives as data that becomes part of the query.

pub mod accounts;
pub mod admissions;
pub mod approval_rules;
pub mod backup;
pub mod catalog;
pub mod changes;
pub mod credentials;
pub mod desk;
pub mod differences;
pub mod edits;
pub mod failures;
mod fault;
mod holder;
pub mod installation;
pub mod jobs;
pub mod orders;
pub mod organizations;
pub mod plan_prices;
pub mod price_imports;
pub mod price_rules;
pub mod quotes;
pub mod reconciliations;
pub mod requests;
mod reserve;
pub mod rests;
pub mod schema;
pub mod slots;
mod sql;
pub mod subscriptions;
pub mod suspensions;
pub mod tasks;
pub mod terms;
mod tx;
pub mod users;
pub mod verification;
pub mod views;

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use futures::future::BoxFuture;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, PgConnection, PgPool, SqlitePool};

use self::reserve::Reserve;
use self::sql::{Connection, Query};
pub use self::tx::{Mode, Tx};
use self::tx::{Purpose, Writer};

/// SQLite lost commits in WAL mode before this version (its change log of 3.51.3).
const SQLITE_MINIMUM: (u32, u32, u32) = (3, 51, 3);
const READERS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long a write waits for a lock, or for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may take to show that it is alive; else it is replaced.
const PING_MAX: Duration = Duration::from_secs(2);

/// What storage found, or could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such row in the organization that was asked for.
    #[error("not found")]
    NotFound,
    /// The row changed since it was read.
    #[error("changed meanwhile")]
    Conflict,
    /// The value is taken: a number, a slug, an address.
    #[error("already taken")]
    Taken,
    /// Another order has what this one needs: one is open for each subscription.
    #[error("order {order} has not been decided yet")]
    Occupied {
        /// Its number.
        order: u64,
    },
    /// There is something already where a backup is to be written, or restored.
    #[error("{0} is not empty; choose another place")]
    NotEmpty(String),
    /// The database file is in use.
    #[error("the database {path} is in use by process {holder}")]
    InUse {
        /// The file.
        path: String,
        /// Who holds it.
        holder: String,
    },
    /// The address of the database can't be read. The address itself may hold a password.
    #[error("database_url must be sqlite://PATH or postgres://…")]
    BadAddress,
    /// The bundled SQLite is older than is safe.
    #[error("SQLite {0} may lose commits; 3.51.3 or later is needed")]
    UnsafeSqlite(String),
    /// The schema is of a newer release.
    #[error("the database was written by a newer release; use that one")]
    Newer,
    /// A backup's schema and the program's are not the same.
    #[error(
        "it was written by another release; bring the database up to date with `seatwright migrate` first"
    )]
    OtherRelease,
    /// There is no room for it. Nothing of the write was kept; reading goes on.
    #[error("the disk is full")]
    Full,
    /// Somebody else holds what it needs, for longer than one waits. Nothing of the write was kept.
    #[error("the database is busy")]
    Busy,
    /// The database can't be reached, or can't be written before the next start. Nothing was kept.
    #[error("the database can't be used: {0}")]
    Away(String),
    /// The database went away in the commit: nobody can tell yet whether the write was kept.
    #[error("it is not known whether the write was kept")]
    Unknown,
    /// The write ended without an answer: it panicked, and was undone.
    #[error("the write was not carried out")]
    Stopped,
    /// Stored data does not fit the program.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The database failed.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// The file system failed.
    #[error("database file: {0}")]
    File(#[from] std::io::Error),
}

/// A transaction is committed and synced. Made here alone, after that.
#[derive(Debug)]
pub struct Committed(());

impl domain::provisioning::engine::Durable for Committed {}

/// An open database.
#[derive(Clone)]
pub struct Store {
    reader: Reader,
    writer: Writer,
    statements: Arc<AtomicU64>,
    /// The file, where there is one, and the room beside it.
    path: Option<PathBuf>,
    reserve: Option<Arc<Reserve>>,
    /// Held as long as any clone lives; a second process is refused.
    _lock: Option<Arc<File>>,
}

#[derive(Clone)]
enum Reader {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Opens `sqlite://PATH` (made when missing) or `postgres://…`; the schema is not touched.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Store::open_sqlite(Path::new(path)).await,
            Some(("postgres" | "postgresql", _)) => Store::open_postgres(url).await,
            _ => Err(StoreError::BadAddress),
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Store, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let connection = options.connect().await?;
        let (writer, jobs) = tx::sqlite_queue();
        let statements = Arc::new(AtomicU64::new(0));
        let reserve = Arc::new(Reserve::beside(path));
        let writer_runs =
            tx::run_sqlite_writer(connection, jobs, statements.clone(), reserve.clone());
        tokio::spawn(writer_runs);
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        let store = Store {
            reader: Reader::Sqlite(readers),
            writer,
            statements,
            path: Some(path.to_owned()),
            reserve: Some(reserve),
            _lock: Some(Arc::new(lock)),
        };
        store.assert_sqlite_version().await?;
        Ok(store)
    }

    async fn open_postgres(url: &str) -> Result<Store, StoreError> {
        let options = sqlx::postgres::PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::BadAddress)?
            .options([("lock_timeout", PATIENCE.as_millis().to_string())])
            .disable_statement_logging();
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS_MAX)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(is_alive(connection)))
            // What is given back is asked too, and would be for ever, with its place in the pool.
            .after_release(|connection, _| Box::pin(is_alive(connection)))
            .connect_with(options)
            .await?;
        let statements = Arc::new(AtomicU64::new(0));
        let writer = Writer::Postgres(pool.clone(), statements.clone());
        Ok(Store {
            reader: Reader::Postgres(pool),
            writer,
            statements,
            path: None,
            reserve: None,
            _lock: None,
        })
    }

    async fn assert_sqlite_version(&self) -> Result<(), StoreError> {
        let row = self
            .read()
            .await?
            .row(Query::new("SELECT sqlite_version() AS version"))
            .await?;
        let version: String = row.ok_or(StoreError::NotFound)?.get("version")?;
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        if (next(), next(), next()) < SQLITE_MINIMUM {
            return Err(StoreError::UnsafeSqlite(version));
        }
        Ok(())
    }

    /// What tells this database from a copy of it: the file with its birth, or the server's own number and
    /// the database's in it. A file that is copied back over itself by hand is not told.
    pub async fn place(&self) -> Result<String, StoreError> {
        use std::os::unix::fs::MetadataExt;
        if let Some(path) = &self.path {
            let facts = std::fs::metadata(path)?;
            let born = facts.created().ok();
            let born = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
            let born = born.map_or(0, |born| born.as_secs());
            return Ok(format!("file {} of {born}", facts.ino()));
        }
        let query = Query::new(
            "SELECT 'server ' || system_identifier || ' database ' || oid AS place \
             FROM pg_control_system(), pg_database WHERE datname = current_database()",
        );
        let row = self.read().await?.row(query).await?;
        row.ok_or(StoreError::NotFound)?.get("place")
    }

    /// What the database's own clock says; `None` where it has none but this machine's.
    pub async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        if self.is_exclusive() {
            return Ok(None);
        }
        let query = "SELECT (EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000)::BIGINT AS told_at";
        let row = self.read().await?.row(Query::new(query)).await?;
        let told_at: i64 = row.ok_or(StoreError::NotFound)?.get("told_at")?;
        Ok(Timestamp::from_microsecond(told_at).ok())
    }

    /// Whether no other process can be using this database.
    pub fn is_exclusive(&self) -> bool {
        matches!(self.reader, Reader::Sqlite(_))
    }

    /// Waits until the database can't be written any more, and only a new start can recover it: a sync
    /// has failed, so that nobody knows what is on the disk.
    pub async fn broken(&self) {
        self.writer.broken().await;
    }

    /// Statements that have been run, beside those that begin and end transactions.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// A connection to read with; statements see what is committed.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let connection = match &self.reader {
            Reader::Sqlite(pool) => Connection::SqliteRead(pool.acquire().await?),
            Reader::Postgres(pool) => Connection::PostgresRead(pool.acquire().await?),
        };
        Ok(Tx::new(connection, self.statements.clone()))
    }

    /// The same database for somebody who is not to write.
    pub fn to_read(&self) -> ReadOnly {
        ReadOnly(self.clone())
    }

    /// Runs a write in a transaction and commits it when it succeeds.
    ///
    /// The closure may run several times, and runs to its end even when the caller goes away, so it
    /// takes all that it needs as `state` and calls nothing but the store.
    pub async fn write<S, T, E, F>(&self, state: S, work: F) -> Result<T, E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.writer
            .write(state, (Mode::Commit, Purpose::Ordinary), work)
            .await
    }

    /// [`Store::write`] with the proof that it can't be lost any more.
    pub async fn write_durably<S, T, E, F>(&self, state: S, work: F) -> Result<(T, Committed), E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let written = self.write(state, work).await?;
        Ok((written, Committed(())))
    }

    /// [`Store::write`], kept or only shown.
    pub async fn write_or_show<S, T, E, F>(&self, state: S, mode: Mode, work: F) -> Result<T, E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.writer
            .write(state, (mode, Purpose::Ordinary), work)
            .await
    }

    /// [`Store::write`] of what has happened elsewhere already: on a full disk it has the room that is kept
    /// for it ([`Store::keep_room`]).
    pub async fn write_settling<S, T, E, F>(&self, state: S, work: F) -> Result<T, E>
    where
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.writer
            .write(state, (Mode::Commit, Purpose::Settling), work)
            .await
    }

    /// Keeps so many bytes free beside SQLite's file. While they are not there, only what settles is written.
    /// The room of a PostgreSQL server is its operator's.
    pub fn keep_room(&self, bytes: u64) {
        if let Some(reserve) = &self.reserve {
            reserve.keep(bytes);
        }
    }
}

/// A database that can be read and not written: it has no write to call.
#[derive(Clone)]
pub struct ReadOnly(Store);

impl ReadOnly {
    /// [`Store::read`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.0.read().await
    }
}

async fn is_alive(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sql::within(PING_MAX, connection.ping()).await?;
    Ok(true)
}

/// One process per file: the lock file names the holder.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            let path = path.display().to_string();
            return Err(StoreError::InUse {
                path,
                holder: holder.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}
