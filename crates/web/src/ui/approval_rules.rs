//! What a partner wants to approve: its rules as a table, and the form that adds or changes one.

use app::Error;
use app::access::Access;
use app::approvals::{Rules, TypedRule};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::{Permission, Role};
use domain::edit::Edit;
use domain::id::ApprovalRuleId;
use domain::order::approval::rule::ApprovalRule;
use domain::order::change::ChangeKind;
use domain::organization::Organization;
use domain::subscription::decide::Problem;
use domain::text::Invalid;
use serde::Deserialize;

use super::filters;
use super::frame::{Section, SellerFrame, to_first};
use crate::Web;
use crate::error::{self, Page, render};
use crate::posted::{Empty, Posted};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "approval_rules.html")]
struct RulesPage {
    frame: SellerFrame,
    token: String,
    partners: Vec<Organization>,
    found: Rules,
    may_change: bool,
    /// Who said last whether orders need an ERP number, and when.
    asked: Option<Edit>,
    /// What stands in the form.
    typed: TypedRule,
    /// The rule that the form changes.
    edited: Option<ApprovalRuleId>,
    problems: Vec<Problem>,
}

impl RulesPage {
    fn slug(&self) -> &str {
        self.found.partner.slug.as_str()
    }

    /// What a rule asks for, a phrase for each condition.
    fn conditions(&self, rule: &ApprovalRule) -> Vec<String> {
        let of = &rule.conditions;
        let mut said = Vec::new();
        said.extend(
            of.total_at_least
                .map(|total| format!("{total} or more per billing cycle")),
        );
        said.extend(
            of.margin_below
                .map(|share| format!("Margin below {} %", share.value().normalize())),
        );
        let vendor = of.vendor.map(|id| {
            let found = self.found.vendors.iter().find(|(known, _)| *known == id);
            found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
        });
        said.extend(vendor.map(|name| format!("Of {name}")));
        let customer = of.customer.map(|id| {
            let found = self.found.customers.iter().find(|known| known.id == id);
            found.map_or_else(|| id.to_string(), |found| found.name.clone())
        });
        said.extend(customer.map(|name| format!("For {name}")));
        if !of.orderers.is_empty() {
            let roles: Vec<&str> = of.orderers.iter().map(|role| role.label()).collect();
            said.push(format!("Ordered by {}", roles.join(" or ")));
        }
        if !of.kinds.is_empty() {
            let kinds: Vec<&str> = of.kinds.iter().map(|kind| kind.label()).collect();
            said.push(kinds.join(" or "));
        }
        if said.is_empty() {
            said.push("Every order, but for markups and names alone".to_owned());
        }
        said
    }

    fn roles(&self) -> Vec<(String, &'static str)> {
        let named = |role: &Role| Some((name(role)?, role.label()));
        Role::ALL.iter().filter_map(named).collect()
    }

    /// What can be asked for: a cost is only ever recorded.
    fn kinds(&self) -> impl Iterator<Item = ChangeKind> {
        let kinds = ChangeKind::ALL.into_iter();
        kinds.filter(|kind| *kind != ChangeKind::Cost)
    }

    fn has(&self, among: &[String], name: &str) -> bool {
        among.iter().any(|typed| typed == name)
    }

    fn wrong(&self, name: &str) -> bool {
        let is = |problem: &Problem| problem.field.trim_start_matches('/') == name;
        self.problems.iter().any(is)
    }

    fn sentence(&self, problem: &Problem) -> String {
        error::sentence(&problem.field, &problem.reason)
    }
}

/// A role's name in the API and in forms.
fn name(role: &Role) -> Option<String> {
    let value = serde_json::to_value(role).ok()?;
    value.as_str().map(str::to_owned)
}

/// Which rule the form is to change.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    rule: String,
}

/// To the rules of the first partner that has any for this visitor.
pub(crate) async fn first(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, Page> {
    let partners = web.app.partners(&visitor.caller).await?;
    Ok(to_first(&partners, "approval-rules")?)
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.partner_access(&visitor.caller, &partner).await?;
    let mut page = page(&web, &visitor, &access).await?;
    if let Ok(id) = wanted.rule.parse::<ApprovalRuleId>() {
        let rule = page.found.rules.iter().find(|rule| rule.id == id);
        let rule = rule.ok_or(Error::NotFound)?;
        page.typed = TypedRule::of(rule, &page.found.customers);
        page.edited = Some(id);
    }
    Ok(render(&page))
}

async fn page(web: &Web, visitor: &Visitor, access: &Access) -> Result<RulesPage, Error> {
    let found = web.app.approval_rules(access).await?;
    Ok(RulesPage {
        frame: SellerFrame::new(visitor, Section::Approvals),
        token: visitor.form_token(found.partner.slug.as_str()),
        partners: web.app.partners(&visitor.caller).await?,
        may_change: access.standing().may(Permission::ManageApprovals),
        asked: web.app.needs_erp_number_since(access).await?,
        typed: TypedRule {
            enabled: true,
            currency: found.partner.currency.code().to_owned(),
            ..TypedRule::default()
        },
        edited: None,
        problems: Vec::new(),
        found,
    })
}

/// What the form says; boxes that are not ticked are not sent.
fn typed(fields: &[(String, String)]) -> TypedRule {
    let all = |name: &str| {
        let found = fields.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).pop().unwrap_or_default();
    TypedRule {
        name: one("name"),
        enabled: !one("enabled").is_empty(),
        total_at_least: one("total_at_least"),
        currency: one("currency"),
        margin_below: one("margin_below"),
        vendor: one("vendor"),
        orderers: all("orderers"),
        customer: one("customer"),
        kinds: all("kinds"),
    }
}

pub(crate) async fn save(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let value = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let edited = match value("rule") {
        "" => None,
        id => Some(id.parse().map_err(|_| Error::NotFound)?),
    };
    let typed = typed(&fields);
    let saved = web.app.save_approval_rule(&access, edited, typed.clone());
    match saved.await {
        Ok(_) => Ok(Redirect::to(&format!("/partners/{partner}/approval-rules")).into_response()),
        Err(Error::Problems(problems)) => {
            let page = RulesPage {
                typed,
                edited,
                problems,
                ..page(&web, &visitor, &access).await?
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response())
        }
        Err(error) => Err(Page(error)),
    }
}

/// Whether orders need an ERP number; a box that is not ticked is not sent.
#[derive(Deserialize)]
pub(crate) struct Ordering {
    #[serde(default)]
    needs_erp_number: String,
}

pub(crate) async fn ask_erp_number(
    State(web): State<Web>,
    Path(partner): Path<String>,
    Posted { access, form, .. }: Posted<Ordering>,
) -> Result<Redirect, Page> {
    web.app.needs_erp_number(&access)?;
    let needs = match form.needs_erp_number.as_str() {
        "" => false,
        "yes" => true,
        _ => {
            let reason = Invalid("must be yes, or not be sent".into());
            let field = "/needs_erp_number";
            return Err(Page(Error::Invalid { field, reason }));
        }
    };
    web.app.set_needs_erp_number(&access, needs).await?;
    Ok(Redirect::to(&format!("/partners/{partner}/approval-rules")))
}

pub(crate) async fn remove(
    State(web): State<Web>,
    Path((partner, id)): Path<(String, String)>,
    Posted { access, .. }: Posted<Empty>,
) -> Result<Redirect, Page> {
    let id = id.parse().map_err(|_| Error::NotFound)?;
    web.app.delete_approval_rule(&access, id).await?;
    Ok(Redirect::to(&format!("/partners/{partner}/approval-rules")))
}
