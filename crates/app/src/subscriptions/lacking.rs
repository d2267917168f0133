//! Why there is nothing to choose for a subscription: told apart, in words with the way out.

use domain::offer::{Offer, Unavailable};
use domain::order::line::Item;
use domain::provisioning::Abilities;
use domain::subscription::Subscription;
use jiff::Timestamp;
use store::Tx;

use super::choices::Choices;
use crate::Error;
use crate::access::Access;
use crate::catalog::{self, Offers};

/// Offers that a sentence names at the most.
const NAMED_MAX: usize = 3;

/// What can be chosen for a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceKind {
    /// Another term or billing cycle.
    Plan,
    /// Another license.
    Upgrade,
    /// An add-on.
    Addon,
}

impl ChoiceKind {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            ChoiceKind::Plan => "plan",
            ChoiceKind::Upgrade => "upgrade",
            ChoiceKind::Addon => "addon",
        }
    }
}

/// Why there is nothing of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The vendor does not change it while a subscription runs.
    Fixed,
    /// There are some on other terms than the subscription's, by name.
    OtherTerms(Vec<String>),
    /// There are some, and the organization may not buy them: by name, and why.
    NotHere(Vec<(String, Unavailable)>),
    /// There is none.
    Nothing,
}

impl Lack {
    /// The name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Lack::Fixed => "fixed",
            Lack::OtherTerms(_) => "other_terms",
            Lack::NotHere(_) => "not_here",
            Lack::Nothing => "nothing",
        }
    }

    /// Why, and the way out, in a sentence without its full stop.
    pub fn reason(&self, kind: ChoiceKind, item: &Item) -> String {
        use ChoiceKind as K;
        let (vendor, license) = (&item.vendor_name, &item.name);
        match (self, kind) {
            (Lack::OtherTerms(names), _) => format!(
                "{} can be had on other terms than {}, billed {}; change the terms first, or buy it anew",
                several(names),
                item.cadence.term_label(),
                item.cadence.cycle_label(),
            ),
            (Lack::NotHere(offers), _) => {
                let why = |(name, why): &(String, Unavailable)| {
                    format!("{name} can't be bought here: {}", why.reason())
                };
                let some: Vec<String> = offers.iter().take(NAMED_MAX).map(why).collect();
                format!(
                    "{}. Ask whoever sells to you for another way",
                    some.join("; ")
                )
            }
            (Lack::Fixed, K::Plan) => format!(
                "{vendor} does not change term or billing cycle of what runs; buy {license} anew on \
                 other terms and cancel this subscription"
            ),
            (Lack::Fixed, K::Upgrade | K::Addon) => format!(
                "{vendor} does not turn one license into another; buy the other one and cancel this \
                 subscription"
            ),
            (Lack::Nothing, K::Plan) => format!("{license} is sold on these terms alone"),
            (Lack::Nothing, K::Upgrade) => {
                format!("{vendor} has no other license that {license} can become")
            }
            (Lack::Nothing, K::Addon) => format!("{vendor} has no add-on to {license}"),
        }
    }
}

fn several(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED_MAX) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED_MAX].join(", ")),
    }
}

/// What is looked at to tell why.
pub(super) struct Looked<'l> {
    pub(super) access: &'l Access,
    pub(super) found: &'l Subscription,
    pub(super) abilities: &'l Abilities,
    pub(super) choices: &'l Choices,
    /// What the organization is sold beside the license.
    pub(super) beside: &'l Offers,
    /// The license as the catalog has it now.
    pub(super) own: Option<&'l Offer>,
}

impl Looked<'_> {
    /// Each kind of which there is nothing, and why. What a subscription has already needs no reason.
    pub(super) async fn lacking(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<Vec<(ChoiceKind, Lack)>, Error> {
        let mut lacking = Vec::new();
        let item = &self.found.item;
        if self
            .choices
            .plans
            .iter()
            .all(|plan| plan.target.item.plan == item.plan)
        {
            lacking.push((ChoiceKind::Plan, self.no_plan()));
        }
        if self.choices.upgrades.is_empty() {
            lacking.push((ChoiceKind::Upgrade, self.no_upgrade(tx, now).await?));
        }
        if self.choices.addons.is_empty() && self.found.addons.is_empty() {
            let addons = catalog::addons_not_sold(tx, self.access, item.offer, now).await?;
            lacking.push((ChoiceKind::Addon, not_here(addons)));
        }
        Ok(lacking)
    }

    fn no_plan(&self) -> Lack {
        let buyer = self.access.organization();
        let why = self
            .own
            .and_then(|own| Some((own.name.clone(), own.unavailable(buyer)?)));
        match why {
            _ if !self.abilities.can_change_plan => Lack::Fixed,
            Some(why) => Lack::NotHere(vec![why]),
            None => Lack::Nothing,
        }
    }

    async fn no_upgrade(&self, tx: &mut Tx, now: Timestamp) -> Result<Lack, Error> {
        if !self.abilities.can_upgrade {
            return Ok(Lack::Fixed);
        }
        let item = &self.found.item;
        let is_other = |offer: &&Offer| offer.id != item.offer && !offer.is_addon();
        let others = self.beside.listed().filter(is_other);
        let names: Vec<String> = others.map(|offer| offer.name.clone()).collect();
        if !names.is_empty() {
            return Ok(Lack::OtherTerms(names));
        }
        let within = self.abilities.upgrades_within_product;
        let found = catalog::beside_not_sold(tx, self.access, item, within, now).await?;
        Ok(not_here(found))
    }
}

fn not_here(offers: Vec<(String, Unavailable)>) -> Lack {
    match offers.is_empty() {
        true => Lack::Nothing,
        false => Lack::NotHere(offers),
    }
}
