//! What is found and what is not: a table, and ten thousand planted differences.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::money::{Currency, Money};
use crate::offer::Cadence;
use crate::reconciliation::AskedPrice;

const YEAR: Cadence = Cadence {
    term_months: 12,
    cycle_months: 1,
};
const MONTH: Cadence = Cadence {
    term_months: 1,
    cycle_months: 1,
};

fn offered(product: &str, plan: &str) -> Offered {
    Offered {
        product: Some(product.into()),
        plan: plan.into(),
    }
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("a currency"))
}

/// So many of a currency for a license and month.
fn asked(amount: &str, code: &str) -> AskedPrice {
    let currency = Currency::parse(code).expect("a currency");
    let months = std::num::NonZeroU32::new(1);
    AskedPrice::new(amount.parse().expect("a number"), currency, months).expect("a price")
}

fn ours(number: u128) -> Ours {
    Ours {
        organization: OrganizationId(Uuid::from_u128(number % 7)),
        subscription: SubscriptionId(Uuid::from_u128(number)),
        version: 1,
        reference: Reference(format!("v-{number}")),
        offered: offered("CFQ7", "0001"),
        quantity: 10,
        cadence: YEAR,
        tenant: Some(format!("t{}.example", number % 7)),
        standing: Standing::Active,
        ended_at: None,
        renews: true,
        cost: euro(1_240),
    }
}

/// What a vendor says that agrees with us.
fn theirs(ours: &Ours) -> Holding {
    Holding {
        tenants: ours
            .tenant
            .iter()
            .cloned()
            .chain(["id".to_owned()])
            .collect(),
        product: ours.offered.product.clone(),
        plan: Some(ours.offered.plan.clone()),
        quantity: Some(ours.quantity),
        cadence: Some(ours.cadence),
        standing: Some(ours.standing),
        renews: Some(ours.renews),
        price: Some(asked("12.40", "EUR")),
        ..Holding::new(ours.reference.0.clone())
    }
}

fn told(ours: &[Ours], holdings: Vec<Holding>) -> Told {
    Told {
        holdings,
        asked: ours.iter().map(|one| one.reference.clone()).collect(),
    }
}

fn names(compared: &Compared) -> Vec<&'static str> {
    compared
        .found
        .iter()
        .map(|found| found.drift.name())
        .collect()
}

#[test]
fn each_difference_is_found_by_itself_and_nothing_else_is() {
    let change = |change: fn(&mut Holding)| {
        let mut holding = theirs(&ours(1));
        change(&mut holding);
        let compared = compare(
            &[ours(1)],
            &told(&[ours(1)], vec![holding]),
            &InFlight::default(),
        );
        assert!(compared.skipped.is_empty());
        names(&compared)
    };
    let none: [&str; 0] = [];
    assert_eq!(change(|_| {}), none);
    assert_eq!(
        change(|one| one.product = Some("other".into())),
        ["product"]
    );
    assert_eq!(change(|one| one.plan = Some("0002".into())), ["product"]);
    assert_eq!(change(|one| one.quantity = Some(11)), ["quantity"]);
    assert_eq!(change(|one| one.cadence = Some(MONTH)), ["term"]);
    assert_eq!(change(|one| one.renews = Some(false)), ["renewal"]);
    assert_eq!(
        change(|one| one.standing = Some(Standing::Suspended)),
        ["state"]
    );
    assert_eq!(
        change(|one| one.tenants = ["other".to_owned()].into()),
        ["tenant"]
    );
    // What has ended there differs in that alone.
    let ended = |one: &mut Holding| {
        (one.standing, one.quantity) = (Some(Standing::Ended), Some(0));
    };
    assert_eq!(change(ended), ["state"]);
    // Ids are bytes: another spelling is another subscription.
    let respelled = change(|one| one.reference = Reference("V-1".into()));
    assert_eq!(respelled, ["unknown", "missing"]);
    // What was not told is compared with nothing; a domain has no case, and neither has an id of the catalog.
    assert_eq!(change(|one| one.product = None), none);
    assert_eq!(change(|one| one.product = Some("cfq7".into())), none);
    assert_eq!(change(|one| one.plan = None), none);
    assert_eq!(change(|one| *one = Holding::new("v-1")), none);
    assert_eq!(
        change(|one| one.tenants = ["T1.Example".to_owned()].into()),
        none
    );
}

#[test]
fn a_price_is_told_where_the_vendor_asks_another_than_we_pay() {
    let change = |change: &dyn Fn(&mut Holding)| {
        let mut holding = theirs(&ours(1));
        change(&mut holding);
        let told = told(&[ours(1)], vec![holding]);
        compare(&[ours(1)], &told, &InFlight::default()).found
    };
    let price = |price: Option<AskedPrice>| {
        let found = change(&|one| one.price = price);
        let said = found.into_iter().map(|found| found.drift.sides());
        said.map(|(ours, theirs)| format!("{ours}; {theirs}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        price(Some(asked("13.1", "EUR"))),
        ["12.40 EUR a license per month; 13.10 EUR a license per month"]
    );
    // Less, nothing at all, and another currency are told too.
    for other in [("12.39", "EUR"), ("0", "EUR"), ("12.40", "SEK")] {
        assert_eq!(price(Some(asked(other.0, other.1))).len(), 1, "{other:?}");
    }
    // What is the same figure is the same price, and what was not told is compared with nothing.
    assert_eq!(price(Some(asked("12.404999", "EUR"))), [""; 0]);
    assert_eq!(price(None), [""; 0]);
    // Another plan or term explains another price; more licenses don't.
    let dear = |one: &mut Holding| one.price = Some(asked("99", "EUR"));
    let kinds = |with: &dyn Fn(&mut Holding)| {
        let found = change(&|one| {
            dear(one);
            with(one);
        });
        found.iter().map(|one| one.drift.name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&|one| one.plan = Some("0002".into())), ["product"]);
    assert_eq!(kinds(&|one| one.cadence = Some(MONTH)), ["term"]);
    assert_eq!(kinds(&|one| one.quantity = Some(3)), ["quantity", "price"]);
    assert_eq!(
        kinds(&|one| one.standing = Some(Standing::Ended)),
        ["state"]
    );
}

#[test]
fn what_can_not_be_judged_is_skipped_with_the_reason() {
    let holding = theirs(&ours(1));
    let skip = |ours: &[Ours], told: Told, in_flight: InFlight| {
        let compared = compare(ours, &told, &in_flight);
        assert_eq!(names(&compared), [""; 0]);
        compared.skipped.into_values().collect::<Vec<_>>()
    };
    let changing = InFlight {
        subscriptions: [ours(1).subscription].into(),
        ..InFlight::default()
    };
    let one = [ours(1)];
    assert_eq!(
        skip(&one, told(&one, Vec::new()), changing),
        [Skip::InFlight]
    );
    let buying = InFlight {
        buying: [ours(1).organization].into(),
        ..InFlight::default()
    };
    let new = Holding {
        reference: Reference("new".into()),
        ..holding.clone()
    };
    let both = told(&one, vec![holding.clone(), new]);
    assert_eq!(skip(&one, both, buying), [Skip::InFlight]);
    assert_eq!(
        skip(&one, Told::default(), InFlight::default()),
        [Skip::NotAsked]
    );
    let twin = Ours {
        subscription: SubscriptionId(Uuid::from_u128(99)),
        ..ours(1)
    };
    let twins = [ours(1), twin];
    let once = told(&twins, vec![holding.clone()]);
    assert_eq!(skip(&twins, once, InFlight::default()), [Skip::MappedTwice]);
    let other = Holding {
        quantity: Some(99),
        ..holding.clone()
    };
    let contradicting = told(&one, vec![holding.clone(), other]);
    assert_eq!(
        skip(&one, contradicting, InFlight::default()),
        [Skip::ToldTwice]
    );
    // The same one, listed for a customer that was asked for by two names, is one.
    let again = Holding {
        tenants: ["by another name".to_owned()].into(),
        ..holding.clone()
    };
    assert_eq!(
        skip(&one, told(&one, vec![again, holding]), InFlight::default()),
        []
    );
}

#[test]
fn what_has_ended_on_both_sides_is_in_nobodys_list() {
    let ended = Ours {
        standing: Standing::Ended,
        ..ours(1)
    };
    let gone = compare(
        std::slice::from_ref(&ended),
        &told(std::slice::from_ref(&ended), Vec::new()),
        &InFlight::default(),
    );
    assert_eq!(names(&gone), [""; 0]);
    let mut never_ours = theirs(&ended);
    never_ours.reference = Reference("never ours".into());
    let found = compare(&[], &told(&[], vec![never_ours]), &InFlight::default());
    assert_eq!(names(&found), [""; 0]);
    // We think that it has ended, and it is paid for.
    let mut paid = theirs(&ended);
    paid.standing = Some(Standing::Active);
    let found = compare(
        std::slice::from_ref(&ended),
        &told(std::slice::from_ref(&ended), vec![paid]),
        &InFlight::default(),
    );
    assert_eq!(names(&found), ["state"]);
}

#[test]
fn a_wave_is_more_than_fifty_or_more_than_one_in_twenty() {
    for (found, compared, expected) in [
        (0, 0, false),
        (1, 1, false),
        (2, 10, true),
        (2, 40, false),
        (3, 40, true),
        (50, 1_000, false),
        (51, 1_000_000, true),
        (51, 1_020, true),
    ] {
        assert_eq!(
            exceeds_ceiling(found, compared),
            expected,
            "{found} of {compared}"
        );
    }
}

/// A difference that is planted, and the kind that has to be found for it.
fn plant(kind: u8, ours: &Ours) -> (Option<Holding>, &'static str) {
    let mut holding = theirs(ours);
    let name = match kind {
        0 => {
            holding.quantity = Some(ours.quantity + 1 + u32::from(kind));
            "quantity"
        }
        1 => {
            holding.cadence = Some(MONTH);
            "term"
        }
        2 => {
            holding.tenants = ["elsewhere.example".to_owned()].into();
            "tenant"
        }
        3 => {
            holding.standing = Some(Standing::Suspended);
            "state"
        }
        4 => {
            holding.renews = Some(false);
            "renewal"
        }
        5 => {
            holding.reference = Reference(format!("new-{}", ours.reference));
            "unknown"
        }
        6 => {
            holding.plan = Some("0002".into());
            "product"
        }
        7 => {
            holding.price = Some(asked("13.10", "EUR"));
            "price"
        }
        _ => return (None, "missing"),
    };
    (Some(holding), name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of a book of subscriptions any are planted with any difference; all of them are found, under the
    /// right subscription and kind, and nothing else.
    #[test]
    fn all_that_is_planted_is_found_and_nothing_else(
        plan in proptest::collection::vec(proptest::option::weighted(0.5, 0..9_u8), 1..400),
        order in any::<u64>(),
    ) {
        let book: Vec<Ours> = (1..).take(plan.len()).map(ours).collect();
        let (mut holdings, mut expected) = (Vec::new(), BTreeSet::new());
        for (one, kind) in book.iter().zip(&plan) {
            let Some(kind) = kind else {
                holdings.push(theirs(one));
                continue;
            };
            let (holding, name) = plant(*kind, one);
            // A new one beside ours, which stays as it is.
            if name == "unknown" {
                holdings.push(theirs(one));
            }
            let of = holding.as_ref().map_or(&one.reference, |told| &told.reference);
            expected.insert((of.clone(), name));
            holdings.extend(holding);
        }
        // In any sequence: nothing is matched by its place.
        let length = holdings.len().max(1) as u64;
        holdings.rotate_left((order % length).try_into().unwrap_or(0));
        let compared = compare(&book, &told(&book, holdings), &InFlight::default());
        let found: BTreeSet<_> = compared
            .found
            .iter()
            .map(|found| (found.reference.clone(), found.drift.name()))
            .collect();
        prop_assert_eq!(compared.found.len(), found.len());
        prop_assert_eq!(found, expected);
        prop_assert!(compared.skipped.is_empty());
    }
}
