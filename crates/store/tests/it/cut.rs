//! Connections to PostgreSQL that are cut at the commit: what was kept is found out, and said truly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use domain::id::UserId;
use sqlx::Connection as _;
use store::users::{self, User};
use store::{Store, StoreError, schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{id, unique};

/// What a client sends as a simple query to commit.
const COMMIT: &[u8] = b"COMMIT\0";

/// When the line is cut at a commit.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// The server has not heard of it.
    Before,
    /// The server has answered; the client does not hear it.
    After,
}

/// Stands between the store and the server; cuts the next commit when it is armed.
struct Line {
    armed: AtomicBool,
    cuts: AtomicU32,
    cut: Cut,
}

async fn serve(listener: TcpListener, server: String, line: Arc<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, line) = (server.clone(), line.clone());
        tokio::spawn(async move { carry(client, &server, &line).await });
    }
}

async fn carry(mut client: TcpStream, server: &str, line: &Line) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut is_cut = false;
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let said = &asked[..count?];
                if said.is_empty() {
                    return Ok(());
                }
                let is_commit = said.windows(COMMIT.len()).any(|part| part == COMMIT);
                if is_commit && line.armed.swap(false, Ordering::SeqCst) {
                    line.cuts.fetch_add(1, Ordering::SeqCst);
                    if line.cut == Cut::Before {
                        return Ok(());
                    }
                    is_cut = true;
                }
                server.write_all(said).await?;
            }
            count = server.read(&mut answered) => {
                let count = count?;
                if count == 0 || is_cut {
                    return Ok(());
                }
                client.write_all(&answered[..count]).await?;
            }
        }
    }
}

async fn add(store: &Store, runs: Arc<AtomicU32>, number: u32) -> Result<(), StoreError> {
    let write = store.write((runs, number), |(runs, number), tx| {
        Box::pin(async move {
            runs.fetch_add(1, Ordering::SeqCst);
            let user = User {
                id: UserId(id(u128::from(*number))),
                email: format!("{number}@x.example"),
                name: "Ieva Berg".into(),
                password_hash: "none".into(),
            };
            users::save(tx, &user).await
        })
    });
    write.await
}

#[test]
fn a_commit_whose_answer_is_lost_is_looked_up_and_kept_once() {
    #[expect(clippy::disallowed_methods, reason = "where the test server is")]
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (cut, runs_each) in [(Cut::Before, 2), (Cut::After, 1)] {
        runtime.block_on(cut_often(&server, cut, runs_each));
    }
}

async fn cut_often(server: &str, cut: Cut, runs_each: u32) {
    const TIMES: u32 = 50;
    let schema = unique("cut");
    let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
    let (user, rest) = server.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let line = Arc::new(Line {
        armed: AtomicBool::new(false),
        cuts: AtomicU32::new(0),
        cut,
    });
    tokio::spawn(serve(listener, address.to_owned(), line.clone()));
    let url = format!(
        "{user}@127.0.0.1:{port}/{database}?sslmode=disable&options=-c%20search_path%3D{schema}"
    );
    let store = Store::open(&url).await.unwrap();
    schema::migrate(&store).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    for number in 1..=TIMES {
        line.armed.store(true, Ordering::SeqCst);
        add(&store, runs.clone(), number).await.unwrap();
    }
    assert_eq!(line.cuts.load(Ordering::SeqCst), TIMES);
    // What had been kept is not done again, and what had not is.
    assert_eq!(runs.load(Ordering::SeqCst), TIMES * runs_each);
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {schema}.users"));
    let count: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(count, i64::from(TIMES));
}
