//! Browser sessions and API tokens: one table, hashes only, listed and ended by their owner.

use domain::access::Membership;
use domain::id::{OrganizationId, TokenId, UserId};
use domain::organization::Suspended;
use domain::text::Email;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// Whose a credential is.
#[derive(Debug, Clone)]
pub struct Holder {
    /// What they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// The roles they hold, wherever.
    pub memberships: Vec<Membership>,
    /// Of the organizations in which they hold them, those that are suspended.
    pub suspended: Vec<Suspended>,
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

/// What a secret opens, whose it is and which roles they hold, in one look. Nothing when it has expired
/// or its owner is blocked.
pub async fn find_holder(
    tx: &mut Tx,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(Credential, Holder)>, StoreError> {
    let query = Query::new(
        "SELECT c.id, c.kind, c.user_id, c.label, c.created_at, c.seen_at, c.expires_at, \
         u.email, u.name, m.organization_id, m.role, s.body AS suspension, o.name AS suspended \
         FROM credentials c JOIN users u ON u.id = c.user_id \
         LEFT JOIN memberships m ON m.user_id = c.user_id \
         LEFT JOIN suspensions s ON s.organization_id = m.organization_id \
         LEFT JOIN organizations o ON o.id = s.organization_id",
    )
    .and(" WHERE c.hash = ?", hash)
    .and(" AND c.expires_at > ?", now.as_microsecond())
    .then(" AND u.blocked_at IS NULL ORDER BY m.organization_id, m.role");
    let rows = tx.rows(query).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut holder = Holder {
        email: first.get("email")?,
        name: first.get("name")?,
        memberships: Vec::new(),
        suspended: Vec::new(),
    };
    for row in &rows {
        let Some(organization) = row.get::<Option<Uuid>>("organization_id")? else {
            continue;
        };
        let organization = OrganizationId(organization);
        holder.memberships.push(Membership {
            organization,
            role: row.word("role")?,
        });
        let is_known = |known: &Suspended| known.organization == organization;
        if let Some(name) = row.get::<Option<String>>("suspended")?
            && !holder.suspended.iter().any(is_known)
        {
            holder.suspended.push(Suspended {
                organization,
                name,
                suspension: row.json("suspension")?,
            });
        }
    }
    Ok(Some((read(first)?, holder)))
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
