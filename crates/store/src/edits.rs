//! Edits in storage: added, and never changed.

use domain::edit::{Edit, Subject};
use domain::id::{EditId, OrganizationId};

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// Adds an edit of something of an organization's. Those that are made together share an id. What is added
/// later comes later, whatever the clock says.
pub async fn append(
    tx: &mut Tx,
    organization: OrganizationId,
    id: EditId,
    edit: &Edit,
) -> Result<(), StoreError> {
    let last = Query::new("SELECT at FROM edits")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND subject = ?", edit.subject.key())
        .then(" ORDER BY at DESC LIMIT 1");
    let last = tx.row(last).await?;
    let last: Option<i64> = last.map(|row| row.get("at")).transpose()?;
    let at = edit.at.as_microsecond();
    let at = last.map_or(at, |last| at.max(last + 1));
    let query = Query::new("INSERT INTO edits (organization_id, subject, at, id, body) VALUES ")
        .list([
            organization.0.into(),
            edit.subject.key().into(),
            at.into(),
            id.0.into(),
            json(edit)?.into(),
        ]);
    tx.execute(query).await.map(drop)
}

/// The last edit of each of some subjects, as far as there is one; in no order that means anything.
pub async fn latest(
    tx: &mut Tx,
    organization: OrganizationId,
    subjects: &[Subject],
) -> Result<Vec<Edit>, StoreError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::new("SELECT body FROM edits AS e")
        .and(" WHERE organization_id = ?", organization.0)
        .then(" AND subject IN ")
        .list(subjects.iter().map(|subject| subject.key().into()))
        .then(
            " AND NOT EXISTS (SELECT 1 FROM edits AS l WHERE l.organization_id = e.organization_id \
             AND l.subject = e.subject AND (l.at, l.id) > (e.at, e.id))",
        );
    tx.bodies(query).await
}

/// All edits of a subject, the last first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    subject: &Subject,
    limit: u32,
) -> Result<Vec<Edit>, StoreError> {
    let query = Query::new("SELECT body FROM edits")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND subject = ?", subject.key())
        .and(" ORDER BY at DESC, id DESC LIMIT ?", i64::from(limit));
    tx.bodies(query).await
}
