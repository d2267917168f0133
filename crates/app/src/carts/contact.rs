//! Who will use a license, and where, as typed.

use domain::text::{Contact, Email, Invalid, line};

/// Who will use a license, as typed; every field that is wrong, with the reason.
pub(super) fn read(
    email: &str,
    name: &str,
    surname: &str,
) -> Result<Contact, Vec<(&'static str, Invalid)>> {
    let parsed = (Email::parse(email), line(name, 80), line(surname, 80));
    if let (Ok(email), Ok(name), Ok(surname)) = parsed {
        return Ok(Contact {
            email,
            name,
            surname,
        });
    }
    let (email, name, surname) = parsed;
    let wrong = [
        ("/contact_email", email.err()),
        ("/contact_name", name.err()),
        ("/contact_surname", surname.err()),
    ];
    let wrong = wrong.into_iter();
    Err(wrong
        .filter_map(|(field, reason)| Some((field, reason?)))
        .collect())
}

/// Taken where the offer asks for one, refused where it does not.
pub(super) fn tenant(has_tenant: bool, typed: Option<&str>) -> Result<Option<String>, Invalid> {
    let wrong = |words: &str| Err(Invalid(words.into()));
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty());
    match (has_tenant, typed) {
        (false, None) => Ok(None),
        (false, Some(_)) => wrong("is not used by this vendor; leave it empty"),
        (true, None) => wrong("must name the tenant, such as amber.onmicrosoft.com"),
        (true, Some(typed)) => parse_tenant(typed).map(Some),
    }
}

/// A customer's tenant, as typed.
pub(crate) fn parse_tenant(typed: &str) -> Result<String, Invalid> {
    let name = typed.trim().to_lowercase();
    let prefix = name.strip_suffix(".onmicrosoft.com").unwrap_or_default();
    let is_good =
        (1..=27).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric());
    match is_good {
        true => Ok(name),
        false => Err(Invalid(
            "must be like amber.onmicrosoft.com: at most 27 letters and digits before the dot"
                .into(),
        )),
    }
}
