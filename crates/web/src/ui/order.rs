//! An order's details: what was ordered, where it stands, who is behind it and what it costs.

use app::access::Access;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::event::Event;
use domain::money::Money;
use domain::order::line::LineState;
use domain::order::phase::View;
use domain::order::seen::{SeenLine, SeenOrder};
use domain::text::Contact;

use super::filters;
use super::forms::{Forms, Problem, field_id};
use super::frame::{Frame, Section};
use super::waterfall::Waterfall;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    order: SeenOrder,
    events: Vec<Event>,
    forms: Forms,
    problem: Option<Problem>,
}

impl OrderPage {
    fn is_historical(&self) -> bool {
        self.order.view == Some(View::Historical)
    }

    /// Each line, its add-ons right under it.
    fn lines(&self) -> Vec<&SeenLine> {
        let is_there = |line: &SeenLine| {
            let lines = &self.order.lines;
            lines.iter().any(|other| Some(other.id) == line.parent)
        };
        let tops = self.order.lines.iter().filter(|line| !is_there(line));
        tops.flat_map(|top| {
            let below = self.order.lines.iter();
            std::iter::once(top).chain(below.filter(|line| line.parent == Some(top.id)))
        })
        .collect()
    }

    fn is_failed(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Failed { .. })
    }

    fn is_doubtful(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Checking { .. })
    }

    /// The vendor is a person, and it is their turn.
    fn waits_for_a_person(&self, line: &SeenLine) -> bool {
        matches!(
            line.state,
            LineState::Accepted {
                operation: None,
                ..
            }
        )
    }

    /// What was typed into a field, or what stands there.
    fn typed(&self, action: &str, item: &str, name: &str, now: &str) -> String {
        let sent = self.problem.as_ref().map(|problem| &problem.sent);
        let typed = sent.and_then(|sent| sent.typed(action, item, name));
        typed.unwrap_or(now).to_owned()
    }

    /// Whether a field is the one to correct: by what was just typed, or by what the vendor said.
    fn is_to_blame(&self, line: &SeenLine, name: &str) -> bool {
        let id = field_id(name, &line.id.to_string());
        match (&self.problem, &line.state) {
            (Some(problem), _) => problem.field.as_ref() == Some(&id),
            (None, LineState::Failed { failure, .. }) => {
                let blamed = failure.field.as_deref().unwrap_or_default();
                blamed.trim_start_matches('/').replace('/', "_") == name
            }
            (None, _) => false,
        }
    }

    /// What is paid at each pace, so that no sum mixes months and years.
    fn totals(&self) -> Vec<(String, Money)> {
        totals(&self.order)
    }

    /// Each pair of term and billing cycle once.
    fn cadences(&self) -> Vec<String> {
        let mut said = Vec::new();
        for line in &self.order.lines {
            let cadence = line.item.cadence;
            let words = format!("{}, {}", cadence.cycle_label(), cadence.term_label());
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said
    }

    /// Everybody who will use something of it, each once.
    fn administrators(&self) -> Vec<&Contact> {
        let mut found: Vec<&Contact> = Vec::new();
        for line in &self.order.lines {
            if !found.contains(&&line.contact) {
                found.push(&line.contact);
            }
        }
        found
    }

    fn waterfall(&self) -> Option<Waterfall> {
        Waterfall::new(&self.order.lines)
    }
}

/// The customer's sums by billing cycle, in the order of the lines; `None` of them is a mixture.
pub(crate) fn totals(order: &SeenOrder) -> Vec<(String, Money)> {
    let mut sums: Vec<(String, Money)> = Vec::new();
    for line in &order.lines {
        let cycle = line.item.cadence.cycle_label();
        let known = sums
            .iter_mut()
            .find(|(known, sum)| *known == cycle && sum.currency == line.price.total.currency);
        match known {
            // The order's own total was computed from the same figures, so this one fits too.
            Some((_, sum)) => *sum = sum.plus(line.price.total).unwrap_or(*sum),
            None => sums.push((cycle, line.price.total)),
        }
    }
    sums
}

pub(crate) async fn details(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| app::Error::NotFound)?;
    page(&web, &visitor, &access, number, None).await
}

/// The page, with what was wrong with a form sent from it.
pub(crate) async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    number: u64,
    problem: Option<Problem>,
) -> Result<Response, Page> {
    let (order, events) = web.app.order(access, number).await?;
    Ok(render(&OrderPage {
        frame: Frame::new(web, visitor, access, Section::Orders).await?,
        forms: Forms::new(&order, access),
        order,
        events,
        problem,
    }))
}
