//! A seller's catalog prices: rules by customer and by what is sold, and which of them wins.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Adjustment;
use crate::id::{OfferId, OrganizationId, VendorId};

/// For whom a rule is. One for the customer overrides every portal-wide one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleLevel {
    /// 1: all customers.
    Everyone,
    /// 2: one customer.
    Customer(OrganizationId),
}

/// What a rule covers, from the widest to the most specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleScope {
    /// A: everything.
    All,
    /// B: one vendor's offers.
    Vendor(VendorId),
    /// C: one offer.
    Offer(OfferId),
}

/// A price that a seller set for its catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerRule {
    /// For whom.
    pub level: RuleLevel,
    /// On what.
    pub scope: RuleScope,
    /// How much, on which price.
    pub adjustment: Adjustment,
    /// First day, in the seller's time zone.
    pub from: Date,
    /// Last day, inclusive; open-ended when absent.
    pub till: Option<Date>,
}

/// What is priced, for whom and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The buyer.
    pub customer: OrganizationId,
    /// Whose offer it is.
    pub vendor: VendorId,
    /// What is bought.
    pub offer: OfferId,
    /// The day in the seller's time zone.
    pub today: Date,
}

impl SellerRule {
    /// Both days are inclusive.
    pub fn applies(&self, subject: &Subject) -> bool {
        let is_for = match self.level {
            RuleLevel::Everyone => true,
            RuleLevel::Customer(customer) => customer == subject.customer,
        };
        let covers = match self.scope {
            RuleScope::All => true,
            RuleScope::Vendor(vendor) => vendor == subject.vendor,
            RuleScope::Offer(offer) => offer == subject.offer,
        };
        let is_over = self.till.is_some_and(|till| till < subject.today);
        is_for && covers && self.from <= subject.today && !is_over
    }
}

/// The rule that counts: 2.C over 2.B over 2.A over 1.C over 1.B over 1.A. Of two in one place the
/// later `from` wins, then the lower price, so that the order of the list never decides.
pub fn winning_rule<'a>(rules: &'a [SellerRule], subject: &Subject) -> Option<&'a SellerRule> {
    rules
        .iter()
        .filter(|rule| rule.applies(subject))
        .max_by_key(|rule| {
            let Adjustment { source, percent } = rule.adjustment;
            (
                rule.level,
                rule.scope,
                rule.from,
                Reverse((percent, source)),
            )
        })
}

/// What the winning rule says; nothing on the partner price where there is none.
pub fn catalog_adjustment(rules: &[SellerRule], subject: &Subject) -> Adjustment {
    winning_rule(rules, subject)
        .map(|rule| rule.adjustment)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::price::{Percent, PriceSource};

    const US: Uuid = Uuid::from_u128(1);
    const OTHERS: Uuid = Uuid::from_u128(2);

    fn subject() -> Subject {
        Subject {
            customer: OrganizationId(US),
            vendor: VendorId(US),
            offer: OfferId(US),
            today: date(2026, 6, 15),
        }
    }

    fn rule(code: &str, percent: &str) -> SellerRule {
        let level = match &code[..1] {
            "1" => RuleLevel::Everyone,
            _ => RuleLevel::Customer(OrganizationId(US)),
        };
        let scope = match &code[1..] {
            "A" => RuleScope::All,
            "B" => RuleScope::Vendor(VendorId(US)),
            _ => RuleScope::Offer(OfferId(US)),
        };
        SellerRule {
            level,
            scope,
            adjustment: Adjustment {
                source: PriceSource::Cost,
                percent: Percent::parse(percent).unwrap(),
            },
            from: date(2026, 1, 1),
            till: None,
        }
    }

    fn percent(rules: &[SellerRule]) -> Percent {
        catalog_adjustment(rules, &subject()).percent
    }

    #[test]
    fn a_customers_rule_beats_every_portal_wide_one() {
        let rules = [rule("1A", "10"), rule("1C", "20"), rule("2A", "5")];
        assert_eq!(percent(&rules), Percent::parse("5").unwrap());
        assert_eq!(percent(&rules[..2]), Percent::parse("20").unwrap());
        assert_eq!(percent(&[]), Percent::default());
    }

    #[test]
    fn from_and_till_are_inclusive() {
        for (from, till, applies) in [
            (date(2026, 6, 15), Some(date(2026, 6, 15)), true),
            (date(2026, 6, 16), None, false),
            (date(2026, 1, 1), Some(date(2026, 6, 14)), false),
        ] {
            let rule = SellerRule {
                from,
                till,
                ..rule("1A", "10")
            };
            assert_eq!(rule.applies(&subject()), applies, "{from} {till:?}");
        }
    }

    #[test]
    fn of_two_rules_in_one_place_the_later_wins() {
        let later = SellerRule {
            from: date(2026, 6, 1),
            ..rule("1A", "30")
        };
        let rules = [later, rule("1A", "10")];
        assert_eq!(percent(&rules), Percent::parse("30").unwrap());
    }

    /// Each place of the hierarchy, the strongest first, with a rule for us, for others or for nobody.
    const PLACES: [&str; 6] = ["2C", "2B", "2A", "1C", "1B", "1A"];

    fn for_others(rule: SellerRule) -> SellerRule {
        match (rule.level, rule.scope) {
            (RuleLevel::Customer(_), _) => SellerRule {
                level: RuleLevel::Customer(OrganizationId(OTHERS)),
                ..rule
            },
            (RuleLevel::Everyone, RuleScope::Vendor(_)) => SellerRule {
                scope: RuleScope::Vendor(VendorId(OTHERS)),
                ..rule
            },
            (RuleLevel::Everyone, RuleScope::All | RuleScope::Offer(_)) => SellerRule {
                scope: RuleScope::Offer(OfferId(OTHERS)),
                ..rule
            },
        }
    }

    proptest! {
        #[test]
        fn the_winner_is_the_first_of_the_six_places_that_applies(
            present in prop::array::uniform6(0..3u8),
            turn in 0..6usize,
        ) {
            let mut rules = Vec::new();
            let mut expected = None;
            for ((place, present), value) in PLACES.iter().zip(present).zip(1..) {
                let ours = rule(place, &value.to_string());
                match present {
                    0 => {}
                    1 => rules.push(for_others(ours)),
                    _ => {
                        expected = expected.or(Some(ours));
                        rules.push(ours);
                    }
                }
            }
            let turn = turn % rules.len().max(1);
            rules.rotate_left(turn);
            prop_assert_eq!(winning_rule(&rules, &subject()).copied(), expected);
        }
    }
}
