//! Ending: AWS closes an account in the background. It is suspended at once, can be reopened by AWS's
//! support for 90 days, and is then deleted with all that is in it.

use domain::provisioning::{Failure, Outcome, Request};

use super::AwsOrganizations;
use super::answer::{Stop, lost};
use super::errors::Class;
use super::stage::{Stage, is_account};

/// How an account stands to its end.
enum Standing {
    Open,
    Closing,
    Closed,
    Unknown(String),
}

fn reference(request: &Request) -> Result<&str, Stop> {
    let known = request.vendor_reference.as_deref();
    known.filter(|id| is_account(id)).ok_or_else(|| {
        Stop::Unread(Failure {
            code: "NoReference".into(),
            message: "The account's id at AWS is not known; nothing was sent".into(),
            field: None,
        })
    })
}

fn closing() -> Outcome {
    Outcome::Accepted {
        operation: Some(Stage::Closure.write()),
        retry_after: None,
    }
}

impl AwsOrganizations {
    /// Closes the account, unless it is closed.
    pub(super) async fn close(&self, request: &Request) -> Result<Outcome, Stop> {
        let account = reference(request)?;
        let done = Outcome::Done {
            vendor_reference: account.to_owned(),
        };
        match self.standing(account).await? {
            Standing::Closed => return Ok(done),
            Standing::Closing => return Ok(closing()),
            Standing::Unknown(state) => {
                let words = format!("AWS says that the account is {state}; it was not closed");
                return Err(super::answer::Told::Nothing(lost(&words)).unread());
            }
            Standing::Open => {}
        }
        match self.client.close_account().account_id(account).send().await {
            Ok(_) => Ok(closing()),
            Err(error) => match self.told(&error) {
                told if told.class() == Some(Class::Fulfilled) => Ok(done),
                told => Err(told.stop()),
            },
        }
    }

    /// How far the closing is. AWS may go on showing for a while what was before.
    pub(super) async fn poll_closing(&self, request: &Request) -> Result<Outcome, Stop> {
        let account = reference(request)?;
        match self.standing(account).await? {
            Standing::Closed => Ok(Outcome::Done {
                vendor_reference: account.to_owned(),
            }),
            Standing::Closing | Standing::Open => Ok(closing()),
            Standing::Unknown(state) => {
                tracing::warn!(state, account, "AWS names a state that is not known");
                Ok(closing())
            }
        }
    }

    async fn standing(&self, account: &str) -> Result<Standing, Stop> {
        let answer = self.client.describe_account().account_id(account).send();
        let answer = answer.await.map_err(|error| {
            let told = self.told(&error);
            match told.class() {
                // It says so itself, and there is nothing else to close.
                Some(Class::Absent) => told.stop(),
                _ => told.unread(),
            }
        })?;
        let Some(found) = answer.account.filter(|found| found.id() == Some(account)) else {
            return Err(lost("AWS speaks of another account than was asked about").into());
        };
        // `Status` is what `State` was called before.
        let before = found.status().map(|status| status.as_str());
        let state = found.state().map(|state| state.as_str()).or(before);
        Ok(match state.unwrap_or("in no state") {
            "ACTIVE" | "PENDING_ACTIVATION" => Standing::Open,
            "PENDING_CLOSURE" => Standing::Closing,
            "SUSPENDED" | "CLOSED" => Standing::Closed,
            other => Standing::Unknown(crate::http::clean(other)),
        })
    }
}
