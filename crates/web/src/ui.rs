//! Pages: each a struct with its template beside its handler; they work without script.

mod cart;
mod catalog;
mod entrance;
mod kept;
mod orders;

use app::access::Access;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::visitor::Visitor;
use crate::{Web, live};

pub(crate) fn router() -> Router<Web> {
    Router::new()
        .route("/", get(entrance::home))
        .route("/sign-in", get(entrance::sign_in).post(entrance::open))
        .route("/sign-out", post(entrance::close))
        .route("/organizations", get(entrance::select))
        .route("/o/{organization}/catalog", get(catalog::list))
        .route(
            "/o/{organization}/catalog/{offer}",
            get(catalog::offer).post(catalog::add),
        )
        .route("/o/{organization}/cart", get(cart::show).post(cart::place))
        .route("/o/{organization}/cart/items/{line}", post(cart::change))
        .route(
            "/o/{organization}/cart/items/{line}/removal",
            post(cart::remove),
        )
        .route("/o/{organization}/orders", get(orders::recent))
        .route(
            "/o/{organization}/orders/historical",
            get(orders::historical),
        )
        .route("/o/{organization}/orders/live", get(live::orders))
        .route("/o/{organization}/orders/{number}", get(orders::details))
        .route(
            "/o/{organization}/orders/{number}/actions/{action}",
            post(orders::act),
        )
        .route(
            "/o/{organization}/subscriptions",
            get(catalog::subscriptions),
        )
        .route(
            "/static/app.css",
            get(async || asset("text/css", include_str!("../static/app.css"))),
        )
        .route(
            "/static/app.js",
            get(async || asset("text/javascript", include_str!("../static/app.js"))),
        )
        .layer(axum::middleware::from_fn(kept::keep))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        text,
    )
}

/// What every page of Customer View shows around its content.
pub(crate) struct Frame {
    organization: String,
    slug: String,
    person: String,
    acting: String,
    is_on_behalf: bool,
    may_buy: bool,
    token: String,
}

impl Frame {
    fn new(visitor: &Visitor, access: &Access) -> Frame {
        let organization = access.organization();
        Frame {
            organization: organization.name.clone(),
            slug: organization.slug.as_str().to_owned(),
            person: access.actor().person.clone(),
            acting: access.actor().organization_name.clone(),
            is_on_behalf: access.standing().is_staff(),
            may_buy: access
                .standing()
                .may(domain::access::Permission::PlaceOrders),
            token: visitor.form_token(organization.slug.as_str()),
        }
    }
}
