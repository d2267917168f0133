//! Who may do what, where: the roles; below, the permission matrix as one table, and what a person's
//! roles amount to in one organization.

mod matrix;
mod standing;

use serde::{Deserialize, Serialize};

pub use self::matrix::{Grant, Permission, grant};
pub use self::standing::{Audience, Membership, Standing, Visibility};

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

    /// Which kind of organization the role belongs to.
    pub fn side(self) -> Side {
        match self {
            Role::DistributorAdmin | Role::DistributorReadOnly => Side::Distributor,
            Role::SellerAdmin
            | Role::AccountManager
            | Role::SubscriptionsManager
            | Role::ProductManager
            | Role::SellerBilling
            | Role::SupportAgent => Side::Seller,
            Role::CustomerAdmin | Role::Customer | Role::CustomerBilling => Side::Customer,
        }
    }

    /// Seller- and distributor-side roles; they reach the organizations below their own.
    pub fn is_staff(self) -> bool {
        self.side() != Side::Customer
    }
}

/// The side of a sale that a role stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Sells to sellers.
    Distributor,
    /// Sells to customers.
    Seller,
    /// Buys; the side that never learns of a markup.
    Customer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_as_in_the_specification_and_stands_on_one_side() {
        let printed: Vec<String> = Role::ALL
            .iter()
            .map(|role| {
                let name = serde_json::to_value(role).unwrap();
                format!("{} {:?}", name.as_str().unwrap(), role.side())
            })
            .collect();
        assert_eq!(
            printed,
            [
                "distributor_admin Distributor",
                "distributor_read_only Distributor",
                "seller_admin Seller",
                "account_manager Seller",
                "subscriptions_manager Seller",
                "product_manager Seller",
                "seller_billing Seller",
                "support_agent Seller",
                "customer_admin Customer",
                "customer Customer",
                "customer_billing Customer",
            ]
        );
    }
}
