//! Recent and Historical orders with the side panel, and an order's details.

use app::access::Access;
use app::{Listing, Position};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::event::Event;
use domain::order::Order;
use domain::order::line::{Line, LineState};
use domain::order::phase::{Phase, View};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Frame;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// Orders on a page.
const PAGE: u32 = 50;

/// A list's address.
#[derive(Deserialize)]
pub(crate) struct Question {
    #[serde(default)]
    panel: Option<u64>,
    #[serde(default)]
    tab: Option<String>,
    /// The last row of the page before: its date and number.
    #[serde(default)]
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    is_recent: bool,
    tab: &'static str,
    orders: Vec<Order>,
    next: Option<String>,
    panel: Option<Order>,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    order: Order,
    events: Vec<Event>,
    shows_cost: bool,
}

impl OrderPage {
    fn total(&self) -> String {
        self.order
            .total()
            .ok()
            .flatten()
            .map_or_else(String::new, |total| total.to_string())
    }
}

pub(crate) async fn recent(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    list(&web, &visitor, &access, &question, (View::Recent, None, "")).await
}

pub(crate) async fn historical(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(question): Query<Question>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let (phase, tab) = match question.tab.as_deref() {
        Some("draft") => (Some(Phase::Cart), "draft"),
        Some("all") => (None, "all"),
        _ => (Some(Phase::Provisioning), "active"),
    };
    list(
        &web,
        &visitor,
        &access,
        &question,
        (View::Historical, phase, tab),
    )
    .await
}

async fn list(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    question: &Question,
    (view, phase, tab): (View, Option<Phase>, &'static str),
) -> Result<Response, Page> {
    let after = question.after.as_deref().and_then(read_position);
    let listing = Listing {
        view,
        phase,
        after,
        limit: PAGE,
    };
    let orders = web.app.orders(access, listing).await?;
    let is_full = orders.len() == PAGE as usize;
    let next = orders.last().filter(|_| is_full).map(|last| {
        let Position { listed_at, number } = app::position(last);
        format!("{listed_at}-{number}")
    });
    let panel = match question.panel {
        Some(number) => Some(web.app.order(access, number).await?.0),
        None => None,
    };
    let frame = Frame::new(visitor, access);
    let is_recent = view == View::Recent;
    Ok(render(&OrdersPage {
        frame,
        is_recent,
        tab,
        orders,
        next,
        panel,
    }))
}

fn read_position(text: &str) -> Option<Position> {
    let (listed_at, number) = text.split_once('-')?;
    Some(Position {
        listed_at: listed_at.parse().ok()?,
        number: number.parse().ok()?,
    })
}

pub(crate) async fn details(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| app::Error::NotFound)?;
    let (order, events) = web.app.order(&access, number).await?;
    let frame = Frame::new(&visitor, &access);
    let shows_cost = access.visibility().cost;
    Ok(render(&OrderPage {
        frame,
        order,
        events,
        shows_cost,
    }))
}

/// The words that several pages say of an order.
pub(crate) mod say {
    use super::{Line, LineState, Order, TimeZone, Timestamp};

    pub(crate) fn name(order: &Order) -> String {
        order.name(&TimeZone::UTC)
    }

    /// Placed; created while it is not.
    pub(crate) fn date(order: &Order) -> String {
        instant(&order.placed_at.unwrap_or(order.created_at))
    }

    pub(crate) fn instant(at: &Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    /// The style of a status; the label always stands beside it.
    pub(crate) fn tone(order: &Order) -> &'static str {
        use domain::order::phase::Status as S;
        match order.status() {
            S::ProvisioningFinished | S::Completed => "good",
            S::ProvisioningFailed | S::CompletedWithErrors | S::Rejected => "bad",
            S::ProvisioningStarted | S::InProgress | S::PendingApproval | S::Scheduled => "busy",
            S::Started | S::Draft | S::Deleted | S::Canceled => "calm",
        }
    }

    /// `15`, or `10 now → 15 after provisioning`.
    pub(crate) fn totals(line: &Line) -> String {
        let totals = line.totals();
        match totals.after {
            Some(after) => format!("{} now → {after} after provisioning", totals.now),
            None => totals.now.to_string(),
        }
    }

    /// What a line needs to say beyond its label: the vendor's reason, or since when we are checking.
    pub(crate) fn remark(line: &Line) -> Option<String> {
        match &line.state {
            LineState::Failed { failure, .. } => Some(failure.message.clone()),
            LineState::Checking { doubt, .. } => Some(format!(
                "Checking with the vendor since {}",
                doubt.since.strftime("%H:%M UTC")
            )),
            _ => None,
        }
    }

    pub(crate) fn unit_price(line: &Line) -> String {
        line.price.unit.customer.to_string()
    }

    pub(crate) fn line_total(line: &Line) -> String {
        line.price
            .customer_total()
            .map_or_else(|_| String::new(), |total| total.to_string())
    }

    pub(crate) fn margin(line: &Line) -> String {
        line.price
            .margin()
            .map_or_else(|_| String::new(), |margin| margin.to_string())
    }
}
