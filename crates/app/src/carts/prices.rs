//! Prices of a cart: today's, frozen with what is bought, and told where they moved.

use domain::event::Event;
use domain::offer::{Offer, form};
use domain::order::line::Line;
use domain::order::{Order, Refusal};
use jiff::Timestamp;
use store::{Tx, orders};

use super::{check_quantity, load};
use crate::access::Access;
use crate::{App, Error, catalog};

impl App {
    /// Puts today's prices into the cart; what moved is told in the order, and buying it takes a look at
    /// the new version.
    pub(super) async fn reprice_cart(&self, access: &Access) -> Result<(), Error> {
        let state = (access.clone(), self.clock.now());
        let repriced = self.store.write(state, |(access, now), tx| {
            Box::pin(async move {
                let mut order = load(tx, access).await?;
                let events = reprice(tx, access, &mut order, *now).await?;
                Ok::<_, Error>(orders::save(tx, &mut order, &events, *now).await?)
            })
        });
        repriced.await?;
        self.committed(access.tenant());
        Ok(())
    }
}

/// What is charged is what was shown: an offer that is withdrawn or costs something else stops it. What
/// stands behind an unchanged price is today's.
pub(super) async fn freeze(
    tx: &mut Tx,
    access: &Access,
    order: &mut Order,
    now: Timestamp,
) -> Result<(), Error> {
    let items = order.lines.iter().map(|line| &line.item);
    let asked = items.map(|item| item.offer).collect();
    let offers = catalog::load_all(tx, access, asked, now).await?;
    for line in &mut order.lines {
        let (offer, plan) = offers.find(line.item.offer, line.item.plan)?;
        if line.parent.is_none() {
            catalog::check_alone(tx, access, offer, now).await?;
        }
        check_answers(offer, line)?;
        let quantity = check_quantity(offer, line.price.quantity.into())?;
        let today = offers.quote(offer, plan, quantity)?;
        if today.unit.customer != line.price.unit.customer {
            return Err(Error::Repriced);
        }
        line.price = today;
    }
    Ok(())
}

/// What a vendor asks for may have become another since the license was put into the cart.
fn check_answers(offer: &Offer, line: &Line) -> Result<(), Error> {
    let wrong = form::check(offer.form.as_ref(), &line.parameters);
    let Some((name, reason)) = wrong.into_iter().next() else {
        return Ok(());
    };
    let question = offer.form.as_ref().and_then(|form| form.question(&name));
    let title = question.map_or(name.as_str(), |question| question.title.as_str());
    let words = format!(
        "{}: {title} {reason}; remove it from the cart and add it again with what is asked for now",
        offer.name
    );
    Err(Refusal::Because(words).into())
}

/// Today's prices for a cart that comes back; each that moved is told (T5). What is no longer sold
/// keeps its price and is refused when it is placed.
pub(crate) async fn reprice(
    tx: &mut Tx,
    access: &Access,
    order: &mut Order,
    now: Timestamp,
) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    let asked = order.lines.iter().map(|line| line.item.offer).collect();
    let offers = catalog::load_all(tx, access, asked, now).await?;
    for (id, item, price) in order
        .lines
        .clone()
        .into_iter()
        .map(|l| (l.id, l.item, l.price))
    {
        let Ok((offer, plan)) = offers.find(item.offer, item.plan) else {
            continue;
        };
        let today = offers.quote(offer, plan, price.quantity)?;
        if today.unit.customer != price.unit.customer {
            let told = order.change_quantity(id, today, access.actor(), now)?;
            events.extend(told.into_iter().map(|event| Event {
                detail: Some(format!(
                    "{}: the price is now {} instead of {}",
                    item.name, today.unit.customer, price.unit.customer
                )),
                ..event
            }));
        }
    }
    Ok(events)
}
