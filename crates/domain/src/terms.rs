//! Terms and conditions: versions that come into force one after the other, and stay to be read.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::{OrganizationId, TermsId, VendorId};
use crate::price::record::parse_day;
use crate::text::{self, Invalid};

/// Characters of a version's text at the most.
const TEXT_MAX: usize = 40_000;
/// Characters of a version's name at the most.
const LABEL_MAX: usize = 40;
/// Stands between the names of versions that were accepted together.
const BETWEEN: &str = " + ";
/// What is recorded where no terms are in force.
const NONE: &str = "none";

/// What terms are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsVendor {
    /// The vendor's id.
    pub id: VendorId,
    /// Its name for people.
    pub name: String,
}

/// A version of a partner's terms: for all that it sells, or for what is of one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsVersion {
    /// Its id.
    pub id: TermsId,
    /// Who sells on these terms.
    pub owner: OrganizationId,
    /// Of which vendor's licenses; of all when absent.
    pub vendor: Option<TermsVendor>,
    /// What this version is called: `2026-11`.
    pub label: String,
    /// Since when it is in force, until the next one of its kind is.
    pub from: Timestamp,
    /// Paragraphs with an empty line between them.
    pub text: String,
    /// Who published it.
    pub published_by: Actor,
    /// When.
    pub published_at: Timestamp,
}

impl TermsVersion {
    /// Its name beside those of others: `2026-11`, `Microsoft 2026-10`.
    pub fn name(&self) -> String {
        match &self.vendor {
            None => self.label.clone(),
            Some(vendor) => format!("{} {}", vendor.name, self.label),
        }
    }

    /// The paragraphs of its text.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        let paragraphs = self.text.split("\n\n").map(str::trim);
        paragraphs.filter(|paragraph| !paragraph.is_empty())
    }
}

/// The versions that apply to one order: the general ones, then those of its vendors by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied(Vec<TermsVersion>);

impl Applied {
    /// Puts together what is in force.
    pub fn new(mut versions: Vec<TermsVersion>) -> Applied {
        versions.sort_by_key(|version| (version.vendor.is_some(), version.name(), version.id));
        Applied(versions)
    }

    /// The versions.
    pub fn versions(&self) -> &[TermsVersion] {
        &self.0
    }

    /// What an order records of them: another text as soon as one of them is another.
    pub fn label(&self) -> String {
        let names: Vec<String> = self.0.iter().map(TermsVersion::name).collect();
        match names.is_empty() {
            true => NONE.to_owned(),
            false => names.join(BETWEEN),
        }
    }
}

/// Reads what a version is called.
pub fn parse_label(typed: &str) -> Result<String, Invalid> {
    let label = text::line(typed, LABEL_MAX)?;
    match label.contains(BETWEEN.trim()) {
        true => Err(Invalid("must not contain a plus sign".into())),
        false => Ok(label),
    }
}

/// Reads a text of paragraphs; lines end as on this side of the world.
pub fn parse_text(typed: &str) -> Result<String, Invalid> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid("must not be empty".into()));
    }
    if text.chars().count() > TEXT_MAX {
        let words = format!("must be at most {TEXT_MAX} characters long");
        return Err(Invalid(words));
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Invalid("must not contain control characters".into()));
    }
    Ok(text.to_owned())
}

/// Reads the first day of a version in its owner's time zone; today, and nothing, mean from now on.
pub fn parse_from(typed: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Invalid> {
    let today = now.to_zoned(zone.clone()).date();
    match parse_day(typed)? {
        None => Ok(now),
        Some(day) if day == today => Ok(now),
        Some(day) if day < today => Err(Invalid(
            "must be today or later: what was in force stays what it was".into(),
        )),
        Some(day) => match day.to_zoned(zone.clone()) {
            Ok(begin) => Ok(begin.timestamp()),
            Err(_) => Err(Invalid("must be a day such as 2026-11-23".into())),
        },
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::UserId;

    fn version(number: u128, vendor: &str, label: &str) -> TermsVersion {
        let owner = OrganizationId(Uuid::nil());
        let vendor = Some(vendor).filter(|name| !name.is_empty());
        TermsVersion {
            id: TermsId(Uuid::from_u128(number)),
            owner,
            vendor: vendor.map(|name| TermsVendor {
                id: VendorId(Uuid::nil()),
                name: name.into(),
            }),
            label: label.into(),
            from: Timestamp::UNIX_EPOCH,
            text: "One.\n\n\n\nTwo,\nstill two.\n".into(),
            published_by: Actor {
                user: UserId(Uuid::nil()),
                person: String::new(),
                email: String::new(),
                organization: owner,
                organization_name: String::new(),
            },
            published_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_order_records_the_general_terms_then_those_of_its_vendors() {
        let applied = |versions| Applied::new(versions).label();
        assert_eq!(applied(vec![]), "none");
        let general = || version(1, "", "2026-11");
        assert_eq!(applied(vec![general()]), "2026-11");
        let vendors = vec![
            version(3, "Microsoft", "v7"),
            version(2, "Cirrus", "B"),
            general(),
        ];
        assert_eq!(applied(vendors), "2026-11 + Cirrus B + Microsoft v7");
        let paragraphs: Vec<_> = general().paragraphs().map(str::to_owned).collect();
        assert_eq!(paragraphs, ["One.", "Two,\nstill two."]);
    }

    #[test]
    fn what_was_in_force_stays_what_it_was() {
        let zone = TimeZone::get("Europe/Vilnius").unwrap();
        // Past midnight in Vilnius, still the day before in UTC.
        let now: Timestamp = "2026-11-24T22:30:00Z".parse().unwrap();
        let read = |typed: &str| parse_from(typed, &zone, now).map(|at| at.to_string());
        for from_now in ["", " 2026-11-25 "] {
            assert_eq!(read(from_now).unwrap(), "2026-11-24T22:30:00Z");
        }
        assert_eq!(read("2026-11-26").unwrap(), "2026-11-25T22:00:00Z");
        for wrong in ["2026-11-24", "soon", "26.11.2026"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_label_is_a_line_without_a_plus_and_a_text_has_paragraphs() {
        assert_eq!(parse_label(" 2026-11 ").unwrap(), "2026-11");
        for wrong in ["", "a + b", "a\nb", &"x".repeat(41)] {
            assert!(parse_label(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_text("a\r\n\r\nb\r\n").unwrap(), "a\n\nb");
        for wrong in [" \n ", "a\u{7}", &"x".repeat(TEXT_MAX + 1)] {
            assert!(parse_text(wrong).is_err());
        }
    }
}
