//! Terms and conditions: a partner publishes versions, a buyer reads those in force and accepts them
//! with each order.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{TermsId, VendorId};
use domain::order::line::Line;
use domain::organization::Organization;
use domain::subscription::decide::Problem;
use domain::terms::{Applied, TermsVendor, TermsVersion, parse_from, parse_label, parse_text};
use domain::text::Invalid;
use jiff::Timestamp;
use serde::Deserialize;
use store::{StoreError, Tx, catalog, terms};

use crate::access::{Access, Caller};
use crate::{App, Error};

/// Versions of a page.
const PAGE: u32 = 50;

/// A version as typed in a form or sent by a program.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedTerms {
    /// What the version is called, such as `2026-11`.
    pub label: String,
    /// The vendor's id, where it is about one vendor's licenses alone.
    pub vendor: String,
    /// First day in the publisher's time zone, such as `2026-12-01`; now when empty.
    pub from: String,
    /// Paragraphs with an empty line between them.
    pub text: String,
}

/// A partner's versions, and what a new one can be about.
#[derive(Debug, Clone)]
pub struct PartnerTerms {
    /// Whose they are.
    pub partner: Organization,
    /// The last to come into force first.
    pub versions: Vec<TermsVersion>,
    /// Which of all are in force.
    pub in_force: BTreeSet<TermsId>,
    /// Where the next page begins.
    pub next: Option<terms::Place>,
    /// The vendors of its catalog, by name.
    pub vendors: Vec<TermsVendor>,
}

/// What a buyer reads.
#[derive(Debug, Clone)]
pub struct BuyerTerms {
    /// What is in force for whatever is bought.
    pub in_force: Applied,
    /// What was in force before, or is to come, the last first.
    pub others: Vec<TermsVersion>,
    /// Where more of these begin.
    pub next: Option<terms::Place>,
    /// The one that was asked for.
    pub shown: Option<TermsVersion>,
}

impl App {
    /// The terms on which an organization buys: those in force, the others, and one of them to read.
    pub async fn terms(
        &self,
        access: &Access,
        shown: Option<TermsId>,
        after: Option<terms::Place>,
    ) -> Result<BuyerTerms, Error> {
        access.require(Permission::SeeCustomerPrice)?;
        let (mut tx, now) = (self.store.read().await?, self.clock.now());
        let chain = &access.organization().chain;
        let shown = match shown {
            Some(id) => {
                let found = terms::find(&mut tx, chain, id).await?;
                Some(found.ok_or(Error::NotFound)?)
            }
            None => None,
        };
        let in_force = Applied::new(terms::in_force(&mut tx, chain, None, now).await?);
        let (mut others, next) = page(&mut tx, access, after).await?;
        others.retain(|version| !in_force.versions().contains(version));
        Ok(BuyerTerms {
            in_force,
            others,
            next,
            shown,
        })
    }

    /// What applies to an order of these vendors' licenses, placed now.
    pub async fn terms_for(
        &self,
        access: &Access,
        vendors: impl IntoIterator<Item = VendorId>,
    ) -> Result<Applied, Error> {
        let mut tx = self.store.read().await?;
        let vendors = vendors.into_iter().collect();
        applied(&mut tx, access, vendors, self.clock.now()).await
    }

    /// The distributors and sellers whose terms a caller may look at, by name.
    pub async fn terms_partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        self.partners_for(caller, Permission::ManageTerms).await
    }

    /// A partner's own versions.
    pub async fn partner_terms(
        &self,
        access: &Access,
        after: Option<terms::Place>,
    ) -> Result<PartnerTerms, Error> {
        access.require_view(Permission::ManageTerms)?;
        let mut tx = self.store.read().await?;
        let partner = access.organization().clone();
        let (own, now) = ([partner.id], self.clock.now());
        let in_force = terms::in_force(&mut tx, &own, None, now).await?;
        let mut versions = terms::list(&mut tx, &own, after, PAGE + 1).await?;
        let next = next(&mut versions);
        let vendors = vendors(&mut tx, &partner).await?;
        Ok(PartnerTerms {
            versions,
            in_force: in_force.iter().map(|version| version.id).collect(),
            next,
            vendors,
            partner,
        })
    }

    /// Publishes a version. What was in force before stays to be read.
    pub async fn publish_terms(
        &self,
        access: &Access,
        typed: TypedTerms,
    ) -> Result<TermsVersion, Error> {
        access.require(Permission::ManageTerms)?;
        let state = (access.clone(), typed, TermsId(self.id()), self.clock.now());
        let published = self.store.write(state, |(access, typed, id, now), tx| {
            Box::pin(async move {
                let version = read(tx, access, typed, *id, *now).await?;
                match terms::insert(tx, &version).await {
                    Ok(()) => Ok(version),
                    Err(StoreError::Taken) => Err(Error::Problems(vec![Problem::new(
                        "/label",
                        "is one that these terms have had, or another version begins on the \
                                 same day; choose another",
                    )])),
                    Err(error) => Err(error.into()),
                }
            })
        });
        published.await
    }
}

/// What an order with these lines records as accepted. Where its buyer names what was shown, and that is
/// no longer what is in force, nothing is placed.
pub(crate) async fn accepted(
    tx: &mut Tx,
    access: &Access,
    lines: &[Line],
    shown: Option<&str>,
    now: Timestamp,
) -> Result<String, Error> {
    let vendors = lines.iter().map(|line| line.item.vendor).collect();
    let label = applied(tx, access, vendors, now).await?.label();
    match shown.is_none_or(|shown| shown == label) {
        true => Ok(label),
        false => Err(Error::TermsChanged { version: label }),
    }
}

/// Refuses what is agreed to terms that are no longer in force, where these are those for whatever is
/// bought.
pub(crate) async fn check(
    tx: &mut Tx,
    access: &Access,
    shown: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let chain = &access.organization().chain;
    let label = Applied::new(terms::in_force(tx, chain, None, now).await?).label();
    match shown.is_none_or(|shown| shown == label) {
        true => Ok(()),
        false => Err(Error::TermsChanged { version: label }),
    }
}

async fn applied(
    tx: &mut Tx,
    access: &Access,
    vendors: BTreeSet<VendorId>,
    now: Timestamp,
) -> Result<Applied, Error> {
    let vendors: Vec<VendorId> = vendors.into_iter().collect();
    let chain = &access.organization().chain;
    let found = terms::in_force(tx, chain, Some(&vendors), now).await?;
    Ok(Applied::new(found))
}

async fn page(
    tx: &mut Tx,
    access: &Access,
    after: Option<terms::Place>,
) -> Result<(Vec<TermsVersion>, Option<terms::Place>), Error> {
    let chain = &access.organization().chain;
    let mut versions = terms::list(tx, chain, after, PAGE + 1).await?;
    let next = next(&mut versions);
    Ok((versions, next))
}

/// Cuts a list that was read one row too far, and says where it goes on.
fn next(versions: &mut Vec<TermsVersion>) -> Option<terms::Place> {
    let has_more = versions.len() > PAGE as usize;
    versions.truncate(PAGE as usize);
    let last = versions.last().filter(|_| has_more);
    last.map(|version| (version.from, version.id))
}

async fn vendors(tx: &mut Tx, partner: &Organization) -> Result<Vec<TermsVendor>, Error> {
    let found = catalog::list_vendors(tx, &partner.chain).await?;
    let vendor = |vendor: catalog::Vendor| TermsVendor {
        id: vendor.id,
        name: vendor.name,
    };
    Ok(found.into_iter().map(vendor).collect())
}

/// A version as typed, with every problem at once.
async fn read(
    tx: &mut Tx,
    access: &Access,
    typed: &TypedTerms,
    id: TermsId,
    now: Timestamp,
) -> Result<TermsVersion, Error> {
    let partner = access.organization();
    let vendor = match typed.vendor.trim() {
        "" => Ok(None),
        text => {
            let known = vendors(tx, partner).await?;
            let found = known
                .into_iter()
                .find(|vendor| vendor.id.to_string() == text);
            let wrong = || Invalid("must be a vendor of your catalog".into());
            found.map(Some).ok_or_else(wrong)
        }
    };
    let mut problems = Vec::new();
    let label = take(&mut problems, "/label", parse_label(&typed.label));
    let vendor = take(&mut problems, "/vendor", vendor);
    let from = take(
        &mut problems,
        "/from",
        parse_from(&typed.from, &partner.zone, now),
    );
    let text = take(&mut problems, "/text", parse_text(&typed.text));
    match (label, vendor, from, text) {
        (Some(label), Some(vendor), Some(from), Some(text)) => Ok(TermsVersion {
            id,
            owner: partner.id,
            vendor,
            label,
            from,
            text,
            published_by: access.actor().clone(),
            published_at: now,
        }),
        _ => Err(Error::Problems(problems)),
    }
}

fn take<T>(
    problems: &mut Vec<Problem>,
    field: &'static str,
    read: Result<T, Invalid>,
) -> Option<T> {
    read.map_err(|reason| {
        problems.push(Problem::new(field, reason.0));
    })
    .ok()
}
