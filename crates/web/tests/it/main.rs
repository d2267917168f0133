//! Role × route: what each role is answered on each route, printed and compared. A route that has no
//! row here fails.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod admission;
mod browser_api;
mod cancel;
mod catalog;
mod drift;
mod jobs;
mod kinds;
mod lists;
mod live;
mod odd_input;
mod screens;
mod story;
mod tools;
mod twins;

use std::collections::BTreeSet;
use std::sync::Arc;

use app::App;
use app::clock::ManualClock;
use app::operators::NewUser;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Role;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Store, schema};
use tower::ServiceExt;

const ADDRESS: &str = "http://desk.example";

/// Method, route, address, body. `#` in an address is the number of a completed order; what a body
/// asks is refused by a rule for everybody, so that no row changes the world of the next.
type Row = (&'static str, &'static str, &'static str, &'static str);

const PAGES: &[Row] = &[
    ("GET", "/", "/", ""),
    ("GET", "/sign-in", "/sign-in", ""),
    ("POST", "/sign-in", "/sign-in", "email=a&password=b"),
    (
        "POST",
        "/sign-out",
        "/sign-out",
        "organization=amber&token=wrong",
    ),
    ("GET", "/organizations", "/organizations", ""),
    (
        "GET",
        "/organizations/{organization}/suspension",
        "/organizations/amber/suspension",
        "",
    ),
    (
        "POST",
        "/organizations/{organization}/suspension",
        "/organizations/amber/suspension",
        "reason=",
    ),
    (
        "GET",
        "/partners/{partner}/suspension",
        "/partners/baltic/suspension",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/suspension",
        "/partners/baltic/suspension",
        "reason=",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/suspension",
        "/api/v1/partners/baltic/suspension",
        "",
    ),
    (
        "PUT",
        "/api/v1/partners/{partner}/suspension",
        "/api/v1/partners/baltic/suspension",
        "{\"reason\": \"\"}",
    ),
    (
        "DELETE",
        "/api/v1/partners/{partner}/suspension",
        "/api/v1/partners/baltic/suspension",
        "",
    ),
    (
        "GET",
        "/o/{organization}/organization",
        "/o/amber/organization",
        "",
    ),
    (
        "POST",
        "/o/{organization}/organization",
        "/o/amber/organization",
        "erp_number=a%0Ab",
    ),
    (
        "POST",
        "/partners/{partner}/ordering",
        "/partners/baltic/ordering",
        "needs_erp_number=perhaps",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/ordering",
        "/api/v1/partners/baltic/ordering",
        "",
    ),
    (
        "PUT",
        "/api/v1/partners/{partner}/ordering",
        "/api/v1/partners/baltic/ordering",
        "{}",
    ),
    ("GET", "/differences", "/differences", ""),
    (
        "GET",
        "/partners/{partner}/differences",
        "/partners/nordic/differences",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/differences",
        "/partners/nordic/differences",
        "vendor=nowhere",
    ),
    (
        "GET",
        "/partners/{partner}/differences/{id}",
        "/partners/nordic/differences/DIFFERENCE",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/differences/{id}",
        "/partners/nordic/differences/DIFFERENCE",
        "resolution=adopt",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/comparisons",
        "/api/v1/partners/nordic/comparisons",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/comparisons",
        "/api/v1/partners/nordic/comparisons",
        "{\"vendor\": \"nowhere\"}",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/differences",
        "/api/v1/partners/nordic/differences",
        "",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/differences/{id}",
        "/api/v1/partners/nordic/differences/DIFFERENCE",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/differences/{id}/resolution",
        "/api/v1/partners/nordic/differences/DIFFERENCE/resolution",
        "{\"resolution\": \"adopt\"}",
    ),
    ("GET", "/approval-rules", "/approval-rules", ""),
    (
        "GET",
        "/partners/{partner}/approval-rules",
        "/partners/baltic/approval-rules",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/approval-rules",
        "/partners/baltic/approval-rules",
        "name=",
    ),
    (
        "POST",
        "/partners/{partner}/approval-rules/{id}/removal",
        "/partners/baltic/approval-rules/apr_0000000000000000000000000000000f/removal",
        "",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/approval-rules",
        "/api/v1/partners/baltic/approval-rules",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/approval-rules",
        "/api/v1/partners/baltic/approval-rules",
        "{\"name\": \"\"}",
    ),
    (
        "PUT",
        "/api/v1/partners/{partner}/approval-rules/{id}",
        "/api/v1/partners/baltic/approval-rules/apr_0000000000000000000000000000000f",
        "{\"name\": \"All\"}",
    ),
    (
        "DELETE",
        "/api/v1/partners/{partner}/approval-rules/{id}",
        "/api/v1/partners/baltic/approval-rules/apr_0000000000000000000000000000000f",
        "",
    ),
    ("GET", "/prices", "/prices", ""),
    (
        "GET",
        "/partners/{partner}/prices",
        "/partners/baltic/prices",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/prices",
        "/partners/baltic/prices",
        "percent=",
    ),
    (
        "POST",
        "/partners/{partner}/prices/{id}/end",
        "/partners/baltic/prices/prl_00000000000000000000000000000003/end",
        "till=never",
    ),
    (
        "POST",
        "/partners/{partner}/prices/{id}/removal",
        "/partners/baltic/prices/prl_00000000000000000000000000000003/removal",
        "",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/price-rules",
        "/api/v1/partners/baltic/price-rules",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/price-rules",
        "/api/v1/partners/baltic/price-rules?dry_run=true",
        "{\"percent\": \"3\"}",
    ),
    (
        "PATCH",
        "/api/v1/partners/{partner}/price-rules/{id}",
        "/api/v1/partners/baltic/price-rules/prl_00000000000000000000000000000003",
        "{\"till\": \"never\"}",
    ),
    (
        "DELETE",
        "/api/v1/partners/{partner}/price-rules/{id}",
        "/api/v1/partners/baltic/price-rules/prl_00000000000000000000000000000003",
        "",
    ),
    (
        "GET",
        "/partners/{partner}/price-sheets",
        "/partners/nordic/price-sheets",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/price-sheets",
        "/partners/nordic/price-sheets",
        "vendor=microsoft",
    ),
    (
        "GET",
        "/partners/{partner}/price-sheets/{id}",
        "/partners/nordic/price-sheets/imp_00000000000000000000000000000001",
        "",
    ),
    (
        "GET",
        "/partners/{partner}/price-sheets/{id}/problems.csv",
        "/partners/nordic/price-sheets/imp_00000000000000000000000000000001/problems.csv",
        "",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/price-sheets",
        "/api/v1/partners/nordic/price-sheets",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/price-sheets",
        "/api/v1/partners/nordic/price-sheets?vendor=microsoft&dry_run=true",
        "Name,Price",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/price-sheets/{id}",
        "/api/v1/partners/nordic/price-sheets/imp_00000000000000000000000000000001",
        "",
    ),
    ("GET", "/categories", "/categories", ""),
    (
        "GET",
        "/partners/{partner}/categories",
        "/partners/baltic/categories",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/categories",
        "/partners/baltic/categories",
        "categories=Backup",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/categories",
        "/api/v1/partners/baltic/categories",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/categories",
        "/api/v1/partners/baltic/categories",
        "{\"products\": [], \"categories\": []}",
    ),
    ("GET", "/terms", "/terms", ""),
    (
        "GET",
        "/partners/{partner}/terms",
        "/partners/baltic/terms",
        "",
    ),
    (
        "POST",
        "/partners/{partner}/terms",
        "/partners/baltic/terms",
        "label=",
    ),
    (
        "GET",
        "/api/v1/partners/{partner}/terms",
        "/api/v1/partners/baltic/terms",
        "",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/terms",
        "/api/v1/partners/baltic/terms",
        "{\"label\": \"\"}",
    ),
    ("GET", "/o/{organization}/terms", "/o/amber/terms", ""),
    (
        "GET",
        "/api/v1/organizations/{organization}/terms",
        "/api/v1/organizations/amber/terms",
        "",
    ),
    ("GET", "/desk", "/desk", ""),
    ("GET", "/api/v1/desk/orders", "/api/v1/desk/orders", ""),
    (
        "POST",
        "/desk/orders/{organization}/{number}/run",
        "/desk/orders/amber/1/run",
        "",
    ),
    (
        "POST",
        "/api/v1/desk/orders/{organization}/{number}/run",
        "/api/v1/desk/orders/amber/1/run",
        "",
    ),
    ("POST", "/desk/views", "/desk/views", "name=&q=waits:me"),
    (
        "POST",
        "/desk/views/{id}/removal",
        "/desk/views/viw_00000000000000000000000000000001/removal",
        "",
    ),
    ("GET", "/api/v1/desk/views", "/api/v1/desk/views", ""),
    (
        "POST",
        "/api/v1/desk/views",
        "/api/v1/desk/views",
        "{\"name\": \"\"}",
    ),
    (
        "DELETE",
        "/api/v1/desk/views/{id}",
        "/api/v1/desk/views/viw_00000000000000000000000000000001",
        "",
    ),
    ("GET", "/o/{organization}/catalog", "/o/amber/catalog", ""),
    (
        "GET",
        "/o/{organization}/catalog/{offer}",
        "/o/amber/catalog/OFFER",
        "",
    ),
    (
        "POST",
        "/o/{organization}/catalog/{offer}",
        "/o/amber/catalog/OFFER",
        "plan=&quantity=0&contact_email=&contact_name=&contact_surname=",
    ),
    ("GET", "/o/{organization}/cart", "/o/amber/cart", ""),
    (
        "POST",
        "/o/{organization}/cart",
        "/o/amber/cart",
        "number=1&version=1",
    ),
    (
        "POST",
        "/o/{organization}/cart/items/{line}",
        "/o/amber/cart/items/LINE",
        "quantity=0",
    ),
    (
        "POST",
        "/o/{organization}/cart/items/{line}/addons",
        "/o/amber/cart/items/LINE/addons",
        "offer=OFFER&quantity=0",
    ),
    (
        "POST",
        "/o/{organization}/cart/items/{line}/removal",
        "/o/amber/cart/items/LINE/removal",
        "",
    ),
    ("GET", "/o/{organization}/orders", "/o/amber/orders", ""),
    (
        "GET",
        "/o/{organization}/orders/historical",
        "/o/amber/orders/historical",
        "",
    ),
    (
        "POST",
        "/o/{organization}/orders/bulk",
        "/o/amber/orders/bulk",
        "number=1&action=retry",
    ),
    (
        "POST",
        "/o/{organization}/orders/views",
        "/o/amber/orders/views",
        "name=&q=status:failed",
    ),
    (
        "POST",
        "/o/{organization}/orders/views/{id}/removal",
        "/o/amber/orders/views/viw_00000000000000000000000000000001/removal",
        "",
    ),
    (
        "GET",
        "/o/{organization}/orders/live",
        "/o/amber/orders/live",
        "",
    ),
    (
        "GET",
        "/o/{organization}/orders/export.csv",
        "/o/amber/orders/export.csv",
        "",
    ),
    (
        "GET",
        "/o/{organization}/orders/export.xlsx",
        "/o/amber/orders/export.xlsx",
        "",
    ),
    (
        "GET",
        "/o/{organization}/orders/{number}",
        "/o/amber/orders/#",
        "",
    ),
    (
        "POST",
        "/o/{organization}/orders/{number}/actions/{action}",
        "/o/amber/orders/#/actions/give_up",
        "",
    ),
    (
        "POST",
        "/o/{organization}/orders/{number}/items/{item}/same-cause",
        "/o/amber/orders/#/items/LINE/same-cause",
        "",
    ),
    (
        "GET",
        "/o/{organization}/subscriptions",
        "/o/amber/subscriptions",
        "",
    ),
    (
        "GET",
        "/o/{organization}/subscriptions/{subscription}",
        "/o/amber/subscriptions/SUBSCRIPTION",
        "",
    ),
    (
        "GET",
        "/o/{organization}/subscriptions/planned",
        "/o/amber/subscriptions/planned",
        "",
    ),
    (
        "GET",
        "/o/{organization}/subscriptions/sheet.csv",
        "/o/amber/subscriptions/sheet.csv",
        "",
    ),
    (
        "GET",
        "/o/{organization}/subscriptions/bulk",
        "/o/amber/subscriptions/bulk",
        "",
    ),
    (
        "POST",
        "/o/{organization}/subscriptions/bulk",
        "/o/amber/subscriptions/bulk",
        "step=preview&sheet=quantity%0A5",
    ),
    ("GET", "/o/{organization}/jobs", "/o/amber/jobs", ""),
    (
        "GET",
        "/o/{organization}/jobs/{job}",
        "/o/amber/jobs/JOB",
        "",
    ),
    (
        "POST",
        "/o/{organization}/jobs/{job}",
        "/o/amber/jobs/JOB",
        "action=pause",
    ),
    (
        "GET",
        "/o/{organization}/jobs/{job}/result.csv",
        "/o/amber/jobs/JOB/result.csv",
        "",
    ),
    (
        "POST",
        "/o/{organization}/subscriptions/{subscription}",
        "/o/amber/subscriptions/SUBSCRIPTION",
        "step=preview&quantity=90&auto_renewal=on",
    ),
    (
        "GET",
        "/o/{organization}/orders/{number}/items/{line}",
        "/o/amber/orders/#/items/LINE",
        "",
    ),
    ("GET", "/o/{organization}/quotes", "/o/amber/quotes", ""),
    (
        "POST",
        "/o/{organization}/quotes",
        "/o/amber/quotes",
        "name=",
    ),
    (
        "GET",
        "/o/{organization}/quotes/new",
        "/o/amber/quotes/new",
        "",
    ),
    (
        "GET",
        "/o/{organization}/quotes/{number}",
        "/o/amber/quotes/QUOTE",
        "",
    ),
    (
        "POST",
        "/o/{organization}/quotes/{number}",
        "/o/amber/quotes/QUOTE",
        "name=",
    ),
    (
        "POST",
        "/o/{organization}/quotes/{number}/actions/{action}",
        "/o/amber/quotes/QUOTE/actions/delete",
        "",
    ),
    (
        "POST",
        "/o/{organization}/quotes/{number}/actions/{action}",
        "/o/amber/quotes/QUOTE/actions/accept",
        "",
    ),
    ("POST", "/preferences", "/preferences", "theme=dark"),
    ("GET", "/demo/components", "/demo/components", ""),
    ("GET", "/demo/clock", "/demo/clock", ""),
    ("POST", "/demo/clock", "/demo/clock", "hours=1"),
    ("POST", "/api/v1/demo/clock", "/api/v1/demo/clock", "?"),
    ("GET", "/static/app.css", "/static/app.css", ""),
    ("GET", "/static/app.js", "/static/app.js", ""),
    ("GET", "/static/icons.svg", "/static/icons.svg", ""),
    ("GET", "/static/mark.svg", "/static/mark.svg", ""),
    (
        "GET",
        "/static/customer-mark.svg",
        "/static/customer-mark.svg",
        "",
    ),
    ("GET", "/healthz", "/healthz", ""),
    ("GET", "/readyz", "/readyz", ""),
    (
        "POST",
        "/webhooks/partner-center/{partner}/{vendor}",
        "/webhooks/partner-center/nordic/microsoft",
        "",
    ),
    ("GET", "/api/openapi.json", "/api/openapi.json", ""),
    ("GET", "/api/docs", "/api/docs", ""),
];

const API: &[Row] = &[
    ("GET", "/orders", "/orders", ""),
    ("GET", "/orders/live", "/orders/live", ""),
    ("GET", "/orders/counts", "/orders/counts", ""),
    ("GET", "/orders/export", "/orders/export", ""),
    ("GET", "/orders/{number}", "/orders/#", ""),
    ("GET", "/orders/{number}/story", "/orders/#/story", ""),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/place_again",
        "",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/withdraw",
        "",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/approve",
        "",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/reject",
        "{\"reason\": \"no\"}",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/retry",
        "",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/fulfill",
        "{\"item\": \"LINE\", \"vendor_reference\": \"x\"}",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/add_note?dry_run=true",
        "{\"text\": \"seen\"}",
    ),
    (
        "POST",
        "/orders/{number}/actions/{action}",
        "/orders/#/actions/add_note?dry_run=true",
        "{\"text\": \"seen\", \"internal\": true}",
    ),
    (
        "POST",
        "/orders/{number}/items/{item}/same-cause",
        "/orders/#/items/LINE/same-cause",
        "",
    ),
    (
        "POST",
        "/orders/bulk",
        "/orders/bulk?dry_run=true",
        "{\"numbers\": [#, 1], \"action\": \"add_note\", \"text\": \"seen\"}",
    ),
    (
        "POST",
        "/orders/bulk",
        "/orders/bulk",
        "{\"numbers\": [#, 1], \"action\": \"give_up\"}",
    ),
    ("GET", "/views", "/views", ""),
    (
        "POST",
        "/views",
        "/views",
        "{\"name\": \"Late\", \"q\": \"sttus:failed\"}",
    ),
    (
        "DELETE",
        "/views/{id}",
        "/views/viw_00000000000000000000000000000001",
        "",
    ),
    ("GET", "/cart", "/cart", ""),
    (
        "POST",
        "/cart/items",
        "/cart/items",
        "{\"offer\": \"OFFER\", \"plan\": \"PLAN\", \"quantity\": 0, \"contact_email\": \"a@b.example\", \"contact_name\": \"a\", \"contact_surname\": \"b\"}",
    ),
    (
        "PATCH",
        "/cart/items/{item}",
        "/cart/items/LINE",
        "{\"quantity\": 0}",
    ),
    ("DELETE", "/cart/items/{item}", "/cart/items/LINE", ""),
    (
        "POST",
        "/cart/items/{item}/addons",
        "/cart/items/LINE/addons",
        "{\"offer\": \"OFFER\", \"quantity\": 1}",
    ),
    (
        "POST",
        "/cart/placement",
        "/cart/placement",
        "{\"number\": 1, \"version\": 1, \"accept_terms\": false}",
    ),
    ("GET", "/quotes", "/quotes", ""),
    ("POST", "/quotes", "/quotes", "{\"name\": \"\"}"),
    ("GET", "/quotes/{number}", "/quotes/QUOTE", ""),
    (
        "PUT",
        "/quotes/{number}",
        "/quotes/QUOTE",
        "{\"name\": \"\"}",
    ),
    (
        "POST",
        "/quotes/{number}/actions/{action}",
        "/quotes/QUOTE/actions/delete",
        "",
    ),
    (
        "POST",
        "/quotes/{number}/actions/{action}",
        "/quotes/QUOTE/actions/accept",
        "",
    ),
    ("GET", "", "", ""),
    ("PATCH", "", "", "{\"erp_number\": \"a\\nb\"}"),
    ("GET", "/suspension", "/suspension", ""),
    ("PUT", "/suspension", "/suspension", "{\"reason\": \"\"}"),
    ("DELETE", "/suspension", "/suspension", ""),
    ("GET", "/catalog", "/catalog", ""),
    ("GET", "/catalog/{offer}", "/catalog/OFFER", ""),
    ("GET", "/subscriptions", "/subscriptions", ""),
    (
        "GET",
        "/subscriptions/{subscription}",
        "/subscriptions/SUBSCRIPTION",
        "",
    ),
    (
        "GET",
        "/subscriptions/{subscription}/choices",
        "/subscriptions/SUBSCRIPTION/choices",
        "",
    ),
    (
        "POST",
        "/subscriptions/{subscription}/changes",
        "/subscriptions/SUBSCRIPTION/changes?dry_run=true",
        "{\"quantity\": 90}",
    ),
    ("GET", "/jobs", "/jobs", ""),
    ("GET", "/jobs/{job}", "/jobs/JOB", ""),
    ("GET", "/jobs/{job}/rows", "/jobs/JOB/rows", ""),
    (
        "POST",
        "/jobs",
        "/jobs?dry_run=true",
        "{\"sheet\": \"subscription,quantity\\nSUBSCRIPTION,5\"}",
    ),
    (
        "POST",
        "/jobs/{job}/actions/{action}",
        "/jobs/JOB/actions/pause",
        "",
    ),
];

const PREFIX: &str = "/api/v1/organizations/{organization}";

/// Who asks: a role over Amber, somebody of another customer, and nobody.
const PEOPLE: &[(&str, &str)] = &[
    ("DA", "distributor-admin@nordic.example"),
    ("DR", "read-only@nordic.example"),
    ("SA", "seller-admin@baltic.example"),
    ("AM", "account-manager@baltic.example"),
    ("SM", "subscriptions-manager@baltic.example"),
    ("PM", "product-manager@baltic.example"),
    ("SB", "billing@baltic.example"),
    ("SG", "support@baltic.example"),
    ("CA", "admin@amber.example"),
    ("C", "user@amber.example"),
    ("CB", "billing@amber.example"),
    ("other", "admin@elk.example"),
    ("none", ""),
];

struct World {
    router: Router,
    app: App,
    store: Store,
    order: String,
    subscription: String,
}

async fn world(name: &str) -> World {
    let file = std::env::temp_dir().join(format!("web-{name}-{}", std::process::id()));
    std::fs::remove_dir_all(&file).ok();
    let store = Store::open(&format!("sqlite://{}/test.db", file.display()))
        .await
        .unwrap();
    schema::migrate(&store).await.unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let app = App::new(store.clone(), Arc::new(ManualClock::at(now)));
    app.seed_demo("http://127.0.0.1:1").await.unwrap();
    app.seed_demo_orders().await.unwrap();
    let manager = NewUser {
        email: "product-manager@baltic.example".into(),
        name: "Paula Murd".into(),
        password: "seatwright-demo".into(),
        organization: "baltic".into(),
        role: Role::ProductManager,
    };
    app.add_user(manager).await.unwrap();
    let manifest = app.demo_manifest().await.unwrap();
    let orders = manifest["orders"].as_array().unwrap();
    let is_completed =
        |order: &&Value| order["organization"] == "amber" && order["status"] == "completed";
    let order = orders.iter().find(is_completed).unwrap()["number"].to_string();
    let subscriptions = manifest["subscriptions"].as_array().unwrap();
    let is_office = |one: &&Value| one["organization"] == "amber" && one["name"] == "Head office";
    let subscription = subscriptions.iter().find(is_office).unwrap()["id"].as_str();
    let subscription = subscription.unwrap().to_owned();
    drift::plant(&store, subscription.parse().unwrap(), now).await;
    World {
        router: web::router(app.clone(), ADDRESS, true),
        order,
        subscription,
        app,
        store,
    }
}

impl World {
    fn fill(&self, text: &str) -> String {
        text.replace('#', &self.order)
            .replace("OFFER", "off_00000000000000000000000000000001")
            .replace("PLAN", "pln_000000000000000000000000000003e9")
            .replace("LINE", "lin_00000000000000000000000000000001")
            .replace("SUBSCRIPTION", &self.subscription)
            .replace("QUOTE", "20000001")
            .replace("JOB", "job_00000000000000000000000000000001")
            .replace("DIFFERENCE", "dif_00000000000000000000000000000001")
    }

    async fn status(&self, request: Request<Body>) -> u16 {
        self.router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    async fn page(&self, row: &Row, session: &str) -> u16 {
        let (method, _, path, body) = *row;
        let partner = path.strip_prefix("/partners/");
        let place = partner.and_then(|path| path.split('/').next());
        let token = Sha256::digest(format!("form\0{session}\0{}", place.unwrap_or("amber")));
        let is_api = path.starts_with("/api/");
        let body = match is_api || body.contains("token=") {
            true => body.to_owned(),
            false => format!("{body}&token={}", URL_SAFE_NO_PAD.encode(token)),
        };
        let request = Request::builder()
            .method(method)
            .uri(self.fill(path))
            .header(header::COOKIE, format!("s={session}"))
            .header(header::ORIGIN, ADDRESS)
            .header(
                header::CONTENT_TYPE,
                match is_api {
                    true => "application/json",
                    false => "application/x-www-form-urlencoded",
                },
            )
            .body(Body::from(body));
        self.status(request.unwrap()).await
    }

    async fn api(&self, row: &Row, token: &str) -> u16 {
        let (method, _, path, body) = *row;
        let path = self.fill(path);
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/organizations/amber{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(self.fill(body)));
        self.status(request.unwrap()).await
    }
}

#[tokio::test]
async fn what_each_role_is_answered_is_printed_and_compared() {
    let world = world("matrix").await;
    let mut keys = Vec::new();
    for (_, email) in PEOPLE {
        keys.push(match *email {
            "" => (String::new(), String::new()),
            email => {
                let session = world.app.sign_in(email, "seatwright-demo", "test").await;
                let token = world.app.create_token(email, "test").await;
                (session.unwrap(), token.unwrap())
            }
        });
    }
    let names: Vec<String> = PEOPLE
        .iter()
        .map(|(name, _)| format!("{name:<5}"))
        .collect();
    let mut table = format!("{:<70}{}\n", "", names.concat().trim_end());
    for row in PAGES {
        let mut line = format!("{:<70}", format!("{} {}", row.0, row.2));
        for (session, _) in &keys {
            line += &format!("{:<5}", world.page(row, session).await);
        }
        table += &format!("{}\n", line.trim_end());
    }
    for row in API {
        let mut line = format!("{:<70}", format!("{} api {}", row.0, row.2));
        for (_, token) in &keys {
            line += &format!("{:<5}", world.api(row, token).await);
        }
        table += &format!("{}\n", line.trim_end());
    }
    insta::assert_snapshot!(table);
}

/// Routes as the code writes them: `.route("PATH", get(…).post(…))`.
fn written_in(source: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for part in source.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap().to_owned();
        for (word, method) in [
            ("get(", "GET"),
            ("post(", "POST"),
            ("put(", "PUT"),
            ("delete(", "DELETE"),
        ] {
            if part.contains(word) {
                found.insert((method.to_owned(), path.clone()));
            }
        }
    }
    found
}

/// Every method and route that there is, from the code and from the API's document.
fn written_routes() -> BTreeSet<(String, String)> {
    let mut written = written_in(include_str!("../../src/ui.rs"));
    written.extend(written_in(include_str!("../../src/lib.rs")));
    written.extend(written_in(include_str!("../../src/api.rs")));
    // The demo's own: tells everything to everybody, and exists in no other world.
    written.remove(&("GET".to_owned(), "/api/v1/demo/manifest".to_owned()));
    let document = serde_json::to_value(web::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            written.insert((method.to_uppercase(), path.clone()));
        }
    }
    written
}

#[test]
fn the_address_that_vendors_are_given_is_a_door() {
    let door = ("POST".to_owned(), app::registration::DOOR.to_owned());
    assert!(written_routes().contains(&door));
}

#[test]
fn every_route_has_a_row() {
    let rows = PAGES.iter().map(|row| (row.0.to_owned(), row.1.to_owned()));
    let api = API
        .iter()
        .map(|row| (row.0.to_owned(), format!("{PREFIX}{}", row.1)));
    let rows: BTreeSet<(String, String)> = rows.chain(api).collect();
    assert_eq!(written_routes(), rows);
}

#[tokio::test]
async fn what_was_sent_after_the_session_ended_waits_behind_the_sign_in() {
    let world = world("kept").await;
    let send = async |path: &str, body: String| {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::ORIGIN, ADDRESS)
            .header(header::COOKIE, "s=ended")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        let answer = world
            .router
            .clone()
            .oneshot(request.unwrap())
            .await
            .unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    };
    let typed = "quantity=7&contact_surname=B%C4%93rzi%C5%86%C5%A1&token=old";
    let page = send("/o/amber/catalog/off_1", typed.to_owned()).await;
    assert!(page.contains("Your session has ended"), "{page}");
    let form = serde_urlencoded::to_string([
        ("email", "admin@amber.example"),
        ("password", "seatwright-demo"),
        ("next", "/o/amber/catalog/off_1"),
        ("kept", typed),
    ]);
    let page = send("/sign-in", form.unwrap()).await;
    for words in [
        "action=\"/o/amber/catalog/off_1\"",
        "value=\"7\"",
        "Bērziņš",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(!page.contains("\"old\""), "the token is of the new session");
}
