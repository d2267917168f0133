//! Rules that make prices, in storage under the seller or distributor who set them.

use domain::id::{OfferId, OrganizationId, PriceRuleId, VendorId};
use domain::price::PriceRule;
use domain::price::book::RuleBook;
use domain::price::record::RuleRecord;
use domain::price::rule::{RuleLevel, RuleScope};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use crate::organizations::zone;
use crate::sql::{Query, Row, Value, json};
use crate::{StoreError, Tx};

/// The last day of what has no end.
const OPEN: &str = "9999-12-31";

/// What prices are asked for.
#[derive(Debug, Clone)]
pub struct Wanted<'w> {
    /// The customer, then those above it.
    pub chain: &'w [OrganizationId],
    /// What is sold, with its vendor; everything when absent.
    pub sold: Option<Vec<(VendorId, OfferId)>>,
    /// When; the seller's time zone makes a day of it.
    pub at: Timestamp,
}

/// A rule's place in the list: newest first.
pub type Place = (Timestamp, PriceRuleId);

/// Keeps a rule, new or changed.
pub async fn save(tx: &mut Tx, record: &RuleRecord) -> Result<(), StoreError> {
    let rule = &record.rule;
    let (buyer, subject) = place(rule);
    let query = Query::new(
        "INSERT INTO price_rules \
         (organization_id, id, buyer_id, subject_id, first_day, last_day, created_at, body) VALUES ",
    )
    .list([
        record.owner.0.into(),
        rule.id.0.into(),
        buyer.into(),
        subject.into(),
        rule.from.to_string().into(),
        rule.till.map_or(OPEN.into(), |till| till.to_string()).into(),
        record.created_at.as_microsecond().into(),
        json(record)?.into(),
    ])
    .then(
        " ON CONFLICT (organization_id, id) DO UPDATE SET first_day = excluded.first_day, \
         last_day = excluded.last_day, body = excluded.body",
    );
    tx.execute(query).await.map(drop)
}

/// Forgets a rule.
pub async fn delete(tx: &mut Tx, owner: OrganizationId, id: PriceRuleId) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM price_rules")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// One rule.
pub async fn find(
    tx: &mut Tx,
    owner: OrganizationId,
    id: PriceRuleId,
) -> Result<Option<RuleRecord>, StoreError> {
    let query = Query::new("SELECT body FROM price_rules")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND id = ?", id.0);
    tx.body(query).await
}

/// An owner's rules, newest first; those that ended before a day are left out where one is given.
pub async fn list(
    tx: &mut Tx,
    owner: OrganizationId,
    open_on: Option<Date>,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<RuleRecord>, StoreError> {
    let mut query =
        Query::new("SELECT body FROM price_rules").and(" WHERE organization_id = ?", owner.0);
    if let Some(day) = open_on {
        query = query.and(" AND last_day >= ?", day.to_string());
    }
    if let Some((created_at, id)) = after {
        query = query
            .then(" AND (created_at, id) < ")
            .list([created_at.as_microsecond().into(), id.0.into()]);
    }
    let query = query.and(
        " ORDER BY created_at DESC, id DESC LIMIT ?",
        i64::from(limit),
    );
    tx.bodies(query).await
}

/// The rules of one place, for one buyer or all and on one thing or all, that have not ended before a day.
pub async fn list_beside(
    tx: &mut Tx,
    owner: OrganizationId,
    rule: &PriceRule,
    day: Date,
) -> Result<Vec<RuleRecord>, StoreError> {
    let (buyer, subject) = place(rule);
    let query = Query::new("SELECT body FROM price_rules")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND buyer_id = ?", buyer)
        .and(" AND subject_id = ?", subject)
        .and(" AND last_day >= ?", day.to_string())
        .then(" ORDER BY id");
    tx.bodies(query).await
}

/// What sets a customer's prices at an instant, in one look. Whoever has nobody above it has no rules.
pub async fn find_book(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<RuleBook, StoreError> {
    let utc = wanted.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut book = RuleBook {
        customer: wanted.chain.first().copied().ok_or(StoreError::NotFound)?,
        seller: wanted
            .chain
            .get(1)
            .copied()
            .unwrap_or(OrganizationId(Uuid::nil())),
        today: utc,
        tiers: Vec::new(),
        catalog: Vec::new(),
    };
    let partners = wanted.chain.iter().skip(1).take(2);
    // A distributor that asks for all of its sellers has a day of its own.
    let clock = match (book.seller.0.is_nil(), wanted.chain.last()) {
        (true, Some(last)) => last.0,
        _ => book.seller.0,
    };
    // A day in any time zone is a neighbor of the day in UTC.
    let (earliest, latest) = (utc.saturating_sub(1.day()), utc.saturating_add(1.day()));
    let mut query = Query::new(
        "SELECT r.organization_id, r.body, o.time_zone FROM price_rules AS r \
         JOIN organizations AS o",
    )
    .and(" ON o.id = ?", clock)
    .then(" WHERE r.organization_id IN ")
    .list(partners.map(|partner| partner.0.into()))
    .then(" AND r.buyer_id IN ")
    .list([Uuid::nil(), book.seller.0, book.customer.0].map(Value::Id));
    if let Some(sold) = &wanted.sold {
        query = query.then(" AND r.subject_id IN ").list(subjects(sold));
    }
    let query = query
        .and(" AND r.last_day >= ?", earliest.to_string())
        .and(" AND r.first_day <= ?", latest.to_string())
        .then(" ORDER BY r.id");
    for row in tx.rows(query).await? {
        book.today = wanted.at.to_zoned(zone(&row)?).date();
        let rule = read(&row)?;
        match row.get::<Uuid>("organization_id")? == book.seller.0 {
            true => book.catalog.push(rule),
            false => book.tiers.push(rule),
        }
    }
    Ok(book)
}

fn subjects(sold: &[(VendorId, OfferId)]) -> impl Iterator<Item = Value> {
    let mut ids = vec![Uuid::nil()];
    ids.extend(sold.iter().flat_map(|(vendor, offer)| [vendor.0, offer.0]));
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(Value::Id)
}

fn read(row: &Row) -> Result<PriceRule, StoreError> {
    let record: RuleRecord = row.json("body")?;
    Ok(record.rule)
}

fn place(rule: &PriceRule) -> (Uuid, Uuid) {
    let buyer = match rule.level {
        RuleLevel::Everyone => Uuid::nil(),
        RuleLevel::One(buyer) => buyer.0,
    };
    let subject = match rule.scope {
        RuleScope::All => Uuid::nil(),
        RuleScope::Vendor(vendor) => vendor.0,
        RuleScope::Offer(offer) => offer.0,
    };
    (buyer, subject)
}
