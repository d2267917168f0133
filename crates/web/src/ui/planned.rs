//! Changes that wait for their date, by day: what will happen to what runs, and who asked for it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::order::seen::SeenOrder;
use jiff::Timestamp;
use jiff::civil::Date;

use super::filters;
use super::forms::Forms;
use super::frame::{Frame, Section};
use super::preferences;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// A planned order and whether this visitor may cancel it.
struct Planned {
    on: Timestamp,
    order: SeenOrder,
    may_cancel: bool,
}

#[derive(Template)]
#[template(path = "planned.html")]
struct PlannedPage {
    frame: Frame,
    /// By day in the visitor's zone, the earliest first.
    days: Vec<(Date, Vec<Planned>)>,
}

impl PlannedPage {
    fn day(&self, day: &Date) -> String {
        day.strftime("%A, %-d %B %Y").to_string()
    }

    fn occasion(&self, planned: &Planned) -> &'static str {
        planned
            .order
            .occasion
            .map_or("", |occasion| occasion.label())
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let zone = preferences::zone();
    let mut days: Vec<(Date, Vec<Planned>)> = Vec::new();
    for order in web.app.planned_changes(&access).await? {
        let Some(on) = order.scheduled_on else {
            continue;
        };
        let forms = Forms::new(&order, &access, web.app.now());
        let may_cancel = forms
            .buttons
            .iter()
            .any(|(name, _)| *name == "cancel_schedule");
        let planned = Planned {
            on,
            order,
            may_cancel,
        };
        let day = on.to_zoned(zone.clone()).date();
        match days.last_mut() {
            Some((last, found)) if *last == day => found.push(planned),
            _ => days.push((day, vec![planned])),
        }
    }
    Ok(render(&PlannedPage {
        frame: Frame::new(&web, &visitor, &access, Section::Subscriptions).await?,
        days,
    }))
}
