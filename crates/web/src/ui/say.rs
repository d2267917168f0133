//! The words, icons and tones that several pages say of an order.

use domain::event::EventKind;
use domain::money::Money;
use domain::order::failure::Field;
use domain::order::line::LineState;
use domain::order::phase::{Phase, Status};
use domain::order::seen::{SeenLine, SeenOrder};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::capitalized;

/// The same for everybody: a name that depends on the reader's zone could not be spoken of.
pub(crate) fn name(order: &SeenOrder) -> String {
    order.name(&TimeZone::UTC)
}

/// The words of the name, which a narrow column breaks between.
pub(crate) fn name_words(order: &SeenOrder) -> Vec<String> {
    name(order).split(' ').map(str::to_owned).collect()
}

/// The latest note, cut to a line.
pub(crate) fn latest_note(order: &SeenOrder) -> String {
    let text = order.notes.last().map_or("", |note| note.text.as_str());
    let first = text.lines().next().unwrap_or_default();
    match first.chars().count() {
        0..=60 => first.to_owned(),
        _ => first.chars().take(59).chain(['…']).collect(),
    }
}

/// The style of a status; icon and label always stand beside it.
pub(crate) fn tone(order: &SeenOrder) -> &'static str {
    status_look(&order.status).0
}

/// The icon of a status.
pub(crate) fn status_icon(order: &SeenOrder) -> &'static str {
    status_look(&order.status).1
}

/// Tone and icon of a status.
pub(crate) fn status_look(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Started => ("calm", "cart"),
        Status::ProvisioningStarted | Status::InProgress => ("busy", "progress"),
        Status::ProvisioningFinished | Status::Completed => ("good", "done"),
        Status::ProvisioningFailed => ("bad", "failed"),
        Status::CompletedWithErrors => ("bad", "alert"),
        Status::Deleted => ("calm", "bin"),
        Status::Draft => ("calm", "draft"),
        Status::PendingApproval => ("wait", "waiting"),
        Status::Scheduled => ("wait", "calendar"),
        Status::Rejected => ("bad", "refused"),
        Status::Canceled => ("calm", "canceled"),
    }
}

/// The style of a line's status.
pub(crate) fn line_tone(line: &SeenLine) -> &'static str {
    line_look(&line.state).0
}

/// The icon of a line's status.
pub(crate) fn line_icon(line: &SeenLine) -> &'static str {
    line_look(&line.state).1
}

fn line_look(state: &LineState) -> (&'static str, &'static str) {
    match state {
        LineState::Started => ("calm", "cart"),
        LineState::PendingApproval => ("wait", "waiting"),
        LineState::Scheduled => ("wait", "calendar"),
        LineState::Queued { .. }
        | LineState::Sending { .. }
        | LineState::Checking { .. }
        | LineState::Accepted { .. } => ("busy", "progress"),
        LineState::Finished { .. } => ("good", "done"),
        LineState::Failed { .. } => ("bad", "failed"),
        LineState::Rejected => ("bad", "refused"),
        LineState::Canceled => ("calm", "canceled"),
        LineState::Deleted => ("calm", "bin"),
    }
}

/// Tone and icon of an entry of the timeline.
pub(crate) fn event_look(kind: EventKind) -> (&'static str, &'static str) {
    use EventKind as K;
    match kind {
        K::Started | K::Restored | K::Continued => ("calm", "cart"),
        K::LineAdded => ("calm", "plus"),
        K::LineChanged | K::SavedAsDraft => ("calm", "draft"),
        K::LineRemoved | K::Deleted => ("calm", "bin"),
        K::Placed => ("busy", "orders"),
        K::Released | K::Sending => ("busy", "send"),
        K::NotSent | K::AnswerLost | K::AskedAgain => ("wait", "alert"),
        K::Accepted => ("busy", "progress"),
        K::Finished | K::Approved | K::Resolved => ("good", "done"),
        K::Failed => ("bad", "failed"),
        K::Rejected => ("bad", "refused"),
        K::Retried | K::RunAgain => ("busy", "retry"),
        K::Scheduled => ("wait", "calendar"),
        K::HeldForApproval => ("wait", "waiting"),
        K::Stopped => ("bad", "canceled"),
        K::LeftToPeople | K::SetAside => ("bad", "alert"),
        K::Applied => ("good", "done"),
        K::Skipped => ("bad", "canceled"),
        K::Canceled => ("calm", "canceled"),
        K::CancelOrdered => ("busy", "send"),
        K::Archived => ("calm", "archive"),
        K::NoteAdded | K::InternalNoteAdded => ("calm", "note"),
    }
}

/// The icon of an action, by its name in the API.
pub(crate) fn action_icon(name: &str) -> &'static str {
    match name {
        "continue_purchase" => "cart",
        "save_as_draft" => "draft",
        "delete" => "bin",
        "approve" => "done",
        "give_up" => "refused",
        "archive" => "archive",
        "withdraw" | "cancel_schedule" => "canceled",
        _ => "retry",
    }
}

/// When the last line was decided, where all are.
pub(crate) fn completed_at(order: &SeenOrder) -> Option<Timestamp> {
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

/// What a line needs to say beyond its label: the vendor's reason, or since when we are checking.
pub(crate) fn remark(line: &SeenLine) -> Option<String> {
    match &line.state {
        LineState::Failed { failure, .. } => Some(failure.message.clone()),
        LineState::Checking {
            doubt,
            is_with_people: true,
            ..
        } => Some(format!(
            "No answer since {}; somebody looks it up at the vendor's",
            doubt.since.strftime("%H:%M UTC")
        )),
        LineState::Checking { doubt, .. } => Some(format!(
            "Checking with the vendor since {}",
            doubt.since.strftime("%H:%M UTC")
        )),
        _ => None,
    }
}

/// What the lines of an order need to say, each sentence once.
pub(crate) fn reasons(order: &SeenOrder) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for remark in order.lines.iter().filter_map(remark) {
        if !said.contains(&remark) {
            said.push(remark);
        }
    }
    said
}

/// A field of a line, by its pointer: `Contact e-mail`.
pub(crate) fn field(pointer: &str) -> String {
    let words = Field::at(pointer).map_or_else(|| pointer.to_owned(), |field| field.to_string());
    capitalized(&words)
}

/// The step from one price to the next, from the figures that are shown: `+12.5 %`.
pub(crate) fn percent(from: &Money, to: &Money) -> String {
    if from.minor == 0 {
        return "–".to_owned();
    }
    let (from, to) = (i128::from(from.minor), i128::from(to.minor));
    let tenths = tenths(to - from, from.abs());
    let sign = if tenths < 0 { "−" } else { "+" };
    format!("{sign}{}", whole_and_tenth(tenths))
}

/// What part of a price another amount is, rounded as `percent` does: `12.5 %`, `−3 %`. `None` of no price.
pub(crate) fn share(part: &Money, price: &Money) -> Option<String> {
    if price.minor == 0 {
        return None;
    }
    let tenths = tenths(part.minor.into(), price.minor.into());
    let sign = if tenths < 0 { "−" } else { "" };
    Some(format!("{sign}{}", whole_and_tenth(tenths)))
}

/// Tenths of a percent, half up.
fn tenths(part: i128, of: i128) -> i128 {
    (2_000 * part + of).div_euclid(2 * of)
}

fn whole_and_tenth(tenths: i128) -> String {
    let tenths = tenths.unsigned_abs();
    match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        rest => format!("{}.{rest} %", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    #[test]
    fn a_step_between_two_prices_is_a_percentage_to_a_tenth() {
        let money = |minor| Money::new(minor, Currency::parse("EUR").unwrap());
        for (from, to, words) in [
            (1_000, 1_250, "+25 %"),
            (1_000, 1_125, "+12.5 %"),
            (1_000, 1_000, "+0 %"),
            (1_000, 950, "−5 %"),
            (300, 301, "+0.3 %"),
            (0, 5, "–"),
        ] {
            assert_eq!(percent(&money(from), &money(to)), words, "{from} to {to}");
        }
        for (part, price, words) in [
            (225, 1_800, Some("12.5 %")),
            (600, 2_700, Some("22.2 %")),
            (-50, 1_000, Some("−5 %")),
            (0, 1_000, Some("0 %")),
            (5, 0, None),
        ] {
            assert_eq!(
                share(&money(part), &money(price)).as_deref(),
                words,
                "{part} of {price}"
            );
        }
    }
}
