//! Styles, scripts and icons: joined and hashed once, so that a browser keeps them for a year and
//! still gets a new one at once.

use std::sync::LazyLock;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A file that the pages use.
pub(crate) struct Asset {
    path: &'static str,
    kind: &'static str,
    text: String,
    hash: String,
}

/// Tokens first, the most special last.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let parts = [
        include_str!("../../static/css/tokens.css"),
        include_str!("../../static/css/elements.css"),
        include_str!("../../static/css/frame.css"),
        include_str!("../../static/css/controls.css"),
        include_str!("../../static/css/lists.css"),
        include_str!("../../static/css/orders.css"),
        include_str!("../../static/css/narrow.css"),
        include_str!("../../static/css/print.css"),
    ];
    let text = squeezed(&parts.concat());
    Asset::new("/static/app.css", "text/css; charset=utf-8", &[&text])
});

/// Enhancements only: everything works without them.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let parts = [
        include_str!("../../static/js/live.js"),
        include_str!("../../static/js/panel.js"),
        include_str!("../../static/js/forms.js"),
        include_str!("../../static/js/dialogs.js"),
        include_str!("../../static/js/keys.js"),
    ];
    Asset::new("/static/app.js", "text/javascript; charset=utf-8", &parts)
});

/// Every icon as a symbol.
pub(crate) static ICONS: LazyLock<Asset> = LazyLock::new(|| {
    let parts = [include_str!("../../static/icons.svg")];
    Asset::new("/static/icons.svg", "image/svg+xml", &parts)
});

/// The mark in the tab: one for Seller View, one for Customer View.
pub(crate) static MARK: LazyLock<Asset> = LazyLock::new(|| {
    let parts = [include_str!("../../static/mark.svg")];
    Asset::new("/static/mark.svg", "image/svg+xml", &parts)
});

/// The mark in the tab while somebody is in a customer's place.
pub(crate) static CUSTOMER_MARK: LazyLock<Asset> = LazyLock::new(|| {
    let parts = [include_str!("../../static/customer-mark.svg")];
    Asset::new("/static/customer-mark.svg", "image/svg+xml", &parts)
});

/// Our own style sheets without the spaces that only people need: no text in them has one beside a
/// bracket, colon or semicolon.
fn squeezed(style: &str) -> String {
    let lines: String = style.lines().map(str::trim).collect();
    [
        ("; ", ";"),
        (" {", "{"),
        ("{ ", "{"),
        (" }", "}"),
        (": ", ":"),
        (", ", ","),
    ]
    .iter()
    .fold(lines, |text, (long, short)| text.replace(long, short))
}

/// The hash in an asset's address.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    v: String,
}

impl Asset {
    fn new(path: &'static str, kind: &'static str, parts: &[&str]) -> Asset {
        let text = parts.concat();
        let digest = Sha256::digest(text.as_bytes());
        let hash = URL_SAFE_NO_PAD.encode(&digest[..9]);
        Asset {
            path,
            kind,
            text,
            hash,
        }
    }

    /// Where it is, with its hash: another content is another address.
    pub(crate) fn address(&self) -> String {
        format!("{}?v={}", self.path, self.hash)
    }

    /// Answers a request for it; who asks for it by its hash need not ask again.
    pub(crate) fn serve(&self, wanted: &Wanted, headers: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.hash);
        let keep = match wanted.v == self.hash {
            true => "public, max-age=31536000, immutable",
            false => "public, no-cache",
        };
        let known = headers
            .get(header::IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok());
        let is_known =
            known.is_some_and(|tags| tags.split(',').any(|one| one.trim().ends_with(&tag)));
        let about = [
            (header::ETAG, tag),
            (header::CACHE_CONTROL, keep.to_owned()),
            (header::CONTENT_TYPE, self.kind.to_owned()),
        ];
        match is_known {
            true => (StatusCode::NOT_MODIFIED, about).into_response(),
            false => (about, self.text.clone()).into_response(),
        }
    }
}

/// The handler of one asset.
pub(crate) async fn serve(
    asset: &'static LazyLock<Asset>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    asset.serve(&wanted, &headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_has_an_asset_is_not_sent_it_again() {
        let ask = |wanted: &str, tag: &str| {
            let mut headers = HeaderMap::new();
            if let Ok(value) = tag.parse() {
                headers.insert(header::IF_NONE_MATCH, value);
            }
            let wanted = Wanted { v: wanted.into() };
            let answer = STYLE.serve(&wanted, &headers);
            let kept = answer.headers()[header::CACHE_CONTROL].to_str().unwrap();
            (answer.status().as_u16(), kept.contains("immutable"))
        };
        let hash = STYLE.hash.as_str();
        assert_eq!(ask(hash, "\"other\""), (200, true));
        assert_eq!(ask("", "\"other\""), (200, false));
        assert_eq!(ask("", &format!("\"other\", W/\"{hash}\"")), (304, false));
    }

    #[test]
    fn styles_keep_their_budget_and_scripts_theirs() {
        assert!(STYLE.text.len() <= 36 * 1024, "{}", STYLE.text.len());
        assert!(SCRIPT.text.len() <= 24 * 1024, "{}", SCRIPT.text.len());
    }

    #[test]
    fn every_icon_that_a_page_names_is_drawn() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text
                .split("|icon")
                .collect::<Vec<_>>()
                .split_last()
                .unwrap()
                .1
            {
                let Some(name) = part
                    .strip_suffix('"')
                    .and_then(|part| part.rsplit('"').next())
                else {
                    continue;
                };
                let drawn = format!("id=\"{name}\"");
                assert!(ICONS.text.contains(&drawn), "{name} in {path:?}");
            }
        }
    }
}
