//! Quotes of the demo world, one in each status that a customer may come by.

use domain::id::QuoteId;
use domain::quote::status::QuoteAction;
use domain::quote::{Proposal, Quote, Recipient};
use domain::text::Email;
use jiff::SignedDuration;
use store::{Mode, quotes, users};
use uuid::Uuid;

use super::super::told::{ADMIN, MANAGER, USER, purchase};
use super::super::{damaged, organization};
use super::Seeder;
use crate::access::Caller;
use crate::orders::Conditions;
use crate::quotes::QuoteCommand;
use crate::{App, Error};

/// The customer of the demo that is quoted to.
const PLACE: u128 = 4;
const FIRST_NUMBER: u64 = 20_000_001;
/// The one that its admin accepts.
const ACCEPTED: u64 = 20_000_007;

/// Where a quote of the demo ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Sent,
    Draft,
    ChangeRequested,
    Expired,
    Rejected,
    Canceled,
}

const TOLD: [(&str, usize, u32, i64, End); 7] = [
    ("Seats for the new office", 0, 12, 20, End::Sent),
    ("Backup for the warehouse", 4, 40, 5, End::Draft),
    ("Phones for the front desk", 6, 6, 70, End::ChangeRequested),
    ("Spring campaign", 1, 15, 24 * 60, End::Expired),
    ("Everything on E3", 2, 80, 24 * 9, End::Rejected),
    ("Mailboxes", 3, 25, 24 * 4, End::Canceled),
    ("Backup for the branch office", 4, 10, 30, End::Sent),
];

impl App {
    /// Accepts a quote of the demo world as the customer's admin does: it becomes an order that runs like
    /// any other. One that was answered or has expired stays as it is.
    pub async fn accept_demo_quote(&self) -> Result<(), Error> {
        let mut tx = self.store.read().await?;
        let quote = quotes::find(&mut tx, organization(PLACE), ACCEPTED).await?;
        let is_open = |quote: &Quote| quote.check(QuoteAction::Accept, self.now()).is_ok();
        if !quote.as_ref().is_some_and(is_open) {
            return Ok(());
        }
        let address = Email::parse(ADMIN).map_err(damaged)?;
        let user = users::find_by_email(&mut tx, &address).await?;
        let user = user.ok_or(Error::NotFound)?;
        let caller = Caller {
            user: user.id,
            name: user.name,
            email: user.email,
            memberships: users::memberships(&mut tx, user.id).await?,
            suspended: Vec::new(),
        };
        drop(tx);
        let access = self.access(&caller, "amber").await?;
        let accept = QuoteCommand::Accept {
            accept_terms: true,
            terms_version: None,
        };
        let conditions = Conditions::default();
        let answered = self.answer_quote(&access, ACCEPTED, accept, conditions, Mode::Commit);
        answered.await.map(drop)
    }
}

impl Seeder<'_> {
    pub(super) async fn quotes(&mut self) -> Result<(), Error> {
        let (manager, admin) = (
            self.actor(MANAGER, PLACE).await?,
            self.actor(ADMIN, PLACE).await?,
        );
        let mut recipients = Vec::new();
        for email in [ADMIN, USER] {
            let address = Email::parse(email).map_err(damaged)?;
            let user = users::find_by_email(self.tx, &address).await?;
            let user = user.ok_or(Error::NotFound)?;
            recipients.push(Recipient {
                user: user.id,
                name: user.name,
                email: user.email,
            });
        }
        for (at, (name, offer, quantity, hours, end)) in (0u64..).zip(TOLD) {
            self.count += 1;
            let made = self.now - SignedDuration::from_hours(hours);
            let line = self.line(PLACE, 1, purchase(offer, quantity)).await?;
            let proposal = Proposal {
                name: name.to_owned(),
                recipients: recipients.clone(),
                valid_days: 30,
                comments: Some("Prices hold for thirty days.".into()),
                lines: vec![line],
            };
            let identity = (QuoteId(Uuid::from_u128(at.into())), FIRST_NUMBER + at);
            let place = organization(PLACE);
            let mut quote = Quote::draft(identity, place, proposal, manager.clone(), made)?;
            if end != End::Draft {
                quote.send(&manager, made)?;
            }
            let later = made + SignedDuration::from_hours(2);
            match end {
                End::Draft | End::Sent | End::Expired => {}
                End::ChangeRequested => {
                    quote.request_change("Four would do".into(), &admin, later)?;
                }
                End::Rejected => {
                    let reason = Some("Not this year".to_owned());
                    quote.reject(reason, &admin, later)?;
                }
                End::Canceled => quote.cancel(None, Some(&manager), later)?,
            }
            quotes::insert(self.tx, &mut quote).await?;
        }
        Ok(())
    }
}
