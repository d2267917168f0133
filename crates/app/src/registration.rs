//! Where a vendor sends its events, for the person at the machine: looked at, then registered or changed, and
//! tried. Our door is proven by nothing but its address, so one that points elsewhere is left alone.

use std::time::Duration;

use connectors::Settings;
use connectors::partner_center::{PartnerCenter, Unregistered};
use domain::order::Refusal;
use domain::provisioning::Fault;
use domain::text::Invalid;
use store::Mode;
use store::catalog::Vendor;

use crate::{App, Error, worker};

pub use connectors::partner_center::{Delivery, Registration, Reply};

/// The way to the door for Partner Center's events, as routes are written.
pub const DOOR: &str = "/webhooks/partner-center/{partner}/{vendor}";
/// How often a test event is asked about.
const LOOKS_MAX: u32 = 10;

/// A connection and where its events are to go.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Slug of its owner.
    pub owner: &'a str,
    /// Its own slug.
    pub vendor: &'a str,
    /// Where the world reaches this installation, such as `https://desk.example`.
    pub public_url: &'a str,
    /// A registration that points at another host may be taken over.
    pub replaces: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// Nothing: it was so.
    Already(Registration),
    /// There was none.
    New(Registration),
    /// There was another one.
    Changed {
        /// What it was.
        from: Registration,
        /// What it is.
        to: Registration,
    },
}

impl App {
    /// Registers the address of this installation with a vendor, for what it sends by itself. Doing it again does
    /// nothing; a dry run only looks.
    pub async fn register_events(&self, asked: Asked<'_>, mode: Mode) -> Result<Registered, Error> {
        let (partner_center, wished) = self.door(asked).await?;
        let known = partner_center.registration().await.map_err(said)?;
        if let Some(known) = known.as_ref().filter(|known| known.is_as(&wished)) {
            return Ok(Registered::Already(known.clone()));
        }
        if let Some(known) = &known
            && known.is_elsewhere(&wished)
            && !asked.replaces
        {
            return Err(refused(format!(
                "Microsoft sends the events of this account to {} now, which is another host than {}; an account \
                 has one address for them. Look whose it is; --replace takes it over, and nothing goes there any \
                 more",
                known.address(),
                wished.address()
            )));
        }
        if mode == Mode::Commit {
            let key = self.id();
            let register = partner_center.register(&wished, known.as_ref(), key);
            register.await.map_err(said)?;
        }
        Ok(match known {
            None => Registered::New(wished),
            Some(from) => Registered::Changed { from, to: wished },
        })
    }

    /// Lets the vendor send a test event to what is registered, and asks a few times, `pace` apart, what became of
    /// it. What is registered must be the address of this installation.
    pub async fn test_events(&self, asked: Asked<'_>, pace: Duration) -> Result<Delivery, Error> {
        let (partner_center, wished) = self.door(asked).await?;
        let known = partner_center.registration().await.map_err(said)?;
        if !known.is_some_and(|known| known.is_as(&wished)) {
            let words = format!(
                "{} is not registered, so there is nothing to test",
                wished.address()
            );
            return Err(refused(words));
        }
        let id = partner_center.send_test(self.id()).await.map_err(said)?;
        let mut delivery = Delivery::default();
        for look in 0..LOOKS_MAX {
            if look > 0 {
                tokio::time::sleep(pace).await;
            }
            delivery = match partner_center.look_at_test(id, &wished).await {
                Ok(delivery) => delivery,
                // Not told this time.
                Err(Unregistered::Fault(Fault::NotSent { reason, .. })) => {
                    tracing::info!(reason, "what became of a test event is not told");
                    continue;
                }
                Err(error) => return Err(said(error)),
            };
            if delivery.is_decided || delivery.has_arrived() {
                break;
            }
        }
        Ok(delivery)
    }

    /// A connection of its owner's own, and the registration that is wished for it.
    async fn door(&self, asked: Asked<'_>) -> Result<(PartnerCenter, Registration), Error> {
        if let Some(pause) = self.pause().await? {
            return Err(refused(format!(
                "no vendor is called from this database ({}), until `seatwright take-over`",
                pause.reason
            )));
        }
        let owner = self.organization(asked.owner).await?;
        let vendors = self.vendors(owner.slug.as_str()).await?;
        let is_it = |known: &Vendor| known.owner == owner.id && known.slug == asked.vendor;
        let vendor = vendors.into_iter().find(is_it).ok_or(Error::NotFound)?;
        let Settings::PartnerCenter(account) = worker::settings(&vendor)? else {
            return Err(Error::Invalid {
                field: "/vendor",
                reason: Invalid(format!(
                    "{} is no connection to Microsoft Partner Center, and no other vendor sends events",
                    vendor.slug
                )),
            });
        };
        let door = DOOR
            .replace("{partner}", owner.slug.as_str())
            .replace("{vendor}", &vendor.slug);
        let wished = Registration::wished(asked.public_url, &door);
        let wished = wished.map_err(|reason| Error::Invalid {
            field: "public_url",
            reason,
        })?;
        let connected = self.partner_center(&vendor, &account);
        Ok((connected.map_err(|fault| said(fault.into()))?, wished))
    }
}

fn refused(words: String) -> Error {
    Error::Refused(Refusal::Because(words))
}

fn said(error: Unregistered) -> Error {
    refused(match error {
        Unregistered::Fault(Fault::NotSent { reason, .. }) => {
            format!("nothing was changed at Microsoft: {reason}. Try again later")
        }
        Unregistered::Fault(Fault::AnswerLost { evidence, .. }) => format!(
            "nobody knows yet what Microsoft made of it: {evidence}. The same command again finds out, and does no \
             harm"
        ),
        other => other.to_string(),
    })
}
