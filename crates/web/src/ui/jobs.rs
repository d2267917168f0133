//! Jobs that change many subscriptions: which there are, how far each is, and what became of its rows.

use app::Error;
use app::jobs::PAGE_MAX;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::{JobId, SubscriptionId};
use domain::job::{Job, JobAction, JobState, Row, RowOutcome};
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::jobs::standing;
use crate::error::{Page, render};
use crate::export::defused;
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Rows that are shown at once; all of them are in the result's file.
const SHOWN: u32 = 200;

/// Tone and icon of a row's outcome.
pub(super) fn look(outcome: &RowOutcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        RowOutcome::Waiting => ("wait", "waiting", "Waiting"),
        RowOutcome::Ordered { order: 0, .. } => ("good", "done", "Will be ordered"),
        RowOutcome::Ordered { .. } => ("good", "done", "Ordered"),
        RowOutcome::Refused { .. } => ("bad", "refused", "Refused"),
        RowOutcome::Unchanged => ("calm", "draft", "Unchanged"),
    }
}

/// Whether a row names a subscription at all; a sheet may say anything.
fn is_id(row: &Row) -> bool {
    row.subscription.parse::<SubscriptionId>().is_ok()
}

/// What a row asks for, or why it can't be had.
pub(super) fn told(outcome: &RowOutcome) -> String {
    match outcome {
        RowOutcome::Waiting | RowOutcome::Unchanged => String::new(),
        RowOutcome::Ordered { changes, .. } => changes.join("; "),
        RowOutcome::Refused { reasons } => reasons.join("; "),
    }
}

/// A sheet to be kept.
pub(super) fn file(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, format!("\u{feff}{text}")).into_response()
}

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    job: Job,
    rows: Vec<Row>,
    shown: String,
    next: Option<u32>,
}

impl JobPage {
    fn tone(&self) -> (&'static str, &'static str) {
        state_look(&self.job.state)
    }

    fn may(&self, action: JobAction) -> bool {
        self.job.state.after(action, self.job.created_at).is_some()
    }

    fn reason(&self) -> Option<&str> {
        match &self.job.state {
            JobState::Paused { reason } => reason.as_deref(),
            _ => None,
        }
    }

    fn total(&self) -> usize {
        usize::try_from(self.job.total).unwrap_or(usize::MAX)
    }

    fn is_shown(&self, outcome: &str) -> bool {
        self.shown == outcome
    }

    fn decided(&self) -> u32 {
        self.job.total - self.job.waiting()
    }

    fn outcomes(&self) -> [(&'static str, &'static str, u32); 5] {
        let job = &self.job;
        [
            ("", "All", job.total),
            ("refused", "Refused", job.refused),
            ("ordered", "Ordered", job.ordered),
            ("unchanged", "Unchanged", job.unchanged),
            ("waiting", "Waiting", job.waiting()),
        ]
    }
}

fn state_look(state: &JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Running => ("busy", "progress"),
        JobState::Paused { .. } => ("wait", "pause"),
        JobState::Canceled { .. } => ("calm", "canceled"),
        JobState::Finished { .. } => ("good", "done"),
    }
}

/// Which rows of a job are looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rows {
    outcome: String,
    after: u32,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    Query(wanted): Query<Rows>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: JobId = job.parse().map_err(|_| Error::NotFound)?;
    let job = web.app.job(&access, id).await?;
    let outcome = Some(wanted.outcome.as_str());
    let rows = web
        .app
        .job_rows(&access, &job, outcome, wanted.after, SHOWN + 1);
    let mut rows = rows.await?;
    let has_more = rows.len() > SHOWN as usize;
    rows.truncate(SHOWN as usize);
    Ok(render(&JobPage {
        frame: Frame::new(&web, &visitor, &access, Section::Subscriptions).await?,
        next: rows.last().map(|row| row.number).filter(|_| has_more),
        job,
        rows,
        shown: wanted.outcome,
    }))
}

/// A form with an action's name.
#[derive(Deserialize)]
pub(crate) struct Told {
    action: JobAction,
}

pub(crate) async fn tell(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    Posted {
        access, form: told, ..
    }: Posted<Told>,
) -> Result<Response, Page> {
    let id: JobId = job.parse().map_err(|_| Error::NotFound)?;
    web.app.tell_job(&access, id, told.action).await?;
    Ok(Redirect::to(&format!("/o/{organization}/jobs/{id}")).into_response())
}

/// Every row with what became of it, and how the order that was made of it stands now.
pub(crate) async fn result(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: JobId = job.parse().map_err(|_| Error::NotFound)?;
    let job = web.app.job(&access, id).await?;
    let names = [
        "row",
        "subscription",
        "outcome",
        "order",
        "changes_or_reasons",
        "order_status",
        "status",
        "vendor_said",
    ];
    let mut lines = vec![names.map(str::to_owned).to_vec()];
    let mut after = 0;
    loop {
        let rows = web
            .app
            .job_rows(&access, &job, None, after, PAGE_MAX)
            .await?;
        let orders = web.app.orders_of_rows(&access, &rows).await?;
        for row in &rows {
            let order = row.order().and_then(|number| orders.get(&number));
            let number = order.map(|order| order.number.to_string());
            let status = order.map(|order| order.status.label().to_owned());
            let (states, said) = order.map(|order| standing(row, order)).unwrap_or_default();
            lines.push(vec![
                row.number.to_string(),
                defused(row.subscription.clone()),
                row.outcome.name().to_owned(),
                number.unwrap_or_default(),
                defused(told(&row.outcome)),
                status.unwrap_or_default(),
                states.join("; "),
                defused(said.join("; ")),
            ]);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE_MAX as usize => after = last.number,
            _ => break,
        }
    }
    Ok(file("result.csv", crate::export::sheet(&lines)))
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<Job>,
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let jobs = web.app.jobs(&access).await?;
    Ok(render(&JobsPage {
        frame: Frame::new(&web, &visitor, &access, Section::Subscriptions).await?,
        jobs,
    }))
}
