//! What is known of a customer, and whether a seller takes its orders without an ERP number (F19).

use domain::access::Permission;
use domain::edit::{Edit, Subject};
use domain::id::EditId;
use domain::organization::{ErpNumber, Organization};
use store::{edits, organizations};

use crate::access::Access;
use crate::edits::append;
use crate::{App, Error};

/// A customer as its page shows it.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The customer.
    pub organization: Organization,
    /// Who takes no orders of it without an ERP number, the nearest first.
    pub asking: Vec<String>,
    /// Who entered or removed its ERP number, and when; nothing where nobody has.
    pub numbered: Option<Edit>,
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
        let asking = asking.map(|above| above.name).collect();
        let numbered = edits::latest(&mut tx, organization.id, &[Subject::ErpNumber]).await?;
        Ok(Profile {
            asking,
            numbered: numbered.into_iter().next(),
            organization,
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
        let state = (access.clone(), number, EditId(self.id()), self.clock.now());
        let saved = self.store.write(state, |(access, number, id, now), tx| {
            Box::pin(async move {
                let customer = access.tenant();
                let known = organizations::find_by_id(tx, customer).await?;
                let known = known.ok_or(Error::NotFound)?.erp_number;
                organizations::set_erp_number(tx, customer, number.as_ref()).await?;
                let words =
                    |number: &Option<ErpNumber>| number.iter().map(ErpNumber::to_string).collect();
                let change = (words(&known), words(number));
                let edit = Edit::of(Subject::ErpNumber, change, access.actor(), *now);
                append(tx, access, *id, edit).await
            })
        });
        saved.await?;
        self.profile(access).await
    }

    /// Whether the partner that the access is to takes no orders of customers without an ERP number.
    pub fn needs_erp_number(&self, access: &Access) -> Result<bool, Error> {
        access.require_view(Permission::ManageApprovals)?;
        Ok(access.organization().needs_erp_number)
    }

    /// Who said so last, and when.
    pub async fn needs_erp_number_since(&self, access: &Access) -> Result<Option<Edit>, Error> {
        access.require_view(Permission::ManageApprovals)?;
        let mut tx = self.store.read().await?;
        let found = edits::latest(&mut tx, access.tenant(), &[Subject::NeedsErpNumber]).await?;
        Ok(found.into_iter().next())
    }

    /// Says whether the partner that the access is to takes no orders of customers without an ERP number.
    /// What is placed already goes on.
    pub async fn set_needs_erp_number(&self, access: &Access, needs: bool) -> Result<(), Error> {
        access.require(Permission::ManageApprovals)?;
        let state = (access.clone(), needs, EditId(self.id()), self.clock.now());
        let saved = self.store.write(state, |(access, needs, id, now), tx| {
            Box::pin(async move {
                let partner = access.tenant();
                let known = organizations::find_by_id(tx, partner).await?;
                let known = known.ok_or(Error::NotFound)?.needs_erp_number;
                organizations::set_needs_erp_number(tx, partner, *needs).await?;
                let words = |needs: bool| needs.then(|| "yes".to_owned()).into_iter().collect();
                let change = (words(known), words(*needs));
                let edit = Edit::of(Subject::NeedsErpNumber, change, access.actor(), *now);
                append(tx, access, *id, edit).await
            })
        });
        saved.await
    }
}
