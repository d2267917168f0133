//! An order as a row of an export: the columns of the detailed list.

use domain::order::line::LineState;
use domain::order::phase::Phase;
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The columns' names.
pub(super) const COLUMNS: [&str; 19] = [
    "Order ID",
    "Order name",
    "Items",
    "Licenses",
    "Requested changes",
    "Created by",
    "Organization",
    "Date",
    "Status",
    "Reason",
    "Vendors",
    "Administrator",
    "Administrator e-mail",
    "Total quantity",
    "Total price",
    "Currency",
    "Completed at",
    "Notes",
    "Latest note",
];

/// A value, kept in its type: only text can look like a formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Whole(u64),
    /// A decimal number as text.
    Amount(String),
    Instant(Timestamp),
}

pub(super) fn row(order: &SeenOrder) -> [Cell; COLUMNS.len()] {
    let each = |of: fn(&SeenLine) -> String| -> Cell {
        let mut texts: Vec<String> = order.lines.iter().map(of).collect();
        texts.dedup();
        Cell::Text(texts.join("\n"))
    };
    let first = order.lines.first().map(|line| &line.contact);
    let quantity = order.quantity();
    let note = order.notes.last().map(|note| note.text.clone());
    [
        Cell::Whole(order.number),
        Cell::Text(order.name(&TimeZone::UTC)),
        Cell::Whole(order.lines.len() as u64),
        each(|line| line.item.name.clone()),
        each(|line| line.change.text()),
        Cell::Text(order.created_by.person.clone()),
        Cell::Text(order.created_by.organization_name.clone()),
        Cell::Instant(order.listed_at()),
        Cell::Text(order.status.label().to_owned()),
        text(reason(order)),
        each(|line| line.item.vendor_name.clone()),
        text(first.map(|contact| format!("{} {}", contact.name, contact.surname))),
        text(first.map(|contact| contact.email.to_string())),
        Cell::Whole(quantity),
        order.total.map_or(Cell::Empty, |total| {
            Cell::Amount(total.to_decimal().to_string())
        }),
        text(order.total.map(|total| total.currency.code().to_owned())),
        completed_at(order).map_or(Cell::Empty, Cell::Instant),
        Cell::Whole(order.notes.len() as u64),
        text(note),
    ]
}

fn text(text: Option<String>) -> Cell {
    text.map_or(Cell::Empty, Cell::Text)
}

/// Why it was refused, by people or by vendors.
fn reason(order: &SeenOrder) -> Option<String> {
    let failed = order.lines.iter().filter_map(|line| match &line.state {
        LineState::Failed { failure, .. } => Some(failure.message.clone()),
        _ => None,
    });
    let mut reasons: Vec<String> = order
        .rejection
        .iter()
        .chain(&order.stopped)
        .cloned()
        .chain(failed)
        .collect();
    reasons.dedup();
    (!reasons.is_empty()).then(|| reasons.join("\n"))
}

/// Since when nothing is left to decide.
fn completed_at(order: &SeenOrder) -> Option<Timestamp> {
    match order.phase {
        Phase::Fulfilled | Phase::Failed | Phase::Rejected | Phase::Canceled => {
            Some(order.phase_since)
        }
        Phase::Cart
        | Phase::AwaitingApproval
        | Phase::Scheduled
        | Phase::Provisioning
        | Phase::Deleted => None,
    }
}
