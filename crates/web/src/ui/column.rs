//! The columns of a list of orders: six that the seed article numbers, six more where it asks for more
//! detail. Anybody can put away all but the first.

use super::preferences;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Order,
    Name,
    Changes,
    CreatedBy,
    Date,
    Status,
    Administrator,
    Quantity,
    Total,
    Completed,
    Reason,
    Note,
}

/// The six of every list.
const PLAIN: &[Column] = &[
    Column::Order,
    Column::Changes,
    Column::CreatedBy,
    Column::Date,
    Column::Status,
    Column::Note,
];

/// Those of *All*, the more detailed view.
const DETAILED: &[Column] = &[
    Column::Order,
    Column::Name,
    Column::Changes,
    Column::CreatedBy,
    Column::Date,
    Column::Status,
    Column::Administrator,
    Column::Quantity,
    Column::Total,
    Column::Completed,
    Column::Reason,
    Column::Note,
];

impl Column {
    /// All that a list has.
    pub(crate) fn offered(is_detailed: bool) -> &'static [Column] {
        match is_detailed {
            true => DETAILED,
            false => PLAIN,
        }
    }

    /// Those that the address names, or else those that the visitor wants to see. What the list does
    /// not have is passed over.
    pub(crate) fn chosen(is_detailed: bool, named: &str) -> Vec<Column> {
        let offered = Column::offered(is_detailed).iter().copied();
        let is_wanted = |column: Column| match named {
            "" => !preferences::is_hidden(column.name()),
            named => named.split(',').any(|name| name == column.name()),
        };
        let is_seen = |column: &Column| *column == Column::Order || is_wanted(*column);
        offered.filter(is_seen).collect()
    }

    /// Those that a saved view keeps: none where the list shows all that it has.
    pub(crate) fn kept(is_detailed: bool, shown: &[Column]) -> &[Column] {
        match shown.len() == Column::offered(is_detailed).len() {
            true => &[],
            false => shown,
        }
    }

    /// Figures stand at the end of their cell.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Column::Quantity | Column::Total)
    }

    /// Rows come in the order of this column.
    pub(crate) fn sorts(self) -> bool {
        self == Column::Date
    }

    /// The name in forms, styles and the cookie.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Column::Order => "order",
            Column::Name => "name",
            Column::Changes => "changes",
            Column::CreatedBy => "created_by",
            Column::Date => "date",
            Column::Status => "status",
            Column::Administrator => "administrator",
            Column::Quantity => "quantity",
            Column::Total => "total",
            Column::Completed => "completed",
            Column::Reason => "reason",
            Column::Note => "note",
        }
    }

    /// The heading; the first six are spelled as the seed article does.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Column::Order => "Order ID / # of items",
            Column::Name => "Order name",
            Column::Changes => "Requested changes",
            Column::CreatedBy => "Created by",
            Column::Date => "Date",
            Column::Status => "Status",
            Column::Administrator => "First administrator",
            Column::Quantity => "Total quantity",
            Column::Total => "Total price",
            Column::Completed => "Completed at",
            Column::Reason => "Reason",
            Column::Note => "Note",
        }
    }
}
