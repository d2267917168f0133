//! What happens next with an order, in one or two sentences, and the action that stands out. Computed
//! from what the reader sees, so it can tell nothing else.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Action;
use super::approval::{Approval, ApprovalState, names};
use super::line::LineState;
use super::phase::{Phase, View};
use super::seen::{SeenLine, SeenOrder};

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// One or two plain sentences.
    pub text: String,
    /// What the reader would most likely do now, where they may do anything.
    pub primary: Option<Action>,
}

/// Where the slowest of the lines under way stand, most doubtful first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    /// Nothing can be found out by a program.
    LeftToPeople,
    Checking,
    /// The vendor is a person with a form.
    ByHand,
    Accepted,
    Sending,
    Queued,
}

impl Wait {
    fn of(state: &LineState) -> Option<Wait> {
        match state {
            LineState::Checking {
                is_with_people: true,
                ..
            } => Some(Wait::LeftToPeople),
            LineState::Checking { .. } => Some(Wait::Checking),
            LineState::Accepted { .. } if state.waits_for_a_person() => Some(Wait::ByHand),
            LineState::Accepted { .. } => Some(Wait::Accepted),
            LineState::Sending { .. } => Some(Wait::Sending),
            LineState::Queued { .. } | LineState::PendingApproval | LineState::Scheduled => {
                Some(Wait::Queued)
            }
            LineState::Started
            | LineState::Finished { .. }
            | LineState::Failed { .. }
            | LineState::Rejected
            | LineState::Canceled
            | LineState::Deleted => None,
        }
    }
}

impl SeenOrder {
    /// What happens next, for a reader who may do what `may` says; times are told in their zone.
    pub fn next_step(&self, zone: &TimeZone, may: impl Fn(Action) -> bool) -> NextStep {
        let can = |action| self.allowed.contains(&action) && may(action);
        let is_filed = self.view == Some(View::Historical);
        let text = match self.phase {
            Phase::Cart if is_filed => self.draft(can(Action::ContinuePurchase)),
            Phase::Cart => self.cart(can(Action::Place)),
            Phase::AwaitingApproval => self.approval(zone, can(Action::Approve)),
            Phase::Scheduled => self.schedule(zone, can(Action::CancelSchedule)),
            Phase::Provisioning => self.provisioning(zone, &can, is_filed),
            Phase::Fulfilled if is_filed => {
                "Everything was provisioned. This is a record now; later \
                 changes are made to the subscription."
                    .into()
            }
            Phase::Fulfilled => self.fulfilled(zone, &can),
            Phase::Failed if is_filed => format!(
                "Closed with errors: {}. What is still wanted has to be ordered again.",
                self.failures().unwrap_or_default()
            ),
            Phase::Failed => self.failed(can(Action::Retry)),
            Phase::Deleted => self.deleted(can(Action::Restore)),
            Phase::Rejected => self.rejected(),
            Phase::Canceled => format!(
                "{}. Nothing of it runs at a vendor and nothing is charged. What is still wanted has to \
                 be ordered again.",
                self.stopped.as_deref().unwrap_or("Stopped")
            ),
        };
        let primary = self.primary(is_filed);
        NextStep {
            text,
            primary: primary.filter(|action| can(*action)),
        }
    }

    fn primary(&self, is_filed: bool) -> Option<Action> {
        Some(match self.phase {
            Phase::Cart if is_filed => Action::ContinuePurchase,
            Phase::Cart => Action::Place,
            Phase::AwaitingApproval => Action::Approve,
            Phase::Scheduled => Action::CancelSchedule,
            Phase::Provisioning => match self.slowest() {
                Some((Wait::LeftToPeople | Wait::Checking, _)) => Action::ResolveDoubt,
                _ => return None,
            },
            Phase::Fulfilled => Action::Archive,
            Phase::Failed if self.is_worth_a_retry() => Action::Retry,
            Phase::Failed => Action::GiveUp,
            Phase::Deleted => Action::Restore,
            Phase::Rejected | Phase::Canceled => return None,
        })
    }

    fn cart(&self, can_place: bool) -> String {
        match (self.lines.is_empty(), can_place) {
            (true, _) => "The cart is empty. Add a license from the catalog.".into(),
            (false, true) => {
                "Not purchased yet. Check the cart and place the order; until then nothing \
                 is sent to a vendor."
                    .into()
            }
            (false, false) => format!(
                "Not purchased yet. {} can place it.",
                self.created_by.person
            ),
        }
    }

    fn draft(&self, can_continue: bool) -> String {
        if can_continue {
            "Saved to be purchased later. Continue the purchase to go on at today's prices.".into()
        } else {
            let person = &self.created_by.person;
            format!("Saved to be purchased later. {person} can continue the purchase.")
        }
    }

    fn approval(&self, zone: &TimeZone, can_approve: bool) -> String {
        let then = match self.scheduled_on {
            Some(on) => format!("Then it waits for {}.", day(on, zone)),
            None => "Nothing is sent to the vendor before that.".into(),
        };
        let agreed = |one: &&Approval| matches!(one.state, ApprovalState::Approved { .. });
        let agreed = names(self.approvals.iter().filter(agreed));
        let agreed = match agreed.is_empty() {
            true => String::new(),
            false => format!(" {agreed} approved it already."),
        };
        let waits = names(self.approvals.iter().filter(|one| one.is_open()));
        match (can_approve, waits.is_empty()) {
            (true, true) => {
                "Waits for your decision. Approve it to send it to the vendor, or reject it \
                 with a reason."
                    .into()
            }
            (true, false) => format!(
                "Waits for approval by {waits}: the decision is yours. Approve it, or reject it with a \
                 reason. {then}{agreed}"
            ),
            (false, true) => format!("Waits for an approver. {then}"),
            (false, false) => format!("Waits for approval by {waits}. {then}{agreed}"),
        }
    }

    fn schedule(&self, zone: &TimeZone, can_cancel: bool) -> String {
        let (vendors, _) = self.vendors(|_| true);
        let on = self
            .scheduled_on
            .map(|on| day(on, zone))
            .unwrap_or_default();
        let until = if can_cancel {
            " Until then it can be canceled."
        } else {
            ""
        };
        format!("Goes to {vendors} on {on}.{until}")
    }

    fn provisioning(
        &self,
        zone: &TimeZone,
        can: &impl Fn(Action) -> bool,
        is_filed: bool,
    ) -> String {
        let Some((wait, since)) = self.slowest() else {
            return "Waits for the vendor.".into();
        };
        let (vendors, has) = self.vendors(|state| Wait::of(state) == Some(wait));
        let since = since.map(|since| clock(since, zone)).unwrap_or_default();
        let mut text = match wait {
            Wait::LeftToPeople => format!(
                "Nobody knows since {since} whether {vendors} {has} booked it, and it is not asked \
                 again: that could buy twice. A person looks it up."
            ),
            Wait::Checking => {
                format!(
                    "Checking with {vendors} since {since} whether it was booked; it is not sent again \
                     before that is known."
                )
            }
            Wait::ByHand => format!(
                "Waits for {vendors}. A person may have to complete it by hand, which can take days."
            ),
            Wait::Accepted => format!(
                "{vendors} {has} taken the order; providing it takes minutes, at times hours."
            ),
            Wait::Sending => {
                format!("Being sent to {vendors}; the answer is expected within a minute.")
            }
            Wait::Queued => format!("Waits its turn to be sent to {vendors}."),
        };
        if wait <= Wait::Checking && can(Action::ResolveDoubt) {
            text += &format!(" If you can look it up at {vendors}, say what is true.");
        }
        if wait == Wait::Queued && can(Action::Withdraw) {
            text += " Until then it can be withdrawn.";
        }
        if let Some(failures) = self.failures() {
            text +=
                &format!(" {failures} already; that can be corrected once the rest is decided.");
        }
        if let Some(why) = &self.stopped {
            text += &format!(" {why}. Nothing else of it is sent; what the vendor has is settled.");
        }
        if is_filed {
            text += " It is completed here when the answer comes.";
        }
        text
    }

    fn fulfilled(&self, zone: &TimeZone, can: &impl Fn(Action) -> bool) -> String {
        let deadline = self
            .lines
            .iter()
            .filter_map(|line| line.cancellable_until)
            .max();
        match deadline {
            Some(until) if can(Action::CancelItem) => format!(
                "Everything is provisioned. Items can be canceled until {}, five minutes before the \
                 vendor's own deadline.",
                day(until, zone)
            ),
            _ if can(Action::Archive) => {
                "Everything is provisioned; nothing is left to do. It is archived \
                 by itself after a while, or archive it now."
                    .into()
            }
            _ => "Everything is provisioned; nothing is left to do.".into(),
        }
    }

    fn failed(&self, can_retry: bool) -> String {
        let failed: Vec<&SeenLine> = self.failed_lines().collect();
        let [first, ..] = failed.as_slice() else {
            return "Not everything could be provisioned.".into();
        };
        let count = match (failed.len(), self.lines.len()) {
            (1, 1) => "the order".to_owned(),
            (failed, all) => format!("{failed} of {all} items"),
        };
        let (vendors, _) = self.vendors(|state| matches!(state, LineState::Failed { .. }));
        let what = format!("{vendors} refused {count}.");
        if !can_retry {
            let way = match self.is_worth_a_retry() {
                true => "The reseller can correct it and send it again, or close it.",
                false => "The reseller can close it; a retry can't help.",
            };
            return format!("{what} {way}");
        }
        let Some(explained) = first.explanation() else {
            return what;
        };
        match failed.len() {
            1 => format!("{what} {}", explained.help(&first.item.vendor_name)),
            _ => format!("{what} Each says below what to correct before it is retried."),
        }
    }

    fn deleted(&self, can_restore: bool) -> String {
        match (self.view, can_restore) {
            (None, _) => "Removed from the cart. It is kept in the audit log only.".into(),
            (Some(_), true) => {
                "Removed from the cart. Restore it to go on; after a while it leaves this \
                 list for good."
                    .into()
            }
            (Some(_), false) => {
                let person = &self.created_by.person;
                format!("Removed from the cart. {person} can restore it for a while.")
            }
        }
    }

    fn rejected(&self) -> String {
        let reason = self.rejection.as_deref().unwrap_or("no reason was given");
        format!(
            "An approver refused it: {}. Nothing was sent to a vendor; order again what is still wanted.",
            reason.trim_end_matches('.')
        )
    }

    fn failed_lines(&self) -> impl Iterator<Item = &SeenLine> {
        let is_failed = |line: &&SeenLine| matches!(line.state, LineState::Failed { .. });
        self.lines.iter().filter(is_failed)
    }

    /// Whether sending again can lead anywhere for at least one of the failed lines.
    fn is_worth_a_retry(&self) -> bool {
        let mut explained = self.failed_lines().filter_map(SeenLine::explanation);
        explained.any(|explained| explained.is_worth_a_retry())
    }

    /// The most doubtful kind of waiting, and since when.
    fn slowest(&self) -> Option<(Wait, Option<Timestamp>)> {
        let waits = self.lines.iter().filter_map(|line| {
            let since = match &line.state {
                LineState::Checking { doubt, .. } => Some(doubt.since),
                _ => None,
            };
            Some((Wait::of(&line.state)?, since))
        });
        waits.min()
    }

    /// The vendors of some lines, by name, with their verb: `Microsoft and Cirrus Backup`, `have`.
    fn vendors(&self, concerns: impl Fn(&LineState) -> bool) -> (String, &'static str) {
        let mut names: Vec<&str> = Vec::new();
        for line in self.lines.iter().filter(|line| concerns(&line.state)) {
            if !names.contains(&line.item.vendor_name.as_str()) {
                names.push(&line.item.vendor_name);
            }
        }
        match names.as_slice() {
            [] => ("the vendor".into(), "has"),
            [one] => ((*one).into(), "has"),
            [all @ .., last] => (format!("{} and {last}", all.join(", ")), "have"),
        }
    }
}

/// `29 January 2027 at 08:00`.
fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%-d %B %Y at %H:%M")
        .to_string()
}

/// `08:00`.
fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests;
