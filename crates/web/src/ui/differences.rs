//! What is otherwise at vendors: a partner's connections with their comparisons, and the differences.

use app::Error;
use app::access::Access;
use app::reconciliation::{AskedDifferences, Compared, DifferencePage};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::organization::Organization;
use domain::reconciliation::{Reach, Run, RunState};
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame};
use crate::Web;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{self, Page, render};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Rows of a page.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "differences.html")]
struct DifferencesPage {
    frame: SellerFrame,
    token: String,
    partners: Vec<Organization>,
    partner: Organization,
    compared: Vec<Compared>,
    found: DifferencePage,
    status: &'static str,
    /// Why what was asked for was not done.
    problem: Option<String>,
    visitor: domain::id::UserId,
}

/// The tabs of the list: the name in addresses and the words.
const TABS: [(&str, &str); 4] = [
    ("open", "Open"),
    ("asked", "Asked again"),
    ("resolved", "Resolved"),
    ("vanished", "Agrees again"),
];

impl DifferencesPage {
    fn is_tab(&self, name: &str) -> bool {
        self.status == name
    }

    fn tabs(&self) -> [(&'static str, &'static str); 4] {
        TABS
    }

    fn slug(&self) -> &str {
        self.partner.slug.as_str()
    }

    fn tells(&self, compared: &Compared) -> bool {
        compared.reach != Reach::Nothing
    }

    fn next(&self) -> Option<String> {
        self.found.next.map(cursor)
    }

    /// Whether this visitor is the second person that a stopped comparison waits for.
    fn may_continue(&self, run: &Run) -> bool {
        run.state == RunState::Stopped && run.by.as_ref().is_none_or(|by| by.user != self.visitor)
    }
}

/// Tone, icon and words of where a comparison stands.
fn look(run: &Run) -> (&'static str, &'static str, String) {
    match &run.state {
        RunState::Running => ("busy", "progress", "Under way".into()),
        RunState::Done if run.found == 0 => ("good", "done", "All agrees".into()),
        RunState::Done => (
            "wait",
            "alert",
            format!(
                "{} {}",
                run.found,
                if run.found == 1 { "differs" } else { "differ" }
            ),
        ),
        RunState::Stopped => (
            "wait",
            "pause",
            format!("Stopped: {} of {} would be new", run.new, run.compared),
        ),
        RunState::Failed { reason } => ("bad", "failed", format!("Failed: {reason}")),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    status: String,
    after: String,
}

/// To the first partner of this visitor's that has a connection, or else to the first.
pub(crate) async fn first(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let partners = web.app.connected_partners(&visitor.caller).await?;
    let mut chosen = partners.first().ok_or(Error::NotFound)?;
    for partner in &partners {
        let slug = partner.slug.as_str();
        let access = web.app.partner_access(&visitor.caller, slug).await?;
        if !web.app.compared(&access).await?.is_empty() {
            chosen = partner;
            break;
        }
    }
    let address = format!("/partners/{}/differences", chosen.slug);
    Ok(Redirect::to(&address))
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    Ok(render(&page(&web, &visitor, &access, &wanted).await?))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    wanted: &Wanted,
) -> Result<DifferencesPage, Error> {
    let tab = TABS.iter().find(|(name, _)| *name == wanted.status);
    let status = tab.map_or("open", |(name, _)| *name);
    let asked = AskedDifferences {
        status: Some(status.to_owned()),
        after: read_cursor(&wanted.after)?,
        limit: PAGE,
        ..AskedDifferences::default()
    };
    Ok(DifferencesPage {
        compared: web.app.compared(access).await?,
        found: web.app.differences(access, &asked).await?,
        frame: SellerFrame::new(visitor, Section::Differences),
        token: visitor.form_token(access.organization().slug.as_str()),
        partners: web.app.connected_partners(&visitor.caller).await?,
        partner: access.organization().clone(),
        status,
        problem: None,
        visitor: visitor.caller.user,
    })
}

/// Which vendor is to be compared with, and the stopped comparison that is to go on.
#[derive(Deserialize)]
pub(crate) struct Begin {
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    continues: String,
}

pub(crate) async fn compare(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Begin>,
) -> Result<Response, Page> {
    let begun = match form.continues.as_str() {
        "" => web.app.compare_now(&access, &form.vendor).await,
        run => {
            let run = run.parse().map_err(|_| Error::NotFound)?;
            web.app.continue_run(&access, &form.vendor, run).await
        }
    };
    match begun {
        Ok(_) => Ok(Redirect::to(&format!("/partners/{partner}/differences")).into_response()),
        Err(refused @ (Error::Refused(_) | Error::Invalid { .. })) => {
            let page = DifferencesPage {
                problem: Some(error::words(&refused)),
                ..page(&web, &visitor, &access, &Wanted::default()).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
