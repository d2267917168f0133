//! What a finished line makes of its subscription.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Addon, Batch, Markups, Subscription, SubscriptionState};
use crate::calendar::months_after;
use crate::order::Order;
use crate::order::change::RequestedChange;
use crate::order::line::{Item, Line, LinePrice, LineState, Period};

/// The name under which a recorded change tells of the customer's tenant.
pub const TENANT: &str = "tenant";

/// A change that has been made, however it came about.
#[derive(Debug, Clone, Copy)]
pub struct Done<'l> {
    /// What.
    pub change: &'l RequestedChange,
    /// What the line is about: the subscription's item afterwards, or the add-on.
    pub item: &'l Item,
    /// The price afterwards.
    pub price: LinePrice,
    /// The percentages afterwards, where they are others.
    pub markups: Option<Markups>,
    /// What the vendor calls the subscription afterwards, where it has said so.
    pub vendor_reference: Option<&'l str>,
    /// The vendor had it so already.
    pub is_recorded: bool,
    /// Until when the vendor takes new seats back.
    pub returnable_until: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

impl<'l> Done<'l> {
    /// A finished line.
    pub fn by(line: &'l Line) -> Option<Done<'l>> {
        let LineState::Finished {
            vendor_reference,
            at,
        } = &line.state
        else {
            return None;
        };
        Some(Done {
            change: &line.change,
            item: &line.item,
            price: line.price,
            markups: line.markups,
            vendor_reference: Some(vendor_reference.as_str()).filter(|named| !named.is_empty()),
            is_recorded: line.is_recorded,
            returnable_until: line.cancellable_until,
            at: *at,
        })
    }

    fn batch(&self, seats: u32) -> Batch {
        Batch {
            seats,
            since: self.at,
            returnable_until: self.returnable_until,
        }
    }
}

impl Subscription {
    /// What a finished purchase leaves behind, and the seats of a partial upgrade that join nothing;
    /// `None` for any other line.
    pub fn begun_by(order: &Order, line: &Line) -> Option<Subscription> {
        let LineState::Finished {
            vendor_reference,
            at,
        } = &line.state
        else {
            return None;
        };
        let (id, quantity) = match &line.change {
            RequestedChange::Purchase { quantity } => (line.subscription, *quantity),
            RequestedChange::Upgrade { part, .. } => (line.destination?, part.as_ref()?.seats),
            _ => return None,
        };
        let months = line.item.cadence.term_months;
        let (ends, is_by_hand) = match line.period {
            Some(period) => (end_of(period), true),
            None if months == 0 => (None, false),
            None => (Some(months_after(*at, months, &TimeZone::UTC)), false),
        };
        Some(Subscription {
            id,
            organization: order.organization,
            name: line.item.name.clone(),
            quantity,
            assigned: None,
            state: SubscriptionState::Active,
            vendor_reference: vendor_reference.clone(),
            order: order.id,
            line: line.id,
            price: LinePrice {
                quantity,
                ..line.price
            },
            markups: line.markups.unwrap_or_default(),
            contact: line.contact.clone(),
            tenant: line.tenant.clone(),
            parameters: line.parameters.clone(),
            started_at: *at,
            term_starts_at: *at,
            term_ends_at: ends,
            auto_renews: months > 0 && line.item.cadence.cycle_months > 0 && !is_by_hand,
            batches: vec![Batch {
                seats: quantity,
                since: *at,
                returnable_until: line.cancellable_until,
            }],
            addons: Vec::new(),
            version: 1,
            public_version: 1,
            item: line.item.clone(),
        })
    }

    /// Makes a change that has been made. Values are totals, so a change that is told twice is made once.
    pub fn apply(&mut self, done: &Done<'_>) {
        use RequestedChange as C;
        self.version += 1;
        self.public_version += i64::from(!done.change.is_markup());
        match done.change {
            C::Purchase { .. } => {}
            C::Quantity { to, .. } => {
                match to.checked_sub(self.quantity) {
                    Some(more) if more > 0 => self.add_seats(done.batch(more)),
                    Some(_) => {}
                    None => self.take_seats(self.quantity - to),
                }
                self.price = done.price;
            }
            C::Suspend => self.state = SubscriptionState::Suspended { since: done.at },
            C::Reactivate => self.go_on(done),
            C::Cancel => {
                self.state = SubscriptionState::Canceled { at: done.at };
                self.auto_renews = false;
            }
            C::Upgrade {
                part: Some(part), ..
            } => {
                let left = part.of.saturating_sub(part.seats);
                self.take_seats(self.quantity.saturating_sub(left));
                self.price.quantity = self.quantity;
            }
            C::Upgrade { part: None, .. } | C::Downgrade { .. } => {
                if self.name == self.item.name {
                    self.name.clone_from(&done.item.name);
                }
                self.become_of(done);
            }
            C::TermDuration { .. } | C::BillingCycle { .. } => self.become_of(done),
            C::AutoRenewal { to, .. } => self.auto_renews = *to,
            C::Rename { to, .. } => self.name.clone_from(to),
            C::AddonAdd { .. } | C::AddonQuantity { .. } | C::AddonRemove { .. } => {
                self.change_addon(done);
            }
            C::Configuration { field, to, .. } if done.is_recorded && field == TENANT => {
                self.tenant = Some(to.clone());
            }
            C::Configuration {
                field, to, answer, ..
            } => {
                let answer = answer.clone().unwrap_or_else(|| to.as_str().into());
                drop(self.parameters.insert(field.clone(), answer));
            }
            C::Markup { .. } | C::MarkupDistributor { .. } | C::TargetPrice { .. } => {
                self.markups = done.markups.unwrap_or(self.markups);
                self.price.unit = done.price.unit;
                self.price.basis = done.price.basis;
            }
            // What it was sold at, and by which rules, was made on the former cost and stays.
            C::Cost { to, .. } => self.price.unit.cost = *to,
        }
    }

    /// What had ended here and runs at the vendor has renewed there; its terms are caught up with.
    fn go_on(&mut self, done: &Done<'_>) {
        if self.state.has_ended() {
            self.auto_renews = self.term_ends_at.is_some_and(|ends| ends <= done.at);
        }
        self.state = SubscriptionState::Active;
    }

    /// Another plan: its term begins now. It can be another subscription at the vendor.
    fn become_of(&mut self, done: &Done<'_>) {
        if let Some(reference) = done.vendor_reference {
            reference.clone_into(&mut self.vendor_reference);
        }
        let months = done.item.cadence.term_months;
        if done.item.cadence.term_months != self.item.cadence.term_months {
            self.term_starts_at = done.at;
            self.term_ends_at = (months > 0).then(|| months_after(done.at, months, &TimeZone::UTC));
        }
        self.item = done.item.clone();
        self.price = LinePrice {
            quantity: self.quantity,
            ..done.price
        };
    }

    fn change_addon(&mut self, done: &Done<'_>) {
        self.addons
            .retain(|addon| addon.item.offer != done.item.offer);
        let is_removed = matches!(done.change, RequestedChange::AddonRemove { .. });
        if !is_removed {
            self.addons.push(Addon {
                item: done.item.clone(),
                price: done.price,
            });
        }
    }

    /// Seats of a partial upgrade that join this subscription.
    pub fn take_in(&mut self, done: &Done<'_>, seats: u32) {
        self.add_seats(done.batch(seats));
        self.price.quantity = self.quantity;
        self.version += 1;
        self.public_version += 1;
    }
}

/// The first instant after the last day; none after "to infinity".
fn end_of(period: Period) -> Option<Timestamp> {
    let last = period.ends_on;
    let next = last.tomorrow().ok().filter(|_| last.year() < 9999)?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::order::change::Part;
    use crate::order::{OrderKind, Stage, sample};

    /// Ten seats of Microsoft 365 E3 for a year, bought on 15 January 2027.
    pub(crate) fn subscription() -> Subscription {
        let order = sample::order(Stage::Released, vec![sample::finished()]);
        Subscription::begun_by(&order, &order.lines[0]).expect("a subscription")
    }

    #[test]
    fn a_purchase_leaves_a_subscription_of_a_term() {
        let found = subscription();
        assert_eq!((found.quantity, found.auto_renews), (10, true));
        let year = "2028-01-15T08:00:00Z".parse().expect("an instant");
        assert_eq!(found.term_ends_at, Some(year));
        assert_eq!(found.batches.len(), 1);
    }

    /// Each kind of change once, with what is another afterwards.
    #[test]
    fn what_each_change_makes_of_a_subscription_is_printed_and_compared() {
        let mut table = String::new();
        for change in sample::changes() {
            let mut found = subscription();
            let before = told(&found);
            let mut line = sample::line(1);
            line.item.name = "Microsoft 365 E5".into();
            line.item.cadence.term_months = 36;
            line.price.quantity = 8;
            line.markups = Some(Markups {
                seller: crate::price::Percent::parse("7.5").expect("a percentage"),
                distributor: None,
            });
            line.change = change.clone();
            line.state = sample::finished();
            found.apply(&Done::by(&line).expect("done"));
            let after: Vec<String> = told(&found)
                .into_iter()
                .zip(before)
                .filter(|(after, before)| after != before)
                .map(|(after, _)| after)
                .collect();
            table += &format!("{:<52} {}\n", change.text(), after.join(", "));
        }
        insta::assert_snapshot!(table);
    }

    fn told(found: &Subscription) -> Vec<String> {
        let ends = found.term_ends_at.map(|ends| ends.to_string());
        vec![
            format!("{} seats", found.quantity),
            format!("price of {}", found.price.quantity),
            found.state.label().into(),
            format!("called {}", found.name),
            format!("of {}", found.item.name),
            format!("until {}", ends.unwrap_or_default()),
            format!("renews: {}", found.auto_renews),
            format!("{} add-ons", found.addons.len()),
            format!("parameters {:?}", found.parameters),
            format!("markup {}", found.markups.seller.value()),
            format!("cost {}", found.price.unit.cost),
            format!("version {}", found.version),
            format!("public version {}", found.public_version),
        ]
    }

    #[test]
    fn only_another_license_takes_over_another_id_at_the_vendor() {
        let upgrade = |part| RequestedChange::Upgrade {
            from: "E3".into(),
            to: "E5".into(),
            part,
        };
        for (change, is_taken_over) in [
            (upgrade(None), true),
            (upgrade(Some(Part { seats: 4, of: 10 })), false),
            (RequestedChange::Quantity { from: 10, to: 15 }, false),
        ] {
            let mut found = subscription();
            let mut line = sample::line(1);
            line.change = change.clone();
            line.state = LineState::Finished {
                vendor_reference: "another".into(),
                at: found.started_at,
            };
            found.apply(&Done::by(&line).expect("done"));
            assert_eq!(
                found.vendor_reference == "another",
                is_taken_over,
                "{change:?}"
            );
        }
    }

    #[test]
    fn a_change_that_is_told_twice_is_made_once() {
        let mut found = subscription();
        let mut line = sample::line(1);
        line.change = RequestedChange::Quantity { from: 10, to: 15 };
        line.state = sample::finished();
        let done = Done::by(&line).expect("done");
        found.apply(&done);
        let seats = found.batches.clone();
        found.apply(&done);
        assert_eq!((found.quantity, &found.batches), (15, &seats));
    }

    #[test]
    fn moved_seats_are_a_subscription_of_their_own_or_join_another() {
        let mut order = sample::order(Stage::Released, vec![sample::finished()]);
        order.kind = OrderKind::Update;
        let line = &mut order.lines[0];
        let (from, to) = ("Microsoft 365 E3".to_owned(), "Microsoft 365 E5".to_owned());
        line.change = RequestedChange::Upgrade {
            from,
            to,
            part: Some(Part { seats: 4, of: 10 }),
        };
        assert_eq!(Subscription::begun_by(&order, &order.lines[0]), None);
        let id = sample::line(7).subscription;
        order.lines[0].destination = Some(id);
        let moved = Subscription::begun_by(&order, &order.lines[0]).expect("a subscription");
        assert_eq!((moved.id, moved.quantity, moved.price.quantity), (id, 4, 4));
        let done = Done::by(&order.lines[0]).expect("done");
        let (mut source, mut joined) = (subscription(), subscription());
        source.apply(&done);
        joined.take_in(&done, 4);
        assert_eq!((source.quantity, joined.quantity), (6, 14));
    }
}
