//! How far a request has come, as the operation that the engine stores and asks with: AWS's id of a
//! creation, the id of an account that is still to be moved, or a closure.

/// What is asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// AWS creates an account under this request's id.
    Creation(String),
    /// The account is there, and may not be where the settings want it.
    Placement(String),
    /// AWS closes the account.
    Closure,
}

const CLOSURE: &str = "closure";

impl Stage {
    /// `None` for an operation that is not ours.
    pub(super) fn read(operation: Option<&str>) -> Option<Stage> {
        match operation? {
            CLOSURE => Some(Stage::Closure),
            id if is_creation(id) => Some(Stage::Creation(id.to_owned())),
            id if is_account(id) => Some(Stage::Placement(id.to_owned())),
            _ => None,
        }
    }

    pub(super) fn write(self) -> String {
        match self {
            Stage::Creation(id) | Stage::Placement(id) => id,
            Stage::Closure => CLOSURE.into(),
        }
    }
}

/// Whether it is an id as AWS gives them to requests for accounts.
pub(super) fn is_creation(id: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    id.strip_prefix("car-")
        .is_some_and(|rest| (8..=32).contains(&rest.len()) && rest.bytes().all(is_one))
}

/// Whether it is an id as AWS gives them to accounts.
pub(super) fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_back_and_another_connectors_operation_is_none() {
        for stage in [
            Stage::Creation("car-0123abcd".into()),
            Stage::Placement("123456789012".into()),
            Stage::Closure,
        ] {
            let written = stage.clone().write();
            assert_eq!(Stage::read(Some(&written)), Some(stage));
        }
        for other in ["by hand", "car-", "car-0123abc/", "12345678901", "{}", ""] {
            assert_eq!(Stage::read(Some(other)), None, "{other}");
        }
        assert_eq!(Stage::read(None), None);
    }
}
