//! Vendors and offers in storage; they belong to a distributor or seller and come down to those below.

mod categories;
mod coming;
pub mod search;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{OfferId, OrganizationId, VendorId};
use domain::offer::Offer;
use jiff::Timestamp;

pub use self::categories::{find_categories, sort_product};
pub use self::coming::list_coming_prices;
pub(crate) use self::terms::rebuild;
use crate::sql::{Query, Row, Value, json};
use crate::tx::insert;
use crate::{StoreError, Tx, plan_prices};

/// A connection to a vendor.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// Whose connection it is.
    pub owner: OrganizationId,
    /// Its id.
    pub id: VendorId,
    /// Its name in addresses and on the command line.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// How to reach it, as the connectors read it.
    pub settings: String,
}

/// Adds a connection, or replaces its settings.
pub async fn save_vendor(tx: &mut Tx, vendor: &Vendor) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO vendors (organization_id, id, slug, name, settings) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name, \
         settings = excluded.settings",
    )
    .bind(vendor.owner.0)
    .bind(vendor.id.0)
    .bind(vendor.slug.as_str())
    .bind(vendor.name.as_str())
    .bind(vendor.settings.as_str());
    tx.execute(query).await.map(drop)
}

/// A connection that an organization may use: its own, or one of an ancestor.
pub async fn find_vendor(
    tx: &mut Tx,
    chain: &[OrganizationId],
    id: VendorId,
) -> Result<Option<Vendor>, StoreError> {
    let query = Query::new(
        "SELECT organization_id, id, slug, name, settings FROM vendors WHERE organization_id IN ",
    )
    .list(ids(chain))
    .and(" AND id = ?", id.0);
    tx.row(query).await?.as_ref().map(read_vendor).transpose()
}

/// The connections that an organization may use, by name.
pub async fn list_vendors(
    tx: &mut Tx,
    chain: &[OrganizationId],
) -> Result<Vec<Vendor>, StoreError> {
    let query = Query::new(
        "SELECT organization_id, id, slug, name, settings FROM vendors WHERE organization_id IN ",
    )
    .list(ids(chain))
    .then(" ORDER BY name, id");
    tx.rows(query).await?.iter().map(read_vendor).collect()
}

/// The next connections there are, whoever's they are.
pub async fn list_connections(
    tx: &mut Tx,
    after: Option<(OrganizationId, VendorId)>,
    limit: u32,
) -> Result<Vec<Vendor>, StoreError> {
    let mut query = Query::new("SELECT organization_id, id, slug, name, settings FROM vendors");
    if let Some((owner, id)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([owner.0.into(), id.0.into()]);
    }
    let query = query.and(" ORDER BY organization_id, id LIMIT ?", i64::from(limit));
    tx.rows(query).await?.iter().map(read_vendor).collect()
}

/// Who owns a connection of a name; for the person at the machine.
pub async fn list_owners(tx: &mut Tx, slug: &str) -> Result<Vec<OrganizationId>, StoreError> {
    let query = Query::new("SELECT organization_id FROM vendors")
        .and(" WHERE slug = ? ORDER BY organization_id LIMIT 3", slug);
    let rows = tx.rows(query).await?;
    let owner = |row: &Row| Ok(OrganizationId(row.get("organization_id")?));
    rows.iter().map(owner).collect()
}

/// Adds an offer, or replaces it.
pub async fn save_offer(tx: &mut Tx, offer: &Offer) -> Result<(), StoreError> {
    save_offers(tx, [offer]).await
}

/// Adds offers, or replaces them.
pub async fn save_offers<'o>(
    tx: &mut Tx,
    offers: impl IntoIterator<Item = &'o Offer>,
) -> Result<(), StoreError> {
    let offers: Vec<&Offer> = offers.into_iter().collect();
    terms::keep(tx, &offers).await?;
    let (mut rows, mut addons) = (Vec::new(), Vec::new());
    for offer in offers {
        let of = |parent: &OfferId| vec![offer.owner.0.into(), parent.0.into(), offer.id.0.into()];
        addons.extend(offer.parents.iter().map(of));
        rows.push(vec![
            offer.owner.0.into(),
            offer.id.0.into(),
            offer.vendor.0.into(),
            offer.name.as_str().into(),
            code(&offer.product, &offer.vendor_plan).into(),
            json(offer)?.into(),
        ]);
    }
    let text = "INSERT INTO offers (organization_id, id, vendor_id, name, code, body) VALUES ";
    let end = " ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name, \
               code = excluded.code, body = excluded.body";
    insert(tx, text, rows, end).await?;
    let text = "INSERT INTO offer_addons (organization_id, parent_id, offer_id) VALUES ";
    let end = " ON CONFLICT (organization_id, parent_id, offer_id) DO NOTHING";
    insert(tx, text, addons, end).await.map(drop)
}

/// The add-ons to any of some offers that an organization may be sold, by name, with their prices at an
/// instant; at most `limit`, withdrawn ones among them.
pub async fn list_addons(
    tx: &mut Tx,
    chain: &[OrganizationId],
    parents: &BTreeSet<OfferId>,
    limit: u32,
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new(
        "SELECT body FROM offers WHERE (organization_id, id) IN \
         (SELECT organization_id, offer_id FROM offer_addons WHERE organization_id IN ",
    )
    .list(ids(chain))
    .then(" AND parent_id IN ")
    .list(parents.iter().map(|parent| parent.0.into()))
    .and(") ORDER BY name, id LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    let mut found = priced(tx, chain, &rows, at).await?;
    found.retain(|offer| offer.parents.iter().any(|parent| parents.contains(parent)));
    Ok(found)
}

/// The vendor's own ids as one text.
pub(crate) fn code(product: &str, plan: &str) -> String {
    format!("{product}\u{1f}{plan}")
}

/// Offers of an owner by their vendor's product and plan; their plans have no prices yet.
pub async fn find_by_codes(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    codes: impl Iterator<Item = (&str, &str)>,
) -> Result<Vec<Offer>, StoreError> {
    let codes: Vec<Value> = codes
        .map(|(product, plan)| code(product, plan).into())
        .collect();
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM offers")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .then(" AND code IN ")
        .list(codes);
    tx.bodies(query).await
}

/// The next offers of a vendor in the sequence of their ids, with their prices at an instant.
pub async fn list_by_id(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    after: Option<OfferId>,
    limit: u32,
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    let mut query = Query::new("SELECT body FROM offers")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0);
    if let Some(after) = after {
        query = query.and(" AND id > ?", after.0);
    }
    let query = query.and(" ORDER BY id LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    priced(tx, &[owner], &rows, at).await
}

/// Offers that an organization may be sold, of those asked for, with their prices at an instant; also
/// withdrawn ones.
pub async fn find_offers(
    tx: &mut Tx,
    chain: &[OrganizationId],
    asked: &BTreeSet<OfferId>,
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM offers WHERE organization_id IN ")
        .list(ids(chain))
        .then(" AND id IN ")
        .list(asked.iter().map(|offer| offer.0.into()));
    let rows = tx.rows(query).await?;
    priced(tx, chain, &rows, at).await
}

async fn priced(
    tx: &mut Tx,
    chain: &[OrganizationId],
    rows: &[Row],
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    let offers: Result<Vec<Offer>, _> = rows.iter().map(|row| row.json("body")).collect();
    let mut offers = offers?;
    plan_prices::fill(tx, chain, &mut offers, at).await?;
    Ok(offers)
}

/// The offers that an organization may be sold, by name, with their prices at an instant; at most
/// `limit`, withdrawn ones among them.
pub async fn list_offers(
    tx: &mut Tx,
    chain: &[OrganizationId],
    limit: u32,
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    let query = Query::new("SELECT body FROM offers WHERE organization_id IN ")
        .list(ids(chain))
        .and(" ORDER BY name, id LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    priced(tx, chain, &rows, at).await
}

/// The same of one vendor.
pub async fn list_offers_of(
    tx: &mut Tx,
    chain: &[OrganizationId],
    vendor: VendorId,
    limit: u32,
    at: Timestamp,
) -> Result<Vec<Offer>, StoreError> {
    let query = Query::new("SELECT body FROM offers WHERE organization_id IN ")
        .list(ids(chain))
        .and(" AND vendor_id = ?", vendor.0)
        .and(" ORDER BY name, id LIMIT ?", i64::from(limit));
    let rows = tx.rows(query).await?;
    priced(tx, chain, &rows, at).await
}

/// The names of offers that an organization may be sold.
pub async fn find_names(
    tx: &mut Tx,
    chain: &[OrganizationId],
    asked: &BTreeSet<OfferId>,
) -> Result<BTreeMap<OfferId, String>, StoreError> {
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Query::new("SELECT id, name FROM offers WHERE organization_id IN ")
        .list(ids(chain))
        .then(" AND id IN ")
        .list(asked.iter().map(|offer| offer.0.into()));
    let rows = tx.rows(query).await?;
    let name = |row: &Row| Ok((OfferId(row.get("id")?), row.get("name")?));
    rows.iter().map(name).collect()
}

/// The offers of a partner's catalog with a name, a few at the most.
pub async fn find_named(
    tx: &mut Tx,
    chain: &[OrganizationId],
    name: &str,
) -> Result<Vec<OfferId>, StoreError> {
    let query = Query::new("SELECT id FROM offers WHERE organization_id IN ")
        .list(ids(chain))
        .and(" AND name = ? ORDER BY id LIMIT 3", name.trim());
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(OfferId(row.get("id")?))).collect()
}

fn ids(chain: &[OrganizationId]) -> impl Iterator<Item = Value> {
    chain.iter().map(|id| Value::Id(id.0))
}

fn read_vendor(row: &Row) -> Result<Vendor, StoreError> {
    Ok(Vendor {
        owner: OrganizationId(row.get("organization_id")?),
        id: VendorId(row.get("id")?),
        slug: row.get("slug")?,
        name: row.get("name")?,
        settings: row.get("settings")?,
    })
}
