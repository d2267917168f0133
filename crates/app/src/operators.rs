//! What the person at the machine does: first people, connections to vendors, tokens to end. Whoever
//! can run the program on the database needs no role in it.

use std::fmt;

use connectors::{CatalogEntry, Cost, Settings, connect};
use domain::access::{Membership, Role};
use domain::id::{OfferId, OrganizationId, PlanId, TokenId, UserId, VendorId};
use domain::money::UnitAmount;
use domain::offer::{Cadence, Offer, Plan, VendorPrice};
use domain::organization::{Organization, OrganizationKind, Slug};
use domain::text::{Email, Invalid, line};
use jiff::Timestamp;
use store::catalog::{self, Vendor};
use store::credentials::Credential;
use store::plan_prices::{self, PlanPrice};
use store::users::{self, User};
use store::{StoreError, Tx, credentials, organizations};

use crate::{App, Error, sessions, worker};

/// Shortest password that is taken (reliability 5.2); there are no rules of composition.
const PASSWORD_MIN: usize = 12;
/// Offers of one owner that an import compares with.
const OFFERS_MAX: u32 = 100_000;

/// A person to add.
pub struct NewUser {
    /// What they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// 12 to 128 characters.
    pub password: String,
    /// Where they get the role.
    pub organization: String,
    /// The role.
    pub role: Role,
}

impl fmt::Debug for NewUser {
    /// Never prints the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

/// What an import did, in offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Not sold before.
    pub added: usize,
    /// Sold before, with other prices, limits or names.
    pub changed: usize,
    /// No longer listed by the vendor.
    pub withdrawn: usize,
    /// What of the vendor's schemas is not asked as it is written there, and what became of the plan.
    pub told: Vec<String>,
}

async fn import(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: &Vendor,
    entries: &[(CatalogEntry, OfferId, Vec<PlanId>)],
    now: Timestamp,
) -> Result<Imported, Error> {
    let settings = worker::settings(vendor)?;
    let abilities = connectors::abilities(&settings);
    let form = connectors::form(&settings);
    let known = catalog::list_offers(tx, &[owner], OFFERS_MAX, now).await?;
    let mut known: Vec<_> = known
        .into_iter()
        .filter(|offer| offer.vendor == vendor.id)
        .collect();
    let products = entries.iter().map(|(entry, ..)| entry.product.as_str());
    let sorted = catalog::find_categories(tx, owner, vendor.id, products).await?;
    let mut done = Imported::default();
    for (entry, id, plan_ids) in entries {
        let is_it = |o: &Offer| o.product == entry.product && o.vendor_plan == entry.plan;
        let before = known.iter().position(is_it).map(|at| known.swap_remove(at));
        let mut offer = before.clone().unwrap_or_else(|| Offer {
            vendor_name: vendor.name.clone(),
            name: format!("{} {}", entry.product_name, entry.plan_name),
            description: entry.description.clone(),
            product: entry.product.clone(),
            product_name: entry.product_name.clone(),
            categories: sorted.get(&entry.product).cloned().unwrap_or_default(),
            vendor_plan: entry.plan.clone(),
            has_tenant: abilities.has_tenants,
            ..Offer::new(*id, owner, vendor.id)
        });
        offer.is_withdrawn = false;
        offer.form = form.clone().or(offer.form);
        offer.maximum = match abilities.is_single {
            true => 1,
            false => entry.maximum.unwrap_or(offer.maximum),
        };
        done.told.extend(told(entry));
        match &entry.asked {
            Some(Ok(asked)) => {
                offer.form.clone_from(&asked.form);
                offer.changes.clone_from(&asked.changes);
            }
            Some(Err(_)) if before.is_none() => continue,
            Some(Err(_)) | None => {}
        }
        let mut prices = Vec::new();
        for (cost, plan_id) in entry.costs.iter().zip(plan_ids) {
            prices.extend(set_price(&mut offer, cost, *plan_id, now)?);
        }
        match before {
            None if offer.plans.is_empty() => continue,
            None => done.added += 1,
            Some(before) if before == offer => continue,
            Some(_) => done.changed += 1,
        }
        catalog::save_offer(tx, &offer).await?;
        plan_prices::save_all(tx, owner, &prices).await?;
    }
    // What price sheets sell by country is theirs to end.
    let is_listed = |offer: &Offer| offer.plans.iter().all(|plan| plan.market.is_none());
    for mut offer in known
        .into_iter()
        .filter(|offer| !offer.is_withdrawn && is_listed(offer))
    {
        offer.is_withdrawn = true;
        done.withdrawn += 1;
        catalog::save_offer(tx, &offer).await?;
    }
    Ok(done)
}

/// What has to be known of a plan's schema, in sentences without their full stop.
pub fn told(entry: &CatalogEntry) -> Vec<String> {
    let plan = format!("{} / {}", entry.product, entry.plan);
    match &entry.asked {
        None => Vec::new(),
        Some(Ok(asked)) => {
            let part = |part: &String| format!("{plan}: {part}");
            asked.told.iter().map(part).collect()
        }
        Some(Err(reason)) => vec![format!(
            "{plan}: {reason}. Orders can't ask for that: a new plan is left out, a known one goes on \
             asking what it did"
        )],
    }
}

/// Today's cost, in every plan of its currency and length; a plan of its own where there is none. What
/// is charged above it is the rules' to say, so the retail price of a new plan is its cost. The prices
/// that are others from now on.
fn set_price(
    offer: &mut Offer,
    cost: &Cost,
    id: PlanId,
    now: Timestamp,
) -> Result<Vec<PlanPrice>, Error> {
    let amount = UnitAmount::from_decimal(cost.amount).map_err(invalid("/cost"))?;
    let is_it =
        |plan: &Plan| plan.currency == cost.currency && plan.cadence.term_months == cost.months;
    if !offer.plans.iter().any(is_it) {
        offer.plans.push(Plan {
            id,
            cadence: Cadence {
                term_months: cost.months,
                cycle_months: cost.months,
            },
            currency: cost.currency,
            market: None,
            segment: None,
            price: None,
        });
    }
    let mut changed = Vec::new();
    for plan in offer.plans.iter_mut().filter(|plan| is_it(plan)) {
        if plan.price.is_some_and(|price| price.cost == amount) {
            continue;
        }
        let price = VendorPrice {
            cost: amount,
            retail: plan.price.map_or(amount, |price| price.retail),
            from: now,
            till: None,
        };
        plan.price = Some(price);
        changed.push(PlanPrice {
            offer: offer.id,
            plan: plan.id,
            price,
        });
    }
    Ok(changed)
}

fn invalid(field: &'static str) -> impl Fn(Invalid) -> Error {
    move |reason| Error::Invalid { field, reason }
}

impl App {
    /// Adds a person with one role. The address must be new, and the role must fit the organization.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId, Error> {
        let email = Email::parse(&new.email).map_err(invalid("/email"))?;
        let name = line(&new.name, 120).map_err(invalid("/name"))?;
        if !(PASSWORD_MIN..=128).contains(&new.password.chars().count()) {
            let words = format!("must have {PASSWORD_MIN} to 128 characters");
            return Err(invalid("/password")(Invalid(words)));
        }
        let organization = self.organization(&new.organization).await?;
        let is_fitting = match organization.kind {
            OrganizationKind::Distributor => new.role.side() == domain::access::Side::Distributor,
            OrganizationKind::Seller => new.role.side() == domain::access::Side::Seller,
            OrganizationKind::Customer => new.role.side() == domain::access::Side::Customer,
        };
        if !is_fitting {
            let words = format!(
                "{} does not exist in {}",
                new.role.label(),
                organization.name
            );
            return Err(invalid("/role")(Invalid(words)));
        }
        let user = User {
            id: UserId(self.id()),
            email: email.as_str().to_lowercase(),
            name,
            password_hash: sessions::hash_password(&new.password)?,
        };
        let held = Membership {
            organization: organization.id,
            role: new.role,
        };
        let saved = self.store.write((user, held), |(user, held), tx| {
            Box::pin(async move {
                users::save(tx, user).await?;
                users::grant(tx, user.id, *held).await?;
                Ok(user.id)
            })
        });
        saved.await.map_err(|error| match error {
            StoreError::Taken => invalid("/email")(Invalid("belongs to somebody already".into())),
            other => other.into(),
        })
    }

    /// Adds a connection to a vendor, owned by a distributor or seller, or replaces the one of that
    /// name. `settings` is JSON as the connectors read it.
    pub async fn add_vendor(
        &self,
        owner: &str,
        slug: &str,
        name: &str,
        settings: &str,
    ) -> Result<(), Error> {
        let owner = self.organization(owner).await?;
        let slug = Slug::parse(slug).map_err(invalid("/slug"))?;
        let name = line(name, 120).map_err(invalid("/name"))?;
        // The reader's own words could repeat a password.
        let read: Settings = serde_json::from_str(settings).map_err(|_| {
            let words = "must be JSON with \"connector\" and what that connector needs";
            invalid("/settings")(Invalid(words.into()))
        })?;
        connect(&read).map_err(|fault| invalid("/settings")(Invalid(fault.to_string())))?;
        let known = self.vendors(owner.slug.as_str()).await?;
        let known = known
            .iter()
            .find(|known| known.slug == slug.as_str() && known.owner == owner.id);
        let vendor = Vendor {
            owner: owner.id,
            id: known.map_or_else(|| VendorId(self.id()), |known| known.id),
            slug: slug.as_str().to_owned(),
            name,
            settings: settings.to_owned(),
        };
        let save = self.store.write(vendor, |vendor, tx| {
            Box::pin(catalog::save_vendor(tx, vendor))
        });
        save.await.map_err(|error: StoreError| error.into())
    }

    /// The connections that an organization may use.
    pub async fn vendors(&self, organization: &str) -> Result<Vec<Vendor>, Error> {
        let organization = self.organization(organization).await?;
        let mut tx = self.store.read().await?;
        Ok(catalog::list_vendors(&mut tx, &organization.chain).await?)
    }

    /// The slugs of the partners that own a connection of a name.
    pub async fn vendor_owners(&self, slug: &str) -> Result<Vec<String>, Error> {
        let mut tx = self.store.read().await?;
        let owners = catalog::list_owners(&mut tx, slug).await?;
        let found = organizations::list_by_id(&mut tx, &owners).await?;
        Ok(found
            .into_iter()
            .map(|owner| owner.slug.to_string())
            .collect())
    }

    /// Asks a vendor for its catalog, which is harmless, and tells what it answered.
    pub async fn check_vendor(
        &self,
        organization: &str,
        slug: &str,
    ) -> Result<Vec<CatalogEntry>, Error> {
        let vendors = self.vendors(organization).await?;
        let vendor = vendors.iter().find(|vendor| vendor.slug == slug);
        let vendor = vendor.ok_or(Error::NotFound)?;
        let settings = worker::settings(vendor)?;
        let said = |fault: domain::provisioning::Fault| {
            invalid("/vendor")(Invalid(format!("did not answer well: {fault}")))
        };
        self.connection(vendor.owner, vendor.id, &settings)
            .map_err(said)?
            .catalog()
            .await
            .map_err(said)
    }

    /// Takes over what a vendor sells: new plans become offers, known ones get today's prices and
    /// limits, and what the vendor no longer lists is withdrawn. A vendor's plan without prices changes
    /// nothing. Importing twice is importing once.
    pub async fn import_catalog(&self, owner: &str, slug: &str) -> Result<Imported, Error> {
        let entries = self.check_vendor(owner, slug).await?;
        let owner = self.organization(owner).await?;
        let vendors = self.vendors(owner.slug.as_str()).await?;
        let mut own = vendors.into_iter().filter(|known| known.owner == owner.id);
        let vendor = own
            .find(|known| known.slug == slug)
            .ok_or(Error::NotFound)?;
        let entries: Vec<(CatalogEntry, OfferId, Vec<PlanId>)> = entries
            .into_iter()
            .map(|entry| {
                let plans = entry.costs.iter().map(|_| PlanId(self.id())).collect();
                (entry, OfferId(self.id()), plans)
            })
            .collect();
        let state = (owner, vendor, entries, self.clock.now());
        self.store
            .write(state, |(owner, vendor, entries, now), tx| {
                Box::pin(import(tx, owner.id, vendor, entries, *now))
            })
            .await
    }

    /// A person's tokens, without their secrets.
    pub async fn tokens(&self, email: &str) -> Result<Vec<Credential>, Error> {
        let email = Email::parse(email).map_err(invalid("/email"))?;
        let mut tx = self.store.read().await?;
        let user = users::find_by_email(&mut tx, &email).await?;
        let user = user.ok_or(Error::NotFound)?.id;
        Ok(credentials::list(&mut tx, user, self.clock.now()).await?)
    }

    /// Ends a token of a person by its id.
    pub async fn revoke_token(&self, email: &str, token: TokenId) -> Result<(), Error> {
        let email = Email::parse(email).map_err(invalid("/email"))?;
        let user = users::find_by_email(&mut self.store.read().await?, &email).await?;
        let state = (user.ok_or(Error::NotFound)?.id, token);
        let revoke = self.store.write(state, |(user, token), tx| {
            Box::pin(credentials::revoke(tx, *user, *token))
        });
        revoke.await.map_err(|error: StoreError| error.into())
    }

    pub(crate) async fn organization(&self, slug: &str) -> Result<Organization, Error> {
        let slug = Slug::parse(slug).map_err(invalid("/organization"))?;
        let mut tx = self.store.read().await?;
        let found = organizations::find(&mut tx, &slug).await?;
        found.ok_or_else(|| invalid("/organization")(Invalid("is not known".into())))
    }
}
