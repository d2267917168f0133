//! Every component in every state, on one page of the demo: to look at while working on one of them,
//! and for the tests to look at all of them.

use askama::Template;
use axum::response::Response;
use domain::event::{Actor, Event, EventKind};
use domain::id::{NoteId, OrganizationId, UserId};
use domain::order::note::Note;
use domain::order::phase::Status;
use domain::order::totals::Totals;
use jiff::Timestamp;
use uuid::Uuid;

use super::filters;
use super::timeline::{Entry, timeline};
use crate::error::render;

/// A day that looks like any other.
const DAY: i64 = 1_795_600_000;

#[derive(Template)]
#[template(path = "components.html")]
struct ComponentsPage {
    statuses: &'static [Status],
    totals: Vec<(&'static str, Totals)>,
    events: Vec<Entry>,
    order: Noted,
}

/// As much of an order as its notes need.
struct Noted {
    notes: Vec<Note>,
}

pub(crate) async fn show() -> Response {
    let at = Timestamp::from_second(DAY).unwrap_or_default();
    let totals = |before, now, after| Totals { before, now, after };
    let events: Vec<Event> = KINDS.iter().map(|kind| event(*kind, at)).collect();
    render(&ComponentsPage {
        statuses: &Status::ALL,
        totals: vec![
            ("Bought", totals(0, 25, None)),
            ("Bought, one", totals(0, 1, None)),
            ("More", totals(10, 15, None)),
            ("Less", totals(15, 10, None)),
            ("More, under way", totals(10, 10, Some(15))),
            ("Bought, under way", totals(0, 0, Some(25))),
            ("Refused", totals(10, 10, None)),
        ],
        events: timeline(&[], &events),
        order: Noted {
            notes: vec![note(at, false), note(at, true)],
        },
    })
}

/// One of each look.
const KINDS: &[EventKind] = &[
    EventKind::Started,
    EventKind::Placed,
    EventKind::Sending,
    EventKind::AnswerLost,
    EventKind::Failed,
    EventKind::Retried,
    EventKind::Finished,
];

fn actor() -> Actor {
    Actor {
        user: UserId(Uuid::from_u128(1)),
        person: "Saul\u{117} Petrait\u{117}".into(),
        email: "seller-admin@baltic.example".into(),
        organization: OrganizationId(Uuid::from_u128(2)),
        organization_name: "Baltic Cloud".into(),
    }
}

fn event(kind: EventKind, at: Timestamp) -> Event {
    let is_failed = kind == EventKind::Failed;
    Event {
        at,
        kind,
        actor: (kind == EventKind::Placed).then(actor),
        line: None,
        detail: is_failed.then(|| "The customer's e-mail address is not valid".to_owned()),
        internal: is_failed.then(|| "{\"code\": 800002}".to_owned()),
        attempt: None,
    }
}

fn note(at: Timestamp, is_internal: bool) -> Note {
    Note {
        id: NoteId(Uuid::from_u128(u128::from(is_internal))),
        author: actor(),
        at,
        text: "Please deliver before the new office opens.\nThe key is with the porter.".into(),
        is_internal,
    }
}
