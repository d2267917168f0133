//! The desk's rules, printed and compared.

use super::super::Stage;
use super::super::sample::{
    accepted, by_hand, changes, checking, failed, finished, now, order, sending, states,
};
use super::*;
use crate::access::Visibility;
use crate::id::UserId;
use crate::order::filter::{Filter, FilterProblem};
use crate::organization::{Organization, OrganizationKind, OrganizationStatus, Slug};
use jiff::tz::TimeZone;
use uuid::Uuid;

#[test]
fn what_lies_on_the_desk_is_printed_and_compared() {
    let mut table = String::new();
    let stages = [
        ("cart", Stage::Cart),
        ("awaiting", Stage::AwaitingApproval { planned: None }),
        (
            "scheduled",
            Stage::Scheduled {
                on: now(),
                occasion: Default::default(),
            },
        ),
        ("released", Stage::Released),
        ("deleted", Stage::Deleted),
        (
            "rejected",
            Stage::Rejected {
                reason: "no".into(),
            },
        ),
        ("canceled", Stage::Canceled),
    ];
    let with_hand = states().into_iter().chain([by_hand()]);
    let mut lines: Vec<Vec<LineState>> = with_hand.map(|state| vec![state]).collect();
    lines.extend([
        vec![by_hand(), checking(), accepted()],
        vec![failed("E", "no"), sending()],
        vec![failed("E", "no"), finished()],
    ]);
    for (name, stage) in stages {
        for states in &lines {
            if stage != Stage::Released
                && states.len() + usize::from(states[0] != LineState::Started) > 1
            {
                continue;
            }
            for is_archived in [false, true] {
                let mut order = order(stage.clone(), states.clone());
                order.archived_at = is_archived.then(now);
                let names: Vec<&str> = states.iter().map(LineState::name).collect();
                let file = if is_archived { " (archived)" } else { "" };
                let entry = order.desk_entry();
                let found = entry.map_or("–", |entry| entry.reason.name());
                table += &format!("{name}{file}: {} -> {found}\n", names.join(" + "));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_has_waited_longest_says_since_when_and_time_alone_makes_stuck() {
    let later = |minutes| now() + SignedDuration::from_mins(minutes);
    let mut order = order(Stage::Released, vec![checking(), by_hand(), checking()]);
    order.phase_since = later(5);
    if let LineState::Checking { doubt, .. } = &mut order.lines[0].state {
        doubt.since = later(9);
    }
    let entry = order.desk_entry().unwrap();
    assert_eq!((entry.reason, entry.since), (DeskReason::Checking, now()));
    order
        .lines
        .iter_mut()
        .for_each(|line| line.state = sending());
    let entry = order.desk_entry().unwrap();
    assert_eq!(
        (entry.reason, entry.since),
        (DeskReason::InFlight, later(5))
    );
    assert!(!entry.is_stuck(later(65)), "an hour is not too long");
    assert!(entry.is_stuck(later(66)));
    assert_eq!(entry.label(later(65)), "In flight");
    assert_eq!(entry.label(later(66)), "Stuck");
    order.lines[0].state = checking();
    let doubt = order.desk_entry().unwrap();
    let day = 24 * 60;
    assert_eq!(doubt.label(later(day)), "Checking with the vendor");
    assert_eq!(doubt.label(later(day + 1)), "Waits for a decision");
}

#[test]
fn a_markup_beside_other_changes_plays_no_part() {
    let markup = changes()
        .into_iter()
        .find(super::super::change::RequestedChange::is_markup);
    let markup = markup.unwrap();
    for state in states() {
        let plain = order(Stage::Released, vec![accepted()]);
        let mut mixed = order(Stage::Released, vec![accepted(), state]);
        mixed.lines[1].change = markup.clone();
        assert_eq!(mixed.desk_entry(), plain.desk_entry());
    }
}

fn amber() -> Organization {
    Organization {
        id: crate::id::OrganizationId(Uuid::from_u128(3)),
        kind: OrganizationKind::Customer,
        slug: Slug::parse("amber").unwrap(),
        name: "Amber Logistics".into(),
        status: OrganizationStatus::Active,
        country: crate::offer::Country::parse("LT").unwrap(),
        segment: crate::offer::Segment::Commercial,
        zone: TimeZone::UTC,
        currency: crate::money::Currency::parse("EUR").unwrap(),
        chain: Vec::new(),
        erp_number: None,
        needs_erp_number: false,
    }
}

#[test]
fn a_filter_finds_by_customer_and_by_everything_that_lists_know() {
    let asker = Asker {
        user: UserId(Uuid::from_u128(1)),
        now: now() + SignedDuration::from_hours(30),
        zone: TimeZone::UTC,
    };
    let order = order(Stage::Released, vec![failed("E", "no")]);
    let seen = order.seen_by(Visibility {
        markup_only_orders: true,
        markup: true,
        cost: true,
        internal: true,
    });
    let seen = seen.unwrap().unwrap();
    for (text, expected) in [
        ("", true),
        ("customer:amber", true),
        ("customer:logistics", true),
        ("customer:\"Amber Log\"", true),
        ("customer:birch,amber", true),
        ("customer:birch customer:AMBER", true),
        ("customer:birch", false),
        ("customer:mber", false),
        ("customer:amber status:failed", true),
        ("customer:amber status:draft", false),
        ("vendor:micro change:new", true),
        ("vendor:cirrus", false),
        ("by:me", true),
        ("by:saul", true),
        ("by:SELLER-admin@baltic.example", true),
        ("by:nobody@baltic.example", false),
        ("older:1d", true),
        ("newer:1d", false),
        ("from:2027-01-15 to:2027-01-15", true),
        ("10000001", true),
        ("365 e3", true),
        ("\"365 E3\"", true),
        ("\"E3 365\"", false),
        ("berg", true),
        ("bergs", false),
        ("waits:me", true),
        ("waits:ME customer:amber", true),
        ("waits:me customer:birch", false),
    ] {
        let (filter, problems) = DeskFilter::parse(text);
        assert_eq!(problems, [], "{text}");
        let is_wanted = |is_yours| filter.wants(&amber(), &seen, is_yours, &asker);
        assert_eq!(is_wanted(true), expected, "{text}");
        assert_eq!(is_wanted(false), expected && !filter.waits_for_me, "{text}");
        let again = DeskFilter::parse(&filter.to_string()).0;
        assert_eq!(again, filter, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_applies() {
    let (filter, problems) = DeskFilter::parse("customer: sttus:failed customer:amber,, by:me");
    assert_eq!(filter.to_string(), "customer:amber by:me");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "“customer:”: needs a value; for example customer:amber",
            "“sttus:failed”: there is no such filter; perhaps status: is meant",
        ]
    );
}

#[test]
fn the_desk_knows_words_that_other_lists_don_t() {
    let told = |problems: Vec<FilterProblem>| problems.first().map(ToString::to_string);
    let names = "status:, vendor:, change:, by:, older:, newer:, from:, to:";
    let on_desk = |text: &str| told(DeskFilter::parse(text).1);
    let in_lists = |text: &str| told(Filter::parse(text).1);
    assert_eq!(
        on_desk("color:red").unwrap(),
        format!(
            "“color:red”: there is no such filter; there are {names}, customer:, waits:; put it in \
             quotes to search for it as text"
        )
    );
    assert_eq!(
        in_lists("waits:me").unwrap(),
        format!(
            "“waits:me”: there is no such filter; there are {names}; put it in quotes to search for \
             it as text"
        )
    );
    assert_eq!(
        on_desk("wait:me").unwrap(),
        "“wait:me”: there is no such filter; perhaps waits: is meant"
    );
    assert_eq!(
        on_desk("waits:saul").unwrap(),
        "“waits:saul”: is not somebody whose decisions are known here; waits:me finds what waits \
         for yours"
    );
}

#[test]
fn a_cursor_reads_back_in_its_own_list_and_in_no_other() {
    let query = DeskQuery::of(DeskTab::Failed);
    let place = DeskPlace {
        since: now().as_microsecond(),
        order: OrderId(Uuid::from_u128(0xdead_beef)),
    };
    let word = query.cursor(place);
    assert_eq!(query.read_cursor(&word), Ok(place));
    for other in [
        DeskQuery::of(DeskTab::All),
        DeskQuery {
            sort: Sort::NewestFirst,
            ..query.clone()
        },
        DeskQuery {
            filter: DeskFilter::parse("customer:amber").0,
            ..query.clone()
        },
    ] {
        assert!(other.read_cursor(&word).is_err());
    }
    for damaged in ["", "1-2-3", "zz", "é-é-é", &word[..word.len() - 1]] {
        assert!(query.read_cursor(damaged).is_err(), "{damaged}");
    }
}
