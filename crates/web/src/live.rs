//! Live updates: a stream that names the orders that changed, asked of the database within the
//! reader's access, so that it can tell nothing that the list would not.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::access::{Access, Caller};
use app::{Change, Error};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use domain::id::{OrganizationId, UserId};
use futures::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::Web;
use crate::error::{Page, Problem};
use crate::visitor::{Program, Visitor, bearer};

/// Another node's changes and a right that was taken away are found by looking; our own changes wake
/// us at once.
const LOOK_EVERY: Duration = Duration::from_millis(750);
/// How far each look reaches back, in microseconds: a page is older than its stream, and the clocks
/// of several nodes differ. What was told already is not told again.
const OVERLAP: i64 = 30_000_000;
/// Orders in one frame.
const FRAME_MAX: usize = 500;
/// Streams of one person at once; a browser opens six at the most.
const STREAMS_MAX: usize = 20;

/// Whether the database answers.
pub(crate) async fn ready(State(web): State<Web>) -> StatusCode {
    match web.app.is_ready().await {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The streams that are open, by person.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<UserId, usize>>>);

/// One of them, until it is dropped.
struct Open {
    streams: Streams,
    user: UserId,
}

impl Streams {
    fn open(&self, user: UserId) -> Result<Open, Error> {
        let mut counts = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let count = counts.entry(user).or_default();
        if *count >= STREAMS_MAX {
            return Err(Error::TooManyStreams);
        }
        *count += 1;
        let streams = self.clone();
        Ok(Open { streams, user })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut counts = self.streams.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(count) = counts.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.user);
            }
        }
    }
}

/// Who follows: a person in a browser, or a program with a token.
pub(crate) struct Follower {
    caller: Caller,
    secret: String,
    kind: app::CredentialKind,
}

impl From<Visitor> for Follower {
    fn from(visitor: Visitor) -> Follower {
        Follower {
            secret: visitor.secret().to_owned(),
            caller: visitor.caller,
            kind: app::SESSION,
        }
    }
}

impl FromRequestParts<Web> for Follower {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Follower, Problem> {
        let Program(caller) = if parts.headers.contains_key(header::AUTHORIZATION) {
            Program::from_request_parts(parts, web).await?
        } else {
            let visitor = Visitor::from_request_parts(parts, web).await;
            return Ok(visitor.map_err(|Page(error)| error)?.into());
        };
        Ok(Follower {
            caller,
            secret: bearer(&parts.headers).unwrap_or_default().to_owned(),
            kind: app::TOKEN,
        })
    }
}

/// Where a stream that broke is resumed.
pub(crate) struct LastEvent(Option<i64>);

impl<S: Sync> FromRequestParts<S> for LastEvent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<LastEvent, Infallible> {
        Ok(LastEvent(read_id(&parts.headers)))
    }
}

/// The instant in a `Last-Event-ID`; any other text is as good as none.
fn read_id(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get("last-event-id")?.to_str().ok()?;
    text.split('-').next()?.parse().ok().filter(|at| *at >= 0)
}

struct Feed {
    web: Web,
    follower: Follower,
    access: Access,
    /// What was told and is not older than the overlap.
    told: HashMap<u64, Change>,
    /// Looks begin here.
    since: i64,
    /// Changes that were found and not told yet.
    news: std::vec::IntoIter<Change>,
    changes: Receiver<OrganizationId>,
    _open: Open,
}

/// Streams the numbers of orders as they change, to a page.
pub(crate) async fn orders(
    State(web): State<Web>,
    Path(organization): Path<String>,
    last: LastEvent,
    visitor: Visitor,
) -> Result<Response, Page> {
    Ok(follow(web, &organization, last, visitor.into()).await?)
}

/// Streams the changes of an organization's orders to whoever may see them.
pub(crate) async fn follow(
    web: Web,
    organization: &str,
    LastEvent(last): LastEvent,
    follower: Follower,
) -> Result<Response, Error> {
    let access = web.app.access(&follower.caller, organization).await?;
    if !access.standing().may(Permission::SeeOrders) {
        return Err(Error::Forbidden);
    }
    let open = web.streams.open(follower.caller.user)?;
    let from = last.unwrap_or_else(|| web.app.now().as_microsecond());
    let feed = Feed {
        changes: web.app.changes(),
        web,
        follower,
        access,
        told: HashMap::new(),
        since: from.saturating_sub(OVERLAP),
        news: Vec::new().into_iter(),
        _open: open,
    };
    Ok(Sse::new(frames(feed))
        .keep_alive(KeepAlive::new().text("still following"))
        .into_response())
}

fn frames(feed: Feed) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = Event::default()
        .comment("following")
        .retry(Duration::from_secs(2));
    stream::iter([Ok(hello)]).chain(stream::unfold(feed, next))
}

async fn next(mut feed: Feed) -> Option<(Result<Event, Infallible>, Feed)> {
    loop {
        let news: Vec<Change> = feed.news.by_ref().take(FRAME_MAX).collect();
        if let Some(last) = news.last() {
            let event = frame(&news, last);
            feed.told
                .extend(news.into_iter().map(|change| (change.number, change)));
            return Some((Ok(event), feed));
        }
        // A right that was taken away ends the stream.
        feed.look().await.ok()?;
        if feed.news.as_slice().is_empty() {
            feed.wait().await;
        }
    }
}

/// Number, version and status of each order that changed; the id is where to resume.
fn frame(news: &[Change], last: &Change) -> Event {
    let told = |change: &Change| {
        let Change {
            number,
            version,
            status,
            ..
        } = change;
        json!({ "number": number, "version": version, "status": status })
    };
    let told: Value = news.iter().map(told).collect();
    Event::default()
        .event("orders")
        .id(format!("{}-{}", last.at, last.number))
        .data(told.to_string())
}

impl Feed {
    /// Asks what changed, with the rights of this moment.
    async fn look(&mut self) -> Result<(), Error> {
        let (app, follower) = (&self.web.app, &self.follower);
        let caller = app.still_caller(&follower.secret, follower.kind).await?;
        let slug = self.access.organization().slug.as_str();
        let access = app.access(&caller, slug).await?;
        let now = app.now().as_microsecond();
        let mut found = app.changed_orders(&access, (self.since, 0)).await?;
        found.retain(|change| {
            let told = self.told.get(&change.number);
            told.is_none_or(|told| told.version != change.version)
        });
        self.access = access;
        self.since = self.since.max(now.saturating_sub(OVERLAP));
        self.told.retain(|_, change| change.at >= self.since);
        self.news = found.into_iter();
        Ok(())
    }

    /// Until this organization's orders change in this process, or it is time to look for others'.
    async fn wait(&mut self) {
        let ours = self.access.organization().id;
        let changed = async {
            loop {
                match self.changes.recv().await {
                    Ok(changed) if changed != ours => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    // Never while the app lives; the timer looks on.
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
