//! Signing in and out, and choosing the customer to act for.

use app::Error;
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use domain::organization::Organization;
use serde::Deserialize;

use crate::Web;
use crate::error::{Page, render};
use crate::visitor::{self, Visitor, check_origin};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    email: String,
    problem: Option<String>,
}

/// What is typed at the door.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    email: String,
    password: String,
}

#[derive(Template)]
#[template(path = "organizations.html")]
struct OrganizationsPage {
    person: String,
    organizations: Vec<Organization>,
    token: String,
}

/// Straight to the orders of whoever has one organization; to the choice for the others.
pub(crate) async fn home(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let organizations = web.app.customers(&visitor.caller).await?;
    Ok(match organizations.as_slice() {
        [only] => Redirect::to(&format!("/o/{}/orders", only.slug)),
        _ => Redirect::to("/organizations"),
    })
}

pub(crate) async fn sign_in() -> Response {
    render(&SignInPage {
        email: String::new(),
        problem: None,
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
            Ok((jar.add(visitor::cookie(&web, secret)), Redirect::to("/")).into_response())
        }
        Err(Error::SignedOut) => {
            let problem = "The e-mail address or the password is wrong. Check both and try again";
            let page = SignInPage {
                email: form.email,
                problem: Some(problem.to_owned()),
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
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

pub(crate) async fn select(State(web): State<Web>, visitor: Visitor) -> Result<Response, Page> {
    let organizations = web.app.customers(&visitor.caller).await?;
    let token = visitor.form_token("");
    Ok(render(&OrganizationsPage {
        person: visitor.caller.name,
        organizations,
        token,
    }))
}
