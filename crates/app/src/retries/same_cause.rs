//! Who else fails for the cause that stopped a line, and all of them sent again at once.

use std::collections::BTreeMap;

use domain::access::Permission;
use domain::event::Event;
use domain::id::{LineId, OrganizationId};
use domain::order::Refusal;
use domain::order::attempt::last_cause;
use domain::order::command::Command;
use domain::order::line::LineState;
use domain::order::retry::Cause;
use domain::order::seen::SeenOrder;
use domain::organization::Organization;
use store::{Mode, Tx, failures, organizations};

use crate::access::{Access, Caller};
use crate::desk::{Desk, desks};
use crate::orders::{BULK_MAX, BulkResult, Conditions};
use crate::requests::Once;
use crate::{App, Error};

/// So many others are counted one by one; beyond it there are "more than".
pub const OTHERS_MAX: u32 = 999;
/// Orders that one request tries at the most; those that are refused are not among the [`BULK_MAX`] that
/// it sends again, so that they stand in nobody's way.
const TRIED_MAX: usize = 2_000;

/// How many other orders fail as a line does, or did before it was sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameCause {
    /// The line.
    pub line: LineId,
    /// Other orders in Recent that fail at the same vendor for the same cause, up to [`OTHERS_MAX`].
    pub others: u32,
    /// There are more than that.
    pub is_more: bool,
    /// Orders of other customers on the reader's desk that have failed for it, up to about as many.
    pub elsewhere: u32,
}

/// A wish to send again whatever fails for the cause that stopped a line, last if more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameCauseRetry {
    /// The order, by number.
    pub number: u64,
    /// Its line.
    pub line: LineId,
    /// Also orders of other customers on the caller's desk.
    pub all_customers: bool,
}

/// What became of each order that fails for a cause.
#[derive(Debug)]
pub struct Retried {
    /// Customer by customer.
    pub orders: Vec<RetriedOrder>,
    /// There are more than one request sends again; ask once more.
    pub is_more: bool,
}

/// What became of one of them.
#[derive(Debug)]
pub struct RetriedOrder {
    /// Whose it is.
    pub customer: Organization,
    /// The order after it, or why nothing was done.
    pub result: BulkResult,
}

impl App {
    /// For each failed line of an order how many others fail for the same cause; for whoever may send them
    /// again, also for lines that failed before. A cause is the vendor's code, so a vendor's outage shows as
    /// one number.
    pub async fn same_cause(
        &self,
        caller: &Caller,
        access: &Access,
        order: &SeenOrder,
        events: &[Event],
    ) -> Result<Vec<SameCause>, Error> {
        access.require(Permission::SeeOrders)?;
        let may_retry = access.standing().may(Permission::RetryOrders);
        let (tenant, most) = (access.tenant(), OTHERS_MAX + 1);
        let causes = order.lines.iter().filter_map(|line| {
            let is_failed = matches!(line.state, LineState::Failed { .. });
            let cause = last_cause(line, events).filter(|_| is_failed || may_retry);
            Some((line.id, is_failed, cause?))
        });
        let causes: Vec<(LineId, bool, Cause)> = causes.collect();
        let mut tx = self.store.read().await?;
        let desks = match may_retry && !causes.is_empty() {
            true => desks(&mut tx, caller).await?,
            false => Vec::new(),
        };
        let mut found = Vec::new();
        for (line, is_failed, cause) in causes {
            let others =
                failures::count_others(&mut tx, tenant, &cause, order.number, most).await?;
            let elsewhere = at_desks(&mut tx, &desks, &cause, most).await?;
            let elsewhere = elsewhere.iter().filter(|(customer, _)| *customer != tenant);
            let elsewhere = u32::try_from(elsewhere.count()).unwrap_or(most);
            if is_failed || others + elsewhere > 0 {
                found.push(SameCause {
                    line,
                    others: others.min(OTHERS_MAX),
                    is_more: others > OTHERS_MAX,
                    elsewhere,
                });
            }
        }
        Ok(found)
    }

    /// Sends again the lines that fail for the cause that stopped a line, of every order that the caller
    /// reaches; a result for each. An order is a write of its own, under the caller's rights at its customer
    /// as they are then; once begun it goes on to the end. What was sent again fails for the cause no more,
    /// so asking again goes on with the rest, and with a key touches nothing twice.
    pub async fn retry_same_cause(
        &self,
        caller: &Caller,
        access: &Access,
        asked: SameCauseRetry,
        once: Option<Once>,
        mode: Mode,
    ) -> Result<Retried, Error> {
        access.require(Permission::RetryOrders)?;
        let (order, events) = self.order(access, asked.number).await?;
        let line = order.lines.iter().find(|line| line.id == asked.line);
        let cause = last_cause(line.ok_or(Refusal::NoSuchLine)?, &events);
        let cause = cause.ok_or(Refusal::Guarded("this item has not failed"))?;
        if let Some(once) = &once {
            self.claim(access, once, mode).await?;
        }
        let found = self.failing(caller, access, &cause, asked).await?;
        let (app, caller) = (self.clone(), caller.clone());
        let work = tokio::spawn(async move {
            let (mut orders, mut done) = (Vec::new(), 0);
            let count = found.len();
            for (customer, number) in found.into_iter().take(TRIED_MAX) {
                if done == BULK_MAX {
                    break;
                }
                let conditions = Conditions {
                    expected: None,
                    once: once.as_ref().map(|once| once.of_item(number)),
                };
                let command = Command::RetryCause(cause.clone());
                let outcome = match app.access(&caller, customer.slug.as_str()).await {
                    Ok(access) => {
                        app.command(&access, number, command, conditions, mode)
                            .await
                    }
                    Err(error) => Err(error),
                };
                done += usize::from(outcome.is_ok());
                let result = BulkResult { number, outcome };
                orders.push(RetriedOrder { customer, result });
            }
            let is_more = orders.len() < count;
            Retried { orders, is_more }
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))
    }

    /// The orders that fail for a cause, and their customers; one more than are tried.
    async fn failing(
        &self,
        caller: &Caller,
        access: &Access,
        cause: &Cause,
        asked: SameCauseRetry,
    ) -> Result<Vec<(Organization, u64)>, Error> {
        let most = u32::try_from(TRIED_MAX + 1).unwrap_or(u32::MAX);
        let mut tx = self.store.read().await?;
        let tenant = access.tenant();
        let theirs = failures::list(&mut tx, tenant, cause, most).await?;
        let mut found: Vec<_> = theirs.into_iter().map(|number| (tenant, number)).collect();
        if asked.all_customers {
            let desks = desks(&mut tx, caller).await?;
            let others = at_desks(&mut tx, &desks, cause, most).await?;
            found.extend(
                others
                    .into_iter()
                    .filter(|(customer, _)| *customer != tenant),
            );
        }
        let mut customers: Vec<OrganizationId> = found.iter().map(|(id, _)| *id).collect();
        customers.dedup();
        let customers = organizations::list_by_id(&mut tx, &customers).await?;
        let known: BTreeMap<_, _> = customers.into_iter().map(|one| (one.id, one)).collect();
        let named = |(id, number)| Some((known.get(&id)?.clone(), number));
        Ok(found.into_iter().filter_map(named).collect())
    }
}

/// What has failed for a cause at some desks.
async fn at_desks(
    tx: &mut Tx,
    desks: &[Desk],
    cause: &Cause,
    most: u32,
) -> Result<Vec<(OrganizationId, u64)>, Error> {
    let mut found = Vec::new();
    for desk in desks {
        found.extend(failures::list_at_desk(tx, desk.organization.id, cause, most).await?);
    }
    Ok(found)
}
