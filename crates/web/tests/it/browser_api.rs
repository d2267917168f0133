//! The API with a browser's session instead of a token: as far as our own pages go, and no further.

use axum::body::Body;
use axum::http::{Request, header};

use super::{ADDRESS, world};

#[tokio::test]
async fn a_page_of_ours_may_call_the_api_and_a_page_of_another_site_may_not() {
    let world = world("browser-api").await;
    let session = world
        .app
        .sign_in("admin@amber.example", "seatwright-demo", "test");
    let session = session.await.unwrap();
    let call = |method: &str, headers: &[(header::HeaderName, &str)]| {
        let path = "/api/v1/organizations/amber/orders";
        let path = match method {
            "GET" => path.to_owned(),
            _ => format!("{path}/{}/actions/add_note?dry_run=true", world.order),
        };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::COOKIE, format!("s={session}"));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        world.status(request.body(Body::from(r#"{"text":"Hello"}"#)).unwrap())
    };
    let json = (header::CONTENT_TYPE, "application/json");
    let plain = (header::CONTENT_TYPE, "text/plain");
    let ours = (header::ORIGIN, ADDRESS);
    let foreign = (header::ORIGIN, "https://evil.example");
    assert_eq!(call("GET", &[]).await, 200);
    assert_eq!(call("POST", &[ours.clone(), json.clone()]).await, 200);
    assert_eq!(call("POST", &[ours, plain]).await, 422);
    assert_eq!(call("POST", &[foreign, json.clone()]).await, 403);
    assert_eq!(call("POST", &[json]).await, 403);
}
