//! What a person can make of a difference: our record takes the vendor's word, or the vendor is asked to
//! be as our record says. Both are lines of an order.

use jiff::{SignedDuration, Timestamp};

use super::{Drift, Standing};
use crate::money::Money;
use crate::order::change::RequestedChange;
use crate::order::line::{Item, LinePrice};
use crate::price::refund::closing;
use crate::subscription::decide::Step;
use crate::subscription::effect::TENANT;
use crate::subscription::wish::Target;
use crate::subscription::{Batch, Subscription, SubscriptionState};

/// Why a difference can't be resolved that way, and which way is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unresolvable(pub &'static str);

/// What the vendor is asked for, so that it is as our record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// So many seats.
    Quantity(u32),
    /// In this state, by its name.
    Status(&'static str),
    /// Another term, or none.
    Renewal(bool),
    /// Its own plan, with its own term and billing cycle.
    Plan,
}

impl Drift {
    /// What is asked of the vendor to correct it.
    pub fn correction(&self) -> Result<Wanted, Unresolvable> {
        match self {
            Drift::Quantity { ours, .. } => Ok(Wanted::Quantity(*ours)),
            Drift::Term { .. } => Ok(Wanted::Plan),
            Drift::Renewal { ours, .. } => Ok(Wanted::Renewal(*ours)),
            Drift::State {
                theirs: Standing::Ended,
                ..
            } => Err(Unresolvable(
                "what has ended at the vendor can't be brought back: accept it, and buy anew",
            )),
            Drift::State { ours, .. } => Ok(Wanted::Status(match ours {
                Standing::Active => "active",
                Standing::Suspended => "suspended",
                Standing::Ended => "canceled",
            })),
            Drift::Product { .. } => Err(Unresolvable(
                "a license is not changed back by itself: accept it, and upgrade it to what it should be",
            )),
            Drift::Tenant { .. } => Err(Unresolvable(
                "no vendor moves a subscription between customers: accept it, or ask the vendor",
            )),
            Drift::Price { .. } => Err(Unresolvable(
                "no order changes what a vendor asks: accept it, or settle it with the vendor",
            )),
            Drift::Missing => Err(Unresolvable(
                "the vendor has nothing that could be corrected: accept it, and buy anew",
            )),
            Drift::Unknown => Err(Unresolvable(
                "there is no record of ours to correct it by: adopt it, or end it at the vendor",
            )),
        }
    }

    /// Whether our record can take the vendor's word; an unknown one is adopted instead.
    pub fn is_acceptable(&self) -> bool {
        *self != Drift::Unknown
    }
}

impl Subscription {
    /// The subscription as its vendor has it, to decide by what a correction asks. Seats of which only the
    /// vendor knows may be young enough to be given back: that is for the vendor to say.
    pub fn as_told(
        &self,
        drift: &Drift,
        window: Option<SignedDuration>,
        now: Timestamp,
    ) -> Subscription {
        let mut told = self.clone();
        match drift {
            Drift::Quantity { theirs, .. } => {
                match theirs.checked_sub(told.quantity) {
                    Some(more) => told.add_seats(Batch {
                        seats: more,
                        since: now,
                        returnable_until: window.map(|window| closing(now + window)),
                    }),
                    None => told.take_seats(told.quantity - theirs),
                }
                told.price.quantity = told.quantity;
            }
            Drift::Term { theirs, .. } => told.item.cadence = *theirs,
            Drift::Renewal { theirs, .. } => told.auto_renews = *theirs,
            Drift::State { theirs, .. } => {
                told.state = match theirs {
                    Standing::Active => SubscriptionState::Active,
                    Standing::Suspended => SubscriptionState::Suspended { since: now },
                    Standing::Ended => SubscriptionState::Canceled { at: now },
                };
            }
            // None of them is corrected.
            Drift::Product { .. }
            | Drift::Tenant { .. }
            | Drift::Price { .. }
            | Drift::Unknown
            | Drift::Missing => {}
        }
        told
    }

    /// The line by which our record takes the vendor's word. `target` is the catalog's plan of what the
    /// vendor has, which has its price.
    pub fn accept(&self, drift: &Drift, target: Option<&Target>) -> Result<Step, Unresolvable> {
        use RequestedChange as C;
        let (mut item, mut price) = (self.item.clone(), self.price);
        let change = match drift {
            Drift::Product { .. } => {
                (item, price) = self.priced_anew(target)?;
                let (from, to) = (self.item.name.clone(), item.name.clone());
                match price.unit.partner.minor < self.price.unit.partner.minor {
                    true => C::Downgrade { from, to },
                    false => C::Upgrade {
                        from,
                        to,
                        part: None,
                    },
                }
            }
            Drift::Quantity { theirs, .. } => {
                price.quantity = *theirs;
                C::Quantity {
                    from: self.quantity,
                    to: *theirs,
                }
            }
            Drift::Term { theirs, .. } => {
                (item, price) = self.priced_anew(target)?;
                match theirs.term_months == self.item.cadence.term_months {
                    true => C::billing_cycle(self.item.cadence, *theirs),
                    false => C::term(self.item.cadence, *theirs),
                }
            }
            Drift::Renewal { theirs, .. } => C::AutoRenewal {
                from: self.auto_renews,
                to: *theirs,
            },
            Drift::State { theirs, .. } => match theirs {
                Standing::Active => C::Reactivate,
                Standing::Suspended => C::Suspend,
                Standing::Ended => C::Cancel,
            },
            Drift::Missing => C::Cancel,
            Drift::Tenant { theirs, .. } => C::Configuration {
                field: TENANT.into(),
                title: None,
                from: self.tenant.clone().unwrap_or_default(),
                to: theirs.clone(),
                answer: None,
            },
            Drift::Price { theirs, .. } => {
                price.unit.cost = self.payable(*theirs)?;
                C::Cost {
                    from: self.price.unit.cost,
                    to: *theirs,
                }
            }
            Drift::Unknown => {
                return Err(Unresolvable(
                    "there is no record of ours to change: adopt it",
                ));
            }
        };
        Ok(Step {
            change,
            item,
            price,
            markups: None,
            destination: None,
        })
    }

    /// A cost that all figures of this subscription can be made with.
    fn payable(&self, cost: Money) -> Result<Money, Unresolvable> {
        if cost.currency != self.price.unit.cost.currency {
            return Err(Unresolvable(
                "the vendor asks in another currency than we pay in: settle it with the vendor, or buy \
                 anew in that currency",
            ));
        }
        let total = cost.times(self.quantity);
        let total = total.map_err(|_| Unresolvable("so high a cost can't be counted with"));
        total.map(|_| cost)
    }

    fn priced_anew(&self, target: Option<&Target>) -> Result<(Item, LinePrice), Unresolvable> {
        let unsold = Unresolvable(
            "the catalog does not sell what the vendor has on its terms, so that its price is not known",
        );
        let target = target.ok_or(unsold)?;
        let price = target
            .price(self.markups, self.quantity)
            .map_err(|_| unsold)?;
        Ok((target.item.clone(), price))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offer::Cadence;
    use crate::subscription::effect::Done;
    use crate::subscription::effect::tests::subscription;

    fn year() -> Timestamp {
        "2029-01-01T00:00:00Z".parse().expect("an instant")
    }

    /// The order that accepts has been carried out.
    fn take(found: &mut Subscription, step: &Step, at: Timestamp) {
        found.apply(&Done {
            change: &step.change,
            item: &step.item,
            price: step.price,
            markups: None,
            vendor_reference: None,
            is_recorded: true,
            returnable_until: None,
            at,
        });
    }

    /// What was accepted is not found again, and what is corrected is decided on what the vendor has.
    #[test]
    fn a_record_that_takes_the_vendors_word_is_as_the_vendor_has_it() {
        use Standing::{Active, Ended, Suspended};
        let drifts = [
            Drift::Quantity {
                ours: 10,
                theirs: 12,
            },
            Drift::Quantity {
                ours: 10,
                theirs: 7,
            },
            Drift::Renewal {
                ours: true,
                theirs: false,
            },
            Drift::State {
                ours: Active,
                theirs: Suspended,
            },
            Drift::State {
                ours: Active,
                theirs: Ended,
            },
            Drift::Tenant {
                ours: "amber.onmicrosoft.com".into(),
                theirs: "birch".into(),
            },
        ];
        for drift in drifts {
            let (mut found, before) = (subscription(), subscription());
            let step = found.accept(&drift, None).expect("a line");
            take(&mut found, &step, year());
            let told = before.as_told(&drift, None, year());
            assert_eq!(found.quantity, told.quantity, "{drift:?}");
            assert_eq!(found.price.quantity, found.quantity);
            assert_eq!(Standing::from(found.state), Standing::from(told.state));
            match &drift {
                Drift::Tenant { theirs, .. } => assert_eq!(found.tenant.as_ref(), Some(theirs)),
                Drift::State { theirs: Ended, .. } => assert!(!found.auto_renews),
                _ => assert_eq!(found.auto_renews, told.auto_renews),
            }
            assert_eq!(found.parameters, before.parameters);
        }
    }

    #[test]
    fn what_ended_here_and_runs_there_has_renewed_and_catches_up_with_its_terms() {
        let mut found = subscription();
        let ended_at = found.term_ends_at.expect("an end");
        found.auto_renews = false;
        assert!(found.renew(true, ended_at));
        let drift = Drift::State {
            ours: Standing::Ended,
            theirs: Standing::Active,
        };
        let step = found.accept(&drift, None).expect("a line");
        let now = ended_at + SignedDuration::from_hours(24);
        take(&mut found, &step, now);
        assert!(found.renew(true, now) && found.state == SubscriptionState::Active);
        assert_eq!(found.term_starts_at, ended_at);
    }

    fn price(theirs: Money) -> Drift {
        Drift::Price {
            ours: subscription().price.unit.cost,
            theirs,
            cadence: subscription().item.cadence,
        }
    }

    #[test]
    fn a_cost_that_is_taken_over_changes_nothing_that_anybody_else_pays() {
        let (mut found, before) = (subscription(), subscription());
        let cost = before.price.unit.cost;
        let drift = price(Money::new(cost.minor + 70, cost.currency));
        let step = found.accept(&drift, None).expect("a line");
        assert!(step.change.is_markup(), "no customer learns of it");
        take(&mut found, &step, year());
        assert_eq!(found.price.unit.cost.minor, cost.minor + 70);
        let mut rest = found.clone();
        rest.price.unit.cost = cost;
        (rest.version, rest.public_version) = (before.version, before.public_version);
        assert_eq!(rest, before);
        assert_eq!(found.public_version, before.public_version);
        assert!(drift.is_about(&(&before).into()) && !drift.is_about(&(&found).into()));
    }

    #[test]
    fn a_cost_that_can_not_be_counted_with_is_not_accepted_and_none_is_corrected() {
        let cost = subscription().price.unit.cost;
        let krona = crate::money::Currency::parse("SEK").expect("a currency");
        for theirs in [
            Money::new(cost.minor, krona),
            Money::new(i64::MAX, cost.currency),
        ] {
            assert!(subscription().accept(&price(theirs), None).is_err());
            assert!(price(theirs).correction().is_err());
        }
    }

    #[test]
    fn a_term_that_the_catalog_does_not_price_is_not_accepted() {
        let month = Cadence {
            term_months: 1,
            cycle_months: 1,
        };
        let drift = Drift::Term {
            ours: subscription().item.cadence,
            theirs: month,
        };
        assert!(subscription().accept(&drift, None).is_err());
        assert_eq!(drift.correction(), Ok(Wanted::Plan));
    }

    #[test]
    fn nothing_is_corrected_that_no_vendor_can_correct() {
        for drift in [
            Drift::Unknown,
            Drift::Missing,
            Drift::Tenant {
                ours: "a".into(),
                theirs: "b".into(),
            },
            Drift::State {
                ours: Standing::Active,
                theirs: Standing::Ended,
            },
        ] {
            assert!(drift.correction().is_err(), "{drift:?}");
        }
    }
}
