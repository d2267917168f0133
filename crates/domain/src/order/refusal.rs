//! Why a rule says no to an order.

use super::LINES_MAX;
use super::line::IllegalMove;
use super::phase::Status;

/// Why a rule said no; safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The action does not exist for an order in this status.
    #[error("an order that is {} can't be changed this way", .status.label())]
    NotNow {
        /// The order's status.
        status: Status,
    },
    /// Nothing to place.
    #[error("the cart is empty")]
    Empty,
    /// Too many lines.
    #[error("an order has at most {LINES_MAX} lines")]
    TooManyLines,
    /// An add-on needs the license that it belongs to.
    #[error("an add-on belongs to a license of the same order")]
    NoParent,
    /// A guard beyond the status says no; the words say which and what to do instead.
    #[error("{0}")]
    Guarded(&'static str),
    /// The same, with the names that it is about.
    #[error("{0}")]
    Because(String),
    /// Somebody above the customer takes no orders without its ERP number.
    #[error(
        "{customer} has no ERP number, and {seller} takes no orders without one. Account managers and \
         admins of {seller} can enter it on the page Organization of {customer}"
    )]
    NoErpNumber {
        /// The customer's name.
        customer: String,
        /// The name of whoever asks for it.
        seller: String,
    },
    /// The order has no such line.
    #[error("the order has no such line")]
    NoSuchLine,
    /// A line's machine refused.
    #[error(transparent)]
    Line(#[from] IllegalMove),
    /// A sum can't be computed.
    #[error(transparent)]
    Money(#[from] crate::money::MoneyError),
}
