//! Our records beside what vendors say: compared daily and on demand, told to staff, mended by people alone.
//!
//! A comparison reads: `examine` has nothing to write with. What it finds is written down by `run`, and
//! what a person makes of it is an order (`resolve`).

mod examine;
mod resolve;
mod run;
mod telling;

use connectors::Settings;
use domain::access::Permission;
use domain::id::{DifferenceId, OrganizationId, VendorId};
use domain::order::Refusal;
use domain::organization::Organization;
use domain::reconciliation::{Difference, Drift, Outcome, Reach, Run};
use domain::text::Invalid;
use jiff::Timestamp;
use store::catalog::{self, Vendor};
use store::differences::{self, Filter};
use store::{Tx, organizations, reconciliations};

pub use self::examine::Rehearsed;
pub use self::resolve::{Adoption, Resolve, Resolved};
use crate::access::{Access, Caller};
use crate::{App, Error, worker};

/// Differences on one page at the most.
pub const PAGE_MAX: u32 = 100;
/// Runs of a connection that are shown.
const RUNS_SHOWN: u32 = 5;

/// A connection, how far its vendor tells what customers have, and its last comparisons.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The vendor's id.
    pub id: VendorId,
    /// Its name in addresses and commands.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What it tells.
    pub reach: Reach,
    /// Newest first.
    pub runs: Vec<Run>,
}

/// Which differences are asked for, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct AskedDifferences {
    /// The vendor's name in addresses.
    pub vendor: Option<String>,
    /// Such as `quantity`.
    pub kind: Option<String>,
    /// `open` by default; or `asked`, `resolved`, `vanished`.
    pub status: Option<String>,
    /// The page after this one.
    pub after: Option<(Timestamp, DifferenceId)>,
    /// How many at the most.
    pub limit: u32,
}

/// A page of differences.
#[derive(Debug, Clone)]
pub struct DifferencePage {
    /// Newest first.
    pub differences: Vec<Difference>,
    /// Where the next page begins, where there is one.
    pub next: Option<(Timestamp, DifferenceId)>,
}

impl App {
    /// The partners whose connections a caller sets up, by name.
    pub async fn connected_partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        self.partners_for(caller, Permission::ManageVendors).await
    }

    /// The connections of a partner with their last comparisons.
    pub async fn compared(&self, access: &Access) -> Result<Vec<Compared>, Error> {
        access.require_view(Permission::ManageVendors)?;
        let mut tx = self.store.read().await?;
        let vendors = catalog::list_vendors(&mut tx, &[access.tenant()]).await?;
        let mut compared = Vec::new();
        for vendor in vendors {
            let runs = reconciliations::list(&mut tx, vendor.owner, vendor.id, RUNS_SHOWN).await?;
            compared.push(Compared {
                reach: connectors::abilities(&worker::settings(&vendor)?).reach,
                id: vendor.id,
                slug: vendor.slug,
                name: vendor.name,
                runs,
            });
        }
        Ok(compared)
    }

    /// A page of a partner's differences.
    pub async fn differences(
        &self,
        access: &Access,
        asked: &AskedDifferences,
    ) -> Result<DifferencePage, Error> {
        access.require_view(Permission::ManageVendors)?;
        let limit = asked.limit.clamp(1, PAGE_MAX);
        let mut tx = self.store.read().await?;
        let vendor = match asked.vendor.as_deref().filter(|slug| !slug.is_empty()) {
            Some(slug) => Some(own_vendor(&mut tx, access.tenant(), slug).await?.id),
            None => None,
        };
        let filter = Filter {
            vendor,
            kind: known("/kind", asked.kind.as_deref(), &Drift::NAMES)?,
            status: known("/status", asked.status.as_deref(), &Outcome::NAMES)?.unwrap_or("open"),
            after: asked.after,
        };
        let mut found = differences::list(&mut tx, access.tenant(), &filter, limit + 1).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().filter(|_| has_more);
        Ok(DifferencePage {
            next: last.map(|last| (last.first_seen, last.id)),
            differences: found,
        })
    }

    /// One difference of a partner's.
    pub async fn difference(&self, access: &Access, id: DifferenceId) -> Result<Difference, Error> {
        access.require_view(Permission::ManageVendors)?;
        let mut tx = self.store.read().await?;
        let found = differences::find(&mut tx, access.tenant(), id).await?;
        found.ok_or(Error::NotFound)
    }

    /// A partner's own connection, for the person at the machine.
    async fn connection_named(&self, owner: &str, slug: &str) -> Result<Vendor, Error> {
        let owner = self.organization(owner).await?;
        let mut tx = self.store.read().await?;
        own_vendor(&mut tx, owner.id, slug).await
    }

    /// Compares with a vendor, for the person at the machine.
    pub async fn reconcile(&self, owner: &str, vendor: &str) -> Result<Run, Error> {
        let vendor = self.connection_named(owner, vendor).await?;
        let run = self.begin_run(&vendor, None, false).await?;
        self.carry_out(&vendor, run).await
    }

    /// Compares with a vendor and writes nothing down.
    pub async fn rehearse(&self, owner: &str, vendor: &str) -> Result<Rehearsed, Error> {
        let vendor = self.connection_named(owner, vendor).await?;
        let settings = worker::settings(&vendor)?;
        // Without a keeper of secrets: not even a renewed token is stored.
        let reader = connectors::reader(&settings, None).map_err(said)?;
        let examiner = examine::Examiner {
            store: self.store.to_read(),
            reader: reader.as_ref(),
            vendor: &vendor,
            reach: reach(&settings)?,
            now: self.clock.now(),
        };
        examiner.rehearse().await
    }

    /// The connections whose vendors tell what customers have, by the slugs of their owner and their own.
    pub async fn comparable(&self) -> Result<Vec<(String, String)>, Error> {
        let mut tx = self.store.read().await?;
        let mut found = Vec::new();
        for vendor in connections(&mut tx).await? {
            if reach(&worker::settings(&vendor)?).is_ok()
                && let Some(owner) = organizations::find_by_id(&mut tx, vendor.owner).await?
            {
                found.push((owner.slug.to_string(), vendor.slug));
            }
        }
        Ok(found)
    }
}

/// All connections there are, a page at a time.
async fn connections(tx: &mut Tx) -> Result<Vec<Vendor>, Error> {
    const AT_ONCE: u32 = 200;
    let mut found: Vec<Vendor> = Vec::new();
    loop {
        let after = found.last().map(|last| (last.owner, last.id));
        let page = catalog::list_connections(tx, after, AT_ONCE).await?;
        let is_last = page.len() < AT_ONCE as usize;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

async fn own_vendor(tx: &mut Tx, owner: OrganizationId, slug: &str) -> Result<Vendor, Error> {
    let vendors = catalog::list_vendors(tx, &[owner]).await?;
    let found = vendors.into_iter().find(|vendor| vendor.slug == slug);
    found.ok_or_else(|| Error::Invalid {
        field: "/vendor",
        reason: Invalid("is not one of your connections".into()),
    })
}

/// How far the vendor tells what customers have; refused where it tells nothing.
fn reach(settings: &Settings) -> Result<Reach, Error> {
    match connectors::abilities(settings).reach {
        Reach::Nothing => Err(refused(
            "this vendor does not tell what customers have, so there is nothing to compare with",
        )),
        reach @ (Reach::Known | Reach::Customers) => Ok(reach),
    }
}

fn refused(words: &str) -> Error {
    Error::Refused(Refusal::Because(words.to_owned()))
}

fn said(fault: domain::provisioning::Fault) -> Error {
    Error::Refused(Refusal::Because(fault.to_string()))
}

/// A name that is typed, as the program knows it.
fn known(
    field: &'static str,
    typed: Option<&str>,
    names: &[&'static str],
) -> Result<Option<&'static str>, Error> {
    let Some(typed) = typed.filter(|typed| !typed.is_empty()) else {
        return Ok(None);
    };
    match names.iter().find(|name| **name == typed) {
        Some(name) => Ok(Some(name)),
        None => Err(Error::Invalid {
            field,
            reason: Invalid(format!("must be one of {}", names.join(", "))),
        }),
    }
}
