use jiff::SignedDuration;

use super::*;
use crate::order::sample;
use crate::price::refund::{WINDOW, closes_at};
use crate::price::{Percent, PriceInputs, per_cycle};
use crate::provisioning::Abilities;
use crate::subscription::effect::tests::subscription;
use crate::subscription::wish::AddonWish;
use crate::subscription::{Addon, Batch};

/// A vendor that can do everything and, like Microsoft, takes seats back for seven days.
fn abilities() -> Abilities {
    Abilities {
        cancellation_window: Some(WINDOW),
        can_suspend: true,
        can_change_plan: true,
        can_upgrade: true,
        can_upgrade_part: true,
        ..Abilities::default()
    }
}

fn limits() -> Limits {
    Limits {
        abilities: abilities(),
        minimum: 1,
        maximum: 300,
        inputs: Some(inputs(120)),
    }
}

/// So many euros a year, paid monthly.
fn inputs(year: i64) -> PriceInputs {
    let price = per_cycle(year.into(), 12);
    PriceInputs::of_vendor(price, price)
}

fn target(id: u128, name: &str, year: i64) -> Target {
    let mut item = sample::line(1).item;
    item.offer.0 = uuid::Uuid::from_u128(id);
    item.plan.0 = uuid::Uuid::from_u128(id);
    item.name = name.into();
    Target {
        item,
        inputs: inputs(year),
        currency: sample::money(0).currency,
        minimum: 1,
        maximum: 300,
    }
}

fn with_cadence(mut target: Target, term_months: u32, cycle_months: u32) -> Target {
    target.item.cadence.term_months = term_months;
    target.item.cadence.cycle_months = cycle_months;
    target
}

/// Ten seats, of which the youngest three can be given back for two days more.
fn found() -> Subscription {
    let mut found = subscription();
    let batch = |seats, days: i64| {
        let since = sample::now() - SignedDuration::from_hours(24 * days);
        Batch {
            seats,
            since,
            returnable_until: Some(closes_at(since)),
        }
    };
    found.batches = vec![batch(7, 60), batch(3, 5)];
    found.addons = vec![Addon {
        item: target(9, "Defender", 24).item,
        price: LinePrice {
            quantity: 5,
            ..found.price
        },
    }];
    found
}

fn percent(text: &str) -> Percent {
    Percent::parse(text).expect("a percentage")
}

fn upgrade(seats: Option<u32>) -> Option<Upgrade> {
    Some(Upgrade {
        target: target(2, "Microsoft 365 E5", 240),
        seats,
        destination: sample::line(7).subscription,
    })
}

/// What comes of a wish, in words: its lines, or every problem.
fn told(found: &Subscription, limits: &Limits, wish: Wish) -> String {
    match found.decide(&wish, limits, sample::now()) {
        Ok(decision) => {
            let steps = decision.steps.iter();
            let step = |step: &Step| {
                let unit = step.price.unit.customer;
                format!("{} [{} x {unit}]", step.change.text(), step.price.quantity)
            };
            steps.map(step).collect::<Vec<_>>().join("; ")
        }
        Err(problems) => {
            let problem = |problem: &Problem| format!("! {} {}", problem.field, problem.reason);
            problems.iter().map(problem).collect::<Vec<_>>().join("; ")
        }
    }
}

fn wish() -> Wish {
    Wish::default()
}

#[test]
fn every_kind_of_change_is_decided_and_printed() {
    let addon = |quantity| AddonWish {
        target: target(9, "Defender", 24),
        quantity,
    };
    let other = AddonWish {
        target: target(8, "Copilot", 360),
        quantity: 2,
    };
    let configuration = [("region".to_owned(), "north".into())]
        .into_iter()
        .collect();
    let wishes = [
        Wish {
            quantity: Some(15),
            ..wish()
        },
        Wish {
            quantity: Some(7),
            ..wish()
        },
        Wish {
            quantity: Some(10),
            ..wish()
        },
        Wish {
            switch: Some(Switch::Suspend),
            ..wish()
        },
        Wish {
            auto_renews: Some(false),
            ..wish()
        },
        Wish {
            auto_renews: Some(true),
            ..wish()
        },
        Wish {
            name: Some(" Sales ".into()),
            ..wish()
        },
        Wish {
            plan: Some(with_cadence(target(1, "Microsoft 365 E3", 100), 12, 12)),
            ..wish()
        },
        Wish {
            plan: Some(with_cadence(target(1, "Microsoft 365 E3", 300), 36, 1)),
            ..wish()
        },
        Wish {
            upgrade: upgrade(None),
            ..wish()
        },
        Wish {
            upgrade: upgrade(Some(4)),
            ..wish()
        },
        Wish {
            addons: vec![addon(8), other],
            ..wish()
        },
        Wish {
            addons: vec![addon(0)],
            ..wish()
        },
        Wish {
            configuration,
            ..wish()
        },
        Wish {
            pricing: vec![Pricing::Markup(percent("7.5"))],
            ..wish()
        },
        Wish {
            pricing: vec![Pricing::Distributor(percent("-1"))],
            ..wish()
        },
        Wish {
            pricing: vec![Pricing::Target(sample::money(1_500))],
            ..wish()
        },
        Wish {
            quantity: Some(12),
            pricing: vec![Pricing::Markup(percent("10"))],
            ..wish()
        },
    ];
    let found = found();
    let table: Vec<String> = wishes
        .into_iter()
        .map(|wish| told(&found, &limits(), wish))
        .collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn every_refusal_names_the_field_the_reason_and_the_way_out() {
    let at = |hours| When::On(sample::now() + SignedDuration::from_hours(hours));
    let switch = |switch| Wish {
        switch: Some(switch),
        ..wish()
    };
    let wishes = [
        Wish {
            quantity: Some(0),
            ..wish()
        },
        Wish {
            quantity: Some(301),
            ..wish()
        },
        Wish {
            quantity: Some(6),
            ..wish()
        },
        Wish {
            quantity: Some(6),
            when: at(24),
            ..wish()
        },
        Wish {
            quantity: Some(12),
            when: at(-1),
            ..wish()
        },
        Wish {
            quantity: Some(12),
            when: at(24 * 400),
            ..wish()
        },
        Wish {
            quantity: Some(12),
            auto_renews: Some(false),
            ..wish()
        },
        Wish {
            quantity: Some(8),
            plan: Some(with_cadence(target(1, "E3", 100), 12, 12)),
            ..wish()
        },
        switch(Switch::Cancel),
        switch(Switch::Reactivate),
        Wish {
            quantity: Some(12),
            ..switch(Switch::Suspend)
        },
        Wish {
            when: When::OnRenewal,
            ..switch(Switch::Suspend)
        },
        Wish {
            when: When::OnRenewal,
            auto_renews: Some(false),
            ..wish()
        },
        Wish {
            when: at(24),
            pricing: vec![Pricing::Markup(percent("5"))],
            ..wish()
        },
        Wish {
            when: at(24),
            name: Some("Sales".into()),
            ..wish()
        },
        Wish {
            name: Some(String::new()),
            ..wish()
        },
        Wish {
            upgrade: upgrade(Some(11)),
            ..wish()
        },
        Wish {
            pricing: vec![Pricing::Target(sample::money(0))],
            ..wish()
        },
        wish(),
    ];
    let found = found();
    let mut table: Vec<String> = wishes
        .into_iter()
        .map(|wish| told(&found, &limits(), wish))
        .collect();
    let cannot = Limits {
        abilities: Abilities::default(),
        inputs: None,
        ..limits()
    };
    let asked = Wish {
        plan: Some(with_cadence(target(1, "E3", 100), 12, 12)),
        pricing: vec![Pricing::Markup(percent("5"))],
        ..wish()
    };
    table.push(told(&found, &cannot, asked));
    table.push(told(&found, &cannot, switch(Switch::Suspend)));
    table.push(told(
        &found,
        &cannot,
        Wish {
            upgrade: upgrade(Some(4)),
            ..wish()
        },
    ));
    let mut rests = found.clone();
    rests.state = SubscriptionState::Suspended {
        since: sample::now(),
    };
    table.push(told(
        &rests,
        &limits(),
        Wish {
            quantity: Some(12),
            ..wish()
        },
    ));
    table.push(told(&rests, &limits(), switch(Switch::Reactivate)));
    let mut ended = found.clone();
    ended.state = SubscriptionState::Expired { at: sample::now() };
    table.push(told(
        &ended,
        &limits(),
        Wish {
            quantity: Some(12),
            ..wish()
        },
    ));
    let mut assigned = found.clone();
    assigned.assigned = Some(9);
    table.push(told(
        &assigned,
        &limits(),
        Wish {
            quantity: Some(8),
            ..wish()
        },
    ));
    let mut once = found;
    once.auto_renews = false;
    table.push(told(
        &once,
        &limits(),
        Wish {
            quantity: Some(12),
            when: When::OnRenewal,
            ..wish()
        },
    ));
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_does_not_go_together_is_done_in_steps_when_asked() {
    let wish = Wish {
        quantity: Some(12),
        auto_renews: Some(false),
        in_steps: true,
        ..wish()
    };
    let told = told(&found(), &limits(), wish);
    assert_eq!(
        told,
        "Quantity 10 → 12 (+2) [12 x 12.00 EUR]; Auto-renewal on → off [12 x 12.00 EUR]"
    );
}

#[test]
fn a_target_price_of_the_fixture_is_half_as_much_again() {
    let mut found = found();
    found.price.unit.customer = sample::money(1_000);
    let wish = Wish {
        pricing: vec![Pricing::Target(sample::money(1_500))],
        ..wish()
    };
    let decision = found
        .decide(&wish, &limits(), sample::now())
        .expect("decided");
    assert_eq!(decision.after.markups.seller, percent("50"));
    assert_eq!(decision.after.price.unit.customer, sample::money(1_500));
}

proptest::proptest! {
    /// Whatever is decided, the seats afterwards are those that were wished for, and never below what
    /// the vendor would not take back.
    #[test]
    fn a_decided_quantity_is_kept(to in 0u32..400, assigned in proptest::option::of(0u32..=10)) {
        let mut found = found();
        found.assigned = assigned;
        let wish = Wish { quantity: Some(to), ..wish() };
        match found.decide(&wish, &limits(), sample::now()) {
            Ok(decision) => {
                proptest::prop_assert_eq!(decision.after.quantity, to);
                proptest::prop_assert!((7..=300).contains(&to));
                proptest::prop_assert!(to > 10 || assigned.is_none_or(|assigned| to >= assigned));
            }
            Err(_) => proptest::prop_assert!(
                !(7..=300).contains(&to) || to == 10 || assigned.is_some_and(|assigned| to < assigned)
            ),
        }
    }
}

#[test]
fn what_runs_until_it_is_ended_has_no_renewal_to_switch() {
    let mut limits = limits();
    limits.abilities.is_open_ended = true;
    let wish = Wish {
        auto_renews: Some(false),
        ..wish()
    };
    let decided = found().decide(&wish, &limits, sample::now());
    let problems = decided.expect_err("a problem");
    assert_eq!(problems[0].field, "/auto_renewal");
}
