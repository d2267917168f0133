//! Browser sessions and API tokens: one table, hashes only, listed and ended by their owner.

use domain::id::{TokenId, UserId};
use domain::text::Email;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx};

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A browser's cookie.
    Session,
    /// A program's bearer token.
    Token,
}

/// A session or token, without its secret.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id, to end it by.
    pub id: TokenId,
    /// What it is.
    pub kind: CredentialKind,
    /// Whose it is.
    pub user: UserId,
    /// What its owner called it, or the browser's own words.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a session or token under its secret's hash.
pub async fn save(tx: &mut Tx, hash: &str, credential: &Credential) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO credentials (hash, id, kind, user_id, label, created_at, seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(hash)
    .bind(credential.id.0)
    .bind(word(&credential.kind)?)
    .bind(credential.user.0)
    .bind(credential.label.as_str())
    .bind(credential.created_at.as_microsecond())
    .bind(credential.seen_at.as_microsecond())
    .bind(credential.expires_at.as_microsecond());
    tx.execute(query).await.map(drop)
}

/// Finds what a secret opens at an instant; an expired one opens nothing.
pub async fn find(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<Credential>, StoreError> {
    let query = Query::new(
        "SELECT id, kind, user_id, label, created_at, seen_at, expires_at FROM credentials",
    )
    .and(" WHERE hash = ?", hash)
    .and(" AND expires_at > ?", now.as_microsecond());
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// A person's tokens that have not expired, newest first.
pub async fn list(
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Credential>, StoreError> {
    let query = Query::new(
        "SELECT id, kind, user_id, label, created_at, seen_at, expires_at FROM credentials",
    )
    .and(" WHERE user_id = ?", user.0)
    .and(" AND kind = ?", word(&CredentialKind::Token)?)
    .and(" AND expires_at > ?", now.as_microsecond())
    .then(" ORDER BY created_at DESC, id");
    tx.rows(query).await?.iter().map(read).collect()
}

/// Notes a use.
pub async fn touch(tx: &mut Tx, id: TokenId, now: Timestamp) -> Result<(), StoreError> {
    let query = Query::new("UPDATE credentials SET seen_at = $1 WHERE id = $2")
        .bind(now.as_microsecond())
        .bind(id.0);
    tx.execute(query).await.map(drop)
}

/// Wrong passwords for an address since an instant.
pub async fn failures(tx: &mut Tx, email: &Email, since: Timestamp) -> Result<i64, StoreError> {
    let query = Query::new("SELECT COUNT(*) AS n FROM sign_in_failures")
        .and(" WHERE email = ?", email.as_str().to_lowercase())
        .and(" AND failed_at > ?", since.as_microsecond());
    tx.row(query).await?.map_or(Ok(0), |row| row.get("n"))
}

/// Counts a wrong password under an id of its own, and forgets those before an instant.
pub async fn add_failure(
    tx: &mut Tx,
    email: &Email,
    (id, at): (TokenId, Timestamp),
    before: Timestamp,
) -> Result<(), StoreError> {
    let email = email.as_str().to_lowercase();
    let forget = Query::new("DELETE FROM sign_in_failures")
        .and(" WHERE email = ?", email.as_str())
        .and(" AND failed_at <= ?", before.as_microsecond());
    tx.execute(forget).await?;
    let query =
        Query::new("INSERT INTO sign_in_failures (email, failed_at, id) VALUES ($1, $2, $3)")
            .bind(email)
            .bind(at.as_microsecond())
            .bind(id.0);
    tx.execute(query).await.map(drop)
}

/// Ends a session or token of a person; anybody else's is not found.
pub async fn revoke(tx: &mut Tx, user: UserId, id: TokenId) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM credentials WHERE user_id = $1 AND id = $2")
        .bind(user.0)
        .bind(id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

fn read(row: &Row) -> Result<Credential, StoreError> {
    Ok(Credential {
        id: TokenId(row.get("id")?),
        kind: row.word("kind")?,
        user: UserId(row.get("user_id")?),
        label: row.get("label")?,
        created_at: instant(row, "created_at")?,
        seen_at: instant(row, "seen_at")?,
        expires_at: instant(row, "expires_at")?,
    })
}

pub(crate) fn instant(row: &Row, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(row.get(column)?)
        .map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
}
