//! Buying: an account is created in the background and then moved to where the settings want it. AWS lets
//! no address have two accounts, so that what is sent twice is booked once, or refused.

use aws_sdk_organizations::types::{CreateAccountState, CreateAccountStatus, Tag};
use domain::provisioning::{Failure, Fault, Outcome, Request};
use jiff::Timestamp;

use super::answer::{Stop, failure, lost};
use super::errors::{self, Class};
use super::find::Found;
use super::form::{EMAIL_FIELD, Wanted};
use super::stage::{Stage, is_account, is_creation};
use super::{AwsOrganizations, PLAN, PRODUCT};
use crate::http::{clean, misconfigured};

/// The tag with our line's key, by which an account is known again.
pub(super) const KEY_TAG: &str = "seatwright:key";
/// The tag with the order's number, for people.
const ORDER_TAG: &str = "seatwright:order";

fn tag(key: &str, value: String) -> Result<Tag, Fault> {
    let tag = Tag::builder().key(key).value(value).build();
    tag.map_err(|_| misconfigured("a tag can't be made"))
}

fn accepted(stage: Stage) -> Outcome {
    Outcome::Accepted {
        operation: Some(stage.write()),
        retry_after: None,
    }
}

fn unread(code: &str, message: &str, field: Option<&str>) -> Stop {
    Stop::Unread(Failure {
        code: code.into(),
        message: message.into(),
        field: field.map(str::to_owned),
    })
}

/// The account of a request: one of the one product.
pub(super) fn wanted(request: &Request, quantity: u32) -> Result<Wanted, Stop> {
    if (request.product.as_str(), request.plan.as_str()) != (PRODUCT, PLAN) {
        let words = "AWS sells no such thing; nothing was sent";
        return Err(unread("UnknownPlan", words, None));
    }
    if quantity != 1 {
        let words = "An order line is one AWS account; nothing was sent";
        return Err(unread("QuantityAboveMaximum", words, Some("/quantity")));
    }
    Wanted::read(request)
}

impl AwsOrganizations {
    /// Asks for the account.
    pub(super) async fn create(&self, request: &Request, wanted: &Wanted) -> Result<Outcome, Stop> {
        let tags = vec![
            tag(KEY_TAG, request.key.to_string())?,
            tag(ORDER_TAG, request.order.to_string())?,
        ];
        let asked = self.client.create_account();
        let asked = asked.email(&wanted.email).account_name(&wanted.name);
        let answer = asked.set_tags(Some(tags)).send().await;
        let answer = answer.map_err(|error| self.told(&error).stop())?;
        let Some(creation) = answer.create_account_status else {
            return Err(lost("AWS took the request and named no creation").into());
        };
        self.follow(request, wanted, &creation).await
    }

    /// Looks for the account that a lost request asked for; asks again only where there is none.
    pub(super) async fn settle_creation(
        &self,
        request: &Request,
        wanted: &Wanted,
        since: Timestamp,
    ) -> Result<Outcome, Stop> {
        match self.find(request, wanted, Some(since)).await? {
            Found::Ours(account) => Ok(self.placed_or_accepted(account)),
            Found::Unclear(what) => Err(lost(&format!("AWS lists {what}")).into()),
            Found::Foreign(account) => Err(Stop::Refused(taken(Some(&account)))),
            Found::Absent => self.create(request, wanted).await,
        }
    }

    /// How far the creation is.
    pub(super) async fn poll_creation(
        &self,
        request: &Request,
        wanted: &Wanted,
        id: &str,
    ) -> Result<Outcome, Stop> {
        let asked = self.client.describe_create_account_status();
        let answer = asked.create_account_request_id(id).send().await;
        let answer = answer.map_err(|error| self.told(&error).unread())?;
        match answer.create_account_status {
            Some(creation) if creation.id() == Some(id) => {
                self.follow(request, wanted, &creation).await
            }
            _ => Err(lost("AWS speaks of another creation than was asked about").into()),
        }
    }

    /// What a creation's state means. A later state is always asked for under its id, so a crash after
    /// this loses nothing.
    async fn follow(
        &self,
        request: &Request,
        wanted: &Wanted,
        creation: &CreateAccountStatus,
    ) -> Result<Outcome, Stop> {
        let Some(id) = creation.id().filter(|id| is_creation(id)) else {
            return Err(lost("AWS named no creation that can be asked about").into());
        };
        if creation
            .account_name()
            .is_some_and(|name| name != wanted.name)
        {
            return Err(lost("AWS speaks of an account of another name").into());
        }
        match creation.state() {
            Some(CreateAccountState::Succeeded) => {
                match creation.account_id().filter(|id| is_account(id)) {
                    Some(account) => Ok(self.placed_or_accepted(account.to_owned())),
                    None => Err(lost("AWS created an account and does not say which").into()),
                }
            }
            Some(CreateAccountState::Failed) => {
                let reason = creation.failure_reason();
                let reason = reason.map_or("no reason", |reason| reason.as_str());
                self.failed(request, wanted, reason).await
            }
            state => {
                let state = state.map_or("no state", CreateAccountState::as_str);
                if state != CreateAccountState::InProgress.as_str() {
                    tracing::warn!(state, creation = id, "AWS names a state that is not known");
                }
                Ok(accepted(Stage::Creation(id.to_owned())))
            }
        }
    }

    /// The address may be taken by what an earlier request of ours made.
    async fn failed(
        &self,
        request: &Request,
        wanted: &Wanted,
        reason: &str,
    ) -> Result<Outcome, Stop> {
        let row = errors::failure(reason);
        let said = clean(&format!("AWS did not create the account: {reason}"));
        if !matches!(
            reason,
            "EMAIL_ALREADY_EXISTS" | "CONCURRENT_ACCOUNT_MODIFICATION"
        ) {
            return Ok(Outcome::Refused(failure(row, said)));
        }
        match self.find(request, wanted, None).await? {
            Found::Ours(account) => Ok(self.placed_or_accepted(account)),
            Found::Unclear(what) => Err(lost(&format!("{said}, and AWS lists {what}")).into()),
            Found::Foreign(account) => Ok(Outcome::Refused(taken(Some(&account)))),
            Found::Absent => Ok(Outcome::Refused(failure(row, said))),
        }
    }

    /// An account that has a place to be moved to is stored first: the move is a poll's.
    fn placed_or_accepted(&self, account: String) -> Outcome {
        match self.unit {
            Some(_) => accepted(Stage::Placement(account)),
            None => Outcome::Done {
                vendor_reference: account,
            },
        }
    }

    /// Moves an account to where the settings want it. It is created, so nothing here refuses it.
    pub(super) async fn place(&self, account: &str) -> Result<Outcome, Stop> {
        let done = Outcome::Done {
            vendor_reference: account.to_owned(),
        };
        let Some(unit) = &self.unit else {
            return Ok(done);
        };
        let answer = self.client.list_parents().child_id(account).send().await;
        let answer = answer.map_err(|error| self.told(&error).unread())?;
        let parent = answer.parents().first().and_then(|parent| parent.id());
        let Some(parent) = parent else {
            return Err(lost("AWS does not say where the account is").into());
        };
        if parent == unit {
            return Ok(done);
        }
        let asked = self.client.move_account().account_id(account);
        let asked = asked.source_parent_id(parent).destination_parent_id(unit);
        let Err(error) = asked.send().await else {
            return Ok(done);
        };
        let told = self.told(&error);
        match told.class() {
            Some(Class::Fulfilled) => Ok(done),
            _ => Err(match told.stop() {
                Stop::Refused(said) | Stop::Unread(said) => {
                    let words = format!("account {account} can't be moved: {}", said.message);
                    Stop::Fault(misconfigured(&words))
                }
                fault => fault,
            }),
        }
    }

    /// Asks whether the settings' organizational unit is there, before anything is created for it.
    pub(super) async fn check_unit(&self) -> Result<(), Stop> {
        if let Some(unit) = &self.unit {
            let asked = self.client.describe_organizational_unit();
            let answer = asked.organizational_unit_id(unit).send().await;
            answer.map_err(|error| self.told(&error).unread())?;
        }
        Ok(())
    }
}

fn taken(account: Option<&str>) -> Failure {
    let whose = account.map_or(String::new(), |account| format!(": account {account}"));
    Failure {
        code: "AwsEmailTaken".into(),
        message: format!("Another AWS account has this e-mail address{whose}"),
        field: Some(EMAIL_FIELD.into()),
    }
}
