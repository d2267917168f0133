//! What a database says when it can't do its part, and what that means for whoever waits.

use sqlx::error::DatabaseError;

use crate::StoreError;

/// SQLite's primary codes; extended ones have them in their lowest byte.
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_FULL: u32 = 13;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        match &error {
            sqlx::Error::Database(told) => read(&**told).unwrap_or(StoreError::Database(error)),
            sqlx::Error::PoolTimedOut => StoreError::Busy,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) => StoreError::Away(error.to_string()),
            _ => StoreError::Database(error),
        }
    }
}

/// What needs no look at the statement: five letters are PostgreSQL's, a number is SQLite's.
fn read(told: &dyn DatabaseError) -> Option<StoreError> {
    let code = told.code()?;
    match (code.len(), code.parse::<u32>()) {
        (5, _) => match &*code {
            // disk_full
            "53100" => Some(StoreError::Full),
            // too_many_connections, lock_not_available
            "53300" | "55P03" => Some(StoreError::Busy),
            // admin_shutdown, crash_shutdown, cannot_connect_now, read_only_sql_transaction
            "57P01" | "57P02" | "57P03" | "25006" => Some(StoreError::Away(told.to_string())),
            _ => None,
        },
        (_, Ok(number)) => match number & 0xff {
            SQLITE_FULL => Some(StoreError::Full),
            SQLITE_BUSY | SQLITE_LOCKED => Some(StoreError::Busy),
            _ => None,
        },
        _ => None,
    }
}
