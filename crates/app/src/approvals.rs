//! Approvals: a partner's rules, and who has to agree before an order goes to its vendors.

use std::collections::BTreeSet;

use domain::access::{Permission, Role};
use domain::edit::{Edit, Subject};
use domain::id::{ApprovalRuleId, EditId, OrganizationId, VendorId};
use domain::money::{Currency, Money};
use domain::order::approval::rule::{ApprovalRule, Conditions, RULES_MAX};
use domain::order::change::ChangeKind;
use domain::organization::Organization;
use domain::price::Percent;
use domain::subscription::decide::Problem;
use domain::text::line;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use store::{StoreError, Tx, approval_rules, catalog, edits, organizations};

use crate::access::{Access, Caller};
use crate::edits::append;
use crate::{App, Error};

/// Customers that a rule can be narrowed to, in one list at the most.
const CUSTOMERS_MAX: u32 = 1_000;

/// Rules that were removed last, of which is told who did.
const REMOVED_MAX: u32 = 5;

/// A rule as it is typed; what is empty narrows nothing.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedRule {
    /// Its name.
    pub name: String,
    /// It is asked.
    pub enabled: bool,
    /// What is paid at one billing cycle, at least, such as `1000.00`.
    pub total_at_least: String,
    /// The currency of that.
    pub currency: String,
    /// Below which share of the customer's price the margin is, such as `5`.
    pub margin_below: String,
    /// The vendor's id.
    pub vendor: String,
    /// The roles of whoever orders.
    pub orderers: Vec<String>,
    /// The customer's name in addresses.
    pub customer: String,
    /// The kinds of requested changes.
    pub kinds: Vec<String>,
}

impl TypedRule {
    /// A rule as it would be typed.
    pub fn of(rule: &ApprovalRule, customers: &[Organization]) -> TypedRule {
        let conditions = &rule.conditions;
        let total = conditions.total_at_least;
        let percent = conditions.margin_below.map(String::from);
        let role = |role: &Role| match serde_json::to_value(role) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        };
        let customer = customers
            .iter()
            .find(|found| Some(found.id) == conditions.customer);
        TypedRule {
            name: rule.name.clone(),
            enabled: rule.is_enabled,
            total_at_least: total.map_or_else(String::new, |total| total.to_decimal().to_string()),
            currency: total.map_or_else(String::new, |total| total.currency.code().to_owned()),
            margin_below: percent.unwrap_or_default(),
            vendor: conditions
                .vendor
                .map_or_else(String::new, |id| id.to_string()),
            orderers: conditions.orderers.iter().map(role).collect(),
            customer: customer.map_or_else(String::new, |found| found.slug.to_string()),
            kinds: conditions
                .kinds
                .iter()
                .map(|kind| kind.name().to_owned())
                .collect(),
        }
    }
}

/// A partner's rules, and what they can speak of.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The partner.
    pub partner: Organization,
    /// By name.
    pub rules: Vec<ApprovalRule>,
    /// Who added or changed them last, and when; not of those that are older than this is kept.
    pub edits: Vec<Edit>,
    /// Who removed others, the last first.
    pub removed: Vec<Edit>,
    /// Its customers, by name.
    pub customers: Vec<Organization>,
    /// The vendors of its catalog, by name.
    pub vendors: Vec<(VendorId, String)>,
}

impl Rules {
    /// Who added or changed a rule last, as far as that is kept.
    pub fn edit(&self, rule: &ApprovalRule) -> Option<&Edit> {
        let subject = subject(rule);
        self.edits.iter().find(|edit| edit.subject == subject)
    }
}

impl App {
    /// The distributors and sellers whose rules a caller may look at, by name.
    pub async fn partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        let mut tx = self.store.read().await?;
        let held = caller.memberships.iter();
        let held: BTreeSet<OrganizationId> = held
            .filter(|held| held.role.is_staff())
            .map(|held| held.organization)
            .collect();
        let held: Vec<OrganizationId> = held.into_iter().collect();
        let mut found = organizations::list_by_id(&mut tx, &held).await?;
        found.retain(|partner| {
            let standing = caller.standing(partner);
            standing.is_some_and(|standing| standing.may_view(Permission::ManageApprovals))
        });
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The rules of the partner that the access is to.
    pub async fn approval_rules(&self, access: &Access) -> Result<Rules, Error> {
        may_view(access)?;
        let mut tx = self.store.read().await?;
        let partner = access.organization().clone();
        let rules = approval_rules::list(&mut tx, &[partner.id]).await?;
        let mut customers = organizations::list_below(&mut tx, &partner, CUSTOMERS_MAX).await?;
        customers.retain(|found| found.kind == domain::organization::OrganizationKind::Customer);
        let vendors = vendors(&mut tx, &partner).await?;
        let subjects: Vec<Subject> = rules.iter().map(subject).collect();
        let gone = Subject::RemovedApprovalRule;
        Ok(Rules {
            edits: edits::latest(&mut tx, partner.id, &subjects).await?,
            removed: edits::list(&mut tx, partner.id, &gone, REMOVED_MAX).await?,
            partner,
            rules,
            customers,
            vendors,
        })
    }

    /// Adds a rule, or changes one.
    pub async fn save_approval_rule(
        &self,
        access: &Access,
        id: Option<ApprovalRuleId>,
        typed: TypedRule,
    ) -> Result<ApprovalRule, Error> {
        access.require(Permission::ManageApprovals)?;
        let saving = Saving {
            access: access.clone(),
            id,
            new: ApprovalRuleId(self.id()),
            typed,
            edit: EditId(self.id()),
            now: self.clock.now(),
        };
        let saved = self
            .store
            .write(saving, |saving, tx| Box::pin(saving.run(tx)));
        saved.await
    }

    /// Forgets a rule. Orders that wait because of it go on waiting.
    pub async fn delete_approval_rule(
        &self,
        access: &Access,
        id: ApprovalRuleId,
    ) -> Result<(), Error> {
        access.require(Permission::ManageApprovals)?;
        let state = (access.clone(), id, EditId(self.id()), self.clock.now());
        let deleted = self.store.write(state, |(access, id, edit, now), tx| {
            Box::pin(async move {
                let known = find(tx, access.tenant(), *id).await?;
                approval_rules::delete(tx, access.tenant(), *id).await?;
                let (subject, change) = (Subject::RemovedApprovalRule, (known.words(), Vec::new()));
                let made = Edit::of(subject, change, access.actor(), *now);
                append(tx, access, *edit, made).await
            })
        });
        deleted.await
    }
}

/// A rule that is added or changed.
struct Saving {
    access: Access,
    id: Option<ApprovalRuleId>,
    new: ApprovalRuleId,
    typed: TypedRule,
    edit: EditId,
    now: Timestamp,
}

impl Saving {
    async fn run(&self, tx: &mut Tx) -> Result<ApprovalRule, Error> {
        let partner = self.access.organization();
        let before = match self.id {
            Some(id) => find(tx, partner.id, id).await?.words(),
            None => Vec::new(),
        };
        let rule = read(tx, partner, self.id.unwrap_or(self.new), &self.typed).await?;
        match approval_rules::save(tx, &rule).await {
            Err(StoreError::Taken) => return Err(taken()),
            done => done?,
        }
        let change = (before, rule.words());
        let edit = Edit::of(subject(&rule), change, self.access.actor(), self.now);
        append(tx, &self.access, self.edit, edit).await?;
        Ok(rule)
    }
}

/// One of a partner's rules.
async fn find(
    tx: &mut Tx,
    partner: OrganizationId,
    id: ApprovalRuleId,
) -> Result<ApprovalRule, Error> {
    let known = approval_rules::list(tx, &[partner]).await?;
    let found = known.into_iter().find(|rule| rule.id == id);
    found.ok_or(Error::NotFound)
}

fn subject(rule: &ApprovalRule) -> Subject {
    Subject::ApprovalRule { rule: rule.id }
}

fn may_view(access: &Access) -> Result<(), Error> {
    match access.standing().may_view(Permission::ManageApprovals) {
        true => Ok(()),
        false => Err(Error::Forbidden),
    }
}

fn taken() -> Error {
    let words = format!("is the name of another rule, or there are {RULES_MAX}, which is the most");
    Error::Problems(vec![Problem::new("/name", words)])
}

async fn vendors(tx: &mut Tx, partner: &Organization) -> Result<Vec<(VendorId, String)>, Error> {
    let vendors = catalog::list_vendors(tx, &partner.chain).await?;
    let vendors = vendors.into_iter().map(|vendor| (vendor.id, vendor.name));
    Ok(vendors.collect())
}

/// Every problem of the form at once.
async fn read(
    tx: &mut Tx,
    partner: &Organization,
    id: ApprovalRuleId,
    typed: &TypedRule,
) -> Result<ApprovalRule, Error> {
    let mut problems = Vec::new();
    let mut wrong =
        |field: &'static str, reason: String| problems.push(Problem::new(field, reason));
    let name = line(&typed.name, 80);
    let name = name.map_err(|reason| wrong("/name", reason.to_string()));
    let total_at_least = amount(typed).unwrap_or_else(|(field, reason)| {
        wrong(field, reason);
        None
    });
    let margin_below = optional(&typed.margin_below)
        .map(Percent::parse)
        .transpose()
        .unwrap_or_else(|reason| {
            wrong("/margin_below", reason.to_string());
            None
        });
    let known = vendors(tx, partner).await?;
    let vendor = optional(&typed.vendor).and_then(|typed| {
        let found = known.iter().find(|(id, _)| id.to_string() == typed);
        if found.is_none() {
            let reason = "is not a vendor of this catalog; choose one of the list".into();
            wrong("/vendor", reason);
        }
        found.map(|(id, _)| *id)
    });
    let customer = match optional(&typed.customer) {
        Some(typed) => {
            let below = organizations::list_below(tx, partner, CUSTOMERS_MAX).await?;
            let found = below.iter().find(|found| {
                found.slug.as_str() == typed
                    && found.kind == domain::organization::OrganizationKind::Customer
            });
            if found.is_none() {
                wrong("/customer", "is not a customer of this partner".into());
            }
            found.map(|found| found.id)
        }
        None => None,
    };
    let (orderers, kinds) = (roles(&typed.orderers), kinds(&typed.kinds));
    let orderers = orderers.unwrap_or_else(|reason| {
        wrong("/orderers", reason);
        BTreeSet::new()
    });
    let kinds = kinds.unwrap_or_else(|reason| {
        wrong("/kinds", reason);
        BTreeSet::new()
    });
    match name {
        Ok(name) if problems.is_empty() => Ok(ApprovalRule {
            id,
            organization: partner.id,
            name,
            is_enabled: typed.enabled,
            conditions: Conditions {
                total_at_least,
                margin_below,
                vendor,
                orderers,
                customer,
                kinds,
            },
        }),
        _ => Err(Error::Problems(problems)),
    }
}

fn optional(typed: &str) -> Option<&str> {
    Some(typed.trim()).filter(|typed| !typed.is_empty())
}

/// An amount with its currency, with no more decimals than that has.
fn amount(typed: &TypedRule) -> Result<Option<Money>, (&'static str, String)> {
    let Some(text) = optional(&typed.total_at_least) else {
        return Ok(None);
    };
    let currency = Currency::parse(typed.currency.trim());
    let currency = currency.map_err(|reason| ("/currency", reason.to_string()))?;
    let wrong = || {
        let digits = currency.exponent();
        let reason = format!("must be an amount above zero with at most {digits} decimals");
        ("/total_at_least", reason)
    };
    let amount = Decimal::from_str_exact(text).map_err(|_| wrong())?;
    let money = Money::from_decimal(amount, currency).map_err(|_| wrong())?;
    match money.minor > 0 && money.to_decimal() == amount {
        true => Ok(Some(money)),
        false => Err(wrong()),
    }
}

fn roles(typed: &[String]) -> Result<BTreeSet<Role>, String> {
    let role = |name: &String| {
        let value = serde_json::Value::String(name.clone());
        serde_json::from_value(value).map_err(|_| format!("has no role {name}"))
    };
    typed.iter().map(role).collect()
}

fn kinds(typed: &[String]) -> Result<BTreeSet<ChangeKind>, String> {
    let kind = |name: &String| {
        let found = ChangeKind::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("has no kind of change {name}"))
    };
    typed.iter().map(kind).collect()
}
