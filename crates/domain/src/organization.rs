//! Organizations: distributor → seller → customer, and the readable name in every address.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::OrganizationId;
use crate::money::Currency;
use crate::offer::{Country, Segment};
use crate::text::{self, Invalid};

/// Where an organization stands in the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationKind {
    /// Supplies sellers.
    Distributor,
    /// Sells to customers.
    Seller,
    /// Buys.
    Customer,
}

/// Whether an organization may do business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationStatus {
    /// Waits for approval.
    New,
    /// Open for business.
    Active,
    /// No new orders; what runs goes on.
    Suspended,
}

impl OrganizationStatus {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            OrganizationStatus::New => "New",
            OrganizationStatus::Active => "Active",
            OrganizationStatus::Suspended => "Suspended",
        }
    }
}

/// Why an organization does no business, and who said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why, for everybody who reads of it.
    pub reason: String,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Suspension {
    /// What its orders say of it.
    pub fn told(&self, organization: &str) -> String {
        format!("{organization} was suspended: {}", self.reason)
    }
}

/// A suspended organization, as its own people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    /// Which.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// Why, since when, and who can tell more.
    pub suspension: Suspension,
}

/// A readable name in addresses: `a-z`, `0-9` and inner hyphens, 2 to 40 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Takes a slug as it stands in an address.
    pub fn parse(text: &str) -> Result<Slug, Invalid> {
        let is_good = (2..=40).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_good {
            Ok(Slug(text.to_owned()))
        } else {
            Err(Invalid(
                "must be 2 to 40 lower-case letters, digits or hyphens".into(),
            ))
        }
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Slug, Invalid> {
        Slug::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> String {
        slug.0
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A customer's key in the books of whoever sells to it: one line of at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ErpNumber(String);

impl ErpNumber {
    /// The most characters of one.
    pub const MAX: usize = 64;

    /// Takes a number as it stands in the books.
    pub fn parse(text: &str) -> Result<ErpNumber, Invalid> {
        text::line(text, ErpNumber::MAX).map(ErpNumber)
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ErpNumber {
    type Error = Invalid;

    fn try_from(text: String) -> Result<ErpNumber, Invalid> {
        ErpNumber::parse(&text)
    }
}

impl From<ErpNumber> for String {
    fn from(number: ErpNumber) -> String {
        number.0
    }
}

impl std::fmt::Display for ErpNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A distributor, seller or customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// What it is.
    pub kind: OrganizationKind,
    /// Its name in addresses; unique on the installation.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Whether it may order.
    pub status: OrganizationStatus,
    /// Where it is.
    pub country: Country,
    /// What kind of customer it is; vendors sell some things to some kinds alone.
    pub segment: Segment,
    /// Where its days begin and end.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub zone: TimeZone,
    /// What it pays in.
    pub currency: Currency,
    /// Itself first, then its ancestors up to the distributor; rights and catalogs come down this chain.
    pub chain: Vec<OrganizationId>,
    /// What it is in the books of whoever sells to it.
    pub erp_number: Option<ErpNumber>,
    /// Takes no orders of customers without an ERP number.
    pub needs_erp_number: bool,
}

impl Organization {
    /// A name that people will read: one line, at most 120 characters.
    pub fn parse_name(name: &str) -> Result<String, Invalid> {
        text::line(name, 120)
    }
}
