//! Who may do what, where: the roles, the permission matrix as one table, and what a person's roles
//! amount to in one organization.

use serde::{Deserialize, Serialize};

use crate::id::OrganizationId;

/// What a person is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Role {
    DistributorAdmin,
    DistributorReadOnly,
    SellerAdmin,
    AccountManager,
    SubscriptionsManager,
    ProductManager,
    SellerBilling,
    SupportAgent,
    CustomerAdmin,
    Customer,
    CustomerBilling,
}

impl Role {
    /// All roles, in the order of the matrix's columns.
    pub const ALL: [Role; 11] = [
        Role::DistributorAdmin,
        Role::DistributorReadOnly,
        Role::SellerAdmin,
        Role::AccountManager,
        Role::SubscriptionsManager,
        Role::ProductManager,
        Role::SellerBilling,
        Role::SupportAgent,
        Role::CustomerAdmin,
        Role::Customer,
        Role::CustomerBilling,
    ];

    /// The role's name for people.
    pub fn label(self) -> &'static str {
        match self {
            Role::DistributorAdmin => "Distributor admin",
            Role::DistributorReadOnly => "Distributor read-only",
            Role::SellerAdmin => "Seller admin",
            Role::AccountManager => "Account manager",
            Role::SubscriptionsManager => "Subscriptions manager",
            Role::ProductManager => "Product manager",
            Role::SellerBilling => "Seller billing",
            Role::SupportAgent => "Support agent",
            Role::CustomerAdmin => "Customer admin",
            Role::Customer => "Customer",
            Role::CustomerBilling => "Customer billing",
        }
    }

    /// Seller- and distributor-side roles; they reach the organizations below their own.
    pub fn is_staff(self) -> bool {
        !matches!(
            self,
            Role::CustomerAdmin | Role::Customer | Role::CustomerBilling
        )
    }
}

/// What a cell of the matrix says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// Not at all.
    No,
    /// May look, not touch.
    View,
    /// Yes.
    Yes,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $cells:literal,)*) => {
        /// Something that a role may or may not do: a row of the matrix.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// All permissions, in the order of the matrix's rows.
            pub const ALL: &[Permission] = &[$(Permission::$name,)*];

            /// A cell for each role of [`Role::ALL`]: `y` yes, `v` view, `-` no.
            fn cells(self) -> &'static [u8] {
                match self { $(Permission::$name => $cells,)* }
            }
        }
    };
}

// Columns: distributor admin, read-only; seller admin, account, subscriptions, product, billing,
// support; customer admin, customer, customer billing. The first rows are `reference.md` 2.4; the
// last three are ours, least privilege.
permissions! {
    /// Act on behalf of a customer.
    EnterCustomerView = b"yvyyy-vv---",
    /// See the Orders section of an organization.
    SeeOrders = b"yyyyy-yyyyy",
    /// Fill a cart and place it.
    PlaceOrders = b"y-yyy---yy-",
    /// Change what runs.
    ChangeSubscriptions = b"y-yyy---yy-",
    /// See what the customer pays.
    SeeCustomerPrice = b"yyyyy-yyyyy",
    /// See partner cost and margin.
    SeeCost = b"yyyy--y----",
    /// See markups and their changes.
    SeeMarkup = b"yyyyv-v----",
    /// Set the markup of a subscription.
    EditSubscriptionMarkup = b"y-yy-------",
    /// See orders that change nothing but a markup.
    SeeMarkupOnlyOrders = b"yyyyy-y----",
    /// Set catalog prices in Seller View.
    ConfigurePrices = b"y-yv-------",
    /// Set markup or target price on the purchase form.
    AdjustPriceOnPurchase = b"y-yy-------",
    /// Make, edit and cancel quotes.
    ManageQuotes = b"y-yy-------",
    /// Accept or reject a quote, or ask for a change.
    AnswerQuotes = b"--------yy-",
    /// Approve or reject orders.
    DecideApprovals = b"y-y--------",
    /// Add a note to an order.
    AddNotes = b"y-yyy-yyyyy",
    /// Retry or give up a failed order.
    RetryOrders = b"y-yyy------",
    /// Suspend or activate an organization.
    SuspendOrganization = b"y-y--------",
    /// Set notifications and webhooks.
    ManageNotifications = b"y-y--------",
    /// Set payment providers.
    ManagePayments = b"--y--------",
    /// Invite people; a customer's admin into their own organization only.
    InviteUsers = b"y-yy----y--",
    /// See a subscription's history.
    SeeSubscriptionHistory = b"yyyyy--yyy-",
    /// See the 360° report.
    SeeReports = b"y-y--------",
    /// See the cross-customer worklist.
    SeeOrderDesk = b"yyyyy-yy---",
    /// Answer for a vendor that is a person with a form.
    FulfillManually = b"y-y-y------",
    /// Set up connections to vendors.
    ManageVendors = b"y-y--------",
}

/// The matrix.
pub fn grant(role: Role, permission: Permission) -> Grant {
    match permission.cells().get(role as usize) {
        Some(b'y') => Grant::Yes,
        Some(b'v') => Grant::View,
        _ => Grant::No,
    }
}

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

/// What a person's roles amount to in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    roles: Vec<Role>,
}

impl Standing {
    /// Collects the roles that reach an organization, given as its chain (itself first, then its
    /// ancestors). A staff role reaches down; a customer's role counts only where it is held;
    /// nothing reaches sideways. `None` when nothing reaches: the organization does not exist for
    /// this person.
    pub fn new(memberships: &[Membership], chain: &[OrganizationId]) -> Option<Standing> {
        let reaches = |membership: &Membership| match chain
            .iter()
            .position(|id| *id == membership.organization)
        {
            Some(0) => true,
            Some(_) => membership.role.is_staff(),
            None => false,
        };
        let mut roles: Vec<Role> = memberships
            .iter()
            .filter(|m| reaches(m))
            .map(|m| m.role)
            .collect();
        // A staff role over the organization wins over a customer's role in it.
        if roles.iter().any(|role| role.is_staff()) {
            roles.retain(|role| role.is_staff());
        }
        roles.sort_unstable();
        roles.dedup();
        (!roles.is_empty()).then_some(Standing { roles })
    }

    /// The best that any of the roles grants.
    pub fn grant(&self, permission: Permission) -> Grant {
        self.roles
            .iter()
            .map(|role| grant(*role, permission))
            .max()
            .unwrap_or(Grant::No)
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_matrix_is_printed_and_compared() {
        let mut table = String::from("                         DA DR SA AM SM PM SB SG CA C  CB\n");
        for permission in Permission::ALL {
            assert_eq!(permission.cells().len(), Role::ALL.len(), "{permission:?}");
            let cells = Role::ALL.map(|role| match grant(role, *permission) {
                Grant::Yes => "✔ ",
                Grant::View => "v ",
                Grant::No => "– ",
            });
            table += format!("{:<24} {}", format!("{permission:?}"), cells.join(" ")).trim_end();
            table.push('\n');
        }
        insta::assert_snapshot!(table);
    }

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
}
