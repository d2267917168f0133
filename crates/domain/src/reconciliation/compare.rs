//! The comparison: pure, joined on the vendor's own id alone, silent about whatever was not told.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Drift, Holding, Offered, Ours, Reference, Standing};
use crate::id::{OrganizationId, SubscriptionId};

/// More than so many new differences stop a run until a second person looks.
const FOUND_MAX: usize = 50;
/// Or more than one in so many of what was compared (5 %).
const ONE_IN_MAX: usize = 20;

/// What a vendor told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// What it says that customers have.
    pub holdings: Vec<Holding>,
    /// What it was asked about and answered whole: only of these does silence say anything.
    pub asked: BTreeSet<Reference>,
}

/// What is on its way to the vendor: where the two may differ because they are about to agree.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    /// Subscriptions that an open order changes.
    pub subscriptions: BTreeSet<SubscriptionId>,
    /// Organizations that an open order buys something for at this vendor.
    pub buying: BTreeSet<OrganizationId>,
}

/// Why something was not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// An order about it is not decided.
    InFlight,
    /// Two of our subscriptions have one id of the vendor's: a wrong mapping, nobody knows whose.
    MappedTwice,
    /// The vendor tells two things of one id.
    ToldTwice,
    /// The vendor could not be asked about it.
    NotAsked,
}

impl Skip {
    /// The words on the screen.
    pub fn text(self) -> &'static str {
        match self {
            Skip::InFlight => "an order about it is not finished",
            Skip::MappedTwice => "two subscriptions here have the same vendor id",
            Skip::ToldTwice => "the vendor tells two different things of one id",
            Skip::NotAsked => "the vendor could not be asked",
        }
    }
}

/// Something that is otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The vendor's id.
    pub reference: Reference,
    /// Ours, where we have it: whose, which, and the version that was compared.
    pub ours: Option<(OrganizationId, SubscriptionId, i64)>,
    /// What.
    pub drift: Drift,
    /// What the vendor told.
    pub holding: Option<Holding>,
    /// Whose it may be, where we don't have it: those with the same tenant.
    pub candidates: BTreeSet<OrganizationId>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// What is otherwise, by the vendor's id.
    pub found: Vec<Found>,
    /// What was not compared, and why.
    pub skipped: BTreeMap<Reference, Skip>,
    /// What was judged: of these, whatever is not found agrees.
    pub judged: BTreeSet<Reference>,
}

/// Whether so many new differences among so many comparisons look like a fault of ours or of the answers:
/// a join on the wrong key, an empty list. One alone is never a wave.
pub fn exceeds_ceiling(found: usize, compared: usize) -> bool {
    found > FOUND_MAX || (found > 1 && found.saturating_mul(ONE_IN_MAX) > compared)
}

/// Holds our records against a vendor's word.
pub fn compare(ours: &[Ours], told: &Told, in_flight: &InFlight) -> Compared {
    let mut mapped: BTreeMap<&Reference, Vec<&Ours>> = BTreeMap::new();
    for one in ours.iter().filter(|one| !one.reference.0.is_empty()) {
        mapped.entry(&one.reference).or_default().push(one);
    }
    let tenants = owners(ours);
    let holdings = merged(&told.holdings);
    let mut compared = Compared::default();
    let references: BTreeSet<&Reference> = mapped.keys().chain(holdings.keys()).copied().collect();
    for reference in references {
        let of_ours = mapped.get(reference).map(Vec::as_slice).unwrap_or_default();
        let holding = match holdings.get(reference) {
            Some(None) => {
                compared.skip(reference, Skip::ToldTwice);
                continue;
            }
            told => told.and_then(Option::as_ref),
        };
        match (of_ours, holding) {
            ([], Some(holding)) => compared.add_unknown(holding, &tenants, in_flight),
            ([one], _) if in_flight.subscriptions.contains(&one.subscription) => {
                compared.skip(reference, Skip::InFlight);
            }
            ([one], Some(holding)) => {
                compared.judged.insert(reference.clone());
                for drift in drifts(one, holding) {
                    compared.add(one, drift, Some(holding));
                }
            }
            ([one], None) if one.standing == Standing::Ended => {
                compared.judged.insert(reference.clone());
            }
            ([one], None) if told.asked.contains(reference) => {
                compared.judged.insert(reference.clone());
                compared.add(one, Drift::Missing, None);
            }
            ([_], None) => compared.skip(reference, Skip::NotAsked),
            _ => compared.skip(reference, Skip::MappedTwice),
        }
    }
    compared
}

impl Compared {
    fn skip(&mut self, reference: &Reference, why: Skip) {
        self.skipped.insert(reference.clone(), why);
    }

    fn add(&mut self, ours: &Ours, drift: Drift, holding: Option<&Holding>) {
        self.found.push(Found {
            reference: ours.reference.clone(),
            ours: Some((ours.organization, ours.subscription, ours.version)),
            drift,
            holding: holding.cloned(),
            candidates: BTreeSet::new(),
        });
    }

    /// What ended before we knew it concerns nobody.
    fn add_unknown(
        &mut self,
        holding: &Holding,
        owners: &BTreeMap<String, BTreeSet<OrganizationId>>,
        in_flight: &InFlight,
    ) {
        if holding.standing == Some(Standing::Ended) {
            return;
        }
        let of = |tenant: &String| owners.get(&tenant.to_ascii_lowercase());
        let candidates: BTreeSet<OrganizationId> = holding
            .tenants
            .iter()
            .filter_map(of)
            .flatten()
            .copied()
            .collect();
        if !candidates.is_disjoint(&in_flight.buying) {
            return self.skip(&holding.reference, Skip::InFlight);
        }
        self.judged.insert(holding.reference.clone());
        self.found.push(Found {
            reference: holding.reference.clone(),
            ours: None,
            drift: Drift::Unknown,
            holding: Some(holding.clone()),
            candidates,
        });
    }
}

/// Whose a tenant is, as far as our records tell. Names of tenants are domains, which know no case.
fn owners(ours: &[Ours]) -> BTreeMap<String, BTreeSet<OrganizationId>> {
    let mut owners: BTreeMap<String, BTreeSet<OrganizationId>> = BTreeMap::new();
    for one in ours {
        if let Some(tenant) = &one.tenant {
            let names = owners.entry(tenant.trim().to_ascii_lowercase());
            names.or_default().insert(one.organization);
        }
    }
    owners
}

/// One holding for each id; none where two things are told of it. The same customer asked for by two names
/// is told of twice, and that is one.
fn merged(told: &[Holding]) -> BTreeMap<&Reference, Option<Holding>> {
    let mut merged: BTreeMap<&Reference, Option<Holding>> = BTreeMap::new();
    for holding in told {
        let known = merged
            .entry(&holding.reference)
            .or_insert_with(|| Some(holding.clone()));
        let is_same = known.as_ref().is_some_and(|known| {
            let tenants = known.tenants.clone();
            *known
                == Holding {
                    tenants,
                    ..holding.clone()
                }
        });
        match known {
            Some(known) if is_same => known.tenants.extend(holding.tenants.iter().cloned()),
            _ => *known = None,
        }
    }
    merged
}

/// All that is otherwise about one subscription. What has ended on one side differs in that alone.
fn drifts(ours: &Ours, theirs: &Holding) -> Vec<Drift> {
    let mut found = Vec::new();
    if let Some(drift) = tenant(ours, theirs) {
        found.push(drift);
    }
    if let Some(standing) = theirs
        .standing
        .filter(|standing| *standing != ours.standing)
    {
        found.push(Drift::State {
            ours: ours.standing,
            theirs: standing,
        });
    }
    if ours.standing == Standing::Ended || theirs.standing == Some(Standing::Ended) {
        return found;
    }
    if let Some(offered) = Offered::told(theirs).filter(|told| !told.is_same(&ours.offered)) {
        found.push(Drift::Product {
            ours: ours.offered.clone(),
            theirs: offered,
        });
    }
    if let Some(quantity) = theirs
        .quantity
        .filter(|quantity| *quantity != ours.quantity)
    {
        found.push(Drift::Quantity {
            ours: ours.quantity,
            theirs: quantity,
        });
    }
    if let Some(cadence) = theirs.cadence.filter(|cadence| *cadence != ours.cadence) {
        found.push(Drift::Term {
            ours: ours.cadence,
            theirs: cadence,
        });
    }
    if let Some(renews) = theirs.renews.filter(|renews| *renews != ours.renews) {
        found.push(Drift::Renewal {
            ours: ours.renews,
            theirs: renews,
        });
    }
    // What is of another plan, or on other terms, has its price.
    let is_another = |drift: &Drift| matches!(drift, Drift::Product { .. } | Drift::Term { .. });
    if !found.iter().any(is_another) {
        found.extend(price(ours, theirs));
    }
    found
}

/// Our cost and the vendor's price, both as they are shown: for a license and a billing cycle, to the minor unit.
fn price(ours: &Ours, theirs: &Holding) -> Option<Drift> {
    let asked = theirs.price?.per_cycle(ours.cadence)?;
    (asked != ours.cost).then_some(Drift::Price {
        ours: ours.cost,
        theirs: asked,
        cadence: ours.cadence,
    })
}

fn tenant(ours: &Ours, theirs: &Holding) -> Option<Drift> {
    let known = ours.tenant.as_deref()?.trim();
    let is_it = |name: &String| name.trim().eq_ignore_ascii_case(known);
    let named = theirs.tenants.first()?;
    (!theirs.tenants.iter().any(is_it)).then(|| Drift::Tenant {
        ours: known.to_owned(),
        theirs: named.clone(),
    })
}

#[cfg(test)]
#[path = "compare/tests.rs"]
mod tests;
