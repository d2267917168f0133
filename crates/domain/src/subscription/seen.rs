//! What a reader may learn of a subscription; costs and markups are left out here, once.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Batch, Markups, Subscription, SubscriptionState};
use crate::access::Visibility;
use crate::id::{LineId, SubscriptionId};
use crate::money::MoneyError;
use crate::order::line::Item;
use crate::order::seen::SeenPrice;
use crate::text::Contact;

/// A subscription as its reader may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenSubscription {
    /// Its id.
    pub id: SubscriptionId,
    /// What it is of.
    pub item: Item,
    /// What it is called.
    pub name: String,
    /// Seats.
    pub quantity: u32,
    /// Seats in use, where the vendor says so.
    pub assigned: Option<u32>,
    /// Whether it runs.
    pub state: SubscriptionState,
    /// The line that bought it.
    pub line: LineId,
    /// The vendor's own id; staff only.
    pub vendor_reference: Option<String>,
    /// What it costs.
    pub price: SeenPrice,
    /// What was added for it alone; `None` for those who may not see it.
    pub markups: Option<Markups>,
    /// Who uses it.
    pub contact: Contact,
    /// The customer's tenant at the vendor.
    pub tenant: Option<String>,
    /// Answers to the offer's form.
    pub parameters: Map<String, Value>,
    /// When it began.
    pub started_at: Timestamp,
    /// When its present term began.
    pub term_starts_at: Timestamp,
    /// When its present term ends.
    pub term_ends_at: Option<Timestamp>,
    /// Whether another follows.
    pub auto_renews: bool,
    /// Its seats by the day they came.
    pub batches: Vec<Batch>,
    /// What runs with it, and at which price.
    pub addons: Vec<(Item, SeenPrice)>,
    /// Rises with every change that the reader may learn of.
    pub version: i64,
}

impl Subscription {
    /// The subscription as a reader may know it.
    pub fn seen_by(&self, seen: Visibility) -> Result<SeenSubscription, MoneyError> {
        let addons = self.addons.iter().map(|addon| {
            let price = addon.price.seen_by(seen)?;
            Ok((addon.item.clone(), price))
        });
        Ok(SeenSubscription {
            id: self.id,
            item: self.item.clone(),
            name: self.name.clone(),
            quantity: self.quantity,
            assigned: self.assigned,
            state: self.state,
            line: self.line,
            vendor_reference: seen.internal.then(|| self.vendor_reference.clone()),
            price: self.price.seen_by(seen)?,
            markups: seen.markup.then_some(self.markups),
            contact: self.contact.clone(),
            tenant: self.tenant.clone(),
            parameters: self.parameters.clone(),
            started_at: self.started_at,
            term_starts_at: self.term_starts_at,
            term_ends_at: self.term_ends_at,
            auto_renews: self.auto_renews,
            batches: self.batches.clone(),
            addons: addons.collect::<Result<_, _>>()?,
            version: self.version_for(seen),
        })
    }

    /// The version that a reader is told; a hidden change does not move it for those who may not know.
    pub fn version_for(&self, seen: Visibility) -> i64 {
        match seen.internal {
            true => self.version,
            false => self.public_version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::change::RequestedChange;
    use crate::order::sample;
    use crate::price::Percent;
    use crate::subscription::effect::Done;
    use crate::subscription::effect::tests::subscription;

    const CUSTOMER: Visibility = Visibility {
        markup_only_orders: false,
        markup: false,
        cost: false,
        internal: false,
    };

    /// R18: two subscriptions that differ in hidden facts alone are one to a customer.
    #[test]
    fn a_customer_learns_nothing_of_costs_and_markups() {
        let plain = subscription();
        let mut marked = plain.clone();
        let mut line = sample::line(1);
        let (from, to) = (5.into(), 7.into());
        line.change = RequestedChange::Markup { from, to };
        line.markups = Some(Markups {
            seller: Percent::parse("7").expect("a percentage"),
            distributor: None,
        });
        line.price.unit.partner.minor -= 1;
        line.state = sample::finished();
        marked.apply(&Done::by(&line).expect("done"));
        assert_ne!(plain.version, marked.version);
        assert_eq!(plain.seen_by(CUSTOMER), marked.seen_by(CUSTOMER));
    }
}
