//! How findings are written down: each held against our record once more, as it is in the transaction that
//! tells it.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{DifferenceId, OrganizationId, SubscriptionId};
use domain::organization::Organization;
use domain::reconciliation::{Candidate, Difference, Found, Reference, Run, Subject};
use domain::subscription::Subscription;
use jiff::Timestamp;
use store::{Tx, differences, orders, organizations, slots, subscriptions};

use crate::Error;

/// Some of what was found, to write down.
pub(super) struct Telling {
    pub(super) run: Run,
    pub(super) vendor_name: String,
    pub(super) found: Vec<(DifferenceId, Found)>,
    pub(super) now: Timestamp,
}

impl Telling {
    /// How many were not told, because our record has become another meanwhile.
    pub(super) async fn run(&self, tx: &mut Tx) -> Result<usize, Error> {
        let facts = Facts::load(tx, self).await?;
        let references = self
            .found
            .iter()
            .map(|(_, found)| &found.reference)
            .collect();
        let (owner, vendor) = (self.run.owner, self.run.vendor);
        let mut open = differences::load_open(tx, owner, vendor, &references).await?;
        let mut stale = 0;
        for (id, found) in &self.found {
            if facts.is_stale(found) {
                stale += 1;
                continue;
            }
            let is_it = |known: &&mut Difference| {
                known.reference == found.reference && known.drift.name() == found.drift.name()
            };
            if let Some(known) = open.iter_mut().find(is_it) {
                known.see_again(found, self.run.id, self.now);
                differences::save(tx, known).await?;
                continue;
            }
            let new = Difference::first_seen(
                *id,
                (&self.run, &self.vendor_name),
                found,
                facts.subject(found),
                facts.candidates(found),
                self.now,
            );
            differences::insert(tx, &new).await?;
        }
        Ok(stale)
    }
}

/// Our side of what was found, as it is in the transaction that writes it down.
struct Facts {
    subscriptions: Vec<Subscription>,
    changing: BTreeSet<SubscriptionId>,
    known: BTreeSet<Reference>,
    buying: BTreeSet<OrganizationId>,
    organizations: Vec<Organization>,
}

impl Facts {
    async fn load(tx: &mut Tx, telling: &Telling) -> Result<Facts, Error> {
        let found = || telling.found.iter().map(|(_, found)| found);
        let mut by_owner: BTreeMap<OrganizationId, BTreeSet<_>> = BTreeMap::new();
        for (organization, subscription, _) in found().filter_map(|found| found.ours) {
            by_owner
                .entry(organization)
                .or_default()
                .insert(subscription);
        }
        let candidates: BTreeSet<OrganizationId> = found()
            .flat_map(|found| &found.candidates)
            .copied()
            .collect();
        let mut facts = Facts {
            subscriptions: Vec::new(),
            changing: BTreeSet::new(),
            known: BTreeSet::new(),
            buying: BTreeSet::new(),
            organizations: Vec::new(),
        };
        for (organization, asked) in &by_owner {
            let all = subscriptions::find_all(tx, *organization, asked).await?;
            facts.subscriptions.extend(all);
            facts
                .changing
                .extend(slots::list_changing(tx, *organization, asked).await?);
        }
        let unknown = found().filter(|found| found.ours.is_none());
        let unknown = unknown.map(|found| &found.reference).collect();
        facts.known = subscriptions::list_references(tx, telling.run.vendor, &unknown).await?;
        for organization in &candidates {
            if orders::is_provisioning(tx, *organization, telling.run.vendor).await? {
                facts.buying.insert(*organization);
            }
        }
        let ids: Vec<OrganizationId> = by_owner.into_keys().chain(candidates).collect();
        facts.organizations = organizations::list_by_id(tx, &ids).await?;
        Ok(facts)
    }

    fn is_stale(&self, found: &Found) -> bool {
        match found.ours {
            Some((_, id, version)) => {
                let now = self.subscriptions.iter().find(|now| now.id == id);
                now.is_none_or(|now| now.version != version) || self.changing.contains(&id)
            }
            None => {
                self.known.contains(&found.reference) || !found.candidates.is_disjoint(&self.buying)
            }
        }
    }

    fn subject(&self, found: &Found) -> Option<Subject> {
        let (organization, id, _) = found.ours?;
        let customer = self
            .organizations
            .iter()
            .find(|one| one.id == organization)?;
        let subscription = self.subscriptions.iter().find(|one| one.id == id)?;
        Some(Subject {
            organization,
            organization_name: customer.name.clone(),
            organization_slug: customer.slug.to_string(),
            subscription: id,
            name: subscription.name.clone(),
        })
    }

    fn candidates(&self, found: &Found) -> Vec<Candidate> {
        let named = self.organizations.iter();
        named
            .filter(|one| found.candidates.contains(&one.id))
            .map(|one| Candidate {
                organization: one.id,
                name: one.name.clone(),
                slug: one.slug.to_string(),
            })
            .collect()
    }
}
