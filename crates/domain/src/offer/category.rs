//! Categories: the headings of a catalog, by the names that its owner gives them.

use super::Offer;
use crate::order::listing::words::fold;
use crate::text::{Invalid, line};

/// The heading of what is in no category; none is called so.
pub const OTHER: &str = "Other";
/// Categories of one product at the most.
const COUNT_MAX: usize = 5;
/// Longest name, in characters.
const LENGTH_MAX: usize = 60;

impl Offer {
    /// The one heading that it stands under in a catalog: its first category.
    pub fn category(&self) -> &str {
        self.categories.first().map_or(OTHER, String::as_str)
    }

    /// Sorts headings by their names, and what is in no category after them all.
    pub(super) fn category_place(&self) -> String {
        match self.categories.first() {
            Some(name) => format!("1{}", fold(name)),
            None => "2".to_owned(),
        }
    }
}

/// Categories as typed, each once, the one to stand under first; written as they are `known` already.
pub fn parse(typed: &[String], known: &[String]) -> Result<Vec<String>, Invalid> {
    let mut read: Vec<String> = Vec::new();
    for name in typed.iter().filter(|name| !name.trim().is_empty()) {
        let name = line(name, LENGTH_MAX)?;
        if name.contains(',') {
            return Err(Invalid("must be names without a comma".into()));
        }
        let folded = fold(&name);
        if folded == fold(OTHER) {
            let words = "can't be called Other: leave it empty for what belongs under no heading";
            return Err(Invalid(words.into()));
        }
        if read.iter().all(|before| fold(before) != folded) {
            let found = known.iter().find(|known| fold(known) == folded);
            read.push(found.cloned().unwrap_or(name));
        }
    }
    match read.len() > COUNT_MAX {
        true => Err(Invalid(format!("must be {COUNT_MAX} at the most"))),
        false => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_taken_once_in_their_sequence_and_written_as_before() {
        let known = ["E-Mail".to_owned(), "Büro".to_owned()];
        for (typed, expected) in [
            (vec![], Ok(vec![])),
            (vec!["", "  "], Ok(vec![])),
            (vec![" Backup ", "e-mail"], Ok(vec!["Backup", "E-Mail"])),
            (vec!["buro", "Backup", "BÜRO"], Ok(vec!["Büro", "Backup"])),
            (vec!["other"], Err("can't be called Other")),
            (vec!["a, b"], Err("without a comma")),
            (vec!["a\u{7}"], Err("control characters")),
            (vec!["a", "b", "c", "d", "e", "f"], Err("5 at the most")),
        ] {
            let given: Vec<String> = typed.iter().map(|name| (*name).to_owned()).collect();
            match (parse(&given, &known), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected),
                (Err(refused), Err(words)) => assert!(refused.0.contains(words), "{refused}"),
                (read, expected) => panic!("{typed:?}: {read:?} instead of {expected:?}"),
            }
        }
        assert!(parse(&["x".repeat(61)], &known).is_err());
    }
}
