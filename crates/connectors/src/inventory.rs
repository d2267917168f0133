//! Looking up what customers have. [`Reader`] has no method that changes anything at a vendor, so that
//! whoever holds one can't, dry run or not.

use std::time::Duration;

use async_trait::async_trait;
use domain::provisioning::Fault;
use domain::reconciliation::{Holding, Reference};

/// All calls of one look-up together: a list has many pages, and nobody waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(50);

/// A subscription of ours to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The vendor's id.
    pub reference: Reference,
    /// The vendor's product id.
    pub product: String,
    /// The vendor's plan id.
    pub plan: String,
}

/// What is asked in one look-up: a customer's account at the vendor, and what of it we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The customer's tenant, where the vendor has such a thing.
    pub tenant: Option<String>,
    /// The subscriptions that we know of.
    pub known: Vec<Known>,
}

/// The half of a connector that only reads.
#[async_trait]
pub trait Reader: Send + Sync {
    /// What the vendor has of an account: whole, or a fault. Of what was asked about, whatever is not in the
    /// answer is said by the vendor itself not to be there. What can't be read is never left out.
    /// A vendor tells nothing unless it is said here: a person with a form, AWS.
    async fn look_up(&self, _: &Account) -> Result<Vec<Holding>, Fault> {
        Err(unreadable("this vendor can't tell what customers have"))
    }
}

/// An answer that is no list of subscriptions: nothing is concluded from it.
pub(crate) fn unreadable(reason: &str) -> Fault {
    Fault::NotSent {
        reason: reason.to_owned(),
        retry_after: None,
    }
}
