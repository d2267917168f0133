//! Backups: one SQLite file, whichever database it is taken of, and back into either.
//!
//! A backup is paused ([`crate::installation`]): whoever starts on it buys nothing until a person takes over.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

use crate::installation::{self, Installation, Pause};
use crate::schema::{self, SchemaState};
use crate::sql::{Connection, Query, Row, Value};
use crate::{Store, StoreError, Tx, tx};

/// Rows that are read and written at once.
const PAGE: usize = 1_000;

/// Writes a backup of a database, which may be in use: of one instant, whatever is written meanwhile. How
/// many orders it has.
pub async fn write(url: &str, file: &Path, now: Timestamp) -> Result<u64, StoreError> {
    refuse_existing(file)?;
    match url.split_once("://") {
        Some(("sqlite", path)) => write_out(Path::new(path), file).await?,
        _ => {
            let beside = Beside(with(file, ".part"));
            {
                let source = Store::open(url).await?;
                if schema::check(&source).await? != SchemaState::Current {
                    return Err(StoreError::OtherRelease);
                }
                let mut tx = source.read().await?;
                tx.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?;
                copy(&mut tx, &new_file(&beside.0).await?).await?;
                tx.batch("COMMIT").await?;
            }
            write_out(&beside.0, file).await?;
        }
    }
    // One file, without a log beside it.
    let mut copied = connect(file, SqliteJournalMode::Delete).await?;
    let known = Installation {
        place: String::new(),
        pause: Some(Pause {
            reason: format!(
                "restored from a backup of {}",
                now.strftime("%Y-%m-%d %H:%M UTC")
            ),
            since: now,
        }),
    };
    installation::save(&mut copied, &known).await?;
    check_file(&mut copied).await?;
    count(&mut copied).await
}

/// Puts a backup into an empty database of either kind. How many orders there are.
pub async fn restore(file: &Path, url: &str) -> Result<u64, StoreError> {
    let mut source = connect(file, SqliteJournalMode::Delete).await?;
    check_file(&mut source).await?;
    if let Some(("sqlite", path)) = url.split_once("://") {
        let path = Path::new(path);
        refuse_existing(path)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(file, path)?;
        File::open(path)?.sync_all()?;
        return count(&mut source).await;
    }
    if schema::version(&mut source).await? != schema::COUNT as i64 {
        return Err(StoreError::OtherRelease);
    }
    let target = Store::open(url).await?;
    schema::migrate(&target).await?;
    let query = Query::new("SELECT id FROM organizations LIMIT 1");
    if target.read().await?.row(query).await?.is_some() {
        return Err(StoreError::NotEmpty("the database".into()));
    }
    copy(&mut source, &target).await?;
    count(&mut target.read().await?).await
}

/// Refuses a file that SQLite finds damaged; a server sees to its own.
pub async fn check_file(tx: &mut Tx) -> Result<(), StoreError> {
    if !tx.is_sqlite() {
        return Ok(());
    }
    for row in tx.rows(Query::new("PRAGMA integrity_check")).await? {
        let found: String = row.get("integrity_check")?;
        if found != "ok" {
            return Err(StoreError::Corrupt(found));
        }
    }
    match tx.row(Query::new("PRAGMA foreign_key_check")).await? {
        Some(row) => {
            let table: String = row.get("table")?;
            let words = format!("a row of {table} points at nothing");
            Err(StoreError::Corrupt(words))
        }
        None => Ok(()),
    }
}

fn refuse_existing(file: &Path) -> Result<(), StoreError> {
    match file.exists() {
        true => Err(StoreError::NotEmpty(file.display().to_string())),
        false => Ok(()),
    }
}

/// Writes a database, which may be in use, into one file.
async fn write_out(path: &Path, file: &Path) -> Result<(), StoreError> {
    let mut source = connect(path, SqliteJournalMode::Wal).await?;
    let name = file.to_str().ok_or(StoreError::BadAddress)?;
    let query = Query::new("VACUUM INTO $1").bind(name);
    source.execute(query).await.map(drop)
}

/// A database that is only needed on the way; its files go with it.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", ".lock"] {
            std::fs::remove_file(with(&self.0, end)).ok();
        }
    }
}

fn with(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// An empty database in a file that is not there yet.
async fn new_file(file: &Path) -> Result<Store, StoreError> {
    refuse_existing(file)?;
    let store = Store::open(&format!("sqlite://{}", file.display())).await?;
    schema::migrate(&store).await?;
    Ok(store)
}

/// A connection of its own to a file that is there, beside whoever else has it.
async fn connect(path: &Path, journal: SqliteJournalMode) -> Result<Tx, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(journal)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let connection = Connection::Sqlite(Box::new(options.connect().await?));
    Ok(Tx::new(connection, Arc::default()))
}

async fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    let row = tx.row(Query::new("SELECT COUNT(*) AS count FROM orders"));
    let count: i64 = row.await?.ok_or(StoreError::NotFound)?.get("count")?;
    Ok(count.unsigned_abs())
}

/// A table as the embedded database knows it; both have the same.
struct Table {
    name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: String,
    /// Its place in the primary key, from 1 on; 0 outside it.
    key: i64,
}

impl Table {
    fn key(&self) -> Vec<&Column> {
        let mut key: Vec<&Column> = self.columns.iter().filter(|c| c.key > 0).collect();
        key.sort_by_key(|column| column.key);
        key
    }

    /// The next rows after one of them, by the primary key.
    async fn page(&self, tx: &mut Tx, after: Option<&Row>) -> Result<Vec<Row>, StoreError> {
        let mut query = names(Query::new("SELECT "), &self.columns)?;
        query = query.then(" FROM ").name(&self.name)?;
        let key = self.key();
        if let Some(after) = after {
            query = names(query.then(" WHERE ("), key.iter().copied())?.then(") > ");
            let values: Result<Vec<Value>, _> = key.iter().map(|c| c.value(after)).collect();
            query = query.list(values?);
        }
        query = names(query.then(" ORDER BY "), key.iter().copied())?;
        tx.rows(query.then(" LIMIT ").number(PAGE)).await
    }
}

fn names<'c>(
    mut query: Query,
    columns: impl IntoIterator<Item = &'c Column>,
) -> Result<Query, StoreError> {
    for (at, column) in columns.into_iter().enumerate() {
        query = if at == 0 { query } else { query.then(", ") }.name(&column.name)?;
    }
    Ok(query)
}

impl Column {
    fn value(&self, row: &Row) -> Result<Value, StoreError> {
        Ok(match self.kind.as_str() {
            "BLOB" => row.get::<Option<uuid::Uuid>>(&self.name)?.into(),
            "TEXT" => row.get::<Option<String>>(&self.name)?.into(),
            "INTEGER" => row.get::<Option<i64>>(&self.name)?.into(),
            other => return Err(StoreError::Corrupt(format!("a column of {other}"))),
        })
    }
}

/// The tables of the embedded database, each after those that it points at, which is how they are made.
async fn tables(tx: &mut Tx) -> Result<Vec<Table>, StoreError> {
    let query = Query::new(
        "SELECT t.name AS in_table, c.name AS name, c.type AS kind, c.pk AS place \
         FROM sqlite_master t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.rowid, c.cid",
    );
    let mut found: Vec<Table> = Vec::new();
    for row in tx.rows(query).await? {
        let name: String = row.get("in_table")?;
        let column = Column {
            name: row.get("name")?,
            kind: row.get("kind")?,
            key: row.get("place")?,
        };
        match found.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => found.push(Table {
                name,
                columns: vec![column],
            }),
        }
    }
    Ok(found)
}

/// Copies all rows into a database of the same schema that has none but those its migrations wrote.
async fn copy(source: &mut Tx, target: &Store) -> Result<(), StoreError> {
    let known = match source.is_sqlite() {
        true => tables(source).await?,
        false => tables(&mut target.read().await?).await?,
    };
    let known = Arc::new(known);
    let cleared = target.write(known.clone(), |known, tx| {
        Box::pin(async move {
            for table in known.iter().rev() {
                let query = Query::new("DELETE FROM ").name(&table.name)?;
                tx.execute(query).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    cleared.await?;
    for at in 0..known.len() {
        let table = &known[at];
        let mut rows = table.page(source, None).await?;
        while let Some(last) = rows.last() {
            let next = match rows.len() {
                PAGE => table.page(source, Some(last)).await?,
                _ => Vec::new(),
            };
            let values = rows.iter().map(|row| {
                let columns = table.columns.iter();
                columns.map(|column| column.value(row)).collect()
            });
            let values = values.collect::<Result<Vec<Vec<Value>>, StoreError>>()?;
            let put = target.write((known.clone(), values), move |(known, values), tx| {
                let table = &known[at];
                Box::pin(async move {
                    let head = Query::new("INSERT INTO ").name(&table.name)?.then(" (");
                    let head = names(head, &table.columns)?.then(") VALUES ");
                    tx::insert_under(tx, &head, values.clone(), "").await
                })
            });
            put.await?;
            rows = next;
        }
    }
    Ok(())
}
