//! A partner's price rules: the list, the form that adds one, and what it would change before it is kept.

use app::Error;
use app::access::Access;
use app::prices::{AskedRules, Preview, Rules, SeenRule, TypedPriceRule};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::organization::{Organization, OrganizationKind};
use domain::price::PriceRule;
use domain::price::record::RuleState;
use domain::subscription::decide::Problem;
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame, to_first};
use crate::Web;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{Page, render};
use crate::posted::Posted;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage {
    frame: SellerFrame,
    token: String,
    partners: Vec<Organization>,
    found: Rules,
    may_change: bool,
    wanted: Wanted,
    /// What stands in the form.
    typed: TypedPriceRule,
    problems: Vec<Problem>,
    preview: Option<Preview>,
}

impl PricesPage {
    fn slug(&self) -> &str {
        self.found.partner.slug.as_str()
    }

    fn is_distributor(&self) -> bool {
        self.found.partner.kind == OrganizationKind::Distributor
    }

    /// Whom a rule is for when it is for nobody in particular.
    fn everybody(&self) -> &'static str {
        match self.is_distributor() {
            true => "All sellers",
            false => "All customers",
        }
    }

    fn look(&self, rule: &SeenRule) -> (&'static str, &'static str) {
        match rule.state {
            RuleState::Coming => ("wait", "calendar"),
            RuleState::Open => ("good", "done"),
            RuleState::Ended => ("calm", "archive"),
        }
    }

    fn is_coming(&self, rule: &SeenRule) -> bool {
        rule.state == RuleState::Coming
    }

    fn has_ended(&self, rule: &SeenRule) -> bool {
        rule.state == RuleState::Ended
    }

    /// `15 on cost for Amber Logistics`: which rule a button is about.
    fn said(&self, rule: &SeenRule) -> String {
        let buyer = rule.buyer.as_deref().unwrap_or(self.everybody());
        let subject = rule.subject.as_deref().unwrap_or("all offers");
        format!("{}: {buyer}, {subject}", self.effect(&rule.record.rule))
    }

    fn effect(&self, rule: &PriceRule) -> String {
        rule.effect(match self.is_distributor() {
            true => "cost",
            false => "partner price",
        })
    }

    fn next(&self) -> Option<String> {
        let after = cursor(self.found.next?);
        let ended = if self.wanted.ended.is_empty() {
            ""
        } else {
            "&ended=yes"
        };
        Some(format!("?after={after}{ended}"))
    }

    fn wrong(&self, name: &str) -> bool {
        let is = |problem: &Problem| problem.field.trim_start_matches('/') == name;
        self.problems.iter().any(is)
    }

    fn sentence(&self, problem: &Problem) -> String {
        let name = match problem.field.as_ref() {
            "/percent" => "Markup or discount",
            "/source" => "Percentage of",
            "/from" => "First day",
            "/till" => "Last day",
            "/vendor" => "Vendor",
            "/offer" => "Offer",
            _ if self.is_distributor() => "Seller",
            _ => "Customer",
        };
        format!("{name} {}", problem.reason)
    }
}

/// Which rules an address asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    ended: String,
    after: String,
}

impl Wanted {
    fn asked(&self) -> Result<AskedRules, Error> {
        Ok(AskedRules {
            ended: !self.ended.is_empty(),
            after: read_cursor(&self.after)?,
        })
    }
}

/// To the rules of the first partner that has any for this visitor.
pub(crate) async fn first(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let partners = web.app.pricing_partners(&visitor.caller).await?;
    Ok(to_first(&partners, "prices")?)
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    Ok(render(&page(&web, &visitor, &access, wanted).await?))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    wanted: Wanted,
) -> Result<PricesPage, Error> {
    let found = web.app.price_rules(access, wanted.asked()?).await?;
    Ok(PricesPage {
        frame: SellerFrame::new(visitor, Section::Prices),
        token: visitor.form_token(found.partner.slug.as_str()),
        partners: web.app.pricing_partners(&visitor.caller).await?,
        may_change: access.standing().may(Permission::ConfigurePrices),
        typed: TypedPriceRule {
            from: found.earliest.to_string(),
            ..TypedPriceRule::default()
        },
        wanted,
        found,
        problems: Vec::new(),
        preview: None,
    })
}

/// A rule as typed, to be looked at or kept.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    step: String,
    #[serde(default)]
    buyer: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    offer: String,
    #[serde(default)]
    percent: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    till: String,
}

impl Typed {
    fn rule(&self) -> TypedPriceRule {
        TypedPriceRule {
            buyer: self.buyer.clone(),
            vendor: self.vendor.clone(),
            offer: self.offer.clone(),
            percent: self.percent.clone(),
            source: self.source.clone(),
            from: self.from.clone(),
            till: self.till.clone(),
        }
    }
}

/// Shows what a rule would change, or keeps it.
pub(crate) async fn add(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<Typed>,
) -> Result<Response, Page> {
    let typed = form.rule();
    let (shown, done) = match form.step.as_str() {
        "save" => (
            None,
            web.app
                .add_price_rule(&access, typed.clone())
                .await
                .map(drop),
        ),
        _ => match web.app.preview_price_rule(&access, &typed).await {
            Ok(preview) => (Some(preview), Ok(())),
            Err(error) => (None, Err(error)),
        },
    };
    let (status, problems) = match done {
        Ok(()) if shown.is_none() => {
            return Ok(Redirect::to(&format!("/partners/{partner}/prices")).into_response());
        }
        Ok(()) => (StatusCode::OK, Vec::new()),
        Err(Error::Problems(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, problems),
        Err(error) => return Err(Page(error)),
    };
    let page = PricesPage {
        typed,
        problems,
        preview: shown,
        ..page(&web, &visitor, &access, Wanted::default()).await?
    };
    Ok((status, render(&page)).into_response())
}

/// A last day.
#[derive(Deserialize)]
pub(crate) struct End {
    #[serde(default)]
    till: String,
}

pub(crate) async fn end(
    State(web): State<Web>,
    Path((_, id)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<End>,
) -> Result<Response, Page> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let ended = web.app.end_price_rule(&access, id, &form.till).await;
    answer(&web, &visitor, &access, ended.map(drop)).await
}

pub(crate) async fn remove(
    State(web): State<Web>,
    Path((_, id)): Path<(String, String)>,
    Posted {
        visitor, access, ..
    }: Posted<End>,
) -> Result<Response, Page> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    let removed = web.app.remove_price_rule(&access, id).await;
    answer(&web, &visitor, &access, removed).await
}

/// Back to the list, which says what could not be done.
async fn answer(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    done: Result<(), Error>,
) -> Result<Response, Page> {
    let problems = match done {
        Ok(()) => {
            let back = format!("/partners/{}/prices", access.organization().slug);
            return Ok(Redirect::to(&back).into_response());
        }
        Err(Error::Problems(problems)) => problems,
        Err(Error::Invalid { field, reason }) => vec![Problem::new(field, reason.0)],
        Err(error) => return Err(Page(error)),
    };
    let page = PricesPage {
        problems,
        ..page(web, visitor, access, Wanted::default()).await?
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
}
