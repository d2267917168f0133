//! Prices of an offer that have not begun.

use domain::id::{OfferId, OrganizationId, PlanId};
use jiff::Timestamp;

use super::ids;
use crate::sql::{Query, Row};
use crate::{StoreError, Tx};

/// When prices of an offer's plans begin after an instant, the soonest first; at most `limit`.
pub async fn list_coming_prices(
    tx: &mut Tx,
    chain: &[OrganizationId],
    offer: OfferId,
    at: Timestamp,
    limit: u32,
) -> Result<Vec<(Timestamp, PlanId)>, StoreError> {
    let query = Query::new("SELECT plan_id, valid_from FROM plan_prices WHERE organization_id IN ")
        .list(ids(chain))
        .and(" AND offer_id = ?", offer.0)
        .and(" AND valid_from > ?", at.as_microsecond())
        .and(" ORDER BY valid_from, plan_id LIMIT ?", i64::from(limit));
    let coming = |row: &Row| {
        let begins = Timestamp::from_microsecond(row.get("valid_from")?);
        let begins = begins.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((begins, PlanId(row.get("plan_id")?)))
    };
    tx.rows(query).await?.iter().map(coming).collect()
}
