//! Terms that end by themselves: another one begins, or the subscription ends, a few at a time.

use domain::id::{OrganizationId, SubscriptionId};
use domain::subscription::SubscriptionState;
use domain::subscription::history::Entry;
use jiff::Timestamp;
use store::{Tx, organizations, subscriptions};

use crate::{App, Error, worker};

/// Subscriptions in one sweep at the most; a full sweep is followed by another.
const AT_ONCE: u32 = 64;

impl App {
    /// Renews or ends what is due, once, at most a batch; how many terms ended. What is more than one
    /// term behind comes up again.
    pub async fn renew_due(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let found = {
            let mut tx = self.store.read().await?;
            subscriptions::list_due(&mut tx, now, AT_ONCE).await?
        };
        let mut count = 0;
        for (organization, subscription) in found {
            let state = (organization, subscription, now);
            let renewed = self
                .store
                .write(state, |(organization, subscription, now), tx| {
                    Box::pin(renew(tx, *organization, *subscription, *now))
                });
            match renewed.await {
                Ok(()) => count += 1,
                Err(error) => tracing::error!(%error, %subscription, "a term can't be ended"),
            }
        }
        Ok(count)
    }
}

async fn renew(
    tx: &mut Tx,
    organization: OrganizationId,
    id: SubscriptionId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(mut found) = subscriptions::load(tx, organization, id).await? else {
        return Ok(());
    };
    let customer = organizations::find_by_id(tx, organization).await?;
    let chain = customer.ok_or(Error::NotFound)?.chain;
    let abilities = worker::abilities(tx, &chain, found.item.vendor).await?;
    let Some(ended_at) = found.term_ends_at.filter(|_| found.is_due(now)) else {
        return Ok(());
    };
    found.renew(abilities.cancellation_window.is_some(), now);
    subscriptions::save(tx, &found).await?;
    let text = match found.state {
        SubscriptionState::Expired { .. } => "Expired: the term ended without auto-renewal",
        _ => "Renewed for another term",
    };
    let entry = Entry {
        at: ended_at,
        by: None,
        order: None,
        line: found.line,
        text: text.to_owned(),
        is_hidden: false,
    };
    Ok(subscriptions::append(tx, organization, id, &entry).await?)
}
