//! What a subscription can be changed to: the plans, licenses and add-ons that its forms offer.

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{OfferId, SubscriptionId};
use domain::offer::{Form, Offer};
use domain::order::line::{Item, LinePrice};
use domain::provisioning::Abilities;
use domain::subscription::wish::Target;
use domain::subscription::{Markups, Subscription};
use store::subscriptions;

use super::lacking::{ChoiceKind, Lack, Looked};
use crate::access::Access;
use crate::{App, Error, catalog, worker};

/// A choice with its price for one unit, as the customer pays it.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What.
    pub target: Target,
    /// For one unit.
    pub price: LinePrice,
}

/// All choices for one subscription.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Terms and billing cycles of the same offer, the present one among them.
    pub plans: Vec<Choice>,
    /// Other licenses of its vendor that it can become.
    pub upgrades: Vec<Choice>,
    /// Add-ons that it does not have yet, on its own terms where they are sold on them.
    pub addons: Vec<Choice>,
    /// What its offer asks for, whose answers can be others.
    pub form: Option<Form>,
    /// What was asked when it was bought and stays as it is, in people's words.
    pub fixed: Vec<String>,
    /// Of which kinds there is nothing, and why.
    pub lacking: Vec<(ChoiceKind, Lack)>,
}

impl Choices {
    /// Why there is nothing of a kind, for a person to read.
    pub fn lack(&self, kind: ChoiceKind, item: &Item) -> Option<String> {
        let found = self.lacking.iter().find(|(lacked, _)| *lacked == kind);
        found.map(|(_, lack)| lack.reason(kind, item))
    }
}

impl App {
    /// What one of the organization's subscriptions can be changed to now.
    pub async fn change_choices(
        &self,
        access: &Access,
        id: SubscriptionId,
    ) -> Result<Choices, Error> {
        access.require(Permission::ChangeSubscriptions)?;
        let mut tx = self.store.read().await?;
        let found = subscriptions::find(&mut tx, access.tenant(), id).await?;
        let found = found.ok_or(Error::NotFound)?;
        let chain = &access.organization().chain;
        let abilities = worker::abilities(&mut tx, chain, found.item.vendor).await?;
        let (item, within) = (&found.item, abilities.upgrades_within_product);
        let now = self.clock.now();
        let offers = catalog::load_beside(&mut tx, access, item, within, now).await?;
        let mut choices = Choices::default();
        for (offer, plan) in offers.sold() {
            let is_own = offer.id == found.item.offer;
            let target = offers.target(offer, plan)?;
            if is_own && abilities.can_change_plan {
                choices.plans.push(choice(target, found.markups)?);
            } else if !is_own && !offer.is_addon() && can_become(&found, &target, &abilities) {
                choices.upgrades.push(choice(target, found.markups)?);
            }
        }
        let license: BTreeSet<OfferId> = [found.item.offer].into();
        let own = catalog::load_all(&mut tx, access, license.clone(), now).await?;
        if let Some(offer) = own.listed().next() {
            (choices.form, choices.fixed) = configurable(offer, &abilities);
        }
        let addons = catalog::load_addons(&mut tx, access, license, now).await?;
        for addon in addons.listed() {
            if found.addons.iter().any(|had| had.item.offer == addon.id) {
                continue;
            }
            let (addon, plan) = addons.find_by_cadence(addon.id, found.item.cadence)?;
            let target = addons.target(addon, plan)?;
            choices.addons.push(choice(target, Markups::default())?);
        }
        let looked = Looked {
            access,
            found: &found,
            abilities: &abilities,
            choices: &choices,
            beside: &offers,
            own: own.listed().next(),
        };
        choices.lacking = looked.lacking(&mut tx, now).await?;
        Ok(choices)
    }
}

/// The form of a change, and the questions of a purchase that it does not ask.
fn configurable(offer: &Offer, abilities: &Abilities) -> (Option<Form>, Vec<String>) {
    let form = offer.change_form().filter(|_| abilities.can_configure);
    let is_asked = |name: &str| form.is_some_and(|form| form.question(name).is_some());
    let ordered = offer.form.iter().flat_map(|form| &form.questions);
    let fixed = ordered.filter(|question| !is_asked(&question.name));
    let fixed = fixed.map(|question| question.title.clone()).collect();
    (form.cloned(), fixed)
}

fn choice(target: Target, markups: Markups) -> Result<Choice, Error> {
    let price = target.price(markups, 1)?;
    Ok(Choice { target, price })
}

/// On the same terms, so that an upgrade is one decision.
fn can_become(found: &Subscription, target: &Target, abilities: &Abilities) -> bool {
    abilities.can_upgrade
        && target.item.vendor == found.item.vendor
        && target.item.cadence == found.item.cadence
        && (target.item.product == found.item.product || !abilities.upgrades_within_product)
}
