//! What a broker gets to see of us: headers, address and body, and that a repeat sends the same bytes.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

type Seen = Arc<Mutex<Vec<(Method, Uri, HeaderMap, Bytes)>>>;

/// A broker that takes everything down and answers `{}`; and a connector to it.
async fn listening() -> (Seen, Box<dyn Connector>) {
    install_tls();
    let seen = Seen::default();
    let take_down = async |State(seen): State<Seen>, method, uri, headers, body: Bytes| {
        seen.lock().unwrap().push((method, uri, headers, body));
        "{}"
    };
    let app = axum::Router::new()
        .fallback(take_down)
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b/", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    let (username, password) = ("u".into(), "p".into());
    let connector = connect(&Settings::OpenServiceBroker {
        url,
        username,
        password,
        has_tenants: true,
    });
    (seen, connector.unwrap())
}

#[tokio::test]
async fn a_repeat_sends_the_same_bytes_under_the_same_key() {
    let (seen, connector) = listening().await;
    let doubt = Doubt {
        since: jiff::Timestamp::UNIX_EPOCH,
        evidence: String::new(),
        checks: 0,
    };
    for verb in [
        Verb::Purchase { quantity: 25 },
        Verb::Quantity { from: 25, to: 30 },
        Verb::Suspend,
        Verb::Cancel,
    ] {
        let request = Request {
            verb,
            ..server_backup()
        };
        connector.submit(&request).await.unwrap();
        connector.settle(&request, &doubt).await.unwrap();
        let mut seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], seen[1], "{:?}", request.verb);
        seen.clear();
    }
}

#[tokio::test]
async fn a_purchase_tells_who_asks_for_whom_and_what() {
    let (seen, connector) = listening().await;
    let mut request = server_backup();
    request.tenant = Some("amber.onvendor.example".into());
    request.parameters.insert("region".into(), "eu".into());
    connector.submit(&request).await.unwrap();
    let seen = seen.lock().unwrap();
    let (method, uri, headers, body) = &seen[0];
    let path = format!(
        "/a/b/v2/service_instances/{}?accepts_incomplete=true",
        request.key
    );
    assert_eq!((method, uri.to_string()), (&Method::PUT, path));
    assert_eq!(headers["x-broker-api-version"], "2.17");
    assert_eq!(headers["authorization"], "Basic dTpw");
    assert_eq!(
        headers["x-broker-api-request-identity"],
        request.key.to_string()
    );
    let identity = headers["x-broker-api-originating-identity"]
        .to_str()
        .unwrap();
    let identity = STANDARD
        .decode(identity.strip_prefix("seatwright ").unwrap())
        .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&identity).unwrap(),
        json!({"user_id": request.actor, "email": "seller-admin@baltic.example", "organization": "amber"})
    );
    assert_eq!(
        serde_json::from_slice::<Value>(body).unwrap(),
        json!({
            "service_id": "cirrus-backup", "plan_id": "server",
            "organization_guid": "00000000-0000-0000-0000-000000000003",
            "space_guid": "00000000-0000-0000-0000-000000000009",
            "context": {"platform": "seatwright", "organization": "amber", "order": 7,
                "line": "lin_00000000000000000000000000000009"},
            "parameters": {"quantity": 25, "region": "eu", "tenant": "amber.onvendor.example",
                "contact": {"email": "admin@amber.example", "name": "Ieva", "surname": "Berg"}},
        })
    );
}

/// The specification: platforms should not include parameters that nobody specified for the update.
#[tokio::test]
async fn an_update_names_what_is_to_change_and_what_was_put_right_and_no_more() {
    let (seen, connector) = listening().await;
    let cadence = Cadence {
        term_months: 36,
        cycle_months: 12,
    };
    let plan = Verb::Plan {
        product: "cirrus-backup".into(),
        plan: "vault".into(),
        cadence,
    };
    let addon = Verb::Addon {
        product: "cirrus-backup".into(),
        plan: "m365".into(),
        from: 0,
        to: 3,
    };
    let configure = |field: &str| Verb::Configure {
        field: field.into(),
        value: json!(90),
    };
    let contact = json!({"email": "admin@amber.example", "name": "Ieva", "surname": "Berg"});
    let raise = || Verb::Quantity { from: 25, to: 30 };
    for (verb, corrected, named) in [
        (raise(), vec![], json!({"quantity": 30})),
        (Verb::Suspend, vec![], json!({"suspended": true})),
        (Verb::Reactivate, vec![], json!({"suspended": false})),
        (plan, vec![], json!({"term_months": 36, "cycle_months": 12})),
        (addon, vec![], json!({"addons": {"m365": 3}})),
        (
            Verb::AutoRenewal { on: false },
            vec![],
            json!({"auto_renew": false}),
        ),
        (configure("days"), vec![], json!({"days": 90})),
        (
            raise(),
            vec!["/parameters/region", "/contact/email", "/tenant"],
            json!({"quantity": 30, "region": "eu", "contact": contact, "tenant": "amber.example"}),
        ),
        // What is asked for stands, whatever else was told.
        (
            configure("region"),
            vec!["/parameters/region"],
            json!({"region": 90}),
        ),
    ] {
        let mut request = Request {
            verb,
            tenant: Some("amber.example".into()),
            corrected: corrected.into_iter().map(str::to_owned).collect(),
            ..server_backup()
        };
        request.parameters.insert("region".into(), "eu".into());
        request.parameters.insert("days".into(), 30.into());
        connector.submit(&request).await.unwrap();
        let (method, _, _, body) = seen.lock().unwrap().pop().unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(method, Method::PATCH);
        assert_eq!(body["parameters"], named, "{:?}", request.verb);
    }
}
