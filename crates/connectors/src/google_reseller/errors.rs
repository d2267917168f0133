//! What Google's reasons mean for a request. The same reason can mean different things by its HTTP
//! status, so both are the key. The words for people are in `domain::order::failure`.

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Google turned us away unread: ask later.
    RetryLater,
    /// Refused until somebody has done something.
    Refused,
    /// There is no such thing, or not for us.
    Absent,
    /// There is such a thing already; it may be ours.
    Duplicate,
    /// Our sign-in is wrong; everything for this vendor waits.
    Connection,
}

/// One reason.
#[derive(Debug)]
pub(super) struct Row {
    status: u16,
    reason: &'static str,
    pub(super) class: Class,
    /// As it stands in our records.
    pub(super) code: &'static str,
    /// The field of the line that it blames, as a pointer.
    pub(super) field: Option<&'static str>,
}

const fn row(status: u16, reason: &'static str, class: Class, code: &'static str) -> Row {
    Row {
        status,
        reason,
        class,
        code,
        field: None,
    }
}

#[rustfmt::skip]
const TABLE: &[Row] = {
    use Class::{Absent, Connection, Duplicate, Refused, RetryLater};
    &[
        row(400, "badRequest", Refused, "GoogleWrongState"),
        row(400, "invalid", Refused, "GoogleInvalid"),
        row(400, "invalidParameter", Refused, "GoogleInvalid"),
        row(400, "required", Refused, "GoogleInvalid"),
        row(403, "forbidden", Refused, "GoogleForbidden"),
        row(404, "notFound", Absent, "GoogleNotFound"),
        row(409, "duplicate", Duplicate, "GoogleDuplicate"),
        row(412, "conditionNotMet", Refused, "GoogleConditionNotMet"),

        row(403, "rateLimitExceeded", RetryLater, ""),
        row(403, "userRateLimitExceeded", RetryLater, ""),
        row(403, "quotaExceeded", RetryLater, ""),
        row(403, "dailyLimitExceeded", RetryLater, ""),

        row(403, "accessNotConfigured", Connection, ""),
        row(403, "insufficientPermissions", Connection, ""),
        row(403, "authError", Connection, ""),
        row(403, "domainPolicy", Connection, ""),
    ]
};

/// What is known of a reason; `None` for one that nobody has told us.
pub(super) fn row_of(status: u16, reason: &str) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.status == status && row.reason == reason)
}

#[cfg(test)]
mod tests {
    use domain::provisioning::Failure;

    use super::*;

    #[test]
    fn no_reason_has_two_rows() {
        for row in TABLE {
            let same = |other: &&Row| (other.status, other.reason) == (row.status, row.reason);
            assert_eq!(TABLE.iter().filter(same).count(), 1, "{row:?}");
        }
    }

    #[test]
    fn every_refusal_is_explained_in_plain_words() {
        use Class::{Absent, Duplicate, Refused};
        let is_no = |row: &&Row| matches!(row.class, Refused | Absent | Duplicate);
        let codes = TABLE.iter().filter(is_no).map(|row| row.code);
        for code in codes.chain(super::super::OWN_CODES.iter().copied()) {
            let failure = Failure {
                code: code.into(),
                message: "Computer says no".into(),
                field: None,
            };
            assert!(failure.explain().meaning.is_some(), "{code}");
        }
    }
}
