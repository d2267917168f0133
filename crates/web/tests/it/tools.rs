//! The tools above and below a list: filters to add, saved views, exports, a count, what is done to a
//! selection.

use crate::screens::{has, links_to, number, orders, page, words};
use crate::twins::world::{Ask, Who, World};

#[tokio::test]
async fn a_filter_is_added_by_a_link_and_what_cannot_be_read_has_a_way_out() {
    let world = World::new(None).await;
    let list = page(&world, Who::Staff, "/o/amber/orders?q=by:me").await;
    let narrowed = "/o/amber/orders?q=by%3Ame+status%3Aprovisioning_failed";
    assert!(links_to(&list, narrowed));
    has(
        &list,
        &["Requested change", "Target price", "Cirrus Backup"],
    );
    let customers = page(&world, Who::Customer, "/o/amber/orders").await;
    for hidden in ["Markup", "Distributor markup", "Target price"] {
        assert!(!words(&customers).contains(hidden), "{hidden}");
    }
    let path = "/o/amber/orders?q=status:completed+foo:bar+vendor:nobody";
    let wrong = page(&world, Who::Staff, path).await;
    has(&wrong, &["foo:bar", "no vendor has a name that begins so"]);
    let readable = "/o/amber/orders?q=status%3Acompleted+vendor%3Anobody";
    assert!(links_to(&wrong, readable));
    has(&wrong, &["Look in Historical orders"]);
}

#[tokio::test]
async fn a_panel_of_an_order_that_is_not_there_leaves_the_list_as_it_is() {
    let world = World::new(None).await;
    let list = page(&world, Who::Customer, "/o/amber/orders?panel=10000001").await;
    assert_eq!(list.status, 404);
    has(
        &list,
        &[
            "The order that was to be opened is not here",
            "Requested changes",
        ],
    );
}

#[tokio::test]
async fn the_orders_of_all_pages_are_counted_where_somebody_asks() {
    let world = World::new(None).await;
    let all = orders(&world, Who::Staff, "view=historical").await.len();
    let path = "/o/amber/orders/historical?tab=all";
    let list = page(&world, Who::Staff, path).await;
    has(&list, &["Count all orders"]);
    let counted = page(&world, Who::Staff, &format!("{path}&total=true")).await;
    has(&counted, &[&format!("{all} orders")]);
    let few = page(&world, Who::Staff, "/o/amber/orders?q=nothinglikeit").await;
    has(&few, &["0 orders", "No order fits all of these filters"]);
}

#[tokio::test]
async fn a_list_is_saved_shared_and_opened_again_with_its_columns() {
    let world = World::new(None).await;
    let sent = "name=Late&q=older:2d&view=recent&column=date&column=status&shared=yes";
    let saved = Ask::form("/o/amber/orders/views", sent);
    let saved = world.ask_plainly(Who::CustomerAdmin, &saved).await;
    let address = "/o/amber/orders?q=older%3A2d&columns=date%2Cstatus";
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, Some(address))
    );
    let opened = page(&world, Who::CustomerAdmin, address).await;
    assert!(opened.body.contains("<th class=\"c-status"));
    assert!(!opened.body.contains("<th class=\"c-note"));
    let team = page(&world, Who::Customer, "/o/amber/orders").await;
    has(&team, &["Shared by your team", "Late"]);
    assert!(links_to(&team, address));
    let others = page(&world, Who::Staff, "/o/amber/orders").await;
    assert!(!words(&others).contains("Late"));
}

#[tokio::test]
async fn a_part_of_the_desk_is_saved_opened_again_and_forgotten() {
    let world = World::new(None).await;
    let desk = page(&world, Who::Staff, "/desk?kind=failed&q=customer:amber").await;
    let narrowed = "/desk?kind=failed&q=customer%3Aamber+waits%3Ame";
    assert!(links_to(&desk, &narrowed["/desk".len()..]), "offered");
    let empty = page(&world, Who::Staff, narrowed).await;
    has(
        &empty,
        &["Waits for my decision", "No order on the desk fits"],
    );
    let sent = "name=Mine&q=customer:amber+waits:me&tab=failed&sort=oldest&shared=yes";
    let saved = Ask::form("/desk/views", sent);
    let saved = world.ask_plainly(Who::Staff, &saved).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, Some(narrowed))
    );
    let opened = page(&world, Who::Staff, narrowed).await;
    has(&opened, &["Your views", "Mine", "Shared"]);
    let orders = page(&world, Who::Staff, "/o/amber/orders").await;
    assert!(!words(&orders).contains("Mine"), "each list has its own");
    let nameless = Ask::form(
        "/desk/views",
        "name=&q=waits:me&tab=failed&next=/desk?kind=failed",
    );
    let nameless = world.ask_plainly(Who::Staff, &nameless).await;
    assert_eq!(nameless.status, 422);
    has(&nameless, &["Save this view", "Back to the list"]);
    assert!(links_to(&nameless, "/desk?kind=failed"));
    let wrong = page(&world, Who::Staff, "/desk?q=wait:me").await;
    has(&wrong, &["perhaps waits: is meant"]);
    let views = Ask::program("GET", "/api/v1/desk/views", "");
    let views = world.ask_plainly(Who::Staff, &views).await;
    let views: serde_json::Value = serde_json::from_str(&views.body).unwrap();
    assert_eq!(views[0]["view"], "desk");
    assert_eq!(views[0]["tab"], "failed");
    assert_eq!(views[0]["address"], narrowed);
    let id = views[0]["id"].as_str().unwrap();
    let removal = Ask::form(
        format!("/desk/views/{id}/removal"),
        "next=/desk?kind=failed",
    );
    let gone = world.ask_plainly(Who::Staff, &removal).await;
    assert_eq!(gone.header("location"), Some("/desk?kind=failed"));
    let desk = page(&world, Who::Staff, "/desk").await;
    assert!(!words(&desk).contains("Mine"));
}

#[tokio::test]
async fn what_is_exported_is_what_is_filtered_or_selected() {
    let world = World::new(None).await;
    let list = page(&world, Who::Staff, "/o/amber/orders?q=status:failed").await;
    let export = "/o/amber/orders/export.csv?view=recent&q=status%3Afailed";
    assert!(links_to(&list, export));
    let failed = orders(&world, Who::Staff, "view=recent&q=status:failed").await;
    let file = page(&world, Who::Staff, export).await;
    for order in orders(&world, Who::Staff, "view=recent").await {
        let is_there = file.body.contains(&format!("\n{},", number(&order)));
        let is_failed = failed.iter().any(|one| number(one) == number(&order));
        assert_eq!(is_there, is_failed, "{order}");
    }
    let chosen = number(&failed[1]);
    let body = format!("number={chosen}&number=10000001&action=export_csv");
    let selected = Ask::form("/o/amber/orders/bulk", body);
    let file = world.ask_plainly(Who::Staff, &selected).await;
    assert!(file.body.contains(&format!("\n{chosen},")), "{}", file.body);
    assert!(!file.body.contains("10000001"));
    let nothing = Ask::form("/o/amber/orders/bulk", "action=export_csv");
    let nothing = world.ask_plainly(Who::Staff, &nothing).await;
    assert_eq!(nothing.status, 422);
    has(&nothing, &["select some first", "Back to the list"]);
}

#[tokio::test]
async fn the_bar_of_a_selection_offers_what_its_reader_may_do() {
    let world = World::new(None).await;
    for (who, offered) in [(Who::Staff, true), (Who::CustomerBilling, false)] {
        let list = page(&world, who, "/o/amber/orders").await;
        let (_, bar) = list.body.split_once("id=\"bulk\"").unwrap();
        let (bar, _) = bar.split_once("</form>").unwrap();
        for button in ["archive", "retry", "give_up"] {
            let button = format!("value=\"{button}\"");
            assert_eq!(bar.contains(&button), offered, "{button} for {who:?}");
        }
        assert!(bar.contains("value=\"add_note\"") && bar.contains("export_csv"));
        assert_eq!(bar.contains("name=\"internal\""), offered);
    }
}

#[tokio::test]
async fn what_fails_for_one_cause_is_retried_from_the_page_of_one_order() {
    let world = World::new(None).await;
    let alike = "2 other orders fail for the same cause";
    let mut retried = Vec::new();
    for order in orders(&world, Who::Staff, "view=recent&q=status:failed").await {
        let path = format!("/o/amber/orders/{}", number(&order));
        let theirs = page(&world, Who::CustomerAdmin, &path).await;
        assert!(!theirs.body.contains("/same-cause"), "{path}");
        let shown = page(&world, Who::Staff, &path).await;
        if let Some((_, rest)) = shown.body.split_once(alike) {
            let items = format!("{path}/items/");
            let (_, rest) = rest.split_once(&format!("action=\"{items}")).unwrap();
            let (item, _) = rest.split_once("/same-cause\"").unwrap();
            retried.push((path, format!("{items}{item}/same-cause")));
        }
    }
    assert_eq!(retried.len(), 3);
    let (first, action) = &retried[0];
    let refused = world
        .ask_plainly(Who::CustomerAdmin, &Ask::form(action, ""))
        .await;
    assert_eq!(refused.status, 403);
    let done = world.ask_plainly(Who::Staff, &Ask::form(action, "")).await;
    has(&done, &["3 of 3 orders done", "Provisioning started"]);
    assert!(retried.iter().all(|(path, _)| links_to(&done, path)));
    let again = world.ask_plainly(Who::Staff, &Ask::form(action, "")).await;
    has(&again, &["Nothing fails for this cause any more"]);
    assert!(links_to(&again, first));
    let everywhere = Ask::form(action, "all_customers=on");
    assert_eq!(world.ask_plainly(Who::Staff, &everywhere).await.status, 200);
    let nowhere = Ask::form(format!("{first}/items/lin_1/same-cause"), "");
    assert_eq!(world.ask_plainly(Who::Staff, &nowhere).await.status, 404);
}

#[tokio::test]
async fn what_is_too_large_or_nowhere_is_told_in_the_frame_and_as_a_problem() {
    let world = World::new(None).await;
    let number = number(&orders(&world, Who::Staff, "view=recent").await[0]);
    let text = "x".repeat(1 << 20);
    let path = format!("/o/amber/orders/{number}/actions/add_note");
    let note = Ask::form(path, format!("text={text}"));
    let refused = world.ask_plainly(Who::Customer, &note).await;
    assert_eq!(refused.status, 413);
    has(&refused, &["larger than 256 KB", "Go back"]);
    let note = Ask::api(
        "POST",
        &format!("/orders/{number}/actions/add_note"),
        format!("{{\"text\": \"{text}\"}}"),
    );
    let refused = world.ask_plainly(Who::Customer, &note).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (413, &"too_large".into())
    );
    let event = Ask::form(
        "/webhooks/partner-center/nordic/microsoft",
        text[..70_000].to_owned(),
    );
    let refused = world.ask_plainly(Who::Customer, &event).await;
    assert_eq!(refused.status, 413);
    for path in [
        "/o/amber/nowhere",
        "/o/amber/orders/1/2/3",
        "/o/amber/orders/10000001",
    ] {
        let lost = page(&world, Who::Customer, path).await;
        assert_eq!(lost.status, 404);
        assert!(lost.body.contains("<nav class=\"rail\""), "{path}");
        has(&lost, &["There is nothing here"]);
        let foreign = page(&world, Who::Customer, &path.replace("amber", "elk")).await;
        assert!(!foreign.body.contains("<nav class=\"rail\""), "{path}");
    }
    for path in ["/orders/x/y/z", "/nothing", "/orders?nothing=1"] {
        let lost = world
            .ask_plainly(Who::Customer, &Ask::api("GET", path, ""))
            .await;
        assert!(lost.status >= 400, "{path}");
        assert!(lost.json()["detail"].is_string(), "{path}: {}", lost.body);
    }
}

/// A browser asks for compressed answers, and what compresses asks a stream once more after its end.
#[tokio::test]
async fn an_export_is_whole_when_it_is_compressed() {
    let world = World::new(None).await;
    for kind in ["csv", "xlsx"] {
        let path = format!("/o/amber/orders/export.{kind}?view=historical");
        let ask = Ask::page(path).with("accept-encoding", "gzip");
        let file = world.ask_plainly(Who::Staff, &ask).await;
        assert_eq!(file.status, 200);
        assert!(file.body.len() > 1_000, "{kind}: {}", file.body.len());
    }
}
