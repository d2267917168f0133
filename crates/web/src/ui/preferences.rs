//! What a visitor prefers: theme, time zone and columns. Kept in cookies of the browser, so that it
//! needs no script and no account, and read once for each request.

use axum::Form;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use jiff::tz::TimeZone;

use super::kept::safe_address;
use crate::Web;
use crate::error::Page;
use crate::visitor::check_origin;

const THEME: &str = "theme";
const ZONE: &str = "zone";
const HIDDEN: &str = "hidden";

/// Read from the request; defaults where it says nothing.
#[derive(Clone, Default)]
struct Preferences {
    theme: Theme,
    zone: Option<TimeZone>,
    hidden: Vec<String>,
}

/// Colors: as the system has them, or by choice.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// The value in cookie, form and page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The word on the screen.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Theme::System => "System",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        }
    }

    fn parse(text: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == text)
    }
}

tokio::task_local! {
    /// Of the request that is being answered. Pages of every kind need it, errors too, and none of
    /// them decides anything by it; so it is not an argument of all of them.
    static PREFERENCES: Preferences;
}

/// Makes the preferences known to whatever renders the answer.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    let preferences = read(request.headers());
    PREFERENCES.scope(preferences, next.run(request)).await
}

fn read(headers: &HeaderMap) -> Preferences {
    let jar = CookieJar::from_headers(headers);
    let text = |name: &str| jar.get(name).map(|cookie| cookie.value().to_owned());
    let zone = text(ZONE).filter(|name| name.len() <= 64);
    Preferences {
        theme: text(THEME)
            .and_then(|name| Theme::parse(&name))
            .unwrap_or_default(),
        zone: zone.and_then(|name| TimeZone::get(&name.replace("%2F", "/")).ok()),
        hidden: text(HIDDEN)
            .map(|names| names.split('.').map(str::to_owned).collect())
            .unwrap_or_default(),
    }
}

/// The theme of whoever is answered.
pub(crate) fn theme() -> Theme {
    PREFERENCES.try_with(|p| p.theme).unwrap_or_default()
}

/// The time zone of whoever is answered; UTC until their browser has said it.
pub(crate) fn zone() -> TimeZone {
    PREFERENCES
        .try_with(|p| p.zone.clone())
        .ok()
        .flatten()
        .unwrap_or(TimeZone::UTC)
}

/// Whether a column of a list was put away.
pub(crate) fn is_hidden(column: &str) -> bool {
    PREFERENCES
        .try_with(|p| p.hidden.iter().any(|name| name == column))
        .unwrap_or_default()
}

/// Keeps a choice and returns to the page that it was made on.
pub(crate) async fn choose(
    State(web): State<Web>,
    jar: CookieJar,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Page> {
    check_origin(&headers, &web)?;
    let values = |wanted: &str| -> Vec<&str> {
        let named = fields.iter().filter(|(name, _)| name == wanted);
        named.map(|(_, value)| value.as_str()).collect()
    };
    let mut jar = jar;
    if let Some(theme) = values("theme").first().and_then(|name| Theme::parse(name)) {
        jar = jar.add(cookie(&web, THEME, theme.name().to_owned()));
    }
    // A form of columns names all that it offers, so that what is not chosen is known.
    let (offered, chosen) = (values("offered"), values("column"));
    if !offered.is_empty() {
        let before = read(&headers).hidden;
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let kept = before.iter().map(String::as_str);
        let mut hidden: Vec<&str> = kept.filter(|name| !offered.contains(name)).collect();
        hidden.extend(offered.iter().filter(|name| !chosen.contains(name)));
        hidden.retain(|name| is_name(name) && name.len() <= 32);
        hidden.truncate(32);
        jar = jar.add(cookie(&web, HIDDEN, hidden.join(".")));
    }
    let back = came_from(&headers, &web);
    let back = match offered.is_empty() {
        true => back,
        false => without_columns(&back),
    };
    Ok((jar, Redirect::to(&back)).into_response())
}

/// A saved view's columns stand in its address, where a choice that is made by hand takes their place.
fn without_columns(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let words = query.split('&');
    let kept: Vec<&str> = words.filter(|word| !word.starts_with("columns=")).collect();
    match kept.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", kept.join("&")),
    }
}

/// The page that a form was sent from, if it is ours.
pub(crate) fn came_from(headers: &HeaderMap, web: &Web) -> String {
    let referrer = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok())
        .and_then(|address| address.strip_prefix(&web.public_url))
        .and_then(safe_address);
    referrer.unwrap_or("/").to_owned()
}

fn cookie(web: &Web, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .permanent()
        .secure(web.public_url.starts_with("https://"))
        .same_site(SameSite::Lax)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_an_address_names_are_left_out_of_the_way_back() {
        for (address, back) in [
            ("/o/a/orders", "/o/a/orders"),
            ("/o/a/orders?columns=date", "/o/a/orders"),
            (
                "/o/a/orders?q=x&columns=date&sort=oldest",
                "/o/a/orders?q=x&sort=oldest",
            ),
        ] {
            assert_eq!(without_columns(address), back);
        }
    }
}
