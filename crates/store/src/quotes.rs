//! Quotes in storage: the whole quote as one document, beside it what lists find it by.

use domain::id::{OrganizationId, UserId};
use domain::quote::Quote;
use domain::quote::status::QuoteStatus;
use jiff::Timestamp;

use crate::orders::number;
use crate::sql::{Query, Value, json};
use crate::{StoreError, Tx};

/// Where a page ended: the date and number of its last quote.
pub type QuotePlace = (Timestamp, u64);

/// Which quotes are asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only those that were sent to this person; all where nobody is named.
    pub recipient: Option<UserId>,
    /// Only those that can still be accepted at this instant.
    pub open_at: Option<Timestamp>,
    /// After this one.
    pub after: Option<QuotePlace>,
    /// At most so many.
    pub limit: u32,
}

/// The date by which a quote is listed: when it was sent last, before that when it was made.
pub fn listed_at(quote: &Quote) -> Timestamp {
    quote.sent.as_ref().map_or(quote.created_at, |sent| sent.at)
}

/// Where a quote stands in lists.
pub fn place(quote: &Quote) -> QuotePlace {
    (listed_at(quote), quote.number)
}

/// Adds a new quote. Fails as taken when the organization has the number.
pub async fn insert(tx: &mut Tx, quote: &mut Quote) -> Result<(), StoreError> {
    quote.version = 1;
    let mut row: Vec<Value> = columns(quote)?.into();
    row.extend([
        quote.organization.0.into(),
        quote.id.0.into(),
        number(quote.number)?,
    ]);
    let query = Query::new(
        "INSERT INTO quotes (status, expires_at, listed_at, version, body, organization_id, id, \
         number) VALUES ",
    );
    let query = query
        .list(row)
        .then(" ON CONFLICT (organization_id, number) DO NOTHING");
    match tx.execute(query).await? {
        0 => Err(StoreError::Taken),
        _ => keep_recipients(tx, quote).await,
    }
}

/// Saves a changed quote. Fails with a conflict when it is not of the version that was loaded.
pub async fn save(tx: &mut Tx, quote: &mut Quote) -> Result<(), StoreError> {
    let loaded = quote.version;
    quote.version += 1;
    let mut query = Query::new(
        "UPDATE quotes SET status = $1, expires_at = $2, listed_at = $3, version = $4, body = $5",
    );
    for value in columns(quote)? {
        query = query.bind(value);
    }
    let query = query
        .and(" WHERE organization_id = ?", quote.organization.0)
        .and(" AND id = ?", quote.id.0)
        .and(" AND version = ?", loaded);
    match tx.execute(query).await? {
        0 => Err(StoreError::Conflict),
        _ => keep_recipients(tx, quote).await,
    }
}

fn columns(quote: &Quote) -> Result<[Value; 5], StoreError> {
    let expires_at = quote.sent.as_ref().map(|sent| sent.expires_at);
    let expires_at = expires_at.map_or(i64::MAX, Timestamp::as_microsecond);
    Ok([
        quote.status(Timestamp::MIN).name().into(),
        expires_at.into(),
        listed_at(quote).as_microsecond().into(),
        quote.version.into(),
        json(quote)?.into(),
    ])
}

async fn keep_recipients(tx: &mut Tx, quote: &Quote) -> Result<(), StoreError> {
    let Some(sent) = &quote.sent else {
        return Ok(());
    };
    let query = Query::new("DELETE FROM quote_recipients")
        .and(" WHERE quote_id = ?", quote.id.0)
        .and(" AND organization_id = ?", quote.organization.0);
    tx.execute(query).await?;
    for to in &sent.proposal.recipients {
        let query =
            Query::new("INSERT INTO quote_recipients (organization_id, user_id, quote_id) VALUES ");
        let query = query
            .list([
                quote.organization.0.into(),
                to.user.0.into(),
                quote.id.0.into(),
            ])
            .then(" ON CONFLICT DO NOTHING");
        tx.execute(query).await?;
    }
    Ok(())
}

/// Loads a quote to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(
    tx: &mut Tx,
    organization: OrganizationId,
    quote: u64,
) -> Result<Quote, StoreError> {
    let query = of_number(organization, quote)?;
    let query = match tx.is_sqlite() {
        true => query,
        false => query.then(" FOR UPDATE"),
    };
    tx.body(query).await?.ok_or(StoreError::NotFound)
}

/// Finds a quote by its number.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    quote: u64,
) -> Result<Option<Quote>, StoreError> {
    tx.body(of_number(organization, quote)?).await
}

fn of_number(organization: OrganizationId, quote: u64) -> Result<Query, StoreError> {
    Ok(Query::new("SELECT body FROM quotes")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND number = ?", number(quote)?))
}

/// The organization's quotes, newest first.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    asked: &Asked,
) -> Result<Vec<Quote>, StoreError> {
    let mut query =
        Query::new("SELECT body FROM quotes").and(" WHERE organization_id = ?", organization.0);
    if let Some(user) = asked.recipient {
        query = query
            .and(
                " AND id IN (SELECT quote_id FROM quote_recipients WHERE organization_id = ?",
                organization.0,
            )
            .and(" AND user_id = ?", user.0)
            .then(")");
    }
    if let Some(now) = asked.open_at {
        query = query
            .and(" AND status = ?", QuoteStatus::Sent.name())
            .and(" AND expires_at > ?", now.as_microsecond());
    }
    if let Some((at, last)) = asked.after {
        query = query
            .and(" AND (listed_at, number) < (?", at.as_microsecond())
            .and(", ?", number(last)?)
            .then(")");
    }
    let query = query.and(
        " ORDER BY listed_at DESC, number DESC LIMIT ?",
        i64::from(asked.limit),
    );
    tx.bodies(query).await
}

/// Quotes that recipients could still have answered, by number; at most `limit`.
pub async fn list_waiting(
    tx: &mut Tx,
    organization: OrganizationId,
    limit: u32,
) -> Result<Vec<u64>, StoreError> {
    let waiting = [QuoteStatus::Sent, QuoteStatus::ChangeRequested];
    let query = Query::new("SELECT number FROM quotes")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND status IN ")
        .list(waiting.map(|status| status.name().into()))
        .and(" ORDER BY number LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    let read = |row: &crate::sql::Row| Ok(row.get::<i64>("number")?.unsigned_abs());
    rows.iter().map(read).collect()
}
