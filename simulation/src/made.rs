//! Carts and changes that the simulated people put together.

use std::collections::BTreeSet;

use domain::event::Actor;
use domain::id::{
    LineId, OfferId, OrderId, OrganizationId, PlanId, SubscriptionId, UserId, VendorId,
};
use domain::money::{Currency, Money};
use domain::offer::Cadence;
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::{Item, Line, LinePrice, LineState};
use domain::price::UnitPrices;
use domain::text::{Contact, Email};
use jiff::Timestamp;
use uuid::Uuid;

/// Who sells to the customers, and to whom the staff belongs.
pub const SELLER: OrganizationId = OrganizationId(Uuid::from_u128(9));
/// What it is called.
pub const SELLER_NAME: &str = "Seller";

/// Whoever acts where nobody else is named.
pub fn staff() -> Actor {
    Actor {
        user: UserId(Uuid::from_u128(1)),
        person: "Staff".into(),
        email: "staff@seller.example".into(),
        organization: SELLER,
        organization_name: SELLER_NAME.into(),
    }
}

/// Carts and lines of one world; each has what is the same in all of them.
pub(crate) struct Maker {
    contact: Contact,
    actor: Actor,
    price: UnitPrices,
    next: u128,
}

impl Maker {
    /// A maker of a world.
    pub(crate) fn new() -> Maker {
        let currency = Currency::parse("EUR").expect("a currency");
        let money = |minor| Money { minor, currency };
        Maker {
            contact: Contact {
                email: Email::parse("a@b.example").expect("an address"),
                name: String::new(),
                surname: String::new(),
            },
            actor: staff(),
            price: UnitPrices {
                cost: money(100),
                retail: money(150),
                partner: money(100),
                customer: money(120),
            },
            next: 1,
        }
    }

    /// Whoever acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// A fresh id. Things that are made later have greater ones.
    pub fn id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(self.next << 8)
    }

    /// Where the ids of the work that one write leaves begin; in the form of those that are drawn.
    pub fn task_ids(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.id().into_bytes()).into_uuid()
    }

    /// A cart without lines. A person has one at a time, so each is another's.
    pub fn cart(&mut self, customer: OrganizationId, now: Timestamp) -> Order {
        let id = self.id();
        let owner = Actor {
            user: UserId(id),
            email: format!("{}@seller.example", id.simple()),
            ..self.actor.clone()
        };
        let number = 10_000_000 + u64::try_from(self.next).unwrap_or(0);
        Order::start(OrderId(id), customer, number, owner, now).0
    }

    /// A line about a subscription, or about one that it makes.
    pub fn line(
        &mut self,
        vendor: VendorId,
        change: RequestedChange,
        known: Option<SubscriptionId>,
    ) -> Line {
        let id = LineId(self.id());
        let quantity = match &change {
            RequestedChange::Purchase { quantity } => *quantity,
            RequestedChange::Quantity { to, .. } => *to,
            _ => 1,
        };
        Line {
            id,
            item: Item {
                offer: OfferId(Uuid::from_u128(1)),
                plan: PlanId(Uuid::from_u128(1)),
                vendor,
                vendor_name: String::new(),
                name: String::new(),
                product: String::new(),
                vendor_plan: String::new(),
                has_tenant: false,
                cadence: Cadence {
                    term_months: 12,
                    cycle_months: 1,
                },
                questions: Vec::new(),
            },
            parent: None,
            after: None,
            change,
            subscription: known.unwrap_or(SubscriptionId(id.0)),
            vendor_reference: known.map(|known| known.to_string()),
            contact: self.contact.clone(),
            tenant: None,
            parameters: serde_json::Map::new(),
            corrected: BTreeSet::new(),
            period: None,
            cancellable_until: None,
            price: LinePrice {
                unit: self.price,
                quantity,
                basis: None,
            },
            markups: None,
            destination: None,
            is_recorded: false,
            state: LineState::Started,
        }
    }
}
