//! Many subscriptions changed from one sheet: the sheet of what runs, and the form with its verdicts.

use std::collections::BTreeSet;

use app::access::Access;
use app::jobs::{COLUMNS, PRICING, Preview, read_sheet};
use app::subscriptions::Asked;
use app::{Error, subscriptions};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::SubscriptionId;
use domain::job::{Row, RowOutcome};
use domain::subscription::SeenSubscription;
use domain::subscription::decide::Problem;
use domain::terms::Applied;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use super::jobs::{file, look, told};
use super::preferences;
use crate::Web;
use crate::error::{Page, render, words};
use crate::export::defused;
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Rows whose verdicts are shown at once, and subscriptions that a selection brings; a result's file has
/// all rows.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage {
    frame: Frame,
    sheet: String,
    problems: Vec<Problem>,
    preview: Option<Preview>,
    /// What whoever orders the sheet agrees to.
    terms: Applied,
    may_price: bool,
}

impl SheetPage {
    /// The columns that the reader can use.
    fn columns(&self) -> String {
        let is_usable = |name: &&str| self.may_price || !PRICING.contains(name);
        let names = COLUMNS.into_iter().filter(is_usable);
        names.collect::<Vec<_>>().join(", ")
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
    let ids = ids.filter_map(|(_, id)| id.parse().ok()).take(SHOWN);
    let ids: BTreeSet<SubscriptionId> = ids.collect();
    let found = web.app.selected_subscriptions(&access, &ids).await?;
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
        terms: web.app.terms(access, None, None).await?.in_force,
        may_price: may_price(access),
    };
    Ok((status, render(&page)).into_response())
}

/// A sheet as it was pasted.
#[derive(Deserialize)]
pub(crate) struct TypedSheet {
    sheet: String,
    #[serde(default)]
    step: String,
    #[serde(default)]
    accept_terms: Option<String>,
    #[serde(default)]
    terms_version: Option<String>,
}

/// Judges the sheet, or begins the job: which of the two the pressed button says.
pub(crate) async fn judge(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form: typed,
    }: Posted<TypedSheet>,
) -> Result<Response, Page> {
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
        let version = typed.terms_version.as_deref();
        let app = &web.app;
        match app
            .begin_job(&access, rows.clone(), &zone, is_accepted, version)
            .await
        {
            Ok(job) => {
                let address = format!("/o/{organization}/jobs/{}", job.id);
                return Ok(Redirect::to(&address).into_response());
            }
            Err(ref error @ Error::Invalid { field, .. }) => {
                problems.push(Problem::new(field, words(error)))
            }
            // What was accepted is not what is in force.
            Err(ref error @ Error::TermsChanged { .. }) => {
                problems.push(Problem::new("", words(error)));
            }
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
pub(crate) async fn download(
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

fn may_price(access: &Access) -> bool {
    access.standing().may(Permission::EditSubscriptionMarkup)
}

/// Rows that ask for what is so already; prices are the customer's own.
fn written(found: &[SeenSubscription], access: &Access) -> String {
    let may_price = may_price(access);
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
