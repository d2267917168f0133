//! What is known of a customer, and whether a seller takes its orders without an ERP number (F19).

use domain::access::Permission;
use domain::organization::{ErpNumber, Organization};
use store::{StoreError, organizations};

use crate::access::Access;
use crate::{App, Error};

/// A customer as its page shows it.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The customer.
    pub organization: Organization,
    /// Who takes no orders of it without an ERP number, the nearest first.
    pub asking: Vec<String>,
}

impl Profile {
    /// Orders are refused until a number is entered.
    pub fn lacks_number(&self) -> bool {
        self.organization.erp_number.is_none() && !self.asking.is_empty()
    }
}

impl App {
    /// What is known of the customer.
    pub async fn profile(&self, access: &Access) -> Result<Profile, Error> {
        access.require_view(Permission::EditOrganization)?;
        let chain = &access.organization().chain;
        let mut tx = self.store.read().await?;
        let mut found = organizations::list_by_id(&mut tx, chain).await?;
        found.sort_by_key(|one| chain.iter().position(|id| *id == one.id));
        let mut found = found.into_iter();
        let organization = found.next().ok_or(Error::NotFound)?;
        let asking = found.filter(|above| above.needs_erp_number);
        Ok(Profile {
            organization,
            asking: asking.map(|above| above.name).collect(),
        })
    }

    /// Enters the customer's ERP number; an empty one takes it away.
    pub async fn set_erp_number(&self, access: &Access, typed: &str) -> Result<Profile, Error> {
        access.require(Permission::EditOrganization)?;
        let number = match typed.trim() {
            "" => None,
            typed => Some(ErpNumber::parse(typed).map_err(|reason| Error::Invalid {
                field: "/erp_number",
                reason,
            })?),
        };
        let state = (access.tenant(), number);
        let saved = self.store.write(state, |(customer, number), tx| {
            Box::pin(organizations::set_erp_number(
                tx,
                *customer,
                number.as_ref(),
            ))
        });
        saved
            .await
            .map_err(|error: StoreError| Error::from(error))?;
        self.profile(access).await
    }

    /// Whether the partner that the access is to takes no orders of customers without an ERP number.
    pub fn needs_erp_number(&self, access: &Access) -> Result<bool, Error> {
        access.require_view(Permission::ManageApprovals)?;
        Ok(access.organization().needs_erp_number)
    }

    /// Says whether the partner that the access is to takes no orders of customers without an ERP number.
    /// What is placed already goes on.
    pub async fn set_needs_erp_number(&self, access: &Access, needs: bool) -> Result<(), Error> {
        access.require(Permission::ManageApprovals)?;
        let state = (access.tenant(), needs);
        let saved = self.store.write(state, |(partner, needs), tx| {
            Box::pin(organizations::set_needs_erp_number(tx, *partner, *needs))
        });
        saved.await.map_err(|error: StoreError| error.into())
    }
}
