//! A second opinion on prices, written from the reference and in whole numbers: which rule counts, and
//! what a unit costs, as an exact fraction that is rounded once.

/// Days since some day; hundredths of a percent; millionths of a currency's unit.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `None` for everybody.
    pub buyer: Option<u8>,
    pub on: On,
    pub percent: i64,
    pub is_on_retail: bool,
    pub from: i64,
    pub till: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    All,
    Vendor(u8),
    Offer(u8),
}

/// A line of a cart.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub vendor: u8,
    pub offer: u8,
    pub cost: i64,
    pub retail: i64,
    pub cycles: u32,
    pub quantity: u32,
    /// The seller's markup of one subscription.
    pub markup: i64,
    /// The distributor's, in place of its tier.
    pub distributor: Option<i64>,
}

/// Minor units of cost, retail price, partner price, customer price.
pub type Unit = [i128; 4];

#[derive(Clone, Copy)]
struct Fraction(i128, i128);

impl Fraction {
    fn marked_up(self, hundredths: i64) -> Fraction {
        Fraction(self.0 * (10_000 + i128::from(hundredths)), self.1 * 10_000)
    }

    /// Half goes up; no price is negative.
    fn rounded(self) -> i128 {
        let (whole, rest) = (self.0 / self.1, self.0 % self.1);
        whole + i128::from(2 * rest >= self.1)
    }
}

/// Level by level, from *this buyer, this offer* down to *everybody, everything*; the first level that has
/// anything in force decides, there the rule that began last, and of those the cheapest.
fn counts(rules: &[Rule], buyer: u8, line: &Line, today: i64) -> Option<Rule> {
    for for_one in [true, false] {
        for on in [On::Offer(line.offer), On::Vendor(line.vendor), On::All] {
            let mut best: Option<Rule> = None;
            for rule in rules {
                let is_level = match rule.buyer {
                    Some(one) => for_one && one == buyer,
                    None => !for_one,
                };
                let has_begun = rule.from <= today;
                let has_ended = matches!(rule.till, Some(till) if till < today);
                if !is_level || rule.on != on || !has_begun || has_ended {
                    continue;
                }
                let is_better = match best {
                    None => true,
                    Some(known) if known.from != rule.from => rule.from > known.from,
                    Some(known) if known.percent != rule.percent => rule.percent < known.percent,
                    Some(known) => known.is_on_retail && !rule.is_on_retail,
                };
                if is_better {
                    best = Some(*rule);
                }
            }
            if best.is_some() {
                return best;
            }
        }
    }
    None
}

/// Who buys from whom.
#[derive(Debug, Clone, Copy)]
pub struct Parties {
    pub seller: u8,
    pub customer: u8,
}

pub fn unit(
    line: &Line,
    tiers: &[Rule],
    catalog: &[Rule],
    who: Parties,
    today: i64,
    minor: i128,
) -> Unit {
    let per_cycle = |millionths: i64| {
        Fraction(
            i128::from(millionths) * minor,
            1_000_000 * i128::from(line.cycles),
        )
    };
    let (cost, retail) = (per_cycle(line.cost), per_cycle(line.retail));
    let partner = match (line.distributor, counts(tiers, who.seller, line, today)) {
        (Some(percent), _) => cost.marked_up(percent),
        (None, Some(tier)) if tier.is_on_retail => retail.marked_up(tier.percent),
        (None, Some(tier)) => cost.marked_up(tier.percent),
        (None, None) => cost,
    };
    let customer = match counts(catalog, who.customer, line, today) {
        Some(rule) if rule.is_on_retail => retail.marked_up(rule.percent),
        Some(rule) => partner.marked_up(rule.percent),
        None => partner,
    };
    let customer = customer.marked_up(line.markup);
    [cost, retail, partner, customer].map(Fraction::rounded)
}
