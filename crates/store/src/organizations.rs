//! Organizations in storage; the hierarchy is a path, never walked row by row.

use domain::id::OrganizationId;
use domain::organization::{ErpNumber, Organization, OrganizationKind, OrganizationStatus, Slug};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::sql::{Query, Row, word};
use crate::{StoreError, Tx};

const COLUMNS: &str = "SELECT id, slug, path, kind, name, status, country, segment, time_zone, currency, \
     erp_number, needs_erp_number FROM organizations";

/// The same of the table as `o`, beside what is joined to it.
pub(crate) const COLUMNS_OF_O: &str = "SELECT o.id, o.slug, o.path, o.kind, o.name, o.status, o.country, \
     o.segment, o.time_zone, o.currency, o.erp_number, o.needs_erp_number";

/// Adds an organization below its chain's second member. Fails as taken when the slug is.
pub async fn save(tx: &mut Tx, organization: &Organization) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO organizations \
         (id, slug, path, kind, name, status, country, segment, time_zone, currency, \
         erp_number, needs_erp_number) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind(organization.id.0)
    .bind(organization.slug.as_str())
    .bind(path(&organization.chain))
    .bind(word(&organization.kind)?)
    .bind(organization.name.as_str())
    .bind(word(&organization.status)?)
    .bind(organization.country.code())
    .bind(word(&organization.segment)?)
    .bind(organization.zone.iana_name().unwrap_or("UTC"))
    .bind(organization.currency.code())
    .bind(text(organization.erp_number.as_ref()))
    .bind(organization.needs_erp_number);
    match tx.execute(query).await? {
        0 => Err(StoreError::Taken),
        _ => Ok(()),
    }
}

/// Says whether an organization may do business.
pub async fn set_status(
    tx: &mut Tx,
    id: OrganizationId,
    status: OrganizationStatus,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE organizations SET status = $1")
        .bind(word(&status)?)
        .and(" WHERE id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Writes down a customer's ERP number, or that it has none any more.
pub async fn set_erp_number(
    tx: &mut Tx,
    id: OrganizationId,
    number: Option<&ErpNumber>,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE organizations SET erp_number = $1")
        .bind(text(number))
        .and(" WHERE id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Says whether a distributor or seller takes no orders of customers without an ERP number.
pub async fn set_needs_erp_number(
    tx: &mut Tx,
    id: OrganizationId,
    needs: bool,
) -> Result<(), StoreError> {
    let query = Query::new("UPDATE organizations SET needs_erp_number = $1")
        .bind(needs)
        .and(" WHERE id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

fn text(number: Option<&ErpNumber>) -> Option<String> {
    number.map(|number| number.as_str().to_owned())
}

/// Finds an organization by its name in addresses. Whether the caller may know of it is not asked here.
pub async fn find(tx: &mut Tx, slug: &Slug) -> Result<Option<Organization>, StoreError> {
    let query = Query::new(COLUMNS).and(" WHERE slug = ?", slug.as_str());
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// An organization by its name in addresses, with those of `others` that exist, in one look.
pub async fn find_among(
    tx: &mut Tx,
    slug: &Slug,
    others: &[OrganizationId],
) -> Result<Vec<Organization>, StoreError> {
    let mut query = Query::new(COLUMNS).and(" WHERE slug = ?", slug.as_str());
    if !others.is_empty() {
        query = query
            .then(" OR id IN ")
            .list(others.iter().map(|id| id.0.into()));
    }
    tx.rows(query).await?.iter().map(read).collect()
}

/// Finds an organization by its id.
pub async fn find_by_id(
    tx: &mut Tx,
    id: OrganizationId,
) -> Result<Option<Organization>, StoreError> {
    let query = Query::new(COLUMNS).and(" WHERE id = ?", id.0);
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// Finds organizations by their ids; those that exist, in no order.
pub async fn list_by_id(
    tx: &mut Tx,
    ids: &[OrganizationId],
) -> Result<Vec<Organization>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new(COLUMNS).then(" WHERE id IN ");
    let query = query.list(ids.iter().map(|id| id.0.into()));
    tx.rows(query).await?.iter().map(read).collect()
}

/// An organization and everything below it, by name; at most `limit`.
pub async fn list_below(
    tx: &mut Tx,
    top: &Organization,
    limit: u32,
) -> Result<Vec<Organization>, StoreError> {
    let first = path(&top.chain);
    // '0' is the character after '/': the half-open range is the whole subtree.
    let last = format!("{}0", first.trim_end_matches('/'));
    let query = Query::new(COLUMNS)
        .and(" WHERE path >= ?", first)
        .and(" AND path < ?", last)
        .and(" ORDER BY name, id LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read).collect()
}

/// The organizations right below another, by name; at most `limit`.
pub async fn list_children(
    tx: &mut Tx,
    parent: &Organization,
    limit: u32,
) -> Result<Vec<Organization>, StoreError> {
    let first = path(&parent.chain);
    let last = format!("{}0", first.trim_end_matches('/'));
    // An id in hex and its slash.
    let length = i64::try_from(first.len() + 33).unwrap_or(i64::MAX);
    let query = Query::new(COLUMNS)
        .and(" WHERE path >= ?", first)
        .and(" AND path < ?", last)
        .and(" AND LENGTH(path) = ?", length)
        .and(" ORDER BY name, id LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read).collect()
}

/// The first customer at or below an organization, or the next one after another; in no order that means
/// anything.
pub async fn next_customer(
    tx: &mut Tx,
    top: &Organization,
    after: Option<&Organization>,
) -> Result<Option<Organization>, StoreError> {
    let first = path(&top.chain);
    let last = format!("{}0", first.trim_end_matches('/'));
    let mut query = Query::new(COLUMNS)
        .and(" WHERE kind = ?", word(&OrganizationKind::Customer)?)
        .and(" AND path >= ?", first)
        .and(" AND path < ?", last);
    if let Some(after) = after {
        query = query.and(" AND path > ?", path(&after.chain));
    }
    let query = query.then(" ORDER BY path LIMIT 1");
    tx.row(query).await?.as_ref().map(read).transpose()
}

fn path(chain: &[OrganizationId]) -> String {
    chain
        .iter()
        .rev()
        .map(|id| format!("{}/", id.0.simple()))
        .collect()
}

/// The time zone by the name in a row.
pub(crate) fn zone(row: &Row) -> Result<TimeZone, StoreError> {
    let name: String = row.get("time_zone")?;
    TimeZone::get(&name).map_err(|error| StoreError::Corrupt(format!("time zone: {error}")))
}

pub(crate) fn read(row: &Row) -> Result<Organization, StoreError> {
    let number: Option<String> = row.get("erp_number")?;
    Ok(Organization {
        id: OrganizationId(row.get("id")?),
        kind: row.word("kind")?,
        slug: row.word("slug")?,
        name: row.get("name")?,
        status: row.word("status")?,
        country: row.word("country")?,
        segment: row.word("segment")?,
        zone: zone(row)?,
        currency: row.word("currency")?,
        chain: chain(row)?,
        erp_number: number
            .map(|number| ErpNumber::parse(&number))
            .transpose()
            .map_err(|error| StoreError::Corrupt(format!("ERP number: {error}")))?,
        needs_erp_number: row.get::<i64>("needs_erp_number")? != 0,
    })
}

/// The organization of a row with its path, and those above it.
pub(crate) fn chain(row: &Row) -> Result<Vec<OrganizationId>, StoreError> {
    let path: String = row.get("path")?;
    let ids = path.split_terminator('/').rev();
    ids.map(|id| Uuid::try_parse(id).map(OrganizationId))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::Corrupt(format!("organization path: {error}")))
}
