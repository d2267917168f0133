//! Where rules, storage and vendors meet: operations by noun, and the worker that calls vendors.
//!
//! Every write has one shape: authorize, load, decide (pure), save, commit. No transaction is open
//! while a vendor is called.

pub mod access;
mod admissions;
pub mod approvals;
pub mod carts;
pub mod catalog;
pub mod clock;
pub mod connections;
pub mod demo;
pub mod desk;
mod edits;
pub mod filing;
pub mod hints;
pub mod imports;
pub mod installation;
pub mod jobs;
pub mod operators;
pub mod orders;
pub mod organizations;
pub mod prices;
pub mod quotes;
pub mod reconciliation;
pub mod registration;
pub mod renewals;
pub mod requests;
pub mod retries;
pub mod schedules;
pub mod sessions;
pub mod subscriptions;
pub mod suspensions;
pub mod terms;
pub mod verify;
pub mod views;
pub mod worker;

use std::sync::Arc;

use connectors::partner_center::Webhooks;
use domain::event::Actor;
use domain::id::OrganizationId;
use domain::money::MoneyError;
use domain::order::Refusal;
use domain::order::filing::RecentWindow;
use domain::quote::QuoteRefusal;
use domain::subscription::decide::Problem;
use domain::text::Invalid;
use store::{Store, StoreError};
use tokio::sync::{Notify, broadcast};

use self::clock::{Clock, Dice, SystemDice};
use self::connections::Exchange;
use self::worker::{Lanes, Point};

pub use connectors::partner_center::Signed;
pub use store::Mode;
pub use store::changes::{Change, Place};
pub use store::credentials::CredentialKind;
pub use store::credentials::CredentialKind::{Session as SESSION, Token as TOKEN};
pub use store::installation::Pause;

/// The running product: everything that an operation needs.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) lanes: Arc<Lanes>,
    changes: broadcast::Sender<OrganizationId>,
    rehearsal: Option<fn(Point)>,
    exchange: Option<Arc<dyn Exchange>>,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) recent_window: RecentWindow,
}

impl App {
    /// Puts an open database and a clock together.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> App {
        App {
            store,
            clock,
            dice: Arc::new(SystemDice),
            wake: Arc::new(Notify::new()),
            lanes: Arc::default(),
            changes: broadcast::channel(1_024).0,
            rehearsal: None,
            exchange: None,
            webhooks: Arc::default(),
            recent_window: RecentWindow::default(),
        }
    }

    /// Files orders after another while than seven days.
    #[must_use]
    pub fn with_recent_window(self, recent_window: RecentWindow) -> App {
        App {
            recent_window,
            ..self
        }
    }

    /// Waits until the database can't be written any more before a new start.
    pub async fn broken(&self) {
        self.store.broken().await;
    }

    /// Calls `at` whenever the worker passes a point where a crash is most telling. For tests that
    /// end the process there; it can't change what the worker does.
    #[must_use]
    pub fn rehearsing(self, at: fn(Point)) -> App {
        App {
            rehearsal: Some(at),
            ..self
        }
    }

    /// Speaks to the vendors of an exchange, whatever their settings say. For tests that play them.
    #[must_use]
    pub fn speaking_through(self, exchange: Arc<dyn Exchange>) -> App {
        App {
            exchange: Some(exchange),
            ..self
        }
    }

    /// Draws from other dice than the operating system's. For tests that compare two worlds.
    #[must_use]
    pub fn drawing_from(self, dice: Arc<dyn Dice>) -> App {
        App { dice, ..self }
    }

    pub(crate) fn pass(&self, point: Point) {
        if let Some(at) = self.rehearsal {
            at(point);
        }
    }

    /// The present instant.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Moves the clock forward, where it is the demo's; what is due then is done.
    pub fn move_clock(&self, by: jiff::SignedDuration) -> Result<jiff::Timestamp, Error> {
        if !self.clock.advance(by) {
            return Err(Error::NotFound);
        }
        self.wake.notify_one();
        Ok(self.clock.now())
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        store::schema::check(&self.store)
            .await
            .is_ok_and(|state| state == store::schema::SchemaState::Current)
    }

    /// Names the organizations whose orders change in this process, right after each commit. Only a
    /// hint: what changed is asked of the database, within the asker's access.
    pub fn changes(&self) -> broadcast::Receiver<OrganizationId> {
        self.changes.subscribe()
    }

    /// Tells live pages and workers that something was committed.
    pub(crate) fn committed(&self, organization: OrganizationId) {
        // Nobody listens when no page is open.
        self.changes.send(organization).ok();
        self.wake.notify_one();
    }
}

/// What the caller may do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or not any more.
    #[error("sign in first")]
    SignedOut,
    /// A vendor is not proven to have sent this.
    #[error("the signature does not fit")]
    Unproven,
    /// Does not exist for this caller, whether it exists or not.
    #[error("not found")]
    NotFound,
    /// Seen, but not allowed.
    #[error("your role does not allow this")]
    Forbidden,
    /// The caller's organization is suspended.
    #[error("{organization} is suspended; ask your reseller")]
    Suspended {
        /// Its name.
        organization: String,
    },
    /// The asker's own organization is suspended: they look, and change nothing.
    #[error(
        "{told}. Its people can look at everything and change nothing until it is active again; ask \
         {} of {}", by.person, by.organization_name
    )]
    Stopped {
        /// Which, and why.
        told: String,
        /// Who suspended it.
        by: Box<Actor>,
    },
    /// A value that was typed can't be taken.
    #[error("{field} {reason}")]
    Invalid {
        /// JSON pointer of the field.
        field: &'static str,
        /// Why, and what would be taken.
        reason: Invalid,
    },
    /// The rules refuse.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A wish can't be granted: every reason, by field.
    #[error("{}", .0.first().map_or("can't be done", |problem| problem.reason.as_str()))]
    Problems(Vec<Problem>),
    /// Another order about the same subscription is not decided (R51).
    #[error(
        "order {order} about this subscription is not finished yet; wait for it or withdraw it first"
    )]
    InFlight {
        /// Its number.
        order: u64,
    },
    /// The offer is no longer sold.
    #[error("{offer} is no longer sold; remove it from the cart")]
    Withdrawn {
        /// Its name.
        offer: String,
    },
    /// What was seen is not what is there any more.
    #[error("the order has changed since you opened it")]
    Changed,
    /// The prices moved since the cart was shown.
    #[error("a price has changed since you opened the cart")]
    Repriced,
    /// Other terms are in force than those that were shown.
    #[error(
        "the terms and conditions have changed since you opened them: version {version} is in force \
         now; read it and accept it"
    )]
    TermsChanged {
        /// What is in force.
        version: String,
    },
    /// The idempotency key stands for another request.
    #[error("this Idempotency-Key was used for a different request")]
    KeyReused,
    /// Too many tries.
    #[error("too many attempts; wait an hour and try again")]
    TooMany,
    /// Too many live streams.
    #[error("too many streams are open; close one and try again")]
    TooManyStreams,
    /// The disk is full; reading goes on.
    #[error(
        "there is no room left on the disk of this installation, and nothing of this was saved; its operator has to make room"
    )]
    Full,
    /// The database is busy or away, and nothing was kept.
    #[error(
        "the database can't be reached or is busy, and nothing of this was saved; try again in a moment"
    )]
    Unavailable,
    /// The database went away while it was saving.
    #[error(
        "the database went away while this was being saved, and nobody can tell yet whether it was; \
         look whether it is there before you do it again"
    )]
    Unknown,
    /// A number that was drawn is another order's: what was begun is undone, and it is drawn again, so
    /// that nobody outside is told.
    #[error("a number was taken, and nothing of this was saved; try again in a moment")]
    NumberTaken,
    /// Our fault.
    #[error("internal error: {0}")]
    Internal(String),
}

/// `None` for a write that was undone because a number which it drew is taken: it draws anew. An error is what
/// undoes it, with all that it wrote before it found out.
pub(crate) fn unless_taken<T>(written: Result<T, Error>) -> Result<Option<T>, Error> {
    match written {
        Err(Error::NumberTaken) => Ok(None),
        written => written.map(Some),
    }
}

impl From<QuoteRefusal> for Error {
    fn from(refusal: QuoteRefusal) -> Error {
        Error::Refused(Refusal::Because(refusal.to_string()))
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Error {
        Error::Refused(Refusal::Money(error))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        match error {
            StoreError::NotFound => Error::NotFound,
            StoreError::Conflict => Error::Changed,
            StoreError::Taken => Error::NumberTaken,
            StoreError::Occupied { order } => Error::InFlight { order },
            StoreError::Full => Error::Full,
            StoreError::Unknown => Error::Unknown,
            StoreError::Busy => Error::Unavailable,
            StoreError::Away(cause) => {
                tracing::error!(cause, "the database can't be used");
                Error::Unavailable
            }
            other => Error::Internal(other.to_string()),
        }
    }
}
