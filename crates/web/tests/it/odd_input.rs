//! What people paste, save and keep open: names of other scripts and any length, places of another list,
//! views and links that the world has moved on from. Each is told in words, and the rest of the page
//! stands.

use domain::id::NoteId;
use domain::order::line::LineState;
use domain::order::note::Note;
use domain::provisioning::Failure;
use store::{StoreError, orders};

use crate::screens::{has, links_to, number, orders as listed, page, words};
use crate::twins::world::{AMBER, Ask, FULL, Who, World};

const PERSON: &str = "דוד בן־גוריון";
const ORGANIZATION: &str = "شركة العنبر";
const LICENSE: &str = "رخصة المكتب";
const VENDOR: &str = "مورد";
const SAID: &str = "הבקשה נדחתה";
const NOTE: &str = "ملاحظة للفريق";
const ALL: [&str; 6] = [PERSON, ORGANIZATION, LICENSE, VENDOR, SAID, NOTE];

/// Gives a failed order names from right to left and of great length.
async fn rename(world: &World, order: u64) {
    let changed = world.store.write(order, |order, tx| {
        Box::pin(async move {
            let mut order = orders::load_by_number(tx, AMBER, *order, FULL).await?;
            let now = order.phase_since;
            order.created_by.person = PERSON.into();
            order.created_by.organization_name = ORGANIZATION.into();
            let author = order.created_by.clone();
            for line in &mut order.lines {
                line.item.name = format!("{LICENSE} {}", "x".repeat(160));
                line.item.vendor_name = VENDOR.into();
                line.contact.name = PERSON.into();
                if let LineState::Failed { failure, .. } = &mut line.state {
                    *failure = Failure {
                        message: SAID.into(),
                        ..failure.clone()
                    };
                }
            }
            order.notes.push(Note {
                id: NoteId(uuid::Uuid::from_u128(7)),
                author,
                at: now,
                text: format!("{NOTE} {}", "y".repeat(3_000)),
                is_internal: false,
            });
            orders::save(tx, &mut order, &[], now).await
        })
    });
    let changed: Result<(), StoreError> = changed.await;
    changed.unwrap();
}

/// Where a name stands in a page without a direction of its own, so that it could change places with
/// what is beside it. Attributes, titles and what is typed have no neighbors; what happens next is a
/// sentence of ours with one name in it.
fn mingled(body: &str, name: &str) -> Vec<String> {
    let is_mingled = |at: &usize| {
        let before = &body[..*at];
        let last = |tag: &str| before.rfind(tag).map_or(-1, |at| at as i64);
        let is_in = |tag: &str| last(&format!("<{tag}")) > last(&format!("</{tag}"));
        let is_attribute = last("<") > last(">");
        let is_sentence = last("class=\"next\"") > last("</p") || last("c-next") > last("</td");
        let is_alone = ["bdi", "title", "textarea", "option"]
            .into_iter()
            .any(is_in);
        !is_attribute && !is_sentence && !is_alone
    };
    let found = body.match_indices(name).map(|(at, _)| at);
    let around = |at: usize| body[..at].chars().rev().take(60).collect::<Vec<_>>();
    let around = |at: usize| around(at).into_iter().rev().collect();
    found.filter(is_mingled).map(around).collect()
}

#[tokio::test]
async fn names_from_right_to_left_keep_their_place_beside_others() {
    let world = World::new(None).await;
    let failed = listed(&world, Who::Staff, "view=recent&q=status:failed").await;
    let order = number(&failed[0]);
    rename(&world, order).await;
    let details = format!("/o/amber/orders/{order}");
    let list = page(&world, Who::Staff, "/o/amber/orders").await;
    let item = list
        .body
        .split(&format!("{details}/items/"))
        .nth(1)
        .unwrap();
    let item = format!("{details}/items/{}", &item[..36]);
    let mut seen = Vec::new();
    for path in [
        "/o/amber/orders",
        &format!("/o/amber/orders?panel={order}"),
        &details,
        &item,
        "/desk",
    ] {
        let answer = page(&world, Who::Staff, path).await;
        assert_eq!(answer.status, 200, "{path}");
        for name in ALL {
            let mingled = mingled(&answer.body, name);
            assert!(mingled.is_empty(), "{name} on {path}: {mingled:#?}");
            if words(&answer).contains(name) {
                seen.push(name);
            }
        }
    }
    for name in ALL {
        assert!(
            seen.iter().filter(|one| **one == name).count() > 1,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_place_of_another_list_is_told_and_the_list_begins_at_its_first_page() {
    let world = World::new(None).await;
    let ask = Ask::api("GET", "/orders?view=historical&limit=1", "");
    let first = world.ask_plainly(Who::Customer, &ask).await;
    let next = first.header("link").unwrap().split("cursor=").nth(1);
    let place: String = next
        .unwrap()
        .chars()
        .take_while(|c| *c != '&' && *c != '>')
        .collect();
    let whole = page(&world, Who::Customer, "/o/amber/orders").await;
    for place in [place.as_str(), "%00", "1-1-zz", "٣-1-1"] {
        let path = format!("/o/amber/orders?from={place}");
        let list = page(&world, Who::Customer, &path).await;
        assert_eq!(list.status, 200, "{place}");
        has(&list, &["The page", "begin at its first page"]);
        let rows = |answer: &crate::twins::world::Answer| answer.body.matches("data-row=").count();
        assert_eq!(rows(&list), rows(&whole), "{place}");
    }
}

#[tokio::test]
async fn a_saved_view_of_a_vendor_that_is_gone_opens_says_so_and_can_be_deleted() {
    let world = World::new(None).await;
    let save = Ask::form(
        "/o/amber/orders/views",
        "name=Gone&q=vendor:gone&view=recent",
    );
    let saved = world.ask_plainly(Who::Customer, &save).await;
    let address = saved.header("location").unwrap().to_owned();
    let opened = page(&world, Who::Customer, &address).await;
    assert_eq!(opened.status, 200);
    has(
        &opened,
        &[
            "vendor:gone",
            "no vendor has a name that begins so",
            "Microsoft",
            "No order fits all of these filters",
        ],
    );
    assert!(
        links_to(&opened, "/o/amber/orders"),
        "the filter can be dropped"
    );
    assert!(opened.body.contains("aria-label=\"Delete the view Gone\""));
}

#[tokio::test]
async fn a_link_to_a_status_that_an_order_has_just_left_still_opens_the_order() {
    let world = World::new(None).await;
    let failed = listed(&world, Who::Staff, "view=recent&q=status:failed").await;
    let order = number(&failed[0]);
    let link = format!("/o/amber/orders?q=status%3Aprovisioning_failed&panel={order}");
    has(
        &page(&world, Who::Staff, &link).await,
        &["Provisioning failed"],
    );
    for action in ["give_up", "archive"] {
        let path = format!("/orders/{order}/actions/{action}");
        let answer = world
            .ask_plainly(Who::Staff, &Ask::api("POST", &path, ""))
            .await;
        if answer.status == 200 {
            break;
        }
    }
    let moved = page(&world, Who::Staff, &link).await;
    assert_eq!(moved.status, 200);
    let row = format!("data-row=\"{order}\"");
    assert!(!moved.body.contains(&row), "it is not in the list any more");
    has(
        &moved,
        &[&format!("Order {order}"), "Completed with errors"],
    );
    let details = page(&world, Who::Staff, &format!("/o/amber/orders/{order}")).await;
    has(&details, &["Historical orders"]);
}

#[tokio::test]
async fn ten_thousand_selected_rows_are_refused_whole_with_the_way_out() {
    let world = World::new(None).await;
    let before = world.truth().await;
    let numbers: String = (10_000_000..10_010_000)
        .map(|number| format!("number={number}&"))
        .collect();
    let ask = Ask::form("/o/amber/orders/bulk", format!("{numbers}action=archive"));
    let refused = world.ask_plainly(Who::Staff, &ask).await;
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    has(&refused, &["500", "Back to the list"]);
    assert_eq!(world.truth().await, before);
}

#[tokio::test]
async fn what_the_desk_can_not_do_is_told_on_the_part_of_it_that_was_open() {
    let world = World::new(None).await;
    let failed = listed(&world, Who::Staff, "view=recent&q=status:failed").await;
    let path = format!("/desk/orders/amber/{}/run", number(&failed[0]));
    let press = Ask::form(&path, "next=/desk?kind=failed%26q=vendor:microsoft");
    let told = world.ask_plainly(Who::Staff, &press).await;
    assert_eq!(told.status, 409);
    has(
        &told,
        &["Nothing of this order is set aside.", "Vendor: microsoft"],
    );
    let desk = page(&world, Who::Staff, "/desk?tab=failed").await;
    assert_eq!(desk.status, 400);
    has(&desk, &["can't be read", "unknown field `tab`", "`kind`"]);
}
