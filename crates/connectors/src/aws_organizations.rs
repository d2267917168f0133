//! AWS Organizations: a line is one member account, which is created, moved and closed. There is no number
//! of it, no term and no other plan; what is used in it AWS bills by itself.

mod account;
mod answer;
mod close;
mod create;
mod errors;
mod find;
mod form;
mod http;
mod stage;

use async_trait::async_trait;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::config::http::HttpResponse;
use aws_sdk_organizations::error::{ProvideErrorMetadata, SdkError};
use domain::offer::Form;
use domain::provisioning::{
    Abilities, Doubt, Failure, Fault, Outcome, RepeatClass, RepeatRule, Request, Verb,
};
use jiff::SignedDuration;

pub use self::account::Account;
use self::answer::{Stop, Told, lost, repeated};
use self::create::wanted;
use self::stage::Stage;
use crate::http::{DEADLINE, Secrets};
use crate::{CatalogEntry, Connector};

/// AWS's lists follow what was done "eventually", in practice within seconds.
const LAG: SignedDuration = SignedDuration::from_mins(2);
const PRODUCT: &str = "aws";
const PLAN: &str = "account";

/// An organization at AWS.
pub struct AwsOrganizations {
    client: Client,
    unit: Option<String>,
    secrets: Secrets,
}

/// What the vendor can do: an account is opened and closed. Closing is no suspension, for nobody but AWS's
/// support can undo it.
pub(crate) fn abilities() -> Abilities {
    Abilities {
        is_single: true,
        is_open_ended: true,
        ..Abilities::default()
    }
}

/// What is asked of whoever buys an account; the form of the offer.
pub fn form() -> Form {
    form::form()
}

fn not_supported() -> Stop {
    Stop::Unread(Failure {
        code: "NotSupported".into(),
        message: "An AWS account is opened and closed, and nothing else; nothing was sent".into(),
        field: None,
    })
}

impl AwsOrganizations {
    /// Prepares a client; nothing is called yet. Fails when the settings can't be right.
    pub fn new(account: &Account) -> Result<AwsOrganizations, Fault> {
        Ok(AwsOrganizations {
            client: http::client(account)?,
            unit: account.organizational_unit.clone(),
            secrets: Secrets::new([account.secret_access_key.clone()]),
        })
    }

    fn told<E: ProvideErrorMetadata>(&self, error: &SdkError<E, HttpResponse>) -> Told {
        answer::told(error, &self.secrets)
    }
}

/// No answer within the deadline of all calls together: some of them may have been carried out.
async fn in_time<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| Err(lost("no answer in time").into()))
}

impl crate::Reader for AwsOrganizations {}

#[async_trait]
impl Connector for AwsOrganizations {
    fn repeat_class(&self, verb: &Verb) -> RepeatClass {
        match verb {
            Verb::Purchase { .. } => RepeatClass::Referenced,
            Verb::Cancel => RepeatClass::Absolute,
            // Never sent.
            Verb::Quantity { .. }
            | Verb::Suspend
            | Verb::Reactivate
            | Verb::Plan { .. }
            | Verb::MovePart { .. }
            | Verb::Addon { .. }
            | Verb::AutoRenewal { .. }
            | Verb::Configure { .. } => RepeatClass::Once,
        }
    }

    fn repeat_rule(&self, verb: &Verb) -> RepeatRule {
        RepeatRule {
            lag: LAG,
            ..self.repeat_class(verb).into()
        }
    }

    async fn submit(&self, request: &Request) -> Result<Outcome, Fault> {
        let work = async {
            match request.verb {
                Verb::Purchase { quantity } => {
                    let wanted = wanted(request, quantity)?;
                    self.check_unit().await?;
                    self.create(request, &wanted).await
                }
                Verb::Cancel => self.close(request).await,
                _ => Err(not_supported()),
            }
        };
        match in_time(work).await {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Unread(failure) | Stop::Refused(failure)) => Ok(Outcome::Refused(failure)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault> {
        let work = async {
            match (Stage::read(operation), &request.verb) {
                (Some(Stage::Creation(id)), Verb::Purchase { quantity }) => {
                    let wanted = wanted(request, *quantity)?;
                    self.poll_creation(request, &wanted, &id).await
                }
                (Some(Stage::Placement(account)), Verb::Purchase { .. }) => {
                    self.place(&account).await
                }
                (Some(Stage::Closure), Verb::Cancel) => self.poll_closing(request).await,
                _ => Err(lost("the accepted operation can't be read").into()),
            }
        };
        repeated(in_time(work).await)
    }

    async fn settle(&self, request: &Request, doubt: &Doubt) -> Result<Outcome, Fault> {
        let work = async {
            match request.verb {
                Verb::Purchase { quantity } => {
                    let wanted = wanted(request, quantity)?;
                    self.settle_creation(request, &wanted, doubt.since).await
                }
                Verb::Cancel => self.close(request).await,
                _ => Err(not_supported()),
            }
        };
        repeated(in_time(work).await)
    }

    /// AWS creates a whole account or none.
    async fn clear(&self, request: &Request) -> Result<Outcome, Fault> {
        let reference = request.vendor_reference.clone();
        Ok(Outcome::Done {
            vendor_reference: reference.unwrap_or_else(|| request.key.to_string()),
        })
    }

    /// One product, which AWS has no price for. Reads one creation, which only the management account may.
    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let work = async {
            let asked = self.client.list_create_account_status().max_results(1);
            let answer = asked.send().await;
            let answer = answer.map_err(|error| self.told(&error).unread())?;
            if answer.create_account_statuses.is_none() {
                return Err(lost("AWS answered without a list").into());
            }
            self.check_unit().await
        };
        match in_time(work).await {
            Ok(()) => Ok(vec![CatalogEntry {
                product: PRODUCT.into(),
                product_name: "AWS".into(),
                plan: PLAN.into(),
                plan_name: "account".into(),
                description: "A member account of the reseller's organization".into(),
                maximum: Some(1),
                costs: Vec::new(),
                asked: None,
            }]),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::Unread(failure) | Stop::Refused(failure)) => Err(crate::http::misconfigured(
                &format!("{}: {}", failure.code, failure.message),
            )),
        }
    }
}
