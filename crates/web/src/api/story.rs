//! An order's story for programs: what happens next, what each refusal means, the attempts so far, and
//! how many others fail for the same cause.

use app::Error;
use app::orders::may;
use app::retries::SameCause;
use axum::Json;
use axum::extract::{Path, State};
use domain::event::{Correction, Event};
use domain::order::action::Action;
use domain::order::attempt::{Answer, Attempt, attempts};
use domain::order::failure::Field;
use domain::order::line::LineState;
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{self, CreatorView};
use crate::Web;
use crate::error::Problem;
use crate::visitor::Program;

/// What happens next with an order and what became of its lines.
#[derive(Serialize, ToSchema)]
pub(super) struct StoryView {
    /// One or two plain sentences; times are UTC.
    next_step: String,
    /// What the caller would most likely do now, where they may do anything.
    primary_action: Option<Action>,
    items: Vec<ItemStoryView>,
}

/// What became of a line.
#[derive(Serialize, ToSchema)]
struct ItemStoryView {
    id: String,
    /// The vendor's refusal, where it refused.
    failure: Option<FailureView>,
    attempts: Vec<AttemptView>,
}

/// A refusal and what it means.
#[derive(Serialize, ToSchema)]
struct FailureView {
    /// The vendor's code.
    code: String,
    /// The vendor's words.
    message: String,
    /// In plain language, where the refusal is a known one.
    meaning: Option<&'static str>,
    /// The way out.
    help: String,
    /// JSON pointer of the line's field to correct.
    field: Option<String>,
    /// Other orders in Recent that fail at the same vendor for the same cause; 999 at the most.
    others: u32,
}

/// One attempt at a line.
#[derive(Serialize, ToSchema)]
struct AttemptView {
    number: u32,
    asked_by: Option<CreatorView>,
    asked_at: String,
    corrected: Vec<CorrectionView>,
    sent_at: Option<String>,
    /// In a few words.
    answer: &'static str,
    /// The vendor's words, where it refused.
    reason: Option<String>,
    answered_at: Option<String>,
}

/// A value that was put right.
#[derive(Serialize, ToSchema)]
struct CorrectionView {
    /// JSON pointer into the line.
    field: String,
    from: String,
    to: String,
}

impl AttemptView {
    fn new(attempt: Attempt) -> AttemptView {
        let correction = |Correction { field, from, to }| CorrectionView { field, from, to };
        AttemptView {
            number: attempt.number,
            asked_by: attempt.by.as_ref().map(CreatorView::new),
            asked_at: attempt.asked_at.to_string(),
            corrected: attempt.corrected.into_iter().map(correction).collect(),
            sent_at: attempt.sent_at.map(|at| at.to_string()),
            answer: attempt.answer.label(),
            reason: match attempt.answer {
                Answer::Failed(failure) => Some(failure.message),
                _ => None,
            },
            answered_at: attempt.answered_at.map(|at| at.to_string()),
        }
    }
}

fn failure(line: &SeenLine, causes: &[SameCause]) -> Option<FailureView> {
    let LineState::Failed { failure, .. } = &line.state else {
        return None;
    };
    let explained = failure.explain();
    let same = causes.iter().find(|cause| cause.line == line.id);
    Some(FailureView {
        code: failure.code.clone(),
        message: failure.message.clone(),
        meaning: explained.meaning,
        help: explained.help(&line.item.vendor_name),
        field: explained.field.as_ref().map(Field::pointer),
        others: same.map_or(0, |cause| cause.others),
    })
}

fn item(line: &SeenLine, events: &[Event], causes: &[SameCause]) -> ItemStoryView {
    let attempts = attempts(line, events);
    ItemStoryView {
        id: line.id.to_string(),
        failure: failure(line, causes),
        attempts: attempts.into_iter().map(AttemptView::new).collect(),
    }
}

/// What happens next with an order, what each refusal means, and the attempts so far.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/orders/{number}/story",
    params(("organization" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = StoryView), (status = 404, body = view::ProblemView)))]
pub(super) async fn story(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    Program(caller): Program,
) -> Result<Json<StoryView>, Problem> {
    let access = web.app.access(&caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let (order, events): (SeenOrder, _) = web.app.order(&access, number).await?;
    let causes = web.app.same_cause(&caller, &access, &order, &events);
    let causes = causes.await?;
    let now = web.app.now();
    let next = order.next_step(&TimeZone::UTC, |action| may(&order, &access, action, now));
    let lines = order.lines.iter();
    Ok(Json(StoryView {
        next_step: next.text,
        primary_action: next.primary,
        items: lines.map(|line| item(line, &events, &causes)).collect(),
    }))
}
