//! Google's reasons, by the codes that the connector gives them.

use super::Remedy;
use super::catalog::{Entry, by_code};

/// No code stands in another list too.
#[rustfmt::skip]
pub(super) const GOOGLE: &[Entry] = {
    use Remedy::{AskVendor, Correct, OrderAgain, RetryLater};
    &[
        by_code(&["GoogleUnknownCustomer"],
            "The reseller has no such customer account at Google.", "/tenant", Correct),
        by_code(&["GoogleForbidden"],
            "The customer is not the reseller's at Google, or does not let resellers manage its account.", "", AskVendor),
        by_code(&["GoogleDuplicate"],
            "The customer has a subscription of this kind already; change that one.", "", OrderAgain),
        by_code(&["GoogleInvalid"],
            "Google does not take what was ordered: fewer seats than a year was bought for, or than there are users, are refused.", "", AskVendor),
        by_code(&["GoogleConditionNotMet"],
            "Google wants something done first: its terms accepted by the reseller, or an administrator in the customer's account.", "", AskVendor),
        by_code(&["GoogleUnknownPlan"],
            "Google does not sell this term and billing cycle.", "", OrderAgain),
        by_code(&["GoogleCommitted"],
            "Google does not change how a subscription with a year's commitment is paid.", "", OrderAgain),
        by_code(&["GoogleWrongState"],
            "Google does not make this change while the subscription is suspended; reactivate it first.", "", RetryLater),
        by_code(&["GoogleEnded"],
            "The subscription has ended at Google, and takes no more changes.", "", OrderAgain),
        by_code(&["GoogleSuspended"],
            "Google has suspended the subscription itself, for example until its terms are accepted by the customer.", "", RetryLater),
        by_code(&["GoogleSeatsDiffer"],
            "Somebody changed the subscription at Google; what was ordered here rests on other numbers.", "", AskVendor),
        by_code(&["GoogleNotFound"],
            "Google has no such subscription or license; its records and ours don't fit together.", "", AskVendor),
    ]
};
