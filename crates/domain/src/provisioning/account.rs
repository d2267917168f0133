//! A vendor account as the engine finds it: open, put off by the vendor, or broken until a probe succeeds.
//! All orders of all customers behind one account share it, and nobody else does.

use jiff::{SignedDuration, Timestamp};

use super::pace::{HOLD, back_off, later};
use super::{Fault, Outcome};

/// Answers one after another that were none before nobody but a probe is let through.
pub const BREAKS_AFTER: u32 = 5;
/// How long a broken account rests at first; twice as long after each probe that fails.
const REST: SignedDuration = SignedDuration::from_secs(30);
/// Longest rest between two probes.
const REST_MAX: SignedDuration = SignedDuration::from_secs(300);
/// How long everything waits for a person to mend the connection, before one call tries it.
const MENDED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// What is known of a vendor account; the default is one that nothing is wrong with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Nothing is asked before this instant.
    pub paused_until: Option<Timestamp>,
    /// Until when the vendor asked for it, or refused our connection: no answer to an earlier call, and no
    /// probe, ends that.
    pub wished_until: Option<Timestamp>,
    /// Calls one after another that brought no answer; beyond [`BREAKS_AFTER`], probes.
    pub strikes: u32,
    /// Why, for staff.
    pub reason: String,
}

/// Whether a task may ask now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Open,
    /// It may, as the only one: write this down with it.
    Probe(Account),
    /// Not before this instant.
    Paused(Timestamp),
}

impl Account {
    /// Whether a task may ask now. One that comes after a rest asks alone, so that a vendor that has just
    /// come back, or has not, hears one call.
    pub fn admit(&self, now: Timestamp) -> Admission {
        match self.paused_until {
            Some(until) if until > now => Admission::Paused(until),
            _ if self.strikes < BREAKS_AFTER => Admission::Open,
            _ => Admission::Probe(Account {
                paused_until: Some(later(now, HOLD)),
                wished_until: None,
                strikes: self.strikes.saturating_add(1),
                reason: self.reason.clone(),
            }),
        }
    }

    /// What an answer makes of it.
    #[must_use]
    pub fn after(&self, answer: &Result<Outcome, Fault>, now: Timestamp, jitter: u16) -> Account {
        let fault = match answer {
            Ok(_) => return self.heard(now),
            Err(fault) => fault,
        };
        let reason = fault.to_string();
        match fault {
            Fault::NotSent {
                retry_after: wish @ Some(_),
                ..
            }
            | Fault::AnswerLost {
                retry_after: wish @ Some(_),
                ..
            } => self.wished(now, back_off(0, *wish, jitter), self.strikes, reason),
            Fault::Misconfigured { .. } => {
                let strikes = self.strikes.max(BREAKS_AFTER);
                self.wished(now, MENDED_AFTER, strikes, reason)
            }
            Fault::NotSent { .. } | Fault::AnswerLost { .. } => {
                let strikes = match self.strikes {
                    few if few < BREAKS_AFTER => few + 1,
                    probes => probes,
                };
                match strikes.checked_sub(BREAKS_AFTER) {
                    None => Account {
                        strikes,
                        reason,
                        ..self.clone()
                    },
                    Some(probes) => {
                        let rest = (REST * (1i32 << probes.min(5))).min(REST_MAX);
                        let spread = rest / 8 * i32::from(jitter >> 8) / 255;
                        self.paused(now, rest + spread, strikes, reason)
                    }
                }
            }
        }
    }

    fn wished(
        &self,
        now: Timestamp,
        pause: SignedDuration,
        strikes: u32,
        reason: String,
    ) -> Account {
        let wished_until = self.wished_until.max(Some(later(now, pause)));
        Account {
            wished_until,
            ..self.paused(now, pause, strikes, reason)
        }
    }

    /// A pause is only ever made longer: several calls may bring one at the same time.
    fn paused(
        &self,
        now: Timestamp,
        pause: SignedDuration,
        strikes: u32,
        reason: String,
    ) -> Account {
        // The probe's own pause ends with its answer.
        let before = match self.strikes > BREAKS_AFTER {
            true => self.wished_until,
            false => self.paused_until,
        };
        Account {
            paused_until: before.max(Some(later(now, pause))),
            wished_until: self.wished_until,
            strikes,
            reason,
        }
    }

    /// The vendor answers. That ends a rest; what the vendor asked for itself is still waited for.
    fn heard(&self, now: Timestamp) -> Account {
        match self.wished_until {
            Some(until) if until > now => Account {
                paused_until: self.wished_until,
                strikes: 0,
                ..self.clone()
            },
            _ => Account::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("an instant")
    }

    fn unreachable() -> Result<Outcome, Fault> {
        Err(Fault::NotSent {
            reason: "connection refused".into(),
            retry_after: None,
        })
    }

    fn limited(seconds: u64) -> Result<Outcome, Fault> {
        Err(Fault::NotSent {
            reason: "429".into(),
            retry_after: Some(Duration::from_secs(seconds)),
        })
    }

    fn done() -> Result<Outcome, Fault> {
        Ok(Outcome::Done {
            vendor_reference: "v".into(),
        })
    }

    fn broken() -> Account {
        (0..BREAKS_AFTER).fold(Account::default(), |account, _| {
            assert_eq!(account.admit(at(0)), Admission::Open);
            account.after(&unreachable(), at(0), 0)
        })
    }

    #[test]
    fn after_some_silences_one_probe_at_a_time_is_let_through_ever_more_rarely() {
        let mut account = broken();
        let mut now = 0;
        for rest in [30, 60, 120, 240, 300, 300] {
            assert_eq!(account.admit(at(now)), Admission::Paused(at(now + rest)));
            now += rest;
            let Admission::Probe(probing) = account.admit(at(now)) else {
                panic!("{account:?}")
            };
            assert_eq!(probing.admit(at(now)), Admission::Paused(at(now + 60)));
            account = probing.after(&unreachable(), at(now), 0);
        }
        assert_eq!(account.after(&done(), at(now), 0), Account::default());
    }

    #[test]
    fn calls_that_fail_together_make_one_rest() {
        let account = (0..30).fold(broken(), |account, _| {
            account.after(&unreachable(), at(0), 0)
        });
        assert_eq!(account, broken());
    }

    #[test]
    fn a_vendors_wish_puts_off_everything_and_no_other_answer_shortens_it() {
        let account = Account::default().after(&limited(100), at(0), 0);
        for answer in [done(), unreachable(), limited(5)] {
            let account = account.after(&answer, at(1), 0);
            assert_eq!(account.admit(at(99)), Admission::Paused(at(100)));
            assert_eq!(account.admit(at(100)), Admission::Open);
        }
    }

    #[test]
    fn a_wish_outlasts_a_rest_that_ends() {
        let account = broken().after(&limited(100), at(0), 0);
        let account = account.after(&done(), at(1), 0);
        assert_eq!(account.admit(at(99)), Admission::Paused(at(100)));
        assert_eq!(account.admit(at(100)), Admission::Open);
    }

    #[test]
    fn a_wrong_connection_is_tried_once_a_minute() {
        let refused = Err(Fault::Misconfigured {
            reason: "401".into(),
        });
        let account = Account::default().after(&refused, at(0), 0);
        assert_eq!(account.admit(at(59)), Admission::Paused(at(60)));
        let Admission::Probe(probing) = account.admit(at(60)) else {
            panic!("{account:?}")
        };
        let account = probing.after(&refused, at(61), 0);
        assert_eq!(account.admit(at(120)), Admission::Paused(at(121)));
    }
}
