//! The order desk: what needs people, across the customers of a seller or distributor. It is no part of
//! Customer View, and exists for nobody but staff.

use std::collections::BTreeMap;

use domain::access::{Permission, Standing};
use domain::event::Actor;
use domain::id::{OrganizationId, TaskId};
use domain::order::Refusal;
use domain::order::action::Action;
use domain::order::desk::{
    Asker, DeskEntry, DeskPlace, DeskQuery, DeskReason, DeskTab, stuck_before,
};
use domain::order::listing::Sort;
use domain::order::seen::SeenOrder;
use domain::organization::Organization;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::desk::{COUNT_MAX, Lying, Part};
use store::{Tx, desk, orders, organizations, tasks};

use crate::access::Caller;
use crate::orders::{Count, is_asked};
use crate::views::Shelf;
use crate::{App, Error};

/// Orders that are looked at for one page at the most; a rare filter goes on from there.
const LOOKED_AT_MAX: u32 = 1_000;
/// What to do about an error of ours.
const SET_ASIDE_STEP: &str = "An error of ours stops it; its story tells which. It is tried once an hour; \
                              let it run again once the cause is mended.";
/// Orders that are read at once where a filter may drop many.
const BATCH: u32 = 200;

/// A part of the desk.
#[derive(Debug, Clone, Default)]
pub struct DeskPage {
    /// In the order asked for.
    pub rows: Vec<DeskRow>,
    /// Where the page after this one begins.
    pub next: Option<DeskPlace>,
    /// A rare combination was looked for no farther than this; the page beyond goes on.
    pub searched_to: Option<Timestamp>,
}

/// An order that needs people, as its reader may know it.
#[derive(Debug, Clone)]
pub struct DeskRow {
    /// Whose it is.
    pub customer: Organization,
    /// The order.
    pub order: SeenOrder,
    /// Why it lies here, and since when.
    pub entry: DeskEntry,
    /// What to do about it, for somebody of the reader's rights.
    pub next_step: String,
    /// It waits for a decision that is the reader's.
    pub is_yours: bool,
    /// The reader may let it run again.
    pub may_run_again: bool,
}

/// How many orders lie on each part of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCounts(Vec<(DeskTab, Count)>);

impl DeskCounts {
    /// Part by part, as on the screen.
    pub fn tabs(&self) -> &[(DeskTab, Count)] {
        &self.0
    }
}

/// An organization whose desk the caller works at, and what their roles there amount to for all of its
/// customers.
pub(crate) struct Desk {
    pub(crate) organization: Organization,
    standing: Standing,
}

impl App {
    /// A page of the desk. For whoever has none, it does not exist.
    pub async fn desk(&self, caller: &Caller, query: &DeskQuery) -> Result<DeskPage, Error> {
        let mut tx = self.store.read().await?;
        let desks = desks(&mut tx, caller).await?;
        if desks.is_empty() {
            return Err(Error::NotFound);
        }
        let mut walk = Walk {
            caller,
            query,
            now: self.clock.now(),
            decides_for: caller.decides_for().collect(),
            known: BTreeMap::new(),
        };
        walk.page(&mut tx, &desks).await
    }

    /// How many orders lie on each part of the desk, whatever is filtered.
    pub async fn desk_counts(&self, caller: &Caller) -> Result<DeskCounts, Error> {
        let mut tx = self.store.read().await?;
        let desks = desks(&mut tx, caller).await?;
        if desks.is_empty() {
            return Err(Error::NotFound);
        }
        let now = self.clock.now();
        let mut counts = Vec::new();
        for tab in DeskTab::ALL {
            let mut found = 0;
            for desk in &desks {
                found += desk::count(&mut tx, desk.part(tab, now)).await?;
            }
            let is_exact = found <= COUNT_MAX;
            let found = u64::from(found.min(COUNT_MAX));
            counts.push((tab, Count { found, is_exact }));
        }
        Ok(DeskCounts(counts))
    }

    /// Lets run again what of an order was set aside after errors of our own, instead of once an hour.
    pub async fn run_again(
        &self,
        caller: &Caller,
        organization: &str,
        number: u64,
    ) -> Result<(), Error> {
        caller.require_desk()?;
        let access = self.access(caller, organization).await?;
        access.require(Permission::RetryOrders)?;
        let tenant = access.tenant();
        let state = (access, number, self.clock.now());
        let run = self.store.write(state, |(access, number, now), tx| {
            Box::pin(async move {
                let seen = access.visibility();
                let mut order = orders::load_by_number(tx, access.tenant(), *number, seen).await?;
                let ids: Vec<TaskId> = order.set_aside.iter().map(|known| known.task).collect();
                if ids.is_empty() {
                    return Err(Refusal::Guarded("nothing of this order is set aside").into());
                }
                tasks::run_again(tx, access.tenant(), &ids, *now).await?;
                let resting = tasks::list_set_aside(tx, access.tenant(), &ids).await?;
                let events = order.run_again(&resting, access.actor(), *now);
                if events.is_empty() {
                    let words = "it is being tried at this moment; look again in a minute";
                    return Err(Refusal::Guarded(words).into());
                }
                Ok::<_, Error>(orders::save(tx, &mut order, &events, *now).await?)
            })
        });
        run.await?;
        self.committed(tenant);
        Ok(())
    }

    /// Where a caller keeps views of the desk: one shelf for each desk that they work at.
    pub(crate) async fn desk_shelves(&self, caller: &Caller) -> Result<Vec<Shelf>, Error> {
        let mut tx = self.store.read().await?;
        let desks = desks(&mut tx, caller).await?;
        if desks.is_empty() {
            return Err(Error::NotFound);
        }
        let shelf = |desk: Desk| Shelf {
            seen: desk.standing.visibility(),
            owner: Actor {
                user: caller.user,
                person: caller.name.clone(),
                email: caller.email.clone(),
                organization: desk.organization.id,
                organization_name: desk.organization.name,
            },
        };
        Ok(desks.into_iter().map(shelf).collect())
    }
}

impl Desk {
    fn part(&self, tab: DeskTab, now: Timestamp) -> Part {
        Part {
            organization: self.organization.id,
            reason: tab.reason(),
            before: (tab == DeskTab::Stuck).then(|| stuck_before(now)),
            seen: self.standing.visibility(),
        }
    }
}

/// The desks at which a caller works: of organizations in which they hold a staff role that sees the
/// desk and may enter Customer View. One below another is part of it, so that no order is there twice.
pub(crate) async fn desks(tx: &mut Tx, caller: &Caller) -> Result<Vec<Desk>, Error> {
    let mut held: Vec<OrganizationId> = caller
        .memberships
        .iter()
        .filter(|membership| membership.role.is_staff())
        .map(|membership| membership.organization)
        .collect();
    held.sort_unstable();
    held.dedup();
    let mut found = organizations::list_by_id(tx, &held).await?;
    found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let mut working = Vec::new();
    for organization in found {
        let standing = caller.standing(&organization);
        let works = |standing: &Standing| {
            standing.may(Permission::SeeOrderDesk)
                && standing.may_view(Permission::EnterCustomerView)
        };
        if let Some(standing) = standing.filter(works) {
            working.push((organization, standing));
        }
    }
    let ids: Vec<OrganizationId> = working.iter().map(|(working, _)| working.id).collect();
    let is_top = |organization: &Organization| {
        let mut above = organization.chain.iter().skip(1);
        !above.any(|id| ids.contains(id))
    };
    let top = working.into_iter().filter(|(working, _)| is_top(working));
    Ok(top
        .map(|(organization, standing)| Desk {
            organization,
            standing,
        })
        .collect())
}

/// Looks through the desk, row by row, until a page is full or enough has been looked at.
struct Walk<'w> {
    caller: &'w Caller,
    query: &'w DeskQuery,
    now: Timestamp,
    /// For whom the caller decides about orders.
    decides_for: Vec<OrganizationId>,
    known: BTreeMap<OrganizationId, Organization>,
}

impl Walk<'_> {
    async fn page(&mut self, tx: &mut Tx, desks: &[Desk]) -> Result<DeskPage, Error> {
        let mut page = DeskPage::default();
        let limit = self.query.limit as usize;
        let batch = match self.query.filter.is_empty() {
            true => self.query.limit + 1,
            false => BATCH,
        };
        let (mut from, mut looked_at) = (self.query.from, 0);
        loop {
            let (found, is_last) = self.read(tx, desks, from, batch).await?;
            self.learn(tx, &found).await?;
            for lying in found {
                let place = lying.place();
                if let Some(row) = self.row(lying)? {
                    if page.rows.len() == limit {
                        page.next = from;
                        return Ok(page);
                    }
                    page.rows.push(row);
                }
                from = Some(place);
                looked_at += 1;
            }
            if is_last {
                return Ok(page);
            }
            if looked_at >= LOOKED_AT_MAX.max(self.query.limit + 1) {
                page.next = from;
                page.searched_to =
                    from.and_then(|from| Timestamp::from_microsecond(from.since).ok());
                return Ok(page);
            }
        }
    }

    /// The next rows of all desks together, and whether there are no more.
    async fn read(
        &self,
        tx: &mut Tx,
        desks: &[Desk],
        from: Option<DeskPlace>,
        batch: u32,
    ) -> Result<(Vec<Lying>, bool), Error> {
        let is_oldest_first = self.query.sort == Sort::OldestFirst;
        let (mut found, mut is_last) = (Vec::new(), true);
        for desk in desks {
            let part = desk.part(self.query.tab, self.now);
            let rows = desk::list(tx, part, is_oldest_first, from, batch).await?;
            is_last &= rows.len() < batch as usize;
            found.extend(rows);
        }
        found.sort_by_key(Lying::place);
        if !is_oldest_first {
            found.reverse();
        }
        is_last &= found.len() <= batch as usize;
        found.truncate(batch as usize);
        Ok((found, is_last))
    }

    async fn learn(&mut self, tx: &mut Tx, found: &[Lying]) -> Result<(), Error> {
        let customers = found.iter().map(|lying| lying.order.organization);
        let mut missing: Vec<OrganizationId> = customers
            .filter(|id| !self.known.contains_key(id))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let customers = organizations::list_by_id(tx, &missing).await?;
        self.known
            .extend(customers.into_iter().map(|found| (found.id, found)));
        Ok(())
    }

    /// The row, where the order exists for the caller and the filter asks for it.
    fn row(&self, lying: Lying) -> Result<Option<DeskRow>, Error> {
        let Lying { entry, order } = lying;
        let Some(customer) = self.known.get(&order.organization) else {
            return Ok(None);
        };
        let Some(standing) = self.caller.standing(customer) else {
            return Ok(None);
        };
        let Some(order) = order.seen_by(standing.visibility())? else {
            return Ok(None);
        };
        let asker = Asker {
            user: self.caller.user,
            now: self.now,
            zone: TimeZone::UTC,
        };
        let may = |action: Action| {
            let is_asked = match action {
                Action::Approve | Action::Reject => is_asked(&order, &self.decides_for),
                _ => true,
            };
            is_asked && standing.may(action.permission())
        };
        let is_yours = match entry.reason {
            DeskReason::AwaitingApproval => may(Action::Approve),
            DeskReason::Checking => entry.is_overdue(self.now) && may(Action::ResolveDoubt),
            DeskReason::Failed
            | DeskReason::ByHand
            | DeskReason::InFlight
            | DeskReason::SetAside => false,
        };
        if !self.query.filter.wants(customer, &order, is_yours, &asker) {
            return Ok(None);
        }
        let next_step = match entry.reason {
            DeskReason::ByHand if standing.may(Permission::FulfillManually) => {
                "Fulfill it and write down the vendor's reference, or say why it can't be.".into()
            }
            DeskReason::SetAside => SET_ASIDE_STEP.into(),
            _ => order.next_step(&TimeZone::UTC, may).text,
        };
        Ok(Some(DeskRow {
            customer: customer.clone(),
            order,
            entry,
            may_run_again: entry.reason == DeskReason::SetAside
                && standing.may(Permission::RetryOrders),
            next_step,
            is_yours,
        }))
    }
}
