//! Filing by itself: orders that outlived the recent window leave Recent, a few at a time.

use domain::id::{OrderId, OrganizationId};
use domain::order::filing::RecentWindow;
use jiff::{SignedDuration, Timestamp};
use store::{Tx, orders, rests};

use crate::{App, Error};

/// Orders in one sweep at the most; a full sweep is followed by another.
const AT_ONCE: u32 = 64;
/// From one sweep to the next.
pub(crate) const PAUSE: SignedDuration = SignedDuration::from_secs(60);

impl App {
    /// Files what is due, once, at most a batch; how many orders were filed. Several workers may do it
    /// at the same time: each order is decided where it is locked.
    pub async fn file_due(&self) -> Result<usize, Error> {
        let (window, now) = (self.recent_window, self.clock.now());
        let found = {
            let mut tx = self.store.read().await?;
            rests::list(&mut tx, window.begins(now), now, AT_ONCE).await?
        };
        let files = found.into_iter().map(|(organization, order)| async move {
            let state = (organization, order, window, now);
            let filed = self
                .store
                .write(state, |(organization, order, window, now), tx| {
                    Box::pin(file(tx, *organization, *order, *window, *now))
                });
            match filed.await {
                Ok(true) => self.committed(organization),
                Ok(false) => return false,
                // Another worker was faster, or the order moved: the next sweep looks again.
                Err(Error::Changed) => return false,
                Err(error) => {
                    tracing::error!(%error, %order, "an order can't be filed");
                    return false;
                }
            }
            true
        });
        let filed = futures::future::join_all(files).await;
        Ok(filed.into_iter().filter(|is_filed| *is_filed).count())
    }
}

async fn file(
    tx: &mut Tx,
    organization: OrganizationId,
    id: OrderId,
    window: RecentWindow,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut order = orders::load(tx, organization, id).await?;
    let Some(events) = order.file_if_due(window, now) else {
        rests::correct(tx, &order).await?;
        return Ok(false);
    };
    orders::save(tx, &mut order, &events, now).await?;
    Ok(true)
}
