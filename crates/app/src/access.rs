//! From a person to what they may do in one organization; the only way to its data.

use std::collections::BTreeSet;

use domain::access::{Grant, Membership, Permission, Role, Standing, Visibility, grant};
use domain::event::Actor;
use domain::id::{OrganizationId, UserId};
use domain::organization::{Organization, OrganizationKind, OrganizationStatus, Slug, Suspended};
use store::organizations;

use crate::{App, Error};

/// Organizations shown in one list at the most.
const LIST_MAX: u32 = 1_000;

/// A person who is signed in, or the owner of a token; rights are read anew with every request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    pub(crate) memberships: Vec<Membership>,
    /// Of the organizations in which they hold a role, those that are suspended; where it is the cart or
    /// job of somebody that goes on by itself, whoever lets orders through asks.
    pub(crate) suspended: Vec<Suspended>,
}

impl Caller {
    /// What they are told at the top of their own pages: a distributor or seller of theirs that is
    /// suspended. The people of a suspended customer are kept out.
    pub fn suspended(&self) -> Option<&Suspended> {
        let works_at = |found: &&Suspended| {
            let mut held = self.memberships.iter();
            held.any(|held| held.role.is_staff() && held.organization == found.organization)
        };
        self.suspended.iter().find(works_at)
    }

    /// What their roles amount to in an organization; a button, not a right.
    pub(crate) fn standing(&self, organization: &Organization) -> Option<Standing> {
        self.standing_in(&organization.chain)
    }

    fn standing_in(&self, chain: &[OrganizationId]) -> Option<Standing> {
        let suspended = self.suspended.iter().map(|found| found.organization);
        let suspended: Vec<OrganizationId> = suspended.collect();
        Standing::while_suspended(&self.memberships, chain, &suspended)
    }

    /// What roles that are held above an organization amount to in it.
    fn standing_above(&self, organization: &Organization) -> Option<Standing> {
        self.standing_in(organization.chain.get(1..).unwrap_or_default())
    }

    /// The strongest role that they hold anywhere; for their own eyes, not a right.
    pub fn strongest_role(&self) -> Option<Role> {
        self.memberships.iter().map(|held| held.role).min()
    }

    /// The organizations in which they hold a role that decides about orders.
    pub fn decides_for(&self) -> impl Iterator<Item = OrganizationId> {
        let may = |held: &&Membership| grant(held.role, Permission::DecideApprovals) == Grant::Yes;
        let held = self.memberships.iter().filter(may);
        let is_suspended = |id: &OrganizationId| {
            let mut suspended = self.suspended.iter();
            suspended.any(|found| found.organization == *id)
        };
        held.map(|held| held.organization)
            .filter(move |id| !is_suspended(id))
    }

    /// Whether their roles allow something in an organization; a button, not a right.
    pub fn may(&self, organization: &Organization, permission: Permission) -> bool {
        let standing = self.standing(organization);
        standing.is_some_and(|standing| standing.may(permission))
    }

    /// The same, by roles that they hold above the organization alone.
    pub fn may_from_above(&self, organization: &Organization, permission: Permission) -> bool {
        let above = self.standing_above(organization);
        above.is_some_and(|standing| standing.may(permission))
    }

    /// Whether their roles let them look at something in an organization.
    pub fn may_view(&self, organization: &Organization, permission: Permission) -> bool {
        let standing = self.standing(organization);
        standing.is_some_and(|standing| standing.may_view(permission))
    }

    /// Whether there are approval rules that they may look at.
    pub fn sees_approval_rules(&self) -> bool {
        self.memberships
            .iter()
            .any(|held| grant(held.role, Permission::ManageApprovals) != Grant::No)
    }

    /// Whether there are price rules that they may look at.
    pub fn sees_prices(&self) -> bool {
        let mut held = self.memberships.iter();
        held.any(|held| grant(held.role, Permission::ConfigurePrices) != Grant::No)
    }

    /// Whether there are terms and conditions of partners that they may look at.
    pub fn sees_partner_terms(&self) -> bool {
        let mut held = self.memberships.iter();
        held.any(|held| grant(held.role, Permission::ManageTerms) != Grant::No)
    }

    /// Whether there are categories of partners that they may look at.
    pub fn sees_categories(&self) -> bool {
        let mut held = self.memberships.iter();
        held.any(|held| grant(held.role, Permission::SortCatalog) != Grant::No)
    }

    /// Whether there are connections to vendors that they set up.
    pub fn manages_vendors(&self) -> bool {
        let mut held = self.memberships.iter();
        held.any(|held| grant(held.role, Permission::ManageVendors) == Grant::Yes)
    }

    /// Whether there is an order desk for them: a staff role that sees it and may look into Customer
    /// View.
    pub fn has_desk(&self) -> bool {
        self.memberships.iter().any(|held| {
            held.role.is_staff()
                && grant(held.role, Permission::SeeOrderDesk) == Grant::Yes
                && grant(held.role, Permission::EnterCustomerView) != Grant::No
        })
    }

    /// Refuses, as if the desk did not exist, whoever has none.
    pub fn require_desk(&self) -> Result<(), Error> {
        match self.has_desk() {
            true => Ok(()),
            false => Err(Error::NotFound),
        }
    }
}

/// What a caller may do in one organization. Made only by the check.
#[derive(Debug, Clone)]
pub struct Access {
    organization: Organization,
    standing: Standing,
    from_above: Option<Standing>,
    actor: Actor,
    decides_for: Vec<OrganizationId>,
    /// The caller's own organization that is suspended, where their roles here come from it.
    stopped: Option<Suspended>,
}

impl Access {
    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// What this caller may learn of its orders.
    pub fn visibility(&self) -> Visibility {
        self.standing.visibility()
    }

    /// What the caller's roles amount to here.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Who acts, and for which organization; recorded with every write.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The partners above the organization for whom the caller decides about orders: those in which they
    /// hold a role that may.
    pub fn decides_for(&self) -> &[OrganizationId] {
        &self.decides_for
    }

    /// Whether the caller may do something to the organization by a role that they hold above it: nobody
    /// decides about their own.
    pub fn may_from_above(&self, permission: Permission) -> bool {
        let mut above = self.from_above.iter();
        above.any(|standing| standing.may(permission))
    }

    /// The caller's own organization that is suspended, so that they can look and change nothing here.
    pub fn stopped(&self) -> Option<&Suspended> {
        self.stopped.as_ref().filter(|_| self.standing.only_reads())
    }

    pub(crate) fn tenant(&self) -> OrganizationId {
        self.organization.id
    }

    /// Refuses with *forbidden* what the caller's roles don't even let them look at here.
    pub(crate) fn require_view(&self, permission: Permission) -> Result<(), Error> {
        match self.standing.may_view(permission) {
            true => Ok(()),
            false => Err(Error::Forbidden),
        }
    }

    /// Refuses with *forbidden* what no role that the caller holds above the organization allows.
    pub(crate) fn require_from_above(&self, permission: Permission) -> Result<(), Error> {
        match &self.from_above {
            Some(standing) => self.check(standing, permission),
            None => Err(Error::Forbidden),
        }
    }

    /// Refuses with *forbidden* what the caller's roles don't allow here; and what they would, were their
    /// own organization not suspended, by saying so.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Error> {
        self.check(&self.standing, permission)
    }

    fn check(&self, standing: &Standing, permission: Permission) -> Result<(), Error> {
        match &self.stopped {
            _ if standing.may(permission) => Ok(()),
            Some(stopped) if standing.is_stopped(permission) => Err(Error::Stopped {
                told: stopped.suspension.told(&stopped.name),
                by: Box::new(stopped.suspension.by.clone()),
            }),
            _ => Err(Error::Forbidden),
        }
    }
}

impl App {
    /// The access of a caller to a customer organization (Customer View, or their own). An
    /// organization that nothing of theirs reaches is not found, like one that does not exist.
    pub async fn access(&self, caller: &Caller, slug: &str) -> Result<Access, Error> {
        let access = self.reach(caller, slug).await?;
        let (organization, standing) = (&access.organization, &access.standing);
        if organization.kind != OrganizationKind::Customer {
            return Err(Error::NotFound);
        }
        if standing.is_staff() && standing.grant(Permission::EnterCustomerView) == Grant::No {
            return Err(Error::Forbidden);
        }
        if !standing.is_staff() && organization.status == OrganizationStatus::Suspended {
            let organization = organization.name.clone();
            return Err(Error::Suspended { organization });
        }
        Ok(access)
    }

    /// The access of a caller to a distributor or seller, for its own settings. Customers have none.
    pub async fn partner_access(&self, caller: &Caller, slug: &str) -> Result<Access, Error> {
        let access = self.reach(caller, slug).await?;
        match access.organization.kind {
            OrganizationKind::Distributor | OrganizationKind::Seller => Ok(access),
            OrganizationKind::Customer => Err(Error::NotFound),
        }
    }

    /// What the caller's roles amount to in an organization, whatever it is.
    async fn reach(&self, caller: &Caller, slug: &str) -> Result<Access, Error> {
        let slug = Slug::parse(slug).map_err(|_| Error::NotFound)?;
        let held: BTreeSet<OrganizationId> =
            caller.memberships.iter().map(|m| m.organization).collect();
        let held: Vec<OrganizationId> = held.into_iter().collect();
        let mut tx = self.store.read().await?;
        let found = organizations::find_among(&mut tx, &slug, &held).await?;
        let organization = found.iter().find(|found| found.slug == slug);
        let organization = organization.cloned().ok_or(Error::NotFound)?;
        let standing = caller.standing(&organization).ok_or(Error::NotFound)?;
        // On behalf, the acting organization is the nearest one that the person belongs to.
        let is_acting = |id: &&OrganizationId| {
            let is_it =
                |m: &Membership| m.organization == **id && m.role.is_staff() == standing.is_staff();
            caller.memberships.iter().any(is_it)
        };
        let acting = organization.chain.iter().find(is_acting);
        let acting = acting.and_then(|id| found.iter().find(|found| found.id == *id));
        let acting = acting.cloned().ok_or(Error::NotFound)?;
        let actor = Actor {
            user: caller.user,
            person: caller.name.clone(),
            email: caller.email.clone(),
            organization: acting.id,
            organization_name: acting.name,
        };
        let is_above = |id: &OrganizationId| organization.chain.iter().skip(1).any(|up| up == id);
        let decides_for = caller.decides_for().filter(is_above).collect();
        let is_of = |found: &&Suspended| organization.chain.contains(&found.organization);
        Ok(Access {
            stopped: caller.suspended.iter().find(is_of).cloned(),
            from_above: caller.standing_above(&organization),
            organization,
            standing,
            actor,
            decides_for,
        })
    }

    /// The customers that a caller reaches, by name: *Select organization*.
    pub async fn customers(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        let mut tx = self.store.read().await?;
        let mut found: Vec<Organization> = Vec::new();
        for membership in &caller.memberships {
            let Some(top) = organizations::find_by_id(&mut tx, membership.organization).await?
            else {
                continue;
            };
            for organization in organizations::list_below(&mut tx, &top, LIST_MAX).await? {
                let is_new = found.iter().all(|known| known.id != organization.id);
                let reaches = caller
                    .standing(&organization)
                    .is_some_and(|s| !s.is_staff() || s.may_view(Permission::EnterCustomerView));
                if organization.kind == OrganizationKind::Customer && is_new && reaches {
                    found.push(organization);
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}
