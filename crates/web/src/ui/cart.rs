//! The cart and checkout on one page: lines, total, terms, and one button that names the amount.

use app::access::Access;
use app::carts::{ChangeItem, PlaceCart};
use app::{Error, Mode};
use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::LineId;
use domain::money::Money;
use domain::order::seen::SeenOrder;
use domain::terms::Applied;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use super::order;
use crate::Web;
use crate::error::{Page, render, words};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "cart.html")]
struct CartPage {
    frame: Frame,
    cart: Option<SeenOrder>,
    terms: Applied,
    may_quote: bool,
    problem: Option<String>,
}

impl CartPage {
    fn total(&self) -> String {
        let total = self.cart.as_ref().and_then(|cart| cart.total);
        total.map_or_else(String::new, |total| total.to_string())
    }

    /// What is paid at each pace.
    fn totals(&self) -> Vec<(String, Money)> {
        self.cart.as_ref().map(order::totals).unwrap_or_default()
    }
}

/// Checkout.
#[derive(Deserialize)]
pub(crate) struct Checkout {
    token: String,
    number: u64,
    version: i64,
    #[serde(default)]
    accept_terms: Option<String>,
    #[serde(default)]
    terms_version: Option<String>,
}

/// A quantity as typed.
#[derive(Deserialize)]
pub(crate) struct Change {
    token: String,
    quantity: String,
}

/// A form with nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    page(&web, &visitor, &access, None).await
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    problem: Option<&Error>,
) -> Result<Response, Page> {
    let cart = web.app.cart(access).await?;
    let lines = cart.iter().flat_map(|cart| &cart.lines);
    let terms = web
        .app
        .terms_for(access, lines.map(|line| line.item.vendor));
    let terms = terms.await?;
    let frame = Frame::new(web, visitor, access, Section::Cart).await?;
    let status = problem.map_or(StatusCode::OK, |_| StatusCode::CONFLICT);
    let problem = problem.map(words);
    Ok((
        status,
        render(&CartPage {
            frame,
            cart,
            terms,
            may_quote: access.standing().may(Permission::ManageQuotes),
            problem,
        }),
    )
        .into_response())
}

/// Shows the cart again with what is wrong, unless that is a matter of rights or ours.
async fn answer(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    done: Result<String, Error>,
) -> Result<Response, Page> {
    match done {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(error @ (Error::NotFound | Error::Forbidden | Error::Internal(_))) => Err(Page(error)),
        Err(error) => page(web, visitor, access, Some(&error)).await,
    }
}

pub(crate) async fn place(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
    Form(form): Form<Checkout>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let accept_terms = form.accept_terms.is_some();
    let command = PlaceCart {
        number: form.number,
        version: form.version,
        accept_terms,
        terms_version: form.terms_version,
    };
    let placed = web
        .app
        .place_cart(&access, command, None, Mode::Commit)
        .await;
    let done = placed.map(|order| format!("/o/{organization}/orders?panel={}", order.number));
    answer(&web, &visitor, &access, done).await
}

pub(crate) async fn change(
    State(web): State<Web>,
    Path((organization, line)): Path<(String, String)>,
    visitor: Visitor,
    Form(form): Form<Change>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let line: LineId = line.parse().map_err(|_| Error::NotFound)?;
    // What is no number is out of range, and is told so with the range.
    let quantity = form.quantity.trim().parse().unwrap_or(-1);
    let changed = web
        .app
        .change_cart(&access, line, ChangeItem { quantity })
        .await;
    let done = changed.map(|_| format!("/o/{organization}/cart"));
    answer(&web, &visitor, &access, done).await
}

pub(crate) async fn remove(
    State(web): State<Web>,
    Path((organization, line)): Path<(String, String)>,
    visitor: Visitor,
    Form(form): Form<Token>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, &organization)?;
    let access = web.app.access(&visitor.caller, &organization).await?;
    let line: LineId = line.parse().map_err(|_| Error::NotFound)?;
    let done = web.app.remove_from_cart(&access, line).await;
    let done = done.map(|_| format!("/o/{organization}/cart"));
    answer(&web, &visitor, &access, done).await
}
