//! Text that people type: trimmed, bounded, free of control characters; parsed once, valid ever after.

use serde::{Deserialize, Serialize};

/// Why a typed value was not taken. The words are for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A line of text: no control characters, not blank, at most `max` characters.
pub fn line(text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid("must not be empty".into()));
    }
    if text.chars().count() > max {
        return Err(Invalid(format!("must be at most {max} characters long")));
    }
    if text.chars().any(|c| c.is_control()) {
        return Err(Invalid("must not contain control characters".into()));
    }
    Ok(text.to_owned())
}

/// An e-mail address as far as it can be told without sending one; kept lower-case in its domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Takes `name@host.tld`, at most 254 characters (RFC 5321), without spaces.
    pub fn parse(text: &str) -> Result<Email, Invalid> {
        let wrong = || Invalid("must be an e-mail address such as name@example.com".into());
        let text = line(text, 254).map_err(|_| wrong())?;
        let (name, host) = text.rsplit_once('@').ok_or_else(wrong)?;
        let labels_are_good = host.contains('.')
            && host.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        let name_is_good = !name.is_empty()
            && !name
                .chars()
                .any(|c| c.is_whitespace() || "@<>,;:\"()[]\\".contains(c));
        if !labels_are_good || !name_is_good {
            return Err(wrong());
        }
        Ok(Email(format!("{name}@{}", host.to_lowercase())))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Email, Invalid> {
        Email::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who will receive and use the subscription; the vendor is given these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Where the vendor writes to.
    pub email: Email,
    /// First name.
    pub name: String,
    /// Family name.
    pub surname: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_or_refused() {
        for good in ["a@b.example", "Ieva.B+x@Amber.Example", "šarūnas@žuvis.lt"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.example",
            "a@b..c",
            "a b@c.de",
            "a@b.c\nBcc: x@y.z",
            "a@-b.c",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("  x ", 3), Ok("x".into()));
        assert!(line("   ", 3).is_err());
        assert!(line("four", 3).is_err());
        assert!(line("a\u{7}b", 9).is_err());
    }
}
