//! Signing in and out, and choosing the customer to act for.

use app::Error;
use app::access::Caller;
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use domain::access::Permission;
use domain::organization::Organization;
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame};
use super::kept::{self, KeptPage};
use crate::Web;
use crate::error::{Page, render, words};
use crate::visitor::{self, Visitor, check_origin};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    pub(super) email: String,
    pub(super) problem: Option<String>,
    /// Where to go on; empty for the start.
    pub(super) next: String,
    /// A form that was sent without a session, as it was sent.
    pub(super) kept: String,
}

/// Where the way leads after the door.
#[derive(Deserialize)]
pub(crate) struct Onward {
    #[serde(default)]
    next: String,
}

/// What is typed at the door.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept: String,
}

#[derive(Template)]
#[template(path = "organizations.html")]
struct OrganizationsPage {
    frame: SellerFrame,
    caller: Caller,
    organizations: Vec<Organization>,
    /// Sellers, for those who may suspend them.
    partners: Vec<Organization>,
    is_filtered: bool,
    typed: Filters,
    countries: Vec<String>,
}

impl OrganizationsPage {
    fn may_suspend(&self, organization: &Organization) -> bool {
        let may = Permission::SuspendOrganization;
        self.caller.may(organization, may)
    }

    /// Its ERP number, for those who may read it.
    fn sees_number(&self, organization: &Organization) -> bool {
        self.caller
            .may_view(organization, Permission::EditOrganization)
    }

    fn sees_any_number(&self) -> bool {
        self.organizations
            .iter()
            .any(|found| self.sees_number(found))
    }

    fn may_suspend_any(&self) -> bool {
        self.organizations
            .iter()
            .any(|found| self.may_suspend(found))
    }
}

/// What narrows the list of organizations.
#[derive(Default, Deserialize)]
pub(crate) struct Filters {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    country: String,
}

impl Filters {
    fn fits(&self, organization: &Organization) -> bool {
        let name = organization.name.to_lowercase();
        name.contains(&self.name.trim().to_lowercase())
            && (self.status.is_empty() || organization.status.label() == self.status)
            && (self.country.is_empty() || organization.country.code() == self.country)
    }
}

const WRONG: &str = "The e-mail address or the password is wrong. Check both and try again";

/// Straight to the orders of whoever has one organization; to the choice for the others.
pub(crate) async fn home(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let organizations = web.app.customers(&visitor.caller).await?;
    Ok(match organizations.as_slice() {
        [only] => Redirect::to(&format!("/o/{}/orders", only.slug)),
        _ => Redirect::to("/organizations"),
    })
}

pub(crate) async fn sign_in(Query(onward): Query<Onward>) -> Response {
    render(&SignInPage {
        email: String::new(),
        problem: None,
        next: onward.next,
        kept: String::new(),
    })
}

pub(crate) async fn open(
    State(web): State<Web>,
    jar: CookieJar,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Result<Response, Page> {
    check_origin(&headers, &web)?;
    let browser = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    match web
        .app
        .sign_in(&form.email, &form.password, browser.unwrap_or_default())
        .await
    {
        Ok(secret) => {
            let address = kept::safe_address(&form.next).unwrap_or("/");
            let onward = if form.kept.is_empty() {
                Redirect::to(address).into_response()
            } else {
                let organization = address
                    .strip_prefix("/o/")
                    .and_then(|path| path.split('/').next());
                let token = visitor::form_token(&secret, organization.unwrap_or_default());
                render(&KeptPage::new(address, &form.kept, token))
            };
            Ok((jar.add(visitor::cookie(&web, secret)), onward).into_response())
        }
        Err(error @ (Error::SignedOut | Error::TooMany)) => {
            let (status, problem) = match error {
                Error::TooMany => (StatusCode::TOO_MANY_REQUESTS, words(&error)),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned()),
            };
            let page = SignInPage {
                email: form.email,
                problem: Some(problem),
                next: form.next,
                kept: form.kept,
            };
            Ok((status, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

/// A form with nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Token {
    token: String,
    organization: String,
}

pub(crate) async fn close(
    State(web): State<Web>,
    visitor: Visitor,
    Form(form): Form<Token>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, &form.organization)?;
    web.app.sign_out(visitor.secret()).await?;
    let forget = [(
        HeaderName::from_static("clear-site-data"),
        "\"cache\", \"cookies\"",
    )];
    Ok((forget, Redirect::to("/sign-in")).into_response())
}

pub(crate) async fn select(
    State(web): State<Web>,
    Query(typed): Query<Filters>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let mut organizations = web.app.customers(&visitor.caller).await?;
    let mut countries: Vec<String> = organizations
        .iter()
        .map(|o| o.country.to_string())
        .collect();
    countries.sort_unstable();
    countries.dedup();
    let all = organizations.len();
    organizations.retain(|organization| typed.fits(organization));
    let partners = web.app.suspendable_partners(&visitor.caller).await?;
    Ok(render(&OrganizationsPage {
        partners,
        frame: SellerFrame::new(&visitor, Section::Organizations),
        is_filtered: organizations.len() < all,
        caller: visitor.caller,
        organizations,
        typed,
        countries,
    }))
}
