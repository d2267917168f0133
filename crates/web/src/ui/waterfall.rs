//! The price waterfall: how the vendor's cost becomes what the customer pays, drawn on the server with
//! its figures in a table. It exists only where the reader was given the figures.

use domain::money::Money;
use domain::order::seen::{Inside, SeenLine, SeenPrice};

use super::say;

/// Width of the drawing, in its own units.
const WIDTH: i128 = 400;
const ROW: usize = 20;

/// A bar and its row.
pub(crate) struct Step {
    pub(crate) label: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) amount: Money,
    pub(crate) change: String,
    /// The rule that made the step, where the figures are of one price.
    pub(crate) why: String,
    pub(crate) x: i128,
    pub(crate) y: usize,
    pub(crate) width: i128,
}

/// Cost, partner price, customer price and margin of some lines together.
pub(crate) struct Waterfall {
    pub(crate) steps: Vec<Step>,
}

impl Waterfall {
    /// `None` where a line has no figures for this reader, or they don't add up in one currency.
    pub(crate) fn new<'a>(lines: impl Iterator<Item = &'a SeenLine>) -> Option<Waterfall> {
        let prices: Vec<SeenPrice> = lines.map(|line| line.price).collect();
        Waterfall::of(&prices)
    }

    /// Of prices together; of one alone it names the rules.
    pub(crate) fn of(prices: &[SeenPrice]) -> Option<Waterfall> {
        let first = prices.first()?.total.currency;
        let nothing = Money::zero(first);
        let mut sums = [nothing; 4];
        for price in prices {
            let inside = price.inside?;
            let parts = [
                inside.unit.cost.times(price.quantity).ok()?,
                inside.partner_total,
                price.total,
                inside.margin,
            ];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = sum.plus(part).ok()?;
            }
        }
        let inside = match prices {
            [one] => one.inside,
            _ => None,
        };
        let mut fall = Waterfall::drawn(sums)?;
        if let Some(Inside {
            unit,
            basis: Some(basis),
            ..
        }) = inside
            && let [_, partner, customer, _] = fall.steps.as_mut_slice()
        {
            (partner.why, customer.why) = (basis.tier_words(), basis.catalog_words());
            // A cost that was taken over from the vendor since made none of the other figures.
            if let Ok(then) = basis.cost.round(first)
                && then != unit.cost
            {
                partner.why = format!("{}; made of a cost of {then}", partner.why);
            }
        }
        Some(fall)
    }

    fn drawn(sums: [Money; 4]) -> Option<Waterfall> {
        let nothing = Money::zero(sums[0].currency);
        let [cost, partner, customer, margin] = sums;
        let most = sums.iter().map(|sum| sum.minor.unsigned_abs()).max()?;
        let bar = |label, tone, amount: Money, start: Money, change: String, at: usize| {
            let scaled = |minor: i64| match most {
                0 => 0,
                most => i128::from(minor.max(0)) * WIDTH / i128::from(most),
            };
            let end = start.minor.saturating_add(amount.minor);
            let (from, till) = (start.minor.min(end), start.minor.max(end));
            Step {
                label,
                tone,
                amount,
                change,
                why: String::new(),
                x: scaled(from),
                y: at * ROW + 4,
                width: (scaled(till) - scaled(from)).max(1),
            }
        };
        let none = String::new;
        let share = say::share(&margin, &customer)
            .map_or_else(none, |share| format!("{share} of the price"));
        Some(Waterfall {
            steps: vec![
                bar("Cost", "cost", cost, nothing, none(), 0),
                bar(
                    "Partner price",
                    "partner",
                    partner,
                    nothing,
                    say::percent(&cost, &partner),
                    1,
                ),
                bar(
                    "Customer price",
                    "customer",
                    customer,
                    nothing,
                    say::percent(&partner, &customer),
                    2,
                ),
                bar("Margin", "margin", margin, partner, share, 3),
            ],
        })
    }

    fn margin(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.amount.minor)
    }

    /// Whether the seller earns nothing or less.
    pub(crate) fn is_thin(&self) -> bool {
        self.margin() <= 0
    }

    pub(crate) fn warning(&self) -> &'static str {
        match self.margin() {
            0 => "The margin is zero: the customer pays the partner price.",
            _ => "The margin is negative: the customer pays less than the partner price.",
        }
    }

    pub(crate) fn height(&self) -> usize {
        self.steps.len() * ROW
    }
}
