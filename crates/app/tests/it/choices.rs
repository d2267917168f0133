//! What a subscription can be changed to, and why where there is nothing.

use domain::id::{OfferId, SubscriptionId, VendorId};
use domain::offer::{Cadence, Country, Offer};
use uuid::Uuid;

use super::*;

const EXCHANGE: &str = "Exchange Online Plan 1";

impl World {
    async fn lacking(&self, access: &Access, id: SubscriptionId) -> Vec<String> {
        let choices = self.app.change_choices(access, id).await.unwrap();
        let item = self.one(access, id).await.item;
        let lacking = choices.lacking.iter();
        lacking
            .map(|(kind, lack)| format!("{}: {}", lack.name(), lack.reason(*kind, &item)))
            .collect()
    }

    /// Two licenses beside the mailbox, and an add-on to it.
    async fn add_beside(&self, change: impl Fn(&mut Offer)) {
        let mailbox = OfferId(Uuid::from_u128(4));
        self.add_offers(3, |number, offer| {
            offer.vendor = VendorId(Uuid::from_u128(1));
            offer.vendor_name = "Microsoft".into();
            offer.product = "exchange-online".into();
            if number == 1_000_200 {
                offer.parents = vec![mailbox];
            }
            change(offer);
        })
        .await;
    }
}

#[test]
fn where_there_is_nothing_to_choose_the_reason_and_the_way_out_are_told() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let id = world.bought(&access, EXCHANGE, 5).await.id;
        assert_eq!(
            world.lacking(&access, id).await,
            [
                "nothing: Microsoft has no other license that Exchange Online Plan 1 can become",
                "nothing: Microsoft has no add-on to Exchange Online Plan 1",
            ]
        );
        let latvian = Country::parse("LV").ok();
        world
            .add_beside(|offer| {
                offer
                    .plans
                    .iter_mut()
                    .for_each(|plan| plan.market = latvian)
            })
            .await;
        let elsewhere = "can't be bought here: it is sold in LV and not in LT";
        let ask = "Ask whoever sells to you for another way";
        let (one, other) = ("Cirrus Archive 1000000", "Cirrus Archive 1000100");
        assert_eq!(
            world.lacking(&access, id).await,
            [
                format!("not_here: {one} {elsewhere}; {other} {elsewhere}. {ask}"),
                format!("not_here: Cirrus Archive 1000200 {elsewhere}. {ask}"),
            ]
        );
        // Sold here by the month: what is an add-on comes on its own terms.
        let month = Cadence {
            term_months: 1,
            cycle_months: 1,
        };
        world
            .add_beside(|offer| {
                offer.plans.truncate(1);
                offer.plans[0].cadence = month;
            })
            .await;
        let lacking = world.lacking(&access, id).await;
        assert_eq!(lacking.len(), 1);
        let words = format!("other_terms: {one}, {other} can be had on other terms than");
        assert!(lacking[0].starts_with(&words), "{lacking:?}");
        // Withdrawn: as if there were none.
        world.add_beside(|offer| offer.is_withdrawn = true).await;
        let lacking = world.lacking(&access, id).await;
        assert!(
            lacking.iter().all(|why| why.starts_with("nothing: ")),
            "{lacking:?}"
        );
    });
}
