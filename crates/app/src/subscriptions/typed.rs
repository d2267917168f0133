//! A wish as it is typed in a form or sent by a program, and what the catalog makes of it.

use std::collections::BTreeSet;

use domain::calendar::parse_local;
use domain::id::{OfferId, PlanId, SubscriptionId};
use domain::money::{Currency, Money};
use domain::offer::Form;
use domain::price::Percent;
use domain::subscription::decide::Problem;
use domain::subscription::wish::{AddonWish, Limits, Pricing, Switch, Target, Upgrade, When, Wish};
use domain::subscription::{Addon, Subscription};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Tx;

use super::change::Asking;
use crate::catalog::{self, Offers};
use crate::{Error, worker};

/// What is wanted of a subscription; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TypedWish {
    /// Seats afterwards.
    pub quantity: Option<i64>,
    /// `active`, `suspended` or `canceled`.
    pub status: Option<String>,
    /// Whether another term shall follow.
    pub auto_renewal: Option<bool>,
    /// What it shall be called.
    pub name: Option<String>,
    /// Another term or billing cycle: a plan of the same offer.
    #[schema(value_type = Option<String>)]
    pub plan: Option<PlanId>,
    /// Another offer, for all seats or some.
    pub upgrade: Option<TypedUpgrade>,
    /// Add-ons, each with its number of units afterwards.
    pub addons: Vec<TypedAddon>,
    /// Answers to the offer's form that shall be others.
    #[schema(value_type = Object)]
    pub configuration: Map<String, Value>,
    /// The seller's percentage; staff only.
    pub markup: Option<String>,
    /// The distributor's percentage; its own people only.
    pub distributor_markup: Option<String>,
    /// What a unit shall cost the customer per billing cycle; staff only.
    pub target_price: Option<String>,
    /// `now` (by default), `on_renewal`, or a day and time.
    pub when: Option<String>,
    /// What does not go together in one order may be done one after the other.
    pub in_steps: bool,
}

/// Another offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedUpgrade {
    /// To what.
    #[schema(value_type = String)]
    pub offer: OfferId,
    /// On which terms.
    #[schema(value_type = String)]
    pub plan: PlanId,
    /// How many seats; all when absent.
    #[serde(default)]
    pub seats: Option<i64>,
    /// The subscription that some seats shall join; a new one when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub into: Option<SubscriptionId>,
}

/// An add-on and its number of units afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedAddon {
    /// Which.
    #[schema(value_type = String)]
    pub offer: OfferId,
    /// On which terms; those of today when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub plan: Option<PlanId>,
    /// How many; 0 removes it.
    pub quantity: i64,
}

impl TypedWish {
    /// Whether it is about prices, which is another right.
    pub(super) fn sets_prices(&self) -> bool {
        self.markup.is_some() || self.target_price.is_some()
    }

    fn offers(&self, subscription: &Subscription) -> BTreeSet<OfferId> {
        let upgrade = self.upgrade.iter().map(|upgrade| upgrade.offer);
        let addons = self.addons.iter().map(|addon| addon.offer);
        let own = std::iter::once(subscription.item.offer);
        own.chain(upgrade).chain(addons).collect()
    }
}

/// Reads a wish against the catalog. Every problem at once; what can't be read is left out of the wish.
pub(super) struct Reading<'a> {
    subscription: &'a Subscription,
    can_configure: bool,
    offers: Offers,
    currency: Currency,
    problems: Vec<Problem>,
}

/// What was read, and what could not be.
pub(super) struct Read {
    pub(super) wish: Wish,
    pub(super) limits: Limits,
    pub(super) problems: Vec<Problem>,
}

pub(super) async fn read(
    tx: &mut Tx,
    asking: &Asking<'_>,
    subscription: &Subscription,
) -> Result<Read, Error> {
    let Asking {
        access,
        typed,
        zone,
        destination,
        now,
        ..
    } = *asking;
    let chain = &access.organization().chain;
    let abilities = worker::abilities(tx, chain, subscription.item.vendor).await?;
    let mut reading = Reading {
        subscription,
        can_configure: abilities.can_configure,
        offers: catalog::load_all(tx, access, typed.offers(subscription), now).await?,
        currency: subscription.price.unit.customer.currency,
        problems: Vec::new(),
    };
    let own = reading
        .offers
        .find(subscription.item.offer, subscription.item.plan)
        .ok();
    let sold = own.filter(|_| !abilities.is_single);
    let limits = Limits {
        abilities,
        minimum: sold.map_or(1, |(offer, _)| offer.minimum),
        maximum: sold.map_or(subscription.quantity, |(offer, _)| offer.maximum),
        inputs: own.and_then(|(offer, plan)| reading.offers.inputs(offer, plan).ok()),
    };
    let wish = reading.wish(typed, zone, destination);
    Ok(Read {
        wish,
        limits,
        problems: reading.problems,
    })
}

impl Reading<'_> {
    fn problem(&mut self, field: &'static str, reason: impl Into<String>) {
        self.problems.push(Problem::new(field, reason));
    }

    fn wish(&mut self, typed: &TypedWish, zone: &TimeZone, fresh: SubscriptionId) -> Wish {
        let quantity = typed.quantity.and_then(|n| self.count("/quantity", n));
        let plan = typed.plan.and_then(|plan| {
            let offer = self.subscription.item.offer;
            self.target("/plan", offer, Some(plan))
        });
        let upgrade = typed.upgrade.as_ref().and_then(|upgrade| {
            let target = self.target("/upgrade/offer", upgrade.offer, Some(upgrade.plan))?;
            let seats = upgrade.seats.map(|n| self.count("/upgrade/seats", n));
            Some(Upgrade {
                target,
                seats: seats.flatten(),
                destination: upgrade.into.unwrap_or(fresh),
            })
        });
        let mut addons = Vec::new();
        for addon in &typed.addons {
            let target = self.addon(addon);
            if let (Some(target), Some(quantity)) = (target, self.count("/addons", addon.quantity))
            {
                addons.push(AddonWish { target, quantity });
            }
        }
        Wish {
            quantity,
            switch: self.switch(typed.status.as_deref()),
            auto_renews: typed.auto_renewal,
            name: typed.name.clone(),
            plan,
            upgrade,
            addons,
            configuration: self.answers(&typed.configuration),
            pricing: self.pricing(typed),
            when: self.when(typed.when.as_deref(), zone),
            in_steps: typed.in_steps,
        }
    }

    fn count(&mut self, field: &'static str, typed: i64) -> Option<u32> {
        let count = u32::try_from(typed).ok();
        if count.is_none() {
            self.problem(field, "must be a whole number, 0 or more");
        }
        count
    }

    fn target(
        &mut self,
        field: &'static str,
        offer: OfferId,
        plan: Option<PlanId>,
    ) -> Option<Target> {
        let cadence = self.subscription.item.cadence;
        let found = match plan {
            Some(plan) => self.offers.find(offer, plan),
            None => self.offers.find_by_cadence(offer, cadence),
        };
        match found.and_then(|(offer, plan)| self.offers.target(offer, plan)) {
            Ok(target) => Some(target),
            Err(Error::Withdrawn { offer }) => {
                self.problem(field, format!("{offer} is no longer sold; choose another"));
                None
            }
            Err(_) => {
                self.problem(field, "is not in the catalog; choose one that is");
                None
            }
        }
    }

    /// One that it has, or one that is an add-on to its license.
    fn addon(&mut self, typed: &TypedAddon) -> Option<Target> {
        let target = self.target("/addons", typed.offer, typed.plan)?;
        let subscription = self.subscription;
        let had = |addon: &Addon| addon.item.offer == typed.offer;
        let license = &subscription.item;
        if subscription.addons.iter().any(had)
            || self.offers.go_together(typed.offer, license.offer)
        {
            return Some(target);
        }
        let words = format!("{} is no add-on to {}", target.item.name, license.name);
        self.problem("/addons", words);
        None
    }

    /// Those that fit what the offer asks for; what is wrong with the others is told.
    fn answers(&mut self, typed: &Map<String, Value>) -> Map<String, Value> {
        let own = self.subscription.item.offer;
        let offer = self.offers.listed().find(|offer| offer.id == own);
        let ordered = offer.and_then(|offer| offer.form.clone());
        let form = offer.and_then(|offer| offer.change_form().cloned());
        let form = form.filter(|_| self.can_configure);
        let vendor = &self.subscription.item.vendor_name;
        let fixed = format!("is fixed: {vendor} does not change it while it runs; buy it anew");
        let mut answers = Map::new();
        for (name, answer) in typed {
            let asks = |form: &Option<Form>| form.as_ref()?.question(name).cloned();
            match (
                asks(&form).map(|question| question.check(answer)),
                asks(&ordered),
            ) {
                (Some(Ok(())), _) => drop(answers.insert(name.clone(), answer.clone())),
                (Some(Err(reason)), _) => self.problem_at(name, reason.0),
                (None, Some(_)) => self.problem_at(name, fixed.clone()),
                (None, None) => self.problem_at(name, "is not asked for by this offer".into()),
            }
        }
        answers
    }

    fn problem_at(&mut self, answer: &str, reason: String) {
        let pointer = format!("/configuration/{answer}");
        self.problems.push(Problem::new(pointer, reason));
    }

    fn switch(&mut self, status: Option<&str>) -> Option<Switch> {
        let now = self.subscription.state.name();
        match status {
            None => None,
            Some(status) if status == now => None,
            Some("suspended") => Some(Switch::Suspend),
            Some("active") => Some(Switch::Reactivate),
            Some("canceled") => Some(Switch::Cancel),
            Some(_) => {
                self.problem("/status", "must be active, suspended or canceled");
                None
            }
        }
    }

    fn pricing(&mut self, typed: &TypedWish) -> Vec<Pricing> {
        let mut found = Vec::new();
        if typed.markup.is_some() && typed.target_price.is_some() {
            let words = "must be left empty where a markup is given; the one makes the other";
            self.problem("/target_price", words);
        }
        let markup = typed.distributor_markup.as_deref();
        found.extend(
            self.percent("/distributor_markup", markup)
                .map(Pricing::Distributor),
        );
        let markup = typed.markup.as_deref();
        found.extend(self.percent("/markup", markup).map(Pricing::Markup));
        if let Some(target) = &typed.target_price {
            let amount = Decimal::from_str_exact(target.trim()).ok();
            let amount = amount.filter(|amount| !amount.is_sign_negative());
            match amount.map(|amount| Money::from_decimal(amount, self.currency)) {
                Some(Ok(target)) => found.push(Pricing::Target(target)),
                Some(Err(_)) | None => {
                    self.problem("/target_price", "must be an amount such as 13.50");
                }
            }
        }
        found
    }

    fn percent(&mut self, field: &'static str, typed: Option<&str>) -> Option<Percent> {
        match Percent::parse(typed?) {
            Ok(percent) => Some(percent),
            Err(reason) => {
                self.problem(field, reason.0);
                None
            }
        }
    }

    fn when(&mut self, typed: Option<&str>, zone: &TimeZone) -> When {
        match typed.map(str::trim) {
            None | Some("" | "now") => When::Now,
            Some("on_renewal") => When::OnRenewal,
            Some(text) => {
                let at = text
                    .parse()
                    .map_err(|_| ())
                    .or_else(|()| parse_local(text, zone));
                match at {
                    Ok(at) => When::On(at),
                    Err(_) => {
                        self.problem(
                            "/when",
                            "must be now, on_renewal or a day and time such as 2026-12-24T09:00",
                        );
                        When::Now
                    }
                }
            }
        }
    }
}
