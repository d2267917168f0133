//! Seats by the day they came: what the vendor would take back, and until when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Subscription;

/// Seats that came together, by a purchase, an increase or a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// How many.
    pub seats: u32,
    /// Since when; the vendor's window counts from here.
    pub since: Timestamp,
    /// Until when they can be given back; `None` where the vendor has no window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returnable_until: Option<Timestamp>,
}

impl Batch {
    fn is_open(&self, now: Timestamp) -> bool {
        self.returnable_until.is_some_and(|until| now < until)
    }
}

impl Subscription {
    /// Seats that can be given back now, where the vendor has a window.
    pub fn returnable(&self, now: Timestamp) -> u32 {
        let open = self.batches.iter().filter(|batch| batch.is_open(now));
        open.map(|batch| batch.seats)
            .sum::<u32>()
            .min(self.quantity)
    }

    /// Until when the next of them can be; the earliest deadline that has not passed.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let open = self.batches.iter().filter(|batch| batch.is_open(now));
        open.filter_map(|batch| batch.returnable_until).min()
    }

    /// The batches that so many returned seats come from, youngest first.
    pub fn returned(&self, seats: u32, now: Timestamp) -> Vec<Batch> {
        let (mut left, mut found) = (seats, Vec::new());
        for batch in self.batches.iter().rev().filter(|batch| batch.is_open(now)) {
            let seats = batch.seats.min(left);
            if seats > 0 {
                found.push(Batch { seats, ..*batch });
            }
            left -= seats;
        }
        found
    }

    /// Adds seats that have just come.
    pub(crate) fn add_seats(&mut self, batch: Batch) {
        self.quantity = self.quantity.saturating_add(batch.seats);
        self.batches.push(batch);
    }

    /// Takes seats away, from the youngest batch on.
    pub(crate) fn take_seats(&mut self, seats: u32) {
        self.quantity = self.quantity.saturating_sub(seats);
        let mut left = seats;
        for batch in self.batches.iter_mut().rev() {
            let taken = batch.seats.min(left);
            (batch.seats, left) = (batch.seats - taken, left - taken);
        }
        self.batches.retain(|batch| batch.seats > 0);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::order::sample;
    use crate::subscription::effect::tests::subscription;

    use super::*;

    fn batch(seats: u32, days_ago: i64) -> Batch {
        let since = sample::now() - SignedDuration::from_hours(24 * days_ago);
        Batch {
            seats,
            since,
            returnable_until: Some(since + SignedDuration::from_hours(7 * 24)),
        }
    }

    #[test]
    fn only_seats_of_open_batches_can_be_given_back_youngest_first() {
        let mut subscription = subscription();
        subscription.batches = vec![batch(10, 30), batch(5, 6), batch(3, 1)];
        subscription.quantity = 18;
        let now = sample::now();
        assert_eq!(subscription.returnable(now), 8);
        assert_eq!(
            subscription.next_deadline(now),
            batch(5, 6).returnable_until
        );
        assert_eq!(subscription.returned(4, now), [batch(3, 1), batch(1, 6)]);
        subscription.take_seats(4);
        assert_eq!(subscription.batches, [batch(10, 30), batch(4, 6)]);
        assert_eq!(
            (subscription.quantity, subscription.returnable(now)),
            (14, 4)
        );
    }
}
