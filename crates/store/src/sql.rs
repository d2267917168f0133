//! The one place that knows there are two databases: values in, rows out, the same SQL text to both.

use std::io;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite};
use uuid::Uuid;

use crate::StoreError;

/// A server that says nothing for so long is taken for gone: a machine that has lost its power, or its network,
/// ends no connection. Longer than anything takes that is asked in a request or by a worker.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(20);

/// A value for a placeholder.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Id(Uuid),
    Text(String),
    Number(i64),
    MaybeNumber(Option<i64>),
    MaybeText(Option<String>),
    MaybeId(Option<Uuid>),
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Value {
        Value::Id(id)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Number(i64::from(flag))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Value {
        Value::MaybeNumber(number)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Value {
        Value::MaybeText(text)
    }
}

impl From<Option<Uuid>> for Value {
    fn from(id: Option<Uuid>) -> Value {
        Value::MaybeId(id)
    }
}

/// A statement under construction. Text is `&'static str`, or a plain name, which keeps injection out.
#[derive(Clone)]
pub(crate) struct Query {
    text: String,
    values: Vec<Value>,
}

impl Query {
    pub(crate) fn new(text: &'static str) -> Query {
        Query {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Gives the next placeholder its value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Query {
        self.values.push(value.into());
        self
    }

    /// Appends text whose `?` stands for the next placeholder.
    pub(crate) fn and(mut self, text: &'static str, value: impl Into<Value>) -> Query {
        self.values.push(value.into());
        let (before, after) = text.split_once('?').unwrap_or((text, ""));
        self.text += &format!("{before}${}{after}", self.values.len());
        self
    }

    /// Appends text without a value.
    pub(crate) fn then(mut self, text: &'static str) -> Query {
        self.text += text;
        self
    }

    /// Appends another statement, whose placeholders come after those before.
    fn append(mut self, other: Query) -> Query {
        let before = self.values.len();
        let mut parts = other.text.split('$');
        self.text += parts.next().unwrap_or_default();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().unwrap_or_default();
            self.text += &format!("${}{rest}", before + number);
        }
        self.values.extend(other.values);
        self
    }

    /// Appends the name of a table or column: small letters, digits and underscores, or it is refused.
    pub(crate) fn name(mut self, name: &str) -> Result<Query, StoreError> {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(StoreError::Corrupt(format!("{name:?} is no name")));
        }
        self.text += name;
        Ok(self)
    }

    /// Appends a number as text: the planner is to know it.
    pub(crate) fn number(mut self, number: usize) -> Query {
        self.text += &number.to_string();
        self
    }

    /// Appends a parenthesized list of placeholders: a row of `VALUES`, or what `IN` compares with.
    pub(crate) fn list(mut self, values: impl IntoIterator<Item = Value>) -> Query {
        let first = self.values.len() + 1;
        self.values.extend(values);
        let names: Vec<String> = (first..=self.values.len())
            .map(|number| format!("${number}"))
            .collect();
        self.text += &format!("({})", names.join(", "));
        self
    }
}

/// Statements that don't look at each other's effects, as one.
pub(crate) struct Batch(Vec<Query>);

impl Batch {
    pub(crate) fn new() -> Batch {
        Batch(Vec::new())
    }

    pub(crate) fn push(&mut self, query: Query) {
        self.0.push(query);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Values of all of them.
    pub(crate) fn values(&self) -> usize {
        self.0.iter().map(|query| query.values.len()).sum()
    }

    /// All that came in: one after the other on SQLite, with one snapshot on PostgreSQL, whose
    /// prepared statements are single ones.
    pub(crate) fn take(&mut self, is_sqlite: bool) -> Option<Query> {
        let mut queries = std::mem::take(&mut self.0);
        let last = queries.pop()?;
        let mut all = Query::new("");
        for (at, query) in queries.into_iter().enumerate() {
            if is_sqlite {
                all = all.append(query).then("; ");
                continue;
            }
            let before = if at == 0 { "WITH write_" } else { ", write_" };
            all = all.then(before).number(at).then(" AS (");
            all = all.append(query).then(")");
        }
        Some(all.then(" ").append(last))
    }
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// Reads a column by name.
    pub(crate) fn get<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::Decode<'r, Sqlite>
            + sqlx::Type<Sqlite>
            + for<'r> sqlx::Decode<'r, Postgres>
            + sqlx::Type<Postgres>,
    {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Postgres(row) => row.try_get(column)?,
        })
    }

    /// Reads a column of JSON text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(&self.get::<String>(column)?)
            .map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
    }

    /// Reads a column of JSON text that may be empty.
    pub(crate) fn maybe_json<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
    }

    /// Reads a column that holds a word of a domain enum.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        serde_json::from_value(serde_json::Value::String(self.get(column)?))
            .map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
    }
}

/// JSON text of a domain value. Our own types always have one.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// The stored word of a domain enum.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        other => Err(StoreError::Corrupt(format!("not a word: {other:?}"))),
    }
}

/// A connection to either database.
pub(crate) enum Connection {
    Sqlite(Box<sqlx::SqliteConnection>),
    SqliteRead(sqlx::pool::PoolConnection<Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
    PostgresRead(sqlx::pool::PoolConnection<Postgres>),
}

macro_rules! run {
    ($connection:expr, $query:expr, $method:ident, $rows:expr) => {{
        let Query { text, values } = $query;
        macro_rules! bound {
            () => {{
                let mut query = sqlx::query(AssertSqlSafe(text));
                for value in values {
                    query = match value {
                        Value::Id(id) => query.bind(id),
                        Value::Text(text) => query.bind(text),
                        Value::Number(number) => query.bind(number),
                        Value::MaybeNumber(number) => query.bind(number),
                        Value::MaybeText(text) => query.bind(text),
                        Value::MaybeId(id) => query.bind(id),
                    };
                }
                query
            }};
        }
        match $connection {
            Connection::Sqlite(c) => $rows.sqlite(bound!().$method(&mut **c).await?),
            Connection::SqliteRead(c) => $rows.sqlite(bound!().$method(&mut **c).await?),
            Connection::Postgres(c) => $rows.postgres(bound!().$method(&mut **c).await?),
            Connection::PostgresRead(c) => $rows.postgres(bound!().$method(&mut **c).await?),
        }
    }};
}

struct Rows;

impl Rows {
    fn sqlite(&self, rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
        rows.into_iter().map(Row::Sqlite).collect()
    }

    fn postgres(&self, rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
        rows.into_iter().map(Row::Postgres).collect()
    }
}

struct Count;

impl Count {
    fn sqlite(&self, done: sqlx::sqlite::SqliteQueryResult) -> u64 {
        done.rows_affected()
    }

    fn postgres(&self, done: sqlx::postgres::PgQueryResult) -> u64 {
        done.rows_affected()
    }
}

/// What a server answers, unless it takes longer than that. Its connection is of no more use then.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = |_| {
        let told = format!("the server has said nothing for {} s", limit.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, told).into())
    };
    let answer = tokio::time::timeout(limit, answer).await;
    answer.unwrap_or_else(silent)
}

impl Connection {
    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, sqlx::Error> {
        let limit = self.silence_max();
        within(limit, async { Ok(run!(self, query, fetch_all, Rows)) }).await
    }

    /// Runs a statement; the number of rows it changed.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, sqlx::Error> {
        let limit = self.silence_max();
        within(limit, async { Ok(run!(self, query, execute, Count)) }).await
    }

    /// SQLite is a part of this process.
    fn silence_max(&self) -> Duration {
        match self {
            Connection::Sqlite(_) | Connection::SqliteRead(_) => Duration::MAX,
            Connection::Postgres(_) | Connection::PostgresRead(_) => SILENCE_MAX,
        }
    }

    /// Runs text without values, of one or more statements, as long as that takes.
    pub(crate) async fn batch(&mut self, text: String) -> Result<(), sqlx::Error> {
        let text = sqlx::raw_sql(AssertSqlSafe(text));
        match self {
            Connection::Sqlite(c) => text.execute(&mut **c).await.map(drop),
            Connection::SqliteRead(c) => text.execute(&mut **c).await.map(drop),
            Connection::Postgres(c) => text.execute(&mut **c).await.map(drop),
            Connection::PostgresRead(c) => text.execute(&mut **c).await.map(drop),
        }
    }
}
