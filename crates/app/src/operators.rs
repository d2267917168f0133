//! What the person at the machine does: first people, connections to vendors, tokens to end. Whoever
//! can run the program on the database needs no role in it.

use std::fmt;

use connectors::{CatalogEntry, Settings, connect};
use domain::access::{Membership, Role};
use domain::id::{TokenId, UserId, VendorId};
use domain::organization::{Organization, OrganizationKind, Slug};
use domain::text::{Email, Invalid, line};
use store::catalog::{self, Vendor};
use store::credentials::Credential;
use store::users::{self, User};
use store::{StoreError, credentials, organizations};

use crate::{App, Error, clock, sessions, worker};

/// Shortest password that is taken (reliability 5.2); there are no rules of composition.
const PASSWORD_MIN: usize = 12;

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
            id: UserId(clock::id()),
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
            id: known.map_or_else(|| VendorId(clock::id()), |known| known.id),
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

    /// Asks a vendor for its catalog, which is harmless, and tells what it answered.
    pub async fn check_vendor(
        &self,
        organization: &str,
        slug: &str,
    ) -> Result<Vec<CatalogEntry>, Error> {
        let vendors = self.vendors(organization).await?;
        let vendor = vendors.iter().find(|vendor| vendor.slug == slug);
        let settings = worker::settings(vendor.ok_or(Error::NotFound)?)?;
        let said = |fault: domain::provisioning::Fault| {
            invalid("/vendor")(Invalid(format!("did not answer well: {fault}")))
        };
        connect(&settings)
            .map_err(said)?
            .catalog()
            .await
            .map_err(said)
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

    async fn organization(&self, slug: &str) -> Result<Organization, Error> {
        let slug = Slug::parse(slug).map_err(invalid("/organization"))?;
        let mut tx = self.store.read().await?;
        let found = organizations::find(&mut tx, &slug).await?;
        found.ok_or_else(|| invalid("/organization")(Invalid("is not known".into())))
    }
}
