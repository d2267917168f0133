//! The catalog and the terms on which is bought: pages without script, the API by pages, and a version
//! that came into force between look and order.

use app::imports::NewImport;
use serde_json::{Value, json};

use crate::screens::{has, links_to, page, words};
use crate::twins::world::{Ask, Who, World};

#[tokio::test]
async fn the_catalog_is_searched_and_narrowed_by_a_form_and_shows_products() {
    let world = World::new(None).await;
    let all = page(&world, Who::Customer, "/o/amber/catalog").await;
    for shown in [
        "<h2><bdi>Productivity</bdi></h2>",
        "<h3><bdi>Microsoft 365</bdi></h3>",
        "<h2><bdi>Other</bdi></h2>",
        "<option>Telephony</option>",
    ] {
        assert!(all.body.contains(shown), "{shown}");
    }
    has(
        &all,
        &[
            "Microsoft 365 E3",
            "Desk Phone Line",
            "per license per month",
        ],
    );
    let narrowed = "/o/amber/catalog?q=cloud+server&vendor=cirrus&category=Backup&sold=here";
    let found = page(&world, Who::Customer, narrowed).await;
    has(&found, &["No offer is like that", "Show all"]);
    let found = page(&world, Who::Customer, &narrowed.replace("cloud+", "")).await;
    has(&found, &["Cirrus Server Backup"]);
    assert!(!words(&found).contains("Cirrus Workstation Backup"));
    assert!(found.body.contains("<option value=\"here\" selected>"));
    let offer = page(
        &world,
        Who::Customer,
        "/o/amber/catalog/off_00000000000000000000000000000006",
    );
    let offer = offer.await;
    assert!(links_to(&offer, "/o/amber/catalog?category=Backup"));
}

const ACCOUNTS: &str = "ProductTitle,ProductId,SkuId,SkuTitle,TermDuration,BillingPlan,Market,Currency,\
    UnitPrice,EffectiveStartDate,EffectiveEndDate,ERP Price,Segment\n\
    AWS,aws,account,AWS account,P1M,Monthly,LT,EUR,10,2/1/2019 12:00:00 AM,\
    11/30/9999 11:59:59 PM,12,Commercial\n";

/// Makes AWS of a connection, and sells accounts of it: the offer.
async fn sell_accounts(world: &World) -> Value {
    let settings =
        r#"{"connector": "aws_organizations", "access_key_id": "AKIA", "secret_access_key": "s"}"#;
    let add = world.app.add_vendor("nordic", "microsoft", "AWS", settings);
    add.await.unwrap();
    let sheet = NewImport {
        owner: "nordic".into(),
        vendor: "microsoft".into(),
        file: "sheet.csv".into(),
        by: "test".into(),
        is_dry_run: false,
        is_partial: true,
        total: None,
    };
    let file = std::io::Cursor::new(ACCOUNTS);
    world.app.import_prices(sheet, file, |_| ()).await.unwrap();
    offer(world, "aws+account").await
}

/// The first offer that is found by some words.
async fn offer(world: &World, words: &str) -> Value {
    let offers = Ask::api("GET", &format!("/catalog?q={words}"), "");
    world.ask_plainly(Who::Customer, &offers).await.json()[0].clone()
}

/// An account at AWS is one, and runs until it is closed: neither form asks for more.
#[tokio::test]
async fn what_is_sold_one_at_a_time_is_asked_for_no_quantity_and_no_renewal() {
    let world = World::new(None).await;
    let subscriptions = Ask::api("GET", "/subscriptions", "");
    let found = world.ask_plainly(Who::Staff, &subscriptions).await.json();
    let renews = |one: &&Value| one["auto_renewal"] == true && one["vendor"] == "Microsoft";
    let found = found.as_array().unwrap().iter().find(renews).unwrap();
    let running = format!("/o/amber/subscriptions/{}", found["id"].as_str().unwrap());
    let asked = [
        "name=\"auto_renewal\"",
        "> Renews at the end",
        "<label class=\"field\">Quantity",
    ];
    let ordinary = page(&world, Who::Staff, &running).await;
    for field in asked {
        assert!(ordinary.body.contains(field), "{field}");
    }
    let offer = sell_accounts(&world).await;
    let account = page(&world, Who::Staff, &running).await;
    for field in &asked[1..] {
        assert!(!account.body.contains(field), "{field}");
    }
    // What is not shown stays as it is when the form is sent.
    assert!(
        account
            .body
            .contains("<input type=\"hidden\" name=\"auto_renewal\" value=\"on\">")
    );
    let offer = format!("/o/amber/catalog/{}", offer["id"].as_str().unwrap());
    let form = page(&world, Who::Customer, &offer).await;
    assert!(!words(&form).contains("Quantity ("));
    let one = "<input type=\"hidden\" id=\"quantity\" name=\"quantity\" value=\"1\">";
    assert!(form.body.contains(one));
}

/// Beside a license of which there can be more, in the cart and in a quote that is made of it.
#[tokio::test]
async fn what_is_sold_one_at_a_time_has_no_quantity_to_change_in_cart_and_quote() {
    let world = World::new(None).await;
    let who = Who::Staff;
    let account = sell_accounts(&world).await;
    let backup = offer(&world, "cirrus+server").await;
    let answers = json!({"email": "cloud@amber.example", "account_name": "Amber"});
    for (offer, parameters) in [(&account, answers), (&backup, json!({}))] {
        let item = json!({"offer": offer["id"], "plan": offer["plans"][0]["id"], "quantity": 1,
            "contact_email": "ieva@amber.example", "contact_name": "Ieva", "contact_surname": "Berg",
            "parameters": parameters});
        let added = Ask::api("POST", "/cart/items", item.to_string());
        let added = world.ask_plainly(who, &added).await;
        assert_eq!(added.status, 201, "{}", added.body);
    }
    let cart = page(&world, who, "/o/amber/cart").await;
    has(&cart, &["AWS account", "Cirrus Server Backup"]);
    let field = |name: &Value| format!("aria-label=\"Quantity of {}\"", name.as_str().unwrap());
    assert!(cart.body.contains(&field(&backup["name"])));
    assert!(!cart.body.contains(&field(&account["name"])));
    let quote =
        json!({"name": "Accounts", "recipients": ["admin@amber.example"], "valid_days": 14});
    let made = Ask::api("POST", "/quotes", quote.to_string());
    let made = world.ask_plainly(who, &made).await.json();
    let path = format!("/o/amber/quotes/{}", made["number"]);
    let shown = page(&world, who, &path).await;
    assert_eq!(words(&shown).matches("Or target price").count(), 2);
    let fields = shown.body.matches("<label class=\"field\">Quantity");
    assert_eq!(fields.count(), 1);
    // What is not asked is sent with the form, and stays as it is.
    let items = made["items"].as_array().unwrap().iter();
    let items = items.map(|item| {
        let id = item["id"].as_str().unwrap();
        let sent = format!("name=\"quantity-{id}\"");
        assert!(shown.body.contains(&sent), "{sent}");
        format!("&item={id}&was-quantity-{id}=1&quantity-{id}=1")
    });
    let form = "name=Two&recipients=admin%40amber.example&valid_days=14".to_owned();
    let edit = Ask::form(path, form + &items.collect::<String>());
    assert_eq!(world.ask_plainly(who, &edit).await.status, 303);
}

#[tokio::test]
async fn staff_choose_products_and_the_catalog_shows_them_under_the_heading() {
    let world = World::new(None).await;
    let who = Who::Distributor;
    let list = "/partners/nordic/categories?category=Other";
    let before = page(&world, who, list).await;
    has(&before, &["Defender for Endpoint P1", "Microsoft", "Other"]);
    assert!(!words(&before).contains("Desk Phone Line"));
    let defender = "product=ven_00000000000000000000000000000001+defender";
    for (form, words) in [
        (
            "categories=Security".to_owned(),
            "Products must be 1 to 100",
        ),
        (
            format!("{defender}&categories=other"),
            "Categories can't be called Other",
        ),
    ] {
        let refused = world.ask_plainly(who, &Ask::form(list, form)).await;
        assert_eq!(refused.status, 422);
        has(&refused, &[words]);
    }
    let form = format!("{defender}&categories=Security%2C+Backup");
    let sorted = world.ask_plainly(who, &Ask::form(list, form)).await;
    assert_eq!(
        (sorted.status, sorted.header("location")),
        (303, Some(list))
    );
    let found = page(&world, Who::Customer, "/o/amber/catalog").await;
    assert!(found.body.contains("<h2><bdi>Security</bdi></h2>"));
    assert!(!found.body.contains("<h2><bdi>Other</bdi></h2>"));
    // One heading, where one is asked for.
    let found = page(&world, Who::Customer, "/o/amber/catalog?category=Backup").await;
    has(&found, &["Defender for Endpoint P1", "Cirrus Vault"]);
    assert!(found.body.contains("<h2><bdi>Backup</bdi></h2>"));
    assert!(!found.body.contains("<h2><bdi>Security</bdi></h2>"));
    let told = Ask::program("GET", "/api/v1/partners/nordic/categories?q=defender", "");
    let told = world.ask_plainly(who, &told).await.json();
    assert_eq!(
        told[0]["categories"],
        serde_json::json!(["Security", "Backup"])
    );
    let body = r#"{"products": [{"vendor": "ven_00000000000000000000000000000001",
        "product": "defender"}], "categories": []}"#;
    let sort = Ask::program("POST", "/api/v1/partners/nordic/categories", body);
    assert_eq!(world.ask_plainly(who, &sort).await.status, 204);
    let offers = Ask::api("GET", "/catalog?category=Other", "");
    let offers = world.ask_plainly(Who::Customer, &offers).await.json();
    assert_eq!(
        (&offers[0]["name"], &offers[0]["category"]),
        (&"Defender for Endpoint P1".into(), &"Other".into())
    );
    let own = page(&world, Who::Staff, "/partners/baltic/categories").await;
    has(&own, &["Nothing is kept in this catalog", "who sorts it"]);
}

#[tokio::test]
async fn the_api_tells_the_catalog_by_pages_that_follow_one_another() {
    let world = World::new(None).await;
    let whole = world
        .ask_plainly(Who::Customer, &Ask::api("GET", "/catalog", ""))
        .await;
    let whole = whole.json();
    let mut path = "/catalog?q=backup&limit=1".to_owned();
    let mut names = Vec::new();
    loop {
        let asked = world
            .ask_plainly(Who::Customer, &Ask::api("GET", &path, ""))
            .await;
        for offer in asked.json().as_array().unwrap() {
            assert!(whole.as_array().unwrap().contains(offer));
            names.push(offer["name"].as_str().unwrap().to_owned());
        }
        let Some(link) = asked.header("link") else {
            break;
        };
        let question = link
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'));
        path = format!("/catalog{}", question.unwrap().0);
    }
    assert_eq!(
        names,
        [
            "Cirrus Microsoft 365 Backup",
            "Cirrus Server Backup",
            "Cirrus Vault",
            "Cirrus Workstation Backup"
        ]
    );
    for (wrong, field) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("vendor=nobody", "/vendor"),
        ("cursor=x", "/cursor"),
        ("cursor=off_000000000000000000000000000000ff", "/cursor"),
    ] {
        let asked = Ask::api("GET", &format!("/catalog?{wrong}"), "");
        let refused = world.ask_plainly(Who::Customer, &asked).await;
        assert_eq!(
            (refused.status, &refused.json()["pointer"]),
            (422, &field.into())
        );
    }
}

#[tokio::test]
async fn other_terms_than_those_that_were_shown_have_to_be_read_and_accepted() {
    let world = World::new(None).await;
    let item = "{\"offer\": \"off_00000000000000000000000000000005\", \
                \"plan\": \"pln_00000000000000000000000000001389\", \"quantity\": 2, \
                \"contact_email\": \"a@amber.example\", \"contact_name\": \"A\", \
                \"contact_surname\": \"B\"}";
    let who = Who::CustomerAdmin;
    let added = world
        .ask_plainly(who, &Ask::api("POST", "/cart/items", item))
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    let cart = added.json();
    let checkout = page(&world, who, "/o/amber/cart").await;
    assert!(
        checkout
            .body
            .contains("name=\"terms_version\" value=\"2026-11\"")
    );
    let terms = "/o/amber/terms?version=trm_00000000000000000000000000000002";
    assert!(links_to(&checkout, terms));
    has(
        &page(&world, who, terms).await,
        &["2026-11", "In force", "Prices are those of the order"],
    );
    let published = Ask {
        path: "/api/v1/partners/baltic/terms".into(),
        ..Ask::api("POST", "", "{\"label\": \"2027-01\", \"text\": \"New.\"}")
    };
    let published = world.ask_plainly(Who::Staff, &published).await;
    assert_eq!(published.status, 201, "{}", published.body);
    let (number, version) = (&cart["number"], &cart["version"]);
    let form = format!("number={number}&version={version}&accept_terms=yes&terms_version=2026-11");
    let refused = world
        .ask_plainly(who, &Ask::form("/o/amber/cart", form))
        .await;
    assert_eq!(refused.status, 409);
    has(&refused, &["version 2027-01 is in force now"]);
    assert!(
        refused
            .body
            .contains("name=\"terms_version\" value=\"2027-01\"")
    );
    let place = |pinned: &str| {
        let body = format!(
            "{{\"number\": {number}, \"version\": {version}, \"accept_terms\": true{pinned}}}"
        );
        Ask::api("POST", "/cart/placement", body)
    };
    let pinned = place(", \"terms_version\": \"2026-11\"");
    let refused = world.ask_plainly(who, &pinned).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &"terms_changed".into())
    );
    let placed = world.ask_plainly(who, &place("")).await;
    assert_eq!(placed.status, 200, "{}", placed.body);
    let details = page(&world, who, &format!("/o/amber/orders/{number}")).await;
    has(&details, &["Version 2027-01"]);
    let earlier = page(&world, who, "/o/amber/terms").await;
    assert!(links_to(
        &earlier,
        "?version=trm_00000000000000000000000000000002"
    ));
}
