//! Live streams: what happened while a stream was broken is told when it goes on, another node's
//! changes are told too, and a right that is taken away ends it.

use std::time::Duration;

use store::Store;
use tokio::time::timeout;

use crate::twins::frames::Frames;
use crate::twins::world::{Ask, Who, World};

/// Far longer than a stream needs; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

async fn note(world: &World, number: u64) {
    world.begin(&format!("note {number}"));
    let path = format!("/orders/{number}/actions/add_note");
    let note = Ask::api("POST", &path, "{\"text\": \"news\"}");
    assert_eq!(world.ask_plainly(Who::Staff, &note).await.status, 200);
}

/// Two orders that customers see.
async fn two(world: &World) -> (u64, u64) {
    let list = Ask::api("GET", "/orders?view=recent&limit=2", "");
    let rows = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let number = |at: usize| rows[at]["number"].as_u64().unwrap();
    (number(0), number(1))
}

async fn frame_of(frames: &mut Frames, number: u64) -> String {
    let found = timeout(PATIENCE, frames.until(number)).await;
    let found = found.expect("the order is told");
    found.last().cloned().expect("the stream goes on")
}

fn id(frame: &str) -> &str {
    let line = frame.lines().find_map(|line| line.strip_prefix("id: "));
    line.expect("every frame has an id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_broke_goes_on_where_it_ended() {
    let world = World::new(None).await;
    let (one, other) = two(&world).await;
    for is_api in [false, true] {
        let mut frames = world.follow(Who::CustomerAdmin, is_api, None).await;
        note(&world, one).await;
        let last = id(&frame_of(&mut frames, one).await).to_owned();
        drop(frames);
        note(&world, other).await;
        // Longer than a stream reaches back by itself.
        for _ in 0..10 {
            world.begin("time passes");
        }
        let mut frames = world.follow(Who::CustomerAdmin, is_api, Some(&last)).await;
        frame_of(&mut frames, other).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_status_is_told_with_the_new_status() {
    let world = World::new(None).await;
    let list = Ask::api("GET", "/orders?view=recent&q=status:finished&limit=1", "");
    let rows = world.ask_plainly(Who::CustomerAdmin, &list).await.json();
    let number = rows[0]["number"].as_u64().unwrap();
    for is_api in [false, true] {
        let mut frames = world.follow(Who::CustomerAdmin, is_api, None).await;
        world.begin(&format!("archive {is_api}"));
        let (action, status) = match is_api {
            false => ("archive", "completed"),
            true => ("add_note", "completed"),
        };
        let path = format!("/orders/{number}/actions/{action}");
        let done = Ask::api("POST", &path, "{\"text\": \"filed\"}");
        assert_eq!(world.ask_plainly(Who::Staff, &done).await.status, 200);
        let frame = frame_of(&mut frames, number).await;
        let told = format!("\"status\":\"{status}\"");
        assert!(frame.contains(&told), "{frame}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_taken_away_ends_the_stream_within_a_second() {
    let world = World::new(None).await;
    let (session, _) = world.keys(Who::CustomerAdmin);
    let mut page = world.follow(Who::CustomerAdmin, false, None).await;
    let mut program = world.follow(Who::Customer, true, None).await;
    for frames in [&mut page, &mut program] {
        assert!(frames.next().await.unwrap().starts_with(": following"));
    }
    world.app.sign_out(session).await.unwrap();
    let tokens = world.app.tokens(Who::Customer.email()).await.unwrap();
    let tokens = tokens.into_iter().filter(|token| token.kind == app::TOKEN);
    for token in tokens {
        let revoked = world.app.revoke_token(Who::Customer.email(), token.id);
        revoked.await.unwrap();
    }
    for frames in [&mut page, &mut program] {
        let end = async { while frames.next().await.is_some() {} };
        let ended = timeout(Duration::from_secs(1), end).await;
        ended.expect("the stream ends");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_has_twenty_streams_at_the_most() {
    let world = World::new(None).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(world.follow(Who::Customer, true, None).await);
    }
    let more = Ask::api("GET", "/orders/live", "");
    let refused = world.ask_plainly(Who::Customer, &more).await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert!(refused.body.contains("close one"), "{}", refused.body);
    world.follow(Who::CustomerAdmin, true, None).await;
    open.pop();
    world.follow(Who::Customer, true, None).await;
}

/// A stream on one node, a change on another; they share nothing but the database.
async fn across_nodes(world: World, other: Store) {
    let node = world.node(other);
    let (one, _) = two(&world).await;
    let mut frames = node.follow(Who::CustomerAdmin, false, None).await;
    assert!(frames.next().await.unwrap().starts_with(": following"));
    note(&world, one).await;
    frame_of(&mut frames, one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_on_one_database_see_each_others_changes() {
    let world = World::new(None).await;
    let store = world.store.clone();
    across_nodes(world, store).await;
    #[expect(clippy::disallowed_methods, reason = "where the test server is")]
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return;
    };
    let name = format!("live_{}", std::process::id());
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&server).await;
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
    let created = sqlx::raw_sql(create).execute(admin.as_mut().unwrap());
    created.await.unwrap();
    let url = format!("{server}?options=-c%20search_path%3D{name}");
    let store = Store::open(&url).await.unwrap();
    store::schema::migrate(&store).await.unwrap();
    let other = Store::open(&url).await.unwrap();
    across_nodes(World::seeded(store).await, other).await;
}
