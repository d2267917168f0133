//! Many subscriptions changed from one sheet: the sheet of what runs, the form with its verdicts, and the
//! job that follows.

use app::access::Access;
use app::jobs::{COLUMNS, PAGE_MAX, Preview, read_sheet};
use app::subscriptions::Asked;
use app::{Error, subscriptions};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::{JobId, SubscriptionId};
use domain::job::{Job, JobAction, JobState, Row, RowOutcome};
use domain::subscription::SeenSubscription;
use domain::subscription::decide::Problem;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use super::preferences;
use crate::Web;
use crate::error::{Page, render, words};
use crate::export::defused;
use crate::visitor::Visitor;

/// Rows whose verdicts are shown at once; all of them are in the result's file.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage {
    frame: Frame,
    sheet: String,
    problems: Vec<Problem>,
    preview: Option<Preview>,
}

impl SheetPage {
    fn columns(&self) -> String {
        COLUMNS.join(", ")
    }

    /// Refused rows first: they are what somebody has to do something about.
    fn shown(&self) -> Vec<(&Row, Option<&str>)> {
        let all = self.preview.iter().flat_map(|preview| &preview.verdicts);
        let mut rows: Vec<_> = all.map(|one| (&one.row, one.name.as_deref())).collect();
        rows.sort_by_key(|(row, _)| match row.outcome {
            RowOutcome::Refused { .. } => 0,
            RowOutcome::Waiting | RowOutcome::Ordered { .. } => 1,
            RowOutcome::Unchanged => 2,
        });
        rows.truncate(SHOWN);
        rows
    }

    fn hidden(&self) -> usize {
        let all = self
            .preview
            .as_ref()
            .map_or(0, |preview| preview.verdicts.len());
        all.saturating_sub(SHOWN)
    }

    fn count(&self, outcome: &str) -> usize {
        self.preview
            .as_ref()
            .map_or(0, |preview| preview.count(outcome))
    }
}

/// Tone and icon of a row's outcome.
fn look(outcome: &RowOutcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        RowOutcome::Waiting => ("wait", "waiting", "Waiting"),
        RowOutcome::Ordered { order: 0, .. } => ("good", "done", "Will be ordered"),
        RowOutcome::Ordered { .. } => ("good", "done", "Ordered"),
        RowOutcome::Refused { .. } => ("bad", "refused", "Refused"),
        RowOutcome::Unchanged => ("calm", "draft", "Unchanged"),
    }
}

/// What a row asks for, or why it can't be had.
fn told(outcome: &RowOutcome) -> String {
    match outcome {
        RowOutcome::Waiting | RowOutcome::Unchanged => String::new(),
        RowOutcome::Ordered { changes, .. } => changes.join("; "),
        RowOutcome::Refused { reasons } => reasons.join("; "),
    }
}

/// The form; with a selection, its sheet holds what was selected.
pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    query: axum::extract::RawQuery,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query.0.as_deref().unwrap_or_default()).unwrap_or_default();
    let ids = pairs.iter().filter(|(name, _)| name == "id");
    let ids: Vec<SubscriptionId> = ids.filter_map(|(_, id)| id.parse().ok()).collect();
    let mut found = Vec::new();
    for id in ids.into_iter().take(SHOWN) {
        found.push(web.app.subscription(&access, id).await?.subscription);
    }
    let sheet = match found.is_empty() {
        true => String::new(),
        false => written(&found, &access),
    };
    page(&web, &visitor, &access, sheet, Vec::new(), None).await
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    sheet: String,
    problems: Vec<Problem>,
    preview: Option<Preview>,
) -> Result<Response, Page> {
    if !access.standing().may(Permission::ChangeSubscriptions) {
        return Err(Page(Error::Forbidden));
    }
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let frame = Frame::new(web, visitor, access, Section::Subscriptions).await?;
    let page = SheetPage {
        frame,
        sheet,
        problems,
        preview,
    };
    Ok((status, render(&page)).into_response())
}

/// A sheet as it was pasted.
#[derive(Deserialize)]
pub(crate) struct TypedSheet {
    token: String,
    sheet: String,
    #[serde(default)]
    step: String,
    #[serde(default)]
    accept_terms: Option<String>,
}

/// Judges the sheet, or begins the job: which of the two the pressed button says.
pub(crate) async fn judge(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
    Form(typed): Form<TypedSheet>,
) -> Result<Response, Page> {
    visitor.check_form(&typed.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let zone = preferences::zone();
    let rows = match read_sheet(&typed.sheet) {
        Ok(rows) => rows,
        Err(Error::Problems(problems)) => {
            return page(&web, &visitor, &access, typed.sheet, problems, None).await;
        }
        Err(error) => return Err(Page(error)),
    };
    let mut problems = Vec::new();
    if typed.step == "order" {
        let is_accepted = typed.accept_terms.is_some();
        match web
            .app
            .begin_job(&access, rows.clone(), &zone, is_accepted)
            .await
        {
            Ok(job) => {
                let address = format!("/o/{organization}/jobs/{}", job.id);
                return Ok(Redirect::to(&address).into_response());
            }
            Err(ref error @ Error::Invalid { field, .. }) => problems.push(Problem {
                field,
                reason: words(error),
            }),
            Err(error) => return Err(Page(error)),
        }
    }
    let preview = web.app.preview_sheet(&access, rows, &zone).await?;
    page(
        &web,
        &visitor,
        &access,
        typed.sheet,
        problems,
        Some(preview),
    )
    .await
}

/// What runs as a sheet to be changed and brought back.
pub(crate) async fn sheet(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let mut text = String::new();
    let mut after = None;
    loop {
        let asked = Asked {
            limit: subscriptions::PAGE_MAX,
            after,
            ..Asked::default()
        };
        let page = web.app.subscriptions(&access, asked).await?;
        let part = written(&page.found, &access);
        match text.is_empty() {
            true => text = part,
            false => text.extend(part.lines().skip(1).map(|line| format!("{line}\r\n"))),
        }
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    Ok(file("subscriptions.csv", text))
}

fn file(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, format!("\u{feff}{text}")).into_response()
}

/// Rows that ask for what is so already; prices are the customer's own.
fn written(found: &[SeenSubscription], access: &Access) -> String {
    let may_price = access.standing().may(Permission::EditSubscriptionMarkup);
    let mut names = vec!["subscription", "quantity", "auto_renewal", "name"];
    names.extend(may_price.then_some("markup"));
    names.extend([
        "license",
        "vendor",
        "unit_price",
        "currency",
        "term_ends_at",
        "tenant",
    ]);
    let mut rows = vec![names.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for one in found.iter().filter(|one| !one.state.has_ended()) {
        let unit = one.price.unit;
        let mut row = vec![
            one.id.to_string(),
            one.quantity.to_string(),
            if one.auto_renews { "yes" } else { "no" }.to_owned(),
            defused(one.name.clone()),
        ];
        if may_price {
            let markup = one.markups.map(|markups| String::from(markups.seller));
            row.push(markup.unwrap_or_default());
        }
        row.extend([
            defused(one.item.name.clone()),
            defused(one.item.vendor_name.clone()),
            unit.to_decimal().to_string(),
            unit.currency.code().to_owned(),
            one.term_ends_at
                .map(|ends| ends.strftime("%Y-%m-%dT%H:%MZ").to_string())
                .unwrap_or_default(),
            one.tenant.clone().unwrap_or_default(),
        ]);
        rows.push(row);
    }
    crate::export::sheet(&rows)
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

pub(crate) async fn job(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    Query(wanted): Query<Rows>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: JobId = job.parse().map_err(|_| Error::NotFound)?;
    let job = web.app.job(&access, id).await?;
    let outcome = Some(wanted.outcome.as_str());
    let mut rows = web
        .app
        .job_rows(&access, &job, outcome, wanted.after)
        .await?;
    let has_more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
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
    token: String,
    action: JobAction,
}

pub(crate) async fn tell(
    State(web): State<Web>,
    Path((organization, job)): Path<(String, String)>,
    visitor: Visitor,
    Form(told): Form<Told>,
) -> Result<Response, Page> {
    visitor.check_form(&told.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let id: JobId = job.parse().map_err(|_| Error::NotFound)?;
    web.app.tell_job(&access, id, told.action).await?;
    Ok(Redirect::to(&format!("/o/{organization}/jobs/{id}")).into_response())
}

/// Every row with what became of it.
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
    ];
    let mut lines = vec![names.map(str::to_owned).to_vec()];
    let mut after = 0;
    loop {
        let rows = web.app.job_rows(&access, &job, None, after).await?;
        for row in &rows {
            let order = match row.outcome {
                RowOutcome::Ordered { order, .. } => order.to_string(),
                _ => String::new(),
            };
            lines.push(vec![
                row.number.to_string(),
                defused(row.subscription.clone()),
                row.outcome.name().to_owned(),
                order,
                defused(told(&row.outcome)),
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
