//! `Retry-After`, as seconds or as a date; nonsense counts as nothing.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// A vendor may not put us off for longer than this.
const MAX: Duration = Duration::from_secs(3_600);

/// How long the vendor wants us to wait. A date counts from the answer's own `Date`, so that neither
/// clock has to be right.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wish = text(headers, RETRY_AFTER)?;
    let wait = match wish.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = date(text(headers, DATE)?)?;
            Duration::try_from(date(wish)?.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(MAX))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_not() {
        for (wish, expected) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("999999999", Some(3_600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-7", None),
            ("soon", None),
            ("7.5", None),
            ("99999999999999999999999999", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, "Sun, 06 Nov 1994 08:49:00 GMT".parse().unwrap());
            headers.insert(RETRY_AFTER, wish.parse().unwrap());
            let found = retry_after(&headers).map(|wait| wait.as_secs());
            assert_eq!(found, expected, "{wish}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
