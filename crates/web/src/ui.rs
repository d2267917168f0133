//! Pages: each a struct with its template beside its handler; they work without script.

mod address;
mod answers;
mod approval_rules;
pub(crate) mod assets;
mod bulk;
mod cart;
mod catalog;
mod categories;
mod clock;
pub(crate) mod column;
mod components;
mod desk;
mod difference;
mod differences;
mod entrance;
pub(crate) mod filters;
mod forms;
pub(crate) mod frame;
mod item;
mod jobs;
mod kept;
mod offer;
mod offer_facts;
mod order;
mod orders;
mod organization;
mod planned;
pub(crate) mod preferences;
mod price_sheets;
mod prices;
mod quotes;
pub(crate) mod say;
mod sheet;
mod subscription;
mod subscriptions;
mod suggestions;
mod suspension;
mod terms;
mod timeline;
mod views;
mod waterfall;

use axum::Router;
use axum::routing::{get, post};

use crate::{Web, export, live};

pub(crate) fn router(is_demo: bool) -> Router<Web> {
    let router = match is_demo {
        true => Router::new()
            .route("/demo/components", get(components::show))
            .route("/demo/clock", get(clock::show).post(clock::forward)),
        false => Router::new(),
    };
    router
        .route("/", get(entrance::home))
        .route("/sign-in", get(entrance::sign_in).post(entrance::open))
        .route("/sign-out", post(entrance::close))
        .route("/organizations", get(entrance::select))
        .route(
            "/organizations/{organization}/suspension",
            get(suspension::show).post(suspension::decide),
        )
        .route(
            "/partners/{partner}/suspension",
            get(suspension::show_partner).post(suspension::decide),
        )
        .route("/approval-rules", get(approval_rules::first))
        .route(
            "/partners/{partner}/approval-rules",
            get(approval_rules::show).post(approval_rules::save),
        )
        .route(
            "/partners/{partner}/approval-rules/{id}/removal",
            post(approval_rules::remove),
        )
        .route(
            "/partners/{partner}/ordering",
            post(approval_rules::ask_erp_number),
        )
        .route("/prices", get(prices::first))
        .route(
            "/partners/{partner}/prices",
            get(prices::show).post(prices::add),
        )
        .route("/partners/{partner}/prices/{id}/end", post(prices::end))
        .route(
            "/partners/{partner}/prices/{id}/removal",
            post(prices::remove),
        )
        .route("/categories", get(categories::first))
        .route(
            "/partners/{partner}/categories",
            get(categories::list).post(categories::sort),
        )
        .route("/terms", get(terms::first))
        .route(
            "/partners/{partner}/terms",
            get(terms::list).post(terms::publish),
        )
        .route(
            "/partners/{partner}/price-sheets",
            get(price_sheets::list).post(price_sheets::upload),
        )
        .route(
            "/partners/{partner}/price-sheets/{id}",
            get(price_sheets::show),
        )
        .route(
            "/partners/{partner}/price-sheets/{id}/problems.csv",
            get(price_sheets::problems),
        )
        .route("/differences", get(differences::first))
        .route(
            "/partners/{partner}/differences",
            get(differences::list).post(differences::compare),
        )
        .route(
            "/partners/{partner}/differences/{id}",
            get(difference::show).post(difference::resolve),
        )
        .route("/desk", get(desk::show))
        .route(
            "/desk/orders/{organization}/{number}/run",
            post(desk::run_again),
        )
        .route("/desk/views", post(views::save_of_desk))
        .route("/desk/views/{id}/removal", post(views::remove_from_desk))
        .route(
            "/o/{organization}/organization",
            get(organization::show).post(organization::save),
        )
        .route("/o/{organization}/catalog", get(catalog::list))
        .route(
            "/o/{organization}/catalog/{offer}",
            get(offer::show).post(offer::add),
        )
        .route("/o/{organization}/terms", get(terms::show))
        .route("/o/{organization}/cart", get(cart::show).post(cart::place))
        .route("/o/{organization}/cart/items/{line}", post(cart::change))
        .route(
            "/o/{organization}/cart/items/{line}/addons",
            post(cart::add_addon),
        )
        .route(
            "/o/{organization}/cart/items/{line}/removal",
            post(cart::remove),
        )
        .route("/o/{organization}/orders", get(orders::recent))
        .route(
            "/o/{organization}/orders/historical",
            get(orders::historical),
        )
        .route("/o/{organization}/orders/bulk", post(bulk::act))
        .route(
            "/o/{organization}/orders/{number}/items/{item}/same-cause",
            post(bulk::same_cause),
        )
        .route("/o/{organization}/orders/views", post(views::save))
        .route(
            "/o/{organization}/orders/views/{id}/removal",
            post(views::remove),
        )
        .route("/o/{organization}/orders/live", get(live::orders))
        .route("/o/{organization}/orders/export.csv", get(export::page_csv))
        .route(
            "/o/{organization}/orders/export.xlsx",
            get(export::page_xlsx),
        )
        .route("/o/{organization}/orders/{number}", get(order::details))
        .route(
            "/o/{organization}/orders/{number}/items/{line}",
            get(item::show),
        )
        .route(
            "/o/{organization}/orders/{number}/actions/{action}",
            post(forms::act),
        )
        .route("/o/{organization}/subscriptions", get(subscriptions::list))
        .route(
            "/o/{organization}/subscriptions/sheet.csv",
            get(sheet::download),
        )
        .route(
            "/o/{organization}/subscriptions/bulk",
            get(sheet::show).post(sheet::judge),
        )
        .route(
            "/o/{organization}/subscriptions/planned",
            get(planned::show),
        )
        .route("/o/{organization}/jobs", get(jobs::list))
        .route(
            "/o/{organization}/jobs/{job}",
            get(jobs::show).post(jobs::tell),
        )
        .route("/o/{organization}/jobs/{job}/result.csv", get(jobs::result))
        .route(
            "/o/{organization}/subscriptions/{subscription}",
            get(subscription::show).post(subscription::change),
        )
        .route(
            "/o/{organization}/quotes",
            get(quotes::list).post(quotes::make),
        )
        .route("/o/{organization}/quotes/new", get(quotes::new))
        .route(
            "/o/{organization}/quotes/{number}",
            get(quotes::show).post(quotes::edit),
        )
        .route(
            "/o/{organization}/quotes/{number}/actions/{action}",
            post(quotes::act),
        )
        .route("/preferences", post(preferences::choose))
        .route(
            "/static/app.css",
            get(async |wanted, headers| assets::serve(&assets::STYLE, wanted, headers).await),
        )
        .route(
            "/static/app.js",
            get(async |wanted, headers| assets::serve(&assets::SCRIPT, wanted, headers).await),
        )
        .route(
            "/static/icons.svg",
            get(async |wanted, headers| assets::serve(&assets::ICONS, wanted, headers).await),
        )
        .route(
            "/static/mark.svg",
            get(async |wanted, headers| assets::serve(&assets::MARK, wanted, headers).await),
        )
        .route(
            "/static/customer-mark.svg",
            get(async |wanted, headers| {
                assets::serve(&assets::CUSTOMER_MARK, wanted, headers).await
            }),
        )
        .layer(axum::middleware::from_fn(kept::keep))
}
