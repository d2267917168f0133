//! Filing by itself: when an order that nobody touches any more leaves Recent.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::phase::{Phase, View};
use super::{Order, event};
use crate::event::{Event, EventKind};
use crate::text::Invalid;

/// How long an order stays in Recent after its phase last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecentWindow(SignedDuration);

impl RecentWindow {
    /// Reads `7d`, `48h` or `30m`: at least a minute and at most 366 days.
    pub fn parse(text: &str) -> Result<RecentWindow, Invalid> {
        let wrong = || Invalid("must be like 7d, 48h or 30m, between 1 minute and 366 days".into());
        let text = text.trim();
        let unit = text.chars().last().ok_or_else(wrong)?;
        let count: u32 = text
            .strip_suffix(unit)
            .and_then(|count| count.parse().ok())
            .ok_or_else(wrong)?;
        let minutes = match unit {
            'd' => 24 * 60,
            'h' => 60,
            'm' => 1,
            _ => return Err(wrong()),
        };
        let minutes = i64::from(count) * minutes;
        match minutes {
            1..=527_040 => Ok(RecentWindow(SignedDuration::from_mins(minutes))),
            _ => Err(wrong()),
        }
    }

    /// The latest change of phase of an order that has outlived the window.
    pub fn begins(self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.0).unwrap_or(Timestamp::MIN)
    }
}

impl Default for RecentWindow {
    /// Seven days.
    fn default() -> RecentWindow {
        RecentWindow(SignedDuration::from_hours(7 * 24))
    }
}

impl TryFrom<String> for RecentWindow {
    type Error = Invalid;

    fn try_from(text: String) -> Result<RecentWindow, Invalid> {
        RecentWindow::parse(&text)
    }
}

impl From<RecentWindow> for String {
    fn from(window: RecentWindow) -> String {
        format!("{}m", window.0.as_mins())
    }
}

impl Order {
    /// Until when a fulfilled order stays in Recent whatever the window: the last line that its vendor
    /// would take back.
    pub fn kept_until(&self) -> Option<Timestamp> {
        let deadlines = self.lines.iter().filter_map(|line| line.cancellable_until);
        deadlines.max().filter(|_| self.phase() == Phase::Fulfilled)
    }

    /// Whether the order has outlived Recent. A cart never does.
    pub fn is_due_for_filing(&self, window: RecentWindow, now: Timestamp) -> bool {
        let is_recent = self.shown().is_some_and(|(view, _)| view == View::Recent);
        is_recent
            && self.phase() != Phase::Cart
            && self.phase_since <= window.begins(now)
            && self.kept_until().is_none_or(|until| until <= now)
    }

    /// Files the order when it is due, by nobody's hand (T18). A deleted one leaves the lists and stays
    /// in the log.
    pub fn file_if_due(&mut self, window: RecentWindow, now: Timestamp) -> Option<Vec<Event>> {
        self.is_due_for_filing(window, now).then(|| {
            self.archived_at = Some(now);
            vec![event(EventKind::Archived, None, None, now)]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::line::{LineEvent, LineState};
    use crate::order::phase::{Tab, tab};
    use crate::order::{Stage, sample};

    fn days(count: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * count)
    }

    /// Each phase a moment before the window ends, and at its end.
    #[test]
    fn what_is_filed_and_under_which_label_is_printed_and_compared() {
        let window = RecentWindow::default();
        let mut table = String::new();
        for (stage, state) in [
            (Stage::Cart, LineState::Started),
            (Stage::Deleted, LineState::Deleted),
            (
                Stage::AwaitingApproval { planned: None },
                LineState::PendingApproval,
            ),
            (
                Stage::Scheduled {
                    on: sample::now() + days(30),
                    occasion: crate::subscription::wish::Occasion::Date,
                },
                LineState::Scheduled,
            ),
            (Stage::Released, sample::checking()),
            (Stage::Released, sample::finished()),
            (Stage::Released, sample::failed("E", "no")),
            (
                Stage::Rejected {
                    reason: "no".into(),
                },
                LineState::Rejected,
            ),
            (Stage::Canceled, LineState::Canceled),
        ] {
            let mut order = sample::order(stage, vec![state]);
            let told = |order: &Order| match order.shown() {
                Some((View::Recent, status)) => format!("Recent {}", status.label()),
                Some((View::Historical, status)) => {
                    format!("Historical {} ({:?})", status.label(), tab(order.phase()))
                }
                None => "(in no list)".into(),
            };
            let before = told(&order);
            let end = sample::now() + days(7);
            let early = order.file_if_due(window, end - SignedDuration::from_secs(1));
            assert_eq!(early, None, "{before}");
            let is_filed = order.file_if_due(window, end).is_some();
            let after = if is_filed {
                told(&order)
            } else {
                "stays".into()
            };
            table += &format!("{before:<34} -> {after}\n");
        }
        insta::assert_snapshot!(table);
    }

    /// R22: a finished order can be canceled as long as its vendor would take it back.
    #[test]
    fn a_fulfilled_order_is_never_filed_before_its_vendors_deadline() {
        let mut order = sample::order(
            Stage::Released,
            vec![sample::finished(), sample::finished()],
        );
        order.lines[1].cancellable_until = Some(sample::now() + days(9));
        let window = RecentWindow::default();
        let at = |count| sample::now() + days(count);
        assert!(!order.is_due_for_filing(window, at(8)));
        assert!(order.is_due_for_filing(window, at(9)));
        order.lines[0].state = sample::failed("E", "no");
        assert!(
            order.is_due_for_filing(window, at(8)),
            "a failed order has nothing to take back"
        );
    }

    /// R27, R31: an order that outlives the window is In progress, and Completed when the vendor answers.
    #[test]
    fn a_late_answer_completes_the_order_where_it_was_filed() {
        for (last, label) in [
            (
                LineEvent::Finished {
                    vendor_reference: "v".into(),
                },
                "Completed",
            ),
            (
                LineEvent::Failed(crate::provisioning::Failure {
                    code: "E".into(),
                    message: "no".into(),
                    field: None,
                }),
                "Completed with errors",
            ),
        ] {
            let mut order = sample::order(Stage::Released, vec![sample::accepted()]);
            let late = sample::now() + days(8);
            let filed = order
                .file_if_due(RecentWindow::default(), late)
                .expect("filed");
            assert_eq!(
                (filed[0].kind, &filed[0].actor),
                (EventKind::Archived, &None)
            );
            assert_eq!(
                (order.status().label(), tab(order.phase())),
                ("In progress", Tab::Active)
            );
            let id = order.lines[0].id;
            order
                .advance(id, &last, None, late + days(1))
                .expect("a move");
            let (view, status) = order.shown().expect("in a list");
            assert_eq!((view, status.label()), (View::Historical, label));
            assert_eq!(
                order.file_if_due(RecentWindow::default(), late + days(90)),
                None
            );
        }
    }

    #[test]
    fn a_window_is_read_as_it_is_written_in_the_settings() {
        for (text, minutes) in [
            ("7d", 10_080),
            ("48h", 2_880),
            (" 30m ", 30),
            ("366d", 527_040),
        ] {
            let window = RecentWindow::parse(text).expect(text);
            assert_eq!(window.0, SignedDuration::from_mins(minutes));
        }
        assert_eq!(RecentWindow::parse("7d"), Ok(RecentWindow::default()));
        for text in [
            "",
            "7",
            "d",
            "0d",
            "-1d",
            "7 w",
            "367d",
            "99999999999d",
            "1.5h",
            "7ä",
        ] {
            assert!(RecentWindow::parse(text).is_err(), "{text}");
        }
    }
}
