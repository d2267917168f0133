//! People who can sign in, and the roles they hold.

use domain::access::{Membership, Role};
use domain::id::{OrganizationId, UserId};
use domain::text::Email;
use jiff::Timestamp;

use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx};

/// A person who can sign in.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
}

const COLUMNS: &str = "SELECT id, email, name, password_hash FROM users WHERE blocked_at IS NULL";

/// Adds a person. Fails as taken when the address is.
pub async fn save(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
    )
    .bind(user.id.0)
    .bind(user.email.as_str())
    .bind(user.name.as_str())
    .bind(user.password_hash.as_str());
    match tx.execute(query).await? {
        0 => Err(StoreError::Taken),
        _ => Ok(()),
    }
}

/// Blocks a person: no sign-in, no session and no token of theirs works from the next request on.
pub async fn block(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    let query = Query::new("UPDATE users SET blocked_at = $1 WHERE id = $2")
        .bind(now.as_microsecond())
        .bind(user.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Finds a person who is not blocked.
pub async fn find(tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
    let query = Query::new(COLUMNS).and(" AND id = ?", id.0);
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// Finds a person who is not blocked by the address they sign in with.
pub async fn find_by_email(tx: &mut Tx, email: &Email) -> Result<Option<User>, StoreError> {
    let query = Query::new(COLUMNS).and(" AND email = ?", email.as_str().to_lowercase());
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// Gives a person a role; giving it twice is no error.
pub async fn grant(tx: &mut Tx, user: UserId, membership: Membership) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO memberships (user_id, organization_id, role) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING",
    )
    .bind(user.0)
    .bind(membership.organization.0)
    .bind(word(&membership.role)?);
    tx.execute(query).await.map(drop)
}

/// Takes a role away.
pub async fn revoke(tx: &mut Tx, user: UserId, membership: Membership) -> Result<(), StoreError> {
    let query = Query::new(
        "DELETE FROM memberships WHERE user_id = $1 AND organization_id = $2 AND role = $3",
    )
    .bind(user.0)
    .bind(membership.organization.0)
    .bind(word(&membership.role)?);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// The people who hold one of some roles in an organization itself, by name; at most `limit`.
pub async fn list_members(
    tx: &mut Tx,
    organization: OrganizationId,
    roles: &[Role],
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let mut words = Vec::new();
    for role in roles {
        words.push(word(role)?.into());
    }
    let query = Query::new(COLUMNS)
        .and(
            " AND id IN (SELECT user_id FROM memberships WHERE organization_id = ?",
            organization.0,
        )
        .then(" AND role IN ")
        .list(words)
        .then(")")
        .and(" ORDER BY name, id LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read).collect()
}

/// The roles that a person holds, wherever.
pub async fn memberships(tx: &mut Tx, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let query = Query::new("SELECT organization_id, role FROM memberships WHERE user_id = $1")
        .bind(user.0)
        .then(" ORDER BY organization_id, role");
    let read = |row: &Row| {
        let organization = OrganizationId(row.get("organization_id")?);
        Ok(Membership {
            organization,
            role: row.word("role")?,
        })
    };
    tx.rows(query).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.get("id")?),
        email: row.get("email")?,
        name: row.get("name")?,
        password_hash: row.get("password_hash")?,
    })
}
