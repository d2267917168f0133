//! The permission matrix: a row a permission, a column a role, one table.

use super::Role;

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
// last seven are ours, least privilege.
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
    /// Say which orders have to be approved.
    ManageApprovals = b"yvy--------",
    /// Publish terms and conditions.
    ManageTerms = b"yvyv-y-----",
    /// Sort what is sold into categories.
    SortCatalog = b"yvyv-y-----",
    /// Say what is known of a customer; its own admins read it.
    EditOrganization = b"yvyyv-yvv--",
}

impl Permission {
    /// Whether it changes something; the others only look.
    pub fn writes(self) -> bool {
        use Permission as P;
        !matches!(
            self,
            P::EnterCustomerView
                | P::SeeOrders
                | P::SeeCustomerPrice
                | P::SeeCost
                | P::SeeMarkup
                | P::SeeMarkupOnlyOrders
                | P::SeeSubscriptionHistory
                | P::SeeReports
                | P::SeeOrderDesk
        )
    }
}

/// The matrix.
pub fn grant(role: Role, permission: Permission) -> Grant {
    match permission.cells().get(role as usize) {
        Some(b'y') => Grant::Yes,
        Some(b'v') => Grant::View,
        _ => Grant::No,
    }
}

#[cfg(test)]
mod tests {
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

    /// `reference.md` 2.4, row by row as it is written there; `|` and emphasis left out.
    const REFERENCE: &[(&str, Permission)] = &[
        (
            "✔F view ✔F ✔F ✔ – view view n/a n/a n/a",
            Permission::EnterCustomerView,
        ),
        ("✔ ✔ ✔F ✔F ✔ – ✔ ✔ ✔F ✔F ✔", Permission::SeeOrders),
        ("✔F – ✔F ✔F ✔ – – – ✔F ✔F –", Permission::PlaceOrders),
        (
            "✔F – ✔F ✔F ✔ – – – ✔F ✔F –",
            Permission::ChangeSubscriptions,
        ),
        ("✔ ✔ ✔ ✔ ✔ – ✔ ✔ ✔ ✔ ✔", Permission::SeeCustomerPrice),
        ("✔ ✔ ✔F ✔F – – ✔ – – –F –", Permission::SeeCost),
        ("✔ ✔ ✔F ✔F view – view – –F –F –", Permission::SeeMarkup),
        (
            "✔F – ✔F ✔F –F –F – – – – –",
            Permission::EditSubscriptionMarkup,
        ),
        ("✔ ✔ ✔ ✔ ✔ – ✔ – –F –F –", Permission::SeeMarkupOnlyOrders),
        ("✔ – ✔F viewF – – – – – – –", Permission::ConfigurePrices),
        ("✔ – ✔F ✔ – – – – – – –", Permission::AdjustPriceOnPurchase),
        ("✔ – ✔F ✔F – – – – – – –", Permission::ManageQuotes),
        ("– – – – – – – – ✔F ✔F –", Permission::AnswerQuotes),
        ("✔F – ✔F – – – – – – – –", Permission::DecideApprovals),
        ("✔ – ✔ ✔ ✔ – ✔ ✔ ✔ ✔ ✔", Permission::AddNotes),
        ("✔ – ✔ ✔ ✔ – – – – – –", Permission::RetryOrders),
        ("✔F – ✔F – – – – – – – –", Permission::SuspendOrganization),
        ("✔F – ✔F – – – – – – – –", Permission::ManageNotifications),
        ("– – ✔F – – – – – – – –", Permission::ManagePayments),
        ("✔F – ✔F ✔ – – – – ✔F – –", Permission::InviteUsers),
        (
            "✔ ✔ ✔ ✔ ✔ – –F ✔ ✔ ✔ –F",
            Permission::SeeSubscriptionHistory,
        ),
        ("✔F – ✔F – – – – – – – –", Permission::SeeReports),
    ];

    /// The rows that the reference does not have, by the roles that are granted, and those that may look.
    const OURS: &[(Permission, &[Role], &[Role])] = &[
        (
            Permission::SeeOrderDesk,
            &[
                Role::DistributorAdmin,
                Role::DistributorReadOnly,
                Role::SellerAdmin,
                Role::AccountManager,
                Role::SubscriptionsManager,
                Role::SellerBilling,
                Role::SupportAgent,
            ],
            &[],
        ),
        (
            Permission::FulfillManually,
            &[
                Role::DistributorAdmin,
                Role::SellerAdmin,
                Role::SubscriptionsManager,
            ],
            &[],
        ),
        (
            Permission::ManageVendors,
            &[Role::DistributorAdmin, Role::SellerAdmin],
            &[],
        ),
        (
            Permission::ManageApprovals,
            &[Role::DistributorAdmin, Role::SellerAdmin],
            &[Role::DistributorReadOnly],
        ),
        (
            Permission::ManageTerms,
            &[
                Role::DistributorAdmin,
                Role::SellerAdmin,
                Role::ProductManager,
            ],
            &[Role::DistributorReadOnly, Role::AccountManager],
        ),
        (
            Permission::SortCatalog,
            &[
                Role::DistributorAdmin,
                Role::SellerAdmin,
                Role::ProductManager,
            ],
            &[Role::DistributorReadOnly, Role::AccountManager],
        ),
        (
            Permission::EditOrganization,
            &[
                Role::DistributorAdmin,
                Role::SellerAdmin,
                Role::AccountManager,
                Role::SellerBilling,
            ],
            &[
                Role::DistributorReadOnly,
                Role::SubscriptionsManager,
                Role::SupportAgent,
                Role::CustomerAdmin,
            ],
        ),
    ];

    #[test]
    fn every_cell_is_the_references_or_one_of_our_own() {
        for (row, permission) in REFERENCE {
            let cells: Vec<&str> = row.split(' ').collect();
            assert_eq!(cells.len(), Role::ALL.len(), "{permission:?}");
            for (role, cell) in Role::ALL.into_iter().zip(cells) {
                let expected = match cell {
                    "✔" | "✔F" => Grant::Yes,
                    "view" | "viewF" => Grant::View,
                    "–" | "–F" | "n/a" => Grant::No,
                    other => panic!("no such cell: {other}"),
                };
                assert_eq!(
                    grant(role, *permission),
                    expected,
                    "{permission:?} {role:?}"
                );
            }
        }
        for (permission, roles, viewers) in OURS {
            for role in Role::ALL {
                let expected = if roles.contains(&role) {
                    Grant::Yes
                } else if viewers.contains(&role) {
                    Grant::View
                } else {
                    Grant::No
                };
                assert_eq!(
                    grant(role, *permission),
                    expected,
                    "{permission:?} {role:?}"
                );
            }
        }
        let compared = REFERENCE
            .iter()
            .map(|(_, permission)| permission)
            .chain(OURS.iter().map(|(permission, ..)| permission));
        assert!(compared.eq(Permission::ALL));
    }
}
