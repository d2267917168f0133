//! For whom something is sold: a country, a kind of customer.

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// A country by its ISO 3166 code of two letters: `LT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// Takes two letters, small or capital.
    pub fn parse(code: &str) -> Result<Country, Invalid> {
        match code.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Country([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(Invalid(
                "must be a country of two letters such as LT".into(),
            )),
        }
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Country {
    type Error = Invalid;

    fn try_from(code: String) -> Result<Country, Invalid> {
        Country::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.code().to_owned()
    }
}

/// What kind of customer an organization is; vendors have prices of their own for some.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// A business.
    #[default]
    Commercial,
    /// A school or university.
    Education,
    /// A public body.
    Government,
    /// A charity.
    Nonprofit,
}

impl Segment {
    /// All of them.
    pub const ALL: [Segment; 4] = [
        Segment::Commercial,
        Segment::Education,
        Segment::Government,
        Segment::Nonprofit,
    ];

    /// Reads a vendor's word for it, whatever its case.
    pub fn parse(text: &str) -> Result<Segment, Invalid> {
        match text.trim().to_ascii_lowercase().as_str() {
            "commercial" | "corporate" => Ok(Segment::Commercial),
            "education" | "academic" => Ok(Segment::Education),
            "government" => Ok(Segment::Government),
            "nonprofit" | "charity" => Ok(Segment::Nonprofit),
            _ => Err(Invalid(
                "must be Commercial, Education, Government or Charity".into(),
            )),
        }
    }

    /// The name in storage and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Segment::Commercial => "commercial",
            Segment::Education => "education",
            Segment::Government => "government",
            Segment::Nonprofit => "nonprofit",
        }
    }

    /// The words on the screen, for several of the kind.
    pub fn label(self) -> &'static str {
        match self {
            Segment::Commercial => "businesses",
            Segment::Education => "education",
            Segment::Government => "government",
            Segment::Nonprofit => "nonprofits",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_two_letters_and_a_segment_a_vendors_word() {
        assert_eq!(Country::parse(" lt ").unwrap().code(), "LT");
        for bad in ["", "L", "LTU", "L1", "ĖĖ"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
        for segment in Segment::ALL {
            assert_eq!(Segment::parse(segment.name()), Ok(segment));
        }
        assert_eq!(Segment::parse("Charity"), Ok(Segment::Nonprofit));
        assert!(Segment::parse("everybody").is_err());
    }
}
