//! Microsoft Partner Center, new commerce: customers with their agreement, purchases by cart, changes by whole
//! resources with their etag, upgrades by transitions.

mod account;
mod answer;
mod availability;
mod cart;
mod catalog;
mod customer;
mod delivery;
mod errors;
mod http;
mod inventory;
mod new_customer;
mod onboarding;
mod order;
mod registration;
mod resource;
mod stage;
mod subscription;
mod tokens;
mod transition;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::offer::Form;
use domain::price::refund::WINDOW;
use domain::provisioning::{Abilities, Doubt, Failure, Fault, Outcome, RepeatClass, Request, Verb};
use domain::reconciliation::Reach;
use jiff::Timestamp;

pub use self::account::Account;
use self::answer::Stop;
use self::cart::Purchase;
pub use self::delivery::{Delivery, Reply};
use self::http::Http;
use self::new_customer::NewCustomer;
pub use self::registration::{Registration, Unregistered};
use self::stage::Stage;
use self::subscription::{Changed, Wish};
use self::transition::{From, Move};
pub use self::webhook::{Event, Signed, Unproven, Webhooks};
use crate::http::DEADLINE;
use crate::{CatalogEntry, Connector, SecretKeeper};

/// What is asked besides, once the decision is there.
const ASIDE: Duration = Duration::from_secs(5);

/// A partner's account at Microsoft.
pub struct PartnerCenter {
    account: Account,
    http: Http,
}

/// What is to be asked for, once the customer is known.
enum Plan<'r> {
    Buy(Purchase<'r>),
    Change(Changed<'r>, Wish),
    Move(String, &'r str, Move<'r>),
    /// It is so already.
    Nothing(Outcome),
}

impl PartnerCenter {
    /// Prepares a client; nothing is called yet. Fails when the settings can't be right.
    pub fn new(
        account: &Account,
        keeper: Option<Arc<dyn SecretKeeper>>,
    ) -> Result<PartnerCenter, Fault> {
        Ok(PartnerCenter {
            http: Http::new(account, keeper)?,
            account: account.clone(),
        })
    }

    async fn ask(&self, request: &Request, is_repeat: bool) -> Result<Outcome, Stop> {
        if self.account.new_customers
            && let Some(new) = NewCustomer::of(request, &self.account)?
        {
            return self.prepare_customer(&new).await;
        }
        let customer = customer::id(&self.http, request).await?;
        match self.plan(request, customer.clone()).await? {
            Plan::Buy(purchase) => self.fill_cart(customer, &purchase, request).await,
            Plan::Change(changed, wish) => self.change(request, &changed, wish).await,
            Plan::Move(customer, subscription, moved) => {
                let from = From {
                    customer: &customer,
                    subscription,
                };
                self.transition(request, from, &moved, is_repeat).await
            }
            Plan::Nothing(outcome) => Ok(outcome),
        }
    }

    async fn plan<'r>(&self, request: &'r Request, customer: String) -> Result<Plan<'r>, Stop> {
        if let Verb::Addon { .. } = request.verb {
            return self.plan_addon(request, customer).await;
        }
        if let Some(purchase) = Purchase::of(request) {
            return Ok(Plan::Buy(purchase));
        }
        let reference = reference(request)?;
        if let Some(moved) = Move::of(request) {
            return Ok(Plan::Move(customer, reference, moved));
        }
        let wish = wish(&request.verb).ok_or_else(|| Stop::Unread(not_supported()))?;
        let changed = Changed {
            customer,
            subscription: reference.to_owned(),
            reference,
        };
        Ok(Plan::Change(changed, wish))
    }

    /// An add-on is a subscription of its own below another: bought, changed and ended as such.
    async fn plan_addon<'r>(
        &self,
        request: &'r Request,
        customer: String,
    ) -> Result<Plan<'r>, Stop> {
        let Verb::Addon {
            product,
            plan,
            from,
            to,
        } = &request.verb
        else {
            return Err(Stop::Unread(not_supported()));
        };
        let reference = reference(request)?;
        let paths = ["customers", &customer, "subscriptions", reference, "addons"];
        let listed = self.http.list(&http::path(&paths), &[]).await?;
        let is_it = |one: &&resource::Resource| {
            let offer = one.text("offerId").unwrap_or_default();
            resource::is_of(&offer, product, plan) && !one.is("status", "deleted")
        };
        let child = listed.iter().find(is_it).and_then(|one| one.text("id"));
        let changed = |subscription| Changed {
            customer: customer.clone(),
            subscription,
            reference,
        };
        match (child, *from, *to, Purchase::of(request)) {
            (None, _, 0, _) => Ok(Plan::Nothing(changed(reference.to_owned()).done())),
            (None, 0, _, Some(purchase)) => Ok(Plan::Buy(purchase)),
            (Some(child), _, 0, _) => Ok(Plan::Change(changed(child), Wish::Status("deleted"))),
            (Some(child), from, to, _) => {
                Ok(Plan::Change(changed(child), Wish::Seats { from, to }))
            }
            (None, ..) => Err(Stop::Unread(Failure {
                code: "SeatsDiffer".into(),
                message: "The subscription has no such add-on at Microsoft; nothing was changed"
                    .into(),
                field: None,
            })),
        }
    }

    async fn go_on(&self, request: &Request, stage: Stage) -> Result<Outcome, Stop> {
        let unfitting = || {
            Stop::Fault(Fault::AnswerLost {
                evidence: "what was accepted does not fit what was asked for".into(),
                retry_after: None,
            })
        };
        match stage {
            Stage::Customer { absences } => {
                let new = NewCustomer::of(request, &self.account)?.ok_or_else(unfitting)?;
                decided(self.create_customer(request, &new, absences).await)
            }
            Stage::Agreement { customer, absences } => {
                let new = NewCustomer::of(request, &self.account)?.ok_or_else(unfitting)?;
                let purchase = Purchase::of(request).ok_or_else(unfitting)?;
                let asked = (&new, &purchase);
                decided(
                    self.confirm_agreement(request, asked, customer, absences)
                        .await,
                )
            }
            Stage::Cart {
                customer,
                cart,
                absences,
            } => {
                let purchase = Purchase::of(request).ok_or_else(unfitting)?;
                let at = (customer.as_str(), cart.as_str());
                self.check_out(request, &purchase, at, absences).await
            }
            Stage::Order { customer, order } => {
                let purchase = Purchase::of(request).ok_or_else(unfitting)?;
                self.follow_order(request, &purchase, &customer, &order)
                    .await
            }
            Stage::Change {
                customer,
                subscription,
            } => {
                let wish = wish(&request.verb).ok_or_else(unfitting)?;
                let changed = Changed {
                    customer,
                    subscription,
                    reference: reference(request)?,
                };
                self.follow_change(&changed, wish).await
            }
            Stage::Transition { customer, before } => {
                let moved = Move::of(request).ok_or_else(unfitting)?;
                let from = From {
                    customer: &customer,
                    subscription: reference(request)?,
                };
                self.follow_transition(from, &moved, before).await
            }
        }
    }
}

/// Before a cart is filled nothing can have been bought: what can't be read refuses, too.
fn decided(answer: Result<Outcome, Stop>) -> Result<Outcome, Stop> {
    match answer {
        Err(Stop::Unread(failure)) => Err(Stop::Refused(failure)),
        other => other,
    }
}

/// What a verb wants a subscription to be: of its own, or of its add-on.
fn wish(verb: &Verb) -> Option<Wish> {
    Some(match verb {
        Verb::Quantity { from, to } => Wish::Seats {
            from: *from,
            to: *to,
        },
        Verb::Suspend => Wish::Status("suspended"),
        Verb::Reactivate => Wish::Status("active"),
        Verb::Cancel | Verb::Addon { to: 0, .. } => Wish::Status("deleted"),
        Verb::Addon { from, to, .. } => Wish::Seats {
            from: *from,
            to: *to,
        },
        Verb::AutoRenewal { on } => Wish::Renewal(*on),
        Verb::Plan { cadence, .. } => Wish::Cadence(*cadence),
        Verb::Purchase { .. } | Verb::MovePart { .. } | Verb::Configure { .. } => return None,
    })
}

fn reference(request: &Request) -> Result<&str, Stop> {
    request.vendor_reference.as_deref().ok_or_else(|| {
        Stop::Unread(Failure {
            code: "NoReference".into(),
            message: "The subscription's id at Microsoft is not known".into(),
            field: None,
        })
    })
}

fn not_supported() -> Failure {
    Failure {
        code: "NotSupported".into(),
        message: "Microsoft knows no such change; nothing was sent".into(),
        field: None,
    }
}

/// What is asked of whoever buys, where customers may be new.
pub(crate) fn form(account: &Account) -> Option<Form> {
    account.new_customers.then(|| new_customer::form(account))
}

/// What new commerce can do.
pub(crate) fn abilities() -> Abilities {
    Abilities {
        is_manual: false,
        has_tenants: true,
        is_single: false,
        is_open_ended: false,
        cancellation_window: Some(WINDOW),
        can_suspend: true,
        can_change_plan: true,
        can_upgrade: true,
        upgrades_within_product: false,
        can_upgrade_part: true,
        can_configure: false,
        reach: Reach::Customers,
    }
}

/// No answer within the deadline of all calls together: some of them may have been carried out.
async fn in_time(work: impl Future<Output = Result<Outcome, Stop>>) -> Result<Outcome, Stop> {
    tokio::time::timeout(DEADLINE, work)
        .await
        .unwrap_or_else(|_| {
            Err(Stop::Fault(Fault::AnswerLost {
                evidence: "no answer in time".into(),
                retry_after: None,
            }))
        })
}

#[async_trait]
impl Connector for PartnerCenter {
    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match verb {
            Verb::Purchase { .. } | Verb::Addon { from: 0, .. } => RepeatClass::TwoStep,
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Cancel
            | Verb::Addon { .. }
            | Verb::AutoRenewal { .. } => RepeatClass::Absolute,
            // Found in the subscription's history before it is repeated.
            Verb::Plan { .. } => RepeatClass::Referenced,
            Verb::MovePart { .. } => RepeatClass::Delta,
            // Never sent.
            Verb::Configure { .. } => RepeatClass::Once,
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        match in_time(self.ask(request, false)).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Unread(failure) | Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        let Some(stage) = Stage::read(operation) else {
            let evidence = "the accepted operation can't be read".to_owned();
            return Err(Fault::AnswerLost {
                evidence,
                retry_after: None,
            });
        };
        match in_time(self.go_on(request, stage)).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
            // What can't be read now says nothing of what was accepted.
            Err(stop) => Err(stop.into()),
        }
    }

    /// A cart that was filled twice buys nothing; a wish looks first whether it is fulfilled.
    async fn settle(&self, request: &Request, _: &Doubt) -> Result<Outcome, Fault> {
        match in_time(self.ask(request, true)).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
            // Nothing was ever bought by a request whose second step was never asked for.
            Err(Stop::Unread(failure))
                if self.repeat_class(&request.verb) == RepeatClass::TwoStep =>
            {
                Ok(Outcome::Refused(failure))
            }
            Err(stop) => Err(stop.into()),
        }
    }

    /// A cart that is not checked out runs out by itself; nothing else is left behind.
    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        Ok(Outcome::Done {
            vendor_reference: request
                .vendor_reference
                .clone()
                .unwrap_or_else(|| request.key.to_string()),
        })
    }

    async fn returnable_until(
        &self,
        request: &Request,
        vendor_reference: &str,
    ) -> Option<Timestamp> {
        let work = async {
            let customer = customer::id(&self.http, request).await.ok()?;
            let found = self.read_subscription(&customer, vendor_reference).await;
            subscription::returnable_until(&found.ok()?, &request.verb)
        };
        tokio::time::timeout(ASIDE, work).await.ok().flatten()
    }

    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        self.list_catalog().await
    }
}
