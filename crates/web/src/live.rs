//! Live updates: a stream that names the orders that changed, asked of the database within the
//! reader's access, so that it can tell nothing that the list would not.

use std::convert::Infallible;
use std::time::Duration;

use app::access::Access;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::access::Permission;
use domain::order::seen::SeenOrder;
use futures::{Stream, stream};
use jiff::Timestamp;

use crate::Web;
use crate::error::Page;
use crate::visitor::Visitor;

/// Another node's changes are found by looking; our own wake us at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Whether the database answers.
pub(crate) async fn ready(State(web): State<Web>) -> StatusCode {
    match web.app.is_ready().await {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    }
}

struct Feed {
    web: Web,
    visitor: Visitor,
    access: Access,
    seen: Vec<(u64, i64)>,
    since: Timestamp,
    changes: tokio::sync::broadcast::Receiver<domain::id::OrganizationId>,
}

/// Streams the numbers of orders as they change.
pub(crate) async fn orders(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    if !access.standing().may(Permission::SeeOrders) {
        return Err(Page(app::Error::Forbidden));
    }
    let changes = web.app.changes();
    let since = web.app.now();
    let feed = Feed {
        web,
        visitor,
        access,
        seen: Vec::new(),
        since,
        changes,
    };
    Ok(Sse::new(stream::unfold(feed, next)).keep_alive(KeepAlive::new()))
}

async fn next(mut feed: Feed) -> Option<(Result<Event, Infallible>, Feed)> {
    loop {
        // A right that was taken away ends the stream.
        let caller = feed
            .web
            .app
            .still_caller(feed.visitor.secret(), app::SESSION)
            .await
            .ok()?;
        let slug = feed.access.organization().slug.as_str().to_owned();
        feed.access = feed.web.app.access(&caller, &slug).await.ok()?;
        let changed = feed
            .web
            .app
            .changed_orders(&feed.access, feed.since)
            .await
            .ok()?;
        let news: Vec<&SeenOrder> = changed
            .iter()
            .filter(|order| !feed.seen.contains(&(order.number, order.version)))
            .collect();
        if !news.is_empty() {
            let numbers: Vec<String> = news.iter().map(|order| order.number.to_string()).collect();
            feed.seen = changed
                .iter()
                .map(|order| (order.number, order.version))
                .collect();
            return Some((
                Ok(Event::default().event("orders").data(numbers.join(","))),
                feed,
            ));
        }
        // Half a minute of overlap: clocks of several nodes differ, and what was seen is known.
        feed.since = feed.web.app.now() - jiff::SignedDuration::from_secs(30);
        tokio::select! {
            _ = feed.changes.recv() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
