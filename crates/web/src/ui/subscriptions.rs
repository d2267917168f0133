//! The list of subscriptions.

use app::subscriptions::Asked;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::subscription::{SeenSubscription, SubscriptionState};
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// Rows of a page.
const PAGE: u32 = 50;

/// Which subscriptions are asked for, as an address says it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    q: String,
    show: String,
    after: String,
}

impl Wanted {
    fn asked(&self) -> Result<Asked, app::Error> {
        let mut asked = Asked {
            words: self.q.clone(),
            after: read_cursor(&self.after)?,
            limit: PAGE,
            ..Asked::default()
        };
        match self.show.as_str() {
            "" | "all" => {}
            "expiring" => asked.expires_within = Some(0),
            "renewing" => asked.renews_within = Some(0),
            status => asked.status = Some(status.to_owned()),
        }
        Ok(asked)
    }
}

/// The chips above the list: what an address calls it, and what it is called.
const SHOWN: [(&str, &str); 6] = [
    ("all", "All"),
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("canceled", "Canceled"),
    ("expiring", "Ends within 30 days"),
    ("renewing", "Renews within 30 days"),
];

#[derive(Template)]
#[template(path = "subscriptions.html")]
struct SubscriptionsPage {
    frame: Frame,
    found: Vec<SeenSubscription>,
    wanted: Wanted,
    next: Option<String>,
}

impl SubscriptionsPage {
    fn is_shown(&self, name: &str) -> bool {
        self.wanted.show == name || (self.wanted.show.is_empty() && name == "all")
    }

    fn address(&self, show: &str) -> String {
        let pairs = [("show", show), ("q", self.wanted.q.as_str())];
        let pairs = pairs.into_iter().filter(|(_, word)| !word.is_empty());
        serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).unwrap_or_default()
    }
}

/// Tone and icon of a state.
pub(super) fn look(state: &SubscriptionState) -> (&'static str, &'static str) {
    match state {
        SubscriptionState::Active => ("good", "done"),
        SubscriptionState::Suspended { .. } => ("wait", "pause"),
        SubscriptionState::Canceled { .. } | SubscriptionState::Expired { .. } => {
            ("calm", "canceled")
        }
    }
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let page = web.app.subscriptions(&access, wanted.asked()?).await?;
    Ok(render(&SubscriptionsPage {
        frame: Frame::new(&web, &visitor, &access, Section::Subscriptions).await?,
        found: page.found,
        next: page.after.map(cursor),
        wanted,
    }))
}
