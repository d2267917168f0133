//! The price waterfall: vendor cost → distributor → seller catalog → subscription → customer, exact
//! throughout and rounded once per figure.

pub mod book;
pub mod cycle_price;
pub mod explain;
pub mod import;
pub mod percent;
pub mod record;
pub mod refund;
pub mod rule;
pub mod sheet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::book::RuleBook;
pub use self::cycle_price::CyclePrice;
pub use self::percent::Percent;
pub(crate) use self::percent::rounded;
pub use self::rule::PriceRule;
use crate::money::{Currency, Money, MoneyError};
use crate::order::line::LinePrice;

/// What a percentage is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// What the adjusting side pays itself: the vendor's price for a distributor's tier, the partner
    /// price for a seller's rule.
    #[default]
    Cost,
    /// The vendor's suggested retail price.
    Retail,
}

/// A percentage and what it is taken of; by default nothing on cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Adjustment {
    /// The base.
    pub source: PriceSource,
    /// Markup or discount.
    pub percent: Percent,
}

/// Everything a unit's price depends on, for one billing cycle in major units. Kept with each price
/// that was quoted, so that it explains itself whatever became of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInputs {
    /// What the vendor takes from its partner.
    pub cost: CyclePrice,
    /// The vendor's suggested retail price.
    pub retail: CyclePrice,
    /// The distributor's tier for the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<PriceRule>,
    /// The distributor's markup on one subscription; replaces the tier and is always on cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributor_markup: Option<Percent>,
    /// The seller's winning catalog rule, on the partner or the suggested retail price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<PriceRule>,
    /// The seller's markup on one subscription; multiplies.
    pub subscription_markup: Percent,
}

/// The unrounded prices of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waterfall {
    /// Vendor to partner.
    pub cost: CyclePrice,
    /// Suggested by the vendor.
    pub retail: CyclePrice,
    /// Distributor to seller.
    pub partner: CyclePrice,
    /// Seller to customer.
    pub customer: CyclePrice,
}

/// The whole chain. Without a catalog rule the customer pays the partner price.
pub fn waterfall(inputs: &PriceInputs) -> Waterfall {
    let PriceInputs { cost, retail, .. } = *inputs;
    let tier = match inputs.distributor_markup {
        Some(percent) => Adjustment {
            source: PriceSource::Cost,
            percent,
        },
        None => inputs.tier.map(|rule| rule.adjustment).unwrap_or_default(),
    };
    let partner = match tier.source {
        PriceSource::Cost => cost,
        PriceSource::Retail => retail,
    }
    .with(tier.percent);
    let catalog = inputs
        .catalog
        .map(|rule| rule.adjustment)
        .unwrap_or_default();
    let base = match catalog.source {
        PriceSource::Cost => partner,
        PriceSource::Retail => retail,
    };
    let customer = base.with(catalog.percent).with(inputs.subscription_markup);
    Waterfall {
        cost,
        retail,
        partner,
        customer,
    }
}

/// A term's price spread over its billing cycles, exactly. Costs and retail prices are per term.
pub fn per_cycle(term_price: Decimal, cycles: u32) -> CyclePrice {
    CyclePrice::new(term_price, cycles)
}

/// One unit's prices as people see them, each rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPrices {
    /// Vendor to partner; staff only.
    pub cost: Money,
    /// Suggested by the vendor; staff only.
    pub retail: Money,
    /// Distributor to seller; staff only.
    pub partner: Money,
    /// Seller to customer; the only one a customer sees.
    pub customer: Money,
}

impl UnitPrices {
    /// What is left to the seller of a unit: the difference of the two shown figures, so that they add
    /// up on the screen. Negative when it sells below its price; staff only.
    pub fn margin(&self) -> Result<Money, MoneyError> {
        let minor = self
            .partner
            .minor
            .checked_neg()
            .ok_or(MoneyError::TooLarge)?;
        self.customer.plus(Money {
            minor,
            ..self.partner
        })
    }
}

impl PriceInputs {
    /// What the vendor asks alone, before anybody adds to it.
    pub fn of_vendor(cost: CyclePrice, retail: CyclePrice) -> PriceInputs {
        PriceInputs {
            cost,
            retail,
            tier: None,
            distributor_markup: None,
            catalog: None,
            subscription_markup: Percent::default(),
        }
    }

    /// One unit's price, with what it is made of.
    pub fn price(self, currency: Currency, quantity: u32) -> Result<LinePrice, MoneyError> {
        Ok(LinePrice {
            unit: waterfall(&self).round(currency)?,
            quantity,
            basis: Some(self),
        })
    }
}

impl Waterfall {
    /// Rounds each figure once to the currency's minor unit.
    pub fn round(&self, currency: Currency) -> Result<UnitPrices, MoneyError> {
        Ok(UnitPrices {
            cost: self.cost.round(currency)?,
            retail: self.retail.round(currency)?,
            partner: self.partner.round(currency)?,
            customer: self.customer.round(currency)?,
        })
    }

    /// The unrounded difference between customer and partner price, in major units; for shares and
    /// comparisons. What is shown is [`UnitPrices::margin`].
    pub fn margin(&self) -> Decimal {
        self.customer
            .to_decimal()
            .saturating_sub(self.partner.to_decimal())
    }
}

#[cfg(test)]
mod tests;
