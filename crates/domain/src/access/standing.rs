//! What a person's roles amount to in one organization, and what they may learn of its orders.

use serde::{Deserialize, Serialize};

use super::{Grant, Permission, Role, grant};
use crate::id::OrganizationId;

/// A role held in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Where.
    pub organization: OrganizationId,
    /// What.
    pub role: Role,
}

/// What of an order a person may learn: the markup rule (R18, R19) and the price columns, as data
/// that queries take. Decided here and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// Orders that change nothing but a markup exist.
    pub markup_only_orders: bool,
    /// Markup values and changes are shown.
    pub markup: bool,
    /// Partner cost and margin are shown.
    pub cost: bool,
    /// Internal notes and the vendor's raw answers are shown.
    pub internal: bool,
}

/// For whom what is said about an organization is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Seller and distributor people.
    Staff,
    /// The organization's own.
    Customer,
}

/// What a person's roles amount to in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    roles: Vec<Role>,
    /// Those of them that also write: a role that is held in a suspended organization reads.
    writing: Vec<Role>,
}

impl Standing {
    /// Collects the roles that reach an organization, given as its chain (itself first, then its
    /// ancestors). A staff role reaches down; a customer's role counts only where it is held;
    /// nothing reaches sideways. `None` when nothing reaches: the organization does not exist for
    /// this person.
    pub fn new(memberships: &[Membership], chain: &[OrganizationId]) -> Option<Standing> {
        Standing::while_suspended(memberships, chain, &[])
    }

    /// The same while some organizations are suspended: whoever holds a role in one may look at whatever
    /// they could, and change nothing by it.
    pub fn while_suspended(
        memberships: &[Membership],
        chain: &[OrganizationId],
        suspended: &[OrganizationId],
    ) -> Option<Standing> {
        let reaches = |membership: &Membership| match chain
            .iter()
            .position(|id| *id == membership.organization)
        {
            Some(0) => true,
            Some(_) => membership.role.is_staff(),
            None => false,
        };
        let mut held: Vec<&Membership> = memberships.iter().filter(|m| reaches(m)).collect();
        // A staff role over the organization wins over a customer's role in it.
        if held.iter().any(|held| held.role.is_staff()) {
            held.retain(|held| held.role.is_staff());
        }
        let roles_of = |held: &[&Membership]| {
            let mut roles: Vec<Role> = held.iter().map(|held| held.role).collect();
            roles.sort_unstable();
            roles.dedup();
            roles
        };
        let roles = roles_of(&held);
        held.retain(|held| !suspended.contains(&held.organization));
        (!roles.is_empty()).then(|| Standing {
            roles,
            writing: roles_of(&held),
        })
    }

    /// The best that any of the roles grants.
    pub fn grant(&self, permission: Permission) -> Grant {
        match best(&self.roles, permission) {
            Grant::Yes if permission.writes() => best(&self.writing, permission).max(Grant::View),
            grant => grant,
        }
    }

    /// Whether nothing forbids it but that an organization is suspended.
    pub fn is_stopped(&self, permission: Permission) -> bool {
        best(&self.roles, permission) == Grant::Yes && !self.may(permission)
    }

    /// Whether they can change nothing, because an organization is suspended.
    pub fn only_reads(&self) -> bool {
        self.writing.is_empty()
    }

    /// Whether something may be done, not only looked at.
    pub fn may(&self, permission: Permission) -> bool {
        self.grant(permission) == Grant::Yes
    }

    /// Whether something may at least be looked at.
    pub fn may_view(&self, permission: Permission) -> bool {
        self.grant(permission) != Grant::No
    }

    /// Acting from above, on behalf of the organization.
    pub fn is_staff(&self) -> bool {
        self.roles.iter().any(|role| role.is_staff())
    }

    /// The strongest role decides: staff over the organization wins over a customer's role in it.
    pub fn audience(&self) -> Audience {
        match self.is_staff() {
            true => Audience::Staff,
            false => Audience::Customer,
        }
    }

    /// Markup values and changes don't exist for this person; true of all customers' roles, and of
    /// support agents and product managers though they are staff.
    pub fn hides_markup(&self) -> bool {
        !self.visibility().markup
    }

    /// The roles that reach, strongest first.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// What this person may learn of the organization's orders.
    pub fn visibility(&self) -> Visibility {
        Visibility {
            markup_only_orders: self.may(Permission::SeeMarkupOnlyOrders),
            markup: self.may_view(Permission::SeeMarkup),
            cost: self.may(Permission::SeeCost),
            internal: self.is_staff(),
        }
    }
}

fn best(roles: &[Role], permission: Permission) -> Grant {
    let grants = roles.iter().map(|role| grant(*role, permission));
    grants.max().unwrap_or(Grant::No)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::Side;

    fn organization(id: u128) -> OrganizationId {
        OrganizationId(Uuid::from_u128(id))
    }

    fn standing(memberships: &[(u128, Role)], chain: &[u128]) -> Option<Standing> {
        let memberships: Vec<Membership> = memberships
            .iter()
            .map(|(id, role)| Membership {
                organization: organization(*id),
                role: *role,
            })
            .collect();
        let chain: Vec<OrganizationId> = chain.iter().map(|id| organization(*id)).collect();
        Standing::new(&memberships, &chain)
    }

    /// Distributor 1, sellers 2 and 3, customers 4 and 5 of seller 2.
    #[test]
    fn roles_reach_down_and_never_sideways() {
        let seller = [(2, Role::SellerAdmin)];
        assert!(standing(&seller, &[4, 2, 1]).is_some_and(|s| s.is_staff()));
        assert!(standing(&seller, &[3, 1]).is_none());
        assert!(standing(&seller, &[1]).is_none());
        let customer = [(4, Role::CustomerAdmin)];
        assert!(standing(&customer, &[4, 2, 1]).is_some());
        assert!(standing(&customer, &[5, 2, 1]).is_none());
        assert!(standing(&[(2, Role::Customer)], &[4, 2, 1]).is_none());
    }

    #[test]
    fn a_persons_rights_are_those_of_each_organization() {
        let consultant = [(4, Role::Customer), (5, Role::CustomerAdmin)];
        let at = |chain: &[u128]| standing(&consultant, chain).unwrap();
        assert!(!at(&[4, 2, 1]).may(Permission::InviteUsers));
        assert!(at(&[5, 2, 1]).may(Permission::InviteUsers));
    }

    #[test]
    fn the_staff_role_decides_what_is_visible_when_a_person_has_both() {
        let both = [(2, Role::AccountManager), (4, Role::Customer)];
        let seen = standing(&both, &[4, 2, 1]).unwrap().visibility();
        assert!(seen.markup_only_orders && seen.markup && seen.cost);
        for role in [Role::CustomerAdmin, Role::Customer, Role::CustomerBilling] {
            let seen = standing(&[(4, role)], &[4, 2, 1]).unwrap().visibility();
            assert!(!seen.markup_only_orders && !seen.markup && !seen.cost && !seen.internal);
        }
        let agent = standing(&[(2, Role::SupportAgent)], &[4, 2, 1])
            .unwrap()
            .visibility();
        assert!(!agent.markup_only_orders && !agent.markup && agent.internal);
    }

    #[test]
    fn each_role_alone_has_its_audience_and_its_view_of_markups() {
        let printed: Vec<String> = Role::ALL
            .iter()
            .map(|role| {
                let organization = match role.side() {
                    Side::Distributor => 1,
                    Side::Seller => 2,
                    Side::Customer => 4,
                };
                let standing = standing(&[(organization, *role)], &[4, 2, 1]).unwrap();
                let hidden = match standing.hides_markup() {
                    true => "hidden",
                    false => "shown",
                };
                format!("{} {:?} {hidden}", role.label(), standing.audience())
            })
            .collect();
        assert_eq!(
            printed,
            [
                "Distributor admin Staff shown",
                "Distributor read-only Staff shown",
                "Seller admin Staff shown",
                "Account manager Staff shown",
                "Subscriptions manager Staff shown",
                "Product manager Staff hidden",
                "Seller billing Staff shown",
                "Support agent Staff hidden",
                "Customer admin Customer hidden",
                "Customer Customer hidden",
                "Customer billing Customer hidden",
            ]
        );
    }

    #[test]
    fn in_a_suspended_organization_people_look_at_all_they_could_and_change_nothing() {
        let at = |held: &[(u128, Role)], suspended: u128| {
            let held: Vec<Membership> = held
                .iter()
                .map(|(id, role)| Membership {
                    organization: organization(*id),
                    role: *role,
                })
                .collect();
            let chain = [4, 2, 1].map(organization);
            Standing::while_suspended(&held, &chain, &[organization(suspended)]).unwrap()
        };
        let seller = at(&[(2, Role::SellerAdmin)], 2);
        let active = at(&[(2, Role::SellerAdmin)], 3);
        assert_eq!(seller.visibility(), active.visibility());
        assert!(seller.only_reads() && !active.only_reads());
        for permission in Permission::ALL {
            let (stopped, usual) = (seller.grant(*permission), active.grant(*permission));
            assert_eq!(
                seller.is_stopped(*permission),
                stopped != usual,
                "{permission:?}"
            );
            assert!(
                !(permission.writes() && seller.may(*permission)),
                "{permission:?}"
            );
            assert_eq!(seller.may_view(*permission), active.may_view(*permission));
        }
        // Whoever stands above goes on, also with a role below.
        let both = at(&[(2, Role::SellerAdmin), (1, Role::DistributorAdmin)], 2);
        assert!(both.may(Permission::ChangeSubscriptions) && !both.only_reads());
        let looks = at(&[(2, Role::SellerAdmin), (1, Role::DistributorReadOnly)], 2);
        assert!(!looks.may(Permission::AddNotes) && looks.is_stopped(Permission::AddNotes));
    }

    #[test]
    fn the_weaker_of_two_roles_takes_nothing_away_and_looking_is_not_doing() {
        let both = standing(
            &[(2, Role::SupportAgent), (1, Role::DistributorReadOnly)],
            &[4, 2, 1],
        );
        let both = both.unwrap();
        assert_eq!(
            both.roles(),
            [Role::DistributorReadOnly, Role::SupportAgent]
        );
        assert!(both.visibility().markup_only_orders && both.may(Permission::AddNotes));
        assert!(both.may_view(Permission::EnterCustomerView));
        assert!(!both.may(Permission::EnterCustomerView));
        assert!(standing(&[], &[4, 2, 1]).is_none());
    }
}
