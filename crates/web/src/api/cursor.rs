//! Where a page of a list ended, as an address carries it: the last row's instant, in microseconds since
//! 1970, and its id.

use std::fmt::Display;
use std::str::FromStr;

use app::Error;
use domain::text::Invalid;
use jiff::Timestamp;

pub(crate) fn cursor<Id: Display>((at, id): (Timestamp, Id)) -> String {
    format!("{}.{id}", at.as_microsecond())
}

/// Nothing is the first page.
pub(crate) fn read_cursor<Id: FromStr>(text: &str) -> Result<Option<(Timestamp, Id)>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (at, id) = text.split_once('.')?;
        let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
        Some((at, id.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| Error::Invalid {
        field: "/cursor",
        reason: Invalid("must be the one of a page before; begin at the first page".into()),
    })
}
