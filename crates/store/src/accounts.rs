//! Vendor accounts in storage: which of them nothing may be asked of for a while, and why.

use domain::id::{OrganizationId, VendorId};
use domain::provisioning::account::Account;
use jiff::Timestamp;

use crate::credentials::instant;
use crate::sql::{Query, Row};
use crate::{StoreError, Tx};

/// How an account stands; one of which nothing is known works.
pub async fn find(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
) -> Result<Account, StoreError> {
    let query = Query::new("SELECT paused_until, wished_until, strikes, reason FROM vendor_pauses")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0);
    let found = tx.row(query).await?.as_ref().map(read).transpose()?;
    Ok(found.unwrap_or_default())
}

/// Writes down how an account stands.
pub async fn save(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    account: &Account,
) -> Result<(), StoreError> {
    if *account == Account::default() {
        let query = Query::new("DELETE FROM vendor_pauses")
            .and(" WHERE organization_id = ?", owner.0)
            .and(" AND vendor_id = ?", vendor.0);
        return tx.execute(query).await.map(drop);
    }
    let stored = |at: Option<Timestamp>| at.unwrap_or(Timestamp::MIN).as_microsecond();
    let query = Query::new(
        "INSERT INTO vendor_pauses \
         (organization_id, vendor_id, paused_until, wished_until, strikes, reason) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (organization_id, vendor_id) DO UPDATE SET \
         paused_until = excluded.paused_until, wished_until = excluded.wished_until, \
         strikes = excluded.strikes, reason = excluded.reason",
    )
    .bind(owner.0)
    .bind(vendor.0)
    .bind(stored(account.paused_until))
    .bind(stored(account.wished_until))
    .bind(i64::from(account.strikes))
    .bind(account.reason.as_str());
    tx.execute(query).await.map(drop)
}

fn read(row: &Row) -> Result<Account, StoreError> {
    let read = |column| {
        let at = instant(row, column)?;
        Ok::<_, StoreError>((at.as_microsecond() != Timestamp::MIN.as_microsecond()).then_some(at))
    };
    Ok(Account {
        paused_until: read("paused_until")?,
        wished_until: read("wished_until")?,
        strikes: u32::try_from(row.get::<i64>("strikes")?).unwrap_or(u32::MAX),
        reason: row.get("reason")?,
    })
}
