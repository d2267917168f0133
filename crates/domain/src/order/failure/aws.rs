//! AWS's reasons, by the codes that the connector gives them.

use super::Remedy;
use super::catalog::{Entry, by_code};

/// No code stands in another list too.
#[rustfmt::skip]
pub(super) const AWS: &[Entry] = {
    use Remedy::{AskVendor, Correct, OrderAgain, RetryLater};
    &[
        by_code(&["AwsEmailTaken"],
            "Another AWS account has, or had, this e-mail address; each account needs one of its own.", "/parameters/email", Correct),
        by_code(&["AwsEmailRefused"],
            "AWS does not take this e-mail address for an account.", "/parameters/email", Correct),
        by_code(&["AwsInvalid"],
            "AWS does not take the e-mail address or the name of the account.", "", Correct),
        by_code(&["AwsAccountLimit"],
            "The organization has as many accounts as AWS allows, closed ones included; AWS's support can allow more.", "", AskVendor),
        by_code(&["AwsBusy"],
            "AWS could not create the account just now; nothing was created.", "", RetryLater),
        by_code(&["AwsValidationPending"],
            "AWS is still checking the business license of the organization's management account.", "", RetryLater),
        by_code(&["AwsValidation"],
            "AWS lacks a valid business license or identity of the organization's management account.", "", AskVendor),
        by_code(&["AwsPayment"],
            "The organization's management account has no means of payment that AWS takes.", "", AskVendor),
        by_code(&["AwsManagementData"],
            "AWS copies address and contact from the organization's management account, where they are missing or wrong.", "", AskVendor),
        by_code(&["AwsTags"],
            "A tag or resource policy of the organization does not allow the tags that an ordered account is known by.", "", AskVendor),
        by_code(&["AwsFeatures"],
            "The organization has consolidated billing alone; AWS closes accounts only where all features are enabled.", "", AskVendor),
        by_code(&["AwsCloseQuota"],
            "As many accounts were closed within 30 days as AWS allows in an organization.", "", RetryLater),
        by_code(&["AwsManagementAccount"],
            "This is the organization's management account, which can't be closed by an order.", "", OrderAgain),
        by_code(&["AwsConstraint"],
            "A limit or rule of the organization at AWS is in the way.", "", AskVendor),
        by_code(&["AwsAccountNotFound"],
            "The organization at AWS has no such account; it left, or was closed more than 90 days ago.", "", AskVendor),
        by_code(&["AwsFailed"],
            "AWS did not create the account, for a reason that is not known here.", "", AskVendor),
    ]
};
