//! What a cancellation inside the vendor's window gives back.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::money::{Money, MoneyError};

/// How long the vendor takes a cancellation back.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(168);
/// How much earlier we close, so that a call under way is not late.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Why nothing is given back; safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Too late.
    #[error("cancellation closed at {at}, five minutes before the vendor's own deadline")]
    Closed {
        /// When we closed it.
        at: Timestamp,
    },
    /// The period has no days, or the numbers don't fit.
    #[error("the refund can't be computed for this charge")]
    Incomputable,
    /// The amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// When we stop taking a cancellation that the vendor takes until `deadline`: five minutes before. From
/// this moment on it is closed.
pub fn closing(deadline: Timestamp) -> Timestamp {
    deadline.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN)
}

/// When we stop taking a cancellation of what the vendor accepted at `accepted_at`, by its usual window.
pub fn closes_at(accepted_at: Timestamp) -> Timestamp {
    closing(accepted_at.saturating_add(WINDOW).unwrap_or(Timestamp::MAX))
}

/// The unused days' part of a line's charge, rounded once. `period_days` are the calendar days that
/// the charge is for. The first 24 hours cost nothing; at exactly 24 n hours day n begins, and with
/// it one more day is used.
pub fn refund(
    charge: Money,
    period_days: u32,
    accepted_at: Timestamp,
    now: Timestamp,
) -> Result<Money, RefundRefusal> {
    let at = closes_at(accepted_at);
    if now >= at {
        return Err(RefundRefusal::Closed { at });
    }
    // The vendor's clock may be ahead of ours: "before it was accepted" is within the first day.
    let elapsed = now.duration_since(accepted_at).as_secs().max(0);
    let used = u32::try_from(elapsed / DAY_SECONDS).map_err(|_| RefundRefusal::Incomputable)?;
    let unused = Decimal::from(period_days.saturating_sub(used));
    let amount = charge
        .to_decimal()
        .checked_mul(unused)
        .and_then(|amount| amount.checked_div(Decimal::from(period_days)))
        .ok_or(RefundRefusal::Incomputable)?;
    Ok(Money::from_decimal(amount, charge.currency)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    /// 30.00 EUR for 30 days: a day is one euro.
    fn refunded(minutes: i64) -> Option<i64> {
        refund_of(3000, 30, minutes)
    }

    fn refund_of(minor: i64, days: u32, minutes: i64) -> Option<i64> {
        let accepted_at: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let now = accepted_at + SignedDuration::from_mins(minutes);
        let charge = Money::new(minor, Currency::parse("EUR").unwrap());
        refund(charge, days, accepted_at, now)
            .ok()
            .map(|money| money.minor)
    }

    #[test]
    fn days_begin_at_full_24_hours_and_the_window_closes_five_minutes_early() {
        for (minutes, expected) in [
            (-10, Some(3000)),
            (0, Some(3000)),
            (24 * 60 - 1, Some(3000)),
            (24 * 60, Some(2900)),
            (30 * 60, Some(2900)),
            (48 * 60 - 1, Some(2900)),
            (48 * 60, Some(2800)),
            (168 * 60 - 6, Some(2400)),
            (168 * 60 - 5, None),
            (168 * 60, None),
            (170 * 60, None),
        ] {
            assert_eq!(refunded(minutes), expected, "{minutes} minutes");
        }
    }

    #[test]
    fn a_refund_is_rounded_once_and_never_negative() {
        // 657.60 × 364 / 365 = 655.7983…
        assert_eq!(refund_of(65_760, 365, 30 * 60), Some(65_580));
        assert_eq!(refund_of(3000, 1, 72 * 60), Some(0));
        assert_eq!(refund_of(3000, 0, 30 * 60), None);
    }
}
