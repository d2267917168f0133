//! Rules that make prices: a seller's for its customers, a distributor's for its sellers; by buyer and
//! by what is sold, and which of them wins.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Adjustment;
use super::explain::signed;
use crate::id::{OfferId, OrganizationId, PriceRuleId, VendorId};

/// For whom a rule is. One for the buyer overrides every one for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleLevel {
    /// 1: all customers of a seller, or all sellers of a distributor.
    Everyone,
    /// 2: one of them.
    One(OrganizationId),
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

/// A percentage that a seller or distributor set for what it sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRule {
    /// Its id.
    pub id: PriceRuleId,
    /// For whom.
    pub level: RuleLevel,
    /// On what.
    pub scope: RuleScope,
    /// How much, on which price.
    pub adjustment: Adjustment,
    /// First day, in the seller's time zone.
    pub from: Date,
    /// Last day, inclusive; open-ended when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till: Option<Date>,
}

/// What is priced, for whom and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The buyer: a customer of the seller, a seller of the distributor.
    pub buyer: OrganizationId,
    /// Whose offer it is.
    pub vendor: VendorId,
    /// What is bought.
    pub offer: OfferId,
    /// The day in the seller's time zone.
    pub today: Date,
}

impl RuleLevel {
    fn digit(self) -> char {
        match self {
            RuleLevel::Everyone => '1',
            RuleLevel::One(_) => '2',
        }
    }
}

impl RuleScope {
    fn letter(self) -> char {
        match self {
            RuleScope::All => 'A',
            RuleScope::Vendor(_) => 'B',
            RuleScope::Offer(_) => 'C',
        }
    }
}

impl PriceRule {
    /// Its place among the levels: `1.A` to `2.C`.
    pub fn code(&self) -> String {
        format!("{}.{}", self.level.digit(), self.scope.letter())
    }

    /// What it does: `+20 % on cost`, where `paid` is the word for what the rule's owner pays.
    pub fn effect(&self, paid: &str) -> String {
        let Adjustment { source, percent } = self.adjustment;
        format!("{} on {}", signed(percent), source.label(paid))
    }

    /// When it applies: `from 2026-01-01`, `2026-01-01 to 2026-03-31`.
    pub fn validity(&self) -> String {
        match self.till {
            None => format!("from {}", self.from),
            Some(till) => format!("{} to {till}", self.from),
        }
    }

    /// Both days are inclusive.
    pub fn applies(&self, subject: &Subject) -> bool {
        let is_for = match self.level {
            RuleLevel::Everyone => true,
            RuleLevel::One(buyer) => buyer == subject.buyer,
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
pub fn winning_rule<'a>(rules: &'a [PriceRule], subject: &Subject) -> Option<&'a PriceRule> {
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
                Reverse(rule.id),
            )
        })
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
            buyer: OrganizationId(US),
            vendor: VendorId(US),
            offer: OfferId(US),
            today: date(2026, 6, 15),
        }
    }

    fn rule(code: &str, percent: &str) -> PriceRule {
        let level = match &code[..1] {
            "1" => RuleLevel::Everyone,
            _ => RuleLevel::One(OrganizationId(US)),
        };
        let scope = match &code[1..] {
            "A" => RuleScope::All,
            "B" => RuleScope::Vendor(VendorId(US)),
            _ => RuleScope::Offer(OfferId(US)),
        };
        PriceRule {
            id: PriceRuleId(US),
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

    fn percent(rules: &[PriceRule]) -> Percent {
        let winner = winning_rule(rules, &subject());
        winner.map_or(Percent::default(), |rule| rule.adjustment.percent)
    }

    #[test]
    fn a_customers_rule_beats_every_portal_wide_one() {
        let rules = [rule("1A", "10"), rule("1C", "20"), rule("2A", "5")];
        assert_eq!(percent(&rules), Percent::parse("5").unwrap());
        assert_eq!(percent(&rules[..2]), Percent::parse("20").unwrap());
        assert_eq!(percent(&[]), Percent::default());
    }

    #[test]
    fn a_rule_says_its_place_what_it_does_and_when() {
        let dated = PriceRule {
            till: Some(date(2026, 3, 31)),
            ..rule("2C", "-7.50")
        };
        let words = [dated.code(), dated.effect("cost"), dated.validity()];
        assert_eq!(words, ["2.C", "-7.5 % on cost", "2026-01-01 to 2026-03-31"]);
        assert_eq!(rule("1A", "10").effect("cost"), "+10 % on cost");
        let words = rule("1A", "10").effect("partner price");
        assert_eq!(words, "+10 % on partner price");
        assert_eq!(rule("1A", "10").validity(), "from 2026-01-01");
    }

    #[test]
    fn from_and_till_are_inclusive() {
        for (from, till, applies) in [
            (date(2026, 6, 15), Some(date(2026, 6, 15)), true),
            (date(2026, 6, 16), None, false),
            (date(2026, 1, 1), Some(date(2026, 6, 14)), false),
        ] {
            let rule = PriceRule {
                from,
                till,
                ..rule("1A", "10")
            };
            assert_eq!(rule.applies(&subject()), applies, "{from} {till:?}");
        }
    }

    #[test]
    fn of_two_rules_in_one_place_the_later_wins() {
        let later = PriceRule {
            from: date(2026, 6, 1),
            ..rule("1A", "30")
        };
        let rules = [later, rule("1A", "10")];
        assert_eq!(percent(&rules), Percent::parse("30").unwrap());
    }

    /// Each place of the hierarchy, the strongest first, with a rule for us, for others or for nobody.
    const PLACES: [&str; 6] = ["2C", "2B", "2A", "1C", "1B", "1A"];

    fn for_others(rule: PriceRule) -> PriceRule {
        match (rule.level, rule.scope) {
            (RuleLevel::One(_), _) => PriceRule {
                level: RuleLevel::One(OrganizationId(OTHERS)),
                ..rule
            },
            (RuleLevel::Everyone, RuleScope::Vendor(_)) => PriceRule {
                scope: RuleScope::Vendor(VendorId(OTHERS)),
                ..rule
            },
            (RuleLevel::Everyone, RuleScope::All | RuleScope::Offer(_)) => PriceRule {
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
