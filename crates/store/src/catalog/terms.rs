//! Keeps what offers are found by beside them: only what differs from before is written.

use std::collections::BTreeMap;

use domain::id::{OfferId, OrganizationId};
use domain::offer::Offer;
use domain::offer::listing::Entry;
use uuid::Uuid;

use crate::sql::{Query, Value};
use crate::tx::insert;
use crate::{StoreError, Tx};

const INSERT: &str = "INSERT INTO offer_terms (organization_id, term, place, offer_id) VALUES ";

/// Brings the terms of offers up to date; to be called before the offers themselves are saved.
pub(super) async fn keep(tx: &mut Tx, offers: &[&Offer]) -> Result<(), StoreError> {
    let mut by_owner: BTreeMap<OrganizationId, Vec<&Offer>> = BTreeMap::new();
    for offer in offers {
        by_owner.entry(offer.owner).or_default().push(offer);
    }
    for (owner, offers) in by_owner {
        let known = known(tx, owner, &offers).await?;
        let mut rows = Vec::new();
        for offer in offers {
            let before = known.get(&offer.id).and_then(Offer::entry);
            let after = offer.entry();
            let gone = missing(before.as_ref(), after.as_ref());
            if let (Some(before), false) = (&before, gone.is_empty()) {
                let query = Query::new("DELETE FROM offer_terms")
                    .and(" WHERE organization_id = ?", owner.0)
                    .then(" AND term IN ")
                    .list(gone.into_iter().map(Value::from))
                    .and(" AND place = ?", before.place.as_str())
                    .and(" AND offer_id = ?", offer.id.0);
                tx.execute(query).await?;
            }
            rows.extend(added(owner, offer.id, before.as_ref(), after.as_ref()));
        }
        insert(tx, INSERT, rows, "").await?;
    }
    Ok(())
}

/// The offers as they are kept until now.
async fn known(
    tx: &mut Tx,
    owner: OrganizationId,
    offers: &[&Offer],
) -> Result<BTreeMap<OfferId, Offer>, StoreError> {
    let query = Query::new("SELECT body FROM offers")
        .and(" WHERE organization_id = ?", owner.0)
        .then(" AND id IN ")
        .list(offers.iter().map(|offer| offer.id.0.into()));
    let mut known = BTreeMap::new();
    for row in tx.rows(query).await? {
        let offer: Offer = row.json("body")?;
        known.insert(offer.id, offer);
    }
    Ok(known)
}

/// The terms of one entry that the other does not have at the same place.
fn missing<'e>(entry: Option<&'e Entry>, other: Option<&Entry>) -> Vec<&'e str> {
    let place = entry.map(|entry| &entry.place);
    let same = other.filter(|other| Some(&other.place) == place);
    let is_missing = |term: &&String| same.is_none_or(|same| !same.terms.contains(*term));
    let terms = entry.into_iter().flat_map(|entry| &entry.terms);
    terms.filter(is_missing).map(String::as_str).collect()
}

fn added(
    owner: OrganizationId,
    offer: OfferId,
    before: Option<&Entry>,
    after: Option<&Entry>,
) -> Vec<Vec<Value>> {
    let place = after.map_or("", |after| after.place.as_str());
    let row = |term: &str| vec![owner.0.into(), term.into(), place.into(), offer.0.into()];
    missing(after, before).into_iter().map(row).collect()
}

/// Derives the terms of the next offers of an earlier release; where the batch ended, unless it was the
/// last.
pub(crate) async fn rebuild(
    tx: &mut Tx,
    after: Option<(Uuid, Uuid)>,
    batch: usize,
) -> Result<Option<(Uuid, Uuid)>, StoreError> {
    let mut query = Query::new("SELECT body FROM offers");
    if let Some((organization, offer)) = after {
        query = query
            .then(" WHERE (organization_id, id) > ")
            .list([organization.into(), offer.into()]);
    }
    let query = query
        .then(" ORDER BY organization_id, id LIMIT ")
        .number(batch);
    let offers: Vec<Offer> = tx.bodies(query).await?;
    let rows = offers
        .iter()
        .flat_map(|offer| added(offer.owner, offer.id, None, offer.entry().as_ref()));
    insert(tx, INSERT, rows.collect(), " ON CONFLICT DO NOTHING").await?;
    let last = offers.last().filter(|_| offers.len() == batch);
    Ok(last.map(|offer| (offer.owner.0, offer.id.0)))
}
