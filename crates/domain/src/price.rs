//! The price waterfall: vendor cost → distributor → seller catalog → subscription → customer, exact
//! throughout and rounded once per figure.

pub mod cycle_price;
pub mod percent;
pub mod refund;
pub mod rule;
pub mod term;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::cycle_price::CyclePrice;
pub use self::percent::Percent;
use crate::money::{Currency, Money, MoneyError};

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

/// Everything a unit's price depends on, for one billing cycle in major units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceInputs {
    /// What the vendor takes from its partner.
    pub cost: CyclePrice,
    /// The vendor's suggested retail price.
    pub retail: CyclePrice,
    /// The distributor's tier for the seller.
    pub tier: Option<Adjustment>,
    /// The distributor's markup on one subscription; replaces the tier and is always on cost.
    pub distributor_markup: Option<Percent>,
    /// The percentage of the seller's winning catalog rule.
    pub catalog_markup: Percent,
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

/// The whole chain, with the catalog's percentage on the unrounded partner price.
pub fn waterfall(inputs: &PriceInputs) -> Waterfall {
    waterfall_on(inputs, PriceSource::Cost)
}

/// The whole chain, with the catalog's percentage on the partner or the suggested retail price.
pub fn waterfall_on(inputs: &PriceInputs, catalog_source: PriceSource) -> Waterfall {
    let PriceInputs { cost, retail, .. } = *inputs;
    let tier = match inputs.distributor_markup {
        Some(percent) => Adjustment {
            source: PriceSource::Cost,
            percent,
        },
        None => inputs.tier.unwrap_or_default(),
    };
    let partner = match tier.source {
        PriceSource::Cost => cost,
        PriceSource::Retail => retail,
    }
    .with(tier.percent);
    let base = match catalog_source {
        PriceSource::Cost => partner,
        PriceSource::Retail => retail,
    };
    let customer = base
        .with(inputs.catalog_markup)
        .with(inputs.subscription_markup);
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
