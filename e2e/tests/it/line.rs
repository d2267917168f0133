//! The line between the program and a PostgreSQL server: it can be turned to another server, and tells when a
//! commit passes.

use std::io::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What a client sends as a simple query to commit.
const COMMIT: &[u8] = b"COMMIT\0";

/// Where a commit is held. Its connection carries nothing after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The server does not hear of it.
    Before,
    /// The server works at it.
    Within,
    /// The server has answered; the client does not hear it.
    After,
}

#[derive(Default)]
struct State {
    server: String,
    /// The commit that is held: so many pass before it.
    armed: Option<(Hold, u32)>,
}

/// Stands between the program and its server.
#[derive(Default)]
pub(crate) struct Line {
    state: Mutex<State>,
    held: Notify,
    is_dark: AtomicBool,
}

impl Line {
    /// A line to a server, and the port at which it begins.
    pub(crate) async fn new(server: &str) -> (Arc<Line>, u16) {
        let line = Arc::new(Line::default());
        line.turn(server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let carried = line.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let line = carried.clone();
                tokio::spawn(async move { line.serve(client).await });
            }
        });
        (line, port)
    }

    /// New connections go to this server, given as `postgres://USER@HOST:PORT/NAME`.
    pub(crate) fn turn(&self, server: &str) {
        let (_, place) = server.split_once('@').unwrap();
        let (address, _) = place.split_once('/').unwrap();
        self.state.lock().unwrap().server = address.to_owned();
    }

    /// Connections whose server dies are left as they are, as if its machine had lost its power; else they end.
    pub(crate) fn darken(&self, is_dark: bool) {
        self.is_dark.store(is_dark, Ordering::SeqCst);
    }

    /// Waits until a commit is held after so many others; it is nothing before its server has died.
    pub(crate) async fn hold(&self, hold: Hold, others: u32) {
        self.state.lock().unwrap().armed = Some((hold, others));
        self.held.notified().await;
    }

    async fn serve(&self, mut client: TcpStream) {
        self.carry(&mut client).await.ok();
        if self.is_dark.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    async fn carry(&self, client: &mut TcpStream) -> Result<()> {
        let address = self.state.lock().unwrap().server.clone();
        let mut server = TcpStream::connect(address).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
        let mut held = None;
        loop {
            tokio::select! {
                count = client.read(&mut asked), if held.is_none() => {
                    let said = &asked[..count?];
                    if said.is_empty() {
                        return Ok(());
                    }
                    held = self.held(said);
                    if held != Some(Hold::Before) {
                        server.write_all(said).await?;
                    }
                    if matches!(held, Some(Hold::Before | Hold::Within)) {
                        self.held.notify_one();
                    }
                }
                count = server.read(&mut answered) => {
                    match count? {
                        0 => return Ok(()),
                        _ if held == Some(Hold::After) => self.held.notify_one(),
                        _ if held.is_some() => {}
                        count => client.write_all(&answered[..count]).await?,
                    }
                }
            }
        }
    }

    /// Whether what is said is the commit that is to be held.
    fn held(&self, said: &[u8]) -> Option<Hold> {
        let is_commit = said.windows(COMMIT.len()).any(|part| part == COMMIT);
        let mut state = self.state.lock().unwrap();
        let (hold, others) = state.armed.filter(|_| is_commit)?;
        state.armed = others.checked_sub(1).map(|others| (hold, others));
        (others == 0).then_some(hold)
    }
}
