//! Jobs and their rows in storage.

use domain::id::{JobId, OrganizationId};
use domain::job::{Job, JobState, Row, RowOutcome};

use crate::sql::{Query, json};
use crate::{StoreError, Tx};

/// Rows of one statement at the most; full statements are all of one text, which stays prepared.
const AT_ONCE: usize = 80;

/// Adds a job with its rows.
pub async fn insert(tx: &mut Tx, job: &Job, rows: &[Row]) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO jobs (organization_id, id, acting_id, created_at, state, body) VALUES ",
    )
    .list([
        job.organization.0.into(),
        job.id.0.into(),
        job.by.organization.0.into(),
        job.created_at.as_microsecond().into(),
        job.state.name().into(),
        json(job)?.into(),
    ]);
    tx.execute(query).await?;
    for rows in rows.chunks(AT_ONCE) {
        let mut query = Query::new(
            "INSERT INTO job_rows (organization_id, job_id, number, outcome, body) VALUES ",
        );
        for (at, row) in rows.iter().enumerate() {
            query = if at == 0 { query } else { query.then(", ") }.list([
                job.organization.0.into(),
                job.id.0.into(),
                i64::from(row.number).into(),
                row.outcome.name().into(),
                json(row)?.into(),
            ]);
        }
        tx.execute(query).await?;
    }
    Ok(())
}

/// Saves where a job stands.
pub async fn save(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    let query = Query::new("UPDATE jobs SET state = $1, body = $2")
        .bind(job.state.name())
        .bind(json(job)?)
        .and(" WHERE organization_id = ?", job.organization.0)
        .and(" AND id = ?", job.id.0);
    match tx.execute(query).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

/// Saves what became of a row.
pub async fn save_row(tx: &mut Tx, job: &Job, row: &Row) -> Result<(), StoreError> {
    let query = Query::new("UPDATE job_rows SET outcome = $1, body = $2")
        .bind(row.outcome.name())
        .bind(json(row)?)
        .and(" WHERE organization_id = ?", job.organization.0)
        .and(" AND job_id = ?", job.id.0)
        .and(" AND number = ?", i64::from(row.number));
    tx.execute(query).await.map(drop)
}

fn one(organization: OrganizationId, id: JobId) -> Query {
    Query::new("SELECT body FROM jobs")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND id = ?", id.0)
}

/// Loads a job to change it; on PostgreSQL its row stays locked until the transaction ends.
pub async fn load(tx: &mut Tx, organization: OrganizationId, id: JobId) -> Result<Job, StoreError> {
    let query = match tx.is_sqlite() {
        true => one(organization, id),
        false => one(organization, id).then(" FOR UPDATE"),
    };
    tx.body(query).await?.ok_or(StoreError::NotFound)
}

/// Finds a job that people of an organization asked for.
pub async fn find(
    tx: &mut Tx,
    organization: OrganizationId,
    acting: OrganizationId,
    id: JobId,
) -> Result<Option<Job>, StoreError> {
    let query = one(organization, id).and(" AND acting_id = ?", acting.0);
    tx.body(query).await
}

/// The jobs that people of an organization asked for, newest first; at most `limit`.
pub async fn list(
    tx: &mut Tx,
    organization: OrganizationId,
    acting: OrganizationId,
    limit: u32,
) -> Result<Vec<Job>, StoreError> {
    let query = Query::new("SELECT body FROM jobs")
        .and(" WHERE organization_id = ?", organization.0)
        .and(" AND acting_id = ?", acting.0)
        .and(
            " ORDER BY created_at DESC, id DESC LIMIT ?",
            i64::from(limit),
        );
    tx.bodies(query).await
}

/// What runs, whoever's it is, the oldest first.
pub async fn list_running(tx: &mut Tx, limit: u32) -> Result<Vec<Job>, StoreError> {
    let query = Query::new("SELECT body FROM jobs")
        .and(" WHERE state = ?", JobState::Running.name())
        .and(" ORDER BY created_at LIMIT ?", i64::from(limit));
    tx.bodies(query).await
}

/// Rows of a job after one of them, in the sequence of the sheet; all, or those of one outcome.
pub async fn rows(
    tx: &mut Tx,
    job: &Job,
    outcome: Option<&'static str>,
    after: u32,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let mut query = Query::new("SELECT body FROM job_rows")
        .and(" WHERE organization_id = ?", job.organization.0)
        .and(" AND job_id = ?", job.id.0)
        .and(" AND number > ?", i64::from(after));
    if let Some(outcome) = outcome {
        query = query.and(" AND outcome = ?", outcome);
    }
    let query = query.and(" ORDER BY number LIMIT ?", i64::from(limit));
    tx.bodies(query).await
}

/// The next rows that nothing has become of.
pub async fn next_rows(tx: &mut Tx, job: &Job, limit: u32) -> Result<Vec<Row>, StoreError> {
    rows(tx, job, Some(RowOutcome::Waiting.name()), 0, limit).await
}
