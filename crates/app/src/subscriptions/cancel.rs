//! Taking back one line of a purchase (T17): an update order that cancels its subscription, and what that
//! order makes of the purchase once it is done.

use domain::id::{OrderId, SubscriptionId};
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::{Line, LineState};
use domain::subscription::Subscription;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Tx, orders, subscriptions};

use super::change::{Asking, Consent, Placing, check_rights, lines};
use super::typed::TypedWish;
use crate::access::Access;
use crate::clock::TaskIds;
use crate::{Error, admissions};

/// The order that asks the vendor to take a purchase back.
pub(crate) struct Cancellation {
    /// What was bought.
    pub(crate) subscription: SubscriptionId,
    /// Id and number of the new order.
    pub(crate) order: (OrderId, u64),
    /// The terms that were accepted with the purchase.
    pub(crate) terms: Option<String>,
    pub(crate) lines: TaskIds,
    pub(crate) ids: TaskIds,
    /// A new subscription's id, which every wish has at hand.
    pub(crate) destination: SubscriptionId,
}

impl Cancellation {
    /// Places it, by the same rules as any change.
    pub(crate) async fn place(
        self,
        tx: &mut Tx,
        access: &Access,
        now: Timestamp,
    ) -> Result<Order, Error> {
        let wish = TypedWish {
            status: Some("canceled".into()),
            ..TypedWish::default()
        };
        check_rights(access, &wish)?;
        let found = subscriptions::load(tx, access.tenant(), self.subscription).await?;
        let found = found.ok_or(Error::NotFound)?;
        let admission = admissions::load(tx, access).await?;
        let asking = Asking {
            access,
            admission: &admission,
            typed: &wish,
            zone: &TimeZone::UTC,
            destination: self.destination,
            now,
        };
        let (wish, decision) = asking.decide(tx, &found).await?;
        asking.make_room(tx, &found, &decision, &wish).await?;
        let placing = Placing {
            order: self.order,
            lines: lines(&found, &decision.steps, self.lines, 0),
            waits: None,
            ids: self.ids,
            terms: self.terms.map_or(Consent::Shown(None), Consent::Given),
        };
        placing.run(tx, (access, &admission), now).await
    }
}

/// What a cancellation that is done makes of the order that bought the subscription.
pub(super) async fn undo(
    tx: &mut Tx,
    order: &Order,
    line: &Line,
    ended: &Subscription,
) -> Result<(), Error> {
    let (RequestedChange::Cancel, LineState::Finished { at, .. }) = (&line.change, &line.state)
    else {
        return Ok(());
    };
    let asked = order.placed_at.unwrap_or(*at);
    let mut bought = orders::load(tx, ended.organization, ended.order).await?;
    let events = bought.undo(ended.line, order.number, asked, *at)?;
    if !events.is_empty() {
        orders::save(tx, &mut bought, &events, *at).await?;
    }
    Ok(())
}
