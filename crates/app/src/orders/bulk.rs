//! One action on many orders: the same command as for one order, and a result for each.

use std::collections::HashSet;

use domain::access::Permission;
use domain::id::OrderId;
use domain::order::action::Action;
use domain::order::command::Command;
use domain::order::seen::SeenOrder;
use domain::text::Invalid;
use jiff::Timestamp;
use store::{Mode, Tx};
use uuid::Uuid;

use super::Conditions;
use crate::access::Access;
use crate::requests::Once;
use crate::{App, Error};

/// Orders in one request at the most: what is answered in a breath and fits on a page.
pub const BULK_MAX: usize = 500;

/// What is asked of many orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The orders, by number; a number that is repeated counts once.
    pub numbers: Vec<u64>,
    /// What to do to each.
    pub action: BulkAction,
}

/// The actions that make sense for many orders at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkAction {
    /// Write the same note to each.
    AddNote {
        /// What, parsed.
        text: String,
        /// For staff only.
        is_internal: bool,
    },
    /// File decided orders away.
    Archive,
    /// Send what failed again.
    Retry,
    /// File failed orders away.
    GiveUp,
}

/// What became of one order.
#[derive(Debug)]
pub struct BulkResult {
    /// Its number, as asked for.
    pub number: u64,
    /// The order after it, or why nothing was done: not found alike for an order that is another
    /// organization's, that the reader may not know of, and that nobody has.
    pub outcome: Result<SeenOrder, Error>,
}

impl BulkAction {
    fn action(&self) -> Action {
        match self {
            BulkAction::AddNote { .. } => Action::AddNote,
            BulkAction::Archive => Action::Archive,
            BulkAction::Retry => Action::Retry,
            BulkAction::GiveUp => Action::GiveUp,
        }
    }

    /// The command for one order; each note is one of its own.
    fn command(&self, app: &App) -> Command {
        match self {
            BulkAction::AddNote { text, is_internal } => Command::AddNote {
                id: app.note_id(),
                text: text.clone(),
                is_internal: *is_internal,
            },
            BulkAction::Archive => Command::Archive,
            BulkAction::Retry => Command::Retry {
                line: None,
                correction: Box::default(),
            },
            BulkAction::GiveUp => Command::GiveUp,
        }
    }
}

impl App {
    /// Does the same to each of many orders; what is refused for one stops no other. Once begun it
    /// goes on to the end, also when nobody waits for the answer any more. With a key, what was done
    /// is done once however often it is asked, and what was refused is tried again.
    pub async fn bulk(
        &self,
        access: &Access,
        bulk: Bulk,
        once: Option<Once>,
        mode: Mode,
    ) -> Result<Vec<BulkResult>, Error> {
        access.require(Permission::SeeOrders)?;
        access.require(bulk.action.action().permission())?;
        if matches!(
            bulk.action,
            BulkAction::AddNote {
                is_internal: true,
                ..
            }
        ) && !access.visibility().internal
        {
            return Err(Error::Forbidden);
        }
        let Bulk { numbers, action } = bulk;
        let numbers = check_selection(numbers)?;
        if let Some(once) = &once {
            self.claim(access, once, mode).await?;
        }
        let (app, access) = (self.clone(), access.clone());
        let work = tokio::spawn(async move {
            let mut results = Vec::with_capacity(numbers.len());
            for number in numbers {
                let conditions = Conditions {
                    expected: None,
                    once: once.as_ref().map(|once| once.of_item(number)),
                };
                let command = action.command(&app);
                let outcome = app
                    .command(&access, number, command, conditions, mode)
                    .await;
                results.push(BulkResult { number, outcome });
            }
            results
        });
        work.await
            .map_err(|error| Error::Internal(error.to_string()))
    }

    /// The orders with these numbers; those that the reader may not know of, or that nobody has, are
    /// left out alike.
    pub async fn selected(
        &self,
        access: &Access,
        numbers: &[u64],
    ) -> Result<Vec<SeenOrder>, Error> {
        let mut found = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.order(access, *number).await {
                Ok((order, _)) => found.push(order),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Binds the key to the whole request before its parts: another request with it is refused as one.
    pub(crate) async fn claim(
        &self,
        access: &Access,
        once: &Once,
        mode: Mode,
    ) -> Result<(), Error> {
        let state = (access.clone(), once.clone(), self.clock.now());
        let claim = self
            .store
            .write_or_show(state, mode, |(access, once, now), tx| {
                Box::pin(remember(tx, access, once, *now))
            });
        claim.await
    }
}

async fn remember(tx: &mut Tx, access: &Access, once: &Once, now: Timestamp) -> Result<(), Error> {
    // The request as a whole led to no one order.
    once.recall_id(tx, access, OrderId(Uuid::nil()), now)
        .await
        .map(drop)
}

/// A selection, each number once; the words say what is wrong with its size.
pub fn check_selection(mut numbers: Vec<u64>) -> Result<Vec<u64>, Error> {
    let mut known = HashSet::new();
    numbers.retain(|number| known.insert(*number));
    let words = match numbers.len() {
        0 => "must name at least one order; select some first".to_owned(),
        1..=BULK_MAX => return Ok(numbers),
        count => format!(
            "can be {BULK_MAX} orders at a time and these are {count}; narrow the list with a filter \
             and go through it in steps"
        ),
    };
    Err(Error::Invalid {
        field: "/numbers",
        reason: Invalid(words),
    })
}
