//! What AWS's errors, and the reasons inside them, mean for a request. The words for people are in
//! `domain::order::failure`.

use super::form::EMAIL_FIELD;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// AWS turned us away and changed nothing: ask later.
    RetryLater,
    /// Refused until somebody has done something.
    Refused,
    /// There is no such account in the organization.
    Absent,
    /// It is as it was asked for.
    Fulfilled,
    /// Our sign-in or our settings are wrong; everything for this vendor waits.
    Connection,
}

/// What is known of an error or a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    said: &'static str,
    pub(super) class: Class,
    /// As it stands in our records.
    pub(super) code: &'static str,
    /// The field of the line that it blames, as a pointer; empty where none is.
    pub(super) field: &'static str,
}

const fn row(said: &'static str, class: Class, code: &'static str) -> Row {
    Row {
        said,
        class,
        code,
        field: "",
    }
}

const fn email(said: &'static str, code: &'static str) -> Row {
    Row {
        said,
        class: Class::Refused,
        code,
        field: EMAIL_FIELD,
    }
}

/// By the error's own name.
#[rustfmt::skip]
const ERRORS: &[Row] = {
    use Class::{Absent, Connection, Fulfilled, Refused, RetryLater};
    &[
        row("TooManyRequestsException", RetryLater, ""),
        row("ThrottlingException", RetryLater, ""),
        row("Throttling", RetryLater, ""),
        row("RequestLimitExceeded", RetryLater, ""),
        row("ConcurrentModificationException", RetryLater, ""),
        row("ConflictException", RetryLater, ""),
        row("FinalizingOrganizationException", RetryLater, ""),

        row("ConstraintViolationException", Refused, "AwsConstraint"),
        row("InvalidInputException", Refused, "AwsInvalid"),
        row("ValidationException", Refused, "AwsInvalid"),
        row("SerializationException", Refused, "AwsInvalid"),

        row("AccountNotFoundException", Absent, "AwsAccountNotFound"),
        row("TargetNotFoundException", Absent, "AwsAccountNotFound"),
        row("ChildNotFoundException", Absent, "AwsAccountNotFound"),

        row("AccountAlreadyClosedException", Fulfilled, ""),
        row("DuplicateAccountException", Fulfilled, ""),

        // Who we are, and what we may.
        row("AccessDeniedException", Connection, ""),
        row("AccessDeniedForDependencyException", Connection, ""),
        row("AccessDenied", Connection, ""),
        row("ExpiredTokenException", Connection, ""),
        row("IncompleteSignature", Connection, ""),
        row("IncompleteSignatureException", Connection, ""),
        row("InvalidClientTokenId", Connection, ""),
        row("InvalidSignatureException", Connection, ""),
        row("MissingAuthenticationToken", Connection, ""),
        row("MissingAuthenticationTokenException", Connection, ""),
        row("NotAuthorized", Connection, ""),
        row("OptInRequired", Connection, ""),
        row("RequestExpired", Connection, ""),
        row("SignatureDoesNotMatch", Connection, ""),
        row("UnrecognizedClientException", Connection, ""),
        // Where the settings point to.
        row("AWSOrganizationsNotInUseException", Connection, ""),
        row("DestinationParentNotFoundException", Connection, ""),
        row("OrganizationalUnitNotFoundException", Connection, ""),
        row("ParentNotFoundException", Connection, ""),
        row("UnsupportedAPIEndpointException", Connection, ""),
        row("UnknownOperationException", Connection, ""),
    ]
};

/// By the reason inside a `ConstraintViolationException`, where it says more than the error.
#[rustfmt::skip]
const CONSTRAINTS: &[Row] = {
    use Class::{Refused, RetryLater};
    &[
        // So many may be under way at a time.
        row("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", RetryLater, ""),
        row("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", RetryLater, ""),

        row("ACCOUNT_NUMBER_LIMIT_EXCEEDED", Refused, "AwsAccountLimit"),
        row("CLOSE_ACCOUNT_QUOTA_EXCEEDED", Refused, "AwsCloseQuota"),
        row("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", Refused, "AwsManagementAccount"),
        row("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", Refused, "AwsFeatures"),
        row("INVALID_PAYMENT_INSTRUMENT", Refused, "AwsPayment"),
        row("MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED", Refused, "AwsPayment"),
        row("MEMBER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED", Refused, "AwsPayment"),
        row("UNMET_BILLING_PREREQUISITE", Refused, "AwsPayment"),
        row("ACCOUNT_CREATION_NOT_COMPLETE", Refused, "AwsManagementData"),
        row("MASTER_ACCOUNT_ADDRESS_DOES_NOT_MATCH_MARKETPLACE", Refused, "AwsManagementData"),
        row("MASTER_ACCOUNT_MISSING_BUSINESS_LICENSE", Refused, "AwsManagementData"),
        row("MASTER_ACCOUNT_MISSING_CONTACT_INFO", Refused, "AwsManagementData"),
        row("MAX_TAG_LIMIT_EXCEEDED", Refused, "AwsTags"),
        row("TAG_POLICY_VIOLATION", Refused, "AwsTags"),
    ]
};

/// By the reason of a creation that failed.
#[rustfmt::skip]
const FAILURES: &[Row] = {
    use Class::Refused;
    &[
        email("EMAIL_ALREADY_EXISTS", "AwsEmailTaken"),
        email("GOVCLOUD_ACCOUNT_ALREADY_EXISTS", "AwsEmailTaken"),
        email("INVALID_EMAIL", "AwsEmailRefused"),
        row("ACCOUNT_LIMIT_EXCEEDED", Refused, "AwsAccountLimit"),
        row("CONCURRENT_ACCOUNT_MODIFICATION", Refused, "AwsBusy"),
        row("INTERNAL_FAILURE", Refused, "AwsBusy"),
        row("INVALID_ADDRESS", Refused, "AwsManagementData"),
        row("INVALID_PAYMENT_INSTRUMENT", Refused, "AwsPayment"),
        row("MISSING_PAYMENT_INSTRUMENT", Refused, "AwsPayment"),
        row("PENDING_BUSINESS_VALIDATION", Refused, "AwsValidationPending"),
        row("FAILED_BUSINESS_VALIDATION", Refused, "AwsValidation"),
        row("INVALID_IDENTITY_FOR_BUSINESS_VALIDATION", Refused, "AwsValidation"),
        // As the same reason is called in another place of AWS's documentation.
        row("IDENTITY_INVALID_BUSINESS_VALIDATION", Refused, "AwsValidation"),
        row("MISSING_BUSINESS_VALIDATION", Refused, "AwsValidation"),
        row("UNKNOWN_BUSINESS_VALIDATION", Refused, "AwsValidation"),
        row("UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED", Refused, "AwsTags"),
    ]
};

/// A creation that failed for a reason that nobody has told us: failed it has.
const FAILED: Row = row("", Class::Refused, "AwsFailed");

fn row_in(rows: &'static [Row], said: &str) -> Option<&'static Row> {
    rows.iter().find(|row| row.said == said)
}

/// What is known of an error with the reason inside it; `None` for an error that nobody has told us.
pub(super) fn error(name: &str, reason: Option<&str>) -> Option<&'static Row> {
    let row = row_in(ERRORS, name)?;
    let reason = reason.filter(|_| row.code == "AwsConstraint");
    let finer = reason.and_then(|reason| row_in(CONSTRAINTS, reason));
    Some(finer.unwrap_or(row))
}

/// What is known of the reason why an account was not created.
pub(super) fn failure(reason: &str) -> &'static Row {
    row_in(FAILURES, reason).unwrap_or(&FAILED)
}

#[cfg(test)]
mod tests {
    use aws_sdk_organizations::types::{
        ConstraintViolationExceptionReason, CreateAccountFailureReason,
    };
    use domain::order::failure::Remedy;
    use domain::provisioning::Failure;

    use super::*;

    #[test]
    fn no_error_has_two_rows() {
        for rows in [ERRORS, CONSTRAINTS, FAILURES] {
            for row in rows {
                let same = rows.iter().filter(|other| other.said == row.said);
                assert_eq!(same.count(), 1, "{row:?}");
            }
        }
    }

    #[test]
    fn every_reason_for_a_failure_that_the_sdk_knows_has_a_row_of_its_own() {
        for reason in CreateAccountFailureReason::values() {
            assert_ne!(failure(reason), &FAILED, "{reason}");
        }
        assert_eq!(failure("SOMETHING_NEW"), &FAILED);
    }

    #[test]
    fn reasons_of_constraints_are_spelled_as_the_sdk_spells_them() {
        let known = ConstraintViolationExceptionReason::values();
        for row in CONSTRAINTS {
            assert!(known.contains(&row.said), "{row:?}");
        }
        let row = error("ConstraintViolationException", Some("SOMETHING_NEW"));
        assert_eq!(row.map(|row| row.code), Some("AwsConstraint"));
    }

    #[test]
    fn every_refusal_is_explained_in_plain_words_with_a_way_out() {
        let rows = [ERRORS, CONSTRAINTS, FAILURES, &[FAILED]].concat();
        let codes = rows.iter().map(|row| (row.code, row.field));
        for (code, field) in codes.filter(|(code, _)| !code.is_empty()) {
            let failure = Failure {
                code: code.into(),
                message: "Computer says no".into(),
                field: Some(field.to_owned()).filter(|field| !field.is_empty()),
            };
            let explained = failure.explain();
            assert!(explained.meaning.is_some(), "{code}");
            assert_eq!(
                explained.remedy == Remedy::Correct,
                !field.is_empty() || code == "AwsInvalid",
                "{code}"
            );
        }
    }
}
