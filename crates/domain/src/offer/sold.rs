//! Whether an organization may buy an offer, and if not, why.

use std::collections::BTreeSet;

use super::{Country, Offer, Plan, Segment};
use crate::money::Currency;
use crate::organization::Organization;

/// Why an offer can't be bought by an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// Nobody is sold it any more.
    Withdrawn,
    /// It is sold elsewhere.
    Country(Country, BTreeSet<Country>),
    /// It is sold to others.
    Segment(BTreeSet<Segment>),
    /// It is sold in other currencies.
    Currency(Currency),
    /// The vendor has no price for it today.
    Unpriced,
}

impl Unavailable {
    /// A few words for a badge.
    pub fn label(&self) -> String {
        match self {
            Unavailable::Withdrawn => "No longer sold".into(),
            Unavailable::Country(country, _) => format!("Not sold in {country}"),
            Unavailable::Segment(_) => "Not for this kind of customer".into(),
            Unavailable::Currency(currency) => format!("No price in {}", currency.code()),
            Unavailable::Unpriced => "No price today".into(),
        }
    }

    /// Why, in a sentence without its full stop.
    pub fn reason(&self) -> String {
        match self {
            Unavailable::Withdrawn => "the vendor does not sell it any more".into(),
            Unavailable::Country(country, sold) => {
                let sold: Vec<&str> = sold.iter().map(Country::code).collect();
                format!("it is sold in {} and not in {country}", sold.join(", "))
            }
            Unavailable::Segment(sold) => {
                let sold: Vec<&str> = sold.iter().map(|segment| segment.label()).collect();
                format!("it is sold to {} alone", sold.join(" and "))
            }
            Unavailable::Currency(currency) => {
                format!("the vendor has no price for it in {}", currency.code())
            }
            Unavailable::Unpriced => "the vendor has no price for it today".into(),
        }
    }
}

impl Plan {
    /// Sold to an organization of this place, kind and currency, at the instant that its price is of.
    pub fn is_for(&self, buyer: &Organization) -> bool {
        self.is_in(buyer) && self.is_to(buyer) && self.is_paid_by(buyer) && self.price.is_some()
    }

    fn is_in(&self, buyer: &Organization) -> bool {
        self.market.is_none_or(|market| market == buyer.country)
    }

    fn is_to(&self, buyer: &Organization) -> bool {
        self.segment.is_none_or(|segment| segment == buyer.segment)
    }

    fn is_paid_by(&self, buyer: &Organization) -> bool {
        self.currency == buyer.currency
    }
}

impl Offer {
    /// Why an organization can't buy it; `None` where it can.
    pub fn unavailable(&self, buyer: &Organization) -> Option<Unavailable> {
        if self.is_withdrawn {
            return Some(Unavailable::Withdrawn);
        }
        if self.plans.iter().any(|plan| plan.is_for(buyer)) {
            return None;
        }
        let mut left: Vec<&Plan> = self.plans.iter().collect();
        let markets = left.iter().filter_map(|plan| plan.market).collect();
        left.retain(|plan| plan.is_in(buyer));
        if left.is_empty() && !self.plans.is_empty() {
            return Some(Unavailable::Country(buyer.country, markets));
        }
        let segments = left.iter().filter_map(|plan| plan.segment).collect();
        left.retain(|plan| plan.is_to(buyer));
        if left.is_empty() && !self.plans.is_empty() {
            return Some(Unavailable::Segment(segments));
        }
        left.retain(|plan| plan.is_paid_by(buyer));
        Some(match left.is_empty() && !self.plans.is_empty() {
            true => Unavailable::Currency(buyer.currency),
            false => Unavailable::Unpriced,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use uuid::Uuid;

    use super::*;
    use crate::id::{OfferId, OrganizationId, PlanId, VendorId};
    use crate::money::UnitAmount;
    use crate::offer::{Cadence, VendorPrice};
    use crate::organization::{OrganizationKind, OrganizationStatus, Slug};

    fn buyer() -> Organization {
        Organization {
            id: OrganizationId(Uuid::nil()),
            kind: OrganizationKind::Customer,
            slug: Slug::parse("amber").unwrap(),
            name: "Amber".into(),
            status: OrganizationStatus::Active,
            country: Country::parse("LT").unwrap(),
            segment: Segment::Commercial,
            zone: TimeZone::UTC,
            currency: Currency::parse("EUR").unwrap(),
            chain: Vec::new(),
            erp_number: None,
            needs_erp_number: false,
        }
    }

    fn plan(market: &str, segment: Option<Segment>, currency: &str, is_priced: bool) -> Plan {
        let price = VendorPrice {
            cost: UnitAmount::from_millionths(1),
            retail: UnitAmount::from_millionths(1),
            from: Timestamp::UNIX_EPOCH,
            till: None,
        };
        Plan {
            id: PlanId(Uuid::nil()),
            cadence: Cadence::parse("P1Y", "monthly").unwrap(),
            currency: Currency::parse(currency).unwrap(),
            market: Country::parse(market).ok(),
            segment,
            price: is_priced.then_some(price),
        }
    }

    fn said(plans: Vec<Plan>) -> Option<String> {
        let offer = Offer {
            plans,
            ..Offer::new(
                OfferId(Uuid::nil()),
                OrganizationId(Uuid::nil()),
                VendorId(Uuid::nil()),
            )
        };
        let why = offer.unavailable(&buyer())?;
        Some(format!("{}: {}", why.label(), why.reason()))
    }

    #[test]
    fn an_offer_says_why_it_can_not_be_bought() {
        let school = Some(Segment::Education);
        for (plans, expected) in [
            (vec![plan("", None, "EUR", true)], None),
            (
                vec![plan("LV", None, "EUR", true), plan("LT", None, "EUR", true)],
                None,
            ),
            (
                vec![plan("LV", None, "EUR", true), plan("EE", None, "EUR", true)],
                Some("Not sold in LT: it is sold in EE, LV and not in LT"),
            ),
            (
                vec![plan("LT", school, "EUR", true)],
                Some("Not for this kind of customer: it is sold to education alone"),
            ),
            (
                vec![plan("LT", None, "USD", true)],
                Some("No price in EUR: the vendor has no price for it in EUR"),
            ),
            (
                vec![plan("LT", None, "EUR", false)],
                Some("No price today: the vendor has no price for it today"),
            ),
            (
                vec![],
                Some("No price today: the vendor has no price for it today"),
            ),
        ] {
            assert_eq!(said(plans).as_deref(), expected);
        }
    }
}
