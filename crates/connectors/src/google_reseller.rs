//! Google Workspace Reseller API: explicit verbs, payment plans instead of terms, and answers at once.
//! Purchases carry our key as their purchase order, changes are states; both are looked for before they
//! are asked for. New customers, transfers and the end of trials have no place in an order and are left out.

mod account;
mod answer;
mod change;
mod errors;
mod find;
mod http;
mod inventory;
mod purchase;
mod resource;
mod tokens;

use async_trait::async_trait;
use domain::provisioning::{Abilities, Doubt, Fault, Outcome, RepeatClass, Request, Verb};
use domain::reconciliation::Reach;

pub use self::account::Account;
use self::answer::Stop;
use self::change::Wish;
use self::http::Http;
use self::resource::Page;
use crate::http::{DEADLINE, path};
use crate::{CatalogEntry, Connector};

/// Codes of refusals that are ours, before anything is sent.
#[cfg(test)]
const OWN_CODES: &[&str] = &[
    "GoogleUnknownCustomer",
    "GoogleUnknownPlan",
    "GoogleSuspended",
    "GoogleEnded",
    "GoogleCommitted",
    "NotSupported",
    "GoogleSeatsDiffer",
];

/// A reseller's account at Google.
pub struct GoogleReseller {
    http: Http,
}

/// What the Reseller API can do.
pub(crate) fn abilities() -> Abilities {
    Abilities {
        is_manual: false,
        has_tenants: true,
        is_single: false,
        is_open_ended: false,
        // An end is possible at any time; fewer seats are for Google to allow, by plan and day.
        cancellation_window: None,
        can_suspend: true,
        can_change_plan: true,
        can_upgrade: false,
        upgrades_within_product: false,
        can_upgrade_part: false,
        can_configure: false,
        reach: Reach::Customers,
    }
}

impl GoogleReseller {
    /// Prepares a client; nothing is called yet. Fails when the settings can't be right.
    pub fn new(account: &Account) -> Result<GoogleReseller, Fault> {
        Ok(GoogleReseller {
            http: Http::new(account)?,
        })
    }

    async fn ask(&self, request: &Request, is_repeat: bool) -> Result<Outcome, Stop> {
        let work = async {
            match request.verb {
                Verb::Purchase { quantity } => self.buy(request, quantity, is_repeat).await,
                _ => self.change(request, Wish::of(request)?).await,
            }
        };
        // Some of the calls may have been carried out.
        let too_late = |_| {
            Err(Stop::Fault(Fault::AnswerLost {
                evidence: "no answer in time".into(),
                retry_after: None,
            }))
        };
        tokio::time::timeout(DEADLINE, work)
            .await
            .unwrap_or_else(too_late)
    }
}

#[async_trait]
impl Connector for GoogleReseller {
    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match verb {
            Verb::Purchase { .. } => RepeatClass::Referenced,
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Cancel
            | Verb::Plan { .. }
            | Verb::AutoRenewal { .. } => RepeatClass::Absolute,
            // Never sent.
            Verb::MovePart { .. } | Verb::Addon { .. } | Verb::Configure { .. } => {
                RepeatClass::Once
            }
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        match self.ask(request, false).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Unread(failure) | Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    /// Google accepts nothing for later; what became of a line is looked up as for a lost answer.
    async fn poll(&self, request: &Request, _: Option<&str>) -> Result<Outcome, Fault> {
        repeated(self.ask(request, true).await)
    }

    async fn settle(&self, request: &Request, _: &Doubt) -> Result<Outcome, Fault> {
        repeated(self.ask(request, true).await)
    }

    /// Google books whole or not at all.
    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        Ok(Outcome::Done {
            vendor_reference: request
                .vendor_reference
                .clone()
                .unwrap_or_else(|| request.key.to_string()),
        })
    }

    /// The API lists nothing that is for sale: this signs in, and reads one subscription.
    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let one = [("maxResults", "1".to_owned())];
        let answer = self.http.read(path(&["subscriptions"]), &one).await?;
        match answer.read::<Page>().filter(Page::is_one) {
            Some(_) => Ok(Vec::new()),
            None => match answer.unread() {
                Stop::Fault(fault) => Err(fault),
                Stop::Unread(failure) | Stop::Refused(failure) => Err(crate::http::misconfigured(
                    &format!("{}: {}", failure.code, failure.message),
                )),
            },
        }
    }
}

/// A refusal while reading proves nothing of what was sent before.
fn repeated(asked: Result<Outcome, Stop>) -> Result<Outcome, Fault> {
    match asked {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Unread(failure)) => Err(Fault::AnswerLost {
            evidence: format!("{}: {}", failure.code, failure.message),
            retry_after: None,
        }),
    }
}
