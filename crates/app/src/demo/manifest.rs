//! The demo world told as it is, for whoever checks rights against the truth.

use domain::access::Visibility;
use domain::order::listing::Listing;
use domain::order::listing::search::Named;
use domain::order::phase::View;
use domain::text::Email;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::orders;
use store::{organizations, subscriptions, users};

use super::{ORGANIZATIONS, PASSWORD, damaged, organization, people};
use crate::{App, Error};

/// More than the demo world has.
const ALL: u32 = 100_000;
const EVERYTHING: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};

impl App {
    /// Every organization, user, role, order and subscription with its owner.
    pub async fn demo_manifest(&self) -> Result<Value, Error> {
        let mut tx = self.store.read().await?;
        let (mut places, mut found_orders, mut found_subscriptions) = (vec![], vec![], vec![]);
        for (number, slug, ..) in ORGANIZATIONS {
            let place = organizations::find_by_id(&mut tx, organization(*number)).await?;
            let place = place.ok_or(Error::NotFound)?;
            let parent = match place.chain.get(1) {
                Some(id) => organizations::find_by_id(&mut tx, *id).await?,
                None => None,
            };
            places.push(
                json!({ "id": place.id, "slug": slug, "name": place.name, "kind": place.kind,
                "status": place.status, "country": place.country.code(), "currency": place.currency,
                "parent": parent.map(|parent| parent.slug) }),
            );
            for view in [View::Recent, View::Historical] {
                let listing = Listing {
                    limit: ALL,
                    ..Listing::of(view)
                };
                let search = listing.search(Named::default(), self.now(), &TimeZone::UTC);
                let reading = listing.reading();
                let found = orders::list(&mut tx, place.id, &search, reading, EVERYTHING);
                for order in found.await?.orders {
                    found_orders.push(json!({ "organization": slug, "number": order.number,
                        "id": order.id, "view": view, "status": order.status(), "kind": order.kind,
                        "created_by": order.created_by.email,
                        "markup_only": order.is_markup_only(),
                        "items": order.lines.iter().map(|line| line.id).collect::<Vec<_>>(),
                        "notes": order.notes.len() }));
                }
            }
            for subscription in
                subscriptions::list(&mut tx, place.id, &subscriptions::Filter::default(), ALL)
                    .await?
            {
                found_subscriptions.push(json!({ "organization": slug, "id": subscription.id,
                    "name": subscription.name, "quantity": subscription.quantity }));
            }
        }
        let mut persons = vec![];
        for (email, name, _) in people() {
            let address = Email::parse(&email).map_err(damaged)?;
            let user = users::find_by_email(&mut tx, &address)
                .await?
                .ok_or(Error::NotFound)?;
            let mut roles = vec![];
            for held in users::memberships(&mut tx, user.id).await? {
                let place = organizations::find_by_id(&mut tx, held.organization).await?;
                roles.push(
                    json!({ "organization": place.map(|place| place.slug), "role": held.role }),
                );
            }
            persons.push(json!({ "id": user.id, "email": email, "name": name, "roles": roles }));
        }
        Ok(
            json!({ "password": PASSWORD, "organizations": places, "users": persons,
            "orders": found_orders, "subscriptions": found_subscriptions }),
        )
    }
}
