//! Approval rules in storage, under the partner that approves.

use domain::id::{ApprovalRuleId, OrganizationId};
use domain::order::approval::rule::{ApprovalRule, RULES_MAX};

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// The rules of some partners, by name.
pub async fn list(
    tx: &mut Tx,
    partners: &[OrganizationId],
) -> Result<Vec<ApprovalRule>, StoreError> {
    if partners.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM approval_rules WHERE organization_id IN ")
        .list(partners.iter().map(|id| id.0.into()))
        .then(" ORDER BY name, id");
    tx.bodies(query).await
}

/// Saves a rule, new or changed. Fails as taken when the partner has another of that name, or too many.
pub async fn save(tx: &mut Tx, rule: &ApprovalRule) -> Result<(), StoreError> {
    let others = list(tx, &[rule.organization]).await?;
    let others = others.iter().filter(|other| other.id != rule.id);
    let mut count = 0;
    for other in others {
        count += 1;
        if other.name == rule.name {
            return Err(StoreError::Taken);
        }
    }
    if count >= RULES_MAX {
        return Err(StoreError::Taken);
    }
    let query = Query::new("INSERT INTO approval_rules (organization_id, id, name, body) VALUES ")
        .list([
            rule.organization.0.into(),
            rule.id.0.into(),
            rule.name.as_str().into(),
            json(rule)?.into(),
        ]);
    let query = query.then(
        " ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name, \
         body = excluded.body",
    );
    tx.execute(query).await.map(drop)
}

/// Forgets a rule; orders that wait because of it go on waiting.
pub async fn delete(
    tx: &mut Tx,
    partner: OrganizationId,
    id: ApprovalRuleId,
) -> Result<(), StoreError> {
    let query = Query::new("DELETE FROM approval_rules")
        .and(" WHERE organization_id = ?", partner.0)
        .and(" AND id = ?", id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}
