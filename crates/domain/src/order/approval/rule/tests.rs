//! What rules ask for, as a table of orders and rules.

use uuid::Uuid;

use super::*;
use crate::money::Currency;
use crate::order::change::RequestedChange;
use crate::order::sample;
use crate::organization::{OrganizationKind, OrganizationStatus, Slug};

fn organization(id: u128) -> OrganizationId {
    OrganizationId(Uuid::from_u128(id))
}

fn partner(id: u128, name: &str) -> Organization {
    Organization {
        id: organization(id),
        kind: OrganizationKind::Seller,
        slug: Slug::parse("partner").expect("a slug"),
        name: name.into(),
        status: OrganizationStatus::Active,
        country: crate::offer::Country::parse("LT").expect("a country"),
        segment: crate::offer::Segment::Commercial,
        zone: jiff::tz::TimeZone::UTC,
        currency: Currency::parse("EUR").expect("a currency"),
        chain: vec![organization(id)],
        erp_number: None,
        needs_erp_number: false,
    }
}

fn rule(owner: u128, conditions: Conditions) -> ApprovalRule {
    ApprovalRule {
        id: ApprovalRuleId(Uuid::from_u128(owner)),
        organization: organization(owner),
        name: format!("Rule of {owner}"),
        is_enabled: true,
        conditions,
    }
}

fn percent(text: &str) -> Option<Percent> {
    Some(Percent::parse(text).expect("a percentage"))
}

/// Ten licenses for 12.00 each, which cost 10.00: 120.00 a month, of which a sixth is margin.
fn facts(lines: &[Line]) -> Facts<'_> {
    Facts {
        customer: organization(3),
        roles: &[Role::CustomerAdmin],
        lines,
    }
}

fn changed(change: RequestedChange) -> Line {
    Line {
        change,
        ..sample::line(2)
    }
}

#[test]
fn each_condition_narrows_and_all_must_hold() {
    let lines = [sample::line(1)];
    let at_least = |minor| Conditions {
        total_at_least: Some(sample::money(minor)),
        ..Conditions::default()
    };
    let kinds = |kind| Conditions {
        kinds: BTreeSet::from([kind]),
        ..Conditions::default()
    };
    let margin = |text| Conditions {
        margin_below: percent(text),
        ..Conditions::default()
    };
    let vendor = |id| Conditions {
        vendor: Some(VendorId(Uuid::from_u128(id))),
        ..Conditions::default()
    };
    let customer = |id| Conditions {
        customer: Some(organization(id)),
        ..Conditions::default()
    };
    let by = |role| Conditions {
        orderers: BTreeSet::from([role]),
        ..Conditions::default()
    };
    let kroner = Money::new(1, Currency::parse("NOK").expect("a currency"));
    for (conditions, fits) in [
        (Conditions::default(), true),
        (at_least(12_000), true),
        (at_least(12_001), false),
        (
            Conditions {
                total_at_least: Some(kroner),
                ..Conditions::default()
            },
            false,
        ),
        (margin("16.66"), false),
        (margin("16.67"), true),
        (margin("-5"), false),
        (vendor(1), true),
        (vendor(2), false),
        (customer(3), true),
        (customer(4), false),
        (by(Role::CustomerAdmin), true),
        (by(Role::SellerAdmin), false),
        (kinds(ChangeKind::Purchase), true),
        (kinds(ChangeKind::Quantity), false),
        (
            Conditions {
                margin_below: percent("16.67"),
                ..at_least(12_001)
            },
            false,
        ),
    ] {
        let asked = rule(2, conditions.clone());
        assert_eq!(asked.fits(facts(&lines)), fits, "{conditions:?}");
        let off = ApprovalRule {
            is_enabled: false,
            ..asked
        };
        assert!(!off.fits(facts(&lines)), "{conditions:?}");
    }
}

#[test]
fn figures_are_of_what_a_rule_covers_at_one_billing_cycle() {
    let mut yearly = sample::line(2);
    yearly.item.cadence.cycle_months = 12;
    yearly.item.vendor = VendorId(Uuid::from_u128(2));
    let lines = [sample::line(1), sample::line(3), yearly];
    let least = |minor, vendor: Option<u128>| {
        let conditions = Conditions {
            total_at_least: Some(sample::money(minor)),
            vendor: vendor.map(|id| VendorId(Uuid::from_u128(id))),
            ..Conditions::default()
        };
        rule(2, conditions).fits(facts(&lines))
    };
    assert!(least(24_000, None), "two licenses that are billed monthly");
    assert!(!least(24_001, None), "a year is no month");
    assert!(!least(12_001, Some(2)));
    assert!(least(12_000, Some(2)));
}

#[test]
fn what_ends_costs_nothing_and_is_held_by_rules_that_ask_for_no_figure() {
    let cancels = [changed(RequestedChange::Cancel)];
    let any = rule(2, Conditions::default());
    assert!(any.fits(facts(&cancels)));
    let dear = Conditions {
        total_at_least: Some(sample::money(1)),
        ..Conditions::default()
    };
    assert!(!rule(2, dear).fits(facts(&cancels)));
}

#[test]
fn markups_and_names_wait_only_where_a_rule_names_them() {
    let (from, to) = (5.into(), 7.into());
    let markup = || changed(RequestedChange::Markup { from, to });
    let rename = || {
        let (from, to) = ("a".to_owned(), "b".to_owned());
        changed(RequestedChange::Rename { from, to })
    };
    let any = rule(2, Conditions::default());
    let named = |kind| {
        let kinds = BTreeSet::from([kind]);
        rule(
            2,
            Conditions {
                kinds,
                ..Conditions::default()
            },
        )
    };
    assert!(!any.fits(facts(&[markup()])));
    assert!(!any.fits(facts(&[rename()])));
    assert!(named(ChangeKind::Markup).fits(facts(&[markup()])));
    assert!(named(ChangeKind::Rename).fits(facts(&[rename()])));
    // Beside other changes a markup decides nothing: whoever may not know of it would learn of it.
    let mixed = [sample::line(1), markup()];
    assert!(!named(ChangeKind::Markup).fits(facts(&mixed)));
    let more = Conditions {
        total_at_least: Some(sample::money(12_001)),
        ..Conditions::default()
    };
    assert!(!rule(2, more).fits(facts(&mixed)));
}

#[test]
fn every_partner_with_a_fitting_rule_is_asked_once_the_nearest_first() {
    let partners = [
        partner(2, "Baltic Cloud"),
        partner(1, "Nordic Distribution"),
    ];
    let never = Conditions {
        customer: Some(organization(9)),
        ..Conditions::default()
    };
    let rules = [
        rule(1, Conditions::default()),
        rule(2, Conditions::default()),
        rule(2, Conditions::default()),
        rule(8, Conditions::default()),
    ];
    let lines = [sample::line(1)];
    let asked = required(&partners, &rules, facts(&lines));
    let told: Vec<(&str, usize)> = asked
        .iter()
        .map(|one| (one.organization_name.as_str(), one.rules.len()))
        .collect();
    assert_eq!(told, [("Baltic Cloud", 2), ("Nordic Distribution", 1)]);
    assert_eq!(
        required(&partners, &[rule(2, never)], facts(&lines)),
        Vec::new()
    );
}

#[test]
fn an_edit_keeps_all_that_a_rule_says() {
    assert_eq!(rule(2, Conditions::default()).words(), ["Rule of 2", "on"]);
    let money = Money {
        minor: 100_000,
        currency: Currency::parse("EUR").expect("a currency"),
    };
    let conditions = Conditions {
        total_at_least: Some(money),
        margin_below: percent("5"),
        vendor: Some(VendorId(Uuid::from_u128(1))),
        orderers: [Role::Customer].into(),
        customer: Some(organization(3)),
        kinds: [ChangeKind::Quantity].into(),
    };
    let off = ApprovalRule {
        is_enabled: false,
        ..rule(2, conditions)
    };
    assert_eq!(
        off.words(),
        [
            "Rule of 2",
            "off",
            "total at least 1,000.00 EUR",
            "margin below 5 %",
            "vendor ven_00000000000000000000000000000001",
            "ordered by Customer",
            "customer org_00000000000000000000000000000003",
            "kind Quantity",
        ]
    );
}
