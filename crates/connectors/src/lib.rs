//! Every outbound call: one folder a vendor kind, none knows another; wire types never leave it.
//!
//! A connector turns a [`Request`] into one vendor call and what comes back into an [`Outcome`] (the
//! vendor decided) or a [`Fault`] (it did not). It keeps no state between calls: the engine in `app`
//! writes down what is about to be asked before it asks, and decides when to ask again.

pub mod aws_organizations;
pub mod described;
pub mod google_reseller;
mod http;
pub mod inventory;
pub mod manual;
pub mod osb;
pub mod partner_center;
pub mod simulator;

use std::sync::Arc;

use async_trait::async_trait;
use domain::money::Currency;
use domain::offer::Form;
use domain::offer::form::Asked;
use domain::provisioning::{
    Abilities, Doubt, Fault, Outcome, RepeatClass, RepeatRule, Request, Verb,
};
use domain::text::Invalid;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::inventory::{Account, Known, Reader};

/// What a vendor sells, as its own catalog lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// The vendor's product id.
    pub product: String,
    /// The product's name for people.
    pub product_name: String,
    /// The vendor's plan id.
    pub plan: String,
    /// The plan's name for people.
    pub plan_name: String,
    /// What the vendor says about the plan.
    pub description: String,
    /// Most units in one line, where the vendor says so.
    pub maximum: Option<u32>,
    /// What a unit costs, by cycle and currency; empty where the vendor says nothing.
    pub costs: Vec<Cost>,
    /// What the vendor asks of whoever buys it, or why that can't be asked; `None` from a catalog that does
    /// not tell.
    pub asked: Option<Result<Asked, Invalid>>,
}

/// A price of a vendor's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Months that are paid at once: 1 or 12.
    pub months: u32,
    /// What it is in.
    pub currency: Currency,
    /// Vendor to partner, per unit; never negative.
    pub amount: Decimal,
}

/// One way of speaking to vendors.
#[async_trait]
pub trait Connector: Reader {
    /// How a lost answer to this verb may be settled.
    fn repeat_class(&self, verb: &Verb) -> RepeatClass;

    /// The class with the times that the vendor states for it; none unless it is said here.
    fn repeat_rule(&self, verb: &Verb) -> RepeatRule {
        self.repeat_class(verb).into()
    }

    /// Sends the request for the first time. Where only a difference can be sent, the vendor's count is
    /// compared with [`Verb::base`] before.
    async fn submit(&self, request: &Request) -> Result<Outcome, Fault>;

    /// Asks about work that the vendor accepted.
    async fn poll(&self, request: &Request, operation: Option<&str>) -> Result<Outcome, Fault>;

    /// Finds out what became of a request whose answer was lost, by the verb's repeat class. Never called
    /// for [`RepeatClass::Once`]: the engine has no such question.
    /// `Refused` here means proven: nothing is booked and nothing will be.
    async fn settle(&self, request: &Request, doubt: &Doubt) -> Result<Outcome, Fault>;

    /// Removes what a refused purchase may have left behind. `Done` when nothing remains.
    async fn clear(&self, request: &Request) -> Result<Outcome, Fault>;

    /// Until when the vendor takes back what a request has just bought, where it says so itself; its usual
    /// window is one of its [`Abilities`].
    async fn returnable_until(&self, _: &Request, _vendor_reference: &str) -> Option<Timestamp> {
        None
    }

    /// Lists what the vendor sells. Harmless; `vendor check` calls it too.
    async fn catalog(&self) -> Result<Vec<CatalogEntry>, Fault>;
}

/// Where a vendor is and how to sign in; stored as the vendor's settings.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "connector", rename_all = "snake_case", deny_unknown_fields)]
pub enum Settings {
    /// Open Service Broker API 2.17.
    OpenServiceBroker {
        /// Root of the broker, without `/v2`.
        url: String,
        /// Basic authentication's user name.
        username: String,
        /// Basic authentication's password.
        password: String,
        /// Orders carry a tenant (the demo world's Microsoft behind this face).
        #[serde(default)]
        has_tenants: bool,
    },
    /// Microsoft Partner Center, new commerce.
    PartnerCenter(partner_center::Account),
    /// Google Workspace Reseller API.
    GoogleReseller(google_reseller::Account),
    /// AWS Organizations.
    AwsOrganizations(aws_organizations::Account),
    /// A vendor whose API is described as data.
    Described(Box<described::Account>),
    /// A person with a form.
    Manual,
}

/// Where settings are stored that a vendor replaces by itself.
#[async_trait]
pub trait SecretKeeper: Send + Sync {
    /// Stores the refresh token that a vendor handed out for a former one; a newer one that is stored
    /// meanwhile stays. Fails with a reason that holds no secret.
    async fn keep_refresh_token(&self, former: &str, renewed: &str) -> Result<(), String>;
}

impl std::fmt::Debug for Settings {
    /// Never prints a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Settings::OpenServiceBroker { url, username, .. } => f
                .debug_struct("OpenServiceBroker")
                .field("url", url)
                .field("username", username)
                .finish_non_exhaustive(),
            Settings::PartnerCenter(account) => account.fmt(f),
            Settings::GoogleReseller(account) => account.fmt(f),
            Settings::AwsOrganizations(account) => account.fmt(f),
            Settings::Described(account) => account.fmt(f),
            Settings::Manual => f.write_str("Manual"),
        }
    }
}

/// What the vendor behind some settings can do, without a connection to it.
pub fn abilities(settings: &Settings) -> Abilities {
    match settings {
        Settings::OpenServiceBroker { has_tenants, .. } => osb::abilities(*has_tenants),
        Settings::PartnerCenter(_) => partner_center::abilities(),
        Settings::GoogleReseller(_) => google_reseller::abilities(),
        Settings::AwsOrganizations(_) => aws_organizations::abilities(),
        Settings::Described(account) => described::abilities(account),
        Settings::Manual => manual::abilities(),
    }
}

/// What the vendor behind some settings needs to be told by whoever buys, where it is the same for all of its
/// offers.
pub fn form(settings: &Settings) -> Option<Form> {
    match settings {
        Settings::PartnerCenter(account) => partner_center::form(account),
        Settings::AwsOrganizations(_) => Some(aws_organizations::form()),
        Settings::OpenServiceBroker { .. }
        | Settings::GoogleReseller(_)
        | Settings::Described(_)
        | Settings::Manual => None,
    }
}

/// Makes the connector for a vendor's settings. Fails when they can't be right, without calling anybody.
pub fn connect(settings: &Settings) -> Result<Box<dyn Connector>, Fault> {
    connect_with(settings, None)
}

/// The same, where what the vendor replaces in its settings is stored by `keeper`.
pub fn connect_with(
    settings: &Settings,
    keeper: Option<Arc<dyn SecretKeeper>>,
) -> Result<Box<dyn Connector>, Fault> {
    Ok(match settings {
        Settings::OpenServiceBroker {
            url,
            username,
            password,
            ..
        } => Box::new(osb::OpenServiceBroker::new(url, username, password)?),
        Settings::PartnerCenter(account) => {
            Box::new(partner_center::PartnerCenter::new(account, keeper)?)
        }
        Settings::GoogleReseller(account) => {
            Box::new(google_reseller::GoogleReseller::new(account)?)
        }
        Settings::AwsOrganizations(account) => {
            Box::new(aws_organizations::AwsOrganizations::new(account)?)
        }
        Settings::Described(account) => Box::new(described::DescribedVendor::new(account)?),
        Settings::Manual => Box::new(manual::Manual),
    })
}

/// The reading half of a vendor's connector, which can't change anything: what reconciliation is given.
pub fn reader(
    settings: &Settings,
    keeper: Option<Arc<dyn SecretKeeper>>,
) -> Result<Box<dyn Reader>, Fault> {
    Ok(connect_with(settings, keeper)?)
}
