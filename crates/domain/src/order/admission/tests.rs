//! Who stands in the way of an order, as a table of what stands above its customer.

use uuid::Uuid;

use super::*;
use crate::id::ApprovalRuleId;
use crate::order::approval::rule::Conditions;
use crate::order::sample;
use crate::organization::{ErpNumber, OrganizationKind, Slug};

fn id(number: u128) -> OrganizationId {
    OrganizationId(Uuid::from_u128(number))
}

fn organization(number: u128, kind: OrganizationKind, name: &str) -> Organization {
    Organization {
        id: id(number),
        kind,
        slug: Slug::parse("somebody").expect("a slug"),
        name: name.into(),
        status: OrganizationStatus::Active,
        country: crate::offer::Country::parse("LT").expect("a country"),
        segment: crate::offer::Segment::Commercial,
        zone: jiff::tz::TimeZone::UTC,
        currency: crate::money::Currency::parse("EUR").expect("a currency"),
        chain: (1..=number).rev().map(id).collect(),
        erp_number: None,
        needs_erp_number: false,
    }
}

/// Amber Logistics buys of Baltic Cloud, which Nordic Distribution supplies.
fn admission() -> Admission {
    Admission {
        chain: vec![
            organization(3, OrganizationKind::Customer, "Amber Logistics"),
            organization(2, OrganizationKind::Seller, "Baltic Cloud"),
            organization(1, OrganizationKind::Distributor, "Nordic Distribution"),
        ],
        suspensions: Vec::new(),
        rules: Vec::new(),
    }
}

fn suspend(admission: &mut Admission, place: usize, reason: &str) {
    let suspension = Suspension {
        reason: reason.into(),
        by: sample::actor(),
        at: sample::now(),
    };
    let found = &mut admission.chain[place];
    found.status = OrganizationStatus::Suspended;
    admission.suspensions.push((found.id, suspension));
}

#[test]
fn a_suspension_anywhere_above_refuses_with_the_nearest_reason() {
    assert_eq!(admission().check_active(), Ok(()));
    for (place, words) in [
        (0, "Amber Logistics was suspended: unpaid"),
        (1, "Baltic Cloud was suspended: unpaid"),
        (2, "Nordic Distribution was suspended: unpaid"),
    ] {
        let mut admission = admission();
        if place == 1 {
            suspend(&mut admission, 2, "further up");
        }
        suspend(&mut admission, place, "unpaid");
        let words = format!("{words}. Nothing can be ordered or sent until it is active again");
        let refused = Err(Refusal::Because(words));
        assert_eq!(admission.check_active(), refused);
        let lines = [sample::line(1)];
        assert_eq!(admission.admit(&[], &lines), refused.map(|()| Vec::new()));
    }
}

#[test]
fn who_waits_for_approval_does_no_business_either() {
    let mut admission = admission();
    admission.chain[1].status = OrganizationStatus::New;
    let refused = admission.check_active().expect_err("refused");
    assert!(
        refused
            .to_string()
            .starts_with("Baltic Cloud is not active"),
        "{refused}"
    );
}

#[test]
fn an_order_that_is_let_through_is_asked_the_rules_of_those_above() {
    let mut admission = admission();
    for owner in [1, 2] {
        admission.rules.push(ApprovalRule {
            id: ApprovalRuleId(Uuid::from_u128(owner)),
            organization: id(owner),
            name: "All".into(),
            is_enabled: true,
            conditions: Conditions::default(),
        });
    }
    let asked = admission
        .admit(&[], &[sample::line(1)])
        .expect("let through");
    let names: Vec<&str> = asked
        .iter()
        .map(|one| one.organization_name.as_str())
        .collect();
    assert_eq!(names, ["Baltic Cloud", "Nordic Distribution"]);
}

/// F19, and what it is not asked of.
#[test]
fn a_customer_without_an_erp_number_is_refused_where_somebody_above_asks_for_one() {
    let change = |change: RequestedChange| Line {
        change,
        ..sample::line(1)
    };
    let asked = || vec![change(RequestedChange::Quantity { from: 1, to: 2 })];
    let renamed = change(RequestedChange::Rename {
        from: "A".into(),
        to: "B".into(),
    });
    let canceled = change(RequestedChange::Cancel);
    for (asking, has_number, lines, refused_by) in [
        (None, false, vec![sample::line(1)], None),
        (Some(0), false, vec![sample::line(1)], None),
        (Some(1), false, vec![sample::line(1)], Some("Baltic Cloud")),
        (Some(2), false, asked(), Some("Nordic Distribution")),
        (Some(1), true, vec![sample::line(1)], None),
        (Some(1), false, vec![renamed.clone()], None),
        (Some(1), false, vec![canceled], None),
        (
            Some(1),
            false,
            [vec![renamed], asked()].concat(),
            Some("Baltic Cloud"),
        ),
    ] {
        let mut admission = admission();
        if let Some(place) = asking {
            admission.chain[place].needs_erp_number = true;
        }
        admission.chain[0].erp_number =
            has_number.then(|| ErpNumber::parse("C-1004").expect("a number"));
        let expected = refused_by.map(|seller| Refusal::NoErpNumber {
            customer: "Amber Logistics".into(),
            seller: seller.into(),
        });
        assert_eq!(admission.admit(&[], &lines).err(), expected, "{lines:?}");
    }
}
