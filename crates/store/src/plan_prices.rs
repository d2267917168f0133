//! What vendors ask for plans, by the instant since when; no price is rewritten once it has begun.

use std::collections::BTreeMap;

use domain::id::{OfferId, OrganizationId, PlanId};
use domain::money::UnitAmount;
use domain::offer::{Offer, VendorPrice};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::catalog::code;
use crate::sql::{Query, Row, Value};
use crate::tx::insert;
use crate::{StoreError, Tx};

/// Offers that are asked about at once.
const CHUNK: usize = 400;

/// A price of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanPrice {
    /// The plan's offer.
    pub offer: OfferId,
    /// Whose price it is.
    pub plan: PlanId,
    /// The price.
    pub price: VendorPrice,
}

/// Adds prices, or replaces those that begin at the same instant.
pub async fn save_all(
    tx: &mut Tx,
    owner: OrganizationId,
    prices: &[PlanPrice],
) -> Result<(), StoreError> {
    let rows = prices.iter().map(|PlanPrice { offer, plan, price }| {
        vec![
            owner.0.into(),
            offer.0.into(),
            plan.0.into(),
            price.from.as_microsecond().into(),
            price
                .till
                .map_or(i64::MAX, Timestamp::as_microsecond)
                .into(),
            price.cost.millionths().into(),
            price.retail.millionths().into(),
        ]
    });
    let text = "INSERT INTO plan_prices \
                (organization_id, offer_id, plan_id, valid_from, valid_till, cost, retail) VALUES ";
    let end = " ON CONFLICT (organization_id, offer_id, plan_id, valid_from) DO UPDATE SET \
               valid_till = excluded.valid_till, cost = excluded.cost, retail = excluded.retail";
    insert(tx, text, rows.collect(), end).await.map(drop)
}

/// The prices of offers at an instant: of each plan the last that has begun, unless it has ended.
pub async fn list_at(
    tx: &mut Tx,
    owners: &[OrganizationId],
    offers: impl Iterator<Item = OfferId>,
    at: Timestamp,
) -> Result<Vec<PlanPrice>, StoreError> {
    let offers: Vec<Value> = offers.map(|offer| offer.0.into()).collect();
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    let at = at.as_microsecond();
    let query = Query::new(
        "SELECT offer_id, plan_id, valid_from, valid_till, cost, retail FROM plan_prices AS p \
         WHERE organization_id IN ",
    )
    .list(owners.iter().map(|owner| owner.0.into()))
    .then(" AND offer_id IN ")
    .list(offers)
    .then(
        " AND valid_from = (SELECT MAX(l.valid_from) FROM plan_prices AS l \
         WHERE l.organization_id = p.organization_id AND l.offer_id = p.offer_id \
         AND l.plan_id = p.plan_id",
    )
    .and(" AND l.valid_from <= ?)", at)
    .and(" AND valid_till >= ?", at);
    tx.rows(query).await?.iter().map(read).collect()
}

/// The prices of offers from an instant on: those that are in force then, and all that begin later.
pub async fn list_from(
    tx: &mut Tx,
    owner: OrganizationId,
    offers: impl Iterator<Item = OfferId>,
    at: Timestamp,
) -> Result<Vec<PlanPrice>, StoreError> {
    let offers: Vec<Value> = offers.map(|offer| offer.0.into()).collect();
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new(
        "SELECT offer_id, plan_id, valid_from, valid_till, cost, retail FROM plan_prices AS p",
    )
    .and(" WHERE organization_id = ?", owner.0)
    .then(" AND offer_id IN ")
    .list(offers)
    .then(
        " AND valid_from >= COALESCE((SELECT MAX(l.valid_from) FROM plan_prices AS l \
         WHERE l.organization_id = p.organization_id AND l.offer_id = p.offer_id \
         AND l.plan_id = p.plan_id",
    )
    .and(" AND l.valid_from <= ?), valid_from)", at.as_microsecond())
    .then(" ORDER BY valid_from");
    tx.rows(query).await?.iter().map(read).collect()
}

/// Gives the plans of offers their prices at an instant.
pub(crate) async fn fill(
    tx: &mut Tx,
    owners: &[OrganizationId],
    offers: &mut [Offer],
    at: Timestamp,
) -> Result<(), StoreError> {
    for some in offers.chunks_mut(CHUNK) {
        let ids: Vec<OfferId> = some.iter().map(|offer| offer.id).collect();
        let found = list_at(tx, owners, ids.into_iter(), at).await?;
        let found: BTreeMap<PlanId, VendorPrice> =
            found.into_iter().map(|row| (row.plan, row.price)).collect();
        for plan in some.iter_mut().flat_map(|offer| &mut offer.plans) {
            plan.price = found.get(&plan.id).copied();
        }
    }
    Ok(())
}

fn read(row: &Row) -> Result<PlanPrice, StoreError> {
    let instant = |column| {
        let at = row.get::<i64>(column)?;
        Timestamp::from_microsecond(at).map_err(|error| StoreError::Corrupt(error.to_string()))
    };
    let till = match row.get::<i64>("valid_till")? {
        i64::MAX => None,
        _ => Some(instant("valid_till")?),
    };
    Ok(PlanPrice {
        offer: OfferId(row.get("offer_id")?),
        plan: PlanId(row.get("plan_id")?),
        price: VendorPrice {
            cost: UnitAmount::from_millionths(row.get("cost")?),
            retail: UnitAmount::from_millionths(row.get("retail")?),
            from: instant("valid_from")?,
            till,
        },
    })
}

/// An offer as it was kept before prices had dates.
#[derive(Deserialize)]
struct Undated {
    id: OfferId,
    product: String,
    vendor_plan: String,
    plans: Vec<UndatedPlan>,
}

#[derive(Deserialize)]
struct UndatedPlan {
    id: PlanId,
    cost: Option<UnitAmount>,
    retail: Option<UnitAmount>,
}

/// Takes the prices of an earlier release out of the next offers, as prices of always; where the batch
/// ended, unless it was the last.
pub(crate) async fn rebuild(
    tx: &mut Tx,
    after: Option<(Uuid, Uuid)>,
    batch: usize,
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let mut query = Query::new("SELECT organization_id, id, body FROM offers");
    if let Some((organization, offer)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.into(), offer.into()]);
    }
    let query = query
        .then(" ORDER BY organization_id, id LIMIT ")
        .number(batch);
    let rows = tx.rows(query).await?;
    let mut last = None;
    for row in &rows {
        let owner: Uuid = row.get("organization_id")?;
        let offer: Undated = row.json("body")?;
        let always = |plan: &UndatedPlan| {
            let (cost, retail) = plan.cost.zip(plan.retail)?;
            let price = VendorPrice {
                cost,
                retail,
                from: Timestamp::UNIX_EPOCH,
                till: None,
            };
            Some(PlanPrice {
                offer: offer.id,
                plan: plan.id,
                price,
            })
        };
        let prices: Vec<PlanPrice> = offer.plans.iter().filter_map(always).collect();
        save_all(tx, OrganizationId(owner), &prices).await?;
        let query = Query::new("UPDATE offers")
            .and(" SET code = ?", code(&offer.product, &offer.vendor_plan))
            .and(" WHERE organization_id = ?", owner)
            .and(" AND id = ?", offer.id.0);
        tx.execute(query).await?;
        last = Some((owner, row.get("id")?));
    }
    Ok(last.filter(|_| rows.len() == batch))
}
