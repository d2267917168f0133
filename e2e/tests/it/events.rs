//! The command that lets Microsoft send its events here: its words, and what it ends with.

use connectors::simulator::partner_center::SECRET;

use super::*;

/// What a command ends with, and all that it prints.
async fn end(program: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let command = Command::new(program)
        .args(arguments)
        .env("RUST_LOG", "error")
        .output();
    let output = command.await.unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

#[tokio::test]
async fn an_operator_registers_the_address_for_events_by_one_command() {
    let Some(program) = program() else { return };
    let folder = std::env::temp_dir().join(format!("seatwright-events-{}", std::process::id()));
    let database = format!("sqlite://{}/test.db", folder.display());
    let at = ["--database-url", &database];
    let (front, url) = vendors::partner_center(&program, &database).await;
    let settings = json!({
        "connector": "partner_center", "tenant": "nordic.example", "client_id": "app",
        "client_secret": SECRET, "market": "SE", "url": url, "login_url": url,
    });
    vendors::attach(&program, &database, "microsoft", &settings).await;

    let events = async |more: &[&str]| {
        let all = ["vendor", "events", "--organization", "nordic", "microsoft"];
        end(&program, &[&all[..], &at, more].concat()).await
    };
    let here = "https://desk.example/webhooks/partner-center/nordic/microsoft";
    let public = ["--public-url", "https://desk.example"];
    let with = |more: &'static str| [&public[..], &[more]].concat();
    for (more, code, words) in [
        (vec![], 3, "public_url must be the address"),
        (with("--dry-run"), 0, "would register https://desk.example/"),
        (public.to_vec(), 0, "registered: https://desk.example/"),
        (public.to_vec(), 0, "nothing was to be done"),
        (
            ["--public-url", "https://new.example"].to_vec(),
            3,
            "--replace takes it over",
        ),
        (
            [&with("--dry-run")[..], &["--test"]].concat(),
            2,
            "cannot be used with",
        ),
    ] {
        let (ended, printed) = events(&more).await;
        assert_eq!(ended, Some(code), "{more:?}: {printed}");
        assert!(printed.contains(words), "{more:?}: {printed}");
    }
    let registered = front.books(|books| books.registration.clone()).unwrap();
    assert_eq!(registered["WebhookUrl"], here);

    for (status, code, words) in [
        ("OK", 0, "a test event arrived, and our answer was OK"),
        ("Unauthorized", 1, "its signature was not believed"),
    ] {
        let reply = json!({"responseCode": status, "responseMessage": "", "systemError": false});
        let told = json!({"status": "completed", "results": [reply]});
        front.books(|books| books.deliveries.push(told));
        let (ended, printed) = events(&with("--test")).await;
        assert_eq!(ended, Some(code), "{printed}");
        assert!(printed.contains(words), "{printed}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
