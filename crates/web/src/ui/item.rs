//! The ordered subscription: who will use it, where, and what it costs this reader (R41–R44).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::LineId;
use domain::order::line::LineState;
use domain::order::phase::View;
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::Timestamp;

use super::filters;
use super::forms::Forms;
use super::frame::{Frame, Section};
use super::waterfall::Waterfall;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    frame: Frame,
    order: SeenOrder,
    line: SeenLine,
    addons: Vec<SeenLine>,
    /// The vendor's id, for staff.
    reference: Option<String>,
    forms: Forms,
    now: Timestamp,
}

impl ItemPage {
    fn is_historical(&self) -> bool {
        self.order.view == Some(View::Historical)
    }

    /// Only what is ordered for a tenant has one.
    fn tenant(&self) -> Option<&str> {
        let tenant = self.line.tenant.as_deref();
        tenant.filter(|_| self.line.item.has_tenant)
    }

    fn may_cancel(&self) -> bool {
        let is_it = |line: &SeenLine| line.id == self.line.id;
        self.forms.may_cancel && self.order.cancelable(self.now).any(is_it)
    }

    fn waterfall(&self) -> Option<Waterfall> {
        Waterfall::new(std::iter::once(&self.line))
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, number, line)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| app::Error::NotFound)?;
    let id: LineId = line.parse().map_err(|_| app::Error::NotFound)?;
    let (order, _) = web.app.order(&access, number).await?;
    let found = order.lines.iter().find(|line| line.id == id);
    let line = found.cloned().ok_or(app::Error::NotFound)?;
    let below = order.lines.iter().filter(|line| line.parent == Some(id));
    let reference = match &line.state {
        LineState::Finished {
            vendor_reference, ..
        } if access.visibility().internal => Some(vendor_reference.clone()),
        _ => None,
    };
    let now = web.app.now();
    Ok(render(&ItemPage {
        frame: Frame::new(&web, &visitor, &access, Section::Orders).await?,
        addons: below.cloned().collect(),
        forms: Forms::new(&order, &access, now),
        now,
        reference: reference.filter(|reference| !reference.is_empty()),
        line,
        order,
    }))
}
