//! Terms and conditions in storage: versions are added, and never changed.

use std::collections::BTreeMap;

use domain::id::{OrganizationId, TermsId, VendorId};
use domain::terms::TermsVersion;
use jiff::Timestamp;
use uuid::Uuid;

use crate::sql::{Query, Row, Value, json};
use crate::{StoreError, Tx};

/// A version's place in a list: the last to come into force first.
pub type Place = (Timestamp, TermsId);

/// Adds a version; [`StoreError::Taken`] where its partner has one of its name, or of its instant, for
/// the same.
pub async fn insert(tx: &mut Tx, version: &TermsVersion) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO terms (organization_id, id, vendor_id, label, valid_from, body) VALUES ",
    )
    .list([
        version.owner.0.into(),
        version.id.0.into(),
        subject(version).into(),
        version.label.as_str().into(),
        version.from.as_microsecond().into(),
        json(version)?.into(),
    ])
    .then(" ON CONFLICT DO NOTHING");
    match tx.execute(query).await? {
        0 => Err(StoreError::Taken),
        _ => Ok(()),
    }
}

/// Versions of some partners, the last to come into force first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    owners: &[OrganizationId],
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<TermsVersion>, StoreError> {
    let mut query =
        Query::new("SELECT body FROM terms WHERE organization_id IN ").list(ids(owners));
    if let Some((from, id)) = after {
        query = query
            .then(" AND (valid_from, id) < ")
            .list([from.as_microsecond().into(), id.0.into()]);
    }
    let query = query.and(
        " ORDER BY valid_from DESC, id DESC LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}

/// One of them.
pub async fn find(
    tx: &mut Tx,
    owners: &[OrganizationId],
    id: TermsId,
) -> Result<Option<TermsVersion>, StoreError> {
    let query = Query::new("SELECT body FROM terms WHERE organization_id IN ")
        .list(ids(owners))
        .and(" AND id = ?", id.0);
    tx.body(query).await
}

/// What is in force at an instant for what an organization buys: for everything, and for each vendor,
/// the version of the nearest partner above it that has one. All vendors when none are named.
pub async fn in_force(
    tx: &mut Tx,
    chain: &[OrganizationId],
    vendors: Option<&[VendorId]>,
    at: Timestamp,
) -> Result<Vec<TermsVersion>, StoreError> {
    let mut query =
        Query::new("SELECT organization_id, body FROM terms AS t WHERE organization_id IN ")
            .list(ids(chain));
    if let Some(vendors) = vendors {
        let subjects = vendors.iter().map(|vendor| vendor.0);
        let subjects = subjects.chain([Uuid::nil()]).map(Value::Id);
        query = query.then(" AND vendor_id IN ").list(subjects);
    }
    let query = query
        .then(
            " AND valid_from = (SELECT MAX(l.valid_from) FROM terms AS l \
             WHERE l.organization_id = t.organization_id AND l.vendor_id = t.vendor_id",
        )
        .and(" AND l.valid_from <= ?)", at.as_microsecond());
    let mut nearest: BTreeMap<Uuid, (usize, TermsVersion)> = BTreeMap::new();
    for row in tx.rows(query).await? {
        let (distance, version) = read(&row, chain)?;
        let known = nearest.get(&subject(&version));
        if known.is_none_or(|(known, _)| distance < *known) {
            nearest.insert(subject(&version), (distance, version));
        }
    }
    Ok(nearest.into_values().map(|(_, version)| version).collect())
}

fn read(row: &Row, chain: &[OrganizationId]) -> Result<(usize, TermsVersion), StoreError> {
    let owner = OrganizationId(row.get("organization_id")?);
    let distance = chain.iter().position(|above| *above == owner);
    Ok((distance.unwrap_or(usize::MAX), row.json("body")?))
}

/// What a version is about; the nil id stands for everything.
fn subject(version: &TermsVersion) -> Uuid {
    let vendor = version.vendor.as_ref();
    vendor.map_or(Uuid::nil(), |vendor| vendor.id.0)
}

fn ids(owners: &[OrganizationId]) -> impl Iterator<Item = Value> {
    owners.iter().map(|id| Value::Id(id.0))
}
