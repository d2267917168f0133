//! Where a page of a list ended, as an address carries it: the last row's instant, in microseconds since
//! 1970, and its id.

use std::fmt::Display;
use std::str::FromStr;

use app::Error;
use axum::http::{HeaderMap, header};
use domain::text::Invalid;
use jiff::Timestamp;

pub(crate) fn cursor<Id: Display>((at, id): (Timestamp, Id)) -> String {
    format!("{}.{id}", at.as_microsecond())
}

/// An entry of a `Link` header: the same question at another place of its list, relative to the address
/// that was asked. Words without a value are left out.
pub(super) fn link(rel: &str, words: &[(&str, Option<&str>)], cursor: &str) -> String {
    let words = words
        .iter()
        .filter_map(|(key, word)| Some((*key, (*word)?)));
    let address: Vec<_> = words.chain([("cursor", cursor)]).collect();
    // Pairs of plain text always have a form.
    let address = serde_urlencoded::to_string(address).unwrap_or_default();
    format!("<?{address}>; rel=\"{rel}\"")
}

/// Leads to the page that begins at `cursor`; after the last page nowhere.
pub(super) fn next_page(words: &[(&str, Option<&str>)], cursor: Option<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let next = cursor.map(|cursor| link("next", words, &cursor));
    if let Some(Ok(link)) = next.map(TryInto::try_into) {
        headers.insert(header::LINK, link);
    }
    headers
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
