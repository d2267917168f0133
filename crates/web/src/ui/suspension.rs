//! Suspending a customer, or a seller with all of its customers, and letting it do business again.

use app::Error;
use app::access::Access;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::edit::Edit;
use domain::organization::{OrganizationKind, Suspension};
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame};
use crate::Web;
use crate::error::{Page, render, words};
use crate::posted::Posted;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "suspension.html")]
struct SuspensionPage {
    frame: SellerFrame,
    token: String,
    name: String,
    /// It sells: its customers are what is stopped.
    is_seller: bool,
    /// A role above the organization decides; its own people read.
    may_decide: bool,
    suspension: Option<Suspension>,
    /// Who ended the last one, and when.
    reactivated: Option<Edit>,
    typed: String,
    problem: Option<String>,
}

/// What is to become of the organization.
#[derive(Deserialize)]
pub(crate) struct Decision {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    reactivate: String,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    Ok(render(&page(&web, &visitor, &access).await?))
}

pub(crate) async fn show_partner(
    State(web): State<Web>,
    Path(partner): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    Ok(render(&page(&web, &visitor, &access).await?))
}

async fn page(web: &Web, visitor: &Visitor, access: &Access) -> Result<SuspensionPage, Error> {
    let organization = access.organization();
    Ok(SuspensionPage {
        frame: SellerFrame::new(visitor, Section::Organizations),
        token: visitor.form_token(organization.slug.as_str()),
        name: organization.name.clone(),
        is_seller: organization.kind != OrganizationKind::Customer,
        may_decide: access.may_from_above(Permission::SuspendOrganization),
        suspension: web.app.suspension(access).await?,
        reactivated: web.app.reactivated(access).await?,
        typed: String::new(),
        problem: None,
    })
}

/// Suspends a customer or a partner, or ends that.
pub(crate) async fn decide(
    State(web): State<Web>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Decision>,
) -> Result<Response, Page> {
    let done = match form.reactivate.as_str() {
        "" => web.app.suspend(&access, &form.reason).await.map(drop),
        _ => web.app.reactivate(&access).await,
    };
    match done {
        Ok(()) => Ok(Redirect::to("/organizations").into_response()),
        Err(error @ Error::Invalid { .. }) => {
            let page = SuspensionPage {
                problem: Some(words(&error)),
                typed: form.reason,
                ..page(&web, &visitor, &access).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
