//! A customer's own page: what is known of it, and its ERP number, which staff enter.

use app::Error;
use app::access::Access;
use app::organizations::Profile;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::organization::ErpNumber;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::error::{Page, capitalized, render, words};
use crate::posted::Posted;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "organization.html")]
struct OrganizationPage {
    frame: Frame,
    found: Profile,
    may_change: bool,
    typed: String,
    problem: Option<String>,
}

impl OrganizationPage {
    fn segment(&self) -> String {
        capitalized(self.found.organization.segment.name())
    }

    /// `Baltic Cloud and Nordic Distribution`, or nobody.
    fn asking(&self) -> String {
        self.found.asking.join(" and ")
    }
}

/// An ERP number as typed; empty for none.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    erp_number: String,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    Ok(render(&page(&web, &visitor, &access).await?))
}

async fn page(web: &Web, visitor: &Visitor, access: &Access) -> Result<OrganizationPage, Error> {
    let found = web.app.profile(access).await?;
    let number = found.organization.erp_number.as_ref();
    Ok(OrganizationPage {
        frame: Frame::new(web, visitor, access, Section::Organization).await?,
        may_change: access.standing().may(Permission::EditOrganization),
        typed: number.map_or_else(String::new, ErpNumber::to_string),
        problem: None,
        found,
    })
}

pub(crate) async fn save(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    match web.app.set_erp_number(&access, &form.erp_number).await {
        Ok(_) => Ok(Redirect::to(&format!("/o/{organization}/organization")).into_response()),
        Err(error @ Error::Invalid { .. }) => {
            let page = OrganizationPage {
                problem: Some(words(&error)),
                typed: form.erp_number,
                ..page(&web, &visitor, &access).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
