//! Terms and conditions: a partner's versions with the form that publishes one, and what buyers read.

use app::Error;
use app::access::Access;
use app::terms::{BuyerTerms, PartnerTerms, TypedTerms};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::organization::Organization;
use domain::subscription::decide::Problem;
use domain::terms::TermsVersion;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section, SellerFrame, to_first};
use crate::Web;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{Page, render, sentence};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Which versions an address asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    version: String,
    after: String,
}

#[derive(Template)]
#[template(path = "terms.html")]
struct TermsPage {
    frame: Frame,
    found: BuyerTerms,
    now: jiff::Timestamp,
}

impl TermsPage {
    /// The version that was asked for, else all that are in force.
    fn shown(&self) -> Vec<&TermsVersion> {
        match &self.found.shown {
            Some(one) => vec![one],
            None => self.found.in_force.versions().iter().collect(),
        }
    }

    fn is_in_force(&self, version: &TermsVersion) -> bool {
        self.found.in_force.versions().contains(version)
    }

    fn is_coming(&self, version: &TermsVersion) -> bool {
        version.from > self.now
    }

    fn next(&self) -> Option<String> {
        self.found.next.map(cursor)
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let shown = match wanted.version.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Error::NotFound)?),
    };
    let found = web.app.terms(&access, shown, read_cursor(&wanted.after)?);
    Ok(render(&TermsPage {
        found: found.await?,
        frame: Frame::new(&web, &visitor, &access, Section::Catalog).await?,
        now: web.app.now(),
    }))
}

#[derive(Template)]
#[template(path = "partner_terms.html")]
struct PartnerTermsPage {
    frame: SellerFrame,
    token: String,
    partners: Vec<Organization>,
    found: PartnerTerms,
    may_publish: bool,
    /// What stands in the form.
    typed: TypedTerms,
    problems: Vec<Problem>,
    now: jiff::Timestamp,
}

impl PartnerTermsPage {
    fn slug(&self) -> &str {
        self.found.partner.slug.as_str()
    }

    /// Tone, icon and word of where a version stands.
    fn look(&self, version: &TermsVersion) -> (&'static str, &'static str, &'static str) {
        match self.found.in_force.contains(&version.id) {
            true => ("good", "done", "In force"),
            false if version.from > self.now => ("wait", "calendar", "To come"),
            false => ("calm", "archive", "Earlier"),
        }
    }

    fn is_wrong(&self, field: &str) -> bool {
        let is = |problem: &Problem| problem.field.trim_start_matches('/') == field;
        self.problems.iter().any(is)
    }

    fn sentence(&self, problem: &Problem) -> String {
        match problem.field.as_ref() {
            "/label" => format!("Version {}", problem.reason),
            "/from" => format!("First day {}", problem.reason),
            field => sentence(field, &problem.reason),
        }
    }

    fn next(&self) -> Option<String> {
        self.found.next.map(cursor)
    }
}

/// To the terms of the first partner that this visitor may look at.
pub(crate) async fn first(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let partners = web.app.terms_partners(&visitor.caller).await?;
    Ok(to_first(&partners, "terms")?)
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
) -> Result<PartnerTermsPage, Error> {
    let after = read_cursor(&wanted.after)?;
    let found = web.app.partner_terms(access, after).await?;
    Ok(PartnerTermsPage {
        frame: SellerFrame::new(visitor, Section::Terms),
        token: visitor.form_token(found.partner.slug.as_str()),
        partners: web.app.terms_partners(&visitor.caller).await?,
        may_publish: access.standing().may(Permission::ManageTerms),
        found,
        typed: TypedTerms::default(),
        problems: Vec::new(),
        now: web.app.now(),
    })
}

/// A version as typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    label: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    text: String,
}

pub(crate) async fn publish(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    let typed = TypedTerms {
        label: form.label,
        vendor: form.vendor,
        from: form.from,
        text: form.text,
    };
    match web.app.publish_terms(&access, typed.clone()).await {
        Ok(_) => Ok(Redirect::to(&format!("/partners/{partner}/terms")).into_response()),
        Err(Error::Problems(problems)) => {
            let page = PartnerTermsPage {
                typed,
                problems,
                ..page(&web, &visitor, &access, &Wanted::default()).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
