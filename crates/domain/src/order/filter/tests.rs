//! The filter's words: taken, refused with a way out, and read back as they are written.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Filter {
    let (filter, problems) = Filter::parse(text);
    assert_eq!(problems, [], "{text}");
    filter
}

#[test]
fn what_people_type_is_read_and_written_in_one_spelling() {
    for (typed, written) in [
        ("", ""),
        ("status:failed", "status:provisioning_failed"),
        (
            "STATUS:Failed,draft",
            "status:provisioning_failed status:draft",
        ),
        (
            "status:\"Completed with errors\"",
            "status:completed_with_errors",
        ),
        (
            "vendor:microsoft vendor:\"Cirrus Backup\"",
            "vendor:microsoft vendor:\"Cirrus Backup\"",
        ),
        (
            "change:addon-add change:new",
            "change:addon_add change:purchase",
        ),
        (
            "by:me by:Ieva@Amber.example by:Ieva",
            "by:me by:ieva@amber.example by:Ieva",
        ),
        ("older:14d newer:48h older:5h", "older:2w newer:2d older:5h"),
        (
            "from:2026-11-01 to:2026-11-30",
            "from:2026-11-01 to:2026-11-30",
        ),
        ("  office   365 ", "office 365"),
        ("office office", "office"),
        ("“free  words” and\tmore", "\"free words\" and more"),
        ("by:\"Ieva Berg", "by:\"Ieva Berg\""),
        ("#12345678 12:30", "#12345678 12:30"),
        ("a\"b c\"d", "a \"b c\" d"),
    ] {
        assert_eq!(read(typed).to_string(), written, "{typed}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_a_way_out_and_the_rest_applies() {
    let (filter, problems) = Filter::parse(
        "status:faild statsu:failed colour:red change:margin older:2x newer:9999999d from:11/2026 \
         to: & microsoft from:2026-02-30 vendor:!",
    );
    assert_eq!(filter.to_string(), "microsoft");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn suggestions_never_name_what_customers_must_not_learn_of() {
    for typed in [
        "change:markup_x",
        "change:mark",
        "change:target_pric",
        "change:zzz",
    ] {
        let (_, problems) = Filter::parse(typed);
        let told = problems[0].instead.clone();
        assert!(
            !told.contains("markup") && !told.contains("target"),
            "{told}"
        );
    }
}

#[test]
fn days_in_the_wrong_order_are_told() {
    let (filter, problems) = Filter::parse("to:2026-11-01 from:2026-11-30");
    assert_eq!(filter.terms().len(), 2);
    assert_eq!(
        problems[0].instead,
        "swap them: from:2026-11-01 to:2026-11-30"
    );
}

#[test]
fn length_and_number_of_terms_are_bounded() {
    let long = "word ".repeat(300) + &"x".repeat(2_000);
    let (filter, problems) = Filter::parse(&long);
    assert_eq!(filter.to_string(), "word");
    assert!(problems[0].why.contains("1000 characters"), "{problems:?}");
    let many: Vec<String> = (0..99).map(|number| format!("n{number}")).collect();
    let (filter, problems) = Filter::parse(&many.join(" "));
    assert_eq!(filter.terms().len(), TERMS_MAX);
    assert!(problems.len() <= TERMS_MAX && problems[0].why.contains("24 terms"));
}

#[test]
fn a_chip_takes_away_its_own_term() {
    let filter = read("status:draft office by:me");
    let labels: Vec<String> = filter.terms().iter().map(Term::label).collect();
    assert_eq!(labels, ["Status: Draft", "office", "Created by me"]);
    let less = filter.without(&filter.terms()[1]);
    assert_eq!(less.to_string(), "status:draft by:me");
    assert_eq!(
        less.with(Term::Word("office".into())).to_string(),
        "status:draft by:me office"
    );
}

#[test]
fn days_are_those_of_the_readers_zone_and_both_ends_count() {
    let now: Timestamp = "2026-11-25T08:00:00Z".parse().unwrap();
    let riga = TimeZone::get("Europe/Riga").unwrap_or(TimeZone::fixed(jiff::tz::offset(2)));
    let span = read("from:2026-11-01 to:2026-11-02 newer:52w").span(now, &riga);
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
    assert_eq!(span.since, Some(at("2026-10-31T22:00:00Z")));
    assert_eq!(span.until, Some(at("2026-11-02T22:00:00Z")));
    let span = read("older:2d newer:12h").span(now, &TimeZone::UTC);
    assert_eq!(span.until, Some(at("2026-11-23T08:00:00Z")));
    assert_eq!(span.since, Some(at("2026-11-24T20:00:00Z")));
}

fn value() -> impl Strategy<Value = String> {
    "[a-zA-Zšļ0-9.@,:'-]{0,6}[a-z0-9]( [a-zß0-9,:]{1,5}){0,2}"
}

fn term() -> impl Strategy<Value = Term> {
    let hours = 0u32..900;
    let days = (1i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| date(y, m, d));
    prop_oneof![
        proptest::sample::select(Status::ALL.to_vec()).prop_map(Term::Status),
        proptest::sample::select(ChangeKind::ALL.to_vec()).prop_map(Term::Change),
        value().prop_map(Term::Vendor),
        value().prop_map(Term::Phrase),
        "[0-9#-][a-z0-9:.,-]{0,8}[a-z]".prop_map(Term::Word),
        Just(Term::By(Person::Me)),
        "[a-z]{1,4}@[a-z]{1,4}".prop_map(|who| Term::By(Person::Email(who))),
        "[A-Z][a-z]{2,5}( [A-Z]{1,3})?".prop_map(|who| Term::By(Person::Name(who))),
        hours.clone().prop_map(|hours| Term::Older(Age { hours })),
        hours.prop_map(|hours| Term::Newer(Age { hours })),
        days.clone().prop_map(Term::From),
        days.prop_map(Term::To),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(terms in prop::collection::vec(term(), 0..30)) {
        let filter = terms.into_iter().fold(Filter::default(), |filter, term| filter.with(term));
        prop_assert_eq!(Filter::parse(&filter.to_string()).0, filter);
    }

    #[test]
    fn any_text_is_read_without_panic_and_its_reading_is_stable(text in any::<String>()) {
        let (filter, _) = Filter::parse(&text);
        prop_assert_eq!(Filter::parse(&filter.to_string()).0, filter);
    }

    #[test]
    fn text_that_looks_like_a_filter_is_read_stably(
        text in "((status|vendor|by|older|from|to|x):?|[a-f]{1,4}|[\"“:, ]|[0-9]{1,4}[dhw-]?){0,40}",
    ) {
        let (filter, _) = Filter::parse(&text);
        prop_assert_eq!(Filter::parse(&filter.to_string()).0, filter);
    }
}
