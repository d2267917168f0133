//! Connections to PostgreSQL that are cut at the commit: what was kept is found out, and said truly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use domain::id::UserId;
use sqlx::Connection as _;
use store::users::{self, User};
use store::{Store, StoreError, schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, watch};

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
    /// The server is without power before it has heard of it: nothing ends the connection.
    Silent,
    /// The same for all connections that there are, whatever they carry.
    AllSilent,
    /// The server is gone before it has heard of it, and nobody listens there any more.
    Gone,
}

/// Stands between the store and the server; cuts the next commit when it is armed.
struct Line {
    armed: AtomicBool,
    cuts: AtomicU32,
    cut: Cut,
    /// Stays true once it is, so that a connection which was not waiting just then ends too.
    gone: watch::Sender<bool>,
}

impl Line {
    async fn is_gone(&self) {
        let _ = self.gone.subscribe().wait_for(|is_gone| *is_gone).await;
    }
}

/// A store behind such a line, with tables of its own.
async fn behind(server: &str, cut: Cut) -> (Store, Arc<Line>, String) {
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
        gone: watch::Sender::new(false),
    });
    tokio::spawn(serve(listener, address.to_owned(), line.clone()));
    let url = format!(
        "{user}@127.0.0.1:{port}/{database}?sslmode=disable&options=-c%20search_path%3D{schema}"
    );
    let store = Store::open(&url).await.unwrap();
    schema::migrate(&store).await.unwrap();
    (store, line, schema)
}

async fn serve(listener: TcpListener, server: String, line: Arc<Line>) {
    let gone = line.clone();
    let accepts = async {
        while let Ok((client, _)) = listener.accept().await {
            let (server, line) = (server.clone(), line.clone());
            tokio::spawn(async move { carry(client, &server, &line).await });
        }
    };
    tokio::select! {
        biased;
        () = gone.is_gone() => {}
        () = accepts => {}
    }
}

async fn carry(mut client: TcpStream, server: &str, line: &Line) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut is_cut = false;
    let is_new = line.armed.load(Ordering::SeqCst);
    loop {
        tokio::select! {
            biased;
            () = line.is_gone() => return Ok(()),
            count = client.read(&mut asked) => {
                let said = &asked[..count?];
                if said.is_empty() {
                    return Ok(());
                }
                let is_commit = said.windows(COMMIT.len()).any(|part| part == COMMIT);
                let is_cut_here = match line.cut {
                    Cut::AllSilent => !is_new && line.armed.load(Ordering::SeqCst),
                    _ => is_commit && line.armed.swap(false, Ordering::SeqCst),
                };
                if is_cut_here {
                    line.cuts.fetch_add(1, Ordering::SeqCst);
                    match line.cut {
                        Cut::Before => return Ok(()),
                        Cut::After => is_cut = true,
                        Cut::Silent | Cut::AllSilent => {
                            drop(server);
                            return std::future::pending().await;
                        }
                        Cut::Gone => {
                            line.gone.send_replace(true);
                            return Ok(());
                        }
                    }
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

/// The server that the tests are given.
fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "where the test server is")]
    let server = std::env::var("TEST_POSTGRES_URL").ok();
    if server.is_none() {
        println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
    }
    server
}

#[test]
fn a_commit_whose_answer_is_lost_is_looked_up_and_kept_once() {
    let Some(server) = server() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (cut, runs_each) in [(Cut::Before, 2), (Cut::After, 1)] {
        runtime.block_on(cut_often(&server, cut, runs_each));
    }
}

async fn cut_often(server: &str, cut: Cut, runs_each: u32) {
    const TIMES: u32 = 50;
    let (store, line, schema) = behind(server, cut).await;
    let runs = Arc::new(AtomicU32::new(0));
    for number in 1..=TIMES {
        line.armed.store(true, Ordering::SeqCst);
        add(&store, runs.clone(), number).await.unwrap();
    }
    assert_eq!(line.cuts.load(Ordering::SeqCst), TIMES);
    // What had been kept is not done again, and what had not is.
    assert_eq!(runs.load(Ordering::SeqCst), TIMES * runs_each);
    let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {schema}.users"));
    let count: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(count, i64::from(TIMES));
}

/// A server whose machine loses its power ends no connection: it is given up by what it does not say.
#[test]
fn a_server_that_says_nothing_any_more_is_given_up_and_found_again() {
    let Some(server) = server() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let amid = falls_silent_amid_writes(&server);
        let at_commit = falls_silent_at_a_commit(&server);
        tokio::join!(amid, at_commit)
    });
}

async fn falls_silent_amid_writes(server: &str) {
    /// As many as the store has connections.
    const ALL: usize = 16;
    let (store, line, _) = behind(server, Cut::AllSilent).await;
    let barrier = Arc::new(Barrier::new(ALL + 1));
    let write = || {
        store.write(barrier.clone(), |barrier, tx| {
            Box::pin(async move {
                barrier.wait().await;
                barrier.wait().await;
                users::find(tx, UserId(id(1))).await
            })
        })
    };
    let writes = futures::future::join_all((0..ALL).map(|_| write()));
    let silence = async {
        barrier.wait().await;
        line.armed.store(true, Ordering::SeqCst);
        barrier.wait().await;
    };
    let (answers, ()) = tokio::join!(writes, silence);
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Away(_))), "{answer:?}");
    }
    // None of their places is kept.
    add(&store, Arc::default(), 1).await.unwrap();
}

async fn falls_silent_at_a_commit(server: &str) {
    let (store, line, _) = behind(server, Cut::Silent).await;
    let runs = Arc::new(AtomicU32::new(0));
    line.armed.store(true, Ordering::SeqCst);
    add(&store, runs.clone(), 1).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2, "looked up, and done again");
}

#[test]
fn of_a_commit_at_a_server_that_is_gone_it_is_said_in_time_that_nobody_knows() {
    const IN_TIME: std::time::Duration = std::time::Duration::from_secs(60);
    let Some(server) = server() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, line, _) = behind(&server, Cut::Gone).await;
        line.armed.store(true, Ordering::SeqCst);
        let added = tokio::time::timeout(IN_TIME, add(&store, Arc::default(), 1)).await;
        let told = added.expect("somebody waits for an answer").unwrap_err();
        assert!(matches!(told, StoreError::Unknown), "{told}");
    });
}
