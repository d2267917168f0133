//! What an organization has running: lists, details and history. It is changed by orders alone.

mod cancel;
pub(crate) mod change;
mod choices;
mod lacking;
mod typed;

use std::collections::BTreeSet;

use domain::access::Permission;
use domain::id::{LineId, SubscriptionId};
use domain::order::Order;
use domain::order::line::{Line, LineState};
use domain::order::seen::SeenOrder;
use domain::order::slot::Slot;
use domain::provisioning::Abilities;
use domain::subscription::effect::Done;
use domain::subscription::history::Entry;
use domain::subscription::{SeenSubscription, Subscription};
use domain::text::Invalid;
use jiff::{SignedDuration, Timestamp};
use store::subscriptions::{self, Filter};
use store::{Tx, orders, slots};

pub(crate) use self::cancel::Cancellation;
pub use self::change::{Change, Changed};
pub use self::choices::{Choice, Choices};
pub use self::lacking::{ChoiceKind, Lack};
pub use self::typed::{TypedAddon, TypedUpgrade, TypedWish};
use crate::access::Access;
use crate::{App, Error, worker};

/// Subscriptions on one page at the most.
pub const PAGE_MAX: u32 = 200;
/// Planned orders that are shown at the most.
const PLANNED_MAX: u32 = 500;
/// Days that "soon" means where somebody asks for 0 days (`reference.md` 6.1).
const SOON_DAYS: u32 = 30;

/// What of an organization's subscriptions is asked for, as it is typed.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `active`, `suspended`, `canceled` or `expired`.
    pub status: Option<String>,
    /// Words that name, license, vendor and tenant have among them.
    pub words: String,
    /// Ends within so many days, with auto-renewal off; 0 counts as 30.
    pub expires_within: Option<u32>,
    /// Renews within so many days; 0 counts as 30.
    pub renews_within: Option<u32>,
    /// Continue after this place.
    pub after: Option<(Timestamp, SubscriptionId)>,
    /// At most so many.
    pub limit: u32,
}

/// A page of subscriptions, newest first.
#[derive(Debug, Clone)]
pub struct Subscriptions {
    /// These.
    pub found: Vec<SeenSubscription>,
    /// Where the next page begins.
    pub after: Option<(Timestamp, SubscriptionId)>,
}

/// A subscription with what stands around it.
#[derive(Debug, Clone)]
pub struct Details {
    /// Itself.
    pub subscription: SeenSubscription,
    /// Open orders about it, by what they hold.
    pub open: Vec<(Slot, u64)>,
    /// What changed it, latest first; `None` for those who may not see it.
    pub history: Option<Vec<Entry>>,
    /// What its vendor can do.
    pub abilities: Abilities,
    /// Seats that the vendor takes back now, and until when the next of them.
    pub returnable: (u32, Option<Timestamp>),
}

impl App {
    /// The organization's subscriptions, newest first, a page of them.
    pub async fn subscriptions(
        &self,
        access: &Access,
        asked: Asked,
    ) -> Result<Subscriptions, Error> {
        access.require(Permission::SeeOrders)?;
        let limit = asked.limit.clamp(1, PAGE_MAX);
        let filter = self.filter(asked)?;
        let mut tx = self.store.read().await?;
        let mut found = subscriptions::list(&mut tx, access.tenant(), &filter, limit + 1).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().map(|last| (last.started_at, last.id));
        let seen = |found: &Subscription| found.seen_by(access.visibility());
        Ok(Subscriptions {
            found: found.iter().map(seen).collect::<Result<_, _>>()?,
            after: last.filter(|_| has_more),
        })
    }

    /// Those of a selection that are here, newest first.
    pub async fn selected_subscriptions(
        &self,
        access: &Access,
        selected: &BTreeSet<SubscriptionId>,
    ) -> Result<Vec<SeenSubscription>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        let found = subscriptions::find_all(&mut tx, access.tenant(), selected).await?;
        let seen = |found: &Subscription| found.seen_by(access.visibility());
        Ok(found.iter().map(seen).collect::<Result<_, _>>()?)
    }

    fn filter(&self, asked: Asked) -> Result<Filter, Error> {
        let status = asked.status.as_deref().map(|name| {
            subscriptions::status(name).ok_or_else(|| Error::Invalid {
                field: "/status",
                reason: Invalid("must be active, suspended, canceled or expired".into()),
            })
        });
        let within = asked.expires_within.or(asked.renews_within);
        let ends_before = within.map(|days| {
            let days = if days == 0 { SOON_DAYS } else { days };
            let later = SignedDuration::from_hours(24 * i64::from(days));
            self.clock
                .now()
                .saturating_add(later)
                .unwrap_or(Timestamp::MAX)
        });
        let words = asked.words.split_whitespace().map(str::to_lowercase);
        Ok(Filter {
            status: status.transpose()?,
            vendor: None,
            words: words.take(8).collect(),
            ends_before,
            auto_renews: within.map(|_| asked.expires_within.is_none()),
            after: asked.after,
        })
    }

    /// How many subscriptions are in each state, by its name.
    pub async fn count_subscriptions(&self, access: &Access) -> Result<Vec<(String, u64)>, Error> {
        access.require(Permission::SeeOrders)?;
        let mut tx = self.store.read().await?;
        Ok(subscriptions::count_by_status(&mut tx, access.tenant()).await?)
    }

    /// Orders that wait for their date, the earliest first; a few hundred at the most.
    pub async fn planned_changes(&self, access: &Access) -> Result<Vec<SeenOrder>, Error> {
        access.require(Permission::SeeOrders)?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let mut tx = self.store.read().await?;
        let mut found = Vec::new();
        for number in slots::list_planned(&mut tx, tenant, PLANNED_MAX).await? {
            if let Some(order) = orders::find(&mut tx, tenant, number, seen).await? {
                found.extend(order.seen_by(seen)?);
            }
        }
        found.sort_by_key(|order| (order.scheduled_on, order.number));
        Ok(found)
    }

    /// One subscription with its open orders and its history.
    pub async fn subscription(
        &self,
        access: &Access,
        id: SubscriptionId,
    ) -> Result<Details, Error> {
        access.require(Permission::SeeOrders)?;
        let (tenant, seen) = (access.tenant(), access.visibility());
        let mut tx = self.store.read().await?;
        let found = subscriptions::find(&mut tx, tenant, id).await?;
        let found = found.ok_or(Error::NotFound)?;
        let may_see_history = access
            .standing()
            .may_view(Permission::SeeSubscriptionHistory);
        let history = match may_see_history {
            true => Some(subscriptions::history(&mut tx, tenant, id, seen).await?),
            false => None,
        };
        let chain = &access.organization().chain;
        let now = self.clock.now();
        Ok(Details {
            open: slots::list(&mut tx, tenant, id).await?,
            abilities: worker::abilities(&mut tx, chain, found.item.vendor).await?,
            returnable: (found.returnable(now), found.next_deadline(now)),
            subscription: found.seen_by(seen)?,
            history,
        })
    }
}

/// Keeps what finished lines make of subscriptions: those that the events tell of.
pub(crate) async fn keep_all(
    tx: &mut Tx,
    order: &Order,
    decided: impl Iterator<Item = LineId>,
) -> Result<(), Error> {
    let mut decided: Vec<LineId> = decided.collect();
    decided.sort_unstable();
    decided.dedup();
    for line in order.lines.iter().filter(|line| decided.contains(&line.id)) {
        keep(tx, order, line).await?;
    }
    Ok(())
}

/// Keeps what a finished line makes of its subscription; any other line makes nothing.
pub(crate) async fn keep(tx: &mut Tx, order: &Order, line: &Line) -> Result<(), Error> {
    let Some(done) = Done::by(line) else {
        return Ok(());
    };
    let begun = Subscription::begun_by(order, line);
    let known = subscriptions::load(tx, order.organization, line.subscription).await?;
    match (known, &begun) {
        (Some(mut known), begun) if begun.as_ref().is_none_or(|begun| begun.id != known.id) => {
            known.apply(&done);
            subscriptions::save(tx, &known).await?;
            cancel::undo(tx, order, line, &known).await?;
        }
        // A purchase that is told twice; or one of a subscription that is not here.
        _ => {}
    }
    if let Some(begun) = begun {
        join(tx, begun, &done).await?;
    }
    if let Some(entry) = Entry::of(order, line) {
        subscriptions::append(tx, order.organization, line.subscription, &entry).await?;
        if let Some(destination) = line.destination {
            subscriptions::append(tx, order.organization, destination, &entry).await?;
        }
    }
    Ok(())
}

/// A new subscription; or seats that join the one that is there.
async fn join(tx: &mut Tx, begun: Subscription, done: &Done<'_>) -> Result<(), Error> {
    let known = subscriptions::load(tx, begun.organization, begun.id).await?;
    let is_purchase = matches!(
        done.change,
        domain::order::change::RequestedChange::Purchase { .. }
    );
    match known {
        None => Ok(subscriptions::save(tx, &begun).await?),
        Some(_) if is_purchase => Ok(()),
        Some(mut known) => {
            known.take_in(done, begun.quantity);
            Ok(subscriptions::save(tx, &known).await?)
        }
    }
}

/// The vendor's id and the item of what a line changes, as its subscription or its license has them now.
pub(crate) async fn find_changed(
    tx: &mut Tx,
    order: &Order,
    line: &Line,
) -> Result<Option<(String, domain::order::line::Item)>, Error> {
    if let Some(parent) = order
        .lines
        .iter()
        .find(|parent| Some(parent.id) == line.parent)
        && let LineState::Finished {
            vendor_reference, ..
        } = &parent.state
    {
        return Ok(Some((vendor_reference.clone(), parent.item.clone())));
    }
    let known = subscriptions::find(tx, order.organization, line.subscription).await?;
    Ok(known.map(|known| (known.vendor_reference, known.item)))
}
