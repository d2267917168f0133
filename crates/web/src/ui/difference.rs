//! One difference: what both sides say, and what can be made of it.

use app::access::Access;
use app::reconciliation::{Adoption, Resolve, Resolved};
use app::{Error, Mode};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::DifferenceId;
use domain::organization::Organization;
use domain::reconciliation::{Difference, Drift, Outcome, Resolution};
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame};
use crate::Web;
use crate::api::differences::contact;
use crate::error::{self, Page, render};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// What would come of a resolution: the lines of its order, or why it can't be had.
struct Outlook {
    resolution: Resolution,
    /// What it means, in a sentence.
    meaning: &'static str,
    result: Result<Resolved, String>,
}

impl Outlook {
    fn name(&self) -> &'static str {
        match self.resolution {
            Resolution::Accept => "accept",
            Resolution::Correct => "correct",
            Resolution::Adopt => "adopt",
        }
    }
}

#[derive(Template)]
#[template(path = "difference.html")]
struct DifferencePage {
    frame: SellerFrame,
    token: String,
    partner: Organization,
    found: Difference,
    outlooks: Vec<Outlook>,
    /// Whose an unknown one can become.
    customers: Vec<Organization>,
    typed: Typed,
    problem: Option<String>,
}

impl DifferencePage {
    fn slug(&self) -> &str {
        self.partner.slug.as_str()
    }

    /// What both sides say something of.
    fn noun(&self) -> &'static str {
        match self.found.drift {
            Drift::Unknown | Drift::Missing => "There is",
            _ => self.found.drift.label(),
        }
    }

    fn times(&self) -> String {
        match self.found.times {
            1 => "once".into(),
            times => format!("{times} times"),
        }
    }

    fn is_open(&self) -> bool {
        self.found.outcome == Outcome::Open
    }

    fn is_candidate(&self, customer: &Organization) -> bool {
        match self.typed.organization.as_str() {
            "" => self
                .found
                .candidates
                .iter()
                .any(|one| one.organization == customer.id),
            typed => customer.slug.as_str() == typed,
        }
    }

    /// What else the vendor tells, a name and its words each.
    fn told(&self) -> Vec<(&'static str, String)> {
        let Some(holding) = &self.found.holding else {
            return Vec::new();
        };
        let tenants: Vec<&str> = holding.tenants.iter().map(String::as_str).collect();
        let both = |product: &Option<String>, plan: &Option<String>| {
            let parts: Vec<&str> = [product, plan]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            (!parts.is_empty()).then(|| parts.join(" / "))
        };
        let facts = [
            ("Name", holding.name.clone()),
            ("Product", both(&holding.product, &holding.plan)),
            ("Licenses", holding.quantity.map(|count| count.to_string())),
            (
                "Term",
                holding
                    .cadence
                    .map(|of| format!("{}, billed {}", of.term_label(), of.cycle_label())),
            ),
            (
                "State",
                holding.standing.map(|standing| standing.label().to_owned()),
            ),
            (
                "Auto-renewal",
                holding
                    .renews
                    .map(|on| if on { "on" } else { "off" }.to_owned()),
            ),
            (
                "Price as told",
                holding.price.map(|price| price.to_string()),
            ),
            ("Tenant", (!tenants.is_empty()).then(|| tenants.join(", "))),
        ];
        facts
            .into_iter()
            .filter_map(|(name, words)| Some((name, words?)))
            .collect()
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let page = page(&web, &visitor, &access, id, Typed::default()).await?;
    Ok(render(&page))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    id: DifferenceId,
    typed: Typed,
) -> Result<DifferencePage, Error> {
    let found = web.app.difference(access, id).await?;
    let mut outlooks = Vec::new();
    let is_open = found.outcome == Outcome::Open;
    let ways = [
        (
            Resolution::Accept,
            match found.drift {
                Drift::Price { .. } => {
                    "We pay what the vendor asks for this subscription from now on. What its customer and \
                     its seller pay stays, and so does the price list."
                }
                _ => "Our record takes the vendor's word. The vendor hears nothing of it.",
            },
        ),
        (
            Resolution::Correct,
            "An ordinary order asks the vendor to match our record.",
        ),
    ];
    for (resolution, meaning) in ways
        .into_iter()
        .filter(|_| is_open && found.subject.is_some())
    {
        let wish = Resolve {
            resolution,
            expected: None,
            adoption: None,
        };
        let shown = web
            .app
            .resolve_difference(&visitor.caller, access, id, wish, Mode::DryRun);
        outlooks.push(Outlook {
            resolution,
            meaning,
            result: match shown.await {
                Err(internal @ Error::Internal(_)) => return Err(internal),
                shown => shown.map_err(|error| error::words(&error)),
            },
        });
    }
    let mut customers = Vec::new();
    if is_open && found.subject.is_none() {
        customers = web.app.customers(&visitor.caller).await?;
        customers.retain(|one| one.chain.contains(&access.organization().id));
    }
    Ok(DifferencePage {
        frame: SellerFrame::new(visitor, Section::Differences),
        token: visitor.form_token(access.organization().slug.as_str()),
        partner: access.organization().clone(),
        found,
        outlooks,
        customers,
        typed,
        problem: None,
    })
}

/// A resolution as typed.
#[derive(Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    resolution: String,
    times: String,
    organization: String,
    contact_email: String,
    contact_name: String,
    contact_surname: String,
}

impl Typed {
    fn wish(&self) -> Result<Resolve, Error> {
        let resolution = match self.resolution.as_str() {
            "accept" => Resolution::Accept,
            "correct" => Resolution::Correct,
            "adopt" => Resolution::Adopt,
            _ => return Err(Error::NotFound),
        };
        let adoption = match resolution {
            Resolution::Accept | Resolution::Correct => None,
            Resolution::Adopt => Some(Adoption {
                organization: self.organization.clone(),
                contact: contact(
                    &self.contact_email,
                    &self.contact_name,
                    &self.contact_surname,
                )?,
                plan: None,
            }),
        };
        Ok(Resolve {
            resolution,
            expected: self.times.parse().ok(),
            adoption,
        })
    }
}

pub(crate) async fn resolve(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let resolved = match form.wish() {
        Ok(wish) => {
            let caller = &visitor.caller;
            web.app
                .resolve_difference(caller, &access, id, wish, Mode::Commit)
                .await
        }
        Err(error) => Err(error),
    };
    match resolved {
        Ok(_) => Ok(Redirect::to(&format!("/partners/{partner}/differences/{id}")).into_response()),
        Err(
            refused @ (Error::Refused(_)
            | Error::Invalid { .. }
            | Error::Problems(_)
            | Error::InFlight { .. }
            | Error::Changed),
        ) => {
            let page = DifferencePage {
                problem: Some(match refused {
                    Error::Changed => {
                        "It has become another since you opened it; look again".into()
                    }
                    refused => error::words(&refused),
                }),
                ..page(&web, &visitor, &access, id, form).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}
