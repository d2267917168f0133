//! Looks at both sides and changes neither: it has a database to read, and a vendor to read.

use std::collections::{BTreeMap, BTreeSet};

use connectors::{Account, Known, Reader};
use domain::id::{OrganizationId, SubscriptionId};
use domain::provisioning::Fault;
use domain::reconciliation::{
    self, Compared, Found, InFlight, Ours, Reach, Skip, Standing, Told, exceeds_ceiling,
};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use store::catalog::Vendor;
use store::{ReadOnly, orders, slots, subscriptions};

use super::{refused, said};
use crate::Error;

/// Subscriptions that are read at once.
const AT_ONCE: u32 = 500;
/// Accounts that a vendor is asked about at a time.
const ASKED_AT_ONCE: usize = 4;
/// After so many faults one after another the vendor is left alone.
const FAULTS_MAX: usize = 20;
/// Faults that are told.
const TOLD_MAX: usize = 5;
/// So long after its end a subscription is still asked about: it may be paid for.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A look at a connection.
pub(super) struct Examiner<'a> {
    pub(super) store: ReadOnly,
    pub(super) reader: &'a dyn Reader,
    pub(super) vendor: &'a Vendor,
    pub(super) reach: Reach,
    pub(super) now: Timestamp,
}

/// What a look found.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) compared: Compared,
    /// The vendor answered about everything that it was asked about.
    pub(super) is_whole: bool,
    /// Why not, where it did not; a few of the reasons.
    pub(super) faults: Vec<String>,
}

/// What a comparison would tell.
#[derive(Debug)]
pub struct Rehearsed {
    /// What is otherwise.
    pub found: Vec<Found>,
    /// What was not compared, by reason.
    pub skipped: BTreeMap<Skip, usize>,
    /// How many ids were compared.
    pub compared: usize,
    /// So much that a second person would have to look first, were none of it known.
    pub exceeds_ceiling: bool,
    /// What the vendor answered instead, where it did not answer.
    pub faults: Vec<String>,
}

/// How often each reason was met.
pub(super) fn counted(compared: &Compared) -> BTreeMap<Skip, usize> {
    let mut counts = BTreeMap::new();
    for skip in compared.skipped.values() {
        *counts.entry(*skip).or_default() += 1;
    }
    counts
}

impl Examiner<'_> {
    pub(super) async fn rehearse(&self) -> Result<Rehearsed, Error> {
        let Examined {
            compared, faults, ..
        } = self.examine().await?;
        Ok(Rehearsed {
            skipped: counted(&compared),
            compared: compared.judged.len(),
            exceeds_ceiling: exceeds_ceiling(compared.found.len(), compared.judged.len()),
            found: compared.found,
            faults,
        })
    }

    /// Ours are read before the vendor is asked, and what is on its way after: so nothing falls between.
    pub(super) async fn examine(&self) -> Result<Examined, Error> {
        let (ours, known) = self.ours().await?;
        let (told, faults) = self
            .ask(accounts(self.reach, &ours, &known, self.now))
            .await?;
        let mut in_flight = InFlight {
            subscriptions: self.changing(&ours).await?,
            buying: BTreeSet::new(),
        };
        let mut compared = reconciliation::compare(&ours, &told, &in_flight);
        let unknown = compared.found.iter().flat_map(|found| &found.candidates);
        in_flight.buying = self.buying(unknown.copied().collect()).await?;
        if !in_flight.buying.is_empty() {
            compared = reconciliation::compare(&ours, &told, &in_flight);
        }
        Ok(Examined {
            compared,
            is_whole: faults.is_empty(),
            faults,
        })
    }

    async fn ours(&self) -> Result<(Vec<Ours>, Vec<Known>), Error> {
        let (mut ours, mut known, mut last) = (Vec::new(), Vec::new(), None);
        loop {
            let mut tx = self.store.read().await?;
            let page =
                subscriptions::list_of_vendor(&mut tx, self.vendor.id, last.as_ref(), AT_ONCE);
            let mut page = page.await?;
            let is_last = page.len() < AT_ONCE as usize;
            for one in &page {
                let of_ours = Ours::from(one);
                known.push(Known {
                    reference: of_ours.reference.clone(),
                    product: one.item.product.clone(),
                    plan: one.item.vendor_plan.clone(),
                });
                ours.push(of_ours);
            }
            last = page.pop();
            if is_last {
                return Ok((ours, known));
            }
        }
    }

    /// Asks about all accounts, a few at a time. What could not be asked is no absence.
    async fn ask(&self, accounts: Vec<Account>) -> Result<(Told, Vec<String>), Error> {
        let asked = accounts.into_iter().map(|account| async move {
            let answer = self.reader.look_up(&account).await;
            (account, answer)
        });
        let mut answers = stream::iter(asked).buffer_unordered(ASKED_AT_ONCE);
        let (mut told, mut faults, mut in_a_row) = (Told::default(), Vec::new(), 0);
        while let Some((account, answer)) = answers.next().await {
            match answer {
                Ok(holdings) => {
                    in_a_row = 0;
                    told.holdings.extend(holdings);
                    let known = account.known.into_iter();
                    told.asked.extend(known.map(|known| known.reference));
                }
                Err(fault @ Fault::Misconfigured { .. }) => return Err(said(fault)),
                Err(fault) => {
                    in_a_row += 1;
                    if faults.len() < TOLD_MAX {
                        faults.push(fault.to_string());
                    }
                    if in_a_row >= FAULTS_MAX {
                        return Err(refused(&format!("the vendor does not answer: {fault}")));
                    }
                }
            }
        }
        Ok((told, faults))
    }

    /// What an open order changes, organization by organization.
    async fn changing(&self, ours: &[Ours]) -> Result<BTreeSet<SubscriptionId>, Error> {
        let mut by_owner: BTreeMap<OrganizationId, Vec<SubscriptionId>> = BTreeMap::new();
        for one in ours {
            by_owner
                .entry(one.organization)
                .or_default()
                .push(one.subscription);
        }
        let mut changing = BTreeSet::new();
        for (organization, all) in by_owner {
            for some in all.chunks(AT_ONCE as usize) {
                let mut tx = self.store.read().await?;
                let some = some.iter().copied().collect();
                changing.extend(slots::list_changing(&mut tx, organization, &some).await?);
            }
        }
        Ok(changing)
    }

    async fn buying(
        &self,
        candidates: BTreeSet<OrganizationId>,
    ) -> Result<BTreeSet<OrganizationId>, Error> {
        let mut buying = BTreeSet::new();
        for organization in candidates {
            let mut tx = self.store.read().await?;
            if orders::is_provisioning(&mut tx, organization, self.vendor.id).await? {
                buying.insert(organization);
            }
        }
        Ok(buying)
    }
}

/// What a vendor is asked: a look for each customer's account, or for each subscription where it lists none.
fn accounts(reach: Reach, ours: &[Ours], known: &[Known], now: Timestamp) -> Vec<Account> {
    let is_asked = |one: &Ours| {
        let is_fresh = |ended_at: Timestamp| now.duration_since(ended_at) < AFTERWARDS;
        !one.reference.0.is_empty()
            && (one.standing != Standing::Ended || one.ended_at.is_some_and(is_fresh))
    };
    let asked = ours.iter().zip(known).filter(|(one, _)| is_asked(one));
    let account = |tenant, known: Vec<Known>| Account { tenant, known };
    match reach {
        Reach::Nothing => Vec::new(),
        Reach::Known => asked
            .map(|(_, known)| account(None, vec![known.clone()]))
            .collect(),
        Reach::Customers => {
            let mut by_tenant: BTreeMap<String, Account> = BTreeMap::new();
            for (one, known) in asked {
                let Some(tenant) = one.tenant.as_deref().map(str::trim) else {
                    continue;
                };
                let of_it = by_tenant
                    .entry(tenant.to_ascii_lowercase())
                    .or_insert_with(|| account(Some(tenant.to_owned()), Vec::new()));
                of_it.known.push(known.clone());
            }
            by_tenant.into_values().collect()
        }
    }
}
