//! The demo's clock: moved forward to see what comes.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::filters;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

/// What the forms of this page act in.
const PLACE: &str = "the demo's clock";
const STEPS: [(u32, &str); 5] = [
    (1, "An hour"),
    (24, "A day"),
    (7 * 24, "A week"),
    (31 * 24, "A month"),
    (366 * 24, "A year"),
];

#[derive(Template)]
#[template(path = "clock.html")]
struct ClockPage {
    now: Timestamp,
    token: String,
}

pub(crate) async fn show(State(web): State<Web>, visitor: Visitor) -> Response {
    render(&ClockPage {
        now: web.app.now(),
        token: visitor.form_token(PLACE),
    })
}

/// How far, in hours.
#[derive(Deserialize)]
pub(crate) struct Forward {
    token: String,
    hours: u32,
}

pub(crate) async fn forward(
    State(web): State<Web>,
    visitor: Visitor,
    Form(form): Form<Forward>,
) -> Result<Response, Page> {
    visitor.check_form(&form.token, PLACE)?;
    web.app
        .move_clock(SignedDuration::from_hours(form.hours.into()))?;
    // Whoever was away for so long is asked who they are.
    Ok(Redirect::to("/demo/clock").into_response())
}
