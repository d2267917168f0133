//! The doors: pages for people, an API for programs. Both talk to `app` alone, where rights and
//! visibility are decided.

mod api;
mod desk;
mod error;
mod export;
mod list;
mod live;
mod mishap;
mod posted;
mod spool;
mod trace;
mod ui;
mod visitor;
mod webhooks;

use app::App;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

pub use self::api::openapi;

/// A form or a command; nothing that people type is longer.
pub(crate) const BODY_MAX: usize = 256 * 1024;
/// An event of a vendor's.
pub(crate) const EVENT_MAX: usize = 64 * 1024;
/// A sheet of changes, as it is pasted.
pub(crate) const SHEET_MAX: usize = 4 * 1024 * 1024;
/// A vendor's price sheet, as a file.
pub(crate) const PRICE_SHEET_MAX: usize = 64 * 1024 * 1024;
/// No inline script or style, nothing from elsewhere, no frames (reliability 5.8).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What the doors need to know.
#[derive(Clone)]
pub struct Web {
    pub(crate) app: App,
    /// Where people reach the product, such as `https://desk.example`; without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) streams: live::Streams,
}

/// All routes; the demo has one more, which tells the whole world as it is.
pub fn router(app: App, public_url: &str, is_demo: bool) -> Router {
    let web = Web {
        app,
        public_url: public_url.trim_end_matches('/').to_owned(),
        streams: live::Streams::default(),
    };
    let set =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(live::ready))
        .route(
            "/webhooks/partner-center/{partner}/{vendor}",
            post(webhooks::partner_center),
        )
        .merge(ui::router(is_demo))
        .merge(api::router(is_demo))
        .fallback(async || error::Page(app::Error::NotFound))
        .layer(axum::middleware::from_fn_with_state(
            web.clone(),
            mishap::tell,
        ))
        .layer(axum::middleware::from_fn(ui::preferences::keep))
        .layer(CompressionLayer::new().gzip(true))
        // `mishap` has read it by then, and knows what may be sent where.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(set(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(set(header::CACHE_CONTROL, "private, no-store"))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "same-origin"))
        .layer(TraceLayer::new_for_http())
        .layer(axum::middleware::from_fn_with_state(
            web.clone(),
            trace::follow,
        ))
        .with_state(web)
}
