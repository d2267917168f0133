//! The side panel's figures: each subscription of an order once, with its total licenses, and its
//! add-ons with their own (R38, R45–R47).

use super::seen::{SeenLine, SeenOrder};
use super::totals::Totals;
use crate::id::SubscriptionId;

/// A subscription that an order makes or changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Licenses<'o> {
    /// Which.
    pub subscription: SubscriptionId,
    /// The line that decides its total; the first one where none does.
    pub line: &'o SeenLine,
    /// All that the order asks of it, in the order it was added.
    pub lines: Vec<&'o SeenLine>,
    /// Its total licenses.
    pub totals: Totals,
    /// Its add-ons, each with its own total.
    pub addons: Vec<&'o SeenLine>,
}

impl SeenOrder {
    /// The subscriptions of the order, in the order they were added, with their add-ons under them.
    /// Several changes to one subscription are one entry, whose total the change of licenses decides; an
    /// add-on that is changed without its license is an entry of its own.
    pub fn licenses(&self) -> Vec<Licenses<'_>> {
        let mut found: Vec<Licenses<'_>> = Vec::new();
        let has_parent = |line: &SeenLine| {
            let parent = |other: &SeenLine| Some(other.id) == line.parent;
            self.lines.iter().any(parent)
        };
        let lines = self.lines.iter().filter(|line| !has_parent(line));
        let (addons, licenses): (Vec<_>, Vec<_>) = lines.partition(|line| line.change.is_addon());
        let known = |found: &Vec<Licenses<'_>>, line: &SeenLine| {
            let mut known = found.iter();
            known.position(|known| known.subscription == line.subscription)
        };
        for line in licenses {
            let Some(at) = known(&found, line) else {
                found.push(self.entry(line));
                continue;
            };
            let known = &mut found[at];
            known.lines.push(line);
            known.addons.extend(self.addons(line));
            if !known.line.change.counts_licenses() && line.change.counts_licenses() {
                (known.line, known.totals) = (line, line.totals);
            }
        }
        let count = found.len();
        for line in addons {
            match known(&found, line).filter(|at| *at < count) {
                Some(at) => found[at].addons.push(line),
                None => found.push(self.entry(line)),
            }
        }
        found
    }

    fn entry<'o>(&'o self, line: &'o SeenLine) -> Licenses<'o> {
        Licenses {
            subscription: line.subscription,
            line,
            lines: vec![line],
            totals: line.totals,
            addons: self.addons(line),
        }
    }

    fn addons(&self, parent: &SeenLine) -> Vec<&SeenLine> {
        let belongs = |line: &&SeenLine| line.parent == Some(parent.id);
        self.lines.iter().filter(belongs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Visibility;
    use crate::order::change::RequestedChange;
    use crate::order::line::{Line, LineState};
    use crate::order::{Order, OrderKind, Refusal, Stage, sample};

    const STAFF: Visibility = Visibility {
        markup_only_orders: true,
        markup: true,
        cost: true,
        internal: true,
    };
    const CUSTOMER: Visibility = Visibility {
        markup_only_orders: false,
        markup: false,
        cost: false,
        internal: false,
    };

    fn seen(order: &Order, by: Visibility) -> SeenOrder {
        order.seen_by(by).expect("sums").expect("an order")
    }

    fn addon(id: u128, parent: u128) -> Line {
        let addon = "Defender".to_owned();
        Line {
            parent: Some(sample::line(parent).id),
            change: RequestedChange::AddonAdd { addon, quantity: 5 },
            ..sample::line(id)
        }
    }

    #[test]
    fn a_mixed_order_tells_everybody_the_same_total_of_its_subscription() {
        let mut order = sample::order(
            Stage::Released,
            vec![sample::finished(), sample::accepted()],
        );
        order.kind = OrderKind::Update;
        order.lines[0].change = RequestedChange::Markup {
            from: 5.into(),
            to: 7.into(),
        };
        order.lines[1].change = RequestedChange::Quantity { from: 15, to: 20 };
        order.lines[1].subscription = order.lines[0].subscription;
        let (staff, customer) = (seen(&order, STAFF), seen(&order, CUSTOMER));
        assert_eq!((staff.lines.len(), customer.lines.len()), (2, 1));
        for seen in [&staff, &customer] {
            let licenses = seen.licenses();
            assert_eq!(licenses.len(), 1);
            let totals = licenses[0].totals;
            assert_eq!(
                (totals.now, totals.after, totals.sum()),
                (15, Some(20), Some("15 + 5".into()))
            );
        }
    }

    #[test]
    fn several_subscriptions_are_told_apart_and_add_ons_stand_under_theirs() {
        let mut order = sample::cart(&[1, 2]);
        order.lines.push(addon(3, 1));
        let seen = seen(&order, CUSTOMER);
        let licenses = seen.licenses();
        assert_eq!(licenses.len(), 2);
        assert_eq!(licenses[0].addons.len(), 1);
        assert_eq!(licenses[0].totals.after, Some(10));
        assert_eq!(licenses[0].addons[0].totals.after, Some(5));
        assert_eq!(licenses[0].addons[0].name(), "Defender");
        assert_eq!(licenses[1].addons, Vec::<&SeenLine>::new());
    }

    #[test]
    fn add_ons_that_are_changed_stand_under_their_license_where_it_is_changed_too() {
        let change = |id: u128, change: RequestedChange| Line {
            change,
            subscription: sample::line(1).subscription,
            ..sample::line(id)
        };
        let more = |id: u128, addon: &str, to: u32| {
            let addon = addon.to_owned();
            change(id, RequestedChange::AddonQuantity { addon, from: 1, to })
        };
        let names = |lines: Vec<Line>| {
            let order = Order {
                kind: OrderKind::Update,
                lines,
                ..sample::order(Stage::Released, Vec::new())
            };
            let seen = seen(&order, CUSTOMER);
            let told = seen.licenses().into_iter().map(|one| {
                let addons = one.addons.iter().map(|addon| addon.name().to_owned());
                (one.line.name().to_owned(), addons.collect::<Vec<_>>())
            });
            told.collect::<Vec<_>>()
        };
        let license = change(3, RequestedChange::Quantity { from: 10, to: 15 });
        let of = |name: &str, addons: &[&str]| {
            let addons: Vec<String> = addons.iter().map(|name| (*name).to_owned()).collect();
            (name.to_owned(), addons)
        };
        assert_eq!(
            names(vec![more(1, "A", 5), license, more(2, "B", 6)]),
            [of("Microsoft 365 E3", &["A", "B"])]
        );
        assert_eq!(
            names(vec![more(1, "A", 5), more(2, "B", 6)]),
            [of("A", &[]), of("B", &[])]
        );
    }

    #[test]
    fn seats_that_become_something_else_are_told_of_what_they_leave() {
        let change = RequestedChange::Upgrade {
            from: "Office 365 E1".into(),
            to: "Microsoft 365 E3".into(),
            part: Some(crate::order::change::Part { seats: 4, of: 10 }),
        };
        let line = Line {
            change,
            state: sample::finished(),
            ..sample::line(1)
        };
        let mut order = sample::order(Stage::Released, vec![sample::finished()]);
        order.lines = vec![line];
        let seen = seen(&order, CUSTOMER);
        let line = &seen.lines[0];
        assert_eq!((line.totals.now, line.counts()), (6, "Office 365 E1"));
        assert_eq!((line.moved(), line.name()), (Some(4), "Microsoft 365 E3"));
    }

    #[test]
    fn an_add_on_needs_a_license_of_the_same_order_and_no_add_on_has_add_ons() {
        let (actor, now) = (sample::actor(), sample::now());
        let mut order = sample::cart(&[1]);
        assert_eq!(order.add(addon(3, 9), &actor, now), Err(Refusal::NoParent));
        order.add(addon(3, 1), &actor, now).expect("added");
        assert_eq!(order.add(addon(4, 3), &actor, now), Err(Refusal::NoParent));
        assert_eq!(order.lines.len(), 2);
    }

    #[test]
    fn a_license_takes_its_add_ons_out_of_the_cart_with_it() {
        let (actor, now) = (sample::actor(), sample::now());
        let mut order = sample::cart(&[1, 2]);
        let license = order.lines[0].id;
        order.add(addon(3, 1), &actor, now).expect("added");
        let told = order.remove(license, &actor, now).expect("removed");
        let told: Vec<_> = told
            .iter()
            .filter_map(|event| event.detail.as_deref())
            .collect();
        assert_eq!(told, ["Microsoft 365 E3", "Defender"]);
        assert_eq!(order.lines.len(), 1);
        let mut alone = sample::cart(&[1]);
        alone.add(addon(3, 1), &actor, now).expect("added");
        alone.remove(license, &actor, now).expect("removed");
        assert_eq!(alone.stage, Stage::Deleted, "nothing is left to buy");
        assert!(
            alone
                .lines
                .iter()
                .all(|line| line.state == LineState::Deleted)
        );
    }

    #[test]
    fn an_add_on_alone_is_taken_out_or_changed_and_its_license_stays() {
        let (actor, now) = (sample::actor(), sample::now());
        let mut order = sample::cart(&[1]);
        order.add(addon(3, 1), &actor, now).expect("added");
        let id = order.lines[1].id;
        let mut price = order.lines[1].price;
        price.quantity = 8;
        order
            .change_quantity(id, price, &actor, now)
            .expect("changed");
        assert_eq!(order.lines[1].change.text(), "Add-on Defender 0 → 8");
        order.remove(id, &actor, now).expect("removed");
        assert_eq!((order.lines.len(), &order.stage), (1, &Stage::Cart));
    }
}
