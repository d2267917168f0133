//! The cart and checkout on one page: lines, total, terms, and one button that names the amount.

use std::collections::{BTreeMap, BTreeSet};

use app::access::Access;
use app::carts::{ChangeItem, PlaceCart, TypedPayment};
use app::catalog::{SeenOffer, SeenPlan};
use app::subscriptions::TypedAddon;
use app::{Error, Mode};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::{LineId, OfferId};
use domain::money::Money;
use domain::offer::{Cadence, Offer};
use domain::order::Refusal;
use domain::order::seen::{SeenLine, SeenOrder};
use domain::subscription::SeenSubscription;
use domain::terms::Applied;
use serde::Deserialize;
use uuid::Uuid;

use super::filters;
use super::frame::{Frame, Section};
use super::order;
use crate::Web;
use crate::error::{Page, render, sentence, words};
use crate::posted::{Empty, Posted};
use crate::visitor::Visitor;

/// Subscriptions of the same license that are told one by one before it is bought again.
pub(super) const HINTS: usize = 2;

#[derive(Template)]
#[template(path = "cart.html")]
struct CartPage {
    frame: Frame,
    cart: Option<SeenOrder>,
    /// The quantities of what is sold in no other.
    only: BTreeMap<OfferId, u32>,
    /// What its licenses can have with them.
    addons: Vec<SeenOffer>,
    /// What runs of its licenses already.
    running: Vec<SeenSubscription>,
    may_change: bool,
    terms: Applied,
    may_quote: bool,
    typed: TypedPayment,
    problem: Option<String>,
    /// What is wrong is that the customer has no ERP number.
    lacks_number: bool,
}

impl CartPage {
    fn lines<'c>(&self, cart: &'c SeenOrder) -> Vec<&'c SeenLine> {
        order::nested(cart)
    }

    /// Whether there is no other quantity that a line could have.
    fn is_only(&self, line: &SeenLine) -> bool {
        self.only.get(&line.item.offer) == Some(&line.price.quantity)
    }

    /// The add-ons that a license can have and does not have yet, each with its price.
    fn addons(&self, license: &SeenLine) -> Vec<(OfferId, String)> {
        let lines = self.cart.iter().flat_map(|cart| &cart.lines);
        let has = |addon: &Offer| {
            let mut beside = lines.clone().filter(|line| line.parent == Some(license.id));
            beside.any(|line| line.item.offer == addon.id)
        };
        let goes = |addon: &&SeenOffer| addon.offer.parents.contains(&license.item.offer);
        let left = self.addons.iter().filter(goes);
        let left = left.filter(|addon| !has(&addon.offer));
        left.map(|addon| (addon.offer.id, self.addon_label(addon, license)))
            .collect()
    }

    fn addon_label(&self, addon: &SeenOffer, license: &SeenLine) -> String {
        let same = |plan: &&SeenPlan| plan.cadence == license.item.cadence;
        let plan = addon.plans.iter().find(same).or(addon.plans.first());
        let price = plan.map_or_else(String::new, |plan| {
            let cycle = plan.cadence.cycle_label();
            format!(": {} each, billed {cycle}", plan.unit.unit)
        });
        format!("{}{price}", addon.offer.name)
    }

    /// What runs of a license, and how much it would be with what is in the cart.
    fn running(&self, line: &SeenLine) -> Vec<(&SeenSubscription, u32)> {
        let same =
            |one: &&SeenSubscription| one.item.offer == line.item.offer && line.parent.is_none();
        let more = line.price.quantity;
        let found = self.running.iter().filter(same);
        found
            .map(|one| (one, one.quantity.saturating_add(more)))
            .collect()
    }

    /// What the button promises: one sum, or one for each pace where months and years are mixed.
    fn total(&self) -> String {
        let paces = |cart| order::totals_by(cart, Cadence::pace);
        amounts(&self.cart.as_ref().map(paces).unwrap_or_default())
    }

    /// What is paid at each pace.
    fn totals(&self) -> Vec<(String, Money)> {
        self.cart.as_ref().map(order::totals).unwrap_or_default()
    }
}

/// `850.50 EUR`, or `120.00 EUR per month and 900.00 EUR per year`.
fn amounts(totals: &[(String, Money)]) -> String {
    match totals {
        [] => String::new(),
        [(_, total)] => total.to_string(),
        [all @ .., (pace, last)] => {
            let all = all.iter().map(|(pace, total)| format!("{total} {pace}"));
            format!("{} and {last} {pace}", all.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Checkout.
#[derive(Deserialize)]
pub(crate) struct Checkout {
    number: u64,
    version: i64,
    #[serde(default)]
    accept_terms: Option<String>,
    #[serde(default)]
    terms_version: Option<String>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    card_reference: String,
    #[serde(default)]
    purchase_order: String,
}

/// A quantity as typed.
#[derive(Deserialize)]
pub(crate) struct Change {
    quantity: String,
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    page(&web, &visitor, &access, None, TypedPayment::default()).await
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    problem: Option<&Error>,
    typed: TypedPayment,
) -> Result<Response, Page> {
    let cart = web.app.cart(access).await?;
    let lines = cart.iter().flat_map(|cart| &cart.lines);
    let vendors = lines.clone().map(|line| line.item.vendor);
    let terms = web.app.terms_for(access, vendors).await?;
    let offers = lines.clone().map(|line| line.item.offer).collect();
    let licenses = lines.filter(|line| line.parent.is_none());
    let licenses: BTreeSet<OfferId> = licenses.map(|line| line.item.offer).collect();
    let frame = Frame::new(web, visitor, access, Section::Cart).await?;
    let status = problem.map_or(StatusCode::OK, |_| StatusCode::CONFLICT);
    let lacks_number = matches!(problem, Some(Error::Refused(Refusal::NoErpNumber { .. })));
    let problem = problem.map(told);
    Ok((
        status,
        render(&CartPage {
            frame,
            only: web.app.only_quantities(access, offers).await?,
            addons: web.app.addons_to(access, &licenses).await?,
            running: web.app.running_of(access, &licenses).await?,
            may_change: access.standing().may(Permission::ChangeSubscriptions),
            cart,
            terms,
            may_quote: access.standing().may(Permission::ManageQuotes),
            typed,
            problem,
            lacks_number,
        }),
    )
        .into_response())
}

/// What is wrong, with all fields of checkout at once.
fn told(error: &Error) -> String {
    let Error::Problems(problems) = error else {
        return words(error);
    };
    let sentences = problems.iter().map(|one| sentence(&one.field, &one.reason));
    sentences.collect::<Vec<_>>().join(". ")
}

async fn answer(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    done: Result<String, Error>,
) -> Result<Response, Page> {
    answer_with(web, visitor, access, done, TypedPayment::default()).await
}

/// Shows the cart again with what is wrong and what was typed, unless that is a matter of rights or ours.
async fn answer_with(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    done: Result<String, Error>,
    typed: TypedPayment,
) -> Result<Response, Page> {
    match done {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(error @ (Error::NotFound | Error::Forbidden | Error::Internal(_))) => Err(Page(error)),
        Err(error) => page(web, visitor, access, Some(&error), typed).await,
    }
}

pub(crate) async fn place(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Checkout>,
) -> Result<Response, Page> {
    let accept_terms = form.accept_terms.is_some();
    let payment = TypedPayment {
        method: form.method,
        card_reference: form.card_reference,
        purchase_order: form.purchase_order,
    };
    let command = PlaceCart {
        number: form.number,
        version: form.version,
        accept_terms,
        terms_version: form.terms_version,
        payment: payment.clone(),
    };
    let placed = web
        .app
        .place_cart(&access, command, None, Mode::Commit)
        .await;
    let done = placed.map(|order| format!("/o/{organization}/orders?panel={}", order.number));
    answer_with(&web, &visitor, &access, done, payment).await
}

pub(crate) async fn change(
    State(web): State<Web>,
    Path((organization, line)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Change>,
) -> Result<Response, Page> {
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

/// An add-on for a license in the cart, as typed.
#[derive(Deserialize)]
pub(crate) struct Addon {
    offer: String,
    quantity: String,
}

pub(crate) async fn add_addon(
    State(web): State<Web>,
    Path((organization, line)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Addon>,
) -> Result<Response, Page> {
    let line: LineId = line.parse().map_err(|_| Error::NotFound)?;
    let addon = TypedAddon {
        // What is no offer is none of the catalog, and is told so to those who may buy.
        offer: form.offer.parse().unwrap_or(OfferId(Uuid::nil())),
        plan: None,
        quantity: form.quantity.trim().parse().unwrap_or(-1),
    };
    let added = web.app.add_addon_to_cart(&access, line, addon, None).await;
    let done = added.map(|_| format!("/o/{organization}/cart"));
    answer(&web, &visitor, &access, done).await
}

pub(crate) async fn remove(
    State(web): State<Web>,
    Path((organization, line)): Path<(String, String)>,
    Posted {
        visitor, access, ..
    }: Posted<Empty>,
) -> Result<Response, Page> {
    let line: LineId = line.parse().map_err(|_| Error::NotFound)?;
    let done = web.app.remove_from_cart(&access, line).await;
    let done = done.map(|_| format!("/o/{organization}/cart"));
    answer(&web, &visitor, &access, done).await
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    #[test]
    fn the_button_names_one_sum_or_one_for_each_pace() {
        let currency = Currency::parse("EUR").expect("a currency");
        let paid = |pace: &str, minor| (pace.to_owned(), Money { minor, currency });
        let (month, year) = (paid("per month", 12_000), paid("per year", 90_000));
        let once = paid("once", 500);
        for (totals, words) in [
            (vec![], ""),
            (vec![month.clone()], "120.00 EUR"),
            (
                vec![month.clone(), year.clone()],
                "120.00 EUR per month and 900.00 EUR per year",
            ),
            (
                vec![month, year, once],
                "120.00 EUR per month, 900.00 EUR per year and 5.00 EUR once",
            ),
        ] {
            assert_eq!(amounts(&totals), words);
        }
    }
}
