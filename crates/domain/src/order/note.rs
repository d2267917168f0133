//! Notes: what people write about an order, at any time, in either view.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::NoteId;
use crate::text::Invalid;

/// Notes on one order at the most, of those for all and of the internal ones.
pub const NOTES_MAX: usize = 200;
const LENGTH_MAX: usize = 4_000;

/// What somebody wrote about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Who wrote it, acting for whom.
    pub author: Actor,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
    /// For seller and distributor people only.
    pub is_internal: bool,
}

/// Takes a note as typed: several lines, 1 to 4,000 characters, no control characters but breaks.
pub fn parse(text: &str) -> Result<String, Invalid> {
    let text = text.trim().replace("\r\n", "\n");
    match text.chars().count() {
        0 => return Err(Invalid("must not be empty".into())),
        1..=LENGTH_MAX => {}
        _ => {
            let words = format!("must be at most {LENGTH_MAX} characters long");
            return Err(Invalid(words));
        }
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid("must not contain control characters".into()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_bounded_and_keeps_its_lines() {
        assert_eq!(parse(" a\r\nb "), Ok("a\nb".into()));
        assert_eq!(parse(&"ä".repeat(4_000)).map(|text| text.len()), Ok(8_000));
        assert!(parse(&"ä".repeat(4_001)).is_err());
        assert!(parse(" \n").is_err());
        assert!(parse("a\u{7}").is_err());
    }
}
