//! What vendors tell by themselves, once it is proven to be theirs: lines that wait for it are asked about at
//! once. Nothing is changed by what is told; what a vendor is asked decides.

use connectors::Settings;
use connectors::partner_center::{Event, Signed};
use domain::order::Order;
use domain::order::line::LineState;
use domain::task::Task;
use jiff::Timestamp;
use store::{Tx, catalog, orders, tasks};

use crate::subscriptions::find_changed;
use crate::{App, Error, worker};

/// Lines that one hint is held against.
const LINES_MAX: u32 = 200;

impl App {
    /// Hears an event of Partner Center for a connection; how many lines are asked about sooner. Whatever is not
    /// proven is refused in the same way, also where there is no such connection.
    pub async fn hear_partner_center(
        &self,
        partner: &str,
        vendor: &str,
        signed: Signed<'_>,
        body: &[u8],
    ) -> Result<usize, Error> {
        let vendors = self.vendors(partner).await.map_err(|error| match error {
            Error::NotFound | Error::Invalid { .. } => Error::Unproven,
            other => other,
        })?;
        let vendor = vendors.into_iter().find(|known| known.slug == vendor);
        let vendor = vendor.ok_or(Error::Unproven)?;
        let Settings::PartnerCenter(account) = worker::settings(&vendor)? else {
            return Err(Error::Unproven);
        };
        let now = self.clock.now();
        let heard = self.webhooks.hear(&account, signed, body, now).await;
        let event = heard.map_err(|unproven| {
            tracing::info!(%unproven, vendor = %vendor.id, "an event is not believed");
            Error::Unproven
        })?;
        let Some(event) = event else {
            return Ok(0);
        };
        let state = (vendor, event, now);
        let hastened = self
            .store
            .write(state, |(vendor, event, now), tx| {
                Box::pin(async move { hasten(tx, vendor, event, *now).await })
            })
            .await?;
        if hastened > 0 {
            self.wake.notify_one();
        }
        Ok(hastened)
    }
}

async fn hasten(
    tx: &mut Tx,
    vendor: &catalog::Vendor,
    event: &Event,
    now: Timestamp,
) -> Result<usize, Error> {
    let mut hastened = 0;
    for task in tasks::list_resting(tx, vendor.id, now, LINES_MAX).await? {
        let order = orders::load(tx, task.organization, task.order).await?;
        if waits_for(tx, &order, &task, event).await? {
            tasks::hasten(tx, &task, now).await?;
            hastened += 1;
        }
    }
    Ok(hastened)
}

/// A line that was sent waits for its vendor; one that was not waits for its turn.
async fn waits_for(tx: &mut Tx, order: &Order, task: &Task, event: &Event) -> Result<bool, Error> {
    let Some(line) = order.lines.iter().find(|line| line.id == task.line) else {
        return Ok(false);
    };
    let operation = match &line.state {
        LineState::Accepted { operation, .. } => operation.as_deref(),
        LineState::Checking { .. } => None,
        _ => return Ok(false),
    };
    let changed = find_changed(tx, order, line).await?;
    let reference = changed.map(|(reference, _)| reference);
    Ok(event.is_about(operation, reference.as_deref()))
}
