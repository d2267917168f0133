//! A quote as it is typed, read into what is proposed: every problem of the form at once.

use domain::id::LineId;
use domain::money::Money;
use domain::order::line::{Line, LinePrice};
use domain::price::{Percent, waterfall};
use domain::quote::{Proposal, RECIPIENTS_MAX, Recipient, VALID_DAYS_MAX};
use domain::subscription::Markups;
use domain::subscription::decide::Problem;
use domain::text::line;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use store::Tx;

use super::people;
use crate::access::Access;
use crate::catalog::Offers;
use crate::{Error, catalog};

/// A quote, as it is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedQuote {
    /// Its name.
    pub name: String,
    /// Whom it is for, by e-mail address: people of the customer who may order.
    pub recipients: Vec<String>,
    /// Days from being sent to its end, 1 to 365.
    pub valid_days: i64,
    /// What else is to be said, for the customer to read.
    pub comments: String,
    /// Items that are to be otherwise than they are; the others stay.
    pub items: Vec<TypedItem>,
    /// What is in the cart joins the quote; for one that is there already.
    pub add_cart: bool,
}

/// An item of a quote that is to be otherwise.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedItem {
    /// Its id.
    pub item: String,
    /// How many.
    pub quantity: Option<i64>,
    /// The seller's percentage for it, such as `-5`.
    pub markup: Option<String>,
    /// Or what the customer pays for one, such as `13.50`; kept as the percentage that gives it.
    pub target_price: Option<String>,
    /// Not in the quote any more, and its add-ons with it.
    pub remove: bool,
}

impl TypedQuote {
    /// What is proposed, of lines that are there.
    pub(super) async fn read(
        &self,
        tx: &mut Tx,
        access: &Access,
        mut lines: Vec<Line>,
        now: Timestamp,
    ) -> Result<Proposal, Error> {
        let mut problems = Vec::new();
        let asked = lines.iter().map(|line| line.item.offer).collect();
        let offers = catalog::load_all(tx, access, asked, now).await?;
        let name = line(&self.name, 120).unwrap_or_else(|reason| {
            problems.push(problem("/name", reason.to_string()));
            String::new()
        });
        let recipients = self.recipients(&people(tx, access).await?, &mut problems);
        let valid_days = u32::try_from(self.valid_days).unwrap_or_default();
        if !(1..=VALID_DAYS_MAX).contains(&valid_days) {
            let reason = format!("must be between 1 and {VALID_DAYS_MAX}");
            problems.push(problem("/valid_days", reason));
        }
        let comments = self.comments.trim();
        let is_short = comments.chars().count() <= 4_000;
        if !is_short
            || comments
                .chars()
                .any(|c| c.is_control() && !"\r\n\t".contains(c))
        {
            let reason = "must be text of at most 4,000 characters".to_owned();
            problems.push(problem("/comments", reason));
        }
        for typed in &self.items {
            if let Err(wrong) = typed.apply(&offers, &mut lines)? {
                problems.push(wrong);
            }
        }
        if lines.is_empty() {
            problems.push(problem("/items", "must be one at least".into()));
        }
        match problems.is_empty() {
            false => Err(Error::Problems(problems)),
            true => Ok(Proposal {
                name,
                recipients,
                valid_days,
                comments: (!comments.is_empty()).then(|| comments.to_owned()),
                lines,
            }),
        }
    }

    fn recipients(&self, people: &[Recipient], problems: &mut Vec<Problem>) -> Vec<Recipient> {
        let mut found: Vec<Recipient> = Vec::new();
        for typed in &self.recipients {
            let is = |person: &&Recipient| person.email.eq_ignore_ascii_case(typed.trim());
            match people.iter().find(is) {
                Some(person) if !found.contains(person) => found.push(person.clone()),
                Some(_) => {}
                None => {
                    let reason = format!("{typed} is nobody of this customer who may order");
                    problems.push(problem("/recipients", reason));
                }
            }
        }
        if self.recipients.is_empty() || found.len() > RECIPIENTS_MAX {
            let reason = format!("must be 1 to {RECIPIENTS_MAX} people of the customer");
            problems.push(problem("/recipients", reason));
        }
        found
    }
}

fn problem(field: &'static str, reason: String) -> Problem {
    Problem::new(field, reason)
}

impl TypedItem {
    /// Puts an item right, at today's prices where it is priced anew.
    fn apply(&self, offers: &Offers, lines: &mut Vec<Line>) -> Result<Result<(), Problem>, Error> {
        let id: Option<LineId> = self.item.parse().ok();
        let Some(found) = lines.iter_mut().find(|line| Some(line.id) == id) else {
            let reason = "is not an item of this quote".into();
            return Ok(Err(problem("/item", reason)));
        };
        if self.remove {
            lines.retain(|line| Some(line.id) != id && line.parent != id);
            return Ok(Ok(()));
        }
        let typed = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let (markup, target_price) = (typed(&self.markup), typed(&self.target_price));
        if self.quantity.is_none() && markup.is_none() && target_price.is_none() {
            return Ok(Ok(()));
        }
        if markup.is_some() && target_price.is_some() {
            let reason = "can't be set beside a markup; leave one of them empty".into();
            return Ok(Err(problem("/target_price", reason)));
        }
        let (offer, plan) = offers.find(found.item.offer, found.item.plan)?;
        let quantity = self.quantity.unwrap_or(found.price.quantity.into());
        let quantity = match offer.check_quantity(quantity) {
            Ok(quantity) => quantity,
            Err(reason) => return Ok(Err(problem("/quantity", reason.to_string()))),
        };
        let before = found.markups.unwrap_or_default();
        let target = offers.target(offer, plan)?;
        let seller = match (markup, target_price) {
            (Some(text), _) => match Percent::parse(&text) {
                Ok(percent) => percent,
                Err(reason) => return Ok(Err(problem("/markup", reason.to_string()))),
            },
            (_, Some(text)) => {
                let price = waterfall(&target.inputs).customer;
                let amount = Decimal::from_str_exact(&text).ok();
                let money = amount.map(|amount| Money::from_decimal(amount, plan.currency));
                let Some(Ok(money)) = money else {
                    let reason = "must be an amount such as 13.50".into();
                    return Ok(Err(problem("/target_price", reason)));
                };
                match price.percent_to(money) {
                    Ok(percent) => percent,
                    Err(reason) => return Ok(Err(problem("/target_price", reason.to_string()))),
                }
            }
            (None, None) => before.seller,
        };
        let markups = Markups { seller, ..before };
        let price: LinePrice = target.price(markups, quantity)?;
        let of_markup = (markups != Markups::default()).then_some(markups);
        (found.price, found.markups) = (price, of_markup);
        found.change = match &found.change {
            domain::order::change::RequestedChange::AddonAdd { addon, .. } => {
                domain::order::change::RequestedChange::AddonAdd {
                    addon: addon.clone(),
                    quantity,
                }
            }
            _ => domain::order::change::RequestedChange::Purchase { quantity },
        };
        Ok(Ok(()))
    }
}
