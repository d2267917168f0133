//! What an order has to get past, read in the transaction that places it: everybody from the customer up,
//! their suspensions and rules, in one statement.

use domain::id::OrganizationId;
use domain::order::admission::Admission;

use crate::organizations;
use crate::sql::Query;
use crate::{StoreError, Tx};

/// What stands before the orders of a customer, given its chain: itself first, then its ancestors.
pub async fn find(tx: &mut Tx, chain: &[OrganizationId]) -> Result<Admission, StoreError> {
    let query = Query::new(organizations::COLUMNS_OF_O)
        .then(
            ", s.body AS suspension, r.body AS rule FROM organizations o \
             LEFT JOIN suspensions s ON s.organization_id = o.id \
             LEFT JOIN approval_rules r ON r.organization_id = o.id WHERE o.id IN ",
        )
        .list(chain.iter().map(|id| id.0.into()))
        .then(" ORDER BY r.name, r.id");
    let mut found = Admission {
        chain: Vec::new(),
        suspensions: Vec::new(),
        rules: Vec::new(),
    };
    for row in &tx.rows(query).await? {
        found.rules.extend(row.maybe_json("rule")?);
        let organization = organizations::read(row)?;
        // An organization has a row for each of its rules.
        if found.chain.iter().any(|known| known.id == organization.id) {
            continue;
        }
        let suspension = row.maybe_json("suspension")?;
        let suspension = suspension.map(|suspension| (organization.id, suspension));
        found.suspensions.extend(suspension);
        found.chain.push(organization);
    }
    let place = |id: OrganizationId| chain.iter().position(|known| *known == id);
    found
        .chain
        .sort_by_key(|organization| place(organization.id));
    Ok(found)
}
