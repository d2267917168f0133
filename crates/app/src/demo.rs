//! The demo world: the same organizations, people and offers at every fresh seed.

mod catalog;
mod manifest;
mod orders;
mod terms;
mod told;

use std::sync::OnceLock;

use connectors::{Settings, simulator};
use domain::access::{Membership, Role};
use domain::id::{OrderId, OrganizationId, UserId, VendorId};
use domain::money::Currency;
use domain::offer::{Country, Segment};
use domain::organization::{Organization, OrganizationKind, OrganizationStatus, Slug};
use jiff::tz::TimeZone;
use store::catalog::{Vendor, save_vendor};
use store::users::{self, User};
use store::{StoreError, Tx, organizations};
use uuid::Uuid;

use crate::{App, Error, sessions};

/// Everybody's password in the demo world.
pub const PASSWORD: &str = "seatwright-demo";

/// Number, slug, name, kind, ancestors from the nearest up, country, currency.
type Place = (
    u128,
    &'static str,
    &'static str,
    OrganizationKind,
    &'static [u128],
    &'static str,
    &'static str,
);

const ORGANIZATIONS: &[Place] = {
    use OrganizationKind::{Customer, Distributor, Seller};
    &[
        (
            1,
            "nordic",
            "Nordic Distribution",
            Distributor,
            &[],
            "SE",
            "EUR",
        ),
        (2, "baltic", "Baltic Cloud", Seller, &[1], "LT", "EUR"),
        (3, "fjord", "Fjord IT", Seller, &[1], "NO", "NOK"),
        (
            4,
            "amber",
            "Amber Logistics",
            Customer,
            &[2, 1],
            "LT",
            "EUR",
        ),
        (5, "birch", "Birch Foods", Customer, &[2, 1], "LV", "EUR"),
        (6, "dune", "Dune Studio", Customer, &[2, 1], "JP", "JPY"),
        (7, "elk", "Elk Energy", Customer, &[3, 1], "NO", "NOK"),
        (8, "fern", "Fern Clinic", Customer, &[3, 1], "NO", "NOK"),
    ]
};

/// E-mail, name, roles by organization.
type Person = (&'static str, &'static str, &'static [(u128, Role)]);

const STAFF: &[Person] = &[
    (
        "distributor-admin@nordic.example",
        "Nora Lind",
        &[(1, Role::DistributorAdmin)],
    ),
    (
        "read-only@nordic.example",
        "Rasmus Olsen",
        &[(1, Role::DistributorReadOnly)],
    ),
    (
        "seller-admin@baltic.example",
        "Saulė Petraitė",
        &[(2, Role::SellerAdmin)],
    ),
    (
        "account-manager@baltic.example",
        "Andris Kalns",
        &[(2, Role::AccountManager)],
    ),
    (
        "subscriptions-manager@baltic.example",
        "Siiri Tamm",
        &[(2, Role::SubscriptionsManager)],
    ),
    (
        "billing@baltic.example",
        "Bronius Jonaitis",
        &[(2, Role::SellerBilling)],
    ),
    (
        "support@baltic.example",
        "Sofija Vaitkutė",
        &[(2, Role::SupportAgent)],
    ),
    (
        "seller-admin@fjord.example",
        "Sigrid Hansen",
        &[(3, Role::SellerAdmin)],
    ),
    (
        "consultant@freelance.example",
        "Chris Doyle",
        &[(4, Role::Customer), (7, Role::CustomerAdmin)],
    ),
];

const CUSTOMER_ROLES: &[(&str, &str, Role)] = &[
    ("admin", "Admin", Role::CustomerAdmin),
    ("user", "User", Role::Customer),
    ("billing", "Billing", Role::CustomerBilling),
];

impl App {
    /// Adds the demo world's orders, once.
    pub async fn seed_demo_orders(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.store
            .write(now, |now, tx| {
                Box::pin(async move {
                    match store::orders::load(tx, organization(4), OrderId(Uuid::from_u128(1)))
                        .await
                    {
                        Ok(_) => Ok(()),
                        Err(StoreError::NotFound) => orders::seed(tx, *now).await,
                        Err(error) => Err(error.into()),
                    }
                })
            })
            .await
    }

    /// Fills an empty database with the demo world; one that has it already is left as it is. The
    /// vendors are found at the simulator's address.
    pub async fn seed_demo(&self, simulator: &str) -> Result<(), Error> {
        let hash = password_hash()?;
        let state = (hash, simulator.to_owned());
        self.store
            .write(state, |(hash, simulator), tx| {
                Box::pin(seed(tx, hash, simulator))
            })
            .await
    }
}

/// One hash for everybody, and for each demo world of a process: the password is public, and eighty hashes take
/// ten seconds.
fn password_hash() -> Result<String, Error> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash.clone());
    }
    let hash = sessions::hash_password(PASSWORD)?;
    Ok(HASH.get_or_init(|| hash).clone())
}

async fn seed(tx: &mut Tx, hash: &str, simulator: &str) -> Result<(), Error> {
    save_vendors_address(tx, simulator).await?;
    if organizations::find_by_id(tx, organization(1))
        .await?
        .is_some()
    {
        return Ok(());
    }
    for (number, slug, name, kind, ancestors, country, currency) in ORGANIZATIONS {
        let chain = std::iter::once(number)
            .chain(*ancestors)
            .map(|id| organization(*id));
        let organization = Organization {
            id: organization(*number),
            kind: *kind,
            slug: Slug::parse(slug).map_err(damaged)?,
            name: (*name).to_owned(),
            status: OrganizationStatus::Active,
            country: Country::parse(country).map_err(damaged)?,
            segment: match *slug {
                "fern" => Segment::Nonprofit,
                _ => Segment::Commercial,
            },
            zone: zone(country),
            currency: Currency::parse(currency).map_err(damaged)?,
            chain: chain.collect(),
            erp_number: None,
            needs_erp_number: false,
        };
        organizations::save(tx, &organization).await?;
    }
    seed_people(tx, hash).await?;
    save_vendors_address(tx, simulator).await?;
    catalog::seed(tx).await?;
    terms::seed(tx).await
}

/// Each country of the demo world has one.
fn zone(country: &str) -> TimeZone {
    let name = match country {
        "SE" => "Europe/Stockholm",
        "LT" => "Europe/Vilnius",
        "LV" => "Europe/Riga",
        "NO" => "Europe/Oslo",
        "JP" => "Asia/Tokyo",
        _ => "UTC",
    };
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

type Known = (String, String, Vec<(u128, Role)>);

/// E-mail, name, roles by organization, of everybody.
fn people() -> Vec<Known> {
    let known =
        |(email, name, roles): &Person| (email.to_string(), name.to_string(), roles.to_vec());
    let mut people: Vec<_> = STAFF.iter().map(known).collect();
    for (number, slug, organization, kind, ..) in ORGANIZATIONS {
        if *kind == OrganizationKind::Customer {
            people.extend(CUSTOMER_ROLES.iter().map(|(name, label, role)| {
                let first = organization.split(' ').next().unwrap_or(organization);
                (
                    format!("{name}@{slug}.example"),
                    format!("{first} {label}"),
                    vec![(*number, *role)],
                )
            }));
        }
    }
    people
}

async fn seed_people(tx: &mut Tx, hash: &str) -> Result<(), Error> {
    for (number, (email, name, roles)) in (1u128..).zip(people()) {
        let id = UserId(Uuid::from_u128(number));
        users::save(
            tx,
            &User {
                id,
                email,
                name,
                password_hash: hash.to_owned(),
            },
        )
        .await?;
        for (at, role) in roles {
            users::grant(
                tx,
                id,
                Membership {
                    organization: organization(at),
                    role,
                },
            )
            .await?;
        }
    }
    Ok(())
}

/// The simulator listens on another port at each start.
async fn save_vendors_address(tx: &mut Tx, simulator: &str) -> Result<(), Error> {
    if organizations::find_by_id(tx, organization(1))
        .await?
        .is_none()
    {
        return Ok(());
    }
    for (number, slug, name) in [
        (1, "microsoft", "Microsoft"),
        (2, "cirrus", "Cirrus Backup"),
        (3, "paper-phone", "Paper & Phone"),
    ] {
        let settings = match slug {
            "paper-phone" => Settings::Manual,
            _ => Settings::OpenServiceBroker {
                url: format!("{simulator}/osb/{slug}"),
                username: simulator::USERNAME.to_owned(),
                password: simulator::PASSWORD.to_owned(),
                has_tenants: slug == "microsoft",
            },
        };
        let vendor = Vendor {
            owner: organization(1),
            id: VendorId(Uuid::from_u128(number)),
            slug: slug.to_owned(),
            name: name.to_owned(),
            settings: serde_json::to_string(&settings)
                .map_err(|error| Error::Internal(error.to_string()))?,
        };
        save_vendor(tx, &vendor).await?;
    }
    Ok(())
}

fn organization(number: u128) -> OrganizationId {
    OrganizationId(Uuid::from_u128(number))
}

fn damaged(error: domain::text::Invalid) -> Error {
    Error::Internal(format!("the demo world is damaged: {error}"))
}
