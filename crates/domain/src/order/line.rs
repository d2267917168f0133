//! One line of an order: what it buys or changes, and where its vendor stands with it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::change::RequestedChange;
use crate::id::{LineId, OfferId, PlanId, SubscriptionId, VendorId};
use crate::money::{Money, MoneyError};
use crate::offer::Cadence;
use crate::price::UnitPrices;
use crate::provisioning::{BY_HAND, Doubt, Failure};
use crate::text::{Contact, Invalid};

/// What was offered when the line was made; later changes to the catalog don't rewrite orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The offer.
    pub offer: OfferId,
    /// The plan.
    pub plan: PlanId,
    /// Who provisions it.
    pub vendor: VendorId,
    /// The vendor's name for people.
    pub vendor_name: String,
    /// The license's name for people.
    pub name: String,
    /// The vendor's product id.
    pub product: String,
    /// The vendor's plan id.
    pub vendor_plan: String,
    /// Orders name the customer's tenant.
    pub has_tenant: bool,
    /// Term and billing cycle.
    pub cadence: Cadence,
}

/// A line's price per billing cycle, frozen when the order is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePrice {
    /// One unit's prices.
    pub unit: UnitPrices,
    /// Units.
    pub quantity: u32,
}

impl LinePrice {
    /// What the customer pays per billing cycle.
    pub fn customer_total(&self) -> Result<Money, MoneyError> {
        self.unit.customer.times(self.quantity)
    }

    /// What the partner pays per billing cycle.
    pub fn partner_total(&self) -> Result<Money, MoneyError> {
        self.unit.partner.times(self.quantity)
    }

    /// What is left to the seller per billing cycle; negative when it sells below its price.
    pub fn margin(&self) -> Result<Money, MoneyError> {
        let cost = self.partner_total()?;
        self.customer_total()?.plus(Money {
            minor: -cost.minor,
            ..cost
        })
    }
}

/// Where a line stands. What is known only in one state lives in that state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LineState {
    /// In the cart.
    Started,
    /// Its order waits for an approver.
    PendingApproval,
    /// Its order waits for a date.
    Scheduled,
    /// Released; nothing has been sent for this attempt.
    Queued {
        /// 1 for the first; each retry by a person is another.
        attempt: u32,
    },
    /// Written down before the call is made. Whoever finds it here after a crash knows only that
    /// the vendor may have been asked.
    Sending {
        /// Which attempt.
        attempt: u32,
        /// When it was written down.
        since: Timestamp,
    },
    /// The answer was lost: nobody knows. Never becomes failed by the clock.
    Checking {
        /// Which attempt.
        attempt: u32,
        /// Since when, why, and how often we asked.
        doubt: Doubt,
    },
    /// The vendor (or a person with a form) works on it.
    Accepted {
        /// Which attempt.
        attempt: u32,
        /// What the vendor wants to be asked with.
        operation: Option<String>,
        /// Since when.
        since: Timestamp,
    },
    /// Done.
    Finished {
        /// The vendor's id of the subscription.
        vendor_reference: String,
        /// When we learned it.
        at: Timestamp,
    },
    /// The vendor refused.
    Failed {
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When we learned it.
        at: Timestamp,
    },
    /// An approver refused the order.
    Rejected,
    /// Stopped, or undone.
    Canceled,
    /// Removed with its cart.
    Deleted,
}

/// What can happen to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEvent {
    /// The order was placed and waits for people.
    HeldForApproval,
    /// The order was placed and waits for its date.
    HeldForDate,
    /// Nothing stands in its way to the vendor.
    Released,
    /// We are about to ask the vendor.
    Sending,
    /// Proven: nothing reached the vendor.
    NotSent,
    /// The vendor took it and works.
    Accepted {
        /// What to ask with.
        operation: Option<String>,
    },
    /// No answer, or none that decides; also a crash found after *sending*.
    AnswerLost {
        /// What came instead.
        evidence: String,
    },
    /// Done.
    Finished {
        /// The vendor's id.
        vendor_reference: String,
    },
    /// The vendor said no, or is proven not to have it.
    Failed(Failure),
    /// A person asks for another attempt.
    Retried,
    /// An approver refused.
    Rejected,
    /// Stopped before the vendor did anything, or undone.
    Canceled,
    /// Removed with its cart.
    Deleted,
    /// Brought back with its cart.
    Restored,
}

/// A move that the machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line that is {from} can't become {event}")]
pub struct IllegalMove {
    /// The state it is in.
    pub from: &'static str,
    /// What was asked for.
    pub event: &'static str,
}

impl LineState {
    /// The vendor is a person with a form, and it is their turn.
    pub fn waits_for_a_person(&self) -> bool {
        matches!(self, LineState::Accepted { operation: Some(operation), .. } if operation == BY_HAND)
    }

    /// The whole machine: every legal move is one arm, and there are no others.
    pub fn after(&self, event: &LineEvent, now: Timestamp) -> Result<LineState, IllegalMove> {
        use {LineEvent as E, LineState as S};
        Ok(match (self, event) {
            (S::Started, E::HeldForApproval) => S::PendingApproval,
            (S::Started | S::PendingApproval, E::HeldForDate) => S::Scheduled,
            (S::Started | S::PendingApproval | S::Scheduled, E::Released) => {
                S::Queued { attempt: 1 }
            }
            (S::Started, E::Deleted) => S::Deleted,
            (S::Deleted, E::Restored) => S::Started,
            (S::PendingApproval, E::Rejected) => S::Rejected,
            (S::Queued { attempt }, E::Sending) => S::Sending {
                attempt: *attempt,
                since: now,
            },
            (S::Sending { attempt, .. } | S::Checking { attempt, .. }, E::NotSent) => {
                S::Queued { attempt: *attempt }
            }
            (S::Sending { attempt, since }, E::AnswerLost { evidence }) => S::Checking {
                attempt: *attempt,
                doubt: Doubt {
                    since: *since,
                    evidence: evidence.clone(),
                    checks: 0,
                },
            },
            (S::Checking { attempt, doubt }, E::AnswerLost { evidence }) => S::Checking {
                attempt: *attempt,
                doubt: Doubt {
                    since: doubt.since,
                    evidence: evidence.clone(),
                    checks: doubt.checks.saturating_add(1),
                },
            },
            (
                S::Sending { attempt, .. }
                | S::Checking { attempt, .. }
                | S::Accepted { attempt, .. },
                E::Accepted { operation },
            ) => S::Accepted {
                attempt: *attempt,
                operation: operation.clone(),
                since: match self {
                    S::Accepted { since, .. } => *since,
                    _ => now,
                },
            },
            (
                S::Sending { .. } | S::Checking { .. } | S::Accepted { .. },
                E::Finished { vendor_reference },
            ) => S::Finished {
                vendor_reference: vendor_reference.clone(),
                at: now,
            },
            (
                S::Sending { attempt, .. }
                | S::Checking { attempt, .. }
                | S::Accepted { attempt, .. },
                E::Failed(failure),
            ) => S::Failed {
                attempt: *attempt,
                failure: failure.clone(),
                at: now,
            },
            (S::Failed { attempt, .. }, E::Retried) => S::Queued {
                attempt: attempt + 1,
            },
            (
                S::PendingApproval | S::Scheduled | S::Queued { .. } | S::Finished { .. },
                E::Canceled,
            ) => S::Canceled,
            (from, event) => {
                return Err(IllegalMove {
                    from: from.name(),
                    event: event.name(),
                });
            }
        })
    }

    /// Placed, and the vendor has not decided.
    pub fn is_undecided(&self) -> bool {
        use LineState as S;
        match self {
            S::PendingApproval
            | S::Scheduled
            | S::Queued { .. }
            | S::Sending { .. }
            | S::Checking { .. }
            | S::Accepted { .. } => true,
            S::Started
            | S::Finished { .. }
            | S::Failed { .. }
            | S::Rejected
            | S::Canceled
            | S::Deleted => false,
        }
    }

    /// The vendor was asked, or may have been.
    pub fn was_sent(&self) -> bool {
        use LineState as S;
        match self {
            S::Sending { .. }
            | S::Checking { .. }
            | S::Accepted { .. }
            | S::Finished { .. }
            | S::Failed { .. } => true,
            // A retry: the attempt before was asked.
            S::Queued { attempt } => *attempt > 1,
            S::Started
            | S::PendingApproval
            | S::Scheduled
            | S::Rejected
            | S::Canceled
            | S::Deleted => false,
        }
    }

    /// Which attempt it is about, where it is about one.
    pub fn attempt(&self) -> Option<u32> {
        use LineState as S;
        match self {
            S::Queued { attempt }
            | S::Sending { attempt, .. }
            | S::Checking { attempt, .. }
            | S::Accepted { attempt, .. }
            | S::Failed { attempt, .. } => Some(*attempt),
            S::Started
            | S::PendingApproval
            | S::Scheduled
            | S::Finished { .. }
            | S::Rejected
            | S::Canceled
            | S::Deleted => None,
        }
    }

    /// The state's name in storage and in printed tables.
    pub fn name(&self) -> &'static str {
        match self {
            LineState::Started => "started",
            LineState::PendingApproval => "pending_approval",
            LineState::Scheduled => "scheduled",
            LineState::Queued { .. } => "queued",
            LineState::Sending { .. } => "sending",
            LineState::Checking { .. } => "checking",
            LineState::Accepted { .. } => "accepted",
            LineState::Finished { .. } => "finished",
            LineState::Failed { .. } => "failed",
            LineState::Rejected => "rejected",
            LineState::Canceled => "canceled",
            LineState::Deleted => "deleted",
        }
    }

    /// The word on the screen.
    pub fn label(&self) -> &'static str {
        use LineState as S;
        match self {
            S::Started => "Started",
            S::PendingApproval => "Pending approval",
            S::Scheduled => "Scheduled",
            S::Queued { .. } | S::Sending { .. } | S::Checking { .. } | S::Accepted { .. } => {
                "Provisioning started"
            }
            S::Finished { .. } => "Provisioning finished",
            S::Failed { .. } => "Provisioning failed",
            S::Rejected => "Rejected",
            S::Canceled => "Canceled",
            S::Deleted => "Deleted",
        }
    }
}

impl LineEvent {
    /// The event's name in refusals and printed tables.
    pub fn name(&self) -> &'static str {
        match self {
            LineEvent::HeldForApproval => "held for approval",
            LineEvent::HeldForDate => "held for its date",
            LineEvent::Released => "released",
            LineEvent::Sending => "sending",
            LineEvent::NotSent => "not sent",
            LineEvent::Accepted { .. } => "accepted",
            LineEvent::AnswerLost { .. } => "answer lost",
            LineEvent::Finished { .. } => "finished",
            LineEvent::Failed(_) => "failed",
            LineEvent::Retried => "retried",
            LineEvent::Rejected => "rejected",
            LineEvent::Canceled => "canceled",
            LineEvent::Deleted => "deleted",
            LineEvent::Restored => "restored",
        }
    }
}

/// First and last day of a service, as the person who provisioned it wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
}

impl Period {
    /// Reads two days as `2026-11-23`; the last one must not come before the first.
    pub fn parse(starts_on: &str, ends_on: &str) -> Result<Period, (&'static str, Invalid)> {
        let day = |field, text: &str| {
            let wrong = |_| (field, Invalid("must be a day such as 2026-11-23".into()));
            text.trim().parse::<Date>().map_err(wrong)
        };
        let (starts_on, ends_on) = (day("/starts_on", starts_on)?, day("/ends_on", ends_on)?);
        if ends_on < starts_on {
            let words = format!("must not be before the start on {starts_on}");
            return Err(("/ends_on", Invalid(words)));
        }
        Ok(Period { starts_on, ends_on })
    }
}

/// One license or change inside an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// What it is about.
    pub item: Item,
    /// The line of the same order that it is an add-on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<LineId>,
    /// What is asked for.
    pub change: RequestedChange,
    /// The subscription it makes (a purchase) or changes (an update); known from the start.
    pub subscription: SubscriptionId,
    /// The vendor's id of a subscription that is changed; a purchase has none yet.
    pub vendor_reference: Option<String>,
    /// Who will use it.
    pub contact: Contact,
    /// The customer's tenant at the vendor, where the vendor has such a thing.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    #[serde(default)]
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// From when to when it runs, where a person provisioned it and said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Until when the vendor takes it back, where it does; known once it is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellable_until: Option<Timestamp>,
    /// The quote while in the cart; what was agreed once placed.
    pub price: LinePrice,
    /// Where it stands.
    pub state: LineState,
}

impl Line {
    /// What people call it: an add-on by its own name, all else by the license's.
    pub fn name(&self) -> &str {
        name(&self.change, &self.item)
    }
}

/// What people call a line.
pub(super) fn name<'l>(change: &'l RequestedChange, item: &'l Item) -> &'l str {
    use RequestedChange as C;
    match change {
        C::AddonAdd { addon, .. }
        | C::AddonQuantity { addon, .. }
        | C::AddonRemove { addon, .. } => addon,
        _ => &item.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::sample;

    fn events() -> Vec<LineEvent> {
        vec![
            LineEvent::HeldForApproval,
            LineEvent::HeldForDate,
            LineEvent::Released,
            LineEvent::Sending,
            LineEvent::NotSent,
            LineEvent::Accepted { operation: None },
            LineEvent::AnswerLost {
                evidence: "silence".into(),
            },
            LineEvent::Finished {
                vendor_reference: "v".into(),
            },
            LineEvent::Failed(Failure {
                code: "E".into(),
                message: "no".into(),
                field: None,
            }),
            LineEvent::Retried,
            LineEvent::Rejected,
            LineEvent::Canceled,
            LineEvent::Deleted,
            LineEvent::Restored,
        ]
    }

    #[test]
    fn the_machine_is_printed_and_compared() {
        let mut table = String::new();
        for state in sample::states() {
            for event in events() {
                if let Ok(next) = state.after(&event, Timestamp::UNIX_EPOCH) {
                    table += &format!(
                        "{:<17} {:<18} -> {}\n",
                        state.name(),
                        event.name(),
                        next.name()
                    );
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_doubt_counts_its_checks_and_keeps_its_beginning() {
        let sending = LineState::Sending {
            attempt: 2,
            since: Timestamp::UNIX_EPOCH,
        };
        let lost = LineEvent::AnswerLost {
            evidence: "reset".into(),
        };
        let later = Timestamp::from_second(60).unwrap();
        let doubt = sending
            .after(&lost, later)
            .and_then(|state| state.after(&lost, later))
            .unwrap();
        let LineState::Checking { attempt: 2, doubt } = doubt else {
            panic!("{doubt:?}")
        };
        assert_eq!((doubt.since, doubt.checks), (Timestamp::UNIX_EPOCH, 1));
    }
}
