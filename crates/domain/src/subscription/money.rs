//! What a change costs: per billing cycle from then on, for the rest of this one, and what comes back.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Subscription;
use crate::calendar::cycle_at;
use crate::money::{Money, MoneyError};
use crate::price::refund::{RefundRefusal, refund};

/// The money of a change, as its customer pays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Per billing cycle as it is.
    pub before: Money,
    /// Per billing cycle afterwards, with all add-ons; nothing once it has ended.
    pub after: Money,
    /// For the days that are left of the present cycle, where more is paid from now on. The days' part of
    /// the difference, rounded once.
    pub due_now: Option<Money>,
    /// What comes back for returned seats, where the vendor's window is open.
    pub refund: Option<Money>,
}

/// Compares a subscription with what a change makes of it now.
pub fn estimate(
    before: &Subscription,
    after: &Subscription,
    now: Timestamp,
) -> Result<Estimate, MoneyError> {
    let (was, will) = (per_cycle(before)?, per_cycle(after)?);
    Ok(Estimate {
        before: was,
        after: will,
        due_now: due_now(before, after, will.minus(was)?, now)?,
        refund: returned(before, after, now)?,
    })
}

fn per_cycle(subscription: &Subscription) -> Result<Money, MoneyError> {
    let mut total = subscription
        .price
        .unit
        .customer
        .times(subscription.quantity)?;
    if subscription.state.has_ended() {
        return Ok(Money::zero(total.currency));
    }
    for addon in &subscription.addons {
        total = total.plus(addon.price.customer_total()?)?;
    }
    Ok(total)
}

/// A cycle of another length begins anew, and with it another charge.
fn due_now(
    before: &Subscription,
    after: &Subscription,
    more: Money,
    now: Timestamp,
) -> Result<Option<Money>, MoneyError> {
    let months = before.item.cadence.cycle_months;
    if months != after.item.cadence.cycle_months {
        return per_cycle(after).map(Some);
    }
    let Some(cycle) = cycle_at(before.term_starts_at, months, now, &TimeZone::UTC) else {
        return Ok((more.minor > 0).then_some(more));
    };
    if more.minor <= 0 {
        return Ok(None);
    }
    let rest = crate::calendar::Span {
        starts_at: now.max(cycle.starts_at),
        ..cycle
    };
    let (left, all) = (rest.days(&TimeZone::UTC), cycle.days(&TimeZone::UTC).max(1));
    more.share(left, all).map(Some)
}

fn returned(
    before: &Subscription,
    after: &Subscription,
    now: Timestamp,
) -> Result<Option<Money>, MoneyError> {
    let seats = match after.state.has_ended() {
        true => before.quantity,
        false => before.quantity.saturating_sub(after.quantity),
    };
    let months = before.item.cadence.cycle_months;
    let mut sum: Option<Money> = None;
    for batch in before.returned(seats, now) {
        let cycle = cycle_at(before.term_starts_at, months, batch.since, &TimeZone::UTC);
        let days = cycle.map_or(0, |cycle| cycle.days(&TimeZone::UTC));
        let charge = before.price.unit.customer.times(batch.seats)?;
        match refund(charge, days, batch.since, now) {
            Ok(back) => sum = Some(sum.unwrap_or(Money::zero(back.currency)).plus(back)?),
            Err(RefundRefusal::Money(error)) => return Err(error),
            Err(RefundRefusal::Closed { .. } | RefundRefusal::Incomputable) => {}
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::order::change::RequestedChange;
    use crate::order::sample;
    use crate::price::refund::closes_at;
    use crate::subscription::effect::Done;
    use crate::subscription::effect::tests::subscription;

    /// Ten seats at 12.00 a month since 15 January 2027; a cycle of 31 days.
    fn changed(change: RequestedChange, days: i64) -> (Subscription, Subscription, Timestamp) {
        let mut before = subscription();
        before.batches[0].returnable_until = Some(closes_at(before.batches[0].since));
        let now = sample::now() + SignedDuration::from_hours(24 * days);
        let mut line = sample::line(1);
        if let RequestedChange::Quantity { to, .. } = change {
            line.price.quantity = to;
        }
        line.change = change;
        line.state = sample::finished();
        let mut after = before.clone();
        after.apply(&Done::by(&line).expect("done"));
        (before, after, now)
    }

    fn told(change: RequestedChange, days: i64) -> [Option<i64>; 4] {
        let (before, after, now) = changed(change, days);
        let found = estimate(&before, &after, now).expect("sums");
        [
            Some(found.before.minor),
            Some(found.after.minor),
            found.due_now.map(|money| money.minor),
            found.refund.map(|money| money.minor),
        ]
    }

    #[test]
    fn more_seats_are_paid_for_the_days_that_are_left_and_returned_ones_come_back() {
        let quantity = |to| RequestedChange::Quantity { from: 10, to };
        assert_eq!(
            told(quantity(15), 0),
            [Some(12_000), Some(18_000), Some(6_000), None]
        );
        // 60.00 × 21 / 31 = 40.645…
        assert_eq!(
            told(quantity(15), 10),
            [Some(12_000), Some(18_000), Some(4_065), None]
        );
        // Three seats, 36.00: two days are used of 31. 36 × 29 / 31 = 33.677…
        assert_eq!(
            told(quantity(7), 2),
            [Some(12_000), Some(8_400), None, Some(3_368)]
        );
        assert_eq!(
            told(quantity(7), 8),
            [Some(12_000), Some(8_400), None, None]
        );
        assert_eq!(
            told(RequestedChange::Cancel, 0),
            [Some(12_000), Some(0), None, Some(12_000)]
        );
    }
}
