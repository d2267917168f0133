//! A difference from the run that first saw it to what became of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Drift, Found, Holding, Reference, Run};
use crate::event::Actor;
use crate::id::{DifferenceId, OrganizationId, RunId, SubscriptionId, VendorId};

/// Absence is told only when it was seen twice, so far apart.
pub const APART: SignedDuration = SignedDuration::from_hours(1);

/// The subscription of ours that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Whose it is.
    pub organization: OrganizationId,
    /// The customer's name.
    pub organization_name: String,
    /// The customer's name in addresses.
    pub organization_slug: String,
    /// Which.
    pub subscription: SubscriptionId,
    /// What it is called.
    pub name: String,
}

/// A customer that may have what nobody here knows of: one with the same tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The customer.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
}

/// What a person made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Our record takes the vendor's word.
    Accept,
    /// The vendor is asked to be as our record says.
    Correct,
    /// What only the vendor had is ours now.
    Adopt,
}

impl Resolution {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Resolution::Accept => "Accept",
            Resolution::Correct => "Correct",
            Resolution::Adopt => "Adopt",
        }
    }
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// Seen once, and asked again before it is told.
    Asked,
    /// It waits for a person.
    Open,
    /// A person decided.
    Resolved {
        /// What.
        resolution: Resolution,
        /// Who.
        by: Actor,
        /// When.
        at: Timestamp,
        /// The order that does it, by its number.
        order: u64,
        /// The customer in whose list that order is, by its name in addresses.
        organization_slug: String,
    },
    /// The vendor agrees again.
    Vanished {
        /// When that was seen.
        at: Timestamp,
    },
}

impl Outcome {
    /// The names.
    pub const NAMES: [&str; 4] = ["asked", "open", "resolved", "vanished"];

    /// The name in storage, in the API and in filters.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Asked => "asked",
            Outcome::Open => "open",
            Outcome::Resolved { .. } => "resolved",
            Outcome::Vanished { .. } => "vanished",
        }
    }
}

/// Something that is otherwise at a vendor than here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Its id.
    pub id: DifferenceId,
    /// Whose connection it was seen over.
    pub owner: OrganizationId,
    /// The vendor.
    pub vendor: VendorId,
    /// The vendor's name for people.
    pub vendor_name: String,
    /// The vendor's id of what it is about.
    pub reference: Reference,
    /// Ours, where we have it.
    pub subject: Option<Subject>,
    /// Whose it may be, where we don't have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// What is otherwise.
    pub drift: Drift,
    /// What the vendor told.
    pub holding: Option<Holding>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// The run that saw it last.
    pub run: RunId,
    /// In how many runs.
    pub times: u32,
    /// Where it stands.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Difference {
    /// The state that one is first seen in: absence is asked about again, everything else is told.
    fn first_outcome(drift: &Drift) -> Outcome {
        match drift {
            Drift::Missing => Outcome::Asked,
            Drift::Product { .. }
            | Drift::Quantity { .. }
            | Drift::Term { .. }
            | Drift::Tenant { .. }
            | Drift::State { .. }
            | Drift::Renewal { .. }
            | Drift::Price { .. }
            | Drift::Unknown => Outcome::Open,
        }
    }

    /// It was seen again: the same one, with what is told of it now.
    pub fn see_again(&mut self, found: &Found, run: RunId, now: Timestamp) {
        self.drift = found.drift.clone();
        self.holding.clone_from(&found.holding);
        self.last_seen = now;
        self.run = run;
        self.times = self.times.saturating_add(1);
        if self.outcome == Outcome::Asked && now.duration_since(self.first_seen) >= APART {
            self.outcome = Outcome::Open;
        }
    }

    /// It was not seen any more.
    pub fn vanish(&mut self, now: Timestamp) {
        if self.is_open() {
            self.outcome = Outcome::Vanished { at: now };
        }
    }

    /// It was seen for the first time.
    pub fn first_seen(
        id: DifferenceId,
        (run, vendor_name): (&Run, &str),
        found: &Found,
        subject: Option<Subject>,
        candidates: Vec<Candidate>,
        now: Timestamp,
    ) -> Difference {
        Difference {
            id,
            owner: run.owner,
            vendor: run.vendor,
            vendor_name: vendor_name.to_owned(),
            reference: found.reference.clone(),
            subject,
            candidates,
            outcome: Difference::first_outcome(&found.drift),
            drift: found.drift.clone(),
            holding: found.holding.clone(),
            first_seen: now,
            last_seen: now,
            run: run.id,
            times: 1,
        }
    }

    /// Whether something is still to be made of it, or to be asked.
    pub fn is_open(&self) -> bool {
        match self.outcome {
            Outcome::Asked | Outcome::Open => true,
            Outcome::Resolved { .. } | Outcome::Vanished { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::order::sample;

    fn missing() -> Difference {
        Difference {
            id: DifferenceId(Uuid::from_u128(1)),
            owner: OrganizationId(Uuid::from_u128(2)),
            vendor: VendorId(Uuid::from_u128(1)),
            vendor_name: "Microsoft".into(),
            reference: Reference("v-1".into()),
            subject: None,
            candidates: Vec::new(),
            drift: Drift::Missing,
            holding: None,
            first_seen: sample::now(),
            last_seen: sample::now(),
            run: RunId(Uuid::from_u128(1)),
            times: 1,
            outcome: Difference::first_outcome(&Drift::Missing),
        }
    }

    #[test]
    fn absence_is_told_only_when_it_was_seen_twice_and_an_hour_apart() {
        let found = Found {
            reference: Reference("v-1".into()),
            ours: None,
            drift: Drift::Missing,
            holding: None,
            candidates: Default::default(),
        };
        let run = RunId(Uuid::from_u128(2));
        let mut known = missing();
        assert_eq!(known.outcome, Outcome::Asked);
        let soon = sample::now() + SignedDuration::from_mins(59);
        known.see_again(&found, run, soon);
        assert_eq!((&known.outcome, known.times), (&Outcome::Asked, 2));
        known.see_again(&found, run, sample::now() + APART);
        assert_eq!(known.outcome, Outcome::Open);
        known.vanish(soon);
        assert_eq!(known.outcome, Outcome::Vanished { at: soon });
        assert_eq!(Difference::first_outcome(&Drift::Unknown), Outcome::Open);
    }

    #[test]
    fn what_was_decided_does_not_vanish() {
        let mut known = missing();
        let decided = Outcome::Resolved {
            resolution: Resolution::Accept,
            by: sample::actor().clone(),
            at: sample::now(),
            order: 1,
            organization_slug: "amber".into(),
        };
        known.outcome = decided.clone();
        known.vanish(sample::now());
        assert_eq!(known.outcome, decided);
    }
}
