//! What happens next with an order, in one or two sentences, and the action that stands out. Computed
//! from what the reader sees, so it can tell nothing else.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Action;
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
    Checking,
    /// The vendor gave nothing to ask it with: a person may be at it.
    ByHand,
    Accepted,
    Sending,
    Queued,
}

impl Wait {
    fn of(state: &LineState) -> Option<Wait> {
        match state {
            LineState::Checking { .. } => Some(Wait::Checking),
            LineState::Accepted {
                operation: None, ..
            } => Some(Wait::ByHand),
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
            Phase::AwaitingApproval => self.approval(can(Action::Approve)),
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
            Phase::Canceled => {
                "Stopped: nothing of it runs at a vendor and nothing is charged. What is \
                 still wanted has to be ordered again."
                    .into()
            }
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
                Some((Wait::Checking, _)) => Action::ResolveDoubt,
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

    fn approval(&self, can_approve: bool) -> String {
        if can_approve {
            "Waits for your decision. Approve it to send it to the vendor, or reject it with a reason."
                .into()
        } else {
            "Waits for an approver. Nothing is sent to the vendor before that.".into()
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
        let mut text = match wait {
            Wait::Checking => {
                let since = since.map(|since| clock(since, zone)).unwrap_or_default();
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
        if wait == Wait::Checking && can(Action::ResolveDoubt) {
            text += &format!(" If you can look it up at {vendors}, say what is true.");
        }
        if wait == Wait::Queued && can(Action::Withdraw) {
            text += " Until then it can be withdrawn.";
        }
        if let Some(failures) = self.failures() {
            text +=
                &format!(" {failures} already; that can be corrected once the rest is decided.");
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
                "Everything is provisioned. Items can be canceled until {}.",
                day(until, zone)
            ),
            _ if can(Action::Archive) => {
                "Everything is provisioned; nothing is left to do. It is filed \
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
            return format!("{what} The reseller can correct it and send it again, or close it.");
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
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::access::Visibility;
    use crate::order::{Order, Stage, sample};

    const CUSTOMER: Visibility = Visibility {
        markup_only_orders: false,
        markup: false,
        cost: false,
        internal: false,
    };

    /// Each situation by its name.
    fn situations() -> Vec<(&'static str, Order)> {
        let released = |states| sample::order(Stage::Released, states);
        let staged = |stage, state| sample::order(stage, vec![state]);
        let filed = |mut order: Order| {
            order.archived_at = Some(sample::now());
            order
        };
        let on = sample::now() + SignedDuration::from_hours(14 * 24);
        let failed = |code| sample::failed(code, "no");
        let manual = |mut order: Order| {
            order.lines[0].item.vendor_name = "Paper & Phone".into();
            order
        };
        let cancellable = |mut order: Order| {
            order.lines[0].cancellable_until = Some(on);
            order
        };
        let accepted = || LineState::Accepted {
            attempt: 1,
            operation: Some("op-1".into()),
            since: sample::now(),
        };
        let reason = "Above this year's budget.".to_owned();
        vec![
            ("an empty cart", sample::cart(&[])),
            ("a cart", sample::cart(&[1])),
            ("a draft", filed(sample::cart(&[1]))),
            ("deleted", staged(Stage::Deleted, LineState::Deleted)),
            (
                "deleted and purged",
                filed(staged(Stage::Deleted, LineState::Deleted)),
            ),
            (
                "pending approval",
                staged(Stage::AwaitingApproval, LineState::PendingApproval),
            ),
            (
                "pending approval, filed",
                filed(staged(Stage::AwaitingApproval, LineState::PendingApproval)),
            ),
            (
                "scheduled",
                staged(Stage::Scheduled { on }, LineState::Scheduled),
            ),
            (
                "scheduled, filed",
                filed(staged(Stage::Scheduled { on }, LineState::Scheduled)),
            ),
            ("queued", released(vec![LineState::Queued { attempt: 1 }])),
            (
                "queued again",
                released(vec![LineState::Queued { attempt: 2 }]),
            ),
            ("sending", released(vec![sample::sending()])),
            ("checking", released(vec![sample::checking()])),
            ("checking, filed", filed(released(vec![sample::checking()]))),
            ("accepted", released(vec![accepted()])),
            (
                "accepted by a person",
                manual(released(vec![sample::accepted()])),
            ),
            ("accepted, filed", filed(released(vec![accepted()]))),
            (
                "two vendors",
                manual(released(vec![sample::accepted(), sample::accepted()])),
            ),
            (
                "one checked, one failed",
                released(vec![sample::checking(), failed("E")]),
            ),
            (
                "one sent, one failed",
                released(vec![sample::sending(), failed("E")]),
            ),
            ("finished", released(vec![sample::finished()])),
            (
                "finished, cancellable",
                cancellable(released(vec![sample::finished()])),
            ),
            ("completed", filed(released(vec![sample::finished()]))),
            (
                "failed: the address",
                released(vec![failed("InvalidEmail"), sample::finished()]),
            ),
            ("failed: the account", released(vec![failed("800073")])),
            (
                "failed: too many",
                released(vec![failed("QuantityAboveMaximum")]),
            ),
            (
                "failed: unknown",
                released(vec![failed("E-77"), sample::finished()]),
            ),
            (
                "two failed",
                released(vec![
                    failed("InvalidEmail"),
                    failed("E"),
                    sample::finished(),
                ]),
            ),
            (
                "completed with errors",
                filed(released(vec![failed("E"), sample::finished()])),
            ),
            (
                "rejected",
                staged(Stage::Rejected { reason }, LineState::Rejected),
            ),
            ("canceled", staged(Stage::Canceled, LineState::Canceled)),
        ]
    }

    #[test]
    fn each_situation_is_told_to_those_who_may_act_and_to_those_who_may_not() {
        let mut table = String::new();
        for (name, order) in situations() {
            let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
            let acts = seen.next_step(&TimeZone::UTC, |_| true);
            let reads = seen.next_step(&TimeZone::UTC, |_| false);
            assert_eq!(reads.primary, None, "{name}");
            let primary = acts
                .primary
                .map_or_else(|| "–".into(), |action| format!("{action:?}"));
            table += &format!("{name} [{primary}]\n  {}\n", acts.text);
            if reads.text != acts.text {
                table += &format!("  ({})\n", reads.text);
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn times_are_told_in_the_readers_zone() {
        let order = sample::order(Stage::Released, vec![sample::checking()]);
        let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert!(
            seen.next_step(&zone, |_| false)
                .text
                .contains("since 10:00")
        );
    }

    /// The action that stands out is one that the order takes, in every situation.
    #[test]
    fn the_primary_action_is_always_allowed() {
        for (name, order) in situations() {
            let seen = order.seen_by(CUSTOMER).expect("sums").expect("an order");
            if let Some(primary) = seen.next_step(&TimeZone::UTC, |_| true).primary {
                assert!(order.allows(primary), "{name}");
            }
        }
    }
}
