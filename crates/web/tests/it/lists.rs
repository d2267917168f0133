//! Lists and exports at the door: pages by `Link`, problems that name the word, files that hold what the
//! list holds and what its reader may see.

use axum::http::HeaderMap;

use super::*;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn numbers(&self) -> Vec<u64> {
        let orders = self.json();
        let orders = orders.as_array().unwrap().iter();
        orders
            .map(|order| order["number"].as_u64().unwrap())
            .collect()
    }

    /// Where `Link` leads.
    fn link(&self, name: &str) -> Option<String> {
        let links = self.header("link")?.split(", ");
        let mut found = links.filter(|link| link.ends_with(&format!("rel=\"{name}\"")));
        Some(
            found
                .next()?
                .split_once('<')?
                .1
                .split_once('>')?
                .0
                .to_owned(),
        )
    }
}

async fn get(world: &World, token: &str, address: &str) -> Answer {
    let request = Request::builder()
        .uri(format!("/api/v1/organizations/amber/orders{address}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    let answer = world
        .router
        .clone()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: axum::body::to_bytes(answer.into_body(), 1 << 24)
            .await
            .unwrap()
            .to_vec(),
    }
}

async fn token(world: &World, email: &str) -> String {
    world.app.create_token(email, "test").await.unwrap()
}

#[tokio::test]
async fn links_lead_through_a_list_both_ways_and_its_total_is_told() {
    let world = world("links").await;
    let token = token(&world, "admin@amber.example").await;
    let whole = get(&world, &token, "?view=historical&limit=200&total=true").await;
    let all = whole.numbers();
    assert_eq!(
        whole.header("x-total-count"),
        Some(all.len().to_string().as_str())
    );
    let (mut address, mut pages) = ("?view=historical&limit=2".to_owned(), Vec::new());
    loop {
        let page = get(&world, &token, &address).await;
        pages.push(page.numbers());
        let Some(next) = page.link("next") else { break };
        if let Some(back) = page.link("prev") {
            let before = get(&world, &token, &back).await.numbers();
            assert_eq!(before, pages[pages.len() - 2]);
        }
        address = next;
    }
    assert_eq!(pages.concat(), all);
    let oldest = get(&world, &token, "?view=historical&limit=200&sort=oldest")
        .await
        .numbers();
    assert!(oldest.iter().eq(all.iter().rev()));
    let counts = get(&world, &token, "/counts").await.json();
    assert_eq!(counts["historical"]["all"].as_u64(), Some(all.len() as u64));
    let cursor = address.split("cursor=").nth(1).unwrap();
    let other = get(&world, &token, &format!("?view=recent&cursor={cursor}")).await;
    assert_eq!(other.status, 422);
    assert!(
        other.json()["detail"]
            .as_str()
            .unwrap()
            .contains("another filter")
    );
}

#[tokio::test]
async fn a_word_that_cannot_be_used_is_named() {
    let world = world("words").await;
    let token = token(&world, "admin@amber.example").await;
    for (address, words) in [
        ("?q=status:faild", "perhaps status:failed is meant"),
        ("?q=vendor:oracle", "there are"),
        ("?q=status:completed", "look in Historical orders"),
        ("?tab=draft", "exists in historical orders only"),
        ("?sort=up", "must be newest or oldest"),
        ("/export?q=colour:red", "there is no such filter"),
        ("/export?format=pdf", "must be csv or xlsx"),
    ] {
        let answer = get(&world, &token, address).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 422, "{address}");
        assert!(detail.contains(words), "{address}: {detail}");
    }
}

#[tokio::test]
async fn an_export_holds_what_the_list_holds_for_its_reader() {
    let world = world("export").await;
    for email in ["seller-admin@baltic.example", "admin@amber.example"] {
        let token = token(&world, email).await;
        for question in [
            "view=historical",
            "view=recent&sort=oldest",
            "view=recent&q=change:quantity",
        ] {
            let listed = get(&world, &token, &format!("?{question}&limit=200"))
                .await
                .numbers();
            let file = get(&world, &token, &format!("/export?{question}")).await;
            assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
            let mut reader = csv::Reader::from_reader(&file.body[..]);
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            let numbers: Vec<u64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
            assert_eq!(numbers, listed, "{email} {question}");
            let text = String::from_utf8(file.body).unwrap();
            if email.contains("amber") {
                assert!(!text.to_lowercase().contains("markup"), "{text}");
            }
        }
        let book = get(&world, &token, "/export?view=historical&format=xlsx").await;
        assert!(book.body.starts_with(b"PK") && book.body.len() > 4_000);
    }
}

#[tokio::test]
async fn an_export_ends_when_a_right_is_taken_away() {
    let world = world("ended").await;
    let token = token(&world, "admin@amber.example").await;
    let request = Request::builder()
        .uri("/api/v1/organizations/amber/orders/export?view=historical")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    let answer = world
        .router
        .clone()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    // The answer has begun; no order has been read yet.
    for held in world.app.tokens("admin@amber.example").await.unwrap() {
        world
            .app
            .revoke_token("admin@amber.example", held.id)
            .await
            .unwrap();
    }
    let body = axum::body::to_bytes(answer.into_body(), 1 << 24).await;
    assert!(body.is_err(), "the export breaks off");
}
