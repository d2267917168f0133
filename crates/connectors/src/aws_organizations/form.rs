//! What a new account needs to be told, as the offer's form, and the answers, read.

use domain::offer::form::{Form, Kind, Question};
use domain::provisioning::{Failure, Request};

use super::answer::Stop;

const EMAIL: &str = "email";
const NAME: &str = "account_name";
/// AWS's own rules: no space, quote, bracket or `: ; , \ | % &`, no dot at the beginning, one `@`, and a
/// domain with a dot in it that neither begins nor ends with a dot or a hyphen.
const ADDRESS: &str = r"^[!#$*+/0-9=?A-Z^_`a-z{}~-][!#$*+./0-9=?A-Z^_`a-z{}~-]*@[0-9A-Za-z][0-9A-Za-z.-]*\.([0-9A-Za-z-]*[0-9A-Za-z])$";
/// ASCII that can be printed, and not blank.
const PRINTABLE: &str = r"^[ -~]*[!-~][ -~]*$";

/// The form of the one offer.
pub(super) fn form() -> Form {
    let question = |name: &str, title: &str, description: &str, kind| Question {
        name: name.into(),
        title: title.into(),
        description: Some(description.into()),
        is_required: true,
        kind,
        default: None,
    };
    let email = Kind::Text {
        least: 6,
        most: 64,
        pattern: Some(ADDRESS.into()),
    };
    let name = Kind::Text {
        least: 1,
        most: 50,
        pattern: Some(PRINTABLE.into()),
    };
    Form {
        questions: vec![
            question(
                EMAIL,
                "Root user's e-mail address",
                "One that no AWS account has had before, and that somebody reads: whoever does can take over the account.",
                email,
            ),
            question(
                NAME,
                "Account name",
                "Up to 50 letters, digits, spaces and signs, without accents.",
                name,
            ),
        ],
    }
}

/// The account that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) email: String,
    pub(super) name: String,
}

impl Wanted {
    /// Reads the answers; AWS would create an account that nobody can sign in to with a wrong address.
    pub(super) fn read(request: &Request) -> Result<Wanted, Stop> {
        let form = form();
        let answer = |name: &str| -> Result<String, Stop> {
            let refused = |reason: &str| {
                Stop::Unread(Failure {
                    code: "AwsInvalid".into(),
                    message: format!("{name} {reason}; nothing was sent"),
                    field: Some(format!("/parameters/{name}")),
                })
            };
            let given = request.parameters.get(name);
            let given = given.ok_or_else(|| refused("must be answered"))?;
            let question = form.question(name);
            let checked = question.map_or(Ok(()), |question| question.check(given));
            checked.map_err(|reason| refused(&reason.0))?;
            Ok(given.as_str().map(str::to_owned).unwrap_or_default())
        };
        Ok(Wanted {
            email: answer(EMAIL)?,
            name: answer(NAME)?,
        })
    }

    /// Whether an address is this one; AWS tells no letters apart by their case.
    pub(super) fn has_email(&self, email: &str) -> bool {
        self.email.eq_ignore_ascii_case(email)
    }
}

/// The field that AWS's words blame, as a pointer, where they name one.
pub(super) fn blamed(words: &str) -> Option<String> {
    let words = words.to_lowercase();
    let name = match (words.contains("email"), words.contains("accountname")) {
        (true, false) => EMAIL,
        (false, true) => NAME,
        _ => return None,
    };
    Some(format!("/parameters/{name}"))
}

/// The field of the address, as a pointer.
pub(super) const EMAIL_FIELD: &str = "/parameters/email";

/// What an answer of the form is, for tests of other files.
#[cfg(test)]
pub(super) fn answers(email: &str, name: &str) -> serde_json::Map<String, serde_json::Value> {
    [(EMAIL, email), (NAME, name)]
        .map(|(name, answer)| (name.to_owned(), answer.into()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_one_that_an_offer_can_have() {
        let written = serde_json::to_string(&form()).unwrap();
        let read: Form = serde_json::from_str(&written).unwrap();
        assert_eq!(read, form());
    }

    #[test]
    fn answers_are_taken_by_the_rules_that_aws_documents() {
        let long = format!("{}@amber.example", "a".repeat(50));
        for (email, is_taken) in [
            ("a@b.co", true),
            ("aws+amber_1@mail.amber.example", true),
            ("o'neill@amber.example", false),
            ("a@b.c", false),
            (long.as_str(), true),
            (&format!("a{long}"), false),
            (".dot@amber.example", false),
            ("two words@amber.example", false),
            ("two@signs@amber.example", false),
            ("per%cent@amber.example", false),
            ("žuvis@amber.example", false),
            ("amber@example", false),
            ("amber@-amber.example", false),
            ("amber@amber.example-", false),
            ("amber@amber.example.", false),
            ("amber@.amber.example", false),
            ("amber@šarūnas.example", false),
            ("", false),
        ] {
            let wrong = form().check(&answers(email, "Amber"));
            assert_eq!(wrong.is_empty(), is_taken, "{email}: {wrong:?}");
        }
        for (name, is_taken) in [
            ("Amber & Söhne", false),
            ("Amber & Sons (production)", true),
            (&"a".repeat(50), true),
            (&"a".repeat(51), false),
            ("   ", false),
            ("a\tb", false),
            ("", false),
        ] {
            let wrong = form().check(&answers("amber@amber.example", name));
            assert_eq!(wrong.is_empty(), is_taken, "{name}: {wrong:?}");
        }
    }

    #[test]
    fn words_blame_the_field_that_they_name() {
        let email = blamed("Value at 'email' failed to satisfy constraint");
        assert_eq!(email.as_deref(), Some("/parameters/email"));
        let name = blamed("1 validation error: accountName is too long");
        assert_eq!(name.as_deref(), Some("/parameters/account_name"));
        assert_eq!(blamed("You specified an invalid value."), None);
    }
}
