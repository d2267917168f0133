//! From what a person wants to the lines of an update order, or to every reason why not.

mod combination;

use std::borrow::Cow;

use jiff::Timestamp;

use super::effect::Done;
use super::wish::{Limits, Pricing, Switch, Target, Upgrade, When, Wish, priced};
use super::{Markups, Subscription, SubscriptionState};
use crate::id::SubscriptionId;
use crate::money::{Money, MoneyError};
use crate::offer::form::Question;
use crate::order::change::{Part, RequestedChange};
use crate::order::line::{Item, LinePrice};
use crate::text::line;

/// The reason of a wish for what is so already.
pub const NOTHING: &str = "nothing would change";

/// Why a wish can't be granted, and what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field as a JSON pointer; that of an answer names the offer's own question.
    pub field: Cow<'static, str>,
    /// Why, and the way out.
    pub reason: String,
}

impl Problem {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> Problem {
        Problem {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// A line of the order to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it asks for.
    pub change: RequestedChange,
    /// What it is about.
    pub item: Item,
    /// The price afterwards.
    pub price: LinePrice,
    /// The percentages afterwards, where they are others.
    pub markups: Option<Markups>,
    /// Where the seats of a partial upgrade go.
    pub destination: Option<SubscriptionId>,
}

/// A wish that can be granted.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its lines, in the order in which they are done.
    pub steps: Vec<Step>,
    /// What the subscription will be then.
    pub after: Subscription,
}

impl Subscription {
    /// Decides what a wish asks of the vendor. Refuses with every problem at once.
    pub fn decide(
        &self,
        wish: &Wish,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Decision, Vec<Problem>> {
        let mut deciding = Deciding {
            before: self,
            after: self.clone(),
            wish,
            limits,
            now,
            steps: Vec::new(),
            problems: Vec::new(),
        };
        deciding.check_state();
        deciding.check_when();
        deciding.check_combination();
        let asked = deciding.ask();
        if let Err(error) = asked {
            deciding.problem("", error.to_string());
        }
        if deciding.steps.is_empty() && deciding.problems.is_empty() {
            deciding.problem("", NOTHING.into());
        }
        match deciding.problems.is_empty() {
            true => Ok(Decision {
                steps: deciding.steps,
                after: deciding.after,
            }),
            false => Err(deciding.problems),
        }
    }
}

struct Deciding<'a> {
    before: &'a Subscription,
    /// What it is after the steps so far: each step is priced on the one before.
    after: Subscription,
    wish: &'a Wish,
    limits: &'a Limits,
    now: Timestamp,
    steps: Vec<Step>,
    problems: Vec<Problem>,
}

impl Deciding<'_> {
    fn problem(&mut self, field: &'static str, reason: String) {
        self.problems.push(Problem::new(field, reason));
    }

    /// All wishes in the order in which they are done: what no vendor is asked for comes first.
    fn ask(&mut self) -> Result<(), MoneyError> {
        self.rename();
        self.ask_prices()?;
        self.ask_quantity();
        self.ask_plan()?;
        self.ask_upgrade()?;
        self.ask_addons()?;
        self.ask_configuration();
        if let Some(to) = self
            .wish
            .auto_renews
            .filter(|to| *to != self.before.auto_renews)
        {
            if self.limits.abilities.is_open_ended {
                let words = "runs until it is ended: this vendor has no renewal to switch";
                self.problem("/auto_renewal", words.into());
            }
            if self.before.item.cadence.term_months == 0 && to {
                self.problem(
                    "/auto_renewal",
                    "what was bought once does not renew".into(),
                );
            }
            let from = self.before.auto_renews;
            self.step(RequestedChange::AutoRenewal { from, to });
        }
        self.ask_switch();
        Ok(())
    }

    /// A change of the subscription itself at the price it has by now.
    fn step(&mut self, change: RequestedChange) {
        let quantity = self.after.quantity;
        let price = LinePrice {
            quantity,
            ..self.after.price
        };
        self.step_of(change, self.after.item.clone(), price, None, None);
    }

    fn step_of(
        &mut self,
        change: RequestedChange,
        item: Item,
        price: LinePrice,
        markups: Option<Markups>,
        destination: Option<SubscriptionId>,
    ) {
        self.after.apply(&Done {
            change: &change,
            item: &item,
            price,
            markups,
            vendor_reference: None,
            is_recorded: false,
            returnable_until: None,
            at: self.now,
        });
        self.steps.push(Step {
            change,
            item,
            price,
            markups,
            destination,
        });
    }

    fn rename(&mut self) {
        let Some(typed) = &self.wish.name else { return };
        match line(typed, 120) {
            Ok(to) if to == self.before.name => {}
            Ok(to) => {
                let from = self.before.name.clone();
                self.step(RequestedChange::Rename { from, to });
            }
            Err(reason) => self.problem("/name", reason.0),
        }
    }

    fn ask_prices(&mut self) -> Result<(), MoneyError> {
        for pricing in self.wish.pricing.clone() {
            let Some(inputs) = self.limits.inputs else {
                let words =
                    "its plan is no longer in the catalog, so its price can't be computed anew";
                self.problem("/markup", words.into());
                return Ok(());
            };
            let currency = self.before.price.unit.customer.currency;
            let was = self.after.markups;
            let mut will = was;
            let change = match pricing {
                Pricing::Markup(to) => {
                    will.seller = to;
                    RequestedChange::Markup {
                        from: was.seller.value(),
                        to: to.value(),
                    }
                }
                Pricing::Distributor(to) => {
                    will.distributor = Some(to);
                    RequestedChange::MarkupDistributor {
                        from: was.distributor.unwrap_or_default().value(),
                        to: to.value(),
                    }
                }
                Pricing::Target(to) => {
                    let none = Markups {
                        seller: Default::default(),
                        ..was
                    };
                    match percent_for(&inputs, none, to) {
                        Ok(percent) => will.seller = percent,
                        Err(reason) => {
                            self.problem("/target_price", reason);
                            continue;
                        }
                    }
                    let from = self.after.price.unit.customer;
                    RequestedChange::TargetPrice { from, to }
                }
            };
            if will == was {
                continue;
            }
            let price = priced(&inputs, will, currency, self.after.quantity)?;
            let item = self.after.item.clone();
            self.step_of(change, item, price, Some(will), None);
        }
        Ok(())
    }

    fn ask_quantity(&mut self) {
        let from = self.before.quantity;
        let Some(to) = self.wish.quantity.filter(|to| *to != from) else {
            return;
        };
        let (minimum, maximum) = (self.limits.minimum, self.limits.maximum);
        if !(minimum..=maximum).contains(&to) {
            let words = format!("must be between {minimum} and {maximum} licenses");
            return self.problem("/quantity", words);
        }
        if let Some(assigned) = self.before.assigned.filter(|assigned| to < *assigned) {
            let words = format!(
                "{assigned} licenses are given to people; take {} back before there are only {to}",
                assigned - to
            );
            return self.problem("/quantity", words);
        }
        if to < from && self.wish.when == When::Now {
            self.check_return(from - to);
        }
        let price = LinePrice {
            quantity: to,
            ..self.after.price
        };
        let item = self.after.item.clone();
        self.step_of(
            RequestedChange::Quantity { from, to },
            item,
            price,
            None,
            None,
        );
    }

    /// The vendor's window, where it has one.
    fn check_return(&mut self, seats: u32) {
        if self.limits.abilities.cancellation_window.is_none() {
            return;
        }
        let returnable = self.before.returnable(self.now);
        if seats <= returnable {
            return;
        }
        let words = match (returnable, self.before.next_deadline(self.now)) {
            (0, _) | (_, None) => {
                "the vendor takes no license back any more: its window after the \
                 purchase, the last increase or the renewal has closed; choose on renewal"
                    .to_owned()
            }
            (returnable, Some(until)) => format!(
                "the vendor takes only {returnable} licenses back (until {}); choose on renewal for more",
                until.strftime("%Y-%m-%d %H:%M UTC")
            ),
        };
        self.problem("/quantity", words);
    }

    fn ask_plan(&mut self) -> Result<(), MoneyError> {
        let Some(plan) = &self.wish.plan else {
            return Ok(());
        };
        let (from, to) = (self.before.item.cadence, plan.item.cadence);
        if from == to && self.before.item.plan == plan.item.plan {
            return Ok(());
        }
        if !self.limits.abilities.can_change_plan {
            let words = "this vendor does not change term or billing cycle; buy a new subscription";
            self.problem("/plan", words.into());
        }
        let change = match from.term_months == to.term_months {
            true => RequestedChange::billing_cycle(from, to),
            false => RequestedChange::term(from, to),
        };
        self.become_of(change, &plan.clone())
    }

    fn become_of(&mut self, change: RequestedChange, target: &Target) -> Result<(), MoneyError> {
        let price = target.price(self.after.markups, self.after.quantity)?;
        self.step_of(change, target.item.clone(), price, None, None);
        Ok(())
    }

    fn ask_upgrade(&mut self) -> Result<(), MoneyError> {
        let Some(upgrade) = self.wish.upgrade.clone() else {
            return Ok(());
        };
        let seats = upgrade.seats.unwrap_or(self.after.quantity);
        if !self.limits.abilities.can_upgrade {
            let words = "this vendor does not upgrade; buy the other license and cancel this one";
            self.problem("/upgrade", words.into());
        }
        if upgrade.target.item.vendor != self.before.item.vendor {
            self.problem(
                "/upgrade/offer",
                "must be a license of the same vendor".into(),
            );
        }
        let is_other_product = upgrade.target.item.product != self.before.item.product;
        if is_other_product && self.limits.abilities.upgrades_within_product {
            let words =
                "must be another plan of the same product; this vendor moves between no others";
            self.problem("/upgrade/offer", words.into());
        }
        if upgrade.target.item.offer == self.before.item.offer {
            self.problem("/upgrade/offer", "is the license that it is already".into());
        }
        if seats == 0 || seats > self.after.quantity {
            let words = format!("must be between 1 and {} licenses", self.after.quantity);
            self.problem("/upgrade/seats", words);
            return Ok(());
        }
        let (least, most) = (upgrade.target.minimum, upgrade.target.maximum);
        if !(least..=most).contains(&seats) {
            let words = format!(
                "{} is sold from {least} to {most} licenses",
                upgrade.target.item.name
            );
            self.problem("/upgrade/seats", words);
        }
        match seats == self.after.quantity {
            true => self.upgrade_all(&upgrade),
            false => self.upgrade_part(&upgrade, seats),
        }
    }

    fn upgrade_all(&mut self, upgrade: &Upgrade) -> Result<(), MoneyError> {
        let target = &upgrade.target;
        let (from, to) = (self.before.item.name.clone(), target.item.name.clone());
        let dearer = target.price(Markups::default(), 1)?.unit.partner;
        let change = match dearer.minor < self.before.price.unit.partner.minor {
            true => RequestedChange::Downgrade { from, to },
            false => RequestedChange::Upgrade {
                from,
                to,
                part: None,
            },
        };
        self.become_of(change, target)
    }

    fn upgrade_part(&mut self, upgrade: &Upgrade, seats: u32) -> Result<(), MoneyError> {
        if !self.limits.abilities.can_upgrade_part {
            let words = "this vendor moves all licenses or none; leave it empty, or buy the other \
                         license and reduce this one";
            self.problem("/upgrade/seats", words.into());
        }
        let of = self.after.quantity;
        let change = RequestedChange::Upgrade {
            from: self.before.item.name.clone(),
            to: upgrade.target.item.name.clone(),
            part: Some(Part { seats, of }),
        };
        let price = upgrade.target.price(self.after.markups, seats)?;
        let item = upgrade.target.item.clone();
        self.step_of(change, item, price, None, Some(upgrade.destination));
        Ok(())
    }

    fn ask_addons(&mut self) -> Result<(), MoneyError> {
        for wish in self.wish.addons.clone() {
            let target = &wish.target;
            let addon = target.item.name.clone();
            let had = self.after.addons.iter();
            let had = had.clone().find(|had| had.item.offer == target.item.offer);
            let from = had.map_or(0, |had| had.price.quantity);
            let (to, least, most) = (wish.quantity, target.minimum, target.maximum);
            if to > 0 && !(least..=most).contains(&to) {
                let words =
                    format!("{addon}: must be between {least} and {most}, or 0 to remove it");
                self.problem("/addons", words);
                continue;
            }
            let change = match (from, to) {
                (from, to) if from == to => continue,
                (0, quantity) => RequestedChange::AddonAdd { addon, quantity },
                (quantity, 0) => RequestedChange::AddonRemove { addon, quantity },
                (from, to) => RequestedChange::AddonQuantity { addon, from, to },
            };
            let price = target.price(Markups::default(), to)?;
            self.step_of(change, target.item.clone(), price, None, None);
        }
        Ok(())
    }

    fn ask_configuration(&mut self) {
        for (field, value) in self.wish.configuration.clone() {
            let now = self.after.parameters.get(&field);
            if now == Some(&value) {
                continue;
            }
            let from = now.map_or_else(String::new, Question::words);
            let to = Question::words(&value);
            let answer = Some(value);
            let title = self.after.item.title(&field).map(str::to_owned);
            self.step(RequestedChange::Configuration {
                field,
                title,
                from,
                to,
                answer,
            });
        }
    }

    fn ask_switch(&mut self) {
        let (state, abilities) = (self.before.state, &self.limits.abilities);
        let has_window = abilities.cancellation_window.is_some();
        let is_suspended = matches!(state, SubscriptionState::Suspended { .. });
        match self.wish.switch {
            None => {}
            Some(Switch::Suspend) if is_suspended => {
                self.problem("/status", "it is suspended already".into());
            }
            Some(Switch::Suspend) if !abilities.can_suspend => {
                let words = "this vendor does not suspend; turn auto-renewal off, or cancel inside its window";
                self.problem("/status", words.into());
            }
            Some(Switch::Suspend) => self.step(RequestedChange::Suspend),
            Some(Switch::Reactivate) if !is_suspended => {
                self.problem("/status", "it is active already".into());
            }
            Some(Switch::Reactivate) => self.step(RequestedChange::Reactivate),
            Some(Switch::Cancel)
                if has_window && self.before.returnable(self.now) < self.before.quantity =>
            {
                let words = "the vendor's window for canceling has closed; turn auto-renewal off to end \
                             with the term";
                self.problem("/status", words.into());
            }
            Some(Switch::Cancel) => self.step(RequestedChange::Cancel),
        }
    }
}

/// The percentage that makes a price of the chain's, to the minor unit.
fn percent_for(
    inputs: &crate::price::PriceInputs,
    markups: Markups,
    target: Money,
) -> Result<crate::price::Percent, String> {
    let chain = crate::price::waterfall(&crate::price::PriceInputs {
        distributor_markup: markups.distributor,
        subscription_markup: markups.seller,
        ..*inputs
    });
    chain.customer.percent_to(target).map_err(|reason| reason.0)
}

#[cfg(test)]
mod tests;
