//! What a vendor's refusal means: from its code, or where that says nothing from its words, to plain
//! language, the field to correct and the way out.

mod aws;
mod catalog;
mod google;
mod partner_center;

use std::fmt;

use self::aws::AWS;
use self::catalog::CATALOG;
use self::google::GOOGLE;
use self::partner_center::PARTNER_CENTER;
use crate::provisioning::Failure;

/// The part of a line that a refusal blames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Where the vendor writes to.
    ContactEmail,
    /// The contact's first name.
    ContactName,
    /// The contact's family name.
    ContactSurname,
    /// The customer's tenant at the vendor.
    Tenant,
    /// How many; part of what was bought, so only another order can change it (R50).
    Quantity,
    /// An answer to the offer's form, by its name.
    Parameter(String),
}

impl Field {
    /// The field behind a connector's JSON pointer into the line.
    pub fn at(pointer: &str) -> Option<Field> {
        Some(match pointer {
            "/contact/email" => Field::ContactEmail,
            "/contact/name" => Field::ContactName,
            "/contact/surname" => Field::ContactSurname,
            "/tenant" => Field::Tenant,
            "/quantity" => Field::Quantity,
            other => Field::Parameter(other.strip_prefix("/parameters/")?.to_owned()),
        })
    }

    /// The field as a JSON pointer into the line.
    pub fn pointer(&self) -> String {
        match self {
            Field::ContactEmail => "/contact/email".into(),
            Field::ContactName => "/contact/name".into(),
            Field::ContactSurname => "/contact/surname".into(),
            Field::Tenant => "/tenant".into(),
            Field::Quantity => "/quantity".into(),
            Field::Parameter(name) => format!("/parameters/{name}"),
        }
    }

    /// Whether a retry may bring another value; what was bought may not change (R50).
    pub fn is_correctable(&self) -> bool {
        *self != Field::Quantity
    }
}

impl fmt::Display for Field {
    /// The field's name within a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::ContactEmail => "contact's e-mail address",
            Field::ContactName => "contact's first name",
            Field::ContactSurname => "contact's family name",
            Field::Tenant => "tenant name",
            Field::Quantity => "quantity",
            Field::Parameter(name) => name,
        })
    }
}

/// The way out of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Put the blamed field right and send the line again.
    Correct,
    /// Put the customer's own record at the vendor right and send the line again.
    CorrectAccount,
    /// Nothing is wrong on our side: send the line again later.
    RetryLater,
    /// The line can't succeed as it was bought: another order is needed.
    OrderAgain,
    /// Only the vendor can say more.
    AskVendor,
}

/// A refusal in plain language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it means; `None` where nobody has told us, and the vendor's words stand alone.
    pub meaning: Option<&'static str>,
    /// What to correct.
    pub field: Option<Field>,
    /// What to do.
    pub remedy: Remedy,
}

impl Explanation {
    /// What to do, as a sentence for people who may retry the line.
    pub fn help(&self, vendor: &str) -> String {
        match (self.remedy, &self.field) {
            (Remedy::Correct, Some(field)) => format!("Correct the {field} and retry this item."),
            (Remedy::Correct, None) => {
                "Compare what was ordered with the vendor's words, correct it and retry this item."
                    .into()
            }
            (Remedy::CorrectAccount, _) => {
                format!("Correct the customer's details at {vendor}, then retry this item.")
            }
            (Remedy::RetryLater, _) => "Nothing has to be corrected: retry this item later.".into(),
            (Remedy::OrderAgain, Some(field)) => format!(
                "A retry can't help: give this order up and order again with another {field}."
            ),
            (Remedy::OrderAgain, None) => {
                "A retry can't help: give this order up and choose another offer or change.".into()
            }
            (Remedy::AskVendor, _) => {
                format!("Ask {vendor} what is missing, then retry this item or give it up.")
            }
        }
    }

    /// Whether sending the line again can lead anywhere.
    pub fn is_worth_a_retry(&self) -> bool {
        self.remedy != Remedy::OrderAgain
    }
}

impl Failure {
    /// What the refusal means. The connector's field wins; the code is asked before the words.
    pub fn explain(&self) -> Explanation {
        let said = self.message.to_lowercase();
        let mut all = CATALOG
            .iter()
            .chain(PARTNER_CENTER)
            .chain(GOOGLE)
            .chain(AWS);
        let by_code = all.find(|entry| entry.has_code(&self.code));
        let known = by_code.or_else(|| CATALOG.iter().find(|entry| entry.speaks_of(&said)));
        let blamed = self.field.as_deref().and_then(Field::at);
        let remedy = match (&blamed, known) {
            (Some(field), _) if field.is_correctable() => Remedy::Correct,
            (Some(_), _) => Remedy::OrderAgain,
            (None, Some(entry)) => entry.remedy,
            (None, None) => Remedy::AskVendor,
        };
        Explanation {
            meaning: known.map(|entry| entry.meaning),
            field: blamed.or_else(|| known.and_then(|entry| entry.field())),
            remedy,
        }
    }

    /// What makes two failures at one vendor the same: the code, and where that is said of anything
    /// at all also the words, without the numbers in them.
    pub fn cause(&self) -> String {
        let is_vague = self.code.starts_with("HTTP") || VAGUE.contains(&self.code.as_str());
        if !is_vague {
            return self.code.chars().take(CAUSE_MAX).collect();
        }
        let words = self.message.to_lowercase();
        let words = words.chars().map(|c| if c.is_numeric() { '#' } else { c });
        let mut cause = format!("{}: ", self.code);
        for character in words {
            if !(cause.ends_with('#') && character == '#') {
                cause.push(character);
            }
        }
        cause.chars().take(CAUSE_MAX).collect()
    }
}

/// Longest cause that is kept.
const CAUSE_MAX: usize = 160;
/// Codes that say only that something went wrong.
const VAGUE: &[&str] = &[
    "OperationFailed",
    "RefusedByPerson",
    "BadRequest",
    "800002",
    "GoogleInvalid",
    "GoogleConditionNotMet",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: &str, message: &str, field: Option<&str>) -> Failure {
        Failure {
            code: code.into(),
            message: message.into(),
            field: field.map(str::to_owned),
        }
    }

    #[test]
    fn the_catalog_is_printed_and_compared() {
        let mut table = String::new();
        for entry in CATALOG
            .iter()
            .chain(PARTNER_CENTER)
            .chain(GOOGLE)
            .chain(AWS)
        {
            let explained = Explanation {
                meaning: Some(entry.meaning),
                field: entry.field(),
                remedy: entry.remedy,
            };
            table += &format!(
                "{}\n  codes    {}\n  words    {}\n  help     {}\n\n",
                entry.meaning,
                entry.codes.join(" "),
                entry.words.join(" | "),
                explained.help("Microsoft"),
            );
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn no_code_is_explained_twice_and_words_are_written_as_they_are_compared() {
        let all = CATALOG
            .iter()
            .chain(PARTNER_CENTER)
            .chain(GOOGLE)
            .chain(AWS);
        let mut codes: Vec<&str> = all.flat_map(|entry| entry.codes).copied().collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        for words in CATALOG.iter().flat_map(|entry| entry.words) {
            assert_eq!(*words, words.to_lowercase());
        }
    }

    /// The reasons that the reference knows (5.12), in a vendor's words and without a code.
    #[test]
    fn known_reasons_are_recognized_without_a_code() {
        use Remedy as R;
        for (message, field, remedy) in [
            (
                "The e-mail address of the customer is not valid",
                "/contact/email",
                R::Correct,
            ),
            ("Invalid email specified.", "/contact/email", R::Correct),
            ("Required fields are missing: company size", "", R::Correct),
            (
                "Offer isn't available in the specified country/region",
                "",
                R::OrderAgain,
            ),
            ("The industry is not eligible", "", R::AskVendor),
            (
                "State, ZIP code and city do not match",
                "",
                R::CorrectAccount,
            ),
            ("The phone number has a bad format", "", R::CorrectAccount),
            ("Bill-to information is missing", "", R::CorrectAccount),
            (
                "Your customer account is currently under review",
                "",
                R::RetryLater,
            ),
            (
                "Change of an NCE order is outside the allowed rules",
                "",
                R::OrderAgain,
            ),
            ("The scheduled change was denied", "", R::OrderAgain),
            (
                "A customer with this tenant already exists",
                "",
                R::CorrectAccount,
            ),
            ("The cancellation window is about to end", "", R::OrderAgain),
            ("Only one kind of change per order", "", R::OrderAgain),
            ("The postal code is invalid", "", R::CorrectAccount),
            ("The contact name is too long", "/contact/name", R::Correct),
            ("Domain prefix is already taken", "/tenant", R::Correct),
            ("The service is temporarily unavailable", "", R::RetryLater),
            ("Quantity above the maximum", "/quantity", R::OrderAgain),
        ] {
            let found = failure("HTTP400", message, None).explain();
            let pointer = found.field.as_ref().map(Field::pointer).unwrap_or_default();
            assert!(found.meaning.is_some(), "{message}");
            assert_eq!(
                (pointer.as_str(), found.remedy),
                (field, remedy),
                "{message}"
            );
        }
    }

    #[test]
    fn the_connectors_field_wins_over_what_the_code_is_known_for() {
        let blamed = failure("InvalidEmail", "no", Some("/tenant")).explain();
        assert_eq!(
            (blamed.field, blamed.remedy),
            (Some(Field::Tenant), Remedy::Correct)
        );
        let wild = failure("InvalidEmail", "no", Some("/somewhere")).explain();
        assert_eq!(wild.field, Some(Field::ContactEmail));
        let quantity = failure("X", "no", Some("/quantity")).explain();
        assert_eq!(quantity.remedy, Remedy::OrderAgain);
    }

    #[test]
    fn an_unknown_code_leaves_the_vendors_words_alone_with_honest_help() {
        let found = failure("E-77", "Computer says no", None).explain();
        assert_eq!((found.meaning, &found.field), (None, &None));
        assert_eq!(
            found.help("Cirrus Backup"),
            "Ask Cirrus Backup what is missing, then retry this item or give it up."
        );
    }

    #[test]
    fn the_same_cause_is_the_code_and_for_a_vague_one_also_the_words() {
        fn cause(code: &str, message: &str) -> String {
            failure(code, message, None).cause()
        }
        assert_eq!(cause("InvalidEmail", "a@b"), cause("InvalidEmail", "c@d"));
        assert_eq!(
            cause("HTTP400", "Seat 12 is taken"),
            cause("HTTP400", "Seat 7 is taken")
        );
        assert_ne!(
            cause("HTTP400", "Seat 12 is taken"),
            cause("HTTP400", "No credit")
        );
        assert_ne!(cause("HTTP400", "No credit"), cause("HTTP422", "No credit"));
        assert!(cause(&"x".repeat(9_000), "").chars().count() <= CAUSE_MAX);
        assert!(cause("HTTP400", &"ä".repeat(9_000)).chars().count() <= CAUSE_MAX);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_vendor_says_is_explained(code in ".{0,40}", message in ".{0,200}", field in ".{0,40}") {
            let failure = failure(&code, &message, Some(&field));
            let explained = failure.explain();
            proptest::prop_assert!(explained.help("V").ends_with('.'));
            if explained.remedy == Remedy::Correct
                && let Some(field) = &explained.field
            {
                proptest::prop_assert!(field.is_correctable());
                proptest::prop_assert_eq!(Field::at(&field.pointer()), Some(field.clone()));
            }
        }
    }
}
