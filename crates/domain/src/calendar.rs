//! Months, days and local times: the one place that knows calendars and clocks that are changed.
//!
//! A month after an instant is the same day and time of the next month in its zone, or that month's last
//! day where it has no such day. Cycles are counted from the first instant and not from the cycle before,
//! so what begins on the 31st comes back to the 31st.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use crate::text::Invalid;

/// From one instant to another, the second not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant.
    pub starts_at: Timestamp,
    /// The first one after it.
    pub ends_at: Timestamp,
}

impl Span {
    /// Calendar days from its first to its last day.
    pub fn days(self, zone: &TimeZone) -> u32 {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let days = day(self.starts_at).until(day(self.ends_at));
        days.map_or(0, |days| u32::try_from(days.get_days()).unwrap_or(0))
    }
}

/// The instant so many months after another. The far end of time where that is beyond it.
pub fn months_after(anchor: Timestamp, months: u32, zone: &TimeZone) -> Timestamp {
    let anchor = anchor.to_zoned(zone.clone());
    let after = anchor.checked_add(i64::from(months).months());
    after.map_or(Timestamp::MAX, |after| after.timestamp())
}

/// The cycle of so many months, counted from `anchor`, that an instant lies in; the first one for what
/// lies before it. `None` where there are no cycles.
pub fn cycle_at(anchor: Timestamp, months: u32, at: Timestamp, zone: &TimeZone) -> Option<Span> {
    let since = anchor.to_zoned(zone.clone());
    let gone = since
        .until((Unit::Month, &at.to_zoned(zone.clone())))
        .ok()?;
    let gone = u32::try_from(gone.get_months() + 12 * i32::from(gone.get_years())).unwrap_or(0);
    let begin = |cycle: u32| months_after(anchor, cycle.saturating_mul(months), zone);
    let mut cycle = gone.checked_div(months)?;
    // The last day of a shorter month counts as a whole month although it is an earlier day.
    while begin(cycle + 1) <= at && begin(cycle + 1) > begin(cycle) {
        cycle += 1;
    }
    Some(Span {
        starts_at: begin(cycle),
        ends_at: begin(cycle + 1),
    })
}

/// Reads a local time as a form sends it, `2026-12-24T09:00`. A time that the clocks skip is taken at the
/// moment after the gap and one that they repeat at its first pass, as people's calendars do.
pub fn parse_local(text: &str, zone: &TimeZone) -> Result<Timestamp, Invalid> {
    let wrong = || Invalid("must be a day and time such as 2026-12-24T09:00".into());
    let local: DateTime = text.trim().parse().map_err(|_| wrong())?;
    let at = zone.to_timestamp(local).map_err(|_| wrong())?;
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    #[test]
    fn a_month_later_is_the_same_day_or_the_months_last_and_comes_back() {
        let (utc, anchor) = (TimeZone::UTC, at("2027-01-31T10:00:00Z"));
        let days: Vec<String> = (0..4)
            .map(|months| months_after(anchor, months, &utc).to_string())
            .collect();
        assert_eq!(
            days,
            [
                "2027-01-31T10:00:00Z",
                "2027-02-28T10:00:00Z",
                "2027-03-31T10:00:00Z",
                "2027-04-30T10:00:00Z"
            ]
        );
        let leap = months_after(at("2028-02-29T00:00:00Z"), 12, &utc);
        assert_eq!(leap, at("2029-02-28T00:00:00Z"));
        let bought = months_after(at("2021-01-01T00:00:00Z"), 12, &utc);
        assert_eq!(bought, at("2022-01-01T00:00:00Z"), "R-fixture: one-time");
    }

    /// Ten in the morning stays ten in the morning when the clocks change, in each zone.
    #[test]
    fn local_time_is_kept_over_a_change_of_the_clocks() {
        for (name, from, to) in [
            (
                "Europe/Riga",
                "2027-03-01T08:00:00Z",
                "2027-04-01T07:00:00Z",
            ),
            (
                "America/New_York",
                "2027-03-01T15:00:00Z",
                "2027-04-01T14:00:00Z",
            ),
            ("Asia/Tokyo", "2027-03-01T01:00:00Z", "2027-04-01T01:00:00Z"),
        ] {
            assert_eq!(months_after(at(from), 1, &zone(name)), at(to), "{name}");
        }
    }

    #[test]
    fn the_night_the_clocks_change_has_one_answer_for_each_time() {
        let riga = zone("Europe/Riga");
        for (local, expected) in [
            // 03:00 to 04:00 does not exist on 28 March 2027 in Riga: the moment after the gap.
            ("2027-03-28T03:30", "2027-03-28T01:30:00Z"),
            // 03:30 is twice on 31 October 2027: its first pass.
            ("2027-10-31T03:30", "2027-10-31T00:30:00Z"),
            ("2027-06-01T09:00", "2027-06-01T06:00:00Z"),
        ] {
            assert_eq!(parse_local(local, &riga), Ok(at(expected)), "{local}");
        }
        for bad in ["", "tomorrow", "2027-02-30T09:00", "2027-03-28 25:00"] {
            assert!(parse_local(bad, &riga).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cycle_is_found_from_the_first_instant() {
        let (utc, anchor) = (TimeZone::UTC, at("2027-01-31T00:00:00Z"));
        for (now, starts, ends, days) in [
            ("2027-01-31T00:00:00Z", "2027-01-31", "2027-02-28", 28),
            ("2027-02-27T23:59:59Z", "2027-01-31", "2027-02-28", 28),
            ("2027-02-28T00:00:00Z", "2027-02-28", "2027-03-31", 31),
            ("2027-04-29T00:00:00Z", "2027-03-31", "2027-04-30", 30),
            ("2028-02-29T12:00:00Z", "2028-02-29", "2028-03-31", 31),
            ("2026-01-01T00:00:00Z", "2027-01-31", "2027-02-28", 28),
        ] {
            let found = cycle_at(anchor, 1, at(now), &utc).expect("a cycle");
            let midnight = |day: &str| at(&format!("{day}T00:00:00Z"));
            assert_eq!(
                (found.starts_at, found.ends_at),
                (midnight(starts), midnight(ends)),
                "{now}"
            );
            assert_eq!(found.days(&utc), days);
        }
        assert_eq!(cycle_at(anchor, 0, anchor, &utc), None);
    }

    proptest::proptest! {
        #[test]
        fn cycles_follow_each_other_without_a_gap(
            start in 0i64..2_000_000_000,
            later in 0i64..1_000_000_000,
            months in 1u32..=84,
            zone_at in 0usize..3,
        ) {
            let zone = zone(["Europe/Riga", "America/New_York", "UTC"][zone_at]);
            let anchor = Timestamp::from_second(start).expect("an instant");
            let now = Timestamp::from_second(start + later).expect("an instant");
            let cycle = cycle_at(anchor, months, now, &zone).expect("a cycle");
            proptest::prop_assert!(cycle.starts_at <= now && now < cycle.ends_at);
            let next = cycle_at(anchor, months, cycle.ends_at, &zone).expect("a cycle");
            proptest::prop_assert_eq!(next.starts_at, cycle.ends_at);
        }
    }
}
