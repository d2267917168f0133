//! Who is in a world: its organizations, its vendors, its staff and what they may do.

use std::sync::Arc;

use app::App;
use app::access::Access;
use app::clock::ManualClock;
use connectors::Settings;
use domain::access::{Membership, Role};
use domain::event::Actor;
use domain::id::{OrganizationId, VendorId};
use domain::money::Currency;
use domain::offer::{Country, Segment};
use domain::organization::{Organization, OrganizationKind, OrganizationStatus, Slug};
use jiff::tz::TimeZone;
use simulation::made::{SELLER, SELLER_NAME};
use simulation::people::{CUSTOMERS, customer_name};
use store::catalog::Vendor;
use store::credentials::CredentialKind;
use store::{Store, StoreError, catalog, organizations, users};
use uuid::Uuid;

/// The seller, its customers and its connections to vendors.
pub async fn found(store: &Store, vendors: Vec<VendorId>) {
    let mut organizations = vec![organization(SELLER, SELLER_NAME.into())];
    organizations.extend(customers().map(|id| organization(id, customer_name(id))));
    let written = store.write((organizations, vendors), |(organizations, vendors), tx| {
        Box::pin(async move {
            for organization in organizations {
                organizations::save(tx, organization).await?;
            }
            for id in vendors {
                catalog::save_vendor(tx, &vendor(*id)).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    written.await.unwrap();
}

/// The customers.
pub fn customers() -> impl Iterator<Item = OrganizationId> {
    (1..=CUSTOMERS).map(|number| OrganizationId(Uuid::from_u128(number.into())))
}

fn organization(id: OrganizationId, name: String) -> Organization {
    let (kind, chain) = match id == SELLER {
        true => (OrganizationKind::Seller, vec![id]),
        false => (OrganizationKind::Customer, vec![id, SELLER]),
    };
    Organization {
        id,
        kind,
        slug: slug(id),
        name,
        status: OrganizationStatus::Active,
        country: Country::parse("LT").unwrap(),
        segment: Segment::Commercial,
        zone: TimeZone::UTC,
        currency: Currency::parse("EUR").unwrap(),
        chain,
        erp_number: None,
        needs_erp_number: false,
    }
}

fn slug(id: OrganizationId) -> Slug {
    Slug::parse(&format!("organization-{}", id.0.as_u128())).unwrap()
}

fn vendor(id: VendorId) -> Vendor {
    Vendor {
        owner: SELLER,
        id,
        slug: format!("vendor-{}", id.0.as_u128()),
        name: String::new(),
        settings: serde_json::json!(Settings::Manual).to_string(),
    }
}

/// The door through which people of a world come in: their tokens are none of its dice.
pub struct Door {
    app: App,
    store: Store,
}

impl Door {
    pub fn new(store: &Store, clock: Arc<ManualClock>) -> Door {
        Door {
            app: App::new(store.clone(), clock),
            store: store.clone(),
        }
    }

    /// A person of the seller's staff at a customer.
    pub async fn access(&self, who: &Actor, customer: OrganizationId) -> Access {
        let written = self.store.write(who.clone(), |who, tx| {
            Box::pin(async move {
                let user = users::User {
                    id: who.user,
                    email: who.email.clone(),
                    name: who.person.clone(),
                    password_hash: String::new(),
                };
                let membership = Membership {
                    organization: SELLER,
                    role: Role::SellerAdmin,
                };
                match users::save(tx, &user).await {
                    Ok(()) | Err(StoreError::Taken) => {}
                    Err(error) => return Err(error),
                }
                users::grant(tx, who.user, membership).await
            })
        });
        written.await.unwrap();
        let token = self.app.create_token(&who.email, "test").await.unwrap();
        let caller = self.app.find_caller(&token, CredentialKind::Token).await;
        let slug = slug(customer);
        self.app
            .access(&caller.unwrap(), slug.as_str())
            .await
            .unwrap()
    }
}
